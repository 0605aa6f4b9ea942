//! The four formats, and that data and chatter do not mix.

use crate::support::{BUG, LOST, Place, SOUND, TIGHT};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

/// The fields of a result that are documented.
const FIELDS: [&str; 23] = [
    "scenario",
    "algorithm",
    "engine",
    "seeds",
    "verdict",
    "digest",
    "invariants",
    "failover_ms",
    "detection_ms",
    "election_ms",
    "discovery_ms",
    "unavailable_ms",
    "leader_changes",
    "spurious_failovers",
    "split_votes",
    "messages",
    "messages_per_election",
    "fsyncs",
    "stale_writes",
    "simulated_s",
    "wall_s",
    "events",
    "complaints",
];

#[track_caller]
fn has(value: &Value, fields: &[&str]) {
    for field in fields {
        assert!(value.get(field).is_some(), "the field `{field}` is missing: {value}");
    }
}

#[track_caller]
fn is_a_result(row: &Value) {
    has(row, &FIELDS);
    has(&row["seeds"], &["first", "count"]);
    for times in ["failover_ms", "detection_ms", "election_ms", "discovery_ms"] {
        has(&row[times], &["count", "never", "min", "mean", "p50", "p95", "p99", "p999", "max"]);
    }
    has(&row["unavailable_ms"], &["leaderless", "zombie_led", "contested"]);
    has(&row["stale_writes"], &["attempted", "rejected", "accepted", "first_use_gap"]);
    for invariant in row["invariants"].as_array().expect("invariants") {
        has(invariant, &["name", "verdict", "exercised", "first_violation"]);
    }
}

#[test]
fn json_is_one_document_with_the_documented_fields() {
    let ended = Place::with(SOUND).run("run scenario.toml --seeds 5 --format json");
    let document = ended.json();
    assert_eq!(document["schema_version"], 1, "the version of the form");
    has(&document["tool"], &["version", "commit"]);
    let results = document["results"].as_array().expect("results");
    assert_eq!(results.len(), 1, "a row per scenario and algorithm");
    is_a_result(&results[0]);
    assert_eq!(results[0]["verdict"], "as expected", "in the documented words");
    assert_eq!(results[0]["engine"], "sim", "the engine is named");
}

#[test]
fn a_violation_is_in_the_json_with_seed_time_and_detail() {
    let ended = Place::with(TIGHT).run(&format!("run scenario.toml --bug {BUG} --seeds 20 --format json"));
    let document = ended.json();
    let row = &document["results"][0];
    assert_eq!(row["verdict"], "unexpected", "in the documented words");
    assert_eq!(row["bug"], BUG, "the planted bug is named");
    let invariants = row["invariants"].as_array().expect("invariants");
    let safety = invariants.iter().find(|one| one["name"] == "election-safety").expect("election-safety");
    assert_eq!(safety["verdict"], "violated", "in the documented words");
    has(&safety["first_violation"], &["seed", "at_ms", "detail"]);
}

#[test]
fn a_failover_that_never_came_is_null_and_counted() {
    let ended = Place::with(LOST).run("run scenario.toml --seeds 5 --format json");
    let document = ended.json();
    let failover = &document["results"][0]["failover_ms"];
    assert_eq!(failover["never"], 5, "all five are counted");
    for figure in ["mean", "p50", "max"] {
        assert_eq!(failover[figure], Value::Null, "{figure} is infinite");
    }
}

#[test]
fn ndjson_is_a_result_per_line() {
    let place = Place::with(SOUND);
    place.write("lost.toml", LOST);
    let ended = place.run("run scenario.toml lost.toml --seeds 5 --format ndjson");
    let rows: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in: {line}")))
        .collect();
    assert_eq!(rows.len(), 2, "a line per scenario and algorithm");
    for row in &rows {
        assert_eq!(row["schema_version"], 1, "every line says its version, for it may travel alone");
        is_a_result(row);
    }
}

/// Whether every element is closed in order, and how often each was opened. Enough XML for what we write.
fn elements(xml: &str) -> Vec<&str> {
    let mut open = Vec::new();
    let mut seen = Vec::new();
    for tag in xml.split('<').skip(1).map(|rest| rest.split('>').next().expect("a tag")) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name");
        if tag.starts_with('?') {
            continue;
        } else if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "elements are closed in order: {xml}");
            continue;
        }
        seen.push(name);
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "elements stay open: {open:?}");
    seen
}

#[test]
fn junit_has_a_case_per_result_and_a_failure_for_the_unexpected() {
    let place = Place::with(SOUND);
    place.write("hasty.toml", crate::support::HASTY);
    let ended = place.run("run scenario.toml hasty.toml --seeds 5 --format junit");
    assert!(ended.stdout.starts_with("<?xml"), "an XML declaration: {}", ended.stdout);
    let seen = elements(&ended.stdout);
    let count = |name: &str| seen.iter().filter(|element| **element == name).count();
    assert_eq!(count("testcase"), 2, "a case per scenario and algorithm");
    assert_eq!(count("failure"), 1, "one was not as expected");
    assert!(ended.stdout.contains("expected at most 1ms"), "and says why: {}", ended.stdout);
}

#[test]
fn the_table_names_scenario_algorithm_and_verdict() {
    let ended = Place::with(LOST).run("run scenario.toml --seeds 5");
    let row = ended.stdout.lines().find(|line| line.contains("lost")).expect("a row");
    for cell in ["raft", "as expected", "0+5\u{221e}"] {
        assert!(row.contains(cell), "the row lacks `{cell}`: {row}");
    }
    assert!(!ended.stdout.contains('\u{1b}'), "no colours go into a pipe");
}

#[test]
fn chatter_is_kept_out_of_the_data() {
    let place = Place::with(TIGHT);
    for format in ["human", "json", "ndjson", "junit"] {
        let arguments = format!("run scenario.toml --bug {BUG} --seeds 10 --format {format} --out out");
        let ended = place.run(&arguments);
        assert!(!ended.stdout.contains("interregnum replay "), "{format}: the proposal is chatter");
        assert!(!ended.stdout.contains("written to"), "{format}: so is what was written");
        assert!(ended.stderr.contains("interregnum replay "), "{format}: and it is told");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::with(SOUND);
    for arguments in ["list bugs", "scenario schema", "run scenario.toml --seeds 5 --format json", "--help"] {
        let mut command = place.command();
        command.args(arguments.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        // The pipe is closed before anything is read from it.
        drop(child.stdout.take());
        let ended = crate::support::Ended::of(child.wait_with_output().expect("the command ends"));
        assert_eq!(ended.code, 0, "`{arguments}` is not to blame: {}", ended.stderr);
    }
}

#[test]
fn one_line_can_be_read_of_many() {
    let place = Place::new();
    let mut command = place.command();
    let mut child =
        command.args(["scenario", "schema"]).stdout(Stdio::piped()).spawn().expect("the command starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_eq!(line, "{\n", "the first line comes through");
    assert!(child.wait().expect("the command ends").success(), "and the rest is not missed");
}

#[test]
#[cfg(target_os = "linux")]
fn data_that_cannot_be_written_is_three() {
    let place = Place::with(SOUND);
    for arguments in ["list bugs", "scenario check scenario.toml", "run scenario.toml --seeds 2"] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("the device that is always full");
        let mut command = place.command();
        let output = command.args(arguments.split_whitespace()).stdout(full).output();
        let ended = crate::support::Ended::of(output.expect("the command starts"));
        ended.refused(3, &["standard output"]);
    }
}
