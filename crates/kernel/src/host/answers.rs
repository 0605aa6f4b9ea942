//! What can be asked of a host, and when two hosts are the same.

use super::{Host, Queued, Running};
use crate::ids::{Epoch, Incarnation, LogEntry, LogIndex, NodeId, NodeSet, Office, Role};
use crate::protocol::{Checkable, Deadline, Leadership, Protocol, TimerSet};
use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

/// Questions about a node.
impl<P: Protocol> Host<P> {
    /// Its name.
    pub fn node(&self) -> NodeId {
        self.node
    }
    /// How often it has crashed.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }
    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        self.running.is_some()
    }
    /// Its memory, while it runs.
    pub fn state(&self) -> Option<&P::State> {
        self.running.as_ref().map(|running| &running.state)
    }
    /// What is durable.
    pub fn disk(&self) -> &P::Disk {
        &self.disk
    }
    /// How many writes are not durable yet: a crash has one outcome more than that.
    pub fn pending_writes(&self) -> u32 {
        self.pending
    }
    /// The disk queue, oldest first.
    pub fn queue(&self) -> impl Iterator<Item = &Queued<P::Message, P::Write>> {
        self.queue.iter()
    }
    /// The armed timers.
    pub fn armed(&self) -> TimerSet {
        self.armed
    }
    /// What it leads, as last observed.
    pub fn leadership(&self) -> Option<Leadership> {
        self.running.as_ref().and_then(|running| running.leadership)
    }
    /// When its lease ends, as last observed.
    pub fn lease(&self) -> Option<Deadline> {
        self.running.as_ref().and_then(|running| running.lease)
    }
    /// Its role, as last observed; `None` while it is down.
    pub fn role(&self) -> Option<Role> {
        self.running.as_ref().map(|running| running.role)
    }
    /// Its epoch, as last observed; `None` while it is down.
    pub fn epoch(&self) -> Option<Epoch> {
        self.running.as_ref().map(|running| running.epoch)
    }
    /// Whether these nodes are a quorum in its configuration; false while it is down.
    pub fn is_quorum(&self, protocol: &P, nodes: NodeSet) -> bool {
        self.running.as_ref().is_some_and(|running| protocol.is_quorum(&running.state, nodes))
    }
    /// The entry at a position of its log.
    pub fn log_entry(&self, protocol: &P, index: LogIndex) -> Option<LogEntry> {
        self.running.as_ref().and_then(|running| protocol.log_entry(&running.state, index))
    }
}

// `derive` would ask `P: Clone + Eq + Hash` and not what is meant: that the protocol's types are. So by hand.

impl<P: Checkable> Clone for Host<P> {
    fn clone(&self) -> Self {
        Host {
            node: self.node,
            incarnation: self.incarnation,
            disk: self.disk.clone(),
            queue: self.queue.clone(),
            pending: self.pending,
            busy: self.busy,
            armed: self.armed,
            running: self.running.as_ref().map(|running| Running {
                state: running.state.clone(),
                leadership: running.leadership,
                lease: running.lease,
                lease_office: running.lease_office,
                role: running.role,
                epoch: running.epoch,
            }),
        }
    }
}

impl<P: Checkable> Host<P> {
    /// Everything that two equal hosts share. `busy` and `pending` follow from the queue, and the last answers from
    /// the state; the lease is kept because it depends on the time as well.
    #[expect(clippy::type_complexity, reason = "a private tuple, named once")]
    fn essence(
        &self,
    ) -> (
        NodeId,
        Incarnation,
        &P::Disk,
        &VecDeque<Queued<P::Message, P::Write>>,
        TimerSet,
        Option<(&P::State, Option<Leadership>, Option<(Deadline, Office)>)>,
    ) {
        let running = self
            .running
            .as_ref()
            .map(|r| (&r.state, r.leadership, r.lease.map(|deadline| (deadline, r.lease_office))));
        (self.node, self.incarnation, &self.disk, &self.queue, self.armed, running)
    }
}

impl<P: Checkable> PartialEq for Host<P> {
    fn eq(&self, other: &Self) -> bool {
        self.essence() == other.essence()
    }
}

impl<P: Checkable> Eq for Host<P> {}

impl<P: Checkable> Hash for Host<P> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.essence().hash(hasher);
    }
}
