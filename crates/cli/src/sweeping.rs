//! What `run` and `compare` share: scenarios times algorithms times seeds, and what comes of them.

use crate::args::{Format, Running};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use interregnum_algorithms::ALGORITHMS;
use interregnum_campaign::output::{create_folder, write_whole};
use interregnum_campaign::replay::{Replay, run_one};
use interregnum_campaign::{Job, Loaded, Seeds, Sink, Summary, load, sweep};
use interregnum_report::json::{self, Tool};
use interregnum_report::tables::{Tables, write_summary};
use interregnum_report::{junit, plot, verdicts};
use interregnum_scenario::Severity;
use std::fs;
use std::path::{Path, PathBuf};

/// The commit that this program was built from.
pub(crate) const COMMIT: &str = env!("INTERREGNUM_COMMIT");

/// The seed where none is named.
const DEFAULT_SEED: u64 = 1;

/// What is to be swept.
pub(crate) struct Plan<'a> {
    /// The scenario files, in order.
    pub(crate) files: &'a [PathBuf],
    /// Only these algorithms; all where empty.
    pub(crate) algorithms: &'a [String],
    /// How many seeds.
    pub(crate) seeds: u64,
    /// A bug to plant.
    pub(crate) bug: Option<&'a str>,
    /// Where files are written, if anywhere.
    pub(crate) out: Option<&'a Path>,
    /// The rest.
    pub(crate) running: &'a Running,
}

/// Runs everything, prints the results, writes the files.
///
/// # Errors
/// If an input is refused or an output cannot be written.
pub(crate) fn run(plan: &Plan<'_>, console: &Console) -> Result<Exit, Failure> {
    check_names(plan)?;
    let scenarios = load_all(plan.files, console)?;
    let first = plan.running.seed.unwrap_or(DEFAULT_SEED);
    let seeds = Seeds { first, count: plan.seeds };
    let jobs = jobs(&scenarios, plan, seeds)?;
    if let Some(folder) = plan.out {
        prepare(folder)?;
    }
    chat_seed(console, seeds);
    let summaries = sweep_all(&jobs, plan, console)?;
    let replays = keep_failures(&jobs, &summaries, plan.out)?;
    if let Some(folder) = plan.out {
        write_reports(folder, &scenarios, &summaries)?;
    }
    print(plan.running.format, &summaries, console)?;
    chat_end(console, seeds, &summaries, &replays, plan.out);
    Ok(exit(&summaries))
}

fn check_names(plan: &Plan<'_>) -> Result<(), Failure> {
    let known: Vec<&str> = ALGORITHMS.iter().map(|entry| entry.name).collect();
    for name in plan.algorithms {
        if !known.contains(&name.as_str()) {
            let message = format!("no algorithm is named `{name}`; there are: {}", known.join(", "));
            return Err(Failure::usage(message));
        }
    }
    Ok(())
}

/// Reads all files before the first is run, and reports the mistakes of all of them together.
fn load_all(files: &[PathBuf], console: &Console) -> Result<Vec<Loaded>, Failure> {
    let mut loaded = Vec::new();
    let mut mistakes = String::new();
    for file in files {
        match load(file) {
            Ok(one) => {
                // Notes are for `scenario check`; a sweep shows only what may be a mistake.
                let mut warnings = one.warnings.clone();
                warnings.retain(|diagnostic| diagnostic.severity == Severity::Warning);
                let text = &one.scenario.text;
                console.chat(&interregnum_scenario::render(&warnings, text, console.color_err));
                loaded.push(one);
            }
            Err(error) => mistakes += &Failure::load(&error, console.color_err).message,
        }
    }
    if mistakes.is_empty() { Ok(loaded) } else { Err(Failure { exit: Exit::Usage, message: mistakes }) }
}

fn jobs<'a>(scenarios: &'a [Loaded], plan: &Plan<'a>, seeds: Seeds) -> Result<Vec<Job<'a>>, Failure> {
    let mut jobs = Vec::new();
    for loaded in scenarios {
        for entry in ALGORITHMS {
            let wanted = plan.algorithms.is_empty() || plan.algorithms.iter().any(|name| name == entry.name);
            if !wanted || !loaded.scenario.is_for(entry.name) {
                continue;
            }
            if let Some(bug) = plan.bug.filter(|bug| entry.bug(bug).is_none()) {
                if plan.algorithms.is_empty() {
                    continue;
                }
                let known: Vec<&str> = entry.bugs.iter().map(|bug| bug.id).collect();
                return Err(Failure::usage(format!(
                    "{} has no planted bug `{bug}`; there are: {}",
                    entry.name,
                    known.join(", ")
                )));
            }
            jobs.push(Job { scenario: &loaded.scenario, algorithm: entry.name, seeds, bug: plan.bug });
        }
    }
    if jobs.is_empty() {
        return Err(Failure::usage("no scenario is meant for the algorithms and the bug that were named"));
    }
    Ok(jobs)
}

/// The output folder, empty of what an earlier command left in it: old plots beside new tables would lie.
fn prepare(folder: &Path) -> Result<(), Failure> {
    create_folder(folder).map_err(Failure::output)?;
    let entries = fs::read_dir(folder).map_err(|error| named(folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| named(folder, &error))?.path();
        let ours = path.extension().is_some_and(|ending| ["csv", "svg", "json"].iter().any(|e| ending == *e));
        if ours {
            fs::remove_file(&path).map_err(|error| named(&path, &error))?;
        } else if path.file_name().is_some_and(|name| name == "replays") {
            fs::remove_dir_all(&path).map_err(|error| named(&path, &error))?;
        }
    }
    Ok(())
}

fn named(path: &Path, error: &std::io::Error) -> Failure {
    Failure::output(format!("{}: {error}", path.display()))
}

fn sweep_all(jobs: &[Job<'_>], plan: &Plan<'_>, console: &Console) -> Result<Vec<Summary>, Failure> {
    let threads = usize::from(plan.running.jobs.unwrap_or(0));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Failure::output)?;
    let mut tables = match plan.out {
        Some(folder) => Some(Tables::create(folder).map_err(Failure::output)?),
        None => None,
    };
    let bar = console.progress(jobs.iter().map(|job| job.seeds.count).sum());
    let mut summaries = Vec::new();
    for job in jobs {
        bar.set_message(format!("{} {}", job.scenario.name, job.algorithm));
        let mut nothing = ();
        let mut sink: &mut (dyn Sink + Send) = &mut nothing;
        if let Some(tables) = &mut tables {
            sink = tables;
        }
        let summary = pool.install(|| sweep(job, sink, &|runs| bar.inc(runs)));
        summaries.push(summary?);
    }
    bar.finish_and_clear();
    if let Some(tables) = tables {
        tables.finish().map_err(Failure::output)?;
    }
    Ok(summaries)
}

/// For every job that was not as expected and has a violating run: writes that run's replay file, if there is a folder
/// for it, and says what to run.
fn keep_failures(
    jobs: &[Job<'_>],
    summaries: &[Summary],
    out: Option<&Path>,
) -> Result<Vec<String>, Failure> {
    let mut commands = Vec::new();
    for (job, summary) in jobs.iter().zip(summaries).filter(|(_, summary)| !summary.as_expected()) {
        let Some((seed, reason)) = first_violation(summary) else { continue };
        let bug = job.bug.map(|bug| format!(" --bug {bug}")).unwrap_or_default();
        let Some(folder) = out else {
            commands.push(format!(
                "{} seed {seed:#x}: repeat with --algorithm {}{bug} --seed {seed:#x} --out DIR to get its replay file",
                job.scenario.name, job.algorithm
            ));
            continue;
        };
        let (run, _) = run_one(job, seed, false).map_err(Failure::usage)?;
        let folder = folder.join("replays");
        create_folder(&folder).map_err(Failure::output)?;
        let file = folder.join(format!("{}-{}-{seed:#x}.toml", job.scenario.name, job.algorithm));
        let text = Replay::of(job, &run, COMMIT, reason).to_text();
        write_whole(&file, text.as_bytes()).map_err(Failure::output)?;
        commands.push(format!("interregnum replay {}", file.display()));
    }
    Ok(commands)
}

/// The violation of the lowest seed among the unexpected ones.
fn first_violation(summary: &Summary) -> Option<(u64, String)> {
    let complained = |name: &str| summary.complaints.iter().any(|complaint| complaint.starts_with(name));
    let violated = summary.invariants.iter().filter(|invariant| complained(invariant.name));
    let firsts = violated.filter_map(|invariant| Some((invariant.name, invariant.first_violation.as_ref()?)));
    let (name, first) = firsts.min_by_key(|(_, first)| first.seed)?;
    Some((first.seed, format!("{name}: {}", first.detail)))
}

fn write_reports(folder: &Path, scenarios: &[Loaded], summaries: &[Summary]) -> Result<(), Failure> {
    write_summary(folder, summaries).map_err(Failure::output)?;
    let results = json::document(tool(), summaries);
    write_whole(&folder.join("results.json"), results.as_bytes()).map_err(Failure::output)?;
    for loaded in scenarios {
        let of_this: Vec<&Summary> =
            summaries.iter().filter(|one| one.scenario == loaded.scenario.name).collect();
        if let Some(svg) = plot::failover_ecdf(&loaded.scenario, &of_this).map_err(Failure::output)? {
            let file = folder.join(format!("failover-{}.svg", loaded.scenario.name));
            write_whole(&file, svg.as_bytes()).map_err(Failure::output)?;
        }
    }
    if let Some(svg) = plot::overview(summaries).map_err(Failure::output)? {
        write_whole(&folder.join("failover-overview.svg"), svg.as_bytes()).map_err(Failure::output)?;
    }
    Ok(())
}

fn tool() -> Tool<'static> {
    Tool { version: env!("CARGO_PKG_VERSION"), commit: COMMIT }
}

fn print(format: Format, summaries: &[Summary], console: &Console) -> Result<(), Failure> {
    let text = match format {
        Format::Human => verdicts::table(summaries, console.color_out),
        Format::Json => json::document(tool(), summaries),
        Format::Ndjson => json::lines(summaries),
        Format::Junit => junit::document(summaries),
    };
    console.data(&text).map_err(Failure::output)
}

fn chat_seed(console: &Console, seeds: Seeds) {
    console.chat(&format!("seed {:#x}, {} runs for each scenario and algorithm\n", seeds.first, seeds.count));
}

fn chat_end(console: &Console, seeds: Seeds, summaries: &[Summary], replays: &[String], out: Option<&Path>) {
    console.chat(&verdicts::complaints(summaries));
    for command in replays {
        console.chat(&format!("  {command}\n"));
    }
    if let Some(folder) = out {
        console.chat(&format!("written to {}\n", folder.display()));
    }
    let unexpected = summaries.iter().filter(|summary| !summary.as_expected()).count();
    let wall: f64 = summaries.iter().map(|summary| summary.wall.as_secs_f64()).sum();
    let simulated: f64 = summaries.iter().map(|summary| summary.simulated as f64 / 1e9).sum();
    console.chat(&format!(
        "seed {:#x}: {} of {} as expected; {simulated:.0} simulated seconds in {wall:.1} s\n",
        seeds.first,
        summaries.len() - unexpected,
        summaries.len()
    ));
}

fn exit(summaries: &[Summary]) -> Exit {
    if summaries.iter().any(|summary| summary.limited_runs > 0) {
        return Exit::Limit;
    }
    if summaries.iter().all(Summary::as_expected) { Exit::Fine } else { Exit::Unexpected }
}
