//! Raft: leader election with everything around it that decides who leads.
//!
//! **Papers.** Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", extended version, 2014
//! ("paper"); Ongaro, "Consensus: Bridging Theory and Practice", 2014 ("thesis"). Where they leave a choice, etcd's
//! implementation is followed.
//!
//! **Guarantees.** At most one node leads a term, over all incarnations of all nodes. A node votes once per term. Terms
//! on disk never fall. A leader has every entry that was committed before its election, and no two nodes commit
//! different entries at one position. With the lease on, no two leases overlap while clocks keep to the drift bound.
//! A leader emerges while a majority is connected, its disks answer and messages are fast against the timeouts. With
//! witnesses, the majority must also have a voter with data that has all that any of its witnesses acknowledged.
//!
//! **Assumptions.** A durable write survives a crash whole and unchanged. Messages may be lost, duplicated, delayed and
//! reordered, not forged. Safety needs no clock, except for the lease.
//!
//! **Deviations.**
//! - A candidate asks for votes only once its own vote is durable, and with it its log; etcd may ask at once. Otherwise
//!   it could crash, come back in the earlier term with a shorter log, stand in the same term again, and be elected by
//!   late grants that were meant for the longer log.
//! - A candidate leads only once its own vote is durable, even where the others' votes are a majority. Otherwise it
//!   could crash, come back in the earlier term, and win the same term twice. (Where the requests wait, this follows;
//!   it is a test of its own so that the rule can be broken by itself.)
//! - The election timeout is drawn anew each time a leader is heard. etcd keeps the drawn value until role or term
//!   change. The distribution of the time to detection is the same; its correlation over time is not.
//! - "Heard a leader within the shortest timeout" is a timer of its own ([`Timer::Guard`]) and no comparison of clock
//!   readings. It outlives a change of term, since a lease that was acknowledged does too, and with the lease on it is
//!   armed at boot, since a node that restarts may have acknowledged a lease just before.
//! - With stickiness on, a node that hears a leader arms that timer alone. Only when it runs out is what the election
//!   timeout has beyond its shortest value drawn and waited for ([`Timer::Election`]). Both together last as long as one
//!   timer would, by the same distribution; a leader that is heard in time costs one timer and no random number.
//! - As in the paper, a node that a majority rejects, or that enters a later term without giving its vote, goes on waiting for what
//!   is left of its timeout. etcd and raft-rs begin a new one, and so does this with `restart_timeout`.
//! - A pre-candidate that votes for another gives up its own attempt, so that it does not disturb whom it elected.
//! - A request for a vote of an older term is answered with the own term, as in the paper; etcd drops it.
//! - Followers learn of a commit with the next batch or heartbeat; etcd sends an empty batch at once.
//! - A leader whose own disk has not answered for `disk_stall_timeout` falls silent, so that others elect a working
//!   one. Neither text has a rule for a stuck disk.
//! - A configuration is in force as soon as it is in the log, as in the paper; etcd waits until it is applied. Newcomers are
//!   learners until they have caught up (thesis §4.2.1), within ten shortest election timeouts and not ten rounds.
//! - The configuration that a cluster begins with is no entry, and goes with the first. A follower that says that it has
//!   nothing at all is sent everything, whatever it had acknowledged; etcd ignores it.
//! - A leader that is removed tells the most advanced voter to stand when it steps down; the thesis (§4.2.2) lets it go in
//!   silence. A leader that resigns goes in silence, and keeps out of the first round.
//! - A removed leader knows that it is out, but not after a restart: what is committed is not on the disk, and until it
//!   hears of it again, its removal might be one that only it knows of. It stands, and pre-votes and stickiness keep it
//!   from being heard. With both off it deposes its successors.
//! - A snapshot travels whole, in one message. There is no state machine: what a snapshot holds of it is a chain over the
//!   entries, by which the invariants still judge.
//! - Neither text has witnesses, priorities, back-off or a minimum tenure; see `witness.rs`, `candidacy.rs`, `transfer.rs`.
//! - The lease runs from the SENDING of the heartbeats that a quorum answered (thesis §6.4.1), not from the check of
//!   the quorum. Once it has told another node to stand at once, the leader takes no lease for the rest of its term:
//!   the message may arrive late.
//!
//! ```text
//! mod.rs          rules, configuration, the way of an input to its rule
//! election.rs     timeouts, pre-votes, votes, terms, the guard
//! leading.rs      what a leader does: first entry, heartbeats, check of the quorum, its own disk
//! replication.rs  entries: sending, checking, acknowledging, committing
//! lease.rs        the leader's lease
//! log.rs          the log, the snapshot it may begin with, and the configurations in it
//! configuration.rs  who is in the cluster, and as what
//! membership.rs   orders to change that, step by step
//! snapshot.rs     dropping the log's beginning, and sending the snapshot to who needs it
//! transfer.rs     handing leadership over, and giving it up
//! candidacy.rs    how long a node waits: priority and back-off
//! witness.rs      nodes that vote and store no entries
//! ```

mod bugs;
mod candidacy;
mod configuration;
mod election;
mod leading;
mod lease;
mod log;
mod membership;
mod message;
mod parameters;
mod phases;
mod replication;
mod snapshot;
mod state;
#[cfg(test)]
mod tests;
mod transfer;
mod witness;

pub use bugs::Plant;
pub use configuration::Configuration;
pub use log::{Log, Placed, Snapshot};
pub use message::{Batch, Message};
pub use state::{Disk, LogWrite, State, Write};

use self::leading::OnStuckDisk;
use self::phases::Moment;
use crate::{Algorithm, Entry, Promise};
use interregnum_kernel::{
    Command, Covered, Deadline, Effects, Epoch, FaultClass, FaultClasses, FencingToken, Input, Jitter, Kind,
    Leadership, LogEntry, LogIndex, NodeId, NodeSet, Now, Office, Order, ParameterError, Parameters, Process,
    Protocol, Role, Span, TimerName,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raft {
    /// How many nodes there are, spares included.
    nodes: u8,
    members: NodeSet,
    election_timeout: Jitter,
    heartbeat_interval: Span,
    disk_stall_timeout: Span,
    on_stuck_disk: OnStuckDisk,
    pre_vote: bool,
    check_quorum: bool,
    stickiness: bool,
    lease: bool,
    lease_length: Span,
    append_limit: u64,
    snapshot_after: u64,
    single_server_changes: bool,
    witnesses: NodeSet,
    /// Per node, how many priorities are above its own; empty where no priorities are set.
    ranks: Vec<u64>,
    backoff: bool,
    restart_timeout: bool,
    minimum_tenure: Span,
    initial_logs: Vec<Vec<Epoch>>,
    bug: Option<Plant>,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No leader was heard for an election timeout; or nobody won the election. Behind a guard that runs first, the timer
    /// takes only the rest of the timeout.
    Election,
    /// A leader's next heartbeat is due.
    Heartbeat,
    /// A leader looks whether a quorum still answers.
    CheckQuorum,
    /// No leader was heard for the shortest election timeout: voting against it is fair.
    Guard,
    /// A transfer of leadership takes too long. After one that the leader tried for the sake of priority: it may try again.
    Transfer,
    /// A leader's own disk has not answered for too long.
    DiskStall,
    /// New nodes take long to catch up with the leader.
    CatchUp,
    /// A leader has led for the minimum tenure.
    Tenure,
}

impl TimerName for Timer {
    const COUNT: usize = 8;

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        use Timer::{CatchUp, CheckQuorum, DiskStall, Election, Guard, Heartbeat, Tenure, Transfer};
        [Election, Heartbeat, CheckQuorum, Guard, Transfer, DiskStall, CatchUp, Tenure][index]
    }
}

impl Algorithm for Raft {
    type Rules = Raft;

    const ENTRY: Entry = Entry {
        name: "raft",
        title: "Raft",
        summary: "majority votes in numbered terms, with pre-vote, check-quorum, transfer, changes of the cluster, snapshots and an optional lease",
        source: "Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (extended version), 2014; \
                 Ongaro, Consensus: Bridging Theory and Practice, 2014",
        bugs: bugs::BUGS,
        service: false,
        parameters: parameters::SPECS,
        orders: &["transfer", "resign", "add-node", "remove-node", "promote"],
        election_kinds: &["PreVote", "PreVoteResponse", "RequestVote", "RequestVoteResponse", "TimeoutNow"],
        promises: &[
            // A term's votes are on disks, and a majority's meet: late, lost and repeated messages, wrong clocks and dead processes only
            // delay. A disk that forgets a vote lets it be given twice, and one that forgets its log un-commits.
            Promise::except("election-safety", FaultClasses::FORGETFUL_DISKS),
            Promise::except("vote-once", FaultClasses::FORGETFUL_DISKS),
            Promise::except("epoch-monotonic", FaultClasses::FORGETFUL_DISKS),
            Promise::except("fenced-writes", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-completeness", FaultClasses::FORGETFUL_DISKS),
            Promise::except("log-agreement", FaultClasses::FORGETFUL_DISKS),
            // A lease is time measured by two clocks, the holder's and a voter's. It outlives its end where the holder's clock stood
            // still, and a voter ends its wait early where its clock jumped ahead. Clocks may drift as real ones do; a process that is
            // paused wakes up to find its lease over.
            Promise::except(
                "lease-exclusion",
                FaultClasses::FORGETFUL_DISKS.and(FaultClasses::of(&[
                    FaultClass::Freeze,
                    FaultClass::ClockRate,
                    FaultClass::ClockJump,
                ])),
            ),
            // With two leaders in one term, which forgotten votes can make, neither obeys the other, and nobody may come to lead alone.
            // Everything else ends with the heal: nothing but the log and the vote outlives a crash, and every wait has an end.
            Promise::except("leader-within", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-during", FaultClasses::FORGETFUL_DISKS),
        ],
    };

    fn from_parameters(parameters: &Parameters) -> Result<Raft, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }
}

/// Where a step puts its effects.
type Out = Effects<Raft>;

impl Protocol for Raft {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = Write;
    type Disk = Disk;

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
        disk.current_term = write.current_term;
        disk.voted_for = write.voted_for;
        match &write.log {
            None => {}
            Some(LogWrite::Append(batch)) => _ = disk.log.splice(batch),
            Some(LogWrite::Compact(to)) => disk.log.compact(*to),
            Some(LogWrite::Record(epoch, index)) => disk.log.record(*epoch, *index),
        }
    }

    fn timed(&self) -> bool {
        self.lease
    }

    fn install(&self, node: NodeId) -> Disk {
        let epochs = self.initial_logs.get(node.index()).map_or(&[][..], Vec::as_slice);
        let entries = (1..).zip(epochs).map(|(index, epoch)| initial_entry(*epoch, index));
        let mut log = Log::of(Configuration::of(self.members), entries.collect());
        if self.is_witness(node) {
            log.forget_entries();
        }
        // An entry's epoch was led by somebody: were a node free to vote in it, it could be won a second time.
        let latest = self.initial_logs.iter().flatten().max();
        Disk { current_term: latest.copied().unwrap_or_default(), voted_for: None, log }
    }

    fn boot(&self, Process { node, .. }: Process, disk: &Disk, _: Now, out: &mut Out) -> State {
        let mut state = State::read(node, disk, usize::from(self.nodes));
        if self.bug == Some(Plant::RestartForgetsTerm) {
            // The bug: only the log is read, and with it the vote of a later term is lost.
            state.current_term = state.log.last_epoch();
            state.voted_for = None;
        }
        if self.lease {
            // Before the crash the node may have acknowledged a lease.
            self.guard(&mut state, out);
        }
        self.find_rest(&mut state);
        if self.is_witness(node) {
            // Its position says nothing of commits.
            state.commit = LogIndex::ZERO;
        } else {
            self.note_snapshot(&state, out);
        }
        if self.is_promotable(&state) {
            self.await_leader(&state, out);
        }
        state
    }

    #[inline(always)]
    fn step(&self, state: &mut State, now: Now, input: Input<Raft>, out: &mut Out) {
        match input {
            Input::Received { from, message } => self.on_message(state, from, message, out),
            Input::Fired(timer) => self.on_timer(state, now, timer, out),
            Input::Persisted(write) => self.on_persisted(state, now, &write, out),
            Input::Propose(command) => self.on_propose(state, command, out),
            Input::Administer(Order::TransferLeadership(target)) => self.on_transfer(state, target, out),
            Input::Administer(Order::Resign) => self.on_resign(state, out),
            Input::Administer(order) => self.on_order(state, order, out),
            Input::Disconnected(_) => {}
        }
    }

    #[inline]
    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        (state.role == Role::Leader).then_some(Leadership {
            office: Office::CONTESTED,
            epoch: state.current_term,
            token: Some(FencingToken(state.current_term.0)),
        })
    }

    #[inline]
    fn lease(&self, state: &State, _: Now) -> Option<Deadline> {
        state.leading.lease_until.map(Deadline::Mono)
    }

    #[inline]
    fn role(&self, state: &State) -> Role {
        if state.role == Role::Follower { state.resting } else { state.role }
    }

    #[inline]
    fn epoch(&self, state: &State) -> Epoch {
        state.current_term
    }

    fn is_quorum(&self, state: &State, nodes: NodeSet) -> bool {
        self.can_decide(state, nodes)
    }

    fn last_index(&self, state: &State) -> LogIndex {
        state.log.last_index()
    }

    fn snapshot(&self, state: &State) -> Option<Covered> {
        // A witness's log begins with a position, which stands for nothing.
        state.log.covered().filter(|_| !self.is_witness(state.node))
    }

    fn log_entry(&self, state: &State, index: LogIndex) -> Option<LogEntry> {
        state.log.get(index)
    }
}

/// The entry that an initial log has at a position: the same on every node, and like no client's.
fn initial_entry(epoch: Epoch, index: u64) -> LogEntry {
    LogEntry { epoch, command: Some(Command(1 << 63 | epoch.0 << 32 | index)) }
}

impl Raft {
    /// The patience that everything but elections is measured in.
    fn patience(&self) -> Jitter {
        Jitter::exactly(self.election_timeout.min)
    }

    /// Everybody who receives the log, but for this node.
    #[inline]
    fn peers(&self, state: &State) -> NodeSet {
        state.log.configuration().everyone().minus(NodeSet::only(state.node))
    }

    /// Everybody who votes, but for this node. Whether a learner's vote counts is the candidate's to say, and by its log
    /// it has none.
    #[inline]
    fn electorate(&self, state: &State) -> NodeSet {
        self.peers(state).minus(state.log.configuration().learners)
    }

    #[inline]
    fn on_timer(&self, state: &mut State, now: Now, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Election => self.on_election_timeout(state, out),
            Timer::Heartbeat => self.on_heartbeat_due(state, now, out),
            Timer::CheckQuorum => self.on_check_quorum(state, out),
            Timer::Guard => self.on_guard_ends(state, out),
            Timer::Transfer => self.on_transfer_timeout(state, out),
            Timer::DiskStall => self.on_disk_stall(state),
            Timer::Tenure => state.leading.is_bound = false,
            Timer::CatchUp => self.on_catch_up_timeout(state, out),
        }
    }

    /// The way of a message to its rule. Heartbeats of the current term are most of a run: they need no more than the
    /// comparison of terms, and are kept apart from the code for all others.
    #[inline(always)]
    fn on_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        match message {
            Message::Heartbeat { term, commit, sent } if term == state.current_term => {
                self.on_heartbeat(state, from, commit, sent, out);
            }
            Message::HeartbeatResponse { term, sent } if term == state.current_term => {
                self.on_heartbeat_response(state, from, sent, out);
            }
            other => self.on_any_message(state, from, other, out),
        }
    }

    /// What every message goes through before its own rule: the comparison of terms.
    #[inline(never)]
    fn on_any_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        let term = message.term();
        if term < state.current_term {
            return self.on_older_term(state, from, &message, out);
        }
        let newer = term > state.current_term;
        if newer && self.is_refused_by_guard(state, &message) {
            return;
        }
        // A newly entered term is written together with what the message's own rule writes, where it may write: one
        // fsync and not two. Otherwise here, before any answer that waits for it.
        let mut unsaved = false;
        if newer && message.enters_its_term() {
            self.enter_term(state, term, out);
            unsaved = message.may_write();
            if !unsaved {
                self.save_ballot(state, out);
            }
        }
        match message {
            Message::Heartbeat { commit, sent, .. } => self.on_heartbeat(state, from, commit, sent, out),
            Message::HeartbeatResponse { sent, .. } => self.on_heartbeat_response(state, from, sent, out),
            Message::AppendEntries { batch, .. } => self.on_append(state, from, unsaved, batch, out),
            Message::AppendEntriesResponse { rejected, index, epoch, .. } => {
                self.on_append_response(state, from, rejected, (index, epoch), out);
            }
            Message::PreVote { last_epoch, last_index, .. } => {
                self.on_pre_vote(state, from, term, (last_epoch, last_index), out);
            }
            Message::PreVoteResponse { granted, .. } => {
                self.on_pre_vote_response(state, from, term, granted, out);
            }
            Message::RequestVote { last_epoch, last_index, .. } => {
                self.on_request_vote(state, from, unsaved, (last_epoch, last_index), out);
            }
            Message::RequestVoteResponse { granted, .. } => {
                self.on_request_vote_response(state, from, granted, out);
            }
            Message::TimeoutNow { .. } => self.on_timeout_now(state, out),
            Message::InstallSnapshot { batch, .. } => {
                self.on_install_snapshot(state, from, unsaved, &batch, out);
            }
            Message::AppendPosition { epoch, index, .. } => {
                self.on_position(state, from, unsaved, (epoch, index), out);
            }
            Message::InstallSnapshotResponse { index, .. } => {
                self.on_snapshot_response(state, from, index, out);
            }
        }
    }
}
