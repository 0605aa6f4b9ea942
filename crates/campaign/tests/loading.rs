//! Files that cannot be used say why, and where.

use interregnum_campaign::load::{SIZE_LIMIT, load, load_with, read_text, scenario_files};
use interregnum_campaign::replay::{Replay, ReplayError};
use interregnum_campaign::{LoadError, Unreadable};
use interregnum_scenario::{Diagnostic, Overrides, Profile, Severity};
use std::fs;
use std::path::Path;

const SCENARIO: &str = "format = 1\nname = \"loaded\"\n[cluster]\nnodes = 3\n[run]\nfor = \"1s\"\n";

#[track_caller]
fn refused(path: &Path) -> Unreadable {
    read_text(path).expect_err("the file is refused")
}

#[test]
fn a_file_is_read_up_to_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    fs::write(&path, vec![b'#'; SIZE_LIMIT as usize]).unwrap();
    assert_eq!(read_text(&path).unwrap().len() as u64, SIZE_LIMIT, "the limit itself is allowed");
    fs::write(&path, vec![b'#'; SIZE_LIMIT as usize + 1]).unwrap();
    assert!(refused(&path).problem.contains("4 MiB"), "a byte more is not");
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_without_an_end_is_refused() {
    assert!(refused(Path::new("/dev/zero")).problem.contains("4 MiB"), "the limit holds while reading");
}

#[test]
fn what_is_missing_or_no_file_is_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refused(&folder.path().join("none")).problem, "there is no such file");
    assert_eq!(refused(folder.path()).problem, "this is a folder; expected a file");
}

#[test]
fn a_byte_that_is_no_text_has_its_line_and_its_column_in_characters() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bytes");
    for (bytes, at) in [
        (&b"\xff"[..], (1, 1)),
        (b"one\n\xfftwo", (2, 1)),
        ("\u{e9}\u{e9}".as_bytes(), (0, 0)),
        (b"\xc3\xa9\xc3\xa9\xff", (1, 3)),
        (b"cut \xc3", (1, 5)),
    ] {
        fs::write(&path, bytes).unwrap();
        match read_text(&path) {
            Ok(_) => assert_eq!(at, (0, 0), "{bytes:?} is text"),
            Err(error) => assert_eq!(error.at, Some(at), "{bytes:?}"),
        }
    }
}

#[test]
fn an_unreadable_scenario_is_told_from_an_invalid_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.toml");
    let missing = load(&path).unwrap_err();
    assert!(matches!(missing, LoadError::Unreadable { .. }), "there is no text: {missing}");
    fs::write(&path, "format = 1").unwrap();
    let invalid = load(&path).unwrap_err();
    assert!(matches!(invalid, LoadError::Invalid { .. }), "there is a text: {invalid}");
    fs::write(&path, SCENARIO).unwrap();
    assert_eq!(load(&path).unwrap().scenario.name, "loaded", "and now it is valid");
}

#[test]
fn scenario_files_come_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.toml", "a.toml", "c.txt", "toml"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let names: Vec<_> = scenario_files(folder.path())
        .unwrap()
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["a.toml", "b.toml"], "only *.toml, sorted");
    let error = scenario_files(&folder.path().join("none")).unwrap_err().to_string();
    assert!(error.ends_with("none: there is no such folder"), "{error}");
}

#[test]
fn another_version_of_a_replay_file_is_recognised_whatever_else_is_in_it() {
    let error = Replay::parse("replay = 7\nunheard_of = true\n").unwrap_err();
    assert!(matches!(&error, ReplayError::Format(_)), "{error}");
    assert!(error.to_string().contains("version 7"), "{error}");
}

#[test]
fn a_replay_file_survives_writing_and_reading() {
    let awkward = "a \"quoted\" \\ line\nwith '''all''' of \"\"\"it\"\"\"\t\u{e9}\n";
    let text = "replay = 1\nkind = \"seeded\"\nversion = \"1\"\ncommit = \"c\"\nalgorithm = \"raft\"\nseed = \"0x2a\"\n\
                digest = \"00\"\nscenario = \"\"\n";
    let mut replay = Replay::parse(text).unwrap();
    replay.scenario = awkward.to_owned();
    replay.reason = awkward.to_owned();
    replay.files.insert("data/a b.csv".to_owned(), awkward.to_owned());
    assert_eq!(Replay::parse(&replay.to_text()).unwrap(), replay, "nothing is lost");
}

/// The warnings about a scenario for Raft with this in its table of the cluster.
fn warnings(cluster: &str, overrides: Overrides) -> Vec<Diagnostic> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.toml");
    let text = format!(
        "format = 1\nname = \"loaded\"\n[cluster]\nalgorithms = [\"raft\"]\n{cluster}\n[run]\nfor = \"1s\"\n"
    );
    fs::write(&path, text).unwrap();
    let warnings = load_with(&path, overrides).unwrap().warnings;
    warnings.into_iter().filter(|one| one.severity == Severity::Warning).collect()
}

#[test]
fn an_even_cluster_is_warned_of_by_the_algorithms_that_decide_by_majority() {
    let warned = warnings("nodes = 4", Overrides::NONE);
    assert_eq!(warned.len(), 1, "one warning: {warned:?}");
    assert!(
        warned[0].message.starts_with("raft: parameter `nodes`: 4 voters"),
        "it names who warns: {}",
        warned[0]
    );
    assert_eq!((warned[0].line, warned[0].found.as_str()), (5, "nodes = 4"), "at the line that says so");
    assert_eq!(warnings("nodes = 5", Overrides::NONE), [], "an odd one is not");
}

#[test]
fn spares_are_no_voters() {
    let warned = warnings("nodes = 5\nmembers = [1, 2, 3, 4]", Overrides::NONE);
    assert_eq!(warned.len(), 1, "four members of five nodes are an even cluster: {warned:?}");
    assert_eq!(warned[0].found, "members = [1, 2, 3, 4]", "and the members are to blame");
    assert_eq!(warnings("nodes = 4\nmembers = [1, 2, 3]", Overrides::NONE), [], "three of four are not");
}

#[test]
fn warnings_are_about_the_size_that_is_run() {
    let four = Overrides { nodes: Some(4), ..Overrides::NONE };
    assert_eq!(warnings("nodes = 5", four).len(), 1, "the size that was put in the file's place is even");
}

#[test]
fn what_an_algorithm_refuses_is_judged_with_the_profile_that_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.toml");
    // Between the shortest timeouts of the two profiles.
    fs::write(&path, format!("{SCENARIO}[parameters.raft]\nheartbeat_interval = \"400ms\"\n")).unwrap();
    let refused = load(&path).unwrap_err();
    assert!(matches!(refused, LoadError::Invalid { .. }), "too slow for the file's own profile: {refused}");
    let production = Overrides { profile: Some(Profile::Production), ..Overrides::NONE };
    let scenario = load_with(&path, production).unwrap().scenario;
    assert_eq!(scenario.profile, Profile::Production, "and fast enough for the other");
}
