//! OmniPaxos's storage trait over a disk of ours, with a journal of what it writes.

use interregnum_kernel::{Command, Epoch};
use omnipaxos::ballot_leader_election::Ballot;
use omnipaxos::storage::{Entry, NoSnapshot, StopSign, Storage, StorageOp, StorageResult};
use std::sync::{Arc, Mutex, PoisonError};

/// An entry of the log: a client's command, and the epoch that its leader led. OmniPaxos itself does not keep the latter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// The epoch of the leader that proposed it.
    pub epoch: Epoch,
    /// What was proposed.
    pub command: Command,
}

impl Entry for Proposal {
    type Snapshot = NoSnapshot;
}

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Disk {
    /// The ballot promised last.
    pub promise: Option<Ballot>,
    /// The ballot in which entries were accepted last.
    pub accepted: Option<Ballot>,
    /// How many entries are decided.
    pub decided: usize,
    /// The log.
    pub log: Vec<Proposal>,
}

/// One change of the disk.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A ballot was promised.
    Promise(Ballot),
    /// Entries are accepted in this ballot from now on.
    Accepted(Ballot),
    /// So many entries are decided.
    Decided(usize),
    /// Entries take the place of all from this index on, which counts from 0.
    Entries(usize, Vec<Proposal>),
}

impl Disk {
    /// Folds a change in.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Promise(ballot) => self.promise = Some(*ballot),
            Change::Accepted(ballot) => self.accepted = Some(*ballot),
            Change::Decided(count) => self.decided = *count,
            Change::Entries(from, entries) => {
                self.log.truncate(*from);
                self.log.extend_from_slice(entries);
            }
        }
    }
}

/// What a step wrote, in order.
pub(super) type Journal = Arc<Mutex<Vec<Change>>>;

/// Empties a journal.
pub(super) fn take(journal: &Journal) -> Vec<Change> {
    std::mem::take(&mut *journal.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The disk as OmniPaxos reads it: with all that it has written.
#[derive(Debug)]
pub(super) struct Store {
    disk: Disk,
    journal: Journal,
}

impl Store {
    pub(super) fn new(disk: &Disk, journal: &Journal) -> Store {
        Store { disk: disk.clone(), journal: Arc::clone(journal) }
    }

    fn change(&mut self, change: Change) -> StorageResult<()> {
        self.disk.apply(&change);
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).push(change);
        Ok(())
    }
}

impl Storage<Proposal> for Store {
    fn write_atomically(&mut self, changes: Vec<StorageOp<Proposal>>) -> StorageResult<()> {
        // A step's changes are one write, so these are too.
        for change in changes {
            match change {
                StorageOp::AppendEntry(entry) => self.append_entry(entry)?,
                StorageOp::AppendEntries(entries) => self.append_entries(entries)?,
                StorageOp::AppendOnPrefix(from, entries) => self.append_on_prefix(from, entries)?,
                StorageOp::SetPromise(ballot) => self.set_promise(ballot)?,
                StorageOp::SetDecidedIndex(count) => self.set_decided_idx(count)?,
                StorageOp::SetAcceptedRound(ballot) => self.set_accepted_round(ballot)?,
                StorageOp::SetCompactedIdx(index) => self.set_compacted_idx(index)?,
                StorageOp::Trim(index) => self.trim(index)?,
                StorageOp::SetStopsign(sign) => self.set_stopsign(sign)?,
                StorageOp::SetSnapshot(snapshot) => self.set_snapshot(snapshot)?,
            }
        }
        Ok(())
    }

    fn append_entry(&mut self, entry: Proposal) -> StorageResult<()> {
        self.append_entries(vec![entry])
    }

    fn append_entries(&mut self, entries: Vec<Proposal>) -> StorageResult<()> {
        self.append_on_prefix(self.disk.log.len(), entries)
    }

    fn append_on_prefix(&mut self, from: usize, entries: Vec<Proposal>) -> StorageResult<()> {
        self.change(Change::Entries(from, entries))
    }

    fn set_promise(&mut self, ballot: Ballot) -> StorageResult<()> {
        self.change(Change::Promise(ballot))
    }

    fn set_decided_idx(&mut self, count: usize) -> StorageResult<()> {
        self.change(Change::Decided(count))
    }

    fn get_decided_idx(&self) -> StorageResult<usize> {
        Ok(self.disk.decided)
    }

    fn set_accepted_round(&mut self, ballot: Ballot) -> StorageResult<()> {
        self.change(Change::Accepted(ballot))
    }

    fn get_accepted_round(&self) -> StorageResult<Option<Ballot>> {
        Ok(self.disk.accepted)
    }

    fn get_entries(&self, from: usize, to: usize) -> StorageResult<Vec<Proposal>> {
        Ok(self.disk.log.get(from..to).unwrap_or_default().to_vec())
    }

    fn get_log_len(&self) -> StorageResult<usize> {
        Ok(self.disk.log.len())
    }

    fn get_suffix(&self, from: usize) -> StorageResult<Vec<Proposal>> {
        Ok(self.disk.log.get(from..).unwrap_or_default().to_vec())
    }

    fn get_promise(&self) -> StorageResult<Option<Ballot>> {
        Ok(self.disk.promise)
    }

    // Reconfiguration, trimming and snapshots are not used.

    fn set_stopsign(&mut self, _: Option<StopSign>) -> StorageResult<()> {
        Ok(())
    }

    fn get_stopsign(&self) -> StorageResult<Option<StopSign>> {
        Ok(None)
    }

    fn trim(&mut self, _: usize) -> StorageResult<()> {
        Ok(())
    }

    fn set_compacted_idx(&mut self, _: usize) -> StorageResult<()> {
        Ok(())
    }

    fn get_compacted_idx(&self) -> StorageResult<usize> {
        Ok(0)
    }

    fn set_snapshot(&mut self, _: Option<NoSnapshot>) -> StorageResult<()> {
        Ok(())
    }

    fn get_snapshot(&self) -> StorageResult<Option<NoSnapshot>> {
        Ok(None)
    }
}
