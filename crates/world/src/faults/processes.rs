//! Processes that die, that start, that stop for a time, and that are slow.

use crate::core::Site;
use crate::event::{Agenda, Event};
use crate::plan::{Connections, DiskAfter, Selector, Unsynced};
use crate::record::{InputRecord, Recorder};
use crate::setting::{Endpoint, Setting};
use crate::world::{World, tag};
use interregnum_kernel::{NodeId, NodeSet, Observer, Process, Protocol, What};

/// How a process dies.
#[derive(Clone, Copy)]
pub(crate) struct Death {
    pub(crate) unsynced: Unsynced,
    pub(crate) connections: Connections,
    pub(crate) disk: DiskAfter,
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// The nodes meant whose processes run, or do not.
    pub(crate) fn pick_by_life(&mut self, target: &[Selector], up: bool) -> NodeSet {
        let nodes = self.pick_once(target).nodes;
        self.by_life(nodes, up)
    }

    /// Those of the nodes whose processes run, or do not.
    pub(crate) fn by_life(&self, nodes: NodeSet, up: bool) -> NodeSet {
        nodes.iter().filter(|node| self.hosts[node.index()].is_up() == up).collect()
    }

    pub(crate) fn crash(&mut self, sequence: u64, node: NodeId, death: Death) {
        let pending = self.hosts[node.index()].pending_writes();
        let synced = self.mailboxes[node.index()].synced();
        let kept = match death.unsynced {
            Unsynced::Lost => synced,
            Unsynced::Kept => pending,
            Unsynced::Random => {
                synced + self.sites[node.index()].disk.below(u64::from(pending - synced) + 1) as u32
            }
        };
        self.core.counters.lost_writes += u64::from(pending - kept);
        let process = Process { node, incarnation: self.hosts[node.index()].incarnation() };
        self.core.account(tag::CRASH, u64::from(kept) << 8 | u64::from(node.0));
        self.lose_quorum(node);
        let describe = R::ON.then_some(InputRecord::Crash { kept });
        self.with_node(sequence, node, describe, |host, _, _, _, port| host.crash(kept, port));
        self.core.timers.unset_all(node);
        self.core.disks[node.index()].covers = 0;
        self.core.disks[node.index()].operation += 1;
        self.core.incarnations[node.index()] = self.hosts[node.index()].incarnation();
        self.forget_inputs(node);
        self.spoil_disk(node, death);
        if P::CONNECTIONS && death.connections == Connections::Reset {
            self.reset_connections(process);
        }
    }

    /// Sends every other node the news of a process's death.
    fn reset_connections(&mut self, peer: Process) {
        let from = Endpoint::from(peer.node);
        for to in self.setting.everyone().minus(NodeSet::only(peer.node)).iter() {
            let Site { network: stream, harm, .. } = &mut self.sites[peer.node.index()];
            let link = &self.setting.links[Setting::link_index(self.setting.nodes, from, Endpoint::from(to))];
            // A reset is retransmitted until it is heard, so that loss does not concern it; a cut does.
            let held_up = self.core.network.holds_up(from, Endpoint::from(to), harm);
            let at = self.core.now + link.latency.sample(stream) + held_up;
            if self.core.network.is_open(from, Endpoint::from(to)) {
                self.core.push(at, Event::Disconnect { to, peer });
            }
        }
    }

    /// Starts those processes that are down.
    pub(crate) fn start_again(&mut self, nodes: NodeSet) {
        for node in nodes.iter() {
            if !self.hosts[node.index()].is_up() {
                self.boot(node);
            }
        }
    }

    /// Stops a process, and its machine's clocks if it is frozen.
    pub(crate) fn stop(&mut self, node: NodeId, fault: u32, frozen: bool) {
        let mailbox = &mut self.mailboxes[node.index()];
        let (was_stopped, was_frozen) = (mailbox.is_stopped(), mailbox.is_frozen());
        mailbox.stop(fault, frozen, self.core.now);
        self.core.apart.insert(node);
        if frozen && !was_frozen {
            self.freeze_clock(node);
        }
        if !was_stopped {
            self.core.observe(node, What::Stopped);
        }
    }

    /// Ends a stop; the process goes on if it was the last.
    pub(crate) fn go_on(&mut self, node: NodeId, fault: u32) {
        let mailbox = &mut self.mailboxes[node.index()];
        let was_frozen = mailbox.is_frozen();
        if !mailbox.release(fault) {
            // The process died meanwhile, and the stop with it.
            return;
        }
        let (stopped, frozen) = (mailbox.is_stopped(), mailbox.is_frozen());
        if was_frozen && !frozen {
            self.thaw_clock(node);
        }
        if !stopped {
            self.core.observe(node, What::Resumed);
            self.wake(node, fault);
        }
    }

    /// What a process had not got to dies with it, and so does its stop. Its machine stays as slow as it was.
    fn forget_inputs(&mut self, node: NodeId) {
        let mailbox = &mut self.mailboxes[node.index()];
        let was_frozen = mailbox.is_frozen();
        self.core.counters.lost += mailbox.die();
        if !mailbox.is_slow() {
            self.core.apart.remove(node);
        }
        if was_frozen {
            self.thaw_clock(node);
        }
    }
}
