//! The resource takes no write of an old leader after a write of a newer one.
//!
//! Judged by this monitor's own memory of what was accepted, not by the resource's check. A write ranks by its token;
//! one that carries none cannot be fenced, and ranks by the epoch of its leadership as if that were its token.
//!
//! **The first-use gap.** A write of a superseded leader that arrives before its successor's first one is legal: the
//! resource cannot know better. It is counted. A test of the property is a write that arrives when the highest one
//! accepted is another leadership's, or when its own leadership is superseded; a run in which a single leadership
//! writes, undisturbed, does not exercise it.

use crate::memory::{Aside, Memory, of_office};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{
    Epoch, FencingToken, Incarnation, Interest, NodeId, Observation, Office, What, Write,
};
use std::fmt;

/// The monitor of `fenced-writes`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FencedWrites {
    report: Report,
    offices: Memory<Office, Seen>,
    stale: Aside<StaleWrites>,
}

/// What became of the writes that reached the resource when their leadership was superseded: when a higher epoch had
/// been elected, or a higher write accepted. `attempted` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StaleWrites {
    /// Reached the resource.
    pub attempted: u64,
    /// Were refused.
    pub rejected: u64,
    /// Were taken although a successor had written: violations.
    pub accepted: u64,
    /// Were taken before any successor had written: legal.
    pub first_use_gap: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Seen {
    /// The highest epoch elected.
    elected: Epoch,
    /// The highest write accepted.
    highest: Option<Rank>,
}

/// A write's place in the order of leaderships.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rank {
    /// The token, or what stands for it.
    pub token: FencingToken,
    /// Whether the write carried the token.
    pub carried: bool,
    /// Who wrote.
    pub writer: NodeId,
    /// In which incarnation.
    pub incarnation: Incarnation,
}

impl Rank {
    fn of(write: &Write) -> Rank {
        let token = write.token();
        Rank {
            token: token.unwrap_or(FencingToken(write.leadership.epoch.0)),
            carried: token.is_some(),
            writer: write.writer,
            incarnation: write.incarnation,
        }
    }
    fn is_same_leadership(&self, other: &Rank) -> bool {
        (self.token, self.writer, self.incarnation) == (other.token, other.writer, other.incarnation)
    }
    /// Whether a write of this rank must not be accepted once `other` was.
    fn is_barred_by(&self, other: &Rank) -> bool {
        other.token > self.token || other.token == self.token && !self.is_same_leadership(other)
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rank { token, carried, writer, incarnation } = self;
        write!(f, "of {writer} ({incarnation}) ")?;
        if *carried { write!(f, "with token {token}") } else { write!(f, "without a token, in {}", Epoch(token.0)) }
    }
}

/// A write that was accepted too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach {
    /// The leadership's office.
    pub office: Office,
    /// The write.
    pub write: Rank,
    /// The highest write that had been accepted before.
    pub after: Rank,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { office, write, after } = self;
        write!(f, "the resource took a write {write}{} after one {after}", of_office(*office))
    }
}

impl FencedWrites {
    /// What became of the writes of superseded leaders.
    pub fn stale_writes(&self) -> StaleWrites {
        self.stale.0
    }

    fn arrived(&mut self, at: &Observation, write: &Write, accepted: bool) {
        let office = write.leadership.office;
        let (_, seen) = self.offices.remember(office, Seen::default());
        let (rank, stale) = (Rank::of(write), &mut self.stale.0);
        let superseded = write.leadership.epoch < seen.elected
            || seen.highest.is_some_and(|highest| highest.token > rank.token);
        stale.attempted += u64::from(superseded);
        if superseded || seen.highest.is_some_and(|highest| !highest.is_same_leadership(&rank)) {
            self.report.exercise();
        }
        if !accepted {
            stale.rejected += u64::from(superseded);
        } else if let Some(after) = seen.highest.filter(|highest| rank.is_barred_by(highest)) {
            stale.accepted += u64::from(superseded);
            let violation = Breach { office, write: rank, after };
            self.report.violate_at(at.at, write.writer, violation);
        } else {
            stale.first_use_gap += u64::from(superseded);
            seen.highest = Some(rank);
        }
    }
}

impl Monitor for FencedWrites {
    const INFO: Info = Info {
        name: "fenced-writes",
        code: "FW",
        summary: "the resource takes no write of an old leader after a write of a newer one",
        kind: PropertyKind::Safety,
        source: "Kleppmann 2016, How to do distributed locking; Burrows 2006, section 2.4 (sequencers)",
    };
    const INTEREST: Interest = Interest::LEADERSHIP.and(Interest::WRITES);

    fn new(_: &Setting) -> FencedWrites {
        FencedWrites { report: Report::default(), offices: Memory::default(), stale: Aside::default() }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.offices.clear();
        self.stale = Aside::default();
    }
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        match &seen.what {
            What::Elected(leadership) => {
                let (_, office) = self.offices.remember(leadership.office, Seen::default());
                office.elected = office.elected.max(leadership.epoch);
            }
            What::WriteAccepted(write) => self.arrived(seen, write, true),
            What::WriteRejected(write) => self.arrived(seen, write, false),
            _ => {}
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::{FencedWrites, StaleWrites};
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};

    #[test]
    fn a_zombie_leaders_write_after_its_successors_is_a_violation() {
        let story = history().elected(n(1), 33).elected(n(2), 34).accepted(n(2), 34).at(6).accepted(n(1), 33);
        let judged = story.judged_by::<FencedWrites>();
        assert_eq!(judged.verdict(), Violated);
        let words = "after 6ms: the resource took a write of n1 (i0) with token t33 \
                     after one of n2 (i0) with token t34";
        assert_eq!(judged.words(), words);
        let stale = StaleWrites { attempted: 1, accepted: 1, ..StaleWrites::default() };
        assert_eq!(judged.monitor.stale_writes(), stale);
    }

    #[test]
    fn two_writers_with_one_token_are_a_violation() {
        let story = history().elected(n(1), 3).accepted(n(1), 3).elected(n(2), 3).accepted(n(2), 3);
        assert_eq!(story.judged_by::<FencedWrites>().verdict(), Violated);
    }

    #[test]
    fn one_token_used_by_two_incarnations_of_a_node_is_a_violation() {
        let story = history().elected(n(1), 3).accepted(n(1), 3).crashed(n(1)).restarted(n(1), 2);
        let story = story.elected(n(1), 3).accepted(n(1), 3);
        assert_eq!(story.judged_by::<FencedWrites>().verdict(), Violated);
    }

    #[test]
    fn a_late_write_without_a_token_is_judged_by_its_epoch() {
        let story = history().elected(n(1), 3).elected(n(2), 4).accepted_unfenced(n(2), 4);
        let judged = story.accepted_unfenced(n(1), 3).judged_by::<FencedWrites>();
        assert_eq!(judged.verdict(), Violated);
        let words = "after 0ms: the resource took a write of n1 (i0) without a token, in e3 \
                     after one of n2 (i0) without a token, in e4";
        assert_eq!(judged.words(), words);
    }

    #[test]
    fn an_old_leaders_write_before_its_successors_first_is_allowed_and_counted() {
        let story = history()
            .elected(n(1), 3)
            .accepted(n(1), 3)
            .elected(n(2), 4)
            .accepted(n(1), 3)
            .accepted(n(2), 4)
            .rejected(n(1), 3);
        let judged = story.judged_by::<FencedWrites>();
        assert_eq!(judged.verdict(), Holds);
        let stale = StaleWrites { attempted: 2, rejected: 1, accepted: 0, first_use_gap: 1 };
        assert_eq!(judged.monitor.stale_writes(), stale);
    }

    #[test]
    fn leaders_that_write_one_after_the_other_are_allowed() {
        let story = history().elected(n(1), 3).accepted(n(1), 3).accepted(n(1), 3).elected(n(2), 5);
        let judged = story.accepted(n(2), 5).accepted(n(2), 5).judged_by::<FencedWrites>();
        assert_eq!(judged.verdict(), Holds);
        assert_eq!(judged.exercised(), 1, "the write that hands the resource over is the test");
        assert_eq!(judged.monitor.stale_writes(), StaleWrites::default());
    }

    #[test]
    fn a_rejected_write_alone_shows_that_fencing_was_tested() {
        let story = history().elected(n(1), 3).elected(n(2), 4).accepted(n(2), 4).rejected(n(1), 3);
        assert_eq!(story.judged_by::<FencedWrites>().verdict(), Holds);
    }

    #[test]
    fn writes_of_a_single_leader_do_not_exercise_it() {
        let story = history().elected(n(1), 3).accepted(n(1), 3).accepted(n(1), 3).ended();
        assert_eq!(story.judged_by::<FencedWrites>().verdict(), NotExercised);
    }
}
