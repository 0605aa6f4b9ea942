//! Who stands, whose candidacy goes on, and who is elected.

use super::bugs::Plant;
use super::state::State;
use super::{ChangRoberts, Lap, Moment, News, Out, Timer};
use interregnum_kernel::{Epoch, Role};

impl ChangRoberts {
    /// No leader is heard, or the last election had no outcome: stands in a new round.
    pub(super) fn start_election(&self, state: &mut State, out: &mut Out) {
        let member = &mut state.member;
        if member.role == Role::Leader {
            return;
        }
        member.abstains = false;
        member.leader = None;
        // The bug: the highest round seen is used again.
        let reuses = self.bug == Some(Plant::ReusesRound) && member.epoch > Epoch::ZERO;
        let round = if reuses { member.epoch } else { member.epoch.next() };
        self.settings.enter_round(member, round, out);
        self.stand(state, out);
    }

    /// Sends the own candidacy round the ring, in the present round.
    fn stand(&self, state: &mut State, out: &mut Out) {
        state.member.role = Role::Candidate;
        self.settings.await_outcome(&mut state.member, out);
        self.launch(state, News::Election, out);
        out.reach(Moment::Standing.into());
    }

    fn launch(&self, state: &mut State, news: News, out: &mut Out) {
        let lap = Lap { news, round: state.member.epoch, node: state.member.node, hops: 0 };
        self.pass_on(state, lap, out);
    }

    fn pass_on(&self, state: &mut State, lap: Lap, out: &mut Out) {
        let onward = Lap { hops: lap.hops.saturating_add(1), ..lap };
        if let Some(home) = state.hop.pass(self.settings.link, onward, Timer::Ack, out) {
            self.on_lap(state, home, out);
        }
    }

    /// Something comes round the ring.
    pub(super) fn on_lap(&self, state: &mut State, lap: Lap, out: &mut Out) {
        let home = lap.node == state.member.node;
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
        let member = &state.member;
        let seen = match lap.news {
            News::Election => member.passed,
            News::Elected => member.announced,
        };
        lap.round < member.epoch
            || lap.round == member.epoch && seen.contains(lap.node)
            || usize::from(lap.hops) >= self.settings.link.ring.size()
    }

    /// Chang and Roberts, the rule: a higher number goes on; a lower one is swallowed, and answered with the own unless
    /// the node has taken part already.
    fn on_candidacy(&self, state: &mut State, lap: Lap, out: &mut Out) {
        let member = &mut state.member;
        self.settings.enter_round(member, lap.round, out);
        let smaller = self.settings.id(lap.node) < self.settings.id(member.node) && !member.abstains;
        // The bug: a lower number goes on too.
        if smaller && self.bug != Some(Plant::SwallowsNothing) {
            let takes_part = member.role != Role::Follower || !member.passed.is_empty();
            if !takes_part && member.leader.is_none() {
                self.stand(state, out);
            }
            return;
        }
        member.passed.insert(lap.node);
        self.settings.await_outcome(member, out);
        self.pass_on(state, lap, out);
    }

    /// Chang and Roberts: whose own number comes home is elected.
    fn on_own_candidacy(&self, state: &mut State, lap: Lap, out: &mut Out) {
        if state.member.role == Role::Candidate && lap.round == state.member.epoch {
            self.settings.lead(&mut state.member, out);
            self.launch(state, News::Elected, out);
            out.reach(Moment::Announced.into());
        }
    }

    /// Somebody is elected. Where a higher identifier was elected in the same round, the news of the lower ends here.
    fn on_elected(&self, state: &mut State, lap: Lap, out: &mut Out) {
        let member = &mut state.member;
        self.settings.enter_round(member, lap.round, out);
        if self.settings.follow(member, lap.node, out) {
            member.announced.insert(lap.node);
            self.pass_on(state, lap, out);
        }
    }
}
