//! At most one leader per epoch, ever.
//!
//! A leader is a node in one incarnation: a node that wins an epoch, forgets it in a crash and wins it again has led
//! two reigns under one number, which no token can tell apart. A node that stops leading and leads the same epoch
//! again within one incarnation is still the one leader of that epoch, and is allowed: it remembers what it did.

use crate::memory::{Memory, of_office};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Epoch, Incarnation, Interest, NodeId, Observation, Office, What};
use std::fmt;

/// The monitor of `election-safety`. Every election puts it to the test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ElectionSafety {
    report: Report,
    winners: Memory<(Office, Epoch), (NodeId, Incarnation)>,
}

/// One epoch with two leaders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach {
    /// The leadership.
    pub office: Office,
    /// The epoch.
    pub epoch: Epoch,
    /// Who won it first.
    pub first: (NodeId, Incarnation),
    /// Who won it then.
    pub second: (NodeId, Incarnation),
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { office, epoch, first: (first, before), second: (second, after) } = self;
        write!(f, "{epoch}{} was won by {first} ({before}) and by {second} ({after})", of_office(*office))
    }
}

impl Monitor for ElectionSafety {
    const INFO: Info = Info {
        name: "election-safety",
        code: "ES",
        summary: "an epoch has at most one leader, ever: one node in one incarnation",
        kind: PropertyKind::Safety,
        source: "Ongaro and Ousterhout 2014, figure 3, Election Safety",
    };
    const INTEREST: Interest = Interest::LEADERSHIP;

    fn new(_: &Setting) -> ElectionSafety {
        ElectionSafety { report: Report::default(), winners: Memory::default() }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.winners.clear();
    }
    fn observe(&mut self, seen: &Observation) {
        let What::Elected(leadership) = seen.what else { return };
        self.report.exercise();
        let (office, epoch, second) = (leadership.office, leadership.epoch, (seen.node, seen.incarnation));
        let (_, first) = self.winners.remember((office, epoch), second);
        if *first != second {
            self.report.violate(seen, Breach { office, epoch, first: *first, second });
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::ElectionSafety;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};
    use interregnum_kernel::Office;

    #[test]
    fn one_epoch_won_by_two_nodes_is_a_violation() {
        let judged = history().elected(n(1), 3).at(7).elected(n(2), 3).judged_by::<ElectionSafety>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 7ms: e3 was won by n1 (i0) and by n2 (i0)");
    }

    #[test]
    fn the_first_winner_is_remembered_long_after_its_reign() {
        let story = history().elected(n(1), 3).deposed(n(1)).elected(n(2), 4).deposed(n(2)).elected(n(3), 3);
        assert_eq!(story.judged_by::<ElectionSafety>().verdict(), Violated);
    }

    #[test]
    fn one_epoch_won_twice_by_a_node_that_crashed_between_is_a_violation() {
        let story = history().elected(n(1), 3).crashed(n(1)).restarted(n(1), 2).elected(n(1), 3);
        assert_eq!(story.judged_by::<ElectionSafety>().verdict(), Violated);
    }

    #[test]
    fn a_leader_that_loses_and_regains_its_own_epoch_is_allowed() {
        let story = history().elected(n(1), 3).deposed(n(1)).elected(n(1), 3);
        assert_eq!(story.judged_by::<ElectionSafety>().verdict(), Holds);
    }

    #[test]
    fn two_leaders_in_different_epochs_at_one_instant_are_allowed() {
        let story = history().elected(n(1), 3).elected(n(2), 4);
        assert_eq!(story.judged_by::<ElectionSafety>().verdict(), Holds);
    }

    #[test]
    fn the_same_epoch_of_two_offices_is_two_epochs() {
        let story = history().elected(n(1), 3).elected_to(Office::SERVICE, n(2), 3);
        assert_eq!(story.judged_by::<ElectionSafety>().verdict(), Holds);
    }

    #[test]
    fn a_run_without_a_leader_does_not_exercise_it() {
        let story = history().voted(n(1), 1, n(1)).voted(n(2), 1, n(2)).ended();
        assert_eq!(story.judged_by::<ElectionSafety>().verdict(), NotExercised);
    }
}
