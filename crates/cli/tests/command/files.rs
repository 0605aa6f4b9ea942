//! Files appear whole or not at all, and what is not ours is left alone.

use crate::support::{BUG, Place, SOUND, TIGHT};
use std::fs;

#[test]
fn a_file_where_the_folder_should_be_is_three() {
    let place = Place::with(SOUND);
    place.write("out", "precious");
    place.run("run scenario.toml --seeds 2 --out out").refused(3, &["out", "a file is in its place"]);
    place.run("compare --scenarios . --seeds 2 --out out").refused(3, &["out/latest"]);
    assert_eq!(place.read("out"), "precious", "the file is left alone");
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_cannot_be_made_is_three() {
    let place = Place::with(SOUND);
    for folder in ["/dev/null/x", "/proc/interregnum"] {
        place.run(&format!("run scenario.toml --seeds 2 --out {folder}")).refused(3, &[folder]);
    }
}

#[test]
fn a_failure_at_the_first_file_leaves_nothing() {
    let place = Place::with(SOUND);
    fs::create_dir_all(place.path("out/runs.csv")).expect("a folder in the way");
    place.run("run scenario.toml --seeds 2 --out out").refused(3, &["out/runs.csv", "folder"]);
    assert_eq!(place.names("out"), ["runs.csv"], "only what was there");
}

#[test]
fn a_failure_at_a_later_file_leaves_nothing() {
    for (scenario, bug, obstacle) in [
        (SOUND, "", "out/summary.csv"),
        (SOUND, "", "out/results.json"),
        (SOUND, "", "out/failover-overview.svg"),
    ] {
        let place = Place::with(scenario);
        fs::create_dir_all(place.path(obstacle)).expect("a folder in the way");
        let ended = place.run(&format!("run scenario.toml --seeds 2 --out out {bug}"));
        ended.refused(3, &[obstacle]);
        assert_eq!(format!("out/{}", place.names("out").join(" ")), obstacle, "only what was there");
    }
}

#[test]
fn a_replay_file_that_cannot_be_written_leaves_nothing() {
    let place = Place::with(TIGHT);
    place.write("out/replays", "a file in the way");
    let ended = place.run(&format!("run scenario.toml --bug {BUG} --seeds 20 --out out"));
    ended.refused(3, &["out/replays"]);
    assert_eq!(place.names("out"), ["replays"], "only what was there");
}

#[test]
fn results_of_an_earlier_command_survive_a_failure() {
    let place = Place::with(SOUND);
    place.run("run scenario.toml --seeds 2 --out out");
    let before = place.read("out/runs.csv");
    fs::remove_file(place.path("out/results.json")).expect("the file is there");
    fs::create_dir(place.path("out/results.json")).expect("a folder in the way");
    place.run("run scenario.toml --seeds 3 --out out").refused(3, &["out/results.json"]);
    assert_eq!(place.read("out/runs.csv"), before, "the old rows are whole");
}

#[test]
fn an_earlier_commands_plots_and_replays_go_and_other_files_stay() {
    let place = Place::with(TIGHT);
    let replay = place.caught();
    let foreign = ["notes.csv", "package.json", "drawing.svg", "replays/mine.toml"];
    for name in foreign {
        place.write(&format!("out/{name}"), "mine");
    }
    place.write("sound.toml", SOUND);
    let ended = place.run("run sound.toml --seeds 2 --out out");
    assert_eq!(ended.code, 0, "nothing unexpected: {}", ended.stderr);
    assert!(!place.path(&replay).exists(), "the earlier replay file is gone");
    assert!(!place.path("out/failover-tight.svg").exists(), "and so is the earlier plot");
    assert!(place.path("out/failover-sound.svg").exists(), "the new plot is there");
    for name in foreign {
        assert_eq!(place.read(&format!("out/{name}")), "mine", "{name} is not ours");
    }
}

#[test]
fn nothing_temporary_is_left_and_deep_folders_are_made() {
    let place = Place::with(TIGHT);
    place.run(&format!("run scenario.toml --bug {BUG} --seeds 20 --out deep/er/out"));
    for folder in ["deep/er/out", "deep/er/out/replays"] {
        let names = place.names(folder);
        assert!(!names.is_empty(), "{folder} has files");
        assert!(names.iter().all(|name| !name.starts_with('.')), "{folder}: {names:?}");
    }
}

#[test]
fn without_a_folder_nothing_is_written() {
    let place = Place::with(SOUND);
    place.run("run scenario.toml --seeds 2");
    assert_eq!(place.names("."), ["scenario.toml"], "only what was there");
}
