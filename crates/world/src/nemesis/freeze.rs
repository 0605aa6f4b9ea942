//! Machines that stop for a time.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Lever;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "freeze",
    doc: "Stops whole machines for a time, their clocks with them: a virtual machine that is moved or suspended.",
    classes: FaultClasses::of(&[FaultClass::Freeze]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, wake, lasts) = (dice.target(), dice.wake(), dice.millis(20, 2_500));
    dice.hit(Lever::Freeze { target, wake }, lasts);
}
