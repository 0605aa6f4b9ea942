//! Partitions of the cluster into two sides.

use crate::nemesis::dice::Dice;
use crate::nemesis::{Kind, anywhere};
use crate::plan::{Lever, Selector};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "partition",
    doc: "Parts the cluster into two sides, the leader's or a drawn one against the rest.",
    classes: FaultClasses::of(&[FaultClass::Cut]),
    fits: anywhere,
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    let mut side = match dice.one_of(&[0, 1, 2, 3, 4]) {
        0 => vec![Selector::MinorityWithLeader],
        1 => vec![Selector::MajorityWithoutLeader],
        2 => vec![Selector::Leader],
        3 => vec![Selector::Leader, dice.some()],
        _ => vec![dice.some()],
    };
    // Which of the two sides the coordination service is on decides who can renew; by itself it is all on the second.
    let service = dice.setting.service.len() as u64;
    if service > 0 {
        let with_side = dice.stream.below(service + 1) as u8;
        side.extend((with_side > 0).then_some(Selector::RandomService(with_side)));
    }
    let mut groups = vec![side, vec![Selector::Rest]];
    // The resource is on no side as a rule: a leader that has lost its quorum goes on writing.
    if dice.chance(20) {
        groups[dice.one_of(&[0, 1])].push(Selector::Resource);
    }
    let (in_flight, lasts) = (dice.in_flight(), dice.millis(100, 3_000));
    dice.hit(Lever::Partition { groups, in_flight }, lasts);
}
