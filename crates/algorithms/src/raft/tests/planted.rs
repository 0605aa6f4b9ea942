//! Each planted bug misbehaves under a small schedule, and correct Raft under the same schedule does not.

use super::replication::figure_8;
use super::*;
use interregnum_kernel::{NodeSet, Standing};

/// Runs a schedule with the bug and without, and hands back what it found.
fn both<T>(parameters: &Parameters, bug: &str, schedule: impl Fn(&mut Cluster) -> T) -> (T, T) {
    let planted = schedule(&mut Cluster::of(&parameters.clone().with_bug(bug)));
    let correct = schedule(&mut Cluster::of(parameters));
    (planted, correct)
}

/// Who won a term, each incarnation of a node by itself.
fn wins(cluster: &Cluster, term: u64) -> usize {
    cluster.winners(term).len()
}

#[test]
fn vote_before_fsync_elects_two_leaders_of_one_term() {
    let (planted, correct) = both(&bare(3), "raft-vote-before-fsync", |cluster| {
        cluster.time_out(N1);
        cluster.time_out(N3);
        cluster.sync(N1);
        cluster.sync(N3);
        cluster.pass("RequestVote", N1, N2);
        cluster.crash(N2, 0);
        cluster.restart(N2);
        cluster.pass("RequestVote", N3, N2);
        cluster.sync(N2);
        // Whatever answers n2 gave arrive.
        for candidate in [N1, N3] {
            if cluster.is_in_flight("RequestVoteResponse", N2, candidate) {
                cluster.pass("RequestVoteResponse", N2, candidate);
            }
        }
        (wins(cluster, 1), cluster.votes(N2, 1))
    });
    assert_eq!(planted, (2, vec![N1, N3]));
    assert_eq!(correct, (1, vec![N3]));
}

#[test]
fn forget_vote_on_step_down_elects_two_leaders_of_one_term() {
    let (planted, correct) = both(&bare(3), "raft-forget-vote-on-step-down", |cluster| {
        cluster.time_out(N1);
        cluster.time_out(N3);
        cluster.sync(N1);
        cluster.sync(N3);
        cluster.exchange("RequestVote", N1, N2);
        // The first entry is late; the empty heartbeat is not.
        cluster.fire(N1, Timer::Heartbeat);
        cluster.pass("Heartbeat", N1, N2);
        cluster.exchange("RequestVote", N3, N2);
        (wins(cluster, 1), cluster.votes(N2, 1))
    });
    assert_eq!(planted, (2, vec![N1, N3]));
    assert_eq!(correct, (1, vec![N1]));
}

#[test]
fn count_duplicate_votes_elects_a_leader_without_a_majority() {
    let (planted, correct) = both(&bare(5), "raft-count-duplicate-votes", |cluster| {
        cluster.time_out(N1);
        cluster.sync(N1);
        cluster.pass("RequestVote", N1, N2);
        cluster.sync(N2);
        let grant = cluster.take("RequestVoteResponse", N2, N1);
        cluster.hand_over(grant.clone());
        cluster.hand_over(grant);
        // The other three are free to elect another.
        cluster.time_out(N5);
        cluster.sync(N5);
        cluster.exchange("RequestVote", N5, N3);
        cluster.exchange("RequestVote", N5, N4);
        wins(cluster, 1)
    });
    assert_eq!(planted, 2);
    assert_eq!(correct, 1);
}

#[test]
fn count_old_term_votes_elects_two_leaders_of_one_term() {
    let (planted, correct) = both(&bare(3), "raft-count-old-term-votes", |cluster| {
        cluster.time_out(N1);
        cluster.sync(N1);
        cluster.pass("RequestVote", N1, N2);
        cluster.sync(N2);
        let old_grant = cluster.take("RequestVoteResponse", N2, N1);
        cluster.time_out(N2);
        cluster.sync(N2);
        cluster.exchange("RequestVote", N2, N3);
        cluster.time_out(N1);
        cluster.sync(N1);
        cluster.hand_over(old_grant);
        (cluster.term(N1), wins(cluster, 2))
    });
    assert_eq!(planted, (2, 2));
    assert_eq!(correct, (2, 1));
}

#[test]
fn prevote_counted_as_vote_elects_a_leader_without_a_majority() {
    let (planted, correct) = both(&Parameters::of(3), "raft-prevote-counted-as-vote", |cluster| {
        cluster.time_out(N1);
        cluster.exchange("PreVote", N1, N2);
        cluster.sync(N1);
        cluster.exchange("PreVote", N1, N3);
        let won_alone = cluster.leads(N1);
        // The other two have not voted in term 1 and elect n3.
        cluster.world.in_flight.retain(|e| e.kind() != "RequestVote" && e.kind() != "AppendEntries");
        cluster.time_out(N3);
        cluster.exchange("PreVote", N3, N2);
        cluster.sync(N3);
        cluster.exchange("RequestVote", N3, N2);
        (won_alone, wins(cluster, 1))
    });
    assert_eq!(planted, (true, 2));
    assert_eq!(correct, (false, 1));
}

#[test]
fn precandidate_keeps_leader_makes_survivors_refuse_each_other_for_ever() {
    let (planted, correct) = both(&Parameters::of(3), "raft-precandidate-keeps-leader", |cluster| {
        cluster.elect(N1);
        cluster.crash(N1, 0);
        // Both run out of patience before either hears the other; from then on they take turns.
        cluster.time_out(N2);
        cluster.time_out(N3);
        cluster.settle();
        for _ in 0..20 {
            for node in [N2, N3] {
                cluster.fire(node, Timer::Guard);
                if !cluster.leads(N2) && !cluster.leads(N3) {
                    cluster.time_out(node);
                    cluster.settle();
                }
            }
        }
        cluster.leads(N2) || cluster.leads(N3)
    });
    assert!(!planted, "nobody leads");
    assert!(correct, "one of the survivors leads");
}

#[test]
fn quorumless_leader_pins_bridge_for_as_long_as_the_cut_lasts() {
    // n1 leads and reaches only n2, the bridge; n2, n3 and n4 are a connected quorum; n5 reaches nobody.
    let (planted, correct) = both(&Parameters::of(5), "raft-quorumless-leader-pins-bridge", |cluster| {
        cluster.elect(N1);
        for node in [N3, N4, N5] {
            cluster.cut(N1, node);
            cluster.cut(N5, node);
        }
        cluster.cut(N5, N2);
        for _ in 0..5 {
            // A shortest election timeout passes: who hears a leader does not notice, the others do.
            for node in [N2, N3, N4] {
                cluster.fire(node, Timer::Guard);
            }
            for _ in 0..3 {
                for node in [N1, N2, N3, N4] {
                    cluster.fire(node, Timer::Heartbeat);
                }
                cluster.settle();
            }
            cluster.fire(N1, Timer::CheckQuorum);
            if ![N2, N3, N4].iter().any(|node| cluster.leads(*node)) {
                cluster.time_out(N3);
                cluster.settle();
            }
        }
        [N2, N3, N4].iter().any(|node| cluster.leads(*node))
    });
    assert!(!planted, "the connected quorum has no leader");
    assert!(correct, "it has one");
}

#[test]
fn no_prevote_partial_cut_deposes_a_working_leader() {
    // n3 leads, and cannot be seen by n1; n2 sees both.
    let (planted, correct) = both(&Parameters::of(3), "raft-no-prevote-partial-cut", |cluster| {
        cluster.elect(N3);
        cluster.cut(N1, N3);
        for _ in 0..3 {
            for node in [N1, N2, N3] {
                cluster.fire(node, Timer::Heartbeat);
            }
            cluster.settle();
            for node in [N1, N3] {
                if cluster.role(node) != Role::Leader {
                    cluster.time_out(node);
                    cluster.settle();
                }
            }
        }
        let deposed = cluster.world.seen.iter().filter(|(_, what)| matches!(what, What::Deposed(_))).count();
        (deposed, cluster.term(N2))
    });
    assert!(planted.0 >= 2, "leaders were deposed {} times", planted.0);
    assert!(planted.1 >= 3, "the terms race: {}", planted.1);
    assert_eq!(correct, (0, 1), "n3 leads on in term 1");
}

#[test]
fn heartbeat_ignores_stuck_disk_keeps_a_leader_that_cannot_commit() {
    let (planted, correct) = both(&Parameters::of(3), "raft-heartbeat-ignores-stuck-disk", |cluster| {
        cluster.elect(N1);
        cluster.stuck.insert(N1);
        cluster.propose(N1, 42);
        cluster.settle();
        cluster.fire(N1, Timer::DiskStall);
        cluster.count_sent();
        cluster.beat(N1);
        cluster.count_sent()
    });
    assert_eq!(planted, [("Heartbeat", 2), ("HeartbeatResponse", 2)]);
    assert_eq!(correct, []);
}

#[test]
fn voter_ignores_its_lease_elects_another_while_the_lease_runs() {
    let leased = Parameters::of(3).with("lease", Value::Flag(true));
    let (planted, correct) = both(&leased, "raft-voter-ignores-its-lease", |cluster| {
        for node in [N1, N2, N3] {
            cluster.fire(node, Timer::Guard);
        }
        cluster.elect(N1);
        cluster.cut(N1, N2);
        cluster.beat(N1);
        cluster.time_out(N2);
        cluster.world.in_flight.retain(|e| e.to != N1);
        cluster.cut(N1, N3);
        cluster.settle();
        (cluster.hosts[0].lease().is_some(), cluster.leads(N2))
    });
    assert_eq!(planted, (true, true), "n2 leads while n1 holds its lease");
    assert_eq!(correct, (true, false), "n2 does not lead yet");
}

#[test]
fn lead_before_own_vote_wins_one_term_twice() {
    let (planted, correct) = both(&bare(3), "raft-lead-before-own-vote", |cluster| {
        cluster.time_out(N1);
        if cluster.is_in_flight("RequestVote", N1, N2) {
            cluster.exchange("RequestVote", N1, N2);
            cluster.exchange("RequestVote", N1, N3);
        }
        cluster.crash(N1, 0);
        cluster.restart(N1);
        cluster.lose_all();
        cluster.elect(N1);
        cluster.winners(1)
    });
    assert_eq!(planted, [N1, N1], "two incarnations of n1");
    assert_eq!(correct, [N1]);
}

#[test]
fn ask_before_own_vote_elects_a_leader_for_a_log_that_it_lost() {
    let (planted, correct) = both(&bare(3), "raft-ask-before-own-vote", |cluster| {
        cluster.elect(N1);
        cluster.propose(N1, 42);
        cluster.sync(N1);
        cluster.exchange("AppendEntries", N1, N2);
        assert_eq!(cluster.commit(N1), 2, "n1 and n2 have the entry");
        // n3 has it too, but not on its disk, when it asks and crashes.
        cluster.pass("AppendEntries", N1, N3);
        cluster.time_out(N3);
        if cluster.is_in_flight("RequestVote", N3, N2) {
            cluster.pass("RequestVote", N3, N2);
            cluster.sync(N2);
        }
        cluster.crash(N3, 0);
        cluster.restart(N3);
        cluster.time_out(N3);
        cluster.sync(N3);
        if cluster.is_in_flight("RequestVoteResponse", N2, N3) {
            cluster.pass("RequestVoteResponse", N2, N3);
        }
        cluster.isolate(N1);
        cluster.settle();
        (cluster.leads(N3), cluster.term(N3), cluster.epochs(N3))
    });
    assert_eq!(planted, (true, 2, vec![1, 2]), "n3 leads without the committed entry");
    assert_eq!(correct, (false, 2, vec![1]), "n2 refuses the shorter log");
}

#[test]
fn restart_forgets_term_goes_back_in_time() {
    let (planted, correct) = both(&bare(3), "raft-restart-forgets-term", |cluster| {
        cluster.time_out(N1);
        cluster.sync(N1);
        cluster.pass("RequestVote", N1, N2);
        cluster.sync(N2);
        cluster.crash(N2, 0);
        cluster.restart(N2);
        (cluster.term(N2), cluster.vote(N2))
    });
    assert_eq!(planted, (0, None));
    assert_eq!(correct, (1, Some(N1)));
}

#[test]
fn vote_ignores_log_loses_a_committed_entry() {
    let (planted, correct) = both(&bare(3), "raft-vote-ignores-log", |cluster| {
        cluster.isolate(N3);
        cluster.elect(N1);
        cluster.propose(N1, 42);
        cluster.settle();
        assert_eq!(cluster.commit(N1), 2);
        cluster.crash(N1, 0);
        cluster.heal();
        cluster.time_out(N3);
        cluster.settle();
        cluster.time_out(N3);
        cluster.settle();
        (cluster.leads(N3), cluster.epochs(N3).starts_with(&[1, 1]))
    });
    assert_eq!(planted, (true, false), "a leader without the committed entries");
    assert_eq!(correct, (false, false), "who lacks them does not lead");
}

#[test]
fn commit_counts_any_term_loses_a_committed_entry() {
    let parameters = bare(5)
        .with("append_limit", Value::Count(1))
        .with("initial_logs", logs(&[&[1, 2], &[1, 2], &[1], &[1], &[1, 3]]));
    let (planted, correct) = both(&parameters, "raft-commit-counts-any-term", |cluster| {
        figure_8(cluster);
        let committed = cluster.committed(N1);
        // n1 and n2 are gone; n5 has the later last term and replaces the entry.
        cluster.crash(N1, 0);
        cluster.crash(N2, 0);
        cluster.lose_all();
        cluster.time_out(N5);
        cluster.settle();
        cluster.time_out(N5);
        cluster.settle();
        assert!(cluster.leads(N5), "n5 has the most up-to-date log of the living");
        (committed, cluster.committed(N5))
    });
    assert_eq!(planted.0, [(1, 1), (2, 2)], "n1 committed an entry of term 2 at position 2");
    assert_eq!(planted.1[..2], [(1, 1), (2, 3)], "n5 commits another there");
    assert_eq!(correct.0, [], "n1 committed nothing");
}

#[test]
fn append_skips_consistency_check_commits_different_entries() {
    let parameters = bare(3).with("initial_logs", logs(&[&[1, 3], &[1, 2], &[1, 3]]));
    let (planted, correct) = both(&parameters, "raft-append-skips-consistency-check", |cluster| {
        cluster.elect(N1);
        cluster.beat(N1);
        (cluster.committed(N1), cluster.committed(N2))
    });
    assert_eq!(planted.0, [(1, 1), (2, 3), (3, 4)]);
    assert_eq!(planted.1, [(1, 1), (2, 2), (3, 4)], "n2 commits its own entry at position 2");
    assert_eq!(correct.0, correct.1, "both commit the same");
}

#[test]
fn snapshot_of_uncommitted_keeps_what_is_replaced() {
    let parameters = bare(3).with("snapshot_after", Value::Count(1));
    let (planted, correct) = both(&parameters, "raft-snapshot-of-uncommitted", |cluster| {
        cluster.elect(N1);
        cluster.isolate(N3);
        for command in 1..=3 {
            cluster.propose(N1, command);
        }
        cluster.sync(N1);
        // Only the first of three commands reaches n2 and is committed; another leader replaces the others.
        cluster.exchange("AppendEntries", N1, N2);
        cluster.lose_all();
        let covered = cluster.state(N1).log().start().index.0;
        cluster.isolate(N1);
        cluster.cuts.retain(|(from, to)| *from == N1 || *to == N1);
        cluster.elect(N2);
        (covered, cluster.committed(N2).last().copied())
    });
    assert_eq!(
        planted,
        (3, Some((3, 2))),
        "n1 has the second command in its snapshot, n2 commits another entry there"
    );
    assert_eq!(correct, (1, Some((3, 2))), "only what is committed is covered");
}

#[test]
fn single_server_change_too_early_loses_a_committed_entry() {
    let parameters = Parameters { members: NodeSet::first(4), ..bare(5) };
    let parameters = parameters.with("single_server_changes", Value::Flag(true));
    let (planted, correct) = both(&parameters, "raft-single-server-change-too-early", |cluster| {
        cluster.elect(N1);
        cluster.order(N1, Order::AddNodes { nodes: NodeSet::only(N5), standing: Standing::Learner });
        cluster.settle();
        cluster.beat(N1);
        // n1 gives n5 a vote, and tells only n5.
        cluster.part(&[N1, N5], &[N2, N3, N4]);
        cluster.order(N1, Order::PromoteNodes(NodeSet::only(N5)));
        cluster.settle();
        // n2, elected by three of the four, takes n1 out, and tells only n3.
        cluster.time_out(N2);
        cluster.sync(N2);
        cluster.exchange("RequestVote", N2, N3);
        cluster.exchange("RequestVote", N2, N4);
        cluster.isolate(N4);
        cluster.order(N2, Order::RemoveNodes(NodeSet::only(N1)));
        cluster.settle();
        let committed = cluster.committed(N2);
        // n1 comes back with the majority of five, none of which n2 knows.
        cluster.heal();
        cluster.part(&[N2, N3], &[N1, N4, N5]);
        cluster.crash(N1, 0);
        cluster.restart(N1);
        cluster.time_out(N1);
        cluster.settle();
        cluster.time_out(N1);
        cluster.settle();
        assert!(cluster.leads(N1), "n1, n4 and n5 are three of five");
        (committed, cluster.committed(N1))
    });
    assert_eq!(planted.0[2..], [(3, 2), (4, 2)], "n2 and n3 commit as two of three");
    assert!(planted.1.ends_with(&[(3, 1), (4, 3)]), "n1 commits others in these places: {:?}", planted.1);
    assert_eq!(correct.0.len(), 2, "n2 waits for its own first entry, and with n3 cannot commit it");
}

#[test]
fn joint_needs_one_majority_decides_twice() {
    let parameters = Parameters { members: NodeSet::first(3), ..bare(5) };
    let (planted, correct) = both(&parameters, "raft-joint-needs-one-majority", |cluster| {
        cluster.elect(N1);
        let nodes = NodeSet::from_iter([N4, N5]);
        cluster.order(N1, Order::AddNodes { nodes, standing: Standing::Learner });
        cluster.settle();
        cluster.part(&[N1, N4, N5], &[N2, N3]);
        cluster.order(N1, Order::PromoteNodes(nodes));
        cluster.settle();
        cluster.elect(N2);
        (cluster.commit(N1), cluster.committed(N2).last().copied())
    });
    assert_eq!(planted, (4, Some((3, 2))), "three of five and two of three decide on position 3");
    assert_eq!(correct, (2, Some((3, 2))), "n1 lacks a majority of the old three");
}

#[test]
fn witness_keeps_no_position_loses_a_committed_entry() {
    let parameters = bare(3).with("witnesses", Value::Nodes(NodeSet::only(N3)));
    let (planted, correct) = both(&parameters, "raft-witness-keeps-no-position", |cluster| {
        cluster.elect(N1);
        cluster.cut(N1, N2);
        cluster.propose(N1, 7);
        cluster.settle();
        assert_eq!(cluster.commit(N1), 2, "n1 and the witness are two of three");
        cluster.crash(N1, 0);
        cluster.heal();
        for _ in 0..2 {
            cluster.time_out(N2);
            cluster.settle();
        }
        (cluster.leads(N2), cluster.epochs(N2).len())
    });
    assert!(planted.0, "n2 leads without the committed entry");
    assert_eq!(correct, (false, 1), "the witness refuses it");
}

#[test]
fn every_planted_bug_has_its_schedule_here() {
    let tests = include_str!("planted.rs");
    for bug in crate::raft::bugs::BUGS {
        assert!(tests.contains(&format!("\"{}\", |cluster|", bug.id)), "{} has none", bug.id);
    }
}
