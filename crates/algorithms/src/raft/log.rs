//! The replicated log: positions count from 1, and epochs never fall along it.

use super::message::Batch;
use interregnum_kernel::{Epoch, LogEntry, LogIndex};

/// A node's log.
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

    /// The epoch of the last entry; zero for an empty log.
    #[inline]
    pub fn last_epoch(&self) -> Epoch {
        self.entries.last().map_or(Epoch::ZERO, |entry| entry.epoch)
    }

    /// The entry at a position.
    #[inline]
    pub fn get(&self, index: LogIndex) -> Option<LogEntry> {
        let place = index.0.checked_sub(1)?;
        self.entries.get(usize::try_from(place).ok()?).copied()
    }

    /// The epoch at a position; zero at position zero; `None` beyond the end.
    #[inline]
    pub fn epoch_at(&self, index: LogIndex) -> Option<Epoch> {
        if index == LogIndex::ZERO { Some(Epoch::ZERO) } else { self.get(index).map(|entry| entry.epoch) }
    }

    /// All entries, the first at position 1.
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// At most `limit` entries after a position.
    pub(crate) fn after(&self, index: LogIndex, limit: u64) -> &[LogEntry] {
        let from = index.0.min(self.last_index().0);
        let to = from.saturating_add(limit).min(self.last_index().0);
        &self.entries[from as usize..to as usize]
    }

    /// Adds one entry at the end.
    pub(crate) fn push(&mut self, entry: LogEntry) {
        self.begin();
        self.entries.push(entry);
    }

    /// Gives a log that is about to get its first entry room for a few: most logs of short runs never need more.
    fn begin(&mut self) {
        if self.entries.capacity() == 0 {
            self.entries.reserve(32);
        }
    }

    /// The log becomes what it holds up to the batch's place, and then the batch.
    pub(crate) fn splice(&mut self, batch: &Batch) {
        self.begin();
        self.entries.truncate(batch.prev_index.0 as usize);
        self.entries.extend_from_slice(&batch.entries);
    }

    /// Whether the log already holds all entries of the batch. It then may hold more, which must stay: the batch may
    /// be an old message (paper Figure 2, AppendEntries rules 3 and 4).
    pub(crate) fn holds(&self, batch: &Batch) -> bool {
        let place = batch.prev_index.0.min(self.last_index().0) as usize;
        let own = self.entries[place..].iter();
        own.len() >= batch.entries.len() && own.zip(&batch.entries).all(|(own, sent)| own.epoch == sent.epoch)
    }

    /// The last position, not after `index`, whose entry is not of a later epoch than `epoch`. What lies between it
    /// and `index` cannot agree with a log that has `epoch` at `index` (paper §5.3, the optimisation of the rejection).
    pub(crate) fn last_not_after(&self, index: LogIndex, epoch: Epoch) -> (LogIndex, Epoch) {
        let end = index.0.min(self.last_index().0) as usize;
        let place = self.entries[..end].partition_point(|entry| entry.epoch <= epoch);
        let found = LogIndex(place as u64);
        (found, self.epoch_at(found).unwrap_or_default())
    }

    /// Whether a log that ends like this is at least as up to date as this one (paper §5.4.1).
    #[inline]
    pub(crate) fn is_matched_by(&self, last_epoch: Epoch, last_index: LogIndex) -> bool {
        (last_epoch, last_index) >= (self.last_epoch(), self.last_index())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(epochs: &[u64]) -> Log {
        Log::of(epochs.iter().map(|epoch| entry(*epoch)).collect())
    }

    fn entry(epoch: u64) -> LogEntry {
        LogEntry { epoch: Epoch(epoch), command: None }
    }

    fn batch(prev_index: u64, epochs: &[u64]) -> Batch {
        Batch {
            prev_index: LogIndex(prev_index),
            prev_epoch: Epoch::ZERO,
            commit: LogIndex::ZERO,
            entries: epochs.iter().map(|epoch| entry(*epoch)).collect(),
        }
    }

    #[test]
    fn an_old_short_batch_is_held_by_a_longer_log() {
        assert!(log(&[1, 1, 2]).holds(&batch(0, &[1, 1])), "a prefix is held");
        assert!(!log(&[1, 1, 2]).holds(&batch(2, &[3])), "a conflict is not held");
        assert!(!log(&[1, 1, 2]).holds(&batch(2, &[2, 2])), "what is longer is not held");
    }

    #[test]
    fn splicing_replaces_what_conflicts() {
        let mut spliced = log(&[1, 1, 2, 2]);
        spliced.splice(&batch(2, &[3]));
        assert_eq!(spliced, log(&[1, 1, 3]));
    }

    #[test]
    fn the_hint_skips_entries_of_later_epochs() {
        let own = log(&[1, 1, 3, 3]);
        assert_eq!(own.last_not_after(LogIndex(4), Epoch(2)), (LogIndex(2), Epoch(1)));
        assert_eq!(
            own.last_not_after(LogIndex(9), Epoch(3)),
            (LogIndex(4), Epoch(3)),
            "no further than the end"
        );
        assert_eq!(
            own.last_not_after(LogIndex(1), Epoch(0)),
            (LogIndex(0), Epoch(0)),
            "the beginning always agrees"
        );
    }

    #[test]
    fn up_to_date_compares_epochs_before_lengths() {
        let own = log(&[1, 2]);
        assert!(own.is_matched_by(Epoch(3), LogIndex(1)), "a later epoch wins over length");
        assert!(own.is_matched_by(Epoch(2), LogIndex(2)), "an equal log is up to date");
        assert!(!own.is_matched_by(Epoch(2), LogIndex(1)), "a shorter log of the same epoch is not");
        assert!(!own.is_matched_by(Epoch(1), LogIndex(9)), "a long log of an earlier epoch is not");
    }
}
