//! Machines that are frozen: the process stops and the clocks stand. Next to it the pause, whose clocks run on.

use crate::clockwork::Clockwork;
use crate::story::{Story, Told, all_ms, cluster, crash, cut, ms, n, node};
use interregnum_kernel::{GlobalTime, LocalTime, NodeId, Now, Span, WallTime};
use interregnum_sim::Simulator;
use interregnum_world::{ClockChoice, Lever, PlannedFault, Selector, Setting, Wake};
use std::sync::Arc;

fn freeze(target: &[Selector]) -> Lever {
    Lever::Freeze { target: target.to_vec(), wake: Wake::TimersFirst }
}

fn pause(target: &[Selector]) -> Lever {
    Lever::Pause { target: target.to_vec(), wake: Wake::TimersFirst }
}

/// Both clocks at so many milliseconds.
fn both(millis: u64) -> Now {
    let nanos = Span::millis(millis).0;
    Now { mono: LocalTime(nanos), wall: WallTime(nanos as i64) }
}

/// What a node's clocks showed at the last of its turns at an instant.
fn clocks(run: &Told, number: u8, at: GlobalTime) -> Option<Now> {
    let mut turns = run.entries.iter().rev();
    turns.find(|entry| entry.at_ns == at && entry.node == Some(n(number))).and_then(|entry| entry.clocks)
}

fn beacons(story: Story) -> Vec<GlobalTime> {
    story.told().leaving(1, 2, "Beacon")
}

#[test]
fn a_frozen_clock_stands_still_and_timers_come_later_by_exactly_the_freeze() {
    let run = cluster(2).during(15, 45, freeze(&[node(1)])).told();
    assert_eq!(
        run.leaving(1, 2, "Beacon"),
        all_ms(&[10, 50, 60, 70, 80, 90, 100]),
        "30 ms later from then on"
    );
    assert_eq!(clocks(&run, 1, ms(50)), Some(both(20)), "by both clocks nothing happened");
}

#[test]
fn a_paused_nodes_clock_runs_on_and_its_timer_is_overdue() {
    let run = cluster(2).during(15, 45, pause(&[node(1)])).told();
    assert_eq!(run.leaving(1, 2, "Beacon")[..3], all_ms(&[10, 45, 55]), "due at 20 ms, met on waking");
    assert_eq!(clocks(&run, 1, ms(55)), Some(both(55)), "and the clocks are right");
}

#[test]
fn what_waited_for_a_frozen_node_meets_it_by_a_clock_that_stood() {
    let run = cluster(2).during(15, 45, freeze(&[node(2)])).told();
    assert_eq!(run.leaving(2, 1, "Seen")[..5], all_ms(&[11, 45, 45, 45, 51]), "three beacons waited");
    assert_eq!(clocks(&run, 2, ms(45)), Some(both(15)), "for which no time has passed");
    assert_eq!(clocks(&run, 1, ms(40)), Some(both(40)), "another node's clock ran on");
}

#[test]
fn overlapping_freezes_end_with_the_last() {
    let story = cluster(2).during(15, 45, freeze(&[node(1)])).during(30, 62, freeze(&[node(1)]));
    assert_eq!(beacons(story), all_ms(&[10, 67, 77, 87, 97]), "47 ms in all, and not 62");
    let story = cluster(2).during(15, 62, freeze(&[node(1)])).during(30, 45, freeze(&[node(1)]));
    assert_eq!(beacons(story), all_ms(&[10, 67, 77, 87, 97]), "whichever is the last");
}

#[test]
fn a_freeze_within_a_pause_stops_the_clock_for_its_own_time() {
    let run = cluster(2).during(15, 60, pause(&[node(1)])).during(18, 40, freeze(&[node(1)])).told();
    assert_eq!(run.leaving(1, 2, "Beacon")[..3], all_ms(&[10, 60, 70]), "due at 42 ms, and met on waking");
    assert_eq!(clocks(&run, 1, ms(70)), Some(both(48)), "22 ms behind");
}

#[test]
fn a_pause_that_outlasts_a_freeze_keeps_the_process_and_not_the_clock() {
    let run = cluster(2).during(15, 40, freeze(&[node(1)])).during(18, 60, pause(&[node(1)])).told();
    assert_eq!(run.leaving(1, 2, "Beacon")[..3], all_ms(&[10, 60, 70]), "due at 45 ms, and met on waking");
    assert_eq!(clocks(&run, 1, ms(70)), Some(both(45)), "25 ms behind");
}

#[test]
fn a_frozen_node_that_dies_forgets_its_timers() {
    let run = cluster(2).during(15, 70, freeze(&[node(1)])).during(30, 44, crash(&[node(1)])).told();
    assert_eq!(run.starts(1)[1], ms(44));
    assert_eq!(clocks(&run, 1, ms(44)), Some(both(29)), "the machine lives again from the crash on");
    assert_eq!(
        run.leaving(1, 2, "Beacon"),
        all_ms(&[10, 54, 64, 74, 84, 94]),
        "only the new process's timers run"
    );
}

#[test]
fn a_clock_that_is_set_while_it_stands_brings_its_timers_nearer() {
    let step =
        Lever::ClockStep { target: vec![node(1)], by: Span::millis(3).0 as i64, clock: ClockChoice::Mono };
    let run = cluster(2).during(15, 45, freeze(&[node(1)])).at(20, step).told();
    assert_eq!(run.leaving(1, 2, "Beacon")[..3], all_ms(&[10, 47, 57]), "2 ms were left after the thaw");
}

#[test]
fn a_drift_that_begins_while_the_clock_stands_is_in_force_afterwards() {
    let drift = Lever::ClockDrift { target: vec![node(1)], ppm: -500_000, clock: ClockChoice::Both };
    let run = cluster(2).during(15, 45, freeze(&[node(1)])).at(20, drift).told();
    assert_eq!(run.leaving(1, 2, "Beacon")[..3], all_ms(&[10, 55, 75]), "5 ms take 10, and 10 take 20");
}

#[test]
fn healing_a_core_leaves_the_rest_frozen() {
    let apart = cluster(2).kept_by(&[1, 2]).at(0, cut(&[node(2)], &[node(1)]));
    let story = apart.at(15, freeze(&[node(1)])).at(15, freeze(&[node(2)]));
    let run = story.healed_at(45).with(|setting| setting.core = vec![node(2)]).told();
    assert_eq!(run.leaving(1, 2, "Beacon"), all_ms(&[10]), "outside the core time stands");
    assert_eq!(run.leaving(2, 1, "Beacon")[..3], all_ms(&[10, 50, 60]), "within it goes on");
}

#[test]
fn timers_due_at_one_instant_keep_their_order_through_a_freeze() {
    let struck = |faults: Vec<PlannedFault>| {
        let protocol = Clockwork { at_boot: &[(3, 20), (0, 20), (2, 20), (1, 20)], after: &[] };
        let mut setting: Setting = cluster(1).setting;
        setting.plan.faults = faults;
        let mut simulator = Simulator::new(protocol, Arc::new(setting), ());
        simulator.run(1);
        simulator.world().hosts()[NodeId(0).index()].state().cloned().unwrap_or_default()
    };
    let due = LocalTime(Span::millis(20).0);
    let expected = vec![(3, due), (0, due), (2, due), (1, due)];
    assert_eq!(struck(Vec::new()), expected, "in the order in which they were set");
    let frozen = PlannedFault::at(Span::millis(5), freeze(&[node(1)])).lasting(Span::millis(50));
    assert_eq!(struck(vec![frozen]), expected, "whatever happened to the clock meanwhile");
}
