//! Raft under random plans of faults. `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES` sets how many plans are
//! tried, `INTERREGNUM_BUG` plants a bug to see the property fail.

use interregnum_campaign::Engine;
use interregnum_kernel::Span;
use interregnum_tests::plans::{Kinds, TIMES, base, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;

const SAFETY: &[&str] = &[
    "election-safety",
    "vote-once",
    "epoch-monotonic",
    "leader-completeness",
    "log-agreement",
    "fenced-writes",
    "leader-within",
];

#[test]
fn raft_keeps_its_promises_under_random_plans() {
    let property = Property {
        name: "raft_keeps_its_promises_under_random_plans",
        binary: "random_plans",
        algorithm: "raft",
        engine: Engine::Sim,
        base: &base(TIMES),
        plans: plan(5, Span::secs(3), 12, Kinds::PLAIN),
        cases: cases_or(2_500),
        seed: seed_or(0x7261_6674),
        bug: std::env::var("INTERREGNUM_BUG").ok(),
        invariants: SAFETY,
    };
    let coverage = property.check();
    assert!(
        coverage.elections > 2 * coverage.cases,
        "plans that change no leader test nothing: {coverage:?}"
    );
    for (name, exercised) in SAFETY.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}

/// The same cluster with leases, and clocks that drift within the bound that leases are built for.
#[test]
fn raft_keeps_its_leases_apart_under_random_plans() {
    let base = format!("{}\n[parameters.raft]\nlease = true\n", base(TIMES));
    let invariants: Vec<&str> = SAFETY.iter().copied().chain(["lease-exclusion"]).collect();
    let property = Property {
        name: "raft_keeps_its_leases_apart_under_random_plans",
        binary: "random_plans",
        algorithm: "raft",
        engine: Engine::Sim,
        base: &base,
        plans: plan(5, Span::secs(3), 12, Kinds::PLAIN),
        cases: cases_or(1_000),
        seed: seed_or(0x6c65_6173),
        bug: std::env::var("INTERREGNUM_BUG").ok(),
        invariants: &invariants,
    };
    let coverage = property.check();
    let passed_on = coverage.exercised.last().copied().unwrap_or_default();
    assert!(passed_on > coverage.cases, "leases rarely changed hands: {coverage:?}");
}

#[test]
fn a_planted_bug_is_found_and_shrunk_to_a_plan_that_can_be_read() {
    let property = Property {
        name: "a_planted_bug_is_found_and_shrunk_to_a_plan_that_can_be_read",
        binary: "random_plans",
        algorithm: "raft",
        engine: Engine::Sim,
        base: &base(TIMES),
        plans: plan(5, Span::secs(3), 12, Kinds::PLAIN),
        cases: cases_or(2_500),
        seed: 0x7265_6164,
        bug: Some("raft-restart-forgets-term".to_owned()),
        invariants: SAFETY,
    };
    let failure = property.search().expect_err("the planted bug breaks a promise under some plan");
    assert!(
        failure.plan.faults.len() <= 2,
        "a crash or two show it, this does not read well:\n{}",
        failure.plan
    );
    let (run, _) = failure.replay.run(false).expect("the replay file is valid");
    assert_eq!(run.digest.to_string(), failure.replay.digest, "the shrunk run is the one that is kept");
}
