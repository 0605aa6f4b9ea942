//! Cuts: one direction, from an instant to an instant, stacking.

use crate::story::{all_ms, cluster, cut, ms, node, soft_cut};
use interregnum_kernel::Span;
use interregnum_world::{Latency, Selector};

const BEACONS: [u64; 10] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

#[test]
fn without_a_fault_every_beacon_arrives() {
    let run = cluster(3).told();
    assert_eq!(run.leaving(1, 2, "Beacon"), all_ms(&BEACONS), "a beacon every 10 ms, the horizon's included");
    assert_eq!(
        run.arriving(1, 2, "Beacon"),
        all_ms(&[11, 21, 31, 41, 51, 61, 71, 81, 91]),
        "each a latency later"
    );
    assert_eq!(run.outcome.counters.lost, 0, "nothing is lost");
}

#[test]
fn a_cut_stops_one_direction_from_its_instant_on_until_it_ends() {
    let run = cluster(3).during(40, 60, cut(&[node(1)], &[node(2)])).told();
    assert_eq!(
        run.cut_off(1, 2, "Beacon"),
        all_ms(&[40, 50]),
        "half-open: from 40 ms, and at 60 ms no longer"
    );
    assert_eq!(run.arriving(1, 2, "Beacon"), all_ms(&[11, 21, 31, 61, 71, 81, 91]), "all others arrive");
    assert_eq!(run.cut_off(1, 3, "Beacon"), [], "the link to another node is not cut");
}

#[test]
fn the_other_direction_of_a_cut_link_stays_open() {
    let run = cluster(3).at(35, cut(&[node(2)], &[node(1)])).told();
    assert_eq!(run.cut_off(1, 2, "Beacon"), [], "beacons still pass to the node that is cut off");
    assert_eq!(run.arriving(1, 2, "Beacon").len(), 9, "and all arrive");
    assert_eq!(run.arriving(2, 1, "Seen"), all_ms(&[12, 22, 32]), "its answers do not, from the cut on");
    assert_eq!(run.cut_off(2, 1, "Seen"), all_ms(&[41, 51, 61, 71, 81, 91]), "each is lost as it is sent");
}

#[test]
fn a_cut_without_an_end_lasts() {
    let run = cluster(3).at(35, cut(&[node(1)], &[node(2)])).told();
    assert_eq!(run.arriving(1, 2, "Beacon"), all_ms(&[11, 21, 31]), "nothing passes any more");
    assert!(!run.is_open(1, 2), "the link is cut at the end");
}

#[test]
fn what_is_on_its_way_is_dropped_or_delivered_as_the_cut_says() {
    let slow = cluster(3).with_every_link(|link| link.latency = Latency::Constant(Span::millis(5)));
    let dropped = slow.clone().during(12, 13, cut(&[node(1)], &[node(2)])).told();
    assert_eq!(
        dropped.vanishing(1, 2, "Beacon"),
        [ms(15)],
        "dropped, although the link is open again by then"
    );
    assert_eq!(dropped.arriving(1, 2, "Beacon")[0], ms(25), "the next beacon arrives");
    assert_eq!(dropped.arriving(1, 3, "Beacon")[0], ms(15), "another link's message is not touched");
    let delivered = slow.at(12, soft_cut(&[node(1)], &[node(2)])).told();
    assert_eq!(delivered.arriving(1, 2, "Beacon"), [ms(15)], "delivered through the cut, and the only one");
    assert_eq!(delivered.outcome.counters.lost, 9, "the nine beacons sent after the cut are lost");
}

#[test]
fn a_message_due_at_the_cuts_own_instant_is_dropped() {
    let run = cluster(3).during(11, 12, cut(&[node(1)], &[node(2)])).told();
    assert_eq!(run.vanishing(1, 2, "Beacon"), [ms(11)], "the fault was planned first, and so comes first");
}

#[test]
fn overlapping_cuts_stack() {
    let run = cluster(3)
        .during(20, 60, cut(&[node(1)], &[node(2)]))
        .during(40, 80, cut(&[node(1)], &[Selector::All]))
        .told();
    assert_eq!(
        run.cut_off(1, 2, "Beacon"),
        all_ms(&[20, 30, 40, 50, 60, 70]),
        "cut while either cut is in force"
    );
    assert_eq!(run.cut_off(1, 3, "Beacon"), all_ms(&[40, 50, 60, 70]), "cut by the second alone");
}

#[test]
fn the_senders_and_the_receivers_of_a_cut_may_overlap() {
    let run = cluster(3).at(5, cut(&[Selector::All], &[node(3)])).told();
    assert_eq!(
        run.open.iter().filter(|(_, to)| *to == 3).collect::<Vec<_>>(),
        [&(4, 3)],
        "no node reaches node 3; the resource is no node"
    );
    let run = cluster(3).at(5, cut(&[node(1), node(2)], &[Selector::All])).told();
    assert!(!run.is_open(1, 2), "a sender is among the receivers that are named");
    assert!(!run.is_open(2, 1), "so is the other");
}

#[test]
fn the_rest_of_a_cut_are_the_nodes_that_do_not_send() {
    let run = cluster(4).at(5, cut(&[node(1), node(2)], &[Selector::Rest])).told();
    assert!(run.is_open(1, 2), "a sender is not of the rest");
    assert!(!run.is_open(1, 3), "a node that does not send is");
    assert!(run.is_open(3, 1), "the other direction stays open");
}

#[test]
fn a_random_receiver_of_a_cut_is_none_of_its_senders() {
    for seed in 0..50 {
        let run = cluster(3).at(5, cut(&[Selector::Leader], &[Selector::Random(1)])).told_with(seed);
        assert_eq!(
            run.outcome.missed_faults, 0,
            "the leader is never drawn as its own receiver (seed {seed})"
        );
        let cut_links = [run.is_open(1, 2), run.is_open(1, 3)].iter().filter(|open| !**open).count();
        assert_eq!(cut_links, 1, "one link is cut (seed {seed})");
    }
}

#[test]
fn a_link_that_loses_everything_is_not_a_cut() {
    let run = cluster(2)
        .with_every_link(|link| link.loss = interregnum_world::Probability::ALWAYS)
        .during(35, 55, cut(&[node(1)], &[node(2)]))
        .told();
    let fates: Vec<_> = run.sent(1, 2, "Beacon").iter().map(|sent| sent.fate).collect();
    assert_eq!(
        &fates[..6],
        ["lost", "lost", "lost", "cut", "cut", "lost"],
        "the record tells loss from cuts"
    );
}
