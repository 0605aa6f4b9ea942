//! What a sweep leaves behind: files in a folder, and for everything unexpected a command that shows it again.

use crate::failure::Failure;
use crate::sweeping::{COMMIT, Plan, tool};
use interregnum_campaign::output::Batch;
use interregnum_campaign::replay::{self, Replay, run_one};
use interregnum_campaign::{Engine, Job, Loaded, Summary};
use interregnum_report::{json, matrix, plot, tables, verdicts};
use interregnum_scenario::Overrides;
use std::fs;
use std::path::{Path, PathBuf};

/// For every job that was not as expected: the replay file of its first violating run, if there is a folder for it, and
/// a line that says what to run.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn keep_failures(
    judged: &[(&Job<'_>, &Summary)],
    scenarios: &[Loaded],
    plan: &Plan<'_>,
    batch: &mut Option<Batch>,
) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for (job, summary) in judged {
        // Who asks for one run and for files wants to keep it, whatever it shows.
        let alone = (plan.out.is_some() && job.seeds.count == 1)
            .then(|| (job.seeds.first, "it was asked for by its seed".to_owned()));
        if summary.as_expected() && alone.is_none() {
            continue;
        }
        let Some((seed, reason)) = first_violation(summary).or(alone) else {
            let seeds = format!("--seed {:#x} --seeds {}", job.seeds.first, job.seeds.count);
            lines.push(format!("digest {}: {}", summary.digest, command(job, scenarios, &seeds)));
            continue;
        };
        let (run, _) = run_one(job, seed, false).map_err(Failure::usage)?;
        let command = match (&mut *batch, plan.out) {
            (Some(batch), Some(_)) => {
                let name = format!("{REPLAYS}/{}-{seed:#x}.toml", file_stem(job));
                let text = Replay::of(job, &run, COMMIT, reason).to_text();
                let file = batch.write(&name, text.as_bytes()).map_err(Failure::output)?;
                format!("interregnum replay {}", quoted(&file))
            }
            _ => {
                let rerun = command(job, scenarios, &format!("--seed {seed:#x}"));
                format!("{rerun} (and --out DIR for its replay file)")
            }
        };
        lines.push(format!("seed {seed:#x}, digest {}: {command}", run.digest));
        let drawn = replay::drawn(job.scenario, job.algorithm, seed);
        lines.extend(drawn.map(|drawn| format!("  drawn: {}", drawn.mood())));
    }
    Ok(lines)
}

/// The command that runs a job again with these seeds.
fn command(job: &Job<'_>, scenarios: &[Loaded], seeds: &str) -> String {
    let file = scenarios.iter().find(|loaded| loaded.scenario.name == job.scenario.name);
    let file = file.map(|loaded| quoted(&loaded.path)).unwrap_or_default();
    let bug = job.bug.map(|bug| format!(" --bug {bug}")).unwrap_or_default();
    let overriding = overriding(job.scenario.overrides, job.engine);
    format!("interregnum run {file} --algorithm {}{bug}{overriding} {seeds}", job.algorithm)
}

/// What the job's files are called: overrides and the engine are part of it, since the same seed may be kept without them.
fn file_stem(job: &Job<'_>) -> String {
    let Overrides { profile, nodes } = job.scenario.overrides;
    let profile = profile.map(|profile| format!("-{profile}")).unwrap_or_default();
    let nodes = nodes.map(|nodes| format!("-{nodes}-nodes")).unwrap_or_default();
    let engine = if job.engine.is_default() { String::new() } else { format!("-{}", job.engine) };
    format!("{}-{}{profile}{nodes}{engine}", job.scenario.name, job.algorithm)
}

/// The options that put a profile and a cluster size in the place of the file's, and name the engine.
pub(crate) fn overriding(overrides: Overrides, engine: Engine) -> String {
    let profile = overrides.profile.map(|profile| format!(" --profile {profile}")).unwrap_or_default();
    let nodes = overrides.nodes.map(|nodes| format!(" --nodes {nodes}")).unwrap_or_default();
    let engine = if engine.is_default() { String::new() } else { format!(" --engine {engine}") };
    profile + &nodes + &engine
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The violation of the lowest seed among the unexpected ones.
fn first_violation(summary: &Summary) -> Option<(u64, String)> {
    let unexpected = summary.invariants.iter().filter(|invariant| invariant.unexpected);
    let firsts =
        unexpected.filter_map(|invariant| Some((invariant.name, invariant.first_violation.as_ref()?)));
    let (name, first) = firsts.min_by_key(|(_, first)| first.seed)?;
    Some((first.seed, format!("{name}: {}", first.detail)))
}

/// The folder of replay files in the folder of results.
const REPLAYS: &str = "replays";

/// What was run, and what came of it.
pub(crate) struct Outcome<'a> {
    /// The scenarios.
    pub(crate) scenarios: &'a [Loaded],
    /// A summary per scenario and algorithm.
    pub(crate) summaries: &'a [Summary],
    /// The scenario that was run in clusters of several sizes, in each of them.
    pub(crate) sizes: &'a [Loaded],
    /// A summary per size and algorithm.
    pub(crate) by_size: &'a [Summary],
}

/// Writes everything but the rows, which are written already, and lets all files appear.
///
/// # Errors
/// If a file cannot be written; then none appears.
pub(crate) fn write_reports(
    mut batch: Batch,
    folder: &Path,
    outcome: &Outcome<'_>,
    comparing: bool,
) -> Result<(), Failure> {
    let summaries = outcome.summaries;
    let mut write = |name: &str, contents: &[u8]| batch.write(name, contents).map_err(Failure::output);
    write("summary.csv", &tables::summary(summaries).map_err(Failure::output)?)?;
    write("results.json", json::document(tool(), summaries).as_bytes())?;
    for loaded in outcome.scenarios {
        let name = &loaded.scenario.name;
        let of_this: Vec<&Summary> = summaries.iter().filter(|one| one.scenario == *name).collect();
        if let Some(svg) = plot::failover_ecdf(&loaded.scenario, &of_this).map_err(Failure::output)? {
            write(&format!("failover-{name}.svg"), svg.as_bytes())?;
        }
        if let Some(svg) = plot::failover_parts(&loaded.scenario, &of_this).map_err(Failure::output)? {
            write(&format!("failover-parts-{name}.svg"), svg.as_bytes())?;
        }
    }
    if let Some(svg) = plot::overview(summaries).map_err(Failure::output)? {
        write(OVERVIEW, svg.as_bytes())?;
    }
    if comparing {
        let tables = [matrix::matrix(summaries, false), details(outcome, false)];
        write(VERDICTS, tables.join("\n").as_bytes())?;
    }
    if let Some(largest) = outcome.sizes.last() {
        write(SCALING, &tables::scaling(outcome.by_size).map_err(Failure::output)?)?;
        let engine = outcome.by_size.first().map(|one| one.engine).unwrap_or_default();
        let (file, overriding) = (quoted(&largest.path), overriding(largest.scenario.overrides, engine));
        let seeds = outcome.by_size.first().map(|one| one.seeds);
        let seeds = seeds.map(|seeds| format!(" --seed {:#x} --seeds {}", seeds.first, seeds.count));
        let command = format!("interregnum run {file}{overriding}{}", seeds.unwrap_or_default());
        let scaling =
            plot::Scaling { scenario: &largest.scenario, command: &command, summaries: outcome.by_size };
        if let Some(svg) = plot::messages_by_size(&scaling).map_err(Failure::output)? {
            write(MESSAGES_BY_SIZE, svg.as_bytes())?;
        }
        if let Some(svg) = plot::failover_by_size(&scaling).map_err(Failure::output)? {
            write("failover-by-size.svg", svg.as_bytes())?;
        }
    }
    batch.publish(&earlier(folder)).map_err(Failure::output)
}

/// The rows behind a comparison's first screen.
pub(crate) fn details(outcome: &Outcome<'_>, color: bool) -> String {
    let rows = verdicts::table(outcome.summaries, color);
    if outcome.by_size.is_empty() { rows } else { format!("{rows}\n{}", verdicts::by_size(outcome.by_size)) }
}

const OVERVIEW: &str = "failover-overview.svg";
const MESSAGES_BY_SIZE: &str = "messages-per-election-by-size.svg";
const SCALING: &str = "scaling.csv";
const VERDICTS: &str = "verdicts.txt";

/// What an earlier command left in the folder and this one may not replace: plots of other scenarios, files that only
/// `compare` writes, and replay files of other runs. Whatever else is there is not ours.
fn earlier(folder: &Path) -> Vec<PathBuf> {
    let plots = entries(folder).into_iter().filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let plot = name.starts_with("failover-") && name.ends_with(".svg");
        plot || [MESSAGES_BY_SIZE, SCALING, VERDICTS].contains(&name.as_ref())
    });
    let replays = entries(&folder.join(REPLAYS)).into_iter().filter(|path| {
        let ours = || fs::read(path).is_ok_and(|text| text.starts_with(replay::HEADING.as_bytes()));
        path.extension().is_some_and(|ending| ending == "toml") && ours()
    });
    plots.chain(replays).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    // A folder that is not there holds nothing, and of one that cannot be read nothing can be removed.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_survives_the_shell() {
        assert_eq!(quoted(Path::new("out/a-b.toml")), "out/a-b.toml", "a plain path stays as it is");
        assert_eq!(quoted(Path::new("my runs/it's.toml")), "'my runs/it'\\''s.toml'", "any other is quoted");
    }
}
