//! A failing property test ends with two commands to copy. Here they are copied and run.
//!
//! The program that `cargo run` would build is the one that cargo has built for this test. It is run in its place: the
//! features of what `cargo run` and `cargo test` share differ by the tests' own dependencies, and half of the
//! workspace would be compiled once more.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the shell's command line in the repository, with failing runs kept in `kept`.
fn shell(line: &str, kept: &Path) -> Output {
    Command::new("sh")
        .args(["-c", line])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("INTERREGNUM_REGRESSIONS", kept)
        .env("PATH", path_with_cargo())
        .env_remove("INTERREGNUM_SEED")
        .env_remove("INTERREGNUM_BUG")
        .output()
        .expect("a shell runs")
}

/// The search path with the folder of the cargo that runs this test in front.
fn path_with_cargo() -> String {
    let cargo = Path::new(env!("CARGO")).parent().map(|folder| folder.display().to_string());
    format!("{}:{}", cargo.unwrap_or_default(), std::env::var("PATH").unwrap_or_default())
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The first line of the failure, without the way to the file: the digest of what went wrong.
fn reason(text: &str) -> Option<&str> {
    text.lines().find(|line| line.contains(" is violated at "))
}

#[test]
fn the_two_commands_that_a_failing_test_prints_repeat_its_failure() {
    let kept = tempfile::tempdir().expect("a temporary folder");
    let planted = "INTERREGNUM_BUG=raft-count-duplicate-votes cargo test --test random_plans raft_keeps_its_promises_under_random_plans";
    let first = shell(planted, kept.path());
    let printed = text(&first);
    assert!(!first.status.success(), "the planted bug makes the test fail:\n{printed}");
    let first_reason = reason(&printed).expect("the failure says what is violated").to_owned();

    let repeat = printed.lines().find(|line| line.starts_with("INTERREGNUM_SEED="));
    let repeat = repeat.expect("the failure prints a cargo command").to_owned();
    let replay = printed.lines().find_map(|line| line.strip_prefix("cargo run -- replay "));
    let replay = replay.expect("the failure prints a replay command");
    let replay = format!("{} replay {replay}", env!("CARGO_BIN_EXE_interregnum"));

    let second_kept = tempfile::tempdir().expect("a temporary folder");
    let second = shell(&repeat, second_kept.path());
    assert!(!second.status.success(), "the cargo command fails too");
    assert_eq!(reason(&text(&second)), Some(first_reason.as_str()), "with the same violation");

    let third = shell(&replay, kept.path());
    let shown = text(&third);
    assert!(third.status.success(), "the replay is the same run:\n{shown}");
    let violated = first_reason.split(" is violated at ").next().unwrap_or_default();
    let line = shown.lines().find(|line| line.trim_start().starts_with(violated));
    assert!(line.is_some_and(|line| line.contains("violated at")), "and shows the violation:\n{shown}");
}
