//! A node's epoch never goes back: not while it runs, not through a crash, not on its disk, not as a leader.
//!
//! Only comparisons with what a disk held count as tests: a record that follows an earlier one, and a restart after a
//! record. That a number in memory does not fall by itself is checked too, and is no achievement.

use crate::memory::{Memory, PerNode, of_office};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Epoch, Fact, Interest, NodeId, Observation, Office, What};
use std::fmt;

/// The monitor of `epoch-monotonic`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EpochMonotonic {
    report: Report,
    /// The epoch that each running process has seen; zero while it is down.
    entered: PerNode<Epoch>,
    stored: Memory<(NodeId, Office), Epoch>,
    elected: Memory<(NodeId, Office), Epoch>,
}

/// An epoch that went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach {
    /// What went back.
    pub step: Step,
    /// Whose it is.
    pub node: NodeId,
    /// What it was.
    pub from: Epoch,
    /// What it is now.
    pub to: Epoch,
}

/// What an epoch belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The epoch in a running node's memory.
    Entered,
    /// The epoch on a node's disk.
    Stored(Office),
    /// The epoch that a node comes back with, against the one on its disk.
    Restarted,
    /// The epoch that a node leads.
    Elected(Office),
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { step, node, from, to } = self;
        match step {
            Step::Entered => write!(f, "{node} went back from {from} to {to} while it ran"),
            Step::Stored(office) => {
                write!(f, "the disk of {node} went back from {from} to {to}{}", of_office(*office))
            }
            Step::Restarted => write!(f, "{node} had stored {from} and restarted with {to}"),
            Step::Elected(office) => {
                write!(f, "{node} had led {from} and was elected in {to}{}", of_office(*office))
            }
        }
    }
}

impl EpochMonotonic {
    fn enter(&mut self, seen: &Observation, to: Epoch) {
        let entered = self.entered.of(seen.node);
        let from = std::mem::replace(entered, to.max(*entered));
        if to < from {
            self.report.violate(seen, Breach { step: Step::Entered, node: seen.node, from, to });
        }
    }

    fn store(&mut self, seen: &Observation, office: Office, to: Epoch) {
        let (first, stored) = self.stored.remember((seen.node, office), to);
        if first {
            return;
        }
        self.report.exercise();
        let from = std::mem::replace(stored, to.max(*stored));
        if to < from {
            self.report.violate(seen, Breach { step: Step::Stored(office), node: seen.node, from, to });
        }
    }

    fn elect(&mut self, seen: &Observation, office: Office, to: Epoch) {
        let (_, elected) = self.elected.remember((seen.node, office), to);
        let from = std::mem::replace(elected, to.max(*elected));
        if to < from {
            self.report.violate(seen, Breach { step: Step::Elected(office), node: seen.node, from, to });
        }
    }

    /// The epoch observed at a restart belongs to the office that the node's role and log are about.
    fn restart(&mut self, seen: &Observation, to: Epoch) {
        *self.entered.of(seen.node) = to;
        let Some(from) = self.stored.recall((seen.node, seen.office)).copied() else { return };
        self.report.exercise();
        if to < from {
            self.report.violate(seen, Breach { step: Step::Restarted, node: seen.node, from, to });
        }
    }
}

impl Monitor for EpochMonotonic {
    const INFO: Info = Info {
        name: "epoch-monotonic",
        code: "EM",
        summary: "a node's epoch never goes back: in memory, on disk, through a crash, or as a leader",
        kind: PropertyKind::Safety,
        source: "Ongaro and Ousterhout 2014, section 5.1 and figure 2 (currentTerm increases monotonically)",
    };
    const INTEREST: Interest =
        Interest::EPOCHS.and(Interest::FACTS).and(Interest::LIFE).and(Interest::LEADERSHIP);

    fn new(setting: &Setting) -> EpochMonotonic {
        EpochMonotonic {
            report: Report::default(),
            entered: PerNode::new(setting.nodes),
            stored: Memory::default(),
            elected: Memory::default(),
        }
    }
    fn reset(&mut self, setting: &Setting) {
        self.report = Report::default();
        self.entered.reset(setting.nodes);
        self.stored.clear();
        self.elected.clear();
    }
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            What::EpochEntered(epoch) => self.enter(seen, epoch),
            What::Fact(Fact::EpochStored { office, epoch }) => self.store(seen, office, epoch),
            What::Elected(leadership) => self.elect(seen, leadership.office, leadership.epoch),
            What::Booted(epoch) => *self.entered.of(seen.node) = epoch,
            What::Crashed => *self.entered.of(seen.node) = Epoch::ZERO,
            What::Restarted(epoch) => self.restart(seen, epoch),
            _ => {}
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::EpochMonotonic;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{history, n};
    use interregnum_kernel::Office;

    #[test]
    fn a_node_that_restarts_below_its_stored_epoch_is_a_violation() {
        let judged =
            history().stored(n(1), 4).crashed(n(1)).at(9).restarted(n(1), 3).judged_by::<EpochMonotonic>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 9ms: n1 had stored e4 and restarted with e3");
    }

    #[test]
    fn an_epoch_that_falls_while_the_node_runs_is_a_violation() {
        let judged = history().booted(n(1)).entered(n(1), 4).entered(n(1), 3).judged_by::<EpochMonotonic>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 0ms: n1 went back from e4 to e3 while it ran");
    }

    #[test]
    fn a_disk_that_is_overwritten_with_a_lower_epoch_is_a_violation() {
        let judged = history().stored(n(1), 4).stored(n(1), 3).judged_by::<EpochMonotonic>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 0ms: the disk of n1 went back from e4 to e3");
    }

    #[test]
    fn a_node_elected_below_an_epoch_that_it_led_is_a_violation() {
        let story = history().elected(n(1), 4).crashed(n(1)).restarted(n(1), 2).elected(n(1), 3);
        let judged = story.judged_by::<EpochMonotonic>();
        assert_eq!(judged.verdict(), Violated);
        assert_eq!(judged.words(), "after 0ms: n1 had led e4 and was elected in e3");
    }

    #[test]
    fn an_epoch_that_was_seen_but_never_stored_may_be_forgotten_in_a_crash() {
        let story = history()
            .booted(n(1))
            .stored(n(1), 2)
            .entered(n(1), 5)
            .crashed(n(1))
            .restarted(n(1), 2)
            .entered(n(1), 3);
        assert_eq!(story.judged_by::<EpochMonotonic>().verdict(), Holds);
    }

    #[test]
    fn an_epoch_whose_record_was_durable_but_not_yet_heard_of_may_come_back() {
        let story = history().stored(n(1), 2).crashed(n(1)).restarted(n(1), 3).stored(n(1), 3);
        assert_eq!(story.judged_by::<EpochMonotonic>().verdict(), Holds);
    }

    #[test]
    fn the_same_epoch_may_be_stored_again() {
        let story = history().stored(n(1), 2).stored(n(1), 2);
        assert_eq!(story.judged_by::<EpochMonotonic>().verdict(), Holds);
    }

    #[test]
    fn epochs_of_different_nodes_and_offices_are_not_compared() {
        let story = history()
            .stored(n(1), 7)
            .stored(n(2), 2)
            .stored_for(Office::SERVICE, n(1), 2)
            .crashed(n(1))
            .restarted(n(1), 7)
            .elected(n(1), 8)
            .elected(n(2), 3);
        assert_eq!(story.judged_by::<EpochMonotonic>().verdict(), Holds);
    }

    #[test]
    fn a_service_node_comes_back_with_the_services_own_epoch() {
        let story = history().served_by(&[n(4)]).stored_for(Office::SERVICE, n(4), 3).stored(n(4), 90).crashed(n(4));
        assert_eq!(story.clone().restarted(n(4), 3).judged_by::<EpochMonotonic>().verdict(), Holds, "its own");
        assert_eq!(story.restarted(n(4), 2).judged_by::<EpochMonotonic>().verdict(), Violated, "and below it");
    }

    #[test]
    fn first_records_and_a_restart_without_any_do_not_exercise_it() {
        let story = history().booted(n(1)).stored(n(2), 1).entered(n(1), 1).crashed(n(1)).restarted(n(1), 0);
        assert_eq!(story.judged_by::<EpochMonotonic>().verdict(), NotExercised);
    }
}
