//! A new leader's log holds everything that was committed before it was elected.
//!
//! What counts is what was committed under EARLIER epochs. A candidate may win epoch 2 by a vote that was long on its
//! way, when a leader of epoch 3 has committed already: it knows nothing of that entry and can do no harm. So each
//! entry is remembered with the highest epoch elected when it was first committed. The leader that committed it had
//! that epoch or a lower one; a later leader with a higher epoch than that must have the entry.
//!
//! Where a coordination service has a leader of its own, the replicated log is the service's, and whoever leads the
//! contenders has none. A service commits nothing before it has elected a leader. So the log is the service's as soon as one
//! is elected, and the contested leader's otherwise.
//!
//! A log may begin with a snapshot, of whose entries only a digest is left. It must be the digest of what was committed:
//! a snapshot claims that all it covers is, whatever the epochs.

use crate::memory::{LogOwner, Memory, of_office};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{
    Covered, Epoch, Interest, Leadership, LogChain, LogEntry, LogIndex, Observation, What,
};
use std::fmt;

/// The monitor of `leader-completeness`. An election puts it to the test if something was committed before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaderCompleteness {
    report: Report,
    committed: Memory<LogIndex, Committed>,
    owner: LogOwner,
    /// The highest epoch elected in that office.
    highest: Epoch,
    /// The election whose log is being told.
    inspection: Option<Inspection>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Committed {
    entry: LogEntry,
    /// The highest epoch elected when it was first committed.
    under: Epoch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Inspection {
    leader: Leadership,
    /// The position that must come next.
    next: LogIndex,
}

/// What a new leader does not have, or should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breach {
    /// A committed entry is not in its log.
    Lacks {
        /// The new leader's reign.
        leader: Leadership,
        /// The entry's position.
        index: LogIndex,
        /// What was committed there.
        committed: LogEntry,
        /// What the leader has there.
        found: Option<LogEntry>,
    },
    /// Its snapshot stands for other entries than were committed.
    Snapshot {
        /// The new leader's reign.
        leader: Leadership,
        /// The last position that the snapshot covers.
        last: LogIndex,
        /// The first of these positions where nothing was committed, if that is what is wrong.
        open: Option<LogIndex>,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Breach::Lacks { leader, .. } | Breach::Snapshot { leader, .. }) = self;
        write!(f, "the leader of {}{} ", leader.epoch, of_office(leader.office))?;
        match self {
            Breach::Lacks { index, committed, found, .. } => {
                write!(f, "lacks the committed entry {index} of {}", committed.epoch)?;
                match found {
                    Some(found) if found.epoch == committed.epoch => {
                        write!(f, " and has another command there")
                    }
                    Some(found) => write!(f, " and has one of {} there", found.epoch),
                    None => Ok(()),
                }
            }
            Breach::Snapshot { last, open: Some(open), .. } => {
                write!(f, "begins with a snapshot up to {last}, but nobody had committed {open}")
            }
            Breach::Snapshot { last, open: None, .. } => {
                write!(f, "begins with a snapshot up to {last} that is not of the committed entries")
            }
        }
    }
}

impl LeaderCompleteness {
    fn elected(&mut self, leader: Leadership) {
        let (owns, other) = self.owner.hear(leader.office);
        if other {
            self.highest = Epoch::ZERO;
        }
        self.inspection = None;
        if owns {
            self.highest = self.highest.max(leader.epoch);
            self.inspection = Some(Inspection { leader, next: LogIndex(1) });
        }
    }

    /// Holds a snapshot against what was committed.
    fn told_snapshot(&mut self, seen: &Observation, Covered { last, chain }: Covered) {
        let Some(Inspection { leader, next }) = &mut self.inspection else { return };
        let leader = *leader;
        *next = last.next();
        match self.committed_chain(last) {
            Ok(committed) if committed == chain => {}
            Ok(_) => self.report.violate(seen, Breach::Snapshot { leader, last, open: None }),
            Err(open) => self.report.violate(seen, Breach::Snapshot { leader, last, open: Some(open) }),
        }
    }

    /// The chain of what was committed up to a position, or the first position before it where nothing was.
    fn committed_chain(&self, last: LogIndex) -> Result<LogChain, LogIndex> {
        let mut chain = LogChain::EMPTY;
        let mut entries = self.committed.as_slice().iter();
        for place in 1..=last.0 {
            match entries.next() {
                Some((index, due)) if index.0 == place => chain = chain.then(due.entry),
                _ => return Err(LogIndex(place)),
            }
        }
        Ok(chain)
    }

    fn told(&mut self, seen: &Observation, index: LogIndex, found: LogEntry) {
        let Some(Inspection { leader, next }) = &mut self.inspection else { return };
        let (leader, expected) = (*leader, std::mem::replace(next, index.next()));
        self.require(seen, leader, expected, index);
        let due = self.committed.recall(index).filter(|due| due.under < leader.epoch);
        if let Some(&Committed { entry: committed, .. }) = due.filter(|due| due.entry != found) {
            self.report.violate(seen, Breach::Lacks { leader, index, committed, found: Some(found) });
        }
    }

    fn told_all(&mut self, seen: &Observation) {
        let Some(Inspection { leader, next }) = self.inspection.take() else { return };
        if self.committed.as_slice().iter().any(|(_, due)| due.under < leader.epoch) {
            self.report.exercise();
            self.require(seen, leader, next, LogIndex(u64::MAX));
        }
    }

    /// Nothing that the leader must have may stand at these positions (the end excluded): it has nothing there.
    fn require(&mut self, seen: &Observation, leader: Leadership, from: LogIndex, to: LogIndex) {
        let due = self.committed.from(from).take_while(|(index, _)| *index < to);
        let Some(&(index, missing)) = due.into_iter().find(|(_, due)| due.under < leader.epoch) else { return };
        self.report.violate(seen, Breach::Lacks { leader, index, committed: missing.entry, found: None });
    }
}

impl Monitor for LeaderCompleteness {
    const INFO: Info = Info {
        name: "leader-completeness",
        code: "LC",
        summary: "a new leader has every entry that was committed under an earlier epoch before it was elected",
        kind: PropertyKind::Safety,
        source: "Ongaro and Ousterhout 2014, figure 3 and section 5.4, Leader Completeness",
    };
    const INTEREST: Interest = Interest::LEADERSHIP.and(Interest::LEADER_LOG).and(Interest::COMMITS);

    fn new(_: &Setting) -> LeaderCompleteness {
        LeaderCompleteness {
            report: Report::default(),
            committed: Memory::default(),
            owner: LogOwner::default(),
            highest: Epoch::ZERO,
            inspection: None,
        }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.committed.clear();
        (self.owner, self.highest, self.inspection) = (LogOwner::default(), Epoch::ZERO, None);
    }
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            What::Elected(leader) => self.elected(leader),
            What::LeaderLog { index, entry } => self.told(seen, index, entry),
            What::LeaderLogEnd { .. } => self.told_all(seen),
            What::LeaderSnapshot(covered) => self.told_snapshot(seen, covered),
            What::Committed { index, entry } if self.owner.hear(seen.office).0 => {
                self.committed.remember(index, Committed { entry, under: self.highest });
            }
            _ => {}
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::LeaderCompleteness;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{History, history, n};
    use interregnum_kernel::Office;

    /// n1 leads epoch 1 and commits two entries.
    fn two_entries_committed() -> History {
        history().elected(n(1), 1).with_log(&[]).committed(n(1), 1, 1).committed(n(1), 2, 1).deposed(n(1)).at(5)
    }

    #[test]
    fn a_leader_whose_log_ends_too_early_is_a_violation() {
        let judged = two_entries_committed().elected(n(2), 2).with_log(&[1]).judged_by::<LeaderCompleteness>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 5ms: the leader of e2 lacks the committed entry #2 of e1");
    }

    #[test]
    fn a_leader_with_another_entry_in_a_committed_place_is_a_violation() {
        let story = two_entries_committed().elected(n(2), 3).with_log(&[1, 2]);
        let judged = story.judged_by::<LeaderCompleteness>();
        assert_eq!(judged.verdict(), Violated);
        let words = "after 5ms: the leader of e3 lacks the committed entry #2 of e1 and has one of e2 there";
        assert_eq!(judged.words(), words);
    }

    #[test]
    fn a_leader_with_an_empty_log_is_a_violation() {
        let story = two_entries_committed().elected(n(2), 2).with_log(&[]);
        assert_eq!(story.judged_by::<LeaderCompleteness>().verdict(), Violated);
    }

    #[test]
    fn a_hole_in_the_log_is_a_violation() {
        let story = two_entries_committed().committed(n(1), 3, 1);
        let story = story.elected(n(2), 2).log_entry(1, 1).log_entry(3, 1).log_ends(3);
        assert_eq!(story.judged_by::<LeaderCompleteness>().verdict(), Violated);
    }

    #[test]
    fn a_longer_log_is_allowed() {
        let story = two_entries_committed().elected(n(2), 2).with_log(&[1, 1, 1]);
        assert_eq!(story.judged_by::<LeaderCompleteness>().verdict(), Holds);
    }

    #[test]
    fn a_log_that_does_not_begin_at_its_beginning_lacks_what_was_there() {
        let story = two_entries_committed().elected(n(2), 2).log_entry(2, 1).log_ends(2);
        assert_eq!(story.judged_by::<LeaderCompleteness>().verdict(), Violated);
    }

    #[test]
    fn what_a_snapshot_of_committed_entries_covers_is_there() {
        let begun = two_entries_committed().elected(n(2), 2).with_snapshot(&[1]).log_entry(2, 1).log_ends(2);
        assert_eq!(begun.judged_by::<LeaderCompleteness>().verdict(), Holds);
        let whole = two_entries_committed().elected(n(2), 2).with_snapshot(&[1, 1]).log_ends(2);
        assert_eq!(whole.judged_by::<LeaderCompleteness>().verdict(), Holds);
    }

    #[test]
    fn a_snapshot_of_other_entries_is_a_violation() {
        let story = two_entries_committed().elected(n(2), 2).with_snapshot(&[1, 2]).log_ends(2);
        let judged = story.judged_by::<LeaderCompleteness>();
        assert_eq!(judged.verdict(), Violated);
        let words = "after 5ms: the leader of e2 begins with a snapshot up to #2 that is not of the committed entries";
        assert_eq!(judged.words(), words);
    }

    #[test]
    fn a_snapshot_of_what_nobody_committed_is_a_violation() {
        let story = two_entries_committed().elected(n(2), 2).with_snapshot(&[1, 1, 1]).log_ends(3);
        let judged = story.judged_by::<LeaderCompleteness>();
        assert_eq!(judged.verdict(), Violated);
        let words = "after 5ms: the leader of e2 begins with a snapshot up to #3, but nobody had committed #3";
        assert_eq!(judged.words(), words);
    }

    #[test]
    fn a_late_winner_of_a_lower_epoch_need_not_know_what_a_higher_epoch_committed() {
        let story = history().elected(n(3), 3).with_log(&[]).committed(n(3), 1, 3).at(8).elected(n(1), 2);
        assert_eq!(story.with_log(&[]).judged_by::<LeaderCompleteness>().verdict(), NotExercised);
    }

    #[test]
    fn the_contested_leader_needs_no_log_where_the_service_has_one() {
        let story = history()
            .served_by(&[n(1), n(2), n(3)])
            .elected_to(Office::SERVICE, n(1), 1)
            .with_log(&[])
            .committed(n(1), 1, 1)
            .elected(n(4), 9)
            .with_log(&[]);
        assert_eq!(story.clone().judged_by::<LeaderCompleteness>().verdict(), NotExercised);
        let next = story.elected_to(Office::SERVICE, n(2), 2).with_log(&[]);
        assert_eq!(next.judged_by::<LeaderCompleteness>().verdict(), Violated, "the service's next leader does");
    }

    #[test]
    fn elections_before_anything_is_committed_do_not_exercise_it() {
        let story = history().elected(n(1), 1).with_log(&[]).elected(n(2), 2).with_log(&[1]);
        assert_eq!(story.judged_by::<LeaderCompleteness>().verdict(), NotExercised);
    }
}
