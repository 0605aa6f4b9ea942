//! The leader's lease.

use super::*;

fn leased(nodes: u8) -> Parameters {
    Parameters::of(nodes).with("lease", Value::Flag(true)).with("clock_drift_bound_ppm", Value::Count(0))
}

/// n1 leads, every guard of the boot is over.
fn leader() -> Cluster {
    let mut cluster = Cluster::of(&leased(3));
    for node in [N1, N2, N3] {
        cluster.fire(node, Timer::Guard);
    }
    cluster.elect(N1);
    cluster
}

fn lease_until(cluster: &Cluster, node: NodeId) -> Option<LocalTime> {
    match cluster.hosts[node.index()].lease() {
        Some(Deadline::Mono(at)) => Some(at),
        Some(Deadline::Wall(_)) => panic!("a lease on the wall clock"),
        None => None,
    }
}

#[test]
fn a_quorum_of_answers_gives_a_lease_that_is_counted_from_the_sending() {
    let mut cluster = leader();
    assert_eq!(lease_until(&cluster, N1), None, "no heartbeat was answered yet");
    let sent = cluster.now;
    cluster.fire(N1, Timer::Heartbeat);
    cluster.wait_ms(20);
    cluster.pass("Heartbeat", N1, N2);
    cluster.wait_ms(20);
    cluster.pass("HeartbeatResponse", N2, N1);
    assert_eq!(lease_until(&cluster, N1), Some(sent + Span::millis(150)));
    assert_eq!(
        cluster.world.ask_at[0],
        Some(Deadline::Mono(sent + Span::millis(150))),
        "the engine asks again when it lapses"
    );
}

#[test]
fn a_leader_that_wants_a_lease_asks_for_it_at_once() {
    let cluster = leader();
    assert_eq!(cluster.armed(N1, Timer::Heartbeat), Some(Jitter::exactly(Span::ZERO)));
}

#[test]
fn a_late_answer_does_not_renew_the_lease_from_its_arrival() {
    let mut cluster = leader();
    let first = cluster.now;
    cluster.fire(N1, Timer::Heartbeat);
    cluster.wait_ms(50);
    cluster.fire(N1, Timer::Heartbeat);
    cluster.pass("Heartbeat", N1, N2);
    cluster.pass("HeartbeatResponse", N2, N1);
    assert_eq!(lease_until(&cluster, N1), Some(first + Span::millis(150)));
}

#[test]
fn the_quorum_counts_and_not_the_fastest() {
    let mut cluster = Cluster::of(&leased(5));
    for i in 0..5 {
        cluster.fire(NodeId(i), Timer::Guard);
    }
    cluster.elect(N1);
    let first = cluster.now;
    cluster.fire(N1, Timer::Heartbeat);
    cluster.pass("Heartbeat", N1, N2);
    cluster.pass("HeartbeatResponse", N2, N1);
    assert_eq!(lease_until(&cluster, N1), None, "two of five");
    cluster.pass("Heartbeat", N1, N3);
    cluster.pass("HeartbeatResponse", N3, N1);
    assert_eq!(lease_until(&cluster, N1), Some(first + Span::millis(150)), "three of five");
    cluster.lose_all();
    cluster.wait_ms(50);
    cluster.fire(N1, Timer::Heartbeat);
    cluster.pass("Heartbeat", N1, N2);
    cluster.pass("HeartbeatResponse", N2, N1);
    assert_eq!(lease_until(&cluster, N1), Some(first + Span::millis(150)), "two of five are newer");
}

#[test]
fn the_lease_is_shortened_by_the_bound_on_drift() {
    let raft =
        Raft::from_parameters(&leased(3).with("clock_drift_bound_ppm", Value::Count(100_000))).unwrap();
    // A guard of 150 ms on a clock that is a tenth fast lasts 136.4 ms; a clock that is a tenth slow shows 122.7 then.
    assert_eq!(raft.lease_length, Span(122_727_272));
}

#[test]
fn the_lease_lapses_without_an_event() {
    let mut cluster = leader();
    cluster.beat(N1);
    assert!(lease_until(&cluster, N1).is_some());
    cluster.wait_ms(150);
    cluster.at_host(N1, |host, raft, now, _, desk| host.ask(raft, now, desk));
    assert_eq!(lease_until(&cluster, N1), None);
    assert!(cluster.leads(N1), "leading goes on without it");
}

#[test]
fn a_single_node_holds_a_lease() {
    let mut cluster = Cluster::of(&leased(1));
    cluster.elect(N1);
    cluster.fire(N1, Timer::Heartbeat);
    assert_eq!(lease_until(&cluster, N1), Some(cluster.now + Span::millis(150)));
}

#[test]
fn the_lease_is_given_up_before_the_successor_is_told() {
    let mut cluster = leader();
    cluster.beat(N1);
    cluster.order_transfer(N1, N2);
    assert!(cluster.is_in_flight("TimeoutNow", N1, N2), "n2 is told");
    assert_eq!(lease_until(&cluster, N1), None, "the lease is gone");
}

#[test]
fn no_lease_is_taken_while_the_order_to_stand_may_still_arrive() {
    let mut cluster = leader();
    cluster.order_transfer(N1, N2);
    let order = cluster.take("TimeoutNow", N1, N2);
    cluster.fire(N1, Timer::Transfer);
    cluster.beat(N1);
    assert!(cluster.leads(N1), "the transfer has failed");
    assert_eq!(lease_until(&cluster, N1), None, "but there is no lease for the rest of the term");
    cluster.hand_over(order);
    cluster.settle();
    assert!(cluster.leads(N2), "the late order elects n2 past all guards");
}

#[test]
fn a_restarted_voter_honours_the_lease_that_it_may_have_acknowledged() {
    let mut cluster = leader();
    cluster.beat(N1);
    cluster.cut(N1, N2);
    cluster.crash(N3, 0);
    cluster.restart(N3);
    cluster.time_out(N2);
    cluster.settle();
    assert_eq!(cluster.role(N2), Role::PreCandidate, "n3 does not answer");
    assert!(lease_until(&cluster, N1).is_some(), "while n1's lease runs");
    cluster.wait_ms(150);
    cluster.fire(N3, Timer::Guard);
    cluster.elect(N2);
}

#[test]
fn without_the_lease_no_clock_reading_enters_messages_or_memory() {
    let run = |start: u64| {
        let mut cluster = Cluster::of(&Parameters::of(3));
        cluster.now = LocalTime(start);
        cluster.elect(N1);
        cluster.wait_ms(50);
        cluster.beat(N1);
        cluster.propose(N1, 1);
        cluster.settle();
        (cluster.world.sent.clone(), [N1, N2, N3].map(|node| cluster.state(node).clone()))
    };
    let ((early_messages, early), (late_messages, late)) = (run(0), run(999_999));
    assert_eq!(early, late, "the states are equal");
    assert!(early_messages == late_messages, "and so are the messages");
}

#[test]
fn without_the_lease_there_is_none() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.beat(N1);
    assert_eq!(lease_until(&cluster, N1), None);
}
