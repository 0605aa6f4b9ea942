//! What a run can reach. A scenario that asks for a goal under `sometimes` must reach it in at least one run, or it did
//! not exercise what it is for.
//!
//! To add a goal, add its row to [`GOALS`]. What it looks at is in the [`Run`]; what is missing there is measured by the
//! [`Meter`](crate::Meter).

use crate::meter::Unavailable;
use crate::sweep::Run;
use interregnum_kernel::Span;
use interregnum_scenario::{GoalInfo, GoalNeeds};

/// Something that a run reaches or not.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// Its name, and what it says.
    pub info: GoalInfo,
    /// Whether this run has reached it.
    pub reached: fn(&Run) -> bool,
}

/// Every goal, in the order in which they are listed.
pub static GOALS: &[Goal] = &[
    goal("no-leader", "no node was ever elected", |run| run.measurement.first_leader.is_none()),
    goal("rival-candidates", "two nodes stood for election in one epoch", |run| {
        run.measurement.rivalries > 0
    }),
    goal("split-vote", "two nodes stood for election in one epoch, and nobody won it", |run| {
        run.measurement.split_votes > 0
    }),
    goal("leader-change", "a leader was elected after the first", |run| run.measurement.leader_changes > 0),
    goal("failover", "a fault took a leader from its quorum, and a successor was at work", |run| {
        run.measurement.failovers.iter().any(|failover| failover.took.is_some())
    }),
    goal("failover-never", "a fault took a leader from its quorum, and no successor came", |run| {
        run.measurement.failovers.iter().any(|failover| failover.took.is_none())
    }),
    goal(
        "spurious-failover",
        "a leader was replaced without a fault or an order that called for it",
        |run| run.measurement.spurious_failovers > 0,
    ),
    goal(
        "leader-returned",
        "a leader that a fault took from its quorum had it back before any other",
        |run| run.measurement.leader_returns > 0,
    ),
    goal("leader-crashed", "a node crashed while it led", |run| run.measurement.leader_crashes > 0),
    goal("leader-stopped", "a node was paused or frozen while it led", |run| {
        run.measurement.leader_stops > 0
    }),
    goal("zombie-resumed", "a stopped leader went on as leader while another led", |run| {
        run.measurement.zombie_resumes > 0
    }),
    goal("zombie-leader", "one node acted as leader, and no quorum could obey it", |run| {
        lasted(run, |unavailable| unavailable.zombie_led)
    }),
    goal("contested", "two nodes acted as leader at once", |run| {
        lasted(run, |unavailable| unavailable.contested)
    }),
    goal(
        "leaderless",
        "nobody acted as leader after the first was elected, or no leader was ever elected",
        |run| lasted(run, |unavailable| unavailable.leaderless),
    ),
    goal_that_needs(GoalNeeds::Writes, "stale-write-attempted", "a deposed leader's write arrived", |run| {
        run.stale_writes.attempted > 0
    }),
    goal_that_needs(
        GoalNeeds::Fencing,
        "stale-write-rejected",
        "a deposed leader's write was refused",
        |run| run.stale_writes.rejected > 0,
    ),
    goal_that_needs(
        GoalNeeds::Writes,
        "stale-write-accepted",
        "a deposed leader's write was taken after its successor's",
        |run| run.stale_writes.accepted > 0,
    ),
    goal_that_needs(
        GoalNeeds::Writes,
        "first-use-gap",
        "a deposed leader's write was taken before its successor's first",
        |run| run.stale_writes.first_use_gap > 0,
    ),
    goal("crash-loses-writes", "a crash lost writes that were not durable, acknowledged or not", |run| {
        run.counts.lost_writes > 0
    }),
    goal("fault-missed", "a fault found no target, or waited for what never came", |run| {
        run.missed_faults > 0
    }),
];

const fn goal(name: &'static str, summary: &'static str, reached: fn(&Run) -> bool) -> Goal {
    goal_that_needs(GoalNeeds::Nothing, name, summary, reached)
}

const fn goal_that_needs(
    needs: GoalNeeds,
    name: &'static str,
    summary: &'static str,
    reached: fn(&Run) -> bool,
) -> Goal {
    Goal { info: GoalInfo { name, summary, needs }, reached }
}

fn lasted(run: &Run, time: fn(&Unavailable) -> Span) -> bool {
    time(&run.measurement.unavailable) > Span::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::{Failover, Measurement};
    use crate::sweep::Counts;
    use interregnum_invariants::StaleWrites;
    use interregnum_kernel::{Epoch, GlobalTime, TraceDigest};
    use interregnum_sim::Stop;
    use std::collections::BTreeSet;

    /// A run with one leader, in which nothing worth a word happened.
    fn quiet() -> Run {
        let first_leader = Some((GlobalTime(1), Epoch(1)));
        Run {
            seed: 0,
            digest: TraceDigest::default(),
            stop: Stop::Horizon,
            ended: GlobalTime(2),
            missed_faults: 0,
            counts: Counts::default(),
            measurement: Measurement { first_leader, elections: 1, ..Measurement::default() },
            invariants: Vec::new(),
            stale_writes: StaleWrites::default(),
        }
    }

    /// The goals that a run reaches in which this happened, too.
    fn reached(happened: Happening) -> Vec<&'static str> {
        let mut run = quiet();
        happened(&mut run);
        GOALS.iter().filter(|goal| (goal.reached)(&run)).map(|goal| goal.info.name).collect()
    }

    fn failover(took: Option<Span>) -> Failover {
        Failover { since: GlobalTime::ZERO, took, detection: None, election: None, discovery: None }
    }

    type Happening = fn(&mut Run);

    /// What makes a run reach each goal, and no other.
    const CASES: &[(&str, Happening)] = &[
        ("no-leader", |run| run.measurement.first_leader = None),
        ("rival-candidates", |run| run.measurement.rivalries = 1),
        ("split-vote", |run| run.measurement.split_votes = 1),
        ("leader-change", |run| run.measurement.leader_changes = 1),
        ("failover", |run| run.measurement.failovers.push(failover(Some(Span::ZERO)))),
        ("failover-never", |run| run.measurement.failovers.push(failover(None))),
        ("spurious-failover", |run| run.measurement.spurious_failovers = 1),
        ("leader-returned", |run| run.measurement.leader_returns = 1),
        ("leader-crashed", |run| run.measurement.leader_crashes = 1),
        ("leader-stopped", |run| run.measurement.leader_stops = 1),
        ("zombie-resumed", |run| run.measurement.zombie_resumes = 1),
        ("zombie-leader", |run| run.measurement.unavailable.zombie_led = Span(1)),
        ("contested", |run| run.measurement.unavailable.contested = Span(1)),
        ("leaderless", |run| run.measurement.unavailable.leaderless = Span(1)),
        ("stale-write-attempted", |run| run.stale_writes.attempted = 1),
        ("stale-write-rejected", |run| run.stale_writes.rejected = 1),
        ("stale-write-accepted", |run| run.stale_writes.accepted = 1),
        ("first-use-gap", |run| run.stale_writes.first_use_gap = 1),
        ("crash-loses-writes", |run| run.counts = Counts { lost_writes: 1, ..Counts::default() }),
        ("fault-missed", |run| run.missed_faults = 1),
    ];

    #[test]
    fn a_quiet_run_reaches_no_goal() {
        assert_eq!(reached(|_| ()), [""; 0]);
    }

    #[test]
    fn every_goal_is_reached_by_what_it_names_and_by_nothing_else() {
        for (name, happened) in CASES {
            assert_eq!(reached(*happened), [*name]);
        }
        let tested: Vec<&str> = CASES.iter().map(|(name, _)| *name).collect();
        let all: Vec<&str> = GOALS.iter().map(|goal| goal.info.name).collect();
        assert_eq!(tested, all, "every goal is tested");
    }

    #[test]
    fn goals_are_named_once_and_described() {
        let names: BTreeSet<&str> = GOALS.iter().map(|goal| goal.info.name).collect();
        assert_eq!(names.len(), GOALS.len(), "each name is used once");
        for GoalInfo { name, summary, .. } in GOALS.iter().map(|goal| goal.info) {
            let kebab = name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(kebab, "{name} is in lower case with dashes");
            assert!(!summary.is_empty(), "{name} says when it is reached");
            let invariant = interregnum_invariants::INVARIANTS.iter().any(|info| info.name == name);
            assert!(!invariant, "{name} is listed among the invariants");
        }
    }
}
