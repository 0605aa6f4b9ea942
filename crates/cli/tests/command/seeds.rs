//! Seeds, threads, and that nothing else decides what comes out.

use crate::support::{Ended, Place, SOUND, TIGHT};
use serde_json::Value;

/// The JSON of a run, without the time that it took.
fn results(ended: &Ended) -> Value {
    let mut results = ended.json();
    for row in results["results"].as_array_mut().expect("results") {
        row.as_object_mut().expect("a row").remove("wall_s").expect("wall_s");
    }
    results
}

fn with_variable(place: &Place, value: &str, arguments: &str) -> Ended {
    let mut command = place.command();
    command.env("INTERREGNUM_SEED", value).args(arguments.split_whitespace());
    Ended::of(command.output().expect("the command starts"))
}

#[test]
fn a_seed_is_the_same_in_both_notations_and_from_the_environment() {
    let place = Place::with(SOUND);
    let decimal = results(&place.run("run scenario.toml --format json --seed 42"));
    let hexadecimal = results(&place.run("run scenario.toml --format json --seed 0x2a"));
    assert_eq!(decimal, hexadecimal, "0x2a is 42");
    let variable = results(&with_variable(&place, "42", "run scenario.toml --format json"));
    assert_eq!(decimal, variable, "INTERREGNUM_SEED=42 is --seed 42");
    let seeds = &decimal["results"][0]["seeds"];
    assert_eq!(seeds["first"], 42, "the seed is the one that was named");
    assert_eq!(seeds["count"], 1, "a named seed is one run");
}

#[test]
fn the_option_wins_over_the_variable() {
    let ended = with_variable(&Place::with(SOUND), "7", "run scenario.toml --format json --seed 8");
    assert_eq!(ended.json()["results"][0]["seeds"]["first"], 8, "--seed 8 wins over INTERREGNUM_SEED=7");
}

#[test]
fn an_unusable_variable_is_a_usage_error_that_names_it() {
    let place = Place::with(SOUND);
    for value in ["", "abc", "-1", "0x", "1.5"] {
        with_variable(&place, value, "run scenario.toml").refused(2, &["INTERREGNUM_SEED"]);
    }
}

#[test]
fn a_seed_of_many_is_that_seed_alone() {
    let place = Place::with(TIGHT);
    let digests = |arguments: &str, out: &str| {
        place.run(&format!("run scenario.toml {arguments} --out {out}"));
        let rows = crate::support::Rows::of(&place.read(&format!("{out}/runs.csv")));
        rows.column("digest").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let many = digests("--seed 100 --seeds 40", "many");
    let alone = digests("--seed 0x77", "alone");
    assert_eq!(many[0x77 - 100], alone[0], "seed 0x77 has one digest");
}

#[test]
fn the_last_seed_is_a_seed() {
    let ended = Place::with(SOUND).run("run scenario.toml --format json --seed 0xffffffffffffffff");
    assert_eq!(ended.json()["results"][0]["seeds"]["first"], u64::MAX, "all 64 bits count");
}

#[test]
fn neither_time_nor_threads_decide_anything() {
    let place = Place::with(TIGHT);
    let run = |jobs: &str, out: &str| {
        let ended = place.run(&format!("run scenario.toml --seeds 50 --format json --out {out} {jobs}"));
        (results(&ended), place.read(&format!("{out}/runs.csv")), place.read(&format!("{out}/failovers.csv")))
    };
    let first = run("", "first");
    for (jobs, out) in [("", "again"), ("--jobs 1", "one"), ("--jobs 2", "two")] {
        let other = run(jobs, out);
        assert_eq!(first.0, other.0, "the JSON but for wall_s, `{jobs}`");
        assert_eq!(first.1, other.1, "runs.csv, `{jobs}`");
        assert_eq!(first.2, other.2, "failovers.csv, `{jobs}`");
    }
}

#[test]
fn chatter_begins_and_ends_with_the_seed() {
    let ended = Place::with(SOUND).run("run scenario.toml --seed 0x2a --seeds 3");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert!(lines.first().is_some_and(|line| line.starts_with("seed 0x2a")), "first: {}", ended.stderr);
    assert!(lines.last().is_some_and(|line| line.starts_with("seed 0x2a")), "last: {}", ended.stderr);
}
