//! Nodes whose disks are lost.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{DiskAfter, Lever};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "replace",
    doc: "Kills nodes and starts them again with empty disks, under their old names.",
    classes: FaultClasses::of(&[FaultClass::Crash, FaultClass::EmptiedDisk]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let (target, disk) = (dice.target(), DiskAfter::Emptied);
    let (unsynced, connections) = (dice.unsynced(), dice.connections());
    let lasts = dice.millis(20, 2_000);
    dice.hit(Lever::Crash { target, unsynced, connections, disk }, lasts);
}
