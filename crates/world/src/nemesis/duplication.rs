//! Messages that arrive twice.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Damage;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "duplication",
    doc: "Delivers some of the messages twice, on all links or on those of some nodes.",
    classes: FaultClasses::of(&[FaultClass::Duplication]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let damage = Damage { duplicate: dice.probability(5, 90), ..Damage::default() };
    dice.degrade(damage);
}
