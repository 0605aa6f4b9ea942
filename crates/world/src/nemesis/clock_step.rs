//! Wall clocks that are set.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{ClockChoice, Lever};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "clock-step",
    doc: "Sets wall clocks forward or back by up to ten seconds, also of nodes that are down.",
    classes: FaultClasses::of(&[FaultClass::WallClock]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, by, clock) = (dice.target(), dice.signed(1, 10_000) * 1_000_000, ClockChoice::Wall);
    dice.hit_for_good(Lever::ClockStep { target, by, clock });
}
