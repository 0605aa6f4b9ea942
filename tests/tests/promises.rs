//! What holds for every algorithm of the registry, the next one too: its promises under random plans, a failover in the
//! plain case, and planted bugs.

use interregnum_algorithms::{ALGORITHMS, Entry};
use interregnum_campaign::{Engine, Job, Run, Seeds, Sink, load, sweep};
use interregnum_kernel::{FaultClass, FaultClasses, Span};
use interregnum_scenario::Scenario;
use interregnum_tests::plans::{Kinds, TIMES, Times, base, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::{root, scenario, seed_or};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What an algorithm promises that is meant to bear every fault of this world. The others are here for comparison, and
/// say themselves where they break.
const HARDENED: &[&str] = &["election-safety", "vote-once"];

/// The root seed of the random plans where `INTERREGNUM_SEED` does not say; chosen before any result was seen.
const SEED: u64 = 0x7072_6f6d_6973_6573;

/// How many plans each algorithm is tried with where `INTERREGNUM_CASES` does not say.
const PLANS: u32 = 10_000;

/// How many where it elects through a coordination service: its contenders have random plans of their own, with other clocks.
const PLANS_BY_LEASE: u32 = 2_000;

/// The times of an election by lease: the service elects first, and then gives every session its whole time again, a second and
/// a half in the longest case.
const TIMES_BY_LEASE: Times = Times { heal: "3s", end: "8s", leader_within: "4s" };

/// What every hardened algorithm bears.
const MANY: FaultClasses = FaultClasses::of(&[
    FaultClass::Cut,
    FaultClass::Loss,
    FaultClass::Duplication,
    FaultClass::Delay,
    FaultClass::Crash,
    FaultClass::Pause,
    FaultClass::Freeze,
    FaultClass::SlowNode,
    FaultClass::WallClock,
    FaultClass::SlowDisk,
]);

/// With intervals for ZAB that are short against these runs.
const SHORT_INTERVALS: &str = r#"
# ZAB as it is would not be back in time: a vote that nobody heard is repeated at doubling intervals, up to a minute.
[parameters.zab]
tick_time = "60ms"
sync_limit = 2
finalize_wait = "15ms"
min_notification_interval = "40ms"
max_notification_interval = "200ms"
min_repetition = "40ms"
max_repetition = "200ms"
connect_retry = "10ms"
"#;

fn hardened() -> impl Iterator<Item = &'static Entry> {
    ALGORITHMS.iter().filter(|entry| HARDENED.iter().all(|name| entry.promises(name, FaultClasses::NONE)))
}

/// The plans have every fault under which the algorithm promises a leader once it is over, and what it promises under all
/// of them together must hold. `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried,
/// `INTERREGNUM_BUG` plants a bug to see the test fail.
#[test]
fn hardened_algorithms_keep_their_promises_under_random_plans() {
    assert!(hardened().count() > 0, "nothing is tested");
    let of_votes = format!("{}{SHORT_INTERVALS}", base(TIMES));
    let by_lease = format!("{}{SHORT_INTERVALS}", base(TIMES_BY_LEASE));
    let itself = scenario(&of_votes).setting.classes();
    for entry in hardened() {
        let (base, plans) = if entry.service { (&by_lease, PLANS_BY_LEASE) } else { (&of_votes, PLANS) };
        let kinds = Kinds::borne_by(entry);
        assert!(kinds.faults.among(MANY) == MANY, "{} bears only {}", entry.name, kinds.faults);
        let promises: Vec<&str> = entry.promises_under(kinds.faults.and(itself)).collect();
        for name in HARDENED.iter().chain(&["leader-within"]) {
            assert!(promises.contains(name), "{} does not promise {name} here", entry.name);
        }
        let property = Property {
            name: "hardened_algorithms_keep_their_promises_under_random_plans",
            binary: "promises",
            algorithm: entry.name,
            engine: Engine::Sim,
            base,
            plans: plan(5, Span::secs(3), 16, kinds),
            cases: cases_or(plans),
            seed: seed_or(SEED),
            bug: std::env::var("INTERREGNUM_BUG").ok().filter(|id| entry.bug(id).is_some()),
            invariants: &promises,
        };
        let coverage = property.check();
        let cases = coverage.cases;
        // Of leases that last for a second, few follow each other in five.
        let least = if entry.service { cases } else { 2 * cases };
        assert!(
            coverage.elections > least,
            "{}: {} elections in {cases} plans: what changes no leader tests nothing",
            entry.name,
            coverage.elections
        );
        for name in HARDENED {
            let place = promises.iter().position(|promise| promise == name);
            let exercised = place.map_or(0, |place| coverage.exercised[place]);
            assert!(exercised > cases, "{}: {name} was put to the test {exercised} times", entry.name);
        }
    }
}

/// What was missing in some run.
#[derive(Default)]
struct Shortcomings {
    runs: u64,
    found: Vec<String>,
}

impl Sink for Shortcomings {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        self.runs += 1;
        let measured = &run.measurement;
        let mut require = |holds: bool, what: &str| {
            if !holds {
                self.found.push(format!("seed {:#x}: {what}", run.seed));
            }
        };
        require(measured.first_leader.is_some(), "nobody is ever elected");
        require(!measured.failovers.is_empty(), "the crash of the leader starts no failover");
        require(measured.failovers.iter().all(|one| one.took.is_some()), "nobody takes over");
        Ok(())
    }
}

fn shortcomings(scenario: &Scenario, algorithm: &str) -> Vec<String> {
    let seeds = Seeds { first: 1, count: 200 };
    let mut shortcomings = Shortcomings::default();
    let job = Job { scenario, algorithm, seeds, bug: None, engine: Engine::Sim };
    sweep(&job, &mut shortcomings, &|_| {}).unwrap_or_else(|error| panic!("{algorithm}: {error}"));
    assert_eq!(shortcomings.runs, seeds.count, "{algorithm}: a run is missing");
    shortcomings.found
}

#[test]
fn every_algorithm_elects_a_leader_and_replaces_it_when_it_crashes() {
    let loaded = load(&root().join("scenarios/leader-crash.toml")).expect("the scenario is valid");
    for entry in ALGORITHMS {
        let found = shortcomings(&loaded.scenario, entry.name);
        assert!(found.is_empty(), "{}: {found:#?}", entry.name);
    }
}

/// Everybody dies, and nobody comes back.
const EXTINCTION: &str = r#"
format = 1
name = "extinction"
summary = "All nodes crash for good."

[[fault]]
at = "2s"
crash = "all"

[run]
for = "4s"
"#;

#[test]
fn a_leader_that_nobody_replaces_is_noticed() {
    let scenario = scenario(EXTINCTION);
    for entry in ALGORITHMS {
        let found = shortcomings(&scenario, entry.name);
        assert_eq!(found.len(), 200, "{}: somebody takes over from the dead", entry.name);
        assert!(found.iter().all(|one| one.ends_with(": nobody takes over")), "{}: {found:#?}", entry.name);
    }
}

#[test]
fn every_algorithm_has_two_planted_bugs_at_least() {
    for entry in ALGORITHMS {
        let bugs = entry.bugs.len();
        assert!(
            bugs >= 2,
            "{} has {bugs}: what is never broken on purpose is not known to be watched",
            entry.name
        );
    }
}

/// The folder of an algorithm's family: `ring-quorum` is in `ring`.
fn folder(entry: &Entry) -> PathBuf {
    root().join("crates/algorithms/src").join(family(entry))
}

fn family(entry: &Entry) -> &str {
    entry.name.split_once('-').map_or(entry.name, |(family, _)| family)
}

/// Whether a file below the folder has this text.
fn mentions(folder: &Path, needle: &str) -> bool {
    fs::read_dir(folder).expect("the folder is readable").any(|entry| {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            return mentions(&path, needle);
        }
        path.extension().is_some_and(|ending| ending == "rs")
            && fs::read_to_string(&path).is_ok_and(|text| text.contains(needle))
    })
}

#[test]
fn golden_scripts_are_played_by_a_test() {
    let mut played = 0;
    for entry in ALGORITHMS.iter().filter(|entry| folder(entry).join("scripts").is_dir()) {
        let test = format!("/src/{}/scripts", family(entry));
        assert!(mentions(&folder(entry), &test), "{}: no test plays the folder {test}", entry.name);
        played += 1;
    }
    assert!(played > 0, "no algorithm has golden scripts");
}
