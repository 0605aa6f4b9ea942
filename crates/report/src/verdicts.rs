//! The verdict table: one screen that says what happened.

use crate::json::verdict_word;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use interregnum_campaign::{Distribution, InvariantVerdict, Summary};

/// The table for a terminal. Without `color` it is plain text.
pub fn table(summaries: &[Summary], color: bool) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "scenario",
        "algorithm",
        "verdict",
        "failovers",
        "never",
        "p50 ms",
        "p99 ms",
        "max ms",
        "detect",
        "elect",
        "spurious",
        "stale writes\nstopped/taken",
        "no leader\nms/run",
        "invariants",
    ]);
    for summary in summaries {
        table.add_row(row(summary, color));
    }
    for index in 3..13 {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{table}\n")
}

fn row(summary: &Summary, color: bool) -> Vec<Cell> {
    let number = |count: u64| if count == 0 { "-".to_owned() } else { count.to_string() };
    let mut verdict = Cell::new(verdict_word(summary));
    if color {
        let shade = if summary.as_expected() { Color::Green } else { Color::Red };
        verdict = verdict.fg(shade).add_attribute(Attribute::Bold);
    }
    let stale = &summary.stale_writes;
    let unavailable: f64 = (0..3).map(|kind| summary.mean_unavailable(kind).as_millis_f64()).sum();
    vec![
        Cell::new(&summary.scenario),
        Cell::new(match &summary.bug {
            Some(bug) => format!("{} with {bug}", summary.algorithm),
            None => summary.algorithm.clone(),
        }),
        verdict,
        Cell::new(number(summary.failover.count())),
        Cell::new(number(summary.failover.never())),
        Cell::new(percentile(&summary.failover, 500)),
        Cell::new(percentile(&summary.failover, 990)),
        Cell::new(percentile(&summary.failover, 1000)),
        Cell::new(percentile(&summary.detection, 500)),
        Cell::new(percentile(&summary.election, 500)),
        Cell::new(number(summary.spurious_failovers)),
        Cell::new(format!("{}/{}", number(stale.rejected), number(stale.accepted))),
        Cell::new(format!("{unavailable:.0}")),
        Cell::new(invariants(summary)),
    ]
}

/// A percentile in milliseconds; the sign for infinity if it is a failover that never came.
fn percentile(distribution: &Distribution, per_mille: u64) -> String {
    match distribution.per_mille(per_mille) {
        Some(span) => format!("{:.0}", span.as_millis_f64()),
        None if distribution.is_empty() => "-".to_owned(),
        None => "\u{221e}".to_owned(),
    }
}

/// What is to be said of the invariants in few words: how many hold, and by name which do not.
fn invariants(summary: &Summary) -> String {
    let with = |verdict| summary.invariants.iter().filter(move |one| one.verdict == verdict);
    let mut parts = vec![format!("{} hold", with(InvariantVerdict::Holds).count())];
    for one in with(InvariantVerdict::Violated) {
        parts.push(format!("{} violated", one.name));
    }
    let untested: Vec<&str> = with(InvariantVerdict::NotExercised).map(|one| one.name).collect();
    if !untested.is_empty() {
        parts.push(format!("{} not exercised", untested.len()));
    }
    parts.join(", ")
}

/// What was not as expected, a line each, with the command that shows it.
pub fn complaints(summaries: &[Summary]) -> String {
    let mut text = String::new();
    for summary in summaries.iter().filter(|summary| !summary.as_expected()) {
        text += &format!("{}, {}: not as expected\n", summary.scenario, summary.algorithm);
        for complaint in &summary.complaints {
            text += &format!("  {complaint}\n");
        }
    }
    text
}
