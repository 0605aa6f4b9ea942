//! ZAB as ZooKeeper runs it: Fast Leader Election, discovery, synchronisation, broadcast.
//!
//! **Sources.** Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup systems", DSN 2011
//! ("paper"); Apache ZooKeeper's `FastLeaderElection`, `Leader`, `LearnerHandler`, `Learner` and `QuorumCnxManager`
//! ("ZooKeeper"), which is followed wherever the two differ.
//!
//! **Guarantees.** At most one node is established as leader of an epoch, over all incarnations. A node promises an epoch
//! to one leader. Epochs on disk never fall. An established leader has every transaction that was committed before, and
//! no two nodes commit different transactions at one position. A leader emerges while a majority is connected, its disks
//! answer and messages are fast against the ticks; after a long silence it may take as long again, since servers that
//! look for a leader in vain repeat their votes at ever longer intervals, up to a minute. A server that noise has made a
//! prospective leader costs initLimit ticks more: until it gives up, it answers with a vote that may be better than the
//! others', and ends their silence.
//!
//! **Assumptions.** A durable write survives a crash whole and unchanged. Connections are made here of datagrams that may
//! be lost, duplicated, delayed and reordered ([`interregnum_kernel::session`]). No clock is read.
//!
//! **Two halves.** The election by votes and rounds is a heuristic: two servers may both come out of it as LEADING. Who is
//! established is decided by discovery (a quorum promises the epoch) and synchronisation (a quorum has the history), and
//! only that is leadership here.
//!
//! **Deviations.**
//! - Of its notifications to a peer ZooKeeper keeps only the newest, on connections whose loss nobody is told of. Here
//!   they are numbered datagrams: a receiver ignores what is older than the newest that it has heard and says what it has
//!   heard, and the sender repeats the newest until then, as TCP does: after 200 ms, 400 ms and so on up to two minutes.
//!   `haveDelivered` and `connectAll` have nothing to do and are left out. A peer that has started again is sent the
//!   newest at once only if it has not been heard; QuorumCnxManager begins each connection with `lastMessageSent`, heard
//!   or not.
//! - Pings are not repeated when they are lost: the next is due before TCP would.
//! - A follower that ends in another epoch than where its log would be cut is sent SNAP. ZooKeeper sends TRUNC if its own
//!   log ends there, and a follower that has not got that place ends its process.
//! - DIFF, TRUNC and SNAP bring all transactions in one packet. Those that the leader has proposed and not committed yet
//!   are among them, and are acknowledged with the history, not one by one.
//! - An ACK vouches for everything before it, and a COMMIT commits everything before it: channels are FIFO.
//! - What a follower knows to be committed it announces from UPTODATE on, since only then a quorum has the history.
//! - The connection of a follower whose disk does not answer is closed after syncLimit ticks without any progress;
//!   ZooKeeper times each proposal.
//! - A follower that gives up a connection closes it at once, and a server that does not lead refuses connections.
//!
//! ```text
//! mod.rs        rules, configuration, the way of an input to its rule
//! election.rs   Fast Leader Election
//! following.rs  a follower's side of discovery, synchronisation and broadcast
//! discovery.rs  a leader's side of discovery and synchronisation
//! leading.rs    an established leader: proposals, commits, pings, the check of the quorum
//! ```

mod bugs;
mod discovery;
mod election;
mod following;
mod leading;
mod log;
mod message;
mod parameters;
mod phases;
mod state;
#[cfg(test)]
mod tests;

pub use bugs::Plant;
pub use log::{Log, Zxid};
pub use message::{Ballot, History, Message, Mode, Packet, Serial, Vote};
pub use state::{Disk, State, Write};

use self::phases::Moment;
use crate::{Algorithm, Entry, Promise};
use interregnum_kernel::session::{Arrival, Segment};
use interregnum_kernel::{
    Command, DisksNeeded, Effects, Epoch, Fact, FaultClasses, FencingToken, Input, Jitter, Kind, Leadership,
    LogEntry, LogIndex, NodeId, NodeSet, Now, Office, Order, ParameterError, Parameters, Process, Protocol,
    Release, Role, Span, TimerName,
};
use state::Reign;

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Zab {
    members: NodeSet,
    ids: Vec<u64>,
    tick_time: Span,
    init_limit: u64,
    sync_limit: u64,
    finalize_wait: Span,
    min_notification_interval: Span,
    max_notification_interval: Span,
    min_repetition: Span,
    /// In periods of the shortest.
    longest_repetition: u64,
    connect_retry: Span,
    connect_attempts: u64,
    retransmission: Span,
    diff_limit: u64,
    initial_logs: Vec<Vec<Epoch>>,
    bug: Option<Plant>,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No notification came: the own vote is sent again.
    Notification,
    /// A notification has not arrived: it is sent again.
    Repeat,
    /// No better vote came: the election is over (finalizeWait).
    Finalize,
    /// A follower heard nothing of its leader (the socket's read timeout).
    Read,
    /// A follower tries again to connect.
    Connect,
    /// A leader has waited for a quorum in vain (initLimit).
    Establish,
    /// Half a tick of an established leader.
    HalfTick,
    /// The sessions' timer.
    Session,
}

impl TimerName for Timer {
    const COUNT: usize = 8;

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        use Timer::{Connect, Establish, Finalize, HalfTick, Notification, Read, Repeat, Session};
        [Notification, Repeat, Finalize, Read, Connect, Establish, HalfTick, Session][index]
    }
}

impl Algorithm for Zab {
    type Rules = Zab;

    const ENTRY: Entry = Entry {
        name: "zab",
        title: "ZAB",
        summary: "ZooKeeper's election: votes ordered by log and identifier, then an epoch and a history that a quorum takes over",
        source: "Junqueira, Reed and Serafini, Zab: High-performance broadcast for primary-backup systems, 2011; \
                 Apache ZooKeeper, FastLeaderElection, Leader and Learner",
        bugs: bugs::BUGS,
        service: false,
        parameters: parameters::SPECS,
        orders: &["resign"],
        election_kinds: &[
            "Notification",
            "Connect",
            "Accept",
            "FollowerInfo",
            "LeaderInfo",
            "AckEpoch",
            "Diff",
            "Trunc",
            "Snap",
            "NewLeader",
            "UpToDate",
        ],
        promises: &[
            // Promises, epochs and history are on a majority's disks before they count, and connections keep the order of what is
            // said; the bounds on time decide when somebody leads, not who. A disk that forgets takes back a promise or a commit.
            Promise::except("election-safety", FaultClasses::FORGETFUL_DISKS),
            Promise::except("vote-once", FaultClasses::FORGETFUL_DISKS),
            Promise::except("epoch-monotonic", FaultClasses::FORGETFUL_DISKS),
            Promise::except("fenced-writes", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-completeness", FaultClasses::FORGETFUL_DISKS),
            Promise::except("log-agreement", FaultClasses::FORGETFUL_DISKS),
            // Histories that forgetful disks have driven apart may suit no quorum. All other waits end with the heal.
            Promise::except("leader-within", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-during", FaultClasses::FORGETFUL_DISKS),
        ],
    };

    fn from_parameters(parameters: &Parameters) -> Result<Zab, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        crate::profile::even_cluster(parameters.members.len()).into_iter().collect()
    }
}

/// Where a step puts its effects.
type Out = Effects<Zab>;

impl Protocol for Zab {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = Write;
    type Disk = Disk;

    const CONNECTIONS: bool = true;
    // Proposals are committed by the followers' acknowledgements where the leader's own is missing.
    const DISKS_NEEDED: DisksNeeded = DisksNeeded::Quorum;
    const KINDS: &'static [&'static str] = Message::KINDS;
    const PHASES: &'static [&'static str] = Moment::NAMES;

    #[inline]
    fn kind(message: &Message) -> Kind {
        message.kind()
    }

    #[inline]
    fn label(message: &Message) -> u64 {
        message.label()
    }

    fn apply(disk: &mut Disk, write: &Write) {
        match write {
            Write::AcceptedEpoch(epoch) => disk.accepted_epoch = *epoch,
            Write::CurrentEpoch(epoch) => disk.current_epoch = *epoch,
            Write::History { keep, history } => disk.log.splice(*keep, history),
            Write::Append { index, entry } => disk.log.put(*index, *entry),
        }
    }

    fn timed(&self) -> bool {
        false
    }

    fn install(&self, node: NodeId) -> Disk {
        let epochs = self.initial_logs.get(node.index()).map_or(&[][..], Vec::as_slice);
        let entries = (1..).zip(epochs).map(|(index, epoch)| initial_entry(*epoch, index));
        // An entry's epoch was led by somebody: were a node free to promise it, it could be led a second time.
        let latest = self.initial_logs.iter().flatten().max();
        Disk {
            accepted_epoch: latest.copied().unwrap_or_default(),
            current_epoch: epochs.last().copied().unwrap_or_default(),
            log: Log::of(entries.collect()),
        }
    }

    fn boot(&self, process: Process, disk: &Disk, _: Now, out: &mut Out) -> State {
        let mut state = State::read(process, disk, self.ids.len());
        if self.is_member(process.node) {
            self.look(&mut state, out);
        }
        state
    }

    #[inline(always)]
    fn step(&self, state: &mut State, _: Now, input: Input<Zab>, out: &mut Out) {
        match input {
            Input::Received { from, message: Message::Segment(segment) } => {
                self.on_segment(state, from, segment, out);
            }
            Input::Received { from, message: Message::Notification { ballot, serial } } => {
                self.on_notification(state, from, ballot, serial, out);
            }
            Input::Received { from, message: Message::Receipt { serial } } => {
                self.on_receipt(state, from, serial)
            }
            Input::Fired(timer) => self.on_timer(state, timer, out),
            Input::Persisted(write) => self.on_persisted(state, &write, out),
            Input::Propose(command) => self.on_propose(state, command, out),
            Input::Administer(Order::Resign) => self.on_resign(state, out),
            Input::Administer(_) => {}
            Input::Disconnected(peer) => {
                if state.sessions.on_disconnected(peer) {
                    self.on_broken(state, peer.node, out);
                }
            }
        }
        if !state.session_timer && state.sessions.is_waiting() {
            state.session_timer = true;
            out.set_timer(Timer::Session, Jitter::exactly(self.retransmission));
        }
    }

    #[inline]
    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        let established = state.mode == Mode::Leading && state.leading.reign == Reign::Established;
        established.then_some(Leadership {
            office: Office::CONTESTED,
            epoch: state.leading.epoch,
            token: Some(FencingToken(state.leading.epoch.0)),
        })
    }

    #[inline]
    fn role(&self, state: &State) -> Role {
        match state.mode {
            Mode::Looking if self.is_member(state.node()) => Role::Candidate,
            Mode::Looking | Mode::Following => Role::Follower,
            Mode::Leading => Role::Leader,
        }
    }

    #[inline]
    fn epoch(&self, state: &State) -> Epoch {
        state.accepted_epoch
    }

    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.members)
    }

    fn last_index(&self, state: &State) -> LogIndex {
        state.log.last_index()
    }

    fn log_entry(&self, state: &State, index: LogIndex) -> Option<LogEntry> {
        state.log.get(index)
    }
}

/// The entry that an initial log has at a position: the same on every node, and like no client's.
fn initial_entry(epoch: Epoch, index: u64) -> LogEntry {
    LogEntry { epoch, command: Some(Command(1 << 63 | epoch.0 << 32 | index)) }
}

/// What sends a session's segments.
fn sink(out: &mut Out) -> impl FnMut(NodeId, Segment<Packet>) {
    |to, segment| out.send(to, Message::Segment(segment))
}

/// The way of an input to its rule.
impl Zab {
    /// Whether the node votes. Others run, and wait.
    fn is_member(&self, node: NodeId) -> bool {
        self.members.contains(node)
    }

    /// All members but this node.
    fn peers(&self, state: &State) -> NodeSet {
        self.members.minus(NodeSet::only(state.node()))
    }

    pub(crate) fn ticks(&self, count: u64) -> Jitter {
        Jitter::exactly(self.tick_time.scaled(count, 1))
    }

    #[inline]
    fn on_timer(&self, state: &mut State, timer: Timer, out: &mut Out) {
        match timer {
            Timer::HalfTick => self.on_half_tick(state, out),
            Timer::Notification => self.on_silence(state, out),
            Timer::Repeat => self.on_unheard(state, out),
            Timer::Finalize => self.on_finalized(state, out),
            Timer::Connect => self.on_connect_due(state, out),
            Timer::Read | Timer::Establish => self.look(state, out),
            Timer::Session => {
                state.session_timer = false;
                state.sessions.on_timer(&mut sink(out));
            }
        }
    }

    #[inline(always)]
    fn on_segment(&self, state: &mut State, from: NodeId, segment: Segment<Packet>, out: &mut Out) {
        let arrival = state.sessions.receive(from, segment, &mut sink(out));
        match arrival {
            Arrival::Nothing => {}
            Arrival::Message(packet) => {
                self.on_packet(state, from, packet, out);
                while let Some(packet) = state.sessions.take_ready(from) {
                    self.on_packet(state, from, packet, out);
                }
            }
            Arrival::Asked(name) if state.mode == Mode::Leading && self.is_member(from) => {
                state.leading.forget(from);
                state.sessions.accept(from, name, &mut sink(out));
                self.on_connected(state, from);
            }
            Arrival::Asked(name) => state.sessions.refuse(from, name, &mut sink(out)),
            Arrival::Opened => self.on_opened(state, from, out),
            Arrival::Broken => self.on_broken(state, from, out),
        }
    }

    #[inline(always)]
    fn on_packet(&self, state: &mut State, from: NodeId, packet: Packet, out: &mut Out) {
        match state.mode {
            Mode::Following if from == state.following.leader => self.on_leaders_packet(state, packet, out),
            Mode::Leading => self.on_learners_packet(state, from, packet, out),
            _ => {}
        }
    }

    /// A connection is over, and not by this node's will.
    fn on_broken(&self, state: &mut State, peer: NodeId, out: &mut Out) {
        match state.mode {
            Mode::Following if peer == state.following.leader => self.on_leader_gone(state, out),
            Mode::Leading => state.leading.forget(peer),
            _ => {}
        }
    }

    /// The leader is told to give up: it looks for another, and may be chosen again.
    fn on_resign(&self, state: &mut State, out: &mut Out) {
        if state.mode == Mode::Leading {
            self.look(state, out);
        }
    }

    /// Asks for a write.
    fn persist(&self, state: &mut State, write: Write, out: &mut Out) {
        state.unwritten += 1;
        out.persist(write);
    }

    /// Goes on when all writes up to here are durable.
    fn await_disk(&self, state: &mut State) {
        state.awaited = state.unwritten;
    }

    /// Promises an epoch to a leader (paper, phase 1).
    fn promise(&self, state: &mut State, epoch: Epoch, leader: NodeId, out: &mut Out) {
        state.accepted_epoch = epoch;
        // The bug: the promise is not written.
        if self.bug != Some(Plant::PromiseNotDurable) {
            self.persist(state, Write::AcceptedEpoch(epoch), out);
        }
        let office = Office::CONTESTED;
        out.note_when(Release::OnceDurable, Fact::EpochStored { office, epoch });
        out.note_when(Release::OnceDurable, Fact::Voted { office, epoch, candidate: leader });
        self.await_disk(state);
    }

    fn on_persisted(&self, state: &mut State, write: &Write, out: &mut Out) {
        state.unwritten -= 1;
        if state.awaited > 0 {
            state.awaited -= 1;
            if state.awaited == 0 {
                self.on_disk_caught_up(state, out);
            }
        }
        if let Write::Append { index, entry } = write {
            self.on_appended(state, *index, *entry, out);
        }
    }

    /// What was waited for is durable.
    fn on_disk_caught_up(&self, state: &mut State, out: &mut Out) {
        match state.mode {
            Mode::Looking => {}
            Mode::Following => self.on_stored(state, out),
            Mode::Leading => self.on_own_disk(state, out),
        }
    }

    /// One transaction is durable. It counts if it is of the present reign: what an earlier one left is vouched for with
    /// the history.
    fn on_appended(&self, state: &mut State, index: LogIndex, entry: LogEntry, out: &mut Out) {
        match state.mode {
            Mode::Looking => {}
            Mode::Following => self.acknowledge_proposal(state, index, entry, out),
            Mode::Leading => self.on_own_append(state, index, entry, out),
        }
    }

    /// Announces everything up to a position as committed, as far as the log reaches.
    fn commit_to(&self, state: &mut State, index: LogIndex, out: &mut Out) {
        let index = index.min(state.log.last_index());
        while state.commit < index {
            state.commit = state.commit.next();
            if let Some(entry) = state.log.get(state.commit) {
                out.commit(state.commit, entry);
            }
        }
    }
}
