//! One node: an instance of raft-rs, and how it is driven.

use super::message::{Message, id, node};
use super::store::{Disk, Hard, Store, Write, ours};
use super::{Out, TikvRaft, Timer};
use crate::process::survives;
use interregnum_kernel::{
    Epoch, Fact, Input, Jitter, LogEntry, LogIndex, NodeId, Office, Order, Release, Role, Span,
};
use raft::eraftpb::{self, MessageType};
use raft::{Config, RawNode, StateRole};
use slog::{Discard, Logger, o};
use std::fmt;
use std::sync::Arc;

/// One node's memory.
pub struct State {
    /// The instance; none once it has panicked.
    raw: Option<RawNode<Store>>,
    /// Writes that are not durable yet.
    pending: u32,
    /// The highest term on disk.
    durable_term: u64,
    /// The term that the node was last seen in, also if it is dead.
    term: u64,
    /// Whether the leader's timer runs, and not the follower's.
    beats: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("role", &self.role())
            .field("term", &self.term)
            .field("last", &self.disk().map(Disk::last))
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

impl State {
    /// The log as the node has it, with what is not durable yet.
    pub(super) fn disk(&self) -> Option<&Disk> {
        self.raw.as_ref().map(|raw| &raw.store().disk)
    }

    /// The current term.
    pub(super) fn term(&self) -> u64 {
        self.term
    }

    /// The term that the node leads. Alone in its cluster it would win before its term is on disk.
    pub(super) fn reign(&self) -> Option<u64> {
        (self.role() == Role::Leader && self.durable_term >= self.term).then_some(self.term)
    }

    /// The role.
    pub(super) fn role(&self) -> Role {
        match self.raw.as_ref().map(|raw| raw.raft.state) {
            None | Some(StateRole::Follower) => Role::Follower,
            Some(StateRole::PreCandidate) => Role::PreCandidate,
            Some(StateRole::Candidate) => Role::Candidate,
            Some(StateRole::Leader) => Role::Leader,
        }
    }
}

/// As TiKV sets it (raft-max-size-per-msg, raft-max-inflight-msgs).
const MAX_SIZE_PER_MESSAGE: u64 = 1 << 20;
const MAX_INFLIGHT: usize = 256;

impl TikvRaft {
    /// Starts a node from its disk.
    pub(super) fn start(&self, node: NodeId, disk: &Disk, out: &mut Out) -> State {
        let config = Config {
            id: id(node),
            election_tick: self.election_tick,
            heartbeat_tick: 1,
            // One value wide: what raft-rs draws itself is always the same.
            min_election_tick: self.election_tick + 1,
            max_election_tick: self.election_tick + 2,
            max_size_per_msg: MAX_SIZE_PER_MESSAGE,
            max_inflight_msgs: MAX_INFLIGHT,
            check_quorum: self.check_quorum,
            pre_vote: self.pre_vote,
            skip_bcast_commit: self.skip_bcast_commit,
            ..Config::default()
        };
        let store = Store::new(disk, self.members);
        let logger = Logger::root(Discard, o!());
        let started = survives(|| RawNode::new(&config, store, &logger).ok());
        let mut state = State {
            raw: started.flatten(),
            pending: 0,
            durable_term: disk.hard.term,
            term: disk.hard.term,
            beats: false,
        };
        if let Some(raw) = &mut state.raw {
            self.keep_time(raw, &mut state.beats, out);
        }
        state
    }

    /// Handles one input.
    pub(super) fn take(&self, state: &mut State, input: Input<TikvRaft>, out: &mut Out) {
        let Some(raw) = &mut state.raw else { return };
        let (pending, durable, beats) = (&mut state.pending, &mut state.durable_term, &mut state.beats);
        let survived = !is_fatal(raw, &input)
            && survives(|| {
                self.hand_in(raw, input, pending, durable, *beats, out);
                drain(raw, pending, out);
                self.keep_time(raw, beats, out);
            })
            .is_some();
        state.term = raw.raft.term;
        if !survived {
            state.raw = None;
            for timer in [Timer::Guard, Timer::Election, Timer::Heartbeat] {
                out.cancel_timer(timer);
            }
        }
    }

    fn hand_in(
        &self,
        raw: &mut RawNode<Store>,
        input: Input<TikvRaft>,
        pending: &mut u32,
        durable_term: &mut u64,
        beats: bool,
        out: &mut Out,
    ) {
        match input {
            Input::Received { message: Message(message), .. } => {
                // What it refuses (a message from a stranger, of a kind that does not travel) it ignores.
                _ = raw.step(Arc::unwrap_or_clone(message));
            }
            Input::Fired(Timer::Guard) => {
                while raw.raft.election_elapsed < self.election_tick {
                    raw.tick();
                }
                let Jitter { min, max } = self.election_timeout;
                out.set_timer(Timer::Election, Jitter::between(Span::ZERO, Span(max.0 - min.0)));
            }
            Input::Fired(Timer::Election) => _ = raw.tick(),
            Input::Fired(Timer::Heartbeat) if beats => {
                raw.tick();
                out.set_timer(Timer::Heartbeat, Jitter::exactly(self.heartbeat_interval));
            }
            Input::Persisted(write) => {
                *pending = pending.saturating_sub(1);
                *durable_term = write.hard.term;
                raw.on_persist_ready(write.number);
            }
            Input::Propose(command) if raw.raft.state == StateRole::Leader => {
                // It is dropped while leadership is handed over.
                _ = raw.propose(Vec::new(), command.0.to_be_bytes().to_vec());
            }
            Input::Administer(Order::TransferLeadership(to)) if raw.raft.state == StateRole::Leader => {
                raw.transfer_leader(id(to));
            }
            Input::Fired(_) | Input::Propose(_) | Input::Administer(_) | Input::Disconnected(_) => {}
        }
    }

    /// Starts the timers over where raft-rs has started to count ticks over.
    fn keep_time(&self, raw: &mut RawNode<Store>, beats: &mut bool, out: &mut Out) {
        let leads = raw.raft.state == StateRole::Leader;
        if leads && !*beats {
            out.cancel_timer(Timer::Guard);
            out.cancel_timer(Timer::Election);
            out.set_timer(Timer::Heartbeat, Jitter::exactly(self.heartbeat_interval));
        }
        if !leads && *beats {
            out.cancel_timer(Timer::Heartbeat);
        }
        if !leads && raw.raft.election_elapsed == 0 {
            raw.tick();
            out.cancel_timer(Timer::Election);
            out.set_timer(Timer::Guard, Jitter::exactly(self.election_timeout.min));
        }
        *beats = leads;
    }
}

/// Whether raft-rs would panic: a leader of its term or a later one knows entries committed that the node does not have, though
/// it acknowledged them. Known in advance, the panic's message can be spared.
fn is_fatal(raw: &RawNode<Store>, input: &Input<TikvRaft>) -> bool {
    match input {
        Input::Received { message: Message(message), .. } => {
            message.get_msg_type() == MessageType::MsgHeartbeat
                && message.term >= raw.raft.term
                && message.commit > raw.raft.raft_log.last_index()
        }
        _ => false,
    }
}

/// Takes out all that raft-rs wants done, in the order that its documentation of asynchronous persistence asks for.
fn drain(raw: &mut RawNode<Store>, pending: &mut u32, out: &mut Out) {
    while raw.has_ready() {
        let mut ready = raw.ready();
        for message in ready.take_messages() {
            send(message, Release::AtOnce, out);
        }
        for entry in ready.take_committed_entries() {
            out.commit(LogIndex(entry.index), ours(&entry));
        }
        let must_sync = ready.must_sync();
        let number = ready.number();
        let from = LogIndex(ready.entries().first().map_or(0, |entry| entry.index));
        let entries: Arc<[LogEntry]> = ready.entries().iter().map(ours).collect();
        let before = raw.store().disk.hard;
        let hard =
            ready.hs().map_or(before, |hard| Hard { term: hard.term, vote: hard.vote, commit: hard.commit });
        let write = Write { number, hard, from, entries };
        raw.mut_store().disk.apply(&write);
        if must_sync {
            *pending += 1;
            out.persist(write);
            note(before, hard, out);
        }
        for message in ready.take_persisted_messages() {
            send(message, Release::OnceDurable, out);
        }
        raw.advance_append_async(ready);
        if *pending == 0 {
            raw.on_persist_ready(number);
        }
        raw.advance_apply();
    }
}

fn send(message: eraftpb::Message, release: Release, out: &mut Out) {
    if let Some(to) = node(message.to) {
        out.send_when(release, to, Message(Arc::new(message)));
    }
}

/// States what the disk holds, once it does.
fn note(before: Hard, hard: Hard, out: &mut Out) {
    let (office, epoch) = (Office::CONTESTED, Epoch(hard.term));
    if hard.term != before.term {
        out.note_when(Release::OnceDurable, Fact::EpochStored { office, epoch });
    }
    if let Some(candidate) = node(hard.vote).filter(|_| (hard.term, hard.vote) != (before.term, before.vote))
    {
        out.note_when(Release::OnceDurable, Fact::Voted { office, epoch, candidate });
    }
}
