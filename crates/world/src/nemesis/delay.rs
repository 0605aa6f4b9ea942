//! Messages that are late.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Damage;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "delay",
    doc: "Makes messages travel longer, on all links or on those of some nodes, by up to 400 ms.",
    classes: FaultClasses::of(&[FaultClass::Delay]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let damage = Damage { delay: dice.jitter(5, 400), ..Damage::default() };
    dice.degrade(damage);
}
