//! Tables and plots of real sweeps, with what is rare put in by hand.

use interregnum_campaign::{Engine, Job, Seeds, Summary, catalogue, sweep};
use interregnum_kernel::{NodeId, Span};
use interregnum_report::{json, junit, plot, tables, verdicts};
use interregnum_scenario::Scenario;
use interregnum_world::{Lever, PlannedFault, Selector};

const SCENARIO: &str = r#"
format = 1
name = "plotted"
summary = "A crash."

[cluster]
nodes = 3

[[fault]]
at = "1s"
crash = "leader"
for = "500ms"

[run]
for = "3s"
heal = "2s"
"#;

const TOOL: json::Tool<'static> = json::Tool { version: "1.2.3", commit: "abc" };

fn scenario() -> Scenario {
    let mut none = |_: &str| Err("there is no other file".to_owned());
    interregnum_scenario::read("plotted", SCENARIO, &catalogue(), &mut none).expect("a scenario").0
}

/// A sweep over seeds 5 to 14.
fn swept(scenario: &Scenario) -> Summary {
    let seeds = Seeds { first: 5, count: 10 };
    let job = Job { scenario, algorithm: "raft", seeds, bug: None, engine: Engine::Sim };
    sweep(&job, &mut (), &|_| ()).expect("Raft is built")
}

/// Asserts that every element of an XML text is closed in order, and gives its text without the tags.
#[track_caller]
fn text_of(xml: &str) -> String {
    let mut open = Vec::new();
    let mut text = String::new();
    for part in xml.split('<').skip(1) {
        let (tag, after) = part.split_once('>').unwrap_or_else(|| panic!("a tag has no end: {part}"));
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "elements are closed in order");
        } else if !tag.ends_with('/') && !tag.starts_with(['?', '!']) {
            open.push(name);
        }
        assert!(!after.contains('&') || after.contains(';'), "an ampersand is escaped: {after}");
        text += after;
    }
    assert!(open.is_empty(), "elements stay open: {open:?}");
    text
}

#[test]
fn a_plot_names_its_runs_seeds_and_the_moment_of_the_fault() {
    let scenario = scenario();
    let summary = swept(&scenario);
    let svg = plot::failover_ecdf(&scenario, &[&summary]).expect("a plot").expect("failovers to plot");
    assert!(svg.starts_with("<svg "), "it is an SVG");
    let text = text_of(&svg);
    let words = [
        "plotted",
        "n = 10",
        "seeds 5 to 14 (10 runs, each with as many failovers as it needed)",
        "crash at 1s for 500ms",
        "healed at 2s",
        "profile matched, 3 nodes",
        "0 ms: the leader lost its quorum",
    ];
    for words in words {
        assert!(text.contains(words), "the plot lacks `{words}`: {text}");
    }
    assert!(!text.contains("never came"), "all came: {text}");
}

#[test]
fn a_plot_shows_what_never_came() {
    let scenario = scenario();
    let mut summary = swept(&scenario);
    summary.failover.add_never();
    let svg = plot::failover_ecdf(&scenario, &[&summary]).expect("a plot").expect("failovers to plot");
    let text = text_of(&svg);
    for words in ["n = 11", "p99 never", "1 never came"] {
        assert!(text.contains(words), "the plot lacks `{words}`: {text}");
    }
    let overview = plot::overview(&[summary]).expect("a plot").expect("failovers to plot");
    assert!(text_of(&overview).contains("\u{221e}\n"), "the overview marks it in its row");
}

/// The same crash, but clients take a second to find a leader.
fn discovering() -> Scenario {
    let mut none = |_: &str| Err("there is no other file".to_owned());
    let crash = SCENARIO.replace("at = \"1s\"", "at = \"1500ms\"");
    let text = format!("{crash}\n[workload]\ndiscovery = \"900ms..1s\"\n").replace("3s", "9s");
    interregnum_scenario::read("plotted", &text, &catalogue(), &mut none).expect("a scenario").0
}

#[test]
fn the_parts_of_a_failover_are_plotted_with_their_medians() {
    let scenario = discovering();
    let summary = swept(&scenario);
    let svg = plot::failover_parts(&scenario, &[&summary]).expect("a plot").expect("failovers to plot");
    let text = text_of(&svg);
    let median = |of: &interregnum_campaign::Distribution| {
        of.per_mille(500).expect("a median").nanos().div_euclid(1_000_000)
    };
    for (name, of) in [("detect", &summary.detection), ("discover", &summary.discovery)] {
        let told = [0, 1].map(|up| format!("{name} {}", median(of) + up));
        assert!(told.iter().any(|words| text.contains(words)), "the plot lacks {told:?}: {text}");
    }
    for words in ["elect", "first write", "whole: p50", "n = 10", "need not be their sum"] {
        assert!(text.contains(words), "the plot lacks `{words}`: {text}");
    }
    assert!(!text.contains(": \u{221e}\n"), "all came: {text}");
}

#[test]
fn a_part_that_never_came_ends_its_bar() {
    let scenario = discovering();
    let mut summary = swept(&scenario);
    for _ in 0..10 {
        summary.failover.add_never();
        summary.discovery.add_never();
        summary.first_write.add_never();
    }
    summary.failover.add_never();
    summary.detection.add_never();
    summary.election.add_never();
    summary.discovery.add_never();
    summary.first_write.add_never();
    let svg = plot::failover_parts(&scenario, &[&summary]).expect("a plot").expect("failovers to plot");
    let text = text_of(&svg);
    for words in ["discover: \u{221e}", "discover never in 11 of 21", "p50 never, n = 21, 11 never came"] {
        assert!(text.contains(words), "the plot lacks `{words}`: {text}");
    }
    assert!(!text.contains("elect: \u{221e}"), "one of eleven elections: {text}");
}

#[test]
fn where_clients_know_every_leader_at_once_discovery_is_no_part() {
    let scenario = scenario();
    let summary = swept(&scenario);
    let svg = plot::failover_parts(&scenario, &[&summary]).expect("a plot").expect("failovers to plot");
    let text = text_of(&svg);
    assert!(text.contains("detect") && !text.contains("discover"), "neither bar nor legend: {text}");
    let mut idle = summary.clone();
    idle.failover = Default::default();
    assert!(plot::failover_parts(&scenario, &[&idle]).expect("no error").is_none(), "nothing was needed");
    let table = verdicts::table(&[summary], false);
    assert!(!table.contains("cover"), "no column of the table either: {table}");
    let table = verdicts::table(&[swept(&discovering())], false);
    assert!(table.contains("discover (until clients know)"), "but where it takes time: {table}");
}

#[test]
fn failovers_of_which_none_came_are_plotted_too() {
    let scenario = scenario();
    let mut summary = swept(&scenario);
    summary.failover = Default::default();
    assert!(plot::failover_ecdf(&scenario, &[&summary]).expect("no error").is_none(), "nothing was needed");
    assert!(
        plot::overview(std::slice::from_ref(&summary)).expect("no error").is_none(),
        "nothing was needed"
    );
    summary.failover.add_never();
    let svg = plot::failover_ecdf(&scenario, &[&summary]).expect("a plot").expect("one was needed");
    assert!(text_of(&svg).contains("n = 1, p50 never, p99 never, 1 never came"), "and never came");
    let overview = plot::overview(&[summary]).expect("a plot").expect("one was needed");
    assert!(text_of(&overview).contains("\u{221e}\n"), "the overview has its row");
}

#[test]
fn a_failover_of_no_time_at_all_can_be_plotted() {
    let scenario = scenario();
    let mut summary = swept(&scenario);
    summary.failover = Default::default();
    summary.failover.add(Span::ZERO);
    let svg = plot::failover_ecdf(&scenario, &[&summary]).expect("a plot").expect("a failover");
    assert!(text_of(&svg).contains("p50 0 ms"), "its median is nothing");
    let overview = plot::overview(&[summary]).expect("a plot").expect("a failover");
    text_of(&overview);
}

#[test]
fn the_table_shows_what_never_came_as_infinite() {
    let scenario = scenario();
    let mut summary = swept(&scenario);
    summary.failover.add_never();
    let table = verdicts::table(&[summary], false);
    let row = table.lines().find(|line| line.contains("plotted")).expect("a row");
    assert!(row.contains("10+1\u{221e}"), "one of eleven is counted apart: {row}");
    assert_eq!(row.matches('\u{221e}').count(), 3, "and p99 and max are infinite: {row}");
}

#[test]
fn the_table_is_plain_without_colour_and_tells_verdicts_apart_with_it() {
    let scenario = scenario();
    let mut summary = swept(&scenario);
    let table = |summary: &Summary, color| verdicts::table(std::slice::from_ref(summary), color);
    assert!(!table(&summary, false).contains('\u{1b}'), "no escape sequences");
    let fine = table(&summary, true);
    assert!(fine.contains('\u{1b}'), "escape sequences where they are wanted");
    summary.complaints.push("something".to_owned());
    assert!(table(&summary, false).contains("unexpected"), "the verdict is a word too");
    assert_ne!(table(&summary, true), fine, "and another colour");
}

#[test]
fn a_single_run_is_no_plural() {
    let scenario = scenario();
    let job = Job {
        scenario: &scenario,
        algorithm: "raft",
        seeds: Seeds { first: 1, count: 1 },
        bug: None,
        engine: Engine::Sim,
    };
    let summary = sweep(&job, &mut (), &|_| ()).expect("Raft is built");
    let table = verdicts::table(&[summary], false);
    assert!(table.contains("1 run per row"), "{table}");
    assert!(!table.contains("holds in 0"), "what holds nowhere is not said to hold: {table}");
}

#[test]
fn complaints_are_told_for_the_unexpected_only() {
    let scenario = scenario();
    let fine = swept(&scenario);
    let mut bad = fine.clone();
    bad.complaints.push("something".to_owned());
    assert_eq!(verdicts::complaints(std::slice::from_ref(&fine)), "", "nothing to tell");
    let told = verdicts::complaints(&[fine, bad]);
    assert_eq!(told, "plotted, raft, profile matched, 3 nodes: not as expected\n  something\n", "one of two");
}

/// A scenario that asks for two goals, on a disk that lies.
fn asking() -> Scenario {
    let mut none = |_: &str| Err("there is no other file".to_owned());
    let text = format!("{SCENARIO}\n[expect]\nsometimes = [\"failover\", \"contested\"]\n");
    let read = interregnum_scenario::read("plotted", &text, &catalogue(), &mut none);
    let mut scenario = read.expect("a scenario").0;
    let lie = Lever::DiskLie { target: vec![Selector::Node(NodeId(0))] };
    scenario.setting.plan.faults.push(PlannedFault::at(Span::millis(2900), lie));
    scenario
}

#[test]
fn goals_are_told_in_every_form() {
    let summary = [swept(&asking())];
    let table = verdicts::table(&summary, false);
    assert!(table.contains("\nsometimes failover: in 10 of 10 runs\n"), "{table}");
    assert!(table.contains("\nsometimes contested: in 0 of 10 runs, NEVER in plotted raft\n"), "{table}");
    assert!(!table.contains("sometimes leaderless"), "nobody asked for that: {table}");
    let document: serde_json::Value =
        serde_json::from_str(&json::document(TOOL, &summary)).expect("a document");
    let goals = document["results"][0]["sometimes"].as_array().expect("a list");
    let goal = |name: &str| goals.iter().find(|goal| goal["name"] == name).expect(name);
    let failover = serde_json::json!({"name": "failover", "asked": true, "runs": 10, "first_seed": 5});
    assert_eq!(goal("failover"), &failover, "asked for, and reached");
    assert_eq!(goal("leaderless")["asked"], false, "what nobody asked for is counted all the same");
    assert_eq!(goal("leaderless")["runs"], 10, "and reached by every crash");
    assert_eq!(cell(&summary, "sometimes"), "failover=10 contested=0", "in the order of the registry");
    let xml = junit::document(&summary);
    assert!(xml.contains("contested happened in 0 of 10 runs"), "{xml}");
}

#[test]
fn what_is_not_promised_here_says_why_in_every_form() {
    let summary = [swept(&asking())];
    let table = verdicts::table(&summary, false);
    let line = table.lines().find(|line| line.starts_with("vote-once")).expect("a line");
    assert!(line.contains("not promised in 1, where the promise excepts lying-disk"), "{line}");
    let document: serde_json::Value =
        serde_json::from_str(&json::document(TOOL, &summary)).expect("a document");
    let invariants = document["results"][0]["invariants"].as_array().expect("a list");
    let because =
        |name: &str| &invariants.iter().find(|one| one["name"] == name).expect(name)["not_promised_because"];
    assert_eq!(because("vote-once"), &serde_json::json!(["lying-disk"]), "Raft promises it elsewhere");
    assert_eq!(because("leader-exclusion"), &serde_json::json!([]), "Raft never promises it");
    assert!(cell(&summary, "not_promised_here").contains("vote-once"), "in the table of summaries");
    let xml = junit::document(&summary);
    assert!(xml.contains("vote-once is not promised under: lying-disk"), "{xml}");
    let xml = junit::document(&[swept(&scenario())]);
    assert!(!xml.contains("system-out"), "nothing to say where all is promised: {xml}");
}

#[test]
fn leader_changes_are_told_per_hour() {
    let summary = [swept(&scenario())];
    assert_eq!(summary[0].leader_changes, 10, "one for every crash");
    let document: serde_json::Value =
        serde_json::from_str(&json::document(TOOL, &summary)).expect("a document");
    let rate = document["results"][0]["leader_changes_per_hour"].as_f64();
    assert_eq!(rate, Some(1200.0), "ten in thirty seconds");
    assert_eq!(cell(&summary, "leader_changes_per_hour"), "1200.00", "in the table of summaries");
}

/// The cell of the first row of `summary.csv` in this column.
#[track_caller]
fn cell(summaries: &[Summary], column: &str) -> String {
    let bytes = tables::summary(summaries).expect("a table");
    let mut rows = csv::Reader::from_reader(bytes.as_slice());
    let header = rows.headers().expect("a header").clone();
    let at = header.iter().position(|name| name == column).expect(column);
    rows.records().next().expect("a row").expect("a row as long as the header")[at].to_owned()
}

#[test]
fn junit_escapes_what_it_is_told() {
    let scenario = scenario();
    let mut summary = swept(&scenario);
    summary.complaints.push("1 < 2 & \"so\" on".to_owned());
    let xml = junit::document(&[summary]);
    text_of(&xml);
    assert!(xml.contains("1 &lt; 2 &amp; &quot;so&quot; on"), "{xml}");
}

#[test]
fn a_line_says_what_the_document_says() {
    let scenario = scenario();
    let summaries = [swept(&scenario)];
    let document: serde_json::Value =
        serde_json::from_str(&json::document(TOOL, &summaries)).expect("a document");
    let mut line: serde_json::Value = serde_json::from_str(&json::lines(TOOL, &summaries)).expect("a line");
    let fields = line.as_object_mut().expect("an object");
    assert_eq!(fields.remove("schema_version"), Some(json::SCHEMA_VERSION.into()), "the version");
    assert_eq!(fields.remove("tool"), Some(document["tool"].clone()), "the tool");
    assert_eq!(line, document["results"][0], "and the result");
}

#[test]
fn the_summary_has_a_cell_for_every_column() {
    let scenario = scenario();
    let mut infinite = swept(&scenario);
    infinite.failover.add_never();
    let bytes = tables::summary(&[swept(&scenario), infinite]).expect("a table");
    let text = String::from_utf8(bytes).expect("text");
    let cells: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(cells.len(), 3, "a header and two rows");
    assert!(cells.iter().all(|count| *count == cells[0]), "as many cells as columns: {cells:?}");
}
