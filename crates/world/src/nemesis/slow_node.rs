//! Nodes that cannot keep up.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Lever;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "slow-node",
    doc: "Makes every input take nodes up to 25 ms, while further inputs wait.",
    classes: FaultClasses::of(&[FaultClass::SlowNode]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, each, lasts) = (dice.target(), dice.jitter(1, 25), dice.millis(200, 3_000));
    dice.hit(Lever::SlowNode { target, each }, lasts);
}
