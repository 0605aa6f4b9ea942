//! How clients find a leader: only some time after it was elected, as by a health check or by a name whose address they
//! may keep for a while. Until then they do not ask it.
//!
//! Clients ask whomever they have found and who believes that it leads. Somebody who has not heard of a successor still
//! asks the old leader: finding another does not stop that.

use crate::event::Agenda;
use crate::record::{InputRecord, Recorder};
use crate::rng::{Purpose, Stream};
use crate::setting::Setting;
use crate::world::{World, tag};
use interregnum_kernel::{GlobalTime, NodeId, NodeSet, Observer, Office, Protocol, Span, What};

/// Which leaders clients have yet to find.
#[derive(Clone, Debug, Default)]
pub(crate) struct Discovery {
    /// The shortest and the longest time that finding a leader takes; `None` if clients know every leader at once.
    takes: Option<(Span, Span)>,
    /// Per node, what the times are drawn from. None where nothing is drawn.
    streams: Vec<Stream>,
    /// How often each node was elected. A discovery of an earlier election finds nobody.
    elections: Vec<u32>,
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
        if self.takes.is_some() {
            let nodes = usize::from(setting.nodes);
            let of = |node| Stream::new(seed, Purpose::Discovery, NodeId::from_index(node));
            self.streams.extend((0..nodes).map(of));
            self.elections.resize(nodes, 0);
        }
    }

    /// A node was elected to the contested office: when clients will find it, and which of its elections this is. `None`
    /// if they know it at once.
    pub(crate) fn elected(&mut self, now: GlobalTime, node: NodeId) -> Option<(GlobalTime, u32)> {
        let (least, most) = self.takes?;
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
        let Some(leadership) = leadership.filter(|one| one.office == Office::CONTESTED) else { return };
        self.core.account(tag::DISCOVER, u64::from(election) << 8 | u64::from(node.0));
        self.core.discovery.unknown.remove(node);
        self.core.observe(node, What::Discovered(leadership));
        self.record_world(sequence, Some(node), || InputRecord::World {
            what: format!("clients find {node}, which leads in {}", leadership.epoch),
        });
    }
}
