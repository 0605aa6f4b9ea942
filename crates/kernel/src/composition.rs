//! One protocol inside another: a coordination service's node runs Raft, and more around it.
//!
//! The inner protocol's rules run as they are. They fill a buffer of their own ([`Scratch`]), and the outer protocol takes
//! the effects out one by one: most it passes on in its own types ([`Effects::lift`]), some it looks at first, such as
//! commits, which its state machine applies.

use crate::effects::{Effect, Effects, Release};
use crate::ids::Office;
use crate::observation::Fact;
use crate::protocol::Protocol;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A protocol that runs another inside it: how what the inner one says, arms and writes is called outside.
pub trait Embeds<I: Protocol>: Protocol {
    /// The leadership that the inner protocol is about.
    const INNER_OFFICE: Office;
    /// An inner message.
    fn message(inner: I::Message) -> Self::Message;
    /// An inner timer.
    fn timer(inner: I::Timer) -> Self::Timer;
    /// An inner write.
    fn write(inner: I::Write) -> Self::Write;
}

impl<P: Protocol> Effects<P> {
    /// Takes the effects out, in order; keeps the storage.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect<P>> {
        let count = std::mem::take(&mut self.len);
        self.slots[..count].iter_mut().filter_map(Option::take)
    }

    /// Passes an inner protocol's effect on. What the inner protocol says of its leadership is said of the inner office. The
    /// moments that it names are kept back: their numbers mean other moments outside.
    pub fn lift<I: Protocol>(&mut self, effect: Effect<I>)
    where
        P: Embeds<I>,
    {
        match effect {
            Effect::Send { to, message, release } => self.send_when(release, to, P::message(message)),
            Effect::SetTimer { timer, after } => self.set_timer(P::timer(timer), after),
            Effect::CancelTimer(timer) => self.cancel_timer(P::timer(timer)),
            Effect::Persist(write) => self.persist(P::write(write)),
            Effect::Commit { index, entry } => self.commit(index, entry),
            Effect::Note { fact, release } => self.lift_fact(fact, release, P::INNER_OFFICE),
        }
    }

    fn lift_fact(&mut self, fact: Fact, release: Release, office: Office) {
        let fact = match fact {
            Fact::Voted { epoch, candidate, .. } => Fact::Voted { office, epoch, candidate },
            Fact::EpochStored { epoch, .. } => Fact::EpochStored { office, epoch },
            Fact::Reached(_) => return,
            other => other,
        };
        self.note_when(release, fact);
    }
}

/// A buffer for an inner protocol's effects, kept in the outer one's state so that it need not be made anew at every step.
/// It is empty between steps and no part of what the node remembers: all are equal, and a copy is a new one.
pub struct Scratch<P: Protocol>(Option<Effects<P>>);

impl<P: Protocol> Scratch<P> {
    /// Takes the buffer, to be put back with [`Scratch::put_back`].
    pub fn take(&mut self) -> Effects<P> {
        self.0.take().unwrap_or_default()
    }
    /// Puts the emptied buffer back.
    pub fn put_back(&mut self, mut buffer: Effects<P>) {
        buffer.clear();
        self.0 = Some(buffer);
    }
}

impl<P: Protocol> Default for Scratch<P> {
    fn default() -> Self {
        Scratch(None)
    }
}

impl<P: Protocol> Clone for Scratch<P> {
    fn clone(&self) -> Self {
        Scratch(None)
    }
}

impl<P: Protocol> PartialEq for Scratch<P> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<P: Protocol> Eq for Scratch<P> {}

impl<P: Protocol> Hash for Scratch<P> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl<P: Protocol> fmt::Debug for Scratch<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch")
    }
}
