//! `scenario fmt`.

use crate::support::{Place, SOUND, scenario_files};
use interregnum_campaign::catalogue;
use interregnum_scenario::{Scenario, format, read};
use std::fs;
use std::path::Path;

/// [`SOUND`], with its spaces and the order of its tables and keys gone wrong.
const UNTIDY: &str = "# Of the file.\nname=\"sound\"\nformat = 1\n[run]\nheal = \"3s\"\nfor=\"4s\"\n# Of the fault.\n[[fault]]\n\
                      crash  = \"leader\"\nat = \"1s\"\n";

/// [`UNTIDY`] in its canonical form.
const TIDY: &str = "# Of the file.\nformat = 1\nname = \"sound\"\n\n# Of the fault.\n[[fault]]\nat = \"1s\"\ncrash = \"leader\"\n\n\
                    [run]\nfor = \"4s\"\nheal = \"3s\"\n";

#[test]
fn a_file_is_rewritten_and_named_once() {
    let place = Place::with(UNTIDY);
    place.write("tidy.toml", TIDY);
    let ended = place.run("scenario fmt scenario.toml tidy.toml");
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "scenario.toml: formatted\n"), "{}", ended.stderr);
    assert_eq!(place.read("scenario.toml"), TIDY, "it is in its canonical form");
    assert_eq!(place.names("."), ["scenario.toml", "tidy.toml"], "nothing is left beside it");
    let again = place.run("scenario fmt scenario.toml tidy.toml");
    assert_eq!((again.code, again.stdout.as_str()), (0, ""), "there is nothing more to do");
}

#[test]
fn a_check_changes_nothing_and_tells() {
    let place = Place::with(UNTIDY);
    let ended = place.run("scenario fmt --check scenario.toml");
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (1, "scenario.toml: not formatted\n"),
        "{}",
        ended.stderr
    );
    assert_eq!(place.read("scenario.toml"), UNTIDY, "the file is as it was");
    place.write("scenario.toml", TIDY);
    let ended = place.run("scenario fmt --check scenario.toml");
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "a canonical file is fine");
}

#[test]
fn what_cannot_be_parsed_is_refused_and_nothing_is_touched() {
    let place = Place::with(UNTIDY);
    let broken = SOUND.replace("nodes = 3", "nodes = three");
    place.write("broken.toml", &broken);
    for arguments in
        ["scenario fmt scenario.toml broken.toml", "scenario fmt --check scenario.toml broken.toml"]
    {
        let ended = place.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "`{arguments}`: {}", ended.stderr);
        assert!(ended.stderr.contains("`three` needs quotes"), "the reason: {}", ended.stderr);
    }
    assert_eq!(place.read("broken.toml"), broken, "the broken file is as it was");
    assert_eq!(place.read("scenario.toml"), UNTIDY, "and so is the other");
    let missing = place.run("scenario fmt nowhere.toml");
    assert_eq!(missing.code, 2, "a file that is not there: {}", missing.stderr);
}

/// What a text in a file's place means.
fn meaning(path: &Path, text: &str) -> Scenario {
    let folder = path.parent().expect("a folder");
    let mut load = |name: &str| fs::read_to_string(folder.join(name)).map_err(|error| error.to_string());
    let (scenario, _) = read(&path.display().to_string(), text, &catalogue(), &mut load)
        .unwrap_or_else(|remarks| panic!("{}: {remarks:#?}", path.display()));
    Scenario { text: String::new(), ..scenario }
}

#[test]
fn every_scenario_of_the_project_means_the_same_in_its_canonical_form() {
    for path in scenario_files() {
        let text = fs::read_to_string(&path).expect("the file is readable");
        let name = path.display().to_string();
        let once = format(&name, &text).unwrap_or_else(|remarks| panic!("{remarks:#?}"));
        assert_eq!(format(&name, &once).as_ref(), Ok(&once), "{name}: formatting is idempotent");
        assert_eq!(meaning(&path, &once), meaning(&path, &text), "{name}");
    }
}

#[test]
fn the_scenarios_of_the_project_are_in_their_canonical_form() {
    for path in scenario_files() {
        let text = fs::read_to_string(&path).expect("the file is readable");
        let name = path.display().to_string();
        assert_eq!(format(&name, &text).as_ref(), Ok(&text), "{name}: interregnum scenario fmt rewrites it");
    }
}
