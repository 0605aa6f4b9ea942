//! Crashes and restarts: what is lost, what is kept, and what reaches the next incarnation.

use crate::story::{Story, all_ms, cluster, crash, crash_with, ms, n, node, nodes, restart};
use interregnum_kernel::{Epoch, Fact, Incarnation, NodeSet, Span, What};
use interregnum_world::record::InputRecord;
use interregnum_world::{Selector, Unsynced};
use std::collections::BTreeSet;

/// With an fsync of 35 ms the leader has four beacons on its way to the disk at 45 ms: three in an fsync, one behind.
fn four_pending(unsynced: Unsynced) -> Story {
    cluster(3).with_fsync(Span::millis(35)).at(45, crash_with(unsynced, &[node(1)]))
}

#[test]
fn a_crash_loses_what_is_not_durable() {
    let run = four_pending(Unsynced::Lost).told();
    assert_eq!(run.books[0].boots, 1, "the write that was durable before the crash is there");
    assert_eq!(run.books[0].beacons, [], "no other is");
}

#[test]
fn a_crash_can_keep_what_is_not_durable() {
    let run = four_pending(Unsynced::Kept).told();
    assert_eq!(
        run.books[0].beacons,
        [1, 2, 3, 4],
        "all four pending writes turn out to be durable, in order"
    );
}

#[test]
fn a_random_crash_has_every_one_of_its_outcomes_and_each_keeps_the_oldest() {
    let mut outcomes = BTreeSet::new();
    for seed in 0..100 {
        let run = four_pending(Unsynced::Random).told_with(seed);
        let kept = run.books[0].beacons.clone();
        assert!([1, 2, 3, 4].starts_with(&kept), "what is kept is a prefix (seed {seed}): {kept:?}");
        let told = |input: &InputRecord| *input == InputRecord::Crash { kept: kept.len() as u32 };
        assert!(run.entries.iter().any(|entry| told(&entry.input)), "the record says how many (seed {seed})");
        outcomes.insert(kept.len());
    }
    assert_eq!(outcomes, BTreeSet::from([0, 1, 2, 3, 4]), "four pending writes have five outcomes");
}

#[test]
fn a_kept_write_is_read_at_the_next_boot_and_a_lost_one_is_not() {
    let run = |unsynced| cluster(3).during(1, 5, crash_with(unsynced, &[node(1)])).told();
    let restarted_in = |epoch| move |what: &What| *what == What::Restarted(Epoch(epoch));
    let kept = run(Unsynced::Kept);
    assert_eq!(
        kept.observed(restarted_in(2)),
        [(ms(5), n(1))],
        "the kept count of boots makes the next epoch"
    );
    assert_eq!(kept.books[0].boots, 2, "both boots are in the book");
    let lost = run(Unsynced::Lost);
    assert_eq!(lost.observed(restarted_in(1)), [(ms(5), n(1))], "a lost one makes the same epoch again");
    assert_eq!(lost.books[0].boots, 1, "only the second boot is in the book");
}

#[test]
fn a_crash_that_lasts_ends_with_a_restart() {
    let run = cluster(3).during(35, 55, crash(&[node(1)])).told();
    assert_eq!(run.starts(1), all_ms(&[0, 55]), "it starts again when the fault ends");
    assert_eq!(run.leaving(1, 2, "Beacon"), all_ms(&[10, 20, 30, 65, 75, 85, 95]), "its rhythm starts anew");
    assert_eq!(run.outcome.missed_faults, 0, "the fault had a target");
}

#[test]
fn a_crash_without_an_end_lasts_until_a_restart() {
    let dead = cluster(3).at(35, crash(&[node(1)])).told();
    assert_eq!(dead.up, nodes(&[2, 3]), "nobody starts it");
    let run = cluster(3).at(35, crash(&[node(1)])).at(55, restart(&[node(1)])).told();
    assert_eq!(run.starts(1), all_ms(&[0, 55]), "the restart lever does");
    assert_eq!(run.observed(|what| matches!(what, What::FaultLifted(_))), [], "and that ends no fault");
}

#[test]
fn a_restart_boots_a_node_that_never_ran() {
    let run = cluster(3).with(|setting| setting.down = nodes(&[3])).at(25, restart(&[Selector::All])).told();
    assert_eq!(run.starts(3), [ms(25)], "it starts when told to");
    assert_eq!(run.observed_at(ms(25), 3)[0], What::Booted(Epoch(0)), "for the first time");
    assert_eq!(run.starts(1), [ms(0)], "nodes that run are left alone");
}

#[test]
fn messages_reach_the_next_incarnation() {
    // The beacon leaves at 20 ms for a node that dies and starts again while it travels, and arrives at 30 ms.
    let slow = |link: &mut interregnum_world::LinkSetting| {
        link.latency = interregnum_world::Latency::Constant(Span::millis(10));
    };
    let run = cluster(2).with_every_link(slow).during(25, 28, crash(&[node(2)])).told();
    let (sent, heard) = (run.leaving(1, 2, "Beacon"), run.arriving(1, 2, "Beacon"));
    assert!(sent.contains(&ms(20)) && heard.contains(&ms(30)), "the datagram outlives the restart");
    let answer = run
        .heard
        .iter()
        .find(|seen| seen.at > ms(28) && matches!(seen.what, What::Fact(Fact::EpochStored { .. })));
    assert_eq!(answer.map(|seen| seen.incarnation), Some(Incarnation(1)), "the new incarnation acts on it");
}

#[test]
fn messages_to_a_dead_node_are_lost() {
    let run = cluster(2).during(15, 35, crash(&[node(2)])).told();
    assert_eq!(run.vanishing(1, 2, "Beacon"), all_ms(&[21, 31]), "nobody is there when they arrive");
    assert_eq!(run.arriving(1, 2, "Beacon")[1], ms(41), "the next one is heard");
    assert_eq!(run.outcome.counters.lost, 2, "and the count says so");
}

#[test]
fn what_a_node_said_before_its_crash_still_arrives() {
    let run = cluster(2).at(20, crash(&[node(2)])).told();
    assert_eq!(run.arriving(2, 1, "Seen"), [ms(12)], "an answer given in time arrives");
    // At 21 ms the crash comes before the beacon's arrival.
    let run = cluster(2).at(21, crash(&[node(1)])).told();
    assert_eq!(run.vanishing(1, 2, "Beacon"), [], "the beacon of a leader that has just died is not lost");
    assert_eq!(run.arriving(1, 2, "Beacon"), all_ms(&[11, 21]), "it arrives");
}

#[test]
fn a_crash_disarms_timers() {
    let dead = cluster(2).at(15, crash(&[node(1)])).told();
    assert_eq!(dead.firing(1, "Beacon"), [ms(10)], "no timer of a dead process runs out");
    let run = cluster(2).during(15, 17, crash(&[node(1)])).told();
    assert_eq!(run.firing(1, "Beacon")[..3], all_ms(&[10, 27, 37]), "only those that the new process sets");
}

#[test]
fn a_crash_calls_off_the_fsync_under_way() {
    let run = cluster(2).at(1, crash(&[node(1)])).at(1, restart(&[node(1)])).told();
    assert_eq!(
        run.fsyncs(1)[0],
        (ms(3), 1),
        "the first fsync to end is the new process's, 2 ms after its boot"
    );
}

#[test]
fn a_crash_drops_the_sends_and_notes_that_waited_for_the_disk() {
    let run = cluster(2).during(12, 30, crash_with(Unsynced::Kept, &[node(2)])).told();
    assert_eq!(run.books[1].beacons[0], 1, "the beacon heard at 11 ms is in the book");
    assert_eq!(run.leaving(2, 1, "Stored")[0], ms(34), "but its answer died with the process");
    let facts = run.observed(|what| matches!(what, What::Fact(Fact::EpochStored { .. })));
    assert_eq!(facts[0], (ms(34), n(2)), "and so did its note");
}

#[test]
fn the_end_of_a_crash_does_not_start_what_another_crash_killed() {
    let run = cluster(2)
        .during(10, 40, crash(&[node(2)]))
        .at(20, restart(&[node(2)]))
        .during(30, 60, crash(&[node(2)]))
        .told();
    assert_eq!(run.starts(2), all_ms(&[0, 20, 60]), "at 40 ms the second crash is still in force");
}

#[test]
fn the_end_of_a_crash_leaves_a_node_alone_that_runs_again() {
    let run = cluster(2).during(10, 40, crash(&[node(2)])).at(20, restart(&[node(2)])).told();
    assert_eq!(run.starts(2), all_ms(&[0, 20]), "it is not started twice");
}

#[test]
fn a_node_that_two_crashes_hold_down_starts_when_both_have_ended() {
    let run = cluster(3).during(10, 30, crash(&[node(2)])).during(20, 50, crash(&[node(2), node(3)])).told();
    assert_eq!(run.starts(2), all_ms(&[0, 50]), "the power of its zone is away until then");
    let run = cluster(3).during(10, 50, crash(&[node(2)])).during(20, 30, crash(&[node(2), node(3)])).told();
    assert_eq!(run.starts(2), all_ms(&[0, 50]), "and it stays down when only the zone is back");
    let run = cluster(3)
        .during(10, 40, crash(&[node(2)]))
        .during(20, 50, crash(&[node(2), node(3)]))
        .at(25, restart(&[node(2)]))
        .told();
    assert_eq!(run.starts(2), all_ms(&[0, 25]), "whoever starts it by order has the last word");
}

#[test]
fn a_heal_starts_once_what_several_crashes_hold_down() {
    let story = cluster(3).during(10, 90, crash(&[node(2)])).during(20, 80, crash(&[node(2), node(3)]));
    let run = story.healed_at(40).told();
    assert_eq!(run.starts(2), all_ms(&[0, 40]));
}

#[test]
fn a_node_that_was_not_up_yet_is_no_crashs_to_start() {
    let story = cluster(3).with(|setting| setting.down = NodeSet::only(n(2)));
    let run = story.during(20, 50, crash(&[node(2), node(3)])).told();
    assert_eq!(run.starts(2), all_ms(&[]), "nothing killed it");
}

#[test]
fn a_crash_hits_only_nodes_that_are_up() {
    let run = cluster(3).at(10, crash(&[node(2)])).at(20, crash(&[node(2)])).told();
    assert_eq!(run.outcome.missed_faults, 1, "a dead node cannot die");
    assert_eq!(run.observed(|what| *what == What::FaultMissed(1)), [(ms(20), n(1))], "which is observed");
    let run = cluster(3).at(10, crash(&[node(2)])).at(20, crash(&[node(2), node(3)])).told();
    assert_eq!(run.outcome.missed_faults, 0, "a fault with one live target of two is not missed");
}
