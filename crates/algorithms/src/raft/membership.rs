//! Changing who is in the cluster (thesis chapter 4).
//!
//! An order names the configuration to end in. The leader gets there in steps, each an entry of the log, in force at
//! every node as soon as it is in its log, and each step waits until the one before is committed:
//!
//! 1. Nodes that are to vote and have no log yet become learners.
//! 2. They catch up: a round brings them what the leader had when it began, and once a round took less than the shortest
//!    election timeout they are close enough (thesis §4.2.1).
//! 3. The old and the new configuration are joined: votes, commits, the check of the quorum and the lease need both
//!    majorities (paper §6). With `single_server_changes` there is one step for each node instead, and no joining.
//! 4. The new configuration alone.
//!
//! Where no voter changes, one step does. Nothing begins before the leader has committed an entry of its own term: it may
//! not know of a configuration that an earlier leader left half done.

use super::bugs::Plant;
use super::configuration::Configuration;
use super::log::Log;
use super::state::{Progress, State};
use super::{Out, Raft, Timer};
use interregnum_kernel::{LogIndex, NodeId, NodeSet, Order, Role, Standing};

/// How many shortest election timeouts nodes get to catch up, all rounds together. The thesis counts rounds; a node that
/// is down would never end its first.
const PATIENCE: u8 = 10;

/// A change that the leader was ordered to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Change {
    /// The configuration to end in; never a joint one.
    pub(crate) target: Configuration,
    /// What the newcomers must have for the round to end; zero before the first round.
    pub(crate) goal: LogIndex,
    /// Whether the round has not taken too long yet.
    pub(crate) timely: bool,
    /// How many rounds' times have passed.
    pub(crate) waited: u8,
}

/// Taking orders.
impl Raft {
    /// An order for another configuration. One change is made at a time; others are refused meanwhile.
    pub(super) fn on_order(&self, state: &mut State, order: Order, out: &mut Out) {
        let now = state.log.configuration();
        let settled = !now.is_joint() && state.log.configuration_index() <= state.commit;
        if state.role != Role::Leader || state.leading.change.is_some() || !settled {
            return;
        }
        let Some(target) = self.ordered(now, order) else { return };
        let change = Change { target, goal: LogIndex::ZERO, timely: false, waited: 0 };
        state.leading.change = Some(change);
        state.leading.reconfigures = true;
        self.continue_change(state, out);
    }

    /// The configuration that an order leads to; none if it is none to live in, or the same.
    fn ordered(&self, now: Configuration, order: Order) -> Option<Configuration> {
        let mut target = now;
        match order {
            Order::AddNodes { nodes, standing: Standing::Voter } => {
                target.voters = target.voters.union(nodes.minus(self.witnesses));
            }
            Order::AddNodes { nodes, standing: Standing::Learner } => {
                target.learners = target.learners.union(nodes.minus(now.voters).minus(self.witnesses));
            }
            Order::AddNodes { nodes, standing: Standing::Witness } => {
                target.voters = target.voters.union(nodes.intersection(self.witnesses));
            }
            Order::PromoteNodes(nodes) => {
                target.voters = target.voters.union(nodes.intersection(now.learners));
            }
            Order::RemoveNodes(nodes) => {
                target.voters = target.voters.minus(nodes);
                target.learners = target.learners.minus(nodes);
            }
            Order::TransferLeadership(_) | Order::Resign => return None,
        }
        target.learners = target.learners.minus(target.voters);
        let exists = target.everyone().minus(NodeSet::first(usize::from(self.nodes))).is_empty();
        (target != now && exists && self.is_lawful(target)).then_some(target)
    }

    /// Whether a configuration can decide, and nothing without a node that stores it.
    fn is_lawful(&self, configuration: Configuration) -> bool {
        let voters = configuration.voters;
        !voters.is_empty() && !self.witnesses.is_majority_of(voters)
    }
}

/// Making changes.
impl Raft {
    /// Takes the next step, if the last one is committed. Called whenever that, or a newcomer's log, may have changed.
    #[cold]
    pub(super) fn continue_change(&self, state: &mut State, out: &mut Out) {
        let busy = state.leading.transferee.is_some() || state.log.configuration_index() > state.commit;
        if state.role != Role::Leader || busy {
            return;
        }
        let now = state.log.configuration();
        if now.is_joint() {
            let alone = Configuration { outgoing: NodeSet::EMPTY, ..now };
            return self.append_configuration(state, alone, out);
        }
        if !now.voters.contains(state.node) {
            return self.leave(state, out);
        }
        let Some(Change { target, .. }) = state.leading.change else {
            state.leading.reconfigures = false;
            return;
        };
        if now == target {
            return self.end_change(state, out);
        }
        // The bug (Ongaro, raft-dev, 10 July 2015): the leader does not wait for an entry of its own term.
        let own_term = state.log.epoch_at(state.commit) == Some(state.current_term)
            || self.bug == Some(Plant::SingleServerChangeTooEarly);
        if own_term && let Some(next) = self.next_step(state, now, target, out) {
            self.append_configuration(state, next, out);
        }
    }

    /// The step after a settled configuration; none while newcomers catch up.
    fn next_step(
        &self,
        state: &mut State,
        now: Configuration,
        target: Configuration,
        out: &mut Out,
    ) -> Option<Configuration> {
        let newcomers = target.voters.minus(now.voters).minus(self.witnesses);
        let strangers = newcomers.minus(now.learners);
        if !strangers.is_empty() {
            return Some(Configuration { learners: now.learners.union(strangers), ..now });
        }
        if !newcomers.is_empty() && !self.are_caught_up(state, newcomers, out) {
            return None;
        }
        if target.voters == now.voters {
            Some(target)
        } else if self.single_server_changes {
            let steps = single_steps(now, target, state.node);
            steps.into_iter().find(|step| self.is_lawful(*step))
        } else {
            Some(Configuration { outgoing: now.voters, ..target })
        }
    }

    /// The change is made, or given up.
    fn end_change(&self, state: &mut State, out: &mut Out) {
        state.leading.change = None;
        state.leading.reconfigures = false;
        out.cancel_timer(Timer::CatchUp);
    }

    /// The new configuration is committed and this leader is not in it: it steps down (thesis §4.2.2). Until now it has
    /// led without counting itself. Whoever is furthest stands at once, so that nobody has to miss the leader first.
    fn leave(&self, state: &mut State, out: &mut Out) {
        let voters = state.log.configuration().voters;
        let furthest = voters.iter().filter(|node| self.is_electable(state, *node));
        let furthest = furthest.max_by_key(|node| state.leading.progress[node.index()].matched);
        if let Some(heir) = furthest {
            self.tell_to_stand(state, heir, out);
        }
        self.become_follower(state, out);
    }

    /// A configuration is in force from the moment at which it is in the log.
    fn append_configuration(&self, state: &mut State, next: Configuration, out: &mut Out) {
        let before = state.log.configuration().everyone();
        let place = state.log.last_index().next();
        for newcomer in next.everyone().minus(before).iter() {
            state.leading.progress[newcomer.index()] = Progress { next: place, ..Progress::default() };
            if !self.is_witness(newcomer) {
                state.leading.probing.insert(newcomer);
            }
        }
        for leaver in before.minus(next.everyone()).minus(NodeSet::only(state.node)).iter() {
            state.leading.progress[leaver.index()] = Progress::default();
            state.leading.probing.remove(leaver);
        }
        state.leading.reconfigures = true;
        let batch = self.append_own(state, None, Some(next), out);
        self.find_rest(state);
        self.send_own(state, &batch, out);
        for newcomer in next.everyone().minus(before).iter() {
            self.send_entries(state, newcomer, out);
        }
    }
}

/// The steps that a change can take without joining: a voter more, or else one less. Majorities of configurations that
/// differ by one voter always share a node (thesis §4.1). The leader removes itself last: with that its reign ends, and the
/// order with it.
fn single_steps(now: Configuration, target: Configuration, leader: NodeId) -> Vec<Configuration> {
    let mut steps = Vec::new();
    for newcomer in target.voters.minus(now.voters).iter() {
        let only = NodeSet::only(newcomer);
        let (voters, learners) = (now.voters.union(only), now.learners.minus(only));
        steps.push(Configuration { voters, learners, ..now });
    }
    let (leavers, itself) = (now.voters.minus(target.voters), NodeSet::only(leader));
    for leaver in leavers.minus(itself).iter().chain(leavers.intersection(itself).iter()) {
        steps.push(Configuration { voters: now.voters.minus(NodeSet::only(leaver)), ..now });
    }
    steps
}

/// Catching up.
impl Raft {
    /// Whether a round of catching up ended in time. Begins the first round, and the next one when a round took too long.
    fn are_caught_up(&self, state: &mut State, newcomers: NodeSet, out: &mut Out) -> bool {
        let last = state.log.last_index();
        let leading = &mut state.leading;
        let slowest = newcomers.iter().map(|node| leading.progress[node.index()].matched).min();
        let Some(change) = &mut leading.change else { return false };
        if slowest < Some(change.goal) {
            return false;
        }
        if change.timely || slowest >= Some(last) {
            // With nothing left to bring, the next round would end at once. What is passed stays passed, however long the
            // voters take to agree to the steps that follow.
            change.timely = true;
            out.cancel_timer(Timer::CatchUp);
            return true;
        }
        change.goal = last;
        change.timely = true;
        out.set_timer(Timer::CatchUp, self.patience());
        false
    }

    /// The round takes longer than the shortest election timeout: it does not count, and after a while nor does the order.
    /// The nodes stay learners.
    pub(super) fn on_catch_up_timeout(&self, state: &mut State, out: &mut Out) {
        let Some(change) = &mut state.leading.change else { return };
        change.timely = false;
        change.waited += 1;
        if change.waited < PATIENCE {
            out.set_timer(Timer::CatchUp, self.patience());
        } else {
            state.leading.change = None;
        }
    }
}

/// What a configuration decides.
impl Raft {
    /// The sets of voters of each of which a decision needs a majority; the same twice, unless configurations are joined.
    #[inline]
    pub(super) fn halves(&self, log: &Log) -> [NodeSet; 2] {
        let Configuration { voters, outgoing, .. } = log.configuration();
        // The bug: the new majority is enough.
        let joint = !outgoing.is_empty() && self.bug != Some(Plant::JointNeedsOneMajority);
        [voters, if joint { outgoing } else { voters }]
    }

    /// Whether these nodes can decide.
    #[inline]
    pub(super) fn can_decide(&self, state: &State, nodes: NodeSet) -> bool {
        let [new, old] = self.halves(&state.log);
        nodes.is_majority_of(new) && (old == new || nodes.is_majority_of(old))
    }

    /// Whether these nodes can keep the others from deciding.
    pub(super) fn can_prevent(&self, state: &State, nodes: NodeSet) -> bool {
        self.halves(&state.log).iter().any(|voters| nodes.is_majority_of(*voters))
    }

    /// Whether the node may stand for election. A spare has no vote and waits to be added; a node whose snapshot is not
    /// durable yet would stand for a log that it may lose. A node that a change takes out may still be needed until the
    /// change is committed, if nobody else has it in its log (thesis §4.2.2, Figure 4.6): it stands, and does not count
    /// itself.
    pub(super) fn is_promotable(&self, state: &State) -> bool {
        let node = state.node;
        let leaving = || {
            let index = state.log.configuration_index();
            let before = state.log.configuration_at(LogIndex(index.0.saturating_sub(1)));
            index > state.commit && before.is_voter(node) && !self.is_witness(node)
        };
        state.restoring == LogIndex::ZERO && (self.is_electable(state, node) || leaving())
    }

    /// What the node is in the configuration in force while it neither leads nor stands. Asked after every change.
    #[cold]
    pub(super) fn find_rest(&self, state: &mut State) {
        state.resting = match state.log.configuration() {
            _ if self.is_witness(state.node) => Role::Witness,
            now if now.is_voter(state.node) => Role::Follower,
            _ => Role::Learner,
        };
    }

    /// Whether the node could lead in the configuration in force.
    #[inline]
    pub(super) fn is_electable(&self, state: &State, node: NodeId) -> bool {
        state.log.configuration().is_voter(node) && !self.is_witness(node)
    }
}
