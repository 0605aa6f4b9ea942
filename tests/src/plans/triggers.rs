//! Triggers, as strategies.

use interregnum_kernel::{NodeId, Span};
use interregnum_world::{Cue, Happening, Lever, PlannedFault, Selector, Trigger, When};
use proptest::prelude::*;
use proptest::sample::select;

/// Waits for one of the first occurrences of anything, at any node, a named one or one by its role.
pub(super) fn trigger(nodes: u8, phases: &'static [&'static str]) -> BoxedStrategy<Trigger> {
    let event = select(Happening::ALL.to_vec()).prop_map(Cue::Event);
    let epoch = (1..=8_u64).prop_map(Cue::Epoch);
    let cue = if phases.is_empty() {
        prop_oneof![4 => event, 1 => epoch].boxed()
    } else {
        let phase = select(phases.to_vec()).prop_map(|phase| Cue::Phase(phase.to_owned()));
        prop_oneof![4 => event, 1 => epoch, 3 => phase].boxed()
    };
    let at = prop_oneof![
        4 => Just(Vec::new()),
        1 => (0..nodes).prop_map(|node| vec![Selector::Node(NodeId(node))]),
        1 => Just(vec![Selector::Leader]),
        1 => Just(vec![Selector::Followers]),
    ];
    let after = prop_oneof![Just(Span::ZERO), (1..=300_u64).prop_map(Span::millis)];
    let parts = (cue, at, 1..=6_u32, after);
    parts.prop_map(|(cue, at, count, after)| Trigger { cue, at, count, after }).boxed()
}

/// Whether a fault waits for what only another fault brings about, and none of the plan's does: a scenario with it would
/// be refused.
pub(super) fn is_in_vain(fault: &PlannedFault, plan: &[PlannedFault]) -> bool {
    let When::Upon(Trigger { cue: Cue::Event(event), .. }) = &fault.when else { return false };
    let others = || plan.iter().filter(|other| !std::ptr::eq(*other, fault)).map(|other| &other.lever);
    match event {
        Happening::Crashed | Happening::Restarted => {
            !others().any(|lever| matches!(lever, Lever::Crash { .. }))
        }
        Happening::Stopped | Happening::Resumed => {
            !others().any(|lever| matches!(lever, Lever::Pause { .. } | Lever::Freeze { .. }))
        }
        _ => false,
    }
}
