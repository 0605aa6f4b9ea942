//! How well a quorum is connected, as observers are told.

use crate::story::{Story, all_ms, cluster, crash, cut, ms, n, node, partition, restart, stall};
use interregnum_kernel::Connected::{Hub, None as Nobody, Quorum};
use interregnum_kernel::{Connected, GlobalTime, Jitter, Span, What};
use interregnum_world::{Damage, InFlight, Lever, Probability, Purpose, Reach, Selector, Stream, Wake};

/// When it was told, and what.
fn levels(story: Story) -> Vec<(GlobalTime, Connected)> {
    let level = |seen: &interregnum_kernel::Observation| match seen.what {
        What::LinksChanged(level) => Some((seen.at, level)),
        _ => None,
    };
    story.told().heard.iter().filter_map(level).collect()
}

/// The level after one fault in a cluster of so many.
fn level_with(count: u8, lever: Lever) -> Connected {
    let levels = levels(cluster(count).at(35, lever));
    assert_eq!(levels[0], (ms(0), Quorum), "all is well at the start");
    levels.last().map_or(Nobody, |(_, level)| *level)
}

fn ring(reach: Reach) -> Lever {
    Lever::Ring { target: vec![Selector::All], reach, in_flight: InFlight::Drop }
}

fn pause(target: &[Selector]) -> Lever {
    Lever::Pause { target: target.to_vec(), wake: Wake::default() }
}

/// From all to all.
fn degrade(damage: Damage, only: &[&str]) -> Lever {
    let (from, to) = (vec![Selector::All], vec![Selector::All]);
    let only = only.iter().map(|kind| (*kind).to_string()).collect();
    Lever::Degrade { from, to, symmetric: false, damage, only }
}

fn loss(probability: Probability) -> Damage {
    Damage { loss: probability, ..Damage::default() }
}

#[test]
fn a_run_begins_with_how_well_it_is_connected() {
    assert_eq!(levels(cluster(3)), [(ms(0), Quorum)], "all links open");
    let alone = cluster(3).with(|setting| setting.down = crate::story::nodes(&[2, 3]));
    assert_eq!(levels(alone), [(ms(0), Nobody)], "one of three runs");
    let run = cluster(3).told();
    let told = run.observed(|what| matches!(what, What::LinksChanged(_)));
    assert_eq!(told, [(ms(0), n(1))], "told at the first node");
}

#[test]
fn a_run_is_told_of_no_run_before() {
    let story = cluster(3).at(35, crash(&[node(3)]));
    let setting = std::sync::Arc::new(story.setting.clone());
    let mut simulator: crate::story::Recording =
        interregnum_sim::Simulator::with_parts(story.protocol, setting, Vec::new(), Vec::new());
    for _ in 0..2 {
        simulator.run(1);
        let told = std::mem::take(simulator.observer_mut());
        let told = told.iter().filter(|seen| matches!(seen.what, What::LinksChanged(_))).count();
        assert_eq!(told, 2, "at the start and at the crash, whatever was before");
    }
}

#[test]
fn a_split_leaves_its_majority_connected_if_there_is_one() {
    let sides = |a: &[u8], b: &[u8]| {
        let side = |numbers: &[u8]| numbers.iter().map(|number| node(*number)).collect::<Vec<_>>();
        partition(&[&side(a), &side(b)])
    };
    assert_eq!(level_with(5, sides(&[1, 2], &[3, 4, 5])), Quorum, "three of five");
    assert_eq!(level_with(4, sides(&[1, 2], &[3, 4])), Nobody, "two of four twice");
    assert_eq!(level_with(3, partition(&[&[node(1)], &[node(2)], &[node(3)]])), Nobody, "each alone");
}

#[test]
fn a_bridge_of_five_connects_two_quorums() {
    let bridge = partition(&[&[node(1), node(2)], &[node(4), node(5)]]);
    assert_eq!(
        level_with(5, bridge),
        Quorum,
        "either side and the bridge are three who all reach each other"
    );
    let bridge = partition(&[&[node(1)], &[node(3)]]);
    assert_eq!(level_with(3, bridge), Quorum, "and in three, either side and the bridge are two");
}

#[test]
fn a_node_that_all_reach_who_reach_nobody_else_is_a_hub() {
    let star = partition(&[&[node(1)], &[node(2)], &[node(3)], &[node(4)]]);
    assert_eq!(level_with(5, star), Hub, "the fifth node reaches a quorum of nodes apart");
    let hub_and_pair = partition(&[&[node(1), node(2)], &[node(3)], &[node(4)], &[node(5)]]);
    let story = cluster(6).at(35, hub_and_pair);
    assert_eq!(levels(story)[1], (ms(35), Hub), "a pair among them is no quorum of six");
}

#[test]
fn rings_have_hubs_and_no_connected_quorum() {
    assert_eq!(level_with(4, ring(Reach::Neighbours)), Hub, "three of four, of whom two are apart");
    assert_eq!(level_with(5, ring(Reach::Majority)), Hub, "three of five");
    assert_eq!(
        level_with(7, ring(Reach::Majority)),
        Hub,
        "five of seven, of whom at most three are together"
    );
    assert_eq!(level_with(7, ring(Reach::Neighbours)), Nobody, "three of seven are no majority");
}

#[test]
fn links_count_both_ways_or_not_at_all() {
    let one_way = |from: u8, to: u8| cut(&[node(from)], &[node(to)]);
    let story = cluster(3).at(20, one_way(1, 2)).at(30, one_way(3, 1)).at(40, one_way(2, 3));
    assert_eq!(
        levels(story),
        [(ms(0), Quorum), (ms(20), Quorum), (ms(30), Quorum), (ms(40), Nobody)],
        "a circle of one-way links connects nobody"
    );
    let story = cluster(3).at(20, one_way(1, 2)).at(30, one_way(2, 1));
    assert_eq!(levels(story).len(), 2, "cutting the way back as well changes nothing");
    let story = cluster(3).during(20, 40, one_way(1, 2)).during(30, 50, one_way(2, 1));
    assert_eq!(
        levels(story).iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        all_ms(&[0, 20, 50]),
        "and it is well again when both ways are open"
    );
}

#[test]
fn nodes_that_do_not_work_connect_nobody() {
    for (name, lever) in [("crashed", crash as fn(&[Selector]) -> Lever), ("paused", pause), ("stuck", stall)]
    {
        let story = cluster(3).during(20, 60, lever(&[node(3)])).during(30, 50, lever(&[node(2)]));
        let expected =
            [(ms(0), Quorum), (ms(20), Quorum), (ms(30), Nobody), (ms(50), Quorum), (ms(60), Quorum)];
        assert_eq!(levels(story), expected, "{name}");
    }
    let slow = Lever::SlowNode { target: vec![Selector::All], each: Jitter::exactly(Span::millis(1)) };
    assert_eq!(levels(cluster(3).at(20, slow)), [(ms(0), Quorum)], "a slow node works");
}

#[test]
fn every_change_is_told_even_if_the_answer_stays() {
    let story = cluster(5)
        .at(20, crash(&[node(5)]))
        .at(30, cut(&[node(1)], &[node(2)]))
        .at(40, restart(&[node(5)]))
        .healed_at(60);
    let expected = [(ms(0), Quorum), (ms(20), Quorum), (ms(30), Quorum), (ms(40), Quorum), (ms(60), Quorum)];
    assert_eq!(levels(story), expected, "a crash, a cut, a start, the heal");
}

#[test]
fn what_leaves_the_links_between_nodes_as_they_are_is_not_told() {
    let story = cluster(3)
        .at(20, cut(&[Selector::All], &[Selector::Resource]))
        .at(30, degrade(Damage { loss: Probability::new(0.9), ..Damage::default() }, &[]))
        .at(40, restart(&[Selector::All]));
    assert_eq!(levels(story), [(ms(0), Quorum)], "the resource, a link that is worse, a start of who runs");
}

#[test]
fn a_link_on_which_a_kind_has_no_chance_is_none() {
    let story = |only| cluster(3).during(20, 40, degrade(loss(Probability::ALWAYS), only));
    let expected = [(ms(0), Quorum), (ms(20), Nobody), (ms(40), Quorum)];
    assert_eq!(levels(story(&[])), expected, "all is lost");
    assert_eq!(levels(story(&["Seen"])), expected, "all of one kind");
    assert_eq!(levels(story(&["RequestVote"])), expected[..1], "a kind that the protocol lacks");
}

#[test]
fn it_is_told_before_who_gained_or_lost_a_quorum() {
    let run = cluster(3).at(35, partition(&[&[Selector::Leader], &[Selector::Rest]])).told();
    let at_cut = run.observed_at(ms(35), 1);
    assert!(
        matches!(at_cut[..], [What::FaultInjected(_), What::LinksChanged(Quorum), What::LostQuorum(..)]),
        "cause first: {at_cut:?}"
    );
}

#[test]
fn the_largest_clusters_are_judged_too() {
    let numbers = |range: std::ops::RangeInclusive<u8>| range.map(node).collect::<Vec<_>>();
    let split = partition(&[&numbers(1..=31), &numbers(32..=64)]);
    assert_eq!(level_with(64, split), Quorum, "33 of 64");
    let split = partition(&[&numbers(1..=32), &numbers(33..=64)]);
    assert_eq!(level_with(64, split), Nobody, "32 of 64 twice");
    assert_eq!(level_with(63, ring(Reach::Majority)), Hub, "33 of 63, of whom at most 17 are together");
}

#[test]
fn a_question_too_hard_is_answered_with_the_lesser_level() {
    // Thirty-one pairs apart: 2^31 sets of 31 nodes who all reach each other, and none of 32.
    let pairs = (1..=31).fold(cluster(62), |story, pair| {
        story.at(35, partition(&[&[node(2 * pair - 1)], &[node(2 * pair)]]))
    });
    assert_eq!(levels(pairs).last(), Some(&(ms(35), Hub)), "the search ends, and nothing is claimed");
}

#[test]
fn a_quorum_is_found_although_one_of_its_nodes_reaches_the_fewest() {
    // Node 1 reaches 2 to 5 and no others. Those reach all but one of 6 to 9 each, who reach each other.
    let pairs =
        (2..=5).fold(cluster(9), |story, of| story.at(35, partition(&[&[node(of)], &[node(of + 4)]])));
    let far = [node(6), node(7), node(8), node(9)];
    assert_eq!(levels(pairs.clone()).last(), Some(&(ms(35), Quorum)), "one of each pair, and node 1");
    let story = pairs.at(36, partition(&[&[node(1)], &far]));
    assert_eq!(levels(story.clone()).last(), Some(&(ms(36), Quorum)), "1 to 5 are the only one left");
    assert_eq!(
        levels(story.at(37, crash(&[node(1)]))).last(),
        Some(&(ms(37), Hub)),
        "without 1 there is none"
    );
}

/// The level by trying every set of nodes.
fn level_by_hand(open: impl Fn(u8, u8) -> bool, count: u8) -> Connected {
    let linked = |a: u8, b: u8| a == b || open(a, b) && open(b, a);
    let reached = |from: u8| (1..=count).filter(|to| linked(from, *to)).count();
    let is_quorum = |nodes: usize| nodes > usize::from(count) / 2;
    let together = |set: u32| {
        let has = |node: u8| set >> (node - 1) & 1 == 1;
        (1..=count).all(|a| (1..=count).all(|b| !(has(a) && has(b)) || linked(a, b)))
    };
    if (0..1u32 << count).any(|set| is_quorum(set.count_ones() as usize) && together(set)) {
        return Quorum;
    }
    if (1..=count).any(|node| is_quorum(reached(node))) { Hub } else { Nobody }
}

#[test]
fn whatever_is_cut_the_level_is_what_trying_all_sets_gives() {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..300 {
        let mut dice = Stream::new(seed, Purpose::Bench, n(1));
        let count = 5 + dice.below(4) as u8;
        let every = 2 + dice.below(8);
        let mut story = cluster(count).until(Span::millis(40));
        for (from, to) in (1..=count).flat_map(|from| (1..=count).map(move |to| (from, to))) {
            if from != to && dice.below(every) == 0 {
                story = story.at(35, cut(&[node(from)], &[node(to)]));
            }
        }
        let run = story.told();
        let level = levels(story).last().map(|(_, level)| *level);
        assert_eq!(level, Some(level_by_hand(|from, to| run.is_open(from, to), count)), "seed {seed}");
        *seen.entry(level).or_insert(0) += 1;
    }
    assert!(seen.len() == 3 && seen.values().all(|times| *times >= 10), "each level comes up: {seen:?}");
}
