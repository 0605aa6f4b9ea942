//! The exact oracle for the time in which clients find a leader: it is drawn evenly from the range that the scenario
//! names, for every algorithm alike, and what a failover consists of besides does not depend on it.
//!
//! Messages take 1 ms exactly, a writer sends as soon as it has asked, and writes are due every 20 ms. So the first write
//! after a discovery is accepted between 1 and 21 ms later, and everything before the discovery is as without it.

use interregnum_algorithms::{ALGORITHMS, Entry};
use interregnum_campaign::{Engine, Failover, Job, Run, Seeds, Sink, Summary, catalogue, sweep};
use interregnum_kernel::Span;
use interregnum_scenario::Scenario;
use interregnum_tests::statistics::{binomial_p_value, holm};
use std::io;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0xd15c_0e12;
const RUNS: u64 = 10_000;
const RUNS_OF_OTHERS: u64 = 1_000;
/// The least probability at which one true family of cells would be rejected.
const FAMILY_WISE_ERROR: f64 = 0.01;

const LEAST: Span = Span::secs(1);
const MOST: Span = Span::secs(3);
const DISCOVERY: &str = "discovery = \"1s..3s\"";

const SCENARIO: &str = r#"
format = 1
name = "found"
summary = "A crash, after which clients take a second or more to find the successor."

[cluster]
nodes = 5

[network]
latency = "1ms"

[disk]
fsync = "2ms"

[workload]
writes_every = "20ms"
check_to_act = "0ms"
proposals_every = "never"
DISCOVERY

[[fault]]
at = "5s"
crash = "leader"

[run]
for = "10s"
heal = "9s"
"#;

/// The scenario with this line in its workload.
fn scenario(discovery: &str) -> Scenario {
    let mut none = |_: &str| Err("there is no other file".to_owned());
    let text = SCENARIO.replace("DISCOVERY", discovery);
    interregnum_scenario::read("found", &text, &catalogue(), &mut none).expect("a scenario").0
}

/// The failovers, with the seeds of their runs.
#[derive(Default)]
struct Failovers(Vec<(u64, Failover)>);

impl Sink for Failovers {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        self.0.extend(run.measurement.failovers.iter().map(|failover| (run.seed, *failover)));
        Ok(())
    }
}

fn swept(scenario: &Scenario, algorithm: &str, count: u64) -> (Vec<(u64, Failover)>, Summary) {
    let mut failovers = Failovers::default();
    let job =
        Job { scenario, algorithm, seeds: Seeds { first: ROOT_SEED, count }, bug: None, engine: Engine::Sim };
    let summary = sweep(&job, &mut failovers, &|_| {}).expect("the sweep runs");
    (failovers.0, summary)
}

/// Those that need nothing but their own nodes, of which the scenario has no others.
fn algorithms() -> impl Iterator<Item = &'static Entry> {
    ALGORITHMS.iter().filter(|entry| !entry.service)
}

/// Asserts that times lie between two bounds, and come within a part of their distance to both.
#[track_caller]
fn fills(what: &str, times: &[Span], (least, most): (Span, Span), part: u64) {
    let (low, high) = (times.iter().min().expect("a time"), times.iter().max().expect("a time"));
    assert!(*low >= least && *high <= most, "{what}: {low} to {high}, expected within {least} to {most}");
    let near = Span((most.nanos() - least.nanos()) / part);
    assert!(*low < least + near, "{what}: the shortest is {low}, and could be {least}");
    assert!(*high + near > most, "{what}: the longest is {high}, and could be {most}");
}

fn all(failovers: &[(u64, Failover)], part: impl Fn(&Failover) -> Option<Span>) -> Vec<Span> {
    failovers.iter().map(|(seed, one)| part(one).unwrap_or_else(|| panic!("seed {seed}: {one:?}"))).collect()
}

#[test]
fn a_discovery_takes_what_the_scenario_says_and_the_first_write_what_its_rhythm_does() {
    let scenario = scenario(DISCOVERY);
    let (failovers, summary) = swept(&scenario, "raft", RUNS);
    assert_eq!(failovers.len() as u64, RUNS, "each run needs one");
    fills("discovery", &all(&failovers, |one| one.discovery), (LEAST, MOST), 500);
    let rhythm = (Span::millis(1), Span::millis(21));
    fills("first write", &all(&failovers, Failover::first_write), rhythm, 100);
    let median = summary.discovery.per_mille(500).expect("a median");
    assert!(median > Span::millis(1900) && median < Span::millis(2100), "summed up, too: {median}");
}

#[test]
fn every_algorithms_clients_take_as_long() {
    let scenario = scenario(DISCOVERY);
    for entry in algorithms() {
        let (failovers, _) = swept(&scenario, entry.name, RUNS_OF_OTHERS);
        assert_eq!(failovers.len() as u64, RUNS_OF_OTHERS, "{}: each run needs one", entry.name);
        fills(entry.name, &all(&failovers, |one| one.discovery), (LEAST, MOST), 50);
    }
}

#[test]
fn what_comes_before_the_discovery_is_as_without_it() {
    let (late, at_once) = (scenario(DISCOVERY), scenario(""));
    for entry in algorithms() {
        let (late, _) = swept(&late, entry.name, RUNS_OF_OTHERS);
        let (at_once, _) = swept(&at_once, entry.name, RUNS_OF_OTHERS);
        assert_eq!(late.len(), at_once.len(), "{}: as many failovers", entry.name);
        for ((seed, late), (_, at_once)) in late.iter().zip(&at_once) {
            let before = |one: &Failover| (one.since, one.detection, one.election);
            assert_eq!(before(late), before(at_once), "{}, seed {seed}", entry.name);
            assert_eq!(at_once.discovery, Some(Span::ZERO), "{}, seed {seed}: known at once", entry.name);
        }
    }
}

/// For each tenth of the range, how probable it is that as many discoveries or more are off it if they are spread evenly.
fn p_values(discovery: &str) -> Vec<f64> {
    let (failovers, _) = swept(&scenario(discovery), "raft", RUNS);
    let times = all(&failovers, |one| one.discovery);
    let tenths = (1..10).map(|tenth| {
        let bound = LEAST.nanos() + (MOST.nanos() - LEAST.nanos()) * tenth / 10;
        let below = times.iter().filter(|time| time.nanos() < bound).count() as u64;
        let p_value = binomial_p_value(times.len() as u64, below, tenth as f64 / 10.0);
        println!("{below} of {} below {}, p = {p_value:.4}", times.len(), Span(bound));
        p_value
    });
    tenths.collect()
}

#[test]
fn discoveries_are_spread_evenly() {
    let rejected = holm(&p_values(DISCOVERY), FAMILY_WISE_ERROR);
    assert!(!rejected.contains(&true), "tenths of the range that are off: {rejected:?}");
}

#[test]
fn a_range_that_is_five_percent_longer_is_noticed() {
    let rejected = holm(&p_values("discovery = \"1s..3.1s\""), FAMILY_WISE_ERROR);
    assert!(rejected.contains(&true), "the test above has no teeth");
}

/// The golden file holds the digests of the standard scenarios; this holds what no key at all leaves as it was.
#[test]
fn a_scenario_without_the_key_draws_nothing_and_finds_nobody() {
    let scenario = scenario("");
    assert_eq!(scenario.setting.workload.discovery, None, "clients know every leader at once");
    let (_, with_nothing) = swept(&scenario, "raft", 100);
    let mut same = scenario.clone();
    same.setting.workload.discovery = Some((Span::ZERO, Span::ZERO));
    let (_, with_zero) = swept(&same, "raft", 100);
    let found = with_zero.events - with_nothing.events;
    assert_eq!(
        found, with_nothing.elections,
        "a discovery that takes no time is one event for each election"
    );
    assert_eq!(with_zero.messages, with_nothing.messages, "and changes nothing that the nodes do");
}
