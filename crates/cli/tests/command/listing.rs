//! `list` and `scenario`: what there is.

use crate::support::{Place, SOUND, run, standard_scenarios};
use interregnum_campaign::GOALS;
use interregnum_invariants::INVARIANTS;
use interregnum_registry::ALGORITHMS;
use serde_json::Value;

/// The first line of every row: what follows is indented.
fn rows(listed: &str) -> impl Iterator<Item = &str> {
    listed.lines().filter(|line| !line.starts_with(' '))
}

/// Asserts that these names, in this order, are listed in both forms.
#[track_caller]
fn lists(what: &str, names: &[&str]) {
    let people = run(&format!("list {what}"));
    assert_eq!(people.code, 0, "`list {what}`: {}", people.stderr);
    let listed: Vec<&str> =
        rows(&people.stdout).map(|line| line.split_whitespace().next().unwrap_or_default()).collect();
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
    let goals = GOALS.iter().map(|goal| goal.info.name);
    let names: Vec<&str> = INVARIANTS.iter().map(|info| info.name).chain(goals).collect();
    lists("invariants", &names);
}

#[test]
fn invariants_and_goals_are_told_apart_by_their_kinds() {
    let listed = run("list invariants").stdout;
    let line = |name: &str| listed.lines().find(|line| line.starts_with(name)).expect(name);
    assert!(line("vote-once").ends_with("[safety]"), "{listed}");
    assert!(line("leader-during").ends_with("[liveness]"), "{listed}");
    assert!(line("split-vote").ends_with("[sometimes]"), "{listed}");
    let machines = run("list invariants --format json").json();
    let rows = machines.as_array().expect("a list");
    let kind = |name: &str| &rows.iter().find(|row| row["name"] == name).expect(name)["kind"];
    assert_eq!((kind("vote-once"), kind("split-vote")), (&"safety".into(), &"sometimes".into()));
}

#[test]
fn promises_are_listed_with_what_they_except() {
    let listed = run("list algorithms").stdout;
    let raft: Vec<&str> = listed.lines().skip(1).take_while(|line| line.starts_with(' ')).collect();
    let line = raft.iter().find(|line| line.contains(" vote-once")).expect("Raft promises it");
    assert!(line.trim_start().starts_with("promises "), "{line}");
    assert!(
        line.contains(", but not under ") && line.contains("lying-disk"),
        "not on a disk that lies: {line}"
    );
    let machines = run("list algorithms --format json").json();
    for (row, entry) in machines.as_array().expect("a list").iter().zip(ALGORITHMS) {
        let promised: Vec<Value> = entry
            .promises
            .iter()
            .map(|promise| {
                let except: Vec<String> = promise.except.iter().map(|class| class.to_string()).collect();
                serde_json::json!({"invariant": promise.invariant, "except": except})
            })
            .collect();
        assert_eq!(row["promised"], Value::from(promised), "{} for machines", entry.name);
    }
}

#[test]
fn every_fault_is_listed() {
    lists("faults", &interregnum_scenario::levers().iter().map(|lever| lever.name).collect::<Vec<_>>());
}

#[test]
fn every_kind_of_random_fault_is_listed() {
    let kinds = interregnum_scenario::nemesis_kinds();
    lists("nemesis", &kinds.iter().map(|kind| kind.name).collect::<Vec<_>>());
    let listed = run("list nemesis").stdout;
    for (line, kind) in listed.lines().zip(&kinds) {
        let says = line.ends_with("[only where it is named]");
        assert_eq!(says, !kind.by_default, "whether it is drawn unasked: {line}");
    }
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

#[test]
fn algorithms_are_listed_with_the_orders_that_they_follow() {
    let listed = run("list algorithms");
    let machines = run("list algorithms --format json").json();
    for ((line, row), entry) in rows(&listed.stdout).zip(machines.as_array().expect("a list")).zip(ALGORITHMS)
    {
        assert_eq!(row["orders"], serde_json::json!(entry.orders), "{} for machines", entry.name);
        let orders = if entry.orders.is_empty() { "none".to_owned() } else { entry.orders.join(", ") };
        assert!(line.ends_with(&format!("[orders: {orders}]")), "{} for people: {line}", entry.name);
    }
}

#[test]
fn faults_are_listed_with_what_goes_with_them() {
    let listed = run("list faults").stdout;
    let line =
        |name: &str| listed.lines().find(|line| line.split_whitespace().next() == Some(name)).expect(name);
    assert!(line("crash").ends_with("[with: for, unsynced, connections]"), "{listed}");
    assert!(line("add-node").ends_with("[with: standing]"), "{listed}");
    assert!(!line("resign").contains("[with"), "an order of no more words: {listed}");
    let machines = run("list faults --format json").json();
    for row in machines.as_array().expect("a list") {
        let (name, example) = (&row["name"], row["example"].as_str().expect("an example"));
        assert!(example.starts_with(name.as_str().expect("a name")), "{name} has an example: {example}");
    }
}

#[test]
fn a_check_tells_what_algorithms_find_odd() {
    let place = Place::with(&SOUND.replace("nodes = 3", "nodes = 4"));
    let ended = place.run("scenario check scenario.toml");
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "scenario.toml: valid\n"), "a warning is no mistake");
    for words in ["warning: raft: ", "4 voters", "scenario.toml:7:1"] {
        assert!(ended.stderr.contains(words), "the warning lacks `{words}`: {}", ended.stderr);
    }
    let run = place.run("run scenario.toml --seeds 2");
    assert!(run.stderr.contains("4 voters"), "a run tells it too: {}", run.stderr);
}

#[test]
fn members_and_orders_that_do_not_fit_are_refused_by_name() {
    let order = "[[fault]]\nat = \"1s\"\nadd-node = \"node 3\"\nstanding = \"voyeur\"\n";
    let place =
        Place::with(&format!("{}{order}", SOUND.replace("nodes = 3", "nodes = 3\nmembers = [1, 1, 4]")));
    place
        .run("scenario check scenario.toml")
        .refused(2, &["named twice", "no node 4", "voyeur", "`learner`"]);
}

#[test]
fn the_schema_knows_members_profiles_and_standings() {
    let schema = run("scenario schema").json();
    let cluster = &schema["properties"]["cluster"]["properties"];
    assert_eq!(cluster["profile"]["enum"], serde_json::json!(["matched", "production"]), "the profiles");
    assert_eq!(cluster["members"]["uniqueItems"], true, "no member twice");
    assert!(schema.to_string().contains("\"witness\""), "the standings of nodes that are added");
}
