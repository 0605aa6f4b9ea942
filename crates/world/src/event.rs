//! What can happen next, and the queue's side of the bargain with an engine.

use interregnum_kernel::{GlobalTime, Incarnation, NodeId, Process, Protocol};

/// Something that will happen. Engines order events by (time, sequence number) and hand them back to
/// [`crate::World::handle`].
#[derive(Clone, Debug)]
pub enum Event<P: Protocol> {
    /// A message reaches its receiver.
    Deliver {
        /// The receiver.
        to: NodeId,
        /// The sender.
        from: NodeId,
        /// The message.
        message: P::Message,
    },
    /// The news that a process died reaches one of its peers.
    Disconnect {
        /// Who hears it.
        to: NodeId,
        /// Who died.
        peer: Process,
    },
    /// A timer's queue entry comes up. The timer may since have been disarmed or set to a later time.
    Timer {
        /// Whose.
        node: NodeId,
        /// Its number; the number after the last timer is the lease's.
        slot: u8,
    },
    /// An fsync ends.
    Fsync {
        /// Whose disk.
        node: NodeId,
        /// Which fsync: one that a crash or a stall has called off is recognised by its number.
        operation: u32,
    },
    /// A process that was stopped, or is slow, gets to its next input.
    Turn {
        /// Whose.
        node: NodeId,
        /// The node's count of turns: one that a stop or a crash has called off is recognised by its number.
        number: u32,
    },
    /// A clock that is moved back and forth turns.
    Strobe {
        /// The fault's place in the plan.
        fault: u32,
        /// Whether the clock has been ahead until now.
        ahead: bool,
    },
    /// The clients' writes are due.
    WriteTick,
    /// The clients' proposals are due.
    ProposalTick,
    /// Clients find a leader.
    Discover {
        /// Who was elected.
        node: NodeId,
        /// Which of the node's elections it was: one that is over is recognised by its number.
        election: u32,
    },
    /// A leader sends the write that it decided on a moment ago.
    Act {
        /// The write's number.
        write: u32,
    },
    /// A write reaches the resource.
    Reach {
        /// The write's number.
        write: u32,
    },
    /// A planned fault is injected.
    Inject {
        /// Its place in the plan.
        fault: u32,
    },
    /// A planned fault ends by itself.
    Lift {
        /// Its place in the plan.
        fault: u32,
    },
    /// Everything is healed.
    Heal,
    /// A process starts, where the engine has asked for that in an [event of its own](Agenda::STARTS_PROCESSES).
    Boot {
        /// Whose.
        node: NodeId,
        /// As which incarnation. Where faults have it started twice, and one of them hits it in between, only the first counts.
        incarnation: Incarnation,
    },
}

impl<P: Protocol> Event<P> {
    /// The node whose process this is an input to, or starts; `None` if it concerns the surroundings alone.
    pub fn process(&self) -> Option<NodeId> {
        match self {
            Event::Deliver { to, .. } | Event::Disconnect { to, .. } => Some(*to),
            Event::Timer { node, .. }
            | Event::Fsync { node, .. }
            | Event::Turn { node, .. }
            | Event::Boot { node, .. } => Some(*node),
            _ => None,
        }
    }
}

/// Where events wait.
pub trait Agenda<P: Protocol> {
    /// Whether the engine starts processes itself: then a process that is to start does so by an [`Event::Boot`] for the same
    /// instant, and not in the event that has it started.
    const STARTS_PROCESSES: bool = false;

    /// Whether the engine has a network of its own: then every message is an [`Event::Deliver`] of the instant in which it was
    /// sent, and what becomes of it on its way is the engine's business.
    #[inline(always)]
    fn carries_messages(&self) -> bool {
        false
    }

    /// Takes an event in. `sequence` is unique within a run and breaks ties of `at`; `at` is never before the event
    /// that is being handled, but its sequence number may be below those of events already waiting for that instant.
    fn push(&mut self, at: GlobalTime, sequence: u64, event: Event<P>);
}
