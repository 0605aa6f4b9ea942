//! What random faults cost: the same cluster, the same clients and the same invariants, with a nemesis and without.

use interregnum_algorithms::{Registered, Visitor, build};
use interregnum_invariants::{Setting as Watch, Suite};
use interregnum_kernel::{GlobalTime, Jitter, Parameters, Span};
use interregnum_sim::Simulator;
use interregnum_world::nemesis::{Nemesis, default_kinds};
use interregnum_world::{Latency, LinkSetting, Setting, WorkloadSetting};
use std::sync::Arc;

/// Nodes in a run.
pub const NODES: u8 = 5;

/// When all is healed.
const HEAL: Span = Span::secs(9);

/// The surroundings of `scenarios/swarm.toml`, without a fault: twelve simulated seconds, a write every 20 ms and a proposal
/// every 100 ms.
pub fn quiet() -> Setting {
    let link = LinkSetting::with_latency(Latency::Uniform { min: Span::millis(1), max: Span::millis(5) });
    let fsync = Latency::Uniform { min: Span::millis(1), max: Span::millis(4) };
    let mut setting = Setting::quiet(NODES, link, fsync, Span::secs(12));
    setting.workload = WorkloadSetting {
        writes_every: Some(Span::millis(20)),
        check_to_act: (Span::ZERO, Span::millis(2)),
        proposals_every: Some(Span::millis(100)),
        discovery: None,
    };
    setting.heal = Some(HEAL);
    setting
}

/// The same with all kinds of fault that a scenario has when it names none, a new one every 500 ms to 2 s.
pub fn hostile() -> Setting {
    let nemesis = Nemesis {
        faults: default_kinds().map(|kind| kind.name).collect(),
        every: Jitter::between(Span::millis(500), Span::secs(2)),
        from: Span::secs(1),
        until: HEAL,
    };
    Setting { nemesis: Some(nemesis), ..quiet() }
}

struct Runs {
    setting: Setting,
    first: u64,
    count: u64,
}

impl Visitor for Runs {
    type Output = u64;

    fn visit<P: Registered>(self, protocol: P) -> u64 {
        let heal = self.setting.heal.map(|heal| GlobalTime::ZERO + heal);
        let watch = Watch { nodes: NODES, heal, leader_within: Some(Span::secs(1)), leader_during: None };
        let mut simulator = Simulator::new(protocol, Arc::new(self.setting), Suite::new(&watch));
        let runs = (self.first..self.first + self.count).map(|seed| {
            simulator.observer_mut().reset(&watch);
            simulator.run(seed).counters.events
        });
        runs.sum()
    }
}

/// Runs so many seeds of a setting, and counts the events.
///
/// # Panics
/// If there is no such algorithm, or it cannot be built with its defaults.
pub fn run(setting: Setting, algorithm: &str, first: u64, count: u64) -> u64 {
    match build(algorithm, &Parameters::of(NODES), Runs { setting, first, count }) {
        Ok(events) => events,
        Err(error) => panic!("{error}"),
    }
}
