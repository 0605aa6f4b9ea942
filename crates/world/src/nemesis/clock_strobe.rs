//! Clocks that go back and forth.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{ClockChoice, Lever};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "clock-strobe",
    doc: "Sets wall clocks forward and back in quick turns, or makes monotonic clocks run fast and slow in turns.",
    classes: FaultClasses::of(&[FaultClass::WallClock, FaultClass::ClockRate]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, every) = (dice.target(), dice.millis(10, 200));
    let clock = dice.one_of(&[ClockChoice::Wall, ClockChoice::Mono]);
    let by = match clock {
        ClockChoice::Wall => dice.signed(1, 1_000) * 1_000_000,
        // It has to come back by running slowly, in one turn.
        _ => (every.nanos() / 1_000_000 / 2) as i64 * 1_000_000,
    };
    let lasts = dice.millis(200, 3_000);
    dice.hit(Lever::ClockStrobe { target, by, every, clock }, lasts);
}
