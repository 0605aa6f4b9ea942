//! Entries: consistency, repair, acknowledgement and commit.

use super::*;

#[test]
fn a_command_is_committed_by_a_majority_and_told_with_the_next_heartbeat() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.count_sent();
    cluster.propose(N1, 42);
    cluster.settle();
    assert_eq!(cluster.count_sent(), [("AppendEntries", 2), ("AppendEntriesResponse", 2)]);
    assert_eq!(cluster.commit(N1), 2, "the leader knows");
    assert_eq!(cluster.commit(N2), 1, "the followers know what was committed when the entry was sent");
    cluster.beat(N1);
    for node in [N1, N2, N3] {
        assert_eq!(cluster.committed(node), [(1, 1), (2, 1)], "{node} announces both entries in order");
    }
}

#[test]
fn a_follower_acknowledges_only_what_is_durable() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.propose(N1, 42);
    cluster.pass("AppendEntries", N1, N2);
    assert!(!cluster.is_in_flight("AppendEntriesResponse", N2, N1), "not yet");
    cluster.sync(N2);
    assert!(cluster.is_in_flight("AppendEntriesResponse", N2, N1), "now");
}

#[test]
fn the_leader_sends_before_its_own_disk_answers_but_counts_itself_after() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.stuck.insert(N1);
    cluster.isolate(N3);
    cluster.propose(N1, 42);
    cluster.settle();
    assert_eq!(cluster.epochs(N2), [1, 1], "the follower has the entry");
    assert_eq!(cluster.commit(N1), 1, "one durable copy of three commits nothing");
    cluster.sync(N1);
    assert_eq!(cluster.commit(N1), 2);
}

#[test]
fn others_can_commit_while_the_leaders_disk_is_slow() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.stuck.insert(N1);
    cluster.propose(N1, 42);
    cluster.settle();
    assert_eq!(cluster.commit(N1), 2);
}

#[test]
fn only_a_leader_takes_commands() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.propose(N2, 42);
    cluster.settle();
    assert_eq!(cluster.epochs(N2), [1]);
}

#[test]
fn a_conflicting_log_is_replaced_back_to_where_it_agrees() {
    let parameters = bare(3).with("initial_logs", logs(&[&[1, 1, 4, 4], &[1, 1, 2, 2, 2, 3], &[1, 1, 4, 4]]));
    let mut cluster = Cluster::of(&parameters);
    cluster.elect(N1);
    cluster.beat(N1);
    assert_eq!(cluster.epochs(N2), [1, 1, 4, 4, 5]);
    assert_eq!(cluster.commit(N2), 5);
}

#[test]
fn the_hint_skips_a_whole_conflicting_term_per_round() {
    let leader: &[u64] = &[1, 5, 5, 5, 5, 5, 5, 5];
    let other: &[u64] = &[1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2];
    let mut cluster = Cluster::of(&bare(3).with("initial_logs", logs(&[leader, other, leader])));
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.exchange("RequestVote", N1, N3);
    cluster.pass("RequestVote", N1, N2);
    cluster.sync(N2);
    let mut rounds = 0;
    while cluster.epochs(N2).last() != Some(&6) {
        cluster.pass("AppendEntries", N1, N2);
        if cluster.hosts[1].pending_writes() > 0 {
            cluster.sync(N2);
        }
        cluster.pass("AppendEntriesResponse", N2, N1);
        rounds += 1;
    }
    assert_eq!(rounds, 2, "one rejection, one repair");
}

#[test]
fn a_log_that_is_too_short_is_filled() {
    let mut cluster = Cluster::of(&bare(3).with("initial_logs", logs(&[&[1, 1, 2, 3], &[1], &[1, 1, 2, 3]])));
    cluster.elect(N1);
    assert_eq!(cluster.epochs(N2), [1, 1, 2, 3, 4]);
}

#[test]
fn a_long_log_travels_in_limited_batches() {
    let long = vec![1; 200];
    let parameters =
        bare(2).with("append_limit", Value::Count(50)).with("initial_logs", Value::Logs(vec![long, vec![]]));
    let mut cluster = Cluster::of(&parameters);
    cluster.elect(N1);
    assert_eq!(cluster.epochs(N2).len(), 201);
    let largest = cluster.world.sent.iter().filter_map(|envelope| match &envelope.message {
        Message::AppendEntries { batch, .. } => Some(batch.entries.len()),
        _ => None,
    });
    assert_eq!(largest.max(), Some(50));
}

#[test]
fn lost_entries_are_sent_again_after_a_heartbeat() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.propose(N1, 42);
    cluster.lose_all();
    cluster.settle();
    assert_eq!(cluster.commit(N1), 1, "nobody has the entry");
    cluster.beat(N1);
    assert_eq!(cluster.commit(N1), 2, "it was repaired");
    assert_eq!(cluster.epochs(N3), [1, 1]);
}

#[test]
fn a_lost_first_entry_is_sent_again_after_a_heartbeat() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.time_out(N1);
    cluster.exchange("PreVote", N1, N2);
    cluster.sync(N1);
    cluster.exchange("RequestVote", N1, N2);
    cluster.lose_all();
    cluster.settle();
    assert_eq!(cluster.epochs(N2), [0; 0], "nothing arrived");
    cluster.beat(N1);
    assert_eq!(cluster.commit(N1), 1);
}

#[test]
fn a_heartbeat_commits_no_more_than_the_follower_was_seen_to_have() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.cut(N1, N3);
    cluster.propose(N1, 42);
    cluster.settle();
    cluster.heal();
    cluster.fire(N1, Timer::Heartbeat);
    let commit_told = |cluster: &Cluster, to| match cluster.in_flight("Heartbeat", N1, to) {
        Message::Heartbeat { commit, .. } => commit.0,
        other => panic!("{other:?} is no heartbeat"),
    };
    assert_eq!(commit_told(&cluster, N2), 2);
    assert_eq!(commit_told(&cluster, N3), 1);
}

#[test]
fn an_old_short_batch_does_not_shorten_the_log() {
    let mut cluster = Cluster::of(&Parameters::of(2));
    cluster.elect(N1);
    cluster.propose(N1, 1);
    let old = cluster.in_flight("AppendEntries", N1, N2).clone();
    cluster.settle();
    cluster.propose(N1, 2);
    cluster.settle();
    cluster.hand_over(Envelope { from: N1, to: N2, message: old });
    assert_eq!(cluster.epochs(N2), [1, 1, 1]);
    assert_eq!(
        *cluster.in_flight("AppendEntriesResponse", N2, N1),
        Message::AppendEntriesResponse {
            term: Epoch(1),
            rejected: false,
            index: LogIndex(2),
            epoch: Epoch::ZERO
        },
        "it acknowledges what the batch covers, no more"
    );
}

#[test]
fn entries_of_earlier_terms_are_committed_only_with_an_own_one() {
    // The paper's Figure 8: n1 leads again and copies its old entry to a majority.
    let parameters = bare(5)
        .with("append_limit", Value::Count(1))
        .with("initial_logs", logs(&[&[1, 2], &[1, 2], &[1], &[1], &[1, 3]]));
    let mut cluster = Cluster::of(&parameters);
    figure_8(&mut cluster);
    assert_eq!(cluster.epochs(N3), [1, 2], "the old entry is on a majority");
    assert_eq!(cluster.committed(N1), [], "and not committed");
    // The entry of its own term commits it.
    cluster.settle();
    assert_eq!(cluster.committed(N1), [(1, 1), (2, 2), (3, 4)]);
}

/// n1 wins term 4 with n3 and n4, and n3 acknowledges entry 2, of term 2, but not yet n1's own.
pub(super) fn figure_8(cluster: &mut Cluster) {
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.exchange("RequestVote", N1, N3);
    cluster.exchange("RequestVote", N1, N4);
    assert_eq!(cluster.winners(4), [N1]);
    cluster.sync(N1);
    // n2 has the entry of term 2 already, and says so when it rejects nothing.
    cluster.pass("AppendEntries", N1, N2);
    while cluster.hosts[1].pending_writes() > 0 {
        cluster.sync(N2);
    }
    cluster.pass("AppendEntriesResponse", N2, N1);
    // n3 lacks it: a rejection, and then exactly that entry.
    cluster.exchange("AppendEntries", N1, N3);
    cluster.exchange("AppendEntries", N1, N3);
}

#[test]
fn new_entries_and_a_new_term_are_one_write() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.cut(N1, N3);
    cluster.time_out(N1);
    cluster.settle();
    assert!(cluster.leads(N1), "n3 has heard nothing");
    cluster.heal();
    cluster.propose(N1, 42);
    cluster.lose_all();
    cluster.fire(N1, Timer::Heartbeat);
    let batch = {
        let entry = |index| cluster.state(N1).log().get(LogIndex(index)).unwrap();
        crate::raft::Batch {
            prev_index: LogIndex::ZERO,
            prev_epoch: Epoch::ZERO,
            commit: LogIndex::ZERO,
            entries: Box::new([entry(1), entry(2)]),
            configurations: Box::default(),
            start: None,
        }
    };
    let message = Message::AppendEntries { term: Epoch(1), batch: batch.into() };
    cluster.hand_over(Envelope { from: N1, to: N3, message });
    assert_eq!(cluster.hosts[2].pending_writes(), 1);
    cluster.crash(N3, 1);
    cluster.restart(N3);
    assert_eq!((cluster.term(N3), cluster.epochs(N3)), (1, vec![1, 1]), "both survive together");
}

#[test]
fn a_restarted_follower_catches_up_and_commits_again() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.crash(N3, 0);
    for command in 0..10 {
        cluster.propose(N1, command);
        cluster.settle();
    }
    cluster.restart(N3);
    cluster.beat(N1);
    cluster.beat(N1);
    assert_eq!(cluster.epochs(N3), [1; 11]);
    assert_eq!(cluster.commit(N3), 11);
}

#[test]
fn an_old_rejection_changes_nothing() {
    let mut cluster = Cluster::of(&bare(3).with("initial_logs", logs(&[&[1, 1], &[1], &[1, 1]])));
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.exchange("RequestVote", N1, N3);
    cluster.pass("AppendEntries", N1, N2);
    cluster.sync(N2);
    let rejection = cluster.in_flight("AppendEntriesResponse", N2, N1).clone();
    cluster.settle();
    let before = cluster.state(N1).clone();
    assert_eq!(cluster.epochs(N2), [1, 1, 2], "it was repaired");
    cluster.hand_over(Envelope { from: N2, to: N1, message: rejection });
    assert_eq!(*cluster.state(N1), before);
}
