//! Pauses: what a stopped process misses, what waits for it, and in which order that meets it when it goes on.

use crate::story::{
    Story, Told, all_ms, cluster, crash, crash_with, ms, n, node, nodes, pause, pause_with, restart, transfer,
};
use interregnum_kernel::{GlobalTime, Jitter, LossCause, NodeId, Span, What};
use interregnum_world::record::{Entry, InputRecord};
use interregnum_world::{Lever, PlannedFault, Selector, Unsynced, Wake};
use std::collections::BTreeSet;

fn freeze(target: &[Selector]) -> Lever {
    Lever::Freeze { target: target.to_vec(), wake: Wake::TimersFirst }
}

fn stops(run: &Told) -> Vec<(GlobalTime, NodeId)> {
    run.observed(|what| *what == What::Stopped)
}

fn resumptions(run: &Told) -> Vec<(GlobalTime, NodeId)> {
    run.observed(|what| *what == What::Resumed)
}

#[test]
fn what_arrives_at_a_stopped_node_meets_it_when_it_goes_on() {
    let run = cluster(2).during(15, 45, pause(&[node(2)])).told();
    let expected = all_ms(&[11, 45, 45, 45, 51, 61, 71, 81, 91]);
    assert_eq!(run.arriving(1, 2, "Beacon"), expected, "three beacons wait for it");
    assert_eq!(run.books[1].beacons[..5], [1, 2, 3, 4, 5], "and are heard in the order of their arrival");
    assert_eq!(run.outcome.counters.lost, 0, "none is lost");
}

#[test]
fn a_stopped_nodes_timers_run_out_when_it_goes_on() {
    let run = cluster(2).during(15, 45, pause(&[node(1)])).told();
    assert_eq!(run.firing(1, "Beacon"), all_ms(&[10, 45, 55, 65, 75, 85, 95]), "the one of 20 ms is overdue");
}

#[test]
fn a_stop_and_its_end_are_observed_once_each() {
    let run = cluster(3).during(15, 45, pause(&[node(2), node(3)])).told();
    assert_eq!(stops(&run), [(ms(15), n(2)), (ms(15), n(3))], "the stop of each node");
    assert_eq!(resumptions(&run), [(ms(45), n(2)), (ms(45), n(3))], "and its end");
}

#[test]
fn stops_that_overlap_are_one_stop() {
    let node_2 = || pause(&[node(2)]);
    let stories = [
        ("nested", cluster(2).during(15, 45, node_2()).during(25, 35, node_2())),
        ("staggered", cluster(2).during(15, 35, node_2()).during(25, 45, node_2())),
        ("one after the other", cluster(2).during(15, 30, node_2()).during(30, 45, node_2())),
        ("a pause and a freeze", cluster(2).during(15, 35, node_2()).during(25, 45, freeze(&[node(2)]))),
        ("a freeze and a pause", cluster(2).during(15, 35, freeze(&[node(2)])).during(25, 45, node_2())),
    ];
    for (name, story) in stories {
        let run = story.told();
        assert_eq!(stops(&run), [(ms(15), n(2))], "it stops once: {name}");
        assert_eq!(resumptions(&run), [(ms(45), n(2))], "and goes on at the end of the last: {name}");
        assert_eq!(run.arriving(1, 2, "Beacon")[..3], all_ms(&[11, 45, 45]), "not before: {name}");
    }
}

#[test]
fn an_fsync_completes_while_its_process_is_stopped() {
    // The beacon heard at 11 ms is durable at 16 ms.
    let story = cluster(2).with_fsync(Span::millis(5)).during(12, 30, pause(&[node(2)]));
    let run = story.told();
    assert_eq!(run.waiting(2)[0], (ms(16), "end of an fsync of 1"), "it ends as if nothing were");
    assert_eq!(run.fsyncs(2)[1], (ms(30), 1), "the process learns of it when it goes on");
    assert_eq!(run.leaving(2, 1, "Stored")[0], ms(30), "and then says so");
}

#[test]
fn a_crash_keeps_what_was_made_durable_while_the_process_was_stopped() {
    let story = |unsynced, at| {
        let story = cluster(2).with_fsync(Span::millis(5)).at(12, pause(&[node(2)]));
        story.at(at, crash_with(unsynced, &[node(2)]))
    };
    let run = story(Unsynced::Lost, 17).told();
    assert_eq!(run.books[1].beacons, [1], "the fsync had ended, although the process never knew");
    let kept = |entry: &Entry| entry.input == InputRecord::Crash { kept: 1 };
    assert!(run.entries.iter().any(kept), "the record says so");
    let early = story(Unsynced::Lost, 15).told();
    assert_eq!(early.books[1].beacons, [], "one that has not ended is called off");
    for seed in 0..20 {
        let run = story(Unsynced::Random, 17).told_with(seed);
        assert_eq!(run.books[1].beacons, [1], "and chance has no part in it (seed {seed})");
    }
}

#[test]
fn what_waits_behind_an_fsync_waits_for_the_process() {
    // The boot is durable at 15 ms. The beacon of 11 ms waits for the next fsync.
    let run = cluster(2).with_fsync(Span::millis(15)).during(12, 40, pause(&[node(2)])).told();
    assert_eq!(run.fsyncs(2)[..2], [(ms(40), 1), (ms(55), 1)], "which begins at 40 ms");
}

/// A follower that waits 15 ms for a beacon. It is stopped from 12 to 45 ms: it would have given up at 26 ms, and
/// beacons came at 21, 31 and 41 ms.
fn impatient(wake: Wake) -> Story {
    let mut story = cluster(2).during(12, 45, pause_with(wake, &[node(2)]));
    story.protocol.patience = Jitter::exactly(Span::millis(15));
    story
}

#[test]
fn timers_can_come_first() {
    let run = impatient(Wake::TimersFirst).told();
    assert_eq!(run.firing(2, "Watch"), [ms(45)], "it gives up before it hears what came in time");
    let at_45: Vec<bool> = run
        .entries
        .iter()
        .filter(|entry| entry.node == Some(n(2)) && entry.at_ns == ms(45))
        .map(|entry| matches!(entry.input, InputRecord::Fire { .. }))
        .collect();
    assert!(at_45[0], "before all else");
}

#[test]
fn a_timer_that_a_message_before_it_has_set_again_does_not_run_out() {
    let run = impatient(Wake::MessagesFirst).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[1..4], all_ms(&[45, 45, 45]), "the messages come first");
    assert_eq!(run.firing(2, "Watch"), [], "and each of them sets the timer again");
}

#[test]
fn a_timer_that_was_set_again_keeps_its_new_time() {
    // The last beacon before the cut is heard at 45 ms, 15 ms before the watch ends.
    let story = impatient(Wake::MessagesFirst).at(42, crate::story::cut(&[node(1)], &[node(2)]));
    assert_eq!(story.told().firing(2, "Watch"), [ms(60)], "it runs out when its new time has come");
}

#[test]
fn a_timer_that_a_message_before_it_has_cancelled_does_not_run_out() {
    // The watch ends at 5 and at 16 ms; the heir, which hears of its luck at 17 ms, watches no more.
    let story = |wake| {
        let mut story = cluster(2).at(16, transfer(&[node(2)])).during(15, 45, pause_with(wake, &[node(2)]));
        story.protocol.patience = Jitter::exactly(Span::millis(5));
        story.told()
    };
    let messages_first = story(Wake::MessagesFirst);
    assert_eq!(messages_first.firing(2, "Watch"), [ms(5)], "nothing runs out after the message");
    assert_eq!(story(Wake::TimersFirst).firing(2, "Watch"), all_ms(&[5, 45]), "but before it");
}

#[test]
fn a_random_order_keeps_messages_in_order_and_puts_timers_anywhere() {
    // From 12 ms on an answer, the end of an fsync and another answer wait for the leader, and from 20 ms on its timer.
    let mut places = BTreeSet::new();
    for seed in 0..100 {
        let story = cluster(2).during(11, 45, pause_with(Wake::Random, &[node(1)]));
        let run = story.told_with(seed);
        let at_45 = run.entries.iter().filter(|entry| entry.node == Some(n(1)) && entry.at_ns == ms(45));
        let inputs: Vec<&str> = at_45
            .filter_map(|entry| match &entry.input {
                InputRecord::Fire { .. } => Some("timer"),
                InputRecord::Persisted { .. } => Some("fsync"),
                InputRecord::Deliver { kind, .. } => Some(*kind),
                _ => None,
            })
            .collect();
        let others: Vec<&str> = inputs.iter().copied().filter(|input| *input != "timer").collect();
        assert_eq!(others, ["fsync", "Seen", "Stored"], "in the order of their arrival (seed {seed})");
        places.insert(inputs.iter().position(|input| *input == "timer"));
    }
    assert_eq!(places, BTreeSet::from([Some(0), Some(1), Some(2), Some(3)]), "every place is taken");
}

#[test]
fn a_crash_ends_a_stop() {
    let run = cluster(2)
        .during(15, 60, pause(&[node(2)]))
        .at(25, crash(&[node(2)]))
        .at(35, restart(&[node(2)]))
        .told();
    assert_eq!(stops(&run), [(ms(15), n(2))], "it was stopped");
    assert_eq!(resumptions(&run), [], "and never goes on");
    assert_eq!(run.arriving(1, 2, "Beacon")[..3], all_ms(&[11, 41, 51]), "its successor is not stopped");
    assert_eq!(run.outcome.counters.lost, 2, "what waited is lost, as is what came while it was down");
}

#[test]
fn the_end_of_a_pause_leaves_a_later_one_alone() {
    let run = cluster(2)
        .during(15, 60, pause(&[node(2)]))
        .during(25, 35, crash(&[node(2)]))
        .during(45, 75, pause(&[node(2)]))
        .told();
    assert_eq!(stops(&run), [(ms(15), n(2)), (ms(45), n(2))], "two processes, two stops");
    assert_eq!(resumptions(&run), [(ms(75), n(2))], "the first pause ended with its process");
}

#[test]
fn a_pause_finds_only_processes_that_run() {
    let run = cluster(2).at(5, crash(&[node(2)])).at(10, pause(&[node(2)])).told();
    assert_eq!(run.outcome.missed_faults, 1, "a dead process cannot stop");
    assert_eq!(stops(&run), [], "and none is observed to");
}

#[test]
fn a_heal_lets_stopped_processes_go_on() {
    let run = cluster(2).at(15, pause(&[node(2)])).at(20, pause(&[node(2)])).healed_at(45).told();
    assert_eq!(resumptions(&run), [(ms(45), n(2))], "however often they were stopped");
    assert_eq!(run.arriving(1, 2, "Beacon")[1..5], all_ms(&[45, 45, 45, 51]), "and what waits meets them");
}

#[test]
fn too_many_messages_for_a_stopped_node_are_lost_and_counted() {
    let mut story = cluster(2).during(5, 90, pause(&[node(2)]));
    story.protocol.every = Jitter::exactly(Span::micros(7));
    let run = story.told();
    let in_time = |at: &&GlobalTime| **at >= ms(5) && **at < ms(90);
    let sent = run.sent(1, 2, "Beacon").iter().flat_map(|sent| sent.arrivals.clone()).count();
    let (heard, lost) = (run.arriving(1, 2, "Beacon"), run.vanishing(1, 2, "Beacon"));
    assert_eq!(run.waiting(2).len(), 10_000, "so many inputs wait");
    assert!(lost.len() > 1_000 && lost.iter().filter(in_time).count() == lost.len(), "the rest is lost");
    assert_eq!(run.outcome.counters.lost, lost.len() as u64, "and counted");
    assert!(sent - heard.len() - lost.len() < 200, "all others were under way at the end");
}

#[test]
fn commands_and_orders_wait_for_a_stopped_leader() {
    let story = cluster(2).with(|setting| setting.workload.proposals_every = Some(Span::millis(10)));
    let run = story.during(15, 45, pause(&[node(1)])).at(20, transfer(&[node(2)])).told();
    let proposed = run.observed(|what| matches!(what, What::Proposed(_)));
    let between = proposed.iter().filter(|(at, _)| *at >= ms(15) && *at < ms(45)).count();
    let at_end = proposed.iter().filter(|(at, _)| *at == ms(45)).count();
    assert_eq!((between, at_end), (0, 3), "what clients asked for in 30 ms comes at their end");
    assert_eq!(run.leaving(1, 2, "Handover"), [ms(45)], "and so does the order of 20 ms");
}

#[test]
fn a_stopped_leaders_lease_ends_all_the_same() {
    let mut story = cluster(2).during(15, 45, pause(&[node(1)]));
    story.protocol.lease = Some(Span::millis(12));
    let run = story.told();
    let lost = run.observed(|what| matches!(what, What::LeaseLost(_)));
    assert_eq!(lost, [(ms(22), n(1))], "12 ms after its last beacon, although the process cannot tell");
    let held = run.observed(|what| matches!(what, What::LeaseHeld(_)));
    assert_eq!(held, [(ms(0), n(1)), (ms(45), n(1))], "the next beacon takes it anew");
}

/// When a node's quorum was lost, and when it was gained.
fn quorum_turns(run: &Told) -> (Vec<GlobalTime>, Vec<GlobalTime>) {
    let times = |seen: Vec<(GlobalTime, NodeId)>| seen.into_iter().map(|(at, _)| at).collect();
    let lost = run.observed(|what| matches!(what, What::LostQuorum(_, LossCause::Fault)));
    (times(lost), times(run.observed(|what| matches!(what, What::GainedQuorum(_)))))
}

#[test]
fn a_stopped_leader_has_lost_its_quorum_to_a_fault() {
    let run = cluster(3).during(15, 45, pause(&[node(1)])).told();
    assert_eq!(quorum_turns(&run), (all_ms(&[15]), all_ms(&[0, 45])), "until it goes on");
}

#[test]
fn stopped_followers_do_not_obey() {
    let both = cluster(3).during(15, 45, pause(&[Selector::Followers])).told();
    assert_eq!(quorum_turns(&both), (all_ms(&[15]), all_ms(&[0, 45])), "without them there is no quorum");
    let one = cluster(3).during(15, 45, pause(&[node(2)])).told();
    assert_eq!(quorum_turns(&one), (vec![], all_ms(&[0])), "with one of two there is");
}

/// A leader that takes 8 ms from deciding on a write to sending it, every 10 ms. The instant of one such decision.
fn writer() -> (Story, GlobalTime) {
    let story = cluster(3).with(|setting| {
        setting.workload.writes_every = Some(Span::millis(10));
        setting.workload.check_to_act = (Span::millis(8), Span::millis(8));
    });
    let due = |entry: &&Entry| {
        let clients = |what: &str| what.starts_with("clients' writes");
        entry.at_ns > ms(15) && matches!(&entry.input, InputRecord::World { what } if clients(what))
    };
    let decided = story.told().entries.iter().find(due).map(|entry| entry.at_ns);
    (story, decided.expect("clients write"))
}

/// Puts a fault into a plan so many milliseconds after an instant.
fn later(story: Story, from: GlobalTime, after: u64, lever: Lever, lasts: Option<u64>) -> Story {
    let at = from.since(GlobalTime::ZERO) + Span::millis(after);
    let fault = PlannedFault { lasts: lasts.map(Span::millis), ..PlannedFault::at(at, lever) };
    story.with(|setting| setting.plan.faults.push(fault))
}

fn writes_sent(run: &Told) -> Vec<GlobalTime> {
    run.observed(|what| matches!(what, What::WriteSent(_))).into_iter().map(|(at, _)| at).collect()
}

#[test]
fn a_stopped_leader_decides_on_no_write_and_sends_none() {
    let (story, decided) = writer();
    let run = later(story, decided, 9, pause(&[node(1)]), Some(25)).told();
    let (from, to) = (decided + Span::millis(9), decided + Span::millis(34));
    let during = |at: &&GlobalTime| **at > from && **at < to + Span::millis(14);
    let sent = writes_sent(&run);
    // Turns at 10, 20 and 30 ms after the decision fall into the stop; the next comes at 40 ms and leaves at 48 ms.
    assert_eq!(sent.iter().find(during), None, "nothing is decided on while it is stopped");
    assert!(sent.contains(&(decided + Span::millis(48))), "then it writes again");
}

#[test]
fn a_write_decided_on_before_a_stop_leaves_when_the_process_goes_on() {
    let (story, decided) = writer();
    let run = later(story, decided, 3, pause(&[node(1)]), Some(20)).told();
    let sent = writes_sent(&run);
    assert!(!sent.contains(&(decided + Span::millis(8))), "not when it was to leave");
    assert!(sent.contains(&(decided + Span::millis(23))), "but at once when the process goes on: {sent:?}");
}

/// At which places of the run the old leader is deposed and its write leaves, at the instant at which it goes on.
fn zombie(wake: Wake) -> (usize, usize) {
    let (story, decided) = writer();
    // The heir reigns from 2 ms on and its beacon reaches the old leader at 13 ms.
    let story = later(story, decided, 1, transfer(&[node(2)]), None);
    let run = later(story, decided, 3, pause_with(wake, &[node(1)]), Some(20)).told();
    let place = |wanted: fn(&What) -> bool| {
        let here = |seen: &interregnum_kernel::Observation| {
            (seen.at, seen.node) == (decided + Span::millis(23), n(1)) && wanted(&seen.what)
        };
        run.heard.iter().position(here).expect("it is observed as the process goes on")
    };
    let deposed = place(|what| matches!(what, What::Deposed(of) if of.epoch.0 == 1));
    let sent = place(|what| matches!(what, What::WriteSent(write) if write.leadership.epoch.0 == 1));
    (deposed, sent)
}

#[test]
fn a_zombies_write_leaves_without_asking_again() {
    let (deposed, sent) = zombie(Wake::MessagesFirst);
    assert!(deposed < sent, "it knows by then that it leads no more, and writes under its old epoch");
    let (deposed, sent) = zombie(Wake::TimersFirst);
    assert!(sent < deposed, "or does not know yet, where its own time comes first");
}

#[test]
fn a_record_tells_what_waits_and_for_whom() {
    let run = impatient(Wake::TimersFirst).told();
    let waits = run.waiting(2);
    assert_eq!(
        waits[..4],
        [
            (ms(13), "end of an fsync of 1"),
            (ms(21), "Beacon from n1"),
            (ms(26), "timer Watch"),
            (ms(31), "Beacon from n1")
        ],
        "each input when it comes up"
    );
    let stopped = |entry: &Entry| matches!(entry.input, InputRecord::Wait { stopped: true, .. });
    let stopped: Vec<&Entry> = run.entries.iter().filter(|entry| stopped(entry)).collect();
    assert_eq!(stopped.len(), 5, "all of them because the process is stopped");
    let arrivals: BTreeSet<u64> = run
        .sent(1, 2, "Beacon")
        .iter()
        .flat_map(|sent| sent.arrivals.clone())
        .map(|(number, _)| number)
        .collect();
    let beacons = stopped.iter().filter(|entry| entry.at_ns == ms(21) || entry.at_ns == ms(31));
    assert!(beacons.map(|entry| entry.sequence).all(|number| arrivals.contains(&number)), "under its number");
    assert_eq!(run.up, nodes(&[1, 2]), "and nobody is down");
}
