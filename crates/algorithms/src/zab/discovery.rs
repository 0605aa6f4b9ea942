//! A leader that is not established yet: discovery and synchronisation (ZooKeeper, `Leader.lead` and `LearnerHandler`).

use super::bugs::Plant;
use super::log::Zxid;
use super::message::{History, Mode, Packet};
use super::state::{Reign, State, Write};
use super::{Moment, Out, Timer, Zab, sink};
use interregnum_kernel::{Epoch, Jitter, LogIndex, NodeId, NodeSet};
use std::sync::Arc;

impl Zab {
    /// The election named this node: it waits for a quorum to connect.
    pub(super) fn begin_leading(&self, state: &mut State, out: &mut Out) {
        state.mode = Mode::Leading;
        state.leading.clear();
        state.leading.epoch = state.accepted_epoch;
        out.set_timer(Timer::Establish, self.ticks(self.init_limit));
        self.on_gathered(state, state.node(), state.accepted_epoch, out);
    }

    /// A follower has connected.
    pub(super) fn on_connected(&self, state: &mut State, from: NodeId) {
        state.leading.connected.insert(from);
        let learner = &mut state.leading.learners[from.index()];
        learner.left = self.init_limit + self.sync_limit + 1;
        learner.stuck = 0;
    }

    pub(super) fn tell(&self, state: &mut State, to: NodeId, packet: Packet, out: &mut Out) {
        if !state.sessions.send(to, packet, &mut sink(out)) {
            state.leading.forget(to);
        }
    }

    /// FOLLOWERINFO.
    pub(super) fn on_follower_info(&self, state: &mut State, from: NodeId, accepted: Epoch, out: &mut Out) {
        state.leading.informed.insert(from);
        match state.leading.reign {
            Reign::Gathering => self.on_gathered(state, from, accepted, out),
            Reign::Promising => {}
            _ => self.tell(state, from, Packet::LeaderInfo { epoch: state.leading.epoch }, out),
        }
    }

    /// The new epoch is one above the highest that a quorum has promised (getEpochToPropose).
    fn on_gathered(&self, state: &mut State, from: NodeId, accepted: Epoch, out: &mut Out) {
        let leading = &mut state.leading;
        leading.gathered.insert(from);
        leading.epoch = leading.epoch.max(accepted);
        if leading.gathered.is_majority_of(self.members) {
            leading.epoch = leading.epoch.next();
            leading.reign = Reign::Promising;
            let (epoch, node) = (leading.epoch, state.node());
            self.promise(state, epoch, node, out);
            out.reach(Moment::CandidacyQueued.into());
            if state.awaited == 0 {
                self.on_own_disk(state, out);
            }
        }
    }

    /// What the leader waited for is on its own disk.
    pub(super) fn on_own_disk(&self, state: &mut State, out: &mut Out) {
        match state.leading.reign {
            Reign::Promising => {
                state.leading.reign = Reign::Promised;
                out.set_timer(Timer::Establish, self.ticks(self.init_limit));
                let epoch = state.leading.epoch;
                for learner in state.leading.informed.iter() {
                    self.tell(state, learner, Packet::LeaderInfo { epoch }, out);
                }
                out.reach(Moment::VotesAsked.into());
                self.on_promised(state, state.node(), out);
            }
            Reign::Synchronizing => {
                let own = state.node();
                // Written behind the whole log.
                state.leading.learners[own.index()].matched = state.log.last_index();
                self.on_synced(state, own, out);
            }
            _ => {}
        }
    }

    /// ACKEPOCH. A follower that is ahead of the leader is turned away, and not the leader (waitForEpochAck, called by the
    /// follower's own handler): with a quorum of such followers the leader waits in vain.
    pub(super) fn on_epoch_answer(
        &self,
        state: &mut State,
        from: NodeId,
        current: Option<Epoch>,
        last_zxid: Zxid,
        out: &mut Out,
    ) {
        if !state.leading.informed.contains(from) || state.leading.answered.contains(from) {
            return;
        }
        state.leading.learners[from.index()].last_zxid = last_zxid;
        if state.leading.reign >= Reign::Synchronizing {
            state.leading.answered.insert(from);
            return self.synchronize(state, from, out);
        }
        let own = (state.current_epoch, state.log.last_zxid());
        if current.is_some_and(|current| (current, last_zxid) > own) {
            state.leading.forget(from);
            return state.sessions.close(from, &mut sink(out));
        }
        state.leading.answered.insert(from);
        if current.is_some() {
            self.on_promised(state, from, out);
        }
    }

    /// A promise that counts. A quorum of them ends discovery: no earlier leader can commit anything any more.
    fn on_promised(&self, state: &mut State, from: NodeId, out: &mut Out) {
        let leading = &mut state.leading;
        leading.promised.insert(from);
        if leading.reign != Reign::Promised || !leading.promised.is_majority_of(self.members) {
            return;
        }
        leading.reign = Reign::Synchronizing;
        out.set_timer(Timer::Establish, self.ticks(self.init_limit));
        state.current_epoch = state.leading.epoch;
        self.persist(state, Write::CurrentEpoch(state.current_epoch), out);
        self.await_disk(state);
        for learner in state.leading.answered.iter() {
            self.synchronize(state, learner, out);
        }
        out.reach(Moment::NewLeaderSent.into());
        out.reach(Moment::EpochQueued.into());
    }

    /// Brings a follower to where the leader is (LearnerHandler.syncFollower). What is proposed from now on it is sent as
    /// well.
    fn synchronize(&self, state: &mut State, to: NodeId, out: &mut Out) {
        let has = state.leading.learners[to.index()].last_zxid;
        let common = state.log.floor(has);
        let keep = state.log.zxid_at(common);
        let behind = state.log.last_index().0 - common.0;
        // Its log may be cut back within an epoch, of which it has all that comes before; elsewhere it need not have the
        // place, and is replaced.
        let can_cut = keep.epoch() == has.epoch();
        let packet = if behind > self.diff_limit || keep != has && !can_cut {
            Packet::Snap(self.history(state, LogIndex::ZERO))
        } else if keep == has {
            Packet::Diff(self.history(state, common))
        } else {
            Packet::Trunc(self.history(state, common))
        };
        state.leading.learners[to.index()].brought = state.log.last_index();
        state.leading.forwarding.insert(to);
        self.tell(state, to, packet, out);
        self.tell(state, to, Packet::NewLeader { epoch: state.leading.epoch }, out);
    }

    fn history(&self, state: &State, keep: LogIndex) -> Arc<History> {
        Arc::new(History { keep: state.log.zxid_at(keep), entries: state.log.after(keep).into() })
    }

    /// A follower has stored the history: the ACK of NEWLEADER.
    pub(super) fn on_history_stored(&self, state: &mut State, from: NodeId, out: &mut Out) {
        let learner = &mut state.leading.learners[from.index()];
        learner.matched = learner.matched.max(learner.brought);
        self.on_synced(state, from, out);
        if state.leading.reign == Reign::Established {
            self.welcome(state, from, out);
            self.advance_commit(state, out);
        }
    }

    /// A quorum that has the history establishes the leader (waitForNewLeaderAck), itself included.
    fn on_synced(&self, state: &mut State, from: NodeId, out: &mut Out) {
        let own = state.node();
        let leading = &mut state.leading;
        leading.synced.insert(from);
        let has_quorum = leading.synced.is_majority_of(self.members)
            // The bug: the promises are enough.
            || self.bug == Some(Plant::LeadBeforeNewLeaderAck);
        if leading.reign == Reign::Synchronizing && has_quorum && leading.synced.contains(own) {
            self.establish(state, from, out);
        }
    }

    /// The leader is established. Its history is committed: a quorum has it.
    fn establish(&self, state: &mut State, last: NodeId, out: &mut Out) {
        state.leading.reign = Reign::Established;
        state.vote.peer_epoch = state.leading.epoch;
        out.cancel_timer(Timer::Establish);
        out.set_timer(Timer::HalfTick, Jitter::exactly(self.half_tick()));
        self.commit_to(state, state.log.last_index(), out);
        // The one whose acknowledgement it was is welcomed where that is handled.
        let welcome = state.leading.synced.intersection(state.leading.forwarding);
        for learner in welcome.minus(NodeSet::only(last)).iter() {
            self.welcome(state, learner, out);
        }
        out.reach(Moment::Elected.into());
    }

    /// UPTODATE.
    fn welcome(&self, state: &mut State, to: NodeId, out: &mut Out) {
        let committed = state.log.zxid_at(state.commit);
        self.tell(state, to, Packet::UpToDate { committed }, out);
    }
}
