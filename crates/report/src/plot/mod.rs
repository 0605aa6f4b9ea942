//! Plots as SVG: the cumulative distribution of failover times for one scenario and the parts that they are made of, an
//! overview of all, and what elections cost by the cluster's size.

mod axes;
mod ecdf;
mod margins;
mod overview;
mod palette;
mod parts;
mod scale;
mod scaling;

pub use ecdf::failover_ecdf;
pub use margins::margins;
pub use overview::overview;
pub use parts::failover_parts;
pub use scaling::{Scaling, failover_by_size, messages_by_size};

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::fmt;

const INK: RGBColor = RGBColor(40, 40, 40);
const SOFT: RGBColor = RGBColor(90, 90, 90);
const FAINT: RGBColor = RGBColor(225, 225, 225);
const FONT: &str = "sans-serif";

/// What is drawn on, in pixels.
type Body<'a> = DrawingArea<SVGBackend<'a>, Shift>;

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

/// Text that begins at its point, in the middle of its height.
fn begins(style: TextStyle<'_>) -> TextStyle<'_> {
    style.pos(Pos::new(HPos::Left, VPos::Center))
}

/// Text that ends at its point, in the middle of its height.
fn ends(style: TextStyle<'_>) -> TextStyle<'_> {
    style.pos(Pos::new(HPos::Right, VPos::Center))
}

/// Text around its point.
fn around(style: TextStyle<'_>) -> TextStyle<'_> {
    style.pos(Pos::new(HPos::Center, VPos::Center))
}

fn write(on: &Body<'_>, text: &str, at: (i32, i32), style: TextStyle<'_>) -> Result<(), PlotError> {
    on.draw(&Text::new(text.to_owned(), at, style)).map_err(failed)
}

fn stroke(on: &Body<'_>, from: (i32, i32), to: (i32, i32), color: RGBColor) -> Result<(), PlotError> {
    on.draw(&PathElement::new(vec![from, to], color)).map_err(failed)
}

/// Writes a heading and a caption, and gives back where what is below them begins.
fn title(on: &Body<'_>, heading: &str, caption: &[String]) -> Result<i32, PlotError> {
    write(on, heading, (24, 28), begins(style(24, INK)))?;
    for (line, text) in caption.iter().enumerate() {
        write(on, text, (24, 57 + 18 * line as i32), begins(style(14, SOFT)))?;
    }
    Ok(62 + 18 * caption.len() as i32)
}

/// A plot of this size: white, with what the closure draws.
fn drawn(
    size: (u32, u32),
    draw: impl FnOnce(&Body<'_>) -> Result<(), PlotError>,
) -> Result<Option<String>, PlotError> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        draw(&root)?;
        root.present().map_err(failed)?;
    }
    Ok(Some(text))
}
