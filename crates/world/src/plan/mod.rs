//! A plan of faults, as data: a flat list of (time or trigger, lever, duration). It can be generated, printed, saved,
//! shrunk by dropping entries, and replayed.

mod lever;
mod options;
mod selector;
mod trigger;

pub use lever::Lever;
pub use options::{ClockChoice, Connections, Damage, DiskAfter, InFlight, Reach, Unsynced, Wake};
pub use selector::Selector;
pub use trigger::{Cue, Happening, Trigger};

use interregnum_kernel::{FaultClasses, Span};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A list of faults, in the order in which a scenario names them. Entries are independent: dropping one leaves the
/// others' meaning unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The faults.
    pub faults: Vec<PlannedFault>,
}

impl Plan {
    /// What goes wrong in it.
    pub fn classes(&self) -> FaultClasses {
        self.faults.iter().fold(FaultClasses::NONE, |classes, fault| classes.and(fault.lever.classes()))
    }
}

/// One fault of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlannedFault {
    /// When it is injected.
    pub when: When,
    /// What is done.
    pub lever: Lever,
    /// After what time it is undone again; `None` leaves it until the run's heal, or for ever.
    pub lasts: Option<Span>,
}

impl PlannedFault {
    /// A fault at a time, until the run's heal.
    pub const fn at(time: Span, lever: Lever) -> PlannedFault {
        PlannedFault { when: When::At(time), lever, lasts: None }
    }
    /// A fault that waits for something to happen, until the run's heal.
    pub const fn upon(trigger: Trigger, lever: Lever) -> PlannedFault {
        PlannedFault { when: When::Upon(trigger), lever, lasts: None }
    }
    /// The same, undone after some time.
    #[must_use]
    pub const fn lasting(mut self, time: Span) -> PlannedFault {
        self.lasts = Some(time);
        self
    }
}

/// When a fault is injected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum When {
    /// At this time, in global time from the run's start.
    At(Span),
    /// When something has happened. Only once, and never after the heal.
    Upon(Trigger),
}

impl When {
    /// The time, where it is fixed.
    pub const fn time(&self) -> Option<Span> {
        match self {
            When::At(time) => Some(*time),
            When::Upon(_) => None,
        }
    }
}

impl fmt::Display for When {
    /// The line of a scenario file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::At(time) => write!(f, "at = \"{time}\""),
            When::Upon(trigger) => write!(f, "when = {trigger}"),
        }
    }
}

impl fmt::Display for PlannedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[[fault]]\n{}\n{}", self.when, self.lever)?;
        match self.lasts {
            Some(lasts) => write!(f, "\nfor = \"{lasts}\""),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Plan {
    /// The plan as the `[[fault]]` tables of a scenario file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            writeln!(f, "{}{fault}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_kernel::NodeId;

    #[test]
    fn a_plan_prints_as_the_tables_of_a_scenario() {
        let partition = Lever::Partition {
            groups: vec![vec![Selector::Leader, Selector::Random(1)], vec![Selector::Rest]],
            in_flight: InFlight::Deliver,
        };
        let crash = Lever::Crash {
            target: vec![Selector::Node(NodeId(2))],
            unsynced: Unsynced::Random,
            connections: Connections::Silent,
            disk: DiskAfter::Kept,
        };
        let trigger = Trigger {
            cue: Cue::Event(Happening::Elected),
            at: Vec::new(),
            count: 2,
            after: Span::millis(10),
        };
        let plan = Plan {
            faults: vec![
                PlannedFault::at(Span::secs(2), partition).lasting(Span::millis(1500)),
                PlannedFault::upon(trigger, crash),
            ],
        };
        let expected = "[[fault]]\nat = \"2s\"\npartition = [[\"leader\", \"random(1)\"], [\"rest\"]]\n\
            in_flight = \"deliver\"\nfor = \"1500ms\"\n\n[[fault]]\nwhen = { elections = 2, after = \"10ms\" }\n\
            crash = [\"node 3\"]\n";
        assert_eq!(plan.to_string(), expected);
    }
}
