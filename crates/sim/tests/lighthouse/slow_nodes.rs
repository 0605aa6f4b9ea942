//! Slow nodes: every input takes its time, and what comes meanwhile waits.

use crate::story::{Story, all_ms, cluster, crash, ms, n, node, pause, slow, transfer};
use interregnum_kernel::{Jitter, Span, What};
use interregnum_world::record::{Entry, InputRecord};
use interregnum_world::{Lever, Wake};

#[test]
fn a_message_takes_effect_when_its_time_has_passed() {
    let run = cluster(2).at(15, slow(3, &[node(2)])).told();
    assert_eq!(
        run.arriving(1, 2, "Beacon")[..4],
        all_ms(&[11, 24, 34, 44]),
        "3 ms after its arrival, each time"
    );
    assert_eq!(run.leaving(2, 1, "Seen")[..2], all_ms(&[11, 24]), "and so does its answer");
}

#[test]
fn the_end_of_an_fsync_takes_its_time_too() {
    // The beacon of 21 ms is noted at 24 ms and durable at 26 ms.
    let run = cluster(2).at(15, slow(3, &[node(2)])).told();
    assert_eq!(run.fsyncs(2)[2], (ms(29), 1), "until the process knows of it");
    assert_eq!(run.leaving(2, 1, "Stored")[1], ms(29), "and can say so");
}

#[test]
fn a_timer_takes_its_time_too() {
    let run = cluster(2).at(15, slow(3, &[node(1)])).told();
    assert_eq!(run.firing(1, "Beacon")[..2], all_ms(&[10, 23]), "due at 20 ms");
}

#[test]
fn a_command_takes_its_time_too() {
    let mut story = cluster(2).with_fsync(Span::millis(1));
    story = story.with(|setting| setting.workload.proposals_every = Some(Span::millis(20)));
    story.protocol.every = Jitter::exactly(Span::secs(3600));
    let proposed = |what: &What| matches!(what, What::Proposed(_));
    let calm = story.told().observed(proposed);
    let run = story.at(2, slow(3, &[node(1)])).told().observed(proposed);
    let late: Vec<_> = calm.iter().map(|(at, node)| (*at + Span::millis(3), *node)).collect();
    assert!(calm.len() == 5 && calm[0].0 > ms(2), "clients ask five times: {calm:?}");
    assert_eq!(run, late[..run.len()], "each command is taken in 3 ms later");
}

#[test]
fn an_order_takes_its_time_too() {
    let run = cluster(2).at(15, slow(3, &[node(1)])).at(20, transfer(&[node(2)])).told();
    assert_eq!(run.leaving(1, 2, "Handover"), [ms(23)], "given at 20 ms");
}

#[test]
fn a_write_of_a_slow_leader_takes_no_longer() {
    let mut story = cluster(2).with(|setting| {
        setting.workload.writes_every = Some(Span::millis(10));
        setting.workload.check_to_act = (Span::millis(2), Span::millis(2));
    });
    story.protocol.every = Jitter::exactly(Span::secs(3600));
    let sent = |what: &What| matches!(what, What::WriteSent(_));
    let calm = story.told().observed(sent);
    let run = story.at(3, slow(50, &[node(1)])).told().observed(sent);
    assert!(calm.len() >= 9, "it writes all the time");
    assert_eq!(run, calm, "how long a write takes is the clients' business");
}

#[test]
fn inputs_queue_in_the_order_in_which_they_come_up() {
    // 7 ms each. Beacon 21-28, fsync 30-37, beacon (31) 37-44, beacon (41) 44-51, fsync (46) 51-58, beacon (51) 58-65.
    let run = cluster(2).at(15, slow(7, &[node(2)])).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[..5], all_ms(&[11, 28, 44, 51, 65]), "one after the other");
    let fsyncs: Vec<_> = run.fsyncs(2)[2..4].iter().map(|(at, _)| *at).collect();
    assert_eq!(fsyncs, all_ms(&[37, 58]), "of whatever kind");
    assert!(run.books[1].beacons.is_sorted(), "messages keep their order: {:?}", run.books[1].beacons);
}

#[test]
fn several_faults_make_a_node_as_slow_as_their_sum() {
    let one = cluster(2).at(15, slow(3, &[node(2)])).told();
    let two = cluster(2).at(15, slow(1, &[node(2)])).at(15, slow(2, &[node(2)])).told();
    assert_eq!(two.arriving(1, 2, "Beacon"), one.arriving(1, 2, "Beacon"), "1 ms and 2 ms are 3 ms");
}

#[test]
fn how_long_an_input_takes_is_drawn_for_each() {
    let each = Jitter::between(Span::millis(1), Span::millis(5));
    let run = cluster(2).at(15, Lever::SlowNode { target: vec![node(2)], each }).until(Span::secs(1)).told();
    let took: Vec<Span> = run.arriving(1, 2, "Beacon")[1..]
        .iter()
        .zip(2u64..)
        .map(|(at, number)| at.since(ms(10 * number + 1)))
        .collect();
    assert!(took.iter().all(|span| *span >= each.min), "never less than the least: {took:?}");
    let different: std::collections::BTreeSet<_> = took.iter().collect();
    assert!(different.len() > 50, "one differs from the other");
}

#[test]
fn the_end_of_slowness_lets_what_waits_go_on_at_full_speed() {
    let run = cluster(2).during(15, 40, slow(20, &[node(2)])).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[..4], all_ms(&[11, 40, 40, 41]), "what was begun as well");
    let run = cluster(2).at(15, slow(20, &[node(2)])).healed_at(40).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[..4], all_ms(&[11, 40, 40, 41]), "and so does a heal");
}

#[test]
fn the_end_of_one_slowness_of_two_counts_from_the_next_input_on() {
    // Begun at 21 ms with 24 ms to go; then 4 ms each.
    let run = cluster(2).during(15, 25, slow(20, &[node(2)])).at(15, slow(4, &[node(2)])).told();
    assert_eq!(
        run.arriving(1, 2, "Beacon")[..4],
        all_ms(&[11, 45, 49, 53]),
        "what was begun is done as it was"
    );
}

#[test]
fn a_stop_keeps_what_is_left_to_do() {
    // The beacon of 21 ms has been worked on for 4 of 10 ms when the process stops.
    let run = cluster(2).at(15, slow(10, &[node(2)])).during(25, 45, pause(&[node(2)])).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[..3], all_ms(&[11, 51, 61]), "6 ms are left at 45 ms");
    let short = cluster(2).at(15, slow(10, &[node(2)])).during(25, 26, pause(&[node(2)])).told();
    assert_eq!(short.arriving(1, 2, "Beacon")[1], ms(32), "however short the stop");
}

#[test]
fn what_was_begun_before_a_stop_goes_first_after_it() {
    let story = |wake| {
        let stop = crate::story::pause_with(wake, &[node(2)]);
        let mut story = cluster(2).at(15, slow(10, &[node(2)])).during(22, 45, stop);
        story.protocol.patience = Jitter::exactly(Span::millis(15));
        story.told()
    };
    let run = story(Wake::TimersFirst);
    assert_eq!(run.waiting(2)[1], (ms(26), "timer Watch"), "the timer ran out after the beacon had come");
    assert_eq!(run.arriving(1, 2, "Beacon")[1], ms(54), "which is finished first");
    assert_eq!(run.firing(2, "Watch").first().filter(|at| **at < ms(69)), None, "and sets the timer again");
}

#[test]
fn a_timer_that_was_set_again_takes_no_time() {
    // The watch ends at 23 ms, while the beacon of 21 ms, which sets it again, is worked on.
    let mut story = cluster(2).at(15, slow(3, &[node(2)]));
    story.protocol.patience = Jitter::exactly(Span::millis(12));
    let run = story.told();
    assert_eq!(run.waiting(2)[1], (ms(23), "timer Watch"), "it waits for its turn");
    assert_eq!(run.firing(2, "Watch"), [], "which never comes");
    assert_eq!(run.fsyncs(2)[2], (ms(29), 1), "and what comes next is not held up: 26 ms and 3 ms");
}

#[test]
fn a_crash_forgets_what_was_begun_and_leaves_the_machine_slow() {
    let run = cluster(2).at(15, slow(3, &[node(2)])).during(23, 30, crash(&[node(2)])).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[..2], all_ms(&[11, 34]), "the beacon of 21 ms died with it");
    assert_eq!(run.outcome.counters.lost, 1, "and is counted as lost");
}

#[test]
fn a_slow_node_is_still_obeyed() {
    let run = cluster(3).at(15, slow(50, &[node(1), node(2), node(3)])).told();
    let lost = run.observed(|what| matches!(what, What::LostQuorum(..) | What::Stopped));
    assert_eq!(lost, [], "it does what it is told, in its own time");
}

#[test]
fn a_record_tells_that_the_process_is_busy() {
    let story: Story = cluster(2).at(15, slow(3, &[node(2)]));
    let run = story.told();
    let busy = |entry: &&Entry| {
        entry.node == Some(n(2)) && matches!(entry.input, InputRecord::Wait { stopped: false, .. })
    };
    assert_eq!(
        run.entries.iter().find(busy).map(|entry| entry.at_ns),
        Some(ms(21)),
        "from the first input on"
    );
}
