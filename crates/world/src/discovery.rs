//! How clients find a leader: only some time after it was elected, as by a health check or by a name whose address they
//! may keep for a while. Until then they do not ask it.
//!
//! Clients ask whomever they have found and who believes that it leads. Somebody who has not heard of a successor still
//! asks the old leader: finding another does not stop that. A leader that was quiet for a while and goes on with the same
//! reign is still known, or still being looked for, as it was.

use crate::event::Agenda;
use crate::record::{InputRecord, Recorder};
use crate::rng::{Purpose, Stream};
use crate::setting::Setting;
use crate::world::{World, tag};
use interregnum_kernel::{GlobalTime, Leadership, NodeId, NodeSet, Observer, Office, Protocol, Span, What};

/// Which leaders clients have yet to find.
#[derive(Clone, Debug, Default)]
pub(crate) struct Discovery {
    /// The shortest and the longest time that finding a leader takes; `None` if clients know every leader at once.
    takes: Option<(Span, Span)>,
    /// Per node, what the times are drawn from. None where nothing is drawn.
    streams: Vec<Stream>,
    /// How often each node was looked for. A discovery of an earlier time finds nobody.
    elections: Vec<u32>,
    /// Each node's reign that clients know or look for.
    sought: Vec<Option<Leadership>>,
    /// The nodes whose last election clients do not know of.
    unknown: NodeSet,
}

impl Discovery {
    /// Begins a run.
    pub(crate) fn reset(&mut self, setting: &Setting, seed: u64) {
        self.takes = setting.workload.discovery;
        self.unknown = NodeSet::EMPTY;
        self.streams.clear();
        self.elections.clear();
        self.sought.clear();
        if self.takes.is_some() {
            let nodes = usize::from(setting.nodes);
            let of = |node| Stream::new(seed, Purpose::Discovery, NodeId::from_index(node));
            self.streams.extend((0..nodes).map(of));
            self.elections.resize(nodes, 0);
            self.sought.resize(nodes, None);
        }
    }

    /// A node was elected to the contested office: when clients will find it, and how often it was looked for. `None` if
    /// they know it at once, or look for this reign of its already.
    pub(crate) fn elected(
        &mut self,
        now: GlobalTime,
        node: NodeId,
        leadership: Leadership,
    ) -> Option<(GlobalTime, u32)> {
        let (least, most) = self.takes?;
        if self.sought[node.index()].replace(leadership) == Some(leadership) {
            return None;
        }
        let election = &mut self.elections[node.index()];
        *election += 1;
        self.unknown.insert(node);
        Some((now + self.streams[node.index()].span(least, most), *election))
    }

    /// The nodes that clients do not ask, whatever these believe.
    pub(crate) fn unknown(&self) -> NodeSet {
        self.unknown
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Clients find a leader, unless its reign is over or it was elected again since.
    pub(crate) fn discover(&mut self, sequence: u64, node: NodeId, election: u32) {
        if self.core.discovery.elections[node.index()] != election {
            return;
        }
        let leadership = self.hosts[node.index()].leadership();
        let Some(leadership) = leadership.filter(|one| one.office == Office::CONTESTED) else {
            // Should it go on with its reign, it has to be looked for anew.
            self.core.discovery.sought[node.index()] = None;
            return;
        };
        self.core.account(tag::DISCOVER, u64::from(election) << 8 | u64::from(node.0));
        self.core.discovery.unknown.remove(node);
        self.core.observe(node, What::Discovered(leadership));
        self.record_world(sequence, Some(node), || InputRecord::World {
            what: format!("clients find {node}, which leads in {}", leadership.epoch),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Discovery;
    use crate::{Latency, LinkSetting, Setting};
    use interregnum_kernel::{Epoch, FencingToken, GlobalTime, Leadership, NodeId, Office, Span};

    fn seconds(seconds: u64) -> GlobalTime {
        GlobalTime(Span::secs(seconds).0)
    }

    fn reign(epoch: u64) -> Leadership {
        Leadership { office: Office::CONTESTED, epoch: Epoch(epoch), token: Some(FencingToken(epoch)) }
    }

    #[test]
    fn a_leader_that_goes_on_with_its_reign_is_not_looked_for_again() {
        let link = LinkSetting::with_latency(Latency::Constant(Span::millis(1)));
        let mut setting = Setting::quiet(3, link, Latency::Constant(Span::millis(1)), Span::secs(60));
        setting.workload.discovery = Some((Span::secs(2), Span::secs(2)));
        let mut discovery = Discovery::default();
        discovery.reset(&setting, 1);
        let node = NodeId(1);
        assert_eq!(discovery.elected(seconds(10), node, reign(1)), Some((seconds(12), 1)), "a new leader");
        assert_eq!(discovery.elected(seconds(11), node, reign(1)), None, "it is being looked for");
        assert!(discovery.unknown().contains(node), "and is not found earlier by that");
        assert_eq!(discovery.elected(seconds(20), node, reign(2)), Some((seconds(22), 2)), "its next reign");
        assert_eq!(
            discovery.elected(seconds(21), NodeId(2), reign(3)),
            Some((seconds(23), 1)),
            "another node"
        );
    }
}
