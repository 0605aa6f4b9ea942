//! Every lever, alone: on madsim it does what it does on the simulator.
//!
//! What a lever does there has tests of its own. Here the runs with it are compared as samples, engine against engine, by
//! all that is counted of a run: another time without a leader, more messages or fewer fsyncs give away a lever that madsim
//! ignores or gets wrong. And each lever has to show: runs with it are told from runs without it by the same counts.

use crate::{FAMILY_WISE_ERROR, ROOT_SEED};
use interregnum_campaign::{Engine, Job, Run, Seeds, Sink, sweep};
use interregnum_scenario::levers;
use interregnum_tests::scenario;
use interregnum_tests::statistics::{holm, two_sample_p_value};
use std::io;

const RUNS: u64 = 200;
/// Cells of this file, beside those of the engines at large.
const FIRST_CELL: u64 = 0x2000;

/// Levers whose example does not show in what is counted of Raft: another use of each, and under what it does. Wall clocks
/// are read by the masters of Redis alone.
const SHOWN_BY: [(&str, &str, &str); 8] = [
    ("clock-step", "lease-redis", "clock-step = \"service\"\nby = \"1s\""),
    ("clock-drift", "raft", "clock-drift = \"leader\"\nppm = -900_000\nfor = \"1s\""),
    (
        "clock-strobe",
        "lease-redis",
        "clock-strobe = \"service\"\nby = \"2s\"\nperiod = \"50ms\"\nclock = \"wall\"\nfor = \"600ms\"",
    ),
    (
        "disk-lie",
        "raft",
        "disk-lie = \"leader\"\nfor = \"800ms\"\n\n[[fault]]\nat = \"2500ms\"\ncrash = \"old-leader\"",
    ),
    ("disk-slow", "raft", "disk-slow = \"leader\"\nby = \"200ms..400ms\"\nfor = \"600ms\""),
    (
        "promote",
        "raft",
        "add-node = \"node 4\"\nstanding = \"learner\"\n\n[[fault]]\nat = \"2500ms\"\npromote = \"node 4\"",
    ),
    ("restart", "raft", "crash = \"node 3\"\n\n[[fault]]\nat = \"2500ms\"\nrestart = \"node 3\""),
    ("slow-node", "raft", "slow-node = \"leader\"\neach = \"100ms..200ms\"\nfor = \"1s\""),
];

/// Whoever wakes up works through what has come meanwhile: in no time on the simulator, in 50 to 100 ns a piece on madsim,
/// and is one leader too many for so long. What is less than this is not compared.
const MILLISECOND: u64 = 1_000_000;

const COUNTS: [&str; 8] =
    ["first failover", "leaderless", "unusable", "messages", "fsyncs", "lost writes", "elections", "missed"];

/// Of each count, its value in each run.
type Sample = [Vec<u64>; COUNTS.len()];

#[derive(Default)]
struct Counted(Sample);

impl Sink for Counted {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        let measured = &run.measurement;
        let first = measured.failovers.first().and_then(|failover| failover.took);
        let values = [
            first.map_or(u64::MAX, |took| took.0),
            measured.unavailable.leaderless.0 / MILLISECOND,
            (measured.unavailable.zombie_led.0 + measured.unavailable.contested.0) / MILLISECOND,
            run.counts.messages,
            run.counts.fsyncs,
            run.counts.lost_writes,
            measured.elections,
            u64::from(run.missed_faults),
        ];
        self.0.iter_mut().zip(values).for_each(|(sample, value)| sample.push(value));
        Ok(())
    }
}

fn text(algorithm: &str, fault: &str) -> String {
    format!(
        r#"
format = 1
name = "one-lever"
summary = "One lever."

[cluster]
nodes = 4
members = [1, 2, 3]
algorithms = ["{algorithm}"]

[network]
latency = "3ms..6ms"

[disk]
fsync = "1ms..3ms"

[workload]
writes_every = "20ms"

{fault}

[run]
for = "4s"
"#
    )
}

/// No seed is run twice: each of the samples that are compared has a `place` of its own.
fn sample(engine: Engine, algorithm: &str, fault: &str, (cell, place): (u64, u64)) -> Sample {
    let scenario = scenario(&text(algorithm, fault));
    let first = ROOT_SEED + ((FIRST_CELL + cell) << 16) + (place << 12);
    let job = Job { scenario: &scenario, algorithm, seeds: Seeds { first, count: RUNS }, bug: None, engine };
    let mut counted = Counted::default();
    sweep(&job, &mut counted, &|_| {}).unwrap_or_else(|error| panic!("{fault}\n{engine}: {error}"));
    counted.0
}

/// How probable the samples are if they come of one distribution, by each count.
fn p_values(one: &Sample, other: &Sample) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| two_sample_p_value(one, other)).collect()
}

#[test]
fn every_lever_does_on_madsim_what_it_does_on_the_simulator() {
    let levers = levers();
    let (mut names, mut family, mut shows) = (Vec::new(), Vec::new(), Vec::new());
    for (cell, lever) in levers.iter().enumerate() {
        let shown_by = SHOWN_BY.iter().find(|(name, ..)| *name == lever.name);
        let lasts = if lever.lasts { "\nfor = \"600ms\"" } else { "" };
        let example = ("raft", format!("{}{lasts}", lever.example));
        let (algorithm, keys) =
            shown_by.map_or(example, |(_, algorithm, keys)| (algorithm, (*keys).to_owned()));
        let fault = format!("[[fault]]\nat = \"2s\"\n{keys}");
        let [without, simulated, on_madsim] =
            [(0, Engine::Sim, ""), (1, Engine::Sim, fault.as_str()), (2, Engine::Madsim, fault.as_str())]
                .map(|(place, engine, fault)| sample(engine, algorithm, fault, (cell as u64, place)));
        shows.extend(p_values(&without, &simulated));
        family.extend(p_values(&on_madsim, &simulated));
        names.extend(COUNTS.iter().map(|count| format!("{}: {count}", lever.name)));
    }
    let shown = holm(&shows, FAMILY_WISE_ERROR);
    let unseen = levers.iter().zip(shown.chunks(COUNTS.len())).filter(|(_, shown)| !shown.contains(&true));
    let unseen: Vec<&str> = unseen.map(|(lever, _)| lever.name).collect();
    assert!(unseen.is_empty(), "these do not show in anything that is counted: {unseen:?}");
    let told_apart = names.iter().zip(&family).zip(holm(&family, FAMILY_WISE_ERROR));
    let told_apart: Vec<String> =
        told_apart.filter(|(_, is)| *is).map(|((name, p), _)| format!("{name} {p:e}")).collect();
    assert!(told_apart.is_empty(), "of {} tests: {told_apart:?}", family.len());
}
