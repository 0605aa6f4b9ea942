//! The first screen of a comparison, and what is plotted by cluster size, with several algorithms made by hand.

use interregnum_campaign::{Engine, InvariantVerdict, Job, Seeds, Summary, catalogue, sweep};
use interregnum_report::{matrix, plot, tables, verdicts};
use interregnum_scenario::{Overrides, Scenario};

const SCENARIO: &str = "format = 1\nname = \"compared\"\n[[fault]]\nat = \"1s\"\ncrash = \"leader\"\n[run]\nfor = \"3s\"\n\
                        heal = \"2s\"\n[expect]\nleader_within = \"500ms\"\n";

fn scenario(nodes: u8) -> Scenario {
    let mut none = |_: &str| Err("there is no other file".to_owned());
    let overrides = Overrides { nodes: Some(nodes), ..Overrides::NONE };
    interregnum_scenario::read_with("compared", SCENARIO, &catalogue(), &mut none, overrides)
        .expect("a scenario")
        .0
}

/// Ten runs of Raft, called otherwise.
fn swept(nodes: u8, algorithm: &str) -> Summary {
    let scenario = scenario(nodes);
    let job = Job {
        scenario: &scenario,
        algorithm: "raft",
        seeds: Seeds { first: 1, count: 10 },
        bug: None,
        engine: Engine::Sim,
    };
    let mut summary = sweep(&job, &mut (), &|_| ()).expect("Raft is built");
    summary.algorithm = algorithm.to_owned();
    summary
}

/// A summary in which these invariants broke, as expected.
fn broken(algorithm: &str, names: &[&str]) -> Summary {
    let mut summary = swept(5, algorithm);
    for invariant in summary.invariants.iter_mut().filter(|one| names.contains(&one.name)) {
        invariant.verdict = InvariantVerdict::Violated;
        invariant.violated_runs = 3;
    }
    summary
}

/// The cells of a row of the matrix, whose label is cut off.
#[track_caller]
fn row(matrix: &str, label: &str) -> String {
    let line = matrix.lines().find(|line| line.trim_start().starts_with(label));
    let line = line.unwrap_or_else(|| panic!("no row is called {label}:\n{matrix}"));
    line.trim_start()[label.len()..].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_matrix_shows_who_breaks_what_beside_who_holds() {
    let summaries = [swept(5, "raft"), broken("bully", &["election-safety", "fenced-writes"])];
    let matrix = matrix::matrix(&summaries, false);
    let median = summaries[0].failover.per_mille(500).expect("a median").nanos() as f64 / 1e6;
    assert_eq!(row(&matrix, "compared"), format!("\u{2713} {median:.0} \u{2717} ES FW"), "{matrix}");
    assert_eq!(row(&matrix, "ES election-safety"), "\u{2713} 1 \u{2717} 1", "in the same columns: {matrix}");
    assert_eq!(row(&matrix, "VO vote-once"), "\u{2713} 1 \u{2713} 1", "what held held: {matrix}");
    assert_eq!(row(&matrix, "as expected"), "1/1 1/1", "both are as expected: {matrix}");
    assert!(matrix.starts_with("profile matched, 5 nodes, 10 runs"), "it names its profile: {matrix}");
}

#[test]
fn the_unexpected_is_marked_apart() {
    let mut summary = broken("raft", &["vote-once"]);
    summary.complaints.push("vote-once is violated".to_owned());
    summary.invariants.iter_mut().filter(|one| one.name == "vote-once").for_each(|one| one.unexpected = true);
    let mut slow = swept(5, "slow");
    slow.complaints.push("failover p50 is too long".to_owned());
    let matrix = matrix::matrix(&[summary, slow], false);
    assert!(row(&matrix, "compared").starts_with("! VO ! 1"), "a broken promise, and a bound: {matrix}");
    assert_eq!(row(&matrix, "VO vote-once"), "! 1 \u{2713} 1", "below, too: {matrix}");
    assert_eq!(row(&matrix, "as expected"), "0/1 0/1", "neither is as expected: {matrix}");
}

#[test]
fn what_is_not_promised_is_shown_where_it_was_seen_to_break() {
    let mut summary = swept(5, "raft");
    let exclusion = |one: &&mut interregnum_campaign::InvariantSummary| one.name == "leader-exclusion";
    summary.invariants.iter_mut().filter(exclusion).for_each(|one| one.violated_runs = 0);
    let matrix_of = |summary: &Summary| matrix::matrix(std::slice::from_ref(summary), false);
    let silent = matrix_of(&summary);
    assert!(!silent.contains("LX leader-exclusion"), "nobody promises it, and it was not seen: {silent}");
    summary.invariants.iter_mut().filter(exclusion).for_each(|one| one.violated_runs = 2);
    assert_eq!(row(&matrix_of(&summary), "LX leader-exclusion"), "(1)", "not promised, and seen");
}

#[test]
fn failovers_that_never_came_are_in_the_matrix() {
    let mut summary = swept(5, "raft");
    summary.failover.add_never();
    let matrix = matrix::matrix(&[summary], false);
    assert!(row(&matrix, "compared").ends_with("+1\u{221e}"), "{matrix}");
}

#[test]
fn eight_algorithms_fit_a_screen() {
    let names = ["raft", "bully", "bully-quorum", "ring", "ring-token", "ring-quorum", "zab", "another-one"];
    let all = ["election-safety", "vote-once", "leader-completeness", "log-agreement", "fenced-writes"];
    let mut summaries = Vec::new();
    for index in 0..18 {
        for name in names {
            let mut summary = broken(name, &all);
            summary.scenario = format!("a-scenario-of-quite-a-name-{index:02}");
            summaries.push(summary);
        }
    }
    let matrix = matrix::matrix(&summaries, false);
    let widest = matrix.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    assert!(widest <= 120, "{widest} columns:\n{matrix}");
    assert!(matrix.lines().count() <= 40, "{} lines:\n{matrix}", matrix.lines().count());
    assert!(matrix.contains("ES VO+3"), "what does not fit is counted:\n{matrix}");
}

fn by_size() -> Vec<Summary> {
    [3, 5, 7].into_iter().flat_map(|nodes| ["raft", "zab"].map(|name| swept(nodes, name))).collect()
}

#[test]
fn plots_by_size_name_their_lines_and_say_how_to_repeat_them() {
    let (scenario, summaries) = (scenario(7), by_size());
    let command = "interregnum run compared.toml --nodes 7";
    let scaling = plot::Scaling { scenario: &scenario, command, summaries: &summaries };
    for svg in [plot::messages_by_size(&scaling), plot::failover_by_size(&scaling)] {
        let svg = svg.expect("a plot").expect("something to plot");
        for words in [command, "profile matched", "n = 10 runs per point", "compared: crash at 1s"] {
            assert!(svg.contains(words), "the plot lacks `{words}`: {svg}");
        }
        for name in ["raft", "zab"] {
            let labels = svg.lines().filter(|line| line.trim() == name).count();
            assert_eq!(labels, 1, "{name} is written once, at the end of its line");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "every place is a number: {svg}");
    }
}

#[test]
fn sizes_at_which_nobody_was_elected_are_named() {
    let (scenario, mut summaries) = (scenario(7), by_size());
    for summary in summaries.iter_mut().filter(|one| one.algorithm == "zab" && one.nodes > 3) {
        (summary.elections, summary.failover) = (0, Default::default());
        (0..10).for_each(|_| summary.failover.add_never());
    }
    let scaling = plot::Scaling { scenario: &scenario, command: "", summaries: &summaries };
    let messages = plot::messages_by_size(&scaling).expect("a plot").expect("something to plot");
    assert!(messages.contains("no leader was established: zab at 5, 7"), "{messages}");
    let failovers = plot::failover_by_size(&scaling).expect("a plot").expect("something to plot");
    assert!(failovers.contains("or none was needed: zab at 5, 7"), "{failovers}");
    let table = verdicts::by_size(&summaries);
    let zab: Vec<&str> = table.lines().filter(|line| line.trim_start().starts_with("zab")).collect();
    assert!(zab[0].ends_with("-       -") && zab[1].ends_with("\u{221e}       \u{221e}"), "{table}");
    let csv = String::from_utf8(tables::scaling(&summaries).expect("a table")).expect("text");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header = rows.headers().expect("a header").clone();
    let at = |name: &str| header.iter().position(|column| column == name).expect(name);
    let last = rows.records().last().expect("a row").expect("a row as long as the header");
    assert_eq!(&last[at("messages_per_election")], "", "a mean of nothing is empty");
    assert_eq!(&last[at("failover_never")], "10", "and what never came is counted");
}

#[test]
fn nothing_is_said_of_what_elections_cost_where_no_kind_of_message_is_theirs_alone() {
    let (scenario, mut summaries) = (scenario(7), by_size());
    for summary in summaries.iter_mut().filter(|one| one.algorithm == "zab") {
        summary.election_messages = None;
    }
    let scaling = plot::Scaling { scenario: &scenario, command: "", summaries: &summaries };
    let messages = plot::messages_by_size(&scaling).expect("a plot").expect("something to plot");
    assert!(messages.contains("for elections alone: zab at 3, 5, 7"), "{messages}");
    let table = verdicts::by_size(&summaries);
    let zab = table.lines().find(|line| line.trim_start().starts_with("zab")).expect("a line");
    assert!(zab.ends_with("-       -       -"), "no 0 in its place: {table}");
    let csv = String::from_utf8(tables::scaling(&summaries).expect("a table")).expect("text");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header = rows.headers().expect("a header").clone();
    let last = rows.records().last().expect("a row").expect("a row as long as the header");
    for column in ["election_messages", "messages_per_election"] {
        let at = header.iter().position(|name| name == column).expect(column);
        assert_eq!(&last[at], "", "{column} is empty");
    }
}

#[test]
fn where_nothing_came_nothing_is_plotted() {
    let (scenario, mut summaries) = (scenario(7), by_size());
    for summary in &mut summaries {
        (summary.elections, summary.failover) = (0, Default::default());
    }
    let scaling = plot::Scaling { scenario: &scenario, command: "", summaries: &summaries };
    assert!(plot::messages_by_size(&scaling).expect("no error").is_none(), "no message was of any use");
    assert!(plot::failover_by_size(&scaling).expect("no error").is_none(), "no failover came");
}

#[test]
fn a_distribution_of_an_unsafe_algorithm_says_so() {
    let summaries = [swept(5, "raft"), broken("bully", &["election-safety"])];
    let svg = plot::failover_ecdf(&scenario(5), &summaries.each_ref()).expect("a plot").expect("failovers");
    assert!(svg.contains("bully  \u{2717} ES"), "beside its name: {svg}");
    assert!(svg.contains("ES election-safety"), "and what that means: {svg}");
    let overview = plot::overview(&summaries).expect("a plot").expect("failovers");
    assert!(overview.contains("\u{2717} bully"), "and in the overview: {overview}");
}

#[test]
fn what_is_not_judged_is_told_under_every_table() {
    let summaries = [swept(7, "raft")];
    for table in [matrix::matrix(&summaries, false), verdicts::table(&summaries, false)] {
        assert!(table.contains("not judged") && table.contains("leader_within"), "{table}");
    }
    let own = [swept(5, "raft")];
    for table in [matrix::matrix(&own, false), verdicts::table(&own, false)] {
        assert!(!table.contains("not judged"), "what the file has is judged: {table}");
    }
}
