//! Disks: group commit, what waits for a write, and stalls.

use crate::story::{all_ms, cluster, crash, ms, n, node, stall};
use interregnum_kernel::{Epoch, Fact, GlobalTime, Office, Span, What};
use interregnum_world::record::{EffectRecord, InputRecord};

/// When the facts noted at a node were heard, and which.
fn facts(run: &crate::story::Told, node: u8) -> Vec<(GlobalTime, u64)> {
    let fact = |seen: &interregnum_kernel::Observation| match seen.what {
        What::Fact(Fact::EpochStored { epoch, .. }) if seen.node == n(node) => Some((seen.at, epoch.0)),
        _ => None,
    };
    run.heard.iter().filter_map(fact).collect()
}

#[test]
fn what_waits_for_a_write_leaves_exactly_when_the_write_is_durable() {
    let run = cluster(2).told();
    assert_eq!(run.leaving(2, 1, "Seen")[..2], all_ms(&[11, 21]), "what does not wait leaves at once");
    assert_eq!(run.leaving(2, 1, "Stored")[..2], all_ms(&[13, 23]), "what waits leaves an fsync later");
    assert_eq!(facts(&run, 2)[..2], [(ms(13), 1), (ms(23), 2)], "a note rides the same queue");
}

#[test]
fn writes_queued_during_an_fsync_are_covered_by_the_next_one() {
    let run = cluster(2).with_fsync(Span::millis(25)).told();
    let expected = [(ms(25), 1), (ms(50), 2), (ms(75), 2), (ms(100), 3)];
    assert_eq!(run.fsyncs(2), expected, "the boot's write alone, then always what has come meanwhile");
    assert_eq!(
        run.leaving(2, 1, "Stored"),
        all_ms(&[50, 50, 75, 75, 100, 100, 100]),
        "answers leave in groups as well"
    );
    assert_eq!(
        facts(&run, 2).iter().map(|(_, number)| *number).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7],
        "in the order in which they were written"
    );
}

#[test]
fn the_sends_of_one_group_leave_between_its_writes() {
    let run = cluster(2).with_fsync(Span::millis(25)).told();
    let group = run.entries.iter().find(|entry| entry.at_ns == ms(50) && entry.node == Some(n(2)));
    let effects = group.map(|entry| entry.effects.as_slice()).unwrap_or_default();
    let described: Vec<_> = effects
        .iter()
        .map(|effect| match effect {
            EffectRecord::Send { message, .. } => message.clone(),
            EffectRecord::StartFsync { writes } => format!("fsync of {writes}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(described, ["Stored(1)", "Stored(2)", "fsync of 2"], "then the next fsync starts");
}

#[test]
fn no_write_completes_while_the_disk_is_stalled() {
    let run = cluster(2).during(15, 45, stall(&[node(2)])).told();
    let seen = all_ms(&[11, 21, 31, 41, 51, 61, 71, 81, 91]);
    assert_eq!(run.leaving(2, 1, "Seen"), seen, "answers that do not wait leave all the time");
    assert_eq!(
        run.fsyncs(2)[..5],
        [(ms(2), 1), (ms(13), 1), (ms(47), 1), (ms(49), 2), (ms(53), 1)],
        "after the stall the waiting fsync takes its fresh 2 ms, and the next covers the rest"
    );
    let stored = all_ms(&[13, 47, 49, 49, 53]);
    assert_eq!(run.leaving(2, 1, "Stored")[..5], stored, "answers that wait are withheld until then");
    assert_eq!(facts(&run, 2)[..4], [(ms(13), 1), (ms(47), 2), (ms(49), 3), (ms(49), 4)], "and so are notes");
}

#[test]
fn a_stall_calls_off_the_fsync_under_way() {
    let run = cluster(2).during(12, 30, stall(&[node(2)])).told();
    assert_eq!(run.fsyncs(2)[1], (ms(32), 1), "begun at 11 ms, it starts anew at the end of the stall");
}

#[test]
fn a_stall_shorter_than_an_fsync_makes_it_start_anew() {
    let run = cluster(2).with_fsync(Span::millis(6)).during(13, 15, stall(&[node(2)])).told();
    assert_eq!(run.fsyncs(2)[1], (ms(21), 1), "begun at 11 ms, called off at 13, begun again at 15");
    assert_eq!(run.fsyncs(2)[2], (ms(27), 1), "and it ends once");
}

#[test]
fn an_fsync_due_at_the_stalls_own_instant_does_not_complete() {
    let run = cluster(2).during(13, 30, stall(&[node(2)])).told();
    assert_eq!(run.fsyncs(2)[1], (ms(32), 1), "the fault was planned first, and so comes first");
}

#[test]
fn overlapping_stalls_stack() {
    let run = cluster(2).during(12, 30, stall(&[node(2)])).during(25, 41, stall(&[node(2)])).told();
    assert_eq!(run.fsyncs(2)[1], (ms(43), 1), "the disk works again when the last stall ends");
    let run = cluster(2).during(12, 41, stall(&[node(2)])).during(25, 30, stall(&[node(2)])).told();
    assert_eq!(run.fsyncs(2)[1], (ms(43), 1), "whichever that is");
}

#[test]
fn a_stall_of_an_idle_disk_ends_without_a_trace() {
    let run = cluster(2).during(5, 8, stall(&[node(2)])).told();
    assert_eq!(run.fsyncs(2), cluster(2).told().fsyncs(2), "nothing waited");
}

#[test]
fn a_stall_hits_only_its_target() {
    let run = cluster(3).at(5, stall(&[node(2)])).told();
    assert_eq!(run.fsyncs(2), [(ms(2), 1)], "the stalled disk does nothing more");
    assert_eq!(run.fsyncs(3).len(), cluster(3).told().fsyncs(3).len(), "another works on");
    assert_eq!(run.leaving(1, 3, "Beacon").len(), 10, "and the leader does not notice");
}

#[test]
fn a_stall_outlives_the_process() {
    let run = cluster(2).during(12, 60, stall(&[node(2)])).during(15, 25, crash(&[node(2)])).told();
    assert_eq!(
        run.fsyncs(2)[1],
        (ms(62), 1),
        "the new process waits for the old disk: its boot is written first"
    );
    assert_eq!(run.books[1].boots, 2, "and both boots are in the book");
}

#[test]
fn a_stalled_crash_leaves_no_fsync_to_start() {
    let run = cluster(2).during(12, 30, stall(&[node(2)])).at(15, crash(&[node(2)])).told();
    assert_eq!(run.fsyncs(2), [(ms(2), 1)], "the end of the stall finds nothing to write");
}

#[test]
fn the_leaders_disk_does_not_hold_up_its_beacons() {
    let run = cluster(2).at(15, stall(&[node(1)])).told();
    assert_eq!(run.leaving(1, 2, "Beacon").len(), 10, "beacons do not wait for the disk");
    assert_eq!(run.books[0].beacons, [1], "but the book stays behind");
}

#[test]
fn a_follower_that_never_stored_was_never_noted() {
    let run = cluster(2).at(12, crash(&[node(2)])).told();
    assert_eq!(facts(&run, 2), [], "a note that waited for a lost write is not heard");
    let fact = Fact::EpochStored { office: Office::CONTESTED, epoch: Epoch(1) };
    assert!(
        run.entries.iter().all(|entry| entry.observed.iter().all(|seen| seen.what != What::Fact(fact))),
        "nor recorded"
    );
    assert!(
        run.entries.iter().any(|entry| entry.input == InputRecord::Crash { kept: 0 }),
        "since the crash kept nothing"
    );
}
