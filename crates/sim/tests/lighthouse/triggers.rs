//! Triggers: faults that come when something has happened.

use crate::determinism::busy;
use crate::story::{
    Story, Told, all_ms, cluster, crash, cut, ms, n, node, partition, pause, restart, slow, stall, transfer,
};
use interregnum_kernel::{GlobalTime, NodeId, Observation, Span, What};
use interregnum_world::{Cue, Happening, PlannedFault, Selector, Trigger, When};

/// The first time that something happens anywhere, and at once.
fn first(cue: Cue) -> Trigger {
    Trigger { cue, at: Vec::new(), count: 1, after: Span::ZERO }
}

fn event(event: Happening) -> Trigger {
    first(Cue::Event(event))
}

/// A node has heard a beacon, which is not durable yet.
fn queued() -> Trigger {
    first(Cue::Phase("beacon-queued".to_owned()))
}

/// When faults came, and which.
fn injected(run: &Told) -> Vec<(GlobalTime, u32)> {
    let fault = |seen: &Observation| match seen.what {
        What::FaultInjected(fault) => Some((seen.at, fault)),
        _ => None,
    };
    run.heard.iter().filter_map(fault).collect()
}

fn crashes(run: &Told) -> Vec<(GlobalTime, NodeId)> {
    run.observed(|what| *what == What::Crashed)
}

#[test]
fn a_fault_can_wait_for_a_phase_and_hit_the_node_that_came_to_it() {
    let run = cluster(2).upon(queued(), crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(11), n(2))], "the first to hear a beacon, at that instant");
    assert_eq!(run.leaving(2, 1, "Seen"), [ms(11)], "after all that the step asked for");
    assert_eq!(run.books[1].beacons, [], "and before the beacon is durable");
}

#[test]
fn a_fault_comes_before_all_else_at_its_instant() {
    let run = cluster(2).with_fsync(Span::ZERO).upon(queued(), crash(&[Selector::Subject])).told();
    assert_eq!(run.books[1].boots, 1, "an fsync takes no time here");
    assert_eq!(run.books[1].beacons, [], "and still ends after the crash");
}

#[test]
fn a_fault_can_come_some_time_after_its_cue() {
    let trigger = Trigger { after: Span::millis(5), ..queued() };
    let run = cluster(2).upon(trigger, crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(16), n(2))], "5 ms after the beacon of 11 ms");
}

#[test]
fn a_fault_can_wait_for_the_third_time() {
    let trigger = Trigger { count: 3, ..queued() };
    let run = cluster(2).upon(trigger.clone(), crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(31), n(2))], "the third beacon");
    let run = cluster(3).upon(trigger, crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(21), n(2))], "of two nodes, the second's first, and the first's second");
}

#[test]
fn only_nodes_that_are_meant_count() {
    let trigger = Trigger { count: 3, at: vec![node(3)], ..queued() };
    let run = cluster(3).upon(trigger, crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(31), n(3))], "the third node's third");
}

#[test]
fn who_is_meant_is_found_when_it_happens() {
    // The heir is elected at 26 ms; its first beacon reaches the old leader at 37 ms.
    let trigger = Trigger { at: vec![Selector::OldLeader], ..queued() };
    let run = cluster(3).at(25, transfer(&[node(2)])).upon(trigger, crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(37), n(1))], "before that nobody was the old leader");
}

#[test]
fn a_fault_can_wait_for_an_epoch() {
    let at_epoch = |epoch| {
        let story = cluster(3).at(25, transfer(&[node(2)]));
        injected(&story.upon(first(Cue::Epoch(epoch)), pause(&[node(3)])).told())[..].to_vec()
    };
    assert_eq!(at_epoch(2)[1], (ms(26), 1), "the heir enters the second epoch");
    assert_eq!(at_epoch(1)[0], (ms(11), 1), "the first is entered with the first beacon");
    assert_eq!(at_epoch(3), [(ms(25), 0)], "the third never");
}

#[test]
fn each_node_enters_an_epoch_once_however_many_follow() {
    // Nodes 2 and 3 enter the first epoch, and node 2 is the first to enter the second.
    let third = Trigger { count: 3, ..first(Cue::Epoch(1)) };
    let run = cluster(3).at(25, transfer(&[node(2)])).upon(third, crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(37), n(1))], "the third node to enter an epoch is the old leader");
}

#[test]
fn a_trigger_comes_once() {
    let lever = crash(&[Selector::Subject]);
    let fault = PlannedFault { when: When::Upon(queued()), lever, lasts: Some(Span::millis(5)) };
    let run = cluster(2).with(|setting| setting.plan.faults.push(fault)).told();
    assert_eq!(crashes(&run), [(ms(11), n(2))], "for the first beacon only");
    assert_eq!(run.starts(2), all_ms(&[0, 16]), "and the fault ends when its time is over");
    assert!(run.arriving(1, 2, "Beacon").len() > 5, "although others are heard");
}

#[test]
fn nothing_comes_after_the_heal() {
    let late = Trigger { after: Span::millis(20), ..queued() };
    let story = cluster(2).upon(late, crash(&[node(2)]));
    assert_eq!(injected(&story.told()), [(ms(31), 0)], "without a heal it comes");
    let run = story.healed_at(25).told();
    assert_eq!(injected(&run), [], "a cue before the heal is not enough");
    assert_eq!(run.outcome.missed_faults, 0, "nor is it a miss");
    let story = cluster(2).upon(Trigger { count: 3, ..queued() }, crash(&[node(2)]));
    assert_eq!(injected(&story.clone().healed_at(32).told()), [(ms(31), 0)], "one in time comes");
    assert_eq!(injected(&story.healed_at(31).told()), [], "one after it does not");
}

#[test]
fn a_fault_at_the_instant_of_the_heal_is_healed() {
    let trigger = Trigger { after: Span::millis(14), ..queued() };
    let run = cluster(2).upon(trigger, crash(&[Selector::Subject])).healed_at(25).told();
    assert_eq!((injected(&run), run.starts(2)), (vec![(ms(25), 0)], all_ms(&[0, 25])), "like any other");
}

#[test]
fn faults_can_set_off_faults() {
    let run = cluster(3)
        .at(30, crash(&[node(2)]))
        .upon(event(Happening::Crashed), pause(&[node(3)]))
        .upon(event(Happening::Stopped), stall(&[node(1)]))
        .told();
    let expected = [(ms(30), 0), (ms(30), 1), (ms(30), 2)];
    assert_eq!(injected(&run), expected, "each with what the one before it did");
}

#[test]
fn the_end_of_a_fault_can_set_off_another() {
    let run = cluster(3)
        .during(20, 30, pause(&[node(2)]))
        .upon(event(Happening::Resumed), crash(&[Selector::Subject]))
        .upon(event(Happening::Restarted), pause(&[Selector::Subject]))
        .at(40, restart(&[node(2)]))
        .told();
    assert_eq!(injected(&run)[1], (ms(30), 1), "the end of the pause");
    assert!(injected(&run).contains(&(ms(40), 2)), "and a start");
    assert_eq!(
        run.arriving(1, 2, "Beacon"),
        [ms(11)],
        "it dies before what waited meets it, and stops as it starts"
    );
}

#[test]
fn the_loss_of_a_quorum_can_set_off_a_fault() {
    let story = cluster(3).at(35, partition(&[&[node(1)], &[Selector::Rest]]));
    let run = story.upon(event(Happening::QuorumLost), crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(35), n(1))], "at the leader that lost it");
    let story = cluster(3).during(35, 45, partition(&[&[node(1)], &[Selector::Rest]]));
    let again = Trigger { count: 2, ..event(Happening::QuorumGained) };
    let run = story.upon(again, crash(&[Selector::Subject])).told();
    assert_eq!(crashes(&run), [(ms(45), n(1))], "and so can its return");
}

#[test]
fn elections_and_writes_can_be_waited_for() {
    let second = Trigger { count: 2, ..event(Happening::Elected) };
    let run = cluster(3).at(25, transfer(&[node(2)])).upon(second, crash(&[Selector::Leader])).told();
    assert_eq!(crashes(&run), [(ms(26), n(2))], "the second leader dies as it begins");
    let story = cluster(3).with(|setting| setting.workload.writes_every = Some(Span::millis(10)));
    let run = story.upon(event(Happening::WriteAccepted), crash(&[Selector::Subject])).told();
    let accepted = run.observed(|what| matches!(what, What::WriteAccepted(_)));
    assert_eq!(crashes(&run), accepted[..1], "the writer dies with its first write");
}

#[test]
fn all_faults_with_one_cue_come_in_the_order_of_the_plan() {
    let run = cluster(3)
        .upon(event(Happening::Stopped), cut(&[node(1)], &[node(2)]))
        .at(30, pause(&[node(2)]))
        .upon(event(Happening::Stopped), slow(1, &[node(3)]))
        .upon(Trigger { after: Span::millis(1), ..event(Happening::Stopped) }, stall(&[node(1)]))
        .told();
    assert_eq!(injected(&run), [(ms(30), 1), (ms(30), 0), (ms(30), 2), (ms(31), 3)], "none is left out");
}

#[test]
fn a_fault_with_a_time_has_no_subject() {
    let run =
        cluster(2).upon(queued(), slow(1, &[Selector::Subject])).at(30, crash(&[Selector::Subject])).told();
    assert_eq!(run.outcome.missed_faults, 1, "it finds nobody");
    assert_eq!(crashes(&run), [], "not the node of another fault's trigger");
}

#[test]
fn listening_changes_nothing() {
    let cues = Happening::ALL.map(Cue::Event).into_iter();
    let cues = cues.chain([Cue::Epoch(u64::MAX), Cue::Phase("beacon-queued".to_owned())]);
    let listening: Story = cues.fold(busy(), |story, cue| {
        story.upon(Trigger { count: u32::MAX, ..first(cue) }, crash(&[Selector::All]))
    });
    for seed in 0..20 {
        let (calm, run) = (busy().told_with(seed), listening.told_with(seed));
        assert_eq!(run.outcome.digest, calm.outcome.digest, "the same events (seed {seed})");
        assert_eq!(run.outcome.counters, calm.outcome.counters, "the same counts (seed {seed})");
        assert_eq!(run.heard, calm.heard, "and the same observations (seed {seed})");
    }
}

#[test]
fn a_fault_that_waits_in_vain_is_counted_as_missed() {
    let story = cluster(3).upon(first(Cue::Epoch(99)), crash(&[node(1)]));
    assert_eq!(story.clone().told().outcome.missed_faults, 1, "when the run ends");
    assert_eq!(story.healed_at(50).told().outcome.missed_faults, 1, "or at the heal, and once");
}
