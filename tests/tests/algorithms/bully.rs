//! What an election and an idle cluster of the Bully algorithm cost in messages, exactly, in the real engine; and where
//! the classic form and the one with quorums part.
//!
//! Garcia-Molina's algorithm in the textbooks' messages, n nodes, the highest of which has died. Worst case: the lowest
//! detects, and all above it hold elections too: n(n-1)/2 Election, the probes of the dead included, (n-1)(n-2)/2 Answer
//! and n-2 Coordinator, n²-n-1 in all. Best case: the highest but one detects: one probe and n-2 Coordinator.

use interregnum_algorithms::{Registered, Visitor, build};
use interregnum_campaign::Engine;
use interregnum_campaign::Seeds;
use interregnum_kernel::{
    FaultClasses, GlobalTime, Interest, Jitter, NodeId, Observation, Observer, Parameters, Span, Value, What,
};
use interregnum_sim::Simulator;
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::{seed_or, sweep_text};
use interregnum_world::{
    Connections, DiskAfter, InFlight, Latency, Lever, LinkSetting, MAX_KINDS, Plan, PlannedFault, Selector,
    Setting, Unsynced,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const HEARTBEAT: Span = Span::millis(50);
/// The cut of the one node that is to detect first. The heartbeats of one leader come every 50 ms; whatever their phase,
/// this node has missed two more than the others when the leader dies.
const CUT: Span = Span::millis(2_000);
const CRASH: Span = Span::millis(2_101);
/// After the election of the one that detects, 150 ms after its last heartbeat at the latest, and before any other node
/// would have missed the leader.
const SETTLED: Span = Span::millis(2_230);

/// Hears who is elected.
#[derive(Default)]
struct Ear(Vec<(GlobalTime, NodeId)>);

impl Observer for Ear {
    fn interest(&self) -> Interest {
        Interest::LEADERSHIP
    }
    fn observe(&mut self, observation: &Observation) {
        if let What::Elected(_) = observation.what {
            self.0.push((observation.at, observation.node));
        }
    }
}

struct Seen {
    sent: BTreeMap<&'static str, u64>,
    elected: Vec<(GlobalTime, NodeId)>,
}

impl Seen {
    /// What was sent beyond what a shorter run of the same seed sent.
    fn since(&self, before: &Seen, kind: &str) -> u64 {
        self.sent[kind] - before.sent[kind]
    }
}

struct Watch(Arc<Setting>);

impl Visitor for Watch {
    type Output = Seen;
    fn visit<P: Registered>(self, protocol: P) -> Seen {
        let mut simulator = Simulator::new(protocol, self.0, Ear::default());
        let counts: [u64; MAX_KINDS] = simulator.run(1).counters.sent;
        let sent = P::KINDS.iter().copied().zip(counts).collect();
        Seen { sent, elected: std::mem::take(&mut simulator.observer_mut().0) }
    }
}

fn watch(algorithm: &str, nodes: u8, plan: Plan, horizon: Span) -> Seen {
    watch_with(algorithm, &Parameters::of(nodes), plan, horizon)
}

fn watch_with(algorithm: &str, parameters: &Parameters, plan: Plan, horizon: Span) -> Seen {
    let nodes = parameters.nodes;
    let link = LinkSetting::with_latency(Latency::Constant(Span::millis(1)));
    let mut setting = Setting::quiet(nodes, link, Latency::Constant(Span::millis(1)), horizon);
    setting.plan = plan;
    let parameters = parameters
        .clone()
        .with("failure_timeout", Value::Jitter(Jitter::exactly(Span::millis(150))))
        .with("heartbeat_interval", Value::Span(HEARTBEAT));
    build(algorithm, &parameters, Watch(Arc::new(setting))).expect("the parameters fit")
}

/// The leader dies, and this node misses it first.
fn detected_by(detective: NodeId) -> Plan {
    let cut = Lever::Cut {
        from: vec![Selector::Leader],
        to: vec![Selector::Node(detective)],
        in_flight: InFlight::Drop,
    };
    let crash = Lever::Crash {
        target: vec![Selector::Leader],
        unsynced: Unsynced::Lost,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    };
    let fault = |at, lever| PlannedFault::at(at, lever);
    Plan { faults: vec![fault(CUT, cut), fault(CRASH, crash)] }
}

/// The same run until the crash, and until the election that follows is over.
fn election(algorithm: &str, nodes: u8, detective: u8) -> (Seen, Seen) {
    let plan = detected_by(NodeId(detective - 1));
    let before = watch(algorithm, nodes, plan.clone(), CRASH);
    let after = watch(algorithm, nodes, plan, SETTLED);
    assert_eq!(before.elected.last().map(|(_, node)| node.0 + 1), Some(nodes), "the highest led");
    assert_eq!(after.elected.last().map(|(_, node)| node.0 + 1), Some(nodes - 1), "the next one leads");
    assert_eq!(after.elected.len(), before.elected.len() + 1, "there was one election");
    (before, after)
}

#[test]
fn the_worst_case_is_detected_by_the_lowest_and_costs_n_squared_minus_n_minus_1() {
    for nodes in 3..=33u8 {
        let (before, after) = election("bully", nodes, 1);
        let n = u64::from(nodes);
        assert_eq!(after.since(&before, "Election"), n * (n - 1) / 2, "{n} nodes: probes");
        assert_eq!(after.since(&before, "Answer"), (n - 1) * (n - 2) / 2, "{n} nodes: answers");
        assert_eq!(after.since(&before, "Coordinator"), n - 2, "{n} nodes: announcements");
        let all: u64 =
            ["Election", "Answer", "Coordinator"].iter().map(|kind| after.since(&before, kind)).sum();
        assert_eq!(all, n * n - n - 1, "{n} nodes: the sum");
    }
}

#[test]
fn the_best_case_is_detected_by_the_highest_but_one_and_costs_n_minus_2_and_a_probe() {
    for nodes in 3..=33u8 {
        let (before, after) = election("bully", nodes, nodes - 1);
        let n = u64::from(nodes);
        assert_eq!(after.since(&before, "Election"), 1, "{n} nodes: a probe");
        assert_eq!(after.since(&before, "Answer"), 0, "{n} nodes: answers");
        assert_eq!(after.since(&before, "Coordinator"), n - 2, "{n} nodes: announcements");
    }
}

/// All survivors miss the leader at the same instant, since they wait equally long.
fn claim(nodes: u8, poll: bool) -> (Seen, Seen) {
    let crash = Lever::Crash {
        target: vec![Selector::Leader],
        unsynced: Unsynced::Lost,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    };
    let plan = Plan { faults: vec![PlannedFault::at(CRASH, crash)] };
    let parameters = Parameters::of(nodes).with("poll", Value::Flag(poll));
    let watch = |horizon| watch_with("bully-quorum", &parameters, plan.clone(), horizon);
    let (before, after) = (watch(CRASH), watch(CRASH + Span::millis(210)));
    assert_eq!(before.elected.last().map(|(_, node)| node.0 + 1), Some(nodes), "the highest led");
    assert_eq!(after.elected.last().map(|(_, node)| node.0 + 1), Some(nodes - 1), "the next one leads");
    (before, after)
}

#[test]
fn quorums_cost_a_claim_to_everybody_and_a_grant_of_every_survivor_on_top() {
    for nodes in 3..=33u8 {
        let n = u64::from(nodes);
        let (before, after) = claim(nodes, false);
        assert_eq!(after.since(&before, "Election"), n * (n - 1) / 2, "{n} nodes: as the classic worst case");
        assert_eq!(after.since(&before, "Answer"), (n - 1) * (n - 2) / 2, "{n} nodes: the same");
        assert_eq!(after.since(&before, "Claim"), n - 1, "{n} nodes: claims, the dead node's included");
        assert_eq!(after.since(&before, "Grant"), n - 2, "{n} nodes: grants");
        assert_eq!(after.since(&before, "Coordinator"), n - 1, "{n} nodes: announcements, to all");
        assert_eq!(after.since(&before, "Deny"), 0, "{n} nodes: nothing is denied");
    }
}

#[test]
fn a_poll_asks_those_below_too() {
    for nodes in 3..=33u8 {
        let n = u64::from(nodes);
        let (before, after) = claim(nodes, true);
        assert_eq!(after.since(&before, "Election"), (n - 1) * (n - 1), "{n} nodes: all ask all");
        assert_eq!(after.since(&before, "Answer"), (n - 1) * (n - 2), "{n} nodes: all survivors answer all");
        assert_eq!(after.since(&before, "Claim") + after.since(&before, "Grant"), 2 * n - 3, "{n} nodes");
    }
}

#[test]
fn an_idle_leader_with_a_quorum_costs_two_messages_per_peer_and_heartbeat() {
    for nodes in [3, 5, 9, 33] {
        let (before, after) = idle("bully-quorum", nodes);
        let peers = u64::from(nodes) - 1;
        assert_eq!(after.since(&before, "Heartbeat"), 20 * peers, "{nodes} nodes: heartbeats");
        assert_eq!(after.since(&before, "HeartbeatAck"), 20 * peers, "{nodes} nodes: acknowledgements");
        let all: u64 = after.sent.keys().map(|kind| after.since(&before, kind)).sum();
        assert_eq!(all, 40 * peers, "{nodes} nodes: nothing else is sent");
    }
}

/// What an idle cluster sends in twenty heartbeat intervals, which end between two heartbeats.
fn idle(algorithm: &str, nodes: u8) -> (Seen, Seen) {
    let from = Span::millis(2_020);
    let before = watch(algorithm, nodes, Plan::default(), from);
    let after = watch(algorithm, nodes, Plan::default(), from + HEARTBEAT.scaled(20, 1));
    (before, after)
}

#[test]
fn an_idle_coordinator_costs_one_message_per_peer_and_heartbeat() {
    for nodes in [3, 5, 9, 33] {
        let (before, after) = idle("bully", nodes);
        let peers = u64::from(nodes) - 1;
        assert_eq!(after.since(&before, "Heartbeat"), 20 * peers, "{nodes} nodes: heartbeats");
        let rest: u64 =
            ["Election", "Answer", "Coordinator"].iter().map(|kind| after.since(&before, kind)).sum();
        assert_eq!(rest, 0, "{nodes} nodes: nothing else is sent");
    }
}

const SPLIT_AFRESH: &str = include_str!("../../../scenarios/split-afresh.toml");

#[test]
fn two_groups_that_elect_afresh_lead_one_epoch_in_the_classic_form() {
    let summary = sweep_text(SPLIT_AFRESH, "bully", None, Seeds { first: 1, count: 200 });
    for name in ["election-safety", "fenced-writes", "leader-exclusion"] {
        let invariant = summary.invariant(name).expect("the invariant exists");
        assert_eq!(invariant.violated_runs, 200, "{name} is violated in every run");
    }
}

#[test]
fn only_one_of_them_comes_to_an_epoch_where_a_majority_grants_it() {
    let summary = sweep_text(SPLIT_AFRESH, "bully-quorum", None, Seeds { first: 1, count: 1000 });
    for name in ["election-safety", "fenced-writes", "vote-once"] {
        let invariant = summary.invariant(name).expect("the invariant exists");
        assert_eq!(invariant.violated_runs, 0, "{name} holds in every run");
        assert!(invariant.exercised > 0, "{name} was put to the test");
    }
    assert_eq!(summary.complaints, [""; 0], "all is as the scenario expects");
}

/// A fast cluster on a bad network: five seconds are some thirty failure timeouts.
const BAD_NETWORK: &str = r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that loses, repeats and reorders messages; healed at the end."

[cluster]
nodes = 5

[network]
latency = "1ms..8ms"
loss = 0.01
duplicate = 0.02
reorder = { probability = 0.05, delay = "5ms..60ms" }

[disk]
fsync = "1ms..6ms"

[clock]
drift_ppm = "-200..200"

[workload]
writes_every = "20ms"

[run]
for = "5s"
heal = "3s"

[expect]
leader_within = "2s"
leader_during = "1900ms"
"#;

/// `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried, `INTERREGNUM_BUG` plants a bug
/// to see the property fail.
#[test]
fn the_form_with_quorums_keeps_its_promises_under_random_plans() {
    let entry = interregnum_algorithms::find("bully-quorum").expect("it is registered");
    let promises: Vec<&str> = entry.promises_under(FaultClasses::NONE).collect();
    for (settings, seed) in [("", 0x6275_6c6c), ("\n[parameters.bully-quorum]\npoll = false\n", 0x706f_6c6c)]
    {
        let base = format!("{BAD_NETWORK}{settings}");
        let property = Property {
            name: "the_form_with_quorums_keeps_its_promises_under_random_plans",
            binary: "algorithms",
            algorithm: entry.name,
            engine: Engine::Sim,
            base: &base,
            plans: plan(5, Span::secs(3), 12, Kinds::with_orders(entry.orders)),
            cases: cases_or(2_000),
            seed: seed_or(seed),
            bug: std::env::var("INTERREGNUM_BUG").ok(),
            invariants: &promises,
        };
        let coverage = property.check();
        assert!(coverage.elections > 2 * coverage.cases, "plans that change no leader: {coverage:?}");
        for (name, exercised) in promises.iter().zip(&coverage.exercised) {
            assert!(*exercised > 0, "{name} was never put to the test");
        }
    }
}
