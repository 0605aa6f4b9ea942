//! A node votes for one candidate per epoch, and remembers it through crashes.
//!
//! The vote is heard of once it is durable (see [`Fact::Voted`]): a vote that was lost with its node before anyone
//! heard of it may be given again.

use crate::memory::{Memory, of_office};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Epoch, Fact, Interest, NodeId, Observation, Office, What};
use std::fmt;

/// The monitor of `vote-once`. Every vote puts it to the test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VoteOnce {
    report: Report,
    /// By epoch before node, since epochs grow and new keys are cheap at the end.
    votes: Memory<(Office, Epoch, NodeId), NodeId>,
}

/// Two votes of one node in one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach {
    /// The leadership voted on.
    pub office: Office,
    /// The epoch.
    pub epoch: Epoch,
    /// The voter.
    pub voter: NodeId,
    /// For whom it voted first.
    pub first: NodeId,
    /// For whom it voted then.
    pub second: NodeId,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { office, epoch, voter, first, second } = self;
        write!(f, "{voter} voted for {first} and for {second} in {epoch}{}", of_office(*office))
    }
}

impl Monitor for VoteOnce {
    const INFO: Info = Info {
        name: "vote-once",
        code: "VO",
        summary: "no node votes for two candidates in one epoch, whatever it forgets in crashes",
        kind: PropertyKind::Safety,
        source: "Ongaro and Ousterhout 2014, section 5.2 and figure 2 (votedFor is persistent)",
    };
    const INTEREST: Interest = Interest::FACTS;

    fn new(_: &Setting) -> VoteOnce {
        VoteOnce { report: Report::default(), votes: Memory::default() }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.votes.clear();
    }
    fn observe(&mut self, seen: &Observation) {
        let What::Fact(Fact::Voted { office, epoch, candidate }) = seen.what else { return };
        self.report.exercise();
        let (_, first) = self.votes.remember((office, epoch, seen.node), candidate);
        if *first != candidate {
            let breach = Breach { office, epoch, voter: seen.node, first: *first, second: candidate };
            self.report.violate(seen, breach);
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::VoteOnce;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};

    #[test]
    fn a_second_vote_for_another_candidate_is_a_violation() {
        let judged = history().voted(n(2), 1, n(1)).at(4).voted(n(2), 1, n(3)).judged_by::<VoteOnce>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 4ms: n2 voted for n1 and for n3 in e1");
    }

    #[test]
    fn a_vote_forgotten_in_a_crash_and_given_to_another_is_a_violation() {
        let story = history().voted(n(2), 1, n(1)).crashed(n(2)).restarted(n(2), 0).voted(n(2), 1, n(3));
        assert_eq!(story.judged_by::<VoteOnce>().verdict(), Violated);
    }

    #[test]
    fn a_vote_repeated_for_the_same_candidate_is_allowed() {
        let story = history().voted(n(2), 1, n(1)).crashed(n(2)).restarted(n(2), 1).voted(n(2), 1, n(1));
        assert_eq!(story.judged_by::<VoteOnce>().verdict(), Holds);
    }

    #[test]
    fn votes_of_different_nodes_and_of_different_epochs_are_allowed() {
        let story = history().voted(n(2), 1, n(1)).voted(n(3), 1, n(3)).voted(n(2), 2, n(3));
        assert_eq!(story.judged_by::<VoteOnce>().verdict(), Holds);
    }

    #[test]
    fn a_run_without_votes_does_not_exercise_it() {
        assert_eq!(history().elected(n(1), 1).judged_by::<VoteOnce>().verdict(), NotExercised);
    }
}
