//! What a node of the form with quorums remembers, in memory and on disk, and its timers.

use interregnum_kernel::{Epoch, NodeId, NodeSet, TimerName};

/// What survives a crash: the last grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Disk {
    /// The highest epoch that the node has granted.
    pub epoch: Epoch,
    /// To whom.
    pub granted: Option<NodeId>,
}

/// One atomic change of the disk. Epoch and grant belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Write {
    /// The epoch that is granted.
    pub epoch: Epoch,
    /// To whom.
    pub granted: NodeId,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No leader was heard for the shortest failure timeout: granting an epoch to another is fair.
    Guard,
    /// No leader was heard for the rest of the failure timeout; or an attempt has failed, and this is the pause after it.
    Failure,
    /// T_ok: the answers that can be there are there.
    Answer,
    /// T_coord: somebody above stands, and no leader was heard of.
    Coordinator,
    /// No majority has granted the claim.
    Claim,
    /// A leader's next heartbeat is due.
    Heartbeat,
    /// A leader looks whether a majority and its own disk still answer.
    CheckQuorum,
    /// A node that resigned may stand again.
    Abstention,
}

impl TimerName for Timer {
    const COUNT: usize = 8;

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        use Timer::{Abstention, Answer, CheckQuorum, Claim, Coordinator, Failure, Guard, Heartbeat};
        [Guard, Failure, Answer, Coordinator, Claim, Heartbeat, CheckQuorum, Abstention][index]
    }
}

/// What a node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It follows a leader, or waits for one.
    Following,
    /// It has asked who is above it, and who misses the leader too.
    Electing,
    /// Somebody above stands.
    Waiting,
    /// It asks for an epoch.
    Claiming,
    /// It leads.
    Leading,
}

/// One node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(super) node: NodeId,
    /// The members with higher identifiers.
    pub(super) above: NodeSet,
    /// The members with lower identifiers.
    pub(super) below: NodeSet,
    pub(super) status: Status,
    /// The highest epoch seen: granted, or heard of.
    pub(super) seen: Epoch,
    /// The last grant, as last asked to be written; the disk may lag behind.
    pub(super) ballot: Disk,
    /// The writes that are not durable yet.
    pub(super) unwritten: u32,
    /// The epoch of the leader that is followed, of the own claim, or of the own reign.
    pub(super) reign: Epoch,
    /// The leader of that epoch, if the node follows one.
    pub(super) leader: Option<NodeId>,
    /// Whether a leader was heard so recently that the node grants nothing to others. Cleared by the guard timer.
    pub(super) guarded: bool,
    /// Whether the node stands although it was answered: whoever is above has had its chance.
    pub(super) insists: bool,
    /// Who misses the leader too, while electing; who has granted, while claiming; who has been heard since the last
    /// check, while leading.
    pub(super) with: NodeSet,
    /// Who has denied the claim.
    pub(super) against: NodeSet,
    /// Grants heard again from the same node. Always zero, unless the bug that counts messages is planted.
    pub(super) repeated: u8,
    /// To whom this node has offered its office as a leader. Forgotten where they fall silent.
    pub(super) courted: NodeSet,
    /// Whether the first heartbeats of the reign have been sent.
    pub(super) heard: bool,
    /// Whether the node has resigned, and lets others stand.
    pub(super) abstains: bool,
}

impl State {
    /// What the node remembers after its disk is read.
    pub(super) fn read(node: NodeId, disk: Disk, (above, below): (NodeSet, NodeSet)) -> State {
        State {
            node,
            above,
            below,
            status: Status::Following,
            seen: disk.epoch,
            ballot: disk,
            unwritten: 0,
            reign: Epoch::ZERO,
            leader: None,
            guarded: false,
            insists: false,
            with: NodeSet::EMPTY,
            against: NodeSet::EMPTY,
            repeated: 0,
            courted: NodeSet::EMPTY,
            heard: false,
            abstains: false,
        }
    }

    /// What the node is doing.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The leader that the node follows.
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }
}
