//! What waits for a process that is stopped, or that takes its time.
//!
//! A process that is stopped is given no input: what comes up meanwhile is held, and meets it one by one when it goes
//! on. A slow node is the same thing with time between the inputs. Nodes that are neither never come here.

use crate::event::{Agenda, Event};
use crate::plan::{Lever, Wake};
use crate::record::{InputRecord, Recorder};
use crate::rng::Stream;
use crate::world::{World, tag};
use interregnum_kernel::{
    Command, GlobalTime, Jitter, NodeId, Observer, Order, Process, Protocol, Span, TimerName,
};
use std::collections::VecDeque;

/// So many inputs wait for a node at most; a message that comes then is lost, as it is to a full socket.
pub(crate) const MOST_HELD: usize = 10_000;

/// An input that waits.
#[derive(Clone, Debug)]
pub(crate) enum Held<P: Protocol> {
    Message(NodeId, P::Message),
    Disconnect(Process),
    /// A timer that ran out, and the number that it had been set with.
    Timer(usize, u64),
    /// An fsync that ended: so many writes are durable, and the process does not know it yet.
    Persisted(u32),
    Command(Command),
    Order(Order),
    /// A write that was decided on, about to leave.
    Act(u32),
}

impl<P: Protocol> Held<P> {
    /// Whether the process's own time brought it about, and not somebody else.
    fn is_timer(&self) -> bool {
        matches!(self, Held::Timer(..) | Held::Act(_))
    }

    /// What the digest remembers of it, besides what it remembers of its arrival.
    fn label(&self) -> u64 {
        let (kind, detail) = match self {
            Held::Message(from, message) => (0, P::label(message) << 8 ^ u64::from(from.0)),
            Held::Disconnect(peer) => (1, u64::from(peer.incarnation.0) << 8 | u64::from(peer.node.0)),
            Held::Timer(slot, _) => (2, *slot as u64),
            Held::Persisted(writes) => (3, u64::from(*writes)),
            Held::Command(command) => (4, command.0),
            Held::Order(_) => (5, 0),
            Held::Act(write) => (6, u64::from(*write)),
        };
        (detail << 3 | kind).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// What a record calls it.
    fn described(&self) -> String {
        match self {
            Held::Message(from, message) => {
                format!("{} from {from}", P::KINDS[usize::from(P::kind(message).0)])
            }
            Held::Disconnect(peer) => format!("news of the death of {}", peer.node),
            Held::Timer(slot, _) => format!("timer {:?}", P::Timer::from_index(*slot)),
            Held::Persisted(writes) => format!("end of an fsync of {writes}"),
            Held::Command(command) => format!("command {command}"),
            Held::Order(order) => format!("order {order:?}"),
            Held::Act(write) => format!("write {write}"),
        }
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
    /// When the process is done with the first input, if it has begun with it.
    due: Option<GlobalTime>,
    /// What a stop left to do of that input.
    left: Option<Span>,
    /// How many turns were put on the agenda: all but the last are void, and that one too unless it is due.
    turns: u32,
}

impl<P: Protocol> Default for Mailbox<P> {
    fn default() -> Self {
        let (held, stops, slow) = (VecDeque::new(), Vec::new(), Vec::new());
        Mailbox { held, stops, slow, due: None, left: None, turns: 0 }
    }
}

impl<P: Protocol> Mailbox<P> {
    pub(crate) fn reset(&mut self) {
        self.slow.clear();
        self.die();
        self.turns = 0;
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
    /// Stops the process, in the middle of what it is at.
    pub(crate) fn stop(&mut self, fault: u32, frozen: bool, now: GlobalTime) {
        self.stops.push((fault, frozen));
        if let Some(due) = self.due.take() {
            self.left = Some(due.since(now));
        }
    }
    /// Takes a stop away; false if it is not there.
    pub(crate) fn release(&mut self, fault: u32) -> bool {
        let before = self.stops.len();
        self.stops.retain(|(by, _)| *by != fault);
        self.stops.len() < before
    }
    /// The process dies, and what waited for it is lost: so many messages.
    pub(crate) fn die(&mut self) -> u64 {
        let messages = self.held.iter().filter(|held| matches!(held, Held::Message(..))).count();
        self.held.clear();
        self.stops.clear();
        (self.due, self.left) = (None, None);
        messages as u64
    }
    /// How long the first input takes.
    fn takes(&mut self, stream: &mut Stream) -> Span {
        match (self.left.take(), self.held.front()) {
            (Some(left), _) => left,
            // How long a write takes is the clients' business.
            (None, Some(Held::Act(_))) => Span::ZERO,
            (None, _) => {
                self.slow.iter().fold(Span::ZERO, |sum, (_, each)| sum + stream.span(each.min, each.max))
            }
        }
    }

    /// Puts what is held into the order in which it meets the process that goes on.
    fn arrange(&mut self, wake: Wake, stream: &mut Stream) {
        // What the process was at when it stopped it goes on with.
        let begun = self.left.and_then(|_| self.held.pop_front());
        let (timers, others): (VecDeque<_>, VecDeque<_>) = self.held.drain(..).partition(Held::is_timer);
        let (mut first, mut second) = match wake {
            Wake::TimersFirst | Wake::Random => (timers, others),
            Wake::MessagesFirst => (others, timers),
        };
        self.held.extend(begun);
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
    #[cold]
    #[inline(never)]
    pub(crate) fn hold(&mut self, sequence: u64, node: NodeId, input: Held<P>) {
        let mailbox = &mut self.mailboxes[node.index()];
        if let Held::Message(from, message) = &input
            && mailbox.held.len() >= MOST_HELD
        {
            let (from, kind) = (*from, P::KINDS[usize::from(P::kind(message).0)]);
            self.core.counters.lost += 1;
            return self.record_world(sequence, Some(node), || InputRecord::Vanish { from, kind });
        }
        let waits =
            R::ON.then(|| InputRecord::Wait { what: input.described(), stopped: mailbox.is_stopped() });
        mailbox.held.push_back(input);
        if let Some(waits) = waits {
            self.record_world(sequence, Some(node), || waits);
        }
        self.begin(node);
    }

    /// Lets the process begin with the first of its inputs, if it can: puts its turn on the agenda.
    fn begin(&mut self, node: NodeId) {
        let mailbox = &mut self.mailboxes[node.index()];
        if mailbox.due.is_some() || mailbox.is_stopped() {
            return;
        }
        let armed = self.hosts[node.index()].armed();
        // A timer that was set again or cancelled has not run out after all, and takes no time.
        while let Some(Held::Timer(slot, number)) = mailbox.held.front()
            && !(armed.contains(P::Timer::from_index(*slot))
                && self.core.timers.ran_out(node, *slot, *number))
        {
            mailbox.held.pop_front();
        }
        if mailbox.held.is_empty() {
            return;
        }
        let due = self.core.now + mailbox.takes(&mut self.sites[node.index()].harm);
        mailbox.due = Some(due);
        mailbox.turns += 1;
        let number = mailbox.turns;
        self.core.push(due, Event::Turn { node, number });
    }

    /// The node's process is done with its next input, which takes effect now.
    pub(crate) fn turn(&mut self, sequence: u64, node: NodeId, number: u32) {
        let mailbox = &mut self.mailboxes[node.index()];
        if mailbox.turns != number || mailbox.due.take().is_none() {
            return;
        }
        let Some(input) = mailbox.held.pop_front() else { return };
        self.core.account(tag::TURN, input.label() ^ u64::from(node.0));
        match input {
            Held::Message(from, message) => self.give_message(sequence, node, from, message),
            Held::Disconnect(peer) => self.give_disconnect(sequence, node, peer),
            Held::Timer(slot, _) => self.give_timer(sequence, node, P::Timer::from_index(slot)),
            Held::Persisted(writes) => self.give_persisted(sequence, node, writes),
            Held::Command(command) => self.give_command(sequence, node, command),
            Held::Order(order) => self.give_order(sequence, node, order),
            Held::Act(write) => self.act_now(sequence, write),
        }
        self.begin(node);
        self.rejoin(node);
    }

    /// The process goes on after the last stop.
    pub(crate) fn wake(&mut self, node: NodeId, fault: u32) {
        let wake = match self.faults.plan[fault as usize].lever {
            Lever::Pause { wake, .. } | Lever::Freeze { wake, .. } => wake,
            _ => Wake::default(),
        };
        self.mailboxes[node.index()].arrange(wake, &mut self.sites[node.index()].harm);
        self.begin(node);
        self.rejoin(node);
    }

    /// Slows a node down, from its next input on.
    pub(crate) fn slow_down(&mut self, node: NodeId, fault: u32, each: Jitter) {
        self.mailboxes[node.index()].slow.push((fault, each));
        self.core.apart.insert(node);
    }

    /// Takes that away. What still waits goes on at full speed, and so does what the process is at.
    pub(crate) fn speed_up(&mut self, node: NodeId, fault: u32) {
        let mailbox = &mut self.mailboxes[node.index()];
        mailbox.slow.retain(|(by, _)| *by != fault);
        if !mailbox.is_slow() {
            mailbox.due = None;
            mailbox.left = mailbox.left.map(|_| Span::ZERO);
            self.begin(node);
        }
        self.rejoin(node);
    }

    /// A node that nothing stops and nothing slows, and for which nothing waits, is like all others.
    fn rejoin(&mut self, node: NodeId) {
        let mailbox = &self.mailboxes[node.index()];
        if !mailbox.is_stopped() && !mailbox.is_slow() && mailbox.held.is_empty() {
            self.core.apart.remove(node);
        }
    }
}
