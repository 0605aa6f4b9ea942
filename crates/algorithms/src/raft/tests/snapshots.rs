//! Snapshots: what is dropped, who needs it back, and how it gets there.

use super::*;
use crate::raft::{Batch, Snapshot};
use interregnum_kernel::{Covered, LogChain, LogEntry};

/// Three nodes that keep one committed entry at least and two at most.
fn compacting() -> Parameters {
    plain(3).with("snapshot_after", Value::Count(1))
}

/// n1 leads n2; n3 is cut off and misses the first entry and five commands.
fn n3_left_behind() -> Cluster {
    let mut cluster = Cluster::of(&compacting());
    cluster.isolate(N3);
    cluster.elect(N1);
    for command in 1..=5 {
        cluster.propose(N1, command);
        cluster.settle();
    }
    cluster.beat(N1);
    cluster
}

fn start(cluster: &Cluster, node: NodeId) -> u64 {
    cluster.state(node).log().start().index.0
}

fn restored(cluster: &Cluster, by: NodeId) -> Vec<Covered> {
    let restored = |(node, what): &(NodeId, What)| match what {
        What::Fact(Fact::Restored(covered)) if *node == by => Some(*covered),
        _ => None,
    };
    cluster.world.seen.iter().filter_map(restored).collect()
}

/// The chain of what a node committed.
fn chain_of_commits(cluster: &Cluster, by: NodeId, up_to: u64) -> LogChain {
    let entries = cluster.world.seen.iter().filter_map(|(node, what)| match what {
        What::Committed { index, entry } if *node == by && index.0 <= up_to => Some(*entry),
        _ => None,
    });
    entries.fold(LogChain::EMPTY, LogChain::then)
}

#[test]
fn without_snapshots_a_log_keeps_everything() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    for command in 1..=50 {
        cluster.propose(N1, command);
    }
    cluster.settle();
    assert_eq!(cluster.state(N1).log().entries().len(), 51, "the first entry and fifty commands");
}

#[test]
fn a_snapshot_takes_the_place_of_the_older_committed_entries() {
    let cluster = n3_left_behind();
    assert_eq!(cluster.commit(N1), 6);
    assert_eq!(start(&cluster, N1), 5, "one committed entry is kept behind the snapshot");
    assert_eq!(start(&cluster, N2), 5, "at the follower too");
    let covered = cluster.state(N1).log().covered().expect("a snapshot");
    assert_eq!(covered.chain, chain_of_commits(&cluster, N1, 5), "it is of what was committed");
}

#[test]
fn nothing_uncommitted_goes_into_a_snapshot() {
    let mut cluster = Cluster::of(&compacting());
    cluster.elect(N1);
    cluster.isolate(N1);
    for command in 1..=5 {
        cluster.propose(N1, command);
    }
    cluster.settle();
    assert_eq!(cluster.epochs(N1).len(), 6, "all of it is kept: it may yet be replaced");
}

#[test]
fn a_follower_that_needs_what_is_gone_gets_the_snapshot_and_then_entries() {
    let mut cluster = n3_left_behind();
    cluster.heal();
    cluster.count_sent();
    cluster.beat(N1);
    assert_eq!(start(&cluster, N3), 5, "n3 has the snapshot");
    assert_eq!(cluster.state(N3).log(), cluster.state(N1).log(), "and the entry behind it");
    let sent = cluster.count_sent();
    assert!(sent.contains(&("InstallSnapshot", 1)), "one snapshot was enough: {sent:?}");
    assert!(sent.contains(&("InstallSnapshotResponse", 1)), "it was answered: {sent:?}");
}

#[test]
fn a_follower_behind_a_snapshot_commits_what_follows_and_nothing_twice() {
    let mut cluster = n3_left_behind();
    cluster.heal();
    cluster.beat(N1);
    cluster.beat(N1);
    let chain = chain_of_commits(&cluster, N1, 5);
    assert_eq!(
        restored(&cluster, N3),
        [Covered { last: LogIndex(5), chain }],
        "it says what it goes on from"
    );
    assert_eq!(cluster.committed(N3), [(6, 1)]);
}

#[test]
fn a_snapshot_is_answered_once_it_is_durable() {
    let mut cluster = n3_left_behind();
    cluster.heal();
    cluster.fire(N1, Timer::Heartbeat);
    cluster.pass("Heartbeat", N1, N3);
    cluster.sync(N3);
    cluster.pass("HeartbeatResponse", N3, N1);
    cluster.stuck.insert(N3);
    cluster.settle();
    assert!(cluster.world.fsyncs[N3.index()].is_some(), "the snapshot is being written");
    assert_eq!(cluster.count_sent().iter().find(|(kind, _)| *kind == "InstallSnapshotResponse"), None);
}

#[test]
fn a_node_whose_snapshot_is_not_durable_does_not_stand() {
    let mut cluster = n3_left_behind();
    cluster.heal();
    cluster.stuck.insert(N3);
    cluster.beat(N1);
    cluster.sync(N3);
    cluster.beat(N1);
    assert_eq!(start(&cluster, N3), 5, "the snapshot is in memory");
    assert!(cluster.world.fsyncs[N3.index()].is_some(), "and not yet on the disk");
    cluster.time_out(N3);
    assert_eq!(cluster.role(N3), Role::Follower, "it may lose it again");
    cluster.sync(N3);
    cluster.time_out(N3);
    assert_eq!(cluster.role(N3), Role::Candidate, "once it is durable the node stands");
}

#[test]
fn a_crash_before_the_snapshot_is_durable_brings_back_the_old_log() {
    let mut cluster = n3_left_behind();
    cluster.heal();
    cluster.stuck.insert(N3);
    cluster.beat(N1);
    cluster.sync(N3);
    cluster.beat(N1);
    cluster.crash(N3, 0);
    cluster.restart(N3);
    assert_eq!((start(&cluster, N3), cluster.commit(N3)), (0, 0), "nothing of it is there");
}

#[test]
fn a_node_restarts_from_its_snapshot() {
    let mut cluster = n3_left_behind();
    cluster.crash(N2, 9);
    cluster.restart(N2);
    assert_eq!(cluster.commit(N2), 5, "what the snapshot covers is committed");
    assert_eq!(restored(&cluster, N2).len(), 1, "the node says so");
    cluster.beat(N1);
    assert_eq!(cluster.committed(N2).last(), Some(&(6, 1)), "and commits what follows");
}

#[test]
fn a_snapshot_that_says_nothing_new_leaves_the_log_alone() {
    let mut cluster = n3_left_behind();
    let (term, log) = (Epoch(cluster.term(N2)), cluster.state(N2).log().clone());
    let old = Snapshot { index: LogIndex(2), epoch: Epoch(1), ..*log.start() };
    cluster.hand_over(Envelope {
        from: N1,
        to: N2,
        message: Message::InstallSnapshot { term, batch: Batch::of_snapshot(old).into() },
    });
    assert_eq!(cluster.state(N2).log(), &log);
    let answer = cluster.in_flight("InstallSnapshotResponse", N2, N1);
    assert_eq!(
        *answer,
        Message::InstallSnapshotResponse { term, index: LogIndex(6) },
        "it has more than that"
    );
}

#[test]
fn entries_behind_a_snapshot_that_agrees_stay() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    cluster.cut(N1, N3);
    cluster.propose(N1, 1);
    cluster.settle();
    let term = Epoch(cluster.term(N2));
    let chain = LogChain::EMPTY.then(LogEntry { epoch: term, command: None });
    let snapshot = Snapshot { index: LogIndex(1), epoch: term, chain, ..*cluster.state(N2).log().start() };
    cluster.hand_over(Envelope {
        from: N1,
        to: N2,
        message: Message::InstallSnapshot { term, batch: Batch::of_snapshot(snapshot).into() },
    });
    assert_eq!(cluster.epochs(N2).len(), 2, "n2 has acknowledged the second entry");
}

#[test]
fn entries_that_begin_before_the_snapshot_are_answered_with_where_it_ends() {
    let mut cluster = n3_left_behind();
    let (term, epoch) = (Epoch(cluster.term(N2)), Epoch(1));
    let entry = LogEntry { epoch, command: None };
    let batch = Batch {
        prev_index: LogIndex::ZERO,
        prev_epoch: Epoch::ZERO,
        commit: LogIndex::ZERO,
        entries: Box::new([entry]),
        configurations: Box::default(),
        start: None,
    };
    cluster.hand_over(Envelope {
        from: N1,
        to: N2,
        message: Message::AppendEntries { term, batch: batch.into() },
    });
    let answer = cluster.in_flight("AppendEntriesResponse", N2, N1);
    let agreed = LogIndex(5);
    assert_eq!(
        *answer,
        Message::AppendEntriesResponse { term, rejected: false, index: agreed, epoch: Epoch::ZERO }
    );
}

#[test]
fn a_leader_says_what_its_snapshot_covers() {
    let mut cluster = n3_left_behind();
    cluster.crash(N1, 0);
    cluster.heal();
    cluster.elect(N2);
    let chain = chain_of_commits(&cluster, N1, 5);
    let told: Vec<What> = cluster.world.seen.iter().map(|(_, what)| *what).collect();
    let place =
        told.iter().position(|what| *what == What::LeaderSnapshot(Covered { last: LogIndex(5), chain }));
    let place = place.expect("the snapshot is told");
    assert!(
        matches!(told[place + 1], What::LeaderLog { index: LogIndex(6), .. }),
        "the log follows behind it: {:?}",
        told[place + 1]
    );
}
