//! Which leaders a quorum obeys, and which was elected last. Shared by the properties that ask for a leader.

use crate::memory::PerNode;
use interregnum_kernel::{Epoch, Interest, Leadership, NodeId, Observation, Office, What};
use std::fmt;

/// The leaders that a quorum obeys at this instant, judged from outside, by what the engine observes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Obeyed {
    /// The epoch in which each node leads with its quorum.
    under: PerNode<Option<Epoch>>,
    /// The latest of the highest epochs elected, and by whom it was won.
    highest: Option<(Epoch, NodeId)>,
}

impl Obeyed {
    /// What it has to hear.
    pub(crate) const INTEREST: Interest = Interest::LEADERSHIP.and(Interest::QUORUM);

    pub(crate) fn new(nodes: u8) -> Obeyed {
        Obeyed { under: PerNode::new(nodes), highest: None }
    }
    pub(crate) fn reset(&mut self, nodes: u8) {
        self.under.reset(nodes);
        self.highest = None;
    }
    pub(crate) fn hear(&mut self, seen: &Observation) {
        match seen.what {
            What::Elected(leadership) if is_contested(&leadership) => {
                self.elected(seen.node, leadership.epoch);
            }
            What::GainedQuorum(leadership) if is_contested(&leadership) => {
                *self.under.of(seen.node) = Some(leadership.epoch);
            }
            What::LostQuorum(leadership, _) | What::Deposed(leadership) if is_contested(&leadership) => {
                *self.under.of(seen.node) = None;
            }
            _ => {}
        }
    }
    fn elected(&mut self, node: NodeId, epoch: Epoch) {
        if self.highest.is_none_or(|(highest, _)| epoch >= highest) {
            self.highest = Some((epoch, node));
        }
    }
    /// Whether a quorum obeys a leader of the highest epoch elected so far.
    pub(crate) fn leads(&self) -> bool {
        self.highest.is_some_and(|(highest, _)| self.under.as_slice().contains(&Some(highest)))
    }
    /// Who was elected last, and who is obeyed instead.
    pub(crate) fn latest(&self) -> Latest {
        let under = self.under.as_slice().iter().enumerate();
        let outdated = under.filter_map(|(node, epoch)| Some(((*epoch)?, NodeId::from_index(node)))).max();
        Latest { highest: self.highest, outdated }
    }
}

fn is_contested(leadership: &Leadership) -> bool {
    leadership.office == Office::CONTESTED
}

/// Why no leader is one that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latest {
    /// The highest epoch elected so far, and its winner.
    pub highest: Option<(Epoch, NodeId)>,
    /// A node that a quorum does obey, in a lower epoch.
    pub outdated: Option<(Epoch, NodeId)>,
}

impl Latest {
    /// The node that a violation is put down to.
    pub(crate) fn node(&self) -> NodeId {
        self.highest.map_or(NodeId::default(), |(_, node)| node)
    }
}

impl fmt::Display for Latest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.highest, self.outdated) {
            (None, _) => write!(f, "none was ever elected"),
            (Some((epoch, node)), None) => write!(f, "the latest was {node} in {epoch}"),
            (Some((epoch, node)), Some((old, other))) => {
                write!(f, "{other} has a quorum in {old}, but {node} was elected in {epoch}")
            }
        }
    }
}
