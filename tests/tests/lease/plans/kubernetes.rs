//! Kubernetes' promises under random plans of all that they bear. `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES`
//! sets how many plans are tried, `INTERREGNUM_BUG` plants a bug to see the property fail.

use interregnum_campaign::Engine;
use interregnum_kernel::{FaultClass, FaultClasses, Span};
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x6b75_6265_6c65_6173;

/// A fast cluster on a network that loses and repeats messages. Nothing is late: that would be another promise.
const BAD_NETWORK: &str = r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that loses and repeats messages; healed at the end."

[cluster]
nodes = 5

[network]
latency = "1ms..8ms"
loss = 0.01
duplicate = 0.02

[disk]
fsync = "1ms..6ms"

[clock]
offset = "-5s..5s"
drift_ppm = "-200..200"

[workload]
writes_every = "20ms"

[run]
for = "10s"
heal = "6s"

[expect]
leader_within = "3s"
"#;

#[test]
fn what_is_promised_is_kept_under_random_plans() {
    let entry = interregnum_algorithms::find("lease-kubernetes").expect("it is registered");
    let borne = |class: &FaultClass| entry.promises("lease-exclusion", (*class).into());
    let faults: FaultClasses = FaultClass::ALL.into_iter().filter(borne).collect();
    assert!(faults.has(FaultClass::Cut) && faults.has(FaultClass::Crash) && faults.has(FaultClass::Loss));
    let promises: Vec<&str> = entry.promises_under(faults).collect();
    assert!(promises.contains(&"lease-exclusion"), "{promises:?}");
    let property = Property {
        name: "what_is_promised_is_kept_under_random_plans",
        binary: "lease",
        algorithm: entry.name,
        engine: Engine::Sim,
        base: BAD_NETWORK,
        plans: plan(5, Span::secs(6), 12, Kinds { faults, ..Kinds::borne_by(entry) }),
        cases: cases_or(1_000),
        seed: seed_or(ROOT_SEED),
        bug: std::env::var("INTERREGNUM_BUG").ok(),
        invariants: &promises,
    };
    let coverage = property.check();
    assert!(2 * coverage.elections > 3 * coverage.cases, "plans that change no leader: {coverage:?}");
    for (name, exercised) in promises.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}
