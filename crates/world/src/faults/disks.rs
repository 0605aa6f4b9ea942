//! Disks that stand, that are slow, that lie, and that are set back.

use crate::core::{Core, Site};
use crate::event::Agenda;
use crate::faults::Death;
use crate::record::Recorder;
use crate::world::World;
use interregnum_kernel::{Jitter, NodeId, Observer, Protocol};

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Makes every fsync that begins take longer.
    pub(crate) fn slow_disk(&mut self, node: NodeId, fault: u32, by: Jitter) {
        let _ = (node, fault, by);
    }

    /// Takes that away.
    pub(crate) fn hasten_disk(&mut self, node: NodeId, fault: u32) {
        let _ = (node, fault);
    }

    /// From now on the disk acknowledges what it does not keep.
    pub(crate) fn begin_lie(&mut self, node: NodeId, fault: u32) {
        let _ = (node, fault);
    }

    /// What is left of the writes becomes durable.
    pub(crate) fn end_lie(&mut self, node: NodeId, fault: u32) {
        let _ = (node, fault);
    }

    /// What a crash does to the disk besides the loss of what was not acknowledged: a lie comes out, the machine is
    /// replaced, a backup is restored.
    pub(crate) fn spoil_disk(&mut self, node: NodeId, death: Death) {
        let _ = (node, death.disk);
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
