//! At most one node holds a lease at one instant.
//!
//! A lease is what a leader may act or read alone by. A leader may outlive its lease and another may be elected
//! meanwhile; only the leases must not overlap. A lease includes the instant at which it is held and not its deadline. A
//! stopped node does not act by its lease, which runs on by its clock.

use crate::exclusion::{Holders, Overlap};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Interest, Observation, What};
use std::fmt;

/// The monitor of `lease-exclusion`. A node that takes the lease that last another one held puts it to the test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaseExclusion {
    report: Report,
    holders: Holders,
}

/// Two leases at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach(pub Overlap);

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f, "both hold", " the lease")
    }
}

impl Monitor for LeaseExclusion {
    const INFO: Info = Info {
        name: "lease-exclusion",
        code: "SX",
        summary: "at most one node holds the lease at one instant",
        kind: PropertyKind::Safety,
        source: "Gray and Cheriton 1989; Ongaro 2014, section 6.4.1",
    };
    const INTEREST: Interest = Interest::LEASES.and(Interest::LIFE);

    fn new(_: &Setting) -> LeaseExclusion {
        LeaseExclusion { report: Report::default(), holders: Holders::default() }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.holders.clear();
    }
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            What::LeaseHeld(office) => self.holders.take(office, seen, &mut self.report, Breach),
            // A node has one lease at most, so whatever it held is gone.
            What::LeaseLost(_) => self.holders.release_all(seen, &mut self.report, Breach),
            _ => self.holders.live(seen, &mut self.report, Breach),
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::LeaseExclusion;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};

    #[test]
    fn two_leases_at_one_instant_are_a_violation() {
        let story = history().lease_held(n(1)).at(4).lease_held(n(2)).at(5).lease_lost(n(1));
        let judged = story.judged_by::<LeaseExclusion>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 4ms: n1 and n2 both hold the lease at the same time");
    }

    #[test]
    fn two_leaders_of_whom_one_has_lost_its_lease_are_allowed() {
        let story = history().elected(n(1), 3).lease_held(n(1)).at(4).lease_lost(n(1));
        let story = story.elected(n(2), 4).lease_held(n(2));
        assert_eq!(story.judged_by::<LeaseExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_lease_may_begin_at_the_deadline_of_the_last() {
        let story = history().lease_held(n(1)).at(4).lease_held(n(2)).lease_lost(n(1)).at(5).lease_lost(n(2));
        assert_eq!(story.judged_by::<LeaseExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_crashed_holder_holds_nothing() {
        let story = history().lease_held(n(1)).at(4).crashed(n(1)).at(5).lease_held(n(2));
        assert_eq!(story.judged_by::<LeaseExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_stopped_holder_excludes_nobody_until_it_goes_on() {
        let story = history().lease_held(n(1)).at(4).stopped(n(1)).at(5).lease_held(n(2)).at(6);
        assert_eq!(story.clone().ended().judged_by::<LeaseExclusion>().verdict(), Holds);
        let judged = story.resumed(n(1)).at(7).ended().judged_by::<LeaseExclusion>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 6ms: n1 and n2 both hold the lease at the same time");
    }

    #[test]
    fn a_lease_that_runs_out_while_its_holder_is_stopped_is_gone_when_it_goes_on() {
        let story = history().lease_held(n(1)).at(4).stopped(n(1)).at(5).lease_lost(n(1)).lease_held(n(2));
        let story = story.at(6).resumed(n(1)).at(7).ended();
        assert_eq!(story.judged_by::<LeaseExclusion>().verdict(), Holds);
    }

    #[test]
    fn a_single_holder_does_not_exercise_it() {
        let story = history().lease_held(n(1)).at(4).lease_lost(n(1)).at(5).lease_held(n(1));
        assert_eq!(story.judged_by::<LeaseExclusion>().verdict(), NotExercised);
    }
}
