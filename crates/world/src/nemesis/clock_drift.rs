//! Clocks that run fast or slow.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{ClockChoice, Lever};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "clock-drift",
    doc: "Makes clocks run fast or slow, by up to a tenth.",
    classes: FaultClasses::of(&[FaultClass::ClockRate]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let target = dice.target();
    let ppm = dice.signed(50, 100_000) as i32;
    let clock = dice.one_of(&[ClockChoice::Mono, ClockChoice::Both]);
    let lasts = dice.millis(500, 5_000);
    dice.hit(Lever::ClockDrift { target, ppm, clock }, lasts);
}
