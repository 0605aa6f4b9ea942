//! A coordination service besides the nodes that contend: who is meant, who is obeyed, what is asked of whom.

use crate::story::{
    Story, Told, cluster, crash, crash_with, cut, ms, n, node, nodes, partition, pause, stall,
};
use interregnum_kernel::{Connected, GlobalTime, NodeSet, Office, Span, What};
use interregnum_world::{Cue, Happening, Lever, Selector, Trigger, Unsynced, Zone};

/// Four contenders, of whom the second leads, and a service of three, 5 to 7, which the sixth leads.
fn served() -> Story {
    let mut story = cluster(7).kept_by(&[2, 6]);
    story.protocol.crew = nodes(&[5, 6, 7]);
    story.with(|setting| setting.service = nodes(&[5, 6, 7]))
}

fn hit_with(story: Story, selectors: &[Selector], seed: u64) -> NodeSet {
    story.at(50, crash(selectors)).told_with(seed).crashed()
}

fn hit(selectors: &[Selector]) -> NodeSet {
    hit_with(served(), selectors, 1)
}

#[test]
fn roles_are_those_of_contenders_and_the_service_has_its_own() {
    assert_eq!(hit(&[Selector::Leader]), nodes(&[2]), "although the service's leader is in a higher epoch");
    assert_eq!(hit(&[Selector::Followers]), nodes(&[1, 3, 4]), "contenders that do not lead");
    assert_eq!(hit(&[Selector::Contenders]), nodes(&[1, 2, 3, 4]), "all contenders");
    assert_eq!(hit(&[Selector::Service]), nodes(&[5, 6, 7]), "the service");
    assert_eq!(hit(&[Selector::ServiceLeader]), nodes(&[6]), "who leads it");
    assert_eq!(hit(&[Selector::ServiceFollowers]), nodes(&[5, 7]), "who does not");
    assert_eq!(hit(&[Selector::ServiceNode(2)]), nodes(&[7]), "its third node");
    assert_eq!(hit(&[Selector::ServiceNode(3)]), NodeSet::EMPTY, "it has no fourth");
    assert_eq!(hit(&[Selector::All]).len(), 7, "all are all");
    assert_eq!(hit(&[Selector::Leader, Selector::Rest]).len(), 7, "and the rest has the service in it");
}

#[test]
fn without_a_service_its_selectors_mean_nobody() {
    for selector in [
        Selector::Service,
        Selector::ServiceLeader,
        Selector::ServiceFollowers,
        Selector::ServiceNode(0),
        Selector::RandomService(1),
    ] {
        let run = cluster(3).at(50, crash(std::slice::from_ref(&selector))).told();
        assert_eq!((run.crashed(), run.outcome.missed_faults), (NodeSet::EMPTY, 1), "{selector}");
    }
    assert_eq!(hit_with(cluster(3), &[Selector::Contenders], 1).len(), 3, "and all are contenders");
}

#[test]
fn candidates_of_the_service_are_not_meant() {
    let mut story = served().at(5, cut(&[Selector::ServiceLeader], &[node(5)]));
    story.protocol.patience = interregnum_kernel::Jitter::exactly(Span::millis(25));
    let story = story.at(5, cut(&[Selector::Leader], &[node(3)]));
    assert_eq!(
        hit_with(story, &[Selector::Candidates], 1),
        nodes(&[3]),
        "the fifth stands too, for the other office"
    );
}

#[test]
fn draws_keep_to_their_kind_and_each_node_has_its_turn() {
    let (mut contenders, mut service) = (NodeSet::EMPTY, NodeSet::EMPTY);
    for seed in 0..60 {
        let two = hit_with(served(), &[Selector::Random(2)], seed);
        assert_eq!(two.len(), 2, "two different nodes (seed {seed})");
        contenders = contenders.union(two);
        let two = hit_with(served(), &[Selector::RandomService(2)], seed);
        assert_eq!(two.len(), 2, "two different nodes (seed {seed})");
        service = service.union(two);
    }
    assert_eq!(contenders, nodes(&[1, 2, 3, 4]), "contenders");
    assert_eq!(service, nodes(&[5, 6, 7]), "service nodes");
    let rest = hit(&[Selector::RandomService(2), Selector::RandomService(2)]);
    assert_eq!(rest, nodes(&[5, 6, 7]), "a second draw takes from what the first has left");
}

#[test]
fn the_leaders_side_has_no_majority_of_either_kind() {
    for seed in 0..40 {
        let side = hit_with(served(), &[Selector::MinorityWithLeader], seed);
        assert!(side.contains(n(2)), "the leader is on it (seed {seed})");
        let (contenders, service) = (nodes(&[1, 2, 3, 4]), nodes(&[5, 6, 7]));
        assert_eq!(side.intersection(contenders).len(), 2, "half of the four contenders (seed {seed})");
        assert_eq!(side.intersection(service).len(), 1, "one of the service's three (seed {seed})");
        let other = hit_with(served(), &[Selector::MajorityWithoutLeader], seed);
        assert!(!other.contains(n(2)), "the leader is not on the other (seed {seed})");
        assert_eq!(other.intersection(contenders).len(), 3, "a majority of contenders (seed {seed})");
        assert_eq!(other.intersection(service).len(), 2, "and of the service (seed {seed})");
    }
}

#[test]
fn a_leader_alone_still_has_a_minority_of_the_service_with_it() {
    let mut story = cluster(4).kept_by(&[1, 2]);
    story.protocol.crew = nodes(&[2, 3, 4]);
    let story = story.with(|setting| setting.service = nodes(&[2, 3, 4]));
    let side = hit_with(story.clone(), &[Selector::MinorityWithLeader], 1);
    assert_eq!(side.intersection(nodes(&[2, 3, 4])).len(), 1, "one node of three: {side}");
    assert_eq!(
        hit_with(story, &[Selector::MajorityWithoutLeader], 1),
        NodeSet::EMPTY,
        "nobody else contends"
    );
}

#[test]
fn observations_say_which_leadership_they_are_about() {
    let run = served().at(50, crash(&[Selector::All])).told();
    for seen in run
        .heard
        .iter()
        .filter(|seen| matches!(seen.what, What::Booted(_) | What::Elected(_) | What::Crashed))
    {
        let of_service = seen.node.0 >= 4;
        let office = if of_service { Office::SERVICE } else { Office::CONTESTED };
        assert_eq!(seen.office, office, "{seen:?}");
    }
}

/// Gains and losses of a node's quorum.
fn turns(run: &Told, node: u8) -> Vec<(GlobalTime, bool)> {
    let turn = |seen: &interregnum_kernel::Observation| match seen.what {
        What::GainedQuorum(_) if seen.node == n(node) => Some((seen.at, true)),
        What::LostQuorum(..) if seen.node == n(node) => Some((seen.at, false)),
        _ => None,
    };
    run.heard.iter().filter_map(turn).collect()
}

const LOST_AND_REGAINED: [(u64, bool); 3] = [(0, true), (35, false), (65, true)];

fn at_ms(turns: &[(u64, bool)]) -> Vec<(GlobalTime, bool)> {
    turns.iter().map(|(at, gained)| (ms(*at), *gained)).collect()
}

/// What a fault from 35 to 65 ms does to the leader of the contenders.
fn leader_under(lever: Lever) -> Vec<(GlobalTime, bool)> {
    turns(&served().during(35, 65, lever).told(), 2)
}

#[test]
fn a_contenders_leader_is_obeyed_through_the_service_whatever_its_epochs() {
    assert_eq!(
        turns(&served().told(), 2),
        at_ms(&[(0, true)]),
        "the service is in the epoch 51, the leader in 11"
    );
    assert_eq!(
        turns(&served().told(), 6),
        at_ms(&[(0, true)]),
        "and the service's leader has its own quorum"
    );
    let others = [node(1), node(3), node(4)];
    assert_eq!(leader_under(crash(&others)), at_ms(&[(0, true)]), "other contenders do not matter");
}

#[test]
fn a_contenders_leader_is_lost_with_most_of_the_service() {
    let service = [Selector::ServiceFollowers];
    assert_eq!(
        leader_under(crash_with(Unsynced::Kept, &service)),
        at_ms(&LOST_AND_REGAINED),
        "they are down"
    );
    assert_eq!(leader_under(pause(&service)), at_ms(&LOST_AND_REGAINED), "or stopped");
    assert_eq!(leader_under(stall(&service)), at_ms(&LOST_AND_REGAINED), "or their disks stand");
    let apart = partition(&[&[Selector::Leader], &service]);
    assert_eq!(leader_under(apart), at_ms(&LOST_AND_REGAINED), "or out of reach");
    let one_way = cut(&service, &[Selector::Leader]);
    assert_eq!(leader_under(one_way), at_ms(&LOST_AND_REGAINED), "one direction is enough");
    assert_eq!(
        leader_under(crash(&[Selector::ServiceNode(0)])),
        at_ms(&[(0, true)]),
        "one of three is not most"
    );
}

fn connected(run: &Told) -> Vec<(GlobalTime, Connected)> {
    let level = |seen: &interregnum_kernel::Observation| match seen.what {
        What::LinksChanged(level) => Some((seen.at, level)),
        _ => None,
    };
    run.heard.iter().filter_map(level).collect()
}

fn level_under(lever: Lever) -> Connected {
    let levels = connected(&served().at(35, lever).told());
    levels.last().map_or(Connected::None, |(_, level)| *level)
}

#[test]
fn a_quorum_is_connected_where_some_contender_reaches_a_connected_service_quorum() {
    assert_eq!(
        level_under(crash(&[node(1), node(2), node(3)])),
        Connected::Quorum,
        "one contender is enough"
    );
    assert_eq!(level_under(crash(&[Selector::Contenders])), Connected::None, "none is not");
    let cut_off = partition(&[&[Selector::Contenders], &[Selector::Service]]);
    assert_eq!(level_under(cut_off), Connected::None, "a service that nobody reaches elects nobody");
    assert_eq!(level_under(crash(&[node(5), node(6)])), Connected::None, "nor does one node of three");
    let apart = partition(&[&[node(5)], &[node(6)], &[node(7)]]);
    assert_eq!(level_under(apart), Connected::Hub, "contenders reach all of a service whose nodes are apart");
    let apart = partition(&[&[node(1)], &[node(2)], &[node(3)], &[node(4)]]);
    assert_eq!(level_under(apart), Connected::Quorum, "contenders need not reach each other");
}

#[test]
fn service_nodes_that_no_group_names_stay_reachable() {
    let run = served().at(35, partition(&[&[Selector::Leader], &[Selector::Followers]])).told();
    assert!((5..=7).all(|service| run.is_open(2, service) && run.is_open(service, 2)), "from the leader");
    assert!((5..=7).all(|service| run.is_open(1, service)), "and from the others");
    assert!(!run.is_open(1, 2), "who are apart");
}

#[test]
fn a_core_has_the_service_in_it_unless_it_names_nodes_of_it() {
    let broken = served().at(20, partition(&[&[Selector::Contenders], &[Selector::Service]])).healed_at(60);
    let all = broken.clone().with(|setting| setting.core = vec![node(1)]).told();
    assert!((5..=7).all(|service| all.is_open(1, service)), "as the resource is");
    assert!(!all.is_open(2, 5), "what is not of the core stays broken");
    let one = broken.with(|setting| setting.core = vec![node(1), Selector::ServiceNode(0)]).told();
    assert!(one.is_open(1, 5) && !one.is_open(1, 6), "where one is named, that one");
}

fn first(cue: Cue, at: &[Selector]) -> Trigger {
    Trigger { cue, at: at.to_vec(), count: 1, after: Span::ZERO }
}

#[test]
fn triggers_mean_the_contested_leadership_unless_they_name_the_service() {
    let who = |trigger| {
        served()
            .with(|setting| setting.down = nodes(&[2]))
            .upon(trigger, crash(&[Selector::Subject]))
            .told()
            .crashed()
    };
    assert_eq!(
        who(first(Cue::Event(Happening::Elected), &[])),
        NodeSet::EMPTY,
        "the service's election is not meant"
    );
    assert_eq!(
        who(first(Cue::Event(Happening::Elected), &[Selector::Service])),
        nodes(&[6]),
        "where it is named, it is"
    );
    assert_eq!(who(first(Cue::Epoch(30), &[])), NodeSet::EMPTY, "nor are its epochs");
    assert_eq!(who(first(Cue::Epoch(30), &[Selector::ServiceNode(0)])), nodes(&[5]), "unless it is named");
}

#[test]
fn writes_are_the_contested_leaders_and_proposals_go_to_whoever_leads() {
    let run = served()
        .with(|setting| {
            setting.workload.writes_every = Some(Span::millis(10));
            setting.workload.proposals_every = Some(Span::millis(10));
        })
        .told();
    let at = |wanted: fn(&What) -> bool| {
        run.observed(wanted).into_iter().map(|(_, node)| node).collect::<NodeSet>()
    };
    assert_eq!(
        at(|what| matches!(what, What::WriteSent(_))),
        nodes(&[2]),
        "the service writes to no resource"
    );
    assert_eq!(at(|what| matches!(what, What::Proposed(_))), nodes(&[2, 6]), "both are handed commands");
}

#[test]
fn zones_may_have_service_nodes_in_them() {
    let zoned = served().with(|setting| {
        setting.zones = vec![Zone { name: "eu".into(), nodes: nodes(&[1, 2, 5]) }];
    });
    assert_eq!(hit_with(zoned, &[Selector::Zone(0)], 1), nodes(&[1, 2, 5]), "a zone's nodes");
}
