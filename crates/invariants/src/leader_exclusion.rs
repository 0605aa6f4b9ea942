//! At most one node acts as leader at one instant, in the leadership that is contested.
//!
//! Stronger than election safety, and not to be had without clocks or luck: an old leader of an older epoch may lead
//! on for a while. A reign includes the instant at which it begins and not the one at which it ends. A stopped node does not act;
//! one that goes on as leader acts again.

use crate::exclusion::{Holders, Overlap};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Interest, Observation, Office, What};
use std::fmt;

/// The monitor of `leader-exclusion`. A node that leads where last another one led puts it to the test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaderExclusion {
    report: Report,
    leaders: Holders,
}

/// Two leaders at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach(pub Overlap);

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f, "both lead", "")
    }
}

impl Monitor for LeaderExclusion {
    const INFO: Info = Info {
        name: "leader-exclusion",
        code: "LX",
        summary: "at most one node acts as leader at one instant",
        kind: PropertyKind::Safety,
        source: "Garcia-Molina 1982, assertion 1",
    };
    const INTEREST: Interest = Interest::LEADERSHIP.and(Interest::LIFE);

    fn new(_: &Setting) -> LeaderExclusion {
        LeaderExclusion { report: Report::default(), leaders: Holders::default() }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.leaders.clear();
    }
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            // Nobody claims that a service's own leader is alone: it leads its clients through a log that others can join.
            What::Elected(leadership) if leadership.office == Office::CONTESTED => {
                self.leaders.take(leadership.office, seen, &mut self.report, Breach);
            }
            What::Deposed(leadership) if leadership.office == Office::CONTESTED => {
                self.leaders.release(leadership.office, seen, &mut self.report, Breach);
            }
            _ => self.leaders.live(seen, &mut self.report, Breach),
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::LeaderExclusion;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};
    use interregnum_kernel::Office;

    #[test]
    fn two_leaders_at_one_instant_are_a_violation_even_in_different_epochs() {
        let story = history().elected(n(1), 3).at(4).elected(n(2), 4).at(9).deposed(n(1));
        let judged = story.judged_by::<LeaderExclusion>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 4ms: n1 and n2 both lead at the same time");
    }

    #[test]
    fn a_successor_after_the_end_of_the_old_reign_is_allowed() {
        let story = history().elected(n(1), 3).at(4).deposed(n(1)).elected(n(2), 4);
        assert_eq!(story.judged_by::<LeaderExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_reign_that_ends_when_the_next_begins_is_allowed_in_whatever_order_it_is_told() {
        let story = history().elected(n(1), 3).at(4).elected(n(2), 4).deposed(n(1)).at(5).ended();
        assert_eq!(story.judged_by::<LeaderExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_third_leader_of_the_same_instant_does_not_hide_the_other_two() {
        let story = history().elected(n(1), 3).at(4).elected(n(2), 4).elected(n(3), 5).deposed(n(1));
        let judged = story.judged_by::<LeaderExclusion>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 4ms: n2 and n3 both lead at the same time");
    }

    #[test]
    fn a_crash_ends_a_reign() {
        let story = history().elected(n(1), 3).at(4).crashed(n(1)).at(5).elected(n(2), 4);
        assert_eq!(story.judged_by::<LeaderExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_stopped_leader_excludes_nobody() {
        let story = history().elected(n(1), 3).at(4).stopped(n(1)).at(5).elected(n(2), 4).at(9).ended();
        assert_eq!(story.judged_by::<LeaderExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_leader_that_goes_on_while_its_successor_leads_is_a_violation() {
        let story = history().elected(n(1), 3).at(4).stopped(n(1)).at(5).elected(n(2), 4).at(7).resumed(n(1));
        let judged = story.at(9).deposed(n(1)).judged_by::<LeaderExclusion>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 7ms: n1 and n2 both lead at the same time");
    }

    #[test]
    fn a_leader_that_goes_on_and_at_once_steps_down_is_allowed() {
        let story = history().elected(n(1), 3).at(4).stopped(n(1)).at(5).elected(n(2), 4).at(7).resumed(n(1));
        let story = story.deposed(n(1)).at(9).ended();
        assert_eq!(story.judged_by::<LeaderExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_leader_that_goes_on_after_its_successors_reign_puts_it_to_the_test() {
        let story = history().elected(n(1), 3).at(4).stopped(n(1)).at(5).elected(n(2), 4).at(6).deposed(n(2));
        let judged = story.at(7).resumed(n(1)).judged_by::<LeaderExclusion>();
        assert_eq!(judged.verdict(), Holds);
        assert_eq!(judged.exercised(), 2, "twice the leadership passed on");
    }

    #[test]
    fn a_leader_that_dies_while_it_is_stopped_may_lead_afresh() {
        let story = history().elected(n(1), 3).at(4).stopped(n(1)).at(5).crashed(n(1)).restarted(n(1), 3);
        let story = story.at(6).elected(n(1), 4).at(7).elected(n(2), 5);
        let judged = story.judged_by::<LeaderExclusion>();
        assert_eq!(judged.verdict(), Violated, "the stop died with the process");
        assert_eq!(judged.words(), "after 7ms: n1 and n2 both lead at the same time");
    }

    #[test]
    fn a_stopped_node_between_two_leaders_does_not_hide_them() {
        let story = history().elected(n(2), 3).at(4).stopped(n(2)).at(5).elected(n(1), 4).at(6).elected(n(3), 5);
        let judged = story.judged_by::<LeaderExclusion>();
        assert_eq!(judged.words(), "after 6ms: n1 and n3 both lead at the same time");
    }

    #[test]
    fn leaders_of_two_offices_do_not_exclude_each_other() {
        let story = history().elected(n(1), 3).elected_to(Office::SERVICE, n(2), 1).deposed(n(1));
        let story = story.at(1).elected(n(2), 4);
        assert_eq!(story.judged_by::<LeaderExclusion>().verdict(), Holds);
    }

    #[test]
    fn two_leaders_inside_a_coordination_service_are_its_own_business() {
        let story = history().elected_to(Office::SERVICE, n(1), 3).at(4).elected_to(Office::SERVICE, n(2), 4).at(5);
        assert_eq!(story.ended().judged_by::<LeaderExclusion>().verdict(), NotExercised);
    }

    #[test]
    fn a_single_leader_does_not_exercise_it_however_often_it_is_elected() {
        let story = history().elected(n(1), 3).deposed(n(1)).at(2).elected(n(1), 4);
        assert_eq!(story.judged_by::<LeaderExclusion>().verdict(), NotExercised);
    }
}
