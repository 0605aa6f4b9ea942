//! All scenarios and algorithms on one axis.

use super::axes::{Area, Axis, Frame};
use super::ecdf::whole_number;
use super::palette::look;
use super::scale::Scale;
use super::{Body, INK, PlotError, begins, drawn, ends, failed, style, title, write};
use crate::words;
use interregnum_campaign::InMillis as _;
use interregnum_campaign::Summary;
use interregnum_kernel::Span;
use plotters::prelude::*;

const WIDTH: u32 = 1000;
/// The height of an algorithm's line, and of what separates scenarios.
const LANE: i32 = 17;
const GAP: i32 = 12;

/// One line per scenario and algorithm, from the shortest failover to the longest, with median and 99th percentile
/// marked. `None` if no run of any scenario needed a failover.
///
/// # Errors
/// If the drawing library fails.
pub fn overview(summaries: &[Summary]) -> Result<Option<String>, PlotError> {
    let rows: Vec<&Summary> = summaries.iter().filter(|one| !one.failover.is_empty()).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let groups = rows.chunk_by(|one, other| one.scenario == other.scenario).count() as i32;
    let lanes = LANE * rows.len() as i32 + GAP * groups;
    let engine = rows[0].engine.title();
    let caption = [
        format!("{}, {}", words::what_was_run(summaries), engine),
        "line: shortest to longest; marker: median; upright stroke: 99th percentile; \u{221e}: some never came; \u{2717}: an \
         invariant broke"
            .to_owned(),
    ];
    drawn((WIDTH, (104 + lanes + 64) as u32), |root| {
        let top = title(root, "Failover time by scenario", &caption)?;
        draw_rows(root, &rows, (top, top + lanes))
    })
}

fn draw_rows(root: &Body<'_>, rows: &[&Summary], (top, bottom): (i32, i32)) -> Result<(), PlotError> {
    // Where no failover came the axis needs some end all the same.
    let longest = rows.iter().filter_map(|one| one.failover.longest_that_came()).max();
    let longest = longest.map_or(1000.0, Span::in_millis);
    let shortest = rows.iter().filter_map(|one| one.failover.min()).min().unwrap_or_default().in_millis();
    let frame = Frame {
        area: Area { left: 350, top, right: WIDTH as i32 - 40, bottom },
        x: Axis {
            scale: Scale::Log,
            from: shortest.max(1.0) * 0.8,
            to: longest.max(1.0) * 1.2,
            title: "failover time, ms (logarithmic)".to_owned(),
            marks: Vec::new(),
            label: &whole_number,
        },
        y: Axis {
            scale: Scale::Linear,
            from: 0.0,
            to: 1.0,
            title: String::new(),
            marks: Vec::new(),
            label: &|_| String::new(),
        },
    };
    frame.draw_columns(root)?;
    let mut y = top;
    for group in rows.chunk_by(|one, other| one.scenario == other.scenario) {
        let height = LANE * group.len() as i32 + GAP;
        root.draw(&PathElement::new(vec![(24, y), (frame.area.right, y)], super::FAINT)).map_err(failed)?;
        write(root, &group[0].scenario, (24, y + GAP / 2 + LANE / 2), begins(style(14, INK)))?;
        for (lane, summary) in group.iter().enumerate() {
            draw_lane(root, &frame, summary, y + GAP / 2 + LANE * lane as i32 + LANE / 2)?;
        }
        y += height;
    }
    Ok(())
}

fn draw_lane(root: &Body<'_>, frame: &Frame<'_>, summary: &Summary, y: i32) -> Result<(), PlotError> {
    let look = look(&summary.algorithm);
    let mark = if words::broken(summary).is_empty() { "" } else { "\u{2717} " };
    let name = format!("{mark}{}", summary.algorithm);
    write(root, &name, (frame.area.left - 10, y), ends(style(13, look.color)))?;
    let failover = &summary.failover;
    let column = |span: Option<Span>| span.map(|span| frame.column(span.in_millis()));
    if let Some((from, to)) = column(failover.min()).zip(column(failover.longest_that_came())) {
        root.draw(&PathElement::new(vec![(from, y), (to, y)], look.color.stroke_width(2))).map_err(failed)?;
    }
    if let Some(x) = column(failover.per_mille(990)) {
        let stroke = PathElement::new(vec![(x, y - 6), (x, y + 6)], look.color.stroke_width(2));
        root.draw(&stroke).map_err(failed)?;
    }
    if let Some(x) = column(failover.per_mille(500)) {
        look.mark(root, (x, y), 4)?;
    }
    if failover.never() > 0 {
        write(root, "\u{221e}", (frame.area.right + 8, y), begins(style(18, look.color)))?;
    }
    Ok(())
}
