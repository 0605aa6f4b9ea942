//! Handing leadership to a chosen node (thesis §3.10): no more proposals, the target catches up, and then it stands for
//! election at once, with a flag that lets its request through every guard.

use super::state::State;
use super::{Message, Out, Raft, Timer};
use interregnum_kernel::{NodeId, Role};

impl Raft {
    /// The operator's order. A later one replaces an earlier one.
    pub(super) fn on_transfer(&self, state: &mut State, target: NodeId, out: &mut Out) {
        let fit = self.is_electable(state, target) && target != state.node;
        if state.role != Role::Leader || !fit {
            return;
        }
        state.leading.transferee = Some(target);
        // A target that does not take over in time has failed; the leader takes proposals again.
        out.set_timer(Timer::Transfer, self.patience());
        if !self.continue_transfer(state, target, out) {
            self.send_entries(state, target, out);
        }
    }

    /// Tells the target to stand once its log is complete. Says whether it was told.
    pub(super) fn continue_transfer(&self, state: &mut State, from: NodeId, out: &mut Out) -> bool {
        let complete = state.leading.progress[from.index()].matched == state.log.last_index();
        let told = state.leading.transferee == Some(from) && complete;
        if told {
            self.tell_to_stand(state, from, out);
        }
        told
    }

    /// The election that follows passes the guards on which a lease rests, so the lease goes first.
    pub(super) fn tell_to_stand(&self, state: &mut State, heir: NodeId, out: &mut Out) {
        self.forfeit_lease(state);
        out.send(heir, Message::TimeoutNow { term: state.current_term });
    }

    /// The target did not take over: the leader goes on.
    pub(super) fn on_transfer_timeout(&self, state: &mut State, out: &mut Out) {
        state.leading.transferee = None;
        if state.leading.reconfigures {
            self.continue_change(state, out);
        }
    }

    /// The leader wants this node to lead: no pre-vote, no waiting. A node that stands already goes on as it is.
    pub(super) fn on_timeout_now(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Follower && self.is_promotable(state) {
            self.become_candidate(state, true, out);
        }
    }
}
