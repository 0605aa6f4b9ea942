//! The incident library, `scenarios/incidents`: every file says what happened, what is learnt and what is expected of
//! every algorithm, and comes out as it says.

use interregnum_algorithms::ALGORITHMS;
use interregnum_campaign::load::scenario_files;
use interregnum_campaign::{Engine, Job, Loaded, Seeds, load, sweep};
use interregnum_scenario::Severity;
use interregnum_tests::root;
use std::path::PathBuf;

/// Enough for every violation that a file names to show, and few enough for every `cargo test`.
const SEEDS: Seeds = Seeds { first: 1, count: 40 };

fn folder() -> PathBuf {
    root().join("scenarios/incidents")
}

fn incidents() -> Vec<Loaded> {
    let files = scenario_files(&folder()).expect("the folder of incidents is readable");
    files.iter().map(|file| load(file).unwrap_or_else(|error| panic!("{error}"))).collect()
}

/// The names of the algorithms that a file is for, in the order of the registry.
fn meant(incident: &Loaded) -> impl Iterator<Item = &'static str> {
    ALGORITHMS.iter().map(|entry| entry.name).filter(|name| incident.scenario.is_for(name))
}

#[test]
fn every_incident_is_read_without_a_warning() {
    for incident in incidents() {
        let mut warnings = incident.warnings;
        warnings.retain(|warning| warning.severity != Severity::Note);
        // A cluster of an even size is what this one is about.
        if incident.scenario.name == "even-sized-cluster" {
            let before = warnings.len();
            warnings.retain(|warning| !warning.message.contains("4 voters"));
            assert!(warnings.len() < before, "four voters are warned of");
        }
        assert!(warnings.is_empty(), "{}: {warnings:?}", incident.path.display());
    }
}

#[test]
fn every_incident_says_what_happened_what_is_learnt_and_what_is_expected() {
    for Loaded { path, scenario, .. } in incidents() {
        let (name, text) = (&scenario.name, &scenario.text);
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(name.as_str()), "a file's name");
        let paragraphs = text.lines().take_while(|line| line.starts_with('#'));
        let opening: Vec<&str> = paragraphs.collect();
        let starts = |with: &str| opening.iter().filter(|line| line.starts_with(with)).count();
        assert_eq!((starts("# Learnt: "), starts("# Expected: ")), (1, 1), "{name}: its paragraphs");
        let story = opening.iter().take_while(|line| !line.starts_with("# Learnt: ")).count();
        assert!(story >= 4, "{name} opens with what happened, in more than a line");
        assert!(scenario.summary.ends_with('.'), "{name} has a summary in a sentence");
        assert!(scenario.setting.heal.is_some(), "{name} heals");
    }
}

/// An algorithm has a table of its own, or one for all that elect by lease.
#[test]
fn every_incident_states_its_reasons_for_every_algorithm() {
    for incident in incidents() {
        let (name, lines) = (&incident.scenario.name, incident.scenario.text.lines());
        let lines: Vec<&str> = lines.collect();
        for algorithm in meant(&incident) {
            let family = algorithm.split('-').next().unwrap_or_default();
            let tables = [format!("[expect.{algorithm}]"), format!("[expect.{family}]")];
            let place = lines.iter().position(|line| tables.iter().any(|table| line == table));
            let place = place.unwrap_or_else(|| panic!("{name} says what it expects of {algorithm}"));
            assert!(lines[place - 1].starts_with("# "), "{name} says why, before {}", lines[place]);
            let expected = incident.scenario.expect_for.get(algorithm);
            assert!(expected.is_some(), "{name} has a table for {algorithm}");
        }
    }
}

#[test]
fn the_readme_lists_every_incident_in_the_order_of_their_names() {
    let readme = std::fs::read_to_string(folder().join("README.md")).expect("a readme");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| [")?.split(']').next());
    let listed: Vec<&str> = rows.collect();
    let incidents = incidents();
    let mut names: Vec<&str> = incidents.iter().map(|incident| incident.scenario.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(listed, names);
}

/// The digests are compared in every profile that runs this test. `INTERREGNUM_BLESS=1` writes them anew; the difference
/// is to be read and understood before it is committed.
#[test]
fn every_incident_comes_out_as_it_says_and_as_ever() {
    let mut complaints = Vec::new();
    let mut found = String::from("# incident, algorithm, digest over seeds 1 to 40\n");
    for incident in incidents() {
        for algorithm in meant(&incident) {
            let job =
                Job { scenario: &incident.scenario, algorithm, seeds: SEEDS, bug: None, engine: Engine::Sim };
            let summary = sweep(&job, &mut (), &|_| {}).unwrap_or_else(|error| panic!("{error}"));
            let name = &incident.scenario.name;
            complaints.extend(summary.complaints.iter().map(|one| format!("{name}, {algorithm}: {one}")));
            found += &format!("{name} {algorithm} {}\n", summary.digest);
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let file = root().join("tests/golden/incidents.txt");
    if std::env::var_os("INTERREGNUM_BLESS").is_some() {
        std::fs::write(&file, &found).expect("the golden file is writable");
    }
    let golden = std::fs::read_to_string(&file).expect("the golden file is readable");
    for (found, golden) in found.lines().zip(golden.lines()) {
        assert_eq!(found, golden, "a run has changed; INTERREGNUM_BLESS=1 accepts it, once it is understood");
    }
    assert_eq!(found.lines().count(), golden.lines().count(), "an incident came or went");
}
