//! Claims and grants, and what a higher epoch does.

use super::bugs::Plant;
use super::phases::Moment;
use super::state::{Disk, State, Status, Write};
use super::{BullyQuorum, Message, Out, Timer};
use interregnum_kernel::{Epoch, Fact, Jitter, NodeId, Office, Release};

impl BullyQuorum {
    /// Takes the epoch above all that it has seen, grants it to itself, and asks everybody. The requests wait for the own
    /// grant: a claimant that crashed in between could claim the same epoch again, and grants for the first claim would
    /// count for the second.
    pub(super) fn claim(&self, state: &mut State, transfer: bool, out: &mut Out) {
        self.leave(state, out);
        state.status = Status::Claiming;
        state.seen = state.seen.next();
        state.reign = state.seen;
        self.grant(state, state.node, Release::OnceDurable, out);
        out.set_timer(Timer::Claim, self.common.failure_timeout);
        for peer in self.common.peers(state.node) {
            out.send_once_durable(peer, Message::Claim { epoch: state.reign, transfer });
        }
        out.reach(Moment::CandidacyQueued.into());
    }

    /// Writes that the highest epoch seen is this node's. The notes are true once it is durable.
    fn grant(&self, state: &mut State, to: NodeId, release: Release, out: &mut Out) {
        state.ballot = Disk { epoch: state.seen, granted: Some(to) };
        self.write(state, Write { epoch: state.seen, granted: to }, out);
        let (office, epoch) = (Office::CONTESTED, state.seen);
        out.note_when(Release::OnceDurable, Fact::EpochStored { office, epoch });
        out.note_when(release, Fact::Voted { office, epoch, candidate: to });
    }

    pub(super) fn write(&self, state: &mut State, write: Write, out: &mut Out) {
        state.unwritten += 1;
        out.persist(write);
    }

    /// Somebody asks for an epoch. It is granted if it is above all that this node has seen, and no leader is protected.
    pub(super) fn on_claim(
        &self,
        state: &mut State,
        from: NodeId,
        epoch: Epoch,
        transfer: bool,
        out: &mut Out,
    ) {
        if state.ballot == (Disk { epoch, granted: Some(from) }) {
            // The answer was lost, or the claim came twice.
            return out.send_once_durable(from, Message::Grant { epoch });
        }
        let leads = state.status == Status::Leading;
        let protected = !transfer && (leads || state.guarded && state.leader != Some(from));
        if epoch <= state.seen || protected {
            return out.send_once_durable(from, Message::Deny { epoch: state.seen });
        }
        self.rest(state, self.common.failure_timeout, out);
        state.seen = epoch;
        let release = match self.bug {
            // The bug: the answer does not wait for the disk.
            Some(Plant::GrantBeforeFsync) => Release::AtOnce,
            _ => Release::OnceDurable,
        };
        self.grant(state, from, release, out);
        out.send_when(release, from, Message::Grant { epoch });
        out.reach(Moment::VoteQueued.into());
    }

    pub(super) fn on_grant(&self, state: &mut State, from: NodeId, epoch: Epoch, out: &mut Out) {
        if state.status == Status::Claiming && epoch == state.reign {
            self.count(state, from, out);
        }
    }

    /// Counts a grant, the own one too. A majority is not enough without the own: the node could lead, crash, come back
    /// without the epoch, and win it again.
    fn count(&self, state: &mut State, from: NodeId, out: &mut Out) {
        let new = state.with.insert(from);
        if !new && self.bug == Some(Plant::CountsMessages) {
            // The bug: it is the message that is counted, not the node.
            state.repeated = state.repeated.saturating_add(1);
        }
        let members = self.common.members;
        let majority = state.with.is_majority_of(members)
            || state.with.len() + usize::from(state.repeated) > members.len() / 2;
        if majority && state.with.contains(state.node) {
            self.lead(state, out);
        }
    }

    /// One of the own writes is durable: the own grant of a claim counts now.
    pub(super) fn on_persisted(&self, state: &mut State, write: Write, out: &mut Out) {
        state.unwritten = state.unwritten.saturating_sub(1);
        let own = write == (Write { epoch: state.reign, granted: state.node });
        if state.status == Status::Claiming && own {
            out.reach(Moment::VotesAsked.into());
            self.count(state, state.node, out);
        }
    }

    /// A claim was denied, or a reign is over. A claim that a majority can no longer grant is given up, and the next one
    /// is above what was denied.
    pub(super) fn on_deny(&self, state: &mut State, from: NodeId, epoch: Epoch, out: &mut Out) {
        match state.status {
            Status::Claiming => {
                state.seen = state.seen.max(epoch);
                state.against.insert(from);
                if !self.common.members.minus(state.against).is_majority_of(self.common.members) {
                    self.rest(state, self.common.failure_timeout, out);
                }
            }
            // Somebody may lead that epoch: this node will hear of it within a heartbeat interval. It may have heard of
            // the epoch before, from who denied its claim; what counts is that it is above the reign.
            Status::Leading if epoch > state.reign => {
                state.seen = state.seen.max(epoch);
                let listen = self.common.heartbeat_interval + self.common.message_bound;
                self.rest(state, Jitter::exactly(listen), out);
            }
            _ => {}
        }
    }

    /// Nobody was granted the epoch: another attempt.
    pub(super) fn on_claim_ends(&self, state: &mut State, out: &mut Out) {
        self.on_failure(state, out);
    }
}
