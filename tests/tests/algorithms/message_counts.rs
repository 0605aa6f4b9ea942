//! What an election and an idle cluster cost in messages, exactly, in the real engine.
//!
//! Best case of an election among n nodes: 2(n-1) for the votes and n-1 first appends, and 2(n-1) more with pre-vote.
//! An idle leader costs 2(n-1) per heartbeat interval.

use interregnum_algorithms::{Registered, Visitor, build};
use interregnum_kernel::{GlobalTime, Interest, Observation, Observer, Parameters, Role, Span, Value, What};
use interregnum_sim::Simulator;
use interregnum_world::{Latency, LinkSetting, MAX_KINDS, Setting};
use std::collections::BTreeMap;
use std::sync::Arc;

const LATENCY: Span = Span::millis(1);
const HEARTBEAT: Span = Span::millis(50);

/// Hears how many nodes stood for election, and when the first was elected.
#[derive(Default)]
struct Ear {
    stood: u32,
    elected: Vec<GlobalTime>,
}

impl Observer for Ear {
    fn interest(&self) -> Interest {
        Interest::ROLES.and(Interest::LEADERSHIP)
    }
    fn observe(&mut self, observation: &Observation) {
        match observation.what {
            What::RoleChanged(Role::Candidate) => self.stood += 1,
            What::Elected(_) => self.elected.push(observation.at),
            _ => {}
        }
    }
}

struct Seen {
    sent: BTreeMap<&'static str, u64>,
    stood: u32,
    elected: Vec<GlobalTime>,
}

impl Seen {
    fn sent(&self, kind: &str) -> u64 {
        self.sent.get(kind).copied().unwrap_or_else(|| panic!("no message is of the kind {kind}"))
    }
}

struct Watch {
    setting: Arc<Setting>,
    seed: u64,
}

impl Visitor for Watch {
    type Output = Seen;
    fn visit<P: Registered>(self, protocol: P) -> Seen {
        let mut simulator = Simulator::new(protocol, self.setting, Ear::default());
        let counts: [u64; MAX_KINDS] = simulator.run(self.seed).counters.sent;
        let sent = P::KINDS.iter().copied().zip(counts).collect();
        let ear = simulator.observer_mut();
        Seen { sent, stood: ear.stood, elected: std::mem::take(&mut ear.elected) }
    }
}

/// A quiet cluster with timeouts so wide apart that one node almost always stands alone.
fn watch(nodes: u8, pre_vote: bool, horizon: Span, seed: u64) -> Seen {
    let link = LinkSetting::with_latency(Latency::Constant(LATENCY));
    let setting = Setting::quiet(nodes, link, Latency::Constant(Span::ZERO), horizon);
    let timeout = interregnum_kernel::Jitter::between(Span::millis(150), Span::secs(3));
    let parameters = Parameters::of(nodes)
        .with("pre_vote", Value::Flag(pre_vote))
        .with("election_timeout", Value::Jitter(timeout))
        .with("heartbeat_interval", Value::Span(HEARTBEAT));
    let watch = Watch { setting: Arc::new(setting), seed };
    build("raft", &parameters, watch).expect("raft is built")
}

/// A seed under which exactly one node stands, and a run of it that ends just after the first appends have left.
fn best_case(nodes: u8, pre_vote: bool) -> Seen {
    let alone = |seed: &u64| watch(nodes, pre_vote, Span::secs(4), *seed).stood == 1;
    let seed = (1..100).find(alone).expect("some seed has one candidate");
    let elected = watch(nodes, pre_vote, Span::secs(4), seed).elected[0];
    watch(nodes, pre_vote, Span(elected.nanos()) + Span::micros(1500), seed)
}

#[test]
fn an_election_without_pre_vote_costs_two_messages_per_peer_and_a_first_append() {
    for nodes in [3, 5, 7, 9] {
        let seen = best_case(nodes, false);
        let peers = u64::from(nodes) - 1;
        assert_eq!(seen.sent("RequestVote"), peers, "{nodes} nodes: requests");
        assert_eq!(seen.sent("RequestVoteResponse"), peers, "{nodes} nodes: responses");
        assert_eq!(seen.sent("AppendEntries"), peers, "{nodes} nodes: first appends");
        assert_eq!(seen.sent("PreVote") + seen.sent("PreVoteResponse"), 0, "{nodes} nodes: pre-votes");
    }
}

#[test]
fn pre_vote_costs_two_messages_per_peer_more() {
    for nodes in [3, 5, 7, 9] {
        let seen = best_case(nodes, true);
        let peers = u64::from(nodes) - 1;
        assert_eq!(seen.sent("PreVote"), peers, "{nodes} nodes: pre-votes");
        assert_eq!(seen.sent("PreVoteResponse"), peers, "{nodes} nodes: their responses");
        assert_eq!(seen.sent("RequestVote"), peers, "{nodes} nodes: requests");
        assert_eq!(seen.sent("RequestVoteResponse"), peers, "{nodes} nodes: responses");
        assert_eq!(seen.sent("AppendEntries"), peers, "{nodes} nodes: first appends");
    }
}

#[test]
fn an_idle_leader_costs_two_messages_per_peer_and_heartbeat() {
    for nodes in [3, 5, 9] {
        let horizon = Span::secs(30);
        let seen = watch(nodes, true, horizon, 1);
        let led = horizon.saturating_sub(Span(seen.elected[0].nanos())).nanos();
        // The first round is due one interval after the election; the last may fall on the horizon itself.
        let rounds = led / HEARTBEAT.nanos();
        let peers = u64::from(nodes) - 1;
        let heartbeats = seen.sent("Heartbeat");
        assert!(
            heartbeats == rounds * peers || heartbeats == (rounds + 1) * peers,
            "{nodes} nodes: {heartbeats} heartbeats in {rounds} intervals"
        );
        let unanswered = heartbeats - seen.sent("HeartbeatResponse");
        assert!(unanswered == 0 || unanswered == peers, "{nodes} nodes: {unanswered} without an answer");
        assert_eq!(seen.sent("AppendEntries"), peers, "{nodes} nodes: nothing is appended but the no-op");
        assert_eq!(seen.elected.len(), 1, "{nodes} nodes: the leader stays");
    }
}
