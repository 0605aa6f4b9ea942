//! The transaction log, and the numbers of its transactions.

use super::message::History;
use interregnum_kernel::{Epoch, LogEntry, LogIndex};
use std::fmt;

/// A transaction's number: the epoch of the leader that proposed it in the upper 32 bits, and the leader's count in the
/// lower. Zero is before the first.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zxid(pub u64);

impl Zxid {
    /// Before the first transaction.
    pub const ZERO: Zxid = Zxid(0);

    /// The number of an epoch's transaction; the count of an epoch's first is 1.
    pub const fn new(epoch: Epoch, counter: u64) -> Zxid {
        Zxid(epoch.0 << 32 | counter)
    }
    /// The epoch of the leader that proposed it.
    pub const fn epoch(self) -> Epoch {
        Epoch(self.0 >> 32)
    }
    /// The leader's count.
    pub const fn counter(self) -> u64 {
        self.0 & 0xffff_ffff
    }
}

/// As ZooKeeper's people write it: epoch and count.
impl fmt::Display for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch().0, self.counter())
    }
}

/// As displayed.
impl fmt::Debug for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A node's log. Positions count from 1, epochs never fall along it, and each epoch's transactions are there from the
/// first one on, so that positions and numbers follow from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Log {
    entries: Vec<LogEntry>,
}

impl Log {
    /// A log of these entries, the first at position 1.
    pub fn of(entries: Vec<LogEntry>) -> Log {
        Log { entries }
    }

    /// The position of the last entry; zero for an empty log.
    #[inline]
    pub fn last_index(&self) -> LogIndex {
        LogIndex(self.entries.len() as u64)
    }

    /// The number of the last entry.
    pub fn last_zxid(&self) -> Zxid {
        self.zxid_at(self.last_index())
    }

    /// The entry at a position.
    pub fn get(&self, index: LogIndex) -> Option<LogEntry> {
        let place = index.0.checked_sub(1)?;
        self.entries.get(usize::try_from(place).ok()?).copied()
    }

    /// How many entries are of an earlier epoch.
    fn before(&self, epoch: Epoch) -> u64 {
        self.entries.partition_point(|entry| entry.epoch < epoch) as u64
    }

    /// The number of the entry at a position; zero where there is none.
    pub fn zxid_at(&self, index: LogIndex) -> Zxid {
        self.get(index).map_or(Zxid::ZERO, |entry| Zxid::new(entry.epoch, index.0 - self.before(entry.epoch)))
    }

    /// The last position whose number is not above this one.
    pub fn floor(&self, zxid: Zxid) -> LogIndex {
        let before = self.before(zxid.epoch());
        let of_epoch = self.before(Epoch(zxid.epoch().0 + 1)) - before;
        LogIndex(before + zxid.counter().min(of_epoch))
    }

    /// The position of the entry of this number; zero is the position of zero.
    pub fn index_of(&self, zxid: Zxid) -> Option<LogIndex> {
        let floor = self.floor(zxid);
        (self.zxid_at(floor) == zxid).then_some(floor)
    }

    /// The entries after a position.
    pub fn after(&self, index: LogIndex) -> &[LogEntry] {
        &self.entries[index.0.min(self.last_index().0) as usize..]
    }

    /// Gives a log that is about to get its first entry room for a few: most logs of short runs never need more.
    fn begin(&mut self) {
        if self.entries.capacity() == 0 {
            self.entries.reserve(32);
        }
    }

    /// The log becomes what it holds before a position, and there this entry.
    pub(crate) fn put(&mut self, index: LogIndex, entry: LogEntry) {
        self.begin();
        self.entries.truncate(index.0.saturating_sub(1) as usize);
        self.entries.push(entry);
    }

    /// The log becomes what it holds up to a position, and then the history's entries.
    pub(crate) fn splice(&mut self, keep: LogIndex, history: &History) {
        self.begin();
        self.entries.truncate(keep.0 as usize);
        self.entries.extend_from_slice(&history.entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(epochs: &[u64]) -> Log {
        Log::of(epochs.iter().map(|epoch| LogEntry { epoch: Epoch(*epoch), command: None }).collect())
    }

    fn zxid(epoch: u64, counter: u64) -> Zxid {
        Zxid::new(Epoch(epoch), counter)
    }

    #[test]
    fn every_position_has_a_number_and_every_number_a_position() {
        let log = log(&[1, 1, 3, 3, 3]);
        let numbers: Vec<Zxid> = (0..=5).map(|index| log.zxid_at(LogIndex(index))).collect();
        assert_eq!(numbers, [zxid(0, 0), zxid(1, 1), zxid(1, 2), zxid(3, 1), zxid(3, 2), zxid(3, 3)]);
        for (index, number) in (0..).zip(numbers) {
            assert_eq!(log.index_of(number), Some(LogIndex(index)), "{number}");
        }
        assert_eq!(log.index_of(zxid(1, 3)), None, "epoch 1 has two transactions");
        assert_eq!(log.index_of(zxid(2, 1)), None, "epoch 2 has none");
    }

    #[test]
    fn the_floor_is_the_last_entry_that_is_not_later() {
        let log = log(&[1, 1, 3]);
        assert_eq!(log.floor(zxid(1, 9)), LogIndex(2));
        assert_eq!(log.floor(zxid(2, 1)), LogIndex(2));
        assert_eq!(log.floor(zxid(9, 9)), LogIndex(3));
        assert_eq!(log.floor(zxid(0, 7)), LogIndex(0));
    }
}
