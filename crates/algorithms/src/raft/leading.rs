//! What a leader does besides sending entries: it begins its term, is heard, checks that it has a quorum, and falls
//! silent when its own disk does not answer.

use super::phases::Moment;
use super::state::{LogWrite, Progress, State, Write};
use super::{Message, Out, Raft, Timer};
use interregnum_kernel::{Jitter, LocalTime, LogIndex, NodeId, NodeSet, Now, Release, Role, Span};

impl Raft {
    /// The election is won, and the own vote is durable: the node leads from now on. Its first entry, which is nobody's
    /// command, tells the others, and lets it commit what earlier terms left behind (paper §8).
    pub(super) fn become_leader(&self, state: &mut State, out: &mut Out) {
        state.role = Role::Leader;
        state.leader = Some(state.node);
        state.tally = Default::default();
        self.unguard(state, out);
        let last = state.log.last_index();
        let unknown = Progress { matched: LogIndex::ZERO, next: last.next(), acked: LocalTime::ZERO };
        state.leading.progress.fill(unknown);
        // The own vote was written behind the whole log.
        state.leading.progress[state.node.index()].matched = last;
        state.leading.probing = self.peers(state).minus(self.witnesses);
        state.leading.active = NodeSet::only(state.node);
        out.cancel_timer(Timer::Election);
        // A leader that wants a lease asks for it at once; otherwise the first entry is its first heartbeat.
        let first = if self.lease { Span::ZERO } else { self.heartbeat_interval };
        out.set_timer(Timer::Heartbeat, Jitter::exactly(first));
        if self.check_quorum {
            out.set_timer(Timer::CheckQuorum, self.patience());
        }
        // An earlier leader may have left a change half done.
        let now = state.log.configuration();
        state.leading.reconfigures = now.is_joint() || state.log.configuration_index() > state.commit;
        state.failures = 0;
        if self.minimum_tenure > Span::ZERO {
            state.leading.is_bound = true;
            out.set_timer(Timer::Tenure, Jitter::exactly(self.minimum_tenure));
        }
        let batch = self.append_own(state, None, None, out);
        for peer in self.peers(state).minus(self.witnesses).iter() {
            let message = Message::AppendEntries { term: state.current_term, batch: batch.clone() };
            out.send_when(self.release(), peer, message);
        }
        out.reach(Moment::Elected.into());
    }

    /// Forgets what only a leader knows, and waits for the next one.
    pub(super) fn stop_leading(&self, state: &mut State, out: &mut Out) {
        state.leading.clear();
        for timer in [
            Timer::Heartbeat,
            Timer::CheckQuorum,
            Timer::Transfer,
            Timer::DiskStall,
            Timer::CatchUp,
            Timer::Tenure,
        ] {
            out.cancel_timer(timer);
        }
        self.await_leader(state, out);
    }

    pub(super) fn on_heartbeat_due(&self, state: &mut State, now: Now, out: &mut Out) {
        if state.role != Role::Leader {
            return;
        }
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.heartbeat_interval));
        if state.leading.stalled {
            return;
        }
        if self.on_stuck_disk == OnStuckDisk::DelayHeartbeats && state.awaits_own_disk() {
            if state.leading.beats_at == LogIndex::ZERO {
                state.leading.beats_at = state.log.last_index();
            }
            return;
        }
        self.beat(state, now, out);
    }

    fn beat(&self, state: &mut State, now: Now, out: &mut Out) {
        let sent = self.stamp(state, now);
        for peer in self.peers(state).iter() {
            // A follower must not commit what it was not seen to have.
            let commit = state.leading.progress[peer.index()].matched.min(state.commit);
            out.send(peer, Message::Heartbeat { term: state.current_term, commit, sent });
        }
        if !std::mem::replace(&mut state.leading.heard, true) {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    /// A leader is heard: its term goes on. Answered at once, whatever waits for the disk: the answer says only that
    /// the node is there.
    #[inline]
    pub(super) fn on_heartbeat(
        &self,
        state: &mut State,
        from: NodeId,
        commit: LogIndex,
        sent: LocalTime,
        out: &mut Out,
    ) {
        if self.hear_leader(state, from, out) {
            self.commit_to(state, commit, out);
            out.send(from, Message::HeartbeatResponse { term: state.current_term, sent });
        }
    }

    /// A follower is there. If it is behind, entries or their acknowledgement were lost: it is sent them again.
    #[inline]
    pub(super) fn on_heartbeat_response(
        &self,
        state: &mut State,
        from: NodeId,
        sent: LocalTime,
        out: &mut Out,
    ) {
        if state.role != Role::Leader {
            return;
        }
        state.leading.active.insert(from);
        self.renew_lease(state, from, sent);
        let progress = &mut state.leading.progress[from.index()];
        if progress.matched < state.log.last_index() {
            if !state.leading.probing.contains(from) {
                progress.next = progress.matched.next();
            }
            self.send_entries(state, from, out);
        }
        if !self.ranks.is_empty() {
            self.consider_heir(state, from, out);
        }
    }

    /// Steps down if no quorum was heard of since the last check (thesis §6.2): a leader that is cut off notices after
    /// one to two shortest election timeouts.
    pub(super) fn on_check_quorum(&self, state: &mut State, out: &mut Out) {
        if state.role != Role::Leader {
            return;
        }
        if self.can_decide(state, state.leading.active) {
            state.leading.active = NodeSet::only(state.node);
            out.set_timer(Timer::CheckQuorum, self.patience());
        } else {
            self.become_follower(state, out);
        }
    }
}

/// What a leader does whose own disk does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OnStuckDisk {
    /// It sends nothing once the disk has not answered for `disk_stall_timeout`, until it answers. What a pull request of
    /// hashicorp/raft proposes (683, 2026), with ten heartbeat timeouts, for a replication that does not come to its end.
    FallSilent,
    /// Heartbeats that fall due leave when everything written before is durable, and entries when they are. What
    /// CockroachDB does with the heartbeats of its nodes (cockroach pull request 41761, 2019).
    DelayHeartbeats,
    /// It goes on being heard, as in hashicorp/raft (issue 503, 2022).
    Ignore,
}

impl OnStuckDisk {
    /// The words for them in scenario files, in the order of [`OnStuckDisk::ALL`].
    pub(crate) const WORDS: &'static [&'static str] = &["fall-silent", "delay-heartbeats", "ignore"];

    /// All of them.
    pub(crate) const ALL: [OnStuckDisk; 3] =
        [OnStuckDisk::FallSilent, OnStuckDisk::DelayHeartbeats, OnStuckDisk::Ignore];
}

/// The leader's own disk. A leader that cannot write can commit nothing that its followers could not commit without it,
/// and while it is heard they elect nobody else.
impl Raft {
    /// When entries leave. They are heard like heartbeats, so that they wait where these do.
    #[inline]
    pub(super) fn release(&self) -> Release {
        match self.on_stuck_disk {
            OnStuckDisk::DelayHeartbeats => Release::OnceDurable,
            OnStuckDisk::FallSilent | OnStuckDisk::Ignore => Release::AtOnce,
        }
    }

    /// From now on an own write is under way.
    pub(super) fn await_own_disk(&self, out: &mut Out) {
        out.set_timer(Timer::DiskStall, Jitter::exactly(self.disk_stall_timeout));
    }

    /// The disk has not answered for too long: no more heartbeats and entries until it does.
    pub(super) fn on_disk_stall(&self, state: &mut State) {
        state.leading.stalled = state.awaits_own_disk() && self.on_stuck_disk == OnStuckDisk::FallSilent;
    }

    /// One of a leader's writes is durable: its entries count as its own acknowledgement.
    pub(super) fn on_own_disk_answered(&self, state: &mut State, now: Now, write: &Write, out: &mut Out) {
        let Some(LogWrite::Append(batch)) = &write.log else { return };
        let written = batch.last_index();
        // The write may be older than the term, and its entries replaced since.
        // What a snapshot covers by now is committed, and was not replaced.
        let is_there = state.log.epoch_at(written) == batch.entries.last().map(|entry| entry.epoch);
        if !is_there && written > state.log.start().index {
            return;
        }
        let own = &mut state.leading.progress[state.node.index()];
        own.matched = own.matched.max(written);
        state.leading.stalled = false;
        if state.awaits_own_disk() {
            self.await_own_disk(out);
        } else {
            out.cancel_timer(Timer::DiskStall);
        }
        if !self.witnesses.is_empty() {
            self.tell_witnesses(state, out);
        }
        let due = state.leading.beats_at;
        if due > LogIndex::ZERO && state.own_matched() >= due {
            state.leading.beats_at = LogIndex::ZERO;
            self.beat(state, now, out);
        }
        self.advance_commit(state, out);
    }
}
