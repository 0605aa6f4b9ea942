//! Rings: who still reaches whom.

use crate::story::{Told, all_ms, cluster, crash, node, nodes};
use interregnum_kernel::NodeSet;
use interregnum_world::{InFlight, Lever, Reach, Selector};
use std::collections::BTreeSet;

fn ring_of(target: &[Selector], reach: Reach) -> Lever {
    Lever::Ring { target: target.to_vec(), reach, in_flight: InFlight::Drop }
}

fn ring(reach: Reach) -> Lever {
    ring_of(&[Selector::All], reach)
}

/// Whom each of so many nodes reaches both ways, itself included.
fn seen(run: &Told, count: u8) -> Vec<NodeSet> {
    let sees = |from: u8| {
        let reached = |to: &u8| *to == from || run.is_open(from, *to) && run.is_open(*to, from);
        nodes(&(1..=count).filter(reached).collect::<Vec<_>>())
    };
    (1..=count).map(sees).collect()
}

/// How many ordered pairs of nodes have no link.
fn cut_links(run: &Told, count: u8) -> usize {
    let open = run.open.iter().filter(|(from, to)| from.max(to) <= &count).count();
    usize::from(count) * usize::from(count - 1) - open
}

#[test]
fn in_a_ring_of_five_everyone_reaches_two_neighbours_and_nobody_else() {
    let mut neighbours = BTreeSet::new();
    for seed in 0..40 {
        let run = cluster(5).at(5, ring(Reach::Neighbours)).told_with(seed);
        let seen = seen(&run, 5);
        assert!(seen.iter().all(|seen| seen.len() == 3), "itself and two more (seed {seed}): {seen:?}");
        assert_eq!(cut_links(&run, 5), 10, "five pairs are apart, both ways (seed {seed})");
        assert_eq!(round(&seen), 5, "one ring and not several (seed {seed})");
        neighbours.insert(seen[0].0);
    }
    assert_eq!(neighbours.len(), 6, "each two of the other four are node 1's neighbours at times");
}

/// How many nodes are met on the way from the first to a neighbour, to its other neighbour, and so on.
fn round(seen: &[NodeSet]) -> usize {
    let (mut met, mut at) = (NodeSet::first(1), 0);
    while let Some(next) = seen[at].minus(met).iter().next() {
        met.insert(next);
        at = next.index();
    }
    met.len()
}

#[test]
fn in_a_majorities_ring_everyone_sees_a_majority() {
    // So many nodes, and how many each sees: itself and as many on either side as a majority needs.
    for (count, sees) in [(4, 3), (5, 3), (6, 5), (7, 5), (9, 5), (11, 7)] {
        let run = cluster(count).at(5, ring(Reach::Majority)).told();
        let seen = seen(&run, count);
        assert!(seen.iter().all(|seen| seen.len() == sees), "each of {count} sees {sees}: {seen:?}");
        assert!(sees > usize::from(count) / 2, "which is a majority of {count}");
        assert_eq!(cut_links(&run, count), usize::from(count) * (usize::from(count) - sees), "exactly those");
    }
}

#[test]
fn in_a_majorities_ring_no_two_see_the_same_majority() {
    for (count, seed) in [(5, 1), (5, 2), (7, 3)] {
        let run = cluster(count).at(5, ring(Reach::Majority)).told_with(seed);
        let different: BTreeSet<u64> = seen(&run, count).iter().map(|seen| seen.0).collect();
        assert_eq!(different.len(), usize::from(count), "of {count} nodes each has one of its own");
    }
}

#[test]
fn a_ring_reaches_further_with_majorities_than_with_neighbours() {
    let run = cluster(7).at(5, ring(Reach::Neighbours)).told();
    assert!(seen(&run, 7).iter().all(|seen| seen.len() == 3), "two neighbours of seven nodes");
}

#[test]
fn a_ring_in_which_nobody_is_out_of_reach_is_missed() {
    for (count, reach) in [(2, Reach::Neighbours), (3, Reach::Neighbours), (3, Reach::Majority)] {
        let run = cluster(count).at(5, ring(reach)).told();
        assert_eq!(run.outcome.missed_faults, 1, "in a ring of {count} all are neighbours");
        assert_eq!(cut_links(&run, count), 0, "and nothing is cut");
    }
}

#[test]
fn a_ring_of_some_nodes_leaves_the_others_and_the_resource_alone() {
    let four = [node(1), node(2), node(3), node(4)];
    let run = cluster(5).at(5, ring_of(&four, Reach::Neighbours)).told();
    assert_eq!(cut_links(&run, 5), 4, "two pairs across the ring of four");
    assert_eq!(seen(&run, 5)[4], NodeSet::first(5), "the fifth node reaches all");
    assert!((1..=5).all(|node| run.is_open(node, 6)), "and everyone the resource");
}

#[test]
fn a_ring_ends_as_other_cuts_do() {
    let run = cluster(5).during(15, 35, ring(Reach::Neighbours)).told();
    assert_eq!(run.open.len(), 6 * 5, "every link is open again");
    let cut_off = (2..=5).filter(|to| run.cut_off(1, *to, "Beacon") == all_ms(&[20, 30])).count();
    assert_eq!(cut_off, 2, "after two nodes had missed two beacons");
}

#[test]
fn a_rings_order_does_not_depend_on_other_faults() {
    let alone = cluster(7).at(50, ring(Reach::Neighbours)).told();
    let random = crash(&[Selector::Random(2)]);
    let after_another = cluster(7).during(5, 20, random).at(50, ring(Reach::Neighbours)).told();
    assert_eq!(seen(&alone, 7), seen(&after_another, 7), "it is the same ring");
}
