//! The properties that a run is judged by: one monitor automaton per property, one file per monitor.
//!
//! A monitor listens to [`Observation`]s, which no algorithm owns, and keeps what it needs to know of the past ("epoch
//! 4 was won by n2, ever"). It judges by its own memory and believes nobody's. It counts how often its property was
//! really put to the test: a property that never was is "not exercised", which is less than "holds".
//!
//! The [`Suite`] holds all monitors side by side, statically dispatched. Monitors are values: an exhaustive checker
//! keeps them in its states, so their memory is canonical (two histories that make no difference to any later verdict
//! should leave equal monitors) and counts are left out of the comparison.
//!
//! To add a property, write its file and name it in the `registry!` below. That line gives it its place in the suite,
//! its [`Info`] in [`INVARIANTS`] and its words in [`Detail`].
//!
//! What a monitor finds is a fact about the run. Whether the algorithm ever promised the property under the faults of
//! that run is for others to say.
#![forbid(unsafe_code)]

mod exclusion;
mod memory;
mod obeyed;
mod registry;
mod report;

#[cfg(test)]
mod history;
#[cfg(test)]
mod tests;

pub use exclusion::Overlap;
pub use fenced_writes::StaleWrites;
pub use leader_during::Demand;
pub use obeyed::Latest;
pub use report::{Info, PropertyKind, Report, Verdict, Violation};

use interregnum_kernel::{GlobalTime, Interest, Observation, Span};
use std::fmt;

registry::registry! {
    election_safety::ElectionSafety,
    vote_once::VoteOnce,
    epoch_monotonic::EpochMonotonic,
    leader_completeness::LeaderCompleteness,
    log_agreement::LogAgreement,
    fenced_writes::FencedWrites,
    token_monotonic::TokenMonotonic,
    leader_exclusion::LeaderExclusion,
    lease_exclusion::LeaseExclusion,
    lease_kept::LeaseKept,
    leader_within::LeaderWithin,
    leader_during::LeaderDuring,
}

/// What monitors need to know of a run before it starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Setting {
    /// How many nodes take part. Memory is laid out for so many; a node beyond them is still judged.
    pub nodes: u8,
    /// When everything is healed, if it is.
    pub heal: Option<GlobalTime>,
    /// How soon after healing there must be a leader, if that is asked.
    pub leader_within: Option<Span>,
    /// How soon there must be a leader while the links stay as they are, if that is asked.
    pub leader_during: Option<Demand>,
}

/// One property's automaton.
pub trait Monitor: Clone + Eq + std::hash::Hash {
    /// Its entry in the registry.
    const INFO: Info;
    /// The kinds of observation that its verdict depends on. The suite gives it no others.
    const INTEREST: Interest;

    /// A monitor that has heard nothing.
    fn new(setting: &Setting) -> Self;
    /// Makes it equal to a new one; keeps the storage.
    fn reset(&mut self, setting: &Setting);
    /// The kinds that it wants in its setting: [`Monitor::INTEREST`], or nothing where the setting asks nothing of it.
    fn interest(&self) -> Interest {
        Self::INTEREST
    }
    /// Hears one observation. Observations come in the order of their times.
    fn observe(&mut self, observation: &Observation);
    /// What it has found so far.
    fn report(&self) -> &Report;
}

/// A name that no invariant has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInvariant(pub String);

impl fmt::Display for UnknownInvariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no invariant is called `{}`; there are:", self.0)?;
        for info in INVARIANTS {
            write!(f, " {}", info.name)?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownInvariant {}

/// Which monitors are switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Selection(u32);

impl Selection {
    /// No monitor.
    pub const NONE: Selection = Selection(0);
    /// Every monitor.
    pub const ALL: Selection = Selection(u32::MAX >> (u32::BITS as usize - INVARIANTS.len()));

    /// The monitors of these names.
    ///
    /// # Errors
    /// If a name is not in [`INVARIANTS`].
    pub fn named(names: &[&str]) -> Result<Selection, UnknownInvariant> {
        names.iter().try_fold(Selection::NONE, |chosen, name| {
            let place = INVARIANTS.iter().position(|info| info.name == *name);
            place
                .map(|place| Selection(chosen.0 | 1 << place))
                .ok_or_else(|| UnknownInvariant((*name).to_owned()))
        })
    }
    /// The monitors of one kind of property. An exploration without time can judge safety only.
    pub fn of_kind(kind: PropertyKind) -> Selection {
        let places = INVARIANTS.iter().enumerate().filter(|(_, info)| info.kind == kind);
        Selection(places.fold(0, |chosen, (place, _)| chosen | 1 << place))
    }
    /// The monitors that are in both selections.
    #[must_use]
    pub const fn and_also(self, other: Selection) -> Selection {
        Selection(self.0 & other.0)
    }
    #[inline]
    const fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }
}

impl Suite {
    /// Switches off all monitors but these.
    ///
    /// # Errors
    /// If a name is not in [`INVARIANTS`].
    pub fn only(mut self, names: &[&str]) -> Result<Suite, UnknownInvariant> {
        self.select(Selection::named(names)?);
        Ok(self)
    }
    /// The violations found so far, in the registry's order.
    pub fn violations(&self) -> impl Iterator<Item = (Info, Violation)> {
        self.verdicts().filter_map(|(info, report)| report.violation().map(|violation| (info, violation)))
    }
    /// Whether any monitor has found a violation.
    pub fn is_violated(&self) -> bool {
        self.violations().next().is_some()
    }
    /// What became of the writes of superseded leaders. All zero while `fenced-writes` is switched off.
    pub fn stale_writes(&self) -> StaleWrites {
        self.fenced_writes.stale_writes()
    }
}
