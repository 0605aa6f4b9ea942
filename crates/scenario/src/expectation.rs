//! What a scenario expects of its runs: the verdict is a comparison of this with what was observed.

use interregnum_kernel::{Connected, Span};
use std::collections::BTreeMap;
use std::fmt;

/// What is expected of all seeds together. Empty, it expects every promised invariant to hold and nothing more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// In every run a leader is established within this time after the heal.
    pub leader_within: Option<Span>,
    /// After every lasting change of the links that leaves a quorum connected, there is a leader in time.
    pub leader_during: Option<LeaderDuring>,
    /// Invariants of which at least one seed violates each; no seed violates any other.
    pub violated: Vec<String>,
    /// How long failovers take.
    pub failover: FailoverExpectation,
    /// Bounds on what is counted, summed over the seeds.
    pub counts: BTreeMap<Counted, Comparison>,
    /// A bound on the leader changes per hour of simulated time, over all seeds. Compared without rounding.
    pub leader_changes_per_hour: Option<Comparison>,
    /// Goals that at least one seed reaches each.
    pub sometimes: Vec<String>,
    /// The keys of the file that nothing is compared with, since the cluster or the profile is not the file's own.
    pub not_judged: Vec<&'static str>,
}

impl Expectation {
    /// What still holds of a cluster or a profile for which the numbers are not meant: safety. What may be violated
    /// still may, and need not.
    #[must_use]
    pub fn without_numbers(&self) -> Expectation {
        let mut not_judged = Vec::new();
        let mut put_aside = |name, is_there: bool| not_judged.extend(is_there.then_some(name));
        put_aside("leader_within", self.leader_within.is_some());
        put_aside("leader_during", self.leader_during.is_some());
        put_aside("violated", !self.violated.is_empty());
        put_aside("failover", self.failover != FailoverExpectation::default());
        self.counts.keys().for_each(|counted| put_aside(counted.name(), true));
        put_aside("leader_changes_per_hour", self.leader_changes_per_hour.is_some());
        put_aside("sometimes", !self.sometimes.is_empty());
        Expectation { violated: self.violated.clone(), not_judged, ..Expectation::default() }
    }
}

/// How soon there is a leader while links stay as they are, and how well they must connect a quorum for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaderDuring {
    /// Within this time after every change of the links. Changes that the next one follows sooner ask for nothing.
    pub within: Span,
    /// Only changes after which a quorum is connected at least this well ask for a leader.
    pub of: Connected,
}

/// Upper bounds on the failover times over all seeds. A run that never recovered counts as infinitely long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailoverExpectation {
    /// The median is at most this.
    pub p50: Option<Span>,
    /// The 95th percentile is at most this.
    pub p95: Option<Span>,
    /// The 99th percentile is at most this.
    pub p99: Option<Span>,
    /// The longest is at most this.
    pub max: Option<Span>,
    /// How many runs needed a failover and had none by their end.
    pub never: Option<Comparison>,
}

/// A quantity that is counted in every run and summed over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// Writes that the resource refused, having taken one with a later token.
    StaleWritesRejected,
    /// Writes that the resource took although it had taken one with a later token. A deposed leader's write that
    /// arrives before its successor's first one is not among them.
    StaleWritesAccepted,
    /// Leaders established after the first.
    LeaderChanges,
    /// Leader changes without a fault that called for one.
    SpuriousFailovers,
    /// Elections that ended without a leader because the votes were split.
    SplitVotes,
    /// Failovers that were needed and succeeded.
    Failovers,
}

impl Counted {
    /// All of them, in the order of their declaration.
    pub const ALL: [Counted; 6] = [
        Counted::StaleWritesRejected,
        Counted::StaleWritesAccepted,
        Counted::LeaderChanges,
        Counted::SpuriousFailovers,
        Counted::SplitVotes,
        Counted::Failovers,
    ];

    /// The key in a scenario file.
    pub const fn name(self) -> &'static str {
        match self {
            Counted::StaleWritesRejected => "stale_writes_rejected",
            Counted::StaleWritesAccepted => "stale_writes_accepted",
            Counted::LeaderChanges => "leader_changes",
            Counted::SpuriousFailovers => "spurious_failovers",
            Counted::SplitVotes => "split_votes",
            Counted::Failovers => "failovers",
        }
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a count is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `==`
    Exactly,
}

/// A bound on a count, written `">= 1"`, `"<= 5"` or `"== 0"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// How it is compared.
    pub relation: Relation,
    /// With what.
    pub value: u64,
}

impl Comparison {
    /// Whether a count satisfies it.
    pub const fn holds(self, count: u64) -> bool {
        match self.relation {
            Relation::AtLeast => count >= self.value,
            Relation::AtMost => count <= self.value,
            Relation::Exactly => count == self.value,
        }
    }

    /// Whether so many events in so long a time, in nanoseconds, are a rate per hour that satisfies it. The comparison is
    /// exact: nothing is divided, so nothing is rounded. A time of zero has no rate, and satisfies it.
    pub const fn holds_per_hour(self, count: u64, nanos: u128) -> bool {
        const HOUR: u128 = 3_600_000_000_000;
        // Neither product can overflow before a campaign has simulated 10^10 years.
        let (counted, wanted) = (count as u128 * HOUR, self.value as u128 * nanos);
        nanos == 0
            || match self.relation {
                Relation::AtLeast => counted >= wanted,
                Relation::AtMost => counted <= wanted,
                Relation::Exactly => counted == wanted,
            }
    }

    /// Whether it is false of a count of zero: something has to happen.
    pub const fn asks_for_some(self) -> bool {
        !self.holds(0)
    }
}

impl fmt::Display for Comparison {
    /// As a scenario file writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.relation {
            Relation::AtLeast => ">=",
            Relation::AtMost => "<=",
            Relation::Exactly => "==",
        };
        write!(f, "{sign} {}", self.value)
    }
}
