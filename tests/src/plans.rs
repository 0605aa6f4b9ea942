//! Random plans of faults, as proptest strategies over the data that scenario files expand to.

use interregnum_kernel::{NodeId, Span, Standing};
use interregnum_world::{Connections, InFlight, Lever, Plan, PlannedFault, Selector, Unsynced};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// The kinds of fault a plan is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// Cuts and partitions.
    pub network: bool,
    /// Crashes.
    pub crashes: bool,
    /// Stalled disks.
    pub stalls: bool,
    /// Orders to hand leadership over; an algorithm that does not follow them refuses the plan.
    pub transfers: bool,
    /// Orders to give leadership up.
    pub resignations: bool,
    /// Orders to add, promote and remove nodes.
    pub changes: bool,
}

impl Kinds {
    /// Every kind of fault of this world, and orders to hand over.
    pub const ALL: Kinds = Kinds {
        network: true,
        crashes: true,
        stalls: true,
        transfers: true,
        resignations: false,
        changes: false,
    };

    /// Every kind of fault of this world, and these orders.
    pub fn with_orders(orders: &[&str]) -> Kinds {
        Kinds {
            transfers: orders.contains(&"transfer"),
            resignations: orders.contains(&"resign"),
            ..Kinds::ALL
        }
    }
}

/// Plans of up to `most` faults within `horizon` for a cluster of so many nodes. They shrink towards fewer, earlier,
/// shorter faults, and towards named nodes.
pub fn plan(nodes: u8, horizon: Span, most: usize, kinds: Kinds) -> impl Strategy<Value = Plan> {
    vec(fault(nodes, horizon, kinds), 0..=most).prop_map(|mut faults| {
        faults.sort_by_key(|fault| fault.at);
        Plan { faults }
    })
}

fn fault(nodes: u8, horizon: Span, kinds: Kinds) -> impl Strategy<Value = PlannedFault> {
    let last = horizon.nanos() / 1_000_000 - 1;
    let lasts = option::weighted(0.8, 5..=last / 2).prop_map(|ms| ms.map(Span::millis));
    (0..=last, lever(nodes, kinds), lasts).prop_map(|(at, lever, lasts)| {
        // An order and a restart cannot be undone.
        let lasts = lasts.filter(|_| !lever.is_order() && !matches!(lever, Lever::Restart { .. }));
        PlannedFault { at: Span::millis(at), lever, lasts }
    })
}

fn lever(nodes: u8, kinds: Kinds) -> BoxedStrategy<Lever> {
    let weight = |on: bool, weight: u32| if on { weight } else { 0 };
    prop_oneof![
        weight(kinds.transfers, 1) => targets(nodes).prop_map(|to| Lever::Transfer { to }),
        weight(kinds.crashes, 4) => (targets(nodes), unsynced())
            .prop_map(|(target, unsynced)| Lever::Crash {
                target,
                unsynced,
                connections: Connections::Silent
            }),
        weight(kinds.crashes, 1) => targets(nodes).prop_map(|target| Lever::Restart { target }),
        weight(kinds.network, 3) => (targets(nodes), receivers(nodes), in_flight())
            .prop_map(|(from, to, in_flight)| Lever::Cut { from, to, in_flight }),
        weight(kinds.network, 3) => (targets(nodes), in_flight()).prop_map(|(target, in_flight)| {
            Lever::Partition { groups: vec![target, vec![Selector::Rest]], in_flight }
        }),
        weight(kinds.stalls, 2) => targets(nodes).prop_map(|target| Lever::DiskStall { target }),
        weight(kinds.resignations, 1) => targets(nodes).prop_map(|target| Lever::Resign { target }),
        weight(kinds.changes, 3) => (targets(nodes), standing())
            .prop_map(|(target, standing)| Lever::AddNode { target, standing }),
        weight(kinds.changes, 2) => targets(nodes).prop_map(|target| Lever::RemoveNode { target }),
        weight(kinds.changes, 1) => targets(nodes).prop_map(|target| Lever::Promote { target }),
    ]
    .boxed()
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![3 => Just(Standing::Voter), 1 => Just(Standing::Learner), 1 => Just(Standing::Witness)]
}

fn in_flight() -> impl Strategy<Value = InFlight> {
    prop_oneof![Just(InFlight::Drop), Just(InFlight::Deliver)]
}

fn unsynced() -> impl Strategy<Value = Unsynced> {
    prop_oneof![Just(Unsynced::Lost), Just(Unsynced::Random), Just(Unsynced::Kept)]
}

fn targets(nodes: u8) -> impl Strategy<Value = Vec<Selector>> {
    prop_oneof![
        4 => (0..nodes).prop_map(|node| vec![Selector::Node(NodeId(node))]),
        4 => Just(vec![Selector::Leader]),
        1 => Just(vec![Selector::OldLeader]),
        2 => Just(vec![Selector::Candidates]),
        2 => (1..=nodes / 2).prop_map(|count| vec![Selector::Random(count)]),
        1 => (0..=nodes / 2).prop_map(|count| vec![Selector::Leader, Selector::Random(count.max(1))]),
    ]
}

fn receivers(nodes: u8) -> impl Strategy<Value = Vec<Selector>> {
    prop_oneof![
        (0..nodes).prop_map(|node| vec![Selector::Node(NodeId(node))]),
        Just(vec![Selector::Leader]),
        Just(vec![Selector::Followers]),
        Just(vec![Selector::All]),
        Just(vec![Selector::Resource]),
    ]
}
