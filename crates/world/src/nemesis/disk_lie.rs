//! Disks that acknowledge what they do not keep.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{Connections, DiskAfter, Lever, Unsynced};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "disk-lie",
    doc: "Makes disks acknowledge writes that are not durable, and most often crashes the node meanwhile.",
    classes: FaultClasses::of(&[FaultClass::LyingDisk, FaultClass::Crash]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    // A node by its number, so that the crash finds the one whose disk lies.
    let (target, lasts) = (vec![dice.node()], dice.millis(200, 3_000));
    dice.hit(Lever::DiskLie { target: target.clone() }, lasts);
    // A lie comes out in a crash and in nothing else.
    if dice.chance(80) {
        let after = dice.stream.span(lasts.scaled(1, 4), lasts);
        let (unsynced, connections, disk) = (Unsynced::Lost, Connections::Silent, DiskAfter::Kept);
        let crash = Lever::Crash { target, unsynced, connections, disk };
        let down = dice.millis(5, 500);
        dice.hit_later(after, crash, down);
    }
}
