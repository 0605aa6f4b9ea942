//! The leader's lease: until when nobody else can lead, by the leader's own clock.
//!
//! Every voter that answers a heartbeat refuses other candidates for the shortest election timeout after it ARRIVED.
//! The leader counts from when it was SENT, which is earlier, and scales by the bound on the clocks' drift. Counting
//! from the answers, or trusting the check of the quorum, would serve up to twice as long (thesis §6.4.1).

use super::Raft;
use super::state::State;
use interregnum_kernel::{LocalTime, NodeId, Now};

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
        let mut stamps = [LocalTime::ZERO; NodeId::MAX];
        let stamps = &mut stamps[..self.members.len()];
        for (slot, member) in stamps.iter_mut().zip(self.members.iter()) {
            *slot = state.leading.progress[member.index()].acked;
        }
        stamps.sort_unstable_by(|a, b| b.cmp(a));
        let since = stamps[stamps.len() / 2];
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
