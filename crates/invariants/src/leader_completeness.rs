//! A new leader's log holds everything that was committed before it was elected.
//!
//! What counts is what was committed under EARLIER epochs. A candidate may win epoch 2 by a vote that was long on its
//! way, when a leader of epoch 3 has committed already: it knows nothing of that entry and can do no harm. So each
//! entry is remembered with the highest epoch elected when it was first committed. The leader that committed it had
//! that epoch or a lower one; a later leader with a higher epoch than that must have the entry.
//!
//! Observations of logs do not name an office. Where a coordination service has a leader of its own, the replicated
//! log is the service's and the contested leader has none; a service commits nothing before it has elected a leader.
//! So the log is the service's as soon as one is elected, and the contested leader's otherwise.

use crate::memory::{Memory, of_office};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Epoch, Interest, Leadership, LogEntry, LogIndex, Observation, Office, What};
use std::fmt;

/// The monitor of `leader-completeness`. An election puts it to the test if something was committed before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaderCompleteness {
    report: Report,
    committed: Memory<LogIndex, Committed>,
    /// The office whose log it is.
    office: Office,
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
    /// The position that must come next, once the log has begun. A log begins where its snapshot ends.
    next: Option<LogIndex>,
}

/// A committed entry that a new leader does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach {
    /// The new leader's reign.
    pub leader: Leadership,
    /// The entry's position.
    pub index: LogIndex,
    /// What was committed there.
    pub committed: LogEntry,
    /// What the leader has there.
    pub found: Option<LogEntry>,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { leader, index, committed, found } = self;
        let (reign, office) = (leader.epoch, of_office(leader.office));
        write!(f, "the leader of {reign}{office} lacks the committed entry {index} of {}", committed.epoch)?;
        match found {
            Some(found) if found.epoch == committed.epoch => write!(f, " and has another command there"),
            Some(found) => write!(f, " and has one of {} there", found.epoch),
            None => Ok(()),
        }
    }
}

impl LeaderCompleteness {
    fn elected(&mut self, leader: Leadership) {
        if leader.office > self.office {
            (self.office, self.highest) = (leader.office, Epoch::ZERO);
        }
        self.inspection = None;
        if leader.office == self.office {
            self.highest = self.highest.max(leader.epoch);
            self.inspection = Some(Inspection { leader, next: None });
        }
    }

    fn told(&mut self, seen: &Observation, index: LogIndex, found: LogEntry) {
        let Some(Inspection { leader, next }) = &mut self.inspection else { return };
        let (leader, expected) = (*leader, next.replace(index.next()).unwrap_or(index));
        self.require(seen, leader, expected, index);
        let due = self.committed.recall(index).filter(|due| due.under < leader.epoch);
        if let Some(&Committed { entry: committed, .. }) = due.filter(|due| due.entry != found) {
            self.report.violate(seen, Breach { leader, index, committed, found: Some(found) });
        }
    }

    fn told_all(&mut self, seen: &Observation, last: LogIndex) {
        let Some(Inspection { leader, next }) = self.inspection.take() else { return };
        if self.committed.as_slice().iter().any(|(_, due)| due.under < leader.epoch) {
            self.report.exercise();
            self.require(seen, leader, next.unwrap_or(last.next()), LogIndex(u64::MAX));
        }
    }

    /// Nothing that the leader must have may stand at these positions (the end excluded): it has nothing there.
    fn require(&mut self, seen: &Observation, leader: Leadership, from: LogIndex, to: LogIndex) {
        let due = self.committed.from(from).take_while(|(index, _)| *index < to);
        let Some(&(index, missing)) = due.into_iter().find(|(_, due)| due.under < leader.epoch) else { return };
        self.report.violate(seen, Breach { leader, index, committed: missing.entry, found: None });
    }
}

impl Monitor for LeaderCompleteness {
    const INFO: Info = Info {
        name: "leader-completeness",
        summary: "a new leader has every entry that was committed under an earlier epoch before it was elected",
        kind: PropertyKind::Safety,
        source: "Ongaro and Ousterhout 2014, figure 3 and section 5.4, Leader Completeness",
    };
    const INTEREST: Interest = Interest::LEADERSHIP.and(Interest::LEADER_LOG).and(Interest::COMMITS);

    fn new(_: &Setting) -> LeaderCompleteness {
        LeaderCompleteness {
            report: Report::default(),
            committed: Memory::default(),
            office: Office::CONTESTED,
            highest: Epoch::ZERO,
            inspection: None,
        }
    }
    fn reset(&mut self, _: &Setting) {
        self.report = Report::default();
        self.committed.clear();
        (self.office, self.highest, self.inspection) = (Office::CONTESTED, Epoch::ZERO, None);
    }
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            What::Elected(leader) => self.elected(leader),
            What::LeaderLog { index, entry } => self.told(seen, index, entry),
            What::LeaderLogEnd { last } => self.told_all(seen, last),
            What::Committed { index, entry } => {
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
    fn what_lies_before_the_first_available_entry_is_covered_by_a_snapshot() {
        let begun = two_entries_committed().elected(n(2), 2).log_entry(2, 1).log_ends(2);
        assert_eq!(begun.judged_by::<LeaderCompleteness>().verdict(), Holds);
        let whole = two_entries_committed().elected(n(2), 2).log_ends(2);
        assert_eq!(whole.judged_by::<LeaderCompleteness>().verdict(), Holds);
    }

    #[test]
    fn a_late_winner_of_a_lower_epoch_need_not_know_what_a_higher_epoch_committed() {
        let story = history().elected(n(3), 3).with_log(&[]).committed(n(3), 1, 3).at(8).elected(n(1), 2);
        assert_eq!(story.with_log(&[]).judged_by::<LeaderCompleteness>().verdict(), NotExercised);
    }

    #[test]
    fn the_contested_leader_needs_no_log_where_the_service_has_one() {
        let story = history()
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
