//! Replay files: the same run, anywhere, or a clear word on why not.

use crate::support::{BUG, Place, ROUND_TRIPS, TIGHT, measured};
use std::fs;

/// A place with a replay file in it, its path and its text.
fn caught() -> (Place, String, String) {
    let place = Place::with(TIGHT);
    let file = place.caught();
    let text = place.read(&file);
    (place, file, text)
}

/// The value of a field of a replay file.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
    line.unwrap_or_else(|| panic!("no {name} in: {text}")).trim_matches('"')
}

#[test]
fn a_violation_is_replayed_with_the_same_digest_and_the_same_words() {
    let (place, file, text) = caught();
    let ended = place.run(&format!("replay {file}"));
    assert_eq!(ended.code, 0, "it is the same run: {}", ended.stderr);
    let digest = field(&text, "digest");
    assert!(ended.stdout.contains(digest), "the digest is the recorded one: {}", ended.stdout);
    let (invariant, detail) = field(&text, "reason").split_once(": ").expect("an invariant and a detail");
    let line = ended.stdout.lines().find(|line| line.trim_start().starts_with(invariant)).expect(invariant);
    assert!(line.contains("violated at"), "the invariant is violated: {line}");
    assert!(line.ends_with(detail), "in the same words: {line}");
}

#[test]
fn the_proposed_command_replays() {
    let place = Place::with(TIGHT);
    let ended = place.run(&format!("run scenario.toml --bug {BUG} --seeds 20 --out out"));
    let line = ended.stderr.lines().find(|line| line.contains("interregnum replay ")).expect("a proposal");
    let (_, arguments) = line.split_once("interregnum ").expect("a command");
    assert_eq!(place.run(arguments).code, 0, "`{arguments}` is the same run");
}

#[test]
fn chatter_of_a_replay_begins_and_ends_with_the_seed() {
    let (place, file, text) = caught();
    let stderr = place.run(&format!("replay {file}")).stderr;
    let seed = format!("seed {}", field(&text, "seed"));
    assert!(stderr.lines().next().is_some_and(|line| line.starts_with(&seed)), "first: {stderr}");
    assert!(stderr.lines().last().is_some_and(|line| line.starts_with(&seed)), "last: {stderr}");
}

#[test]
fn a_replay_file_stands_alone() {
    let (place, file, _) = caught();
    let elsewhere = Place::new();
    fs::copy(place.path(&file), elsewhere.path("alone.toml")).expect("a copy");
    drop(place);
    assert_eq!(elsewhere.run("replay alone.toml").code, 0, "nothing else is needed");
}

#[test]
fn a_replay_file_carries_the_table_that_its_scenario_names() {
    let place = Place::with(&measured());
    place.write("data/rtt.csv", ROUND_TRIPS);
    let file = place.caught();
    let elsewhere = Place::new();
    elsewhere.write("alone.toml", place.read(&file));
    drop(place);
    let ended = elsewhere.run("replay alone.toml");
    assert_eq!(ended.code, 0, "the table is inside: {}", ended.stderr);
}

#[test]
fn another_digest_is_one_and_says_so() {
    let (place, _, text) = caught();
    let digest = field(&text, "digest");
    let other = "0123456789abcdef0123456789abcdef";
    place.write("other.toml", text.replace(digest, other));
    let ended = place.run("replay other.toml");
    assert_eq!(ended.code, 1, "it is not the recorded run");
    for word in ["NOT the same run", digest, other] {
        assert!(ended.stderr.contains(word), "the chatter lacks `{word}`: {}", ended.stderr);
    }
}

#[test]
fn another_version_of_the_tool_is_mentioned() {
    let (place, _, text) = caught();
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    place.write("older.toml", text.replace(&version, "version = \"0.0.9\""));
    let ended = place.run("replay older.toml");
    assert_eq!(ended.code, 0, "the run is the same all the same");
    assert!(ended.stderr.contains("recorded by version 0.0.9"), "the version is told: {}", ended.stderr);
}

#[test]
fn what_is_no_replay_file_is_two() {
    let (place, file, text) = caught();
    let without = |name: &str| {
        let kept = text.lines().filter(|line| !line.starts_with(&format!("{name} = ")));
        kept.collect::<Vec<_>>().join("\n")
    };
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "the replay file has {from}");
        text.replacen(from, to, 1)
    };
    for (mutilated, words) in [
        (String::new(), &["replay"][..]),
        ("garbage {".to_owned(), &["no replay file", ":1:"]),
        ("replay = 2\nkind = \"other\"\nnovelty = 1\n".to_owned(), &["version 2", "reads 1"]),
        (with("replay = 1", "replay = \"1\""), &["no replay file", ":2:10"]),
        (with("kind = \"seeded\"", "kind = \"dreamt\""), &["dreamt", "seeded", ":3:"]),
        (with("kind = ", "novelty = 1\nkind = "), &["novelty", ":3:"]),
        (without("digest"), &["missing field `digest`"]),
        (without("seed"), &["missing field `seed`"]),
        (without("algorithm"), &["missing field `algorithm`"]),
        (with("algorithm = \"raft\"", "algorithm = \"meteor\""), &["meteor"]),
        (with(BUG, "meteor"), &["meteor"]),
        (with(field(&text, "digest"), "zz"), &["digest", "zz"]),
        (with("seed = \"0x", "seed = \"x"), &["seed"]),
        (with("crash = \"leader\"", "crash = \"leadr\""), &["leadr", "did you mean `leader`?"]),
        (text[..text.len() / 2].to_owned(), &["no replay file"]),
    ] {
        place.write("mutilated.toml", &mutilated);
        place.run("replay mutilated.toml").refused(2, &[&["mutilated.toml"], words].concat());
    }
    place.run("replay none.toml").refused(2, &["none.toml", "no such file"]);
    place.run("replay out").refused(2, &["out", "this is a folder"]);
    place.run("replay scenario.toml").refused(2, &["scenario.toml", "no replay file"]);
    place.write("bytes.toml", b"replay = 1\n\xff");
    place.run("replay bytes.toml").refused(2, &["bytes.toml:2:1", "UTF-8"]);
    fs::File::create(place.path("huge.toml"))
        .and_then(|huge| huge.set_len(100 << 20))
        .expect("a sparse file");
    place.run("replay huge.toml").refused(2, &["huge.toml", "4 MiB"]);
    assert_eq!(place.run(&format!("replay {file}")).code, 0, "the file itself is still fine");
}

#[test]
fn a_replay_is_printed_for_programs_too() {
    let (place, file, text) = caught();
    let document = place.run(&format!("replay {file} --format json")).json();
    assert_eq!(document["schema_version"], 1, "the version of the form");
    assert_eq!(document["same"], true, "it is the recorded run");
    assert_eq!(document["digest"], field(&text, "digest"), "with its digest");
    let (invariant, detail) = field(&text, "reason").split_once(": ").expect("an invariant and a detail");
    let all = document["invariants"].as_array().expect("the invariants");
    let broken = all.iter().find(|one| one["name"] == invariant).expect("the one that was broken");
    assert_eq!(broken["verdict"], "violated", "it is broken again");
    assert!(broken["violation"]["detail"].as_str().is_some_and(|found| found.ends_with(detail)), "{broken}");
}

#[test]
fn a_single_run_with_a_folder_is_kept_whatever_it_shows() {
    let place = Place::with(crate::support::SOUND);
    let ended = place.run("run scenario.toml --seed 0x2a --out out");
    assert_eq!(ended.code, 0, "it is as expected: {}", ended.stderr);
    let kept = place.names("out/replays");
    assert_eq!(kept.len(), 1, "one replay file: {kept:?}");
    let replayed = place.run(&format!("replay out/replays/{} --record events.ndjson", kept[0]));
    assert_eq!(replayed.code, 0, "it is the same run: {}", replayed.stderr);
    assert!(place.read("events.ndjson").lines().count() > 100, "and can be recorded");
}
