//! Disks that stand, that are slow, that lie, and that are set back.

use crate::core::{Core, Site};
use crate::event::Agenda;
use crate::faults::Death;
use crate::plan::{DiskAfter, Lever, PlannedFault, Unsynced};
use crate::record::{InputRecord, Recorder};
use crate::world::World;
use interregnum_kernel::{GlobalTime, Host, Jitter, NodeId, Observer, Protocol, Queued, Span};
use std::collections::VecDeque;

/// A change of a disk.
#[derive(Debug)]
enum Change<P: Protocol> {
    /// A write was acknowledged.
    Write(P::Write),
    /// A crash left this.
    Whole(P::Disk),
}

/// What one node's disk held, and since when: what a disk that lies forgets, and one that is set back remembers.
#[derive(Debug)]
struct Ledger<P: Protocol> {
    /// The faults by which the disk lies.
    lies: Vec<u32>,
    /// The disk before the changes.
    base: P::Disk,
    changes: VecDeque<(GlobalTime, Change<P>)>,
    /// So many of the changes are on the disk indeed: all, unless it lies.
    safe: usize,
}

impl<P: Protocol> Ledger<P> {
    fn new(host: &Host<P>) -> Self {
        Ledger { lies: Vec::new(), base: host.disk().clone(), changes: VecDeque::new(), safe: 0 }
    }

    fn fold(disk: &mut P::Disk, change: &Change<P>) {
        match change {
            Change::Write(write) => P::apply(disk, write),
            Change::Whole(whole) => disk.clone_from(whole),
        }
    }

    /// The disk as it was at some time, the changes of that very instant included.
    fn as_of(&self, time: GlobalTime) -> P::Disk {
        let mut disk = self.base.clone();
        let until_then = self.changes.iter().take_while(|(at, _)| *at <= time);
        until_then.for_each(|(_, change)| Self::fold(&mut disk, change));
        disk
    }

    /// Acknowledged writes that a crash may lose.
    fn at_stake(&self) -> usize {
        self.changes.len() - self.safe
    }

    /// Everything that was acknowledged is on the disk by now.
    fn secure(&mut self) {
        self.safe = self.changes.len();
    }

    /// Gives up what nobody can ask for: changes that are on the disk, and further back than any fault reaches. What is
    /// kept is therefore no longer than the longest rollback or lie of the plan.
    fn forget(&mut self, now: GlobalTime, reach: Span) {
        while self.safe > 0
            && let Some((at, change)) = self.changes.front()
            && *at + reach <= now
        {
            Self::fold(&mut self.base, change);
            self.changes.pop_front();
            self.safe -= 1;
        }
    }
}

/// The ledgers of all nodes, kept only in runs whose plan has a lie or a rollback.
#[derive(Debug)]
pub(crate) struct Ledgers<P: Protocol> {
    of: Vec<Ledger<P>>,
    /// How far back the plan's longest rollback goes.
    reach: Span,
}

impl<P: Protocol> Ledgers<P> {
    pub(crate) fn new() -> Self {
        Ledgers { of: Vec::new(), reach: Span::ZERO }
    }

    /// Begins a run with this plan, of nodes that have not booted yet.
    pub(crate) fn reset(&mut self, plan: &[PlannedFault], hosts: &[Host<P>]) {
        let reaches = plan.iter().filter_map(|fault| match fault.lever {
            Lever::DiskLie { .. } => Some(Span::ZERO),
            Lever::Crash { disk: DiskAfter::RolledBack(by), .. } => Some(by),
            _ => None,
        });
        let reach = reaches.max();
        self.of.clear();
        self.reach = reach.unwrap_or_default();
        if reach.is_some() {
            self.of.extend(hosts.iter().map(Ledger::new));
        }
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Makes every fsync that begins take longer.
    pub(crate) fn slow_disk(&mut self, node: NodeId, fault: u32, by: Jitter) {
        self.core.disks[node.index()].slow.push((fault, by));
    }

    /// Takes that away.
    pub(crate) fn hasten_disk(&mut self, node: NodeId, fault: u32) {
        self.core.disks[node.index()].slow.retain(|(of, _)| *of != fault);
    }

    /// From now on the disk acknowledges what it does not keep.
    pub(crate) fn begin_lie(&mut self, node: NodeId, fault: u32) {
        if let Some(ledger) = self.ledgers.of.get_mut(node.index()) {
            ledger.lies.push(fault);
        }
    }

    /// What is left of the writes becomes durable, if it was the last lie.
    pub(crate) fn end_lie(&mut self, node: NodeId, fault: u32) {
        if let Some(ledger) = self.ledgers.of.get_mut(node.index()) {
            ledger.lies.retain(|of| *of != fault);
            if ledger.lies.is_empty() {
                ledger.secure();
                ledger.forget(self.core.now, self.ledgers.reach);
            }
        }
    }

    /// Notes which writes an fsync has acknowledged, whether or not the process can hear of it.
    pub(crate) fn note_acknowledged(&mut self, node: NodeId, writes: u32) {
        let Some(ledger) = self.ledgers.of.get_mut(node.index()) else { return };
        let queued = self.hosts[node.index()].queue().filter_map(|queued| match queued {
            Queued::Write(write) => Some(write),
            _ => None,
        });
        // Before these are the writes whose end a process that is stopped has not heard of.
        let before = self.mailboxes[node.index()].synced();
        for write in queued.skip(before as usize).take(writes as usize) {
            ledger.changes.push_back((self.core.now, Change::Write(write.clone())));
        }
        if ledger.lies.is_empty() {
            ledger.secure();
        }
        ledger.forget(self.core.now, self.ledgers.reach);
    }

    /// What a crash does to the disk besides the loss of what was not acknowledged: a lie comes out, the machine is
    /// replaced, a backup is restored. What is there afterwards is durable, also on a disk that goes on lying.
    pub(crate) fn spoil_disk(&mut self, node: NodeId, death: Death) {
        let now = self.core.now;
        let mut spoilt = None;
        if let Some(ledger) = self.ledgers.of.get_mut(node.index()) {
            let host = &mut self.hosts[node.index()];
            let at_stake = ledger.at_stake();
            let survive = match death.unsynced {
                Unsynced::Lost => 0,
                Unsynced::Kept => at_stake,
                // On a disk that does not lie nothing is drawn: whether others lie is none of its business.
                Unsynced::Random if at_stake == 0 => 0,
                Unsynced::Random => self.sites[node.index()].harm.below(at_stake as u64 + 1) as usize,
            };
            // Where all survive, so does what was not even acknowledged, as far as the crash has left it.
            if survive < at_stake {
                ledger.changes.truncate(ledger.safe + survive);
                self.core.counters.lost_writes += (at_stake - survive) as u64;
                host.replace_disk(ledger.as_of(now));
                spoilt = Some(format!("lied: {survive} of {at_stake} acknowledged writes are there"));
            }
            if let DiskAfter::RolledBack(by) = death.disk {
                host.replace_disk(ledger.as_of(now - by));
                spoilt = Some(format!("is as it was {by} ago"));
            }
        }
        if death.disk == DiskAfter::Emptied {
            self.hosts[node.index()].replace_disk(P::Disk::default());
            spoilt = Some("is empty".to_owned());
        }
        if let Some(ledger) = self.ledgers.of.get_mut(node.index()) {
            ledger.changes.push_back((now, Change::Whole(self.hosts[node.index()].disk().clone())));
            ledger.secure();
            ledger.forget(now, self.ledgers.reach);
        }
        if let Some(spoilt) = spoilt {
            let sequence = self.core.next_sequence();
            self.record_world(sequence, Some(node), || InputRecord::World {
                what: format!("the disk of {node} {spoilt}"),
            });
        }
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> Core<P, A, O, R> {
    /// Stops a disk: the fsync under way is called off and starts anew when the last stall ends.
    pub(crate) fn stall(&mut self, node: NodeId) {
        let disk = &mut self.disks[node.index()];
        disk.stalls += 1;
        disk.operation += 1;
    }

    pub(crate) fn unstall(&mut self, site: &mut Site, node: NodeId) {
        let disk = &mut self.disks[node.index()];
        disk.stalls = disk.stalls.saturating_sub(1);
        let covers = disk.covers;
        if disk.stalls == 0 && covers > 0 {
            self.start_fsync(site, node, covers);
        }
    }
}
