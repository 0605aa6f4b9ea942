//! Plots as SVG: the cumulative distribution of failover times for one scenario, and an overview of all.

use interregnum_campaign::InMillis as _;
use interregnum_campaign::{Distribution, Summary};
use interregnum_kernel::Span;
use interregnum_scenario::Scenario;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::fmt;

/// Okabe and Ito's colours, which colour-blind readers tell apart.
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(60, 60, 60),
];

const INK: RGBColor = RGBColor(40, 40, 40);
const FAINT: RGBColor = RGBColor(225, 225, 225);
const FONT: &str = "sans-serif";

/// A plot that could not be drawn.
#[derive(Debug)]
pub struct PlotError(String);

impl fmt::Display for PlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the plot cannot be drawn: {}", self.0)
    }
}

impl std::error::Error for PlotError {}

fn failed(error: impl fmt::Display) -> PlotError {
    PlotError(error.to_string())
}

fn style(size: u32, color: RGBColor) -> TextStyle<'static> {
    TextStyle { color: color.to_backend_color(), ..TextStyle::from((FONT, size).into_font()) }
}

fn color(index: usize) -> RGBColor {
    COLORS[index % COLORS.len()]
}

/// The failover times of one scenario as a cumulative distribution, a curve per algorithm. Failovers that never came
/// keep their curve below one. `None` if no run needed a failover.
///
/// # Errors
/// If the drawing library fails.
pub fn failover_ecdf(scenario: &Scenario, summaries: &[&Summary]) -> Result<Option<String>, PlotError> {
    let with_failovers: Vec<&Summary> =
        summaries.iter().copied().filter(|summary| !summary.failover.is_empty()).collect();
    if with_failovers.is_empty() {
        return Ok(None);
    }
    // Where no failover came there is no longest, and the curves run flat to the end of the scenario.
    let came = with_failovers.iter().filter_map(|one| longest(&one.failover));
    let longest = came.reduce(f64::max).unwrap_or(scenario.setting.horizon.in_millis()).max(1.0);
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (960, 600)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let body = title(&root, &format!("Failover time: {}", scenario.name), &caption(scenario, summaries))?;
        draw_curves(&body, &with_failovers, longest * 1.06)?;
        root.present().map_err(failed)?;
    }
    Ok(Some(text))
}

/// The longest failover that came, in milliseconds.
fn longest(distribution: &Distribution) -> Option<f64> {
    distribution.steps().last().map(|(span, _)| span.in_millis())
}

/// Draws a title and a caption, and gives back what is left below them.
fn title<'a>(
    root: &DrawingArea<SVGBackend<'a>, Shift>,
    heading: &str,
    caption: &[String],
) -> Result<DrawingArea<SVGBackend<'a>, Shift>, PlotError> {
    root.draw(&Text::new(heading.to_owned(), (24, 18), style(24, INK))).map_err(failed)?;
    for (line, text) in caption.iter().enumerate() {
        let y = 50 + 18 * line as i32;
        root.draw(&Text::new(text.clone(), (24, y), style(14, RGBColor(90, 90, 90)))).map_err(failed)?;
    }
    let (_, body) = root.split_vertically(58 + 18 * caption.len() as u32);
    Ok(body)
}

fn caption(scenario: &Scenario, summaries: &[&Summary]) -> Vec<String> {
    let mut lines = vec![faults_line(scenario)];
    if let Some(first) = summaries.first() {
        let last = first.seeds.first.wrapping_add(first.seeds.count.saturating_sub(1));
        lines.push(format!(
            "{} nodes, {} profile; seeds {} to {last} ({} runs, each with as many failovers as it needed), simulator; 0 ms: the leader lost its quorum",
            scenario.setting.nodes, scenario.profile, first.seeds.first, first.seeds.count
        ));
    }
    lines
}

/// When faults are injected, and when all is healed.
fn faults_line(scenario: &Scenario) -> String {
    let setting = &scenario.setting;
    let mut times: Vec<String> = Vec::new();
    for fault in &setting.plan.faults {
        let lasts = fault.lasts.map(|span| format!(" for {span}")).unwrap_or_default();
        times.push(format!("{} at {}{lasts}", fault.lever.name(), fault.at));
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

fn draw_curves(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    summaries: &[&Summary],
    right: f64,
) -> Result<(), PlotError> {
    let mut chart = ChartBuilder::on(area)
        .margin_left(14)
        .margin_right(28)
        .margin_bottom(10)
        .margin_top(6)
        .x_label_area_size(48)
        .y_label_area_size(62)
        .build_cartesian_2d(0.0..right, 0.0..1.02)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc("failover time, ms (leader lost to the successor's first commit or accepted write)")
        .y_desc("fraction of failovers")
        .x_labels(11)
        .y_labels(11)
        .x_label_formatter(&|ms| format!("{ms:.0}"))
        .y_label_formatter(&|fraction| format!("{fraction:.1}"))
        .label_style(style(13, INK))
        .axis_desc_style(style(14, INK))
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .draw()
        .map_err(failed)?;
    for (index, summary) in summaries.iter().enumerate() {
        let shade = color(index);
        chart
            .draw_series(LineSeries::new(staircase(&summary.failover, right), shade.stroke_width(2)))
            .map_err(failed)?
            .label(legend(summary))
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], shade.stroke_width(3)));
    }
    // The legend goes where the curves are not: a curve that rises late leaves the upper left free.
    let medians = summaries.iter().filter_map(|one| one.failover.per_mille(500));
    let late = medians.min().is_some_and(|median| median.in_millis() > right / 2.0);
    chart
        .configure_series_labels()
        .position(if late { SeriesLabelPosition::UpperLeft } else { SeriesLabelPosition::LowerRight })
        .background_style(WHITE.mix(0.9))
        .border_style(FAINT)
        .label_font(style(13, INK))
        .margin(10)
        .legend_area_size(30)
        .draw()
        .map_err(failed)
}

/// A distribution's steps as a line: across, then up.
fn staircase(distribution: &Distribution, right: f64) -> Vec<(f64, f64)> {
    let mut points = vec![(0.0, 0.0)];
    let mut height = 0.0;
    for (span, fraction) in distribution.steps() {
        let x = span.in_millis();
        points.push((x, height));
        points.push((x, fraction));
        height = fraction;
    }
    points.push((right, height));
    points
}

fn legend(summary: &Summary) -> String {
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
    format!("{}: n = {all}, p50 {}, p99 {}{never}", summary.algorithm, ms(500), ms(990))
}

/// One line per scenario and algorithm, from the shortest failover to the longest, with median and 99th percentile
/// marked. `None` if no run of any scenario needed a failover.
///
/// # Errors
/// If the drawing library fails.
pub fn overview(summaries: &[Summary]) -> Result<Option<String>, PlotError> {
    let rows: Vec<&Summary> = summaries.iter().filter(|one| !one.failover.is_empty()).collect();
    // Where no failover came the axis needs some end all the same.
    let longest = rows.iter().filter_map(|one| longest(&one.failover)).reduce(f64::max).unwrap_or(1000.0);
    let Some(first) = rows.first() else { return Ok(None) };
    let mut text = String::new();
    {
        let height = 170 + 34 * rows.len() as u32;
        let root = SVGBackend::with_string(&mut text, (960, height)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let seeds =
            format!("{} seeds from {} on for each scenario, simulator", first.seeds.count, first.seeds.first);
        let key =
            "line: shortest to longest; filled dot: median; ring: 99th percentile; \u{221e}: some never came"
                .to_owned();
        let body = title(&root, "Failover time by scenario", &[seeds, key])?;
        let shortest = rows.iter().filter_map(|one| one.failover.min()).min().unwrap_or_default();
        // A logarithmic axis has no zero; a millisecond is less than any election takes.
        draw_rows(&body, &rows, (shortest.in_millis().max(1.0) * 0.8, longest * 1.2))?;
        root.present().map_err(failed)?;
    }
    Ok(Some(text))
}

fn draw_rows(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    rows: &[&Summary],
    (left, right): (f64, f64),
) -> Result<(), PlotError> {
    let count = rows.len();
    let names: Vec<String> =
        rows.iter().map(|one| format!("{} \u{b7} {}", one.scenario, one.algorithm)).collect();
    let mut chart = ChartBuilder::on(area)
        .margin_left(14)
        .margin_right(36)
        .margin_bottom(10)
        .x_label_area_size(46)
        .y_label_area_size(270)
        .build_cartesian_2d(
            (left..right).log_scale().with_key_points(round_numbers(left, right)),
            0.0..count as f64,
        )
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc("failover time, ms (logarithmic)")
        .x_labels(11)
        .x_label_formatter(&|ms| format!("{ms:.0}"))
        .y_labels(0)
        .disable_y_mesh()
        .label_style(style(13, INK))
        .axis_desc_style(style(14, INK))
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .draw()
        .map_err(failed)?;
    let mut algorithms: Vec<&str> = Vec::new();
    for (index, summary) in rows.iter().enumerate() {
        if !algorithms.contains(&summary.algorithm.as_str()) {
            algorithms.push(&summary.algorithm);
        }
        let place = algorithms.iter().position(|name| *name == summary.algorithm).unwrap_or(0);
        let y = count as f64 - index as f64 - 0.5;
        let shade = color(place);
        let ms = |span: Option<Span>| span.map(Span::in_millis);
        let failover = &summary.failover;
        let line = ms(failover.min()).zip(longest(failover));
        chart
            .draw_series(
                line.map(|(from, to)| PathElement::new(vec![(from, y), (to, y)], shade.stroke_width(2))),
            )
            .map_err(failed)?;
        let p50 = ms(failover.per_mille(500)).map(|x| Circle::new((x, y), 5, shade.filled()));
        chart.draw_series(p50).map_err(failed)?;
        let p99 = ms(failover.per_mille(990));
        chart.draw_series(p99.map(|x| Circle::new((x, y), 5, WHITE.filled()))).map_err(failed)?;
        chart.draw_series(p99.map(|x| Circle::new((x, y), 5, shade.stroke_width(2)))).map_err(failed)?;
        if failover.never() > 0 {
            let mark = Text::new("\u{221e}".to_owned(), (right * 0.95, y + 0.25), style(18, shade));
            chart.draw_series([mark]).map_err(failed)?;
        }
        label_row(area, &chart.backend_coord(&(left, y)), &names[index])?;
    }
    Ok(())
}

/// 1, 2 and 5 times the powers of ten in a range: the library's own marks would run into each other.
fn round_numbers(left: f64, right: f64) -> Vec<f64> {
    let decades = 0..20;
    let numbers = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|leading| leading * 10f64.powi(decade)));
    numbers.skip_while(|number| *number < left).take_while(|number| *number <= right).collect()
}

/// Writes a row's name to the left of the axis.
fn label_row(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    at: &(i32, i32),
    name: &str,
) -> Result<(), PlotError> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let right = style(13, INK).pos(Pos::new(HPos::Right, VPos::Center));
    let base = area.get_base_pixel();
    area.draw(&Text::new(name.to_owned(), (at.0 - 10 - base.0, at.1 - base.1), right)).map_err(failed)
}
