//! Faults of clocks and disks together, many and at random: what holds whatever comes together.

use crate::protocol::Lighthouse;
use crate::story::{Recording, Story, Told, cluster, ms, n, node};
use interregnum_kernel::{GlobalTime, Jitter, LocalTime, NodeId, Span};
use interregnum_sim::{Heap, Simulator};
use interregnum_world::record::InputRecord;
use interregnum_world::{
    ClockChoice, Connections, DiskAfter, Latency, Lever, NoRecorder, PlannedFault, Purpose, Selector, Stream,
    Unsynced, Wake,
};
use std::sync::Arc;

const CLOCKS: [ClockChoice; 3] = [ClockChoice::Wall, ClockChoice::Mono, ClockChoice::Both];
const UNSYNCED: [Unsynced; 3] = [Unsynced::Random, Unsynced::Lost, Unsynced::Kept];
const WAKES: [Wake; 3] = [Wake::Random, Wake::TimersFirst, Wake::MessagesFirst];

/// One of the levers of clocks. The monotonic clock is only stepped if asked.
fn clock_lever(draw: &mut Stream, target: Vec<Selector>, steps: bool) -> Lever {
    let clock = CLOCKS[draw.below(3) as usize];
    let millis = |n: i64| n * 1_000_000;
    match draw.below(4) {
        0 => Lever::ClockDrift { target, ppm: draw.between(-950_000, 950_000) as i32, clock },
        1 => Lever::ClockStep {
            target,
            by: draw.between(millis(-50), millis(50)),
            clock: if steps { clock } else { ClockChoice::Wall },
        },
        2 => Lever::ClockStrobe {
            target,
            by: draw.between(millis(-9), millis(9)),
            every: draw.span(Span::micros(1), Span::millis(9)),
            clock,
        },
        _ => Lever::Freeze { target, wake: WAKES[draw.below(3) as usize] },
    }
}

fn disk_lever(draw: &mut Stream, target: Vec<Selector>) -> Lever {
    match draw.below(5) {
        0 => Lever::DiskStall { target },
        1 => Lever::DiskSlow {
            target,
            by: Jitter::between(Span::ZERO, draw.span(Span::ZERO, Span::millis(9))),
        },
        2 | 3 => Lever::DiskLie { target },
        _ => {
            let by = draw.span(Span::ZERO, Span::millis(150));
            let disk =
                [DiskAfter::Kept, DiskAfter::Emptied, DiskAfter::RolledBack(by)][draw.below(3) as usize];
            let unsynced = UNSYNCED[draw.below(3) as usize];
            Lever::Crash { target, unsynced, connections: Connections::Silent, disk }
        }
    }
}

/// Thirty such faults in half a second, healed before its end.
fn trouble(seed: u64) -> Story {
    let draw = &mut Stream::new(seed, Purpose::Bench, NodeId(0));
    let mut story = cluster(3).kept_by(&[1, 2]).healed_at(450).until(Span::millis(500)).with(|setting| {
        setting.fsync = Latency::exponential(Span::micros(100), Span::millis(3));
        setting.clocks.drift_ppm = (-200, 200);
        for _ in 0..30 {
            let target = vec![Selector::Random(1 + draw.below(2) as u8)];
            let lever =
                if draw.below(2) == 0 { clock_lever(draw, target, true) } else { disk_lever(draw, target) };
            let fault = PlannedFault::at(draw.span(Span::ZERO, Span::millis(440)), lever);
            let lasts = fault.lever.lasts().then(|| draw.span(Span::micros(1), Span::millis(90)));
            setting.plan.faults.push(PlannedFault { lasts, ..fault });
        }
    });
    story.protocol.every = Jitter::between(Span::millis(3), Span::millis(12));
    story.protocol.patience = Jitter::between(Span::millis(15), Span::millis(40));
    story
}

fn shown(run: &Told, number: u8) -> impl Iterator<Item = (GlobalTime, LocalTime)> {
    let at_node = run.entries.iter().filter(move |entry| entry.node == Some(n(number)));
    at_node.filter_map(|entry| Some((entry.at_ns, entry.clocks?.mono)))
}

#[test]
fn no_monotonic_clock_ever_goes_back() {
    for seed in 0..100 {
        let run = trouble(seed).told_with(seed);
        for number in 1..=3 {
            let shown: Vec<_> = shown(&run, number).collect();
            assert!(shown.is_sorted(), "node {number} of seed {seed}: {shown:?}");
        }
    }
}

#[test]
fn after_healing_clocks_run_as_at_first() {
    for seed in 0..100 {
        let run = trouble(seed).with(|setting| setting.clocks.drift_ppm = (0, 0)).told_with(seed);
        for number in 1..=3 {
            let mut off: Vec<_> = shown(&run, number)
                .filter(|(at, _)| *at > ms(450))
                .map(|(at, mono)| mono.0 as i64 - at.0 as i64)
                .collect();
            off.dedup();
            assert_eq!(off.len(), 1, "node {number} of seed {seed} is off by {off:?} ns");
        }
    }
}

#[test]
fn both_queues_give_the_same_runs_whatever_befalls_clocks_and_disks() {
    for seed in 0..100 {
        let Story { protocol, setting } = trouble(seed);
        let setting = Arc::new(setting);
        let mut calendar = Simulator::new(protocol.clone(), Arc::clone(&setting), Vec::new());
        let mut heap: Simulator<Lighthouse, Vec<_>, NoRecorder, Heap<Lighthouse>> =
            Simulator::with_parts(protocol.clone(), Arc::clone(&setting), Vec::new(), NoRecorder);
        assert_eq!(calendar.run(seed), heap.run(seed), "the outcome of seed {seed}");
        assert_eq!(calendar.observer(), heap.observer(), "the observations of seed {seed}");
        let mut recording: Recording = Simulator::with_parts(protocol, setting, Vec::new(), Vec::new());
        recording.run(seed + 1);
        recording.observer_mut().clear();
        recording.run(seed);
        assert_eq!(
            calendar.observer(),
            recording.observer(),
            "also recorded, and after another run (seed {seed})"
        );
    }
}

#[test]
fn a_timer_is_never_early_and_hardly_late_by_its_own_clock() {
    let mut changes = 0;
    for seed in 0..200 {
        let draw = &mut Stream::new(seed, Purpose::Bench, NodeId(1));
        let story = cluster(2).until(Span::millis(300)).with(|setting| {
            for _ in 0..8 {
                let lever = clock_lever(draw, vec![node(1)], false);
                let lasts = lever.lasts().then(|| draw.span(Span::micros(1), Span::millis(90)));
                let fault = PlannedFault::at(draw.span(Span::ZERO, Span::millis(290)), lever);
                setting.plan.faults.push(PlannedFault { lasts, ..fault });
            }
        });
        let run = story.told_with(seed);
        let of_1 = run.entries.iter().filter(|entry| entry.node == Some(n(1)));
        let mut due = Span::millis(10).0;
        let mut may_be_late = 2;
        for entry in of_1 {
            let mono = entry.clocks.map(|now| now.mono.0).unwrap_or_default();
            match &entry.input {
                InputRecord::Ask => {
                    changes += 1;
                    may_be_late += 2;
                }
                InputRecord::Fire { .. } => {
                    let late = due..=due + may_be_late;
                    assert!(
                        late.contains(&mono),
                        "due at {due}, came at {mono} after {may_be_late} (seed {seed})"
                    );
                    due = mono + Span::millis(10).0;
                    may_be_late = 2;
                }
                _ => {}
            }
        }
    }
    assert!(changes > 10_000, "clocks were changed {changes} times");
}
