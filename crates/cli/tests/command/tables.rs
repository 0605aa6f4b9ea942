//! The CSV files and plots that a sweep leaves.

use crate::support::{LOST, Place, Rows, TIGHT, standard_scenarios};

/// Runs the tight scenario without a bug and gives its place.
fn swept(seeds: u64) -> Place {
    let place = Place::with(TIGHT);
    let ended = place.run(&format!("run scenario.toml --seeds {seeds} --out out"));
    assert_eq!(ended.code, 0, "nothing unexpected: {}", ended.stderr);
    place
}

#[test]
fn runs_csv_has_a_row_per_run_in_the_order_of_the_seeds() {
    let place = swept(40);
    let rows = Rows::of(&place.read("out/runs.csv"));
    let seeds: Vec<String> = (1..=40).map(|seed: u64| seed.to_string()).collect();
    assert_eq!(rows.column("seed"), seeds, "seeds 1 to 40");
    assert!(rows.column("scenario").iter().all(|name| *name == "tight"), "every row names its scenario");
    assert!(rows.column("digest").iter().all(|digest| digest.len() == 32), "every row has its digest");
}

#[test]
fn columns_are_as_documented_and_times_carry_their_unit() {
    let place = swept(5);
    let documented = [
        "scenario",
        "algorithm",
        "engine",
        "seed",
        "digest",
        "failover_ms",
        "detection_ms",
        "election_ms",
        "discovery_ms",
        "leader_changes",
        "messages",
    ];
    let runs = Rows::of(&place.read("out/runs.csv"));
    for column in documented {
        assert!(runs.header().contains(&column), "runs.csv lacks {column}");
    }
    let timed = ["min", "mean", "p50", "p95", "p99", "p999", "max"];
    let summary = Rows::of(&place.read("out/summary.csv"));
    for what in ["failover", "detection", "election", "discovery"] {
        for figure in timed {
            let column = format!("{what}_{figure}_ms");
            assert!(summary.header().contains(&column.as_str()), "summary.csv lacks {column}");
        }
    }
}

/// The value of a given rank, by nearest rank, of so many sorted times; infinite beyond their end.
fn percentile(sorted: &[f64], all: usize, per_mille: usize) -> f64 {
    let rank = (all * per_mille).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::INFINITY)
}

#[test]
fn the_summary_agrees_with_what_the_raw_rows_give() {
    let place = swept(200);
    let failovers = Rows::of(&place.read("out/failovers.csv"));
    let summary = Rows::of(&place.read("out/summary.csv"));
    let figure = |name: &str| summary.column(name)[0].to_owned();
    for what in ["failover", "detection", "election", "discovery"] {
        let cells = failovers.column(&format!("{what}_ms"));
        let mut times: Vec<f64> =
            cells.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.parse().expect("a time")).collect();
        times.sort_by(f64::total_cmp);
        assert!(times.len() > 200, "{what}: there is something to sum up");
        assert_eq!(figure(&format!("{what}_count")), times.len().to_string(), "{what}: count");
        let never = cells.len() - times.len();
        assert_eq!(figure(&format!("{what}_never")), never.to_string(), "{what}: never");
        let least = times[0].to_string();
        assert_eq!(figure(&format!("{what}_min_ms")), least, "{what}: the shortest, exactly");
        if never == 0 {
            let greatest = times[times.len() - 1].to_string();
            assert_eq!(figure(&format!("{what}_max_ms")), greatest, "{what}: the longest, exactly");
            let mean = times.iter().sum::<f64>() / times.len() as f64;
            let found: f64 = figure(&format!("{what}_mean_ms")).parse().expect("a mean");
            let agrees = found == mean || (found / mean - 1.0).abs() < 1e-6;
            assert!(agrees, "{what}: mean {found}, recomputed {mean}");
        }
        for (name, per_mille) in [("p50", 500), ("p95", 950), ("p99", 990), ("p999", 999)] {
            let recomputed = percentile(&times, cells.len(), per_mille);
            let found = figure(&format!("{what}_{name}_ms"));
            let found: f64 = if found.is_empty() { f64::INFINITY } else { found.parse().expect("a time") };
            let agrees = found == recomputed || (found / recomputed - 1.0).abs() <= 0.0005;
            assert!(agrees, "{what}: {name} is {found}, recomputed {recomputed}");
        }
    }
}

#[test]
fn runs_and_failovers_tell_the_same_story() {
    let place = swept(40);
    let runs = Rows::of(&place.read("out/runs.csv"));
    let failovers = Rows::of(&place.read("out/failovers.csv"));
    let counts = runs.column("failovers").into_iter().map(|count| count.parse::<usize>().expect("a count"));
    assert_eq!(counts.sum::<usize>(), failovers.len(), "failovers.csv has a row per failover");
    let first: Vec<&str> = failovers
        .column("number")
        .into_iter()
        .zip(failovers.column("failover_ms"))
        .filter(|(number, _)| *number == "1")
        .map(|(_, time)| time)
        .collect();
    let with_one = runs.column("failovers").into_iter().zip(runs.column("failover_ms"));
    let of_runs: Vec<&str> = with_one.filter(|(count, _)| *count != "0").map(|(_, time)| time).collect();
    assert_eq!(of_runs, first, "a run's failover is its first");
}

#[test]
fn a_failover_that_never_came_is_an_empty_cell_and_a_count() {
    let place = Place::with(LOST);
    let ended = place.run("run scenario.toml --seeds 4 --out out");
    assert_eq!(ended.code, 0, "nothing else is expected: {}", ended.stderr);
    let runs = Rows::of(&place.read("out/runs.csv"));
    assert_eq!(runs.column("failovers"), ["1"; 4], "one was needed");
    assert_eq!(runs.column("failover_ms"), [""; 4], "and never came");
    let summary = Rows::of(&place.read("out/summary.csv"));
    assert_eq!(summary.column("failover_never"), ["4"], "all are counted");
    assert_eq!(summary.column("failover_p50_ms"), [""], "the median is infinite");
    let plot = place.read("out/failover-lost.svg");
    assert!(plot.contains("4 never came"), "the plot says so");
    assert!(place.read("out/failover-overview.svg").contains('\u{221e}'), "and so does the overview");
}

#[test]
fn compare_writes_everything_under_latest() {
    let place = Place::new();
    let folder = standard_scenarios();
    let folder = folder.to_str().expect("a path in UTF-8");
    let arguments =
        ["compare", "--scenarios", folder, "--seeds", "5", "--out", "reports", "--algorithms", "raft"];
    let ended = place.run_with(arguments);
    assert!(ended.code < 2, "five seeds give an answer: {}", ended.stderr);
    assert_eq!(place.names("reports"), ["latest"], "nothing beside it");
    let names = place.names("reports/latest");
    let expected = ["failover-overview.svg", "failovers.csv", "results.json", "runs.csv", "summary.csv"];
    for name in expected {
        assert!(names.iter().any(|found| found == name), "{name} is missing: {names:?}");
    }
    let rows = Rows::of(&place.read("reports/latest/summary.csv"));
    let runs = Rows::of(&place.read("reports/latest/runs.csv"));
    assert_eq!(runs.len(), 5 * rows.len(), "five runs for each row of the summary");
    let json: serde_json::Value =
        serde_json::from_str(&place.read("reports/latest/results.json")).expect("results.json is JSON");
    assert_eq!(json["results"].as_array().map(Vec::len), Some(rows.len()), "a result for each row");
}
