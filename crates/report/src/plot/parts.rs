//! The parts of a failover, one after the other: detection, election, discovery, and what is left to the first write.

use super::axes::{Area, Axis, Frame};
use super::ecdf::{caption, whole_number};
use super::scale::Scale;
use super::{Body, INK, PlotError, SOFT, around, begins, drawn, ends, failed, style, title, write};
use crate::words;
use interregnum_campaign::InMillis as _;
use interregnum_campaign::{Distribution, Summary};
use interregnum_kernel::Span;
use interregnum_scenario::Scenario;
use plotters::prelude::*;

const WIDTH: i32 = 1180;
/// Where the bars begin and end; beside them are names and figures.
const BARS: (i32, i32) = (150, 830);
/// The height of an algorithm's row, and of its bar.
const LANE: i32 = 44;
const BAR: i32 = 24;

/// One part, and how it is drawn. The colours are of Okabe and Ito's, light and dark in turn, so that neighbours are told
/// apart without colours too.
struct Part {
    name: &'static str,
    color: RGBColor,
    /// What is written on it.
    ink: RGBColor,
    of: fn(&Summary) -> &Distribution,
}

const PARTS: [Part; 4] = [
    Part { name: "detect", color: RGBColor(0, 114, 178), ink: WHITE, of: |one| &one.detection },
    Part { name: "elect", color: RGBColor(230, 159, 0), ink: INK, of: |one| &one.election },
    Part { name: "discover", color: RGBColor(0, 110, 80), ink: WHITE, of: |one| &one.discovery },
    Part { name: "first write", color: RGBColor(190, 190, 190), ink: INK, of: |one| &one.first_write },
];

/// The medians of a failover's parts as a stacked bar per algorithm, with the median of the whole beside them. A part
/// that never came in half of the failovers ends its bar in an open piece. `None` if no run needed a failover.
///
/// # Errors
/// If the drawing library fails.
pub fn failover_parts(scenario: &Scenario, summaries: &[&Summary]) -> Result<Option<String>, PlotError> {
    let mut shown: Vec<&Summary> = summaries.iter().copied().filter(|one| !one.failover.is_empty()).collect();
    if shown.is_empty() {
        return Ok(None);
    }
    shown.sort_by_key(|one| one.failover.per_mille(500).map_or((true, None), |median| (false, Some(median))));
    // Where clients know every leader at once, discovery is no part.
    let discovering = shown.iter().any(|one| one.discovering);
    let parts: Vec<&Part> = PARTS.iter().filter(|part| discovering || part.name != "discover").collect();
    let mut lines = caption(scenario, summaries);
    lines.push(
        "bars: the medians of the parts in turn; upright stroke: the median of the whole, which need not be their sum; \
         \u{221e}: half of the failovers or more never came so far"
            .to_owned(),
    );
    let lanes = LANE * shown.len() as i32;
    let height = 62 + 18 * lines.len() as i32 + 40 + lanes + 66;
    drawn((WIDTH as u32, height as u32), |root| {
        let top = title(root, &format!("Parts of a failover: {}", scenario.name), &lines)?;
        draw_legend(root, top + 12, &parts)?;
        draw_bars(root, (top + 36, top + 36 + lanes), &shown, &parts)
    })
}

fn draw_legend(root: &Body<'_>, y: i32, parts: &[&Part]) -> Result<(), PlotError> {
    let mut x = BARS.0;
    for part in parts {
        fill(root, (x, x + 16), (y - 8, y + 8), part.color)?;
        write(root, part.name, (x + 24, y), begins(style(14, INK)))?;
        x += 60 + 8 * part.name.len() as i32;
    }
    Ok(())
}

fn draw_bars(
    root: &Body<'_>,
    (top, bottom): (i32, i32),
    shown: &[&Summary],
    parts: &[&Part],
) -> Result<(), PlotError> {
    let whole = shown.iter().filter_map(|one| one.failover.per_mille(500)).max().map(Span::in_millis);
    let sums = shown.iter().map(|one| medians(one, parts).into_iter().flatten().sum::<f64>());
    let longest = sums.fold(whole.unwrap_or_default(), f64::max).max(1.0);
    let nothing = |_: f64| String::new();
    let frame = Frame {
        area: Area { left: BARS.0, top, right: BARS.1, bottom },
        x: Axis {
            scale: Scale::Linear,
            from: 0.0,
            to: longest * 1.06,
            title: "ms since the leader was lost".to_owned(),
            marks: Vec::new(),
            label: &whole_number,
        },
        y: Axis {
            scale: Scale::Linear,
            from: 0.0,
            to: 1.0,
            title: String::new(),
            marks: Vec::new(),
            label: &nothing,
        },
    };
    frame.draw_columns(root)?;
    for (lane, summary) in shown.iter().enumerate() {
        draw_row(root, &frame, summary, parts, top + LANE * lane as i32 + LANE / 2)?;
    }
    Ok(())
}

/// The medians of the parts, up to the first that half of the failovers or more did not reach.
fn medians(summary: &Summary, parts: &[&Part]) -> Vec<Option<f64>> {
    let mut medians = Vec::new();
    for part in parts {
        let median = (part.of)(summary).per_mille(500).map(Span::in_millis);
        medians.push(median);
        if median.is_none() {
            break;
        }
    }
    medians
}

fn draw_row(
    root: &Body<'_>,
    frame: &Frame<'_>,
    summary: &Summary,
    parts: &[&Part],
    y: i32,
) -> Result<(), PlotError> {
    let (upper, lower) = (y - BAR / 2, y + BAR / 2);
    let mark = if words::broken(summary).is_empty() { "" } else { "\u{2717} " };
    write(root, &format!("{mark}{}", summary.algorithm), (BARS.0 - 10, y), ends(style(14, INK)))?;
    let medians = medians(summary, parts);
    let mut from = 0.0;
    for (part, median) in parts.iter().zip(&medians) {
        let left = frame.column(from);
        let Some(median) = median else {
            // Open to the right: nobody knows how long it would have been.
            let open = vec![(BARS.1, upper), (left, upper), (left, lower), (BARS.1, lower)];
            root.draw(&PathElement::new(open, part.color.stroke_width(2))).map_err(failed)?;
            let text = format!("{}: \u{221e}", part.name);
            write(root, &text, ((left + BARS.1) / 2, y), around(style(13, INK)))?;
            break;
        };
        from += median;
        let right = frame.column(from);
        fill(root, (left, right), (upper, lower), part.color)?;
        let text = whole_number(*median);
        if right - left > 8 * text.len() as i32 + 8 {
            write(root, &text, ((left + right) / 2, y), around(style(12, part.ink)))?;
        }
    }
    if let Some(whole) = summary.failover.per_mille(500) {
        let x = frame.column(whole.in_millis());
        let stroke = PathElement::new(vec![(x, upper - 5), (x, lower + 5)], BLACK.stroke_width(2));
        root.draw(&stroke).map_err(failed)?;
    }
    write(root, &in_words(summary, parts, &medians), (BARS.1 + 22, y - 8), begins(style(12, SOFT)))?;
    write(root, &whole(summary), (BARS.1 + 22, y + 8), begins(style(12, INK)))
}

/// A filled rectangle; nothing where it has no width.
fn fill(
    root: &Body<'_>,
    (left, right): (i32, i32),
    (upper, lower): (i32, i32),
    color: RGBColor,
) -> Result<(), PlotError> {
    if right <= left {
        return Ok(());
    }
    root.draw(&Rectangle::new([(left, upper), (right, lower)], color.filled())).map_err(failed)
}

/// The medians in words: what is too thin to see has its figure all the same.
fn in_words(summary: &Summary, parts: &[&Part], medians: &[Option<f64>]) -> String {
    let figure = |(part, median): (&&Part, &Option<f64>)| match median {
        Some(ms) => format!("{} {}", part.name, whole_number(*ms)),
        None => format!("{} never in {} of {}", part.name, (part.of)(summary).never(), all(summary)),
    };
    parts.iter().zip(medians).map(figure).collect::<Vec<_>>().join(", ")
}

fn whole(summary: &Summary) -> String {
    let failover = &summary.failover;
    let median =
        failover.per_mille(500).map_or("never".to_owned(), |span| format!("{:.0} ms", span.in_millis()));
    let never = match failover.never() {
        0 => String::new(),
        count => format!(", {count} never came"),
    };
    format!("whole: p50 {median}, n = {}{never}", all(summary))
}

fn all(summary: &Summary) -> u64 {
    summary.failover.count() + summary.failover.never()
}
