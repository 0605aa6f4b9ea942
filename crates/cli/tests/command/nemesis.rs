//! What a nemesis draws is told wherever a single run is: on the terminal, in its record, in its replay file.

use crate::support::{BUG, Place, TIGHT};
use serde_json::Value;

/// Elections collide under random crashes and cuts, and most seeds show [`BUG`].
fn hunted() -> String {
    let nemesis =
        "\n[nemesis]\nfaults = [\"crash-loop\", \"partition\"]\nevery = \"200ms..600ms\"\nfrom = \"500ms\"\n";
    format!("{TIGHT}{nemesis}")
}

/// The tables of a text, whatever is written before each line.
fn tables(text: &str) -> Vec<&str> {
    let lines = text.lines().map(|line| line.trim_start_matches("# "));
    lines
        .skip_while(|line| !line.starts_with("kinds: "))
        .take_while(|line| !line.starts_with("profile "))
        .collect()
}

#[test]
fn a_single_seed_says_what_it_draws_and_many_do_not() {
    let place = Place::with(&hunted());
    let one = place.run("run scenario.toml --seed 7").stderr;
    assert!(one.contains("drawn by the nemesis of tight:\n# kinds: "), "what is on: {one}");
    assert!(one.contains("; every ") && one.contains("; intensity "), "how often, and how hard: {one}");
    assert!(one.contains("\n[[fault]]\nat = \""), "the faults: {one}");
    assert_eq!(one, place.run("run scenario.toml --seed 7").stderr, "the same seed draws the same");
    let many = place.run("run scenario.toml --seeds 5").stderr;
    assert!(!many.contains("[[fault]]"), "nobody reads the plans of five seeds: {many}");
}

#[test]
fn what_a_violating_seed_has_drawn_is_reported_kept_and_recorded() {
    let place = Place::with(&hunted());
    let file = place.caught();
    let reported = place.run(&format!("run scenario.toml --bug {BUG} --seeds 20 --out again")).stderr;
    let text = place.read(&file);
    let kept = tables(&text);
    assert!(reported.contains(&format!("drawn: {}", kept[0])), "the report names it: {reported}");
    let ended = place.run(&format!("replay {file} --record record"));
    assert_eq!(ended.code, 0, "comments change nothing: {}", ended.stderr);
    let told = ended.stderr.split_once("drawn by the nemesis:\n").expect("it is told").1;
    let count = |lines: &[&str]| lines.iter().filter(|line| **line == "[[fault]]").count();
    let faults = count(&kept);
    assert!(faults > 0, "something was drawn: {text}");
    assert_eq!(count(&tables(told)), faults, "the replay tells the same");
    let record = place.read("record");
    let header: Value = serde_json::from_str(record.lines().next().unwrap_or_default()).expect("a header");
    let recorded = header["nemesis"]["plan"]["faults"].as_array().map(Vec::len);
    assert_eq!(recorded, Some(faults), "the record's first line has them");
}

#[test]
fn without_a_nemesis_nothing_is_said() {
    let place = Place::with(TIGHT);
    assert!(!place.run("run scenario.toml --seed 7").stderr.contains("nemesis"), "nothing is drawn");
    assert!(!place.read(&place.caught()).contains("nemesis"), "nothing is kept");
}
