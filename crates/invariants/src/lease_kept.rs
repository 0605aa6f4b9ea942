//! A coordination service does not end a session within the time for which it was last renewed.
//!
//! Time is the engine's own. The length is one by the service's clocks, and both the clock of the node that renewed and that
//! of the node that ends the session may be wrong by what clocks are allowed to be: a session may end earlier by that much,
//! and no more. A session's opening is its first renewal. It does not matter which service node renewed, nor whether it led: its owner was told. Nor is a failover or
//! a restart of the service an excuse.
//!
//! Once a session has ended nothing more is asked of it: service nodes that lag say late that it did, and what a node says
//! that does not know of it yet is a matter of exclusion among the owners.

use crate::memory::Memory;
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Fact, GlobalTime, Interest, Observation, Span, TOLERABLE_DRIFT_PPM, What};
use std::fmt;

/// The monitor of `lease-kept`. Every end of a session that was renewed puts it to the test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaseKept {
    report: Report,
    sessions: Memory<u64, Session>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Session {
    /// It was renewed, and must not end before a time.
    Renewed { renewed: GlobalTime, length: Span, until: GlobalTime },
    Ended,
}

/// A session that was ended too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach {
    /// The session.
    pub session: u64,
    /// When it was renewed.
    pub renewed: GlobalTime,
    /// For how long.
    pub length: Span,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { session, length, .. } = self;
        let renewed = self.renewed.since(GlobalTime::ZERO);
        write!(f, "the session {session:#x}, renewed at {renewed} for {length}, was ended")
    }
}

/// How long a length lasts at least, between two clocks that are wrong by as much as they may be, in opposite directions.
fn at_least(length: Span) -> Span {
    let million = 1_000_000;
    let drift = u64::from(TOLERABLE_DRIFT_PPM);
    length.scaled(million - drift, million + drift)
}

impl LeaseKept {
    fn renewed(&mut self, renewed: GlobalTime, session: u64, length: Span) {
        let until = renewed + at_least(length);
        let renewal = Session::Renewed { renewed, length, until };
        let (_, known) = self.sessions.remember(session, renewal);
        // A shorter renewal takes nothing back of what the owner was told before.
        if matches!(known, Session::Renewed { until: before, .. } if *before < until) {
            *known = renewal;
        }
    }

    fn expired(&mut self, seen: &Observation, session: u64) {
        let (new, known) = self.sessions.remember(session, Session::Ended);
        let before = std::mem::replace(known, Session::Ended);
        if let (false, Session::Renewed { renewed, length, until }) = (new, before) {
            self.report.exercise();
            if seen.at < until {
                self.report.violate(seen, Breach { session, renewed, length });
            }
        }
    }
}

impl Monitor for LeaseKept {
    const INFO: Info = Info {
        name: "lease-kept",
        code: "LK",
        summary: "no session is ended within the time for which a node of the coordination service renewed it",
        kind: PropertyKind::Safety,
        source: "Gray and Cheriton 1989, section 2; Burrows 2006, section 2.8 (the master promises not to end the session)",
    };
    const INTEREST: Interest = Interest::FACTS;

    fn new(_: &Setting) -> LeaseKept {
        LeaseKept { report: Report::default(), sessions: Memory::default() }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.sessions.clear();
    }
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            What::Fact(Fact::Renewed { session, length }) => self.renewed(seen.at, session, length),
            What::Fact(Fact::Expired { session }) => self.expired(seen, session),
            _ => {}
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::LeaseKept;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};

    #[test]
    fn a_session_that_ends_while_it_is_renewed_is_a_violation() {
        let judged = history().at(100).renewed(n(4), 0x2a, 300).at(350).expired(n(4), 0x2a).judged_by::<LeaseKept>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 350ms: the session 0x2a, renewed at 100ms for 300ms, was ended");
    }

    #[test]
    fn a_session_that_ends_after_its_time_is_kept() {
        let story = history().renewed(n(4), 1, 300).at(300).expired(n(4), 1);
        let judged = story.judged_by::<LeaseKept>();
        assert_eq!((judged.verdict(), judged.exercised()), (Holds, 1));
    }

    #[test]
    fn clocks_may_be_wrong_by_as_much_as_clocks_are() {
        let ends_at = |millis| history().renewed(n(4), 1, 1_000_000).at(millis).expired(n(4), 1);
        assert_eq!(ends_at(999_001).judged_by::<LeaseKept>().verdict(), Holds, "a thousandth early");
        assert_eq!(ends_at(999_000).judged_by::<LeaseKept>().verdict(), Violated, "a little more than that");
    }

    #[test]
    fn every_renewal_counts_and_a_shorter_one_takes_nothing_back() {
        let story = history().renewed(n(4), 1, 300).at(200).renewed(n(4), 1, 300);
        assert_eq!(story.clone().at(400).expired(n(4), 1).judged_by::<LeaseKept>().verdict(), Violated, "the second");
        let shorter = story.at(210).renewed(n(4), 1, 10);
        assert_eq!(shorter.clone().at(400).expired(n(4), 1).judged_by::<LeaseKept>().verdict(), Violated, "still");
        assert_eq!(shorter.at(500).expired(n(4), 1).judged_by::<LeaseKept>().verdict(), Holds, "until it is over");
    }

    #[test]
    fn a_renewal_at_an_old_leader_of_the_service_binds_the_new_one() {
        let story = history().renewed(n(3), 1, 300).at(150).renewed(n(3), 1, 300);
        let judged = story.at(320).expired(n(4), 1).judged_by::<LeaseKept>();
        assert_eq!(judged.verdict(), Violated, "the owner was told, and cannot know by whom");
    }

    #[test]
    fn a_restart_of_the_service_is_no_excuse() {
        let story = history().renewed(n(4), 1, 300).crashed(n(4)).restarted(n(4), 1);
        assert_eq!(story.at(100).expired(n(4), 1).judged_by::<LeaseKept>().verdict(), Violated);
    }

    #[test]
    fn replicas_that_lag_say_late_that_a_session_has_ended() {
        let story = history().renewed(n(4), 1, 300).at(310).expired(n(4), 1).at(320).renewed(n(3), 1, 300);
        let judged = story.at(330).expired(n(3), 1).judged_by::<LeaseKept>();
        assert_eq!((judged.verdict(), judged.exercised()), (Holds, 1), "it ended once, and in time");
    }

    #[test]
    fn sessions_are_told_apart() {
        let story = history().renewed(n(4), 1, 100).renewed(n(4), 2, 900).at(200).expired(n(4), 1);
        assert_eq!(story.judged_by::<LeaseKept>().verdict(), Holds, "the other one's renewal is not its own");
    }

    #[test]
    fn sessions_that_do_not_end_or_were_never_renewed_do_not_exercise_it() {
        assert_eq!(history().renewed(n(4), 1, 100).judged_by::<LeaseKept>().verdict(), NotExercised);
        assert_eq!(history().expired(n(4), 1).judged_by::<LeaseKept>().verdict(), NotExercised);
    }
}
