//! What Raft nodes say to each other.

use super::log::{Placed, Snapshot};
use interregnum_kernel::{Epoch, Kind, LocalTime, LogEntry, LogIndex};
use std::fmt;
use std::sync::Arc;

/// A run of log entries and the place where it goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Batch {
    /// The position before the first entry.
    pub prev_index: LogIndex,
    /// The epoch of the entry at that position; zero at the log's beginning.
    pub prev_epoch: Epoch,
    /// How far the sender knew the log to be committed.
    pub commit: LogIndex,
    /// The entries.
    pub entries: Box<[LogEntry]>,
    /// The configurations that some of the entries bring, in order; before them, at position zero, the one that the
    /// cluster began with, where the batch has the first entry.
    pub configurations: Box<[Placed]>,
    /// A snapshot that takes the place of everything before, where it is not entries that are brought. What nodes send and
    /// write comes in one kind of parcel: a second one costs every message a question when it is dropped.
    pub start: Option<Box<Snapshot>>,
}

/// Traces are read by people, and few batches bring a configuration.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Batch");
        shown.field("prev_index", &self.prev_index).field("prev_epoch", &self.prev_epoch);
        shown.field("commit", &self.commit).field("entries", &self.entries);
        if !self.configurations.is_empty() {
            shown.field("configurations", &self.configurations);
        }
        if let Some(start) = &self.start {
            shown.field("start", start);
        }
        shown.finish()
    }
}

impl Batch {
    /// A batch that is a snapshot.
    pub fn of_snapshot(snapshot: Snapshot) -> Batch {
        Batch {
            prev_index: snapshot.index,
            prev_epoch: snapshot.epoch,
            commit: snapshot.index,
            entries: Box::default(),
            configurations: Box::default(),
            start: Some(Box::new(snapshot)),
        }
    }

    /// The position of the last entry.
    pub fn last_index(&self) -> LogIndex {
        LogIndex(self.prev_index.0 + self.entries.len() as u64)
    }
}

/// A message between nodes. Small and free of allocations, except that entries travel behind a shared pointer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// "Would you vote for me in this term?" The sender has not entered the term; it is one above its own (thesis
    /// §9.6).
    PreVote {
        /// The term that the sender would stand in.
        term: Epoch,
        /// The epoch of its last log entry.
        last_epoch: Epoch,
        /// The position of its last log entry.
        last_index: LogIndex,
    },
    /// The answer to a pre-vote.
    PreVoteResponse {
        /// The term asked about if granted; the voter's own term if not, so that the asker can catch up.
        term: Epoch,
        /// Whether the voter would.
        granted: bool,
    },
    /// "Vote for me" (paper Figure 2).
    RequestVote {
        /// The candidate's term.
        term: Epoch,
        /// The epoch of its last log entry.
        last_epoch: Epoch,
        /// The position of its last log entry.
        last_index: LogIndex,
        /// Whether the leader itself asked for this election, so that nobody needs to protect it (thesis §4.2.3).
        transfer: bool,
    },
    /// The answer to a request for a vote.
    RequestVoteResponse {
        /// The voter's term.
        term: Epoch,
        /// Whether it gave its vote.
        granted: bool,
    },
    /// Entries for a follower's log (paper Figure 2).
    AppendEntries {
        /// The leader's term.
        term: Epoch,
        /// The entries and their place.
        batch: Arc<Batch>,
    },
    /// The answer to entries, and to any leader of an older term.
    AppendEntriesResponse {
        /// The follower's term.
        term: Epoch,
        /// Whether the place did not match the follower's log.
        rejected: bool,
        /// If accepted, up to where the logs are known to agree. If rejected, the last position up to which they may.
        index: LogIndex,
        /// If rejected, the epoch of the follower's entry at that position; zero otherwise.
        epoch: Epoch,
    },
    /// "I still lead." Kept apart from entries, which are larger and wait for more.
    Heartbeat {
        /// The leader's term.
        term: Epoch,
        /// What is committed of what this follower has acknowledged.
        commit: LogIndex,
        /// The leader's clock when it sent this, if it wants a lease; zero otherwise.
        sent: LocalTime,
    },
    /// The answer to a heartbeat.
    HeartbeatResponse {
        /// The follower's term.
        term: Epoch,
        /// The leader's stamp, given back.
        sent: LocalTime,
    },
    /// "Stand for election at once" (thesis §3.10).
    TimeoutNow {
        /// The leader's term.
        term: Epoch,
    },
    /// A snapshot in place of entries that the leader no longer has (paper Figure 13). It travels whole: its size is not
    /// what is studied here.
    InstallSnapshot {
        /// The leader's term.
        term: Epoch,
        /// The snapshot.
        batch: Arc<Batch>,
    },
    /// "A voter with data has the log on its disk as far as this", to a witness, which is sent no entries. While
    /// configurations are joined: a voter of each.
    AppendPosition {
        /// The leader's term.
        term: Epoch,
        /// The epoch of the last entry that is stored so.
        epoch: Epoch,
        /// That entry's position.
        index: LogIndex,
    },
    /// The answer to a snapshot.
    InstallSnapshotResponse {
        /// The follower's term.
        term: Epoch,
        /// Up to where the logs are now known to agree.
        index: LogIndex,
    },
}

// The engines move messages by value millions of times a second: half a cache line is the budget.
const _: () = assert!(size_of::<Message>() <= 32);

impl Message {
    /// The names of the kinds, in the order of [`Message::kind`].
    pub const KINDS: &'static [&'static str] = &[
        "PreVote",
        "PreVoteResponse",
        "RequestVote",
        "RequestVoteResponse",
        "AppendEntries",
        "AppendEntriesResponse",
        "Heartbeat",
        "HeartbeatResponse",
        "TimeoutNow",
        "InstallSnapshot",
        "InstallSnapshotResponse",
        "AppendPosition",
    ];

    /// Which kind it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        Kind(match self {
            Message::PreVote { .. } => 0,
            Message::PreVoteResponse { .. } => 1,
            Message::RequestVote { .. } => 2,
            Message::RequestVoteResponse { .. } => 3,
            Message::AppendEntries { .. } => 4,
            Message::AppendEntriesResponse { .. } => 5,
            Message::Heartbeat { .. } => 6,
            Message::HeartbeatResponse { .. } => 7,
            Message::TimeoutNow { .. } => 8,
            Message::InstallSnapshot { .. } => 9,
            Message::InstallSnapshotResponse { .. } => 10,
            Message::AppendPosition { .. } => 11,
        })
    }

    /// The term that the message carries: the sender's own, but for a pre-vote and its granted answer.
    #[inline]
    pub fn term(&self) -> Epoch {
        match self {
            Message::PreVote { term, .. }
            | Message::PreVoteResponse { term, .. }
            | Message::RequestVote { term, .. }
            | Message::RequestVoteResponse { term, .. }
            | Message::AppendEntries { term, .. }
            | Message::AppendEntriesResponse { term, .. }
            | Message::Heartbeat { term, .. }
            | Message::HeartbeatResponse { term, .. }
            | Message::TimeoutNow { term }
            | Message::InstallSnapshot { term, .. }
            | Message::InstallSnapshotResponse { term, .. }
            | Message::AppendPosition { term, .. } => *term,
        }
    }

    /// Whether somebody is in the term that the message carries, so that its receiver must enter it too.
    #[inline]
    pub(crate) fn enters_its_term(&self) -> bool {
        !matches!(self, Message::PreVote { .. } | Message::PreVoteResponse { granted: true, .. })
    }

    /// Whether the message's own rule may write, so that a newly entered term can go with that write.
    #[inline]
    pub(crate) fn may_write(&self) -> bool {
        matches!(
            self,
            Message::RequestVote { .. }
                | Message::AppendEntries { .. }
                | Message::InstallSnapshot { .. }
                | Message::AppendPosition { .. }
        )
    }

    /// The message in 64 bits, for the trace digest.
    #[inline]
    pub fn label(&self) -> u64 {
        let label = mix(u64::from(self.kind().0), self.term().0);
        match self {
            Message::PreVote { last_epoch, last_index, .. } => mix(mix(label, last_epoch.0), last_index.0),
            Message::RequestVote { last_epoch, last_index, transfer, .. } => {
                mix(mix(label, last_epoch.0), last_index.0 << 1 | u64::from(*transfer))
            }
            Message::PreVoteResponse { granted, .. } | Message::RequestVoteResponse { granted, .. } => {
                mix(label, u64::from(*granted))
            }
            Message::AppendEntries { batch, .. } => batch.entries.iter().fold(
                mix(mix(mix(label, batch.prev_index.0), batch.prev_epoch.0), batch.commit.0),
                |label, entry| {
                    let command = entry.command.map_or(0, |command| command.0.wrapping_add(1));
                    mix(mix(label, entry.epoch.0), command)
                },
            ),
            Message::AppendEntriesResponse { rejected, index, epoch, .. } => {
                mix(mix(label, index.0 << 1 | u64::from(*rejected)), epoch.0)
            }
            Message::Heartbeat { commit, sent, .. } => mix(mix(label, commit.0), sent.0),
            Message::HeartbeatResponse { sent, .. } => mix(label, sent.0),
            Message::TimeoutNow { .. } => label,
            Message::InstallSnapshot { batch, .. } => {
                let chain = batch.start.as_ref().map_or(0, |snapshot| snapshot.chain.0);
                mix(mix(mix(label, batch.prev_index.0), batch.prev_epoch.0), chain)
            }
            Message::InstallSnapshotResponse { index, .. } => mix(label, index.0),
            Message::AppendPosition { epoch, index, .. } => mix(mix(label, epoch.0), index.0),
        }
    }
}

/// One multiplication per field: enough to tell labels apart, and cheap next to a heartbeat.
#[inline]
fn mix(label: u64, field: u64) -> u64 {
    (label.rotate_left(29) ^ field).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xd6e8_feb8_6659_fd93)
}
