//! Links that fail and come back, again and again.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{InFlight, Lever, Selector};
use interregnum_kernel::{FaultClass, FaultClasses, Span};

pub(super) const KIND: Kind = Kind {
    name: "flapping",
    doc: "Cuts nodes off from the others and connects them again, several times in a row.",
    classes: FaultClasses::of(&[FaultClass::Cut]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let lever =
        Lever::Partition { groups: vec![dice.target(), vec![Selector::Rest]], in_flight: InFlight::Drop };
    let (down, up) = (dice.millis(20, 500), dice.millis(20, 500));
    let mut after = Span::ZERO;
    for _ in 0..dice.number(3, 8) {
        dice.hit_later(after, lever.clone(), down);
        after = after + down + up;
    }
}
