//! What elections cost, and how long failovers take, by the cluster's size.

use super::axes::{Area, Axis, Frame, label_ends};
use super::ecdf::{faults_line, whole_number};
use super::palette::look;
use super::scale::Scale;
use super::{Body, FAINT, PlotError, SOFT, around, drawn, failed, stroke, style, title, write};
use crate::json::messages_per_election;
use interregnum_campaign::InMillis as _;
use interregnum_campaign::Summary;
use interregnum_scenario::Scenario;
use plotters::prelude::*;

const SIZE: (u32, u32) = (1000, 620);
/// Where the names of the lines begin.
const NAMES: i32 = 850;

/// One scenario, run by every algorithm in clusters of several sizes.
#[derive(Clone, Copy, Debug)]
pub struct Scaling<'a> {
    /// The scenario; its own size does not matter.
    pub scenario: &'a Scenario,
    /// What runs one of the sizes again.
    pub command: &'a str,
    /// A summary per size and algorithm, in any order.
    pub summaries: &'a [Summary],
}

/// The messages of elections per established leader against the cluster's size, both axes logarithmic, so that powers
/// of the size are straight lines. `None` if no leader was ever established, or no kind of message is sent for elections alone.
///
/// # Errors
/// If the drawing library fails.
pub fn messages_by_size(scaling: &Scaling<'_>) -> Result<Option<String>, PlotError> {
    let lines =
        lines(scaling, |summary| messages_per_election(summary).map(|middle| Value { middle, reach: None }));
    let Some((least, greatest)) = range(&lines) else { return Ok(None) };
    let counts = |one: &Summary| one.election_messages.is_some();
    let leaderless = lacking(scaling, "no leader was established", |one| counts(one) && one.elections == 0);
    let uncounted = lacking(scaling, "no kind of message is sent for elections alone", |one| !counts(one));
    let meaning = "messages of the kinds that belong to elections, all that were sent in a run, divided by the leaders \
                   established in it";
    let caption = caption(scaling, meaning, leaderless.into_iter().chain(uncounted));
    drawn(SIZE, |root| {
        let top = title(root, "Messages per election by cluster size", &caption)?;
        let y_range = (Scale::Log, least * 0.7, greatest * 1.4);
        let frame = frame(scaling, top, y_range, "messages per established leader, logarithmic");
        frame.draw(root)?;
        draw_guides(root, &frame, scaling)?;
        draw_lines(root, &frame, &lines)
    })
}

/// The median failover time against the cluster's size, with the 95th percentile above it. `None` if no failover came.
///
/// # Errors
/// If the drawing library fails.
pub fn failover_by_size(scaling: &Scaling<'_>) -> Result<Option<String>, PlotError> {
    let lines = lines(scaling, |summary| {
        let ms = |per_mille| summary.failover.per_mille(per_mille).map(|span| span.in_millis());
        Some(Value { middle: ms(500)?, reach: Some(ms(950).unwrap_or(f64::INFINITY)) })
    });
    let Some((least, greatest)) = range(&lines) else { return Ok(None) };
    let never = |one: &Summary| one.failover.per_mille(500).is_none();
    let lacking = lacking(scaling, "the median failover never came, or none was needed", never);
    let meaning = "line: median; whisker: up to the 95th percentile, to the upper edge where that never came";
    let caption = caption(scaling, meaning, lacking);
    drawn(SIZE, |root| {
        let top = title(root, "Failover time by cluster size", &caption)?;
        let scale = Scale::for_range(least, greatest);
        let (from, to) = match scale {
            Scale::Linear => (0.0, greatest * 1.08),
            Scale::Log => (least * 0.8, greatest * 1.2),
        };
        let frame = frame(scaling, top, (scale, from, to), &format!("failover time, ms{}", scale.in_words()));
        frame.draw(root)?;
        draw_lines(root, &frame, &lines)
    })
}

/// What is drawn at one size.
#[derive(Clone, Copy, Debug)]
struct Value {
    /// Where the line goes through.
    middle: f64,
    /// How far the whisker reaches, if there is one; infinite to the upper edge.
    reach: Option<f64>,
}

/// The values of one algorithm, by ascending size.
struct Line {
    algorithm: String,
    /// A size without a value breaks the line.
    points: Vec<(u8, Option<Value>)>,
}

impl Line {
    /// Where the line ends.
    fn last(&self) -> Option<(f64, f64)> {
        self.points.iter().rev().find_map(|(nodes, value)| Some((f64::from(*nodes), value.as_ref()?.middle)))
    }
}

fn lines(scaling: &Scaling<'_>, value: impl Fn(&Summary) -> Option<Value>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut by_size: Vec<&Summary> = scaling.summaries.iter().collect();
    by_size.sort_by_key(|one| one.nodes);
    for summary in by_size {
        let point = (summary.nodes, value(summary));
        match lines.iter_mut().find(|line| line.algorithm == summary.algorithm) {
            Some(line) => line.points.push(point),
            None => lines.push(Line { algorithm: summary.algorithm.clone(), points: vec![point] }),
        }
    }
    lines
}

/// The least and the greatest of all values and whiskers.
fn range(lines: &[Line]) -> Option<(f64, f64)> {
    let points = lines.iter().flat_map(|line| &line.points).filter_map(|(_, value)| *value);
    let values = points.flat_map(|value| [value.middle, value.reach.unwrap_or(value.middle)]);
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let least = values.iter().copied().reduce(f64::min)?.max(1.0);
    Some((least, values.iter().copied().reduce(f64::max)?.max(least * 1.5)))
}

fn caption(scaling: &Scaling<'_>, meaning: &str, lacking: impl IntoIterator<Item = String>) -> Vec<String> {
    let scenario = scaling.scenario;
    let seeds = scaling.summaries.first().map(|one| one.seeds);
    let seeds =
        seeds.map(|seeds| format!("n = {} runs per point from seed {:#x} on", seeds.count, seeds.first));
    let engine = scaling.summaries.first().map(|one| one.engine).unwrap_or_default();
    let mut lines = vec![
        format!("{}: {}", scenario.name, faults_line(scenario)),
        format!("profile {}; {}; {}", scenario.profile, seeds.unwrap_or_default(), engine.title()),
        meaning.to_owned(),
        format!("again: {}", scaling.command),
    ];
    lines.extend(lacking);
    lines
}

/// Who has no value at which sizes, in words.
fn lacking(scaling: &Scaling<'_>, what: &str, lacks: impl Fn(&Summary) -> bool) -> Option<String> {
    let mut who: Vec<(&str, Vec<String>)> = Vec::new();
    for summary in scaling.summaries.iter().filter(|one| lacks(one)) {
        match who.iter_mut().find(|(name, _)| *name == summary.algorithm) {
            Some((_, sizes)) => sizes.push(summary.nodes.to_string()),
            None => who.push((&summary.algorithm, vec![summary.nodes.to_string()])),
        }
    }
    let who: Vec<String> =
        who.iter().map(|(name, sizes)| format!("{name} at {}", sizes.join(", "))).collect();
    (!who.is_empty()).then(|| format!("{what}: {}", who.join("; ")))
}

fn frame<'a>(
    scaling: &Scaling<'_>,
    top: i32,
    (scale, from, to): (Scale, f64, f64),
    title: &str,
) -> Frame<'a> {
    let mut sizes: Vec<f64> = scaling.summaries.iter().map(|one| f64::from(one.nodes)).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let (first, last) = (sizes.first().copied().unwrap_or(1.0), sizes.last().copied().unwrap_or(64.0));
    Frame {
        area: Area { left: 84, top: top + 8, right: NAMES - 34, bottom: SIZE.1 as i32 - 62 },
        x: Axis {
            scale: Scale::Log,
            from: first * 0.92,
            to: last.max(first * 1.1) * 1.08,
            title: "nodes in the cluster, logarithmic".to_owned(),
            marks: sizes,
            label: &whole_number,
        },
        y: Axis { scale, from, to, title: title.to_owned(), marks: Vec::new(), label: &whole_number },
    }
}

fn draw_lines(root: &Body<'_>, frame: &Frame<'_>, lines: &[Line]) -> Result<(), PlotError> {
    let mut labels = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let look = look(&line.algorithm);
        // Whiskers of the same size stand beside each other.
        let aside = 4 * index as i32 - 2 * (lines.len() as i32 - 1);
        for (nodes, value) in &line.points {
            let Some(Value { middle, reach: Some(reach) }) = value else { continue };
            let (x, y) = frame.at((f64::from(*nodes), *middle));
            let end = if reach.is_finite() { frame.row(*reach) } else { frame.area.top };
            stroke(root, (x + aside, y), (x + aside, end), look.color)?;
            stroke(root, (x + aside - 3, end), (x + aside + 3, end), look.color)?;
        }
        for piece in line.points.split(|(_, value)| value.is_none()) {
            let points =
                piece.iter().filter_map(|(nodes, value)| Some((f64::from(*nodes), (*value)?.middle)));
            let pixels: Vec<(i32, i32)> = points.map(|point| frame.at(point)).collect();
            look.line(root, pixels.clone(), 2)?;
            pixels.iter().try_for_each(|pixel| look.mark(root, *pixel, 5))?;
        }
        labels.extend(line.last().map(|last| (frame.at(last), line.algorithm.clone(), look.color)));
    }
    label_ends(root, NAMES, (frame.area.top, frame.area.bottom), labels)
}

/// Straight lines for costs that grow with the size and with its square, to hold the curves against.
fn draw_guides(root: &Body<'_>, frame: &Frame<'_>, scaling: &Scaling<'_>) -> Result<(), PlotError> {
    let sizes = || scaling.summaries.iter().map(|one| f64::from(one.nodes));
    let (Some(first), Some(last)) = (sizes().reduce(f64::min), sizes().reduce(f64::max)) else {
        return Ok(());
    };
    for (power, name) in [(1, "\u{221d} n"), (2, "\u{221d} n\u{b2}")] {
        let base = frame.y.from * 1.1;
        // Until the size at which it leaves the plot.
        let reached = first * (frame.y.to / base).powf(1.0 / f64::from(power));
        let end = last.min(reached * 0.97);
        let from = frame.at((first, base));
        let to = frame.at((end, base * (end / first).powi(power)));
        let line = PathElement::new(vec![from, to], FAINT.mix(1.0).stroke_width(3));
        root.draw(&line).map_err(failed)?;
        // Far out, where the algorithms' lines have parted: they are drawn over the guide and over its name.
        let (x, y) = (from.0 + (to.0 - from.0) * 9 / 10, from.1 + (to.1 - from.1) * 9 / 10);
        let room = Rectangle::new([(x - 18, y - 9), (x + 18, y + 9)], WHITE.filled());
        root.draw(&room).map_err(failed)?;
        write(root, name, (x, y), around(style(13, SOFT)))?;
    }
    Ok(())
}
