//! Monotonic clocks that jump ahead.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{ClockChoice, Lever};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "clock-jump",
    doc: "Makes monotonic clocks jump ahead by up to two seconds, alone or together with the wall clock.",
    classes: FaultClasses::of(&[FaultClass::ClockJump]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, by) = (dice.target(), dice.number(1, 2_000) * 1_000_000);
    let clock = dice.one_of(&[ClockChoice::Mono, ClockChoice::Both]);
    dice.hit_for_good(Lever::ClockStep { target, by, clock });
}
