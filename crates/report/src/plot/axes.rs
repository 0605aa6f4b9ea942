//! The frame of a plot: two axes, their marks and titles, and where values are on them.

use super::scale::Scale;
use super::{Body, FAINT, INK, PlotError, around, begins, ends, failed, stroke, style, write};
use plotters::prelude::*;

/// The part of a picture, in pixels, that values are drawn in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

/// One axis.
pub(super) struct Axis<'a> {
    pub(super) scale: Scale,
    /// The value at which it begins.
    pub(super) from: f64,
    /// The value at which it ends.
    pub(super) to: f64,
    pub(super) title: String,
    /// The values that are marked; round numbers where none are given.
    pub(super) marks: Vec<f64>,
    /// What is written at a mark.
    pub(super) label: &'a dyn Fn(f64) -> String,
}

impl Axis<'_> {
    /// Where a value is, as a part of the axis.
    fn part(&self, value: f64) -> f64 {
        let (from, to) = (self.scale.place(self.from), self.scale.place(self.to));
        (self.scale.place(value) - from) / (to - from).max(f64::MIN_POSITIVE)
    }

    fn marked(&self) -> Vec<f64> {
        if self.marks.is_empty() { self.scale.marks(self.from, self.to) } else { self.marks.clone() }
    }
}

/// A frame that values are drawn in.
pub(super) struct Frame<'a> {
    pub(super) area: Area,
    pub(super) x: Axis<'a>,
    pub(super) y: Axis<'a>,
}

impl Frame<'_> {
    /// The column of pixels of a value.
    pub(super) fn column(&self, x: f64) -> i32 {
        let width = f64::from(self.area.right - self.area.left);
        self.area.left + (self.x.part(x) * width).round() as i32
    }

    /// The row of pixels of a value.
    pub(super) fn row(&self, y: f64) -> i32 {
        let height = f64::from(self.area.bottom - self.area.top);
        self.area.bottom - (self.y.part(y) * height).round() as i32
    }

    /// The pixel of two values.
    pub(super) fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        (self.column(x), self.row(y))
    }

    /// Draws the axes with their marks, labels and titles.
    pub(super) fn draw(&self, on: &Body<'_>) -> Result<(), PlotError> {
        self.draw_columns(on)?;
        let Area { left, top, right, bottom } = self.area;
        for mark in self.y.marked() {
            let y = self.row(mark);
            stroke(on, (left, y), (right, y), FAINT)?;
            write(on, &(self.y.label)(mark), (left - 8, y), ends(style(13, INK)))?;
        }
        stroke(on, (left, top), (left, bottom), INK)?;
        let font = ("sans-serif", 14).into_font().transform(FontTransform::Rotate270);
        let upright = around(TextStyle { color: INK.to_backend_color(), ..TextStyle::from(font) });
        write(on, &self.y.title, (18, (top + bottom) / 2), upright)
    }

    /// Draws the axis below and its marks only.
    pub(super) fn draw_columns(&self, on: &Body<'_>) -> Result<(), PlotError> {
        let Area { left, top, right, bottom } = self.area;
        for mark in self.x.marked() {
            let x = self.column(mark);
            stroke(on, (x, top), (x, bottom), FAINT)?;
            stroke(on, (x, bottom), (x, bottom + 5), INK)?;
            write(on, &(self.x.label)(mark), (x, bottom + 16), around(style(13, INK)))?;
        }
        stroke(on, (left, bottom), (right, bottom), INK)?;
        write(on, &self.x.title, ((left + right) / 2, bottom + 40), around(style(14, INK)))
    }
}

/// Writes labels beside points at the right end of a plot, apart from each other, with a thin line to what each is of.
pub(super) fn label_ends(
    on: &Body<'_>,
    column: i32,
    (top, bottom): (i32, i32),
    mut labels: Vec<((i32, i32), String, RGBColor)>,
) -> Result<(), PlotError> {
    const APART: i32 = 17;
    labels.sort_by_key(|((_, y), ..)| *y);
    let mut rows: Vec<i32> = labels.iter().map(|((_, y), ..)| *y).collect();
    // Pushed down one after the other, and back up from the bottom.
    for index in 1..rows.len() {
        rows[index] = rows[index].max(rows[index - 1] + APART);
    }
    let mut lowest = bottom;
    for row in rows.iter_mut().rev() {
        *row = (*row).min(lowest).max(top);
        lowest = *row - APART;
    }
    for (((x, y), text, color), row) in labels.into_iter().zip(rows) {
        let line = vec![(x + 6, y), (column - 4, row)];
        on.draw(&PathElement::new(line, color.mix(0.5))).map_err(failed)?;
        write(on, &text, (column, row), begins(style(14, color)))?;
    }
    Ok(())
}
