//! `interregnum replay`.

use crate::args::{PlainFormat, Replay as Args};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::sweeping::COMMIT;
use interregnum_campaign::InMillis as _;
use interregnum_campaign::LoadError;
use interregnum_campaign::load::read_text;
use interregnum_campaign::output::write_whole;
use interregnum_campaign::replay::{Replay, ReplayError, drawn};
use interregnum_campaign::{Failover, Run, SweepError, catalogue};
use interregnum_report::json::SCHEMA_VERSION;
use serde_json::json;

/// Repeats a recorded run, and says whether it was the same.
///
/// # Errors
/// If the file is not a replay file, or the record cannot be written.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let path = args.file.display();
    let unusable = |unreadable| LoadError::Unreadable { path: args.file.clone(), unreadable };
    let text = read_text(&args.file).map_err(|problem| Failure::usage(unusable(problem)))?;
    let refused = |error: ReplayError| match error {
        ReplayError::Format(problem) => Failure::usage(unusable(problem)),
        ReplayError::Run(SweepError::Build(error)) => Failure::usage(format!("{path}: {error}")),
        ReplayError::Run(error) => error.into(),
        ReplayError::Scenario { .. } => refusal(&error, &path.to_string(), console),
    };
    let replay = Replay::parse(&text).map_err(refused)?;
    let seed = replay.seed_number().map_err(refused)?;
    let expected = replay.digest_number().map_err(refused)?;
    console.chat(&format!("seed {seed:#x}\n"));
    if let Some(drawn) = drawn(&replay.read_scenario().map_err(refused)?, &replay.algorithm, seed) {
        console.chat(&format!("drawn by the nemesis:\n{drawn}"));
    }
    let (run, record) = replay.run(args.record.is_some()).map_err(refused)?;
    if let (Some(out), Some(record)) = (&args.record, record) {
        write_whole(out, record.as_bytes()).map_err(Failure::output)?;
        console.chat(&format!("{} lines written to {}\n", record.lines().count(), out.display()));
    }
    warn_of_versions(&replay, console);
    let same = run.digest == expected;
    console.data(&match args.format {
        PlainFormat::Human => describe(&replay, &run),
        PlainFormat::Json => document(&replay, &run, same),
    })?;
    let digest = run.digest;
    console.chat(&if same {
        format!("seed {seed:#x}: the same run, digest {digest}\n")
    } else {
        format!("seed {seed:#x}: NOT the same run: digest {digest}, recorded {expected}\n")
    });
    Ok(if same { Exit::Fine } else { Exit::Unexpected })
}

fn refusal(error: &ReplayError, path: &str, console: &Console) -> Failure {
    let mut message = format!("error: {path}: {error}\n");
    if let ReplayError::Scenario { text, diagnostics } = error {
        message += &interregnum_scenario::render(diagnostics, text, console.color_err);
    }
    Failure { exit: Exit::Usage, message }
}

fn warn_of_versions(replay: &Replay, console: &Console) {
    if replay.version != env!("CARGO_PKG_VERSION") || replay.commit != COMMIT {
        console.chat(&format!(
            "recorded by version {} (commit {}); this is {} (commit {COMMIT})\n",
            replay.version,
            replay.commit,
            env!("CARGO_PKG_VERSION"),
        ));
    }
}

fn describe(replay: &Replay, run: &Run) -> String {
    let bug = replay.bug.as_ref().map(|bug| format!(" with {bug}")).unwrap_or_default();
    let profile = replay.profile.map(|profile| format!(", profile {profile}")).unwrap_or_default();
    let nodes = replay.nodes.map(|nodes| format!(", {nodes} nodes")).unwrap_or_default();
    let engine = if replay.engine.is_default() { String::new() } else { format!(" on {}", replay.engine) };
    let Replay { algorithm, seed, .. } = replay;
    let mut text = format!("{algorithm}{bug}{engine}{profile}{nodes}, seed {seed}, digest {}\n", run.digest);
    for (name, invariant) in catalogue().invariants.iter().zip(&run.invariants) {
        let verdict = match (&invariant.violation, invariant.exercised) {
            (Some((at, detail)), _) => {
                format!("violated at {:.3} ms: {detail}", at.nanos() as f64 / 1e6)
            }
            (None, 0) => "not exercised".to_owned(),
            (None, 1) => "holds, put to the test once".to_owned(),
            (None, count) => format!("holds, put to the test {count} times"),
        };
        text += &format!("  {name:<20} {verdict}\n");
    }
    for failover in &run.measurement.failovers {
        let since = failover.since.nanos() as f64 / 1e6;
        match failover.took {
            Some(took) => {
                text += &format!("  leader lost at {since:.3} ms, failover {:.3} ms", took.in_millis());
            }
            None => text += &format!("  leader lost at {since:.3} ms, never replaced"),
        }
        text += &parts(failover);
    }
    text
}

/// The parts of a failover as far as it came: ": detection 1.000 ms, election 2.000 ms, ...".
fn parts(failover: &Failover) -> String {
    let parts = [
        ("detection", failover.detection),
        ("election", failover.election),
        ("discovery", failover.discovery),
        ("first write", failover.first_write()),
    ];
    let came = parts.iter().filter_map(|(name, part)| Some((name, (*part)?)));
    let came: Vec<String> = came.map(|(name, part)| format!("{name} {:.3} ms", part.in_millis())).collect();
    if came.is_empty() { "\n".to_owned() } else { format!(": {}\n", came.join(", ")) }
}

/// The run for programs.
fn document(replay: &Replay, run: &Run, same: bool) -> String {
    let nanos_in_ms = |nanos: u64| nanos as f64 / 1e6;
    let catalogue = catalogue();
    let invariants = catalogue.invariants.iter().zip(&run.invariants).map(|(name, invariant)| {
        let verdict = match (&invariant.violation, invariant.exercised) {
            (Some(_), _) => "violated",
            (None, 0) => "not exercised",
            (None, _) => "holds",
        };
        let violation = invariant
            .violation
            .as_ref()
            .map(|(at, detail)| json!({"at_ms": nanos_in_ms(at.nanos()), "detail": detail}));
        json!({"name": name, "verdict": verdict, "exercised": invariant.exercised, "violation": violation})
    });
    let failovers = run.measurement.failovers.iter().map(|failover| {
        json!({
            "since_ms": nanos_in_ms(failover.since.nanos()),
            "failover_ms": failover.took.map(|span| span.in_millis()),
            "detection_ms": failover.detection.map(|span| span.in_millis()),
            "election_ms": failover.election.map(|span| span.in_millis()),
            "discovery_ms": failover.discovery.map(|span| span.in_millis()),
        })
    });
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "tool": {"version": env!("CARGO_PKG_VERSION"), "commit": COMMIT},
        "algorithm": replay.algorithm,
        "bug": replay.bug,
        "engine": replay.engine,
        "profile": replay.profile,
        "nodes": replay.nodes,
        "seed": replay.seed,
        "digest": run.digest.to_string(),
        "recorded_digest": replay.digest,
        "same": same,
        "invariants": invariants.collect::<Vec<_>>(),
        "failovers": failovers.collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}
