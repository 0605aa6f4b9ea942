//! The world of one run: the nodes and all that surrounds them. An engine pops events and hands them in.

use crate::connectivity::Mesh;
use crate::core::{Core, Counters, NodePort, Site};
use crate::event::{Agenda, Event};
use crate::faults::{Faults, Ledgers, Strobes};
use crate::mailbox::{Held, Mailbox};
use crate::quorum::Obeyed;
use crate::record::{Entry, InputRecord, NodeRecord, Recorder};
use crate::resource::Resource;
use crate::setting::{Endpoint, Setting};
use crate::timers::Due;
use crate::triggers::Triggers;
use crate::workload::Workload;
use interregnum_kernel::{
    Effects, GlobalTime, Host, Incarnation, LossCause, NodeId, Now, Observer, Process, Protocol, TimerName,
    TraceDigest, What,
};
use std::sync::Arc;

/// The nodes, the network, the clocks, the disks, the clients and the faults of one run.
///
/// A world is reused from run to run: its storage stays, everything else is a function of setting, protocol and seed.
#[derive(Debug)]
pub struct World<P: Protocol, A, O, R> {
    pub(crate) protocol: P,
    pub(crate) setting: Arc<Setting>,
    pub(crate) hosts: Vec<Host<P>>,
    pub(crate) sites: Vec<Site>,
    pub(crate) effects: Effects<P>,
    pub(crate) core: Core<P, A, O, R>,
    pub(crate) obeyed: Obeyed,
    pub(crate) mesh: Mesh,
    pub(crate) faults: Faults,
    pub(crate) triggers: Triggers,
    pub(crate) mailboxes: Vec<Mailbox<P>>,
    pub(crate) strobes: Strobes,
    pub(crate) ledgers: Ledgers<P>,
    pub(crate) workload: Workload,
    pub(crate) resource: Resource,
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// A world for runs of this setting. [`World::start`] begins one.
    pub fn new(protocol: P, setting: Arc<Setting>, agenda: A, observer: O, recorder: R) -> Self {
        let nodes = (0..usize::from(setting.nodes)).map(NodeId::from_index);
        World {
            hosts: nodes.map(|node| Host::new(&protocol, node)).collect(),
            sites: Vec::new(),
            effects: Effects::default(),
            core: Core::new(&setting, agenda, observer, recorder),
            obeyed: Obeyed::default(),
            mesh: Mesh::default(),
            faults: Faults::new(&setting),
            triggers: Triggers::default(),
            mailboxes: (0..setting.nodes).map(|_| Mailbox::default()).collect(),
            strobes: Strobes::new(),
            ledgers: Ledgers::new(),
            workload: Workload::default(),
            resource: Resource::new(setting.fencing),
            protocol,
            setting,
        }
    }

    /// Begins the run of a seed: boots the nodes and puts the clients' first turns and the plan on the agenda, which
    /// the engine has emptied. The caller has reset the observer.
    pub fn start(&mut self, seed: u64) {
        let setting = Arc::clone(&self.setting);
        self.core.reset(&setting, seed, &mut self.sites);
        self.obeyed.reset(setting.nodes);
        self.mesh.reset();
        self.faults.reset(&setting, seed);
        self.mailboxes.iter_mut().for_each(Mailbox::reset);
        self.core.watched = self.triggers.reset(&self.faults.plan, P::PHASES);
        self.strobes.clear();
        self.workload.reset();
        self.resource = Resource::new(setting.fencing);
        for host in &mut self.hosts {
            host.reset(&self.protocol);
        }
        self.ledgers.reset(&self.faults.plan, &self.hosts);
        self.schedule_plan(&setting);
        self.schedule_clients(&setting);
        for node in setting.everyone().minus(setting.down).iter() {
            self.boot(node);
        }
        self.links_changed();
        self.settle();
    }

    /// Stops runs after so many events.
    pub fn set_event_limit(&mut self, limit: u64) {
        self.core.event_limit = limit;
    }

    /// Handles the event that is next in (time, sequence) order. False once the limit of events is reached.
    #[inline(always)]
    pub fn handle(&mut self, at: GlobalTime, sequence: u64, event: Event<P>) -> bool {
        self.handle_late(at, at, sequence, event)
    }

    /// As [`World::handle`], at a time that may be later than what the event was meant for: an engine that runs on a
    /// runtime of others' is not always on time.
    #[inline(always)]
    pub fn handle_late(&mut self, now: GlobalTime, due: GlobalTime, sequence: u64, event: Event<P>) -> bool {
        self.core.now = now;
        match event {
            Event::Deliver { to, from, message } => self.deliver(sequence, to, from, message),
            Event::Timer { node, slot } => self.timer(due, sequence, node, usize::from(slot)),
            Event::Disconnect { to, peer } => self.handle_rare(sequence, Rare::Disconnect(to, peer)),
            Event::Fsync { node, operation } => self.handle_rare(sequence, Rare::Fsync(node, operation)),
            Event::Turn { node, number } => self.handle_rare(sequence, Rare::Turn(node, number)),
            Event::Strobe { fault, ahead } => self.handle_rare(sequence, Rare::Strobe(fault, ahead)),
            Event::WriteTick => self.handle_rare(sequence, Rare::WriteTick),
            Event::ProposalTick => self.handle_rare(sequence, Rare::ProposalTick),
            Event::Discover { node, election } => self.handle_rare(sequence, Rare::Discover(node, election)),
            Event::Act { write } => self.handle_rare(sequence, Rare::Act(write)),
            Event::Reach { write } => self.handle_rare(sequence, Rare::Reach(write)),
            Event::Inject { fault } => self.handle_rare(sequence, Rare::Inject(fault)),
            Event::Lift { fault } => self.handle_rare(sequence, Rare::Lift(fault)),
            Event::Heal => self.handle_rare(sequence, Rare::Heal),
            Event::Boot { node, incarnation } => self.handle_rare(sequence, Rare::Boot(node, incarnation)),
        }
        self.settle()
    }

    /// Kept out of the loop's code, which deliveries and timers should have to themselves.
    #[inline(never)]
    fn handle_rare(&mut self, sequence: u64, event: Rare) {
        match event {
            Rare::Disconnect(to, peer) => self.disconnect(sequence, to, peer),
            Rare::Fsync(node, operation) => self.fsync_ends(sequence, node, operation),
            Rare::Turn(node, number) => self.turn(sequence, node, number),
            Rare::Strobe(fault, ahead) => self.strobe_turns(sequence, fault, ahead),
            Rare::WriteTick => self.write_tick(sequence),
            Rare::ProposalTick => self.proposal_tick(sequence),
            Rare::Discover(node, election) => self.discover(sequence, node, election),
            Rare::Act(write) => self.act(sequence, write),
            Rare::Reach(write) => self.reach(sequence, write),
            Rare::Inject(fault) => self.inject(sequence, fault),
            Rare::Lift(fault) => self.lift(sequence, fault),
            Rare::Heal => self.heal(sequence),
            // Whoever is up again may be the one that a quorum was short of, and the fault was judged before that.
            Rare::Boot(node, incarnation) if self.hosts[node.index()].incarnation() == incarnation => {
                self.boot_now(sequence, node);
                self.links_changed();
                self.judge(LossCause::Fault);
            }
            // It has been started and has crashed since.
            Rare::Boot(..) => {}
        }
    }

    /// Ends the run at its horizon.
    pub fn finish(&mut self, at: GlobalTime) {
        self.core.now = at;
        self.faults.missed += self.triggers.stop(&mut self.core.watched);
        self.core.observe(NodeId(0), What::Ended);
        self.core.digest.absorb_pair(self.core.counters.events, at.0);
    }

    #[inline(always)]
    fn deliver(&mut self, sequence: u64, to: NodeId, from: NodeId, message: P::Message) {
        let label = P::label(&message).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.core.account(tag::DELIVER, label ^ u64::from(to.0) << 8 ^ u64::from(from.0));
        let up = self.hosts[to.index()].is_up();
        let carried = self.core.agenda.carries_messages();
        if !up || !carried && self.core.network.dropped(Endpoint::from(from), Endpoint::from(to), sequence) {
            self.core.counters.lost += 1;
            let kind = P::KINDS[usize::from(P::kind(&message).0)];
            self.record_world(sequence, Some(to), || InputRecord::Vanish { from, kind });
            return;
        }
        if self.core.apart.contains(to) {
            return self.hold(sequence, to, Held::Message(from, message));
        }
        self.give_message(sequence, to, from, message);
    }

    /// A node hears a message.
    #[inline(always)]
    pub(crate) fn give_message(&mut self, sequence: u64, to: NodeId, from: NodeId, message: P::Message) {
        let describe = R::ON.then(|| InputRecord::Deliver {
            from,
            kind: P::KINDS[usize::from(P::kind(&message).0)],
            message: format!("{message:?}"),
        });
        self.with_node(
            sequence,
            to,
            describe,
            #[inline(always)]
            |host, protocol, now, effects, port| host.receive(protocol, now, from, message, effects, port),
        );
    }

    #[inline(always)]
    fn timer(&mut self, due: GlobalTime, sequence: u64, node: NodeId, slot: usize) {
        match self.core.timers.due(node, slot, due, sequence) {
            Due::Stale => return,
            Due::Later(at, sequence) => return self.core.push_timer(node, slot, at, sequence),
            Due::Fire => {}
        }
        self.core.account(tag::TIMER, (slot as u64) << 8 | u64::from(node.0));
        if slot == P::Timer::COUNT {
            let describe = R::ON.then_some(InputRecord::Ask);
            self.with_node(sequence, node, describe, |host, protocol, now, _, port| {
                host.ask(protocol, now, port);
            });
            return;
        }
        if self.core.apart.contains(node) {
            return self.hold(sequence, node, Held::Timer(slot, sequence));
        }
        self.give_timer(sequence, node, P::Timer::from_index(slot));
    }

    /// A node's timer runs out.
    #[inline(always)]
    pub(crate) fn give_timer(&mut self, sequence: u64, node: NodeId, timer: P::Timer) {
        let describe = R::ON.then(|| InputRecord::Fire { timer: format!("{timer:?}") });
        self.with_node(
            sequence,
            node,
            describe,
            #[inline(always)]
            |host, protocol, now, effects, port| host.fire(protocol, now, timer, effects, port),
        );
    }

    /// A reset travels as a message does, and a cut stops it as well.
    fn disconnect(&mut self, sequence: u64, to: NodeId, peer: Process) {
        let detail = u64::from(peer.incarnation.0) << 16 | u64::from(to.0) << 8 | u64::from(peer.node.0);
        self.core.account(tag::DISCONNECT, detail);
        let up = self.hosts[to.index()].is_up();
        if !up || self.core.network.dropped(Endpoint::from(peer.node), Endpoint::from(to), sequence) {
            return;
        }
        if self.core.apart.contains(to) {
            return self.hold(sequence, to, Held::Disconnect(peer));
        }
        self.give_disconnect(sequence, to, peer);
    }

    /// A node hears that a process died.
    pub(crate) fn give_disconnect(&mut self, sequence: u64, to: NodeId, peer: Process) {
        let describe = R::ON.then_some(InputRecord::Disconnect { peer });
        self.with_node(sequence, to, describe, |host, protocol, now, effects, port| {
            host.disconnected(protocol, now, peer, effects, port);
        });
    }

    fn fsync_ends(&mut self, sequence: u64, node: NodeId, operation: u32) {
        let disk = &mut self.core.disks[node.index()];
        if disk.operation != operation || disk.stalls > 0 {
            return;
        }
        let writes = std::mem::take(&mut disk.covers);
        self.core.counters.fsyncs += 1;
        self.core.account(tag::FSYNC, u64::from(writes) << 8 | u64::from(node.0));
        self.note_acknowledged(node, writes);
        if self.core.apart.contains(node) {
            return self.hold(sequence, node, Held::Persisted(writes));
        }
        self.give_persisted(sequence, node, writes);
    }

    /// A node learns that writes are durable.
    pub(crate) fn give_persisted(&mut self, sequence: u64, node: NodeId, writes: u32) {
        let describe = R::ON.then_some(InputRecord::Persisted { writes });
        self.with_node(sequence, node, describe, |host, protocol, now, effects, port| {
            host.persisted(protocol, now, writes, effects, port);
        });
    }

    /// Starts a process that does not run, or has the engine start it.
    pub(crate) fn boot(&mut self, node: NodeId) {
        if A::STARTS_PROCESSES {
            let incarnation = self.hosts[node.index()].incarnation();
            return self.core.push(self.core.now, Event::Boot { node, incarnation });
        }
        let sequence = self.core.next_sequence();
        self.boot_now(sequence, node);
    }

    /// Two faults that end at one instant may both have had it started.
    fn boot_now(&mut self, sequence: u64, node: NodeId) {
        if self.hosts[node.index()].is_up() {
            return;
        }
        self.core.account(tag::BOOT, u64::from(node.0));
        let describe = R::ON.then_some(InputRecord::Boot);
        self.with_node(sequence, node, describe, |host, protocol, now, effects, port| {
            host.boot(protocol, now, effects, port);
        });
    }

    /// Runs one node's turn with everything it needs, and records it if records are kept.
    #[inline(always)]
    pub(crate) fn with_node(
        &mut self,
        sequence: u64,
        node: NodeId,
        describe: Option<InputRecord>,
        turn: impl FnOnce(&mut Host<P>, &P, Now, &mut Effects<P>, &mut NodePort<'_, P, A, O, R>),
    ) {
        let host = &mut self.hosts[node.index()];
        let site = &mut self.sites[node.index()];
        let now = site.clock.read(self.core.now);
        let before = if R::ON { Some(node_record(host)) } else { None };
        let mut port = NodePort { core: &mut self.core, site, node };
        turn(host, &self.protocol, now, &mut self.effects, &mut port);
        if let Some(input) = describe {
            let after = Some(node_record(host));
            self.core.write_entry(sequence, Some(node), Some(now), input, before, after);
        }
    }

    /// Records an event that is no node's turn.
    #[inline]
    pub(crate) fn record_world(
        &mut self,
        sequence: u64,
        node: Option<NodeId>,
        describe: impl FnOnce() -> InputRecord,
    ) {
        if R::ON {
            self.core.write_entry(sequence, node, None, describe(), None, None);
        }
    }
}

/// The events that are handled out of line. Handed on apart: an event whose address is passed on would have to be copied
/// to memory for it, with every message.
#[derive(Clone, Copy)]
enum Rare {
    Disconnect(NodeId, Process),
    Fsync(NodeId, u32),
    Turn(NodeId, u32),
    Strobe(u32, bool),
    WriteTick,
    ProposalTick,
    Discover(NodeId, u32),
    Act(u32),
    Reach(u32),
    Inject(u32),
    Lift(u32),
    Heal,
    Boot(NodeId, Incarnation),
}

/// Answers about a run.
impl<P: Protocol, A, O, R> World<P, A, O, R> {
    /// The digest of all events handled so far.
    pub fn digest(&self) -> TraceDigest {
        self.core.digest.value()
    }
    /// What was counted so far.
    pub fn counters(&self) -> &Counters {
        &self.core.counters
    }
    /// The queue of events.
    pub fn agenda_mut(&mut self) -> &mut A {
        &mut self.core.agenda
    }
    /// Who listens.
    pub fn observer(&self) -> &O {
        &self.core.observer
    }
    /// Who listens.
    pub fn observer_mut(&mut self) -> &mut O {
        &mut self.core.observer
    }
    /// What is recorded.
    pub fn recorder_mut(&mut self) -> &mut R {
        &mut self.core.recorder
    }
    /// The nodes.
    pub fn hosts(&self) -> &[Host<P>] {
        &self.hosts
    }
    /// Who has listened and what was recorded, when the last run is over.
    pub fn into_listeners(self) -> (O, R) {
        (self.core.observer, self.core.recorder)
    }
    /// Whether a fault has stopped the node's process.
    pub fn is_stopped(&self, node: NodeId) -> bool {
        self.mailboxes[node.index()].is_stopped()
    }
    /// Whether what comes up for the node's process waits for it, because it is stopped or slow.
    pub fn is_apart(&self, node: NodeId) -> bool {
        self.core.apart.contains(node)
    }
    /// The rules that the nodes run.
    pub fn protocol(&self) -> &P {
        &self.protocol
    }
    /// The fixed surroundings.
    pub fn setting(&self) -> &Arc<Setting> {
        &self.setting
    }
    /// The time of the event handled last.
    pub fn now(&self) -> GlobalTime {
        self.core.now
    }
    /// How many faults found no target when their time came, or waited for what never came.
    pub fn missed_faults(&self) -> u32 {
        self.faults.missed
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> Core<P, A, O, R> {
    #[cold]
    fn write_entry(
        &mut self,
        sequence: u64,
        node: Option<NodeId>,
        clocks: Option<Now>,
        input: InputRecord,
        before: Option<NodeRecord>,
        after: Option<NodeRecord>,
    ) {
        let effects = std::mem::take(&mut self.draft.effects);
        let observed = std::mem::take(&mut self.draft.observed);
        let at_ns = self.now;
        self.release_entry();
        let entry = Entry { at_ns, sequence, node, clocks, input, before, after, effects, observed };
        self.draft.entry = Some(entry);
    }

    /// Hands over the entry that was kept back, with what was observed since.
    #[cold]
    pub(crate) fn end_entry(&mut self) {
        if let Some(entry) = &mut self.draft.entry {
            entry.observed.append(&mut self.draft.observed);
        }
        self.release_entry();
    }

    fn release_entry(&mut self) {
        if let Some(entry) = self.draft.entry.take() {
            self.recorder.entry(entry);
        }
    }
}

fn node_record<P: Protocol>(host: &Host<P>) -> NodeRecord {
    NodeRecord {
        role: host.role(),
        epoch: host.epoch(),
        leads: host.leadership(),
        pending_writes: host.pending_writes(),
    }
}

/// What the digest calls the kinds of event.
pub(crate) mod tag {
    /// Nearly every event is one, and nothing is the quickest to mix in.
    pub(crate) const DELIVER: u64 = 0;
    pub(crate) const TIMER: u64 = 3;
    pub(crate) const FSYNC: u64 = 4;
    pub(crate) const BOOT: u64 = 5;
    pub(crate) const CRASH: u64 = 6;
    pub(crate) const PROPOSE: u64 = 7;
    pub(crate) const ACT: u64 = 8;
    pub(crate) const REACH: u64 = 9;
    pub(crate) const INJECT: u64 = 10;
    pub(crate) const LIFT: u64 = 11;
    pub(crate) const HEAL: u64 = 12;
    pub(crate) const TICK: u64 = 13;
    pub(crate) const ADMINISTER: u64 = 14;
    pub(crate) const DISCONNECT: u64 = 15;
    pub(crate) const TURN: u64 = 16;
    pub(crate) const STROBE: u64 = 17;
    pub(crate) const DISCOVER: u64 = 18;
}
