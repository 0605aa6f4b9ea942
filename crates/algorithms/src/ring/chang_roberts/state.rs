//! What a node of a Chang-Roberts ring remembers. Nothing of it survives a crash.

use super::message::Lap;
use crate::ring::hop::Hop;
use interregnum_kernel::{Epoch, NodeId, NodeSet, Role};

/// One node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) node: NodeId,
    pub(crate) role: Role,
    /// The highest round seen in any message.
    pub(crate) epoch: Epoch,
    /// The leader of that round, where known; a leader knows itself.
    pub(crate) leader: Option<NodeId>,
    /// Whose candidacies of this round the node has passed on.
    pub(crate) passed: NodeSet,
    /// Of whose election in this round the node has passed on the news.
    pub(crate) announced: NodeSet,
    /// Whether the node waits for the outcome of an election.
    pub(crate) awaits: bool,
    /// Whether the node has resigned, and lets others win.
    pub(crate) abstains: bool,
    pub(crate) hop: Hop<Lap>,
}

impl State {
    /// What a node knows when it starts: nothing.
    pub(crate) fn blank(node: NodeId) -> State {
        State {
            node,
            role: Role::Follower,
            epoch: Epoch::ZERO,
            leader: None,
            passed: NodeSet::EMPTY,
            announced: NodeSet::EMPTY,
            awaits: false,
            abstains: false,
            hop: Hop::idle(node),
        }
    }

    /// Whom the node takes for the leader of its round.
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }
}
