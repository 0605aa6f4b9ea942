//! One node: an instance of OmniPaxos, and how it is driven.

use super::links::Links;
use super::message::Message;
use super::store::{Change, Disk, Journal, Proposal, Store, take};
use super::{OmniPaxos, Out, Timer, epoch};
use crate::process::survives;
use ::omnipaxos::messages::Message as Foreign;
use ::omnipaxos::util::LogEntry as Read;
use ::omnipaxos::{ClusterConfig, ServerConfig};
use interregnum_kernel::{
    Command, Epoch, Fact, Incarnation, Input, Jitter, LogEntry, LogIndex, NodeId, Office, Process, Release,
    Role,
};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// What one step wrote: one atomic write.
#[derive(Clone, Debug, PartialEq)]
pub struct Write(pub Arc<[Change]>);

type Instance = ::omnipaxos::OmniPaxos<Proposal, Store>;

/// What waits for the disk to answer.
#[derive(Debug)]
enum Waiting {
    Message(Arc<Foreign<Proposal>>),
    Command(Command),
    /// There is a new connection to a node.
    Reconnected(NodeId),
}

/// One node's memory.
pub struct State {
    node: NodeId,
    incarnation: Incarnation,
    links: Links,
    /// Whether the timer for gaps runs.
    minds_gap: bool,
    /// The instance; none for a spare, and once it has panicked.
    paxos: Option<Instance>,
    journal: Journal,
    /// Whether a write is under way: the process stands still.
    blocked: bool,
    waiting: VecDeque<Waiting>,
    /// Whether a round ended meanwhile.
    round_is_over: bool,
    /// How many decided entries have been told.
    told: usize,
    /// The epoch promised last.
    promised: Epoch,
    /// The epoch that was found on the disk. If it is the node's own, its reign is over, and it stands for nothing.
    found: Epoch,
    /// What the node leads, once that is durable.
    reign: Option<Epoch>,
    outgoing: Vec<Foreign<Proposal>>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("role", &self.role())
            .field("promised", &self.promised)
            .field("told", &self.told)
            .field("blocked", &self.blocked)
            .finish_non_exhaustive()
    }
}

/// OmniPaxos counts nodes from 1.
fn id(node: NodeId) -> u64 {
    u64::from(node.0) + 1
}

/// The node of an identifier, if it is one.
pub(super) fn node(id: u64) -> Option<NodeId> {
    let index = usize::try_from(id.checked_sub(1)?).ok()?;
    (index < NodeId::MAX).then(|| NodeId::from_index(index))
}

impl State {
    pub(super) fn epoch(&self) -> Epoch {
        self.promised
    }

    pub(super) fn reign(&self) -> Option<Epoch> {
        self.reign
    }

    pub(super) fn role(&self) -> Role {
        match self.paxos.as_ref().and_then(Instance::get_current_leader) {
            Some((leader, true)) if leader == id(self.node) => Role::Leader,
            Some((leader, false)) if leader == id(self.node) && self.promised > self.found => Role::Candidate,
            _ => Role::Follower,
        }
    }

    /// What the instance leads, durable or not.
    fn reigns_now(&self) -> Option<Epoch> {
        (self.role() == Role::Leader).then_some(self.promised)
    }

    pub(super) fn last_index(&self) -> LogIndex {
        LogIndex(self.paxos.as_ref().map_or(0, |paxos| paxos.get_accepted_idx() as u64))
    }

    pub(super) fn entry(&self, index: LogIndex) -> Option<LogEntry> {
        entry(self.paxos.as_ref()?, usize::try_from(index.0.checked_sub(1)?).ok()?)
    }

    /// The process is gone.
    fn die(&mut self, out: &mut Out) {
        self.paxos = None;
        self.reign = None;
        self.waiting.clear();
        out.cancel_timer(Timer::Round);
        out.cancel_timer(Timer::Gap);
    }
}

/// The entry at an index that counts from 0.
fn entry(paxos: &Instance, index: usize) -> Option<LogEntry> {
    match paxos.read(index)? {
        Read::Decided(Proposal { epoch, command }) | Read::Undecided(Proposal { epoch, command }) => {
            Some(LogEntry { epoch, command: Some(command) })
        }
        Read::Trimmed(_) | Read::Snapshotted(_) | Read::StopSign(..) => None,
    }
}

impl OmniPaxos {
    /// Starts a node from its disk. A spare knows of no cluster, and stays as it is.
    pub(super) fn start(&self, Process { node, incarnation }: Process, disk: &Disk, out: &mut Out) -> State {
        let journal = Journal::default();
        let cluster = ClusterConfig {
            configuration_id: 1,
            nodes: self.members.iter().map(id).collect(),
            flexible_quorum: None,
        };
        let server = ServerConfig {
            pid: id(node),
            election_tick_timeout: 1,
            resend_message_tick_timeout: self.resend_rounds,
            ..ServerConfig::default()
        };
        let store = Store::new(disk, &journal);
        let is_member = self.members.contains(node);
        let started = is_member.then(|| survives(|| cluster.build_for_server(server, store).ok()).flatten());
        let found = disk.promise.map(epoch).unwrap_or_default();
        let mut state = State {
            node,
            incarnation,
            links: Links::new(incarnation),
            minds_gap: false,
            paxos: started.flatten(),
            journal,
            blocked: false,
            waiting: VecDeque::new(),
            round_is_over: false,
            told: 0,
            promised: found,
            found,
            reign: None,
            outgoing: Vec::new(),
        };
        if state.paxos.is_some() {
            out.set_timer(Timer::Round, Jitter::between(self.round, self.round + self.round));
            drain(&mut state, out);
        }
        state
    }

    /// Handles one input, or keeps it until the disk has answered.
    pub(super) fn take(&self, state: &mut State, input: Input<OmniPaxos>, out: &mut Out) {
        if state.paxos.is_none() {
            return;
        }
        match input {
            Input::Received { from, message: Message { place, body } } => {
                let waiting = &mut state.waiting;
                state.links.receive(from, place, body, |body| waiting.push_back(Waiting::Message(body)));
                self.mind_gap(state, out);
            }
            Input::Fired(Timer::Gap) => {
                let waiting = &mut state.waiting;
                let broken = state.links.give_up(|_, body| waiting.push_back(Waiting::Message(body)));
                waiting.extend(broken.into_iter().map(Waiting::Reconnected));
                state.minds_gap = false;
                self.mind_gap(state, out);
            }
            Input::Propose(command) => state.waiting.push_back(Waiting::Command(command)),
            Input::Fired(Timer::Round) => {
                out.set_timer(Timer::Round, Jitter::exactly(self.round));
                state.round_is_over = true;
            }
            Input::Persisted(_) => state.blocked = false,
            Input::Administer(_) | Input::Disconnected(_) => {}
        }
        if survives(|| work(state, out)).is_none() {
            state.die(out);
        }
    }

    /// Looks again soon where a message waits for an earlier one.
    fn mind_gap(&self, state: &mut State, out: &mut Out) {
        if state.links.has_gap() && !std::mem::replace(&mut state.minds_gap, true) {
            out.set_timer(Timer::Gap, Jitter::exactly(self.round.scaled(1, 5)));
        }
    }
}

/// Does what waits, until there is nothing or the disk is awaited.
fn work(state: &mut State, out: &mut Out) {
    while !state.blocked {
        let reign = state.reign.filter(|reign| state.reigns_now() == Some(*reign));
        let Some(paxos) = &mut state.paxos else { return };
        if let Some(next) = state.waiting.pop_front() {
            match next {
                Waiting::Message(message) => paxos.handle_incoming(Arc::unwrap_or_clone(message)),
                Waiting::Reconnected(peer) => paxos.reconnected(id(peer)),
                Waiting::Command(command) => {
                    if let Some(epoch) = reign {
                        // It is refused only in a cluster that is being replaced.
                        _ = paxos.append(Proposal { epoch, command });
                    }
                }
            }
        } else if std::mem::take(&mut state.round_is_over) {
            paxos.tick();
        } else {
            break;
        }
        drain(state, out);
    }
    let leads = state.reigns_now();
    state.reign = if state.blocked { state.reign.filter(|reign| leads == Some(*reign)) } else { leads };
}

/// Takes out what OmniPaxos wrote, sent and decided.
fn drain(state: &mut State, out: &mut Out) {
    let Some(paxos) = &mut state.paxos else { return };
    let changes = take(&state.journal);
    if !changes.is_empty() {
        state.blocked = true;
        let promise = changes.iter().rev().find_map(|change| match change {
            Change::Promise(ballot) => Some(*ballot),
            _ => None,
        });
        out.persist(Write(changes.into()));
        if let Some(ballot) = promise.filter(|ballot| epoch(*ballot) > state.promised) {
            let (office, epoch) = (Office::CONTESTED, epoch(ballot));
            state.promised = epoch;
            out.note_when(Release::OnceDurable, Fact::EpochStored { office, epoch });
            if let Some(candidate) = node(ballot.pid) {
                out.note_when(Release::OnceDurable, Fact::Voted { office, epoch, candidate });
            }
        }
    }
    paxos.take_outgoing_messages(&mut state.outgoing);
    for message in state.outgoing.drain(..) {
        let Some(to) = node(message.get_receiver()) else { continue };
        let place = (state.incarnation, state.links.number(to));
        out.send_once_durable(to, Message { place, body: Arc::new(message) });
    }
    while state.told < paxos.get_decided_idx() {
        let Some(entry) = entry(paxos, state.told) else { break };
        state.told += 1;
        out.commit(LogIndex(state.told as u64), entry);
    }
}
