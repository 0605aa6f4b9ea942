//! Tests that read as stories: a cluster whose every message, timer and fsync moves when the story says so.

mod candidacy;
mod configuration;
mod disk;
mod election;
mod emptied;
mod guard;
mod lease;
mod membership;
mod planted;
mod replication;
mod scripts;
mod snapshots;
mod spares;
mod stress;
mod transfer;
mod witness;

use super::{Message, Raft, State, Timer};
use crate::Algorithm;
use interregnum_kernel::{
    Command, Deadline, Effects, Epoch, Fact, Host, Interest, Jitter, LocalTime, LogIndex, NodeId, Now, Order,
    Parameters, Port, Protocol, Role, Span, TimerName, Value, WallTime, What,
};
use std::collections::BTreeSet;

const N1: NodeId = NodeId(0);
const N2: NodeId = NodeId(1);
const N3: NodeId = NodeId(2);
const N4: NodeId = NodeId(3);
const N5: NodeId = NodeId(4);

/// A message on its way.
#[derive(Clone, Debug, PartialEq)]
struct Envelope {
    from: NodeId,
    to: NodeId,
    message: Message,
}

impl Envelope {
    fn kind(&self) -> &'static str {
        Message::KINDS[usize::from(self.message.kind().0)]
    }
}

/// What surrounds the hosts.
#[derive(Default)]
struct World {
    in_flight: Vec<Envelope>,
    sent: Vec<Envelope>,
    fsyncs: Vec<Option<u32>>,
    timers: Vec<[Option<Jitter>; Timer::COUNT]>,
    seen: Vec<(NodeId, What)>,
    ask_at: Vec<Option<Deadline>>,
}

/// One host's view of the world.
struct Desk<'a> {
    node: NodeId,
    world: &'a mut World,
}

impl Port<Raft> for Desk<'_> {
    fn transmit(&mut self, to: NodeId, message: Message) {
        let envelope = Envelope { from: self.node, to, message };
        self.world.sent.push(envelope.clone());
        self.world.in_flight.push(envelope);
    }
    fn arm(&mut self, timer: Timer, after: Jitter) {
        self.world.timers[self.node.index()][timer.index()] = Some(after);
    }
    fn disarm(&mut self, timer: Timer) {
        self.world.timers[self.node.index()][timer.index()] = None;
    }
    fn start_write(&mut self, writes: u32) {
        self.world.fsyncs[self.node.index()] = Some(writes);
    }
    fn ask_again_at(&mut self, deadline: Deadline) {
        self.world.ask_at[self.node.index()] = Some(deadline);
    }
    fn interest(&self) -> Interest {
        Interest::ALL
    }
    fn observe(&mut self, what: What) {
        self.world.seen.push((self.node, what));
    }
}

/// A cluster driven by hand. Time stands still unless the story moves it.
struct Cluster {
    raft: Raft,
    hosts: Vec<Host<Raft>>,
    world: World,
    effects: Effects<Raft>,
    now: LocalTime,
    cuts: BTreeSet<(NodeId, NodeId)>,
    stuck: BTreeSet<NodeId>,
}

/// Parameters for this many nodes, without pre-vote: most stories are about votes.
fn plain(nodes: u8) -> Parameters {
    Parameters::of(nodes).with("pre_vote", Value::Flag(false))
}

/// The same without any protection of a leader: stories in which candidates come as the story needs them.
fn bare(nodes: u8) -> Parameters {
    plain(nodes).with("check_quorum", Value::Flag(false))
}

fn logs(logs: &[&[u64]]) -> Value {
    Value::Logs(logs.iter().map(|log| log.to_vec()).collect())
}

impl Cluster {
    /// Boots all nodes.
    fn of(parameters: &Parameters) -> Cluster {
        let raft = Raft::from_parameters(parameters).expect("the story's parameters fit");
        let nodes = usize::from(parameters.nodes);
        let hosts = (0..nodes).map(|i| Host::new(&raft, NodeId::from_index(i))).collect();
        let world = World {
            fsyncs: vec![None; nodes],
            timers: vec![[None; Timer::COUNT]; nodes],
            ask_at: vec![None; nodes],
            ..World::default()
        };
        let mut cluster = Cluster {
            raft,
            hosts,
            world,
            effects: Effects::default(),
            now: LocalTime(1_000_000_000),
            cuts: BTreeSet::new(),
            stuck: BTreeSet::new(),
        };
        for i in 0..nodes {
            cluster.restart(NodeId::from_index(i));
        }
        cluster
    }

    fn at_host<T>(
        &mut self,
        node: NodeId,
        act: impl FnOnce(&mut Host<Raft>, &Raft, Now, &mut Effects<Raft>, &mut Desk<'_>) -> T,
    ) -> T {
        let now = Now { mono: self.now, wall: WallTime(0) };
        let mut desk = Desk { node, world: &mut self.world };
        act(&mut self.hosts[node.index()], &self.raft, now, &mut self.effects, &mut desk)
    }

    // What happens.

    fn restart(&mut self, node: NodeId) {
        self.at_host(node, |host, raft, now, effects, desk| host.boot(raft, now, effects, desk));
    }

    /// Kills a node; of its writes in flight the oldest `kept` were durable.
    fn crash(&mut self, node: NodeId, kept: u32) {
        self.at_host(node, |host, _, _, _, desk| host.crash(kept, desk));
        self.world.fsyncs[node.index()] = None;
        self.world.timers[node.index()] = [None; Timer::COUNT];
    }

    fn fire(&mut self, node: NodeId, timer: Timer) {
        self.world.timers[node.index()][timer.index()] = None;
        self.at_host(node, |host, raft, now, effects, desk| host.fire(raft, now, timer, effects, desk));
    }

    /// The node's election timeout ends: its one timer, or the guard that comes first and then the rest.
    fn time_out(&mut self, node: NodeId) {
        if !self.hosts[node.index()].armed().contains(Timer::Election) {
            self.fire(node, Timer::Guard);
        }
        self.fire(node, Timer::Election);
    }

    fn propose(&mut self, node: NodeId, command: u64) {
        let command = Command(command);
        self.at_host(node, |host, raft, now, effects, desk| host.propose(raft, now, command, effects, desk));
    }

    fn order_transfer(&mut self, node: NodeId, target: NodeId) {
        self.order(node, Order::TransferLeadership(target));
    }

    fn order(&mut self, node: NodeId, order: Order) {
        self.at_host(node, |host, raft, now, effects, desk| host.administer(raft, now, order, effects, desk));
    }

    /// The fsync under way ends.
    fn sync(&mut self, node: NodeId) {
        let writes = self.world.fsyncs[node.index()].take().expect("an fsync is under way");
        self.at_host(node, |host, raft, now, effects, desk| host.persisted(raft, now, writes, effects, desk));
    }

    fn hand_over(&mut self, Envelope { from, to, message }: Envelope) {
        self.at_host(to, |host, raft, now, effects, desk| {
            host.receive(raft, now, from, message, effects, desk);
        });
    }

    /// Takes the oldest message of a kind between two nodes out of the network.
    fn take(&mut self, kind: &str, from: NodeId, to: NodeId) -> Envelope {
        let place =
            self.world.in_flight.iter().position(|e| e.kind() == kind && e.from == from && e.to == to);
        let place = place.unwrap_or_else(|| {
            panic!("no {kind} from {from} to {to} among {:#?}", self.world.in_flight);
        });
        self.world.in_flight.remove(place)
    }

    /// Delivers the oldest message of a kind between two nodes.
    fn pass(&mut self, kind: &str, from: NodeId, to: NodeId) {
        let envelope = self.take(kind, from, to);
        self.hand_over(envelope);
    }

    /// A request and its answer, with the fsync between them where there is one.
    fn exchange(&mut self, request: &str, from: NodeId, to: NodeId) {
        self.pass(request, from, to);
        while self.world.fsyncs[to.index()].is_some() {
            self.sync(to);
        }
        let answer = match request {
            "PreVote" => "PreVoteResponse",
            "RequestVote" => "RequestVoteResponse",
            "AppendEntries" => "AppendEntriesResponse",
            "Heartbeat" => "HeartbeatResponse",
            other => panic!("{other} is not answered"),
        };
        self.pass(answer, to, from);
    }

    /// A node hears of a higher term, from nobody in particular.
    fn raise(&mut self, node: NodeId, term: u64) {
        let (term, index, epoch) = (Epoch(term), LogIndex::ZERO, Epoch::ZERO);
        let message = Message::AppendEntriesResponse { term, rejected: true, index, epoch };
        self.hand_over(Envelope { from: node, to: node, message });
        self.sync(node);
    }

    /// Everything in the network is lost.
    fn lose_all(&mut self) {
        self.world.in_flight.clear();
    }

    /// No message passes between the two groups any more.
    fn part(&mut self, left: &[NodeId], right: &[NodeId]) {
        for a in left {
            for b in right {
                self.cut(*a, *b);
            }
        }
    }

    /// No message passes between the two any more.
    fn cut(&mut self, a: NodeId, b: NodeId) {
        self.cuts.extend([(a, b), (b, a)]);
    }

    fn isolate(&mut self, node: NodeId) {
        for i in 0..self.hosts.len() {
            self.cut(node, NodeId::from_index(i));
        }
    }

    fn heal(&mut self) {
        self.cuts.clear();
    }

    /// All messages pass and all fsyncs end, until there is nothing more to do. No timer runs out.
    fn settle(&mut self) {
        for _ in 0..100_000 {
            if let Some(node) = self.ready_disk() {
                self.sync(node);
            } else if self.world.in_flight.is_empty() {
                return;
            } else {
                let envelope = self.world.in_flight.remove(0);
                if !self.cuts.contains(&(envelope.from, envelope.to)) {
                    self.hand_over(envelope);
                }
            }
        }
        panic!("the cluster does not come to rest");
    }

    fn ready_disk(&self) -> Option<NodeId> {
        let nodes = (0..self.hosts.len()).map(NodeId::from_index);
        nodes.into_iter().find(|n| self.world.fsyncs[n.index()].is_some() && !self.stuck.contains(n))
    }

    /// A node is elected with everything working.
    fn elect(&mut self, node: NodeId) {
        self.time_out(node);
        self.settle();
        assert!(self.leads(node), "{node} leads after a calm election");
    }

    /// One heartbeat round of a leader, answers included.
    fn beat(&mut self, node: NodeId) {
        self.fire(node, Timer::Heartbeat);
        self.settle();
    }

    /// Time passes; nothing runs out by itself.
    fn wait_ms(&mut self, ms: u64) {
        self.now = self.now + Span::millis(ms);
    }

    // What is so.

    fn state(&self, node: NodeId) -> &State {
        self.hosts[node.index()].state().expect("the node is up")
    }

    fn leads(&self, node: NodeId) -> bool {
        self.hosts[node.index()].leadership().is_some()
    }

    fn role(&self, node: NodeId) -> Role {
        self.state(node).role
    }

    fn term(&self, node: NodeId) -> u64 {
        self.state(node).current_term.0
    }

    fn vote(&self, node: NodeId) -> Option<NodeId> {
        self.state(node).voted_for()
    }

    fn commit(&self, node: NodeId) -> u64 {
        self.state(node).commit().0
    }

    fn epochs(&self, node: NodeId) -> Vec<u64> {
        self.state(node).log().entries().iter().map(|entry| entry.epoch.0).collect()
    }

    fn armed(&self, node: NodeId, timer: Timer) -> Option<Jitter> {
        let armed = self.hosts[node.index()].armed().contains(timer);
        self.world.timers[node.index()][timer.index()].filter(|_| armed)
    }

    /// Who was elected in a term, with repetitions.
    fn winners(&self, term: u64) -> Vec<NodeId> {
        let won = |what: &What| matches!(what, What::Elected(l) if l.epoch == Epoch(term));
        self.world.seen.iter().filter(|(_, what)| won(what)).map(|(node, _)| *node).collect()
    }

    /// For whom a node was seen to vote in a term, in order.
    fn votes(&self, voter: NodeId, term: u64) -> Vec<NodeId> {
        let voted = |(node, what): &(NodeId, What)| match what {
            What::Fact(Fact::Voted { epoch, candidate, .. }) if *node == voter && epoch.0 == term => {
                Some(*candidate)
            }
            _ => None,
        };
        self.world.seen.iter().filter_map(voted).collect()
    }

    /// The epochs of what a node announced as committed, in order.
    fn committed(&self, by: NodeId) -> Vec<(u64, u64)> {
        let committed = |(node, what): &(NodeId, What)| match what {
            What::Committed { index, entry } if *node == by => Some((index.0, entry.epoch.0)),
            _ => None,
        };
        self.world.seen.iter().filter_map(committed).collect()
    }

    /// How many messages of each kind were sent since the last count, in the order of the kinds.
    fn count_sent(&mut self) -> Vec<(&'static str, usize)> {
        let sent = std::mem::take(&mut self.world.sent);
        let count = |kind: &&'static str| (*kind, sent.iter().filter(|e| e.kind() == *kind).count());
        Message::KINDS.iter().map(count).filter(|(_, count)| *count > 0).collect()
    }

    /// Whether a message of this kind waits in the network.
    fn is_in_flight(&self, kind: &str, from: NodeId, to: NodeId) -> bool {
        self.world.in_flight.iter().any(|e| e.kind() == kind && e.from == from && e.to == to)
    }

    /// The one message of this kind that waits in the network between two nodes.
    fn in_flight(&self, kind: &str, from: NodeId, to: NodeId) -> &Message {
        let mut found =
            self.world.in_flight.iter().filter(|e| e.kind() == kind && e.from == from && e.to == to);
        let message = &found.next().unwrap_or_else(|| panic!("no {kind} from {from} to {to}")).message;
        assert!(found.next().is_none(), "one {kind} from {from} to {to}");
        message
    }
}
