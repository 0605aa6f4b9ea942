//! Processes that die and start again.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{DiskAfter, Lever, Selector};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "crash",
    doc: "Kills nodes, rarely all at once, with or without their unsynced writes, and starts them again.",
    classes: FaultClasses::of(&[FaultClass::Crash]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let target = if dice.chance(5) { vec![Selector::All] } else { dice.target() };
    let (unsynced, connections, disk) = (dice.unsynced(), dice.connections(), DiskAfter::Kept);
    let lasts = dice.millis(20, 3_000);
    dice.hit(Lever::Crash { target, unsynced, connections, disk }, lasts);
}
