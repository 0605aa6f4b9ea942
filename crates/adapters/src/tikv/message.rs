//! TiKV's messages as ours carry them.

use crate::label;
use interregnum_kernel::{Kind, NodeId};
use raft::eraftpb::MessageType;
use std::sync::Arc;

/// A message of raft-rs. Shared, because it is large and the network may repeat it.
#[derive(Clone, Debug)]
pub struct Message(pub Arc<raft::eraftpb::Message>);

/// raft-rs counts nodes from 1; 0 is nobody.
pub(super) fn id(node: NodeId) -> u64 {
    u64::from(node.0) + 1
}

/// The node of an identifier, if it is one.
pub(super) fn node(id: u64) -> Option<NodeId> {
    let index = usize::try_from(id.checked_sub(1)?).ok()?;
    (index < NodeId::MAX).then(|| NodeId::from_index(index))
}

impl Message {
    /// As [`Message::kind`] numbers them.
    pub(super) const KINDS: &'static [&'static str] = &[
        "PreVote",
        "PreVoteResponse",
        "RequestVote",
        "RequestVoteResponse",
        "AppendEntries",
        "AppendEntriesResponse",
        "Heartbeat",
        "HeartbeatResponse",
        "TimeoutNow",
        "Other",
    ];

    pub(super) fn kind(&self) -> Kind {
        Kind(match self.0.get_msg_type() {
            MessageType::MsgRequestPreVote => 0,
            MessageType::MsgRequestPreVoteResponse => 1,
            MessageType::MsgRequestVote => 2,
            MessageType::MsgRequestVoteResponse => 3,
            MessageType::MsgAppend => 4,
            MessageType::MsgAppendResponse => 5,
            MessageType::MsgHeartbeat => 6,
            MessageType::MsgHeartbeatResponse => 7,
            MessageType::MsgTimeoutNow => 8,
            _ => 9,
        })
    }

    pub(super) fn label(&self) -> u64 {
        let message = &self.0;
        let head = [
            message.get_msg_type() as u64,
            message.term,
            message.log_term,
            message.index,
            message.commit,
            message.reject_hint,
            u64::from(message.reject),
        ];
        let entries = message.get_entries().iter().flat_map(|entry| {
            let command = super::store::ours(entry).command;
            [entry.term, command.map_or(0, |command| command.0.wrapping_add(1))]
        });
        label::of(head.into_iter().chain(entries))
    }
}
