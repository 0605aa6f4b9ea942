//! The shape of the project, held by a test: which crate may know which, and how long a file may grow.

use interregnum_tests::root;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who may depend on whom, within the workspace. Arrows point down only.
const ARROWS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("algorithms", &["kernel"]),
    ("script", &["kernel"]),
    ("invariants", &["kernel"]),
    ("world", &["kernel"]),
    ("sim", &["kernel", "world"]),
    ("madsim-engine", &["kernel", "world", "sim"]),
    ("scenario", &["kernel", "world"]),
    ("adapters", &["kernel", "algorithms"]),
    ("registry", &["kernel", "algorithms", "adapters"]),
    ("campaign", &["kernel", "registry", "invariants", "world", "sim", "madsim-engine", "scenario"]),
    ("report", &["kernel", "world", "scenario", "campaign"]),
    ("cli", &["registry", "invariants", "scenario", "campaign", "report"]),
];

/// Crates that anything may be built from, but that nothing is built on.
const LEAVES: &[&str] = &["tests", "benches", "etcd-example"];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn short(name: &Value) -> &str {
    name.as_str().unwrap_or_default().trim_start_matches("interregnum-")
}

#[test]
fn dependencies_point_down_only() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for package in packages(&metadata) {
        let name = short(&package["name"]);
        if LEAVES.contains(&name) {
            continue;
        }
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} has no place in the architecture"));
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let full = dependency["name"].as_str().unwrap_or_default();
            let other = short(&dependency["name"]);
            let of_tests = dependency["kind"].as_str() == Some("dev");
            let ours = full.starts_with("interregnum-");
            assert!(!ours || of_tests || may.contains(&other), "{name} must not depend on {other}");
        }
    }
}

/// A crate that is not built by default is not tested by a plain `cargo test`.
#[test]
fn everything_is_built_by_default_but_what_is_heavy() {
    let metadata = metadata();
    let defaults: BTreeSet<&str> = metadata["workspace_default_members"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let left_out = packages(&metadata)
        .filter(|package| !defaults.contains(package["id"].as_str().unwrap_or_default()))
        .map(|package| short(&package["name"]));
    assert_eq!(left_out.collect::<BTreeSet<_>>(), BTreeSet::from(["adapters", "benches", "etcd-example"]));
}

#[test]
fn the_kernel_needs_serde_and_nothing_else() {
    let metadata = metadata();
    let kernel = packages(&metadata).find(|package| short(&package["name"]) == "kernel").expect("a kernel");
    let dependencies = kernel["dependencies"].as_array().into_iter().flatten();
    let names: Vec<&str> = dependencies.filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["serde"]);
}

#[test]
fn there_is_exactly_one_program() {
    let metadata = metadata();
    let targets = packages(&metadata).flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let is_program =
        |target: &&Value| target["kind"].as_array().is_some_and(|kinds| kinds.contains(&"bin".into()));
    let programs: Vec<&str> =
        targets.filter(is_program).filter_map(|target| target["name"].as_str()).collect();
    assert_eq!(programs, ["interregnum"], "`cargo run` needs a single answer");
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["crates", "tests", "benches", "examples"].map(|folder| root().join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 50, "the search for sources found only {}", found.len());
    found
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn no_source_file_is_longer_than_five_hundred_lines() {
    let long = |path: &PathBuf| text(path).lines().count() > 500;
    let long: Vec<PathBuf> = sources().into_iter().filter(long).collect();
    assert!(long.is_empty(), "to be split by concept: {long:?}");
}

#[test]
fn every_crate_forbids_unsafe_code() {
    for (name, _) in ARROWS {
        let library = text(&root().join("crates").join(name).join("src/lib.rs"));
        assert!(library.contains("#![forbid(unsafe_code)]"), "{name}");
    }
}

/// What would make a run depend on something that is not its seed.
const IMPURE: &[&str] = &[
    "HashMap",
    "HashSet",
    "std::time",
    "Instant",
    "SystemTime",
    "thread_rng",
    "std::thread",
    "std::fs",
    "std::env",
];

/// The parts of a run that must not know what a float is. The world computes tables of latencies with them, while a
/// scenario is read.
const WITHOUT_FLOATS: &[&str] = &["kernel", "algorithms", "adapters", "invariants", "sim"];

#[test]
fn what_runs_inside_a_simulation_is_pure() {
    let pure: BTreeSet<&str> = ["kernel", "algorithms", "adapters", "invariants", "world", "sim"].into();
    for path in sources() {
        let relative = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let Some(of_crate) = relative.trim_start_matches("./").strip_prefix("crates/") else { continue };
        let mut parts = of_crate.split('/');
        let (name, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if !pure.contains(name) || kind != "src" {
            continue;
        }
        let source = text(&path);
        let found: Vec<&&str> = IMPURE.iter().filter(|word| source.contains(**word)).collect();
        assert!(found.is_empty(), "{relative} mentions {found:?}");
        let floats =
            WITHOUT_FLOATS.contains(&name) && ["f32", "f64"].iter().any(|float| source.contains(float));
        assert!(!floats, "{relative} mentions floats");
    }
}
