//! What waits for a process that is stopped, or that takes its time.
//!
//! A process that is stopped is given no input: what comes up meanwhile is held, and meets it one by one when it goes
//! on. A slow node is the same thing with time between the inputs. Nodes that are neither never come here.

use crate::event::{Agenda, Event};
use crate::plan::{Lever, Wake};
use crate::record::{InputRecord, Recorder};
use crate::rng::Stream;
use crate::world::{World, tag};
use interregnum_kernel::{Command, Jitter, NodeId, Observer, Order, Process, Protocol, Span, TimerName};
use std::collections::VecDeque;

/// A node holds so many messages at most; what comes then is lost, as it is to a full socket.
pub(crate) const MOST_HELD: usize = 10_000;

/// An input that waits.
#[derive(Clone, Debug)]
pub(crate) enum Held<P: Protocol> {
    Message(NodeId, P::Message),
    Disconnect(Process),
    /// A timer that ran out.
    Timer(usize),
    /// An fsync that ended: so many writes are durable, and the process does not know it yet.
    Persisted(u32),
    Command(Command),
    Order(Order),
    /// A write that was decided on, about to leave.
    Act(u32),
}

impl<P: Protocol> Held<P> {
    /// Whether the operating system's clock brought it about, and not somebody else.
    fn is_timer(&self) -> bool {
        matches!(self, Held::Timer(_) | Held::Act(_))
    }
}

/// One node's inputs that wait, and why they do.
#[derive(Debug)]
pub(crate) struct Mailbox<P: Protocol> {
    held: VecDeque<Held<P>>,
    /// The faults that stop the process, and whether each freezes its machine.
    stops: Vec<(u32, bool)>,
    /// The faults that slow the node down, and how long each makes an input take.
    slow: Vec<(u32, Jitter)>,
    /// A turn is on the agenda.
    turn: bool,
    /// How often the process died: a turn on the agenda of one that did is void.
    deaths: u32,
}

impl<P: Protocol> Default for Mailbox<P> {
    fn default() -> Self {
        Mailbox { held: VecDeque::new(), stops: Vec::new(), slow: Vec::new(), turn: false, deaths: 0 }
    }
}

impl<P: Protocol> Mailbox<P> {
    pub(crate) fn reset(&mut self) {
        self.held.clear();
        self.stops.clear();
        self.slow.clear();
        self.turn = false;
        self.deaths = 0;
    }
    pub(crate) fn is_stopped(&self) -> bool {
        !self.stops.is_empty()
    }
    pub(crate) fn is_frozen(&self) -> bool {
        self.stops.iter().any(|(_, frozen)| *frozen)
    }
    pub(crate) fn is_slow(&self) -> bool {
        !self.slow.is_empty()
    }
    /// Writes that are durable although the process does not know it.
    pub(crate) fn synced(&self) -> u32 {
        let persisted = |held: &Held<P>| if let Held::Persisted(writes) = held { *writes } else { 0 };
        self.held.iter().map(persisted).sum()
    }
    pub(crate) fn stop(&mut self, fault: u32, frozen: bool) {
        self.stops.push((fault, frozen));
    }
    /// Takes a stop away; false if it is not there.
    pub(crate) fn release(&mut self, fault: u32) -> bool {
        let before = self.stops.len();
        self.stops.retain(|(by, _)| *by != fault);
        self.stops.len() < before
    }
    /// The process dies.
    pub(crate) fn die(&mut self) {
        self.held.clear();
        self.stops.clear();
        self.turn = false;
        self.deaths += 1;
    }
    /// How long the next input takes.
    fn takes(&self, stream: &mut Stream) -> Span {
        self.slow.iter().fold(Span::ZERO, |sum, (_, each)| sum + stream.span(each.min, each.max))
    }

    /// Puts what is held into the order in which it meets the process that goes on.
    fn arrange(&mut self, wake: Wake, stream: &mut Stream) {
        let (timers, others): (VecDeque<_>, VecDeque<_>) = self.held.drain(..).partition(Held::is_timer);
        let (mut first, mut second) = match wake {
            Wake::TimersFirst | Wake::Random => (timers, others),
            Wake::MessagesFirst => (others, timers),
        };
        while wake == Wake::Random && !first.is_empty() && !second.is_empty() {
            // Each merge that keeps the order of either kind is equally likely.
            let total = (first.len() + second.len()) as u64;
            let from_first = stream.below(total) < first.len() as u64;
            self.held.extend(if from_first { first.pop_front() } else { second.pop_front() });
        }
        self.held.append(&mut first);
        self.held.append(&mut second);
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Keeps an input until the node's process gets to it. Only for nodes that are [apart](crate::core::Core::apart).
    pub(crate) fn hold(&mut self, node: NodeId, input: Held<P>) {
        let mailbox = &mut self.mailboxes[node.index()];
        if matches!(input, Held::Message(..)) && mailbox.held.len() >= MOST_HELD {
            self.core.counters.lost += 1;
            return;
        }
        mailbox.held.push_back(input);
        self.take_turns(node);
    }

    /// Puts the node's next turn on the agenda, if it is due one.
    fn take_turns(&mut self, node: NodeId) {
        let mailbox = &mut self.mailboxes[node.index()];
        if mailbox.turn || mailbox.is_stopped() || mailbox.held.is_empty() {
            return;
        }
        mailbox.turn = true;
        let takes = mailbox.takes(&mut self.sites[node.index()].harm);
        let deaths = mailbox.deaths;
        self.core.push(self.core.now + takes, Event::Turn { node, deaths });
    }

    /// The process goes on after the last stop.
    pub(crate) fn wake(&mut self, node: NodeId, fault: u32) {
        let wake = match self.faults.plan[fault as usize].lever {
            Lever::Pause { wake, .. } | Lever::Freeze { wake, .. } => wake,
            _ => Wake::default(),
        };
        self.mailboxes[node.index()].arrange(wake, &mut self.sites[node.index()].harm);
        self.take_turns(node);
        self.rejoin(node);
    }

    /// Slows a node down.
    pub(crate) fn slow_down(&mut self, node: NodeId, fault: u32, each: Jitter) {
        self.mailboxes[node.index()].slow.push((fault, each));
        self.core.apart.insert(node);
    }

    /// Takes that away.
    pub(crate) fn speed_up(&mut self, node: NodeId, fault: u32) {
        self.mailboxes[node.index()].slow.retain(|(by, _)| *by != fault);
        self.rejoin(node);
    }

    /// A node that nothing stops and nothing slows, and for which nothing waits, is like all others.
    fn rejoin(&mut self, node: NodeId) {
        let mailbox = &self.mailboxes[node.index()];
        if !mailbox.is_stopped() && !mailbox.is_slow() && mailbox.held.is_empty() {
            self.core.apart.remove(node);
        }
    }

    /// The node's process gets to its next input.
    pub(crate) fn turn(&mut self, sequence: u64, node: NodeId, deaths: u32) {
        let mailbox = &mut self.mailboxes[node.index()];
        if mailbox.deaths != deaths {
            return;
        }
        mailbox.turn = false;
        if mailbox.is_stopped() {
            return;
        }
        let Some(input) = mailbox.held.pop_front() else { return self.rejoin(node) };
        // The next turn is put on the agenda before this one adds to it: an input that was held earlier comes earlier.
        self.take_turns(node);
        self.rejoin(node);
        self.core.account(tag::TURN, u64::from(node.0));
        match input {
            Held::Message(from, message) => self.give_message(sequence, node, from, message),
            Held::Disconnect(peer) => self.give_disconnect(sequence, node, peer),
            // A timer that was set again meanwhile has not run out.
            Held::Timer(slot) if self.core.timers.is_set(node, slot) => {}
            Held::Timer(slot) => self.give_timer(sequence, node, P::Timer::from_index(slot)),
            Held::Persisted(writes) => self.give_persisted(sequence, node, writes),
            Held::Command(command) => self.give_command(sequence, node, command),
            Held::Order(order) => self.give_order(sequence, node, order),
            Held::Act(write) => self.act_now(sequence, write),
        }
    }

    /// Records that an input waits.
    pub(crate) fn record_hold(&mut self, sequence: u64, node: NodeId, what: &str) {
        let stopped = self.mailboxes[node.index()].is_stopped();
        self.record_world(sequence, Some(node), || InputRecord::World {
            what: format!("{what} waits: {node} is {}", if stopped { "stopped" } else { "busy" }),
        });
    }
}
