//! Complete failovers of any algorithm with every invariant watching: a cluster elects a leader, serves clients, loses its leader to
//! a crash, and elects another.

use interregnum_algorithms::{Registered, Visitor, build, find};
use interregnum_invariants::{Setting as Watch, Suite};
use interregnum_kernel::{
    FaultClass, FaultClasses, GlobalTime, Interest, Observation, Observer, Parameters, Span, What,
};
use interregnum_sim::Simulator;
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, Plan, PlannedFault, Selector, Setting, Unsynced,
    WorkloadSetting,
};
use std::sync::Arc;

/// Nodes in a trial.
pub const NODES: u8 = 5;

/// When the crashed node starts again: late enough for a successor, early enough for liveness to be judged.
const HEAL: Span = Span::millis(1_600);

/// What a batch of trials came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batch {
    /// Trials in which the leader crashed and a successor was elected.
    pub failovers: u64,
    /// Events handled in all trials.
    pub events: u64,
    /// Violations of invariants that the algorithm promises.
    pub violations: u64,
}

/// Two simulated seconds, the leader's crash in the middle; a write and a proposal every 200 ms.
pub fn setting() -> Setting {
    let link = LinkSetting::with_latency(Latency::Uniform { min: Span::millis(1), max: Span::millis(5) });
    let fsync = Latency::Uniform { min: Span::millis(1), max: Span::millis(4) };
    let mut setting = Setting::quiet(NODES, link, fsync, Span::secs(2));
    setting.workload = WorkloadSetting {
        writes_every: Some(Span::millis(200)),
        check_to_act: (Span::ZERO, Span::millis(2)),
        proposals_every: Some(Span::millis(200)),
    };
    let (unsynced, connections) = (Unsynced::Random, Connections::Silent);
    let crash = Lever::Crash { target: vec![Selector::Leader], unsynced, connections, disk: DiskAfter::Kept };
    setting.plan = Plan { faults: vec![PlannedFault::at(Span::secs(1), crash)] };
    setting.heal = Some(HEAL);
    setting
}

/// Hears whether a leader was elected after the crash.
#[derive(Clone, Copy, Debug, Default)]
struct Succession {
    crashed: bool,
    succeeded: bool,
}

impl Observer for Succession {
    fn interest(&self) -> Interest {
        Interest::LEADERSHIP.and(Interest::LIFE)
    }
    fn observe(&mut self, observation: &Observation) {
        match observation.what {
            What::Crashed => self.crashed = true,
            What::Elected(_) => self.succeeded |= self.crashed,
            _ => {}
        }
    }
}

struct Trials {
    promises: Vec<&'static str>,
    first: u64,
    count: u64,
}

impl Visitor for Trials {
    type Output = Batch;

    fn visit<P: Registered>(self, protocol: P) -> Batch {
        let setting = setting();
        let heal = Some(GlobalTime::ZERO + HEAL);
        let watch = Watch { nodes: NODES, heal, leader_within: Some(Span::millis(300)), ..Watch::default() };
        let observer = (Suite::new(&watch), Succession::default());
        let mut simulator = Simulator::new(protocol, Arc::new(setting), observer);
        let mut batch = Batch::default();
        for seed in self.first..self.first + self.count {
            let (suite, succession) = simulator.observer_mut();
            suite.reset(&watch);
            *succession = Succession::default();
            batch.events += simulator.run(seed).counters.events;
            let (suite, succession) = simulator.observer();
            batch.failovers += u64::from(succession.succeeded);
            let promised = suite.violations().filter(|(info, _)| self.promises.contains(&info.name));
            batch.violations += promised.count() as u64;
        }
        batch
    }
}

/// Runs so many trials of the algorithm of this name, one seed each.
///
/// # Panics
/// If there is no such algorithm, or it cannot be built with its defaults.
pub fn run(algorithm: &str, first: u64, count: u64) -> Batch {
    let crashes = FaultClasses::from(FaultClass::Crash);
    let promises = find(algorithm).into_iter().flat_map(|entry| entry.promises_under(crashes)).collect();
    match build(algorithm, &Parameters::of(NODES), Trials { promises, first, count }) {
        Ok(batch) => batch,
        Err(error) => panic!("{error}"),
    }
}
