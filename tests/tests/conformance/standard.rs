//! The scenario files on madsim: what holds on the simulator holds there.
//!
//! What an algorithm promises is promised on every engine: in every run. What it does not promise, and how often a fault found
//! nobody to hit or a failover never came, is compared with the simulator by counts: pooled over the scenarios, since one
//! scenario has few runs here, and as one family. What is put to the test on the simulator is put to the test on madsim.

use crate::{FAMILY_WISE_ERROR, ROOT_SEED};
use interregnum_algorithms::{ALGORITHMS, Entry};
use interregnum_campaign::load::scenario_files;
use interregnum_campaign::{Engine, Job, Loaded, Run, Seeds, Sink, Summary, load, sweep};
use interregnum_kernel::{FaultClass, FaultClasses};
use interregnum_tests::root;
use interregnum_tests::statistics::{fisher_p_value, holm};
use std::collections::BTreeMap;
use std::io;

/// Folders of scenarios, and how many runs of each scenario on each engine.
const FOLDERS: [(&str, u64); 2] = [("scenarios", 10), ("scenarios/incidents", 4)];
/// Beside those of the other files.
const FIRST_SEED: u64 = ROOT_SEED + (0x4000 << 16);

/// In how many runs each invariant was put to the test.
#[derive(Default)]
struct Exercised(Vec<u64>);

impl Sink for Exercised {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        self.0.resize(run.invariants.len(), 0);
        for (count, invariant) in self.0.iter_mut().zip(&run.invariants) {
            *count += u64::from(invariant.exercised > 0);
        }
        Ok(())
    }
}

fn run(
    loaded: &Loaded,
    algorithm: &str,
    bug: Option<&str>,
    (engine, runs): (Engine, u64),
) -> (Summary, Vec<u64>) {
    let first = if engine == Engine::Sim { FIRST_SEED } else { FIRST_SEED + (1 << 12) };
    let seeds = Seeds { first, count: runs };
    let job = Job { scenario: &loaded.scenario, algorithm, seeds, bug, engine };
    let mut exercised = Exercised::default();
    let summary = sweep(&job, &mut exercised, &|_| {})
        .unwrap_or_else(|error| panic!("{}, {algorithm}, {engine}: {error}", loaded.scenario.name));
    (summary, exercised.0)
}

/// Where a leader wakes up while another leads it works through what has come meanwhile: in no time on the simulator, and in
/// less than a microsecond on madsim, where there are two leaders for so long. Nobody promises that there are not, and where
/// somebody may be stopped it is not compared; all else is.
fn is_compared(invariant: &str, loaded: &Loaded, algorithm: &str) -> bool {
    let stops: FaultClasses = [FaultClass::Pause, FaultClass::Freeze].into_iter().collect();
    invariant != "leader-exclusion" || !loaded.scenario.setting_for(algorithm).classes().meets(stops)
}

/// How often something happened in how many runs on the simulator, and on madsim.
#[derive(Default)]
struct Counted {
    simulated: (u64, u64),
    on_madsim: (u64, u64),
}

#[derive(Default)]
struct Comparison {
    /// By algorithm and what is counted.
    counted: BTreeMap<(&'static str, &'static str), Counted>,
    /// Promised, and violated on madsim; or put to the test in every run on the simulator, and in none on madsim.
    broken: Vec<String>,
    rows: usize,
}

impl Comparison {
    fn add(&mut self, loaded: &Loaded, entry: &'static Entry, runs: u64, bug: Option<&str>) {
        let (simulated, tested) = run(loaded, entry.name, None, (Engine::Sim, runs));
        let (on_madsim, tested_there) = run(loaded, entry.name, bug, (Engine::Madsim, runs));
        self.rows += 1;
        let mut count = |what, of: &dyn Fn(&Summary) -> u64| {
            let counted = self.counted.entry((entry.name, what)).or_default();
            for (sum, summary) in [(&mut counted.simulated, &simulated), (&mut counted.on_madsim, &on_madsim)]
            {
                sum.0 += of(summary);
                sum.1 += runs;
            }
        };
        count("no fault found anybody", &|summary| summary.runs_without_fault);
        for (place, one) in on_madsim.invariants.iter().enumerate() {
            let row = || format!("{}, {}: {}", loaded.scenario.name, entry.name, one.name);
            if is_compared(one.name, loaded, entry.name) {
                count(one.name, &|summary| summary.invariants[place].violated_runs);
            }
            if one.unexpected {
                self.broken.push(format!("{} is violated", row()));
            }
            if tested[place] == runs && tested_there[place] == 0 {
                self.broken.push(format!("{} is not put to the test", row()));
            }
        }
    }

    /// What is told apart.
    fn told_apart(&self) -> Vec<String> {
        let p_values: Vec<f64> = self
            .counted
            .values()
            .map(|counted| fisher_p_value(counted.simulated, counted.on_madsim))
            .collect();
        let rejected = holm(&p_values, FAMILY_WISE_ERROR);
        let rejected = self.counted.iter().zip(rejected).filter(|(_, rejected)| *rejected);
        rejected
            .map(|(((algorithm, what), Counted { simulated: (k, n), on_madsim: (l, m) }), _)| {
                format!("{algorithm}: {what} in {k} of {n} and in {l} of {m} runs")
            })
            .collect()
    }
}

fn scenarios(folder: &str) -> Vec<Loaded> {
    let files = scenario_files(&root().join(folder)).expect("the folder is readable");
    files.iter().map(|file| load(file).unwrap_or_else(|error| panic!("{error}"))).collect()
}

#[test]
fn the_scenario_files_have_the_verdicts_of_the_simulator_on_madsim() {
    let mut comparison = Comparison::default();
    for (folder, runs) in FOLDERS {
        for loaded in scenarios(folder) {
            for entry in ALGORITHMS.iter().filter(|entry| loaded.scenario.is_for(entry.name)) {
                comparison.add(&loaded, entry, runs, None);
            }
        }
    }
    assert!(comparison.rows > 800, "{} pairs of scenario and algorithm were run", comparison.rows);
    assert!(comparison.broken.is_empty(), "{:?}", comparison.broken);
    assert_eq!(comparison.told_apart(), Vec::<String>::new(), "of {} counts", comparison.counted.len());
}

/// The teeth: an engine on which a node that starts again has forgotten its term and its vote.
#[test]
fn an_engine_that_breaks_promises_is_told_apart() {
    let mut comparison = Comparison::default();
    let raft = interregnum_algorithms::find("raft").expect("it is registered");
    let bug = "raft-restart-forgets-term";
    let file = root().join(format!("tests/planted/{bug}.toml"));
    let loaded = load(&file).unwrap_or_else(|error| panic!("{error}"));
    comparison.add(&loaded, raft, 20, Some(bug));
    assert!(!comparison.broken.is_empty(), "promises are broken");
    assert!(!comparison.told_apart().is_empty(), "and counts differ");
}
