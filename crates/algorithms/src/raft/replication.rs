//! Entries: how they are sent, checked, acknowledged and committed.

use super::bugs::Plant;
use super::configuration::Configuration;
use super::message::Batch;
use super::phases::Moment;
use super::state::{LogWrite, Progress, State};
use super::{Message, Out, Raft};
use interregnum_kernel::{Command, Epoch, LogEntry, LogIndex, NodeId, NodeSet, Role};
use std::sync::Arc;

/// The leader's side.
impl Raft {
    /// A client's command. Only a leader takes it, and not while it hands leadership over (thesis §3.10).
    pub(super) fn on_propose(&self, state: &mut State, command: Command, out: &mut Out) {
        if state.role != Role::Leader || state.leading.transferee.is_some() {
            return;
        }
        let batch = self.append_own(state, Some(command), None, out);
        self.send_own(state, &batch, out);
        out.reach(Moment::ProposalQueued.into());
    }

    /// Sends the leader's own new entry to everyone who has all before it or is about to.
    #[inline]
    pub(super) fn send_own(&self, state: &mut State, batch: &Arc<Batch>, out: &mut Out) {
        for peer in self.peers(state).minus(self.witnesses).iter() {
            let next = &mut state.leading.progress[peer.index()].next;
            if state.leading.stalled || state.leading.probing.contains(peer) {
                continue;
            }
            if *next == batch.last_index() {
                // The usual case: everyone is sent the same one entry.
                *next = next.next();
                let message = Message::AppendEntries { term: state.current_term, batch: batch.clone() };
                out.send_when(self.release(), peer, message);
            } else {
                self.send_entries(state, peer, out);
            }
        }
    }

    /// Adds one entry to the leader's own log and asks for it to be written. It is a client's command, or a configuration,
    /// or nobody's command.
    pub(super) fn append_own(
        &self,
        state: &mut State,
        command: Option<Command>,
        configuration: Option<Configuration>,
        out: &mut Out,
    ) -> Arc<Batch> {
        let command = configuration.map_or(command, |configuration| Some(configuration.command()));
        let entry = LogEntry { epoch: state.current_term, command };
        let (prev_index, prev_epoch) = (state.log.last_index(), state.log.last_epoch());
        if !state.awaits_own_disk() {
            self.await_own_disk(out);
        }
        state.log.push(entry, configuration);
        let batch = Arc::new(Batch {
            prev_index,
            prev_epoch,
            commit: state.commit,
            entries: Box::new([entry]),
            configurations: state.log.configurations_for(prev_index, prev_index.next()),
            start: None,
        });
        self.save_entries(state, &batch, out);
        batch
    }

    fn save_entries(&self, state: &State, batch: &Arc<Batch>, out: &mut Out) {
        self.save_log(state, LogWrite::Append(Arc::clone(batch)), out);
    }

    /// Sends a peer what it is to get next, if there is anything. The own disk need not have it yet (thesis §10.2.1).
    #[inline]
    pub(super) fn send_entries(&self, state: &mut State, peer: NodeId, out: &mut Out) {
        if state.leading.progress[peer.index()].next <= state.log.last_index() {
            self.send_rest(state, peer, out);
        }
    }

    #[inline(never)]
    fn send_rest(&self, state: &mut State, peer: NodeId, out: &mut Out) {
        if self.is_witness(peer) {
            return self.tell_position(state, peer, out);
        }
        if state.leading.stalled {
            return;
        }
        let progress = &mut state.leading.progress[peer.index()];
        let prev_index = LogIndex(progress.next.0.saturating_sub(1));
        if prev_index < state.log.start().index {
            return self.send_snapshot(state, peer, out);
        }
        let entries = state.log.after(prev_index, self.append_limit);
        if entries.is_empty() {
            return;
        }
        let batch = Arc::new(Batch {
            prev_index,
            prev_epoch: state.log.epoch_at(prev_index).unwrap_or_default(),
            commit: state.commit,
            entries: entries.into(),
            configurations: state
                .log
                .configurations_for(prev_index, LogIndex(prev_index.0 + entries.len() as u64)),
            start: None,
        });
        if !state.leading.probing.contains(peer) {
            progress.next = batch.last_index().next();
        }
        out.send_when(self.release(), peer, Message::AppendEntries { term: state.current_term, batch });
    }

    pub(super) fn on_append_response(
        &self,
        state: &mut State,
        from: NodeId,
        rejected: bool,
        (index, epoch): (LogIndex, Epoch),
        out: &mut Out,
    ) {
        if state.role != Role::Leader {
            return;
        }
        state.leading.active.insert(from);
        if rejected {
            self.on_rejected(state, from, (index, epoch), out);
        } else {
            self.on_accepted(state, from, index, out);
        }
    }

    /// The logs differ at the batch's place: the next attempt is further back (paper §5.3).
    fn on_rejected(&self, state: &mut State, from: NodeId, (index, epoch): (LogIndex, Epoch), out: &mut Out) {
        let progress = &mut state.leading.progress[from.index()];
        // A follower that has nothing at all may have a new disk. It begins anew, whatever it had acknowledged.
        let least = if index == LogIndex::ZERO { index } else { progress.matched };
        if index < least {
            // An old answer: by now they are known to agree beyond it.
            return;
        }
        let (agreed, _) = state.log.last_not_after(index, epoch);
        progress.next = agreed.max(least).next();
        state.leading.probing.insert(from);
        self.send_entries(state, from, out);
    }

    pub(super) fn on_accepted(&self, state: &mut State, from: NodeId, index: LogIndex, out: &mut Out) {
        let progress = &mut state.leading.progress[from.index()];
        progress.matched = progress.matched.max(index);
        progress.next = progress.next.max(index.next());
        state.leading.probing.remove(from);
        if index > state.commit {
            // Copies of what is committed already decide nothing new.
            self.advance_commit(state, out);
            if state.role != Role::Leader {
                // The commit was of a configuration without this node.
                return;
            }
            if !self.witnesses.is_empty() {
                self.tell_witnesses(state, out);
            }
        }
        self.send_entries(state, from, out);
        self.continue_transfer(state, from, out);
        if state.leading.reconfigures {
            self.continue_change(state, out);
        }
    }

    /// Commits up to the highest position that a majority has, if it holds an entry of the leader's own term: copies of
    /// older entries prove nothing, but are committed with it (paper §5.4.2).
    pub(super) fn advance_commit(&self, state: &mut State, out: &mut Out) {
        let [new, old] = self.halves(&state.log);
        let progress = &state.leading.progress;
        let mut majority_has = held_by_majority(progress, new, state.commit);
        if old != new {
            majority_has = majority_has.min(held_by_majority(progress, old, state.commit));
        }
        if majority_has == state.commit {
            return;
        }
        let own_term = state.log.epoch_at(majority_has) == Some(state.current_term);
        // The bug: copies of any entry count.
        if own_term || self.bug == Some(Plant::CommitCountsAnyTerm) {
            self.commit_to(state, majority_has, out);
            if state.leading.reconfigures {
                self.continue_change(state, out);
            }
        }
    }
}

/// The highest position that a majority of the voters has, if it is above this one; otherwise this one.
fn held_by_majority(progress: &[Progress], voters: NodeSet, above: LogIndex) -> LogIndex {
    let matched = |node: NodeId| progress[node.index()].matched;
    let mut highest = above;
    for index in voters.iter().map(matched) {
        // What is no further than the furthest so far need not be counted.
        let holders = || voters.iter().filter(|other| matched(*other) >= index).count();
        if index > highest && holders() > voters.len() / 2 {
            highest = index;
        }
    }
    highest
}

/// The follower's side.
impl Raft {
    /// Entries arrive (paper Figure 2, AppendEntries). `unsaved`: the term was entered just now.
    pub(super) fn on_append(
        &self,
        state: &mut State,
        from: NodeId,
        unsaved: bool,
        batch: Arc<Batch>,
        out: &mut Out,
    ) {
        if !self.hear_leader(state, from, out) {
            return;
        }
        state.failures = 0;
        if batch.prev_index < state.log.start().index {
            return self.on_append_before_snapshot(state, from, unsaved, out);
        }
        let agrees = match state.log.epoch_at(batch.prev_index) {
            // The bug: there is an entry, whichever. (A gap cannot be taken even so.)
            Some(_) if self.bug == Some(Plant::AppendSkipsConsistencyCheck) => true,
            own => own == Some(batch.prev_epoch),
        };
        let new = agrees && !state.log.holds(&batch);
        if new {
            if state.log.splice(&batch) {
                self.find_rest(state);
            }
            self.save_entries(state, &batch, out);
            if unsaved {
                self.note_epoch(state, out);
            }
        } else if unsaved {
            self.save_ballot(state, out);
        }
        let term = state.current_term;
        // Rejections wait for the disk too: they tell a term that must not be forgotten.
        if agrees {
            self.commit_to(state, batch.commit.min(batch.last_index()), out);
            let (index, epoch) = (batch.last_index(), Epoch::ZERO);
            out.send_once_durable(
                from,
                Message::AppendEntriesResponse { term, rejected: false, index, epoch },
            );
        } else {
            let before = LogIndex(batch.prev_index.0.saturating_sub(1));
            let (index, epoch) = state.log.last_not_after(before, batch.prev_epoch);
            out.send_once_durable(
                from,
                Message::AppendEntriesResponse { term, rejected: true, index, epoch },
            );
        }
        if new {
            out.reach(Moment::ProposalQueued.into());
        }
    }

    /// The entries begin where only a snapshot is left. All that it covers is committed, so the leader has it too, and goes
    /// on behind it.
    #[cold]
    fn on_append_before_snapshot(&self, state: &mut State, from: NodeId, unsaved: bool, out: &mut Out) {
        if unsaved {
            self.save_ballot(state, out);
        }
        let (term, index, epoch) = (state.current_term, state.log.start().index, Epoch::ZERO);
        out.send_once_durable(from, Message::AppendEntriesResponse { term, rejected: false, index, epoch });
    }

    /// Announces everything up to a position as committed, as far as the log reaches.
    #[inline]
    pub(super) fn commit_to(&self, state: &mut State, index: LogIndex, out: &mut Out) {
        if state.commit < index {
            self.announce(state, index, out);
        }
    }

    #[inline(never)]
    fn announce(&self, state: &mut State, index: LogIndex, out: &mut Out) {
        let index = index.min(state.log.last_index());
        while state.commit < index {
            state.commit = state.commit.next();
            if let Some(entry) = state.log.get(state.commit) {
                out.commit(state.commit, entry);
            }
        }
        if self.snapshot_after > 0 {
            self.compact_if_due(state, out);
        }
    }
}
