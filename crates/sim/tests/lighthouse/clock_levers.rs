//! Clocks that are set, that drift and that go to and fro.

use crate::story::{Story, Told, all_ms, cluster, crash, cut, ms, n, node};
use interregnum_kernel::{
    Deadline, Effects, Epoch, GlobalTime, Input, Kind, Leadership, LocalTime, LossCause, NodeSet, Now,
    Observation, Office, Process, Protocol, Role, Span, TimerName, WallTime, What,
};
use interregnum_sim::Simulator;
use interregnum_world::{ClockChoice, Lever, Selector, Wake};
use std::sync::Arc;

use ClockChoice::{Both, Mono, Wall};

fn nanos(millis: i64) -> i64 {
    millis * 1_000_000
}

/// Sets a clock by so many milliseconds.
fn step(number: u8, by: i64, clock: ClockChoice) -> Lever {
    Lever::ClockStep { target: vec![node(number)], by: nanos(by), clock }
}

fn drift(number: u8, ppm: i32, clock: ClockChoice) -> Lever {
    Lever::ClockDrift { target: vec![node(number)], ppm, clock }
}

/// By so many milliseconds, turning every so many.
fn strobe(number: u8, by: i64, every: u64, clock: ClockChoice) -> Lever {
    let every = Span::millis(every);
    Lever::ClockStrobe { target: vec![node(number)], by: nanos(by), every, clock }
}

/// Every turn of a node: when, and by how many nanoseconds its monotonic and its wall clock were ahead.
fn errors(run: &Told, number: u8) -> Vec<(GlobalTime, i64, i64)> {
    let turns = run.entries.iter().filter(|entry| entry.node == Some(n(number)));
    let shown = turns.filter_map(|entry| Some((entry.at_ns, entry.clocks?)));
    shown.map(|(at, now)| (at, now.mono.0 as i64 - at.0 as i64, now.wall.0 - at.0 as i64)).collect()
}

/// The same at the last turn of an instant, in milliseconds.
fn error_at(run: &Told, number: u8, at: u64) -> (i64, i64) {
    let last = errors(run, number).into_iter().rfind(|(then, _, _)| *then == ms(at));
    last.map(|(_, mono, wall)| (mono / 1_000_000, wall / 1_000_000)).unwrap_or((i64::MIN, i64::MIN))
}

fn beacons(run: &Told) -> Vec<GlobalTime> {
    run.leaving(1, 2, "Beacon")
}

#[test]
fn a_step_of_the_wall_clock_moves_no_timer() {
    for by in [500, -500] {
        let run = cluster(2).at(12, step(1, by, Wall)).told();
        assert_eq!(beacons(&run), beacons(&cluster(2).told()), "timers run by the other clock");
        assert_eq!(error_at(&run, 1, 10), (0, 0), "right until the step");
        assert_eq!(error_at(&run, 1, 20), (0, by), "and off by it from then on");
        assert_eq!(error_at(&run, 2, 21), (0, 0), "elsewhere nothing happened");
    }
}

#[test]
fn a_step_of_the_monotonic_clock_brings_timers_nearer_by_exactly_that() {
    let run = cluster(2).at(12, step(1, 7, Mono)).told();
    assert_eq!(beacons(&run)[..4], all_ms(&[10, 13, 23, 33]), "once; what is set later is right");
    assert_eq!(error_at(&run, 1, 23), (7, 0), "the wall clock keeps to real time");
    let run = cluster(2).at(12, step(1, 7, Both)).told();
    assert_eq!(error_at(&run, 1, 23), (7, 7), "unless it is set as well");
}

#[test]
fn a_step_past_a_timer_lets_it_run_out_at_once() {
    let run = cluster(2).at(12, step(1, 30, Mono)).told();
    assert_eq!(beacons(&run)[..3], all_ms(&[10, 12, 22]));
}

#[test]
fn a_monotonic_clock_does_not_go_back() {
    let run = cluster(2).at(12, step(1, -7, Mono)).told();
    assert_eq!(errors(&run, 1).iter().map(|(_, mono, wall)| mono.abs() + wall.abs()).max(), Some(0));
    let run = cluster(2).at(12, step(1, -7, Both)).told();
    assert_eq!(error_at(&run, 1, 20), (0, -7), "the wall clock does");
    assert_eq!(beacons(&run), beacons(&cluster(2).told()), "no timer has moved");
}

#[test]
fn a_slow_clocks_timers_are_late_by_exactly_its_share() {
    let run = cluster(2).during(15, 41, drift(1, -500_000, Both)).told();
    // Half of the second interval is left at 15 ms, which takes twice as long, and so does what of the third passes
    // until 41 ms: 8 ms of it. The 2 ms that are left take 2 ms.
    assert_eq!(beacons(&run)[..5], all_ms(&[10, 25, 43, 53, 63]));
    assert_eq!(error_at(&run, 1, 53), (-13, -13), "half of 26 ms was lost, and stays lost");
}

#[test]
fn a_fast_clocks_timers_are_early_by_exactly_its_share() {
    let run = cluster(2).at(10, drift(1, 250_000, Both)).told();
    assert_eq!(beacons(&run)[..4], all_ms(&[10, 18, 26, 34]), "10 ms of this clock are 8");
    assert_eq!(error_at(&run, 1, 34), (6, 6));
}

#[test]
fn each_clock_can_drift_alone() {
    let run = cluster(2).at(10, drift(1, 500_000, Wall)).told();
    assert_eq!(beacons(&run), beacons(&cluster(2).told()), "timers do not run by the wall clock");
    assert_eq!(error_at(&run, 1, 30), (0, 10));
    let run = cluster(2).at(10, drift(1, 250_000, Mono)).told();
    assert_eq!(beacons(&run)[..3], all_ms(&[10, 18, 26]));
    assert_eq!(error_at(&run, 1, 26), (4, 0));
}

#[test]
fn overlapping_drifts_add_up_and_end_one_by_one() {
    let story = cluster(2).during(10, 50, drift(1, 125_000, Both)).during(20, 40, drift(1, 250_000, Both));
    let run = story.at(70, step(1, 0, Wall)).told();
    // An eighth of the 40 ms of the one, and a quarter of the 20 ms of the other.
    assert_eq!(error_at(&run, 1, 70), (10, 10));
    let after: Vec<_> = errors(&run, 1).into_iter().filter(|turn| turn.0 >= ms(50)).collect();
    assert!(after.iter().all(|turn| turn.1 == nanos(10)), "and nothing more afterwards: {after:?}");
}

#[test]
fn equal_drifts_on_top_of_each_other_count_twice() {
    let story = cluster(2).during(10, 30, drift(1, 250_000, Both)).during(10, 20, drift(1, 250_000, Both));
    assert_eq!(error_at(&story.at(30, step(1, 0, Wall)).told(), 1, 30), (7, 7), "5 ms and 2.5 ms");
}

#[test]
fn a_strobed_wall_clock_goes_ahead_and_comes_back() {
    let run = cluster(2).during(15, 58, strobe(1, 200, 10, Wall)).told();
    let wall = |at| error_at(&run, 1, at).1;
    assert_eq!([10, 20, 30, 40, 50, 60, 70].map(wall), [0, 200, 0, 200, 0, 0, 0]);
    assert_eq!(beacons(&run), beacons(&cluster(2).told()), "no timer has moved");
}

#[test]
fn a_strobe_that_ends_ahead_brings_the_wall_clock_back() {
    let run = cluster(2).during(15, 38, strobe(1, -200, 10, Wall)).told();
    let wall = |at| error_at(&run, 1, at).1;
    assert_eq!([20, 30, 36, 38, 40, 90].map(wall)[..2], [-200, 0], "it turns");
    assert_eq!(error_at(&run, 1, 35).1, -200, "off at the last turn");
    assert_eq!(error_at(&run, 1, 38).1, 0, "right at the end");
    assert_eq!(error_at(&run, 1, 90).1, 0, "and ever after");
}

#[test]
fn a_strobed_monotonic_clock_runs_fast_and_then_slow() {
    let run = cluster(2).during(2, 42, strobe(1, 5, 10, Mono)).told();
    let mono = |at| error_at(&run, 1, at).0;
    assert_eq!([12, 22, 32, 42].map(mono), [5, 0, 5, 0], "ahead by what was asked, and right again");
    assert!(
        errors(&run, 1).iter().all(|(_, mono, _)| (0..=nanos(5)).contains(mono)),
        "never behind, nor further"
    );
    let after = errors(&run, 1).into_iter().filter(|turn| turn.0 >= ms(42));
    assert!(
        after.clone().count() > 3 && after.clone().all(|turn| turn.1 == 0),
        "right to the nanosecond in the end"
    );
    assert!(errors(&run, 1).iter().all(|(_, _, wall)| *wall == 0), "the wall clock keeps to real time");
}

#[test]
fn a_monotonic_strobe_that_ends_ahead_keeps_what_it_gained() {
    let run = cluster(2).during(2, 8, strobe(1, 5, 10, Mono)).told();
    let after = errors(&run, 1).into_iter().filter(|turn| turn.0 >= ms(8));
    let after: Vec<_> = after.map(|(_, mono, _)| mono).collect();
    assert!(after.len() > 5, "there are turns to look at");
    assert!(
        after.iter().all(|mono| *mono == nanos(3)),
        "half of 6 ms, and its rate is right again: {after:?}"
    );
}

#[test]
fn a_strobe_beyond_what_a_clock_can_do_stays_within_it() {
    let run = cluster(2).during(10, 50, strobe(1, 500, 10, Mono)).told();
    let most = errors(&run, 1).iter().map(|turn| turn.1).max();
    assert_eq!(most, Some(nanos(9) - 1), "nine tenths of the period, rounded down");
    let after = errors(&run, 1).into_iter().filter(|turn| turn.0 > ms(50)).map(|turn| turn.1.abs()).max();
    assert!(after.is_some_and(|off| off <= 2), "and it comes back: {after:?}");
}

#[test]
fn a_period_of_nothing_does_not_stop_time() {
    let run = cluster(2).during(10, 11, strobe(1, 5, 0, Wall)).told();
    assert_eq!(beacons(&run).len(), 10, "the run goes on");
}

#[test]
fn a_machines_clock_can_be_changed_while_its_process_is_down() {
    let down = || cluster(2).during(5, 30, crash(&[node(1)]));
    let run = down().at(10, step(1, 500, Wall)).told();
    assert_eq!(error_at(&run, 1, 30), (0, 500), "the new process boots by a clock that is wrong");
    let run = down().at(10, drift(1, -500_000, Both)).told();
    assert_eq!(error_at(&run, 1, 30), (-10, -10), "10 ms of 20 were lost");
    assert_eq!(beacons(&run)[..2], all_ms(&[50, 70]), "and its timers are late");
    let run = down().at(10, strobe(1, 200, 10, Wall)).told();
    assert_eq!(error_at(&run, 1, 40).1, 0, "a strobe goes on over the restart");
    assert_eq!(error_at(&run, 1, 32).1, 200, "with its turns");
}

#[test]
fn a_fault_of_the_clock_outlives_the_process() {
    let run = cluster(2).at(2, drift(1, -500_000, Both)).during(5, 30, crash(&[node(1)])).told();
    assert_eq!(beacons(&run)[..2], all_ms(&[50, 70]));
}

#[test]
fn healing_restores_rates_and_keeps_what_the_clocks_show() {
    let story = cluster(2).at(10, drift(1, 500_000, Both)).at(15, step(1, 100, Wall));
    let run = story.at(20, strobe(1, 50, 15, Wall)).healed_at(40).told();
    let after: Vec<_> = errors(&run, 1).into_iter().filter(|turn| turn.0 >= ms(40)).collect();
    assert!(after.len() > 5, "there are turns to look at");
    for (at, mono, wall) in after {
        assert_eq!((mono, wall), (nanos(15), nanos(115)), "at {at:?}: gained and set, but not strobed");
    }
}

#[test]
fn healing_a_core_leaves_the_other_clocks_as_they_are() {
    let apart = || cluster(2).kept_by(&[1, 2]).at(0, cut(&[node(2)], &[node(1)]));
    let both = |lever: fn(u8) -> Lever| apart().at(10, lever(1)).at(10, lever(2));
    let healed = |story: Story| story.healed_at(30).with(|setting| setting.core = vec![node(2)]).told();
    let run = healed(both(|number| drift(number, -500_000, Both)));
    assert_eq!(run.leaving(1, 2, "Beacon"), all_ms(&[10, 30, 50, 70, 90]), "slow for ever");
    assert_eq!(run.leaving(2, 1, "Beacon")[..4], all_ms(&[10, 30, 40, 50]), "slow until then");
    let run = healed(both(|number| strobe(number, 200, 15, Wall)));
    let wall = |number| [20, 30, 50, 60].map(|at| error_at(&run, number, at).1);
    assert_eq!((wall(1), wall(2)), ([200, 0, 200, 0], [200, 0, 0, 0]), "off and on outside the core");
}

/// A protocol that does nothing but lead and hold a lease until its clock shows a time.
#[derive(Clone, Debug)]
struct Tenant(Deadline);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum NoTimer {}

impl TimerName for NoTimer {
    const COUNT: usize = 0;
    fn index(self) -> usize {
        match self {}
    }
    fn from_index(_: usize) -> NoTimer {
        unreachable!("there are none")
    }
}

impl Protocol for Tenant {
    type State = ();
    type Message = ();
    type Timer = NoTimer;
    type Write = ();
    type Disk = ();
    const KINDS: &'static [&'static str] = &["Nothing"];
    fn kind((): &()) -> Kind {
        Kind(0)
    }
    fn label((): &()) -> u64 {
        0
    }
    fn apply((): &mut (), (): &()) {}
    fn timed(&self) -> bool {
        true
    }
    fn boot(&self, _: Process, (): &(), _: Now, _: &mut Effects<Self>) {}
    fn step(&self, (): &mut (), _: Now, _: Input<Self>, _: &mut Effects<Self>) {}
    fn leadership(&self, (): &(), now: Now) -> Option<Leadership> {
        let leadership = Leadership { office: Office::CONTESTED, epoch: Epoch(1), token: None };
        (!self.0.has_come(now)).then_some(leadership)
    }
    fn lease(&self, (): &(), _: Now) -> Option<Deadline> {
        Some(self.0)
    }
    fn role(&self, (): &()) -> Role {
        Role::Leader
    }
    fn epoch(&self, (): &()) -> Epoch {
        Epoch(1)
    }
    fn is_quorum(&self, (): &(), _: NodeSet) -> bool {
        true
    }
}

/// What is observed of a lone tenant.
fn tenancy(deadline: Deadline, story: Story) -> Vec<Observation> {
    let mut simulator = Simulator::new(Tenant(deadline), Arc::new(story.setting), Vec::<Observation>::new());
    simulator.run(1);
    std::mem::take(simulator.observer_mut())
}

/// When its lease ends, and begins after its first beginning, in milliseconds (rounded down).
fn lease(deadline: Deadline, story: Story) -> Vec<(u64, bool)> {
    let told = |seen: &Observation| match seen.what {
        What::LeaseHeld(_) => Some((seen.at.0 / 1_000_000, true)),
        What::LeaseLost(_) => Some((seen.at.0 / 1_000_000, false)),
        _ => None,
    };
    tenancy(deadline, story).iter().filter_map(told).skip(1).collect()
}

#[test]
fn a_step_of_the_wall_clock_moves_deadlines_by_it() {
    let by_wall = |story| lease(Deadline::Wall(WallTime(nanos(50))), story);
    assert_eq!(by_wall(cluster(1)), [(50, false)], "by a clock that is right");
    assert_eq!(by_wall(cluster(1).at(10, step(1, 20, Wall))), [(30, false)], "sooner by a step forward");
    assert_eq!(by_wall(cluster(1).at(10, step(1, -20, Wall))), [(70, false)], "later by a step back");
    assert_eq!(by_wall(cluster(1).at(10, step(1, 100, Wall))), [(10, false)], "at once when it is skipped");
    assert_eq!(
        by_wall(cluster(1).at(10, step(1, 20, Mono))),
        [(50, false)],
        "the other clock does not matter"
    );
    assert_eq!(by_wall(cluster(1).at(10, drift(1, -500_000, Wall))), [(90, false)], "40 ms take 80");
    assert_eq!(by_wall(cluster(1).at(60, step(1, -20, Wall))), [(50, false), (60, true), (70, false)]);
}

#[test]
fn a_change_of_the_monotonic_clock_moves_deadlines_by_it() {
    let by_mono = |story| lease(Deadline::Mono(LocalTime(Span::millis(50).0)), story);
    assert_eq!(by_mono(cluster(1).at(10, step(1, 20, Mono))), [(30, false)]);
    assert_eq!(by_mono(cluster(1).at(10, step(1, 20, Wall))), [(50, false)]);
    assert_eq!(by_mono(cluster(1).at(10, drift(1, 1_000_000, Mono))), [(31, false)], "at 1.9 times the rate");
}

#[test]
fn a_strobed_lease_is_lost_and_held_in_turns() {
    let story = cluster(1).during(20, 95, strobe(1, 40, 20, Wall));
    let expected = [(20, false), (40, true), (50, false)];
    assert_eq!(
        lease(Deadline::Wall(WallTime(nanos(50))), story),
        expected,
        "by a clock that shows 60 at 20 ms"
    );
}

#[test]
fn a_frozen_lease_ends_later_by_the_freeze_and_a_paused_one_in_time() {
    for deadline in [Deadline::Wall(WallTime(nanos(50))), Deadline::Mono(LocalTime(Span::millis(50).0))] {
        let target: Vec<Selector> = vec![node(1)];
        let freeze = Lever::Freeze { target: target.clone(), wake: Wake::default() };
        assert_eq!(lease(deadline, cluster(1).during(10, 30, freeze)), [(70, false)], "its clock stood");
        let pause = Lever::Pause { target, wake: Wake::default() };
        assert_eq!(lease(deadline, cluster(1).during(10, 30, pause)), [(50, false)], "its clock ran on");
    }
}

#[test]
fn a_leader_that_a_clock_lever_deposes_is_lost_by_the_fault() {
    let lost = |story| {
        let lost = |seen: &Observation| match seen.what {
            What::LostQuorum(_, cause) => Some((seen.at, cause)),
            _ => None,
        };
        let seen = tenancy(Deadline::Wall(WallTime(nanos(50))), story);
        seen.iter().filter_map(lost).collect::<Vec<_>>()
    };
    assert_eq!(lost(cluster(1)), [(ms(50), LossCause::Superseded)], "its time is up");
    assert_eq!(
        lost(cluster(1).at(10, step(1, 90, Wall))),
        [(ms(10), LossCause::Fault)],
        "or is taken from it"
    );
    let strobed = lost(cluster(1).at(10, strobe(1, -80, 60, Wall)));
    assert_eq!(strobed, [(ms(70), LossCause::Fault)], "by the turn of a strobe as well");
}
