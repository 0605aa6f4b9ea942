//! The verdict table: a row of figures per scenario and algorithm.

use crate::json::{messages_per_election, verdict_word};
use crate::words;
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle,
};
use interregnum_campaign::InMillis as _;
use interregnum_campaign::{Distribution, InvariantVerdict, Summary};
use interregnum_kernel::FaultClasses;
use std::collections::BTreeSet;

/// Two spaces between columns, a line under the header, nothing else: a row is one line of the screen.
pub(crate) const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::new(' ', ' ', ' '))
    .header_separator(LineStyle::new('\u{2500}', '\u{2500}', '\u{2500}', '\u{2500}'))
    .content_lines(ContentLineStyle::new(' ', ' ', ' '));

/// The columns from the left up to the parts of a failover.
const BEGINNING: [&str; 9] =
    ["scenario", "algorithm", "verdict", "fail-\novers", "p50\nms", "p99\nms", "max\nms", "detect", "elect"];
/// The part that only some scenarios have.
const DISCOVER: &str = "dis-\ncover";
/// The columns after the parts.
const END: [&str; 5] = ["spur-\nious", "chan-\nges/h", "stale\nwrites", "no\nleader", "broken"];

/// The table for a terminal. Without `color` it is plain text.
pub fn table(summaries: &[Summary], color: bool) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    // A table is as wide as its cells, whatever the terminal: the same text goes into files.
    table.set_content_arrangement(ContentArrangement::Disabled);
    // Where clients know every leader at once there is nothing to show.
    let discovering = summaries.iter().any(|summary| summary.discovering);
    let header: Vec<&str> = BEGINNING.into_iter().chain(discovering.then_some(DISCOVER)).chain(END).collect();
    table.set_header(header.clone());
    if color {
        // Whether there is a terminal was decided by whoever asks for colours.
        table.enforce_styling();
    }
    for summary in summaries {
        table.add_row(row(summary, discovering, color));
    }
    for index in 0..header.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 1));
            if (3..header.len() - 1).contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    let what = words::what_was_run(summaries);
    let (invariants, goals) = (invariants(summaries), goals(summaries));
    let parts = if discovering { DISCOVERING_PARTS } else { PARTS };
    let not_judged = words::not_judged(summaries);
    format!("{what}\n{}\n\n{invariants}{goals}{NEVER}{parts}{KEY}{not_judged}", lines.join("\n"))
}

const NEVER: &str = "failovers: +n\u{221e} are n that never came. ";
const PARTS: &str = "detect, elect: medians, ms.";
const DISCOVERING_PARTS: &str = "detect, elect, discover (until clients know): medians, ms.";

/// What the columns mean, in as many lines as a screen can spare.
const KEY: &str = " spurious: leader changes nothing called for.\n\
changes/h: leader changes per hour of simulated time. stale writes: of deposed leaders, rejected/accepted by the resource. no leader: mean ms per run without a usable \
leader.\nbroken: the invariants that were violated, of those that are promised or expected to be.\n";

/// Messages per election and median failover by cluster size, a row per algorithm.
pub fn by_size(summaries: &[Summary]) -> String {
    let Some(first) = summaries.first() else { return String::new() };
    let sizes: BTreeSet<u8> = summaries.iter().map(|one| one.nodes).collect();
    let mut algorithms: Vec<&str> = summaries.iter().map(|one| one.algorithm.as_str()).collect();
    algorithms.sort_by_key(|name| summaries.iter().position(|one| one.algorithm == *name));
    algorithms.dedup();
    let heading = |title: &str| {
        sizes.iter().fold(format!("\n{title:<32}"), |line, size| line + &format!("{size:>8}")) + "\n"
    };
    let rows = |cell: &dyn Fn(&Summary) -> String| {
        let mut text = String::new();
        for name in &algorithms {
            text += &format!("  {name:<30}");
            for size in &sizes {
                let one = summaries.iter().find(|one| one.algorithm == *name && one.nodes == *size);
                text += &format!("{:>8}", one.map(cell).unwrap_or_default());
            }
            text += "\n";
        }
        text
    };
    format!("{}: {}\n", first.scenario, words::what_was_run(summaries))
        + &heading("messages per election, by nodes")
        + &rows(&|one| messages_per_election(one).map_or("-".to_owned(), |mean| format!("{mean:.0}")))
        + &heading("median failover in ms, by nodes")
        + &rows(&|one| percentile(&one.failover, 500))
}

fn row(summary: &Summary, discovering: bool, color: bool) -> Vec<Cell> {
    let number = |count: u64| if count == 0 { "-".to_owned() } else { count.to_string() };
    let mut verdict = Cell::new(verdict_word(summary));
    if color {
        let shade = if summary.as_expected() { Color::Green } else { Color::Red };
        verdict = verdict.fg(shade).add_attribute(Attribute::Bold);
    }
    let stale = &summary.stale_writes;
    let unavailable: f64 = (0..3).map(|kind| summary.mean_unavailable(kind).in_millis()).sum();
    let mut cells = vec![
        Cell::new(&summary.scenario),
        Cell::new(match &summary.bug {
            Some(bug) => format!("{}, {bug}", summary.algorithm),
            None => summary.algorithm.clone(),
        }),
        verdict,
        Cell::new(match summary.failover.never() {
            0 => number(summary.failover.count()),
            never => format!("{}+{never}\u{221e}", summary.failover.count()),
        }),
        Cell::new(percentile(&summary.failover, 500)),
        Cell::new(percentile(&summary.failover, 990)),
        Cell::new(percentile(&summary.failover, 1000)),
        Cell::new(percentile(&summary.detection, 500)),
        Cell::new(percentile(&summary.election, 500)),
    ];
    if discovering {
        cells.push(Cell::new(percentile(&summary.discovery, 500)));
    }
    cells.extend([
        Cell::new(number(summary.spurious_failovers)),
        Cell::new(match summary.leader_changes_per_hour() {
            Some(rate) if rate > 0.0 && rate < 10.0 => format!("{rate:.1}"),
            Some(rate) if rate > 0.0 => format!("{rate:.0}"),
            _ => "-".to_owned(),
        }),
        Cell::new(match (stale.rejected, stale.accepted) {
            (0, 0) => "-".to_owned(),
            (rejected, accepted) => format!("{rejected}/{accepted}"),
        }),
        Cell::new(format!("{unavailable:.0}")),
        Cell::new(words::broken(summary).join(" ")),
    ]);
    cells
}

/// The invariants over all rows: where each was put to the test and held, and where not.
fn invariants(summaries: &[Summary]) -> String {
    let mut text = String::new();
    let Some(first) = summaries.first() else { return text };
    for (index, name) in first.invariants.iter().map(|one| one.name).enumerate() {
        let all = summaries.iter().map(|summary| (summary, &summary.invariants[index]));
        let with = |verdict| all.clone().filter(move |(_, one)| one.verdict == verdict).count();
        let exercised: u64 = all.clone().map(|(_, one)| one.exercised).sum();
        let mut parts = Vec::new();
        if with(InvariantVerdict::Holds) > 0 {
            parts.push(format!("holds in {}", with(InvariantVerdict::Holds)));
        }
        for (unexpected, words) in [(true, "VIOLATED in"), (false, "violated as expected in")] {
            let violated = all
                .clone()
                .filter(|(_, one)| one.verdict == InvariantVerdict::Violated && one.unexpected == unexpected);
            let violated: Vec<String> =
                violated.map(|(summary, _)| format!("{} {}", summary.scenario, summary.algorithm)).collect();
            match violated.len() {
                0 => {}
                1..=3 => parts.push(format!("{words} {}", violated.join(", "))),
                many => {
                    parts.push(format!("{words} {many}, where the rows say {}", first.invariants[index].code))
                }
            }
        }
        for (verdict, words) in [
            (InvariantVerdict::NotExercised, "not exercised in"),
            (InvariantVerdict::NotPromised, "not promised in"),
        ] {
            if with(verdict) > 0 {
                parts.push(format!("{words} {}", with(verdict)));
            }
        }
        let broken = all
            .clone()
            .filter(|(_, one)| one.verdict == InvariantVerdict::NotPromised && one.violated_runs > 0);
        match broken.count() {
            0 => {}
            1 => parts.push("broken in one of these".to_owned()),
            some => parts.push(format!("broken in {some} of these")),
        }
        let because = all.clone().fold(FaultClasses::NONE, |set, (_, one)| set.and(one.not_promised_because));
        if !because.is_empty() {
            parts.push(format!("where the promise excepts {because}"));
        }
        let times = if exercised == 1 { "once".to_owned() } else { format!("{exercised} times") };
        text += &format!("{name:<20} {} (put to the test {times})\n", parts.join(", "));
    }
    text + "\n"
}

/// The goals that scenarios ask for: in how many runs each was reached, and where in none. Empty where none is asked for.
fn goals(summaries: &[Summary]) -> String {
    let mut text = String::new();
    let Some(first) = summaries.first() else { return text };
    for (index, name) in first.goals.iter().map(|goal| goal.name).enumerate() {
        let asked = summaries.iter().filter(|summary| summary.goals[index].asked);
        let (reached, runs) = asked.clone().fold((0, 0), |(reached, runs), summary| {
            (reached + summary.goals[index].runs, runs + summary.seeds.count)
        });
        let never = asked.clone().filter(|summary| summary.goals[index].runs == 0);
        let never: Vec<String> = never.map(|one| format!("{} {}", one.scenario, one.algorithm)).collect();
        if asked.count() > 0 {
            let never =
                if never.is_empty() { String::new() } else { format!(", NEVER in {}", never.join(", ")) };
            text += &format!("sometimes {name}: in {reached} of {runs} runs{never}\n");
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// A percentile in milliseconds; the sign for infinity if it is a failover that never came.
pub(crate) fn percentile(distribution: &Distribution, per_mille: u64) -> String {
    match distribution.per_mille(per_mille) {
        Some(span) => format!("{:.0}", span.in_millis()),
        None if distribution.is_empty() => "-".to_owned(),
        None => "\u{221e}".to_owned(),
    }
}

/// What was not as expected, a line each.
pub fn complaints<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> String {
    let mut text = String::new();
    for summary in summaries.into_iter().filter(|summary| !summary.as_expected()) {
        let Summary { scenario, algorithm, profile, nodes, .. } = summary;
        text += &format!("{scenario}, {algorithm}, profile {profile}, {nodes} nodes: not as expected\n");
        for complaint in &summary.complaints {
            text += &format!("  {complaint}\n");
        }
    }
    text
}
