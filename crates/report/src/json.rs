//! The stable JSON form of results, `schema_version` 1.

use interregnum_campaign::InMillis as _;
use interregnum_campaign::{Distribution, Figures, GoalSummary, InvariantVerdict, Seeds, Summary};
use interregnum_kernel::FaultClass;
use interregnum_scenario::Profile;
use serde::Serialize;

/// The version of this form. It rises when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// All results of one command.
#[derive(Debug, Serialize)]
pub struct Results<'a> {
    schema_version: u32,
    tool: Tool<'a>,
    results: Vec<Row<'a>>,
}

/// One result on a line of its own.
#[derive(Debug, Serialize)]
struct Line<'a> {
    schema_version: u32,
    tool: Tool<'a>,
    #[serde(flatten)]
    row: Row<'a>,
}

/// What wrote the results.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tool<'a> {
    /// Its version.
    pub version: &'a str,
    /// The commit it was built from, or `unknown`.
    pub commit: &'a str,
}

/// One scenario and algorithm.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    scenario: &'a str,
    algorithm: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bug: Option<&'a str>,
    engine: &'static str,
    profile: Profile,
    nodes: u8,
    seeds: Seeds,
    verdict: &'static str,
    complaints: &'a [String],
    not_judged: &'a [&'static str],
    digest: String,
    invariants: Vec<Invariant<'a>>,
    sometimes: Vec<Goal>,
    failover_ms: Figures,
    detection_ms: Figures,
    election_ms: Figures,
    discovery_ms: Figures,
    first_leader_ms: Figures,
    unavailable_ms: Unavailable,
    leader_changes: u64,
    /// To the nearest hundredth; null where no simulated time went by.
    leader_changes_per_hour: Option<f64>,
    spurious_failovers: u64,
    split_votes: u64,
    messages: u64,
    messages_per_election: Option<f64>,
    fsyncs: u64,
    stale_writes: StaleWrites,
    runs_with_missed_faults: u64,
    simulated_s: f64,
    wall_s: f64,
    events: u64,
}

#[derive(Debug, Serialize)]
struct Invariant<'a> {
    name: &'a str,
    verdict: InvariantVerdict,
    /// The classes of faults of the scenario under which the algorithm does not promise what it promises elsewhere.
    not_promised_because: Vec<&'static str>,
    exercised: u64,
    violated_runs: u64,
    first_violation: Option<FirstViolation<'a>>,
}

/// What runs reached. Every goal is listed; `asked` are those that the scenario names under `sometimes`.
#[derive(Debug, Serialize)]
struct Goal {
    name: &'static str,
    asked: bool,
    runs: u64,
    first_seed: Option<u64>,
}

#[derive(Debug, Serialize)]
struct FirstViolation<'a> {
    seed: u64,
    at_ms: f64,
    detail: &'a str,
}

/// The mean per run.
#[derive(Debug, Serialize)]
struct Unavailable {
    leaderless: f64,
    zombie_led: f64,
    contested: f64,
}

#[derive(Debug, Serialize)]
struct StaleWrites {
    attempted: u64,
    rejected: u64,
    accepted: u64,
    first_use_gap: u64,
}

/// Puts summaries into the stable form.
pub fn results<'a>(tool: Tool<'a>, summaries: &'a [Summary]) -> Results<'a> {
    Results { schema_version: SCHEMA_VERSION, tool, results: summaries.iter().map(row).collect() }
}

/// All results as one JSON document.
pub fn document(tool: Tool<'_>, summaries: &[Summary]) -> String {
    let mut text = serde_json::to_string_pretty(&results(tool, summaries)).unwrap_or_default();
    text.push('\n');
    text
}

/// A line of JSON per result. Each says its version and what wrote it, since lines travel alone.
pub fn lines(tool: Tool<'_>, summaries: &[Summary]) -> String {
    let line = |summary| Line { schema_version: SCHEMA_VERSION, tool, row: row(summary) };
    summaries.iter().map(|one| serde_json::to_string(&line(one)).unwrap_or_default() + "\n").collect()
}

/// Messages of elections per established leader: all messages of the kinds that the algorithm's registry entry counts
/// among its elections, sent at any time of all runs (for the first leader, for its successors, in elections that nobody
/// won), divided by how often a leader was established. `None` if none ever was, or
/// if no kind of message is sent for elections alone.
pub fn messages_per_election(summary: &Summary) -> Option<f64> {
    let messages = summary.election_messages.filter(|_| summary.elections > 0)?;
    Some(messages as f64 / summary.elections as f64)
}

fn row(summary: &Summary) -> Row<'_> {
    let figures = Distribution::figures;
    let mean_ms = |kind| summary.mean_unavailable(kind).in_millis();
    Row {
        scenario: &summary.scenario,
        algorithm: &summary.algorithm,
        bug: summary.bug.as_deref(),
        engine: summary.engine.name(),
        profile: summary.profile,
        nodes: summary.nodes,
        seeds: summary.seeds,
        verdict: verdict_word(summary),
        complaints: &summary.complaints,
        not_judged: &summary.not_judged,
        digest: summary.digest.to_string(),
        invariants: summary.invariants.iter().map(invariant).collect(),
        sometimes: summary.goals.iter().map(goal).collect(),
        failover_ms: figures(&summary.failover),
        detection_ms: figures(&summary.detection),
        election_ms: figures(&summary.election),
        discovery_ms: figures(&summary.discovery),
        first_leader_ms: figures(&summary.first_leader),
        unavailable_ms: Unavailable { leaderless: mean_ms(0), zombie_led: mean_ms(1), contested: mean_ms(2) },
        leader_changes: summary.leader_changes,
        leader_changes_per_hour: summary.leader_changes_per_hour(),
        spurious_failovers: summary.spurious_failovers,
        split_votes: summary.split_votes,
        messages: summary.messages,
        messages_per_election: messages_per_election(summary),
        fsyncs: summary.fsyncs,
        stale_writes: StaleWrites {
            attempted: summary.stale_writes.attempted,
            rejected: summary.stale_writes.rejected,
            accepted: summary.stale_writes.accepted,
            first_use_gap: summary.stale_writes.first_use_gap,
        },
        runs_with_missed_faults: summary.runs_with_missed_faults,
        simulated_s: summary.simulated as f64 / 1e9,
        wall_s: summary.wall.as_secs_f64(),
        events: summary.events,
    }
}

fn invariant(invariant: &interregnum_campaign::InvariantSummary) -> Invariant<'_> {
    Invariant {
        name: invariant.name,
        verdict: invariant.verdict,
        not_promised_because: invariant.not_promised_because.iter().map(FaultClass::name).collect(),
        exercised: invariant.exercised,
        violated_runs: invariant.violated_runs,
        first_violation: invariant.first_violation.as_ref().map(|first| FirstViolation {
            seed: first.seed,
            at_ms: first.at.nanos() as f64 / 1e6,
            detail: &first.detail,
        }),
    }
}

fn goal(goal: &GoalSummary) -> Goal {
    let GoalSummary { name, asked, runs, first_seed } = *goal;
    Goal { name, asked, runs, first_seed }
}

/// The verdict in the words of the JSON form.
pub fn verdict_word(summary: &Summary) -> &'static str {
    if summary.as_expected() { "as expected" } else { "unexpected" }
}
