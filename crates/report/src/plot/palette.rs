//! How an algorithm is drawn: the same in every plot, and told apart without colours too.

use super::failed;
use super::{Body, PlotError};
use interregnum_campaign::catalogue;
use plotters::prelude::*;

/// Okabe and Ito's colours, which colour-blind readers tell apart; the yellow, which is lost on white, left out.
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(60, 60, 60),
];

/// The lengths of dashes and of the gaps between them, in pixels; the first variant of a family is drawn unbroken.
const DASHES: [Option<(u32, u32)>; 4] = [None, Some((9, 4)), Some((3, 3)), Some((14, 7))];

/// The shapes that mark points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    Disc,
    Square,
    Triangle,
    Diamond,
    Ring,
    Cross,
    Wedge,
    Box,
}

const MARKERS: [Marker; 8] = [
    Marker::Disc,
    Marker::Square,
    Marker::Diamond,
    Marker::Triangle,
    Marker::Ring,
    Marker::Wedge,
    Marker::Cross,
    Marker::Box,
];

/// How one algorithm is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The colour of its family.
    pub(super) color: RGBColor,
    dash: Option<(u32, u32)>,
    marker: Marker,
}

/// The family whose members are as different as other families: each has a colour of its own, and they share their dashes.
const RECIPES: &str = "lease";

/// The look of an algorithm: a family, which is the name up to the first hyphen, shares a colour; its variants differ in
/// shade, in dashes and in the marker. Of elections by lease each has its colour, and all are dashed.
pub(super) fn look(algorithm: &str) -> Look {
    let mut names = catalogue().algorithm_names();
    if !names.contains(&algorithm) {
        names.push("");
    }
    let family_of = |name: &str| name.split('-').next().unwrap_or_default().to_owned();
    let mut families: Vec<String> = Vec::new();
    for family in names.iter().map(|name| family_of(name)) {
        if !families.contains(&family) {
            families.push(family);
        }
    }
    let family = families.iter().position(|family| *family == family_of(algorithm)).unwrap_or(families.len());
    let place = names.iter().position(|name| *name == algorithm).unwrap_or(names.len() - 1);
    let variant = names[..place].iter().filter(|name| family_of(name) == family_of(algorithm)).count();
    if family_of(algorithm) == RECIPES {
        let color = COLORS[variant % COLORS.len()];
        return Look { color, dash: DASHES[1], marker: MARKERS[place % MARKERS.len()] };
    }
    Look {
        color: shade(COLORS[family % COLORS.len()], variant),
        dash: DASHES[variant % DASHES.len()],
        marker: MARKERS[place % MARKERS.len()],
    }
}

/// Variants after the first are darker.
fn shade(RGBColor(r, g, b): RGBColor, variant: usize) -> RGBColor {
    let tenths = [10, 7, 5, 4][variant.min(3)];
    let darker = |part: u8| (u16::from(part) * tenths / 10) as u8;
    RGBColor(darker(r), darker(g), darker(b))
}

impl Look {
    /// Draws a line through points in pixels.
    pub(super) fn line(&self, on: &Body<'_>, points: Vec<(i32, i32)>, width: u32) -> Result<(), PlotError> {
        let style = self.color.stroke_width(width);
        match self.dash {
            None => on.draw(&PathElement::new(points, style)).map_err(failed),
            Some((dash, gap)) => {
                let pieces = dashes(&points, f64::from(dash), f64::from(gap));
                pieces
                    .into_iter()
                    .try_for_each(|piece| on.draw(&PathElement::new(piece, style)).map_err(failed))
            }
        }
    }

    /// Draws the marker of a point.
    pub(super) fn mark(&self, on: &Body<'_>, (x, y): (i32, i32), radius: i32) -> Result<(), PlotError> {
        let (filled, open) = (self.color.filled(), self.color.stroke_width(2));
        let r = radius;
        let polygon = |corners: &[(i32, i32)]| {
            let corners: Vec<(i32, i32)> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
            on.draw(&Polygon::new(corners, filled))
        };
        match self.marker {
            Marker::Disc => on.draw(&Circle::new((x, y), r, filled)),
            Marker::Ring => {
                on.draw(&Circle::new((x, y), r, WHITE.filled())).map_err(failed)?;
                on.draw(&Circle::new((x, y), r, open))
            }
            Marker::Square => polygon(&[(-r, -r), (r, -r), (r, r), (-r, r)]),
            Marker::Diamond => polygon(&[(0, -r - 1), (r + 1, 0), (0, r + 1), (-r - 1, 0)]),
            Marker::Triangle => polygon(&[(0, -r - 1), (r + 1, r), (-r - 1, r)]),
            Marker::Wedge => polygon(&[(0, r + 1), (r + 1, -r), (-r - 1, -r)]),
            Marker::Box => {
                on.draw(&Rectangle::new([(x - r, y - r), (x + r, y + r)], WHITE.filled())).map_err(failed)?;
                on.draw(&Rectangle::new([(x - r, y - r), (x + r, y + r)], open))
            }
            Marker::Cross => {
                on.draw(&PathElement::new(vec![(x - r, y - r), (x + r, y + r)], open)).map_err(failed)?;
                on.draw(&PathElement::new(vec![(x - r, y + r), (x + r, y - r)], open))
            }
        }
        .map_err(failed)
    }
}

/// Cuts a line into dashes; corners stay corners.
fn dashes(points: &[(i32, i32)], dash: f64, gap: f64) -> Vec<Vec<(i32, i32)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(i32, i32)> = points.first().copied().into_iter().collect();
    let (mut drawn, mut left) = (true, dash);
    for pair in points.windows(2) {
        let [from, to] = [pair[0], pair[1]].map(|(x, y)| (f64::from(x), f64::from(y)));
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut at = 0.0;
        while length - at > left {
            at += left;
            let part = at / length;
            let point = (from.0 + part * (to.0 - from.0), from.1 + part * (to.1 - from.1));
            let point = (point.0.round() as i32, point.1.round() as i32);
            if drawn {
                piece.push(point);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![point];
            }
            drawn = !drawn;
            left = if drawn { dash } else { gap };
        }
        left -= length - at;
        if drawn {
            piece.push(pair[1]);
        }
    }
    if drawn && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_cover_their_share_of_a_line_and_turn_its_corners() {
        let pieces = dashes(&[(0, 0), (10, 0), (10, 10)], 6.0, 2.0);
        assert_eq!(pieces, [vec![(0, 0), (6, 0)], vec![(8, 0), (10, 0), (10, 4)], vec![(10, 6), (10, 10)]]);
    }

    #[test]
    fn no_two_algorithms_look_the_same() {
        let names = catalogue().algorithm_names();
        let looks: Vec<Look> = names.iter().map(|name| look(name)).collect();
        for (index, one) in looks.iter().enumerate() {
            assert!(!looks[..index].contains(one), "{} looks like another", names[index]);
        }
    }
}
