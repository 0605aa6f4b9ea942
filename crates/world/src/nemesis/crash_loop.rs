//! Processes that die again soon after they started.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{DiskAfter, Lever};
use interregnum_kernel::{FaultClass, FaultClasses, Span};

pub(super) const KIND: Kind = Kind {
    name: "crash-loop",
    doc: "Kills nodes and starts them again, several times in a row.",
    classes: FaultClasses::of(&[FaultClass::Crash]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let target = dice.target();
    let (unsynced, connections, disk) = (dice.unsynced(), dice.connections(), DiskAfter::Kept);
    let lever = Lever::Crash { target, unsynced, connections, disk };
    let (down, up) = (dice.millis(5, 300), dice.millis(5, 500));
    let mut after = Span::ZERO;
    for _ in 0..dice.number(3, 8) {
        dice.hit_later(after, lever.clone(), down);
        after = after + down + up;
    }
}
