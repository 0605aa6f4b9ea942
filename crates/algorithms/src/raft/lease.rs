//! The leader's lease: until when nobody else can lead, by the leader's own clock.
//!
//! Every voter that answers a heartbeat refuses other candidates for the shortest election timeout after it ARRIVED.
//! The leader counts from when it was SENT, which is earlier, and scales by the bound on the clocks' drift. Counting
//! from the answers, or trusting the check of the quorum, would serve up to twice as long (thesis §6.4.1).

use super::Raft;
use super::state::{Progress, State};
use interregnum_kernel::{LocalTime, NodeId, NodeSet, Now};

impl Raft {
    /// What the heartbeats that are about to leave carry. Without the lease no clock reading enters state or messages,
    /// or states that differ in nothing else would not be equal.
    pub(super) fn stamp(&self, state: &mut State, now: Now) -> LocalTime {
        if !self.lease || state.leading.lease_forfeited {
            return LocalTime::ZERO;
        }
        // The leader acknowledges its own heartbeat.
        self.renew_lease(state, state.node, now.mono);
        now.mono
    }

    /// A heartbeat that carried this stamp was answered: the lease runs from the latest stamp that a quorum reached.
    #[inline]
    pub(super) fn renew_lease(&self, state: &mut State, from: NodeId, sent: LocalTime) {
        if self.lease && !state.leading.lease_forfeited {
            self.count_stamp(state, from, sent);
        }
    }

    /// Out of line: most clusters have no lease, and heartbeats are to be quick there.
    #[inline(never)]
    fn count_stamp(&self, state: &mut State, from: NodeId, sent: LocalTime) {
        let acked = &mut state.leading.progress[from.index()].acked;
        *acked = sent.max(*acked);
        let [new, old] = self.halves(&state.log);
        let since = reached(&state.leading.progress, new).min(reached(&state.leading.progress, old));
        if since > LocalTime::ZERO {
            state.leading.lease_until = Some(since + self.lease_length);
        }
    }

    /// No lease any more, and none for the rest of the term.
    pub(super) fn forfeit_lease(&self, state: &mut State) {
        if self.lease {
            state.leading.lease_until = None;
            state.leading.lease_forfeited = true;
        }
    }
}

/// The latest stamp that a majority of the voters has acknowledged.
fn reached(progress: &[Progress], voters: NodeSet) -> LocalTime {
    let mut stamps = [LocalTime::ZERO; NodeId::MAX];
    let stamps = &mut stamps[..voters.len()];
    for (slot, voter) in stamps.iter_mut().zip(voters.iter()) {
        *slot = progress[voter.index()].acked;
    }
    stamps.sort_unstable_by(|a, b| b.cmp(a));
    stamps.get(stamps.len() / 2).copied().unwrap_or_default()
}
