//! Links that fail in one direction.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{Lever, Selector};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "one-way-cut",
    doc: "Cuts links in one direction: nodes that are not heard, that do not hear, or that do not reach the resource.",
    classes: FaultClasses::of(&[FaultClass::Cut]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let target = dice.target();
    let (from, to) = match dice.one_of(&[0, 1, 2, 3]) {
        0 => (target, vec![Selector::All]),
        1 => (vec![Selector::All], target),
        2 => (target, vec![dice.some()]),
        _ => (target, vec![Selector::Resource]),
    };
    let (in_flight, lasts) = (dice.in_flight(), dice.millis(100, 3_000));
    dice.hit(Lever::Cut { from, to, in_flight }, lasts);
}
