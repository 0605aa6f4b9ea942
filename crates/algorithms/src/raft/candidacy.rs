//! How long a node waits before it stands for election.
//!
//! **Priority** lengthens the timeouts of nodes that are to lead less: each rank below the highest adds the width of the
//! range, so that the ranges of two ranks do not overlap. Raft-rs lets voters refuse candidates of lower priority instead;
//! that has to be bounded, or a preferred node that nobody hears keeps the others from electing anyone. Waiting longer
//! keeps nobody from anything.
//!
//! **Back-off** doubles the width of the range for every candidacy in a row that ran out without a majority for it or
//! against it, up to eight times: candidates that keep splitting the votes come apart.

use super::state::State;
use super::{Out, Raft, Timer};
use interregnum_kernel::{Jitter, Span};

/// How often the range doubles at most.
const DOUBLINGS: u8 = 3;

impl Raft {
    /// How long this node waits for its leader, or for the votes.
    #[inline]
    pub(super) fn patience_for_leader(&self, state: &State) -> Jitter {
        if self.backoff || !self.ranks.is_empty() { self.stretched(state) } else { self.election_timeout }
    }

    #[cold]
    fn stretched(&self, state: &State) -> Jitter {
        let Jitter { min, max } = self.election_timeout;
        let width = max.0 - min.0;
        // Timeouts of one length are kept apart by that length.
        let step = if width == 0 { min.0 } else { width };
        let rank = self.ranks.get(state.node.index()).copied().unwrap_or_default();
        let from = min.0.saturating_add(step.saturating_mul(rank));
        let doubled = width.saturating_mul(1 << state.failures.min(DOUBLINGS));
        Jitter::between(Span(from), Span(from.saturating_add(doubled)))
    }

    /// A candidacy ran out without a majority for it or against it: the votes were split, or lost.
    pub(super) fn note_failure(&self, state: &mut State) {
        if self.backoff {
            state.failures = state.failures.saturating_add(1).min(DOUBLINGS);
        }
    }

    /// Arms the election timer for the whole timeout.
    #[inline]
    pub(super) fn await_leader(&self, state: &State, out: &mut Out) {
        out.set_timer(Timer::Election, self.patience_for_leader(state));
    }
}
