//! Messages that are lost.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Damage;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "loss",
    doc: "Loses some of the messages on all links or on those of some nodes, up to nine out of ten.",
    classes: FaultClasses::of(&[FaultClass::Loss]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let damage = Damage { loss: dice.probability(5, 90), ..Damage::default() };
    dice.degrade(damage);
}
