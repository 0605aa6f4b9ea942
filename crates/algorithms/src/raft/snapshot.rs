//! Snapshots: dropping the log's beginning, and bringing it to a follower that needs what is gone (paper §7, thesis
//! chapter 5).
//!
//! A node keeps at least the last `snapshot_after` committed entries and at most twice as many: a follower that is only a
//! little behind is sent entries all the same.

use super::bugs::Plant;
use super::message::Batch;
use super::state::{LogWrite, State, Write};
use super::{Message, Out, Raft};
use interregnum_kernel::{Fact, LogIndex, NodeId, Release, Role};
use std::sync::Arc;

impl Raft {
    /// Replaces the log's beginning by a snapshot, if enough of it is committed.
    #[inline(never)]
    pub(super) fn compact_if_due(&self, state: &mut State, out: &mut Out) {
        let safe = match self.bug {
            // The bug: the log's end, of which nobody knows whether it will stay.
            Some(Plant::SnapshotOfUncommitted) => state.log.last_index(),
            _ => state.commit,
        };
        let kept = safe.0.saturating_sub(state.log.start().index.0);
        if kept < self.snapshot_after.saturating_mul(2) {
            return;
        }
        let to = LogIndex(safe.0 - self.snapshot_after);
        state.log.compact(to);
        state.commit = state.commit.max(to);
        self.save_log(state, LogWrite::Compact(to), out);
    }

    /// Sends a peer the snapshot instead of entries that are gone. Until it answers it is sent nothing more, but for the
    /// snapshot again if heartbeats show that it was lost.
    #[cold]
    pub(super) fn send_snapshot(&self, state: &mut State, peer: NodeId, out: &mut Out) {
        state.leading.probing.insert(peer);
        let batch = Arc::new(Batch::of_snapshot(*state.log.start()));
        out.send_when(self.release(), peer, Message::InstallSnapshot { term: state.current_term, batch });
    }

    /// A snapshot arrives (paper Figure 13). `unsaved`: the term was entered just now.
    pub(super) fn on_install_snapshot(
        &self,
        state: &mut State,
        from: NodeId,
        unsaved: bool,
        batch: &Arc<Batch>,
        out: &mut Out,
    ) {
        let Some(snapshot) = batch.start.as_deref() else { return };
        if !self.hear_leader(state, from, out) {
            return;
        }
        let has_it = state.log.epoch_at(snapshot.index) == Some(snapshot.epoch);
        let restores = snapshot.index > state.commit && !has_it;
        if restores {
            self.restore(state, batch, out);
        } else if has_it {
            // The log goes at least as far, and agrees: it stays (paper Figure 13, step 6).
            self.commit_to(state, snapshot.index, out);
        }
        if restores && unsaved {
            self.note_epoch(state, out);
        } else if unsaved {
            self.save_ballot(state, out);
        }
        // What is committed here, the leader has: an old snapshot is answered with that.
        let index = state.commit.max(snapshot.index);
        out.send_once_durable(from, Message::InstallSnapshotResponse { term: state.current_term, index });
    }

    /// The snapshot takes the place of the whole log, in one write: a log without it would have a hole.
    fn restore(&self, state: &mut State, batch: &Arc<Batch>, out: &mut Out) {
        state.log.splice(batch);
        self.find_rest(state);
        state.commit = batch.prev_index;
        state.restoring = batch.prev_index;
        self.save_log(state, LogWrite::Append(Arc::clone(batch)), out);
        self.note_snapshot(state, out);
    }

    /// States what snapshot the node goes on from, if any.
    pub(super) fn note_snapshot(&self, state: &State, out: &mut Out) {
        if let Some(covered) = state.log.covered() {
            out.note_when(Release::AtOnce, Fact::Restored(covered));
        }
    }

    /// A snapshot is durable: the node may stand for election again.
    pub(super) fn on_restored(&self, state: &mut State, write: &Write) {
        if let Some(LogWrite::Append(batch)) = &write.log
            && batch.start.is_some()
            && batch.prev_index == state.restoring
        {
            state.restoring = LogIndex::ZERO;
        }
    }

    /// The peer has the snapshot: entries follow.
    pub(super) fn on_snapshot_response(
        &self,
        state: &mut State,
        from: NodeId,
        index: LogIndex,
        out: &mut Out,
    ) {
        if state.role == Role::Leader {
            state.leading.active.insert(from);
            self.on_accepted(state, from, index, out);
        }
    }

    /// Asks for a change of the log to be written, with the term and the vote as they are.
    pub(super) fn save_log(&self, state: &State, log: LogWrite, out: &mut Out) {
        let (current_term, voted_for) = (state.current_term, state.voted_for);
        out.persist(Write { current_term, voted_for, log: Some(log) });
    }
}
