//! Disks that take their time.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::Lever;
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "disk-slow",
    doc: "Makes fsyncs take longer by up to 200 ms.",
    classes: FaultClasses::of(&[FaultClass::SlowDisk]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, by, lasts) = (dice.target(), dice.jitter(2, 200), dice.millis(200, 3_000));
    dice.hit(Lever::DiskSlow { target, by }, lasts);
}
