//! Many runs, added up, and the table that is printed of them.

use crate::trial::{Run, Trial};
use interregnum_campaign::{Distribution, InMillis as _};
use interregnum_invariants::{INVARIANTS, StaleWrites};
use interregnum_kernel::{GlobalTime, Span};
use std::fmt;

/// Runs of one trial, added up.
#[derive(Clone, Debug)]
pub struct Summary {
    /// How many runs there were.
    pub runs: u64,
    /// How long failovers took.
    pub failover: Distribution,
    /// Leaders elected after the first of each run.
    pub leader_changes: u64,
    /// Leader changes that no fault called for.
    pub spurious: u64,
    /// Writes that the store took.
    pub taken: u64,
    /// Writes that the store refused.
    pub refused: u64,
    /// What became of the writes of superseded leaders.
    pub stale: StaleWrites,
    /// Runs with a stale write that a store without a fence would have taken after a successor's, or that was taken.
    pub runs_with_late_writes: u64,
    /// Runs in which no fault found a target.
    pub runs_without_fault: u64,
    /// The invariants, in the order of the registry.
    pub properties: Vec<Property>,
}

/// How one invariant fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// Whether it is asked of the application.
    pub asked: bool,
    /// Runs that put it to the test.
    pub exercised_runs: u64,
    /// Runs that violated it.
    pub violated_runs: u64,
    /// The violation of the run that came first.
    pub first: Option<FirstViolation>,
}

/// A violation, and where to find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstViolation {
    /// The run's seed.
    pub seed: u64,
    /// When it happened.
    pub at: GlobalTime,
    /// What happened.
    pub words: String,
}

impl Summary {
    /// Of no runs yet.
    pub fn new(trial: &Trial) -> Summary {
        let property = |name| Property {
            name,
            asked: trial.asks(name),
            exercised_runs: 0,
            violated_runs: 0,
            first: None,
        };
        Summary {
            runs: 0,
            failover: Distribution::default(),
            leader_changes: 0,
            spurious: 0,
            taken: 0,
            refused: 0,
            stale: StaleWrites::default(),
            runs_with_late_writes: 0,
            runs_without_fault: 0,
            properties: INVARIANTS.iter().map(|info| property(info.name)).collect(),
        }
    }

    /// Adds a run.
    pub fn add(&mut self, run: &Run, trial: &Trial) {
        self.runs += 1;
        for failover in &run.measurement.failovers {
            self.failover.add_or_never(failover.took);
        }
        self.leader_changes += run.measurement.leader_changes;
        self.spurious += run.measurement.spurious_failovers;
        self.taken += run.taken;
        self.refused += run.refused;
        let (stale, more) = (&mut self.stale, run.stale_writes);
        stale.attempted += more.attempted;
        stale.rejected += more.rejected;
        stale.accepted += more.accepted;
        stale.first_use_gap += more.first_use_gap;
        self.runs_with_late_writes += u64::from(more.rejected + more.accepted > 0);
        let faults = trial.setting().plan.faults.len();
        self.runs_without_fault += u64::from(faults > 0 && run.missed_faults as usize >= faults);
        for (property, of_run) in self.properties.iter_mut().zip(&run.invariants) {
            property.add(run.seed, of_run);
        }
    }

    /// The invariant of this name.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// What was asked and does not hold, and what makes the whole worthless, in words.
    pub fn complaints(&self) -> Vec<String> {
        let violated = self.properties.iter().filter(|property| property.asked && property.violated_runs > 0);
        let mut complaints: Vec<String> = violated.map(Property::complaint).collect();
        if self.runs > 0 && self.runs_without_fault == self.runs {
            complaints.push("in no run did any fault find a target: the scenario tests nothing".to_owned());
        }
        complaints
    }
}

impl Property {
    fn add(&mut self, seed: u64, run: &interregnum_campaign::InvariantRun) {
        self.exercised_runs += u64::from(run.exercised > 0);
        let Some((at, words)) = &run.violation else { return };
        self.violated_runs += 1;
        self.first.get_or_insert_with(|| FirstViolation { seed, at: *at, words: words.clone() });
    }

    /// Its verdict in a word or two.
    pub fn verdict(&self) -> &'static str {
        match (self.asked, self.violated_runs, self.exercised_runs) {
            (true, 1.., _) => "VIOLATED",
            (false, 1.., _) => "broken, not promised",
            (_, 0, 0) => "not exercised",
            (true, 0, _) => "holds",
            (false, 0, _) => "held, not promised",
        }
    }

    fn complaint(&self) -> String {
        let Property { name, violated_runs, first, .. } = self;
        let Some(FirstViolation { seed, at, words }) = first else { return format!("{name} is violated") };
        let after = at.since(GlobalTime::ZERO).in_millis();
        format!(
            "{name} is violated in {violated_runs} runs; first with seed {seed:#x} after {after:.3} ms: {words}"
        )
    }
}

/// A time as the table shows it.
fn shown(time: Option<Span>) -> String {
    time.map_or("never".to_owned(), |time| format!("{:.0} ms", time.in_millis()))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failover = &self.failover;
        let of = |per_mille| shown(failover.per_mille(per_mille));
        if failover.is_empty() {
            writeln!(f, "failovers        none was needed")?;
        } else {
            let (count, never) = (failover.count() + failover.never(), failover.never());
            let (p50, p99, max) = (of(500), of(990), of(1000));
            writeln!(
                f,
                "failovers        {count}: p50 {p50}, p99 {p99}, longest {max}; {never} never ended"
            )?;
        }
        writeln!(f, "leader changes   {}, {} of them without a fault", self.leader_changes, self.spurious)?;
        writeln!(f, "writes           {} taken, {} refused", self.taken, self.refused)?;
        let StaleWrites { attempted, rejected, accepted, first_use_gap } = self.stale;
        writeln!(
            f,
            "stale writes     {attempted} arrived: {rejected} refused by the fence, {accepted} taken after a successor's, \
             {first_use_gap} before any"
        )?;
        writeln!(
            f,
            "without a fence  {} would have been taken after a successor's, in {} of {} runs",
            rejected + accepted,
            self.runs_with_late_writes,
            self.runs
        )?;
        writeln!(f, "\n{:<18}  {:<20}  {:>9}  {:>8}", "invariant", "verdict", "exercised", "violated")?;
        for property in
            self.properties.iter().filter(|one| one.asked || one.exercised_runs + one.violated_runs > 0)
        {
            let Property { name, exercised_runs, violated_runs, .. } = property;
            writeln!(f, "{name:<18}  {:<20}  {exercised_runs:>9}  {violated_runs:>8}", property.verdict())?;
        }
        for complaint in self.complaints() {
            writeln!(f, "\n{complaint}")?;
        }
        Ok(())
    }
}
