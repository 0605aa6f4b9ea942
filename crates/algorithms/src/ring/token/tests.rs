//! The textbook's own cases, lost and orphaned tokens, and what a partition does to the algorithm.

use super::{Message, Timer, TokenRing};
use crate::Algorithm;
use crate::ring::story::{N1, N2, N3, N4, N5, Story};
use interregnum_kernel::{Epoch, Order, Parameters, Role, Value};

type Ring = Story<TokenRing>;

fn ring_of(parameters: &Parameters) -> Ring {
    let protocol = TokenRing::from_parameters(parameters).expect("the story's parameters fit");
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

#[test]
fn an_election_costs_two_rounds_whoever_starts() {
    for initiator in [N1, N3, N5] {
        let mut ring = ring(5);
        ring.fire(initiator, Timer::Failure);
        ring.settle(Timer::Ack);
        let expected = [("Election", 5), ("Coordinator", 5), ("Ack", 10)];
        assert_eq!(ring.count_sent(), expected, "started by {initiator}");
        assert_eq!(ring.leaders(), [(N5, 1)], "started by {initiator}");
    }
}

#[test]
fn the_highest_identifier_wins_and_not_the_highest_number() {
    let mut ring = ring_of(&Parameters::of(3).with("ids", Value::Counts(vec![9, 7, 8])));
    ring.fire(N3, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N1, 1)]);
}

#[test]
fn several_initiators_cost_two_rounds_each_and_agree() {
    let mut ring = ring(5);
    for initiator in [N1, N2, N4] {
        ring.fire(initiator, Timer::Failure);
    }
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N5, 1)]);
    assert_eq!(ring.winners(1), [N5], "n5 is elected once");
    assert_eq!(ring.count_sent(), [("Election", 15), ("Coordinator", 15), ("Ack", 30)]);
}

#[test]
fn the_list_has_the_living_in_the_order_of_the_ring() {
    let mut ring = reign();
    ring.crash(N5, 0);
    ring.fire(N3, Timer::Failure);
    ring.pass("Election", N3, N4);
    ring.fire(N4, Timer::Ack);
    ring.pass("Election", N4, N1);
    match ring.take("Election", N1, N2) {
        Message::Election { round, list } => {
            assert_eq!((round, list.as_ref()), (Epoch(2), [N3, N4, N1].as_slice()), "n5 is bypassed");
        }
        other => panic!("{other:?} is no token"),
    }
}

#[test]
fn the_leader_is_established_when_the_message_reaches_it() {
    let mut ring = ring(3);
    ring.fire(N1, Timer::Failure);
    for (from, to) in [(N1, N2), (N2, N3), (N3, N1)] {
        ring.pass("Election", from, to);
    }
    assert_eq!(ring.state(N1).leader(), Some(N3), "the initiator knows");
    assert_eq!(ring.leaders(), [], "n3 does not yet");
    ring.pass("Coordinator", N1, N2);
    ring.pass("Coordinator", N2, N3);
    assert_eq!(ring.leaders(), [(N3, 1)]);
}

#[test]
fn a_token_ends_with_who_has_signed_it() {
    let mut ring = ring(3);
    let list = [N1, N2].into();
    ring.hand_over(N1, N2, Message::Election { round: Epoch(1), list });
    assert_eq!(ring.count_sent(), [("Ack", 1)]);
}

#[test]
fn an_initiators_token_passes_a_node_once_a_round() {
    let mut ring = ring(3);
    for list in [[N1].into(), [N1, N3].into()] {
        ring.hand_over(N1, N2, Message::Election { round: Epoch(1), list });
    }
    assert_eq!(ring.count_sent(), [("Election", 1), ("Ack", 2)], "the copy that was bypassed elsewhere ends");
}

#[test]
fn an_announcement_whose_initiator_died_ends_after_a_round() {
    let mut ring = ring(3);
    let list = [N1, N2, N3].into();
    ring.hand_over(N1, N2, Message::Coordinator { round: Epoch(1), leader: N3, hops: 1, list });
    ring.crash(N1, 0);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N3, 1)]);
    assert_eq!(ring.count_sent()[0], ("Coordinator", 3), "n2 to n3, and n3 to n1 in vain and to n2");
}

#[test]
fn a_token_lost_with_its_holder_is_sent_again_in_the_next_round() {
    let mut ring = reign();
    ring.crash(N5, 0);
    ring.fire(N1, Timer::Failure);
    ring.pass("Election", N1, N2);
    ring.pass("Ack", N2, N1);
    ring.crash(N2, 0);
    ring.lose_all();
    assert_eq!(ring.armed(N1, Timer::Ack), None, "nothing is under way any more");
    ring.fire(N1, Timer::Round);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N4, 3)]);
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
    ring.fire(N4, Timer::Heartbeat);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N4, 2)], "when they meet, the higher identifier stays");
}

#[test]
fn a_live_node_that_answers_late_is_not_on_the_list() {
    let mut ring = reign();
    ring.fire(N4, Timer::Failure);
    ring.fire(N4, Timer::Ack);
    let late = ring.take("Election", N4, N5);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N4, 2)], "n5 was passed over");
    ring.hand_over(N4, N5, late);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N4, 2)], "its token comes too late to elect it");
}

#[test]
fn a_round_that_is_decided_is_not_held_again_for_a_node_that_forgot_it() {
    let mut ring = reign();
    ring.crash(N5, 0);
    ring.restart(N5);
    ring.fire(N5, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [], "n1 knows who led round 1");
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N5, 2)]);
}

#[test]
fn who_resigns_does_not_sign() {
    let mut ring = reign();
    ring.order(N5, Order::Resign);
    ring.fire(N1, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N4, 2)]);
    assert_eq!(ring.state(N5).member.role, Role::Follower);
}

#[test]
fn a_single_node_leads_at_once() {
    let mut ring = ring(1);
    ring.fire(N1, Timer::Failure);
    assert_eq!(ring.leaders(), [(N1, 1)]);
}

/// Plays a story with the bug and without, and hands back what it found.
fn both<T>(bug: &str, story: impl Fn(&mut Ring) -> T) -> (T, T) {
    let planted = story(&mut ring_of(&Parameters::of(5).with_bug(bug)));
    (planted, story(&mut ring(5)))
}

#[test]
fn without_a_restart_a_lost_token_is_waited_for_for_ever() {
    let (planted, correct) = both("ring-token-no-restart", |ring| {
        ring.fire(N1, Timer::Failure);
        ring.pass("Election", N1, N2);
        ring.pass("Ack", N2, N1);
        ring.crash(N2, 0);
        ring.lose_all();
        ring.armed(N1, Timer::Round).is_some() || ring.armed(N1, Timer::Failure).is_some()
    });
    assert_eq!((planted, correct), (false, true), "whether anything wakes n1 again");
}

#[test]
fn initiators_that_elect_themselves_do_not_agree() {
    let (planted, correct) = both("ring-token-initiator-leads", |ring| {
        ring.fire(N1, Timer::Failure);
        ring.fire(N2, Timer::Failure);
        ring.settle(Timer::Ack);
        ring.winners(1)
    });
    assert!(planted.contains(&N1) && planted.contains(&N2), "{planted:?}");
    assert_eq!(correct, [N5]);
}

#[test]
fn an_orphan_goes_round_and_round() {
    let (planted, correct) = both("ring-token-list-not-checked", |ring| {
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
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ring/scripts/token");
    interregnum_script::run_folder(folder, TokenRing::ENTRY.parameters, crate::construct::<TokenRing>);
}
