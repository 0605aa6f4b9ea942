//! What a node of a token ring remembers. Nothing of it survives a crash.

use super::message::Message;
use crate::ring::classic::Member;
use crate::ring::hop::Hop;
use interregnum_kernel::NodeId;

/// One node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) member: Member,
    pub(crate) hop: Hop<Message>,
}

impl State {
    /// What a node knows when it starts: nothing.
    pub(crate) fn blank(node: NodeId) -> State {
        State { member: Member::blank(node), hop: Hop::idle(node) }
    }

    /// Whom the node takes for the leader of its round.
    pub fn leader(&self) -> Option<NodeId> {
        self.member.leader
    }
}
