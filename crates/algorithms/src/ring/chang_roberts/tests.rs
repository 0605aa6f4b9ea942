//! The paper's own cases, what a dead or a slow successor changes, and what a partition does to the algorithm.

use super::{ChangRoberts, Lap, Message, News, Timer};
use crate::Algorithm;
use crate::ring::story::{N1, N2, N3, N4, N5, Story};
use interregnum_kernel::{Epoch, Jitter, NodeId, NodeSet, Order, Parameters, Profile, Role, Span, Value};

type Ring = Story<ChangRoberts>;

fn ring_of(parameters: &Parameters) -> Ring {
    let protocol = ChangRoberts::from_parameters(parameters).expect("the story's parameters fit");
    Story::of(protocol, usize::from(parameters.nodes))
}

fn ring(nodes: u8) -> Ring {
    ring_of(&Parameters::of(nodes))
}

/// Five nodes of which n5 leads in epoch 1, everything else at rest.
fn reign() -> Ring {
    let mut ring = ring(5);
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N5, 1)], "the highest identifier wins a calm election");
    ring.count_sent();
    ring
}

fn beat(ring: &mut Ring, leader: NodeId) {
    ring.fire(leader, Timer::Heartbeat);
    ring.settle(Timer::Ack);
}

#[test]
fn the_highest_identifier_wins_whoever_starts() {
    for initiator in [N1, N2, N3] {
        let mut ring = ring_of(&Parameters::of(3).with("ids", Value::Counts(vec![7, 9, 8])));
        ring.fire(initiator, Timer::Failure);
        ring.settle(Timer::Ack);
        assert_eq!(ring.leaders(), [(N2, 1)], "started by {initiator}");
        assert_eq!(ring.state(initiator).leader(), Some(N2), "{initiator} knows it");
    }
}

#[test]
fn the_maximum_alone_costs_two_rounds() {
    let mut ring = ring(5);
    ring.fire(N5, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.count_sent(), [("Election", 5), ("Elected", 5), ("Ack", 10)]);
}

#[test]
fn the_maximums_successor_alone_costs_nearly_a_round_more() {
    let ids = Value::Counts(vec![4, 3, 2, 1, 5]);
    let mut ring = ring_of(&Parameters::of(5).with("ids", ids));
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.count_sent(), [("Election", 9), ("Elected", 5), ("Ack", 14)], "3 n - 1");
}

#[test]
fn a_dead_successor_is_bypassed_after_the_acknowledgement_timeout() {
    let mut ring = reign();
    ring.crash(N5, 0);
    ring.fire(N4, Timer::Failure);
    ring.lose_all();
    let patience = ring.armed(N4, Timer::Ack).expect("the acknowledgement is waited for");
    assert_eq!(patience, Jitter::exactly(Span::millis(15)), "two journeys and the processing");
    ring.fire(N4, Timer::Ack);
    assert!(ring.is_in_flight("Election", N4, N1), "the next in the ring gets it");
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N4, 2)]);
}

#[test]
fn an_acknowledgement_of_a_bypassed_node_counts_no_more() {
    let mut ring = ring(3);
    ring.fire(N3, Timer::Failure);
    ring.pass("Election", N3, N1);
    ring.fire(N3, Timer::Ack);
    ring.pass("Ack", N1, N3);
    assert!(ring.armed(N3, Timer::Ack).is_some(), "n2 has still to acknowledge");
}

#[test]
fn a_node_that_nobody_answers_is_a_ring_of_one() {
    let mut ring = reign();
    ring.part(&[N2]);
    ring.fire(N2, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N2, 2), (N5, 1)], "it elects itself beside the leader of all others");
}

#[test]
fn a_leader_that_only_hears_is_replaced_and_follows() {
    let mut ring = reign();
    for peer in [N1, N2, N3, N4] {
        ring.cut(N5, peer);
    }
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N4, 2)], "its answers are lost, so that it is bypassed");
    assert_eq!(ring.state(N5).leader(), Some(N4), "but it hears who is elected");
}

#[test]
fn a_plain_split_gives_two_leaders_of_different_epochs() {
    let mut ring = reign();
    ring.part(&[N4, N5]);
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N3, 2), (N5, 1)]);
}

#[test]
fn groups_that_elect_afresh_come_to_the_same_epoch() {
    let mut ring = reign();
    ring.crash(N5, 0);
    ring.part(&[N3, N4]);
    ring.fire(N1, Timer::Failure);
    ring.fire(N3, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N2, 2), (N4, 2)], "both count one from what they have seen");
    ring.heal();
    beat(&mut ring, N4);
    assert_eq!(ring.leaders(), [(N4, 2)], "when they meet, the higher identifier stays");
}

#[test]
fn a_leader_of_an_earlier_round_gives_way_when_it_hears_of_a_later() {
    let mut ring = reign();
    ring.part(&[N5]);
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    ring.heal();
    beat(&mut ring, N4);
    assert_eq!(ring.leaders(), [(N4, 2)], "the later round counts, not the identifier");
}

#[test]
fn heartbeats_of_an_earlier_round_are_not_heard() {
    let mut ring = reign();
    ring.fire(N5, Timer::Heartbeat);
    let old = ring.take("Heartbeat", N5, N1);
    ring.lose_all();
    ring.crash(N5, 0);
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    ring.hand_over(N5, N1, old);
    assert_eq!(ring.state(N1).leader(), Some(N4));
}

#[test]
fn a_candidacy_passes_a_node_once_a_round() {
    let mut ring = ring(3);
    let lap = Lap { news: News::Election, round: Epoch(1), node: N3, hops: 1 };
    ring.hand_over(N3, N1, Message::Lap(lap));
    ring.hand_over(N3, N1, Message::Lap(lap));
    assert_eq!(ring.count_sent(), [("Election", 1), ("Ack", 2)], "both are acknowledged, one goes on");
}

#[test]
fn a_lap_that_should_have_met_its_node_ends() {
    let mut ring = ring(3);
    let lap = Lap { news: News::Election, round: Epoch(1), node: N3, hops: 3 };
    ring.hand_over(N3, N1, Message::Lap(lap));
    assert_eq!(ring.count_sent(), [("Ack", 1)]);
}

#[test]
fn a_candidacy_of_an_earlier_round_ends() {
    let mut ring = reign();
    let lap = Lap { news: News::Election, round: Epoch::ZERO, node: N5, hops: 1 };
    ring.hand_over(N5, N1, Message::Lap(lap));
    assert_eq!(ring.count_sent(), [("Ack", 1)]);
}

#[test]
fn an_election_without_outcome_is_started_again_in_the_next_round() {
    let mut ring = reign();
    ring.crash(N5, 0);
    ring.fire(N4, Timer::Failure);
    ring.lose_all();
    ring.fire(N4, Timer::Ack);
    ring.pass("Election", N4, N1);
    ring.crash(N4, 0);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [], "the candidate died, and its candidacy with it");
    assert!(ring.armed(N1, Timer::Failure).is_none(), "n1 waits for the outcome instead");
    ring.fire(N1, Timer::Round);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N3, 3)]);
}

#[test]
fn an_idle_leader_costs_one_heartbeat_to_everybody() {
    let mut ring = reign();
    beat(&mut ring, N5);
    assert_eq!(ring.count_sent(), [("Heartbeat", 4)]);
    let timeout = ring.armed(N1, Timer::Failure);
    assert_eq!(timeout, Some(Jitter::between(Span::millis(150), Span::millis(300))), "and buys patience");
}

#[test]
fn who_resigns_lets_the_others_win() {
    let mut ring = reign();
    ring.order(N5, Order::Resign);
    assert_eq!(ring.leaders(), [], "nobody leads for a while");
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N4, 2)], "the highest of the others");
    ring.crash(N4, 0);
    ring.fire(N5, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N5, 3)], "the next election is open to all again");
}

#[test]
fn a_restarted_node_knows_no_epoch_and_learns_it_from_the_leader() {
    let mut ring = reign();
    ring.crash(N2, 0);
    ring.restart(N2);
    assert_eq!(ring.state(N2).member.epoch, Epoch::ZERO, "nothing is durable");
    beat(&mut ring, N5);
    assert_eq!((ring.state(N2).member.epoch, ring.state(N2).leader()), (Epoch(1), Some(N5)));
}

#[test]
fn a_single_node_leads_at_once() {
    let mut ring = ring(1);
    ring.fire(N1, Timer::Failure);
    assert_eq!(ring.leaders(), [(N1, 1)]);
    ring.fire(N1, Timer::Heartbeat);
    assert_eq!(ring.count_sent(), [], "there is nobody to talk to");
}

#[test]
fn initiators_do_not_wait_for_a_leader() {
    let all = Value::Nodes(NodeSet::first(3));
    let mut ring = ring_of(&Parameters::of(3).with("initiators", all));
    assert_eq!(ring.state(N1).member.role, Role::Candidate);
    ring.lose_all();
}

#[test]
fn spares_stay_out_of_it() {
    let parameters = Parameters { members: NodeSet::first(3), ..Parameters::of(4) };
    let mut ring = ring_of(&parameters);
    assert_eq!(ring.armed(N4, Timer::Failure), None, "a spare waits for nobody");
    ring.hand_over(N1, N4, Message::Heartbeat { epoch: Epoch(9) });
    assert_eq!(ring.state(N4).member.epoch, Epoch::ZERO, "and hears nobody");
    ring.fire(N3, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N3, 1)]);
}

fn refusal(parameters: Parameters) -> String {
    ChangRoberts::from_parameters(&parameters).expect_err("refused").to_string()
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let twice = Parameters::of(3).with("ids", Value::Counts(vec![1, 2, 1]));
    assert_eq!(refusal(twice), "parameter `ids`: n1 and n3 are both 1; every node needs its own");
    let slow = Parameters::of(3).with("heartbeat_interval", Value::Span(Span::millis(150)));
    assert_eq!(
        refusal(slow),
        "parameter `heartbeat_interval`: 150ms is not below the shortest failure timeout, 150ms: followers would give \
         up a healthy leader"
    );
    let zero = Parameters::of(3).with("message_bound", Value::Span(Span::ZERO));
    assert!(refusal(zero).starts_with("parameter `message_bound`: must be longer than zero"));
}

#[test]
fn the_profiles_differ_in_their_timeouts() {
    let of = |profile| {
        let parameters = Parameters { profile, ..Parameters::of(3) };
        ChangRoberts::from_parameters(&parameters).unwrap().settings
    };
    let (matched, production) = (of(Profile::Matched), of(Profile::Production));
    assert_eq!(matched.failure_timeout, Jitter::between(Span::millis(150), Span::millis(300)));
    assert_eq!(matched.circulation, Span::millis(60), "three hops, each with one bypass");
    assert_eq!(production.failure_timeout, Jitter::between(Span::secs(1), Span::millis(1999)));
    assert_eq!(production.link.patience, Span::millis(75));
}

/// Plays a story with the bug and without, and hands back what it found.
fn both<T>(bug: &str, story: impl Fn(&mut Ring) -> T) -> (T, T) {
    let planted = story(&mut ring_of(&Parameters::of(5).with_bug(bug)));
    (planted, story(&mut ring(5)))
}

#[test]
fn an_orphan_goes_round_and_round() {
    let (planted, correct) = both("ring-orphan-token", |ring| {
        ring.fire(N5, Timer::Failure);
        ring.pass("Election", N5, N1);
        ring.crash(N5, 0);
        for (from, to) in [(N1, N2), (N2, N3), (N3, N4)] {
            ring.pass("Election", from, to);
        }
        ring.fire(N4, Timer::Ack);
        ring.pass("Election", N4, N1);
        ring.is_in_flight("Election", N1, N2)
    });
    assert_eq!((planted, correct), (true, false));
}

#[test]
fn without_swallowing_every_candidate_is_elected() {
    let (planted, correct) = both("ring-swallows-nothing", |ring| {
        for node in [N1, N2] {
            ring.fire(node, Timer::Failure);
        }
        ring.settle(Timer::Ack);
        ring.winners(1)
    });
    assert!(planted.len() > 1, "{planted:?} all won round 1");
    assert_eq!(correct, [N5]);
}

#[test]
fn a_round_that_is_used_again_has_two_leaders() {
    let (planted, correct) = both("ring-reuses-round", |ring| {
        ring.fire(N1, Timer::Failure);
        ring.settle(Timer::Ack);
        ring.crash(N5, 0);
        ring.fire(N4, Timer::Failure);
        ring.settle(Timer::Ack);
        ring.winners(1)
    });
    assert_eq!((planted, correct), (vec![N5, N4], vec![N5]));
}

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ring/scripts/chang_roberts");
    interregnum_script::run_folder(folder, ChangRoberts::ENTRY.parameters, crate::construct::<ChangRoberts>);
}
