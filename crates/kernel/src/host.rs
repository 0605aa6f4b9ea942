//! One node: its protocol state, its armed timers, its disk and the queue before the disk.

mod answers;

use crate::effects::{Effect, Effects, Release};
use crate::ids::{Command, Epoch, Incarnation, LogIndex, NodeId, Office, Order, Process, Role};
use crate::observation::{Fact, Interest, What};
use crate::protocol::{Deadline, Input, Leadership, Now, Protocol, TimerSet};
use crate::time::Jitter;
use std::collections::VecDeque;

/// What the engine does for one node.
pub trait Port<P: Protocol> {
    /// Gives a message to the network.
    fn transmit(&mut self, to: NodeId, message: P::Message);
    /// Arms a timer, anew if armed; draws the delay from the range.
    fn arm(&mut self, timer: P::Timer, after: Jitter);
    /// Disarms a timer.
    fn disarm(&mut self, timer: P::Timer);
    /// Starts one fsync that covers the oldest `writes` queued writes. Its end is reported by [`Host::persisted`].
    /// Writes that are queued meanwhile wait for the next one.
    fn start_write(&mut self, writes: u32);
    /// Calls [`Host::ask`] at this deadline. A later call replaces an earlier one.
    fn ask_again_at(&mut self, deadline: Deadline);
    /// Which observations anyone listens to.
    fn interest(&self) -> Interest;
    /// Hears an observation of this node.
    fn observe(&mut self, what: What);
}

/// An element of the disk queue: everything behind a write waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Queued<M, W> {
    /// A write that is not durable yet.
    Write(W),
    /// A message that waits for the writes before it.
    Send {
        /// The receiver.
        to: NodeId,
        /// The message.
        message: M,
    },
    /// A fact that becomes true with the writes before it.
    Note(Fact),
}

/// One node. Engines drive it; it calls them back through a [`Port`].
///
/// The first element of a non-empty disk queue is always a write: what stands before it has left.
#[derive(Debug)]
pub struct Host<P: Protocol> {
    node: NodeId,
    incarnation: Incarnation,
    disk: P::Disk,
    queue: VecDeque<Queued<P::Message, P::Write>>,
    /// Writes in the queue.
    pending: u32,
    /// Whether an fsync is under way. At rest this says the same as `pending > 0`.
    busy: bool,
    armed: TimerSet,
    running: Option<Running<P>>,
}

/// What exists only while the process runs: the state, and the answers last observed.
#[derive(Debug)]
struct Running<P: Protocol> {
    state: P::State,
    leadership: Option<Leadership>,
    lease: Option<Deadline>,
    /// Whose lease it is. Kept, because the reign may be over by the time the lease is.
    lease_office: Office,
    role: Role,
    epoch: Epoch,
}

impl<P: Protocol> Host<P> {
    /// A node that has not booted yet, with the disk that the protocol installs.
    pub fn new(protocol: &P, node: NodeId) -> Host<P> {
        Host {
            node,
            incarnation: Incarnation::ZERO,
            disk: protocol.install(node),
            queue: VecDeque::new(),
            pending: 0,
            busy: false,
            armed: TimerSet::default(),
            running: None,
        }
    }

    /// Makes it a new node again; keeps the storage.
    pub fn reset(&mut self, protocol: &P) {
        self.incarnation = Incarnation::ZERO;
        self.disk = protocol.install(self.node);
        self.forget();
    }

    fn forget(&mut self) {
        self.queue.clear();
        self.pending = 0;
        self.busy = false;
        self.armed = TimerSet::default();
        self.running = None;
    }

    /// Starts the process. Does nothing if it runs.
    pub fn boot(&mut self, protocol: &P, now: Now, effects: &mut Effects<P>, port: &mut impl Port<P>) {
        if self.running.is_some() {
            return;
        }
        debug_assert!(effects.is_empty(), "every step's effects have been performed");
        let process = Process { node: self.node, incarnation: self.incarnation };
        let state = protocol.boot(process, &self.disk, now, effects);
        let epoch = protocol.epoch(&state);
        let first = self.incarnation == Incarnation::ZERO;
        self.running = Some(Running {
            state,
            leadership: None,
            lease: None,
            lease_office: Office::CONTESTED,
            role: Role::default(),
            epoch,
        });
        port.observe(if first { What::Booted(epoch) } else { What::Restarted(epoch) });
        self.ask(protocol, now, port);
        self.perform(effects, port);
    }

    /// Kills the process. Of the writes in the queue the oldest `kept` (at most all) turn out to be durable, the rest
    /// are lost, and so is everything that waited for them. The next boot is a new incarnation.
    pub fn crash(&mut self, kept: u32, port: &mut impl Port<P>) {
        let Some(running) = self.running.take() else { return };
        let mut left = kept;
        for queued in &self.queue {
            if let Queued::Write(write) = queued {
                if left == 0 {
                    break;
                }
                left -= 1;
                P::apply(&mut self.disk, write);
            }
        }
        if running.lease.is_some() {
            port.observe(What::LeaseLost(running.lease_office));
        }
        if let Some(leadership) = running.leadership {
            port.observe(What::Deposed(leadership));
        }
        port.observe(What::Crashed);
        self.forget();
        self.incarnation = self.incarnation.next();
    }

    /// Puts another disk into a node that is down. A node that runs keeps its own.
    pub fn replace_disk(&mut self, disk: P::Disk) {
        if self.running.is_none() {
            self.disk = disk;
        }
    }

    /// Gives a message to the node. A node that is down does not hear it.
    #[inline(always)]
    pub fn receive(
        &mut self,
        protocol: &P,
        now: Now,
        from: NodeId,
        message: P::Message,
        effects: &mut Effects<P>,
        port: &mut impl Port<P>,
    ) {
        self.step(protocol, now, Input::Received { from, message }, effects, port);
    }

    /// Lets a timer run out, if it is armed.
    #[inline(always)]
    pub fn fire(
        &mut self,
        protocol: &P,
        now: Now,
        timer: P::Timer,
        effects: &mut Effects<P>,
        port: &mut impl Port<P>,
    ) {
        if self.armed.remove(timer) {
            self.step(protocol, now, Input::Fired(timer), effects, port);
        }
    }

    /// Hands a client's command to the node.
    pub fn propose(
        &mut self,
        protocol: &P,
        now: Now,
        command: Command,
        effects: &mut Effects<P>,
        port: &mut impl Port<P>,
    ) {
        if self.running.is_some() {
            port.observe(What::Proposed(command));
            self.step_rarely(protocol, now, Input::Propose(command), effects, port);
        }
    }

    /// Hands an operator's order to the node.
    pub fn administer(
        &mut self,
        protocol: &P,
        now: Now,
        order: Order,
        effects: &mut Effects<P>,
        port: &mut impl Port<P>,
    ) {
        self.step_rarely(protocol, now, Input::Administer(order), effects, port);
    }

    /// Tells the node that another process died.
    pub fn disconnected(
        &mut self,
        protocol: &P,
        now: Now,
        peer: Process,
        effects: &mut Effects<P>,
        port: &mut impl Port<P>,
    ) {
        self.step_rarely(protocol, now, Input::Disconnected(peer), effects, port);
    }

    /// The oldest `writes` queued writes are durable: releases what waited for each and tells the protocol. Starts the
    /// next fsync if more writes wait.
    pub fn persisted(
        &mut self,
        protocol: &P,
        now: Now,
        writes: u32,
        effects: &mut Effects<P>,
        port: &mut impl Port<P>,
    ) {
        for _ in 0..writes {
            let Some(Queued::Write(write)) = self.queue.pop_front() else { break };
            self.pending -= 1;
            P::apply(&mut self.disk, &write);
            self.release(port);
            self.step_rarely(protocol, now, Input::Persisted(write), effects, port);
        }
        self.busy = self.pending > 0;
        if self.busy {
            port.start_write(self.pending);
        }
    }

    /// Lets go of everything before the next write in the queue.
    fn release(&mut self, port: &mut impl Port<P>) {
        loop {
            match self.queue.pop_front() {
                Some(Queued::Send { to, message }) => port.transmit(to, message),
                Some(Queued::Note(fact)) => port.observe(What::Fact(fact)),
                Some(write @ Queued::Write(_)) => {
                    self.queue.push_front(write);
                    return;
                }
                None => return,
            }
        }
    }

    /// Asks again who leads and who holds a lease: at a deadline, and after a step of the node's clock.
    pub fn ask(&mut self, protocol: &P, now: Now, port: &mut impl Port<P>) {
        if let Some(running) = &mut self.running {
            running.observe_answers(protocol, now, port);
        }
    }

    #[inline(always)]
    fn step(
        &mut self,
        protocol: &P,
        now: Now,
        input: Input<P>,
        effects: &mut Effects<P>,
        port: &mut impl Port<P>,
    ) {
        let Some(running) = &mut self.running else { return };
        debug_assert!(effects.is_empty(), "every step's effects have been performed");
        protocol.step(&mut running.state, now, input, effects);
        running.observe_answers(protocol, now, port);
        self.perform(effects, port);
    }

    /// A step out of line: deliveries and timers are most of a run, and their code is kept small and together.
    #[inline(never)]
    fn step_rarely(
        &mut self,
        protocol: &P,
        now: Now,
        input: Input<P>,
        effects: &mut Effects<P>,
        port: &mut impl Port<P>,
    ) {
        self.step(protocol, now, input, effects, port);
    }

    /// Performs the effects of a step in order, after its changed answers have been observed. Most steps have one effect
    /// at most, the answer to a message: only that case is kept in line.
    #[inline(always)]
    fn perform(&mut self, effects: &mut Effects<P>, port: &mut impl Port<P>) {
        let count = std::mem::take(&mut effects.len);
        match effects.slots.get_mut(..count) {
            None | Some([]) => {}
            Some([only]) => self.perform_one(only, port),
            Some(several) => self.perform_many(several, port),
        }
    }

    #[inline(never)]
    fn perform_many(&mut self, effects: &mut [Option<Effect<P>>], port: &mut impl Port<P>) {
        for slot in effects {
            self.perform_one(slot, port);
        }
    }

    /// Performs an effect. Effects are taken where they are performed, the common and the rare apart: to hold one whole,
    /// and to copy it whole just after the step has written it bit by bit, stalls the processor.
    #[inline(always)]
    fn perform_one(&mut self, slot: &mut Option<Effect<P>>, port: &mut impl Port<P>) {
        let common = match slot {
            Some(Effect::Send { release, .. }) => self.is_free(*release),
            Some(Effect::SetTimer { .. }) => true,
            _ => false,
        };
        if !common {
            return self.perform_rare(slot, port);
        }
        match slot.take() {
            Some(Effect::Send { to, message, .. }) => port.transmit(to, message),
            Some(Effect::SetTimer { timer, after }) => self.set_timer(timer, after, port),
            _ => {}
        }
    }

    #[inline(always)]
    fn set_timer(&mut self, timer: P::Timer, after: Jitter, port: &mut impl Port<P>) {
        self.armed.insert(timer);
        port.arm(timer, after);
    }

    /// Whether what has this release need not wait for the disk.
    #[inline(always)]
    fn is_free(&self, release: Release) -> bool {
        release == Release::AtOnce || self.pending == 0
    }

    /// Performs an effect that few steps have; out of line like [`Host::step_rarely`].
    #[inline(never)]
    fn perform_rare(&mut self, slot: &mut Option<Effect<P>>, port: &mut impl Port<P>) {
        let Some(effect) = slot.take() else { return };
        match effect {
            Effect::Send { to, message, release } if self.is_free(release) => port.transmit(to, message),
            Effect::Send { to, message, .. } => self.queue.push_back(Queued::Send { to, message }),
            Effect::SetTimer { timer, after } => self.set_timer(timer, after, port),
            Effect::CancelTimer(timer) => {
                if self.armed.remove(timer) {
                    port.disarm(timer);
                }
            }
            Effect::Persist(write) => self.persist(write, port),
            Effect::Commit { index, entry } => port.observe(What::Committed { index, entry }),
            Effect::Note { fact, release } if self.is_free(release) => port.observe(What::Fact(fact)),
            Effect::Note { fact, .. } => self.queue.push_back(Queued::Note(fact)),
        }
    }

    fn persist(&mut self, write: P::Write, port: &mut impl Port<P>) {
        self.queue.push_back(Queued::Write(write));
        self.pending += 1;
        if !self.busy {
            self.busy = true;
            port.start_write(self.pending);
        }
    }
}

impl<P: Protocol> Running<P> {
    #[inline(always)]
    fn observe_answers(&mut self, protocol: &P, now: Now, port: &mut impl Port<P>) {
        // The role first: an epoch that is entered as a candidate is one that the node stands in.
        let role = protocol.role(&self.state);
        if role != self.role {
            self.role = role;
            port.observe(What::RoleChanged(role));
        }
        let epoch = protocol.epoch(&self.state);
        if epoch != self.epoch {
            self.epoch = epoch;
            port.observe(What::EpochEntered(epoch));
        }
        let leadership = protocol.leadership(&self.state, now);
        if leadership != self.leadership {
            self.observe_leadership(protocol, leadership, port);
        }
        let lease = protocol.lease(&self.state, now).filter(|deadline| !deadline.has_come(now));
        if lease != self.lease {
            self.observe_lease(lease, port);
        }
    }

    #[cold]
    fn observe_leadership(&mut self, protocol: &P, new: Option<Leadership>, port: &mut impl Port<P>) {
        if let Some(old) = self.leadership {
            port.observe(What::Deposed(old));
        }
        self.leadership = new;
        let Some(new) = new else { return };
        port.observe(What::Elected(new));
        if port.interest().meets(Interest::LEADER_LOG) {
            let last = protocol.last_index(&self.state);
            let covered = protocol.snapshot(&self.state);
            if let Some(covered) = covered {
                port.observe(What::LeaderSnapshot(covered));
            }
            for index in covered.unwrap_or_default().last.next().0..=last.0 {
                if let Some(entry) = protocol.log_entry(&self.state, LogIndex(index)) {
                    port.observe(What::LeaderLog { index: LogIndex(index), entry });
                }
            }
            port.observe(What::LeaderLogEnd { last });
        }
    }

    fn observe_lease(&mut self, new: Option<Deadline>, port: &mut impl Port<P>) {
        match (self.lease, new) {
            (None, Some(_)) => {
                self.lease_office = self.leadership.map(|leadership| leadership.office).unwrap_or_default();
                port.observe(What::LeaseHeld(self.lease_office));
            }
            (Some(_), None) => port.observe(What::LeaseLost(self.lease_office)),
            _ => {}
        }
        self.lease = new;
        if let Some(deadline) = new {
            port.ask_again_at(deadline);
        }
    }
}
