//! A scenario and an application: what is run seed by seed.

use crate::app::{Care, Options};
use crate::refusal::{self, Refused};
use crate::run::{self, Plan};
use interregnum_campaign::{InvariantRun, Measurement, Meter};
use interregnum_invariants::{self as invariants, Demand, INVARIANTS, StaleWrites, Suite};
use interregnum_kernel::{GlobalTime, Interest, Observation, Observer, Span, TraceDigest, Value, What};
use interregnum_madsim_engine::Surroundings;
use interregnum_scenario::{Expectation, Scenario};
use interregnum_world::Setting;
use madsim::time::Duration;
use std::fmt;
use std::sync::Arc;

/// The algorithm whose part of a scenario's file the application takes: our own model of an election through etcd.
pub const ALGORITHM: &str = "lease-etcd";

/// The application as a trial has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// The lease's time to live in seconds; `None` for what the scenario says of our own model's, or two seconds, the shortest lease
    /// that the simulated etcd can keep.
    pub ttl: Option<u32>,
    /// How careful it is.
    pub care: Care,
    /// Whether the store compares tokens; `None` for what the scenario says.
    pub fencing: Option<bool>,
}

impl Default for Application {
    /// It sends its token and looks at its lease, without a margin.
    fn default() -> Application {
        Application { ttl: None, care: Care::Fenced { margin: Duration::ZERO }, fencing: None }
    }
}

/// A scenario that the application is put under.
#[derive(Clone, Debug)]
pub struct Trial {
    plan: Plan,
    watch: invariants::Setting,
    expectation: Expectation,
    care: Care,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// The digest of what befell the application, what it said and what it wrote: equal for equal runs.
    pub digest: TraceDigest,
    /// How many faults found no target.
    pub missed_faults: u32,
    /// Failovers and times.
    pub measurement: Measurement,
    /// How each invariant fared, in the order of [`INVARIANTS`].
    pub invariants: Vec<InvariantRun>,
    /// What became of the writes of superseded leaders.
    pub stale_writes: StaleWrites,
    /// Writes that the store took.
    pub taken: u64,
    /// Writes that the store refused.
    pub refused: u64,
}

/// A run that ended in a panic: the application's, or the simulated etcd's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crashed {
    /// The run's seed.
    pub seed: u64,
    /// What it panicked with.
    pub panic: String,
}

impl fmt::Display for Crashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the run of seed {:#x} panicked: {}", self.seed, self.panic)
    }
}

impl std::error::Error for Crashed {}

/// Counts what the store does.
#[derive(Clone, Copy, Debug, Default)]
struct Writes {
    taken: u64,
    refused: u64,
}

impl Observer for Writes {
    fn interest(&self) -> Interest {
        Interest::WRITES
    }
    fn observe(&mut self, observation: &Observation) {
        match observation.what {
            What::WriteAccepted(_) => self.taken += 1,
            What::WriteRejected(_) => self.refused += 1,
            _ => {}
        }
    }
}

impl Trial {
    /// Puts an application under a scenario.
    ///
    /// # Errors
    /// If the scenario wants what a run of the application does not have.
    pub fn new(scenario: &Scenario, application: Application) -> Result<Trial, Refused> {
        let ttl = application.ttl.unwrap_or_else(|| ttl_of(scenario));
        if ttl < SHORTEST_LEASE {
            return Err(Refused::ShortLease);
        }
        if !scenario.is_for(ALGORITHM) {
            return Err(Refused::Lacks(format!(
                "the algorithms that the scenario is for; it is an election as of `{ALGORITHM}`"
            )));
        }
        let served = scenario.setting_for(ALGORITHM);
        if scenario.members != served.contenders() {
            return Err(Refused::Lacks("nodes that stand by until they are added (`members`)".to_owned()));
        }
        let (mut setting, surroundings) = refusal::world(served)?;
        setting.fencing = application.fencing.unwrap_or(setting.fencing);
        let expectation = scenario.expectation_for(ALGORITHM).clone();
        let watch = invariants::Setting {
            nodes: setting.nodes,
            heal: setting.heal.map(|heal| GlobalTime::ZERO + heal),
            leader_within: expectation.leader_within,
            leader_during: expectation
                .leader_during
                .map(|asked| Demand { within: asked.within, of: asked.of }),
        };
        let options = options(served, ttl, application.care);
        let config = config(surroundings);
        let plan = Plan { setting: Arc::new(setting), config, application: options };
        Ok(Trial { plan, watch, expectation, care: application.care })
    }

    /// Runs one seed.
    ///
    /// # Errors
    /// If the application or the simulated etcd panics.
    pub fn run(&self, seed: u64) -> Result<Run, Crashed> {
        self.run_beside((), seed).map(|(run, ())| run)
    }

    /// Runs one seed, and keeps everything that was observed.
    ///
    /// # Errors
    /// If the application or the simulated etcd panics.
    pub fn record(&self, seed: u64) -> Result<(Run, Vec<Observation>), Crashed> {
        self.run_beside(Vec::new(), seed)
    }

    fn run_beside<O>(&self, listener: O, seed: u64) -> Result<(Run, O), Crashed>
    where
        O: Observer + Send + 'static,
    {
        let setting = &self.plan.setting;
        let meter = Meter::new(setting.nodes, &setting.plan);
        let listeners = (((Suite::new(&self.watch), meter), Writes::default()), listener);
        let (outcome, (((suite, meter), writes), listener)) =
            run::run(&self.plan, listeners, seed).map_err(|panic| Crashed { seed, panic })?;
        let invariants = suite.verdicts().map(|(_, report)| InvariantRun {
            exercised: report.exercised(),
            violation: report
                .violation()
                .map(|found| (found.at, format!("{}: {}", found.node, found.detail))),
        });
        let run = Run {
            seed,
            digest: outcome.digest,
            missed_faults: outcome.missed_faults,
            measurement: meter.measurement().clone(),
            invariants: invariants.collect(),
            stale_writes: suite.stale_writes(),
            taken: writes.taken,
            refused: writes.refused,
        };
        Ok((run, listener))
    }

    /// The lease's time to live.
    pub fn ttl(&self) -> Span {
        Span::secs(self.plan.application.ttl.into())
    }

    /// Whether an invariant is asked of the application. Writes are to be fenced and seats given once, whatever it does for that;
    /// leases are to exclude each other where it leaves the server the second by which that is early; and a leader is to be there
    /// in time where the scenario says what that is.
    pub fn asks(&self, invariant: &str) -> bool {
        match invariant {
            "election-safety" | "fenced-writes" => true,
            "lease-exclusion" => {
                matches!(self.care, Care::Fenced { margin } if margin >= Duration::from_secs(1))
            }
            "leader-within" => self.expectation.leader_within.is_some(),
            "leader-during" => self.expectation.leader_during.is_some(),
            _ => false,
        }
    }

    /// The setting as the run has it.
    pub fn setting(&self) -> &Setting {
        &self.plan.setting
    }

    /// The place of an invariant in [`Run::invariants`].
    pub fn place(invariant: &str) -> Option<usize> {
        INVARIANTS.iter().position(|info| info.name == invariant)
    }
}

/// In seconds.
const SHORTEST_LEASE: u32 = 2;

/// The time to live that the scenario gives our own model, in seconds.
fn ttl_of(scenario: &Scenario) -> u32 {
    let set = scenario.parameters.get(ALGORITHM).and_then(|parameters| parameters.set.get("ttl"));
    match set {
        Some(Value::Span(span)) => (span.0 / 1_000_000_000) as u32,
        _ => SHORTEST_LEASE,
    }
}

/// What the scenario's clients do, the leader does here by itself.
fn options(served: &Setting, ttl: u32, care: Care) -> Options {
    let duration = |span: Span| Duration::from_nanos(span.0);
    let (least, most) = served.workload.check_to_act;
    let never = Span::secs(1 << 30);
    Options {
        name: String::new(),
        etcd: String::new(),
        store: String::new(),
        election: "the-one-that-works".to_owned(),
        ttl,
        care,
        write_every: duration(served.workload.writes_every.unwrap_or(never)),
        prepare: duration(least)..duration(most),
    }
}

fn config(Surroundings { latency: (min, max), loss }: Surroundings) -> madsim::Config {
    let latency = Duration::from_nanos(min.0)..Duration::from_nanos(max.0 + 1);
    let net = madsim::net::Config { packet_loss_rate: loss.as_f64(), send_latency: latency };
    madsim::Config { net, ..madsim::Config::default() }
}
