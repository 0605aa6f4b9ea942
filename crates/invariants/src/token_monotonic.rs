//! The coordination service numbers reigns upwards, through every failover of its own, and each number is one reign's.
//!
//! Every service node says which reign it has learnt of, so a number is heard several times, and late from a node that lags. The
//! same number in another session, be it the same node's, is another reign: a write of the first would pass for one of it.
//! Only a number that was never heard before must be higher than all that were: the nodes learn of reigns in one order, and
//! whoever is first with one has been no later with those before it.

use crate::memory::Memory;
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Epoch, Fact, Interest, NodeId, Observation, What};
use std::fmt;

/// The monitor of `token-monotonic`. Every new number after the first puts it to the test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenMonotonic {
    report: Report,
    /// To whom the numbers were given, and in which sessions.
    granted: Memory<Epoch, (NodeId, u64)>,
}

/// A number that should not have been given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breach {
    /// It is lower than one given before.
    Fell {
        /// The number.
        number: Epoch,
        /// To whom it was given.
        holder: NodeId,
        /// The highest given before.
        highest: Epoch,
    },
    /// It was given twice.
    Shared {
        /// The number.
        number: Epoch,
        /// To whom it was given first.
        first: NodeId,
        /// To whom it was given then.
        second: NodeId,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Fell { number, holder, highest } => {
                write!(f, "the service gave {holder} the number {number} after {highest}")
            }
            Breach::Shared { number, first, second } if first == second => {
                write!(f, "the service gave the number {number} to {first} in two sessions")
            }
            Breach::Shared { number, first, second } => {
                write!(f, "the service gave the number {number} to {first} and to {second}")
            }
        }
    }
}

impl Monitor for TokenMonotonic {
    const INFO: Info = Info {
        name: "token-monotonic",
        code: "TM",
        summary: "the numbers by which a coordination service knows reigns rise, through its own failovers too, and none is given twice",
        kind: PropertyKind::Safety,
        source: "Burrows 2006, section 2.4 (sequencers); Kleppmann 2016 (fencing tokens)",
    };
    const INTEREST: Interest = Interest::FACTS;

    fn new(_: &Setting) -> TokenMonotonic {
        TokenMonotonic { report: Report::default(), granted: Memory::default() }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.granted.clear();
    }
    fn observe(&mut self, seen: &Observation) {
        let What::Fact(Fact::Granted { epoch: number, holder, session }) = seen.what else { return };
        let before = self.granted.last_key();
        let (new, first) = self.granted.remember(number, (holder, session));
        if *first != (holder, session) {
            let breach = Breach::Shared { number, first: first.0, second: holder };
            return self.report.violate(seen, breach);
        }
        if let Some(highest) = before.filter(|_| new) {
            self.report.exercise();
            if number < highest {
                self.report.violate(seen, Breach::Fell { number, holder, highest });
            }
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::TokenMonotonic;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};

    #[test]
    fn a_new_number_below_an_earlier_one_is_a_violation() {
        let story = history().granted(n(4), 7, n(1)).granted(n(4), 9, n(2)).at(5).granted(n(5), 8, n(3));
        let judged = story.judged_by::<TokenMonotonic>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 5ms: the service gave n3 the number e8 after e9");
    }

    #[test]
    fn a_number_given_to_two_is_a_violation() {
        let story = history().granted(n(4), 7, n(1)).at(3).granted(n(5), 7, n(2));
        let judged = story.judged_by::<TokenMonotonic>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 3ms: the service gave the number e7 to n1 and to n2");
    }

    #[test]
    fn a_number_given_to_a_node_again_in_its_next_session_is_a_violation() {
        let story = history().granted_in(1, n(4), 1, n(1)).granted_in(1, n(5), 1, n(1)).at(3);
        assert_eq!(story.clone().judged_by::<TokenMonotonic>().verdict(), NotExercised, "one reign, heard twice");
        let judged = story.granted_in(2, n(4), 1, n(1)).judged_by::<TokenMonotonic>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 3ms: the service gave the number e1 to n1 in two sessions");
    }

    #[test]
    fn a_replica_that_lags_says_late_what_is_known() {
        let story = history()
            .granted(n(4), 7, n(1))
            .granted(n(5), 7, n(1))
            .granted(n(4), 9, n(2))
            .granted(n(4), 12, n(1))
            .granted(n(3), 7, n(1))
            .granted(n(3), 9, n(2));
        let judged = story.judged_by::<TokenMonotonic>();
        assert_eq!((judged.verdict(), judged.exercised()), (Holds, 2), "two new numbers after the first");
    }

    #[test]
    fn a_service_that_forgets_its_numbers_in_a_restart_gives_them_again() {
        let story = history().granted(n(4), 7, n(1)).granted(n(4), 9, n(2)).crashed(n(4)).restarted(n(4), 0);
        assert_eq!(story.clone().granted(n(4), 9, n(2)).judged_by::<TokenMonotonic>().verdict(), Holds, "replayed");
        assert_eq!(story.granted(n(4), 1, n(3)).judged_by::<TokenMonotonic>().verdict(), Violated, "begun anew");
    }

    #[test]
    fn the_first_number_does_not_exercise_it() {
        let story = history().granted(n(4), 7, n(1)).granted(n(5), 7, n(1));
        assert_eq!(story.judged_by::<TokenMonotonic>().verdict(), NotExercised);
    }
}
