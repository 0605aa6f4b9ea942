//! What a Raft node remembers: in memory, and on disk.

use super::log::Log;
use super::membership::Change;
use super::message::Batch;
use interregnum_kernel::{Epoch, LocalTime, LogIndex, NodeId, NodeSet, Role};
use std::sync::Arc;

/// What survives a crash (paper Figure 2, persistent state).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Disk {
    /// The latest term that the node has seen.
    pub current_term: Epoch,
    /// For whom it voted in that term.
    pub voted_for: Option<NodeId>,
    /// Its log.
    pub log: Log,
}

/// One atomic change of the disk. Term and vote belong together: torn apart, a vote of one term could be read as a
/// vote of another. Entries that arrive with a new term join it, so that they cost one fsync and not two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Write {
    /// The term from now on.
    pub current_term: Epoch,
    /// The vote in that term.
    pub voted_for: Option<NodeId>,
    /// What becomes of the log, if it changes.
    pub log: Option<LogWrite>,
}

/// A change of the log on disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogWrite {
    /// It goes on with these entries from their place; or a snapshot takes the place of all of it.
    Append(Arc<Batch>),
    /// Its beginning, up to this position, becomes a snapshot.
    Compact(LogIndex),
    /// A witness's log ends at this epoch and position.
    Record(Epoch, LogIndex),
}

/// One node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) node: NodeId,
    /// The term and the vote as last asked to be written; the disk may lag behind.
    pub(crate) current_term: Epoch,
    pub(crate) voted_for: Option<NodeId>,
    pub(crate) log: Log,
    pub(crate) commit: LogIndex,
    /// The position of a snapshot that was installed and is not durable yet; zero if there is none.
    pub(crate) restoring: LogIndex,
    /// How many candidacies in a row ran out. Stays zero without back-off.
    pub(crate) failures: u8,
    pub(crate) role: Role,
    /// What the node is while it is not up for anything: follower, learner or witness. Follows from the configuration.
    pub(crate) resting: Role,
    /// The leader of the current term, where known; a leader knows itself.
    pub(crate) leader: Option<NodeId>,
    /// Whether a leader was heard of so recently that the node refuses to vote against it. Cleared by the guard timer.
    pub(crate) guarded: bool,
    /// Whether the guard timer runs for the election timer too: as long as it runs, an election is out of the question,
    /// so that the election timer is armed only when it ends, with the rest of the timeout.
    pub(crate) guard_comes_first: bool,
    pub(crate) tally: Tally,
    pub(crate) leading: Leading,
}

/// The answers to a candidate or pre-candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tally {
    pub(crate) granted: NodeSet,
    pub(crate) rejected: NodeSet,
    /// Grants heard again from the same voter. Always zero, unless the bug that counts messages is planted.
    pub(crate) repeated: u8,
}

/// What only a leader keeps. All of it is cleared when the node stops leading, so that equal followers are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leading {
    /// One slot per node, its own included; sized once, at boot.
    pub(crate) progress: Vec<Progress>,
    /// Peers whose logs may differ from what `next` assumes: they get one batch at a time.
    pub(crate) probing: NodeSet,
    /// Who was heard of since the last check of the quorum.
    pub(crate) active: NodeSet,
    /// To whom leadership is being handed.
    pub(crate) transferee: Option<NodeId>,
    /// Whether the own disk has not answered for too long.
    pub(crate) stalled: bool,
    /// The own log has to be durable up to here before heartbeats that are due leave; zero if none wait.
    pub(crate) beats_at: LogIndex,
    /// Whether the first heartbeats of the reign have been sent.
    pub(crate) heard: bool,
    /// When the lease ends.
    pub(crate) lease_until: Option<LocalTime>,
    /// The change of the configuration that was ordered, until it is made.
    pub(crate) change: Option<Change>,
    /// Whether a change may have to go on: one was ordered, or an earlier leader left one half done.
    pub(crate) reconfigures: bool,
    /// Whether it has not led for the minimum tenure yet.
    pub(crate) is_bound: bool,
    /// The nodes of higher priority that were asked to take over and are not to be asked again yet.
    pub(crate) asked: NodeSet,
    /// Whether an election was asked for in this term that nobody's guard holds up. No lease is safe from then on.
    pub(crate) lease_forfeited: bool,
}

/// What the leader knows of one node's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Progress {
    /// Up to here its log is known to agree, durably.
    pub(crate) matched: LogIndex,
    /// What it is sent next.
    pub(crate) next: LogIndex,
    /// The leader's stamp in the latest heartbeat that it acknowledged. Stays zero without the lease.
    pub(crate) acked: LocalTime,
}

impl Leading {
    /// Nothing known, for a cluster of this size.
    pub(crate) fn blank(nodes: usize) -> Leading {
        Leading {
            progress: vec![Progress::default(); nodes],
            probing: NodeSet::EMPTY,
            active: NodeSet::EMPTY,
            transferee: None,
            stalled: false,
            beats_at: LogIndex::ZERO,
            heard: false,
            lease_until: None,
            change: None,
            reconfigures: false,
            is_bound: false,
            asked: NodeSet::EMPTY,
            lease_forfeited: false,
        }
    }

    /// Forgets everything; keeps the storage.
    pub(crate) fn clear(&mut self) {
        self.progress.fill(Progress::default());
        self.probing = NodeSet::EMPTY;
        self.active = NodeSet::EMPTY;
        self.transferee = None;
        self.stalled = false;
        self.beats_at = LogIndex::ZERO;
        self.heard = false;
        self.lease_until = None;
        self.change = None;
        self.reconfigures = false;
        self.is_bound = false;
        self.asked = NodeSet::EMPTY;
        self.lease_forfeited = false;
    }
}

impl State {
    /// What the node remembers after its disk is read.
    pub(crate) fn read(node: NodeId, disk: &Disk, nodes: usize) -> State {
        State {
            node,
            current_term: disk.current_term,
            voted_for: disk.voted_for,
            log: disk.log.clone(),
            // A snapshot covers nothing but what is committed.
            commit: disk.log.start().index,
            restoring: LogIndex::ZERO,
            failures: 0,
            role: Role::Follower,
            resting: Role::Follower,
            leader: None,
            guarded: false,
            guard_comes_first: false,
            tally: Tally::default(),
            leading: Leading::blank(nodes),
        }
    }

    /// For whom the node voted in its current term.
    pub fn voted_for(&self) -> Option<NodeId> {
        self.voted_for
    }

    /// Whom the node takes for the leader of its current term.
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// Up to where the node knows its log to be committed.
    pub fn commit(&self) -> LogIndex {
        self.commit
    }

    /// The node's log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The leader's own log is as durable as this.
    pub(crate) fn own_matched(&self) -> LogIndex {
        self.leading.progress[self.node.index()].matched
    }

    /// Whether a write of this leader's own is under way.
    pub(crate) fn awaits_own_disk(&self) -> bool {
        self.role == Role::Leader && self.own_matched() < self.log.last_index()
    }
}
