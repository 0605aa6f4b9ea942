//! ZAB in the real engine: what it promises under random plans, what no run falls below, and what it costs in messages.
//! `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried, `INTERREGNUM_BUG` plants a bug
//! to see the property fail.

use interregnum_kernel::Span;
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;
use interregnum_world::{Connections, Lever, Plan};
use proptest::prelude::Strategy;

/// A fast cluster on a bad network. After healing a leader may take as long as the silence before, and a quarter more:
/// votes are repeated at doubling intervals.
const BASE: &str = r#"
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
proposals_every = "40ms"

[run]
for = "13s"
heal = "5s"

[expect]
leader_within = "8s"
"#;

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
        binary: "zab",
        algorithm: "zab",
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
    promises_hold("zab_keeps_its_promises_under_random_plans", BASE, 1_500, 0x7a61_6221);
}

#[test]
fn a_hasty_zab_keeps_its_promises_under_random_plans() {
    let base = format!("{BASE}{HASTY}");
    promises_hold("a_hasty_zab_keeps_its_promises_under_random_plans", &base, 1_500, 0x6861_7374);
}
