//! Tokens: who sends one, who grants what it asks for, and who decides.

use super::bugs::Plant;
use super::message::Message;
use super::state::State;
use super::{Moment, Out, QuorumRing, Timer};
use interregnum_kernel::{Epoch, Fact, Jitter, NodeId, NodeSet, Office, Release, Role};

/// Sending a token.
impl QuorumRing {
    /// No leader is heard, or the last token had no outcome: asks for an epoch above all seen. It is the node's own from
    /// when it is durable, and no incarnation asks for it again.
    pub(super) fn launch(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Leader {
            return;
        }
        self.unguard(state, out);
        self.enter_epoch(state, state.record.epoch.next(), out);
        state.abstains = false;
        state.role = Role::Candidate;
        state.launched = true;
        out.cancel_timer(Timer::Failure);
        // The bug: as soon as the token can have come home.
        let hasty = self.bug == Some(Plant::DeafNodeDelays);
        let patience = if hasty { self.settings.circulation } else { self.patience };
        // Random, so that initiators that hinder each other part.
        out.set_timer(Timer::Round, Jitter::between(patience, patience + patience));
        self.grant(state, state.node, (NodeSet::EMPTY, NodeSet::EMPTY), out);
        out.reach(Moment::Standing.into());
    }

    /// Grants the present epoch to an initiator, and signs its token once that is durable.
    fn grant(
        &self,
        state: &mut State,
        initiator: NodeId,
        (mut grants, mut willing): (NodeSet, NodeSet),
        out: &mut Out,
    ) {
        grants.insert(state.node);
        if !state.abstains {
            willing.insert(state.node);
        }
        let epoch = state.record.epoch;
        let token = Message::Election { epoch, initiator, grants, willing };
        state.record.granted = Some(initiator);
        state.passed = epoch;
        out.persist(state.record);
        // The bug: the signature does not wait for the disk.
        let hasty = self.bug == Some(Plant::GrantBeforeFsync);
        let release = if hasty { Release::AtOnce } else { Release::OnceDurable };
        let office = Office::CONTESTED;
        out.note_when(release, Fact::Voted { office, epoch, candidate: initiator });
        out.note_when(Release::OnceDurable, Fact::EpochStored { office, epoch });
        if hasty {
            self.pass_on(state, token, out);
        } else {
            state.unsent = Some(token);
        }
        let own = initiator == state.node;
        out.reach(if own { Moment::CandidacyQueued } else { Moment::VoteQueued }.into());
    }
}

/// Receiving a token.
impl QuorumRing {
    pub(super) fn on_election(
        &self,
        state: &mut State,
        epoch: Epoch,
        initiator: NodeId,
        (grants, willing): (NodeSet, NodeSet),
        out: &mut Out,
    ) {
        let token = Message::Election { epoch, initiator, grants, willing };
        if initiator == state.node {
            return self.on_own_token(state, epoch, (grants, willing), out);
        }
        if grants.contains(state.node) {
            // It has been round, and the initiator was bypassed: perhaps it can be reached from here.
            return out.send(initiator, token);
        }
        let current = state.record.epoch;
        if epoch == current && state.record.granted == Some(initiator) {
            // Granted before: a copy that took another way, unless a crash came between the grant and the signature.
            if state.passed < epoch {
                self.sign_again(state, token, out);
            }
            return;
        }
        let taken = epoch == current && (state.record.granted.is_some() || state.leader.is_some());
        if epoch < current || taken {
            let rival = state.record.granted.filter(|_| epoch == current);
            if rival.is_some() && self.is_majority(grants) {
                // It needs nobody else; and an own token of this epoch can win no more.
                if state.launched {
                    self.become_follower(state, out);
                }
                return out.send(initiator, token);
            }
            return self.refuse(state, initiator, epoch, rival, out);
        }
        // A leader protects itself; if it has lost its quorum, its lease does not come home.
        if state.guarded || state.role == Role::Leader {
            return self.refuse(state, initiator, epoch, None, out);
        }
        self.enter_epoch(state, epoch, out);
        self.grant(state, initiator, (grants, willing), out);
        out.set_timer(Timer::Failure, self.settings.failure_timeout);
    }

    /// The grant is on disk since before a crash, so that it can be signed at once.
    fn sign_again(&self, state: &mut State, token: Message, out: &mut Out) {
        if let Message::Election { epoch, initiator, mut grants, willing } = token {
            grants.insert(state.node);
            state.passed = epoch;
            self.pass_on(state, Message::Election { epoch, initiator, grants, willing }, out);
        }
    }

    pub(super) fn refuse(
        &self,
        state: &State,
        owner: NodeId,
        refused: Epoch,
        rival: Option<NodeId>,
        out: &mut Out,
    ) {
        out.send(owner, Message::Nack { refused, epoch: state.record.epoch, rival });
    }

    /// Somebody refuses the own token, or obeys the own lease no more.
    pub(super) fn on_nack(
        &self,
        state: &mut State,
        refused: Epoch,
        epoch: Epoch,
        rival: Option<NodeId>,
        out: &mut Out,
    ) {
        let concerned = state.role == Role::Leader || state.launched;
        if !concerned || refused != state.record.epoch {
            return;
        }
        if epoch > refused {
            self.enter_epoch(state, epoch, out);
        } else if state.launched {
            self.become_follower(state, out);
            if rival.is_some_and(|rival| self.settings.id(rival) < self.settings.id(state.node)) {
                self.launch(state, out);
            }
        }
    }
}

/// The decision.
impl QuorumRing {
    /// The own token is home. With the grants of a majority of the configured members, the initiator decides who leads:
    /// once, and only on a token that this incarnation sent. A copy that was bypassed elsewhere would name another.
    pub(super) fn on_own_token(
        &self,
        state: &mut State,
        epoch: Epoch,
        (grants, willing): (NodeSet, NodeSet),
        out: &mut Out,
    ) {
        // The bug: every copy is decided on.
        let again = self.bug == Some(Plant::DecidesTwice) && state.record.granted == Some(state.node);
        if epoch != state.record.epoch || !(state.launched || again) {
            return;
        }
        // The bug: those who were met are all there are.
        let majority = self.is_majority(grants) || self.bug == Some(Plant::MajorityOfTheList);
        let eligible =
            if grants.intersection(willing).is_empty() { grants } else { grants.intersection(willing) };
        let best = eligible.iter().max_by_key(|node| self.settings.id(*node));
        let (true, Some(leader)) = (majority, best) else { return };
        state.launched = false;
        state.deciding = true;
        state.record.decided = Some(leader);
        if leader == state.node {
            self.rise(state);
        }
        out.persist(state.record);
        out.reach(Moment::DecisionQueued.into());
    }

    /// Will lead the present epoch, once that is durable: a node that has led it and forgot would lead it twice.
    fn rise(&self, state: &mut State) {
        state.record.led = state.record.epoch;
        state.rising = true;
    }

    /// The decision is durable: the leader is told.
    pub(super) fn announce(&self, state: &mut State, out: &mut Out) {
        let (epoch, initiator) = (state.record.epoch, state.node);
        if let Some(leader) = state.record.decided.filter(|leader| *leader != initiator) {
            self.pass_on(state, Message::Coordinator { epoch, initiator, leader, hops: 1 }, out);
            out.reach(Moment::Announced.into());
        }
    }

    /// Who leads an epoch. It concerns the leader alone, and only if it has granted that epoch to that initiator, has
    /// granted no later one, and has not led it before.
    pub(super) fn on_coordinator(
        &self,
        state: &mut State,
        epoch: Epoch,
        initiator: NodeId,
        (leader, hops): (NodeId, u8),
        out: &mut Out,
    ) {
        if leader == state.node {
            let granted = epoch == state.record.epoch && state.record.granted == Some(initiator);
            // The bug: what it led before its crash it leads again.
            let new = epoch > state.record.led || self.bug == Some(Plant::LeadsAgain);
            if granted && new && !state.rising && state.role != Role::Leader {
                self.rise(state);
                out.persist(state.record);
            }
        } else if initiator != state.node
            && epoch > state.announced
            && usize::from(hops) < self.settings.link.ring.size()
        {
            state.announced = epoch;
            let hops = hops.saturating_add(1);
            self.pass_on(state, Message::Coordinator { epoch, initiator, leader, hops }, out);
        }
    }
}
