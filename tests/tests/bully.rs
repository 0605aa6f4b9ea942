//! What an election and an idle cluster of the Bully algorithm cost in messages, exactly, in the real engine; and what
//! its naive epoch is worth.
//!
//! Garcia-Molina's algorithm in the textbooks' messages, n nodes, the highest of which has died. Worst case: the lowest
//! detects, and all above it hold elections too: n(n-1)/2 Election, the probes of the dead included, (n-1)(n-2)/2 Answer
//! and n-2 Coordinator, n²-n-1 in all. Best case: the highest but one detects: one probe and n-2 Coordinator.

use interregnum_algorithms::{Registered, Visitor, build};
use interregnum_campaign::Seeds;
use interregnum_kernel::{
    GlobalTime, Interest, Jitter, NodeId, Observation, Observer, Parameters, Span, Value, What,
};
use interregnum_sim::Simulator;
use interregnum_tests::sweep_text;
use interregnum_world::{
    Connections, InFlight, Latency, Lever, LinkSetting, MAX_KINDS, Plan, PlannedFault, Selector, Setting,
    Unsynced,
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
    let link = LinkSetting::with_latency(Latency::Constant(Span::millis(1)));
    let mut setting = Setting::quiet(nodes, link, Latency::Constant(Span::millis(1)), horizon);
    setting.plan = plan;
    let parameters = Parameters::of(nodes)
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
    };
    let fault = |at, lever| PlannedFault { at, lever, lasts: None };
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

const SPLIT_AFRESH: &str = include_str!("../../scenarios/split-afresh.toml");

#[test]
fn two_groups_that_elect_afresh_lead_one_epoch_in_the_classic_form() {
    let summary = sweep_text(SPLIT_AFRESH, "bully", None, Seeds { first: 1, count: 200 });
    for name in ["election-safety", "fenced-writes", "leader-exclusion"] {
        let invariant = summary.invariant(name).expect("the invariant exists");
        assert_eq!(invariant.violated_runs, 200, "{name} is violated in every run");
    }
}
