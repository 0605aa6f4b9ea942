//! How well the nodes that work are linked to each other, judged from outside.

use crate::event::Agenda;
use crate::record::Recorder;
use crate::world::World;
use interregnum_kernel::{Connected, Interest, NodeId, NodeSet, Observer, Protocol, What};

/// So many sets of nodes are looked at in search of a quorum whose nodes all reach each other. Clusters of up to
/// 18 nodes never need as many, whatever their links: with m nodes that do not reach all others there are at most
/// T(m) = 1 + T(m-1) + T(m-3) sets, and T(18) = 1743. Nor do larger ones with the partitions and rings of one fault.
const MOST_STEPS: u32 = 2_000;

/// For every node that works, itself and the nodes that work and to which it has links both ways; for others nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mesh {
    linked: Vec<NodeSet>,
    /// The mesh before, kept for its storage.
    before: Vec<NodeSet>,
}

impl Mesh {
    /// Forgets all: what is found next is news.
    pub(crate) fn reset(&mut self) {
        self.linked.clear();
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// A fault, or the end of one, may have changed who reaches whom.
    pub(crate) fn links_changed(&mut self) {
        let heard = self.core.interest.and(self.core.watched).meets(Interest::LINKS);
        if !heard && !R::ON {
            return;
        }
        self.mesh_anew();
        if self.mesh.linked != self.mesh.before {
            self.core.observe(NodeId(0), What::LinksChanged(self.connected()));
        }
    }

    /// Finds out who reaches whom. A link does not count on which a fault loses every message of some kind: nobody can
    /// be asked to do without it.
    fn mesh_anew(&mut self) {
        let Mesh { linked, before } = &mut self.mesh;
        std::mem::swap(linked, before);
        let mut linked = std::mem::take(linked);
        linked.clear();
        let working: NodeSet = self.setting.everyone().iter().filter(|node| self.works(*node)).collect();
        let network = &self.core.network;
        let passes = |from: NodeId, to: NodeId| from == to || network.passes(from.into(), to.into());
        let peers =
            |node: NodeId| working.iter().filter(move |peer| passes(node, *peer) && passes(*peer, node));
        let row = |node: NodeId| if working.contains(node) { peers(node).collect() } else { NodeSet::EMPTY };
        linked.extend(self.setting.everyone().iter().map(row));
        self.mesh.linked = linked;
    }

    /// Whether a node is up, not stopped, and has a disk that answers.
    fn works(&self, node: NodeId) -> bool {
        let stopped = self.mailboxes[node.index()].is_stopped();
        self.hosts[node.index()].is_up() && !stopped && self.disk_works(node)
    }

    /// How well the nodes are connected, as far as quorums for the contested leadership are concerned: whoever contends for it
    /// is asked, and the nodes of a coordination service are not.
    fn connected(&self) -> Connected {
        let linked = |node: NodeId| self.mesh.linked[node.index()];
        let working: NodeSet =
            self.setting.everyone().iter().filter(|node| !linked(*node).is_empty()).collect();
        // Whoever is in a quorum whose nodes all reach each other reaches that quorum itself.
        if !working.minus(self.setting.service).iter().any(|node| self.is_quorum_to(node, linked(node))) {
            return Connected::None;
        }
        let mut steps = MOST_STEPS;
        if self.holds_linked_quorum(working, &mut steps) { Connected::Quorum } else { Connected::Hub }
    }

    fn is_quorum_to(&self, node: NodeId, nodes: NodeSet) -> bool {
        self.hosts[node.index()].is_quorum(&self.protocol, nodes)
    }

    /// Whether some of these nodes all reach each other and are a quorum in the eyes of one of them. Takes for granted
    /// that a quorum stays one when it grows, so that a set which is none need not be looked into.
    ///
    /// In the worst case the number of sets doubles with every two nodes. Where the steps run out the answer is no, even if it should be yes: then less is asked of an algorithm than could be, and never more.
    fn holds_linked_quorum(&self, among: NodeSet, steps: &mut u32) -> bool {
        let contenders = among.minus(self.setting.service);
        if *steps == 0 || !contenders.iter().any(|node| self.is_quorum_to(node, among)) {
            return false;
        }
        *steps -= 1;
        let reached = |node: &NodeId| self.mesh.linked[node.index()].intersection(among);
        let Some(worst) = among.iter().min_by_key(|node| reached(node).len()) else { return false };
        let reached = reached(&worst);
        if reached == among {
            return true;
        }
        // They hold the node that reaches the fewest, and then nobody it does not reach; or they do not hold it.
        self.holds_linked_quorum(among.minus(NodeSet::only(worst)), steps)
            || self.holds_linked_quorum(reached, steps)
    }
}
