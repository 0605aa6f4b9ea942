//! One scenario, one algorithm, many seeds: run in parallel, reduced in the order of the seeds.

use crate::engine::{Engine, Refused};
use crate::meter::{Measurement, Meter};
use crate::summary::Summary;
use interregnum_invariants::{self as invariants, Demand, INVARIANTS, StaleWrites, Suite};
use interregnum_kernel::{GlobalTime, Parameters, TraceDigest};
use interregnum_madsim_engine::MadsimEngine;
use interregnum_registry::{BuildError, Registered, Visitor};
use interregnum_scenario::Scenario;
use interregnum_sim::{Outcome, Simulator, Stop};
use interregnum_world::{NoRecorder, Recorder};
use rayon::prelude::*;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// Which seeds: so many from the first on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Seeds {
    /// The first seed.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The algorithm's name.
    pub algorithm: &'a str,
    /// The seeds.
    pub seeds: Seeds,
    /// A bug to be planted, in place of what the scenario says.
    pub bug: Option<&'a str>,
    /// What runs them.
    pub engine: Engine,
}

/// What a run counted, as far as reports show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events handled.
    pub events: u64,
    /// Messages that nodes sent to each other.
    pub messages: u64,
    /// Those of them that belong to elections.
    pub election_messages: u64,
    /// Completed fsyncs.
    pub fsyncs: u64,
    /// Writes that were not durable and went with a crash.
    pub lost_writes: u64,
}

/// How one invariant fared in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvariantRun {
    /// How often it was put to the test.
    pub exercised: u64,
    /// When and how it was violated first.
    pub violation: Option<(GlobalTime, String)>,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// Its digest.
    pub digest: TraceDigest,
    /// Why it ended.
    pub stop: Stop,
    /// The simulated time it covered.
    pub ended: GlobalTime,
    /// Faults that found no target.
    pub missed_faults: u32,
    /// What it counted.
    pub counts: Counts,
    /// What was measured.
    pub measurement: Measurement,
    /// The invariants, in the order of their registry.
    pub invariants: Vec<InvariantRun>,
    /// Writes of deposed leaders.
    pub stale_writes: StaleWrites,
}

/// Hears runs in the order of their seeds.
pub trait Sink {
    /// Takes in one run.
    ///
    /// # Errors
    /// If it cannot be written down; the sweep ends then.
    fn run(&mut self, job: &Job<'_>, run: &Run) -> io::Result<()>;
}

/// Hears nothing.
impl Sink for () {
    fn run(&mut self, _: &Job<'_>, _: &Run) -> io::Result<()> {
        Ok(())
    }
}

/// Why a sweep did not come to its end.
#[derive(Debug)]
pub enum SweepError {
    /// The algorithm could not be built.
    Build(BuildError),
    /// Results could not be written.
    Output(io::Error),
    /// The engine does not run it.
    Engine {
        /// The scenario's name.
        scenario: String,
        /// Why.
        refused: Refused,
    },
}

impl std::fmt::Display for SweepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SweepError::Build(error) => error.fmt(f),
            SweepError::Output(error) => error.fmt(f),
            SweepError::Engine { refused: Refused::NotBuiltIn, .. } => Refused::NotBuiltIn.fmt(f),
            SweepError::Engine { scenario, refused } => write!(f, "scenario {scenario}: {refused}"),
        }
    }
}

impl std::error::Error for SweepError {}

/// Seeds that one thread runs in one go, and seeds between two reductions. The memory of a sweep is that of one block.
const CHUNK: u64 = 16;
const BLOCK: u64 = 64 * CHUNK;

/// Runs a job on the threads of the current pool. `progress` is told how many runs were just done.
///
/// # Errors
/// If the algorithm refuses its parameters, the engine was not compiled in, or the sink fails.
pub fn sweep(
    job: &Job<'_>,
    sink: &mut dyn Sink,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Summary, SweepError> {
    let parameters = parameters(job);
    let sweeper = Sweeper { job, sink, progress };
    interregnum_registry::build(job.algorithm, &parameters, sweeper).map_err(SweepError::Build)?
}

/// Finds out whether a job can be run.
///
/// # Errors
/// If the algorithm refuses its parameters, or the engine does not have what the scenario wants.
pub fn prepare(job: &Job<'_>) -> Result<(), SweepError> {
    interregnum_registry::build(job.algorithm, &parameters(job), Preparer(job)).map_err(SweepError::Build)?
}

struct Preparer<'a>(&'a Job<'a>);

impl Visitor for Preparer<'_> {
    type Output = Result<(), SweepError>;

    fn visit<P: Registered>(self, protocol: P) -> Result<(), SweepError> {
        Bench::new(self.0, protocol).map(drop)
    }
}

/// What the job's algorithm is built from.
pub fn parameters(job: &Job<'_>) -> Parameters {
    let mut parameters = job.scenario.parameters_for(job.algorithm);
    if let Some(bug) = job.bug {
        parameters.bug = Some(bug.to_owned());
    }
    parameters
}

struct Sweeper<'a, 'b> {
    job: &'a Job<'b>,
    sink: &'a mut dyn Sink,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Visitor for Sweeper<'_, '_> {
    type Output = Result<Summary, SweepError>;

    fn visit<P: Registered>(self, protocol: P) -> Result<Summary, SweepError> {
        let Seeds { first, count } = self.job.seeds;
        let bench = Bench::new(self.job, protocol)?;
        let mut summary = Summary::new(self.job);
        let started = Instant::now();
        let mut done = 0;
        while done < count {
            let block = BLOCK.min(count - done);
            let chunks: Vec<Vec<Run>> = (0..block.div_ceil(CHUNK))
                .into_par_iter()
                .map_init(
                    || bench.runner(),
                    |runner, chunk| {
                        let from = chunk * CHUNK;
                        let seeds = from..(from + CHUNK).min(block);
                        let runs: Vec<Run> =
                            seeds.map(|seed| runner.run(first.wrapping_add(done + seed))).collect();
                        (self.progress)(runs.len() as u64);
                        runs
                    },
                )
                .collect();
            for run in chunks.iter().flatten() {
                summary.add(run);
                self.sink.run(self.job, run).map_err(SweepError::Output)?;
            }
            done += block;
        }
        summary.finish(self.job, started.elapsed());
        Ok(summary)
    }
}

/// Everything that runs of one job share.
#[derive(Clone, Debug)]
pub struct Bench<P> {
    protocol: P,
    setting: Arc<interregnum_world::Setting>,
    watch: invariants::Setting,
    election_kinds: &'static [&'static str],
    /// Where madsim is what runs them.
    madsim: Option<MadsimEngine<P>>,
}

impl<P: Registered> Bench<P> {
    /// Prepares runs of a job.
    ///
    /// # Errors
    /// If the job's engine does not run it.
    pub fn new(job: &Job<'_>, protocol: P) -> Result<Bench<P>, SweepError> {
        let setting = job.scenario.setting_for(job.algorithm).clone();
        let expectation = job.scenario.expectation_for(job.algorithm);
        let watch = invariants::Setting {
            nodes: setting.nodes,
            heal: setting.heal.map(|heal| GlobalTime::ZERO + heal),
            leader_within: expectation.leader_within,
            leader_during: expectation
                .leader_during
                .map(|asked| Demand { within: asked.within, of: asked.of }),
        };
        let entry = interregnum_registry::find(job.algorithm);
        let election_kinds = entry.map(|entry| entry.election_kinds).unwrap_or_default();
        let setting = Arc::new(setting);
        let engine = |net| MadsimEngine::new(protocol.clone(), Arc::clone(&setting), net);
        let madsim = job
            .engine
            .net()
            .map(engine)
            .transpose()
            .map_err(|refused| SweepError::Engine { scenario: job.scenario.name.clone(), refused })?;
        Ok(Bench { protocol, setting, watch, election_kinds, madsim })
    }

    /// Runs seeds one after the other, with all monitors and the meter attached.
    pub fn runner(&self) -> Runner<'_, P> {
        let simulator = self.madsim.is_none().then(|| self.simulator(NoRecorder));
        Runner { bench: self, simulator }
    }

    /// Runs one seed, and records it.
    pub fn record<R: Recorder + Send + 'static>(&self, recorder: R, seed: u64) -> (Run, R) {
        if let Some(engine) = &self.madsim {
            let (outcome, (observer, recorder)) = engine.run((self.observer(), recorder), seed);
            return (self.told(seed, &outcome, &observer), recorder);
        }
        let mut simulator = self.simulator(recorder);
        let outcome = simulator.run(seed);
        let ((suite, meter), recorder) = simulator.into_listeners();
        (self.told(seed, &outcome, &(suite, meter)), recorder)
    }

    fn simulator<R: Recorder>(&self, recorder: R) -> Simulator<P, (Suite, Meter), R> {
        Simulator::with_parts(self.protocol.clone(), Arc::clone(&self.setting), self.observer(), recorder)
    }

    fn observer(&self) -> (Suite, Meter) {
        let meter = Meter::new(self.setting.nodes, &self.setting.plan);
        (Suite::new(&self.watch), meter.discovering(self.setting.workload.discovery.is_some()))
    }

    /// What is told of a run.
    fn told(&self, seed: u64, outcome: &Outcome, (suite, meter): &(Suite, Meter)) -> Run {
        Run {
            seed,
            digest: outcome.digest,
            stop: outcome.stop,
            ended: outcome.ended,
            missed_faults: outcome.missed_faults,
            counts: counts::<P>(outcome, self.election_kinds),
            measurement: meter.measurement().clone(),
            invariants: invariant_runs(suite),
            stale_writes: suite.stale_writes(),
        }
    }
}

/// Runs seeds one after the other.
#[derive(Debug)]
pub struct Runner<'a, P: Registered> {
    bench: &'a Bench<P>,
    /// Kept from seed to seed; none where madsim runs them, to which every run is new.
    simulator: Option<Simulator<P, (Suite, Meter)>>,
}

impl<P: Registered> Runner<'_, P> {
    /// Runs one seed.
    pub fn run(&mut self, seed: u64) -> Run {
        let Some(simulator) = &mut self.simulator else {
            return self.bench.record(NoRecorder, seed).0;
        };
        let (suite, meter) = simulator.observer_mut();
        suite.reset(&self.bench.watch);
        meter.reset();
        let outcome = simulator.run(seed);
        self.bench.told(seed, &outcome, simulator.observer())
    }
}

fn counts<P: Registered>(outcome: &Outcome, election_kinds: &[&str]) -> Counts {
    let of_elections = P::KINDS
        .iter()
        .zip(&outcome.counters.sent)
        .filter(|(kind, _)| election_kinds.contains(kind))
        .map(|(_, sent)| sent);
    Counts {
        events: outcome.counters.events,
        messages: outcome.counters.messages(),
        election_messages: of_elections.sum(),
        fsyncs: outcome.counters.fsyncs,
        lost_writes: outcome.counters.lost_writes,
    }
}

fn invariant_runs(suite: &Suite) -> Vec<InvariantRun> {
    let mut runs = vec![InvariantRun::default(); INVARIANTS.len()];
    for (run, (_, report)) in runs.iter_mut().zip(suite.verdicts()) {
        run.exercised = report.exercised();
        run.violation = report
            .violation()
            .map(|violation| (violation.at, format!("{}: {}", violation.node, violation.detail)));
    }
    runs
}
