//! Zones that fail as a whole.

use crate::nemesis::Kind;
use crate::nemesis::dice::Dice;
use crate::plan::{Connections, DiskAfter, Lever, Selector, Unsynced};
use interregnum_kernel::{FaultClass, FaultClasses};

pub(super) const KIND: Kind = Kind {
    name: "zone-outage",
    doc: "Takes a whole zone away: its power, or its network; only where the cluster has zones.",
    classes: FaultClasses::of(&[FaultClass::Cut, FaultClass::Crash]),
    fits: |setting| setting.zones.iter().any(|zone| !zone.nodes.is_empty()),
    draw,
};

fn draw(dice: &mut Dice<'_>) {
    // A zone of a coordination service alone is empty where there is no service.
    let zones: Vec<_> = dice.setting.zones.iter().filter(|zone| !zone.nodes.is_empty()).collect();
    let zone = zones[dice.stream.below(zones.len() as u64) as usize];
    // By their numbers, which say in every scenario who is meant.
    let target: Vec<Selector> = zone.nodes.iter().map(|node| dice.setting.selector_of(node)).collect();
    let lasts = dice.millis(200, 3_000);
    let lever = if dice.chance(50) {
        let (unsynced, connections, disk) = (Unsynced::Random, Connections::Silent, DiskAfter::Kept);
        Lever::Crash { target, unsynced, connections, disk }
    } else {
        let groups = vec![target, vec![Selector::Rest, Selector::Resource]];
        Lever::Partition { groups, in_flight: dice.in_flight() }
    };
    dice.hit(lever, lasts);
}
