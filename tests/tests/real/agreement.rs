//! Our Raft and TiKV's, with the same timeouts: what of their failovers and verdicts differs, scenario by scenario.
//!
//! Both are run through every scenario that is meant for both, with different seeds. Of each scenario these are put to the
//! test: how long the first failover of a run took, its detection, and the time without a usable leader, by Kolmogorov and Smirnov;
//! in how many runs an invariant was violated, there was no failover or it never ended, and a leader changed for nothing, by
//! Fisher. All of these tests are one family, and Holm's procedure holds the chance of one false alarm among them to 1 %. This was
//! fixed before anything was measured. What is told apart is named in [`EXPLAINED`], with its cause, and in
//! `reports/real-implementations.md`, or it fails the test; and so does what is named there and not found, or is there without its cause.

use interregnum_campaign::load::scenario_files;
use interregnum_campaign::{Engine, Job, Run, Seeds, Sink, load, sweep};
use interregnum_invariants::INVARIANTS;
use interregnum_scenario::Scenario;
use interregnum_tests::property::cases_or;
use interregnum_tests::statistics::{fisher_p_value, holm, two_sample_p_value};
use interregnum_tests::{root, scenario};
use std::collections::BTreeSet;
use std::io;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x7265_616c_0000_0000;
/// The least probability at which one true family of cells would be rejected.
const FAMILY_WISE_ERROR: f64 = 0.01;

/// A scenario in which the two differ, and what has to be changed of it for them to agree: the cause.
struct Explained {
    scenario: &'static str,
    /// What of the file is replaced, and by what.
    change: (&'static str, &'static str),
}

const EXPLAINED: &[Explained] = &[
    // Ours falls silent while its disk stands; raft-rs has no rule for that.
    Explained { scenario: "disk-stall-leader", change: ("[workload]", IGNORES_DISK) },
    Explained { scenario: "incidents/slow-disk-leader", change: ("[workload]", IGNORES_DISK) },
    // raft-rs begins its timeout anew where a node falls back to follower, and its check of the quorum and its voters' loyalty to a
    // leader are one switch.
    Explained { scenario: "incidents/cloudflare-2020", change: ("stickiness = false", LIKE_RAFT_RS) },
    Explained { scenario: "incidents/thundering-herd-narrow", change: ("stickiness = false", LIKE_RAFT_RS) },
    // A follower of raft-rs answers heartbeats once its disk has, so that its leader, with slow disks, finds no quorum at a check.
    // The scenario has ours delay its heartbeats besides.
    Explained {
        scenario: "incidents/kubernetes-etcd-election-storm",
        change: ("[parameters.raft]\non_stuck_disk = \"delay-heartbeats\"", STORM_WITHOUT_CHECKS),
    },
    // The check of the quorum is an input of its own in ours, and a tick's work in raft-rs: a leader that needs 35 ms for each
    // input is late by one of six more.
    Explained { scenario: "incidents/saturated-leader", change: ("[workload]", WITHOUT_CHECKS) },
    // The adapter has no lease.
    Explained { scenario: "incidents/freeze-the-leader", change: ("lease = true", "lease = false") },
    // Nor logs to begin with.
    Explained { scenario: "incidents/github-2018", change: ("initial_logs = [[], [], [], [1], [1]]\n", "") },
];

const IGNORES_DISK: &str = "[parameters.raft]\non_stuck_disk = \"ignore\"\n\n[workload]";

const LIKE_RAFT_RS: &str = "stickiness = false\ncheck_quorum = false\nrestart_timeout = true";

const WITHOUT_CHECKS: &str = "[parameters.raft]\ncheck_quorum = false\nstickiness = false\nrestart_timeout = true\n\n\
    [parameters.tikv-raft]\ncheck_quorum = false\n\n[workload]";

const STORM_WITHOUT_CHECKS: &str = "[parameters.raft]\non_stuck_disk = \"ignore\"\ncheck_quorum = false\n\
    stickiness = false\nrestart_timeout = true\n\n[parameters.tikv-raft]\ncheck_quorum = false";

/// What is compared of the runs of one implementation.
#[derive(Default)]
struct Sample {
    /// How long the first failover of each run took; a number beyond all if it never came, or there was none.
    failover: Vec<u64>,
    /// Until somebody stood for election.
    detection: Vec<u64>,
    /// Without a usable leader.
    leaderless: Vec<u64>,
    /// In how many runs which of these happened: [`EVENTS`].
    events: Vec<u64>,
}

/// What is counted, besides the violations of each invariant.
const EVENTS: [&str; 3] = ["no failover that ended", "a change of leader for nothing", "a split vote"];

impl Sink for Sample {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        let measured = &run.measurement;
        let first = measured.failovers.first();
        let took = first.and_then(|first| first.took);
        self.failover.push(took.map_or(u64::MAX, |took| took.0));
        self.detection.push(first.and_then(|first| first.detection).map_or(u64::MAX, |took| took.0));
        let unavailable = &measured.unavailable;
        self.leaderless.push((unavailable.leaderless + unavailable.zombie_led + unavailable.contested).0);
        let happened = [took.is_none(), measured.spurious_failovers > 0, measured.split_votes > 0];
        let violated = run.invariants.iter().map(|invariant| invariant.violation.is_some());
        let happened: Vec<bool> = happened.into_iter().chain(violated).collect();
        self.events.resize(happened.len(), 0);
        for (count, happened) in self.events.iter_mut().zip(happened) {
            *count += u64::from(happened);
        }
        Ok(())
    }
}

/// One test of the family.
struct Cell {
    scenario: String,
    what: String,
    p_value: f64,
}

/// The standard scenarios and the incidents in which both take part.
fn scenarios() -> Vec<Scenario> {
    let folders = ["scenarios", "scenarios/incidents"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| scenario_files(folder).expect("the folder is readable"));
    let read = files.map(|file| load(&file).unwrap_or_else(|error| panic!("{error}")).scenario);
    read.filter(|one| ["raft", "tikv-raft"].iter().all(|name| one.is_for(name))).collect()
}

/// Different samples get different seeds: the implementations draw alike from equal ones, and what one meets so does the other.
fn sample(scenario: &Scenario, algorithm: &str, place: u64, count: u64) -> Sample {
    let first = ROOT_SEED + (place << 16);
    let seeds = Seeds { first, count };
    let job = Job { scenario, algorithm, seeds, bug: None, engine: Engine::Sim };
    let mut sample = Sample::default();
    sweep(&job, &mut sample, &|_| {}).unwrap_or_else(|error| panic!("{algorithm}: {error}"));
    sample
}

fn compare(scenario: &str, ours: &Sample, theirs: &Sample) -> Vec<Cell> {
    let cell = |what: String, p_value| Cell { scenario: scenario.to_owned(), what, p_value };
    let times = [
        ("failover", &ours.failover, &theirs.failover),
        ("detection", &ours.detection, &theirs.detection),
        ("without a leader", &ours.leaderless, &theirs.leaderless),
    ];
    let mut cells: Vec<Cell> = times
        .iter()
        .map(|(what, one, other)| {
            let shown = format!("{what}: {} against {}", quantiles(one), quantiles(other));
            cell(shown, two_sample_p_value(one, other))
        })
        .collect();
    let runs = |sample: &Sample| sample.failover.len() as u64;
    let names = EVENTS.into_iter().chain(INVARIANTS.iter().map(|info| info.name));
    for (what, (k, l)) in names.zip(ours.events.iter().zip(&theirs.events)) {
        if k + l > 0 {
            let p_value = fisher_p_value((*k, runs(ours)), (*l, runs(theirs)));
            cells.push(cell(format!("{what}: in {k} and {l} runs"), p_value));
        }
    }
    cells
}

/// The median and the 99th percentile, in milliseconds.
fn quantiles(sample: &[u64]) -> String {
    let mut sorted = sample.to_vec();
    sorted.sort_unstable();
    let at = |part: usize| match sorted[(sorted.len() - 1) * part / 100] {
        u64::MAX => "never".to_owned(),
        nanos => format!("{:.1}", nanos as f64 / 1e6),
    };
    format!("{} / {}", at(50), at(99))
}

/// Which scenarios are told apart. Prints what every test of the family found.
fn told_apart(cells: &[Cell]) -> BTreeSet<&str> {
    let p_values: Vec<f64> = cells.iter().map(|cell| cell.p_value).collect();
    let rejected = holm(&p_values, FAMILY_WISE_ERROR);
    for (Cell { scenario, what, p_value }, rejected) in cells.iter().zip(&rejected) {
        println!("{} {p_value:.6} {scenario}, {what}", if *rejected { "DIFFERS" } else { "alike  " });
    }
    let told = cells.iter().zip(&rejected).filter(|(_, rejected)| **rejected);
    told.map(|(cell, _)| cell.scenario.as_str()).collect()
}

fn cells(scenarios: &[Scenario], place: u64) -> Vec<Cell> {
    let count = u64::from(cases_or(400));
    let compared = (0..).zip(scenarios).flat_map(|(nth, one)| {
        let ours = sample(one, "raft", place + 2 * nth, count);
        let theirs = sample(one, "tikv-raft", place + 2 * nth + 1, count);
        compare(&one.name, &ours, &theirs)
    });
    compared.collect()
}

#[test]
fn our_raft_and_tikvs_differ_where_the_report_says_so_and_nowhere_else() {
    let cells = cells(&scenarios(), 0);
    let explained = EXPLAINED.iter().filter_map(|one| one.scenario.rsplit('/').next());
    assert_eq!(told_apart(&cells), explained.collect(), "of {} tests", cells.len());
}

/// What the report names as the cause of a difference is its cause: without it there is none.
#[test]
fn without_its_cause_each_difference_is_gone() {
    let changed = |one: &Explained| {
        let file = root().join("scenarios").join(one.scenario).with_extension("toml");
        let text = std::fs::read_to_string(&file).expect("it is readable");
        let (before, after) = one.change;
        assert!(text.contains(before), "{}: there is no `{before}`", one.scenario);
        scenario(&text.replacen(before, after, 1))
    };
    let scenarios: Vec<Scenario> = EXPLAINED.iter().map(changed).collect();
    let cells = cells(&scenarios, 0x800);
    assert_eq!(told_apart(&cells), BTreeSet::new(), "of {} tests", cells.len());
}

/// The teeth: timeouts that are 20 ms longer are told apart, in a family as large as the one above.
#[test]
fn a_raft_with_other_timeouts_is_told_apart() {
    let text = std::fs::read_to_string(root().join("scenarios/leader-crash.toml")).expect("it is readable");
    let slower = format!("{text}\n[parameters.tikv-raft]\nelection_timeout = \"170ms..320ms\"\n");
    let count = u64::from(cases_or(400));
    let ours = sample(&scenario(&text), "raft", 0x1000, count);
    let theirs = sample(&scenario(&slower), "tikv-raft", 0x1001, count);
    let p_value = two_sample_p_value(&ours.failover, &theirs.failover);
    let family = 200.0;
    assert!(p_value < FAMILY_WISE_ERROR / family, "{p_value}");
}
