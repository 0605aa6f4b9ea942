//! How much of each disturbance one recipe bears: what was measured, beside what is said.

use super::palette::look;
use super::{Body, FAINT, INK, PlotError, SOFT, begins, drawn, ends, failed, stroke, style, title, write};
use crate::margins::Measured;
use interregnum_campaign::margins::{Margin, Strain};
use plotters::prelude::*;

const WIDTH: u32 = 860;
const LEFT: i32 = 210;
const RIGHT: i32 = 700;
/// The height of one strain's panel, and of a line in it.
const PANEL: i32 = 104;
const LINE: i32 = 24;

/// A panel for each strain: a bar up to where exclusion breaks, and marks for what the timers and the documentation say.
/// `None` if nothing was measured.
///
/// # Errors
/// If the drawing library fails.
pub fn margins(of_one: &[Margin], measured: Measured) -> Result<Option<String>, PlotError> {
    let Some(first) = of_one.first() else { return Ok(None) };
    let caption = [
        format!("{measured}; simulator"),
        "bar: doses that were borne by every seed; its end: the smallest dose that broke exclusion"
            .to_owned(),
    ];
    let height = 110 + PANEL * of_one.len() as i32;
    drawn((WIDTH, height as u32), |root| {
        let mut top = title(root, &format!("{}: how much is borne", first.algorithm), &caption)? + 8;
        for margin in of_one {
            panel(root, margin, top)?;
            top += PANEL;
        }
        Ok(())
    })
}

/// What the strain does, in words.
const fn heading(strain: Strain) -> &'static str {
    match strain {
        Strain::SlowClock => "holder's clocks slow, cut from the service",
        Strain::Freeze => "holder's machine frozen",
        Strain::Pause => "holder's process paused in a write, no fencing",
    }
}

fn panel(root: &Body<'_>, margin: &Margin, top: i32) -> Result<(), PlotError> {
    let measured = margin.breaks_at.unwrap_or(margin.most);
    let said = margin.derived.into_iter().chain(margin.documented);
    let most = said.chain([measured]).max().unwrap_or(1).max(1);
    let column =
        |dose: u64| LEFT + ((RIGHT - LEFT) as f64 * dose as f64 / (most as f64 * 1.05)).round() as i32;
    stroke(root, (24, top), (WIDTH as i32 - 24, top), FAINT)?;
    write(root, heading(margin.strain), (24, top + 16), begins(style(14, INK)))?;
    let row = |line: i32| top + 38 + LINE * line;
    let dose = |amount: u64| margin.strain.dose(amount);
    stroke(root, (LEFT, top + 26), (LEFT, top + PANEL - 8), SOFT)?;

    let color = look(margin.algorithm).color;
    write(root, "measured", (LEFT - 10, row(0)), ends(style(13, INK)))?;
    let end = column(measured);
    root.draw(&Rectangle::new([(LEFT, row(0) - 7), (end.max(LEFT + 1), row(0) + 7)], color.filled()))
        .map_err(failed)?;
    let said = match margin.breaks_at {
        Some(0) => "breaks without it".to_owned(),
        Some(dose_at) => format!("breaks at {}", dose(dose_at)),
        None => format!("not broken by {}", dose(margin.most)),
    };
    write(root, &said, (end + 8, row(0)), begins(style(13, INK)))?;
    mark(root, "from the timers", margin.derived, row(1), &column, &dose)?;
    mark(root, "documented", margin.documented, row(2), &column, &dose)
}

/// What somebody says is borne: an upright stroke, or a dash where nothing is said.
fn mark(
    root: &Body<'_>,
    name: &str,
    amount: Option<u64>,
    y: i32,
    column: &dyn Fn(u64) -> i32,
    dose: &dyn Fn(u64) -> String,
) -> Result<(), PlotError> {
    write(root, name, (LEFT - 10, y), ends(style(13, INK)))?;
    let Some(amount) = amount else {
        return write(root, "nothing is said", (LEFT + 8, y), begins(style(13, SOFT)));
    };
    let x = column(amount);
    root.draw(&PathElement::new(vec![(LEFT, y), (x, y)], SOFT.stroke_width(1))).map_err(failed)?;
    root.draw(&PathElement::new(vec![(x, y - 7), (x, y + 7)], INK.stroke_width(2))).map_err(failed)?;
    write(root, &dose(amount), (x + 8, y), begins(style(13, INK)))
}
