//! Exit codes 0 and 1, and usage errors.

use crate::support::{BUG, HASTY, Place, SOUND, TIGHT, run};

#[test]
fn as_expected_is_zero() {
    let ended = Place::with(SOUND).run("run scenario.toml --seeds 20");
    assert_eq!(ended.code, 0, "a sound scenario is as expected: {}", ended.stderr);
}

#[test]
fn a_caught_bug_is_one_and_names_its_seed_digest_version_and_command() {
    let ended = Place::with(TIGHT).run(&format!("run scenario.toml --bug {BUG} --seeds 20"));
    assert_eq!(ended.code, 1, "the bug is caught: {}", ended.stderr);
    assert!(ended.stdout.contains("unexpected"), "the table says so: {}", ended.stdout);
    let version = format!("version {}", env!("CARGO_PKG_VERSION"));
    for word in ["election-safety is violated", "seed 0x", "digest ", &version] {
        assert!(ended.stderr.contains(word), "the chatter lacks `{word}`: {}", ended.stderr);
    }
    let command = format!("interregnum run scenario.toml --algorithm raft --bug {BUG} --seed 0x");
    assert!(ended.stderr.contains(&command), "the command is given whole: {}", ended.stderr);
}

#[test]
fn the_command_that_is_proposed_shows_the_failure_again() {
    let place = Place::with(TIGHT);
    let first = place.run(&format!("run scenario.toml --bug {BUG} --seeds 20"));
    let line = first.stderr.lines().find(|line| line.contains(": interregnum run ")).expect("a command");
    let (before, command) = line.split_once(": interregnum ").expect("a command");
    let seed = before.trim().trim_start_matches("seed ").split(',').next().expect("a seed");
    let arguments = command.split(" (and").next().expect("the command");
    let again = place.run(arguments);
    assert_eq!(again.code, 1, "`{arguments}` fails again: {}", again.stderr);
    assert!(
        again.stderr.contains(&format!("first with seed {seed} ")),
        "with the same seed: {}",
        again.stderr
    );
}

#[test]
fn a_failed_expectation_is_one() {
    let ended = Place::with(HASTY).run("run scenario.toml --seeds 5");
    assert_eq!(ended.code, 1, "1 ms is too much to ask: {}", ended.stderr);
    let words = "expected at most 1ms";
    assert!(ended.stderr.contains(words), "the bound is named: {}", ended.stderr);
    let again = "interregnum run scenario.toml --algorithm raft --seed 0x1 --seeds 5";
    assert!(ended.stderr.contains(again), "and how to see it again: {}", ended.stderr);
}

#[test]
fn one_unexpected_scenario_of_several_is_one() {
    let place = Place::with(SOUND);
    place.write("hasty.toml", HASTY);
    let ended = place.run("run scenario.toml hasty.toml --seeds 5");
    assert_eq!(ended.code, 1, "one of two failed");
    assert!(ended.stderr.contains("1 of 2 as expected"), "the count is told: {}", ended.stderr);
}

#[test]
fn what_cannot_be_asked_is_two() {
    let place = Place::with(SOUND);
    for (arguments, words) in [
        ("", &["Usage:"][..]),
        ("rnu", &["'rnu'", "Usage:"]),
        ("run", &["SCENARIO.toml"]),
        ("run scenario.toml --frmat json", &["--frmat", "--format"]),
        ("run scenario.toml --format xml", &["xml", "junit"]),
        ("run scenario.toml --seeds 0", &["--seeds", "1..="]),
        ("run scenario.toml --seeds 99999999999", &["--seeds"]),
        ("run scenario.toml --seeds -1", &["-1"]),
        ("run scenario.toml --jobs 0", &["--jobs"]),
        ("run scenario.toml --seed 0x", &["--seed", "0x2a"]),
        ("run scenario.toml --seed 18446744073709551616", &["--seed"]),
        ("run scenario.toml --algorithm rafft", &["`rafft`", "did you mean `raft`?"]),
        #[cfg(not(feature = "real"))]
        (
            "run scenario.toml --algorithm tikv-raft",
            &["tikv-raft is a real implementation", "--features real"],
        ),
        ("run scenario.toml --algorithm meteor", &["`meteor`", "there are: raft"]),
        ("run scenario.toml --bug raft-vote-before-fsink", &["did you mean `raft-vote-before-fsync`?"]),
        ("run scenario.toml --algorithm raft --bug meteor", &["`meteor`", "raft-vote-before-fsync"]),
        ("compare --scenarios nowhere", &["nowhere", "no such folder", "--scenarios"]),
        ("compare --scenarios . --algorithms raft,meteor", &["`meteor`"]),
        ("list meteors", &["meteors", "algorithms"]),
        ("list scenarios --scenarios nowhere", &["nowhere", "no such folder"]),
        ("replay", &["FILE"]),
        ("scenario check", &["FILE"]),
    ] {
        place.run(arguments).refused(2, words);
    }
}

#[test]
fn a_folder_without_scenarios_is_two() {
    let place = Place::new();
    place.write("empty/readme.txt", "nothing");
    place.run("compare --scenarios empty").refused(2, &["empty", "no scenario file"]);
}

#[test]
fn two_scenarios_of_one_name_are_two() {
    let place = Place::with(SOUND);
    place.write("copy.toml", SOUND);
    place.run("run scenario.toml copy.toml").refused(2, &["scenario.toml", "copy.toml", "`sound`"]);
}

#[test]
fn help_and_version_are_answers() {
    for arguments in ["--help", "run --help", "compare --help", "replay --help", "list --help", "--version"] {
        let ended = run(arguments);
        assert_eq!(ended.code, 0, "`{arguments}` is no mistake");
        assert!(!ended.stdout.is_empty(), "`{arguments}` answers on standard output");
        assert_eq!(ended.stderr, "", "`{arguments}` has nothing to complain about");
    }
}

#[test]
fn help_says_what_the_command_is_for_and_what_its_exit_codes_mean() {
    let help = run("--help").stdout;
    for words in ["leader election", "Exit codes", "compare", "replay"] {
        assert!(help.contains(words), "the help lacks `{words}`: {help}");
    }
}
