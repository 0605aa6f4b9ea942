//! ZooKeeper's recipe and Kafka's controller under random plans of faults, which hit contenders and service nodes alike.
//! `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried, `INTERREGNUM_BUG` plants a bug to
//! see a property fail.

use interregnum_campaign::Engine;
use interregnum_kernel::Span;
use interregnum_tests::plans::{Kinds, TIMES, base, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;

/// Whatever is cut, dies or stands still.
const SAFETY: &[&str] = &[
    "election-safety",
    "vote-once",
    "epoch-monotonic",
    "leader-completeness",
    "log-agreement",
    "fenced-writes",
    "token-monotonic",
    "leader-within",
];

fn keeps(name: &str, algorithm: &str, base: &str, invariants: &[&str]) {
    let property = Property {
        name,
        binary: "lease",
        algorithm,
        engine: Engine::Sim,
        base,
        plans: plan(5, Span::secs(3), 12, Kinds::with_orders(&["resign"])),
        cases: cases_or(1_000),
        seed: seed_or(0x7a6b_706c_616e),
        bug: std::env::var("INTERREGNUM_BUG").ok(),
        invariants,
    };
    let coverage = property.check();
    assert!(
        coverage.elections > 2 * coverage.cases,
        "plans that change no leader test nothing: {coverage:?}"
    );
    for (name, exercised) in invariants.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}

/// The plans' faults hit contenders, these hit either.
const NEMESIS: &str = r#"
[nemesis]
faults = ["partition", "crash", "disk-stall"]
every = "100ms..600ms"
until = "3s"
"#;

/// Contenders and service nodes on a bad network.
fn rough() -> String {
    format!("{}{NEMESIS}", base(TIMES))
}

#[test]
fn zookeepers_recipe_keeps_its_promises_under_random_plans() {
    keeps("zookeepers_recipe_keeps_its_promises_under_random_plans", "lease-zookeeper", &rough(), SAFETY);
}

#[test]
fn kafkas_controller_keeps_its_promises_under_random_plans() {
    keeps("kafkas_controller_keeps_its_promises_under_random_plans", "lease-kafka", &rough(), SAFETY);
}

/// Where nothing is late: cuts, crashes and stalled disks do not make leases overlap.
const PROMPT: &str = r#"
format = 1
name = "random-plan-on-a-prompt-network"
summary = "A random plan of faults on a network that loses messages, and delays none; healed at the end."

[cluster]
nodes = 5

[network]
latency = "1ms..8ms"
loss = 0.01

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
"#;

#[test]
fn zookeepers_leases_do_not_overlap_under_random_plans_on_a_prompt_network() {
    keeps(
        "zookeepers_leases_do_not_overlap_under_random_plans_on_a_prompt_network",
        "lease-zookeeper",
        &format!("{PROMPT}{NEMESIS}"),
        &["lease-exclusion", "leader-within"],
    );
}
