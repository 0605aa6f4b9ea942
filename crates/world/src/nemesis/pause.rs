//! Processes that stop for a time.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Lever;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "pause",
    doc: "Stops processes for a time in which their clocks run on: a collection of garbage, a debugger.",
    classes: FaultClasses::of(&[FaultClass::Pause]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, wake, lasts) = (dice.target(), dice.wake(), dice.millis(20, 2_500));
    dice.hit(Lever::Pause { target, wake }, lasts);
}
