//! Elections: who wins, with how many messages, and what a crash leaves of a vote.

use super::*;

#[test]
fn the_best_case_costs_one_round_of_votes_and_one_of_entries() {
    for nodes in [2, 3, 5, 7] {
        let mut cluster = Cluster::of(&plain(nodes));
        cluster.elect(N1);
        let others = usize::from(nodes) - 1;
        let expected = ["RequestVote", "RequestVoteResponse", "AppendEntries", "AppendEntriesResponse"];
        assert_eq!(cluster.count_sent(), expected.map(|kind| (kind, others)), "{nodes} nodes");
    }
}

#[test]
fn pre_vote_adds_one_round_of_messages() {
    let mut cluster = Cluster::of(&Parameters::of(5));
    cluster.elect(N1);
    let sent = cluster.count_sent();
    assert_eq!(sent[0], ("PreVote", 4));
    assert_eq!(sent[1], ("PreVoteResponse", 4));
    assert_eq!(sent[2], ("RequestVote", 4));
    assert_eq!(sent[3], ("RequestVoteResponse", 4));
}

#[test]
fn an_idle_leader_costs_one_round_of_messages_a_heartbeat() {
    let mut cluster = Cluster::of(&Parameters::of(5));
    cluster.elect(N1);
    cluster.count_sent();
    cluster.beat(N1);
    assert_eq!(cluster.count_sent(), [("Heartbeat", 4), ("HeartbeatResponse", 4)]);
}

#[test]
fn a_single_node_elects_itself_once_its_vote_is_durable() {
    let mut cluster = Cluster::of(&Parameters::of(1));
    cluster.time_out(N1);
    assert!(!cluster.leads(N1), "the vote is still being written");
    cluster.sync(N1);
    assert!(cluster.leads(N1), "the vote is durable");
    assert_eq!(cluster.commit(N1), 0, "the first entry is still being written");
    cluster.sync(N1);
    assert_eq!(cluster.committed(N1), [(1, 1)], "the first entry is durable");
    assert_eq!(cluster.count_sent(), [], "there is nobody to talk to");
}

#[test]
fn a_single_node_goes_on_leading() {
    let mut cluster = Cluster::of(&Parameters::of(1));
    cluster.elect(N1);
    for _ in 0..3 {
        cluster.fire(N1, Timer::Heartbeat);
        cluster.fire(N1, Timer::CheckQuorum);
    }
    assert!(cluster.leads(N1));
}

#[test]
fn votes_are_asked_for_once_the_own_is_durable() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    assert_eq!(cluster.role(N1), Role::Candidate);
    assert_eq!(cluster.count_sent(), [], "its own vote is still being written");
    cluster.sync(N1);
    assert_eq!(cluster.count_sent(), [("RequestVote", 2)]);
}

#[test]
fn leading_waits_for_the_own_durable_vote() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    for voter in [N2, N3] {
        let message = Message::RequestVoteResponse { term: Epoch(1), granted: true };
        cluster.hand_over(Envelope { from: voter, to: N1, message });
    }
    assert_eq!(cluster.role(N1), Role::Candidate, "both others are for it, its own vote is not durable");
    cluster.sync(N1);
    assert!(cluster.leads(N1), "now it is");
}

#[test]
fn the_own_vote_counts() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.cut(N1, N3);
    cluster.elect(N1);
    assert_eq!(cluster.votes(N3, 1), [], "n1 and n2 are a majority");
}

#[test]
fn a_vote_is_answered_and_noted_only_when_it_is_durable() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.pass("RequestVote", N1, N2);
    assert!(!cluster.is_in_flight("RequestVoteResponse", N2, N1), "no answer yet");
    assert_eq!(cluster.votes(N2, 1), [], "no vote is seen yet");
    cluster.sync(N2);
    assert!(cluster.is_in_flight("RequestVoteResponse", N2, N1), "the answer leaves");
    assert_eq!(cluster.votes(N2, 1), [N1], "the vote is seen");
}

#[test]
fn term_and_vote_are_one_write() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    assert_eq!(cluster.hosts[0].pending_writes(), 1, "the candidate writes once");
    cluster.sync(N1);
    cluster.pass("RequestVote", N1, N2);
    assert_eq!(cluster.hosts[1].pending_writes(), 1, "the voter writes once");
}

#[test]
fn a_rejection_waits_for_the_term_that_it_tells() {
    let mut cluster = Cluster::of(&plain(3).with("initial_logs", logs(&[&[1], &[1, 1], &[1, 1]])));
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.pass("RequestVote", N1, N2);
    assert!(!cluster.is_in_flight("RequestVoteResponse", N2, N1), "term 2 is not durable");
    cluster.sync(N2);
    assert_eq!(
        *cluster.in_flight("RequestVoteResponse", N2, N1),
        Message::RequestVoteResponse { term: Epoch(2), granted: false }
    );
}

#[test]
fn a_crash_keeps_the_vote_exactly_if_its_write_was_kept() {
    for kept in [0, 1] {
        let mut cluster = Cluster::of(&plain(3));
        cluster.time_out(N1);
        cluster.sync(N1);
        cluster.pass("RequestVote", N1, N2);
        cluster.crash(N2, kept);
        cluster.restart(N2);
        let expected = if kept == 1 { (1, Some(N1)) } else { (0, None) };
        assert_eq!((cluster.term(N2), cluster.vote(N2)), expected, "{kept} writes kept");
        assert_eq!(cluster.votes(N2, 1), [], "nobody had heard of the vote");
    }
}

#[test]
fn a_restarted_node_remembers_its_vote() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.time_out(N1);
    cluster.time_out(N3);
    cluster.sync(N1);
    cluster.sync(N3);
    cluster.pass("RequestVote", N1, N2);
    cluster.sync(N2);
    cluster.crash(N2, 0);
    cluster.restart(N2);
    cluster.pass("RequestVote", N3, N2);
    assert_eq!(
        *cluster.in_flight("RequestVoteResponse", N2, N3),
        Message::RequestVoteResponse { term: Epoch(1), granted: false }
    );
}

#[test]
fn a_candidate_that_crashes_before_its_vote_is_durable_has_asked_nobody() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    cluster.crash(N1, 0);
    cluster.restart(N1);
    assert_eq!(cluster.count_sent(), []);
    cluster.elect(N1);
    assert_eq!(cluster.winners(1), [N1], "it may stand in the same term again");
}

#[test]
fn a_candidate_that_crashes_after_it_asked_does_not_stand_in_the_same_term_again() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.crash(N1, 0);
    cluster.restart(N1);
    cluster.settle();
    assert_eq!(cluster.winners(1), [], "the votes come too late");
    cluster.elect(N1);
    assert_eq!(cluster.winners(2), [N1]);
}

#[test]
fn a_vote_is_repeated_to_who_already_has_it() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    cluster.sync(N1);
    let request = cluster.in_flight("RequestVote", N1, N2).clone();
    cluster.pass("RequestVote", N1, N2);
    cluster.sync(N2);
    cluster.take("RequestVoteResponse", N2, N1);
    cluster.hand_over(Envelope { from: N1, to: N2, message: request });
    assert!(cluster.is_in_flight("RequestVoteResponse", N2, N1), "the lost answer is given again");
    assert_eq!(cluster.hosts[1].pending_writes(), 0, "and nothing is written again");
}

#[test]
fn nobody_votes_twice_in_one_term() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    cluster.time_out(N3);
    cluster.sync(N1);
    cluster.sync(N3);
    cluster.pass("RequestVote", N1, N2);
    cluster.pass("RequestVote", N3, N2);
    cluster.sync(N2);
    assert_eq!(cluster.votes(N2, 1), [N1]);
    assert_eq!(
        *cluster.in_flight("RequestVoteResponse", N2, N3),
        Message::RequestVoteResponse { term: Epoch(1), granted: false }
    );
}

#[test]
fn nobody_votes_against_a_known_leader_of_the_same_term() {
    let mut cluster = Cluster::of(&bare(5));
    cluster.time_out(N1);
    cluster.time_out(N5);
    cluster.sync(N1);
    cluster.sync(N5);
    cluster.exchange("RequestVote", N1, N2);
    cluster.exchange("RequestVote", N1, N3);
    cluster.pass("AppendEntries", N1, N4);
    assert_eq!(cluster.vote(N4), None, "n4's vote is free");
    assert_eq!(cluster.state(N4).leader(), Some(N1), "but it knows who won");
    while cluster.hosts[3].pending_writes() > 0 {
        cluster.sync(N4);
    }
    // The log would not be in the way.
    cluster.hand_over(Envelope {
        from: N5,
        to: N4,
        message: Message::RequestVote {
            term: Epoch(1),
            last_epoch: Epoch(1),
            last_index: LogIndex(9),
            transfer: false,
        },
    });
    assert_eq!(cluster.vote(N4), None);
}

#[test]
fn giving_a_vote_restarts_the_election_timer_and_a_pre_vote_does_not() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.time_out(N1);
    cluster.world.timers[N2.index()] = [None; Timer::COUNT];
    cluster.exchange("PreVote", N1, N2);
    assert_eq!(cluster.armed(N2, Timer::Election), None, "the pre-vote left the timer alone");
    cluster.sync(N1);
    cluster.pass("RequestVote", N1, N2);
    assert_eq!(
        cluster.armed(N2, Timer::Election),
        Some(cluster.raft.election_timeout),
        "the vote restarted it"
    );
}

#[test]
fn refusing_a_vote_leaves_the_election_timer_alone() {
    let mut cluster = Cluster::of(&plain(3).with("initial_logs", logs(&[&[], &[1], &[1]])));
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.world.timers[N2.index()] = [None; Timer::COUNT];
    cluster.pass("RequestVote", N1, N2);
    assert_eq!(cluster.term(N2), 2, "the term was entered");
    assert_eq!(cluster.armed(N2, Timer::Election), None, "the timer runs on");
}

#[test]
fn refusing_a_vote_in_a_later_term_restarts_the_timer_where_it_is_set_to() {
    let logs = logs(&[&[], &[1], &[1]]);
    let mut cluster =
        Cluster::of(&plain(3).with("initial_logs", logs).with("restart_timeout", Value::Flag(true)));
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.world.timers[N2.index()] = [None; Timer::COUNT];
    cluster.pass("RequestVote", N1, N2);
    assert_eq!(cluster.vote(N2), None, "the vote is refused");
    assert_eq!(cluster.armed(N2, Timer::Election), Some(cluster.raft.election_timeout), "as etcd does it");
}

#[test]
fn a_pre_vote_moves_nobody() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.time_out(N1);
    assert_eq!((cluster.term(N1), cluster.role(N1)), (0, Role::PreCandidate), "the sender has not moved");
    assert!(
        matches!(cluster.in_flight("PreVote", N1, N2), Message::PreVote { term: Epoch(1), .. }),
        "it asks about the next term"
    );
    cluster.pass("PreVote", N1, N2);
    assert_eq!(cluster.term(N2), 0, "the voter has not moved");
    assert_eq!(
        *cluster.in_flight("PreVoteResponse", N2, N1),
        Message::PreVoteResponse { term: Epoch(1), granted: true },
        "the answer repeats the term asked about"
    );
    assert_eq!(cluster.hosts[1].pending_writes(), 0, "nothing is written");
}

#[test]
fn a_rejected_pre_vote_tells_the_voters_own_term_and_the_asker_catches_up() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.raise(N2, 5);
    cluster.time_out(N1);
    cluster.pass("PreVote", N1, N2);
    assert_eq!(
        *cluster.in_flight("PreVoteResponse", N2, N1),
        Message::PreVoteResponse { term: Epoch(5), granted: false },
        "a pre-vote of an older term is rejected aloud"
    );
    cluster.pass("PreVoteResponse", N2, N1);
    assert_eq!((cluster.term(N1), cluster.role(N1)), (5, Role::Follower), "the asker enters the term");
}

#[test]
fn a_pre_candidate_that_a_majority_rejects_becomes_a_follower_of_the_same_term() {
    let mut cluster = Cluster::of(&Parameters::of(3).with("initial_logs", logs(&[&[1], &[1, 1], &[1, 1]])));
    cluster.time_out(N1);
    cluster.settle();
    assert_eq!((cluster.term(N1), cluster.role(N1)), (1, Role::Follower));
}

#[test]
fn a_candidate_that_a_majority_rejects_becomes_a_follower_of_the_same_term() {
    let mut cluster = Cluster::of(&plain(3).with("initial_logs", logs(&[&[1], &[1, 1], &[1, 1]])));
    cluster.time_out(N1);
    cluster.settle();
    assert_eq!((cluster.term(N1), cluster.role(N1)), (2, Role::Follower));
    assert!(cluster.armed(N1, Timer::Election).is_some(), "and tries again later");
}

#[test]
fn a_late_granted_pre_vote_elects_nobody() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.time_out(N1);
    cluster.exchange("PreVote", N1, N2);
    cluster.sync(N1);
    cluster.exchange("PreVote", N1, N3);
    assert_eq!(cluster.role(N1), Role::Candidate);
}

#[test]
fn an_up_to_date_log_is_needed_to_win() {
    let mut cluster = Cluster::of(&plain(3).with("initial_logs", logs(&[&[1], &[1, 1], &[1]])));
    cluster.time_out(N1);
    cluster.settle();
    assert_eq!(cluster.votes(N2, 2), [], "the longer log does not vote for the shorter");
    assert_eq!(cluster.votes(N3, 2), [N1], "an equal log does");
}

#[test]
fn a_split_vote_is_resolved_by_the_next_timeout() {
    let mut cluster = Cluster::of(&plain(2));
    cluster.time_out(N1);
    cluster.time_out(N2);
    cluster.settle();
    assert_eq!(cluster.winners(1), [], "nobody wins the split vote");
    cluster.elect(N2);
    assert_eq!(cluster.winners(2), [N2]);
}

#[test]
fn a_pre_candidate_that_votes_for_another_gives_up_its_own_attempt() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.time_out(N1);
    cluster.exchange("PreVote", N1, N3);
    cluster.sync(N1);
    cluster.time_out(N2);
    cluster.pass("RequestVote", N1, N2);
    assert_eq!(cluster.role(N2), Role::Follower);
}

#[test]
fn a_pre_candidate_knows_no_leader() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    assert_eq!(cluster.state(N2).leader(), Some(N1));
    cluster.time_out(N2);
    assert_eq!(cluster.state(N2).leader(), None, "it has given the leader up");
    assert!(!cluster.state(N2).guarded, "and protects it no more");
}

#[test]
fn survivors_of_a_dead_leader_elect_another_whatever_the_order_of_their_timeouts() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.crash(N1, 0);
    cluster.time_out(N2);
    cluster.time_out(N3);
    cluster.settle();
    cluster.time_out(N3);
    cluster.settle();
    assert_eq!(cluster.winners(2).len() + cluster.winners(3).len(), 1, "one of the two leads");
}

#[test]
fn a_candidate_follows_the_winner_of_its_term() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.time_out(N1);
    cluster.time_out(N3);
    cluster.settle();
    assert_eq!(cluster.winners(1), [N1]);
    assert_eq!((cluster.role(N3), cluster.state(N3).leader()), (Role::Follower, Some(N1)));
    assert_eq!(cluster.vote(N3), Some(N3), "its own vote stays given");
}

#[test]
fn a_leader_of_an_older_term_steps_down() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.elect(N1);
    cluster.cut(N1, N2);
    cluster.cut(N1, N3);
    cluster.elect(N2);
    assert!(cluster.leads(N1), "n1 knows nothing");
    cluster.heal();
    cluster.beat(N2);
    assert_eq!((cluster.role(N1), cluster.term(N1)), (Role::Follower, 2));
    assert_eq!(cluster.armed(N1, Timer::Heartbeat), None, "it is silent");
    assert!(cluster.armed(N1, Timer::Election).is_some(), "and waits for the new leader");
}

#[test]
fn requests_of_an_older_term_are_answered_with_the_own() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.raise(N2, 7);
    let term = Epoch(1);
    let stale = [
        Message::Heartbeat { term, commit: LogIndex::ZERO, sent: LocalTime::ZERO },
        Message::PreVote { term, last_epoch: Epoch(9), last_index: LogIndex(9) },
        Message::RequestVote { term, last_epoch: Epoch(9), last_index: LogIndex(9), transfer: false },
    ];
    for message in stale {
        let kind = Envelope { from: N1, to: N2, message: message.clone() }.kind();
        cluster.hand_over(Envelope { from: N1, to: N2, message });
        let answer = cluster.world.in_flight.pop().unwrap_or_else(|| panic!("{kind} is answered"));
        assert_eq!(answer.message.term(), Epoch(7), "{kind}");
        assert!(cluster.world.in_flight.is_empty(), "{kind} is answered once");
    }
}

#[test]
fn answers_of_an_older_term_are_ignored() {
    let mut cluster = Cluster::of(&plain(3).with("initial_logs", logs(&[&[7], &[7], &[7]])));
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.lose_all();
    let message = Message::RequestVoteResponse { term: Epoch(7), granted: true };
    cluster.hand_over(Envelope { from: N2, to: N1, message });
    assert_eq!(cluster.role(N1), Role::Candidate);
}

#[test]
fn an_old_leader_is_not_told_by_plain_raft() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.raise(N2, 7);
    let message = Message::Heartbeat { term: Epoch(1), commit: LogIndex::ZERO, sent: LocalTime::ZERO };
    cluster.hand_over(Envelope { from: N1, to: N2, message });
    assert!(
        cluster.world.in_flight.is_empty(),
        "without pre-vote and check-quorum a heartbeat of old is ignored"
    );
}

#[test]
fn epochs_are_noted_when_they_are_durable() {
    let mut cluster = Cluster::of(&plain(3));
    let stored = |cluster: &Cluster| {
        let is = |w: &What| matches!(w, What::Fact(Fact::EpochStored { epoch: Epoch(1), .. }));
        cluster.world.seen.iter().any(|(node, what)| *node == N2 && is(what))
    };
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.pass("RequestVote", N1, N2);
    assert!(!stored(&cluster), "not while the write is under way");
    cluster.sync(N2);
    assert!(stored(&cluster), "but when it is done");
}
