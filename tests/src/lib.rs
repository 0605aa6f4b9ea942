//! What the end-to-end tests share: scenarios from text, seeds from the environment, random plans, statistics.
#![forbid(unsafe_code)]

pub mod hunting;
pub mod plans;
pub mod property;
pub mod statistics;

use interregnum_campaign::replay::parse_seed;
use interregnum_campaign::{Engine, Job, Seeds, Summary, catalogue, sweep};
use interregnum_scenario::Scenario;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The seed from `INTERREGNUM_SEED`, or the given one: a failing test is repeated by naming its seed.
///
/// # Panics
/// If the variable is set and is no seed.
pub fn seed_or(default: u64) -> u64 {
    match std::env::var("INTERREGNUM_SEED") {
        Ok(text) => parse_seed(&text).unwrap_or_else(|| panic!("INTERREGNUM_SEED={text} is not a seed")),
        Err(_) => default,
    }
}

/// Reads a scenario from its text; files that it names are looked for under `scenarios/`.
///
/// # Panics
/// If it is not valid: the text is a test's own.
pub fn scenario(text: &str) -> Scenario {
    let mut load = |name: &str| {
        std::fs::read_to_string(root().join("scenarios").join(name)).map_err(|error| error.to_string())
    };
    match interregnum_scenario::read("test.toml", text, &catalogue(), &mut load) {
        Ok((scenario, _)) => scenario,
        Err(mistakes) => panic!("{}", interregnum_scenario::render(&mistakes, text, false)),
    }
}

/// Sweeps a scenario over so many seeds.
///
/// # Panics
/// If the algorithm refuses its parameters.
pub fn sweep_text(text: &str, algorithm: &str, bug: Option<&str>, seeds: Seeds) -> Summary {
    let scenario = scenario(text);
    let job = Job { scenario: &scenario, algorithm, seeds, bug, engine: Engine::Sim };
    sweep(&job, &mut (), &|_| {}).unwrap_or_else(|error| panic!("{error}"))
}
