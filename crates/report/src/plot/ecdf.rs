//! The failover times of one scenario, as a cumulative distribution.

use super::axes::{Area, Axis, Frame};
use super::palette::look;
use super::scale::Scale;
use super::{Body, INK, PlotError, begins, drawn, style, title, write};
use crate::words;
use interregnum_campaign::InMillis as _;
use interregnum_campaign::{Distribution, Summary};
use interregnum_scenario::Scenario;
use interregnum_world::When;

const SIZE: (u32, u32) = (1180, 600);
/// The width of the list at the right.
const LIST: i32 = 390;

/// The failover times of one scenario as a cumulative distribution, a curve per algorithm. Failovers that never came
/// keep their curve below one. `None` if no run needed a failover.
///
/// # Errors
/// If the drawing library fails.
pub fn failover_ecdf(scenario: &Scenario, summaries: &[&Summary]) -> Result<Option<String>, PlotError> {
    let mut shown: Vec<&Summary> = summaries.iter().copied().filter(|one| !one.failover.is_empty()).collect();
    if shown.is_empty() {
        return Ok(None);
    }
    // The list names the fastest first, as the curves stand from left to right; none at all is slower than any.
    shown.sort_by_key(|one| one.failover.per_mille(500).map_or((true, None), |median| (false, Some(median))));
    drawn(SIZE, |root| {
        let top = title(root, &format!("Failover time: {}", scenario.name), &caption(scenario, summaries))?;
        draw_curves(root, top, &shown, scenario)?;
        draw_list(root, top, &shown)
    })
}

/// What was run, and what broke.
pub(super) fn caption(scenario: &Scenario, summaries: &[&Summary]) -> Vec<String> {
    let mut lines = vec![faults_line(scenario)];
    if let Some(first) = summaries.first() {
        let last = first.seeds.first.wrapping_add(first.seeds.count.saturating_sub(1));
        lines.push(format!(
            "profile {}, {} nodes; seeds {} to {last} ({} runs, each with as many failovers as it needed), {}; 0 ms: the leader lost its quorum",
            scenario.profile,
            scenario.setting.nodes,
            first.seeds.first,
            first.seeds.count,
            first.engine.title()
        ));
    }
    let broken: Vec<&str> = summaries.iter().flat_map(|one| words::broken(one)).collect();
    let named = summaries.first().into_iter().flat_map(|first| &first.invariants);
    let named: Vec<String> = named
        .filter(|one| broken.contains(&one.code))
        .map(|one| format!("{} {}", one.code, one.name))
        .collect();
    if !named.is_empty() {
        lines.push(format!("\u{2717}: broke in some of the runs; {}", named.join(", ")));
    }
    lines
}

/// When faults are injected, and when all is healed.
pub(super) fn faults_line(scenario: &Scenario) -> String {
    let setting = &scenario.setting;
    let mut times: Vec<String> = Vec::new();
    for fault in &setting.plan.faults {
        let lasts = fault.lasts.map(|span| format!(" for {span}")).unwrap_or_default();
        let when = match &fault.when {
            When::At(at) => format!("at {at}"),
            When::Upon(_) => "by trigger".to_owned(),
        };
        times.push(format!("{} {when}{lasts}", fault.lever.name()));
    }
    if setting.nemesis.is_some() {
        times.push("random faults".to_owned());
    }
    let shown = 4;
    let more = times.len().saturating_sub(shown);
    times.truncate(shown);
    let mut line = if times.is_empty() { "no fault".to_owned() } else { times.join(", ") };
    if more > 0 {
        line += &format!(", and {more} more");
    }
    match setting.heal {
        Some(heal) => line + &format!("; healed at {heal}; ends at {}", setting.horizon),
        None => line + &format!("; never healed; ends at {}", setting.horizon),
    }
}

fn draw_curves(root: &Body<'_>, top: i32, shown: &[&Summary], scenario: &Scenario) -> Result<(), PlotError> {
    // Where no failover came there is no longest, and the curves run flat to the end of the scenario.
    let came = shown.iter().filter_map(|one| one.failover.longest_that_came()).max();
    let longest = came.unwrap_or(scenario.setting.horizon).in_millis().max(1.0);
    let least = shown.iter().filter_map(|one| one.failover.min()).min().unwrap_or_default().in_millis();
    // One scale serves one algorithm; several may be worlds apart.
    let scale = if shown.len() > 1 { Scale::for_range(least, longest) } else { Scale::Linear };
    let (from, to) = match scale {
        Scale::Linear => (0.0, longest * 1.04),
        Scale::Log => (least.max(1.0) * 0.85, longest * 1.1),
    };
    let across = format!(
        "failover time, ms{} (leader lost to the successor's first commit or accepted write)",
        scale.in_words()
    );
    let frame = Frame {
        area: Area { left: 76, top: top + 8, right: SIZE.0 as i32 - LIST - 14, bottom: SIZE.1 as i32 - 62 },
        x: Axis { scale, from, to, title: across, marks: Vec::new(), label: &whole_number },
        y: Axis {
            scale: Scale::Linear,
            from: 0.0,
            to: 1.0,
            title: "fraction of failovers".to_owned(),
            marks: Vec::new(),
            label: &|fraction| format!("{fraction:.1}"),
        },
    };
    frame.draw(root)?;
    for summary in shown.iter().rev() {
        let points = staircase(&summary.failover, from, to);
        look(&summary.algorithm).line(root, points.into_iter().map(|point| frame.at(point)).collect(), 2)?;
    }
    Ok(())
}

pub(super) fn whole_number(value: f64) -> String {
    format!("{value:.0}")
}

/// A distribution's steps as a line: across, then up.
fn staircase(distribution: &Distribution, left: f64, right: f64) -> Vec<(f64, f64)> {
    let mut points = vec![(left, 0.0)];
    let mut height = 0.0;
    for (span, fraction) in distribution.steps() {
        let x = span.in_millis().max(left);
        points.push((x, height));
        points.push((x, fraction));
        height = fraction;
    }
    points.push((right, height));
    points
}

/// Names and figures, the fastest first.
fn draw_list(root: &Body<'_>, top: i32, shown: &[&Summary]) -> Result<(), PlotError> {
    let left = SIZE.0 as i32 - LIST + 14;
    let height = (SIZE.1 as i32 - top - 70) / shown.len() as i32;
    let height = height.min(46);
    for (index, summary) in shown.iter().enumerate() {
        let y = top + 18 + height * index as i32;
        let look = look(&summary.algorithm);
        look.line(root, vec![(left, y), (left + 34, y)], 3)?;
        let broken = words::broken(summary);
        let name = match broken.as_slice() {
            [] => summary.algorithm.clone(),
            broken => format!("{}  \u{2717} {}", summary.algorithm, broken.join(" ")),
        };
        write(root, &name, (left + 44, y), begins(style(14, look.color)))?;
        write(root, &figures(summary), (left + 44, y + 16), begins(style(12, INK)))?;
    }
    Ok(())
}

fn figures(summary: &Summary) -> String {
    let failover = &summary.failover;
    let ms = |per_mille| match failover.per_mille(per_mille) {
        Some(span) => format!("{:.0} ms", span.in_millis()),
        None => "never".to_owned(),
    };
    let never = match failover.never() {
        0 => String::new(),
        count => format!(", {count} never came"),
    };
    let all = failover.count() + failover.never();
    format!("n = {all}, p50 {}, p99 {}{never}", ms(500), ms(990))
}
