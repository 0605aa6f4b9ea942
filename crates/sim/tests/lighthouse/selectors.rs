//! Selectors: who is meant, at the instant a lever is pulled.

use crate::story::{Story, cluster, crash, cut, ms, n, node, nodes, partition, transfer};
use interregnum_kernel::{Jitter, NodeSet, Span, What};
use interregnum_world::{Selector, Zone};

/// Whom the selectors mean after 50 ms, told by whom a crash hits.
fn meant(story: Story, selectors: &[Selector]) -> NodeSet {
    meant_with(story, selectors, 1)
}

fn meant_with(story: Story, selectors: &[Selector], seed: u64) -> NodeSet {
    story.at(50, crash(selectors)).told_with(seed).crashed()
}

#[test]
fn the_leader_and_the_followers_are_told_apart() {
    assert_eq!(meant(cluster(5), &[Selector::Leader]), nodes(&[1]), "the leader");
    assert_eq!(meant(cluster(5), &[Selector::Followers]), nodes(&[2, 3, 4, 5]), "the nodes that do not lead");
    let one_down = cluster(5).at(20, crash(&[node(4)]));
    let run = one_down.at(50, cut(&[Selector::Followers], &[Selector::Resource])).told();
    let cut_off: Vec<u8> = (1..=5).filter(|number| !run.is_open(*number, 6)).collect();
    assert_eq!(cut_off, [2, 3, 5], "a node that is down follows nobody");
}

#[test]
fn the_leader_is_the_one_of_the_highest_epoch() {
    let apart = partition(&[&[node(1)], &[Selector::Rest]]);
    let two = cluster(3).kept_by(&[1, 2]).at(1, apart);
    assert_eq!(
        meant(two, &[Selector::Leader]),
        nodes(&[2]),
        "of two that act, the one with the higher epoch"
    );
}

#[test]
fn a_leader_is_meant_as_of_the_instant_and_not_before() {
    let handed_over = cluster(3).at(20, transfer(&[node(2)]));
    assert_eq!(meant(handed_over.clone(), &[Selector::Leader]), nodes(&[2]), "who leads by then");
    assert_eq!(meant(handed_over, &[Selector::OldLeader]), nodes(&[1]), "who led before");
}

#[test]
fn before_a_second_election_there_is_no_old_leader() {
    assert_eq!(meant(cluster(3), &[Selector::OldLeader]), NodeSet::EMPTY, "one leader is not two");
    let again = cluster(3).during(20, 30, crash(&[node(1)]));
    let run = again.at(50, crash(&[Selector::OldLeader])).told();
    assert_eq!(run.outcome.missed_faults, 1, "nor is one leader elected twice");
}

#[test]
fn the_old_leader_is_one_of_the_contested_office() {
    let mut story = cluster(3).kept_by(&[2]);
    story.protocol.service = nodes(&[1]);
    let run = story.at(5, crash(&[Selector::OldLeader])).told();
    assert_eq!(run.outcome.missed_faults, 1, "the service's leader never held the office in question");
}

#[test]
fn candidates_are_those_that_stand() {
    let mut story = cluster(3).at(5, cut(&[node(1)], &[node(3)]));
    story.protocol.patience = Jitter::exactly(Span::millis(25));
    assert_eq!(meant(story, &[Selector::Candidates]), nodes(&[3]), "the node that hears no beacon");
}

#[test]
fn zones_all_and_rest() {
    let zoned = cluster(5).with(|setting| {
        setting.zones = vec![
            Zone { name: "eu".into(), nodes: nodes(&[1, 2]) },
            Zone { name: "us".into(), nodes: nodes(&[3, 4, 5]) },
        ];
    });
    assert_eq!(meant(zoned.clone(), &[Selector::Zone(1)]), nodes(&[3, 4, 5]), "a zone's nodes");
    assert_eq!(
        meant(zoned.clone(), &[Selector::Zone(0), Selector::Rest]),
        nodes(&[1, 2, 3, 4, 5]),
        "and the rest"
    );
    assert_eq!(meant(zoned.clone(), &[Selector::All]), nodes(&[1, 2, 3, 4, 5]), "all");
    assert_eq!(meant(zoned, &[Selector::Zone(2)]), NodeSet::EMPTY, "a zone that does not exist has no nodes");
}

#[test]
fn a_node_outside_the_cluster_and_the_resource_are_no_nodes() {
    assert_eq!(meant(cluster(3), &[node(4)]), NodeSet::EMPTY, "there is no fourth node");
    assert_eq!(meant(cluster(3), &[Selector::Resource]), NodeSet::EMPTY, "the resource does not crash");
}

#[test]
fn random_nodes_are_distinct_and_each_is_drawn_at_times() {
    let mut drawn = NodeSet::EMPTY;
    for seed in 0..60 {
        let two = meant_with(cluster(5), &[Selector::Random(2)], seed);
        assert_eq!(two.len(), 2, "two different nodes (seed {seed})");
        drawn = drawn.union(two);
    }
    assert_eq!(drawn, nodes(&[1, 2, 3, 4, 5]), "every node has its turn");
    assert_eq!(meant(cluster(3), &[Selector::Random(9)]).len(), 3, "more than there are is all");
    let twice = meant(cluster(4), &[Selector::Random(2), Selector::Random(2)]);
    assert_eq!(twice, nodes(&[1, 2, 3, 4]), "a second draw takes from what the first has left");
}

#[test]
fn what_an_earlier_selector_took_is_neither_drawn_nor_of_the_rest() {
    for seed in 0..40 {
        let groups: [&[Selector]; 2] = [&[Selector::Leader, Selector::Random(1)], &[Selector::Rest]];
        let run = cluster(4).at(50, partition(&groups)).told_with(seed);
        let with_leader = (2..=4).filter(|other| run.is_open(1, *other)).count();
        assert_eq!(with_leader, 1, "one node is drawn to the leader's side (seed {seed})");
        let open_among_nodes = run.open.iter().filter(|(from, to)| from.max(to) <= &4).count();
        assert_eq!(open_among_nodes, 4, "two pairs remain, both ways (seed {seed})");
    }
}

#[test]
fn a_fault_without_a_target_is_missed_and_says_so() {
    let leaderless = cluster(3).kept_by(&[]).during(50, 60, cut(&[Selector::Leader], &[Selector::All]));
    let run = leaderless.told();
    assert_eq!(run.outcome.missed_faults, 1, "it is counted");
    assert_eq!(run.observed(|what| *what == What::FaultMissed(0)), [(ms(50), n(1))], "it is observed");
    let hit = |what: &What| matches!(what, What::FaultInjected(_) | What::FaultLifted(_));
    assert_eq!(run.observed(hit), [], "it is neither injected nor lifted");
    assert_eq!(run.open.len(), 4 * 3, "and nothing is cut");
}

#[test]
fn a_fault_with_a_target_is_injected_and_lifted() {
    let run = cluster(3).during(50, 60, cut(&[Selector::Leader], &[Selector::All])).told();
    assert_eq!(run.observed(|what| *what == What::FaultInjected(0)), [(ms(50), n(1))], "injected");
    assert_eq!(run.observed(|what| *what == What::FaultLifted(0)), [(ms(60), n(1))], "lifted");
    assert_eq!(run.outcome.missed_faults, 0, "and not missed");
}
