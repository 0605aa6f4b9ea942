//! Random plans on madsim: many levers at once, where every lever has been compared alone.

use crate::ROOT_SEED;
use interregnum_campaign::Engine;
use interregnum_kernel::Span;
use interregnum_tests::plans::{Kinds, TIMES, Times, base, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;

const SAFETY: [&str; 5] =
    ["election-safety", "vote-once", "epoch-monotonic", "fenced-writes", "leader-within"];

/// ZAB repeats its votes at doubling intervals, and may need as long after the heal as the silence took before it.
const UNHURRIED: Times = Times { heal: "5s", end: "13s", leader_within: "8s" };

#[test]
fn promises_are_kept_under_random_plans_on_madsim() {
    for (algorithm, times, horizon, cases) in [
        ("raft", TIMES, 3, 400),
        ("bully-quorum", TIMES, 3, 200),
        ("ring-quorum", TIMES, 3, 200),
        ("zab", UNHURRIED, 5, 60),
    ] {
        let property = Property {
            name: "promises_are_kept_under_random_plans_on_madsim",
            binary: "conformance",
            algorithm,
            engine: Engine::Madsim,
            base: &base(times),
            plans: plan(5, Span::secs(horizon), 12, Kinds::PLAIN),
            cases: cases_or(cases),
            seed: seed_or(ROOT_SEED),
            bug: std::env::var("INTERREGNUM_BUG").ok().filter(|bug| bug.starts_with(algorithm)),
            invariants: &SAFETY,
        };
        let coverage = property.check();
        assert!(coverage.elections > coverage.cases, "{algorithm}: {coverage:?}");
        for (name, exercised) in SAFETY.iter().zip(&coverage.exercised) {
            assert!(*exercised > 0, "{algorithm}: {name} was never put to the test");
        }
    }
}
