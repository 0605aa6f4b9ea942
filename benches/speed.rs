//! Speed, as ratios taken in one run: a machine's own speed and its other work fall out of them.
//!
//! ```text
//! cargo bench -p interregnum-benches --bench speed
//! ```
//!
//! The contestants take turns in short rounds. Two ratios are printed: the median of the ratios within each round, and
//! the ratio of everyone's best round. Where they differ much, the machine was too busy to measure on.
//!
//! `ONLY=light`, `ONLY=heavy`, `ONLY=floor`, `ONLY=failovers`, `ONLY=hostile` or `ONLY=quiet` runs one contestant once and
//! prints its events, for a profiler or a count of instructions; `SECS=100` sets how much time it simulates, in failovers
//! and under a nemesis how many runs, and `ALGORITHM=ring` whose they are, Raft's unless it is set. `ONLY=nemesis`,
//! `ONLY=lease` and `ONLY=engines` print their rows alone.

use interregnum_algorithms::{ALGORITHMS, find};
use interregnum_benches::exchange::{self, Heavy, Light};
use interregnum_benches::{engines, failovers, floor, swarm};
use interregnum_kernel::Span;
use interregnum_madsim_engine::Net;
use std::time::Instant;

const ROUNDS: u64 = 200;
/// A round of this much simulated time lasts some ten milliseconds.
const HORIZON: Span = Span::secs(400);

fn main() {
    if let Ok(contestant) = std::env::var("ONLY") {
        return run_alone(&contestant);
    }
    let mut light = exchange::simulator::<Light>(HORIZON);
    let mut heavy = exchange::simulator::<Heavy>(HORIZON);
    let (mut floors, mut lights, mut heavies) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 0..ROUNDS {
        floors.push(speed(|| floor::run(seed, HORIZON).0));
        lights.push(speed(|| light.run(seed).counters.events));
        heavies.push(speed(|| heavy.run(seed).counters.events));
    }
    println!("{:44} {:>12} {:>14} {:>14}", "", "best, M/s", "median ratio", "ratio of bests");
    row("(a) heartbeat exchange on the engine", &lights, &floors);
    row("    the same with messages of 32 bytes", &heavies, &floors);
    row("(b) the exchange written by hand", &floors, &floors);
    failover_trials();
    every_algorithm();
    nemesis();
    every_recipe();
    every_engine();
}

/// What `ONLY` can name.
const CONTESTANTS: &str = "light, heavy, floor, failovers, hostile, quiet, nemesis, lease, engines";

/// Trials of one round of (c).
const TRIALS: u64 = 400;

/// (c): complete Raft failovers with every invariant on, in turns with the floor.
fn failover_trials() {
    let (mut floors, mut events, mut failovers_per_second) = (Vec::new(), Vec::new(), Vec::new());
    let mut total = failovers::Batch::default();
    for round in 0..ROUNDS / 2 {
        floors.push(speed(|| floor::run(round, HORIZON).0));
        let start = Instant::now();
        let batch = failovers::run(&failovers::ELECTION, "raft", round * TRIALS, TRIALS);
        let seconds = start.elapsed().as_secs_f64();
        events.push(batch.events as f64 / seconds);
        failovers_per_second.push(batch.failovers as f64 / seconds);
        total.failovers += batch.failovers;
        total.events += batch.events;
        total.violations += batch.violations;
    }
    row("(c) Raft leader crashes, all invariants on", &events, &floors);
    let trials = TRIALS * ROUNDS / 2;
    println!(
        "    {} of {trials} trials failed over, {} events each, {} violations",
        total.failovers,
        total.events / trials,
        total.violations
    );
    println!(
        "    complete failovers per second and core: best {:.0}, median {:.0}",
        best(&failovers_per_second),
        median(failovers_per_second)
    );
}

/// Rounds of each algorithm in (d) and (f).
const ROUNDS_EACH: u64 = 25;

/// (d): complete failovers of every algorithm that needs no service: the trials of (c), counted by the second.
fn every_algorithm() {
    println!("(d) complete failovers per second and core, all invariants on");
    in_turns(&failovers::ELECTION, TRIALS, 10_000.0);
}

/// (f): complete failovers through a coordination service, with timeouts alike and with every system's own.
fn every_recipe() {
    println!("(f) complete failovers by lease per second and core, three service nodes, all invariants on");
    in_turns(&failovers::LEASE, TRIALS / 4, 2_000.0);
    println!("    the same with every system's own timeouts, in trials of three simulated minutes");
    in_turns(&failovers::PRODUCTION_LEASE, TRIALS / 40, 0.0);
}

/// The algorithms that a trial is for, in turns, and whether they reach so many failovers per second and core.
fn in_turns(trial: &failovers::Trial, trials: u64, required: f64) {
    println!("    {required} are required");
    println!(
        "{:24} {:>10} {:>10} {:>13} {:>12} {:>12}",
        "", "best", "median", "failed over", "events each", "violations"
    );
    let meant: Vec<_> = ALGORITHMS.iter().filter(|entry| entry.service == (trial.service > 0)).collect();
    let mut rounds = vec![(Vec::new(), failovers::Batch::default()); meant.len()];
    for round in 0..ROUNDS_EACH {
        for (entry, (speeds, total)) in meant.iter().zip(&mut rounds) {
            let start = Instant::now();
            let batch = failovers::run(trial, entry.name, round * trials, trials);
            speeds.push(batch.failovers as f64 / start.elapsed().as_secs_f64());
            total.failovers += batch.failovers;
            total.events += batch.events;
            total.violations += batch.violations;
        }
    }
    let trials = trials * ROUNDS_EACH;
    for (entry, (speeds, total)) in meant.iter().zip(rounds) {
        let failed_over = format!("{} of {trials}", total.failovers);
        let (best, median) = (best(&speeds), median(speeds));
        let remark = if best < required { "  too few" } else { "" };
        println!(
            "    {:20} {best:>10.0} {median:>10.0} {failed_over:>13} {:>12} {:>12}{remark}",
            entry.name,
            total.events / trials,
            total.violations
        );
    }
}

/// Simulated time of a round of (g): madsim takes a tenth of a second for it.
const SHORT: Span = Span::secs(20);

/// By what the simulator is to be faster than madsim.
const EXPECTED_OF_ENGINES: f64 = 20.0;

/// (g): simulated seconds per second of the heartbeat exchange on every engine, and of the same written for turmoil, in turns.
fn every_engine() {
    let mut simulator = exchange::simulator::<Light>(SHORT);
    let seconds = SHORT.0 / 1_000_000_000;
    let mut speeds = [const { Vec::new() }; 4];
    for seed in 0..ROUNDS_EACH {
        let rounds: [&mut dyn FnMut() -> Option<u64>; 4] = [
            &mut || Some(simulator.run(seed).counters.events),
            &mut || engines::on_madsim(Net::World, seed, SHORT),
            &mut || engines::on_madsim(Net::Madsim, seed, SHORT),
            &mut || Some(engines::on_turmoil(seed, SHORT)),
        ];
        for (speeds, round) in speeds.iter_mut().zip(rounds) {
            let start = Instant::now();
            if round().is_some() {
                speeds.push(seconds as f64 / start.elapsed().as_secs_f64());
            }
        }
    }
    println!("(g) the heartbeat exchange of five nodes: simulated seconds per second and core");
    println!("{:44} {:>12} {:>14}", "", "median", "simulator is");
    let simulator = median(speeds[0].clone());
    let names = ["the simulator", "madsim, the world's network", "madsim, its own network", "turmoil"];
    for (name, speeds) in names.iter().zip(speeds) {
        if speeds.is_empty() {
            println!("    {name:40} not compiled in");
            continue;
        }
        let median = median(speeds);
        let times = simulator / median;
        let remark = if name.starts_with("madsim") && times < EXPECTED_OF_ENGINES {
            "  less than expected"
        } else {
            ""
        };
        println!("    {name:40} {median:>12.0} {times:>12.1} x{remark}");
    }
}

/// Runs of one round of (e).
const RUNS: u64 = 40;

/// The share of its throughput that a simulator may lose to a nemesis.
const ALLOWED_LOSS: f64 = 0.15;

/// (e): events per second of the same Raft cluster with random faults and without, in turns.
fn nemesis() {
    let (mut hostile, mut quiet) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS / 2 {
        quiet.push(speed(|| swarm::run(swarm::quiet(), "raft", round * RUNS, RUNS)));
        hostile.push(speed(|| swarm::run(swarm::hostile(), "raft", round * RUNS, RUNS)));
    }
    println!("{:44} {:>12} {:>14} {:>14}", "", "best, M/s", "ratio to off", "ratio of bests");
    row("(e) Raft under a nemesis, all invariants on", &hostile, &quiet);
    row("    the same without it", &quiet, &quiet);
    let loss = 1.0 - best(&hostile) / best(&quiet);
    let verdict = if loss < ALLOWED_LOSS { "less" } else { "NOT LESS" };
    println!("    {:.1} % of the throughput, {verdict} than {:.0} %", loss * 100.0, ALLOWED_LOSS * 100.0);
}

/// One contestant alone, once.
fn run_alone(contestant: &str) {
    let seconds = std::env::var("SECS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let horizon = Span::secs(seconds);
    let algorithm = std::env::var("ALGORITHM").unwrap_or_else(|_| "raft".to_owned());
    let events = match contestant {
        "light" => exchange::simulator::<Light>(horizon).run(1).counters.events,
        "heavy" => exchange::simulator::<Heavy>(horizon).run(1).counters.events,
        "floor" => floor::run(1, horizon).0,
        "failovers" => {
            let service = find(&algorithm).is_some_and(|entry| entry.service);
            let trial = if service { failovers::LEASE } else { failovers::ELECTION };
            failovers::run(&trial, &algorithm, 0, seconds).events
        }
        "hostile" => swarm::run(swarm::hostile(), &algorithm, 0, seconds),
        "quiet" => swarm::run(swarm::quiet(), &algorithm, 0, seconds),
        "nemesis" => return nemesis(),
        "lease" => return every_recipe(),
        "engines" => return every_engine(),
        other => return eprintln!("no contestant is called {other:?}: {CONTESTANTS}"),
    };
    println!("{events}");
}

/// Events per second of one round.
fn speed(round: impl FnOnce() -> u64) -> f64 {
    let start = Instant::now();
    let events = round();
    events as f64 / start.elapsed().as_secs_f64()
}

/// Prints a contestant's best round and its two ratios to the floor.
fn row(name: &str, speeds: &[f64], floors: &[f64]) {
    let ratios: Vec<f64> = speeds.iter().zip(floors).map(|(ours, floor)| ours / floor).collect();
    let of_bests = best(speeds) / best(floors);
    println!("{name:44} {:>12.1} {:>14.3} {of_bests:>14.3}", best(speeds) / 1e6, median(ratios));
}

fn best(speeds: &[f64]) -> f64 {
    speeds.iter().copied().fold(0.0, f64::max)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
