//! What a leader does, and what is done about one: heartbeats, the check of the quorum and of the disk, handing over.

use super::bugs::Plant;
use super::phases::Moment;
use super::state::{State, Status, Write};
use super::{BullyQuorum, Message, Out, Timer};
use interregnum_kernel::{Epoch, Jitter, NodeId, NodeSet};

impl BullyQuorum {
    /// The claim is granted, and the own grant is durable: the node leads from now on.
    pub(super) fn lead(&self, state: &mut State, out: &mut Out) {
        self.leave(state, out);
        state.status = Status::Leading;
        state.with = NodeSet::only(state.node);
        state.heard = false;
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.common.heartbeat_interval));
        out.set_timer(Timer::CheckQuorum, self.patience());
        for peer in self.common.peers(state.node) {
            out.send(peer, Message::Coordinator { epoch: state.reign });
        }
        out.reach(Moment::Elected.into());
    }

    #[inline]
    pub(super) fn on_heartbeat_due(&self, state: &mut State, out: &mut Out) {
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.common.heartbeat_interval));
        for peer in self.common.peers(state.node) {
            out.send(peer, Message::Heartbeat { epoch: state.reign });
        }
        if !std::mem::replace(&mut state.heard, true) {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    /// A leader is heard. One of an epoch that is over is told so.
    pub(super) fn on_leader(&self, state: &mut State, from: NodeId, epoch: Epoch, out: &mut Out) {
        if epoch < state.seen {
            return out.send_once_durable(from, Message::Deny { epoch: state.seen });
        }
        if state.status == Status::Leading && epoch == state.reign {
            // Two leaders of one epoch exist only where a bug is planted or a disk lies. Neither obeys.
            return;
        }
        self.follow(state, from, epoch, out);
        // An acknowledgement says that the node could also grant; so it waits for the disk.
        out.send_once_durable(from, Message::HeartbeatAck { epoch });
    }

    #[inline]
    pub(super) fn on_heartbeat_ack(&self, state: &mut State, from: NodeId, epoch: Epoch) {
        if state.status == Status::Leading && epoch == state.reign {
            state.with.insert(from);
        }
    }

    /// Steps down if no majority was heard of since the last check, or if the own disk has not answered since. Otherwise
    /// puts both to the test again.
    pub(super) fn on_check_quorum(&self, state: &mut State, out: &mut Out) {
        // The bug: nobody asks the disk.
        let stuck = state.unwritten > 0 && self.bug != Some(Plant::IgnoresStuckDisk);
        if stuck || !state.with.is_majority_of(self.common.members) {
            return self.rest(state, self.common.failure_timeout, out);
        }
        self.offer(state, out);
        state.with = NodeSet::only(state.node);
        out.set_timer(Timer::CheckQuorum, self.patience());
        self.write(state, Write { epoch: state.reign, granted: state.node }, out);
    }

    /// Offers the office to the highest of those above that have been heard since the last check.
    fn offer(&self, state: &mut State, out: &mut Out) {
        state.courted = state.courted.intersection(state.with);
        let worthy = state.above.intersection(state.with).minus(state.courted);
        if let Some(highest) = self.common.highest(worthy).filter(|_| self.takeover) {
            state.courted.insert(highest);
            out.send(highest, Message::Transfer { epoch: state.reign });
            out.reach(Moment::TransferStarted.into());
        }
    }

    /// The operator's order to hand over.
    pub(super) fn on_order(&self, state: &mut State, target: NodeId, out: &mut Out) {
        let fit = self.common.members.contains(target) && target != state.node;
        if state.status == Status::Leading && fit {
            out.send(target, Message::Transfer { epoch: state.reign });
            out.reach(Moment::TransferStarted.into());
        }
    }

    /// The leader that this node follows wants it to lead: no election, no waiting.
    pub(super) fn on_transfer(&self, state: &mut State, from: NodeId, epoch: Epoch, out: &mut Out) {
        let follows = state.status == Status::Following && state.leader == Some(from) && state.reign == epoch;
        if follows && !state.abstains && state.unwritten == 0 {
            self.claim(state, true, out);
        }
    }

    /// Gives up the office, and leaves it to the others to notice and to elect. They have twice the longest failure
    /// timeout for it before this node stands again.
    pub(super) fn on_resign(&self, state: &mut State, out: &mut Out) {
        if state.status == Status::Leading {
            state.abstains = true;
            let longest = self.common.failure_timeout.max;
            out.set_timer(Timer::Abstention, Jitter::exactly(longest + longest));
            self.rest(state, self.common.failure_timeout, out);
        }
    }
}
