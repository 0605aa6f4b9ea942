//! Nodes that lose all their links.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{Lever, Selector};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "isolate",
    doc: "Cuts the leader, or other nodes, off from all others and from the resource.",
    classes: FaultClasses::of(&[FaultClass::Cut]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let groups = vec![dice.target(), vec![Selector::Rest, Selector::Resource]];
    let (in_flight, lasts) = (dice.in_flight(), dice.millis(100, 3_000));
    dice.hit(Lever::Partition { groups, in_flight }, lasts);
}
