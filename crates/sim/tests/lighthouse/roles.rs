//! Selectors that stand for a role or a side: one candidate, the leader's minority, a majority against it, the node at
//! which a trigger came.

use crate::story::{Story, cluster, crash, cut, n, node, nodes, partition};
use interregnum_kernel::{Jitter, NodeSet, Span};
use interregnum_world::{Cue, Happening, PlannedFault, Selector, Trigger};
use std::collections::BTreeSet;

use Selector::{Candidate, Candidates, Leader, MajorityWithoutLeader, MinorityWithLeader, Rest, Subject};

/// Whom the selectors mean after 50 ms, told by whom a crash hits.
fn meant(story: Story, selectors: &[Selector], seed: u64) -> NodeSet {
    story.at(50, crash(selectors)).told_with(seed).crashed()
}

/// All that they mean over some seeds.
fn meant_over_seeds(story: &Story, selectors: &[Selector]) -> BTreeSet<u64> {
    (0..60).map(|seed| meant(story.clone(), selectors, seed).0).collect()
}

fn sets(all: &[&[u8]]) -> BTreeSet<u64> {
    all.iter().map(|numbers| nodes(numbers).0).collect()
}

/// Nodes 3 and 4 hear no beacon and stand.
fn two_candidates() -> Story {
    let mut story = cluster(5).at(5, cut(&[node(1)], &[node(3), node(4)]));
    story.protocol.patience = Jitter::exactly(Span::millis(25));
    story
}

#[test]
fn one_candidate_is_drawn_from_those_that_stand() {
    assert_eq!(meant_over_seeds(&two_candidates(), &[Candidate]), sets(&[&[3], &[4]]), "one or the other");
    assert_eq!(meant(two_candidates(), &[Candidates], 1), nodes(&[3, 4]), "unlike all of them");
    let run = cluster(5).at(50, crash(&[Candidate])).told();
    assert_eq!(run.outcome.missed_faults, 1, "where nobody stands, nobody is meant");
}

#[test]
fn two_candidates_of_one_lever_are_different_ones() {
    let twice = meant_over_seeds(&two_candidates(), &[Candidate, Candidate]);
    assert_eq!(twice, sets(&[&[3, 4]]), "the second is drawn from what the first has left");
    let and_all = meant(two_candidates(), &[node(3), Candidate], 1);
    assert_eq!(and_all, nodes(&[3, 4]), "or what was named before");
}

#[test]
fn the_leaders_minority_is_as_large_as_it_can_be() {
    let of = |count| meant_over_seeds(&cluster(count), &[MinorityWithLeader]);
    assert_eq!(of(3), sets(&[&[1]]), "of three, the leader alone");
    assert_eq!(of(4), sets(&[&[1, 2], &[1, 3], &[1, 4]]), "of four, and one other: any");
    assert_eq!(of(5), sets(&[&[1, 2], &[1, 3], &[1, 4], &[1, 5]]), "of five, and one other: any");
    let seven = of(7);
    assert!(seven.iter().all(|set| NodeSet(*set).len() == 3), "of seven, and two others");
}

#[test]
fn a_majority_against_the_leader_is_as_small_as_it_can_be() {
    let of = |count| meant_over_seeds(&cluster(count), &[MajorityWithoutLeader]);
    assert_eq!(of(3), sets(&[&[2, 3]]), "of three, the others");
    assert_eq!(of(4), sets(&[&[2, 3, 4]]), "of four, all others");
    let of_five = sets(&[&[2, 3, 4], &[2, 3, 5], &[2, 4, 5], &[3, 4, 5]]);
    assert_eq!(of(5), of_five, "of five, any three others");
}

#[test]
fn a_node_that_has_no_vote_is_not_needed_for_a_majority() {
    let mut story = cluster(5);
    story.protocol.nodes = 3;
    let majorities = meant_over_seeds(&story, &[MajorityWithoutLeader]);
    assert_eq!(majorities, sets(&[&[2, 3]]), "the two others who vote, and no spare");
}

#[test]
fn the_two_sides_of_a_cut_are_apart() {
    for seed in 0..40 {
        let lever = cut(&[MinorityWithLeader], &[MajorityWithoutLeader]);
        let run = cluster(5).at(50, lever).told_with(seed);
        let cut_links = (1..=5).flat_map(|from| (1..=5).map(move |to| (from, to)));
        let cut_links = cut_links.filter(|(from, to)| from != to && !run.is_open(*from, *to)).count();
        assert_eq!(cut_links, 6, "two senders, three receivers (seed {seed})");
        let run = cluster(5).at(50, partition(&[&[MinorityWithLeader], &[Rest]])).told_with(seed);
        let with_leader = (2..=5).filter(|other| run.is_open(1, *other)).count();
        assert_eq!(with_leader, 1, "one other stays with the leader (seed {seed})");
        let run = cluster(5).at(50, partition(&[&[MajorityWithoutLeader], &[Rest]])).told_with(seed);
        let with_leader = (2..=5).filter(|other| run.is_open(1, *other)).count();
        assert_eq!(with_leader, 1, "or is left to it (seed {seed})");
    }
}

#[test]
fn a_leader_named_before_is_still_in_its_minority_of_a_cut() {
    let run = cluster(5).at(50, cut(&[Leader], &[MinorityWithLeader])).told();
    let cut_off = (2..=5).filter(|to| !run.is_open(1, *to)).count();
    assert_eq!(cut_off, 1, "from the one other");
    let run = cluster(5).at(50, partition(&[&[Leader], &[MinorityWithLeader]])).told();
    assert_eq!(run.outcome.missed_faults, 1, "groups of a partition share nobody");
}

#[test]
fn without_a_leader_there_is_no_side_of_it() {
    for side in [MinorityWithLeader, MajorityWithoutLeader] {
        let run = cluster(5).kept_by(&[]).at(50, crash(&[side])).told();
        assert_eq!(run.outcome.missed_faults, 1, "nobody is meant");
    }
    let taken = [Selector::Random(5), MajorityWithoutLeader];
    assert_eq!(meant(cluster(5), &taken, 1).len(), 5, "nor is there where all are taken");
    let too_few = partition(&[&[node(2), node(3)], &[MajorityWithoutLeader]]);
    assert_eq!(cluster(5).at(50, too_few).told().outcome.missed_faults, 1, "two of five are none");
}

/// A crash of the subject, upon somebody's standing for election the so-manieth time.
fn upon_standing(count: u32) -> Story {
    let trigger =
        Trigger { cue: Cue::Event(Happening::Stood), at: Vec::new(), count, after: Span::millis(3) };
    let fault = PlannedFault::upon(trigger, crash(&[Subject]));
    let story = cluster(5).at(5, cut(&[node(1)], &[node(4)])).at(25, cut(&[node(1)], &[node(2)]));
    let mut story = story.with(|setting| setting.plan.faults.push(fault));
    story.protocol.patience = Jitter::exactly(Span::millis(25));
    story
}

#[test]
fn the_subject_is_the_node_at_which_the_trigger_came() {
    assert_eq!(upon_standing(1).told().crashed(), NodeSet::only(n(4)), "the first to stand");
    assert_eq!(upon_standing(2).told().crashed(), NodeSet::only(n(2)), "the second");
    assert_eq!(meant(cluster(3), &[Subject], 1), NodeSet::EMPTY, "nobody, where nothing was waited for");
}

#[test]
fn each_fault_has_a_subject_of_its_own() {
    let second = upon_standing(2).setting.plan.faults.pop();
    let both = upon_standing(1).with(|setting| setting.plan.faults.extend(second));
    assert_eq!(both.told().crashed(), nodes(&[2, 4]), "each its own");
}
