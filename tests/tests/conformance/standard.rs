//! The standard scenarios on madsim: what holds on the simulator holds there.
//!
//! What an algorithm promises is promised on every engine: in every run. What it does not promise, and how often a fault found
//! nobody to hit, is compared with the simulator by counts, as one family.

use crate::{FAMILY_WISE_ERROR, ROOT_SEED};
use interregnum_algorithms::ALGORITHMS;
use interregnum_campaign::load::scenario_files;
use interregnum_campaign::{Engine, Job, Loaded, Seeds, Summary, load, sweep};
use interregnum_tests::root;
use interregnum_tests::statistics::{fisher_p_value, holm};

const RUNS: u64 = 12;
/// Beside those of the other files.
const FIRST_SEED: u64 = ROOT_SEED + (0x4000 << 16);

fn summary(loaded: &Loaded, algorithm: &str, engine: Engine) -> Summary {
    let first = if engine == Engine::Sim { FIRST_SEED } else { FIRST_SEED + RUNS };
    let seeds = Seeds { first, count: RUNS };
    let job = Job { scenario: &loaded.scenario, algorithm, seeds, bug: None, engine };
    sweep(&job, &mut (), &|_| {})
        .unwrap_or_else(|error| panic!("{}, {algorithm}, {engine}: {error}", loaded.scenario.name))
}

/// Where a leader wakes up while another leads, and nothing slows it down: it works through what has come meanwhile in no time on
/// the simulator, and in less than a microsecond on madsim, where there are two leaders for so long. Nobody promises that
/// there are not; all else is compared here too.
const WAKES_INTO_ANOTHERS_REIGN: &str = "check-to-act";

/// What is counted in runs, by name.
fn counts(summary: &Summary) -> impl Iterator<Item = (&'static str, u64)> {
    let left_out = |name: &str| name == "leader-exclusion" && summary.scenario == WAKES_INTO_ANOTHERS_REIGN;
    let compared = summary.invariants.iter().filter(move |invariant| !left_out(invariant.name));
    let violated = compared.map(|invariant| (invariant.name, invariant.violated_runs));
    violated.chain([("no fault found anybody", summary.runs_without_fault)])
}

#[test]
fn the_standard_scenarios_have_the_verdicts_of_the_simulator_on_madsim() {
    let files = scenario_files(&root().join("scenarios")).expect("the scenarios' folder is readable");
    let scenarios: Vec<Loaded> =
        files.iter().map(|file| load(file).unwrap_or_else(|error| panic!("{error}"))).collect();
    let (mut broken, mut names, mut p_values, mut rows) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for loaded in &scenarios {
        for entry in ALGORITHMS.iter().filter(|entry| loaded.scenario.is_for(entry.name)) {
            let [simulated, on_madsim] =
                [Engine::Sim, Engine::Madsim].map(|engine| summary(loaded, entry.name, engine));
            let row = format!("{}, {}", loaded.scenario.name, entry.name);
            let unexpected = on_madsim.invariants.iter().filter(|invariant| invariant.unexpected);
            broken.extend(unexpected.map(|invariant| format!("{row}: {}", invariant.name)));
            for ((what, k), (_, l)) in counts(&simulated).zip(counts(&on_madsim)) {
                names.push(format!("{row}: {what} in {k} and {l} runs"));
                p_values.push(fisher_p_value((k, RUNS), (l, RUNS)));
            }
            rows += 1;
        }
    }
    assert!(rows > 300, "{rows} pairs of scenario and algorithm were run");
    assert!(broken.is_empty(), "promised, and violated on madsim: {broken:?}");
    let told_apart = names.iter().zip(holm(&p_values, FAMILY_WISE_ERROR)).filter(|(_, is)| *is);
    let told_apart: Vec<&String> = told_apart.map(|(name, _)| name).collect();
    assert!(told_apart.is_empty(), "of {} tests: {told_apart:?}", p_values.len());
}
