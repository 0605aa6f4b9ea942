//! Who holds something that at most one node may hold at an instant. Shared by the two exclusion properties.

use crate::Detail;
use crate::memory::{Aside, Memory, of_office};
use crate::report::Report;
use interregnum_kernel::{NodeId, NodeSet, Observation, Office, What};
use std::fmt;

/// Two nodes that hold one office at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Overlap {
    /// The office.
    pub office: Office,
    /// One of them.
    pub one: NodeId,
    /// The other, of the higher number.
    pub other: NodeId,
}

impl Overlap {
    /// The overlap in words, given what both do and what with.
    pub(crate) fn describe(&self, f: &mut fmt::Formatter<'_>, both: &str, what: &str) -> fmt::Result {
        write!(f, "{} and {} {both}{what}{} at the same time", self.one, self.other, of_office(self.office))
    }
}

/// The holders of each office at this instant.
///
/// A holder that is stopped does nothing with what it holds, so it excludes nobody until it goes on. It may lose its hold
/// meanwhile: a lease runs out by the clock.
///
/// A hold is half-open: it includes the instant at which it begins and not the one at which it ends. Observations of
/// one instant come in some order, so a hold that begins may be heard before the one that ends at that same instant.
/// Therefore a verdict on an instant can change until the instant is over. An exploration in which time stands still
/// has to look after every step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Holders {
    holds: Memory<(Office, NodeId), ()>,
    stopped: NodeSet,
    latest: Aside<Memory<Office, NodeId>>,
}

impl Holders {
    pub(crate) fn clear(&mut self) {
        self.holds.clear();
        self.stopped = NodeSet::EMPTY;
        self.latest.0.clear();
    }
    /// A node takes hold.
    pub(crate) fn take<B: Into<Detail>>(
        &mut self,
        office: Office,
        seen: &Observation,
        report: &mut Report,
        breach: fn(Overlap) -> B,
    ) {
        self.acts(office, seen.node, report);
        self.holds.remember((office, seen.node), ());
        self.judge(seen, report, breach);
    }
    /// A node lets go of one office.
    pub(crate) fn release<B: Into<Detail>>(
        &mut self,
        office: Office,
        seen: &Observation,
        report: &mut Report,
        breach: fn(Overlap) -> B,
    ) {
        self.holds.forget((office, seen.node));
        self.judge(seen, report, breach);
    }
    /// A node lets go of everything.
    pub(crate) fn release_all<B: Into<Detail>>(
        &mut self,
        seen: &Observation,
        report: &mut Report,
        breach: fn(Overlap) -> B,
    ) {
        self.holds.retain(|(_, node)| *node != seen.node);
        self.judge(seen, report, breach);
    }
    /// A node stops, goes on, or dies. Nothing else is heard of here.
    pub(crate) fn live<B: Into<Detail>>(
        &mut self,
        seen: &Observation,
        report: &mut Report,
        breach: fn(Overlap) -> B,
    ) {
        match seen.what {
            What::Stopped => {
                self.stopped.insert(seen.node);
            }
            What::Resumed => {
                self.stopped.remove(seen.node);
                for office in [Office::CONTESTED, Office::SERVICE] {
                    if self.holds.recall((office, seen.node)).is_some() {
                        self.acts(office, seen.node, report);
                    }
                }
            }
            What::Crashed => {
                // A dead process holds nothing, even where nobody says so, and its stop died with it.
                self.stopped.remove(seen.node);
                self.holds.retain(|(_, node)| *node != seen.node);
            }
            _ => return,
        }
        self.judge(seen, report, breach);
    }

    /// Exclusion is put to the test when an office passes from one node to another.
    fn acts(&mut self, office: Office, node: NodeId, report: &mut Report) {
        let (_, latest) = self.latest.0.remember(office, node);
        if *latest != node {
            *latest = node;
            report.exercise();
        }
    }

    /// Judges this instant anew. What was found of an earlier instant stands.
    fn judge<B: Into<Detail>>(&self, seen: &Observation, report: &mut Report, breach: fn(Overlap) -> B) {
        match report.violation() {
            Some(violation) if violation.at < seen.at => return,
            Some(violation) if self.overlaps().any(|overlap| breach(overlap).into() == violation.detail) => {
                return;
            }
            Some(_) => report.retract(),
            None => {}
        }
        if let Some(overlap) = self.overlaps().next() {
            report.violate(seen, breach(overlap));
        }
    }

    /// Holds are in the order of their offices and nodes: two of one office stand side by side.
    fn overlaps(&self) -> impl Iterator<Item = Overlap> {
        let mut before = None;
        let goes = self.holds.as_slice().iter().filter(|((_, node), ())| !self.stopped.contains(*node));
        goes.filter_map(move |((office, other), ())| {
            let (same, one) = before.replace((*office, *other))?;
            (same == *office).then_some(Overlap { office: *office, one, other: *other })
        })
    }
}
