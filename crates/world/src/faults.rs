//! Injecting faults, undoing them, and healing everything.

use crate::core::{Core, Site};
use crate::event::{Agenda, Event};
use crate::plan::{Connections, InFlight, Lever, Plan, PlannedFault, Selector, Unsynced};
use crate::record::{InputRecord, Recorder};
use crate::rng::{Purpose, Stream};
use crate::select::{Group, Picker};
use crate::setting::{Endpoint, Setting};
use crate::world::{World, tag};
use interregnum_kernel::{
    Digest, Incarnation, LossCause, NodeId, NodeSet, Observer, Order, Process, Protocol, What,
};
use std::hash::Hasher;
use std::sync::Arc;

/// What is injected at present, by place in the plan.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    in_force: Vec<InForce>,
    pub(crate) stream: Stream,
    /// Faults that found no target.
    pub(crate) missed: u32,
    /// What tells the faults' random choices apart: see [`identities`].
    identities: Vec<u64>,
    seed: u64,
}

/// What one fault did, to be undone exactly.
#[derive(Clone, Debug, Default)]
struct InForce {
    /// From the injection until the fault is undone.
    active: bool,
    links: Vec<u16>,
    crashed: NodeSet,
    stalled: NodeSet,
}

impl InForce {
    fn clear(&mut self) {
        self.active = false;
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
            identities: identities(&setting.plan),
            seed: 0,
        }
    }

    pub(crate) fn reset(&mut self, seed: u64) {
        self.in_force.iter_mut().for_each(InForce::clear);
        self.seed = seed;
        self.missed = 0;
    }

    /// The random choices of one fault, which do not depend on what other faults the plan has.
    fn stream_of(&self, index: u32) -> Stream {
        Stream::new(self.seed ^ self.identities[index as usize], Purpose::Faults, NodeId(0))
    }
}

/// A number for each fault, from what it does and when and from how many equal ones stand before it, but not from its
/// place: when another fault is dropped from the plan, the nodes that it draws stay the same.
fn identities(plan: &Plan) -> Vec<u64> {
    let faults = &plan.faults;
    let identity = |(place, fault): (usize, &PlannedFault)| {
        let equal = |other: &&PlannedFault| other.at == fault.at && other.lever == fault.lever;
        let mut digest = Digest::default();
        digest.write(fault.lever.to_string().as_bytes());
        digest.absorb(fault.at.0);
        digest.absorb(faults[..place].iter().filter(equal).count() as u64);
        digest.finish()
    };
    faults.iter().enumerate().map(identity).collect()
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    pub(crate) fn inject(&mut self, sequence: u64, index: u32) {
        let setting = Arc::clone(&self.setting);
        let fault = &setting.plan.faults[index as usize];
        self.core.account(tag::INJECT, u64::from(index));
        self.faults.stream = self.faults.stream_of(index);
        let mut done = std::mem::take(&mut self.faults.in_force[index as usize]);
        let hit = self.pull(sequence, &fault.lever, &mut done, index);
        done.active = hit;
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
                let mut picker = Picker::of_overlapping_groups();
                let from = self.pick(&mut picker, from);
                let to = self.pick(&mut picker, to);
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
            Lever::Crash { target, unsynced, connections } => {
                let nodes = self.pick_once(target).nodes;
                let nodes: NodeSet = nodes.iter().filter(|n| self.hosts[n.index()].is_up()).collect();
                self.announce(index, !nodes.is_empty());
                nodes.iter().for_each(|node| self.crash(sequence, node, *unsynced, *connections));
                // A node that was started meanwhile and dies again is this fault's to start, no earlier one's.
                for earlier in &mut self.faults.in_force {
                    earlier.crashed = earlier.crashed.minus(nodes);
                }
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
                let Some(leader) = self.acting_leader() else { return false };
                let heirs = self.pick(&mut Picker::without(leader), to).nodes;
                let Some(heir) = heirs.iter().next() else { return false };
                self.announce(index, true);
                self.administer(sequence, leader, Order::TransferLeadership(heir));
                true
            }
            Lever::Resign { target } => {
                let nodes = self.pick_once(target).nodes;
                let nodes: NodeSet = nodes.iter().filter(|n| self.hosts[n.index()].is_up()).collect();
                self.announce(index, !nodes.is_empty());
                nodes.iter().for_each(|node| self.administer(sequence, node, Order::Resign));
                !nodes.is_empty()
            }
            Lever::AddNode { target, standing } => {
                let standing = *standing;
                self.order_leader(sequence, index, target, |nodes| Order::AddNodes { nodes, standing })
            }
            Lever::RemoveNode { target } => self.order_leader(sequence, index, target, Order::RemoveNodes),
            Lever::Promote { target } => self.order_leader(sequence, index, target, Order::PromoteNodes),
        }
    }

    /// Gives the acting leader an order that concerns other nodes. False if nobody leads, or nobody is concerned.
    fn order_leader(
        &mut self,
        sequence: u64,
        index: u32,
        target: &[Selector],
        order: impl FnOnce(NodeSet) -> Order,
    ) -> bool {
        let Some(leader) = self.acting_leader() else { return false };
        let nodes = self.pick_once(target).nodes;
        let hit = self.announce(index, !nodes.is_empty());
        if hit {
            self.administer(sequence, leader, order(nodes));
        }
        hit
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
        self.core.account(tag::LIFT, u64::from(index));
        let mut done = std::mem::take(&mut self.faults.in_force[index as usize]);
        let active = done.active;
        self.loosen(&done);
        self.start_again(&done);
        done.clear();
        self.faults.in_force[index as usize] = done;
        if !active {
            return;
        }
        self.core.observe(NodeId(0), What::FaultLifted(index));
        self.record_world(sequence, None, || InputRecord::World {
            what: format!("fault {} ends", index + 1),
        });
        self.judge(LossCause::Fault);
    }

    /// Opens the links that a fault cut and lets the disks go on that it stalled.
    fn loosen(&mut self, done: &InForce) {
        for link in &done.links {
            self.core.network.uncut(usize::from(*link));
        }
        done.stalled.iter().for_each(|node| self.core.unstall(&mut self.sites[node.index()], node));
    }

    /// Starts the processes that a fault killed.
    fn start_again(&mut self, done: &InForce) {
        for node in done.crashed.iter() {
            if !self.hosts[node.index()].is_up() {
                self.boot(node);
            }
        }
    }

    /// Ends all faults at once: links open, disks work, crashed nodes start. Lost data stays lost.
    pub(crate) fn heal(&mut self, sequence: u64) {
        self.core.account(tag::HEAL, 0);
        let mut in_force = std::mem::take(&mut self.faults.in_force);
        in_force.iter().for_each(|done| self.loosen(done));
        // Only now: what a node says as it starts must not meet a cut that ends at the same instant.
        in_force.iter().for_each(|done| self.start_again(done));
        in_force.iter_mut().for_each(InForce::clear);
        self.faults.in_force = in_force;
        for node in self.setting.everyone().minus(self.setting.down).iter() {
            if !self.hosts[node.index()].is_up() {
                self.boot(node);
            }
        }
        self.record_world(sequence, None, || InputRecord::World { what: "everything is healed".into() });
        self.judge(LossCause::Fault);
        self.core.observe(NodeId(0), What::Healed);
    }

    fn crash(&mut self, sequence: u64, node: NodeId, unsynced: Unsynced, connections: Connections) {
        let pending = self.hosts[node.index()].pending_writes();
        let kept = match unsynced {
            Unsynced::Lost => 0,
            Unsynced::Kept => pending,
            Unsynced::Random => self.sites[node.index()].disk.below(u64::from(pending) + 1) as u32,
        };
        let process = Process { node, incarnation: self.hosts[node.index()].incarnation() };
        self.core.account(tag::CRASH, u64::from(kept) << 8 | u64::from(node.0));
        self.lose_quorum(node);
        let describe = R::ON.then_some(InputRecord::Crash { kept });
        self.with_node(sequence, node, describe, |host, _, _, _, port| host.crash(kept, port));
        self.core.timers.unset_all(node);
        self.core.disks[node.index()].covers = 0;
        self.core.disks[node.index()].operation += 1;
        let incarnation: Incarnation = self.hosts[node.index()].incarnation();
        self.core.incarnations[node.index()] = incarnation;
        if P::CONNECTIONS && connections == Connections::Reset {
            self.reset_connections(process);
        }
    }

    /// Sends every other node the news of a process's death.
    fn reset_connections(&mut self, peer: Process) {
        let from = Endpoint::from(peer.node);
        for to in self.setting.everyone().minus(NodeSet::only(peer.node)).iter() {
            let stream = &mut self.sites[peer.node.index()].network;
            let link = &self.setting.links[Setting::link_index(self.setting.nodes, from, Endpoint::from(to))];
            // A reset is retransmitted until it is heard, so that loss does not concern it; a cut does.
            let at = self.core.now + link.latency.sample(stream);
            if self.core.network.is_open(from, Endpoint::from(to)) {
                self.core.push(at, Event::Disconnect { to, peer });
            }
        }
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
