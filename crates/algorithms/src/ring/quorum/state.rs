//! What a node of a quorum ring remembers: in memory, and on disk.

use super::message::Message;
use crate::ring::hop::Hop;
use interregnum_kernel::{Epoch, NodeId, Role};

/// What survives a crash. Small enough to be written whole, so that no two parts of it are ever torn apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// The highest epoch that the node has seen.
    pub epoch: Epoch,
    /// To whom it has granted that epoch.
    pub granted: Option<NodeId>,
    /// Whom it has made leader of that epoch, if the epoch was granted to itself.
    pub decided: Option<NodeId>,
    /// The latest epoch that it has led, or was about to lead.
    pub led: Epoch,
}

/// One node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) node: NodeId,
    pub(crate) role: Role,
    /// As last asked to be written; the disk may lag behind. An epoch that was only heard of is written with the next
    /// grant.
    pub(crate) record: Record,
    /// The leader of the epoch, where known; a leader knows itself.
    pub(crate) leader: Option<NodeId>,
    /// Whether the node's own token of this epoch is on its way, sent by this incarnation, and not decided on.
    pub(crate) launched: bool,
    /// The token that waits for the grant to be durable.
    pub(crate) unsent: Option<Message>,
    /// Whether the decision waits to be durable.
    pub(crate) deciding: bool,
    /// Whether the node will lead once its record says so durably.
    pub(crate) rising: bool,
    /// The latest epoch whose token this incarnation has passed on.
    pub(crate) passed: Epoch,
    /// The latest epoch whose coordinator's message this incarnation has passed on.
    pub(crate) announced: Epoch,
    /// The latest circulation of the lease that the node has sent or stamped in this epoch.
    pub(crate) beat: u32,
    /// The latest circulation that came home to a leader with a quorum's stamps.
    pub(crate) completed: u32,
    /// Whether a leader's next circulation waits for its disk.
    pub(crate) due: bool,
    /// Whether a leader was heard so recently that the node grants nobody another epoch. Cleared by the guard timer.
    pub(crate) guarded: bool,
    /// Whether the node has resigned, and would rather not lead.
    pub(crate) abstains: bool,
    pub(crate) hop: Hop<Message>,
}

impl State {
    /// What the node remembers after its disk is read.
    pub(crate) fn read(node: NodeId, disk: &Record) -> State {
        State {
            node,
            role: Role::Follower,
            record: *disk,
            leader: None,
            launched: false,
            unsent: None,
            deciding: false,
            rising: false,
            passed: Epoch::ZERO,
            announced: Epoch::ZERO,
            beat: 0,
            completed: 0,
            due: false,
            guarded: false,
            abstains: false,
            hop: Hop::idle(node),
        }
    }

    /// Whom the node takes for the leader of its epoch.
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// To whom the node has granted its epoch.
    pub fn granted(&self) -> Option<NodeId> {
        self.record.granted
    }
}
