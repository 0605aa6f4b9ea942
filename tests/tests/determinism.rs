//! Seed in, digest out: the same on any thread, in any batch, in debug and release.

use interregnum_campaign::load::scenario_files;
use interregnum_campaign::replay::run_one;
use interregnum_campaign::{Engine, Job, Loaded, Run, Seeds, Sink, Summary, load, sweep};
use interregnum_kernel::TraceDigest;
use interregnum_tests::root;
use std::io;

const SEEDS: Seeds = Seeds { first: 1, count: 40 };

fn scenarios() -> Vec<Loaded> {
    let files = scenario_files(&root().join("scenarios")).expect("the scenarios' folder is readable");
    files.iter().map(|file| load(file).unwrap_or_else(|error| panic!("{error}"))).collect()
}

fn jobs(scenarios: &[Loaded]) -> Vec<Job<'_>> {
    let algorithms = interregnum_algorithms::ALGORITHMS;
    let pairs =
        scenarios.iter().flat_map(|one| algorithms.iter().map(move |entry| (&one.scenario, entry.name)));
    let meant = pairs.filter(|(scenario, algorithm)| scenario.is_for(algorithm));
    meant
        .map(|(scenario, algorithm)| Job {
            scenario,
            algorithm,
            seeds: SEEDS,
            bug: None,
            engine: Engine::Sim,
        })
        .collect()
}

#[derive(Default)]
struct Digests(Vec<(u64, TraceDigest)>);

impl Sink for Digests {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        self.0.push((run.seed, run.digest));
        Ok(())
    }
}

fn sweep_on(threads: usize, job: &Job<'_>) -> (Summary, Vec<(u64, TraceDigest)>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    let mut digests = Digests::default();
    let summary = pool.install(|| sweep(job, &mut digests, &|_| {})).expect("the sweep runs");
    (summary, digests.0)
}

#[test]
fn a_seed_has_the_same_digest_alone_in_a_batch_and_on_any_number_of_threads() {
    let scenarios = scenarios();
    for job in jobs(&scenarios) {
        let name = &job.scenario.name;
        let (one, on_one) = sweep_on(1, &job);
        let (two, on_two) = sweep_on(2, &job);
        assert_eq!(on_one, on_two, "{name}: one thread against two");
        assert_eq!(one.digest, two.digest, "{name}: the summary's digest");
        for (seed, digest) in on_one.iter().step_by(7) {
            let (alone, _) = run_one(&job, *seed, false).expect("the run is built");
            assert_eq!(alone.digest, *digest, "{name}, seed {seed}: alone against in a batch");
        }
    }
}

#[test]
fn recording_a_run_does_not_change_it() {
    let scenarios = scenarios();
    for job in jobs(&scenarios) {
        let (silent, none) = run_one(&job, 5, false).expect("the run is built");
        let (recorded, text) = run_one(&job, 5, true).expect("the run is built");
        assert_eq!(silent.digest, recorded.digest, "{}", job.scenario.name);
        assert!(none.is_none(), "nothing is recorded unasked");
        let lines = text.map(|text| text.lines().count()).unwrap_or_default();
        assert!(lines > 100, "{}: a record of {lines} lines", job.scenario.name);
    }
}

#[test]
fn different_seeds_are_different_runs() {
    let scenarios = scenarios();
    for job in jobs(&scenarios) {
        let (_, digests) = sweep_on(2, &job);
        let mut unique: Vec<TraceDigest> = digests.iter().map(|(_, digest)| *digest).collect();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), digests.len(), "{}", job.scenario.name);
    }
}

/// The golden file is compared in every profile that runs this test, so that it also holds debug against release.
/// `INTERREGNUM_BLESS=1` writes it anew; the difference is to be read and understood before it is committed.
#[test]
fn every_scenario_has_the_digest_of_the_golden_file() {
    let scenarios = scenarios();
    let mut found = String::from("# scenario, algorithm, digest over seeds 1 to 40\n");
    for job in jobs(&scenarios) {
        let (summary, _) = sweep_on(2, &job);
        found += &format!("{} {} {}\n", summary.scenario, summary.algorithm, summary.digest);
    }
    let file = root().join("tests/golden/digests.txt");
    if std::env::var_os("INTERREGNUM_BLESS").is_some() {
        std::fs::write(&file, &found).expect("the golden file is writable");
    }
    let golden = std::fs::read_to_string(&file).expect("the golden file is readable");
    for (found, golden) in found.lines().zip(golden.lines()) {
        assert_eq!(found, golden, "a run has changed; INTERREGNUM_BLESS=1 accepts it, once it is understood");
    }
    assert_eq!(found.lines().count(), golden.lines().count(), "a scenario came or went");
}
