//! What a monitor has to say: its name, its verdict, and its first violation.

use crate::Detail;
use crate::memory::Aside;
use interregnum_kernel::{GlobalTime, NodeId, Observation};
use std::fmt;

/// What kind of property it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PropertyKind {
    /// Something bad never happens: a finite run can violate it for good.
    Safety,
    /// Something good happens in time. It is asked within a bound, or no finite run could violate it.
    Liveness,
}

impl fmt::Display for PropertyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            PropertyKind::Safety => "safety",
            PropertyKind::Liveness => "liveness",
        })
    }
}

/// A property's entry in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Info {
    /// Its name in scenarios and reports.
    pub name: &'static str,
    /// Its name where there is no room for it: two capital letters.
    pub code: &'static str,
    /// What it says, in a sentence.
    pub summary: &'static str,
    /// Safety or liveness.
    pub kind: PropertyKind,
    /// Where the property comes from.
    pub source: &'static str,
}

/// What a monitor concludes about one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Put to the test, and never violated.
    Holds,
    /// Violated at least once.
    Violated,
    /// Never put to the test: the run says nothing about it.
    NotExercised,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::NotExercised => "not exercised",
        })
    }
}

/// The first violation of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// When, in the engine's global time.
    pub at: GlobalTime,
    /// At which node it was seen.
    pub node: NodeId,
    /// What happened; its `Display` is a clause in words.
    pub detail: Detail,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {}: {}", self.at.since(GlobalTime::ZERO), self.detail)
    }
}

/// What a monitor has found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Report {
    exercised: Aside<u64>,
    violation: Option<Violation>,
}

impl Report {
    /// How often the property was really put to the test.
    pub fn exercised(&self) -> u64 {
        self.exercised.0
    }
    /// The first violation, if there was one.
    pub fn violation(&self) -> Option<Violation> {
        self.violation
    }
    /// The verdict on the run so far. A violation counts even where no test of the property was meant.
    pub fn verdict(&self) -> Verdict {
        match (self.violation, self.exercised.0) {
            (Some(_), _) => Verdict::Violated,
            (None, 0) => Verdict::NotExercised,
            (None, _) => Verdict::Holds,
        }
    }

    pub(crate) fn exercise(&mut self) {
        self.exercised.0 += 1;
    }
    /// Notes a violation seen in this observation, unless there was an earlier one.
    #[cold]
    pub(crate) fn violate(&mut self, seen: &Observation, breach: impl Into<Detail>) {
        self.violate_at(seen.at, seen.node, breach);
    }
    /// Notes a violation, unless there was an earlier one.
    #[cold]
    pub(crate) fn violate_at(&mut self, at: GlobalTime, node: NodeId, breach: impl Into<Detail>) {
        self.violation.get_or_insert(Violation { at, node, detail: breach.into() });
    }
    /// Takes the violation back. Only for properties of whole instants, while the instant is not over.
    pub(crate) fn retract(&mut self) {
        self.violation = None;
    }
}
