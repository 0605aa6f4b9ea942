//! Disks that are set back.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{DiskAfter, Lever};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "rollback",
    doc: "Kills nodes and starts them with what their disks held up to two seconds before.",
    classes: FaultClasses::of(&[FaultClass::Crash, FaultClass::RolledBackDisk]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, disk) = (dice.target(), DiskAfter::RolledBack(dice.millis(10, 2_000)));
    let (unsynced, connections) = (dice.unsynced(), dice.connections());
    let lasts = dice.millis(20, 2_000);
    dice.hit(Lever::Crash { target, unsynced, connections, disk }, lasts);
}
