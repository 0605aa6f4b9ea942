//! Messages that overtake each other.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Damage;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "reordering",
    doc: "Holds some of the messages back by up to 300 ms, so that others overtake them.",
    classes: FaultClasses::of(&[FaultClass::Delay]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let damage =
        Damage { reorder: dice.probability(5, 60), reorder_delay: dice.jitter(5, 300), ..Damage::default() };
    dice.degrade(damage);
}
