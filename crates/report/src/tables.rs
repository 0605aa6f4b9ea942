//! CSV: raw rows while runs come in, and one row per scenario and algorithm at the end. Units are in the columns' names.

use crate::json::{messages_per_election, verdict_word};
use interregnum_campaign::InMillis as _;
use interregnum_campaign::output::{Batch, Draft};
use interregnum_campaign::{Failover, Figures, GOALS, InvariantVerdict, Job, Run, Sink, Summary};
use interregnum_kernel::Span;
use std::io::{self, Write as _};

/// `runs.csv` and `failovers.csv`, written row by row. Unless [`Tables::finish`] is called and the batch is published,
/// neither appears.
#[derive(Debug)]
pub struct Tables {
    runs: csv::Writer<Draft>,
    failovers: csv::Writer<Draft>,
}

const RUN_COLUMNS: [&str; 28] = [
    "scenario",
    "algorithm",
    "engine",
    "profile",
    "nodes",
    "seed",
    "digest",
    "failovers",
    "failover_ms",
    "detection_ms",
    "election_ms",
    "discovery_ms",
    "first_leader_ms",
    "leaderless_ms",
    "zombie_led_ms",
    "contested_ms",
    "leader_changes",
    "spurious_failovers",
    "split_votes",
    "messages",
    "fsyncs",
    "stale_writes_attempted",
    "stale_writes_rejected",
    "stale_writes_accepted",
    "first_use_gap",
    "events",
    "violated",
    "reached",
];

const FAILOVER_COLUMNS: [&str; 12] = [
    "scenario",
    "algorithm",
    "engine",
    "profile",
    "nodes",
    "seed",
    "number",
    "since_ms",
    "failover_ms",
    "detection_ms",
    "election_ms",
    "discovery_ms",
];

/// Milliseconds with all their digits; empty for what never came or does not exist.
fn ms(span: Option<Span>) -> String {
    span.map(|span| span.in_millis().to_string()).unwrap_or_default()
}

impl Tables {
    /// Begins both files.
    ///
    /// # Errors
    /// If a file cannot be created; the message names it.
    pub fn create(batch: &Batch) -> io::Result<Tables> {
        let mut tables = Tables {
            runs: csv::Writer::from_writer(batch.begin("runs.csv")?),
            failovers: csv::Writer::from_writer(batch.begin("failovers.csv")?),
        };
        tables.runs.write_record(RUN_COLUMNS).map_err(io::Error::from)?;
        tables.failovers.write_record(FAILOVER_COLUMNS).map_err(io::Error::from)?;
        Ok(tables)
    }

    /// Writes what is still in memory and hands both files over, to appear with the others.
    ///
    /// # Errors
    /// If that is not possible; the message names the file.
    pub fn finish(self, batch: &mut Batch) -> io::Result<()> {
        for writer in [self.runs, self.failovers] {
            let mut draft = writer.into_inner().map_err(|error| error.into_error())?;
            draft.flush()?;
            batch.add(draft);
        }
        Ok(())
    }

    fn failover(&mut self, job: &Job<'_>, run: &Run, number: usize, failover: &Failover) -> io::Result<()> {
        let since = Span(failover.since.nanos());
        let row = [
            job.scenario.name.clone(),
            job.algorithm.to_owned(),
            job.engine.to_string(),
            job.scenario.profile.to_string(),
            job.scenario.setting.nodes.to_string(),
            run.seed.to_string(),
            (number + 1).to_string(),
            ms(Some(since)),
            ms(failover.took),
            ms(failover.detection),
            ms(failover.election),
            ms(failover.discovery),
        ];
        self.failovers.write_record(row).map_err(io::Error::from)
    }
}

impl Sink for Tables {
    fn run(&mut self, job: &Job<'_>, run: &Run) -> io::Result<()> {
        let measured = &run.measurement;
        for (number, failover) in measured.failovers.iter().enumerate() {
            self.failover(job, run, number, failover)?;
        }
        let first = measured.failovers.first();
        let stale = &run.stale_writes;
        let row: [String; RUN_COLUMNS.len()] = [
            job.scenario.name.clone(),
            job.algorithm.to_owned(),
            job.engine.to_string(),
            job.scenario.profile.to_string(),
            job.scenario.setting.nodes.to_string(),
            run.seed.to_string(),
            run.digest.to_string(),
            measured.failovers.len().to_string(),
            ms(first.and_then(|first| first.took)),
            ms(first.and_then(|first| first.detection)),
            ms(first.and_then(|first| first.election)),
            ms(first.and_then(|first| first.discovery)),
            ms(measured.first_leader.map(|(at, _)| Span(at.nanos()))),
            ms(Some(measured.unavailable.leaderless)),
            ms(Some(measured.unavailable.zombie_led)),
            ms(Some(measured.unavailable.contested)),
            measured.leader_changes.to_string(),
            measured.spurious_failovers.to_string(),
            measured.split_votes.to_string(),
            run.counts.messages.to_string(),
            run.counts.fsyncs.to_string(),
            stale.attempted.to_string(),
            stale.rejected.to_string(),
            stale.accepted.to_string(),
            stale.first_use_gap.to_string(),
            run.counts.events.to_string(),
            violated(run),
            reached(run),
        ];
        self.runs.write_record(row).map_err(io::Error::from)
    }
}

/// The names of the invariants that one run violated, promised or not, separated by spaces.
fn violated(run: &Run) -> String {
    let names = interregnum_campaign::catalogue().invariants;
    let broken = run.invariants.iter().zip(names).filter(|(one, _)| one.violation.is_some());
    broken.map(|(_, name)| name).collect::<Vec<_>>().join(" ")
}

/// The goals that one run reached, separated by spaces.
fn reached(run: &Run) -> String {
    let reached = GOALS.iter().filter(|goal| (goal.reached)(run));
    reached.map(|goal| goal.info.name).collect::<Vec<_>>().join(" ")
}

/// The contents of `summary.csv`. `leader_changes_per_hour` is of simulated time, to the nearest hundredth; `sometimes`
/// has the goals that the scenario asks for, each with the number of runs that reached it; `not_promised_here` has the
/// invariants that the algorithm promises, but not under what goes wrong in the scenario.
///
/// # Errors
/// If memory does not suffice.
pub fn summary(summaries: &[Summary]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(summary_columns()).map_err(io::Error::from)?;
    for summary in summaries {
        writer.write_record(summary_row(summary)).map_err(io::Error::from)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn summary_columns() -> Vec<String> {
    let mut columns: Vec<String> =
        ["scenario", "algorithm", "engine", "profile", "nodes", "first_seed", "seeds", "verdict", "digest"]
            .map(str::to_owned)
            .to_vec();
    for what in ["failover", "detection", "election", "discovery"] {
        columns.extend(["count", "never"].map(|name| format!("{what}_{name}")));
        columns.extend(
            ["min", "mean", "p50", "p95", "p99", "p999", "max"].map(|name| format!("{what}_{name}_ms")),
        );
    }
    columns.extend(
        [
            "leaderless_ms_per_run",
            "zombie_led_ms_per_run",
            "contested_ms_per_run",
            "leader_changes",
            "spurious_failovers",
            "split_votes",
            "messages",
            "messages_per_election",
            "fsyncs",
            "stale_writes_attempted",
            "stale_writes_rejected",
            "stale_writes_accepted",
            "first_use_gap",
            "violated",
            "not_exercised",
            "not_judged",
            "leader_changes_per_hour",
            "sometimes",
            "not_promised_here",
        ]
        .map(str::to_owned),
    );
    columns
}

fn summary_row(summary: &Summary) -> Vec<String> {
    let names = |verdict| {
        let with = summary.invariants.iter().filter(move |one| one.verdict == verdict);
        with.map(|one| one.name).collect::<Vec<_>>().join(" ")
    };
    let mut row = vec![
        summary.scenario.clone(),
        summary.algorithm.clone(),
        summary.engine.to_string(),
        summary.profile.to_string(),
        summary.nodes.to_string(),
        summary.seeds.first.to_string(),
        summary.seeds.count.to_string(),
        verdict_word(summary).to_owned(),
        summary.digest.to_string(),
    ];
    let distributions = [&summary.failover, &summary.detection, &summary.election, &summary.discovery];
    for distribution in distributions {
        row.extend(figure_cells(&distribution.figures()));
    }
    row.extend((0..3).map(|kind| summary.mean_unavailable(kind).in_millis().to_string()));
    let stale = &summary.stale_writes;
    let goals = summary.goals.iter().filter(|goal| goal.asked);
    let withheld = summary.invariants.iter().filter(|one| !one.not_promised_because.is_empty());
    row.extend([
        summary.leader_changes.to_string(),
        summary.spurious_failovers.to_string(),
        summary.split_votes.to_string(),
        summary.messages.to_string(),
        messages_per_election(summary).map(|mean| format!("{mean:.2}")).unwrap_or_default(),
        summary.fsyncs.to_string(),
        stale.attempted.to_string(),
        stale.rejected.to_string(),
        stale.accepted.to_string(),
        stale.first_use_gap.to_string(),
        names(InvariantVerdict::Violated),
        names(InvariantVerdict::NotExercised),
        summary.not_judged.join(" "),
        summary.leader_changes_per_hour().map(|rate| format!("{rate:.2}")).unwrap_or_default(),
        goals.map(|goal| format!("{}={}", goal.name, goal.runs)).collect::<Vec<_>>().join(" "),
        withheld.map(|one| one.name).collect::<Vec<_>>().join(" "),
    ]);
    row
}

fn figure_cells(figures: &Figures) -> Vec<String> {
    let cell = |figure: Option<f64>| figure.map(|ms| ms.to_string()).unwrap_or_default();
    let mut cells = vec![figures.count.to_string(), figures.never.to_string()];
    let Figures { min, mean, p50, p95, p99, p999, max, .. } = *figures;
    cells.extend([min, mean, p50, p95, p99, p999, max].map(cell));
    cells
}

const SCALING_COLUMNS: [&str; 20] = [
    "scenario",
    "algorithm",
    "profile",
    "nodes",
    "first_seed",
    "seeds",
    "digest",
    "failover_count",
    "failover_never",
    "failover_p50_ms",
    "failover_p95_ms",
    "failover_p99_ms",
    "detection_p50_ms",
    "election_p50_ms",
    "discovery_p50_ms",
    "elections",
    "election_messages",
    "messages_per_election",
    "messages",
    "fsyncs",
];

/// The contents of `scaling.csv`: a row per cluster size and algorithm. An empty percentile is one that never came, or
/// of nothing at all; `messages_per_election` is empty where no leader was established, and with
/// `election_messages` where no kind of message is sent for elections alone.
///
/// # Errors
/// If memory does not suffice.
pub fn scaling(summaries: &[Summary]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(SCALING_COLUMNS).map_err(io::Error::from)?;
    for summary in summaries {
        let failover = &summary.failover;
        let row: [String; SCALING_COLUMNS.len()] = [
            summary.scenario.clone(),
            summary.algorithm.clone(),
            summary.profile.to_string(),
            summary.nodes.to_string(),
            summary.seeds.first.to_string(),
            summary.seeds.count.to_string(),
            summary.digest.to_string(),
            failover.count().to_string(),
            failover.never().to_string(),
            ms(failover.per_mille(500)),
            ms(failover.per_mille(950)),
            ms(failover.per_mille(990)),
            ms(summary.detection.per_mille(500)),
            ms(summary.election.per_mille(500)),
            ms(summary.discovery.per_mille(500)),
            summary.elections.to_string(),
            summary.election_messages.map(|sum| sum.to_string()).unwrap_or_default(),
            messages_per_election(summary).map(|mean| format!("{mean:.2}")).unwrap_or_default(),
            summary.messages.to_string(),
            summary.fsyncs.to_string(),
        ];
        writer.write_record(row).map_err(io::Error::from)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}
