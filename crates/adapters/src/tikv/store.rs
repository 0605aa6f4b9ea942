//! TiKV's storage trait over a disk of ours. The log is never compacted.

use interregnum_kernel::{Command, Epoch, LogEntry, LogIndex, NodeSet};
use raft::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft::{Error, GetEntriesContext, RaftState, Storage, StorageError};
use std::sync::Arc;

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Disk {
    /// The hard state that was written last.
    pub hard: Hard,
    /// The log, from position 1 on.
    pub log: Vec<LogEntry>,
}

/// raft-rs's hard state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hard {
    /// The current term.
    pub term: u64,
    /// Whom the node voted for in it, counted from 1; 0 is nobody.
    pub vote: u64,
    /// Up to where the log was known to be committed.
    pub commit: u64,
}

/// What one `Ready` wants on disk: one atomic write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    /// The number of the `Ready`.
    pub number: u64,
    /// The hard state as it is then.
    pub hard: Hard,
    /// The position of the first entry.
    pub from: LogIndex,
    /// Entries that take the place of all from there on.
    pub entries: Arc<[LogEntry]>,
}

impl Disk {
    /// Folds a write in.
    pub(super) fn apply(&mut self, write: &Write) {
        self.hard = write.hard;
        if !write.entries.is_empty() {
            self.log.truncate(write.from.0.saturating_sub(1) as usize);
            self.log.extend_from_slice(&write.entries);
        }
    }

    /// The entry at a position.
    pub(super) fn entry(&self, LogIndex(index): LogIndex) -> Option<LogEntry> {
        self.log.get(usize::try_from(index.checked_sub(1)?).ok()?).copied()
    }

    /// The position of the last entry.
    pub(super) fn last(&self) -> u64 {
        self.log.len() as u64
    }
}

/// The disk as raft-rs reads it: with what it has asked to be written, durable or not.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) disk: Disk,
    members: NodeSet,
}

impl Store {
    pub(super) fn new(disk: &Disk, members: NodeSet) -> Store {
        Store { disk: disk.clone(), members }
    }
}

impl Storage for Store {
    fn initial_state(&self) -> raft::Result<RaftState> {
        let Hard { term, vote, commit } = self.disk.hard;
        let mut hard = HardState::default();
        (hard.term, hard.vote, hard.commit) = (term, vote, commit);
        let voters: Vec<u64> = self.members.iter().map(super::message::id).collect();
        Ok(RaftState { hard_state: hard, conf_state: ConfState::from((voters, Vec::new())) })
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        let some = |index| Some(foreign(index, self.disk.entry(LogIndex(index))?));
        let mut entries: Vec<Entry> = (low..high).map_while(some).collect();
        if entries.len() as u64 != high.saturating_sub(low) {
            return Err(Error::Store(StorageError::Unavailable));
        }
        raft::util::limit_size(&mut entries, max_size.into());
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        match self.disk.entry(LogIndex(index)) {
            _ if index == 0 => Ok(0),
            Some(entry) => Ok(entry.epoch.0),
            None => Err(Error::Store(StorageError::Unavailable)),
        }
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.disk.last())
    }

    fn snapshot(&self, _: u64, _: u64) -> raft::Result<Snapshot> {
        Err(Error::Store(StorageError::SnapshotTemporarilyUnavailable))
    }
}

/// An entry as raft-rs has it. A command is its eight bytes.
fn foreign(index: u64, entry: LogEntry) -> Entry {
    let mut foreign = Entry { index, term: entry.epoch.0, ..Entry::default() };
    if let Some(command) = entry.command {
        foreign.data = command.0.to_be_bytes().to_vec().into();
    }
    foreign
}

/// An entry as the invariants know it. What a leader begins its term with has no data.
pub(super) fn ours(entry: &Entry) -> LogEntry {
    let command = <[u8; 8]>::try_from(&entry.data[..]).ok();
    LogEntry { epoch: Epoch(entry.term), command: command.map(|bytes| Command(u64::from_be_bytes(bytes))) }
}
