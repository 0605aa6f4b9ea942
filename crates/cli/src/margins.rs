//! `interregnum margins`: how much of a disturbance elections by lease bear.

use crate::args::{ListFormat, Margins};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::sweeping::{DEFAULT_SEED, tool};
use interregnum_algorithms::{ALGORITHMS, Entry, Strain, find};
use interregnum_campaign::margins::{Margin, Question, measure};
use interregnum_campaign::output::Batch;
use interregnum_report::{margins as tables, plot};
use std::path::Path;

/// Measures, prints, and writes the files.
///
/// # Errors
/// If an algorithm is not known or needs no service, or an output cannot be written.
pub(crate) fn run(args: &Margins, console: &Console) -> Result<Exit, Failure> {
    let algorithms = meant(&args.algorithms)?;
    let first_seed = args.seed.unwrap_or(DEFAULT_SEED);
    let question = Question { profile: args.profile.into(), first_seed, seeds: args.seeds };
    let seeds = format!("seeds {first_seed:#x} and {} more", args.seeds - 1);
    console.chat(&format!("{seeds}, profile {}\n", question.profile));
    let threads = usize::from(args.jobs.unwrap_or(0));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Failure::output)?;
    let mut found = Vec::new();
    for entry in algorithms {
        for strain in Strain::ALL {
            console.chat(&format!("{}: {strain}\n", entry.name));
            found.push(pool.install(|| measure(entry.name, strain, &question)).map_err(Failure::usage)?);
        }
    }
    console.data(&match args.format {
        ListFormat::Human => tables::table(&found),
        ListFormat::Json => tables::json(tool(), &found, question.profile),
        ListFormat::Ndjson => tables::ndjson(tool(), &found, question.profile),
    })?;
    if let Some(folder) = &args.out {
        write(folder, &found, &question)?;
    }
    console.chat(&format!("{seeds}\n"));
    Ok(Exit::Fine)
}

/// The algorithms that are meant: those of these names, or all that elect by lease.
fn meant(names: &[String]) -> Result<Vec<&'static Entry>, Failure> {
    if names.is_empty() {
        return Ok(ALGORITHMS.iter().filter(|entry| entry.service).collect());
    }
    let one = |name: &String| match find(name) {
        Some(entry) if entry.service => Ok(entry),
        Some(_) => Err(Failure::usage(format!(
            "{name} elects without a coordination service: it has no such margins"
        ))),
        None => {
            Err(Failure::usage(format!("no algorithm is named `{name}`; see `interregnum list algorithms`")))
        }
    };
    names.iter().map(one).collect()
}

fn write(folder: &Path, found: &[Margin], question: &Question) -> Result<(), Failure> {
    let mut batch = Batch::create(folder).map_err(Failure::output)?;
    let mut write = |name: &str, contents: &[u8]| batch.write(name, contents).map_err(Failure::output);
    write("margins.csv", &tables::csv(found, question.profile).map_err(Failure::output)?)?;
    write("margins.json", tables::json(tool(), found, question.profile).as_bytes())?;
    write("margins.txt", tables::table(found).as_bytes())?;
    for of_one in found.chunk_by(|one, other| one.algorithm == other.algorithm) {
        if let Some(svg) = plot::margins(of_one, question).map_err(Failure::output)? {
            write(&format!("margins-{}.svg", of_one[0].algorithm), svg.as_bytes())?;
        }
    }
    batch.publish(&[]).map_err(Failure::output)
}
