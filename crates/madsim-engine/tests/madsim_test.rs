//! `#[madsim::test]` and our hosts: elections on the runtime that the macro provides, and what it makes of its environment.
//!
//! `MADSIM_TEST_SEED` picks the seed, `MADSIM_TEST_NUM` says how many seeds are run from there on, and
//! `MADSIM_TEST_CHECK_DETERMINISM` has a seed run twice and every draw of the second run, with its time, held against the first.
//! Without a seed the macro takes the present time: what these tests claim holds of every seed.
#![cfg(madsim)]

use interregnum_algorithms::Algorithm as _;
use interregnum_algorithms::raft::Raft;
use interregnum_invariants::{Setting as Asked, Suite};
use interregnum_kernel::{Epoch, GlobalTime, NodeId, Observation, Parameters, Span, What};
use interregnum_madsim_engine::{MadsimEngine, Net};
use interregnum_world::{
    Connections, DiskAfter, InFlight, Latency, Lever, LinkSetting, NoRecorder, Plan, PlannedFault, Selector,
    Setting, Unsynced,
};
use madsim::runtime::Handle;
use madsim::time::{Duration, sleep};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const NODES: u8 = 3;
/// When the fault comes. A first election takes half a second at most, however often votes split.
const FAULT: Span = Span::secs(3);
/// Plants the non-determinism.
const PLANT: &str = "INTERREGNUM_PLANT_NONDETERMINISM";
/// What the tests print of their runs.
const MARK: &str = "run of seed ";

/// Three nodes, and what happens to them.
fn disturbed(lever: Lever) -> Setting {
    let link = LinkSetting::with_latency(Latency::Uniform { min: Span::millis(3), max: Span::millis(6) });
    let fsync = Latency::Uniform { min: Span::millis(1), max: Span::millis(3) };
    let mut setting = Setting::quiet(NODES, link, fsync, Span::secs(6));
    setting.plan = Plan { faults: vec![PlannedFault::at(FAULT, lever)] };
    setting
}

fn crash_of_the_leader() -> Lever {
    Lever::Crash {
        target: vec![Selector::Leader],
        unsynced: Unsynced::Random,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    }
}

/// Runs Raft in the runtime that there is, and prints which run it was. What it gives back was seen of it.
async fn elections(setting: Setting, net: Net) -> (Suite, Vec<Observation>) {
    let raft = Raft::from_parameters(&Parameters::of(NODES)).expect("these parameters are the defaults");
    let engine = MadsimEngine::new(raft, Arc::new(setting), net).expect("the engine has what is wanted");
    let listeners = (Suite::new(&Asked { nodes: NODES, ..Asked::default() }), Vec::new());
    let (outcome, (seen, NoRecorder)) = engine.run_within((listeners, NoRecorder)).await;
    println!("{MARK}{}: {}", Handle::current().seed(), outcome.digest);
    seen
}

/// Who was elected, and when.
fn elected(seen: &[Observation]) -> Vec<(GlobalTime, NodeId, Epoch)> {
    let of = |one: &Observation| match one.what {
        What::Elected(leadership) => Some((one.at, one.node, leadership.epoch)),
        _ => None,
    };
    seen.iter().filter_map(of).collect()
}

/// Whoever led when the fault came has a successor of a later epoch, and no property is violated on the way.
fn a_successor_follows((suite, seen): &(Suite, Vec<Observation>)) {
    let fault = GlobalTime::ZERO + FAULT;
    let (before, after): (Vec<_>, Vec<_>) = elected(seen).into_iter().partition(|(at, ..)| *at <= fault);
    let (_, old, epoch) = *before.last().expect("somebody leads before the fault");
    let (_, new, later) = *after.first().expect("somebody is elected after the fault");
    assert_ne!(new, old, "the successor is somebody else");
    assert!(later > epoch, "and of a later epoch");
    let broken = suite.violations().map(|(info, _)| info.name).find(|name| *name != "leader-exclusion");
    assert_eq!(broken, None, "no safety property is violated");
}

#[madsim::test]
async fn a_leader_that_crashes_has_a_successor() {
    a_successor_follows(&elections(disturbed(crash_of_the_leader()), Net::World).await);
}

#[madsim::test]
async fn a_leader_that_is_cut_off_on_madsims_own_network_has_a_successor() {
    let groups = vec![vec![Selector::Leader], vec![Selector::Rest]];
    let cut = Lever::Partition { groups, in_flight: InFlight::Deliver };
    a_successor_follows(&elections(disturbed(cut), Net::Madsim).await);
}

/// Counts the runs of this process: what a run must not depend on.
static RUNS: AtomicU64 = AtomicU64::new(1);

#[madsim::test]
async fn a_run_may_be_told_by_the_clock_of_its_runtime_alone() {
    let earlier_runs = RUNS.fetch_add(1, Ordering::Relaxed);
    let planted = std::env::var_os(PLANT).is_some();
    sleep(Duration::from_millis(if planted { earlier_runs } else { 1 })).await;
    let seen = elections(disturbed(crash_of_the_leader()), Net::World).await;
    assert!(!elected(&seen.1).is_empty(), "somebody is elected");
}

/// Runs one test of this very program in a process of its own, with these variables of madsim's and no others.
fn child(test: &str, variables: &[(&str, &str)]) -> Output {
    let program = std::env::current_exe().expect("a test is a program");
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MADSIM_") || name == PLANT {
            command.env_remove(name);
        }
    }
    command.envs(variables.iter().copied()).output().expect("the program runs")
}

/// The runs that a child has told of: `SEED: DIGEST`.
fn runs(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text.lines().filter_map(|line| line.split_once(MARK).map(|(_, run)| run.trim().to_owned()));
    told.collect()
}

const CRASH: &str = "a_leader_that_crashes_has_a_successor";
const CUT: &str = "a_leader_that_is_cut_off_on_madsims_own_network_has_a_successor";
const CLOCK: &str = "a_run_may_be_told_by_the_clock_of_its_runtime_alone";

/// The digest of the only run of a test.
fn digest_of(test: &str, seed: u64) -> String {
    let output = child(test, &[("MADSIM_TEST_SEED", &seed.to_string())]);
    assert!(output.status.success(), "{test} passes with seed {seed}: {output:?}");
    let runs = runs(&output);
    let [run] = runs.as_slice() else { panic!("{test} runs once, and told of {runs:?}") };
    let (of, digest) = run.split_once(": ").expect("a run is told as `SEED: DIGEST`");
    assert_eq!(of, seed.to_string(), "the seed is the one that was asked for");
    digest.to_owned()
}

#[test]
fn madsim_test_seed_picks_the_run() {
    for test in [CRASH, CUT] {
        assert_eq!(digest_of(test, 7), digest_of(test, 7), "{test}: one seed, one run, in whatever process");
        assert_ne!(digest_of(test, 7), digest_of(test, 8), "{test}: another seed, another run");
    }
}

#[test]
fn madsim_test_num_runs_so_many_seeds_in_turn() {
    let output = child(CRASH, &[("MADSIM_TEST_SEED", "40"), ("MADSIM_TEST_NUM", "5")]);
    assert!(output.status.success(), "all five pass: {output:?}");
    let alone: Vec<String> = (40..45).map(|seed| format!("{seed}: {}", digest_of(CRASH, seed))).collect();
    assert_eq!(runs(&output), alone, "the seeds from the first on, each the run that it is alone");
}

#[test]
fn madsim_test_check_determinism_finds_nothing_in_our_hosts() {
    for test in [CRASH, CUT, CLOCK] {
        let output = child(test, &[("MADSIM_TEST_SEED", "3"), ("MADSIM_TEST_CHECK_DETERMINISM", "1")]);
        assert!(output.status.success(), "{test} draws the same numbers at the same times: {output:?}");
        let runs = runs(&output);
        assert_eq!(runs.len(), 2, "{test} was run twice");
        assert_eq!(runs[0], runs[1], "{test} was the same run twice");
    }
}

#[test]
fn madsim_test_check_determinism_finds_what_is_planted() {
    let seed = ("MADSIM_TEST_SEED", "3");
    let unchecked = child(CLOCK, &[seed, (PLANT, "1")]);
    assert!(unchecked.status.success(), "nobody notices a single run: {unchecked:?}");
    let checked = child(CLOCK, &[seed, (PLANT, "1"), ("MADSIM_TEST_CHECK_DETERMINISM", "1")]);
    assert!(!checked.status.success(), "the second run is later by a millisecond");
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(said.contains("non-determinism detected"), "and madsim says so: {said}");
}
