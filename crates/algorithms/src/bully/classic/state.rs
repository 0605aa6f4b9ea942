//! What a node of the classic form says and remembers.

use interregnum_kernel::{Epoch, Kind, NodeId, NodeSet, TimerName};

/// A message between nodes. Each carries the highest epoch that its sender has seen, or reigns in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// To a node above: "Are you there? I hold an election."
    Election {
        /// The highest epoch that the sender has seen.
        epoch: Epoch,
    },
    /// To a node below: "I am here, and hold the election instead."
    Answer {
        /// The highest epoch that the sender has seen.
        epoch: Epoch,
    },
    /// To the nodes below: "I lead from now on."
    Coordinator {
        /// The epoch that the sender takes for its own.
        epoch: Epoch,
    },
    /// To all others: "I still lead."
    Heartbeat {
        /// The epoch that the sender takes for its own.
        epoch: Epoch,
    },
}

// The engines move messages by value millions of times a second.
const _: () = assert!(size_of::<Message>() <= 16);

impl Message {
    /// The names of the kinds, in the order of [`Message::kind`].
    pub const KINDS: &'static [&'static str] = &["Election", "Answer", "Coordinator", "Heartbeat"];

    /// Which kind it is of.
    #[inline]
    pub fn kind(self) -> Kind {
        Kind(match self {
            Message::Election { .. } => 0,
            Message::Answer { .. } => 1,
            Message::Coordinator { .. } => 2,
            Message::Heartbeat { .. } => 3,
        })
    }

    /// The epoch that it carries.
    #[inline]
    pub fn epoch(self) -> Epoch {
        match self {
            Message::Election { epoch }
            | Message::Answer { epoch }
            | Message::Coordinator { epoch }
            | Message::Heartbeat { epoch } => epoch,
        }
    }

    /// The message in 64 bits, for the trace digest.
    #[inline]
    pub fn label(self) -> u64 {
        self.epoch().0 << 2 | u64::from(self.kind().0)
    }
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A node that recovers has listened for long enough.
    Recovery,
    /// The coordinator was not heard for a failure timeout.
    Failure,
    /// T_ok: nobody above has answered.
    Answer,
    /// T_coord: somebody above has answered, and no coordinator was heard of.
    Coordinator,
    /// T_m: whoever can hear of the new coordinator has.
    Reorganization,
    /// A coordinator's next heartbeat is due.
    Heartbeat,
    /// A node that resigned may hold elections again.
    Abstention,
}

impl TimerName for Timer {
    const COUNT: usize = 7;

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        use Timer::{Abstention, Answer, Coordinator, Failure, Heartbeat, Recovery, Reorganization};
        [Recovery, Failure, Answer, Coordinator, Reorganization, Heartbeat, Abstention][index]
    }
}

/// What a node is doing. The paper's Normal is split into following and leading, and its Election into the two waits
/// that textbooks tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It has started, and listens before it holds an election.
    Recovering,
    /// It follows a coordinator, or waits for one.
    Following,
    /// It has asked the nodes above, and waits for an answer.
    Electing,
    /// It was answered, and waits for a coordinator.
    Waiting,
    /// It has declared itself, and waits until that is heard.
    Reorganizing,
    /// It leads.
    Leading,
    /// It has resigned, and lets the others elect.
    Abstaining,
}

impl Status {
    /// The timer that ends the status by itself; none ends a reign.
    pub(super) fn timer(self) -> Option<Timer> {
        match self {
            Status::Recovering => Some(Timer::Recovery),
            Status::Following => Some(Timer::Failure),
            Status::Electing => Some(Timer::Answer),
            Status::Waiting => Some(Timer::Coordinator),
            Status::Reorganizing => Some(Timer::Reorganization),
            Status::Leading => None,
            Status::Abstaining => Some(Timer::Abstention),
        }
    }

    /// Whether the node has declared itself coordinator.
    pub(super) fn is_in_office(self) -> bool {
        matches!(self, Status::Reorganizing | Status::Leading)
    }
}

/// One node's memory. Nothing of it survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(super) node: NodeId,
    /// The members with higher identifiers.
    pub(super) above: NodeSet,
    /// The members with lower identifiers.
    pub(super) below: NodeSet,
    pub(super) status: Status,
    /// The highest epoch seen in any message.
    pub(super) seen: Epoch,
    /// The epoch announced last; the node's own while it is in office.
    pub(super) reign: Epoch,
    /// Whom the node takes for the coordinator.
    pub(super) coordinator: Option<NodeId>,
    /// Whether the first heartbeats of the reign have been sent.
    pub(super) heard: bool,
}

impl State {
    /// What the node is doing.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whom the node takes for the coordinator; itself while it is in office.
    pub fn coordinator(&self) -> Option<NodeId> {
        if self.status.is_in_office() { Some(self.node) } else { self.coordinator }
    }
}
