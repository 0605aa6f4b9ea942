//! The runner's own golden scripts, and what it does with scripts that are wrong.

mod baton;

use baton::{Baton, SPECS};
use interregnum_script::{Runner, run, run_folder};
use std::panic::catch_unwind;
use std::path::PathBuf;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts");

/// What a script's text becomes when it is played.
fn play(text: &str) -> Result<String, String> {
    let mut runner = Runner::new(SPECS, Baton::make);
    goldenscript::generate(&mut runner, text).map_err(|error| error.to_string())
}

/// What a test that plays a script dies of.
fn panic_of(test: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = catch_unwind(test).expect_err("the script is refused");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn the_scripts_play_as_they_are_written() {
    run_folder(FOLDER, SPECS, Baton::make);
}

#[test]
fn a_script_gives_the_same_trace_whenever_it_is_played() {
    for story in ["election", "crashes", "links", "clocks", "levels", "errors"] {
        let text = std::fs::read_to_string(PathBuf::from(FOLDER).join(story).with_extension("txt"))
            .expect("is there");
        assert_eq!(play(&text), play(&text), "{story}");
    }
}

#[test]
fn an_error_names_the_command_and_the_line() {
    let error = play("cluster nodes=3\nboot\n---\n\n# A comment.\nfire n1 Rest\n---\n").unwrap_err();
    assert_eq!(
        error,
        "command 'fire' failed at line 6: Rest is not armed at n1; armed: Patience 100ms..200ms"
    );
}

#[test]
fn an_unknown_command_is_answered_with_the_known_ones() {
    let error = play("cluster nodes=3\nstabilise\n---\n").unwrap_err();
    assert!(
        error.contains("line 2: there is no command `stabilise`; there are cluster, set, boot"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_wrong_is_named() {
    let error = panic_of(|| run("/no/such/script.txt", SPECS, Baton::make));
    assert!(error.starts_with("/no/such/script.txt: "), "{error}");
}

#[test]
fn a_folder_without_scripts_is_an_error() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let error = panic_of(|| run_folder(folder, SPECS, Baton::make));
    assert!(error.ends_with("/src: there is no script"), "{error}");
}

#[test]
fn a_script_that_fails_keeps_no_other_from_being_played() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.txt", "b.txt", "c.txt"] {
        let text = if name == "b.txt" { "cluster nodes=1\n---\nok\n" } else { "dance\n---\n" };
        std::fs::write(folder.path().join(name), text).expect("is written");
    }
    std::fs::write(folder.path().join("notes.md"), "dance").expect("is written");
    let error = panic_of(|| run_folder(folder.path(), SPECS, Baton::make));
    assert!(error.starts_with("2 of 3 scripts fail: ") && error.ends_with("c.txt"), "{error}");
}

#[test]
fn a_trace_that_differs_fails_the_test() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.txt");
    std::fs::write(&path, "cluster nodes=1\nboot\n---\nn1 sleeps\n").expect("is written");
    let failed = catch_unwind(|| run(&path, SPECS, Baton::make));
    assert!(failed.is_err() || std::env::var_os("UPDATE_GOLDENFILES").is_some(), "the trace is another");
}
