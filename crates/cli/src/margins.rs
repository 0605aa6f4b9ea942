//! `interregnum margins`: how much of a disturbance elections by lease bear.

use crate::args::{ListFormat, Margins};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::listing::load_all;
use crate::sweeping::{DEFAULT_SEED, tool, unknown};
use interregnum_campaign::Loaded;
use interregnum_campaign::margins::{Margin, Question, measure, standard};
use interregnum_campaign::output::Batch;
use interregnum_registry::{ALGORITHMS, Entry, Strain, find};
use interregnum_report::margins::{self as tables, Measured};
use interregnum_report::plot;
use interregnum_scenario::{Overrides, Parameters, Profile};
use std::path::Path;

/// Measures, prints, and writes the files.
///
/// # Errors
/// If an algorithm is not known or needs no service, or an output cannot be written.
pub(crate) fn run(args: &Margins, console: &Console) -> Result<Exit, Failure> {
    let given = scenario(args, console)?;
    let algorithms = algorithms(&args.algorithms, given.as_ref())?;
    let strains = strains(&args.strains)?;
    let first_seed = args.seed.unwrap_or(DEFAULT_SEED);
    let question = Question { first_seed, seeds: args.seeds };
    let threads = usize::from(args.jobs.unwrap_or(0));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Failure::output)?;
    let mut measured: Option<Measured> = None;
    let mut found = Vec::new();
    for entry in algorithms {
        let parameters = parameters(entry, args, given.as_ref());
        if measured.is_none() {
            let one = Measured::of(&parameters, question);
            console.chat(&format!("{one}\n"));
            measured = Some(one);
        }
        for strain in &strains {
            console.chat(&format!("{}: {strain}\n", entry.name));
            let one = pool.install(|| measure(entry.name, &parameters, *strain, question));
            found.push(one.map_err(Failure::usage)?);
        }
    }
    let Some(measured) = measured else {
        return Err(Failure::usage("the scenario is for none of the algorithms that elect by lease"));
    };
    console.data(&match args.format {
        ListFormat::Human => tables::table(&found),
        ListFormat::Json => tables::json(tool(), &found, measured),
        ListFormat::Ndjson => tables::ndjson(tool(), &found, measured),
    })?;
    if let Some(folder) = &args.out {
        write(folder, &found, measured)?;
    }
    console.chat(&format!("{measured}\n"));
    Ok(Exit::Fine)
}

fn scenario(args: &Margins, console: &Console) -> Result<Option<Loaded>, Failure> {
    let overrides = Overrides { profile: args.profile.map(Into::into), ..Overrides::NONE };
    let files = args.scenario.as_slice();
    Ok(load_all(files, overrides, console)?.into_iter().next())
}

/// What an algorithm is measured with.
fn parameters(entry: &Entry, args: &Margins, given: Option<&Loaded>) -> Parameters {
    match given {
        Some(given) => given.scenario.parameters_for(entry.name),
        None => standard(args.profile.map_or(Profile::Production, Into::into)),
    }
}

/// The algorithms that are meant: those of these names, or all that elect by lease.
fn algorithms(names: &[String], given: Option<&Loaded>) -> Result<Vec<&'static Entry>, Failure> {
    let leases = || ALGORITHMS.iter().filter(|entry| entry.service);
    for name in names {
        match find(name) {
            None => return Err(unknown("algorithm", name, leases().map(|entry| entry.name))),
            Some(entry) if !entry.service => {
                return Err(Failure::usage(format!(
                    "{name} elects without a coordination service: it has no such margins"
                )));
            }
            Some(_) => {}
        }
    }
    let wanted = |entry: &Entry| names.is_empty() || names.iter().any(|name| name == entry.name);
    let is_for = |entry: &Entry| given.is_none_or(|given| given.scenario.is_for(entry.name));
    Ok(leases().filter(|entry| wanted(entry) && is_for(entry)).collect())
}

fn strains(names: &[String]) -> Result<Vec<Strain>, Failure> {
    if let Some(name) = names.iter().find(|name| Strain::ALL.iter().all(|strain| strain.name() != **name)) {
        return Err(unknown("strain", name, Strain::ALL.iter().map(|strain| strain.name())));
    }
    let wanted = |strain: &Strain| names.is_empty() || names.iter().any(|name| name == strain.name());
    Ok(Strain::ALL.into_iter().filter(wanted).collect())
}

fn write(folder: &Path, found: &[Margin], measured: Measured) -> Result<(), Failure> {
    let mut batch = Batch::create(folder).map_err(Failure::output)?;
    let mut write = |name: &str, contents: &[u8]| batch.write(name, contents).map_err(Failure::output);
    write("margins.csv", &tables::csv(found, measured).map_err(Failure::output)?)?;
    write("margins.json", tables::json(tool(), found, measured).as_bytes())?;
    write("margins.txt", tables::table(found).as_bytes())?;
    for of_one in found.chunk_by(|one, other| one.algorithm == other.algorithm) {
        if let Some(svg) = plot::margins(of_one, measured).map_err(Failure::output)? {
            write(&format!("margins-{}.svg", of_one[0].algorithm), svg.as_bytes())?;
        }
    }
    batch.publish(&[]).map_err(Failure::output)
}
