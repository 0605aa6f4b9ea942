//! Files that cannot be used: every one is refused with its name, its place where it has one, and a word of help.

use crate::support::{Place, SOUND, measured};
use std::fs;

/// `run` and `scenario check` refuse a file alike.
#[track_caller]
fn both_refuse(place: &Place, file: &str, words: &[&str]) {
    place.run_with(["run", file]).refused(2, words);
    place.run_with(["scenario", "check", file]).refused(2, words);
}

#[test]
fn a_file_that_is_not_there() {
    both_refuse(&Place::new(), "none.toml", &["none.toml", "no such file"]);
}

#[test]
fn a_file_below_a_file() {
    both_refuse(&Place::with(SOUND), "scenario.toml/x.toml", &["scenario.toml/x.toml", "no file"]);
}

#[test]
fn a_folder_for_a_file() {
    let place = Place::new();
    fs::create_dir(place.path("folder.toml")).expect("a folder");
    both_refuse(&place, "folder.toml", &["folder.toml", "this is a folder"]);
}

#[test]
fn an_empty_file() {
    let place = Place::with("");
    both_refuse(&place, "scenario.toml", &["scenario.toml:1:1", "empty", "format = 1"]);
}

#[test]
fn a_huge_file_is_refused_unread() {
    let place = Place::new();
    // Sparse: it takes no space.
    fs::File::create(place.path("huge.toml"))
        .and_then(|file| file.set_len(100 << 20))
        .expect("a sparse file");
    both_refuse(&place, "huge.toml", &["huge.toml", "larger than 4 MiB"]);
}

#[test]
fn bytes_that_are_no_text_have_a_line_and_a_column() {
    let place = Place::new();
    place.write("bytes.toml", b"format = 1\nname = \"\xff\"\n");
    both_refuse(&place, "bytes.toml", &["bytes.toml:2:9", "not UTF-8"]);
}

#[test]
fn a_broken_document() {
    let place = Place::with("format = 1\nname = \n");
    both_refuse(&place, "scenario.toml", &["scenario.toml:2:"]);
}

#[test]
fn an_unknown_key_and_its_nearest_word() {
    let place = Place::with(&SOUND.replace("nodes = 3", "nods = 3"));
    both_refuse(&place, "scenario.toml", &["scenario.toml:7:1", "nods", "did you mean `nodes`?"]);
}

#[test]
fn a_number_without_its_unit() {
    let place = Place::with(&SOUND.replace("at = \"1s\"", "at = \"1\""));
    both_refuse(&place, "scenario.toml", &["scenario.toml:13:6", "unit"]);
}

#[test]
fn a_node_out_of_range() {
    let place = Place::with(&SOUND.replace("crash = \"leader\"", "crash = \"node 4\""));
    both_refuse(&place, "scenario.toml", &["scenario.toml:14:9", "no node 4", "1 to 3"]);
}

#[test]
fn overlapping_groups() {
    let groups = "partition = [[\"node 1\", \"node 2\"], [\"node 2\", \"rest\"]]\nfor = \"1s\"";
    let place = Place::with(&SOUND.replace("crash = \"leader\"", groups));
    both_refuse(&place, "scenario.toml", &["scenario.toml:14:", "node 2 is in two groups"]);
}

#[test]
fn a_data_file_that_is_not_there() {
    let place = Place::with(&measured());
    both_refuse(&place, "scenario.toml", &["scenario.toml:", "data/rtt.csv", "no such file"]);
}

#[test]
fn the_mistakes_of_all_files_are_told_in_one_pass() {
    let place = Place::with(SOUND);
    place.write("one.toml", SOUND.replace("nodes = 3", "nods = 3").replace("at = \"1s\"", "at = \"1\""));
    place.write("two.toml", "");
    let words = ["one.toml:7:", "one.toml:13:", "two.toml:1:1", "three.toml"];
    place.run("run one.toml two.toml three.toml scenario.toml").refused(2, &words);
    place.run("compare --scenarios . --out out").refused(2, &words[..3]);
    place.run("list scenarios --scenarios .").refused(2, &words[..3]);
    let checked = place.run("scenario check one.toml scenario.toml two.toml");
    assert_eq!(checked.code, 2, "two of three are not valid");
    assert_eq!(checked.stdout, "scenario.toml: valid\n", "the third is");
}

#[test]
fn a_refused_scenario_leaves_no_folder() {
    let place = Place::with("");
    place.run("run scenario.toml --out out").refused(2, &[]);
    assert_eq!(place.names("."), ["scenario.toml"], "nothing was begun");
}

#[test]
fn a_plain_text_has_no_colours() {
    let place = Place::with("");
    for color in [None, Some("1")] {
        let mut command = place.command();
        color.map(|value| command.env("NO_COLOR", value));
        let output =
            command.args(["scenario", "check", "scenario.toml"]).output().expect("the command starts");
        assert!(!output.stderr.contains(&0x1b), "no escape sequence goes into a pipe, NO_COLOR {color:?}");
    }
}

#[test]
fn a_check_is_printed_for_programs_too() {
    let place = Place::with(SOUND);
    place.write("broken.toml", SOUND.replace("format = 1", "format = 1\nfromat = 2"));
    let ended = place.run("scenario check scenario.toml broken.toml --format json");
    assert_eq!(ended.code, 2, "one of the two is broken");
    let document = ended.json();
    assert_eq!(document["files"][0]["valid"], true, "the first is valid");
    assert_eq!(document["files"][1]["valid"], false, "the second is not");
    let remark = &document["files"][1]["diagnostics"][0];
    assert_eq!(remark["found"], "fromat", "the remark says what it is about: {remark}");
    assert!(remark["line"].is_u64() && remark["column"].is_u64(), "and where: {remark}");
}

#[test]
fn parameters_that_do_not_fit_together_are_refused_with_their_place() {
    let place = Place::new();
    let text = format!("{SOUND}\n[parameters.raft]\nheartbeat_interval = \"9s\"\n");
    place.write("slow.toml", &text);
    let line = text.lines().position(|line| line.starts_with("heartbeat_interval")).expect("the line") + 1;
    for command in ["scenario check slow.toml", "run slow.toml"] {
        place.run(command).refused(2, &["heartbeat_interval", &format!("slow.toml:{line}:1")]);
    }
}
