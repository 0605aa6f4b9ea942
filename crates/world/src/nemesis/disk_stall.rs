//! Disks that do not answer.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Lever;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "disk-stall",
    doc: "Keeps fsyncs from completing for a time.",
    classes: FaultClasses::of(&[FaultClass::SlowDisk]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, lasts) = (dice.target(), dice.millis(20, 2_500));
    dice.hit(Lever::DiskStall { target }, lasts);
}
