//! Who stands: the failure detector, elections, answers, waits.

use super::bugs::Plant;
use super::phases::Moment;
use super::state::{State, Status};
use super::{BullyQuorum, Message, Out, Timer};
use interregnum_kernel::{Epoch, Jitter, NodeId, NodeSet, Span};

/// The failure detector.
impl BullyQuorum {
    /// The patience that everything but elections is measured in.
    pub(super) fn patience(&self) -> Jitter {
        Jitter::exactly(self.common.failure_timeout.min)
    }

    /// Ends the present status: its timers, and what only it remembers.
    pub(super) fn leave(&self, state: &mut State, out: &mut Out) {
        let timers: &[Timer] = match state.status {
            Status::Following if state.guarded => &[Timer::Guard],
            Status::Following => &[Timer::Failure],
            Status::Electing => &[Timer::Answer],
            Status::Waiting => &[Timer::Coordinator],
            Status::Claiming => &[Timer::Claim],
            Status::Leading => &[Timer::Heartbeat, Timer::CheckQuorum],
        };
        for timer in timers {
            out.cancel_timer(*timer);
        }
        state.guarded = false;
        state.insists = false;
        state.leader = None;
        state.with = NodeSet::EMPTY;
        state.against = NodeSet::EMPTY;
        state.repeated = 0;
    }

    /// Follows nobody, and pauses before anything else.
    pub(super) fn rest(&self, state: &mut State, pause: Jitter, out: &mut Out) {
        self.leave(state, out);
        state.status = Status::Following;
        out.set_timer(Timer::Failure, pause);
    }

    /// Follows a leader. It is protected for the shortest failure timeout, and the rest is drawn only when that is over.
    pub(super) fn follow(&self, state: &mut State, leader: NodeId, epoch: Epoch, out: &mut Out) {
        self.leave(state, out);
        state.status = Status::Following;
        state.guarded = true;
        state.leader = Some(leader);
        state.seen = epoch;
        state.reign = epoch;
        out.set_timer(Timer::Guard, self.patience());
    }

    pub(super) fn on_guard_ends(&self, state: &mut State, out: &mut Out) {
        state.guarded = false;
        let Jitter { min, max } = self.common.failure_timeout;
        out.set_timer(Timer::Failure, Jitter::between(Span::ZERO, Span(max.0 - min.0)));
    }

    /// The leader is missed, or a pause is over.
    pub(super) fn on_failure(&self, state: &mut State, out: &mut Out) {
        self.hold_election(state, false, out);
    }
}

/// Elections.
impl BullyQuorum {
    /// Asks who is above and stands, and who misses the leader too. Nobody holds one who has resigned, or whose disk owes
    /// an answer: it could not claim.
    fn hold_election(&self, state: &mut State, insists: bool, out: &mut Out) {
        if state.abstains || state.unwritten > 0 {
            return self.rest(state, self.common.failure_timeout, out);
        }
        self.leave(state, out);
        state.status = Status::Electing;
        state.insists = insists;
        state.with = NodeSet::only(state.node);
        out.set_timer(Timer::Answer, Jitter::exactly(self.common.answer_timeout));
        let asked = if self.poll { state.above.union(state.below) } else { state.above };
        for node in asked.iter() {
            out.send(node, Message::Election { epoch: state.seen });
        }
        out.reach(Moment::Standing.into());
        self.claim_unopposed(state, out);
    }

    /// Whom nobody is above has nobody to wait for.
    fn claim_unopposed(&self, state: &mut State, out: &mut Out) {
        if state.above.is_empty() && self.may_claim(state) {
            self.claim(state, false, out);
        }
    }

    fn may_claim(&self, state: &State) -> bool {
        !self.poll || state.with.is_majority_of(self.common.members)
    }

    /// Somebody misses the leader. Who leads says so; who hears the leader is silent; who does not hear it says so, and
    /// stands itself if it is above the other.
    pub(super) fn on_election(&self, state: &mut State, from: NodeId, epoch: Epoch, out: &mut Out) {
        if state.status == Status::Leading {
            return out.send(from, Message::Coordinator { epoch: state.reign });
        }
        if state.guarded {
            return;
        }
        state.seen = state.seen.max(epoch);
        let stands = state.below.contains(from) && !state.abstains;
        // Whose disk is stuck cannot stand: its answer waits for the disk.
        out.send_once_durable(from, Message::Answer { epoch: state.seen, stands });
        if stands && state.status == Status::Following {
            self.hold_election(state, false, out);
        }
    }

    pub(super) fn on_answer(
        &self,
        state: &mut State,
        from: NodeId,
        epoch: Epoch,
        stands: bool,
        out: &mut Out,
    ) {
        if state.status != Status::Electing {
            return;
        }
        state.seen = state.seen.max(epoch);
        state.with.insert(from);
        if stands && state.above.contains(from) && !state.insists {
            self.leave(state, out);
            state.status = Status::Waiting;
            let wait = self.common.coordinator_timeout(state.above.len());
            return out.set_timer(Timer::Coordinator, Jitter::exactly(wait));
        }
        self.claim_unopposed(state, out);
    }

    /// T_ok is over, and nobody above stands, or it had its chance.
    pub(super) fn on_answers_end(&self, state: &mut State, out: &mut Out) {
        if self.may_claim(state) {
            self.claim(state, false, out);
        } else {
            self.rest(state, self.common.failure_timeout, out);
        }
    }

    /// T_coord is over: whoever stood has failed. It may be cut off from a majority; this node need not be.
    pub(super) fn on_wait_ends(&self, state: &mut State, out: &mut Out) {
        // The bug: it defers for ever.
        let insists = self.bug != Some(Plant::PriorityIsAVeto);
        self.hold_election(state, insists, out);
    }
}
