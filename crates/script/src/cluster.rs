//! The cluster that a script moves: the hosts, and what an engine has to keep for them.

use crate::trace::{self, Level, Trace};
use interregnum_kernel::{
    Covered, Deadline, Effects, Fact, Host, Interest, Jitter, LogIndex, NodeId, Now, Port, Protocol, Queued,
    TimerName, What,
};
use std::collections::BTreeSet;

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<M> {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) message: M,
}

/// Between the nodes: what is in flight, in the order of sending, and which links are cut.
#[derive(Debug)]
pub(crate) struct Network<M> {
    pub(crate) in_flight: Vec<Envelope<M>>,
    pub(crate) cut: BTreeSet<(NodeId, NodeId)>,
}

/// What the engine keeps for one node.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// The range of each timer, by its number; `None` where it is not armed.
    pub(crate) timers: Vec<Option<Jitter>>,
    /// How many writes the fsync under way covers.
    pub(crate) fsync: u32,
    /// When to ask about the lease again.
    pub(crate) ask_at: Option<Deadline>,
    /// The highest position that this process said to be committed.
    pub(crate) committed: LogIndex,
}

impl Desk {
    fn blank(timers: usize) -> Desk {
        Desk { timers: vec![None; timers], ..Desk::default() }
    }
}

/// One node.
#[derive(Debug)]
pub(crate) struct Node<P: Protocol> {
    pub(crate) host: Host<P>,
    pub(crate) now: Now,
    pub(crate) desk: Desk,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Cluster<P: Protocol> {
    pub(crate) protocol: P,
    pub(crate) nodes: Vec<Node<P>>,
    pub(crate) network: Network<P::Message>,
    pub(crate) trace: Trace,
    effects: Effects<P>,
}

/// One step's view of the cluster.
pub(crate) struct Side<'a, P: Protocol> {
    node: NodeId,
    desk: &'a mut Desk,
    network: &'a mut Network<P::Message>,
    trace: &'a mut Trace,
}

impl<P: Protocol> Port<P> for Side<'_, P> {
    fn transmit(&mut self, to: NodeId, message: P::Message) {
        let is_cut = self.network.cut.contains(&(self.node, to));
        let fate = if is_cut { " (lost: the link is cut)" } else { "" };
        self.trace.effect(Level::Messages, self.node, || format!("-> {to} {}{fate}", trace::plain(&message)));
        if !is_cut {
            self.network.in_flight.push(Envelope { from: self.node, to, message });
        }
    }

    fn arm(&mut self, timer: P::Timer, after: Jitter) {
        if let Some(range) = self.desk.timers.get_mut(timer.index()) {
            *range = Some(after);
        }
        self.trace.effect(Level::All, self.node, || format!("arms {}", trace::timer(timer, after)));
    }

    fn disarm(&mut self, timer: P::Timer) {
        if let Some(range) = self.desk.timers.get_mut(timer.index()) {
            *range = None;
        }
        self.trace.effect(Level::All, self.node, || format!("disarms {timer:?}"));
    }

    fn start_write(&mut self, writes: u32) {
        self.desk.fsync = writes;
    }

    fn ask_again_at(&mut self, deadline: Deadline) {
        self.desk.ask_at = Some(deadline);
        self.trace.effect(Level::All, self.node, || format!("lease until {}", trace::deadline(deadline)));
    }

    fn interest(&self) -> Interest {
        Interest::ALL
    }

    fn observe(&mut self, what: What) {
        if let What::Committed { index, .. } | What::Fact(Fact::Restored(Covered { last: index, .. })) = what
        {
            self.desk.committed = self.desk.committed.max(index);
        }
        if let Some(words) = trace::observation(&what) {
            self.trace.effect(Level::Facts, self.node, || words);
        }
    }
}

impl<P: Protocol> Cluster<P> {
    /// Nodes that have not booted, on a network that carries everything.
    pub(crate) fn new(protocol: P, nodes: u8) -> Cluster<P> {
        let node = |index| Node {
            host: Host::new(&protocol, NodeId::from_index(usize::from(index))),
            now: Now::default(),
            desk: Desk::blank(P::Timer::COUNT),
        };
        let nodes = (0..nodes).map(node).collect();
        let network = Network { in_flight: Vec::new(), cut: BTreeSet::new() };
        Cluster { protocol, nodes, network, trace: Trace::default(), effects: Effects::default() }
    }

    /// All nodes.
    pub(crate) fn everyone(&self) -> Vec<NodeId> {
        (0..self.nodes.len()).map(NodeId::from_index).collect()
    }

    /// A node. Commands have checked before that it exists.
    pub(crate) fn node(&self, node: NodeId) -> &Node<P> {
        &self.nodes[node.index()]
    }

    /// The timer of this name, whether armed or not.
    pub(crate) fn timer(name: &str) -> Option<P::Timer> {
        (0..P::Timer::COUNT).map(P::Timer::from_index).find(|timer| format!("{timer:?}") == name)
    }

    /// The node's process: what its host's incarnation counts.
    pub(crate) fn is_new(&self, node: NodeId) -> bool {
        let host = &self.node(node).host;
        !host.is_up() && host.incarnation().0 == 0
    }

    /// Lets a host do something, and prints what waits for its disk from then on. `before` says how much of what is in
    /// the queue now is still there, and has been printed, when it is done.
    fn act(
        &mut self,
        node: NodeId,
        before: usize,
        run: impl FnOnce(&mut Host<P>, &P, Now, &mut Effects<P>, &mut Side<'_, P>),
    ) {
        let Node { host, now, desk } = &mut self.nodes[node.index()];
        let mut side = Side { node, desk, network: &mut self.network, trace: &mut self.trace };
        run(host, &self.protocol, *now, &mut self.effects, &mut side);
        for queued in host.queue().skip(before) {
            self.trace.effect(Level::All, node, || match queued {
                Queued::Write(write) => format!("writes {}", trace::plain(write)),
                Queued::Send { to, message } => format!("once durable -> {to} {}", trace::plain(message)),
                Queued::Note(fact) => format!("once durable {}", trace::fact(fact)),
            });
        }
    }

    /// As [`Cluster::act`], for everything that takes nothing out of the disk queue.
    pub(crate) fn step(
        &mut self,
        node: NodeId,
        run: impl FnOnce(&mut Host<P>, &P, Now, &mut Effects<P>, &mut Side<'_, P>),
    ) {
        let before = self.node(node).host.queue().count();
        self.act(node, before, run);
    }

    /// Starts a node.
    pub(crate) fn boot(&mut self, node: NodeId) {
        self.step(node, |host, protocol, now, effects, port| host.boot(protocol, now, effects, port));
    }

    /// Kills a node; the oldest `kept` of its writes turn out to be durable.
    pub(crate) fn crash(&mut self, node: NodeId, kept: u32) {
        self.act(node, 0, |host, _, _, _, port| host.crash(kept, port));
        self.nodes[node.index()].desk = Desk::blank(P::Timer::COUNT);
    }

    /// Lets a timer run out that is armed.
    pub(crate) fn fire(&mut self, node: NodeId, timer: P::Timer) {
        self.trace.input(|| format!("{node} fires {timer:?}"));
        if let Some(range) = self.nodes[node.index()].desk.timers.get_mut(timer.index()) {
            *range = None;
        }
        self.step(node, |host, protocol, now, effects, port| {
            host.fire(protocol, now, timer, effects, port);
        });
    }

    /// Gives a message to its receiver; one that is down does not hear it.
    pub(crate) fn hand_over(&mut self, envelope: Envelope<P::Message>) {
        let Envelope { from, to, message } = envelope;
        if !self.node(to).host.is_up() {
            return self
                .trace
                .input(|| format!("{to} is down and does not hear {from}: {}", trace::plain(&message)));
        }
        self.trace.input(|| format!("{to} hears {from}: {}", trace::plain(&message)));
        self.step(to, |host, protocol, now, effects, port| {
            host.receive(protocol, now, from, message, effects, port);
        });
    }

    /// Makes the oldest writes of a node durable, as many as given; it has them.
    pub(crate) fn fsync(&mut self, node: NodeId, writes: u32) {
        let mut covered = 0;
        let mut leaving = 0;
        let mut waiting = 0;
        for queued in self.nodes[node.index()].host.queue() {
            waiting += 1;
            if let Queued::Write(write) = queued {
                if covered < writes {
                    self.trace.written(node, write);
                }
                covered += 1;
            }
            if covered <= writes {
                leaving = waiting;
            }
        }
        self.act(node, waiting - leaving, |host, protocol, now, effects, port| {
            port.desk.fsync = 0;
            host.persisted(protocol, now, writes, effects, port);
        });
    }

    /// Asks a node about its lease, if the deadline has come.
    pub(crate) fn ask(&mut self, node: NodeId) {
        let Node { now, desk, .. } = &mut self.nodes[node.index()];
        if desk.ask_at.take_if(|deadline| deadline.has_come(*now)).is_some() {
            self.trace.input(|| format!("{node} is asked about its lease"));
            self.step(node, |host, protocol, now, _, port| host.ask(protocol, now, port));
        }
    }
}
