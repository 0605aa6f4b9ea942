//! A follower: discovery, synchronisation and broadcast as it sees them (ZooKeeper, `Learner` and `Follower`).

use super::bugs::Plant;
use super::log::Zxid;
use super::message::{History, Mode, Packet};
use super::state::{Following, Learning, State, Write};
use super::{Moment, Out, Timer, Zab, sink};
use interregnum_kernel::{Command, Epoch, Jitter, LogEntry, LogIndex, NodeId};
use std::sync::Arc;

impl Zab {
    /// The election named a leader: the follower connects to it (connectToLeader).
    pub(super) fn begin_following(&self, state: &mut State, leader: NodeId, out: &mut Out) {
        state.mode = Mode::Following;
        state.following = Following { leader, attempts: 1, ..Following::default() };
        state.sessions.open(leader, &mut sink(out));
        out.set_timer(Timer::Read, self.ticks(self.init_limit));
    }

    /// The connection failed. While connecting that is usual: the leader may not know yet that it leads.
    pub(super) fn on_leader_gone(&self, state: &mut State, out: &mut Out) {
        let following = &state.following;
        if following.learning == Learning::Connecting && following.attempts < self.connect_attempts {
            out.set_timer(Timer::Connect, Jitter::exactly(self.connect_retry));
        } else {
            self.look(state, out);
        }
    }

    pub(super) fn on_connect_due(&self, state: &mut State, out: &mut Out) {
        if state.mode == Mode::Following && state.following.learning == Learning::Connecting {
            state.following.attempts += 1;
            state.sessions.open(state.following.leader, &mut sink(out));
        }
    }

    /// The leader has accepted the connection: the follower tells its last promise (registerWithLeader).
    pub(super) fn on_opened(&self, state: &mut State, from: NodeId, out: &mut Out) {
        let following = &mut state.following;
        if state.mode != Mode::Following || from != following.leader {
            return;
        }
        following.learning = Learning::Discovering;
        out.set_timer(Timer::Read, self.ticks(self.init_limit));
        let accepted_epoch = state.accepted_epoch;
        self.tell_leader(state, Packet::FollowerInfo { accepted_epoch }, out);
    }

    fn tell_leader(&self, state: &mut State, packet: Packet, out: &mut Out) {
        let leader = state.following.leader;
        if !state.sessions.send(leader, packet, &mut sink(out)) {
            self.look(state, out);
        }
    }

    #[inline(always)]
    pub(super) fn on_leaders_packet(&self, state: &mut State, packet: Packet, out: &mut Out) {
        let patience = if state.following.learning == Learning::Broadcasting {
            self.sync_limit
        } else {
            self.init_limit
        };
        out.set_timer(Timer::Read, self.ticks(patience));
        match packet {
            Packet::Ping => {
                let leader = state.following.leader;
                state.sessions.pass(leader, Packet::Ping, &mut sink(out));
            }
            other => self.on_leaders_word(state, other, out),
        }
    }

    #[inline(never)]
    fn on_leaders_word(&self, state: &mut State, packet: Packet, out: &mut Out) {
        match packet {
            Packet::LeaderInfo { epoch } => self.on_leader_info(state, epoch, out),
            Packet::Diff(history) | Packet::Trunc(history) | Packet::Snap(history) => {
                self.on_history(state, history, out);
            }
            Packet::NewLeader { epoch } => self.on_new_leader(state, epoch, out),
            Packet::UpToDate { committed } => self.on_up_to_date(state, committed, out),
            Packet::Proposal { counter, command } => self.on_proposal(state, counter, command, out),
            Packet::Commit { zxid } => self.on_commit(state, zxid, out),
            _ => {}
        }
    }

    /// The new epoch is promised if it is above all that were promised before (paper, phase 1).
    fn on_leader_info(&self, state: &mut State, epoch: Epoch, out: &mut Out) {
        if state.following.learning != Learning::Discovering || epoch < state.accepted_epoch {
            return self.look(state, out);
        }
        state.following.epoch = epoch;
        if epoch > state.accepted_epoch {
            state.following.learning = Learning::Promising;
            self.promise(state, epoch, state.following.leader, out);
            out.reach(Moment::VoteQueued.into());
            if state.awaited == 0 {
                self.on_stored(state, out);
            }
        } else {
            // Promised before, perhaps to somebody else: it must not count twice.
            state.following.learning = Learning::Synchronizing;
            let last_zxid = state.log.last_zxid();
            self.tell_leader(state, Packet::AckEpochAgain { last_zxid }, out);
        }
    }

    /// The disk has what the follower was asked for.
    pub(super) fn on_stored(&self, state: &mut State, out: &mut Out) {
        match state.following.learning {
            Learning::Promising => {
                state.following.learning = Learning::Synchronizing;
                // Epochs are 32 bits wide, as in a zxid.
                let current_epoch = state.current_epoch.0 as u32;
                let last_zxid = state.log.last_zxid();
                self.tell_leader(state, Packet::AckEpoch { current_epoch, last_zxid }, out);
            }
            Learning::Storing => self.acknowledge_history(state, out),
            _ => {}
        }
    }

    /// The leader's history. It is taken over when it is complete.
    fn on_history(&self, state: &mut State, history: Arc<History>, out: &mut Out) {
        match state.log.index_of(history.keep) {
            Some(keep) if state.following.learning == Learning::Synchronizing => {
                state.following.history = Some((keep, history));
            }
            // There is nothing to cut back to: the follower starts over.
            _ => self.look(state, out),
        }
    }

    /// The history is complete: it is stored, then the epoch that vouches for it, and then acknowledged
    /// (paper, phase 2; ZOOKEEPER-4643, 4646 and 3911 are about this order).
    fn on_new_leader(&self, state: &mut State, epoch: Epoch, out: &mut Out) {
        let following = &mut state.following;
        if following.learning != Learning::Synchronizing || epoch != following.epoch {
            return self.look(state, out);
        }
        following.learning = Learning::Storing;
        let history = following.history.take();
        // The bug: the epoch comes first.
        let too_early = self.bug == Some(Plant::EpochBeforeHistory);
        state.current_epoch = epoch;
        if too_early {
            self.persist(state, Write::CurrentEpoch(epoch), out);
        }
        // A follower that lacked nothing has nothing to store but the epoch.
        let last = state.log.last_index();
        let changes =
            |(keep, history): &(LogIndex, Arc<History>)| *keep < last || !history.entries.is_empty();
        if let Some((keep, history)) = history.filter(changes) {
            state.log.splice(keep, &history);
            self.persist(state, Write::History { keep, history }, out);
        }
        if !too_early {
            self.persist(state, Write::CurrentEpoch(epoch), out);
        }
        self.await_disk(state);
        out.reach(Moment::EpochQueued.into());
        // The bug: the disk is not waited for.
        if self.bug == Some(Plant::AckBeforeHistory) {
            state.awaited = 0;
            self.acknowledge_history(state, out);
        }
    }

    fn acknowledge_history(&self, state: &mut State, out: &mut Out) {
        state.following.learning = Learning::Stored;
        let zxid = Zxid::new(state.following.epoch, 0);
        self.tell_leader(state, Packet::Ack { zxid }, out);
    }

    /// A quorum has the history: the leader is established, and the history committed.
    fn on_up_to_date(&self, state: &mut State, committed: Zxid, out: &mut Out) {
        if state.following.learning != Learning::Stored {
            return self.look(state, out);
        }
        state.following.learning = Learning::Broadcasting;
        // Those who join later are to hear the same vote from everyone (updateElectionVote).
        state.vote.peer_epoch = state.following.epoch;
        out.set_timer(Timer::Read, self.ticks(self.sync_limit));
        let committed = committed.max(state.following.committed);
        self.commit_to(state, state.log.floor(committed), out);
    }

    /// The next transaction (paper, phase 3).
    fn on_proposal(&self, state: &mut State, counter: u32, command: Command, out: &mut Out) {
        let epoch = state.following.epoch;
        let last = state.log.last_zxid();
        let next = if last.epoch() == epoch { last.counter() + 1 } else { 1 };
        if state.following.learning < Learning::Storing || u64::from(counter) != next {
            return self.look(state, out);
        }
        let (index, entry) = (state.log.last_index().next(), LogEntry { epoch, command: Some(command) });
        state.log.put(index, entry);
        self.persist(state, Write::Append { index, entry }, out);
        out.reach(Moment::ProposalQueued.into());
    }

    /// A proposal is durable. Before the history is acknowledged, what is appended is what an earlier connection left.
    pub(super) fn acknowledge_proposal(
        &self,
        state: &mut State,
        index: LogIndex,
        entry: LogEntry,
        out: &mut Out,
    ) {
        if state.following.learning >= Learning::Stored
            && entry.epoch == state.following.epoch
            && state.log.get(index) == Some(entry)
        {
            let zxid = state.log.zxid_at(index);
            self.tell_leader(state, Packet::Ack { zxid }, out);
        }
    }

    /// A quorum has the transaction.
    fn on_commit(&self, state: &mut State, zxid: Zxid, out: &mut Out) {
        if state.following.learning == Learning::Broadcasting {
            self.commit_to(state, state.log.floor(zxid), out);
        } else {
            state.following.committed = state.following.committed.max(zxid);
        }
    }
}
