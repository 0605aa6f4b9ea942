//! Order and time: ties, queues, drift, the horizon and the limit of events.

use crate::clockwork::{Clockwork, Settings, Struck};
use crate::protocol::Lighthouse;
use crate::story::{Story, cluster, crash, cut, ms, n, node, partition, stall};
use interregnum_kernel::{GlobalTime, Jitter, LocalTime, Span, WallTime, What};
use interregnum_sim::{Heap, Outcome, Simulator, Stop};
use interregnum_world::{Latency, LinkSetting, NoRecorder, Probability, Selector, Setting};
use std::sync::Arc;

/// The timers that a clockwork of one node strikes, in order.
fn struck(at_boot: Settings, after: &'static [(u8, Settings)]) -> Vec<u8> {
    let link = LinkSetting::with_latency(Latency::Constant(Span::ZERO));
    let setting = Setting::quiet(1, link, Latency::Constant(Span::ZERO), Span::secs(1));
    let mut simulator = Simulator::new(Clockwork { at_boot, after }, Arc::new(setting), ());
    simulator.run(1);
    let hands: &Struck = simulator.world().hosts()[0].state().expect("the node is up");
    hands.iter().map(|(hand, _)| *hand).collect()
}

#[test]
fn timers_due_at_one_instant_fire_in_the_order_they_were_set() {
    assert_eq!(struck(&[(0, 10), (1, 10), (2, 10)], &[]), [0, 1, 2], "by setting");
    assert_eq!(struck(&[(2, 10), (1, 10), (0, 10)], &[]), [2, 1, 0], "and not by number");
}

#[test]
fn a_timer_set_anew_to_the_same_instant_goes_to_the_end() {
    assert_eq!(struck(&[(0, 10), (1, 10), (0, 10)], &[]), [1, 0], "its last setting counts");
    assert_eq!(struck(&[(0, 10), (1, 10), (0, 0), (0, 10)], &[]), [1, 0], "disarmed in between or not");
}

#[test]
fn a_timer_that_was_put_off_keeps_the_place_of_its_setting() {
    // All are due at 10 ms. Timer 0 was queued for 6 ms first, so that its entry comes up early and is pushed again.
    assert_eq!(
        struck(&[(2, 4), (0, 6)], &[(2, &[(0, 6), (1, 6)])]),
        [2, 0, 1],
        "put off before the other was set"
    );
    assert_eq!(struck(&[(2, 4), (0, 6)], &[(2, &[(1, 6), (0, 6)])]), [2, 1, 0], "put off after it");
}

#[test]
fn a_timer_brought_forward_fires_once() {
    assert_eq!(struck(&[(0, 20), (1, 5), (0, 4)], &[]), [0, 1], "at the new instant and not at the old one");
    assert_eq!(struck(&[(0, 20), (0, 4), (1, 10)], &[(0, &[(0, 16)])]), [0, 1, 0], "unless it is set again");
    assert_eq!(struck(&[(0, 20), (1, 5)], &[(1, &[(0, 0)])]), [1], "a disarmed one never");
}

/// Everything at once: latencies from nothing to far beyond the calendar's ring, timers set anew all the time, loss,
/// doubles and faults.
fn storm() -> Story {
    let mut story = cluster(5)
        .kept_by(&[1, 4])
        .with_every_link(|link| {
            link.latency = Latency::Uniform { min: Span::ZERO, max: Span::millis(3_500) };
            link.loss = Probability::new(0.05);
            link.duplicate = Probability::new(0.1);
            link.reorder = Probability::new(0.1);
            link.reorder_delay = Latency::exponential(Span::ZERO, Span::secs(2));
        })
        .with(|setting| {
            setting.fsync = Latency::Uniform { min: Span::ZERO, max: Span::millis(700) };
            setting.clocks.drift_ppm = (-2_000, 2_000);
            setting.workload.writes_every = Some(Span::millis(70));
            setting.workload.check_to_act = (Span::ZERO, Span::millis(30));
        })
        .during(900, 4_000, crash(&[Selector::Random(2)]))
        .during(2_000, 7_000, cut(&[Selector::Leader], &[Selector::Random(2)]))
        .during(3_000, 3_500, stall(&[Selector::Leader]))
        .at(6_000, partition(&[&[node(5)], &[Selector::Rest]]))
        .healed_at(9_000)
        .until(Span::secs(12));
    story.protocol.every = Jitter::between(Span::ZERO, Span::millis(120));
    story.protocol.patience = Jitter::between(Span::millis(50), Span::secs(4));
    story
}

#[test]
fn the_calendar_and_the_heap_give_the_same_runs() {
    let (storm, setting) = (storm(), Arc::new(storm().setting));
    let mut calendar = Simulator::new(storm.protocol.clone(), Arc::clone(&setting), ());
    let mut heap: Simulator<Lighthouse, (), NoRecorder, Heap<Lighthouse>> =
        Simulator::with_parts(storm.protocol, setting, (), NoRecorder);
    for seed in 0..100 {
        let (by_calendar, by_heap): (Outcome, Outcome) = (calendar.run(seed), heap.run(seed));
        assert!(by_calendar.counters.events > 1_000, "a run worth comparing (seed {seed})");
        assert_eq!(by_calendar, by_heap, "one order of events, whatever carries them (seed {seed})");
    }
}

#[test]
fn zero_latency_keeps_the_order_of_sending() {
    let run = cluster(3).with_every_link(|link| link.latency = Latency::Constant(Span::ZERO)).told();
    let at_10: Vec<_> = run.entries.iter().filter(|entry| entry.at_ns == ms(10)).collect();
    let numbers: Vec<u64> = at_10.iter().map(|entry| entry.sequence).collect();
    assert!(
        numbers.windows(2).all(|two| two[0] < two[1]),
        "events of one instant come in sequence: {numbers:?}"
    );
    let at: Vec<_> = at_10.iter().filter_map(|entry| entry.node).collect();
    assert_eq!(at, [n(1), n(2), n(3), n(1), n(1)], "the beacon, both deliveries, both answers");
}

#[test]
fn a_fast_clock_fires_its_timers_earlier_by_exactly_its_drift() {
    let fast = cluster(2).with(|setting| setting.clocks.drift_ppm = (100, 100));
    let run = fast.until(Span::millis(95)).told();
    // 10 ms by a clock that is 100 ppm fast are 10 ms / 1.0001, rounded up: a timer is never early by its own clock.
    let expected: Vec<GlobalTime> =
        (1..=9u64).map(|k| GlobalTime((k * 10_000_000 * 10_000).div_ceil(10_001))).collect();
    assert_eq!(run.firing(1, "Beacon"), expected, "each beacon by its own clock");
    assert_eq!(expected[0], GlobalTime(9_999_001), "that is 999 ns early after 10 ms");
    let first = run.entries.iter().find(|entry| entry.at_ns == expected[0]).and_then(|entry| entry.clocks);
    assert_eq!(
        first.map(|now| now.mono),
        Some(LocalTime(10_000_000)),
        "when the node's own clock shows 10 ms"
    );
}

#[test]
fn a_slow_clock_fires_its_timers_later() {
    let run = cluster(2).with(|setting| setting.clocks.drift_ppm = (-100, -100)).told();
    assert_eq!(run.firing(1, "Beacon")[0], GlobalTime(10_001_001), "10 ms / 0.9999, rounded up");
}

#[test]
fn a_wall_clocks_offset_is_seen_and_moves_no_timer() {
    let run = cluster(2).with(|setting| setting.clocks.offset = (-5_000_000, -5_000_000)).told();
    assert_eq!(run.firing(1, "Beacon")[0], ms(10), "timers go by the monotonic clock");
    let fired = run.entries.iter().find(|entry| entry.at_ns == ms(10)).and_then(|entry| entry.clocks);
    assert_eq!(fired.map(|now| now.wall), Some(WallTime(5_000_000)), "the wall clock is 5 ms behind");
}

#[test]
fn drawn_drifts_stay_in_their_range_and_differ() {
    let run = cluster(5).with(|setting| setting.clocks.drift_ppm = (-500, 500)).until(Span::secs(1)).told();
    let mut rates = Vec::new();
    for number in 1..=5 {
        let last =
            run.entries.iter().rev().find(|entry| entry.node == Some(n(number)) && entry.clocks.is_some());
        let (shown, real) =
            last.map(|entry| (entry.clocks.unwrap_or_default().mono.0, entry.at_ns.0)).unwrap();
        let ppm = (shown as i64 - real as i64) * 1_000_000 / real as i64;
        assert!((-500..=500).contains(&ppm), "node {number} drifts by {ppm} ppm");
        rates.push(ppm);
    }
    rates.dedup();
    assert!(rates.len() > 1, "each node draws its own: {rates:?}");
}

#[test]
fn the_horizon_belongs_to_the_run() {
    let inclusive = cluster(2).told();
    assert_eq!(inclusive.firing(1, "Beacon").last(), Some(&ms(100)), "an event at the horizon happens");
    let earlier = cluster(2).until(Span(99_999_999)).told();
    assert_eq!(earlier.firing(1, "Beacon").last(), Some(&ms(90)), "one behind it does not");
    assert_eq!(inclusive.outcome.ended, ms(100), "the run ends there");
    assert_eq!(inclusive.outcome.stop, Stop::Horizon, "as it was meant to");
    assert_eq!(inclusive.observed(|what| *what == What::Ended), [(ms(100), n(1))], "and says so");
}

#[test]
fn a_run_without_events_still_lasts_until_its_horizon() {
    let run = cluster(2).with(|setting| setting.down = setting.everyone()).told();
    assert_eq!((run.outcome.stop, run.outcome.ended), (Stop::Horizon, ms(100)), "nothing happens until then");
    assert_eq!(run.outcome.counters.events, 0, "nothing at all");
}

#[test]
fn a_run_that_meets_the_limit_of_events_stops_and_says_so() {
    let story = cluster(3);
    let mut simulator =
        Simulator::new(story.protocol, Arc::new(story.setting), Vec::new()).with_event_limit(20);
    let outcome = simulator.run(1);
    assert_eq!(outcome.stop, Stop::EventLimit, "it did not reach its horizon");
    assert_eq!(outcome.counters.events, 20, "it stopped at the limit");
    assert!(outcome.ended < ms(100), "at {:?}", outcome.ended);
    let ended = simulator.observer().last().map(|seen| (seen.at, seen.what));
    assert_eq!(ended, Some((outcome.ended, What::Ended)), "and that is observed at the instant it stopped");
}
