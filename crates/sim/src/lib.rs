//! The discrete-event engine. It adds one thing to the world: which event is next, and that very fast.
#![forbid(unsafe_code)]

pub mod calendar;
pub mod engine;
pub mod heap;
#[cfg(test)]
mod testing;

pub use calendar::Calendar;
pub use engine::{EVENT_LIMIT, Outcome, Simulator, Stop};
pub use heap::Heap;

use interregnum_kernel::{GlobalTime, Protocol};
use interregnum_world::{Agenda, Event};

/// A queue of events, ordered by (time, sequence number).
pub trait Queue<P: Protocol>: Agenda<P> + Default {
    /// Takes the first event out, if its time is not after `limit`.
    fn pop(&mut self, limit: GlobalTime) -> Option<(GlobalTime, u64, Event<P>)>;
    /// Drops all events and starts again at time zero; keeps the storage.
    fn clear(&mut self);
    /// How many events wait.
    fn len(&self) -> usize;
    /// Whether none waits.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
