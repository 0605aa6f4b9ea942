//! Handing leadership over.

use super::*;

#[test]
fn a_target_that_has_everything_takes_over_at_once() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.count_sent();
    cluster.order_transfer(N1, N3);
    cluster.settle();
    assert!(cluster.leads(N3));
    assert!(!cluster.leads(N1));
    let sent = cluster.count_sent();
    assert_eq!(
        sent.iter().filter(|(kind, _)| kind.starts_with("PreVote")).count(),
        0,
        "there is no pre-vote"
    );
    assert_eq!(sent.last(), Some(&("TimeoutNow", 1)));
}

#[test]
fn the_request_of_the_target_passes_every_guard() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.order_transfer(N1, N3);
    cluster.pass("TimeoutNow", N1, N3);
    cluster.sync(N3);
    assert!(cluster.state(N2).guarded, "n2 protects n1");
    assert!(
        matches!(cluster.in_flight("RequestVote", N3, N2), Message::RequestVote { transfer: true, .. }),
        "the request says that n1 wants it so"
    );
    cluster.pass("RequestVote", N3, N2);
    assert_eq!(cluster.vote(N2), Some(N3));
}

#[test]
fn a_target_that_is_behind_catches_up_first() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.cut(N1, N3);
    cluster.propose(N1, 42);
    cluster.settle();
    cluster.heal();
    cluster.order_transfer(N1, N3);
    assert!(!cluster.is_in_flight("TimeoutNow", N1, N3), "not yet");
    cluster.beat(N1);
    assert!(cluster.leads(N3));
    assert_eq!(cluster.epochs(N3), [1, 1, 2]);
}

#[test]
fn a_leader_that_hands_over_takes_no_commands() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.order_transfer(N1, N3);
    cluster.propose(N1, 42);
    assert_eq!(cluster.epochs(N1), [1]);
}

#[test]
fn a_transfer_that_takes_too_long_is_given_up() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.isolate(N3);
    cluster.order_transfer(N1, N3);
    cluster.settle();
    assert_eq!(cluster.armed(N1, Timer::Transfer), Some(Jitter::exactly(Span::millis(150))));
    cluster.fire(N1, Timer::Transfer);
    cluster.propose(N1, 42);
    assert_eq!(cluster.epochs(N1), [1, 1], "the leader takes commands again");
}

#[test]
fn a_later_order_replaces_an_earlier_one() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.isolate(N3);
    cluster.order_transfer(N1, N3);
    cluster.settle();
    cluster.order_transfer(N1, N2);
    cluster.settle();
    assert!(cluster.leads(N2));
}

#[test]
fn orders_that_make_no_sense_are_ignored() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.count_sent();
    cluster.order_transfer(N1, N1);
    cluster.order_transfer(N1, NodeId(9));
    cluster.order_transfer(N2, N3);
    assert_eq!(cluster.count_sent(), []);
    cluster.propose(N1, 42);
    assert_eq!(cluster.epochs(N1), [1, 1], "n1 leads on");
}

#[test]
fn a_stale_order_to_stand_is_ignored() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.elect(N1);
    cluster.order_transfer(N1, N2);
    let order = cluster.take("TimeoutNow", N1, N2);
    cluster.elect(N3);
    cluster.hand_over(order);
    assert_eq!((cluster.term(N2), cluster.role(N2)), (2, Role::Follower));
}
