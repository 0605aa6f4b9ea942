//! `list` and `scenario`: what there is.

use crate::support::{Place, SOUND, run, standard_scenarios};
use interregnum_algorithms::ALGORITHMS;
use interregnum_invariants::INVARIANTS;
use serde_json::Value;

/// Asserts that these names, in this order, are listed in both forms.
#[track_caller]
fn lists(what: &str, names: &[&str]) {
    let people = run(&format!("list {what}"));
    assert_eq!(people.code, 0, "`list {what}`: {}", people.stderr);
    let listed: Vec<&str> =
        people.stdout.lines().map(|line| line.split_whitespace().next().unwrap_or_default()).collect();
    assert_eq!(listed, names, "`list {what}` for people");
    let machines = run(&format!("list {what} --format json")).json();
    for (row, name) in machines.as_array().expect("a list").iter().zip(names) {
        assert_eq!(row["name"], *name, "`list {what}` for machines");
        assert!(row["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name} has a summary");
    }
    assert_eq!(machines.as_array().map(Vec::len), Some(names.len()), "`list {what}` is complete");
}

#[test]
fn every_algorithm_is_listed() {
    lists("algorithms", &ALGORITHMS.iter().map(|entry| entry.name).collect::<Vec<_>>());
}

#[test]
fn every_invariant_is_listed() {
    lists("invariants", &INVARIANTS.iter().map(|info| info.name).collect::<Vec<_>>());
}

#[test]
fn every_fault_is_listed() {
    lists("faults", &interregnum_scenario::levers().iter().map(|lever| lever.name).collect::<Vec<_>>());
}

#[test]
fn every_planted_bug_is_listed() {
    let bugs = ALGORITHMS.iter().flat_map(|entry| entry.bugs).map(|bug| bug.id);
    lists("bugs", &bugs.collect::<Vec<_>>());
}

#[test]
fn names_and_summaries_stand_in_columns() {
    let rows = run("list bugs --format json").json();
    let rows = rows.as_array().expect("a list");
    let starts: Vec<Option<usize>> = run("list bugs")
        .stdout
        .lines()
        .zip(rows)
        .map(|(line, row)| line.find(row["summary"].as_str().expect("a summary")))
        .collect();
    assert!(starts[0].is_some(), "the summary stands in its line");
    assert!(starts.iter().all(|start| *start == starts[0]), "all begin in one column: {starts:?}");
}

#[test]
fn every_scenario_of_the_folder_is_listed() {
    let place = Place::new();
    place.write("one.toml", SOUND);
    place.write("two.toml", SOUND.replace("\"sound\"", "\"second\""));
    place.write("readme.md", "no scenario");
    let listed = place.run("list scenarios --scenarios . --format json").json();
    let names: Vec<&str> =
        listed.as_array().expect("a list").iter().map(|row| row["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["sound", "second"], "in the order of their files");
}

#[test]
fn the_standard_scenarios_are_valid() {
    let place = Place::new();
    let folder = standard_scenarios();
    let ended = place.run_with(
        ["list", "scenarios", "--format", "json", "--scenarios"]
            .map(Into::into)
            .iter()
            .chain([&folder.into_os_string()]),
    );
    assert_eq!(ended.code, 0, "all can be read: {}", ended.stderr);
    let rows = ended.json();
    let files = rows.as_array().expect("a list").iter().map(|row| row["file"].as_str().expect("a file"));
    let checked = place.run_with(["scenario", "check"].into_iter().chain(files));
    assert_eq!(checked.code, 0, "and checked: {}", checked.stderr);
    let valid = checked.stdout.lines().filter(|line| line.ends_with(": valid")).count();
    assert_eq!(Some(valid), rows.as_array().map(Vec::len), "each is called valid");
}

#[test]
fn the_schema_is_a_json_schema_that_knows_the_registries() {
    let schema = run("scenario schema").json();
    assert!(schema["$schema"].is_string(), "it names its dialect");
    assert_eq!(schema["type"], Value::from("object"), "a scenario is a table");
    let text = schema.to_string();
    for entry in ALGORITHMS {
        assert!(text.contains(entry.name), "it knows {}", entry.name);
    }
}
