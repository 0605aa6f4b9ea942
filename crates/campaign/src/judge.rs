//! Comparing what happened with what the scenario expects.

use crate::distribution::InMillis as _;
use crate::summary::{InvariantSummary, InvariantVerdict, Summary};
use crate::sweep::Job;
use interregnum_kernel::FaultClasses;
use interregnum_registry::Promise;
use interregnum_scenario::Expectation;

/// Sets the invariants' verdicts and lists everything that was not as expected.
pub(crate) fn judge(summary: &mut Summary, job: &Job<'_>) {
    let expectation = job.scenario.expectation_for(job.algorithm);
    let promises = Promises::of(job);
    let mut complaints = Vec::new();
    for invariant in &mut summary.invariants {
        judge_invariant(invariant, expectation, &promises, &mut complaints);
    }
    judge_failovers(summary, expectation, &mut complaints);
    judge_rate(summary, expectation, &mut complaints);
    let runs = summary.seeds.count;
    for (counted, comparison) in &expectation.counts {
        let count = summary.counted(*counted);
        if !comparison.holds(count) {
            complaints.push(format!("{counted} is {count}; expected {comparison}"));
        }
    }
    for goal in summary.goals.iter().filter(|goal| goal.asked && goal.runs == 0) {
        let plural = if runs == 1 { "run" } else { "runs" };
        complaints.push(format!("not exercised: `{}` never happened in {runs} {plural}", goal.name));
    }
    if summary.limited_runs > 0 {
        let limited = summary.limited_runs;
        complaints.push(format!("{limited} of {runs} runs were stopped by the limit of events"));
    }
    // With slower timers or another size it is an answer that there was no leader yet for the faults to hit.
    if summary.runs_without_fault == runs && runs > 0 && job.scenario.as_written {
        complaints
            .push("in no run did any fault come and find a target: the scenario tests nothing".to_owned());
    }
    summary.complaints = complaints;
    summary.not_judged = expectation.not_judged.clone();
}

/// What the job's algorithm promises, and what goes wrong in the job's world.
struct Promises {
    promises: &'static [Promise],
    /// What it does not promise as it is set.
    withdrawn: &'static [&'static str],
    world: FaultClasses,
}

impl Promises {
    fn of(job: &Job<'_>) -> Promises {
        let entry = interregnum_registry::find(job.algorithm);
        let promises = entry.map(|entry| entry.promises).unwrap_or_default();
        let withdrawn = interregnum_registry::withdrawn(job.algorithm, &crate::sweep::parameters(job));
        Promises { promises, withdrawn, world: job.scenario.setting_for(job.algorithm).classes() }
    }

    /// Whether the invariant is promised here, and if it is promised only elsewhere, because of what.
    fn of_invariant(&self, name: &str) -> (bool, FaultClasses) {
        if self.withdrawn.contains(&name) {
            return (false, FaultClasses::NONE);
        }
        let mut promises = self.promises.iter().filter(|promise| promise.invariant == name);
        let broken = |promise: &Promise| promise.except.among(self.world);
        match promises.clone().any(|promise| broken(promise).is_empty()) {
            true => (true, FaultClasses::NONE),
            false => (false, promises.next().map(broken).unwrap_or_default()),
        }
    }
}

/// Judges what was observed of one invariant. The scenario speaks of it by expecting its violation, or by asking for a
/// leader in time; whoever asks wants to know, promised or not, so that a violation is then a complaint.
fn judge_invariant(
    invariant: &mut InvariantSummary,
    expectation: &Expectation,
    promises: &Promises,
    complaints: &mut Vec<String>,
) {
    let name = invariant.name;
    let expected = expectation.violated.iter().any(|violated| violated == name);
    let asked = match name {
        "leader-within" => expectation.leader_within.is_some(),
        "leader-during" => expectation.leader_during.is_some(),
        _ => false,
    };
    let (promised, because) = promises.of_invariant(name);
    let violated = invariant.violated_runs > 0;
    invariant.verdict = match (promised || asked || expected, violated, invariant.exercised > 0) {
        (false, ..) => InvariantVerdict::NotPromised,
        (true, true, _) => InvariantVerdict::Violated,
        (true, false, true) => InvariantVerdict::Holds,
        (true, false, false) => InvariantVerdict::NotExercised,
    };
    if invariant.verdict == InvariantVerdict::NotPromised {
        invariant.not_promised_because = because;
    }
    invariant.unexpected = violated && (promised || asked) && !expected;
    if invariant.unexpected {
        complaints.push(describe(invariant));
    }
    // A violation that depends on the profile or on the size may stay away where they are not those of the file.
    if expected && !violated && !expectation.not_judged.contains(&"violated") {
        complaints.push(format!("{name} was expected to be violated and never was"));
    }
    if asked && !violated && invariant.exercised == 0 {
        complaints.push(format!("{name} is asked for and was never put to the test"));
    }
}

fn describe(invariant: &InvariantSummary) -> String {
    let runs = invariant.violated_runs;
    let plural = if runs == 1 { "run" } else { "runs" };
    match &invariant.first_violation {
        Some(first) => format!(
            "{} is violated in {runs} {plural}; first with seed {:#x} at {:.3} ms: {}",
            invariant.name,
            first.seed,
            first.at.nanos() as f64 / 1e6,
            first.detail
        ),
        None => format!("{} is violated in {runs} {plural}", invariant.name),
    }
}

fn judge_rate(summary: &Summary, expectation: &Expectation, complaints: &mut Vec<String>) {
    let Some(bound) = expectation.leader_changes_per_hour else { return };
    if !bound.holds_per_hour(summary.leader_changes, summary.simulated) {
        let rate = summary.leader_changes_per_hour().unwrap_or_default();
        complaints.push(format!(
            "leader_changes_per_hour is {rate:.2} ({} in {:.0} s); expected {bound}",
            summary.leader_changes,
            summary.simulated as f64 / 1e9
        ));
    }
}

fn judge_failovers(summary: &Summary, expectation: &Expectation, complaints: &mut Vec<String>) {
    let failover = &summary.failover;
    let wanted = &expectation.failover;
    let percentiles = [
        ("p50", 500, wanted.p50),
        ("p95", 950, wanted.p95),
        ("p99", 990, wanted.p99),
        ("max", 1000, wanted.max),
    ];
    for (name, per_mille, bound) in percentiles {
        let Some(bound) = bound else { continue };
        if failover.is_empty() {
            complaints.push(format!("failover {name} is bounded by {bound}, but no failover was needed"));
            continue;
        }
        match failover.per_mille(per_mille) {
            Some(found) if found <= bound => {}
            Some(found) => {
                let found = found.in_millis();
                complaints.push(format!("failover {name} is {found:.1} ms; expected at most {bound}"));
            }
            None => complaints.push(format!(
                "failover {name} is infinite ({} of {} never came); expected at most {bound}",
                failover.never(),
                failover.never() + failover.count()
            )),
        }
    }
    if let Some(never) = wanted.never
        && !never.holds(failover.never())
    {
        complaints.push(format!("{} failovers never came; expected {never}", failover.never()));
    }
}

#[cfg(test)]
mod tests;
