//! Injecting faults, undoing them, and healing.

mod clocks;
mod disks;
mod links;
mod orders;
mod processes;

use crate::event::{Agenda, Event};
use crate::nemesis;
use crate::plan::{Lever, PlannedFault, When};
use crate::record::{InputRecord, Recorder};
use crate::rng::{Purpose, Stream};
use crate::select::Group;
use crate::setting::{Endpoint, Setting};
use crate::world::{World, tag};
pub use clocks::SHORTEST_TURN;
pub(crate) use clocks::Strobes;
pub(crate) use disks::Ledgers;
use interregnum_kernel::{Digest, GlobalTime, LossCause, NodeId, NodeSet, Observer, Order, Protocol, What};
pub(crate) use processes::Death;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// The run's faults, and what is injected at present, by place in the plan.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    /// The setting's plan, and behind it what the nemesis has drawn for this run.
    pub(crate) plan: Vec<PlannedFault>,
    in_force: Vec<InForce>,
    pub(crate) stream: Stream,
    /// Faults that found no target, or whose triggers never came.
    pub(crate) missed: u32,
    /// The node at which the trigger of the fault under way came.
    pub(crate) subject: Option<NodeId>,
    seed: u64,
    /// How many faults the setting plans: these are the same in every run, and so is what their choices are found by.
    planned: usize,
    /// How many of them do the same at the same time.
    equals: BTreeMap<u64, u64>,
}

/// What one fault did, to be undone exactly.
#[derive(Clone, Debug, Default)]
pub(crate) struct InForce {
    /// From the injection until the fault is undone.
    active: bool,
    /// The links that it cut or made worse.
    links: Vec<u16>,
    /// The nodes that it hit.
    nodes: NodeSet,
    /// The node at which its trigger came.
    subject: Option<NodeId>,
    /// The number of its injection in the order of events, the same whenever that is.
    sequence: u64,
    /// What its random choices are found by.
    key: u64,
}

impl InForce {
    /// A fault that has done nothing yet. What its random choices are found by depends on what it does and when, and on
    /// how many equal ones stand before it.
    fn of(fault: &PlannedFault, equals: &mut BTreeMap<u64, u64>) -> InForce {
        let mut digest = Digest::default();
        fault.when.hash(&mut digest);
        fault.lever.hash(&mut digest);
        let equal_before = equals.entry(digest.finish()).or_default();
        digest.absorb(*equal_before);
        *equal_before += 1;
        InForce { key: digest.finish(), ..InForce::default() }
    }

    fn clear(&mut self) {
        self.active = false;
        self.links.clear();
        self.nodes = NodeSet::EMPTY;
        self.subject = None;
    }
}

impl Faults {
    pub(crate) fn new(setting: &Setting) -> Faults {
        let plan = setting.plan.faults.clone();
        let mut equals = BTreeMap::new();
        let in_force = plan.iter().map(|fault| InForce::of(fault, &mut equals)).collect();
        Faults {
            planned: plan.len(),
            plan,
            in_force,
            stream: Stream::new(0, Purpose::Faults, NodeId(0)),
            missed: 0,
            subject: None,
            seed: 0,
            equals,
        }
    }

    /// Begins a run with the setting's plan, and with what the nemesis draws.
    pub(crate) fn reset(&mut self, setting: &Setting, seed: u64) {
        self.plan.truncate(self.planned);
        nemesis::extend(&mut self.plan, setting, seed);
        self.seed = seed;
        self.missed = 0;
    }

    /// Lays out what is in force, once the plan is whole.
    pub(crate) fn arm(&mut self) {
        self.in_force.truncate(self.planned);
        self.in_force.iter_mut().for_each(InForce::clear);
        if let Some(drawn @ [_, ..]) = self.plan.get(self.planned..) {
            let mut equals = self.equals.clone();
            self.in_force.extend(drawn.iter().map(|fault| InForce::of(fault, &mut equals)));
        }
    }

    /// The trigger of a fault came at this node. The number of its injection.
    pub(crate) fn come(&mut self, index: u32, subject: NodeId) -> u64 {
        let fault = &mut self.in_force[index as usize];
        fault.subject = Some(subject);
        fault.sequence
    }

    /// The nodes that are down by the crashes in force. Crashes stack: a node starts when the last of them ends.
    fn held_down(&self, plan: &[PlannedFault]) -> NodeSet {
        let crashes =
            plan.iter().zip(&self.in_force).filter(|(fault, _)| matches!(fault.lever, Lever::Crash { .. }));
        crashes.fold(NodeSet::EMPTY, |held, (_, done)| held.union(done.nodes))
    }

    /// The random choices of one fault, which do not depend on what other faults the plan has: the stream is found by
    /// what the fault does and when, and by how many equal ones stand before it.
    fn stream_of(&self, index: u32) -> Stream {
        let key = self.in_force[index as usize].key;
        Stream::new(self.seed ^ key, Purpose::Faults, NodeId(0))
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Puts the plan and the heal on the agenda. All faults have their numbers from the start, those that wait for
    /// triggers too: a fault comes before everything else that waits for its instant.
    pub(crate) fn schedule_plan(&mut self, setting: &Setting) {
        self.faults.arm();
        for (index, planned) in (0..).zip(&self.faults.plan) {
            let sequence = self.core.next_sequence();
            self.faults.in_force[index as usize].sequence = sequence;
            if let When::At(at) = planned.when {
                self.core.agenda.push(GlobalTime::ZERO + at, sequence, Event::Inject { fault: index });
            }
        }
        if let Some(heal) = setting.heal {
            self.core.push(GlobalTime::ZERO + heal, Event::Heal);
        }
    }

    pub(crate) fn inject(&mut self, sequence: u64, index: u32) {
        if !self.triggers.allow(&self.faults.plan[index as usize]) {
            return;
        }
        self.core.account(tag::INJECT, u64::from(index));
        self.faults.stream = self.faults.stream_of(index);
        // Taken out while the fault is injected, so that what it does can borrow the world.
        let plan = std::mem::take(&mut self.faults.plan);
        let fault = &plan[index as usize];
        let mut done = std::mem::take(&mut self.faults.in_force[index as usize]);
        self.faults.subject = done.subject;
        let hit = self.pull(sequence, &plan, &mut done, index);
        done.active = hit;
        let lasts = fault.lasts.filter(|_| hit);
        self.record_world(sequence, None, || InputRecord::World {
            what: format!("fault {}: {}{}", index + 1, fault.lever, if hit { "" } else { " (no target)" }),
        });
        let starts = matches!(fault.lever, Lever::Restart { .. });
        self.faults.plan = plan;
        if starts {
            self.disown(std::mem::take(&mut done.nodes));
        }
        self.faults.in_force[index as usize] = done;
        if !hit {
            self.faults.missed += 1;
            self.core.observe(NodeId(0), What::FaultMissed(index));
        }
        if let Some(lasts) = lasts {
            self.core.push(self.core.now + lasts, Event::Lift { fault: index });
        }
        self.links_changed();
        self.judge(LossCause::Fault);
    }

    /// Pulls a lever. False if it found no target.
    fn pull(&mut self, sequence: u64, plan: &[PlannedFault], done: &mut InForce, index: u32) -> bool {
        let lever = &plan[index as usize].lever;
        match lever {
            Lever::Cut { from, to, in_flight } => {
                self.cut(from, to, *in_flight, done);
                self.announce(index, !done.links.is_empty())
            }
            Lever::Partition { groups, in_flight } => {
                self.part(groups, *in_flight, done);
                self.announce(index, !done.links.is_empty())
            }
            Lever::Ring { target, reach, in_flight } => {
                self.encircle(target, *reach, *in_flight, done);
                self.announce(index, !done.links.is_empty())
            }
            Lever::Degrade { from, to, symmetric, damage, only } => {
                self.degrade(index, [from, to], *symmetric, (damage, only), done);
                self.announce(index, !done.links.is_empty())
            }
            Lever::Crash { target, unsynced, connections, disk } => {
                let death = Death { unsynced: *unsynced, connections: *connections, disk: *disk };
                let meant = self.pick_once(target).nodes;
                let dying = self.by_life(meant, true);
                if self.announce(index, !dying.is_empty()) {
                    done.nodes = dying.union(meant.intersection(self.faults.held_down(plan)));
                }
                dying.iter().for_each(|node| self.crash(sequence, node, death));
                !dying.is_empty()
            }
            Lever::Restart { target } => {
                done.nodes = self.pick_by_life(target, false);
                self.announce(index, !done.nodes.is_empty());
                done.nodes.iter().for_each(|node| self.boot(node));
                !done.nodes.is_empty()
            }
            Lever::Pause { target, .. } | Lever::Freeze { target, .. } => {
                let frozen = matches!(lever, Lever::Freeze { .. });
                done.nodes = self.pick_by_life(target, true);
                self.announce(index, !done.nodes.is_empty());
                done.nodes.iter().for_each(|node| self.stop(node, index, frozen));
                !done.nodes.is_empty()
            }
            Lever::SlowNode { target, each } => {
                self.hit(target, done, index, |world, node| world.slow_down(node, index, *each))
            }
            Lever::ClockStep { target, by, clock } => {
                self.hit(target, done, index, |world, node| world.step_clock(node, *by, *clock))
            }
            Lever::ClockDrift { target, ppm, clock } => {
                self.hit(target, done, index, |world, node| world.drift_clock(node, *ppm, *clock))
            }
            Lever::ClockStrobe { target, every, .. } => {
                let hit = self.hit(target, done, index, |_, _| {});
                if hit {
                    self.strobe(index, done.nodes, lever, true);
                    self.core.push(self.core.now + *every, Event::Strobe { fault: index, ahead: true });
                }
                hit
            }
            Lever::DiskStall { target } => {
                self.hit(target, done, index, |world, node| world.core.stall(node))
            }
            Lever::DiskSlow { target, by } => {
                self.hit(target, done, index, |world, node| world.slow_disk(node, index, *by))
            }
            Lever::DiskLie { target } => {
                self.hit(target, done, index, |world, node| world.begin_lie(node, index))
            }
            Lever::Transfer { to } => self.order_transfer(sequence, index, to),
            Lever::Resign { target } => self.order_resignation(sequence, index, target),
            Lever::AddNode { target, standing } => {
                let standing = *standing;
                self.order_leader(sequence, index, target, |nodes| Order::AddNodes { nodes, standing })
            }
            Lever::RemoveNode { target } => self.order_leader(sequence, index, target, Order::RemoveNodes),
            Lever::Promote { target } => self.order_leader(sequence, index, target, Order::PromoteNodes),
        }
    }

    /// Does something to every node that is meant, and remembers which they are.
    fn hit(
        &mut self,
        target: &[crate::plan::Selector],
        done: &mut InForce,
        index: u32,
        mut pull: impl FnMut(&mut Self, NodeId),
    ) -> bool {
        done.nodes = self.pick_once(target).nodes;
        self.announce(index, !done.nodes.is_empty());
        done.nodes.iter().for_each(|node| pull(self, node));
        !done.nodes.is_empty()
    }

    fn announce(&mut self, index: u32, hit: bool) -> bool {
        if hit {
            self.core.observe(NodeId(0), What::FaultInjected(index));
        }
        hit
    }

    /// A node that was started by order is no longer held down by any crash.
    fn disown(&mut self, nodes: NodeSet) {
        for (earlier, fault) in self.faults.in_force.iter_mut().zip(&self.faults.plan) {
            if matches!(fault.lever, Lever::Crash { .. }) {
                earlier.nodes = earlier.nodes.minus(nodes);
            }
        }
    }

    /// Ends a fault by itself; does nothing if healing has ended it already.
    pub(crate) fn lift(&mut self, sequence: u64, index: u32) {
        self.core.account(tag::LIFT, u64::from(index));
        let active = self.faults.in_force[index as usize].active;
        let everywhere = Group { nodes: self.setting.everyone(), resource: true };
        self.loosen(index, everywhere);
        self.revive(index, everywhere);
        self.faults.in_force[index as usize].clear();
        if !active {
            return;
        }
        self.core.observe(NodeId(0), What::FaultLifted(index));
        self.record_world(sequence, None, || InputRecord::World {
            what: format!("fault {} ends", index + 1),
        });
        self.links_changed();
        self.judge(LossCause::Fault);
    }

    /// Undoes what a fault does to links, disks and clocks, as far as it is among these endpoints.
    fn loosen(&mut self, index: u32, among: Group) {
        let plan = std::mem::take(&mut self.faults.plan);
        let mut done = std::mem::take(&mut self.faults.in_force[index as usize]);
        let lever = &plan[index as usize].lever;
        let nodes = done.nodes.intersection(among.nodes);
        match lever {
            Lever::Cut { .. } | Lever::Partition { .. } | Lever::Ring { .. } => {
                let (free, left) = self.links_among(&done.links, among);
                free.iter().for_each(|link| self.core.network.uncut(usize::from(*link)));
                done.links = left;
            }
            Lever::Degrade { .. } => {
                let (free, left) = self.links_among(&done.links, among);
                self.mend(index, &free);
                done.links = left;
            }
            Lever::SlowNode { .. } => nodes.iter().for_each(|node| self.speed_up(node, index)),
            Lever::ClockDrift { ppm, clock, .. } => {
                nodes.iter().for_each(|node| self.drift_clock(node, -*ppm, *clock));
            }
            Lever::ClockStrobe { .. } => self.end_strobe(index, nodes, lever),
            Lever::DiskStall { .. } => {
                nodes.iter().for_each(|node| self.core.unstall(&mut self.sites[node.index()], node));
            }
            Lever::DiskSlow { .. } => nodes.iter().for_each(|node| self.hasten_disk(node, index)),
            Lever::DiskLie { .. } => nodes.iter().for_each(|node| self.end_lie(node, index)),
            // Processes come later, and the rest cannot be undone.
            _ => {
                self.faults.plan = plan;
                self.faults.in_force[index as usize] = done;
                return;
            }
        }
        done.nodes = done.nodes.minus(nodes);
        self.faults.plan = plan;
        self.faults.in_force[index as usize] = done;
    }

    /// Lets the processes of these nodes go on that a fault stopped, and starts those that it killed.
    fn revive(&mut self, index: u32, among: Group) {
        let lever = &self.faults.plan[index as usize].lever;
        let (kills, stops) = (
            matches!(lever, Lever::Crash { .. }),
            matches!(lever, Lever::Pause { .. } | Lever::Freeze { .. }),
        );
        if !kills && !stops {
            return;
        }
        let done = &mut self.faults.in_force[index as usize];
        let nodes = done.nodes.intersection(among.nodes);
        done.nodes = done.nodes.minus(nodes);
        if kills {
            let held = self.faults.held_down(&self.faults.plan);
            self.start_again(nodes.minus(held));
        } else {
            nodes.iter().for_each(|node| self.go_on(node, index));
        }
    }

    /// Ends all faults at once: links open, processes go on, disks work, crashed nodes start, clocks run as they did. Lost
    /// data stays lost, and a clock that was set stays so. Where the setting names a core, only what is among the core's
    /// nodes, and between them and the resource, is healed; the rest stays broken.
    pub(crate) fn heal(&mut self, sequence: u64) {
        self.core.account(tag::HEAL, 0);
        self.faults.missed += self.triggers.stop(&mut self.core.watched);
        let healed = self.healed_core();
        let faults = self.faults.in_force.len() as u32;
        (0..faults).for_each(|index| self.loosen(index, healed));
        // Only now: what a node says as it starts must not meet a cut that ends at the same instant.
        (0..faults).for_each(|index| self.revive(index, healed));
        for done in &mut self.faults.in_force {
            if done.links.is_empty() && done.nodes.is_empty() {
                done.clear();
            }
        }
        self.start_again(healed.nodes.minus(self.setting.down));
        let whole = self.setting.core.is_empty();
        self.record_world(sequence, None, || InputRecord::World {
            what: if whole { "everything is healed".into() } else { format!("{} are healed", healed.nodes) },
        });
        self.links_changed();
        self.judge(LossCause::Fault);
        self.core.observe(NodeId(0), What::Healed);
    }

    /// What is healed: everything, or the core that the setting names. Like the resource, a coordination service belongs to
    /// every core; where the core names nodes of it, only those do.
    fn healed_core(&mut self) -> Group {
        let setting = std::sync::Arc::clone(&self.setting);
        if setting.core.is_empty() {
            return Group { nodes: setting.everyone(), resource: true };
        }
        self.faults.stream = Stream::new(self.faults.seed, Purpose::Faults, NodeId(1));
        let mut nodes = self.pick_once(&setting.core).nodes;
        if nodes.intersection(setting.service).is_empty() {
            nodes = nodes.union(setting.service);
        }
        Group { nodes, resource: true }
    }

    /// Those of the links that are among these endpoints, and the others.
    fn links_among(&self, links: &[u16], among: Group) -> (Vec<u16>, Vec<u16>) {
        let endpoints = usize::from(self.setting.nodes) + 1;
        let is_in = |endpoint: usize| {
            if endpoint + 1 == endpoints {
                among.resource
            } else {
                among.nodes.contains(NodeId::from_index(endpoint))
            }
        };
        links.iter().partition(|link| {
            let (from, to) = (usize::from(**link) / endpoints, usize::from(**link) % endpoints);
            is_in(from) && is_in(to)
        })
    }

    /// Whether messages pass between two endpoints, one direction.
    pub fn is_open(&self, from: Endpoint, to: Endpoint) -> bool {
        self.core.network.is_open(from, to)
    }
}
