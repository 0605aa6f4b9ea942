//! Promises under random plans of faults: what all recipes promise alike, and what single ones promise besides.

mod chubby;
mod kubernetes;
mod redis;
mod zookeeper;

use crate::told::family;
use interregnum_campaign::Engine;
use interregnum_kernel::{FaultClass, FaultClasses, Span};
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::{scenario, seed_or};

/// The root seed of the random plans where `INTERREGNUM_SEED` does not say; chosen before any result was seen.
const ROOT_SEED: u64 = 0x6c65_6173_655f_706c;
/// How many plans each recipe is tried with where `INTERREGNUM_CASES` does not say.
const PLANS: u32 = 1_000;

/// What happens by chance to every recipe, without what its exclusion does not bear.
const QUIET: &str = r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that repeats messages; healed at the end."

[cluster]
nodes = 3

[network]
latency = "1ms..8ms"
duplicate = 0.02

[disk]
fsync = "1ms..6ms"

[clock]
drift_ppm = "-200..200"

[workload]
writes_every = "20ms"
proposals_every = "40ms"

[run]
for = "12s"
heal = "8s"

[expect]
leader_within = "4s"
"#;

/// Every fault under which a recipe promises that two leases never overlap, all of them together. `INTERREGNUM_SEED`
/// repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried.
#[test]
fn leases_that_are_promised_not_to_overlap_do_not_under_random_plans() {
    let itself = scenario(QUIET).setting.classes();
    for entry in family().filter(|entry| entry.promises("lease-exclusion", itself)) {
        let borne = |class: &FaultClass| {
            ["lease-exclusion", "leader-within"].iter().all(|name| entry.promises(name, (*class).into()))
        };
        let faults: FaultClasses = FaultClass::ALL.into_iter().filter(borne).collect();
        let promises: Vec<&str> = entry.promises_under(faults.and(itself)).collect();
        assert!(promises.contains(&"lease-exclusion"), "{} does not promise it under {faults}", entry.name);
        let property = Property {
            name: "leases_that_are_promised_not_to_overlap_do_not_under_random_plans",
            binary: "lease",
            algorithm: entry.name,
            engine: Engine::Sim,
            base: QUIET,
            plans: plan(3, Span::secs(8), 12, Kinds { faults, ..Kinds::borne_by(entry) }),
            cases: cases_or(PLANS),
            seed: seed_or(ROOT_SEED),
            bug: std::env::var("INTERREGNUM_BUG").ok().filter(|id| entry.bug(id).is_some()),
            invariants: &promises,
        };
        let coverage = property.check();
        let place = promises.iter().position(|promise| *promise == "lease-exclusion");
        let exercised = place.map_or(0, |place| coverage.exercised[place]);
        println!("{}: {} plans of {faults}, {exercised} times put to the test", entry.name, coverage.cases);
        assert!(exercised > coverage.cases / 2, "{}: put to the test {exercised} times", entry.name);
    }
}
