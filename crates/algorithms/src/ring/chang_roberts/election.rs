//! Rounds: who stands, whose candidacy goes on, and who is elected.

use super::bugs::Plant;
use super::state::State;
use super::{ChangRoberts, Lap, News, Out, Timer};
use interregnum_kernel::{Epoch, Jitter, NodeId, NodeSet, Role};

impl ChangRoberts {
    /// No leader is heard, or the last election had no outcome: stands in a new round.
    pub(super) fn start_election(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Leader {
            return;
        }
        state.abstains = false;
        // The bug: the highest round seen is used again.
        let reuses = self.bug == Some(Plant::ReusesRound) && state.epoch > Epoch::ZERO;
        let round = if reuses { state.epoch } else { state.epoch.next() };
        self.enter_round(state, round, out);
        state.leader = None;
        self.stand(state, out);
    }

    /// Sends the own candidacy round the ring, in the present round.
    fn stand(&self, state: &mut State, out: &mut Out) {
        state.role = Role::Candidate;
        self.await_outcome(state, out);
        self.launch(state, News::Election, out);
    }

    fn launch(&self, state: &mut State, news: News, out: &mut Out) {
        self.pass_on(state, Lap { news, round: state.epoch, node: state.node, hops: 0 }, out);
    }

    fn pass_on(&self, state: &mut State, lap: Lap, out: &mut Out) {
        let onward = Lap { hops: lap.hops.saturating_add(1), ..lap };
        if let Some(home) = state.hop.pass(self.settings.link, onward, Timer::Ack, out) {
            self.on_lap(state, home, out);
        }
    }

    /// Begins a later round: nothing of the one before counts any more.
    pub(super) fn enter_round(&self, state: &mut State, round: Epoch, out: &mut Out) {
        if round <= state.epoch {
            return;
        }
        if state.role == Role::Leader {
            self.stop_leading(state, out);
        }
        state.role = Role::Follower;
        state.epoch = round;
        state.leader = None;
        state.passed = NodeSet::EMPTY;
        state.announced = NodeSet::EMPTY;
    }

    /// Waits for the election's outcome: one circulation of a candidacy and one of the news.
    fn await_outcome(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Leader {
            return;
        }
        state.awaits = true;
        out.cancel_timer(Timer::Failure);
        out.set_timer(Timer::Round, Jitter::exactly(self.settings.circulation.scaled(2, 1)));
    }

    /// Takes a node for the leader of the present round.
    pub(super) fn follow(&self, state: &mut State, leader: NodeId, out: &mut Out) {
        if state.role == Role::Leader {
            self.stop_leading(state, out);
        }
        state.role = Role::Follower;
        state.leader = Some(leader);
        state.abstains = false;
        if std::mem::take(&mut state.awaits) {
            out.cancel_timer(Timer::Round);
        }
        out.set_timer(Timer::Failure, self.settings.failure_timeout);
    }

    /// Something comes round the ring.
    pub(super) fn on_lap(&self, state: &mut State, lap: Lap, out: &mut Out) {
        let home = lap.node == state.node;
        match lap.news {
            News::Election if home => self.on_own_candidacy(state, lap, out),
            // The announcement has made its round.
            News::Elected if home => {}
            _ if self.is_over(state, lap) => {}
            News::Election => self.on_candidacy(state, lap, out),
            News::Elected => self.on_elected(state, lap, out),
        }
    }

    /// Whether a lap of another node has been here before, is of an earlier round, or should have met its own node by
    /// now: then that node is dead, and nobody else takes the lap off the ring.
    fn is_over(&self, state: &State, lap: Lap) -> bool {
        if self.bug == Some(Plant::OrphanToken) {
            // The bug: whatever comes is passed on.
            return false;
        }
        let seen = match lap.news {
            News::Election => state.passed,
            News::Elected => state.announced,
        };
        lap.round < state.epoch
            || lap.round == state.epoch && seen.contains(lap.node)
            || usize::from(lap.hops) >= self.settings.link.ring.size()
    }

    /// Chang and Roberts, the rule: a higher number goes on; a lower one is swallowed, and answered with the own unless
    /// the node has taken part already.
    fn on_candidacy(&self, state: &mut State, lap: Lap, out: &mut Out) {
        self.enter_round(state, lap.round, out);
        let smaller = self.settings.id(lap.node) < self.settings.id(state.node) && !state.abstains;
        // The bug: a lower number goes on too.
        if smaller && self.bug != Some(Plant::SwallowsNothing) {
            let takes_part = state.role != Role::Follower || !state.passed.is_empty();
            if !takes_part && state.leader.is_none() {
                self.stand(state, out);
            }
            return;
        }
        state.passed.insert(lap.node);
        self.await_outcome(state, out);
        self.pass_on(state, lap, out);
    }

    /// Chang and Roberts: whose own number comes home is elected.
    fn on_own_candidacy(&self, state: &mut State, lap: Lap, out: &mut Out) {
        if state.role != Role::Candidate || lap.round != state.epoch {
            return;
        }
        state.role = Role::Leader;
        state.leader = Some(state.node);
        state.awaits = false;
        out.cancel_timer(Timer::Round);
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.settings.heartbeat_interval));
        self.launch(state, News::Elected, out);
    }

    /// Somebody is elected. A higher identifier that was elected in the same round, as happens where a live node was
    /// bypassed, is preferred, and the news of the lower one ends here.
    fn on_elected(&self, state: &mut State, lap: Lap, out: &mut Out) {
        self.enter_round(state, lap.round, out);
        if state.leader.is_some_and(|leader| self.settings.id(leader) > self.settings.id(lap.node)) {
            return;
        }
        state.announced.insert(lap.node);
        self.follow(state, lap.node, out);
        self.pass_on(state, lap, out);
    }
}
