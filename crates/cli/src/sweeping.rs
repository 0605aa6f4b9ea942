//! What `run` and `compare` share: scenarios times algorithms times seeds, and what comes of them.

use crate::args::{Format, Running};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::leaving::{Outcome, details, keep_failures, write_reports};
use crate::listing::load_all;
use crate::scaling;
use indicatif::ProgressBar;
use interregnum_campaign::output::Batch;
use interregnum_campaign::replay::drawn;
use interregnum_campaign::{InvariantSummary, Job, Loaded, Seeds, Sink, Summary, prepare, sweep};
use interregnum_invariants::PropertyKind;
use interregnum_registry::{ALGORITHMS, Entry};
use interregnum_report::json::{self, Tool};
use interregnum_report::tables::Tables;
use interregnum_report::{junit, matrix, verdicts};
use interregnum_scenario::{Overrides, Profile, Scenario, Severity};
use std::path::{Path, PathBuf};

/// The commit that this program was built from.
pub(crate) const COMMIT: &str = env!("INTERREGNUM_COMMIT");

/// The seed where none is named.
pub(crate) const DEFAULT_SEED: u64 = 1;

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
    /// What holds instead of what the scenarios say.
    pub(crate) overrides: Overrides,
    /// What a comparison does besides; nothing of it for a plain run.
    pub(crate) comparison: Option<Comparison>,
    /// Where files are written, if anywhere.
    pub(crate) out: Option<&'a Path>,
    /// The rest.
    pub(crate) running: &'a Running,
}

/// How a comparison is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    /// Whether every row is printed too.
    pub(crate) details: bool,
}

/// Runs everything, prints the results, writes the files.
///
/// # Errors
/// If an input is refused or an output cannot be written.
pub(crate) fn run(plan: &Plan<'_>, console: &Console) -> Result<Exit, Failure> {
    check_names(plan)?;
    let scenarios = load_all(plan.files, plan.overrides, console)?;
    check_distinct(&scenarios)?;
    let first = plan.running.seed.unwrap_or(DEFAULT_SEED);
    let seeds = Seeds { first, count: plan.seeds };
    let all_jobs = jobs(&scenarios, plan, seeds);
    if all_jobs.is_empty() {
        return Err(Failure::usage("no scenario is meant for the algorithms that were named"));
    }
    let sizes = plan.comparison.map_or_else(Vec::new, |_| scaling::in_all_sizes(&scenarios, plan, console));
    let size_jobs = jobs(&sizes, plan, Seeds { first, count: plan.seeds.min(scaling::MOST_SEEDS) });
    // What an engine refuses is refused before hours are spent on the rest.
    all_jobs.iter().chain(&size_jobs).try_for_each(prepare)?;
    let mut batch = plan.out.map(Batch::create).transpose().map_err(Failure::output)?;
    chat_start(console, seeds, &scenarios);
    let mut sweeper = Sweeper::new(plan, all_jobs.iter().chain(&size_jobs), console)?;
    let summaries = sweeper.sweep_into(&all_jobs, &mut batch)?;
    let by_size = size_jobs.iter().map(|job| sweeper.sweep(job, &mut ())).collect::<Result<Vec<_>, _>>()?;
    sweeper.bar.finish_and_clear();
    let mut judged: Vec<(&Job<'_>, &Summary)> = all_jobs.iter().zip(&summaries).collect();
    // In its own size the scenario is judged already.
    judged.extend(size_jobs.iter().zip(&by_size).filter(|(job, _)| !job.scenario.as_written));
    let failures = keep_failures(&judged, &scenarios, plan, &mut batch)?;
    let outcome = Outcome { scenarios: &scenarios, summaries: &summaries, sizes: &sizes, by_size: &by_size };
    if let (Some(batch), Some(folder)) = (batch, plan.out) {
        write_reports(batch, folder, &outcome, plan.comparison.is_some())?;
    }
    print(plan, &outcome, console)?;
    let judged: Vec<&Summary> = judged.into_iter().map(|(_, summary)| summary).collect();
    chat_end(console, seeds, &judged, &failures, plan.out);
    Ok(exit(&judged))
}

fn check_names(plan: &Plan<'_>) -> Result<(), Failure> {
    for name in plan.algorithms {
        if interregnum_registry::ABSENT.contains(&name.as_str()) {
            return Err(Failure::usage(interregnum_registry::missing(name)));
        }
        if interregnum_registry::find(name).is_none() {
            return Err(unknown("algorithm", name, ALGORITHMS.iter().map(|entry| entry.name)));
        }
    }
    let Some(bug) = plan.bug else { return Ok(()) };
    let wanted =
        |entry: &&Entry| plan.algorithms.is_empty() || plan.algorithms.iter().any(|name| name == entry.name);
    let candidates: Vec<&Entry> = ALGORITHMS.iter().filter(wanted).collect();
    if candidates.iter().all(|entry| entry.bug(bug).is_none()) {
        let known = candidates.iter().flat_map(|entry| entry.bugs).map(|bug| bug.id);
        return Err(unknown("planted bug", bug, known));
    }
    Ok(())
}

/// A word that is in no registry, with the nearest that is, or with all of them.
pub(crate) fn unknown(what: &str, word: &str, known: impl Iterator<Item = &'static str>) -> Failure {
    let known: Vec<&str> = known.collect();
    let help = match interregnum_scenario::nearest(word, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("there are: {}", known.join(", ")),
    };
    Failure::usage(format!("no {what} is named `{word}`; {help}"))
}

/// Rows and files are told apart by their scenarios' names.
fn check_distinct(scenarios: &[Loaded]) -> Result<(), Failure> {
    for (index, loaded) in scenarios.iter().enumerate() {
        let name = &loaded.scenario.name;
        if let Some(earlier) = scenarios[..index].iter().find(|earlier| earlier.scenario.name == *name) {
            let (one, other) = (earlier.path.display(), loaded.path.display());
            return Err(Failure::usage(format!("{one} and {other} are both named `{name}`")));
        }
    }
    Ok(())
}

fn jobs<'a>(scenarios: &'a [Loaded], plan: &Plan<'a>, seeds: Seeds) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for loaded in scenarios {
        for entry in ALGORITHMS {
            let wanted = plan.algorithms.is_empty() || plan.algorithms.iter().any(|name| name == entry.name);
            let has_bug = plan.bug.is_none_or(|bug| entry.bug(bug).is_some());
            if wanted && has_bug && loaded.scenario.is_for(entry.name) {
                let engine = plan.running.engine.into();
                jobs.push(Job {
                    scenario: &loaded.scenario,
                    algorithm: entry.name,
                    seeds,
                    bug: plan.bug,
                    engine,
                });
            }
        }
    }
    jobs
}

/// The threads that jobs are run on, and the bar that counts all of them.
struct Sweeper {
    pool: rayon::ThreadPool,
    bar: ProgressBar,
}

impl Sweeper {
    fn new<'a, 'b: 'a>(
        plan: &Plan<'_>,
        jobs: impl Iterator<Item = &'a Job<'b>>,
        console: &Console,
    ) -> Result<Sweeper, Failure> {
        let threads = usize::from(plan.running.jobs.unwrap_or(0));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Failure::output)?;
        Ok(Sweeper { pool, bar: console.progress(jobs.map(|job| job.seeds.count).sum()) })
    }

    fn sweep(&mut self, job: &Job<'_>, sink: &mut (dyn Sink + Send)) -> Result<Summary, Failure> {
        self.bar.set_message(format!("{} {}", job.scenario.name, job.algorithm));
        let bar = &self.bar;
        Ok(self.pool.install(|| sweep(job, sink, &|runs| bar.inc(runs)))?)
    }

    /// Sweeps the jobs; their rows go into the batch, if there is one.
    fn sweep_into(&mut self, jobs: &[Job<'_>], batch: &mut Option<Batch>) -> Result<Vec<Summary>, Failure> {
        let mut tables = batch.as_ref().map(Tables::create).transpose().map_err(Failure::output)?;
        let mut summaries = Vec::new();
        for job in jobs {
            summaries.push(match &mut tables {
                Some(tables) => self.sweep(job, tables),
                None => self.sweep(job, &mut ()),
            }?);
        }
        if let (Some(tables), Some(batch)) = (tables, batch) {
            tables.finish(batch).map_err(Failure::output)?;
        }
        Ok(summaries)
    }
}

/// This program, as results name it.
pub(crate) fn tool() -> Tool<'static> {
    Tool { version: env!("CARGO_PKG_VERSION"), commit: COMMIT }
}

fn print(plan: &Plan<'_>, outcome: &Outcome<'_>, console: &Console) -> Result<(), Failure> {
    let (summaries, color) = (outcome.summaries, console.color_out);
    let text = match (plan.running.format, plan.comparison) {
        (Format::Human, None) => verdicts::table(summaries, color),
        (Format::Human, Some(Comparison { details: false })) => matrix::matrix(summaries, color),
        (Format::Human, Some(Comparison { details: true })) => {
            format!("{}\n{}", matrix::matrix(summaries, color), details(outcome, color))
        }
        (Format::Json, _) => json::document(tool(), summaries),
        (Format::Ndjson, _) => json::lines(tool(), summaries),
        (Format::Junit, _) => junit::document(summaries),
    };
    console.data(&text)
}

/// The seeds, what the profile means, what may be a mistake in a scenario, and what a single seed draws; notes are for
/// `scenario check`.
fn chat_start(console: &Console, seeds: Seeds, scenarios: &[Loaded]) {
    let runs = if seeds.count == 1 { "run" } else { "runs" };
    console
        .chat(&format!("seed {:#x}, {} {runs} of each scenario and algorithm\n", seeds.first, seeds.count));
    if scenarios.iter().any(|loaded| loaded.scenario.profile == Profile::Production) {
        console.chat(
            "note: the profile production gives each algorithm the timeouts of the system it is known from; it compares \
             configurations, not algorithms\n",
        );
    }
    for loaded in scenarios {
        let mut warnings = loaded.warnings.clone();
        warnings.retain(|diagnostic| diagnostic.severity == Severity::Warning);
        console.chat(&interregnum_scenario::render(&warnings, &loaded.scenario.text, console.color_err));
        if seeds.count == 1 {
            chat_drawn(console, &loaded.scenario, seeds.first);
        }
    }
}

/// What the nemesis draws, and what it draws where there is a coordination service to be hit as well.
fn chat_drawn(console: &Console, scenario: &Scenario, seed: u64) {
    for (service, with) in [(false, ""), (true, " with a coordination service")] {
        let one = ALGORITHMS.iter().find(|entry| entry.service == service && scenario.is_for(entry.name));
        if let Some(drawn) = one.and_then(|entry| drawn(scenario, entry.name, seed)) {
            console.chat(&format!("drawn by the nemesis of {}{with}:\n{drawn}", scenario.name));
        }
    }
}

fn chat_end(
    console: &Console,
    seeds: Seeds,
    summaries: &[&Summary],
    failures: &[String],
    out: Option<&Path>,
) {
    console.chat(&verdicts::complaints(summaries.iter().copied()));
    if !failures.is_empty() {
        console.chat(&format!("to see it again (version {}, commit {COMMIT}):\n", tool().version));
    }
    for line in failures {
        console.chat(&format!("  {line}\n"));
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

fn exit(summaries: &[&Summary]) -> Exit {
    // A breach of safety that was seen is an answer, whatever the limit kept from being seen.
    let broken = |one: &InvariantSummary| one.unexpected && one.kind == PropertyKind::Safety;
    let violated = summaries.iter().any(|summary| summary.invariants.iter().any(broken));
    if !violated && summaries.iter().any(|summary| summary.limited_runs > 0) {
        return Exit::Limit;
    }
    if summaries.iter().all(|summary| summary.as_expected()) { Exit::Fine } else { Exit::Unexpected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_campaign::Engine;

    /// The summary of one sound run, changed.
    fn ended(change: impl FnOnce(&mut Summary)) -> Exit {
        let text = "format = 1\nname = \"ended\"\n[cluster]\nnodes = 3\n[run]\nfor = \"1s\"\n";
        let mut none = |_: &str| Err("there is no other file".to_owned());
        let catalogue = interregnum_campaign::catalogue();
        let read = interregnum_scenario::read("ended", text, &catalogue, &mut none);
        let (scenario, _) = read.expect("a valid scenario");
        let seeds = Seeds { first: 1, count: 1 };
        let job = Job { scenario: &scenario, algorithm: "raft", seeds, bug: None, engine: Engine::Sim };
        let mut summary = sweep(&job, &mut (), &|_| ()).expect("Raft is built");
        change(&mut summary);
        exit(&[&summary])
    }

    fn limited(summary: &mut Summary) {
        summary.limited_runs = 1;
        summary.complaints.push("1 of 1 runs were stopped by the limit of events".to_owned());
    }

    #[test]
    fn a_limit_is_told_from_a_failure_unless_safety_was_broken() {
        assert_eq!(ended(|_| ()), Exit::Fine, "nothing happened");
        assert_eq!(
            ended(|summary| summary.complaints.push("slow".to_owned())),
            Exit::Unexpected,
            "a failure"
        );
        assert_eq!(ended(limited), Exit::Limit, "the answer is not complete");
        let broken = |kind| {
            ended(|summary| {
                limited(summary);
                let one = summary.invariants.iter_mut().find(|one| one.kind == kind).expect("an invariant");
                one.unexpected = true;
            })
        };
        assert_eq!(broken(PropertyKind::Safety), Exit::Unexpected, "what was seen was seen");
        assert_eq!(broken(PropertyKind::Liveness), Exit::Limit, "the rest of the run might have brought it");
    }
}
