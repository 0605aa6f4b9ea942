//! Which acting leaders a quorum can obey, judged from outside: what separates a leader from a zombie.

use crate::core::{JUDGE, SERVE, obeys};
use crate::event::Agenda;
use crate::record::Recorder;
use crate::setting::Endpoint;
use crate::world::World;
use interregnum_kernel::{DisksNeeded, Leadership, LossCause, NodeId, NodeSet, Observer, Protocol, What};

/// Under which leadership each node is obeyed at present.
#[derive(Clone, Debug, Default)]
pub(crate) struct Obeyed {
    under: Vec<Option<Leadership>>,
}

impl Obeyed {
    pub(crate) fn reset(&mut self, nodes: u8) {
        self.under.clear();
        self.under.resize(usize::from(nodes), None);
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Ends an event. Judges anew if somebody was elected or deposed or saw a new epoch, and puts on the agenda what
    /// triggers ask for. Whether the run may go on: false once the limit of events is reached.
    #[inline(always)]
    pub(crate) fn settle(&mut self) -> bool {
        let goes_on = self.core.counters.events < self.core.attend_at || self.attend();
        if R::ON {
            self.core.end_entry();
        }
        goes_on
    }

    #[cold]
    #[inline(never)]
    fn attend(&mut self) -> bool {
        if self.core.attend_at == JUDGE {
            self.judge(LossCause::Superseded);
        }
        if !self.core.cues.is_empty() {
            self.serve_cues();
        }
        self.core.attend_at = self.core.event_limit;
        self.core.counters.events < self.core.event_limit
    }

    /// Judges who is obeyed, and observes what has changed. A fault calls it before anything else can happen, so that
    /// a loss is put down to its true cause.
    #[cold]
    pub(crate) fn judge(&mut self, cause: LossCause) {
        self.core.attend_at = if self.core.cues.is_empty() { self.core.event_limit } else { SERVE };
        for index in 0..self.hosts.len() {
            let node = NodeId::from_index(index);
            let was = self.obeyed.under[index];
            let is = self.obeyed_leadership(node);
            if was == is {
                continue;
            }
            self.obeyed.under[index] = is;
            if let Some(was) = was {
                self.core.observe(node, What::LostQuorum(was, cause));
            }
            if let Some(is) = is {
                self.core.observe(node, What::GainedQuorum(is));
            }
        }
    }

    /// Marks a leader as no longer obeyed just before a crash takes even its leadership.
    pub(crate) fn lose_quorum(&mut self, node: NodeId) {
        if let Some(was) = self.obeyed.under[node.index()].take() {
            self.core.observe(node, What::LostQuorum(was, LossCause::Fault));
        }
    }

    /// The node's leadership, if it leads and a quorum can obey it: its own disk works, and with enough others it has
    /// open links both ways, they are up, their disks work, and they are in no higher epoch. Disks count as far as the
    /// protocol needs them. A process that is stopped neither leads nor obeys. Between a contender and the nodes of the
    /// coordination service epochs are not compared: they number different leaderships.
    fn obeyed_leadership(&self, node: NodeId) -> Option<Leadership> {
        let leader = &self.hosts[node.index()];
        let leadership = leader.leadership()?;
        if self.mailboxes[node.index()].is_stopped() {
            return None;
        }
        let works = |node: NodeId| self.disk_works(node);
        let mut obeying = NodeSet::EMPTY;
        match P::DISKS_NEEDED {
            DisksNeeded::All if !works(node) => return None,
            DisksNeeded::Quorum if !works(node) => {}
            _ => {
                obeying.insert(node);
            }
        }
        for other in &self.hosts {
            let peer = other.node();
            let reachable = self.core.network.carries(Endpoint::from(node), Endpoint::from(peer))
                && self.core.network.carries(Endpoint::from(peer), Endpoint::from(node));
            let goes = !self.mailboxes[peer.index()].is_stopped();
            let obeys = obeys(other.epoch(), leadership.epoch)
                || other.is_up() && self.setting.office_of(peer) != self.setting.office_of(node);
            if peer != node && goes && reachable && works(peer) && obeys {
                obeying.insert(peer);
            }
        }
        leader.is_quorum(&self.protocol, obeying).then_some(leadership)
    }

    /// Whether the node's disk answers, or need not. Of a cluster with a coordination service, it is the service's disks that
    /// make a quorum.
    pub(crate) fn disk_works(&self, node: NodeId) -> bool {
        let answers = self.core.disks[node.index()].stalls == 0;
        match P::DISKS_NEEDED {
            DisksNeeded::None => true,
            DisksNeeded::Quorum => {
                answers || !self.setting.service.is_empty() && !self.setting.service.contains(node)
            }
            DisksNeeded::All => answers,
        }
    }
}
