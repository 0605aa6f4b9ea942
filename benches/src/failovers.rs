//! Complete failovers of any algorithm with every invariant watching: a cluster elects a leader, serves clients, loses its leader to
//! a crash, and elects another.

use interregnum_algorithms::{Registered, Visitor, build, find};
use interregnum_invariants::{Setting as Watch, Suite};
use interregnum_kernel::{
    FaultClass, FaultClasses, GlobalTime, Interest, Observation, Observer, Office, Parameters, Profile, Span,
    What,
};
use interregnum_sim::Simulator;
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, Plan, PlannedFault, Selector, Setting, Unsynced,
    WorkloadSetting,
};
use std::sync::Arc;

/// Nodes in a trial.
pub const NODES: u8 = 5;

/// How long a trial is, and who takes part.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// Nodes of a coordination service, besides the contenders.
    pub service: u8,
    /// Whose timeouts hold.
    pub profile: Profile,
    /// When the leader crashes.
    pub crash: Span,
    /// When the crashed node starts again: late enough for a successor, early enough for liveness to be judged.
    pub heal: Span,
    /// From then on a leader is asked for within this time.
    pub leader_within: Span,
    /// When the trial ends.
    pub horizon: Span,
    /// How often clients write and propose.
    pub clients_every: Span,
}

/// Two simulated seconds, the leader's crash in the middle; a write and a proposal every 200 ms.
pub const ELECTION: Trial = Trial {
    service: 0,
    profile: Profile::Matched,
    crash: Span::secs(1),
    heal: Span::millis(1_600),
    leader_within: Span::millis(300),
    horizon: Span::secs(2),
    clients_every: Span::millis(200),
};

/// The same through a coordination service of three nodes: six seconds, since some services count whole seconds.
pub const LEASE: Trial = Trial {
    service: 3,
    crash: Span::secs(2),
    heal: Span::secs(5),
    leader_within: Span::secs(1),
    horizon: Span::secs(6),
    ..ELECTION
};

/// The same with every system's own defaults: some take minutes.
pub const PRODUCTION_LEASE: Trial = Trial {
    profile: Profile::Production,
    crash: Span::secs(30),
    heal: Span::secs(170),
    leader_within: Span::secs(10),
    horizon: Span::secs(180),
    clients_every: Span::secs(2),
    ..LEASE
};

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

/// The world of a trial.
pub fn setting(trial: &Trial) -> Setting {
    let link = LinkSetting::with_latency(Latency::Uniform { min: Span::millis(1), max: Span::millis(5) });
    let fsync = Latency::Uniform { min: Span::millis(1), max: Span::millis(4) };
    let parameters = parameters(trial);
    let mut setting = Setting::quiet(parameters.nodes, link, fsync, trial.horizon);
    setting.service = parameters.service;
    setting.workload = WorkloadSetting {
        writes_every: Some(trial.clients_every),
        check_to_act: (Span::ZERO, Span::millis(2)),
        proposals_every: Some(trial.clients_every),
        discovery: None,
    };
    let (unsynced, connections) = (Unsynced::Random, Connections::Silent);
    let crash = Lever::Crash { target: vec![Selector::Leader], unsynced, connections, disk: DiskAfter::Kept };
    setting.plan = Plan { faults: vec![PlannedFault::at(trial.crash, crash)] };
    setting.heal = Some(trial.heal);
    setting
}

fn parameters(trial: &Trial) -> Parameters {
    Parameters { profile: trial.profile, ..Parameters::of(NODES).with_service(trial.service) }
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
            What::Elected(leadership) if leadership.office == Office::CONTESTED => {
                self.succeeded |= self.crashed;
            }
            _ => {}
        }
    }
}

struct Trials<'a> {
    trial: &'a Trial,
    promises: Vec<&'static str>,
    first: u64,
    count: u64,
}

impl Visitor for Trials<'_> {
    type Output = Batch;

    fn visit<P: Registered>(self, protocol: P) -> Batch {
        let setting = setting(self.trial);
        let heal = Some(GlobalTime::ZERO + self.trial.heal);
        let leader_within = Some(self.trial.leader_within);
        let watch = Watch { nodes: setting.nodes, heal, leader_within, ..Watch::default() };
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
pub fn run(trial: &Trial, algorithm: &str, first: u64, count: u64) -> Batch {
    let crashes = FaultClasses::from(FaultClass::Crash);
    let promises = find(algorithm).into_iter().flat_map(|entry| entry.promises_under(crashes)).collect();
    match build(algorithm, &parameters(trial), Trials { trial, promises, first, count }) {
        Ok(batch) => batch,
        Err(error) => panic!("{error}"),
    }
}
