//! What the two classic rings share: rounds, whom a node follows, heartbeats, the order to resign.

use super::parameters::Settings;
use super::phases::Moment;
use interregnum_kernel::{
    Effects, Epoch, FencingToken, Jitter, Leadership, NodeId, NodeSet, Office, Protocol, Role, TimerName,
};

/// The timers of a node of a classic ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No leader was heard for a failure timeout.
    Failure,
    /// The election that the node took part in has had no outcome.
    Round,
    /// The successor has not acknowledged.
    Ack,
    /// A leader's next heartbeat is due.
    Heartbeat,
}

impl TimerName for Timer {
    const COUNT: usize = 4;

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        use Timer::{Ack, Failure, Heartbeat, Round};
        [Failure, Round, Ack, Heartbeat][index]
    }
}

/// A classic ring, as far as the shared rules need to know it.
pub(crate) trait Classic: Protocol<Timer = Timer> {
    /// "I still lead."
    fn heartbeat(epoch: Epoch) -> Self::Message;
}

/// What a node of a classic ring remembers of rounds and leaders. Nothing of it survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Member {
    pub(crate) node: NodeId,
    pub(crate) role: Role,
    /// The highest round seen in any message.
    pub(crate) epoch: Epoch,
    /// The leader of that round, where known; a leader knows itself.
    pub(crate) leader: Option<NodeId>,
    /// Whose messages of an election the node has passed on in this round.
    pub(crate) passed: NodeSet,
    /// Whose news of an outcome the node has passed on in this round.
    pub(crate) announced: NodeSet,
    /// Whether the node waits for the outcome of an election.
    pub(crate) awaits: bool,
    /// Whether the first heartbeats of the reign have been sent.
    pub(crate) heard: bool,
    /// Whether the node has resigned, and lets others win.
    pub(crate) abstains: bool,
}

impl Member {
    /// What a node knows when it starts: nothing.
    pub(crate) fn blank(node: NodeId) -> Member {
        Member {
            node,
            role: Role::Follower,
            epoch: Epoch::ZERO,
            leader: None,
            passed: NodeSet::EMPTY,
            announced: NodeSet::EMPTY,
            awaits: false,
            heard: false,
            abstains: false,
        }
    }

    /// The reign of a node that leads. The round is the epoch, and the token.
    #[inline]
    pub(crate) fn leadership(&self) -> Option<Leadership> {
        (self.role == Role::Leader).then_some(Leadership {
            office: Office::CONTESTED,
            epoch: self.epoch,
            token: Some(FencingToken(self.epoch.0)),
        })
    }
}

impl Settings {
    /// Begins a later round: nothing of the one before counts any more. A leader that hears of one gives up its office.
    pub(super) fn enter_round<P: Classic>(&self, member: &mut Member, round: Epoch, out: &mut Effects<P>) {
        if round <= member.epoch {
            return;
        }
        stop_leading(member, out);
        member.role = Role::Follower;
        member.epoch = round;
        member.leader = None;
        member.passed = NodeSet::EMPTY;
        member.announced = NodeSet::EMPTY;
    }

    /// Waits for the election's outcome: one circulation to find it, and one for the news.
    pub(super) fn await_outcome<P: Classic>(&self, member: &mut Member, out: &mut Effects<P>) {
        if member.role != Role::Leader {
            member.awaits = true;
            out.cancel_timer(Timer::Failure);
            out.set_timer(Timer::Round, Jitter::exactly(self.circulation.scaled(2, 1)));
        }
    }

    /// Takes a node for the leader of the present round, unless one of a higher identifier is known to lead in it, as
    /// happens where a live node was bypassed. Says whether it does.
    pub(super) fn follow<P: Classic>(
        &self,
        member: &mut Member,
        leader: NodeId,
        out: &mut Effects<P>,
    ) -> bool {
        if member.leader.is_some_and(|known| self.id(known) > self.id(leader)) {
            return false;
        }
        stop_leading(member, out);
        member.role = Role::Follower;
        member.leader = Some(leader);
        member.abstains = false;
        if std::mem::take(&mut member.awaits) {
            out.cancel_timer(Timer::Round);
        }
        out.set_timer(Timer::Failure, self.failure_timeout);
        true
    }

    /// Leads from now on, in the present round.
    pub(super) fn lead<P: Classic>(&self, member: &mut Member, out: &mut Effects<P>) {
        member.role = Role::Leader;
        member.leader = Some(member.node);
        member.awaits = false;
        member.heard = false;
        out.cancel_timer(Timer::Failure);
        out.cancel_timer(Timer::Round);
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.heartbeat_interval));
        out.reach(Moment::Elected.into());
    }

    pub(super) fn on_heartbeat_due<P: Classic>(&self, member: &mut Member, out: &mut Effects<P>) {
        if member.role != Role::Leader {
            return;
        }
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.heartbeat_interval));
        for peer in self.link.ring.others(member.node).iter() {
            out.send(peer, P::heartbeat(member.epoch));
        }
        if !std::mem::replace(&mut member.heard, true) {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    /// A leader is heard. Of two leaders the one of the later round is followed, and within a round the one of the higher
    /// identifier; so two that meet after a split come to one.
    #[inline]
    pub(super) fn on_heartbeat<P: Classic>(
        &self,
        member: &mut Member,
        from: NodeId,
        epoch: Epoch,
        out: &mut Effects<P>,
    ) {
        if epoch == member.epoch && member.leader == Some(from) && !member.awaits {
            out.set_timer(Timer::Failure, self.failure_timeout);
        } else if epoch >= member.epoch {
            self.enter_round(member, epoch, out);
            self.follow(member, from, out);
        }
    }

    /// Gives up leadership, and lets the others elect. They notice by the silence, long before this node stands again.
    pub(super) fn on_resign<P: Classic>(&self, member: &mut Member, out: &mut Effects<P>) {
        if member.role == Role::Leader {
            stop_leading(member, out);
            member.leader = None;
            member.abstains = true;
            let longest = self.failure_timeout.max;
            out.set_timer(Timer::Failure, Jitter::exactly(longest + longest));
        }
    }
}

fn stop_leading<P: Classic>(member: &mut Member, out: &mut Effects<P>) {
    if member.role == Role::Leader {
        member.role = Role::Follower;
        out.cancel_timer(Timer::Heartbeat);
    }
}
