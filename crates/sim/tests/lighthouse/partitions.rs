//! Partitions: groups, those in no group, and the resource.

use crate::story::{cluster, node, partition};
use interregnum_world::Selector;

/// The links among some endpoints that are closed, each pair once and only if both directions are.
fn closed_both_ways(open: &[(u8, u8)], endpoints: u8) -> Vec<(u8, u8)> {
    let pairs = (1..=endpoints).flat_map(|a| (a + 1..=endpoints).map(move |b| (a, b)));
    pairs.filter(|(a, b)| !open.contains(&(*a, *b)) && !open.contains(&(*b, *a))).collect()
}

#[test]
fn a_partition_cuts_between_groups_both_ways_and_leaves_those_in_no_group_alone() {
    let run = cluster(5).at(5, partition(&[&[node(1)], &[node(2), node(3)]])).told();
    assert_eq!(
        closed_both_ways(&run.open, 6),
        [(1, 2), (1, 3)],
        "both directions of the two links between groups"
    );
    assert_eq!(run.open.len(), 6 * 5 - 4, "and no other link in either direction");
}

#[test]
fn three_groups_are_cut_from_each_other() {
    let run = cluster(4).at(5, partition(&[&[node(1)], &[node(2)], &[Selector::Rest]])).told();
    assert_eq!(
        closed_both_ways(&run.open, 4),
        [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4)],
        "n3 and n4 stay together"
    );
}

#[test]
fn a_partition_ends_as_it_began() {
    let run = cluster(3).during(15, 45, partition(&[&[node(1)], &[Selector::Rest]])).told();
    assert_eq!(run.open.len(), 4 * 3, "all links are open again");
    assert_eq!(run.cut_off(1, 2, "Beacon").len(), 3, "beacons at 20, 30 and 40 ms were cut off");
}

#[test]
fn the_resource_is_an_endpoint_like_any_node() {
    let run = cluster(2).at(5, partition(&[&[node(1)], &[Selector::Resource]])).told();
    assert_eq!(
        closed_both_ways(&run.open, 3),
        [(1, 3)],
        "the node is cut from the resource, and from nothing else"
    );
}

#[test]
fn an_endpoint_belongs_to_the_first_group_that_claims_it() {
    let groups: [&[Selector]; 2] =
        [&[node(1), node(2), Selector::Resource], &[node(2), node(3), Selector::Resource]];
    let run = cluster(3).at(5, partition(&groups)).told();
    assert!(run.is_open(1, 2), "node 2 stays with the group that named it first");
    assert!(!run.is_open(2, 3), "and is cut from the other");
    assert!(run.is_open(1, 4), "the resource stays with its first group, too");
    assert!(!run.is_open(4, 3), "and is cut from the other");
}

#[test]
fn a_partition_into_one_group_cuts_nothing_and_counts_as_missed() {
    let run = cluster(3).at(5, partition(&[&[Selector::All]])).told();
    assert_eq!(run.open.len(), 4 * 3, "all links are open");
    assert_eq!(run.outcome.missed_faults, 1, "there was nothing to cut");
}
