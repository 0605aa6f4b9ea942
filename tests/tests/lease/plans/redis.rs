//! The Redis lock's promises under random plans, with one master and with several.

use interregnum_campaign::Engine;
use interregnum_kernel::{FaultClass, FaultClasses, Span};
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;

/// Contenders and masters on a bad network, with faults that hit masters too; the plans' faults hit contenders.
fn bad_network(masters: u8, settings: &str, nemesis: &str) -> String {
    format!(
        r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that loses, repeats and reorders messages; healed at the end."

[cluster]
nodes = 5

[service]
nodes = {masters}

[parameters.lease-redis]
{settings}

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

[nemesis]
faults = [{nemesis}]
every = "100ms..800ms"
from = "200ms"

[run]
for = "5s"
heal = "3s"

[expect]
leader_within = "2s"
"#
    )
}

/// What does not concern the clocks that leases are measured by, and makes no master forget.
const HARMLESS: &str =
    r#""partition", "one-way-cut", "flapping", "pause", "slow-node", "disk-stall", "disk-slow""#;

/// Tries random plans of these faults, and of the nemesis's.
fn keeps_the_lock(test: &str, base: &str, faults: FaultClasses, invariants: &[&str], seed: u64) {
    let entry = interregnum_algorithms::find("lease-redis").expect("it is registered");
    let property = Property {
        name: test,
        binary: "lease",
        algorithm: entry.name,
        engine: Engine::Sim,
        base,
        plans: plan(5, Span::secs(3), 12, Kinds { faults, ..Kinds::borne_by(entry) }),
        cases: cases_or(2_000),
        seed: seed_or(seed),
        bug: std::env::var("INTERREGNUM_BUG").ok(),
        invariants,
    };
    let coverage = property.check();
    assert!(coverage.elections > 2 * coverage.cases, "plans that change no leader: {coverage:?}");
    for (name, exercised) in invariants.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}

/// The faults under which the lock's exclusion is promised.
fn borne() -> FaultClasses {
    let entry = interregnum_algorithms::find("lease-redis").expect("it is registered");
    let both = |class: &FaultClass| {
        ["lease-exclusion", "leader-within"].iter().all(|name| entry.promises(name, (*class).into()))
    };
    FaultClass::ALL.into_iter().filter(both).collect()
}

#[test]
fn the_lock_keeps_its_promises_under_random_plans() {
    for (masters, seed) in [(1, 0x6f6e_6521), (5, 0x6669_7665)] {
        keeps_the_lock(
            "the_lock_keeps_its_promises_under_random_plans",
            &bad_network(masters, "", HARMLESS),
            borne(),
            &["lease-exclusion", "leader-within"],
            seed,
        );
    }
}

/// What the documentation says of crashes: they do no harm where the data are on disk before the answer, or where a
/// restart is delayed by more than a ttl.
#[test]
fn crashes_do_no_harm_where_masters_forget_nothing_or_come_back_late() {
    let crashing = format!(r#"{HARMLESS}, "crash", "crash-loop""#);
    for (settings, seed) in
        [(r#"fsync = "always""#, 0x6469_736b), (r#"restart_delay = "302ms""#, 0x6c61_7465)]
    {
        keeps_the_lock(
            "crashes_do_no_harm_where_masters_forget_nothing_or_come_back_late",
            &bad_network(3, settings, &crashing),
            borne().and(FaultClass::Crash.into()),
            &["lease-exclusion"],
            seed,
        );
    }
}
