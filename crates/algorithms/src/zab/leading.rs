//! An established leader: proposals, commits, pings, and the check of the quorum (ZooKeeper, `Leader.lead`).

use super::log::Zxid;
use super::message::{Mode, Packet};
use super::state::{Reign, State, Write};
use super::{Moment, Out, Timer, Zab, sink};
use interregnum_kernel::{Command, Jitter, LogEntry, LogIndex, NodeId, NodeSet, Span};

impl Zab {
    /// How often a leader pings.
    pub(super) fn half_tick(&self) -> Span {
        self.tick_time.scaled(1, 2)
    }

    /// A client's command: the next transaction (paper, phase 3).
    pub(super) fn on_propose(&self, state: &mut State, command: Command, out: &mut Out) {
        if state.mode != Mode::Leading || state.leading.reign != Reign::Established {
            return;
        }
        let entry = LogEntry { epoch: state.leading.epoch, command: Some(command) };
        let index = state.log.last_index().next();
        state.log.put(index, entry);
        self.persist(state, Write::Append { index, entry }, out);
        // The lower half of a zxid.
        let counter = state.log.zxid_at(index).counter() as u32;
        for learner in state.leading.forwarding.iter() {
            self.tell(state, learner, Packet::Proposal { counter, command }, out);
        }
        out.reach(Moment::ProposalQueued.into());
    }

    #[inline(always)]
    pub(super) fn on_learners_packet(&self, state: &mut State, from: NodeId, packet: Packet, out: &mut Out) {
        if state.leading.reign == Reign::Established {
            state.leading.learners[from.index()].left = self.sync_limit + 1;
        }
        if !matches!(packet, Packet::Ping) {
            self.on_learners_word(state, from, packet, out);
        }
    }

    #[inline(never)]
    fn on_learners_word(&self, state: &mut State, from: NodeId, packet: Packet, out: &mut Out) {
        match packet {
            Packet::FollowerInfo { accepted_epoch } => {
                self.on_follower_info(state, from, accepted_epoch, out);
            }
            Packet::AckEpoch { current_epoch, last_zxid } => {
                let current = Some(interregnum_kernel::Epoch(u64::from(current_epoch)));
                self.on_epoch_answer(state, from, current, last_zxid, out);
            }
            Packet::AckEpochAgain { last_zxid } => self.on_epoch_answer(state, from, None, last_zxid, out),
            Packet::Ack { zxid } if zxid.counter() == 0 => self.on_history_stored(state, from, out),
            Packet::Ack { zxid } => self.on_ack(state, from, zxid, out),
            _ => {}
        }
    }

    /// A follower's log is durable up to here.
    fn on_ack(&self, state: &mut State, from: NodeId, zxid: Zxid, out: &mut Out) {
        let learner = &mut state.leading.learners[from.index()];
        learner.matched = learner.matched.max(state.log.floor(zxid));
        learner.stuck = 0;
        self.advance_commit(state, out);
    }

    /// One of the leader's own proposals is durable. (An earlier epoch's are vouched for with the history.)
    pub(super) fn on_own_append(&self, state: &mut State, index: LogIndex, entry: LogEntry, out: &mut Out) {
        if state.leading.reign == Reign::Established && entry.epoch == state.leading.epoch {
            let own = state.node();
            let learner = &mut state.leading.learners[own.index()];
            learner.matched = learner.matched.max(index);
            self.advance_commit(state, out);
        }
    }

    /// Commits what a quorum has. All of it is of the leader's own epoch: the rest was committed when it was established.
    pub(super) fn advance_commit(&self, state: &mut State, out: &mut Out) {
        let learners = &state.leading.learners;
        let has_quorum = |index: &LogIndex| {
            let holds = |node: &NodeId| learners[node.index()].matched >= *index;
            self.members.iter().filter(holds).collect::<NodeSet>().is_majority_of(self.members)
        };
        let uncommitted = learners.iter().map(|node| node.matched).filter(|index| *index > state.commit);
        let Some(index) = uncommitted.filter(has_quorum).max() else { return };
        self.commit_to(state, index, out);
        let zxid = state.log.zxid_at(index);
        for learner in state.leading.forwarding.iter() {
            self.tell(state, learner, Packet::Commit { zxid }, out);
        }
    }

    /// Half a tick has passed: the followers are pinged. When it completes a tick, the leader looks whether a quorum was
    /// heard of within the last syncLimit ticks, and gives up if not.
    pub(super) fn on_half_tick(&self, state: &mut State, out: &mut Out) {
        let completes = state.leading.completes;
        state.leading.completes = !completes;
        if completes && !self.has_quorum_after_tick(state) {
            return self.look(state, out);
        }
        out.set_timer(Timer::HalfTick, Jitter::exactly(self.half_tick()));
        let last = state.log.last_index();
        for to in state.leading.forwarding.iter() {
            let synced = state.leading.synced.contains(to);
            let learner = &mut state.leading.learners[to.index()];
            if synced && learner.matched < last {
                learner.stuck += 1;
            }
            if learner.stuck > 2 * self.sync_limit {
                // Its disk does not answer (SyncLimitCheck).
                state.leading.forget(to);
                state.sessions.close(to, &mut sink(out));
            } else {
                state.sessions.pass(to, Packet::Ping, &mut sink(out));
            }
        }
        if !std::mem::replace(&mut state.leading.heard, true) {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    fn has_quorum_after_tick(&self, state: &mut State) -> bool {
        let mut synced = NodeSet::only(state.node());
        for node in state.leading.connected.iter() {
            let left = &mut state.leading.learners[node.index()].left;
            *left = left.saturating_sub(1);
            if *left > 0 {
                synced.insert(node);
            }
        }
        synced.is_majority_of(self.members)
    }
}
