//! Two sides with one node between them.

use crate::nemesis::Kind;
use crate::nemesis::dice::Dice;
use crate::plan::{Lever, Selector};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "bridge",
    doc: "Parts the cluster into two halves that only one node reaches both of; the leader is in a half, or anywhere.",
    classes: FaultClasses::of(&[FaultClass::Cut]),
    fits: |setting| setting.contenders().len() >= 3,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let sides = dice.setting.contenders().len() as u8 - 1;
    let left = sides / 2;
    let half = match left {
        _ if dice.chance(50) => vec![Selector::Random(left)],
        1 => vec![Selector::Leader],
        _ => vec![Selector::Leader, Selector::Random(left - 1)],
    };
    let mut groups = vec![half, vec![Selector::Random(sides - left)]];
    // A coordination service is parted as well, and the node between its parts, if it has one, is another bridge.
    let parts = (dice.setting.service.len() as u8).saturating_sub(1) / 2;
    if parts > 0 {
        groups.iter_mut().for_each(|group| group.push(Selector::RandomService(parts)));
    }
    let (in_flight, lasts) = (dice.in_flight(), dice.millis(200, 3_000));
    dice.hit(Lever::Partition { groups, in_flight }, lasts);
}
