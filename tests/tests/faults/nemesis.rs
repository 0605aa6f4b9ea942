//! What the nemesis draws is a plan as any other: given to a scenario, it makes the same run.

use interregnum_algorithms::{ALGORITHMS, Registered, Visitor, build, find};
use interregnum_kernel::{FaultClass, Jitter, NodeSet, Parameters, Span};
use interregnum_sim::{Outcome, Simulator};
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::sample;
use interregnum_tests::scenario;
use interregnum_world::nemesis::{Drawn, Nemesis, kinds};
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, PlannedFault, Selector, Setting, Unsynced,
    WorkloadSetting, Zone,
};
use std::collections::BTreeSet;
use std::sync::Arc;

const NODES: u8 = 5;

/// Eight seconds of every kind of fault, after a crash that the scenario plans, and two seconds of peace.
fn setting() -> Setting {
    setting_for(&Parameters::of(NODES))
}

fn setting_for(parameters: &Parameters) -> Setting {
    let link = LinkSetting::with_latency(Latency::Uniform { min: Span::millis(1), max: Span::millis(5) });
    let fsync = Latency::Uniform { min: Span::millis(1), max: Span::millis(4) };
    let mut setting = Setting::quiet(parameters.nodes, link, fsync, Span::secs(10));
    setting.service = parameters.service;
    setting.workload = WorkloadSetting {
        writes_every: Some(Span::millis(50)),
        check_to_act: (Span::ZERO, Span::millis(5)),
        proposals_every: Some(Span::millis(50)),
        discovery: None,
    };
    setting.zones = vec![Zone { name: "a".to_owned(), nodes: NodeSet::first(2) }];
    let crash = Lever::Crash {
        target: vec![Selector::Leader],
        unsynced: Unsynced::Random,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    };
    setting.plan.faults = vec![PlannedFault::at(Span::secs(1), crash).lasting(Span::millis(300))];
    setting.heal = Some(Span::secs(8));
    setting.nemesis = Some(Nemesis {
        faults: kinds().iter().map(|kind| kind.name).collect(),
        every: Jitter::between(Span::millis(200), Span::secs(1)),
        from: Span::millis(500),
        until: Span::secs(8),
    });
    setting
}

/// The same surroundings with the faults in the plan, and no nemesis.
fn written_out(setting: &Setting, drawn: &Drawn) -> Setting {
    let mut planned = setting.clone();
    planned.plan.faults.extend_from_slice(&drawn.plan.faults);
    planned.nemesis = None;
    planned
}

struct Runs {
    setting: Setting,
    seeds: std::ops::Range<u64>,
}

impl Visitor for Runs {
    type Output = Vec<(u64, Drawn, [Outcome; 2])>;

    fn visit<P: Registered>(self, protocol: P) -> Self::Output {
        let mut drawing = Simulator::new(protocol.clone(), Arc::new(self.setting.clone()), ());
        let runs = self.seeds.filter_map(|seed| {
            let drawn = self.setting.nemesis.as_ref()?.draw(&self.setting, seed);
            let planned = written_out(&self.setting, &drawn);
            let outcome = Simulator::new(protocol.clone(), Arc::new(planned), ()).run(seed);
            Some((seed, drawn, [drawing.run(seed), outcome]))
        });
        runs.collect()
    }
}

#[test]
fn a_drawn_plan_that_is_written_out_makes_the_same_run_in_every_algorithm() {
    for entry in ALGORITHMS {
        let alone = Parameters::of(NODES);
        let parameters = if entry.service { alone.with_service(3) } else { alone };
        let runs = Runs { setting: setting_for(&parameters), seeds: 0..40 };
        let runs = build(entry.name, &parameters, runs).expect("defaults build");
        assert_eq!(runs.len(), 40, "{}: all seeds were run", entry.name);
        let mut faults = 0;
        for (seed, drawn, [by_nemesis, by_plan]) in &runs {
            assert_eq!(by_nemesis, by_plan, "{} with seed {seed}:\n{drawn}", entry.name);
            faults += drawn.plan.faults.len();
        }
        assert!(faults > 10 * runs.len(), "{}: {faults} faults are few", entry.name);
    }
}

#[test]
fn without_a_nemesis_the_same_seeds_run_otherwise() {
    let mut quiet = setting();
    quiet.nemesis = None;
    let plain = |setting: Setting| {
        let runs = PlainRuns { setting, seeds: 0..40 };
        build("raft", &Parameters::of(NODES), runs).expect("defaults build")
    };
    let (with, without) = (plain(setting()), plain(quiet));
    let same = with.iter().zip(&without).filter(|(one, other)| one.digest == other.digest).count();
    assert_eq!(same, 0, "what is drawn does nothing in {same} runs");
}

struct PlainRuns {
    setting: Setting,
    seeds: std::ops::Range<u64>,
}

impl Visitor for PlainRuns {
    type Output = Vec<Outcome>;

    fn visit<P: Registered>(self, protocol: P) -> Self::Output {
        let mut simulator = Simulator::new(protocol, Arc::new(self.setting), ());
        self.seeds.map(|seed| simulator.run(seed)).collect()
    }
}

/// A scenario to put plans into; every algorithm's orders may be in them.
const BASE: &str = r#"
format = 1
name = "written-out"
summary = "A plan that was drawn."

[cluster]
algorithms = ["raft"]
nodes = 5

[workload]
writes_every = "50ms"

[run]
for = "10s"
heal = "8s"
"#;

/// The plan that a scenario with these tables has.
fn read_back(tables: &str) -> Vec<PlannedFault> {
    scenario(&format!("{BASE}\n{tables}")).setting.plan.faults
}

#[test]
fn what_is_printed_reads_back_as_what_was_drawn() {
    let setting = setting();
    let nemesis = setting.nemesis.as_ref().expect("the setting has one");
    for seed in 0..200 {
        let drawn = nemesis.draw(&setting, seed);
        assert_eq!(read_back(&drawn.to_string()), drawn.plan.faults, "seed {seed}:\n{drawn}");
    }
}

#[test]
fn a_random_plan_reads_back_as_it_was_written() {
    let raft = find("raft").expect("Raft is registered");
    let kinds = Kinds { faults: FaultClass::ALL.into_iter().collect(), ..Kinds::borne_by(raft) };
    let plans = sample(&plan(NODES, Span::secs(8), 12, kinds), 0x7772_6974, 300);
    let mut levers = BTreeSet::new();
    for plan in &plans {
        assert_eq!(read_back(&plan.to_string()), plan.faults, "\n{plan}");
        levers.extend(plan.faults.iter().map(|fault| fault.lever.name()));
    }
    for lever in ["cut", "majorities-ring", "degrade", "rollback", "freeze", "clock-strobe", "disk-lie"] {
        assert!(levers.contains(lever), "no plan has {lever}: {levers:?}");
    }
}
