//! Who holds something that at most one node may hold at an instant. Shared by the two exclusion properties.

use crate::Detail;
use crate::memory::{Aside, Memory, of_office};
use crate::report::Report;
use interregnum_kernel::{NodeId, Observation, Office};
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
/// A hold is half-open: it includes the instant at which it begins and not the one at which it ends. Observations of
/// one instant come in some order, so a hold that begins may be heard before the one that ends at that same instant.
/// Therefore a verdict on an instant can change until the instant is over. An exploration in which time stands still
/// has to look after every step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Holders {
    holds: Memory<(Office, NodeId), ()>,
    latest: Aside<Memory<Office, NodeId>>,
}

impl Holders {
    pub(crate) fn clear(&mut self) {
        self.holds.clear();
        self.latest.0.clear();
    }
    /// A node takes hold. Exclusion is put to the test when the office passes from one node to another.
    pub(crate) fn take<B: Into<Detail>>(
        &mut self,
        office: Office,
        seen: &Observation,
        report: &mut Report,
        breach: fn(Overlap) -> B,
    ) {
        let (_, latest) = self.latest.0.remember(office, seen.node);
        if *latest != seen.node {
            *latest = seen.node;
            report.exercise();
        }
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

    fn overlaps(&self) -> impl Iterator<Item = Overlap> {
        let holds = self.holds.as_slice();
        holds.windows(2).filter_map(|pair| {
            let [((office, one), ()), ((same, other), ())] = *pair else { return None };
            (office == same).then_some(Overlap { office, one, other })
        })
    }
}
