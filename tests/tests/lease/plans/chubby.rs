//! Chubby's promises under random plans of all that they bear: faults that are planned against contenders, and a nemesis
//! that hits any node, the cell's among them.
//!
//! `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried, `INTERREGNUM_BUG` plants a bug to
//! see the test fail.

use interregnum_algorithms::{Entry, find};
use interregnum_campaign::Engine;
use interregnum_kernel::{FaultClass, FaultClasses, Span};
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;

/// Chosen before any result was seen.
const SEED: u64 = 0x6b65_6570_616c_6976;
const PLANS: u32 = 1000;

/// Clocks err by what the drift allowance is for, and the network loses, repeats and reorders. A lock-delay would cover much of what a
/// lease that is counted wrongly does, so that there is a short one at most.
fn base(lock_delay: &str) -> String {
    format!(
        r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that loses, repeats and reorders messages; healed at the end."

[cluster]
nodes = 5

[network]
latency = "1ms..8ms"
loss = 0.01
duplicate = 0.02
reorder = {{ probability = 0.05, delay = "5ms..60ms" }}

[disk]
fsync = "1ms..6ms"

[clock]
drift_ppm = "-500..500"

[workload]
writes_every = "20ms"

[parameters.lease-chubby]
lock_delay = "{lock_delay}"

[nemesis]
faults = ["partition", "one-way-cut", "flapping", "pause", "crash", "slow-node", "disk-stall"]
every = "200ms..1s"
until = "3s"

[run]
for = "7s"
heal = "4s"

[expect]
leader_within = "3s"
"#
    )
}

const PROMISED: &[&str] = &[
    "lease-exclusion",
    "leader-exclusion",
    "lease-kept",
    "token-monotonic",
    "fenced-writes",
    "election-safety",
    "vote-once",
    "leader-within",
];

/// What all of these promises bear.
fn borne(entry: &Entry) -> FaultClasses {
    let by_all = |class: &FaultClass| PROMISED.iter().all(|name| entry.promises(name, (*class).into()));
    FaultClass::ALL.into_iter().filter(by_all).collect()
}

fn keeps_its_promises(test: &str, base: &str, seed: u64) {
    let entry = find("lease-chubby").expect("it is registered");
    let kinds = Kinds { faults: borne(entry), ..Kinds::borne_by(entry) };
    for class in [FaultClass::Cut, FaultClass::Loss, FaultClass::Delay, FaultClass::Crash, FaultClass::Pause]
    {
        assert!(kinds.faults.has(class), "{class} is borne");
    }
    let property = Property {
        name: test,
        binary: "lease",
        algorithm: entry.name,
        engine: Engine::Sim,
        base,
        plans: plan(5, Span::secs(4), 12, kinds),
        cases: cases_or(PLANS),
        seed: seed_or(seed),
        bug: std::env::var("INTERREGNUM_BUG").ok().filter(|id| entry.bug(id).is_some()),
        invariants: PROMISED,
    };
    let coverage = property.check();
    assert!(coverage.elections > 2 * coverage.cases, "plans that change no leader: {coverage:?}");
    for (name, exercised) in PROMISED.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}

#[test]
fn promises_are_kept_under_random_plans() {
    keeps_its_promises("promises_are_kept_under_random_plans", &base("375ms"), SEED);
}

#[test]
fn exclusion_needs_no_lock_delay() {
    keeps_its_promises("exclusion_needs_no_lock_delay", &base("0ms"), SEED + 1);
}
