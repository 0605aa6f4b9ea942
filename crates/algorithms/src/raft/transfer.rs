//! Handing leadership to a chosen node (thesis §3.10): no more proposals, the target catches up, and then it stands for
//! election at once, with a flag that lets its request through every guard. And giving it up without an heir.
//!
//! With `minimum_tenure`, a leader does neither before it has led for so long: orders that come earlier are ignored, and a
//! node of higher priority waits.

use super::phases::Moment;
use super::state::State;
use super::{Message, Out, Raft, Timer};
use interregnum_kernel::{Jitter, NodeId, NodeSet, Role, Span};

/// How many shortest election timeouts a leader waits, at least, before it asks a node of higher priority again that did
/// not take over: while it waits for the node it takes no commands.
const PAUSE: u64 = 10;

impl Raft {
    /// The operator's order. A later one replaces an earlier one.
    pub(super) fn on_transfer(&self, state: &mut State, target: NodeId, out: &mut Out) {
        let fit = self.is_electable(state, target) && target != state.node;
        if state.role != Role::Leader || state.leading.is_bound || !fit {
            return;
        }
        state.leading.transferee = Some(target);
        // A target that does not take over in time has failed; the leader takes proposals again.
        out.set_timer(Timer::Transfer, self.patience());
        if !self.continue_transfer(state, target, out) {
            self.send_entries(state, target, out);
        }
        out.reach(Moment::TransferStarted.into());
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

    /// The target did not take over: the leader goes on. Where it was the leader's own idea, it has it again after a pause.
    pub(super) fn on_transfer_timeout(&self, state: &mut State, out: &mut Out) {
        if state.leading.transferee.take().is_none() {
            state.leading.asked = NodeSet::EMPTY;
        } else if !state.leading.asked.is_empty() {
            let pause = Span(self.election_timeout.min.0.saturating_mul(PAUSE)).max(self.minimum_tenure);
            out.set_timer(Timer::Transfer, Jitter::exactly(pause));
        }
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

    /// The leader gives up, and tells nobody: the others have to miss it. It stays out of the first round, so that one of
    /// them succeeds it.
    pub(super) fn on_resign(&self, state: &mut State, out: &mut Out) {
        if state.role != Role::Leader || state.leading.is_bound {
            return;
        }
        self.become_follower(state, out);
        let Jitter { min, max } = self.patience_for_leader(state);
        let longest = self.election_timeout.max;
        out.set_timer(Timer::Election, Jitter::between(min + longest, max + longest));
    }

    /// A follower is there. If it is to lead rather than this node, it is handed the leadership as soon as its log is near
    /// the leader's: under a steady load it never has all of it before the leader stops taking commands.
    #[cold]
    pub(super) fn consider_heir(&self, state: &mut State, heir: NodeId, out: &mut Out) {
        let rank = |node: NodeId| self.ranks.get(node.index()).copied().unwrap_or_default();
        let free = !state.leading.is_bound && state.leading.transferee.is_none();
        let preferred = rank(heir) < rank(state.node) && self.is_electable(state, heir);
        if free && preferred && !state.leading.asked.contains(heir) && self.is_near(state, heir) {
            state.leading.asked.insert(heir);
            self.on_transfer(state, heir, out);
        }
    }

    /// Whether the node's log is known to be a part of the leader's, and one batch would complete it.
    fn is_near(&self, state: &State, node: NodeId) -> bool {
        let missing = state.log.last_index().0.saturating_sub(state.leading.progress[node.index()].matched.0);
        !state.leading.probing.contains(node) && missing <= self.append_limit
    }
}
