//! Leading, and being led: the lease that circulates.

use super::bugs::Plant;
use super::message::Message;
use super::state::State;
use super::{Moment, Out, QuorumRing, Timer};
use interregnum_kernel::{Epoch, Jitter, NodeId, NodeSet, Role, Span};

/// The leader.
impl QuorumRing {
    /// The node leads from now on; that it does is durable. Its first lease tells the others.
    pub(super) fn lead(&self, state: &mut State, out: &mut Out) {
        self.unguard(state, out);
        state.role = Role::Leader;
        state.leader = Some(state.node);
        state.launched = false;
        state.beat = 0;
        state.completed = 0;
        state.due = false;
        out.cancel_timer(Timer::Failure);
        out.cancel_timer(Timer::Round);
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.settings.heartbeat_interval));
        out.set_timer(Timer::Quorum, self.shortest_timeout());
        out.reach(Moment::Elected.into());
        self.circulate(state, out);
    }

    fn shortest_timeout(&self) -> Jitter {
        Jitter::exactly(self.settings.failure_timeout.min)
    }

    /// The next circulation is due. It leaves when a write is durable, and so not while the disk stands: a leader that can
    /// write nothing falls silent, and is replaced.
    pub(super) fn on_heartbeat_due(&self, state: &mut State, out: &mut Out) {
        if state.role != Role::Leader {
            return;
        }
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.settings.heartbeat_interval));
        if self.bug == Some(Plant::LeaseIgnoresStuckDisk) {
            // The bug: the disk is not asked.
            self.circulate(state, out);
        } else if !std::mem::replace(&mut state.due, true) {
            out.persist(state.record);
        }
    }

    pub(super) fn circulate(&self, state: &mut State, out: &mut Out) {
        if state.role != Role::Leader {
            return;
        }
        state.beat = state.beat.wrapping_add(1);
        let (epoch, leader, beat) = (state.record.epoch, state.node, state.beat);
        let stamps = NodeSet::only(state.node);
        self.pass_on(state, Message::Lease { epoch, leader, beat, stamps }, out);
        if beat == 1 {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    /// The own lease is home. With the stamps of a majority, the leader may go on.
    pub(super) fn on_own_lease(
        &self,
        state: &mut State,
        epoch: Epoch,
        beat: u32,
        stamps: NodeSet,
        out: &mut Out,
    ) {
        let mine = state.role == Role::Leader && epoch == state.record.epoch;
        if mine && beat > state.completed && self.is_majority(stamps) {
            state.completed = beat;
            out.set_timer(Timer::Quorum, self.shortest_timeout());
        }
    }

    /// No circulation has come home with a majority's stamps for too long.
    pub(super) fn on_quorum_lost(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Leader {
            self.become_follower(state, out);
        }
    }
}

/// Those who follow.
impl QuorumRing {
    /// The leader is heard: stamps the lease and passes it on.
    #[inline]
    pub(super) fn on_lease(
        &self,
        state: &mut State,
        epoch: Epoch,
        leader: NodeId,
        beat: u32,
        mut stamps: NodeSet,
        out: &mut Out,
    ) {
        if leader == state.node {
            return self.on_own_lease(state, epoch, beat, stamps, out);
        }
        if stamps.contains(state.node) {
            // It has been round, and the leader was bypassed: perhaps it can be reached from here.
            return out.send(leader, Message::Lease { epoch, leader, beat, stamps });
        }
        if epoch < state.record.epoch {
            return self.refuse(state, leader, epoch, None, out);
        }
        self.enter_epoch(state, epoch, out);
        // Two leaders of one epoch exist only where a bug is planted or a disk lies. The first is obeyed.
        let other = state.leader.is_some_and(|known| known != leader);
        if other || beat <= state.beat {
            return;
        }
        state.beat = beat;
        self.follow(state, leader, out);
        stamps.insert(state.node);
        self.pass_on(state, Message::Lease { epoch, leader, beat, stamps }, out);
    }

    #[inline]
    fn follow(&self, state: &mut State, leader: NodeId, out: &mut Out) {
        if state.role != Role::Follower {
            self.become_follower(state, out);
        }
        state.leader = Some(leader);
        state.abstains = false;
        if !std::mem::replace(&mut state.guarded, true) {
            out.cancel_timer(Timer::Failure);
        }
        out.set_timer(Timer::Guard, Jitter::exactly(self.guard));
    }

    /// No leader was heard for two heartbeat intervals: granting another epoch is fair. What the failure timeout has
    /// beyond that begins.
    pub(super) fn on_guard_ends(&self, state: &mut State, out: &mut Out) {
        state.guarded = false;
        let Jitter { min, max } = self.settings.failure_timeout;
        let rest = |span: Span| span.saturating_sub(self.guard);
        out.set_timer(Timer::Failure, Jitter::between(rest(min), rest(max)));
    }

    /// Ends the protection of a leader. Whoever stands or leads does that, and sees to its timers itself.
    pub(super) fn unguard(&self, state: &mut State, out: &mut Out) {
        if std::mem::take(&mut state.guarded) {
            out.cancel_timer(Timer::Guard);
        }
    }
}
