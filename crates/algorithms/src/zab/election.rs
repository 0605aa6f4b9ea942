//! Fast Leader Election (ZooKeeper, `FastLeaderElection.lookForLeader`).

use super::bugs::Plant;
use super::message::{Ballot, Message, Mode, Serial, Vote};
use super::state::{State, Unheard};
use super::{Moment, Out, Timer, Zab, sink};
use interregnum_kernel::{Jitter, NodeId, NodeSet};

impl Zab {
    /// Gives up whatever the node was doing and looks for a leader: a new round, and the own vote for oneself.
    pub(super) fn look(&self, state: &mut State, out: &mut Out) {
        for timer in [Timer::Finalize, Timer::Read, Timer::Connect, Timer::Establish, Timer::HalfTick] {
            out.cancel_timer(timer);
        }
        for peer in self.members.iter() {
            state.sessions.close(peer, &mut sink(out));
        }
        state.mode = Mode::Looking;
        state.awaited = 0;
        state.following = Default::default();
        state.leading.clear();
        state.election.clear();
        state.election.patience = self.min_notification_interval;
        state.round += 1;
        state.vote = self.own_vote(state);
        self.announce(state, out);
        self.listen(state, out);
        self.count_own(state, out);
        out.reach(Moment::Standing.into());
    }

    /// The vote for oneself: what the node could lead with.
    fn own_vote(&self, state: &State) -> Vote {
        Vote {
            round: state.round,
            peer_epoch: state.current_epoch,
            zxid: state.log.last_zxid(),
            leader: state.node(),
        }
    }

    /// The order of votes: epoch, then log, then identifier (totalOrderPredicate).
    pub(super) fn is_better(&self, new: Vote, old: Vote) -> bool {
        let place = |vote: Vote| {
            let id = self.ids[vote.leader.index()];
            match self.bug {
                // The bug: nobody looks at what the proposed leader has.
                Some(Plant::VoteIgnoresZxid) => (Default::default(), Default::default(), id),
                _ => (vote.peer_epoch, vote.zxid, id),
            }
        };
        place(new) > place(old)
    }

    /// Sends the vote to all (sendNotifications). ZooKeeper sends it to itself as well: it is counted at once here.
    fn announce(&self, state: &mut State, out: &mut Out) {
        for peer in self.peers(state).iter() {
            self.notify(state, peer, out);
        }
        let ballot = Ballot { vote: state.vote, mode: Mode::Looking };
        state.election.received[state.process.node.index()] = Some(ballot);
    }

    /// Sends the vote, and what the node does, to one.
    fn notify(&self, state: &mut State, to: NodeId, out: &mut Out) {
        state.notified += 1;
        // Counted from one, so that nobody's first is taken for a repetition.
        let serial = Serial { incarnation: state.process.incarnation.0, number: state.notified };
        let ballot = Ballot { vote: state.vote, mode: state.mode };
        // What follows something unheard waits behind it: only the first of it decides when it is sent again.
        let (wait, waited) = match state.unheard[to.index()] {
            Some(before) => (before.wait, before.waited),
            None => (1 + u64::from(state.repeating), 1),
        };
        state.unheard[to.index()] = Some(Unheard { ballot, serial, wait, waited });
        if !state.repeating {
            state.repeating = true;
            out.set_timer(Timer::Repeat, Jitter::exactly(self.min_repetition));
        }
        out.send(to, Message::Notification { ballot, serial });
    }

    /// A notification has arrived.
    pub(super) fn on_receipt(&self, state: &mut State, from: NodeId, serial: Serial) {
        let unheard = &mut state.unheard[from.index()];
        if unheard.is_some_and(|newest| newest.serial == serial) {
            *unheard = None;
        }
    }

    /// Sends again what has not arrived, whatever the node does by now, and waits twice as long the next time.
    pub(super) fn on_unheard(&self, state: &mut State, out: &mut Out) {
        state.repeating = false;
        for peer in self.peers(state).iter() {
            let Some(unheard) = &mut state.unheard[peer.index()] else { continue };
            state.repeating = true;
            unheard.wait = unheard.wait.saturating_sub(1);
            if unheard.wait == 0 {
                unheard.waited = (2 * unheard.waited).min(self.longest_repetition);
                unheard.wait = unheard.waited;
                let Unheard { ballot, serial, .. } = *unheard;
                out.send(peer, Message::Notification { ballot, serial });
            }
        }
        if state.repeating {
            out.set_timer(Timer::Repeat, Jitter::exactly(self.min_repetition));
        }
    }

    /// Waits for notifications, for as long as patience lasts.
    fn listen(&self, state: &State, out: &mut Out) {
        out.set_timer(Timer::Notification, Jitter::exactly(state.election.patience));
    }

    /// Nobody said anything: the vote is sent again, and the next time later.
    pub(super) fn on_silence(&self, state: &mut State, out: &mut Out) {
        if state.mode != Mode::Looking {
            return;
        }
        self.announce(state, out);
        state.election.patience = state.election.patience.scaled(2, 1).min(self.max_notification_interval);
        self.listen(state, out);
    }

    pub(super) fn on_notification(
        &self,
        state: &mut State,
        from: NodeId,
        ballot: Ballot,
        serial: Serial,
        out: &mut Out,
    ) {
        let known = self.is_member(from) && self.is_member(ballot.vote.leader);
        if !known || !self.is_member(state.node()) {
            return;
        }
        out.send(from, Message::Receipt { serial });
        if serial <= state.heard[from.index()] {
            return;
        }
        let started_again = serial.incarnation > state.heard[from.index()].incarnation;
        state.heard[from.index()] = serial;
        if let Some(Unheard { ballot, serial, .. }) = state.unheard[from.index()].filter(|_| started_again) {
            // What its last life has not heard need not wait for the next repetition: this life may be quick to answer.
            out.send(from, Message::Notification { ballot, serial });
        }
        let looks = ballot.mode == Mode::Looking;
        if state.mode != Mode::Looking {
            // Whoever looks is told what the others found (WorkerReceiver).
            if looks {
                self.notify(state, from, out);
            }
            return;
        }
        if looks && ballot.vote.round < state.round {
            // It lags behind: it is told where the others are.
            self.notify(state, from, out);
        }
        if state.election.finalizing {
            if !self.is_better(ballot.vote, state.vote) {
                // Whatever else it says is lost; and the silence must begin anew.
                out.set_timer(Timer::Finalize, Jitter::exactly(self.finalize_wait));
                return;
            }
            state.election.finalizing = false;
            out.cancel_timer(Timer::Finalize);
        }
        self.listen(state, out);
        if looks { self.on_vote(state, from, ballot, out) } else { self.on_result(state, from, ballot, out) }
    }

    /// The vote of one who looks as well.
    fn on_vote(&self, state: &mut State, from: NodeId, ballot: Ballot, out: &mut Out) {
        let vote = ballot.vote;
        if vote.round < state.round {
            return;
        }
        if vote.round > state.round {
            state.round = vote.round;
            state.election.received.fill(None);
            let own = self.own_vote(state);
            state.vote = if self.is_better(vote, own) { vote } else { own };
            self.announce(state, out);
        } else if self.is_better(vote, state.vote) {
            state.vote = vote;
            self.announce(state, out);
        }
        state.election.received[from.index()] = Some(ballot);
        self.count_own(state, out);
    }

    /// If a quorum has the own vote, the election is over unless a better one comes.
    fn count_own(&self, state: &mut State, out: &mut Out) {
        let own = Ballot { vote: state.vote, mode: Mode::Looking };
        if self.is_agreed(&state.election.received, own) {
            state.election.finalizing = true;
            out.cancel_timer(Timer::Notification);
            out.set_timer(Timer::Finalize, Jitter::exactly(self.finalize_wait));
        }
    }

    /// No better vote came for as long as it takes.
    pub(super) fn on_finalized(&self, state: &mut State, out: &mut Out) {
        if state.mode == Mode::Looking && state.election.finalizing {
            self.settle(state, state.vote, out);
        }
    }

    /// The result of an election that another has left behind: of this round, or of one that the node was not part of.
    fn on_result(&self, state: &mut State, from: NodeId, ballot: Ballot, out: &mut Out) {
        if ballot.vote.round == state.round {
            state.election.received[from.index()] = Some(ballot);
            let votes = &state.election.received;
            if self.is_agreed(votes, ballot) && self.is_confirmed(state, votes, ballot.vote) {
                return self.settle(state, ballot.vote, out);
            }
        }
        state.election.outside[from.index()] = Some(ballot);
        let votes = &state.election.outside;
        if self.is_agreed(votes, ballot) && self.is_confirmed(state, votes, ballot.vote) {
            state.round = ballot.vote.round;
            self.settle(state, ballot.vote, out);
        }
    }

    /// Whether a quorum means the same leader (getVoteTracker, hasAllQuorums).
    fn is_agreed(&self, votes: &[Option<Ballot>], ballot: Ballot) -> bool {
        let agrees = |node: &NodeId| votes[node.index()].is_some_and(|other| other.agrees_with(ballot));
        self.members.iter().filter(agrees).collect::<NodeSet>().is_majority_of(self.members)
    }

    /// Whether the leader itself says that it leads; or it is this node, and the round is right (checkLeader). Without
    /// that, nodes would elect a leader that has crashed on each other's word, over and over.
    fn is_confirmed(&self, state: &State, votes: &[Option<Ballot>], vote: Vote) -> bool {
        if vote.leader == state.node() {
            return vote.round == state.round;
        }
        // The bug: the others' word is enough.
        self.bug == Some(Plant::FollowsTheDead)
            || votes[vote.leader.index()].is_some_and(|ballot| ballot.mode == Mode::Leading)
    }

    /// The election is over.
    fn settle(&self, state: &mut State, vote: Vote, out: &mut Out) {
        out.cancel_timer(Timer::Notification);
        out.cancel_timer(Timer::Finalize);
        state.election.clear();
        state.vote = vote;
        if vote.leader == state.node() {
            self.begin_leading(state, out);
        } else {
            self.begin_following(state, vote.leader, out);
        }
    }
}
