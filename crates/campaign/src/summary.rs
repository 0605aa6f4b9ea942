//! All runs of one job, summed up.

use crate::distribution::Distribution;
use crate::engine::Engine;
use crate::goals::GOALS;
use crate::judge;
use crate::meter::Measurement;
use crate::sweep::{InvariantRun, Job, Run, Seeds};
use interregnum_invariants::{INVARIANTS, PropertyKind, StaleWrites};
use interregnum_kernel::{Digest, FaultClasses, GlobalTime, Span, TraceDigest};
use interregnum_scenario::{Counted, Profile};
use interregnum_sim::Stop;
use serde::Serialize;
use std::time::Duration;

/// The verdict on an invariant over all runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum InvariantVerdict {
    /// It was put to the test and held in every run.
    #[serde(rename = "holds")]
    Holds,
    /// It was violated in at least one run, and the algorithm promises it, or the scenario asks for it or expects its
    /// violation.
    #[serde(rename = "violated")]
    Violated,
    /// It was put to the test in no run.
    #[serde(rename = "not exercised")]
    NotExercised,
    /// The algorithm does not promise it under what goes wrong here, and the scenario does not speak of it.
    #[serde(rename = "not promised")]
    NotPromised,
}

/// A violation in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstViolation {
    /// The run's seed.
    pub seed: u64,
    /// When.
    pub at: GlobalTime,
    /// What.
    pub detail: String,
}

/// One invariant over all runs.
#[derive(Clone, Debug)]
pub struct InvariantSummary {
    /// Its name.
    pub name: &'static str,
    /// Its code, for narrow columns.
    pub code: &'static str,
    /// Safety or liveness.
    pub kind: PropertyKind,
    /// The verdict; set when the sweep is over.
    pub verdict: InvariantVerdict,
    /// Whether it was violated although it is promised or asked for, and its violation is not expected.
    pub unexpected: bool,
    /// Of what goes wrong in the scenario, that under which the algorithm does not promise what it promises elsewhere.
    /// Empty unless the verdict is [`InvariantVerdict::NotPromised`], and where the algorithm never promises it.
    pub not_promised_because: FaultClasses,
    /// How often it was put to the test.
    pub exercised: u64,
    /// In how many runs it was violated.
    pub violated_runs: u64,
    /// The violation of the lowest seed.
    pub first_violation: Option<FirstViolation>,
}

/// One goal over all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalSummary {
    /// Its name.
    pub name: &'static str,
    /// Whether the scenario asks for it.
    pub asked: bool,
    /// In how many runs it was reached.
    pub runs: u64,
    /// The lowest seed with which it was.
    pub first_seed: Option<u64>,
}

/// All runs of one job.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The algorithm's name.
    pub algorithm: String,
    /// The planted bug.
    pub bug: Option<String>,
    /// What ran it.
    pub engine: Engine,
    /// Whose defaults held.
    pub profile: Profile,
    /// How many nodes there were, spares included.
    pub nodes: u8,
    /// Whether finding a leader takes the clients a time of its own.
    pub discovering: bool,
    /// The seeds.
    pub seeds: Seeds,
    /// The runs' digests, folded in the order of the seeds.
    pub digest: TraceDigest,
    /// The invariants, in the order of their registry.
    pub invariants: Vec<InvariantSummary>,
    /// The goals, in the order of their registry.
    pub goals: Vec<GoalSummary>,
    /// How long failovers took; every failover of every run.
    pub failover: Distribution,
    /// How long the loss went unnoticed.
    pub detection: Distribution,
    /// How long the election took from there.
    pub election: Distribution,
    /// How long clients took from there until they knew the successor.
    pub discovery: Distribution,
    /// What was left from there to the first write.
    pub first_write: Distribution,
    /// When the first leader was established, from the start.
    pub first_leader: Distribution,
    /// Time without a usable leader, summed: leaderless, zombie-led, contested.
    pub unavailable: [u128; 3],
    /// Leaders established, the first of each run included: what elections cost is divided by this.
    pub elections: u64,
    /// Leaders elected after the first.
    pub leader_changes: u64,
    /// Leader changes that nothing called for.
    pub spurious_failovers: u64,
    /// Epochs whose votes were split.
    pub split_votes: u64,
    /// Messages between nodes.
    pub messages: u64,
    /// Those of the kinds that the algorithm's registry entry counts among its elections, sent at any time of the run:
    /// for the first leader, for its successors, and in elections that nobody won. `None` where it counts none.
    pub election_messages: Option<u64>,
    /// Completed fsyncs.
    pub fsyncs: u64,
    /// Writes of deposed leaders.
    pub stale_writes: StaleWrites,
    /// Simulated nanoseconds.
    pub simulated: u128,
    /// Events handled.
    pub events: u64,
    /// Runs in which some fault found no target.
    pub runs_with_missed_faults: u64,
    /// Runs in which no fault of the plan found a target; zero where there is no plan.
    pub runs_without_fault: u64,
    /// Runs stopped by the limit of events.
    pub limited_runs: u64,
    /// Real time.
    pub wall: Duration,
    /// What was not as the scenario expects, in words; empty if all was.
    pub complaints: Vec<String>,
    /// The expectations of the scenario that are not meant for this profile and cluster size, by their keys.
    pub not_judged: Vec<&'static str>,
    planned_faults: u64,
    running: Digest,
}

impl Summary {
    pub(crate) fn new(job: &Job<'_>) -> Summary {
        let invariants = INVARIANTS.iter().map(|info| InvariantSummary {
            name: info.name,
            code: info.code,
            kind: info.kind,
            verdict: InvariantVerdict::NotExercised,
            unexpected: false,
            not_promised_because: FaultClasses::NONE,
            exercised: 0,
            violated_runs: 0,
            first_violation: None,
        });
        let asked = &job.scenario.expectation_for(job.algorithm).sometimes;
        let goals = GOALS.iter().map(|goal| GoalSummary {
            name: goal.info.name,
            asked: asked.iter().any(|name| name == goal.info.name),
            runs: 0,
            first_seed: None,
        });
        let entry = interregnum_registry::find(job.algorithm);
        let counts_elections = entry.is_some_and(|entry| !entry.election_kinds.is_empty());
        Summary {
            scenario: job.scenario.name.clone(),
            algorithm: job.algorithm.to_owned(),
            bug: crate::sweep::parameters(job).bug,
            engine: job.engine,
            profile: job.scenario.profile,
            nodes: job.scenario.setting.nodes,
            discovering: job.scenario.setting.workload.discovery.is_some(),
            seeds: job.seeds,
            digest: TraceDigest::default(),
            invariants: invariants.collect(),
            goals: goals.collect(),
            failover: Distribution::default(),
            detection: Distribution::default(),
            election: Distribution::default(),
            discovery: Distribution::default(),
            first_write: Distribution::default(),
            first_leader: Distribution::default(),
            unavailable: [0; 3],
            elections: 0,
            leader_changes: 0,
            spurious_failovers: 0,
            split_votes: 0,
            messages: 0,
            election_messages: counts_elections.then_some(0),
            fsyncs: 0,
            stale_writes: StaleWrites::default(),
            simulated: 0,
            events: 0,
            runs_with_missed_faults: 0,
            runs_without_fault: 0,
            planned_faults: job.scenario.setting.plan.faults.len() as u64,
            limited_runs: 0,
            wall: Duration::ZERO,
            complaints: Vec::new(),
            not_judged: Vec::new(),
            running: Digest::default(),
        }
    }

    pub(crate) fn add(&mut self, run: &Run) {
        self.running.absorb(run.digest.0 as u64);
        self.running.absorb((run.digest.0 >> 64) as u64);
        self.add_measurement(&run.measurement);
        for (summary, of_run) in self.invariants.iter_mut().zip(&run.invariants) {
            summary.add(run.seed, of_run);
        }
        for (summary, goal) in self.goals.iter_mut().zip(GOALS) {
            summary.add(run.seed, (goal.reached)(run));
        }
        self.messages += run.counts.messages;
        self.election_messages = self.election_messages.map(|sum| sum + run.counts.election_messages);
        self.fsyncs += run.counts.fsyncs;
        self.events += run.counts.events;
        self.simulated += u128::from(run.ended.nanos());
        let missed = u64::from(run.missed_faults);
        self.runs_with_missed_faults += u64::from(missed > 0);
        self.runs_without_fault += u64::from(missed > 0 && missed == self.planned_faults);
        self.limited_runs += u64::from(run.stop == Stop::EventLimit);
        self.stale_writes.attempted += run.stale_writes.attempted;
        self.stale_writes.rejected += run.stale_writes.rejected;
        self.stale_writes.accepted += run.stale_writes.accepted;
        self.stale_writes.first_use_gap += run.stale_writes.first_use_gap;
    }

    fn add_measurement(&mut self, measured: &Measurement) {
        for failover in &measured.failovers {
            self.failover.add_or_never(failover.took);
            self.detection.add_or_never(failover.detection);
            self.election.add_or_never(failover.election);
            self.discovery.add_or_never(failover.discovery);
            self.first_write.add_or_never(failover.first_write());
        }
        self.first_leader.add_or_never(measured.first_leader.map(|(at, _)| at.since(GlobalTime::ZERO)));
        let unavailable = &measured.unavailable;
        let kinds = [unavailable.leaderless, unavailable.zombie_led, unavailable.contested];
        for (sum, span) in self.unavailable.iter_mut().zip(kinds) {
            *sum += u128::from(span.nanos());
        }
        self.elections += measured.elections;
        self.leader_changes += measured.leader_changes;
        self.spurious_failovers += measured.spurious_failovers;
        self.split_votes += measured.split_votes;
    }

    pub(crate) fn finish(&mut self, job: &Job<'_>, wall: Duration) {
        self.digest = self.running.value();
        self.wall = wall;
        judge::judge(self, job);
    }

    /// Whether everything was as the scenario expects.
    pub fn as_expected(&self) -> bool {
        self.complaints.is_empty()
    }

    /// The invariant of this name.
    pub fn invariant(&self, name: &str) -> Option<&InvariantSummary> {
        self.invariants.iter().find(|invariant| invariant.name == name)
    }

    /// A count that expectations are about.
    pub fn counted(&self, counted: Counted) -> u64 {
        match counted {
            Counted::StaleWritesRejected => self.stale_writes.rejected,
            Counted::StaleWritesAccepted => self.stale_writes.accepted,
            Counted::LeaderChanges => self.leader_changes,
            Counted::SpuriousFailovers => self.spurious_failovers,
            Counted::SplitVotes => self.split_votes,
            Counted::Failovers => self.failover.count(),
        }
    }

    /// Leader changes per hour of simulated time, rounded to the nearest hundredth; a half rounds up. `None` where no time
    /// went by.
    pub fn leader_changes_per_hour(&self) -> Option<f64> {
        const HUNDRED_HOURS: u128 = 360_000_000_000_000;
        let counted = u128::from(self.leader_changes) * HUNDRED_HOURS;
        let hundredths = (2 * counted + self.simulated).checked_div(2 * self.simulated)?;
        Some(hundredths as f64 / 100.0)
    }

    /// The mean per run of a time that was summed over all runs.
    pub fn mean_unavailable(&self, kind: usize) -> Span {
        Span((self.unavailable[kind] / u128::from(self.seeds.count.max(1))) as u64)
    }
}

impl GoalSummary {
    fn add(&mut self, seed: u64, reached: bool) {
        if reached {
            self.runs += 1;
            self.first_seed.get_or_insert(seed);
        }
    }
}

impl InvariantSummary {
    fn add(&mut self, seed: u64, run: &InvariantRun) {
        self.exercised += run.exercised;
        let Some((at, detail)) = &run.violation else { return };
        self.violated_runs += 1;
        if self.first_violation.is_none() {
            self.first_violation = Some(FirstViolation { seed, at: *at, detail: detail.clone() });
        }
    }
}
