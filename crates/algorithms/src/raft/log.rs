//! The replicated log: positions count from 1, and epochs never fall along it. It may begin behind a snapshot, which
//! stands for all entries up to its position.
//!
//! An entry that changes the configuration is an entry like any other, whose command is made of the configuration
//! ([`Configuration::command`]). What it says stands in a list beside the entries: such entries are rare, and the others
//! stay small and plain. The configuration that a cluster begins with has no entry; it goes with the first.

use super::configuration::Configuration;
use super::message::Batch;
use interregnum_kernel::{Covered, Epoch, LogChain, LogEntry, LogIndex};
use std::fmt;

/// What stands for a log's beginning once its entries are gone (thesis §5.1). There is no state machine here: the state
/// is which entries were applied, and the chain tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Snapshot {
    /// The position of the last entry that it covers; zero for none.
    pub index: LogIndex,
    /// That entry's epoch.
    pub epoch: Epoch,
    /// The chain of all entries that it covers.
    pub chain: LogChain,
    /// The configuration at that position.
    pub configuration: Configuration,
}

/// A configuration and the position of the entry that brought it.
pub type Placed = (LogIndex, Configuration);

/// A node's log.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Log {
    start: Snapshot,
    entries: Vec<LogEntry>,
    /// The configurations that entries of the log bring, in order.
    configurations: Vec<Placed>,
    /// The latest of them, or else the snapshot's.
    in_force: Configuration,
}

/// Traces are read by people, and most logs hold everything and change nothing.
impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Log");
        if self.start.index > LogIndex::ZERO {
            shown.field("start", &self.start);
        }
        shown.field("entries", &self.entries);
        if !self.configurations.is_empty() {
            shown.field("configurations", &self.configurations);
        }
        shown.finish()
    }
}

impl Log {
    /// A log of these entries, the first at position 1, none of which changes the configuration.
    pub fn of(configuration: Configuration, entries: Vec<LogEntry>) -> Log {
        let start = Snapshot { configuration, ..Snapshot::default() };
        Log { start, entries, configurations: Vec::new(), in_force: configuration }
    }

    /// What the log begins with; a snapshot of nothing if it holds everything.
    #[inline]
    pub fn start(&self) -> &Snapshot {
        &self.start
    }

    /// The configuration in force: the latest in the log, committed or not (paper §6).
    #[inline]
    pub fn configuration(&self) -> Configuration {
        self.in_force
    }

    /// The position of the entry that brought the configuration in force; that of the snapshot, if none did.
    #[inline]
    pub fn configuration_index(&self) -> LogIndex {
        self.configurations.last().map_or(self.start.index, |(index, _)| *index)
    }

    /// The position of the last entry; zero for an empty log.
    #[inline]
    pub fn last_index(&self) -> LogIndex {
        LogIndex(self.start.index.0 + self.entries.len() as u64)
    }

    /// The epoch of the last entry; zero for an empty log.
    #[inline]
    pub fn last_epoch(&self) -> Epoch {
        self.entries.last().map_or(self.start.epoch, |entry| entry.epoch)
    }

    /// The entry at a position, where the log has it.
    #[inline]
    pub fn get(&self, index: LogIndex) -> Option<LogEntry> {
        let place = index.0.checked_sub(self.start.index.0 + 1)?;
        self.entries.get(usize::try_from(place).ok()?).copied()
    }

    /// The epoch at a position; zero at position zero; `None` beyond the end and before the snapshot's position.
    #[inline]
    pub fn epoch_at(&self, index: LogIndex) -> Option<Epoch> {
        if index == self.start.index {
            Some(self.start.epoch)
        } else {
            self.get(index).map(|entry| entry.epoch)
        }
    }

    /// The entries behind the snapshot.
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// How many entries stand between the snapshot and a position, as far as the log goes.
    #[inline]
    fn place(&self, index: LogIndex) -> usize {
        index.0.saturating_sub(self.start.index.0).min(self.entries.len() as u64) as usize
    }

    /// At most `limit` entries after a position.
    pub(crate) fn after(&self, index: LogIndex, limit: u64) -> &[LogEntry] {
        let from = self.place(index);
        let to = (from as u64).saturating_add(limit).min(self.entries.len() as u64);
        &self.entries[from..to as usize]
    }

    /// What a batch of the entries after a position, up to another, says of configurations: what they bring, and with the
    /// log's first entry the configuration that it begins with.
    pub(crate) fn configurations_for(&self, after: LogIndex, up_to: LogIndex) -> Box<[Placed]> {
        let first = (after == LogIndex::ZERO).then_some((LogIndex::ZERO, self.start.configuration));
        first.into_iter().chain(self.configurations_within(after, up_to)).collect()
    }

    /// The configurations that the entries after a position bring, up to another.
    pub(crate) fn configurations_within(&self, after: LogIndex, up_to: LogIndex) -> Box<[Placed]> {
        let within = |(index, _): &&Placed| *index > after && *index <= up_to;
        self.configurations.iter().filter(within).copied().collect()
    }

    /// Adds one entry at the end.
    pub(crate) fn push(&mut self, entry: LogEntry, configuration: Option<Configuration>) {
        self.begin();
        self.entries.push(entry);
        if let Some(configuration) = configuration {
            self.configurations.push((self.last_index(), configuration));
            self.in_force = configuration;
        }
    }

    /// Gives a log that is about to get its first entry room for a few: most logs of short runs never need more.
    fn begin(&mut self) {
        if self.entries.capacity() == 0 {
            self.entries.reserve(32);
        }
    }

    /// The log becomes what it holds up to the batch's place, and then the batch; or the snapshot that the batch is.
    /// Says whether the configuration may be another.
    pub(crate) fn splice(&mut self, batch: &Batch) -> bool {
        if let Some(snapshot) = &batch.start {
            self.restore(snapshot);
            return true;
        }
        self.begin();
        self.entries.truncate(self.place(batch.prev_index));
        self.entries.extend_from_slice(&batch.entries);
        let touched = !(self.configurations.is_empty() && batch.configurations.is_empty());
        if touched {
            self.splice_configurations(batch);
        }
        touched
    }

    /// A configuration goes with its entry: one that is cut off is no longer in force (thesis §4.1).
    #[cold]
    fn splice_configurations(&mut self, batch: &Batch) {
        self.configurations.retain(|(index, _)| *index <= batch.prev_index);
        match *batch.configurations {
            [(LogIndex::ZERO, first), ref brought @ ..] => {
                // An emptied disk does not even hold that.
                self.start.configuration = first;
                self.configurations.extend_from_slice(brought);
            }
            ref brought => self.configurations.extend_from_slice(brought),
        }
        self.in_force = self.configuration_at(self.last_index());
    }

    /// The configuration at a position.
    pub(crate) fn configuration_at(&self, index: LogIndex) -> Configuration {
        let latest = self.configurations.iter().rev().find(|(place, _)| *place <= index);
        latest.map_or(self.start.configuration, |(_, configuration)| *configuration)
    }

    /// Replaces the entries up to a position by a snapshot of them, as far as there are any.
    pub(crate) fn compact(&mut self, to: LogIndex) {
        let configuration = self.configuration_at(to);
        let gone = self.place(to);
        let Some(last) = self.entries[..gone].last() else { return };
        self.start = Snapshot {
            index: LogIndex(self.start.index.0 + gone as u64),
            epoch: last.epoch,
            chain: self.entries[..gone].iter().copied().fold(self.start.chain, LogChain::then),
            configuration,
        };
        self.entries.drain(..gone);
        let start = self.start.index;
        self.configurations.retain(|(index, _)| *index > start);
    }

    /// The log becomes a snapshot, and nothing behind it.
    #[cold]
    fn restore(&mut self, snapshot: &Snapshot) {
        self.start = *snapshot;
        self.entries.clear();
        self.configurations.clear();
        self.in_force = snapshot.configuration;
    }

    /// A witness's log: it ends here, and holds nothing.
    pub(crate) fn record(&mut self, epoch: Epoch, index: LogIndex) {
        (self.start.epoch, self.start.index) = (epoch, index);
    }

    /// The log becomes a witness's.
    pub(crate) fn forget_entries(&mut self) {
        self.record(self.last_epoch(), self.last_index());
        self.entries.clear();
    }

    /// What the snapshot covers, if there is one.
    pub(crate) fn covered(&self) -> Option<Covered> {
        let Snapshot { index, chain, .. } = self.start;
        (index > LogIndex::ZERO).then_some(Covered { last: index, chain })
    }

    /// Whether the log already holds all entries of the batch. It then may hold more, which must stay: the batch may
    /// be an old message (paper Figure 2, AppendEntries rules 3 and 4).
    pub(crate) fn holds(&self, batch: &Batch) -> bool {
        let own = self.entries[self.place(batch.prev_index)..].iter();
        own.len() >= batch.entries.len() && own.zip(&batch.entries).all(|(own, sent)| own.epoch == sent.epoch)
    }

    /// The last position, not after `index`, whose entry is not of a later epoch than `epoch`. What lies between it
    /// and `index` cannot agree with a log that has `epoch` at `index` (paper §5.3, the optimisation of the rejection).
    /// Of what a snapshot covers only its end is known; a position before it is given back as it is.
    pub(crate) fn last_not_after(&self, index: LogIndex, epoch: Epoch) -> (LogIndex, Epoch) {
        if index < self.start.index {
            return (index, Epoch::ZERO);
        }
        let end = self.place(index);
        let place = self.entries[..end].partition_point(|entry| entry.epoch <= epoch);
        let found = LogIndex(self.start.index.0 + place as u64);
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
    use interregnum_kernel::NodeSet;

    fn log(epochs: &[u64]) -> Log {
        let configuration = Configuration::of(NodeSet::first(3));
        Log::of(configuration, epochs.iter().map(|epoch| entry(*epoch)).collect())
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
            configurations: Box::default(),
            start: None,
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

    #[test]
    fn a_compacted_log_answers_for_what_it_still_has() {
        let whole = log(&[1, 1, 2, 3]);
        let mut own = whole.clone();
        own.compact(LogIndex(3));
        assert_eq!(own.last_index(), LogIndex(4), "positions stay");
        assert_eq!(own.entries().len(), 1, "one entry is left");
        assert_eq!(own.epoch_at(LogIndex(3)), Some(Epoch(2)), "the snapshot knows its last entry's epoch");
        assert_eq!(own.epoch_at(LogIndex(2)), None, "and no other's");
        assert_eq!(own.get(LogIndex(4)), whole.get(LogIndex(4)));
        assert_eq!(own.after(LogIndex(3), 9), whole.after(LogIndex(3), 9));
        assert_eq!(own.last_not_after(LogIndex(4), Epoch(2)), (LogIndex(3), Epoch(2)), "the snapshot agrees");
    }

    #[test]
    fn a_log_that_is_all_snapshot_is_as_up_to_date_as_it_was() {
        let mut own = log(&[1, 2]);
        own.compact(LogIndex(9));
        assert_eq!((own.last_epoch(), own.last_index()), (Epoch(2), LogIndex(2)));
    }

    #[test]
    fn the_chain_of_a_snapshot_does_not_depend_on_the_steps_that_made_it() {
        let (mut at_once, mut step_by_step) = (log(&[1, 1, 2, 3]), log(&[1, 1, 2, 3]));
        at_once.compact(LogIndex(3));
        for to in 1..=3 {
            step_by_step.compact(LogIndex(to));
        }
        assert_eq!(at_once, step_by_step);
    }

    #[test]
    fn a_configuration_goes_with_its_entry() {
        let (first, second) = (Configuration::of(NodeSet::first(3)), Configuration::of(NodeSet::first(4)));
        let mut own = log(&[1, 1]);
        own.push(entry(1), Some(second));
        assert_eq!(own.configuration(), second, "it is in force once it is in the log");
        own.splice(&batch(2, &[2]));
        assert_eq!(own.configuration(), first, "and no longer when it is cut off");
    }

    #[test]
    fn a_snapshot_keeps_the_configuration_of_its_position() {
        let second = Configuration::of(NodeSet::first(4));
        let mut own = log(&[1, 1]);
        own.push(entry(1), Some(second));
        own.compact(LogIndex(2));
        assert_eq!(
            own.start().configuration,
            Configuration::of(NodeSet::first(3)),
            "the change is behind it"
        );
        assert_eq!(own.configuration(), second);
        own.compact(LogIndex(3));
        assert_eq!(own.start().configuration, second);
        assert_eq!((own.configuration(), own.configuration_index()), (second, LogIndex(3)));
    }
}
