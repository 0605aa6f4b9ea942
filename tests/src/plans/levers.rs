//! Levers, as strategies: every one of the world's, with all its options, as far as its class of fault is switched on.

use super::{Kinds, in_flight, unsynced};
use interregnum_kernel::FaultClass::{
    ClockJump, ClockRate, Crash, Cut, Delay, Duplication, EmptiedDisk, Freeze, Loss, LyingDisk, Pause,
    RolledBackDisk, SlowDisk, SlowNode, WallClock,
};
use interregnum_kernel::{Jitter, NodeId, Span};
use interregnum_world::{
    ClockChoice, Connections, Damage, DiskAfter, Lever, Probability, Reach, Selector, Wake,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::strategy::Union;

type Target = BoxedStrategy<Vec<Selector>>;

/// What makes a lever's strategy of kinds, targets and the number of nodes.
type Make = fn(Kinds, &Target, u8) -> BoxedStrategy<Lever>;

/// The levers that are switched on, with their weights, the plainest first: plans shrink towards those.
pub(super) fn of(kinds: Kinds, whom: &Target, nodes: u8) -> Vec<(u32, BoxedStrategy<Lever>)> {
    let on = |class| kinds.faults.has(class);
    let damage = on(Loss) || on(Duplication) || on(Delay);
    let all: [(bool, u32, Make); 17] = [
        (on(Crash), 4, crash),
        (on(Crash), 1, |_, whom, _| whom.clone().prop_map(|target| Lever::Restart { target }).boxed()),
        (on(Cut), 3, cut),
        (on(Cut), 3, partition),
        (on(SlowDisk), 2, |_, whom, _| whom.clone().prop_map(|target| Lever::DiskStall { target }).boxed()),
        (on(Cut) && !kinds.vocabulary.kinds.is_empty(), 1, ring),
        (damage, 3, degrade),
        (on(Pause), 2, pause),
        (on(Freeze), 2, freeze),
        (on(SlowNode), 2, slow_node),
        (on(SlowDisk) && !kinds.vocabulary.kinds.is_empty(), 1, disk_slow),
        (on(WallClock), 1, |_, whom, _| step(whom, &[ClockChoice::Wall], -5_000)),
        (on(ClockJump), 1, |_, whom, _| step(whom, &[ClockChoice::Mono, ClockChoice::Both], 0)),
        (on(WallClock) || on(ClockRate), 1, drift),
        (on(WallClock), 1, |_, whom, _| strobe(whom, ClockChoice::Wall)),
        (on(ClockRate), 1, |_, whom, _| strobe(whom, ClockChoice::Mono)),
        (on(LyingDisk), 2, |_, whom, _| whom.clone().prop_map(|target| Lever::DiskLie { target }).boxed()),
    ];
    let on = all.into_iter().filter(|(on, ..)| *on);
    on.map(|(_, weight, lever)| (weight, lever(kinds, whom, nodes))).collect()
}

fn millis(least: u64, most: u64) -> impl Strategy<Value = Span> {
    (least..=most).prop_map(Span::millis)
}

fn jitter(least: u64, most: u64) -> impl Strategy<Value = Jitter> {
    (millis(least, most), millis(least, most)).prop_map(|(one, other)| Jitter::between(one, other))
}

fn percent() -> impl Strategy<Value = Probability> {
    (1..=100_u32).prop_map(|percent| Probability::new(f64::from(percent) / 100.0))
}

/// Plain kinds, without a vocabulary, leave options at their defaults.
fn connections(kinds: Kinds) -> BoxedStrategy<Connections> {
    if kinds.vocabulary.kinds.is_empty() {
        return Just(Connections::Silent).boxed();
    }
    prop_oneof![3 => Just(Connections::Silent), 1 => Just(Connections::Reset)].boxed()
}

fn crash(kinds: Kinds, whom: &Target, _: u8) -> BoxedStrategy<Lever> {
    let mut disks = vec![(4, Just(DiskAfter::Kept).boxed())];
    if kinds.faults.has(EmptiedDisk) {
        disks.push((1, Just(DiskAfter::Emptied).boxed()));
    }
    if kinds.faults.has(RolledBackDisk) {
        disks.push((1, millis(1, 2_000).prop_map(DiskAfter::RolledBack).boxed()));
    }
    let disk = Union::new_weighted(disks);
    let parts = (whom.clone(), unsynced(), connections(kinds), disk);
    parts
        .prop_map(|(target, unsynced, connections, disk)| Lever::Crash {
            target,
            unsynced,
            connections,
            disk,
        })
        .boxed()
}

fn cut(_: Kinds, whom: &Target, nodes: u8) -> BoxedStrategy<Lever> {
    let parts = (whom.clone(), receivers(nodes), in_flight());
    parts.prop_map(|(from, to, in_flight)| Lever::Cut { from, to, in_flight }).boxed()
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

fn partition(kinds: Kinds, whom: &Target, nodes: u8) -> BoxedStrategy<Lever> {
    let groups = whom.clone().prop_map(|target| vec![target, vec![Selector::Rest]]);
    let parted = |groups: BoxedStrategy<Vec<Vec<Selector>>>| {
        (groups, in_flight()).prop_map(|(groups, in_flight)| Lever::Partition { groups, in_flight }).boxed()
    };
    if kinds.vocabulary.kinds.is_empty() {
        return parted(groups.boxed());
    }
    let isolated = whom.clone().prop_map(|target| vec![target, vec![Selector::Rest, Selector::Resource]]);
    // Whoever is left over is in no group, and so a bridge.
    let half = nodes / 2;
    let bridge = whom.clone().prop_map(move |side| vec![side, vec![Selector::Random(half.max(1))]]);
    parted(prop_oneof![2 => groups, 1 => isolated, 1 => bridge].boxed())
}

fn ring(_: Kinds, _: &Target, _: u8) -> BoxedStrategy<Lever> {
    let reach = prop_oneof![Just(Reach::Majority), Just(Reach::Neighbours)];
    let target = Just(vec![Selector::All]);
    let parts = (target, reach, in_flight());
    parts.prop_map(|(target, reach, in_flight)| Lever::Ring { target, reach, in_flight }).boxed()
}

fn degrade(kinds: Kinds, whom: &Target, nodes: u8) -> BoxedStrategy<Lever> {
    let names = kinds.vocabulary.kinds;
    let some = subsequence(names.to_vec(), 1..=names.len().clamp(1, 3));
    let only = prop_oneof![
        2 => Just(Vec::new()),
        1 => some.prop_map(|some| some.into_iter().map(str::to_owned).collect()),
    ];
    let parts = (whom.clone(), receivers(nodes), any::<bool>(), damage(kinds), only);
    parts
        .prop_map(|(from, to, symmetric, damage, only)| Lever::Degrade { from, to, symmetric, damage, only })
        .boxed()
}

/// One or two ways in which links are worse.
fn damage(kinds: Kinds) -> impl Strategy<Value = Damage> {
    let none = Damage::default;
    let late = jitter(1, 200).prop_map(move |delay| Damage { delay, ..none() });
    let lost = percent().prop_map(move |loss| Damage { loss, ..none() });
    let doubled = percent().prop_map(move |duplicate| Damage { duplicate, ..none() });
    let overtaken = (percent(), jitter(1, 200)).prop_map(move |(reorder, reorder_delay)| Damage {
        reorder,
        reorder_delay,
        ..none()
    });
    let ways = [
        (kinds.faults.has(Loss), lost.boxed()),
        (kinds.faults.has(Delay), late.boxed()),
        (kinds.faults.has(Duplication), doubled.boxed()),
        (kinds.faults.has(Delay), overtaken.boxed()),
    ];
    let on: Vec<_> = ways.into_iter().filter(|(on, _)| *on).map(|(_, way)| way).collect();
    vec(Union::new(on), 1..=2).prop_map(|ways| ways.into_iter().fold(Damage::default(), merged))
}

fn merged(one: Damage, other: Damage) -> Damage {
    let (of_other, reordered) = (other.delay.max > Span::ZERO, !other.reorder.is_never());
    Damage {
        delay: if of_other { other.delay } else { one.delay },
        loss: one.loss.max(other.loss),
        duplicate: one.duplicate.max(other.duplicate),
        reorder: if reordered { other.reorder } else { one.reorder },
        reorder_delay: if reordered { other.reorder_delay } else { one.reorder_delay },
    }
}

fn wake() -> impl Strategy<Value = Wake> {
    prop_oneof![Just(Wake::Random), Just(Wake::TimersFirst), Just(Wake::MessagesFirst)]
}

fn pause(_: Kinds, whom: &Target, _: u8) -> BoxedStrategy<Lever> {
    (whom.clone(), wake()).prop_map(|(target, wake)| Lever::Pause { target, wake }).boxed()
}

fn freeze(_: Kinds, whom: &Target, _: u8) -> BoxedStrategy<Lever> {
    (whom.clone(), wake()).prop_map(|(target, wake)| Lever::Freeze { target, wake }).boxed()
}

fn slow_node(_: Kinds, whom: &Target, _: u8) -> BoxedStrategy<Lever> {
    (whom.clone(), jitter(1, 30)).prop_map(|(target, each)| Lever::SlowNode { target, each }).boxed()
}

fn disk_slow(_: Kinds, whom: &Target, _: u8) -> BoxedStrategy<Lever> {
    (whom.clone(), jitter(1, 300)).prop_map(|(target, by)| Lever::DiskSlow { target, by }).boxed()
}

fn step(whom: &Target, clocks: &'static [ClockChoice], least: i64) -> BoxedStrategy<Lever> {
    let clock = proptest::sample::select(clocks);
    let step = |(target, ms, clock)| Lever::ClockStep { target, by: ms * 1_000_000, clock };
    (whom.clone(), least..=5_000, clock).prop_map(step).boxed()
}

fn drift(kinds: Kinds, whom: &Target, _: u8) -> BoxedStrategy<Lever> {
    let mut clocks = Vec::new();
    if kinds.faults.has(WallClock) {
        clocks.push(ClockChoice::Wall);
    }
    if kinds.faults.has(ClockRate) {
        clocks.extend([ClockChoice::Mono, ClockChoice::Both]);
    }
    let parts = (whom.clone(), -200_000..=200_000_i32, proptest::sample::select(clocks));
    parts.prop_map(|(target, ppm, clock)| Lever::ClockDrift { target, ppm, clock }).boxed()
}

fn strobe(whom: &Target, clock: ClockChoice) -> BoxedStrategy<Lever> {
    // A monotonic clock comes back by running slowly, and has to be back within a turn.
    (whom.clone(), 2..=200_i64, 2..=1_000_i64)
        .prop_map(move |(target, period, by)| {
            let by = if clock == ClockChoice::Wall { by } else { by.min(period / 2) };
            let every = Span::millis(period.unsigned_abs());
            Lever::ClockStrobe { target, by: by * 1_000_000, every, clock }
        })
        .boxed()
}
