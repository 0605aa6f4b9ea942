//! The engines agree: what the simulator finds, madsim finds, with the world's network and with its own.
//!
//! Runs of different engines cannot be compared event by event: of what happens at one instant each picks its own order, and
//! each turn of madsim's executor takes 50 to 100 ns. So they are compared as samples. For every algorithm and scenario here,
//! the first failovers of 500 runs on one engine and of 500 others on another are put to the test of Kolmogorov and
//! Smirnov, and how often each invariant was violated, and nobody led for the fault to hit, to Fisher's. All of these tests
//! are one family, and Holm's procedure holds the chance of one false alarm among them to 1 %. No seed is run on two
//! engines: the engines draw alike from equal seeds, and agreement would be more than the test knows of.
//!
//! **The floor of a millisecond.** madsim's sleep lasts a millisecond at least. With the world's network nothing is left of it:
//! there, a sleep is reset to when the event is due. madsim's own endpoints sleep once to send and once to receive, so that its
//! network is given latencies that are 2 ms shorter than the scenario's.

mod levers;
mod plans;
mod standard;

use interregnum_algorithms::ALGORITHMS;
use interregnum_campaign::{Engine, Job, Run, Seeds, Sink, sweep};
use interregnum_invariants::INVARIANTS;
use interregnum_tests::scenario;
use interregnum_tests::statistics::{fisher_p_value, holm, two_sample_p_value};
use std::io;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0xc0f0_0000_0000_0000;
const RUNS: u64 = 500;
/// The least probability at which one true family of cells would be rejected.
const FAMILY_WISE_ERROR: f64 = 0.01;

const NETWORK: &str = "latency = \"3ms..6ms\"";

/// The scenarios: a name, the network, what is disturbed.
const SCENARIOS: [(&str, &str, &str); 4] = [
    ("crash", NETWORK, "crash = \"leader\""),
    ("cut", NETWORK, "isolate = \"leader\"\nin_flight = \"deliver\""),
    // Whoever wakes up works through what has come meanwhile. In no time, as on the simulator, it would have stopped before it did
    // anything, and within a microsecond on madsim.
    (
        "pause",
        NETWORK,
        "slow-node = \"leader\"\neach = \"1ms..3ms\"\n\n[[fault]]\nat = \"2s\"\npause = \"leader\"\nfor = \"1200ms\"",
    ),
    ("loss", "latency = \"3ms..6ms\"\nloss = 0.02", "crash = \"leader\"\nfor = \"500ms\""),
];

fn text(network: &str, fault: &str) -> String {
    format!(
        r#"
format = 1
name = "conformance"
summary = "Something happens to the leader."

[cluster]
nodes = 3

[network]
{network}

[disk]
fsync = "1ms..3ms"

[workload]
writes_every = "20ms"

[[fault]]
at = "2s"
{fault}

[run]
for = "4s"
"#
    )
}

/// What is compared of the runs of one engine.
#[derive(Default)]
struct Sample {
    /// How long the first failover took; a number beyond all if it never came, or there was none.
    failovers: Vec<u64>,
    /// In how many runs each invariant was violated.
    violated: Vec<u64>,
    /// In how many runs nobody led when the fault came.
    missed: u64,
}

impl Sink for Sample {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        let first = run.measurement.failovers.first();
        self.failovers.push(first.and_then(|first| first.took).map_or(u64::MAX, |took| took.0));
        self.violated.resize(run.invariants.len(), 0);
        for (count, invariant) in self.violated.iter_mut().zip(&run.invariants) {
            *count += u64::from(invariant.violation.is_some());
        }
        self.missed += u64::from(run.missed_faults > 0);
        Ok(())
    }
}

/// The engines beside the simulator that have what the scenario wants.
fn engines(scenario: &str) -> &'static [Engine] {
    // What has waited for a process that was stopped madsim's endpoints hand over in any order.
    if scenario == "pause" { &[Engine::Madsim] } else { &[Engine::Madsim, Engine::Netsim] }
}

/// Different engines get different seeds, and so do different cells.
fn sample(engine: Engine, algorithm: &str, text: &str, cell: u64) -> Sample {
    let place = Engine::ALL.iter().position(|it| *it == engine).expect("a known engine") as u64;
    let first = ROOT_SEED + (cell << 16) + (place << 12);
    let scenario = scenario(text);
    let job = Job { scenario: &scenario, algorithm, seeds: Seeds { first, count: RUNS }, bug: None, engine };
    let mut sample = Sample::default();
    sweep(&job, &mut sample, &|_| {}).unwrap_or_else(|error| panic!("{algorithm} on {engine}: {error}"));
    sample
}

/// One test of the family.
struct Cell {
    name: String,
    p_value: f64,
}

fn compare(name: &str, one: &Sample, other: &Sample) -> Vec<Cell> {
    let mut cells = vec![Cell {
        name: format!("{name}: failovers"),
        p_value: two_sample_p_value(&one.failovers, &other.failovers),
    }];
    let violated = one.violated.iter().zip(&other.violated);
    let counts = INVARIANTS.iter().map(|info| info.name).zip(violated);
    for (what, (k, l)) in counts.chain([("no leader for the fault", (&one.missed, &other.missed))]) {
        if k + l > 0 {
            let name = format!("{name}: {what} in {k} and {l} runs");
            cells.push(Cell { name, p_value: fisher_p_value((*k, RUNS), (*l, RUNS)) });
        }
    }
    cells
}

#[test]
fn no_engine_is_told_from_another_by_failovers_or_verdicts() {
    let mut cells = Vec::new();
    let mut place = 0;
    for (name, network, fault) in SCENARIOS {
        for entry in ALGORITHMS {
            place += 1;
            let text = text(network, fault);
            let simulated = sample(Engine::Sim, entry.name, &text, place);
            let came = simulated.failovers.iter().filter(|took| **took < u64::MAX).count();
            assert!(came >= 400, "{name}, {}: {came} failovers are there to compare", entry.name);
            for engine in engines(name) {
                let other = sample(*engine, entry.name, &text, place);
                cells.extend(compare(&format!("{name}, {}, {engine}", entry.name), &simulated, &other));
            }
        }
    }
    let p_values: Vec<f64> = cells.iter().map(|cell| cell.p_value).collect();
    let mut least: Vec<&Cell> = cells.iter().collect();
    least.sort_by(|one, other| one.p_value.total_cmp(&other.p_value));
    for cell in &least[..8] {
        println!("{:.6} {}", cell.p_value, cell.name);
    }
    let told_apart = cells.iter().zip(holm(&p_values, FAMILY_WISE_ERROR)).filter(|(_, rejected)| *rejected);
    let told_apart: Vec<&str> = told_apart.map(|(cell, _)| cell.name.as_str()).collect();
    assert!(told_apart.is_empty(), "of {} tests: {told_apart:?}", cells.len());
}

/// The teeth: a network that delivers 5 ms later is told apart, in a family at least as large as the one above. The classic
/// rings are left out, whose detection varies by ten times what their messages take.
#[test]
fn a_network_that_delivers_later_is_told_apart_on_every_engine() {
    let family = SCENARIOS.len() * ALGORITHMS.len() * 2 * (2 + INVARIANTS.len());
    for (place, algorithm) in
        ["raft", "zab", "bully-quorum", "ring-quorum", "lease-consul"].into_iter().enumerate()
    {
        let (_, network, fault) = SCENARIOS[0];
        let place = 0x1000 + place as u64;
        let simulated = sample(Engine::Sim, algorithm, &text(network, fault), place);
        for engine in [Engine::Madsim, Engine::Netsim] {
            let late = sample(engine, algorithm, &text("latency = \"8ms..11ms\"", fault), place);
            let p_value = two_sample_p_value(&simulated.failovers, &late.failovers);
            println!("{algorithm}, {engine}: {p_value:e}");
            assert!(p_value < FAMILY_WISE_ERROR / family as f64, "{algorithm}, {engine}: {p_value}");
        }
    }
}

#[test]
fn a_seed_is_the_same_run_again_on_every_engine() {
    let (_, network, fault) = SCENARIOS[3];
    let scenario = scenario(&text(network, fault));
    for engine in Engine::ALL {
        for algorithm in ["raft", "ring-quorum", "zab", "lease-chubby"] {
            let digest = |first| {
                let seeds = Seeds { first, count: 8 };
                let job = Job { scenario: &scenario, algorithm, seeds, bug: None, engine };
                sweep(&job, &mut (), &|_| {}).unwrap_or_else(|error| panic!("{error}")).digest
            };
            assert_eq!(digest(ROOT_SEED), digest(ROOT_SEED), "{algorithm} on {engine}");
            assert_ne!(digest(ROOT_SEED), digest(ROOT_SEED + 8), "{algorithm} on {engine}: the seed matters");
        }
    }
}

/// The lane is compiled in, or this fails and says what is missing.
#[test]
fn the_madsim_engine_is_compiled_in() {
    let built_in = interregnum_campaign::MADSIM_BUILT_IN;
    assert!(built_in, "{}", interregnum_campaign::Refused::NotBuiltIn);
}

#[test]
fn what_madsims_own_network_does_not_have_is_refused_by_name() {
    let worse = "degrade = { from = \"all\", to = \"all\", loss = 0.1 }\nfor = \"1s\"";
    let crash = "crash = \"leader\"";
    for (network, fault, what) in [
        (NETWORK, worse, "degrade"),
        (NETWORK, SCENARIOS[2].2, "after a pause"),
        (NETWORK, "isolate = \"leader\"", "in_flight"),
        ("latency = \"500us..6ms\"", crash, "latencies of less than 2ms"),
        ("latency = \"3ms..6ms\"\nduplicate = 0.01", crash, "duplicated"),
    ] {
        let scenario = scenario(&text(network, fault));
        let seeds = Seeds { first: 1, count: 1 };
        let job = Job { scenario: &scenario, algorithm: "raft", seeds, bug: None, engine: Engine::Netsim };
        let error = sweep(&job, &mut (), &|_| {}).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("scenario conformance") && error.contains(what), "{what}: {error}");
    }
}
