//! Random plans of faults, as proptest strategies over the data that scenario files expand to.

mod levers;
mod triggers;

use interregnum_algorithms::{Entry, Vocabulary};
use interregnum_kernel::{FaultClass, FaultClasses, NodeId, Span, Standing};
use interregnum_world::{
    Connections, DiskAfter, InFlight, Lever, Plan, PlannedFault, Selector, Unsynced, When,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Union;

/// When such a run is healed, how long it goes on, and how soon after the heal somebody must lead.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// When it is healed.
    pub heal: &'static str,
    /// When the run ends.
    pub end: &'static str,
    /// Within how long after the heal.
    pub leader_within: &'static str,
}

/// Five seconds are some thirty election timeouts.
pub const TIMES: Times = Times { heal: "3s", end: "5s", leader_within: "2s" };

/// A fast cluster on a bad network.
pub fn base(Times { heal, end, leader_within }: Times) -> String {
    format!(
        r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that loses, repeats and reorders messages; healed at the end."

[cluster]
nodes = 5

[network]
latency = "1ms..8ms"
loss = 0.01
duplicate = 0.02
reorder = {{ probability = 0.05, delay = "5ms..60ms" }}

[disk]
fsync = "1ms..6ms"

[clock]
drift_ppm = "-200..200"

[workload]
writes_every = "20ms"
proposals_every = "40ms"

[run]
for = "{end}"
heal = "{heal}"

[expect]
leader_within = "{leader_within}"
"#
    )
}

/// What a plan is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// What may go wrong.
    pub faults: FaultClasses,
    /// Orders to hand leadership over; an algorithm that does not follow them refuses the plan.
    pub transfers: bool,
    /// Orders to give leadership up.
    pub resignations: bool,
    /// Orders to add, promote and remove nodes.
    pub changes: bool,
    /// The messages that faults can single out, and the moments that they can wait for; where there is none of either,
    /// faults concern all messages and come at their times.
    pub vocabulary: Vocabulary,
}

impl Kinds {
    /// Cuts, crashes and stalled disks, and orders to hand over.
    pub const PLAIN: Kinds = Kinds {
        faults: FaultClasses::of(&[FaultClass::Cut, FaultClass::Crash, FaultClass::SlowDisk]),
        transfers: true,
        resignations: false,
        changes: false,
        vocabulary: Vocabulary { kinds: &[], phases: &[] },
    };

    /// The plain faults, and these orders.
    pub fn with_orders(orders: &[&str]) -> Kinds {
        Kinds {
            transfers: orders.contains(&"transfer"),
            resignations: orders.contains(&"resign"),
            ..Kinds::PLAIN
        }
    }

    /// Everything under which an algorithm promises that a leader is elected once it is over, and its orders.
    pub fn borne_by(entry: &Entry) -> Kinds {
        let borne = |class: &FaultClass| entry.promises("leader-within", (*class).into());
        let vocabulary = interregnum_algorithms::vocabulary(entry.name);
        Kinds {
            faults: FaultClass::ALL.into_iter().filter(borne).collect(),
            vocabulary: vocabulary.unwrap_or(Kinds::PLAIN.vocabulary),
            ..Kinds::with_orders(entry.orders)
        }
    }
}

/// Plans of up to `most` faults within `horizon` for a cluster of so many nodes. They shrink towards fewer, earlier,
/// shorter faults, and towards named nodes.
pub fn plan(nodes: u8, horizon: Span, most: usize, kinds: Kinds) -> impl Strategy<Value = Plan> {
    faults(nodes, horizon, most, kinds).prop_map(|mut faults| {
        while let Some(place) = faults.iter().position(|fault| triggers::is_in_vain(fault, &faults)) {
            faults.remove(place);
        }
        faults.sort_by(|one, other| one.when.cmp(&other.when));
        Plan { faults }
    })
}

fn faults(nodes: u8, horizon: Span, most: usize, kinds: Kinds) -> BoxedStrategy<Vec<PlannedFault>> {
    if !kinds.changes {
        return vec(fault(nodes, horizon, kinds), 0..=most).boxed();
    }
    // Half of the faults are as ever. Each of the others is an order, and what disturbs it while it is carried out.
    let disturbed = vec(disturbed_order(nodes, horizon), 0..=most / 4);
    (vec(fault(nodes, horizon, kinds), 0..=most / 2), disturbed)
        .prop_map(|(faults, disturbed)| faults.into_iter().chain(disturbed.into_iter().flatten()).collect())
        .boxed()
}

/// An order to change the cluster, and a fault that meets the leader or a named node within a few messages of it, before
/// or after, and lasts longer than an election.
fn disturbed_order(nodes: u8, horizon: Span) -> impl Strategy<Value = [PlannedFault; 2]> {
    let last = horizon.nanos() / 1_000_000 - 1;
    let disturbance = prop_oneof![
        1 => unsynced().prop_map(|unsynced| Lever::Crash {
            target: vec![Selector::Leader],
            unsynced,
            connections: Connections::Silent,
            disk: DiskAfter::Kept,
        }),
        2 => (0..=nodes / 2, in_flight()).prop_map(|(beside, in_flight)| {
            // The leader, with or without company, on one side.
            let company = (beside > 0).then_some(Selector::Random(beside.max(1)));
            let side = std::iter::once(Selector::Leader).chain(company).collect();
            Lever::Partition { groups: vec![side, vec![Selector::Rest]], in_flight }
        }),
    ];
    let times = (0..=last, 0..=40_u64, 100..=800_u64);
    (times, change(nodes), disturbance).prop_map(move |((at, distance, lasts), order, lever)| {
        // Twenty milliseconds before the order to twenty after.
        let disturbed_at = (at + distance).saturating_sub(20).min(last);
        [
            PlannedFault::at(Span::millis(at), order),
            PlannedFault::at(Span::millis(disturbed_at), lever).lasting(Span::millis(lasts)),
        ]
    })
}

fn fault(nodes: u8, horizon: Span, kinds: Kinds) -> BoxedStrategy<PlannedFault> {
    let last = horizon.nanos() / 1_000_000 - 1;
    let lasts = move || option::weighted(0.8, 5..=last / 2).prop_map(|ms| ms.map(Span::millis));
    let planned = |(when, lever, lasts): (When, Lever, Option<Span>)| PlannedFault {
        lasts: lasts.filter(|_| lever.lasts()),
        when,
        lever,
    };
    let at = (0..=last).prop_map(|ms| When::At(Span::millis(ms)));
    let timed = (at, lever(nodes, kinds, false), lasts()).prop_map(planned);
    if kinds.vocabulary.kinds.is_empty() {
        return timed.boxed();
    }
    let upon = triggers::trigger(nodes, kinds.vocabulary.phases).prop_map(When::Upon);
    let triggered = (upon, lever(nodes, kinds, true), lasts()).prop_map(planned);
    prop_oneof![3 => timed, 1 => triggered].boxed()
}

/// One of the levers that are switched on. One that is off is left out and not given the weight zero: a failing plan would
/// be shrunk towards it all the same.
fn lever(nodes: u8, kinds: Kinds, triggered: bool) -> BoxedStrategy<Lever> {
    let whom = targets(nodes, kinds, triggered);
    let orders = [
        (kinds.transfers, 1, whom.clone().prop_map(|to| Lever::Transfer { to }).boxed()),
        (kinds.resignations, 1, whom.clone().prop_map(|target| Lever::Resign { target }).boxed()),
        (kinds.changes, 12, change(nodes).boxed()),
    ];
    let on = |(on, weight, lever)| if on { Some((weight, lever)) } else { None };
    let orders = orders.into_iter().filter_map(on);
    Union::new_weighted(levers::of(kinds, &whom, nodes).into_iter().chain(orders).collect()).boxed()
}

/// An order to change the cluster.
fn change(nodes: u8) -> impl Strategy<Value = Lever> {
    prop_oneof![
        4 => (subjects(nodes), standing())
            .prop_map(|(target, standing)| Lever::AddNode { target, standing }),
        3 => subjects(nodes).prop_map(|target| Lever::RemoveNode { target }),
        1 => subjects(nodes).prop_map(|target| Lever::Promote { target }),
    ]
}

/// Whom an order is about: somebody whom it is likely to change.
fn subjects(nodes: u8) -> impl Strategy<Value = Vec<Selector>> {
    let named = || (0..nodes).prop_map(|node| Selector::Node(NodeId(node)));
    prop_oneof![
        4 => named().prop_map(|node| vec![node]),
        2 => (named(), named()).prop_map(|(one, other)| vec![one, other]),
        1 => Just(vec![Selector::Leader]),
        1 => named().prop_map(|node| vec![Selector::Leader, node]),
    ]
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

/// Whom a lever hits: a named node rather than one by its role, one rather than several.
fn targets(nodes: u8, kinds: Kinds, triggered: bool) -> BoxedStrategy<Vec<Selector>> {
    let named = (0..nodes).prop_map(|node| vec![Selector::Node(NodeId(node))]);
    let plain = prop_oneof![
        4 => named,
        4 => Just(vec![Selector::Leader]),
        1 => Just(vec![Selector::OldLeader]),
        2 => Just(vec![Selector::Candidates]),
        2 => (1..=nodes / 2).prop_map(|count| vec![Selector::Random(count)]),
        1 => (0..=nodes / 2).prop_map(|count| vec![Selector::Leader, Selector::Random(count.max(1))]),
    ];
    if kinds.vocabulary.kinds.is_empty() {
        return plain.boxed();
    }
    let others = prop_oneof![
        Just(vec![Selector::Candidate]),
        Just(vec![Selector::Followers]),
        Just(vec![Selector::MinorityWithLeader]),
        Just(vec![Selector::MajorityWithoutLeader]),
        Just(vec![Selector::All]),
    ];
    if triggered {
        return prop_oneof![3 => Just(vec![Selector::Subject]), 6 => plain, 2 => others].boxed();
    }
    prop_oneof![6 => plain, 2 => others].boxed()
}
