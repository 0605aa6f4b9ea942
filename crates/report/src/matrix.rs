//! The first screen of a comparison: scenarios against algorithms, and below, in the same columns, invariants against
//! algorithms.

use crate::verdicts::{STYLE, percentile};
use crate::words;
use comfy_table::{Attribute, Cell, CellAlignment, Color, Table};
use interregnum_campaign::InMillis as _;
use interregnum_campaign::{InvariantVerdict, Summary};

/// What a line should not exceed.
const WIDTH: usize = 120;

const FINE: char = '\u{2713}';
const BROKEN: char = '\u{2717}';

/// What the names of algorithms begin with that elect through a coordination service: they have a table of their own, since
/// all algorithms side by side would be wider than a screen.
const BY_LEASE: &str = "lease-";

/// Everything, a table for the algorithms that elect among themselves and one for those that elect by lease. Without `color`
/// it is plain text.
pub fn matrix(summaries: &[Summary], color: bool) -> String {
    let (by_lease, among_themselves): (Vec<&Summary>, Vec<&Summary>) =
        summaries.iter().partition(|one| one.algorithm.starts_with(BY_LEASE));
    let tables = [("scenario", among_themselves), ("by lease", by_lease)];
    let tables: Vec<String> = tables
        .into_iter()
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(corner, rows)| one_table(corner, &rows, color))
        .collect();
    format!(
        "{}\n{}\n\n{KEY}{}",
        words::what_was_run(summaries),
        tables.join("\n\n"),
        words::not_judged(summaries)
    )
}

/// Scenarios against some of the algorithms, and invariants below.
fn one_table(corner: &str, summaries: &[&Summary], color: bool) -> String {
    let scenarios = first_seen(summaries.iter().map(|one| one.scenario.as_str()));
    let algorithms = first_seen(summaries.iter().map(|one| one.algorithm.as_str()));
    let invariants: Vec<String> = summaries.first().map_or_else(Vec::new, |first| {
        first.invariants.iter().map(|one| format!("{} {}", one.code, one.name)).collect()
    });
    let labels = scenarios.iter().copied().chain(invariants.iter().map(String::as_str));
    let label_width = labels.map(|label| label.chars().count()).max().unwrap_or(0);
    // A column is followed by two spaces, its own padding and the gap of the style.
    let room = (WIDTH.saturating_sub(label_width + 3) / algorithms.len().max(1)).saturating_sub(2);
    let mut table = Table::new();
    table.load_style(STYLE);
    if color {
        table.enforce_styling();
    }
    let headings = |first: &str| {
        let names = algorithms.iter().map(|name| match name.strip_prefix(BY_LEASE) {
            Some(recipe) => recipe.to_owned(),
            None => name.replacen('-', "-\n", 1),
        });
        std::iter::once(first.to_owned()).chain(names).collect::<Vec<_>>()
    };
    table.set_header(headings(corner));
    let find = |scenario: &str, algorithm: &str| {
        summaries.iter().find(|one| one.scenario == scenario && one.algorithm == algorithm)
    };
    for scenario in &scenarios {
        let cells = algorithms.iter().map(|algorithm| match find(scenario, algorithm) {
            Some(summary) => result(summary, room, color),
            None => Cell::new(""),
        });
        table.add_row(std::iter::once(Cell::new(scenario)).chain(cells));
    }
    table.add_row(
        std::iter::once(Cell::new("as expected"))
            .chain(algorithms.iter().map(|name| expected(summaries, name))),
    );
    table.add_row([Cell::new("")]);
    for (index, label) in invariants.iter().enumerate().filter(|(index, _)| is_anyones(summaries, *index)) {
        let cells = algorithms.iter().map(|name| over_all(summaries, name, index, color));
        table.add_row(std::iter::once(Cell::new(label)).chain(cells));
    }
    for index in 0..=algorithms.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 1));
            column.set_cell_alignment(CellAlignment::Left);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// What the cells mean.
const KEY: &str = "\
above: \u{2713} and the median failover in ms (+n\u{221e}: n never came; -: none was needed; /s: mean seconds without a \
usable\nleader all the same), or \u{2717} and the invariants that broke (+n: and n more), as the scenario expects; ! not as \
expected.\nbelow: in how many scenarios each invariant held \u{2713} or broke \u{2717}; -: never put to the test; \u{b7}: not \
promised; (n): not\npromised, and seen broken in n scenarios.\n";

/// Every value once, in the order in which they come.
fn first_seen<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

fn painted(text: String, color: bool, shade: Option<Color>, bold: bool) -> Cell {
    let mut cell = Cell::new(text);
    if let (true, Some(shade)) = (color, shade) {
        cell = cell.fg(shade);
    }
    if color && bold {
        cell = cell.add_attribute(Attribute::Bold);
    }
    cell
}

/// What one algorithm did in one scenario.
fn result(summary: &Summary, room: usize, color: bool) -> Cell {
    let broken = words::broken(summary);
    let (mark, shade) = match (summary.as_expected(), broken.is_empty()) {
        (true, true) => (FINE, Color::Green),
        (true, false) => (BROKEN, Color::Yellow),
        (false, _) => ('!', Color::Red),
    };
    let what = if broken.is_empty() { failover(summary) } else { fitted(&broken, room.saturating_sub(2)) };
    painted(format!("{mark} {what}"), color, Some(shade), !summary.as_expected())
}

/// The median failover, and how many never came. Where nobody had to succeed the leader may have been of no use for a
/// while all the same.
fn failover(summary: &Summary) -> String {
    const WORTH_A_WORD_MS: f64 = 100.0;
    let unavailable: f64 = (0..3).map(|kind| summary.mean_unavailable(kind).in_millis()).sum();
    if summary.failover.is_empty() && unavailable >= WORTH_A_WORD_MS {
        return format!("- /{:.1}s", unavailable / 1000.0);
    }
    let median = percentile(&summary.failover, 500);
    match summary.failover.never() {
        0 => median,
        never => format!("{median}+{never}\u{221e}"),
    }
}

/// As many codes as there is room for, and how many more there are.
fn fitted(codes: &[&str], room: usize) -> String {
    let all = codes.join(" ");
    if all.chars().count() <= room || codes.len() == 1 {
        return all;
    }
    let shown =
        (1..codes.len()).rev().map(|shown| format!("{}+{}", codes[..shown].join(" "), codes.len() - shown));
    let shortest = format!("{}+{}", codes[0], codes.len() - 1);
    shown.into_iter().find(|text| text.chars().count() <= room).unwrap_or(shortest)
}

/// In how many of its scenarios an algorithm did what was expected.
fn expected(summaries: &[&Summary], algorithm: &str) -> Cell {
    let of_this = || summaries.iter().filter(|one| one.algorithm == algorithm);
    Cell::new(format!("{}/{}", of_this().filter(|one| one.as_expected()).count(), of_this().count()))
}

/// Whether an invariant is promised by anyone, or was seen broken: the rows of what others promise would say nothing.
fn is_anyones(summaries: &[&Summary], index: usize) -> bool {
    let all = summaries.iter().map(|one| &one.invariants[index]);
    all.into_iter().any(|one| one.verdict != InvariantVerdict::NotPromised || one.violated_runs > 0)
}

/// How an invariant fared over all scenarios of an algorithm.
fn over_all(summaries: &[&Summary], algorithm: &str, index: usize, color: bool) -> Cell {
    let all = || summaries.iter().filter(|one| one.algorithm == algorithm).map(|one| &one.invariants[index]);
    let with = |verdict| all().filter(|one| one.verdict == verdict).count();
    let (held, broken) = (with(InvariantVerdict::Holds), with(InvariantVerdict::Violated));
    let seen =
        all().filter(|one| one.verdict == InvariantVerdict::NotPromised && one.violated_runs > 0).count();
    let unexpected = all().any(|one| one.unexpected);
    match (broken, held, with(InvariantVerdict::NotPromised), seen) {
        (0, 0, 0, _) => Cell::new("-"),
        (0, 0, _, 0) => Cell::new("\u{b7}"),
        (0, 0, _, seen) => Cell::new(format!("({seen})")),
        (0, held, ..) => painted(format!("{FINE} {held}"), color, Some(Color::Green), false),
        (broken, ..) => {
            let (mark, shade) = if unexpected { ('!', Color::Red) } else { (BROKEN, Color::Yellow) };
            painted(format!("{mark} {broken}"), color, Some(shade), unexpected)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_do_not_fit_are_counted() {
        let codes = ["ES", "LC", "LA", "FW"];
        assert_eq!(fitted(&codes, 11), "ES LC LA FW", "all fit");
        assert_eq!(fitted(&codes, 10), "ES LC LA+1", "one is counted");
        assert_eq!(fitted(&codes, 5), "ES+3", "one is always shown");
        assert_eq!(fitted(&codes, 1), "ES+3", "even where it does not fit");
        assert_eq!(fitted(&codes[..1], 0), "ES", "a single one is never counted");
    }
}
