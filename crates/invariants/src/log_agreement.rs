//! Nodes agree on every committed entry, and commit in order.
//!
//! A process that starts again may commit again from the first entry on, or from behind a snapshot: its first commit
//! may stand anywhere up to one place beyond what the cluster has committed so far. From there on it goes one by one.
//!
//! Where there is a coordination service the log is its nodes': those that contend through it have none, and are not judged.
//!
//! A node that says which snapshot it goes on from is held to it: the snapshot's digest must be that of what was agreed
//! on, and the node's next commit is the one behind it.

use crate::memory::{LogOwner, Memory, PerNode};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{
    Covered, Fact, Interest, LogChain, LogEntry, LogIndex, NodeId, NodeSet, Observation, What,
};
use std::fmt;

/// The monitor of `log-agreement`. A position puts it to the test when a second node commits it, and so does a snapshot
/// that a node goes on from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogAgreement {
    report: Report,
    owner: LogOwner,
    agreed: Memory<LogIndex, Agreed>,
    /// The last position that each running process has committed.
    progress: PerNode<Option<LogIndex>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Agreed {
    entry: LogEntry,
    /// Who committed it.
    by: NodeSet,
}

/// A commit that should not have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breach {
    /// Another entry was committed there before.
    Disagreement {
        /// The position.
        index: LogIndex,
        /// Who committed now.
        node: NodeId,
        /// What it committed.
        entry: LogEntry,
        /// Who had committed before.
        before: NodeSet,
        /// What they had committed.
        agreed: LogEntry,
    },
    /// A node committed out of order.
    Disorder {
        /// The node.
        node: NodeId,
        /// The position it committed.
        index: LogIndex,
        /// The position that it could at most commit next.
        expected: LogIndex,
    },
    /// A node goes on from a snapshot that is not of what was agreed on.
    Snapshot {
        /// The node.
        node: NodeId,
        /// The last position that the snapshot covers.
        last: LogIndex,
        /// The first of these positions that nobody had committed, if that is what is wrong.
        open: Option<LogIndex>,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Disagreement { index, node, entry, before, agreed } => {
                let (entry, agreed) = (Words(entry), Words(agreed));
                write!(f, "{node} committed {entry} at {index}, where {before} had committed {agreed}")
            }
            Breach::Disorder { node, index, expected } => {
                write!(f, "{node} committed {index} when {expected} was next")
            }
            Breach::Snapshot { node, last, open: Some(open) } => {
                write!(f, "{node} goes on from a snapshot up to {last}, but nobody had committed {open}")
            }
            Breach::Snapshot { node, last, open: None } => {
                write!(f, "{node} goes on from a snapshot up to {last} that is not of the committed entries")
            }
        }
    }
}

struct Words<'a>(&'a LogEntry);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.command {
            Some(command) => write!(f, "{command} of {}", self.0.epoch),
            None => write!(f, "the no-op of {}", self.0.epoch),
        }
    }
}

impl LogAgreement {
    fn in_order(&mut self, seen: &Observation, index: LogIndex) {
        let progress = self.progress.of(seen.node);
        let (expected, ordered) = match progress.replace(index) {
            Some(last) => (last.next(), index == last.next()),
            None => {
                let next = self.agreed.last_key().unwrap_or_default().next();
                (next, index <= next)
            }
        };
        if !ordered {
            self.report.violate(seen, Breach::Disorder { node: seen.node, index, expected });
        }
    }

    fn restored(&mut self, seen: &Observation, Covered { last, chain }: Covered) {
        *self.progress.of(seen.node) = Some(last);
        let node = seen.node;
        match self.agreed_chain(last) {
            Ok(agreed) if agreed == chain => self.report.exercise(),
            Ok(_) => self.report.violate(seen, Breach::Snapshot { node, last, open: None }),
            Err(open) => self.report.violate(seen, Breach::Snapshot { node, last, open: Some(open) }),
        }
    }

    /// The chain of what was agreed on up to a position, or the first position before it where nothing was.
    fn agreed_chain(&self, last: LogIndex) -> Result<LogChain, LogIndex> {
        let mut chain = LogChain::EMPTY;
        let mut entries = self.agreed.as_slice().iter();
        for place in 1..=last.0 {
            match entries.next() {
                Some((index, agreed)) if index.0 == place => chain = chain.then(agreed.entry),
                _ => return Err(LogIndex(place)),
            }
        }
        Ok(chain)
    }

    fn in_agreement(&mut self, seen: &Observation, index: LogIndex, entry: LogEntry) {
        let (_, agreed) = self.agreed.remember(index, Agreed { entry, by: NodeSet::EMPTY });
        if agreed.entry != entry {
            let (before, agreed) = (agreed.by, agreed.entry);
            let breach = Breach::Disagreement { index, node: seen.node, entry, before, agreed };
            self.report.violate(seen, breach);
        } else if agreed.by.insert(seen.node) && agreed.by.len() == 2 {
            self.report.exercise();
        }
    }
}

impl Monitor for LogAgreement {
    const INFO: Info = Info {
        name: "log-agreement",
        code: "LA",
        summary: "no two nodes ever commit different entries at one position, and each commits in order",
        kind: PropertyKind::Safety,
        source: "Ongaro and Ousterhout 2014, figure 3, State Machine Safety",
    };
    const INTEREST: Interest = Interest::COMMITS.and(Interest::LIFE).and(Interest::FACTS);

    fn new(setting: &Setting) -> LogAgreement {
        LogAgreement {
            report: Report::default(),
            owner: LogOwner::default(),
            agreed: Memory::default(),
            progress: PerNode::new(setting.nodes),
        }
    }
    fn reset(&mut self, setting: &Setting) {
        self.report = Report::default();
        self.owner = LogOwner::default();
        self.agreed.clear();
        self.progress.reset(setting.nodes);
    }
    #[inline]
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            What::Committed { index, entry } if self.owner.hear(seen.office).0 => {
                self.in_order(seen, index);
                self.in_agreement(seen, index, entry);
            }
            What::Fact(Fact::Restored(covered)) if self.owner.hear(seen.office).0 => {
                self.restored(seen, covered);
            }
            What::Crashed => *self.progress.of(seen.node) = None,
            _ => {}
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::LogAgreement;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};

    #[test]
    fn two_entries_committed_at_one_position_are_a_violation() {
        let judged = history().committed(n(1), 1, 1).at(3).committed(n(2), 1, 2).judged_by::<LogAgreement>();
        assert_eq!(judged.verdict(), Violated);
        let words = "after 3ms: n2 committed c1 of e2 at #1, where {n1} had committed c1 of e1";
        assert_eq!(judged.words(), words);
    }

    #[test]
    fn a_node_that_contradicts_itself_after_a_restart_is_a_violation() {
        let story = history().committed(n(1), 1, 1).crashed(n(1)).restarted(n(1), 1).committed(n(1), 1, 2);
        assert_eq!(story.judged_by::<LogAgreement>().verdict(), Violated);
    }

    #[test]
    fn a_gap_is_a_violation() {
        let judged = history().committed(n(1), 1, 1).committed(n(1), 3, 1).judged_by::<LogAgreement>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 0ms: n1 committed #3 when #2 was next");
    }

    #[test]
    fn a_step_back_without_a_restart_is_a_violation() {
        let story = history().committed(n(1), 1, 1).committed(n(1), 2, 1).committed(n(1), 1, 1);
        assert_eq!(story.judged_by::<LogAgreement>().verdict(), Violated);
    }

    #[test]
    fn a_first_commit_beyond_what_anyone_has_committed_is_a_violation() {
        assert_eq!(history().committed(n(1), 2, 1).judged_by::<LogAgreement>().verdict(), Violated);
    }

    #[test]
    fn a_restarted_node_may_commit_everything_again() {
        let story = history()
            .committed(n(1), 1, 1)
            .committed(n(2), 1, 1)
            .committed(n(1), 2, 1)
            .crashed(n(1))
            .restarted(n(1), 1)
            .committed(n(1), 1, 1)
            .committed(n(1), 2, 1)
            .committed(n(1), 3, 2);
        assert_eq!(story.judged_by::<LogAgreement>().verdict(), Holds);
    }

    #[test]
    fn a_node_may_start_behind_a_snapshot() {
        let story = history()
            .committed(n(1), 1, 1)
            .committed(n(1), 2, 1)
            .committed(n(2), 2, 1)
            .committed(n(2), 3, 1);
        assert_eq!(story.judged_by::<LogAgreement>().verdict(), Holds);
    }

    #[test]
    fn a_node_goes_on_behind_the_snapshot_that_it_restored() {
        let story = history().committed(n(1), 1, 1).committed(n(1), 2, 1).restored(n(2), &[1, 1]);
        let story = story.committed(n(1), 3, 1);
        assert_eq!(story.clone().committed(n(2), 3, 1).judged_by::<LogAgreement>().verdict(), Holds);
        let again = story.committed(n(2), 2, 1).judged_by::<LogAgreement>();
        assert_eq!(again.words(), "after 0ms: n2 committed #2 when #3 was next");
    }

    #[test]
    fn a_snapshot_of_other_entries_is_a_violation() {
        let story = history().committed(n(1), 1, 1).committed(n(1), 2, 1).at(3).restored(n(2), &[1, 2]);
        let words = "after 3ms: n2 goes on from a snapshot up to #2 that is not of the committed entries";
        assert_eq!(story.judged_by::<LogAgreement>().words(), words);
    }

    #[test]
    fn a_snapshot_of_what_nobody_committed_is_a_violation() {
        let story = history().committed(n(1), 1, 1).restored(n(2), &[1, 1]);
        let words = "after 0ms: n2 goes on from a snapshot up to #2, but nobody had committed #2";
        assert_eq!(story.judged_by::<LogAgreement>().words(), words);
    }

    #[test]
    fn each_position_is_one_test_however_many_nodes_commit_it() {
        let story = history().committed(n(1), 1, 1).committed(n(2), 1, 1).committed(n(3), 1, 1);
        assert_eq!(story.judged_by::<LogAgreement>().exercised(), 1);
    }

    #[test]
    fn commits_of_one_node_alone_do_not_exercise_it() {
        let story = history().committed(n(1), 1, 1).committed(n(1), 2, 1);
        assert_eq!(story.judged_by::<LogAgreement>().verdict(), NotExercised);
    }
}
