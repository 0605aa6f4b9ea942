//! `replay --record`: a line of JSON for every event.

use crate::support::{Place, Rows, TIGHT};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// A place with a replay file, and the replay file.
fn caught() -> (Place, String) {
    let place = Place::with(TIGHT);
    let file = place.caught();
    (place, file)
}

/// The record of a caught violation, line by line, and its place.
fn recorded() -> (Place, Vec<Value>) {
    let (place, file) = caught();
    let ended = place.run(&format!("replay {file} --record record.ndjson"));
    assert_eq!(ended.code, 0, "recording changes nothing: {}", ended.stderr);
    let text = place.read("record.ndjson");
    let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in: {line}"));
    let lines = text.lines().map(line).collect();
    (place, lines)
}

#[test]
fn the_first_line_says_what_was_run_and_the_last_how_it_ended() {
    let (place, lines) = recorded();
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!(first["interregnum_record"], 1, "the version of the format");
    for (field, value) in [("scenario", "tight"), ("algorithm", "raft"), ("bug", crate::support::BUG)] {
        assert_eq!(first[field], value, "{field}");
    }
    assert_eq!(last["end"], true, "the record is whole");
    let runs = Rows::of(&place.read("out/runs.csv"));
    let seed =
        first["seed"].as_str().and_then(|seed| seed.strip_prefix("0x")).expect("a seed in hexadecimal");
    let seed = u64::from_str_radix(seed, 16).expect("a seed").to_string();
    let row = runs.column("seed").iter().position(|one| *one == seed).expect("the seed's row");
    assert_eq!(last["digest"], runs.column("digest")[row], "the digest is the run's");
    assert_eq!(last["events"].to_string(), runs.column("events")[row], "so is the number of its events");
    assert_eq!(last["entries"], lines.len() - 2, "and the lines between are counted");
}

#[test]
fn what_is_delivered_was_sent() {
    let (_place, lines) = recorded();
    let mut arrivals = BTreeSet::new();
    let mut delivered = 0;
    let mut at = 0;
    for entry in &lines[1..lines.len() - 1] {
        let now = entry["at_ns"].as_u64().expect("a time");
        assert!(now >= at, "time does not go back: {entry}");
        at = now;
        let sequence = entry["sequence"].as_u64().expect("a number");
        if ["deliver", "vanish"].contains(&entry["input"]["type"].as_str().expect("a type")) {
            assert!(arrivals.remove(&(sequence, now)), "nobody sent this, or it came before: {entry}");
            delivered += 1;
        }
        for effect in entry["effects"].as_array().expect("effects") {
            for arrival in effect["arrivals"].as_array().into_iter().flatten() {
                arrivals
                    .insert((arrival[0].as_u64().expect("a number"), arrival[1].as_u64().expect("a time")));
            }
        }
    }
    assert!(delivered > 100, "{delivered} deliveries are too few to say anything");
    assert!(
        arrivals.iter().all(|(_, due)| *due >= at),
        "what was sent and is not here was due after the end"
    );
}

#[test]
fn the_same_run_has_the_same_record() {
    let (place, file) = caught();
    place.run(&format!("replay {file} --record one"));
    place.run(&format!("replay {file} --record two"));
    assert!(place.read("one") == place.read("two"), "byte for byte");
}

#[test]
fn a_record_that_cannot_be_written_is_three_and_leaves_nothing() {
    let (place, file) = caught();
    fs::create_dir(place.path("folder")).expect("a folder in the way");
    let before = place.names(".");
    for out in ["folder", "nowhere/record", "scenario.toml/record"] {
        place.run(&format!("replay {file} --record {out}")).refused(3, &[out]);
    }
    assert_eq!(place.names("."), before, "nothing half-written is left");
    assert!(place.names("folder").is_empty(), "not in the folder either");
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt as _;
    let (place, file) = caught();
    place.run(&format!("replay {file} --record /dev/full")).refused(3, &["/dev/full"]);
    let device = |path: &str| fs::metadata(path).is_ok_and(|there| there.file_type().is_char_device());
    assert!(device("/dev/full"), "the device is still one");
    assert_eq!(
        place.run(&format!("replay {file} --record /dev/null")).code,
        0,
        "nothing is written anywhere"
    );
    assert!(device("/dev/null"), "this device is still one, too");
    let ended = place.run(&format!("replay {file} --record /dev/stdout"));
    assert!(ended.stdout.starts_with("{\"interregnum_record\":1"), "the record goes through the link");
}

#[test]
#[cfg(unix)]
fn a_link_is_followed_and_stays() {
    let (place, file) = caught();
    std::os::unix::fs::symlink("target", place.path("link")).expect("a link");
    place.run(&format!("replay {file} --record link"));
    assert!(place.path("link").is_symlink(), "the link is still one");
    assert!(place.read("target").starts_with("{\"interregnum_record\":1"), "what it names has the record");
}
