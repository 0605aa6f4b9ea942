//! Real implementations: the same scenarios, the same invariants, the same determinism. Built with the feature `real`.

mod agreement;
mod differences;
mod goldens;

use interregnum_campaign::{Engine, Job, Run, Seeds, Sink, sweep};
use interregnum_kernel::{Span, TraceDigest};
use interregnum_scenario::Scenario;
use interregnum_tests::plans::{Kinds, TIMES, base, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::{scenario, seed_or};
use std::io;

const REAL: [&str; 2] = ["tikv-raft", "omnipaxos"];

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x7265_616c;

/// Three nodes on a network and on disks that take a millisecond; the leader dies.
const CRASH: &str = r#"
format = 1
name = "crash"
summary = "The leader of three dies, and comes back."

[cluster]
nodes = 3

[network]
latency = "1ms"

[disk]
fsync = "1ms"

[workload]
proposals_every = "40ms"
writes_every = "20ms"

[[fault]]
at = "2s"
crash = "leader"

[run]
for = "6s"
heal = "4s"

[expect]
leader_within = "1s"
"#;

#[derive(Default)]
struct Kept(Vec<Run>);

impl Sink for Kept {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        self.0.push(run.clone());
        Ok(())
    }
}

fn runs(scenario: &Scenario, algorithm: &str, count: u64, threads: usize) -> Vec<Run> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    let job =
        Job { scenario, algorithm, seeds: Seeds { first: ROOT_SEED, count }, bug: None, engine: Engine::Sim };
    let mut kept = Kept::default();
    pool.install(|| sweep(&job, &mut kept, &|_| {})).expect("the sweep runs");
    kept.0
}

/// What happened after the leader died: until somebody stood for election, and from there until it led.
fn failovers(algorithm: &str) -> Vec<(Span, Span, bool)> {
    let of_run = |run: &Run| {
        let first = run.measurement.failovers.first().unwrap_or_else(|| panic!("{:#x}: none", run.seed));
        let parts = first.detection.zip(first.election);
        let (detection, election) = parts.unwrap_or_else(|| panic!("{:#x}: it never came", run.seed));
        (detection, election, run.measurement.split_votes > 0)
    };
    runs(&scenario(CRASH), algorithm, 400, 2).iter().map(of_run).collect()
}

#[test]
fn every_cluster_elects() {
    for algorithm in REAL {
        for run in runs(&scenario(CRASH), algorithm, 50, 2) {
            let (at, _) = run.measurement.first_leader.unwrap_or_else(|| panic!("{algorithm}: nobody leads"));
            assert!(at.nanos() < Span::secs(1).nanos(), "{algorithm}: the first leader came at {at:?}");
        }
    }
}

/// The last heartbeat left at most 50 ms before the crash and took a millisecond; the first of the others to give its leader up
/// does that 150 to 300 ms later. A pre-vote takes two ways, a vote an fsync on both sides and two ways.
#[test]
fn tikv_raft_fails_over_within_its_timeouts() {
    let (shortest, longest) = (Span::millis(150 - 50 + 1), Span::millis(300 + 1));
    for (detection, election, split) in failovers("tikv-raft") {
        assert!((shortest..=longest).contains(&detection), "detected after {detection}");
        assert!(split || election <= Span::millis(6), "elected {election} later");
    }
}

/// A survivor is unhappy when a round ends that began when the leader could not answer any more: one to two rounds after the
/// crash, less a way. The one that is unhappy last sees in its next round that the other is too, and stands.
#[test]
fn omnipaxos_fails_over_within_two_to_three_rounds() {
    let (shortest, longest) = (Span::millis(2 * 150 - 1), Span::millis(3 * 150));
    for (detection, _, _) in failovers("omnipaxos") {
        assert!((shortest..=longest).contains(&detection), "detected after {detection}");
    }
}

#[test]
fn compare_has_a_row_for_each_beside_ours() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("crash.toml"), CRASH).expect("the folder is writable");
    let folder = place.path().to_str().expect("a plain path");
    let fixed = ["interregnum", "compare", "--algorithms", "raft,tikv-raft,omnipaxos", "--seeds", "5"];
    let exit = interregnum_cli::execute(fixed.into_iter().chain(["--scenarios", folder, "--out", folder]));
    assert_eq!(exit, interregnum_cli::Exit::Fine, "all is as expected");
    let summary = std::fs::read_to_string(place.path().join("latest/summary.csv")).expect("it was written");
    for name in ["raft", "tikv-raft", "omnipaxos"] {
        assert!(summary.contains(&format!("crash,{name},")), "{name} has no row: {summary}");
    }
}

#[test]
fn they_run_on_madsim_too() {
    let scenario = scenario(CRASH);
    for algorithm in REAL {
        let seeds = Seeds { first: ROOT_SEED, count: 20 };
        let job = Job { scenario: &scenario, algorithm, seeds, bug: None, engine: Engine::Madsim };
        let summary = || sweep(&job, &mut (), &|_| {}).unwrap_or_else(|error| panic!("{error}"));
        let one = summary();
        assert_eq!(one.complaints, [""; 0], "{algorithm}: as expected there too");
        assert_eq!(one.digest, summary().digest, "{algorithm}: the same again");
    }
}

/// raft-rs draws from the thread's own generator, and both crates keep hash maps: nothing of that reaches a run.
#[test]
fn a_seed_has_the_same_digest_each_time_and_on_any_number_of_threads() {
    let scenario = scenario(&base(TIMES));
    for algorithm in REAL {
        let digests = |threads| -> Vec<TraceDigest> {
            runs(&scenario, algorithm, 64, threads).iter().map(|run| run.digest).collect()
        };
        let first = digests(1);
        assert_eq!(first, digests(1), "{algorithm}: again");
        assert_eq!(first, digests(2), "{algorithm}: on two threads");
        let mut unique = first.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), first.len(), "{algorithm}: different seeds are different runs");
    }
}

const SAFETY: &[&str] = &[
    "election-safety",
    "vote-once",
    "epoch-monotonic",
    "leader-completeness",
    "log-agreement",
    "fenced-writes",
    "leader-within",
];

fn keeps_its_promises(name: &str, algorithm: &str, orders: &[&str]) {
    let property = Property {
        name,
        binary: "real",
        algorithm,
        engine: Engine::Sim,
        base: &base(TIMES),
        plans: plan(5, Span::secs(3), 12, Kinds::with_orders(orders)),
        cases: cases_or(300),
        seed: seed_or(ROOT_SEED),
        bug: None,
        invariants: SAFETY,
    };
    let coverage = property.check();
    assert!(
        coverage.elections > 2 * coverage.cases,
        "plans that change no leader test nothing: {coverage:?}"
    );
    for (name, exercised) in SAFETY.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}

#[test]
fn tikv_raft_keeps_its_promises_under_random_plans() {
    keeps_its_promises("tikv_raft_keeps_its_promises_under_random_plans", "tikv-raft", &["transfer"]);
}

#[test]
fn omnipaxos_keeps_its_promises_under_random_plans() {
    keeps_its_promises("omnipaxos_keeps_its_promises_under_random_plans", "omnipaxos", &[]);
}
