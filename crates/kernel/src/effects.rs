//! What a step asks of the world.

use crate::ids::{LogEntry, LogIndex, NodeId};
use crate::observation::Fact;
use crate::protocol::Protocol;
use crate::time::Jitter;

/// When a message or a note may leave the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Release {
    /// Now, whatever waits for the disk.
    AtOnce,
    /// When every write that was asked for before it is durable.
    OnceDurable,
}

/// One thing that a step asks for.
///
/// The representation gives it a tag of its own: one hidden in the message's would have to be decoded every time.
#[derive(Clone, Debug)]
#[repr(u8)]
pub enum Effect<P: Protocol> {
    /// Send a message.
    Send {
        /// The receiver.
        to: NodeId,
        /// What to say.
        message: P::Message,
        /// When it may leave.
        release: Release,
    },
    /// Arm a timer, anew if it is armed already. The engine draws the delay from the range.
    SetTimer {
        /// Which timer.
        timer: P::Timer,
        /// How long from now, by the node's monotonic clock.
        after: Jitter,
    },
    /// Disarm a timer, if it is armed.
    CancelTimer(P::Timer),
    /// Write to disk, behind all earlier writes. `Persisted` follows when it is durable.
    Persist(P::Write),
    /// An entry is known to be agreed on.
    Commit {
        /// Its position.
        index: LogIndex,
        /// The entry.
        entry: LogEntry,
    },
    /// State a fact for the invariants' ears only.
    Note {
        /// The fact.
        fact: Fact,
        /// From when it is true.
        release: Release,
    },
}

/// The effects of one step, in order. Engines keep one buffer and reuse it: a fresh one per step costs a fifth of the
/// simulator's speed.
#[derive(Debug)]
pub struct Effects<P: Protocol> {
    pub(crate) list: Vec<Effect<P>>,
}

impl<P: Protocol> Default for Effects<P> {
    fn default() -> Self {
        Effects { list: Vec::with_capacity(16) }
    }
}

impl<P: Protocol> Effects<P> {
    /// Sends a message at once.
    #[inline]
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        self.list.push(Effect::Send { to, message, release: Release::AtOnce });
    }
    /// Sends a message once all earlier writes are durable.
    #[inline]
    pub fn send_once_durable(&mut self, to: NodeId, message: P::Message) {
        self.list.push(Effect::Send { to, message, release: Release::OnceDurable });
    }
    /// Sends a message with a release chosen by the caller.
    #[inline]
    pub fn send_when(&mut self, release: Release, to: NodeId, message: P::Message) {
        self.list.push(Effect::Send { to, message, release });
    }
    /// Arms a timer, anew if it is armed already.
    #[inline]
    pub fn set_timer(&mut self, timer: P::Timer, after: Jitter) {
        self.list.push(Effect::SetTimer { timer, after });
    }
    /// Disarms a timer.
    #[inline]
    pub fn cancel_timer(&mut self, timer: P::Timer) {
        self.list.push(Effect::CancelTimer(timer));
    }
    /// Writes to disk.
    #[inline]
    pub fn persist(&mut self, write: P::Write) {
        self.list.push(Effect::Persist(write));
    }
    /// Announces an agreed entry.
    #[inline]
    pub fn commit(&mut self, index: LogIndex, entry: LogEntry) {
        self.list.push(Effect::Commit { index, entry });
    }
    /// States a fact that is true now, or once all earlier writes are durable.
    #[inline]
    pub fn note_when(&mut self, release: Release, fact: Fact) {
        self.list.push(Effect::Note { fact, release });
    }
    /// The effects so far, in order.
    pub fn as_slice(&self) -> &[Effect<P>] {
        &self.list
    }
    /// Forgets all effects; keeps the storage.
    pub fn clear(&mut self) {
        self.list.clear();
    }
}
