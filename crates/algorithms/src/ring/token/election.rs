//! The token: who signs it, and what it turns into.

use super::bugs::Plant;
use super::message::{List, Message};
use super::state::State;
use super::{Moment, Out, Timer, TokenRing};
use interregnum_kernel::{Epoch, NodeId, Role};

impl TokenRing {
    /// No leader is heard, or the last election had no outcome: sends a token of a new round.
    pub(super) fn start_election(&self, state: &mut State, out: &mut Out) {
        let member = &mut state.member;
        if member.role == Role::Leader {
            return;
        }
        member.abstains = false;
        member.leader = None;
        let round = member.epoch.next();
        self.settings.enter_round(member, round, out);
        member.role = Role::Candidate;
        self.await_outcome(state, out);
        let list = [state.member.node].into();
        self.pass_on(state, Message::Election { round, list }, out);
        out.reach(Moment::Standing.into());
    }

    fn await_outcome(&self, state: &mut State, out: &mut Out) {
        self.settings.await_outcome(&mut state.member, out);
        if self.bug == Some(Plant::NoRestart) {
            // The bug: the outcome is waited for, however long it takes.
            out.cancel_timer(Timer::Round);
        }
    }

    fn pass_on(&self, state: &mut State, message: Message, out: &mut Out) {
        if let Some(home) = state.hop.pass(self.settings.link, message, Timer::Ack, out) {
            self.on_circulating(state, home, out);
        }
    }

    /// Something comes round the ring.
    pub(super) fn on_circulating(&self, state: &mut State, message: Message, out: &mut Out) {
        match message {
            Message::Election { round, list } => self.on_election(state, round, &list, out),
            Message::Coordinator { round, leader, hops, list } => {
                self.on_coordinator(state, round, leader, (hops, list), out);
            }
            Message::Ack { .. } | Message::Heartbeat { .. } => {}
        }
    }

    /// A token. The initiator turns its own into the coordinator's; whoever else lives signs it, unless it has resigned.
    fn on_election(&self, state: &mut State, round: Epoch, list: &List, out: &mut Out) {
        let member = &mut state.member;
        let Some(initiator) = list.first().copied() else { return };
        if initiator == member.node {
            return self.on_own_token(state, round, list, out);
        }
        let this_round = round == member.epoch;
        let signed = list.contains(&member.node) || this_round && member.passed.contains(initiator);
        // The bug: the list is not looked at.
        let seen = signed && self.bug != Some(Plant::ListNotChecked);
        // Where the outcome is known, a token is late, or from a node that has forgotten the round in a crash.
        if seen || round < member.epoch || this_round && member.leader.is_some() {
            return;
        }
        self.settings.enter_round(member, round, out);
        member.passed.insert(initiator);
        let list = if member.abstains || list.contains(&member.node) {
            list.clone()
        } else {
            list.iter().copied().chain([member.node]).collect()
        };
        self.await_outcome(state, out);
        self.pass_on(state, Message::Election { round, list }, out);
    }

    /// The own token is home: the highest that has signed it leads.
    fn on_own_token(&self, state: &mut State, round: Epoch, list: &List, out: &mut Out) {
        let member = &mut state.member;
        if member.role != Role::Candidate || round != member.epoch {
            return;
        }
        let highest = list.iter().copied().max_by_key(|node| self.settings.id(*node));
        let leader = match self.bug {
            // The bug: whoever asked leads.
            Some(Plant::InitiatorLeads) => member.node,
            _ => highest.unwrap_or(member.node),
        };
        member.role = Role::Follower;
        self.learn(state, leader, out);
        self.pass_on(state, Message::Coordinator { round, leader, hops: 1, list: list.clone() }, out);
        out.reach(Moment::Announced.into());
    }

    /// Who leads. The message makes one round and ends where it began, or after as many hops as there are nodes.
    fn on_coordinator(
        &self,
        state: &mut State,
        round: Epoch,
        leader: NodeId,
        (hops, list): (u8, List),
        out: &mut Out,
    ) {
        let member = &mut state.member;
        let Some(initiator) = list.first().copied() else { return };
        let over = initiator == member.node
            || round < member.epoch
            || round == member.epoch && member.announced.contains(initiator)
            || usize::from(hops) >= self.settings.link.ring.size();
        if over {
            return;
        }
        self.settings.enter_round(member, round, out);
        member.announced.insert(initiator);
        self.learn(state, leader, out);
        self.pass_on(state, Message::Coordinator { round, leader, hops: hops.saturating_add(1), list }, out);
    }

    /// Takes what a coordinator's message says. A leader is established when the message reaches it, and hears the same
    /// of every other initiator of the round.
    fn learn(&self, state: &mut State, leader: NodeId, out: &mut Out) {
        let member = &mut state.member;
        if leader != member.node {
            self.settings.follow(member, leader, out);
        } else if member.role != Role::Leader
            && !member.abstains
            && member.leader.is_none_or(|known| self.settings.id(known) < self.settings.id(leader))
        {
            self.settings.lead(member, out);
        }
    }
}
