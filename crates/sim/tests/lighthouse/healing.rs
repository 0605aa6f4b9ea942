//! The heal: everything ends at once, and nothing ends twice.

use crate::story::{all_ms, cluster, crash, cut, ms, n, node, nodes, partition, restart, stall};
use interregnum_kernel::What;
use interregnum_world::Selector;

#[test]
fn a_heal_opens_links_wakes_disks_and_starts_nodes() {
    let run = cluster(4)
        .at(15, cut(&[node(1)], &[node(2)]))
        .at(15, partition(&[&[node(1), node(2)], &[node(3)], &[Selector::Resource]]))
        .at(12, stall(&[node(4)]))
        .at(25, crash(&[node(3)]))
        .healed_at(55)
        .told();
    assert_eq!(run.open.len(), 5 * 4, "every link is open");
    assert_eq!(run.up, nodes(&[1, 2, 3, 4]), "every node is up");
    assert_eq!(run.starts(3), all_ms(&[0, 55]), "started at the heal");
    assert_eq!(run.fsyncs(4)[1], (ms(57), 1), "the stalled fsync takes its time from the heal on");
    assert_eq!(run.cut_off(1, 2, "Beacon"), all_ms(&[20, 30, 40, 50]), "beacons pass again from 60 ms on");
    assert_eq!(run.observed(|what| *what == What::Healed), [(ms(55), n(1))], "and it is observed");
}

#[test]
fn a_heal_undoes_cuts_and_stalls_that_stack() {
    let run = cluster(2)
        .at(5, cut(&[node(1)], &[node(2)]))
        .during(6, 90, cut(&[node(1)], &[node(2)]))
        .at(7, stall(&[node(2)]))
        .during(8, 90, stall(&[node(2)]))
        .healed_at(50)
        .told();
    assert_eq!(run.arriving(1, 2, "Beacon"), all_ms(&[51, 61, 71, 81, 91]), "both cuts are gone at the heal");
    assert_eq!(run.leaving(2, 1, "Stored"), all_ms(&[53, 63, 73, 83, 93]), "and both stalls");
}

#[test]
fn a_heal_leaves_nodes_down_that_never_ran() {
    let run = cluster(3).with(|setting| setting.down = nodes(&[3])).healed_at(50).told();
    assert_eq!(run.up, nodes(&[1, 2]), "a node that is down by the setting is no fault");
}

#[test]
fn a_heal_starts_a_node_that_a_fault_killed_after_another_had_started_it() {
    let run = cluster(3)
        .with(|setting| setting.down = nodes(&[3]))
        .at(10, restart(&[node(3)]))
        .at(20, crash(&[node(3)]))
        .healed_at(50)
        .told();
    assert_eq!(run.starts(3), all_ms(&[10, 50]), "its crash is a fault like any other");
}

#[test]
fn a_heal_does_not_start_a_node_twice() {
    let run = cluster(3).during(20, 80, crash(&[node(2)])).healed_at(50).told();
    assert_eq!(run.starts(2), all_ms(&[0, 50]), "the crash's own end finds it running");
}

#[test]
fn a_node_that_the_heal_starts_meets_no_cut_that_ends_with_it() {
    let run =
        cluster(3).at(10, crash(&[node(2)])).at(20, cut(&[node(2)], &[Selector::All])).healed_at(50).told();
    let hello = run.sent(2, 1, "Hello");
    assert_eq!(hello[1].at, ms(50), "it says hello as it starts");
    assert_eq!(hello[1].fate, "arrives", "and the link is open at that instant");
}

#[test]
fn the_end_of_a_healed_fault_does_nothing() {
    let run = cluster(2)
        .during(10, 70, cut(&[node(1)], &[node(2)]))
        .during(10, 70, stall(&[node(2)]))
        .healed_at(40)
        .at(60, cut(&[node(1)], &[node(2)]))
        .at(60, stall(&[node(2)]))
        .told();
    assert_eq!(
        run.cut_off(1, 2, "Beacon")[3..],
        all_ms(&[60, 70, 80, 90, 100]),
        "a later cut is not opened at 70 ms"
    );
    assert_eq!(run.fsyncs(2).last(), Some(&(ms(53), 1)), "a later stall is not ended at 70 ms");
    assert_eq!(
        run.observed(|what| matches!(what, What::FaultLifted(_))),
        [],
        "what the heal has ended does not end by itself"
    );
}

#[test]
fn what_was_dropped_on_its_way_stays_lost_after_a_heal() {
    let slow = |link: &mut interregnum_world::LinkSetting| {
        link.latency = interregnum_world::Latency::Constant(interregnum_kernel::Span::millis(8));
    };
    let run = cluster(2).with_every_link(slow).at(12, cut(&[node(1)], &[node(2)])).healed_at(14).told();
    assert_eq!(run.vanishing(1, 2, "Beacon"), [ms(18)], "a heal brings nothing back");
    assert_eq!(run.arriving(1, 2, "Beacon")[0], ms(28), "later beacons pass");
}
