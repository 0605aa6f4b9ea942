//! Real implementations in every scenario that is meant for them: as expected, and the same runs as ever.

use crate::REAL;
use interregnum_campaign::load::scenario_files;
use interregnum_campaign::{Engine, Job, Seeds, load, sweep};
use interregnum_tests::root;

const SEEDS: Seeds = Seeds { first: 1, count: 40 };

/// The golden file holds one process against another, and debug against release. `INTERREGNUM_BLESS=1` writes it anew; the
/// difference is to be read and understood before it is committed.
#[test]
fn every_scenario_comes_out_as_it_says_and_as_ever() {
    let mut complaints = Vec::new();
    let mut found = String::from("# scenario, algorithm, digest over seeds 1 to 40\n");
    for folder in ["scenarios", "scenarios/incidents"] {
        for file in scenario_files(&root().join(folder)).expect("the folder is readable") {
            let scenario = load(&file).unwrap_or_else(|error| panic!("{error}")).scenario;
            for algorithm in REAL.into_iter().filter(|name| scenario.is_for(name)) {
                let job =
                    Job { scenario: &scenario, algorithm, seeds: SEEDS, bug: None, engine: Engine::Sim };
                let summary = sweep(&job, &mut (), &|_| {}).unwrap_or_else(|error| panic!("{error}"));
                let name = &scenario.name;
                complaints.extend(summary.complaints.iter().map(|one| format!("{name}, {algorithm}: {one}")));
                found += &format!("{name} {algorithm} {}\n", summary.digest);
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
    let file = root().join("tests/golden/real.txt");
    if std::env::var_os("INTERREGNUM_BLESS").is_some() {
        std::fs::write(&file, &found).expect("the golden file is writable");
    }
    let golden = std::fs::read_to_string(&file).expect("the golden file is readable");
    for (found, golden) in found.lines().zip(golden.lines()) {
        assert_eq!(found, golden, "a run has changed; INTERREGNUM_BLESS=1 accepts it, once it is understood");
    }
    assert_eq!(found.lines().count(), golden.lines().count(), "a scenario came or went");
}
