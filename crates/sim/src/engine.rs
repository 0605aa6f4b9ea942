//! Running a seed from start to horizon.

use crate::Queue;
use crate::calendar::Calendar;
use interregnum_kernel::{GlobalTime, Observer, Protocol, TraceDigest};
use interregnum_world::{Counters, Event, NoRecorder, Recorder, Setting, World};
use std::sync::Arc;

/// A run is stopped after so many events, and says so: a protocol whose messages breed would otherwise never end.
pub const EVENT_LIMIT: u64 = 50_000_000;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It reached its horizon.
    Horizon,
    /// It reached the limit of events first; what was asked of its end is not answered.
    EventLimit,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The digest of its events: equal for equal runs.
    pub digest: TraceDigest,
    /// What it counted.
    pub counters: Counters,
    /// The simulated time at its end.
    pub ended: GlobalTime,
    /// Why it ended.
    pub stop: Stop,
    /// Faults whose target did not exist when their time came, or whose triggers never came.
    pub missed_faults: u32,
}

/// The simulator of one setting and one protocol, for any number of seeds, one after the other.
///
/// Memory is reused between runs, and nothing else is: a seed's outcome does not depend on what ran before it.
#[derive(Debug)]
pub struct Simulator<P: Protocol, O = (), R = NoRecorder, Q = Calendar<Event<P>>> {
    world: World<P, Q, O, R>,
}

impl<P: Protocol, O: Observer> Simulator<P, O> {
    /// A simulator that records nothing. The observer hears every run; the caller resets it in between.
    pub fn new(protocol: P, setting: Arc<Setting>, observer: O) -> Self {
        Simulator::with_parts(protocol, setting, observer, NoRecorder)
    }
}

impl<P: Protocol, O: Observer, R: Recorder, Q: Queue<P>> Simulator<P, O, R, Q> {
    /// A simulator with a recorder and a queue of the caller's choice.
    pub fn with_parts(protocol: P, setting: Arc<Setting>, observer: O, recorder: R) -> Self {
        let world = World::new(protocol, setting, Q::default(), observer, recorder);
        Simulator { world }.with_event_limit(EVENT_LIMIT)
    }

    /// Stops runs after so many events instead of [`EVENT_LIMIT`].
    #[must_use]
    pub fn with_event_limit(mut self, limit: u64) -> Self {
        self.world.set_event_limit(limit);
        self
    }

    /// Runs one seed.
    pub fn run(&mut self, seed: u64) -> Outcome {
        self.world.agenda_mut().clear();
        self.world.start(seed);
        let horizon = GlobalTime::ZERO + self.world.setting().horizon;
        let mut stop = Stop::Horizon;
        while let Some((at, sequence, event)) = self.world.agenda_mut().pop(horizon) {
            if !self.world.handle(at, sequence, event) {
                stop = Stop::EventLimit;
                break;
            }
        }
        let ended = if stop == Stop::Horizon { horizon } else { self.world.now() };
        self.world.finish(ended);
        Outcome {
            digest: self.world.digest(),
            counters: self.world.counters().clone(),
            ended,
            stop,
            missed_faults: self.world.missed_faults(),
        }
    }

    /// The world, with its nodes as the last run left them.
    pub fn world(&self) -> &World<P, Q, O, R> {
        &self.world
    }

    /// Who listens.
    pub fn observer(&self) -> &O {
        self.world.observer()
    }

    /// Who listens, to be reset before a run.
    pub fn observer_mut(&mut self) -> &mut O {
        self.world.observer_mut()
    }

    /// Who has listened, and what was recorded.
    pub fn into_listeners(self) -> (O, R) {
        self.world.into_listeners()
    }

    /// What is recorded.
    pub fn recorder_mut(&mut self) -> &mut R {
        self.world.recorder_mut()
    }
}
