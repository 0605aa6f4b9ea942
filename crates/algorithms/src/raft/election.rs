//! Elections: who stands, who votes, and what a term's change does.

use super::bugs::Plant;
use super::phases::Moment;
use super::state::{State, Write};
use super::{Message, Out, Raft, Timer};
use interregnum_kernel::{Epoch, Fact, Jitter, LogIndex, NodeId, Now, Office, Release, Role, Span};

/// Standing for election.
impl Raft {
    /// Nobody led for an election timeout, or nobody won: the next attempt.
    pub(super) fn on_election_timeout(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Leader {
            return;
        }
        if !self.is_promotable(state) {
            state.leader = None;
            return self.await_leader(state, out);
        }
        if state.role == Role::Candidate {
            self.note_failure(state);
        }
        if self.pre_vote {
            self.become_pre_candidate(state, out);
        } else {
            self.become_candidate(state, false, out);
        }
        out.reach(Moment::Standing.into());
    }

    /// Asks whether an election could be won, without entering a new term (thesis §9.6).
    fn become_pre_candidate(&self, state: &mut State, out: &mut Out) {
        state.role = Role::PreCandidate;
        state.tally = Default::default();
        if self.bug == Some(Plant::PrecandidateKeepsLeader) && state.leader.is_some() {
            // The bug: the leader that was just given up goes on being protected, and nothing ends that.
            state.guarded = true;
            out.cancel_timer(Timer::Guard);
        } else {
            self.give_up_leader(state, out);
        }
        self.await_leader(state, out);
        let message = Message::PreVote {
            term: state.current_term.next(),
            last_epoch: state.log.last_epoch(),
            last_index: state.log.last_index(),
        };
        for peer in self.electorate(state).iter() {
            out.send(peer, message.clone());
        }
        // A pre-vote promises nothing, so the own one needs no disk.
        self.count_pre_vote(state, state.node, out);
    }

    /// Enters a new term, votes for itself and asks the others (paper §5.2).
    pub(super) fn become_candidate(&self, state: &mut State, transfer: bool, out: &mut Out) {
        state.role = Role::Candidate;
        state.tally = Default::default();
        state.current_term = state.current_term.next();
        state.voted_for = Some(state.node);
        self.give_up_leader(state, out);
        self.save_vote(state, Release::OnceDurable, out);
        self.await_leader(state, out);
        let message = Message::RequestVote {
            term: state.current_term,
            last_epoch: state.log.last_epoch(),
            last_index: state.log.last_index(),
            transfer,
        };
        // The requests wait for the own vote, and with it for the log that they boast of. A candidate that crashed in
        // between could stand in the same term again, with a shorter log, and the grants for the longer would count.
        let release = match self.bug {
            // The bugs: they do not wait.
            Some(Plant::AskBeforeOwnVote | Plant::LeadBeforeOwnVote) => Release::AtOnce,
            _ => Release::OnceDurable,
        };
        for peer in self.electorate(state).iter() {
            out.send_when(release, peer, message.clone());
        }
        out.reach(Moment::CandidacyQueued.into());
    }

    /// Whoever stands for election knows no leader, and protects none.
    fn give_up_leader(&self, state: &mut State, out: &mut Out) {
        state.leader = None;
        self.unguard(state, out);
    }
}

/// Giving votes.
impl Raft {
    /// Whether the voter would vote for the sender. It promises nothing, and its election timer runs on.
    pub(super) fn on_pre_vote(
        &self,
        state: &mut State,
        from: NodeId,
        term: Epoch,
        last: (Epoch, LogIndex),
        out: &mut Out,
    ) {
        let free = term > state.current_term || self.may_vote_for(state, from);
        let granted = free && self.is_up_to_date(state, last);
        // A granted answer repeats the request's term; a rejection tells the voter's own, so that who lags behind can
        // catch up.
        let term = if granted { term } else { state.current_term };
        out.send_once_durable(from, Message::PreVoteResponse { term, granted });
    }

    /// Gives or refuses a vote (paper Figure 2, RequestVote). `unsaved`: the term was entered just now.
    pub(super) fn on_request_vote(
        &self,
        state: &mut State,
        from: NodeId,
        unsaved: bool,
        last: (Epoch, LogIndex),
        out: &mut Out,
    ) {
        let granted = self.may_vote_for(state, from) && self.is_up_to_date(state, last);
        // The answer and the note that the vote was given wait for the vote to be durable.
        let mut release = Release::OnceDurable;
        if granted {
            // The whole timeout begins now, whatever is left of the guard.
            state.guard_comes_first = false;
            if self.bug == Some(Plant::VoteBeforeFsync) {
                // The bug: they do not wait.
                release = Release::AtOnce;
            }
            if state.role == Role::PreCandidate {
                self.become_follower(state, out);
            }
            self.await_leader(state, out);
        }
        let new = granted && state.voted_for != Some(from);
        if new {
            state.voted_for = Some(from);
            self.save_vote(state, release, out);
        } else if unsaved {
            self.save_ballot(state, out);
        }
        out.send_when(release, from, Message::RequestVoteResponse { term: state.current_term, granted });
        if new {
            out.reach(Moment::VoteQueued.into());
        }
    }

    /// One vote a term, and none against a leader that is known to have won it.
    fn may_vote_for(&self, state: &State, candidate: NodeId) -> bool {
        match state.voted_for {
            Some(node) => node == candidate,
            // The bug that forgets votes needs the code of its time, which did not ask for a known leader.
            None => state.leader.is_none() || self.bug == Some(Plant::ForgetVoteOnStepDown),
        }
    }

    /// Whether the candidate's log holds all that may be committed (paper §5.4.1).
    fn is_up_to_date(&self, state: &State, (last_epoch, last_index): (Epoch, LogIndex)) -> bool {
        // The bug: any log will do.
        self.bug == Some(Plant::VoteIgnoresLog) || state.log.is_matched_by(last_epoch, last_index)
    }

    /// Asks for the current term and vote to be written, with the facts that are true once they are durable.
    pub(super) fn save_ballot(&self, state: &State, out: &mut Out) {
        out.persist(Write { current_term: state.current_term, voted_for: state.voted_for, log: None });
        self.note_epoch(state, out);
    }

    /// Notes that the disk holds the current term, once it does.
    pub(super) fn note_epoch(&self, state: &State, out: &mut Out) {
        let fact = Fact::EpochStored { office: Office::CONTESTED, epoch: state.current_term };
        out.note_when(Release::OnceDurable, fact);
    }

    fn save_vote(&self, state: &State, release: Release, out: &mut Out) {
        self.save_ballot(state, out);
        if let Some(candidate) = state.voted_for {
            let fact = Fact::Voted { office: Office::CONTESTED, epoch: state.current_term, candidate };
            out.note_when(release, fact);
        }
    }
}

/// Counting votes.
impl Raft {
    pub(super) fn on_pre_vote_response(
        &self,
        state: &mut State,
        from: NodeId,
        term: Epoch,
        granted: bool,
        out: &mut Out,
    ) {
        match state.role {
            Role::PreCandidate if granted && term == state.current_term.next() => {
                self.count_pre_vote(state, from, out);
            }
            Role::PreCandidate if !granted => self.count_rejection(state, from, out),
            // The bug: one tally for both phases, so a late pre-vote is a vote.
            Role::Candidate if granted && self.bug == Some(Plant::PrevoteCountedAsVote) => {
                self.count_vote(state, from, out);
            }
            _ => {}
        }
    }

    pub(super) fn on_request_vote_response(
        &self,
        state: &mut State,
        from: NodeId,
        granted: bool,
        out: &mut Out,
    ) {
        match (state.role, granted) {
            (Role::Candidate, true) => self.count_vote(state, from, out),
            (Role::Candidate, false) => self.count_rejection(state, from, out),
            _ => {}
        }
    }

    fn count_pre_vote(&self, state: &mut State, voter: NodeId, out: &mut Out) {
        state.tally.granted.insert(voter);
        if self.can_decide(state, state.tally.granted) {
            self.become_candidate(state, false, out);
        }
    }

    /// Counts a vote, the own one too. With a majority the candidate leads, but not before its own vote is durable.
    pub(super) fn count_vote(&self, state: &mut State, voter: NodeId, out: &mut Out) {
        let new = state.tally.granted.insert(voter);
        if !new && self.bug == Some(Plant::CountDuplicateVotes) {
            // The bug: it is the message that is counted, not the voter.
            state.tally.repeated = state.tally.repeated.saturating_add(1);
        }
        let granted = state.tally.granted;
        let repeated = usize::from(state.tally.repeated);
        let voters = state.log.configuration().voters.len();
        let majority =
            self.can_decide(state, granted) || repeated > 0 && granted.len() + repeated > voters / 2;
        // The bug: the others' votes are enough.
        let own = granted.contains(state.node) || self.bug == Some(Plant::LeadBeforeOwnVote);
        if majority && own {
            self.become_leader(state, out);
        }
    }

    /// An attempt that a majority rejected cannot succeed any more: back to follower, in the same term.
    fn count_rejection(&self, state: &mut State, voter: NodeId, out: &mut Out) {
        state.tally.rejected.insert(voter);
        if self.can_prevent(state, state.tally.rejected) {
            self.become_follower(state, out);
        }
    }
}

/// Terms, followers and the guard.
impl Raft {
    /// A message of a term that is over.
    #[cold]
    pub(super) fn on_older_term(&self, state: &mut State, from: NodeId, message: &Message, out: &mut Out) {
        let term = state.current_term;
        let answer = match message {
            // A leader that was left behind learns it from this. Without pre-vote and check-quorum it would be told
            // by the next election.
            Message::AppendEntries { .. } | Message::Heartbeat { .. }
                if self.check_quorum || self.pre_vote =>
            {
                let (index, epoch) = (LogIndex::ZERO, Epoch::ZERO);
                Message::AppendEntriesResponse { term, rejected: true, index, epoch }
            }
            // Silence would leave a pre-candidate of an old term stuck for ever, since pre-votes move nobody.
            Message::PreVote { .. } => Message::PreVoteResponse { term, granted: false },
            // Paper §5.1: a request of an old term is rejected.
            Message::RequestVote { .. } => Message::RequestVoteResponse { term, granted: false },
            // The bug: a vote is a vote, of whatever term.
            Message::RequestVoteResponse { granted: true, .. }
                if self.bug == Some(Plant::CountOldTermVotes) && state.role == Role::Candidate =>
            {
                return self.count_vote(state, from, out);
            }
            _ => return,
        };
        out.send_once_durable(from, answer);
    }

    /// Enters a higher term that somebody else is in (paper §5.1). The caller asks for the write.
    pub(super) fn enter_term(&self, state: &mut State, term: Epoch, out: &mut Out) {
        self.become_follower(state, out);
        state.current_term = term;
        state.voted_for = None;
    }

    /// Follows nobody yet, in the current term. The vote stays: it is the term's, not the role's.
    pub(super) fn become_follower(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Leader {
            self.stop_leading(state, out);
        }
        state.role = Role::Follower;
        state.tally = Default::default();
        state.leader = None;
        if self.restart_timeout {
            self.await_leader(state, out);
        }
    }

    /// Notes that the leader of the current term was heard. False if that cannot be.
    #[inline]
    pub(super) fn hear_leader(&self, state: &mut State, from: NodeId, out: &mut Out) -> bool {
        if state.role != Role::Follower {
            if state.role == Role::Leader {
                // Two leaders of one term exist only where a bug is planted or a disk lies. Neither obeys.
                return false;
            }
            self.become_follower(state, out);
        }
        if self.bug == Some(Plant::ForgetVoteOnStepDown) {
            // The bug: following clears the vote although the term is the same.
            state.voted_for = None;
        }
        state.leader = Some(from);
        if !self.stickiness {
            self.await_leader(state, out);
            return true;
        }
        self.guard(state, out);
        if !state.guard_comes_first {
            state.guard_comes_first = true;
            out.cancel_timer(Timer::Election);
        }
        true
    }

    /// Protects the leader for the shortest election timeout (thesis §4.2.3).
    #[inline]
    pub(super) fn guard(&self, state: &mut State, out: &mut Out) {
        state.guarded = true;
        out.set_timer(Timer::Guard, self.patience());
    }

    /// No leader was heard for the shortest election timeout. If the guard came first, the election timer takes over for
    /// what the timeout has beyond that.
    pub(super) fn on_guard_ends(&self, state: &mut State, out: &mut Out) {
        state.guarded = false;
        if std::mem::take(&mut state.guard_comes_first) {
            let Jitter { min, max } = self.patience_for_leader(state);
            let gone = self.election_timeout.min.0;
            out.set_timer(Timer::Election, Jitter::between(Span(min.0 - gone), Span(max.0 - gone)));
        }
    }

    /// Ends the protection. Whoever stands for election does that, and arms or disarms the election timer itself.
    pub(super) fn unguard(&self, state: &mut State, out: &mut Out) {
        if state.guarded {
            state.guarded = false;
            state.guard_comes_first = false;
            out.cancel_timer(Timer::Guard);
        }
    }

    /// Whether a request for a vote in a higher term is ignored, term and all, because a leader is alive. A leader
    /// protects itself; if it has lost its quorum, the check of the quorum ends that.
    #[cold]
    pub(super) fn is_refused_by_guard(&self, state: &State, message: &Message) -> bool {
        match message {
            Message::PreVote { .. } | Message::RequestVote { transfer: false, .. } => {}
            _ => return false,
        }
        // The bug: the voter acknowledges leases and does not honour them.
        let honours = self.stickiness && self.bug != Some(Plant::VoterIgnoresItsLease);
        honours && (state.guarded || state.role == Role::Leader)
    }

    /// The own writes that became durable: the own vote counts now, the own entries count now.
    pub(super) fn on_persisted(&self, state: &mut State, now: Now, write: &Write, out: &mut Out) {
        if state.restoring > LogIndex::ZERO {
            self.on_restored(state, write);
        }
        let own_vote = write.current_term == state.current_term && write.voted_for == Some(state.node);
        match state.role {
            Role::Candidate if own_vote => {
                out.reach(Moment::VotesAsked.into());
                self.count_vote(state, state.node, out);
            }
            Role::Leader => self.on_own_disk_answered(state, now, write, out),
            _ => {}
        }
    }
}
