//! ZAB in the real engine: what it promises under random plans, what no run falls below, and what it costs in messages.
//! `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried, `INTERREGNUM_BUG` plants a bug
//! to see the property fail. These plans do not find `zab-epoch-before-history`, `zab-ack-before-history` and
//! `zab-follows-the-dead`, which are caught by their planted scenarios.

use interregnum_algorithms::{Registered, Visitor, build};
use interregnum_campaign::{Engine, Job, Run, Seeds, Sink, load, sweep};
use interregnum_kernel::{Parameters, Span, Value};
use interregnum_scenario::Scenario;
use interregnum_sim::Simulator;
use interregnum_tests::plans::{Kinds, Times, base, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::{root, scenario, seed_or};
use interregnum_world::{Connections, Latency, Lever, LinkSetting, MAX_KINDS, Plan, Setting};
use proptest::prelude::Strategy;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// After healing a leader may take as long as the silence before, and a quarter more: votes are repeated at doubling intervals.
const UNHURRIED: Times = Times { heal: "5s", end: "13s", leader_within: "8s" };

const PROMISES: &[&str] = &[
    "election-safety",
    "vote-once",
    "epoch-monotonic",
    "leader-completeness",
    "log-agreement",
    "fenced-writes",
    "leader-within",
];

/// The same with timeouts so short that elections follow each other closely, and logs that are replaced by snapshots.
const HASTY: &str = r#"
[parameters.zab]
tick_time = "60ms"
sync_limit = 2
finalize_wait = "15ms"
min_notification_interval = "40ms"
max_notification_interval = "300ms"
min_repetition = "40ms"
max_repetition = "300ms"
connect_retry = "10ms"
retransmission = "30ms"
diff_limit = 3
"#;

/// Every second crash is one of a process whose machine lives, and resets its connections.
fn plans() -> impl Strategy<Value = Plan> {
    plan(5, Span::secs(5), 20, Kinds::with_orders(&["resign"])).prop_map(|mut plan| {
        for fault in plan.faults.iter_mut().step_by(2) {
            if let Lever::Crash { connections, .. } = &mut fault.lever {
                *connections = Connections::Reset;
            }
        }
        plan
    })
}

fn promises_hold(name: &str, base: &str, cases: u32, seed: u64) {
    let property = Property {
        name,
        binary: "algorithms",
        algorithm: "zab",
        engine: Engine::Sim,
        base,
        plans: plans(),
        cases: cases_or(cases),
        seed: seed_or(seed),
        bug: std::env::var("INTERREGNUM_BUG").ok(),
        invariants: PROMISES,
    };
    let coverage = property.check();
    println!("{coverage:?}");
    assert!(
        coverage.elections > 2 * coverage.cases,
        "plans that change no leader test nothing: {coverage:?}"
    );
    for (name, exercised) in PROMISES.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}

#[test]
fn zab_keeps_its_promises_under_random_plans() {
    promises_hold("zab_keeps_its_promises_under_random_plans", &base(UNHURRIED), 1_500, 0x7a61_6221);
}

#[test]
fn a_hasty_zab_keeps_its_promises_under_random_plans() {
    let base = format!("{}{HASTY}", base(UNHURRIED));
    promises_hold("a_hasty_zab_keeps_its_promises_under_random_plans", &base, 1_500, 0x6861_7374);
}

/// The shortest failover of a sweep, and how many there were.
#[derive(Default)]
struct Shortest {
    failovers: u64,
    took: Option<Span>,
}

impl Sink for Shortest {
    fn run(&mut self, _: &Job<'_>, run: &Run) -> io::Result<()> {
        for took in run.measurement.failovers.iter().filter_map(|failover| failover.took) {
            self.failovers += 1;
            self.took = Some(self.took.map_or(took, |shortest| shortest.min(took)));
        }
        Ok(())
    }
}

fn shortest(scenario: &Scenario) -> Shortest {
    let mut shortest = Shortest::default();
    let seeds = Seeds { first: 1, count: 2_000 };
    let job = Job { scenario, algorithm: "zab", seeds, bug: None, engine: Engine::Sim };
    sweep(&job, &mut shortest, &|_| {}).unwrap_or_else(|error| panic!("{error}"));
    assert!(shortest.failovers >= seeds.count, "{}: too few failovers", scenario.name);
    shortest
}

/// Whatever tells the followers that their leader is gone, the election waits for 200 ms of silence. (Where the next fault
/// comes while somebody looks for a leader already, as in `leader-crash-restart`, less may be left of them.)
#[test]
fn no_failover_is_quicker_than_finalize_wait() {
    for name in ["leader-crash-reset", "leader-crash", "resign", "one-way-cut-out-of-leader"] {
        let file = root().join(format!("scenarios/{name}.toml"));
        let loaded = load(&file).unwrap_or_else(|error| panic!("{error}"));
        let took = shortest(&loaded.scenario).took.expect("there are failovers");
        assert!(took >= Span::millis(200), "{name}: a failover took {took}");
    }
}

#[test]
fn a_shorter_finalize_wait_would_be_noticed() {
    let text = std::fs::read_to_string(root().join("scenarios/leader-crash-reset.toml")).expect("a file");
    let scenario = scenario(&format!("{text}\n[parameters.zab]\nfinalize_wait = \"150ms\"\n"));
    let took = shortest(&scenario).took.expect("there are failovers");
    assert!(took < Span::millis(200), "the test above has no teeth: {took}");
}

/// Counts the messages of a quiet run, by kind.
struct Count(Setting);

impl Visitor for Count {
    type Output = BTreeMap<&'static str, u64>;
    fn visit<P: Registered>(self, protocol: P) -> Self::Output {
        let mut simulator = Simulator::new(protocol, Arc::new(self.0), ());
        let counts: [u64; MAX_KINDS] = simulator.run(1).counters.sent;
        P::KINDS.iter().copied().zip(counts).collect()
    }
}

/// What is sent in a cluster without faults and clients whose messages all take a millisecond.
fn sent(parameters: &Parameters, horizon: Span) -> BTreeMap<&'static str, u64> {
    let link = LinkSetting::with_latency(Latency::Constant(Span::millis(1)));
    let setting = Setting::quiet(parameters.nodes, link, Latency::Constant(Span::millis(1)), horizon);
    build("zab", parameters, Count(setting)).expect("zab is built")
}

/// The connections cost nothing of their own while nothing happens: acknowledgements ride on pings.
#[test]
fn an_idle_leader_costs_two_messages_per_follower_and_half_tick_and_no_others() {
    for nodes in [3, 5, 9] {
        let parameters = Parameters::of(nodes);
        // The ends lie between two pings, with all answers given.
        let (early, late) =
            (sent(&parameters, Span::millis(10_020)), sent(&parameters, Span::millis(30_020)));
        for (kind, count) in &late {
            let half_ticks = 20_000 / 50;
            let expected = if *kind == "Ping" { 2 * (u64::from(nodes) - 1) * half_ticks } else { 0 };
            assert_eq!(count - early[kind], expected, "{nodes} nodes: {kind} in twenty seconds");
        }
    }
}

/// All start at once, and messages arrive in the order of the nodes.
fn notifications(nodes: u64, ids: Vec<u64>) -> u64 {
    let parameters = Parameters::of(nodes as u8).with("ids", Value::Counts(ids));
    let sent = sent(&parameters, Span::millis(150));
    assert_eq!(sent["TransportAck"], sent["Notification"], "each is acknowledged, and nothing else is sent");
    sent["Notification"]
}

/// Where the best vote is heard first, everyone but its owner changes its vote once.
#[test]
fn the_best_election_costs_a_vote_of_each_and_one_change_of_each_other() {
    for nodes in [3, 5, 7, 9] {
        let found = notifications(nodes, (1..=nodes).rev().collect());
        assert_eq!(found, nodes * (nodes - 1) + (nodes - 1) * (nodes - 1), "{nodes} nodes");
    }
}

/// Where each vote that is heard is better than the one before, the k-th node changes its vote n - k times.
#[test]
fn the_worst_election_costs_a_cube() {
    for nodes in [3, 5, 7, 9] {
        let found = notifications(nodes, (1..=nodes).collect());
        let changes = nodes * (nodes - 1) / 2;
        assert_eq!(found, nodes * (nodes - 1) + changes * (nodes - 1), "{nodes} nodes");
    }
}
