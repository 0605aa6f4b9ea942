//! Property tests over random plans: a seed in, a shrunk and readable scenario out.

use crate::root;
use interregnum_campaign::load::read_text;
use interregnum_campaign::output::write_whole;
use interregnum_campaign::replay::{Replay, run_one};
use interregnum_campaign::{Engine, Job, Run, Seeds};
use interregnum_scenario::Scenario;
use interregnum_world::Plan;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::path::PathBuf;

/// A property of all plans of a strategy.
pub struct Property<'a, S> {
    /// The test's name, as cargo knows it.
    pub name: &'a str,
    /// The file of the test, without its ending.
    pub binary: &'a str,
    /// The algorithm.
    pub algorithm: &'a str,
    /// What runs it.
    pub engine: Engine,
    /// The scenario that plans are put into: everything but the faults.
    pub base: &'a str,
    /// The plans.
    pub plans: S,
    /// How many plans are tried where `INTERREGNUM_CASES` does not say.
    pub cases: u32,
    /// The root seed where `INTERREGNUM_SEED` does not say.
    pub seed: u64,
    /// A bug to plant.
    pub bug: Option<String>,
    /// Invariants that must hold in every run.
    pub invariants: &'a [&'a str],
}

/// A plan that broke a property, shrunk.
#[derive(Debug)]
pub struct Failure {
    /// What broke, in words.
    pub reason: String,
    /// The plan.
    pub plan: Plan,
    /// The run's seed.
    pub seed: u64,
    /// The whole run, to be kept.
    pub replay: Replay,
}

/// How many other seeds a smaller plan is given to fail under.
const SEEDS_PER_REDUCTION: u64 = 300;

/// What a property's cases showed beside that it held.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Plans tried.
    pub cases: u64,
    /// Nodes elected in all of them.
    pub elections: u64,
    /// Per invariant of the property: how often it was put to the test.
    pub exercised: Vec<u64>,
}

/// How many cases a property test tries: `INTERREGNUM_CASES`, or the given number.
///
/// # Panics
/// If the variable is set and is not a number.
pub fn cases_or(default: u32) -> u32 {
    match std::env::var("INTERREGNUM_CASES") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("INTERREGNUM_CASES={text} is not a number")),
        Err(_) => default,
    }
}

/// Where failing runs are kept: `INTERREGNUM_REGRESSIONS`, or the repository's `regressions/`.
pub fn regressions() -> PathBuf {
    std::env::var_os("INTERREGNUM_REGRESSIONS").map_or_else(|| root().join("regressions"), PathBuf::from)
}

impl<S: Strategy<Value = Plan>> Property<'_, S> {
    /// Tries random plans, and shrinks the first that breaks the property.
    pub fn search(&self) -> Result<Coverage, Box<Failure>> {
        let config = Config {
            cases: self.cases,
            max_shrink_iters: 4_000,
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, rng(self.seed));
        let coverage = std::cell::RefCell::new(Coverage {
            exercised: vec![0; self.invariants.len()],
            ..Coverage::default()
        });
        let base = self.base();
        // Plans and seeds are drawn together, but only plans are shrunk: another seed is another run.
        let cases = (&self.plans, proptest::num::u64::ANY.no_shrink());
        let result = runner.run(&cases, |(plan, seed)| {
            let run = self.run(&base, &plan, seed);
            let mut coverage = coverage.borrow_mut();
            coverage.cases += 1;
            coverage.elections += run.measurement.elections;
            for (sum, name) in coverage.exercised.iter_mut().zip(self.invariants) {
                *sum += invariant(&run, name).exercised;
            }
            self.broken(&run).map_or(Ok(()), |reason| Err(TestCaseError::fail(reason)))
        });
        match result {
            Ok(()) => Ok(coverage.into_inner()),
            Err(TestError::Fail(reason, (plan, seed))) => {
                let (plan, seed, reason) = self.reduce(plan, seed, reason.to_string());
                Err(Box::new(self.failure(reason, plan, seed)))
            }
            Err(TestError::Abort(reason)) => panic!("no plans could be generated: {reason}"),
        }
    }

    /// Drops every fault that the failure does not need. A run is chaotic: without one fault the same seed often takes
    /// another course, so a few other seeds are tried too before a fault is taken to be needed.
    fn reduce(&self, mut plan: Plan, mut seed: u64, mut reason: String) -> (Plan, u64, String) {
        let base = self.base();
        let mut index = 0;
        while index < plan.faults.len() {
            let mut smaller = plan.clone();
            smaller.faults.remove(index);
            let seeds = std::iter::once(seed).chain(0..SEEDS_PER_REDUCTION);
            let found =
                seeds.filter_map(|seed| Some((seed, self.broken(&self.run(&base, &smaller, seed))?))).next();
            match found {
                Some((other, other_reason)) => {
                    (plan, seed, reason, index) = (smaller, other, other_reason, 0)
                }
                None => index += 1,
            }
        }
        (plan, seed, reason)
    }

    /// Replays what failed before, then searches. Panics with the failure and the two commands that repeat it.
    ///
    /// # Panics
    /// If the property is broken.
    pub fn check(&self) -> Coverage {
        self.replay_regressions();
        match self.search() {
            Ok(coverage) => coverage,
            Err(failure) => panic!("{}", self.report(&failure)),
        }
    }

    /// Keeps the failing run and describes it; the last two lines are commands to copy.
    fn report(&self, failure: &Failure) -> String {
        let folder = regressions();
        let file = folder.join(format!("{}-{:#x}.toml", self.name, failure.seed));
        let kept = std::fs::create_dir_all(&folder)
            .and_then(|()| write_whole(&file, failure.replay.to_text().as_bytes()));
        let kept = kept.map_or_else(|error| format!("could not be kept: {error}"), |()| "is kept".to_owned());
        let bug = self.bug.as_ref().map(|bug| format!(" INTERREGNUM_BUG={bug}")).unwrap_or_default();
        format!(
            "{} with seed {:#x} under this plan, which {kept}:\n\n{}\nINTERREGNUM_SEED={:#x}{bug} cargo test --test {} \
             {}\ncargo run -- replay {}",
            failure.reason,
            failure.seed,
            failure.plan,
            self.seed,
            self.binary,
            self.name,
            file.display()
        )
    }

    fn replay_regressions(&self) {
        let Ok(entries) = std::fs::read_dir(regressions()) else { return };
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        let of_this = |file: &&PathBuf| {
            file.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(&format!("{}-0x", self.name)))
        };
        for file in files.iter().filter(of_this) {
            let text = read_text(file).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()));
            let replay = Replay::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            // A test over several algorithms keeps the failures of all under its one name.
            if replay.algorithm != self.algorithm {
                continue;
            }
            let (run, _) = replay.run(false).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            if let Some(reason) = self.broken(&run) {
                panic!("{reason}, as it did before\ncargo run -- replay {}", file.display());
            }
        }
    }

    /// The scenario's text for a plan. It is meant for the one algorithm: a plan may have orders that others ignore.
    pub fn text(&self, plan: &Plan) -> String {
        let cluster = format!("[cluster]\nalgorithms = [\"{}\"]\n", self.algorithm);
        format!("{}\n{plan}", self.base.replacen("[cluster]\n", &cluster, 1))
    }

    /// The scenario without a fault. It is read once: reading takes longer than running.
    fn base(&self) -> Scenario {
        crate::scenario(&self.text(&Plan::default()))
    }

    fn run(&self, base: &Scenario, plan: &Plan, seed: u64) -> Run {
        let mut scenario = base.clone();
        scenario.set_plan(plan.clone());
        let (run, _) =
            run_one(&self.job(&scenario, seed), seed, false).unwrap_or_else(|error| panic!("{error}"));
        run
    }

    fn job<'b>(&'b self, scenario: &'b Scenario, seed: u64) -> Job<'b> {
        let seeds = Seeds { first: seed, count: 1 };
        Job { scenario, algorithm: self.algorithm, seeds, bug: self.bug.as_deref(), engine: self.engine }
    }

    /// What a run breaks, if anything.
    fn broken(&self, run: &Run) -> Option<String> {
        let violated = self.invariants.iter().find_map(|name| {
            let (at, detail) = invariant(run, name).violation.as_ref()?;
            Some(format!("{name} is violated at {:.3} ms ({detail})", at.nanos() as f64 / 1e6))
        });
        let endless = run.stop == interregnum_sim::Stop::EventLimit;
        violated.or_else(|| endless.then(|| "the run reaches the limit of events".to_owned()))
    }

    fn failure(&self, reason: String, plan: Plan, seed: u64) -> Failure {
        // From its text, as whoever replays it will have it.
        let scenario = crate::scenario(&self.text(&plan));
        let (run, _) =
            run_one(&self.job(&scenario, seed), seed, false).unwrap_or_else(|error| panic!("{error}"));
        let replay = Replay::of(&self.job(&scenario, seed), &run, "unknown", reason.clone());
        Failure { reason, plan, seed, replay }
    }
}

fn invariant<'a>(run: &'a Run, name: &str) -> &'a interregnum_campaign::InvariantRun {
    let place = interregnum_campaign::catalogue().invariants.iter().position(|one| *one == name);
    &run.invariants[place.unwrap_or_else(|| panic!("no invariant is named {name}"))]
}

/// Proptest's own generator, from one seed.
pub fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// So many plans of a strategy, without shrinking: for searches that only count.
pub fn sample<S: Strategy<Value = Plan>>(plans: &S, seed: u64, count: usize) -> Vec<Plan> {
    let mut runner = TestRunner::new_with_rng(Config::default(), rng(seed));
    let tree = |runner: &mut TestRunner| plans.new_tree(runner).map(|tree| tree.current());
    (0..count).filter_map(|_| tree(&mut runner).ok()).collect()
}
