//! Nodes that see only their neighbours.

use crate::nemesis::Kind;
use crate::nemesis::dice::Dice;
use crate::plan::{Lever, Reach, Selector};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "ring",
    doc: "Puts all nodes into a drawn ring in which each sees its neighbours, or a majority, each a different one.",
    classes: FaultClasses::of(&[FaultClass::Cut]),
    // In a ring of three everybody is a neighbour.
    fits: |setting| setting.nodes > 3,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let target = vec![Selector::All];
    let reach = dice.one_of(&[Reach::Neighbours, Reach::Majority]);
    let (in_flight, lasts) = (dice.in_flight(), dice.millis(200, 3_000));
    dice.hit(Lever::Ring { target, reach, in_flight }, lasts);
}
