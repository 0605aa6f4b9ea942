//! The command of the example: scenario files and seeds in, a table out.

use crate::app::Care;
use crate::{Application, Crashed, Run, Summary, Trial};
use clap::{Parser, ValueEnum};
use interregnum_campaign::load::{self, LoadError};
use interregnum_campaign::replay::parse_seed;
use rayon::prelude::*;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An ordinary program, elected through etcd's client library, under Interregnum's scenarios on madsim.
#[derive(Debug, Parser)]
#[command(
    after_help = "Exit codes: 0 all that is asked holds; 1 something does not; 2 usage or scenario error; 3 a run panicked."
)]
struct Arguments {
    /// Scenario files
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// How many seeds
    #[arg(long, default_value_t = 100, conflicts_with = "seed", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// One seed alone, decimal or hexadecimal; its digest is printed
    #[arg(long, env = "INTERREGNUM_SEED", value_parser = seed)]
    seed: Option<u64>,
    /// How careful the program is
    #[arg(long, value_enum, default_value_t = Variant::Fenced)]
    application: Variant,
    /// The lease's time to live in seconds, instead of what the scenario says of `lease-etcd`, or 2
    #[arg(long)]
    ttl: Option<u32>,
    /// So many milliseconds before its end the lease counts as over
    #[arg(long, default_value_t = 0, value_name = "MS")]
    margin: u64,
    /// Whether the store compares tokens, instead of what the scenario says
    #[arg(long, value_enum)]
    fence: Option<Switch>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Variant {
    /// Sends its token with each write and looks at its lease before
    Fenced,
    /// Leads until it is told otherwise and sends no token
    Naive,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Switch {
    On,
    Off,
}

fn seed(text: &str) -> Result<u64, String> {
    parse_seed(text).ok_or_else(|| "expected a number, decimal or 0x and hexadecimal".to_owned())
}

/// The first seed where many are run, as the command has it.
const FIRST_SEED: u64 = 1;

/// All that is asked holds.
const FINE: u8 = 0;
/// Something that is asked does not.
const UNEXPECTED: u8 = 1;
/// The command or a scenario was wrong.
const USAGE: u8 = 2;
/// A run panicked.
const PANIC: u8 = 3;

/// Runs a command line, the program's name included, and says with which code it ends: those of the project's own command.
///
/// # Errors
/// If what is to be printed cannot be.
pub fn run<T>(line: impl Iterator<Item = T>, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8>
where
    T: Into<OsString> + Clone,
{
    let arguments = match Arguments::try_parse_from(line) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => return write!(err, "{error}").map(|()| USAGE),
        Err(help) => return write!(out, "{help}").map(|()| FINE),
    };
    let mut worst = FINE;
    for path in &arguments.scenarios {
        match run_file(path, &arguments) {
            Ok((code, table)) => {
                writeln!(out, "{table}")?;
                worst = worst.max(code);
            }
            Err((code, message)) => return writeln!(err, "{}", message.trim_end()).map(|()| code),
        }
    }
    Ok(worst)
}

/// Runs one file: how it ends and what came of it, or how it ends and why.
fn run_file(path: &Path, arguments: &Arguments) -> Result<(u8, String), (u8, String)> {
    let loaded = load::load(path).map_err(|error| (USAGE, words(&error)))?;
    let care = match arguments.application {
        Variant::Naive => Care::Naive,
        Variant::Fenced => Care::Fenced { margin: Duration::from_millis(arguments.margin) },
    };
    let fencing = arguments.fence.map(|fence| matches!(fence, Switch::On));
    let application = Application { ttl: arguments.ttl, care, fencing };
    let refused = |why| (USAGE, format!("error: scenario {}: {why}", loaded.scenario.name));
    let trial = Trial::new(&loaded.scenario, application).map_err(refused)?;
    let (first, count) = arguments.seed.map_or((FIRST_SEED, arguments.seeds), |seed| (seed, 1));
    let runs: Vec<Result<Run, Crashed>> =
        (0..count).into_par_iter().map(|place| trial.run(first.wrapping_add(place))).collect();
    // Of several that panic the first seed is named, whichever was done first.
    let runs: Result<Vec<Run>, Crashed> = runs.into_iter().collect();
    let runs = runs.map_err(|crashed| (PANIC, format!("error: {crashed}")))?;
    let mut summary = Summary::new(&trial);
    runs.iter().for_each(|run| summary.add(run, &trial));
    let (name, ttl) = (&loaded.scenario.name, trial.ttl());
    let application = match care {
        Care::Naive => "naive".to_owned(),
        Care::Fenced { .. } => format!("fenced, with a margin of {} ms", arguments.margin),
    };
    let store = if trial.setting().fencing { "a store with a fence" } else { "a store without a fence" };
    let mut table = format!(
        "{name}: {application}; a lease of {ttl}; {store}; {count} seeds from {first:#x}\n\n{summary}"
    );
    if let [run] = runs.as_slice() {
        table += &format!("\ndigest {}\n", run.digest);
    }
    Ok((if summary.complaints().is_empty() { FINE } else { UNEXPECTED }, table))
}

/// What is wrong with a file, with its lines.
fn words(error: &LoadError) -> String {
    match error {
        LoadError::Invalid { text, diagnostics, .. } => {
            interregnum_scenario::render(diagnostics, text, false)
        }
        LoadError::Unreadable { .. } => format!("error: {error}"),
    }
}
