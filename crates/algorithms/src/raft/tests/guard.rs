//! The protection of a leader that works, and the end of one that does not.

use super::*;

#[test]
fn a_voter_that_hears_a_leader_drops_requests_of_higher_terms() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    cluster.time_out(N3);
    cluster.sync(N3);
    cluster.pass("RequestVote", N3, N2);
    assert_eq!(cluster.term(N2), 1, "the term is not entered");
    assert!(!cluster.is_in_flight("RequestVoteResponse", N2, N3), "there is no answer");
}

#[test]
fn a_leader_protects_itself() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    cluster.time_out(N3);
    cluster.sync(N3);
    cluster.pass("RequestVote", N3, N1);
    assert!(cluster.leads(N1));
}

#[test]
fn pre_votes_are_dropped_as_well() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.time_out(N3);
    cluster.pass("PreVote", N3, N2);
    assert!(!cluster.is_in_flight("PreVoteResponse", N2, N3), "there is no answer");
}

#[test]
fn the_protection_ends_with_the_guard_timer() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    assert_eq!(
        cluster.armed(N2, Timer::Guard),
        Some(Jitter::exactly(Span::millis(150))),
        "the shortest timeout"
    );
    cluster.fire(N2, Timer::Guard);
    cluster.crash(N1, 0);
    cluster.elect(N3);
    assert_eq!(cluster.winners(2), [N3]);
}

#[test]
fn each_heartbeat_renews_the_protection_and_the_election_timeout() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.fire(N2, Timer::Guard);
    cluster.world.timers[N2.index()] = [None; Timer::COUNT];
    cluster.fire(N1, Timer::Heartbeat);
    cluster.pass("Heartbeat", N1, N2);
    assert!(cluster.state(N2).guarded, "the guard is up again");
    assert_eq!(cluster.armed(N2, Timer::Guard), Some(Jitter::exactly(Span::millis(150))));
    assert_eq!(cluster.armed(N2, Timer::Election), None, "and the election timeout begins with it");
}

#[test]
fn the_guard_and_the_rest_are_one_election_timeout() {
    let mut cluster = Cluster::of(&plain(3));
    assert_eq!(
        cluster.armed(N2, Timer::Election),
        Some(cluster.raft.election_timeout),
        "no leader was heard"
    );
    cluster.elect(N1);
    assert_eq!(cluster.armed(N2, Timer::Election), None, "the guard comes first");
    cluster.fire(N2, Timer::Guard);
    let rest = Jitter::between(Span::ZERO, Span::millis(150));
    assert_eq!(cluster.armed(N2, Timer::Election), Some(rest), "150 to 300 ms, less 150");
    cluster.fire(N2, Timer::Election);
    assert_eq!(cluster.role(N2), Role::Candidate);
}

#[test]
fn without_stickiness_the_election_timeout_is_one_timer() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.elect(N1);
    assert_eq!(cluster.armed(N2, Timer::Election), Some(cluster.raft.election_timeout));
    assert_eq!(cluster.armed(N2, Timer::Guard), None);
}

#[test]
fn a_vote_past_the_guard_starts_the_whole_timeout_and_keeps_the_guard() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.order_transfer(N1, N3);
    cluster.pass("TimeoutNow", N1, N3);
    cluster.sync(N3);
    cluster.pass("RequestVote", N3, N2);
    assert!(cluster.state(N2).guarded, "the acknowledged lease may still run");
    assert_eq!(cluster.armed(N2, Timer::Election), Some(cluster.raft.election_timeout));
    cluster.fire(N2, Timer::Guard);
    assert!(!cluster.state(N2).guarded);
    assert_eq!(
        cluster.armed(N2, Timer::Election),
        Some(cluster.raft.election_timeout),
        "as the vote left it"
    );
}

#[test]
fn a_guard_of_the_boot_is_not_part_of_the_election_timeout() {
    let mut cluster = Cluster::of(&Parameters::of(3).with("lease", Value::Flag(true)));
    assert!(cluster.state(N2).guarded);
    assert_eq!(
        cluster.armed(N2, Timer::Election),
        Some(cluster.raft.election_timeout),
        "both run from the boot"
    );
    cluster.fire(N2, Timer::Guard);
    assert_eq!(cluster.armed(N2, Timer::Election), Some(cluster.raft.election_timeout), "and it goes on");
}

#[test]
fn the_protection_outlives_a_change_of_term() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    let message = Message::AppendEntriesResponse {
        term: Epoch(5),
        rejected: true,
        index: LogIndex::ZERO,
        epoch: Epoch::ZERO,
    };
    cluster.hand_over(Envelope { from: N3, to: N2, message });
    assert_eq!(cluster.term(N2), 5);
    assert!(cluster.state(N2).guarded);
}

#[test]
fn without_stickiness_any_higher_term_is_entered() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.elect(N1);
    cluster.elect(N3);
    assert!(!cluster.leads(N1));
}

#[test]
fn a_leader_that_hears_no_quorum_steps_down_at_the_second_check() {
    let mut cluster = Cluster::of(&Parameters::of(5));
    cluster.elect(N1);
    assert_eq!(cluster.armed(N1, Timer::CheckQuorum), Some(Jitter::exactly(Span::millis(150))));
    cluster.isolate(N1);
    cluster.fire(N1, Timer::CheckQuorum);
    assert!(cluster.leads(N1), "the answers to its first entry count for the first check");
    cluster.beat(N1);
    cluster.fire(N1, Timer::CheckQuorum);
    assert_eq!((cluster.role(N1), cluster.term(N1)), (Role::Follower, 1), "a follower of the same term");
    assert_eq!(cluster.state(N1).leader(), None, "that knows no leader");
}

#[test]
fn a_leader_that_hears_a_bare_majority_stays() {
    let mut cluster = Cluster::of(&Parameters::of(5));
    cluster.elect(N1);
    cluster.isolate(N4);
    cluster.isolate(N5);
    for _ in 0..4 {
        cluster.beat(N1);
        cluster.fire(N1, Timer::CheckQuorum);
    }
    assert!(cluster.leads(N1));
}

#[test]
fn without_check_quorum_a_cut_off_leader_stays() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.elect(N1);
    cluster.isolate(N1);
    cluster.beat(N1);
    assert_eq!(cluster.armed(N1, Timer::CheckQuorum), None, "nothing is checked");
    assert!(cluster.leads(N1));
}

#[test]
fn a_node_that_comes_back_from_isolation_disturbs_nobody_with_pre_vote() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.isolate(N3);
    for _ in 0..5 {
        cluster.time_out(N3);
        cluster.settle();
    }
    cluster.heal();
    cluster.beat(N1);
    assert_eq!((cluster.term(N3), cluster.winners(1)), (1, vec![N1]));
}

#[test]
fn a_node_that_comes_back_from_isolation_costs_one_election_without_pre_vote() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    cluster.isolate(N3);
    for _ in 0..5 {
        cluster.time_out(N3);
        cluster.settle();
    }
    cluster.heal();
    cluster.beat(N1);
    assert_eq!(
        cluster.term(N1),
        6,
        "the answer to the heartbeat frees the stuck node, at the price of the leader"
    );
    assert!(!cluster.leads(N1));
}
