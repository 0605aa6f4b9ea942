//! Tests that read as stories: a ring whose every message, timer and fsync moves when the story says so.

use crate::Registered;
use interregnum_kernel::{
    Deadline, Effects, Epoch, Fact, Host, Interest, Jitter, LocalTime, NodeId, Now, Order, Port, Protocol,
    TimerName, WallTime, What,
};
use std::collections::BTreeSet;

pub(crate) const N1: NodeId = NodeId(0);
pub(crate) const N2: NodeId = NodeId(1);
pub(crate) const N3: NodeId = NodeId(2);
pub(crate) const N4: NodeId = NodeId(3);
pub(crate) const N5: NodeId = NodeId(4);

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<M> {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) message: M,
}

/// What surrounds the hosts.
struct World<P: Protocol> {
    in_flight: Vec<Envelope<P::Message>>,
    sent: Vec<u8>,
    fsyncs: Vec<Option<u32>>,
    timers: Vec<Vec<Option<Jitter>>>,
    seen: Vec<(NodeId, What)>,
}

struct Desk<'a, P: Protocol> {
    node: NodeId,
    world: &'a mut World<P>,
}

impl<P: Protocol> Port<P> for Desk<'_, P> {
    fn transmit(&mut self, to: NodeId, message: P::Message) {
        self.world.sent.push(P::kind(&message).0);
        self.world.in_flight.push(Envelope { from: self.node, to, message });
    }
    fn arm(&mut self, timer: P::Timer, after: Jitter) {
        self.world.timers[self.node.index()][timer.index()] = Some(after);
    }
    fn disarm(&mut self, timer: P::Timer) {
        self.world.timers[self.node.index()][timer.index()] = None;
    }
    fn start_write(&mut self, writes: u32) {
        self.world.fsyncs[self.node.index()] = Some(writes);
    }
    fn ask_again_at(&mut self, _: Deadline) {}
    fn interest(&self) -> Interest {
        Interest::ALL
    }
    fn observe(&mut self, what: What) {
        self.world.seen.push((self.node, what));
    }
}

/// A ring driven by hand. Time stands still unless a timer is made to run out.
pub(crate) struct Story<P: Protocol> {
    protocol: P,
    hosts: Vec<Host<P>>,
    world: World<P>,
    effects: Effects<P>,
    cuts: BTreeSet<(NodeId, NodeId)>,
    stuck: BTreeSet<NodeId>,
}

impl<P: Registered> Story<P> {
    /// Boots so many nodes.
    pub(crate) fn of(protocol: P, nodes: usize) -> Story<P> {
        let hosts = (0..nodes).map(|i| Host::new(&protocol, NodeId::from_index(i))).collect();
        let world = World {
            in_flight: Vec::new(),
            sent: Vec::new(),
            fsyncs: vec![None; nodes],
            timers: vec![vec![None; P::Timer::COUNT]; nodes],
            seen: Vec::new(),
        };
        let (cuts, stuck) = (BTreeSet::new(), BTreeSet::new());
        let mut story = Story { protocol, hosts, world, effects: Effects::default(), cuts, stuck };
        for i in 0..nodes {
            story.restart(NodeId::from_index(i));
        }
        story
    }

    fn at(
        &mut self,
        node: NodeId,
        act: impl FnOnce(&mut Host<P>, &P, Now, &mut Effects<P>, &mut Desk<'_, P>),
    ) {
        let now = Now { mono: LocalTime(0), wall: WallTime(0) };
        let mut desk = Desk { node, world: &mut self.world };
        act(&mut self.hosts[node.index()], &self.protocol, now, &mut self.effects, &mut desk);
    }

    // What happens.

    pub(crate) fn restart(&mut self, node: NodeId) {
        self.at(node, |host, protocol, now, effects, desk| host.boot(protocol, now, effects, desk));
    }

    /// Kills a node; of its writes in flight the oldest `kept` were durable.
    pub(crate) fn crash(&mut self, node: NodeId, kept: u32) {
        self.at(node, |host, _, _, _, desk| host.crash(kept, desk));
        self.world.fsyncs[node.index()] = None;
        self.world.timers[node.index()].fill(None);
    }

    pub(crate) fn fire(&mut self, node: NodeId, timer: P::Timer) {
        assert!(self.armed(node, timer).is_some(), "{timer:?} of {node} is armed");
        self.world.timers[node.index()][timer.index()] = None;
        self.at(node, |host, protocol, now, effects, desk| host.fire(protocol, now, timer, effects, desk));
    }

    pub(crate) fn order(&mut self, node: NodeId, order: Order) {
        self.at(node, |host, protocol, now, effects, desk| {
            host.administer(protocol, now, order, effects, desk);
        });
    }

    /// The fsync under way ends.
    pub(crate) fn sync(&mut self, node: NodeId) {
        let writes = self.world.fsyncs[node.index()].take().expect("an fsync is under way");
        self.at(node, |host, protocol, now, effects, desk| {
            host.persisted(protocol, now, writes, effects, desk);
        });
    }

    pub(crate) fn hand_over(&mut self, from: NodeId, to: NodeId, message: P::Message) {
        self.at(to, |host, protocol, now, effects, desk| {
            host.receive(protocol, now, from, message, effects, desk);
        });
    }

    /// Takes the oldest message of a kind between two nodes out of the network.
    pub(crate) fn take(&mut self, kind: &str, from: NodeId, to: NodeId) -> P::Message {
        let is = |e: &Envelope<P::Message>| Self::kind(e) == kind && e.from == from && e.to == to;
        let place = self.world.in_flight.iter().position(is);
        let place = place.unwrap_or_else(|| {
            panic!("no {kind} from {from} to {to} among {:#?}", self.world.in_flight);
        });
        self.world.in_flight.remove(place).message
    }

    /// Delivers the oldest message of a kind between two nodes.
    pub(crate) fn pass(&mut self, kind: &str, from: NodeId, to: NodeId) {
        let message = self.take(kind, from, to);
        self.hand_over(from, to, message);
    }

    /// No message passes from one to the other any more.
    pub(crate) fn cut(&mut self, from: NodeId, to: NodeId) {
        self.cuts.insert((from, to));
    }

    /// No message passes between these nodes and the others any more.
    pub(crate) fn part(&mut self, group: &[NodeId]) {
        for outside in (0..self.hosts.len()).map(NodeId::from_index).filter(|node| !group.contains(node)) {
            for inside in group {
                self.cuts.extend([(outside, *inside), (*inside, outside)]);
            }
        }
    }

    pub(crate) fn heal(&mut self) {
        self.cuts.clear();
        self.stuck.clear();
    }

    /// No fsync of the node ends any more.
    pub(crate) fn stick(&mut self, node: NodeId) {
        self.stuck.insert(node);
    }

    /// Everything in the network is lost.
    pub(crate) fn lose_all(&mut self) {
        self.world.in_flight.clear();
    }

    /// All messages pass and all fsyncs end until there is nothing more to do; then the successors that have not
    /// acknowledged are bypassed. No other timer runs out.
    pub(crate) fn settle(&mut self, ack: P::Timer) {
        for _ in 0..100_000 {
            let nodes = (0..self.hosts.len()).map(NodeId::from_index);
            let ready =
                |node: &NodeId| self.world.fsyncs[node.index()].is_some() && !self.stuck.contains(node);
            if let Some(node) = nodes.clone().find(ready) {
                self.sync(node);
            } else if !self.world.in_flight.is_empty() {
                let Envelope { from, to, message } = self.world.in_flight.remove(0);
                if !self.cuts.contains(&(from, to)) {
                    self.hand_over(from, to, message);
                }
            } else if let Some(node) = nodes.clone().find(|node| self.armed(*node, ack).is_some()) {
                self.fire(node, ack);
            } else {
                return;
            }
        }
        panic!("the ring does not come to rest");
    }

    // What is so.

    fn kind(envelope: &Envelope<P::Message>) -> &'static str {
        P::KINDS[usize::from(P::kind(&envelope.message).0)]
    }

    pub(crate) fn state(&self, node: NodeId) -> &P::State {
        self.hosts[node.index()].state().expect("the node is up")
    }

    /// Who leads, in which epoch.
    pub(crate) fn leaders(&self) -> Vec<(NodeId, u64)> {
        let reign = |host: &Host<P>| host.leadership().map(|leadership| (host.node(), leadership.epoch.0));
        self.hosts.iter().filter_map(reign).collect()
    }

    pub(crate) fn armed(&self, node: NodeId, timer: P::Timer) -> Option<Jitter> {
        let armed = self.hosts[node.index()].armed().contains(timer);
        self.world.timers[node.index()][timer.index()].filter(|_| armed)
    }

    /// Whether a message of this kind waits in the network.
    pub(crate) fn is_in_flight(&self, kind: &str, from: NodeId, to: NodeId) -> bool {
        self.world.in_flight.iter().any(|e| Self::kind(e) == kind && e.from == from && e.to == to)
    }

    /// Who was elected in an epoch, with repetitions.
    pub(crate) fn winners(&self, epoch: u64) -> Vec<NodeId> {
        let won = |what: &What| matches!(what, What::Elected(l) if l.epoch == Epoch(epoch));
        self.world.seen.iter().filter(|(_, what)| won(what)).map(|(node, _)| *node).collect()
    }

    /// For whom a node was seen to vote in an epoch, in order.
    pub(crate) fn votes(&self, voter: NodeId, of: u64) -> Vec<NodeId> {
        let voted = |(node, what): &(NodeId, What)| match what {
            What::Fact(Fact::Voted { epoch, candidate, .. }) if *node == voter && epoch.0 == of => {
                Some(*candidate)
            }
            _ => None,
        };
        self.world.seen.iter().filter_map(voted).collect()
    }

    /// How many messages of each kind were sent since the last count, in the order of the kinds.
    pub(crate) fn count_sent(&mut self) -> Vec<(&'static str, usize)> {
        let sent = std::mem::take(&mut self.world.sent);
        let count = |(place, kind): (usize, &&'static str)| {
            (*kind, sent.iter().filter(|sent| usize::from(**sent) == place).count())
        };
        P::KINDS.iter().enumerate().map(count).filter(|(_, count)| *count > 0).collect()
    }
}
