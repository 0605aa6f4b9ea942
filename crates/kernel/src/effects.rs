//! What a step asks of the world.

use crate::ids::{LogEntry, LogIndex, NodeId};
use crate::observation::Fact;
use crate::protocol::{Phase, Protocol};
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
    /// The effects, and then empty slots, of which there is always one.
    pub(crate) slots: Vec<Option<Effect<P>>>,
    /// How many effects there are.
    pub(crate) len: usize,
}

impl<P: Protocol> Default for Effects<P> {
    fn default() -> Self {
        let mut effects = Effects { slots: Vec::new(), len: 0 };
        effects.make_room();
        effects
    }
}

impl<P: Protocol> Effects<P> {
    /// Appends an effect, and makes room for the next. Room is not made when it is needed: making it can unwind, and an
    /// effect that waits for it would be put together on the stack, to be dropped there, and copied.
    #[inline(always)]
    fn push(&mut self, effect: Effect<P>) {
        let Some(slot) = self.slots.get_mut(self.len) else {
            // This does not happen. Were the effect dropped here, it would be put together on the stack for that.
            std::mem::forget(effect);
            return debug_assert!(false, "a slot is free");
        };
        // A free slot holds nothing, and is not to be asked whether it has something to drop.
        std::mem::forget(slot.replace(effect));
        self.len += 1;
        if self.len == self.slots.len() {
            self.make_room();
        }
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        let more = self.slots.len().max(16);
        self.slots.extend(std::iter::repeat_with(|| None).take(more));
    }

    /// Sends a message at once.
    #[inline(always)]
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        self.push(Effect::Send { to, message, release: Release::AtOnce });
    }
    /// Sends a message once all earlier writes are durable.
    #[inline(always)]
    pub fn send_once_durable(&mut self, to: NodeId, message: P::Message) {
        self.push(Effect::Send { to, message, release: Release::OnceDurable });
    }
    /// Sends a message with a release chosen by the caller.
    #[inline(always)]
    pub fn send_when(&mut self, release: Release, to: NodeId, message: P::Message) {
        self.push(Effect::Send { to, message, release });
    }
    /// Arms a timer, anew if it is armed already.
    #[inline(always)]
    pub fn set_timer(&mut self, timer: P::Timer, after: Jitter) {
        self.push(Effect::SetTimer { timer, after });
    }
    /// Disarms a timer.
    #[inline(always)]
    pub fn cancel_timer(&mut self, timer: P::Timer) {
        self.push(Effect::CancelTimer(timer));
    }
    /// Writes to disk.
    #[inline(always)]
    pub fn persist(&mut self, write: P::Write) {
        self.push(Effect::Persist(write));
    }
    /// Announces an agreed entry.
    #[inline(always)]
    pub fn commit(&mut self, index: LogIndex, entry: LogEntry) {
        self.push(Effect::Commit { index, entry });
    }
    /// States a fact that is true now, or once all earlier writes are durable.
    #[inline(always)]
    pub fn note_when(&mut self, release: Release, fact: Fact) {
        self.push(Effect::Note { fact, release });
    }
    /// Says that the node has come to a moment that the protocol names: after what this step asked for before it, and
    /// before what waits for the disk.
    pub fn reach(&mut self, phase: Phase) {
        self.push(Effect::Note { fact: Fact::Reached(phase), release: Release::AtOnce });
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// The effects so far, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Effect<P>> {
        self.slots[..self.len].iter().flatten()
    }
    /// Forgets all effects; keeps the storage.
    pub fn clear(&mut self) {
        self.slots[..self.len].fill_with(|| None);
        self.len = 0;
    }
}
