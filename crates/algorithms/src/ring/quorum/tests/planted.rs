//! The planted bugs, each beside the correct algorithm.

use super::super::{Message, Timer};
use super::{Ring, beat, elect, ring, ring_of, token};
use crate::ring::story::{N1, N2, N3, N4, N5};
use interregnum_kernel::{Epoch, Jitter, Parameters, Span};

/// Plays a story with the bug and without, and hands back what it found.
fn both<T>(bug: &str, story: impl Fn(&mut Ring) -> T) -> (T, T) {
    let planted = story(&mut ring_of(&Parameters::of(5).with_bug(bug)));
    (planted, story(&mut ring(5)))
}

#[test]
fn a_majority_of_the_list_elects_on_both_sides() {
    let (planted, correct) = both("ring-quorum-majority-of-the-list", |ring| {
        ring.part(&[N1, N2]);
        elect(ring, N1);
        elect(ring, N3);
        ring.leaders()
    });
    assert_eq!(planted, [(N2, 1), (N5, 1)]);
    assert_eq!(correct, [(N5, 1)]);
}

#[test]
fn a_grant_that_was_signed_early_is_given_again_after_a_crash() {
    let (planted, correct) = both("ring-quorum-grant-before-fsync", |ring| {
        ring.hand_over(N1, N2, token(1, N1, &[N1]));
        let signed = ring.is_in_flight("Election", N2, N3);
        ring.crash(N2, 0);
        ring.restart(N2);
        ring.hand_over(N3, N2, token(1, N3, &[N3]));
        ring.sync(N2);
        (signed, ring.votes(N2, 1))
    });
    assert_eq!(planted, (true, vec![N1, N3]));
    assert_eq!(correct, (false, vec![N3]));
}

#[test]
fn a_decision_on_each_copy_names_two_leaders() {
    let (planted, correct) = both("ring-quorum-decides-twice", |ring| {
        ring.fire(N1, Timer::Failure);
        ring.sync(N1);
        ring.hand_over(N4, N1, token(1, N1, &[N1, N2, N3]));
        ring.sync(N1);
        ring.hand_over(N5, N1, token(1, N1, &[N1, N2, N3, N4]));
        ring.state(N1).record.decided
    });
    assert_eq!((planted, correct), (Some(N4), Some(N3)));
}

#[test]
fn an_epoch_is_led_again_by_a_late_message() {
    let (planted, correct) = both("ring-quorum-leads-again", |ring| {
        elect(ring, N1);
        ring.crash(N5, 0);
        ring.restart(N5);
        ring.hand_over(N4, N5, Message::Coordinator { epoch: Epoch(1), initiator: N1, leader: N5, hops: 4 });
        ring.settle(Timer::Ack);
        ring.winners(1)
    });
    assert_eq!((planted, correct), (vec![N5, N5], vec![N5]));
}

#[test]
fn a_lease_that_does_not_ask_the_disk_goes_on() {
    let (planted, correct) = both("ring-quorum-lease-ignores-stuck-disk", |ring| {
        elect(ring, N1);
        ring.stick(N5);
        beat(ring, N5);
        ring.state(N5).completed
    });
    assert_eq!((planted, correct), (2, 1));
}

#[test]
fn a_deaf_node_that_asks_again_too_soon_leaves_nobody_a_turn() {
    let (planted, correct) = both("ring-quorum-deaf-node-delays", |ring| {
        ring.part(&[N5]);
        ring.fire(N5, Timer::Failure);
        ring.armed(N5, Timer::Round)
    });
    let hasty = Jitter::between(Span::millis(5 * 25), Span::millis(2 * 5 * 25));
    assert_eq!(planted, Some(hasty), "one to two circulations: the others stand after 150 to 300 ms");
    assert_eq!(correct, Some(Jitter::between(Span::millis(300), Span::millis(600))), "after all of them");
}
