//! Injecting faults, undoing them, and healing everything.

use crate::core::{Core, Site};
use crate::event::{Agenda, Event};
use crate::plan::{InFlight, Lever, Unsynced};
use crate::record::{InputRecord, Recorder};
use crate::rng::{Purpose, Stream};
use crate::select::{Group, Picker};
use crate::setting::{Endpoint, Setting};
use crate::world::{World, tag};
use interregnum_kernel::{Incarnation, LossCause, NodeId, NodeSet, Observer, Order, Protocol, What};
use std::sync::Arc;

/// What is injected at present, by place in the plan.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    in_force: Vec<InForce>,
    pub(crate) stream: Stream,
    /// Faults that found no target.
    pub(crate) missed: u32,
}

/// What one fault did, to be undone exactly.
#[derive(Clone, Debug, Default)]
struct InForce {
    links: Vec<u16>,
    crashed: NodeSet,
    stalled: NodeSet,
}

impl InForce {
    fn clear(&mut self) {
        self.links.clear();
        self.crashed = NodeSet::EMPTY;
        self.stalled = NodeSet::EMPTY;
    }
}

impl Faults {
    pub(crate) fn new(setting: &Setting) -> Faults {
        Faults {
            in_force: vec![InForce::default(); setting.plan.faults.len()],
            stream: Stream::new(0, Purpose::Faults, NodeId(0)),
            missed: 0,
        }
    }

    pub(crate) fn reset(&mut self, stream: Stream) {
        self.in_force.iter_mut().for_each(InForce::clear);
        self.stream = stream;
        self.missed = 0;
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    pub(crate) fn inject(&mut self, sequence: u64, index: u32) {
        let setting = Arc::clone(&self.setting);
        let fault = &setting.plan.faults[index as usize];
        self.core.account(tag::INJECT, u64::from(index));
        let mut done = std::mem::take(&mut self.faults.in_force[index as usize]);
        let hit = self.pull(sequence, &fault.lever, &mut done, index);
        self.faults.in_force[index as usize] = done;
        if !hit {
            self.faults.missed += 1;
            self.core.observe(NodeId(0), What::FaultMissed(index));
        }
        self.record_world(sequence, None, || InputRecord::World {
            what: format!("fault {}: {}{}", index + 1, fault.lever, if hit { "" } else { " (no target)" }),
        });
        if let Some(lasts) = fault.lasts.filter(|_| hit) {
            self.core.push(self.core.now + lasts, Event::Lift { fault: index });
        }
        self.judge(LossCause::Fault);
    }

    /// Pulls a lever. False if it found no target.
    fn pull(&mut self, sequence: u64, lever: &Lever, done: &mut InForce, index: u32) -> bool {
        match lever {
            Lever::Cut { from, to, in_flight } => {
                let from = self.pick_once(from);
                let to = self.pick_once(to);
                self.cut_all(&from, &to, *in_flight, done);
                self.announce(index, !done.links.is_empty())
            }
            Lever::Partition { groups, in_flight } => {
                let mut picker = Picker::default();
                let groups: Vec<Group> = groups.iter().map(|group| self.pick(&mut picker, group)).collect();
                for (i, from) in groups.iter().enumerate() {
                    for to in groups.iter().take(i).chain(&groups[i + 1..]) {
                        self.cut_all(from, to, *in_flight, done);
                    }
                }
                self.announce(index, !done.links.is_empty())
            }
            Lever::Crash { target, unsynced } => {
                let nodes = self.pick_once(target).nodes;
                let nodes: NodeSet = nodes.iter().filter(|n| self.hosts[n.index()].is_up()).collect();
                self.announce(index, !nodes.is_empty());
                nodes.iter().for_each(|node| self.crash(sequence, node, *unsynced));
                done.crashed = nodes;
                !nodes.is_empty()
            }
            Lever::Restart { target } => {
                let nodes = self.pick_once(target).nodes;
                let nodes: NodeSet = nodes.iter().filter(|n| !self.hosts[n.index()].is_up()).collect();
                self.announce(index, !nodes.is_empty());
                nodes.iter().for_each(|node| self.boot(node));
                !nodes.is_empty()
            }
            Lever::DiskStall { target } => {
                let nodes = self.pick_once(target).nodes;
                self.announce(index, !nodes.is_empty());
                nodes.iter().for_each(|node| self.core.stall(node));
                done.stalled = nodes;
                !nodes.is_empty()
            }
            Lever::Transfer { to } => {
                let Some(leader) = self.leader() else { return false };
                let heirs = self.pick_once(to).nodes;
                let Some(heir) = heirs.iter().find(|node| *node != leader) else { return false };
                self.announce(index, true);
                self.administer(sequence, leader, Order::TransferLeadership(heir));
                true
            }
        }
    }

    fn announce(&mut self, index: u32, hit: bool) -> bool {
        if hit {
            self.core.observe(NodeId(0), What::FaultInjected(index));
        }
        hit
    }

    fn administer(&mut self, sequence: u64, node: NodeId, order: Order) {
        self.core.account(tag::ADMINISTER, u64::from(node.0));
        let describe = R::ON.then(|| InputRecord::Administer { order: format!("{order:?}") });
        self.with_node(sequence, node, describe, |host, protocol, now, effects, port| {
            host.administer(protocol, now, order, effects, port);
        });
    }

    /// Ends a fault by itself; does nothing if healing has ended it already.
    pub(crate) fn lift(&mut self, sequence: u64, index: u32) {
        let mut done = std::mem::take(&mut self.faults.in_force[index as usize]);
        self.core.account(tag::LIFT, u64::from(index));
        self.undo(&done);
        done.clear();
        self.faults.in_force[index as usize] = done;
        self.core.observe(NodeId(0), What::FaultLifted(index));
        self.record_world(sequence, None, || InputRecord::World {
            what: format!("fault {} ends", index + 1),
        });
        self.judge(LossCause::Fault);
    }

    fn undo(&mut self, done: &InForce) {
        for link in &done.links {
            self.core.network.uncut(usize::from(*link));
        }
        done.stalled.iter().for_each(|node| self.core.unstall(&mut self.sites[node.index()], node));
        for node in done.crashed.iter() {
            if !self.hosts[node.index()].is_up() {
                self.boot(node);
            }
        }
    }

    /// Ends all faults at once: links open, disks work, crashed nodes start. Lost data stays lost.
    pub(crate) fn heal(&mut self, sequence: u64) {
        self.core.account(tag::HEAL, 0);
        for index in 0..self.faults.in_force.len() {
            let mut done = std::mem::take(&mut self.faults.in_force[index]);
            self.undo(&done);
            done.clear();
            self.faults.in_force[index] = done;
        }
        for node in self.setting.everyone().minus(self.setting.down).iter() {
            if !self.hosts[node.index()].is_up() {
                self.boot(node);
            }
        }
        self.core.network.heal();
        self.record_world(sequence, None, || InputRecord::World { what: "everything is healed".into() });
        self.judge(LossCause::Fault);
        self.core.observe(NodeId(0), What::Healed);
    }

    fn crash(&mut self, sequence: u64, node: NodeId, unsynced: Unsynced) {
        let pending = self.hosts[node.index()].pending_writes();
        let kept = match unsynced {
            Unsynced::Lost => 0,
            Unsynced::Kept => pending,
            Unsynced::Random => self.sites[node.index()].disk.below(u64::from(pending) + 1) as u32,
        };
        self.core.account(tag::CRASH, u64::from(kept) << 8 | u64::from(node.0));
        self.lose_quorum(node);
        let describe = R::ON.then_some(InputRecord::Crash { kept });
        self.with_node(sequence, node, describe, |host, _, _, _, port| host.crash(kept, port));
        self.core.timers.unset_all(node);
        self.core.disks[node.index()].covers = 0;
        self.core.disks[node.index()].operation += 1;
        let incarnation: Incarnation = self.hosts[node.index()].incarnation();
        self.core.incarnations[node.index()] = incarnation;
    }

    fn cut_all(&mut self, from: &Group, to: &Group, in_flight: InFlight, done: &mut InForce) {
        let drop_below = (in_flight == InFlight::Drop).then_some(self.core.sequence);
        for sender in from.endpoints(self.setting.nodes) {
            for receiver in to.endpoints(self.setting.nodes) {
                if sender != receiver {
                    let link = self.core.network.link(sender, receiver);
                    self.core.network.cut(link, drop_below);
                    // At most 65 endpoints, so at most 4,225 links.
                    done.links.push(link as u16);
                }
            }
        }
    }

    fn leader(&self) -> Option<NodeId> {
        self.acting_leader()
    }

    /// Whether messages pass between two endpoints, one direction.
    pub fn is_open(&self, from: Endpoint, to: Endpoint) -> bool {
        self.core.network.is_open(from, to)
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> Core<P, A, O, R> {
    /// Stops a disk: the fsync under way is called off and starts anew when the last stall ends.
    fn stall(&mut self, node: NodeId) {
        let disk = &mut self.disks[node.index()];
        disk.stalls += 1;
        disk.operation += 1;
    }

    fn unstall(&mut self, site: &mut Site, node: NodeId) {
        let disk = &mut self.disks[node.index()];
        disk.stalls = disk.stalls.saturating_sub(1);
        let covers = disk.covers;
        if disk.stalls == 0 && covers > 0 {
            self.start_fsync(site, node, covers);
        }
    }
}
