//! Changing who is in the cluster.

use super::*;
use crate::raft::Configuration;
use crate::raft::state::Leading;
use interregnum_kernel::{NodeSet, Standing};

fn set(nodes: &[NodeId]) -> NodeSet {
    nodes.iter().copied().collect()
}

/// Three members and two spares.
fn with_spares() -> Parameters {
    Parameters { members: NodeSet::first(3), ..bare(5) }
}

fn add(standing: Standing, nodes: &[NodeId]) -> Order {
    Order::AddNodes { nodes: set(nodes), standing }
}

fn configuration(cluster: &Cluster, node: NodeId) -> Configuration {
    cluster.state(node).log().configuration()
}

fn voters(nodes: &[NodeId]) -> Configuration {
    Configuration::of(set(nodes))
}

/// n1 leads n2 and n3; n4 and n5 are learners.
fn learning() -> Cluster {
    let mut cluster = Cluster::of(&with_spares());
    cluster.elect(N1);
    cluster.order(N1, add(Standing::Learner, &[N4, N5]));
    cluster.settle();
    cluster
}

#[test]
fn a_learner_gets_the_log_and_has_no_vote() {
    let mut cluster = learning();
    assert_eq!(cluster.epochs(N4), cluster.epochs(N1), "it has the whole log");
    assert_eq!(cluster.raft.role(cluster.state(N4)), Role::Learner);
    cluster.part(&[N1, N4, N5], &[N2, N3]);
    let before = cluster.commit(N1);
    cluster.propose(N1, 7);
    cluster.settle();
    assert_eq!(cluster.commit(N1), before, "three of five nodes have it, but one of three voters");
}

#[test]
fn a_learner_never_stands() {
    let mut cluster = learning();
    cluster.time_out(N4);
    assert_eq!(cluster.state(N4).role, Role::Follower);
    assert!(cluster.armed(N4, Timer::Election).is_some(), "it goes on waiting, for it may be promoted");
}

#[test]
fn a_learner_answers_who_asks_for_its_vote() {
    // It may have been promoted and not know it yet.
    let mut cluster = learning();
    let term = Epoch(cluster.term(N4) + 1);
    let (last_epoch, last_index) = (Epoch(9), LogIndex(9));
    let message = Message::RequestVote { term, last_epoch, last_index, transfer: false };
    cluster.hand_over(Envelope { from: N2, to: N4, message });
    assert_eq!(cluster.vote(N4), Some(N2));
}

#[test]
fn voters_are_added_through_learning_and_joining() {
    let mut cluster = Cluster::of(&with_spares());
    cluster.elect(N1);
    cluster.order(N1, add(Standing::Voter, &[N4, N5]));
    let learning = Configuration { learners: set(&[N4, N5]), ..voters(&[N1, N2, N3]) };
    assert_eq!(configuration(&cluster, N1), learning, "they begin as learners");
    cluster.settle();
    let all = [N1, N2, N3, N4, N5];
    let brought: Vec<Configuration> =
        cluster.state(N1).log().configurations_within(LogIndex(0), LogIndex(9)).iter().map(|c| c.1).collect();
    let joint = Configuration { outgoing: set(&[N1, N2, N3]), ..voters(&all) };
    assert_eq!(brought, [learning, joint, voters(&all)], "one step after the other");
    for node in all {
        assert_eq!(configuration(&cluster, node), voters(&all), "{node} knows the five");
    }
    assert_eq!(cluster.commit(N1), 4, "all of it is committed");
}

#[test]
fn one_server_at_a_time_needs_no_joining() {
    let mut cluster = Cluster::of(&with_spares().with("single_server_changes", Value::Flag(true)));
    cluster.elect(N1);
    cluster.order(N1, add(Standing::Voter, &[N4, N5]));
    cluster.settle();
    let log = cluster.state(N1).log();
    let brought = log.configurations_within(LogIndex(0), LogIndex(9));
    assert!(brought.iter().all(|(_, configuration)| !configuration.is_joint()), "{brought:?}");
    let sizes: Vec<usize> = brought.iter().map(|(_, configuration)| configuration.voters.len()).collect();
    assert_eq!(sizes, [3, 4, 5]);
}

#[test]
fn joined_configurations_commit_with_both_majorities_only() {
    for (reachable, commits) in
        [(&[N4, N5][..], false), (&[N2, N3][..], true), (&[N2, N4][..], true), (&[N2][..], false)]
    {
        let mut cluster = learning();
        let unreachable: Vec<NodeId> =
            [N2, N3, N4, N5].into_iter().filter(|n| !reachable.contains(n)).collect();
        cluster.part(&[N1], &unreachable);
        cluster.order(N1, Order::PromoteNodes(set(&[N4, N5])));
        assert!(configuration(&cluster, N1).is_joint());
        cluster.settle();
        assert_eq!(!configuration(&cluster, N1).is_joint(), commits, "with {reachable:?}");
    }
}

#[test]
fn joined_configurations_elect_with_both_majorities_only() {
    for (reachable, wins) in [(&[N4, N5][..], false), (&[N2, N4][..], true), (&[N2, N3][..], true)] {
        let mut cluster = learning();
        cluster.part(&[N2, N3], &[N1]);
        cluster.order(N1, Order::PromoteNodes(set(&[N4, N5])));
        cluster.settle();
        // n1 and both newcomers have the joint configuration, which is not committed.
        cluster.heal();
        let unreachable: Vec<NodeId> =
            [N2, N3, N4, N5].into_iter().filter(|n| !reachable.contains(n)).collect();
        cluster.part(&[N1], &unreachable);
        cluster.crash(N1, 9);
        cluster.restart(N1);
        cluster.lose_all();
        cluster.time_out(N1);
        cluster.settle();
        assert_eq!(cluster.leads(N1), wins, "with {reachable:?}");
    }
}

#[test]
fn the_check_of_the_quorum_needs_both_majorities() {
    for (heard, stays) in [(&[N4, N5][..], false), (&[N2, N4][..], true)] {
        let mut cluster = learning();
        cluster.part(&[N1], &[N2, N3, N4, N5]);
        cluster.order(N1, Order::PromoteNodes(set(&[N4, N5])));
        cluster.settle();
        let state = cluster.state(N1);
        let nodes = set(heard).union(NodeSet::only(N1));
        assert_eq!(cluster.raft.can_decide(state, nodes), stays, "with {heard:?}");
    }
}

#[test]
fn the_lease_needs_both_majorities() {
    for (heard, renewed) in [(&[N4, N5][..], false), (&[N2, N4][..], true), (&[N2, N3][..], true)] {
        let leased = Parameters { members: NodeSet::first(3), ..plain(5) }.with("lease", Value::Flag(true));
        let mut cluster = Cluster::of(&leased);
        for node in [N1, N2, N3] {
            cluster.fire(node, Timer::Guard);
        }
        cluster.elect(N1);
        cluster.order(N1, add(Standing::Learner, &[N4, N5]));
        cluster.settle();
        cluster.part(&[N1], &[N2, N3]);
        cluster.order(N1, Order::PromoteNodes(set(&[N4, N5])));
        cluster.settle();
        assert!(configuration(&cluster, N1).is_joint());
        let before = cluster.state(N1).leading.lease_until;
        cluster.wait_ms(10);
        cluster.heal();
        cluster.fire(N1, Timer::Heartbeat);
        for peer in heard {
            cluster.exchange("Heartbeat", N1, *peer);
        }
        assert_eq!(cluster.state(N1).leading.lease_until > before, renewed, "heard by {heard:?}");
    }
}

#[test]
fn a_configuration_is_in_force_before_it_is_committed_and_not_after_it_was_cut_off() {
    let mut cluster = learning();
    cluster.part(&[N1, N4, N5], &[N2, N3]);
    cluster.order(N1, Order::PromoteNodes(set(&[N4, N5])));
    cluster.settle();
    assert!(configuration(&cluster, N4).is_joint(), "n4 has it in its log");
    cluster.elect(N2);
    cluster.heal();
    cluster.beat(N2);
    cluster.beat(N2);
    assert_eq!(configuration(&cluster, N4), configuration(&cluster, N2), "n2's log took its place");
    assert!(!configuration(&cluster, N4).is_joint());
}

#[test]
fn one_change_is_made_at_a_time() {
    let mut cluster = learning();
    cluster.part(&[N1], &[N2, N3, N4, N5]);
    cluster.order(N1, Order::PromoteNodes(set(&[N4])));
    let first = configuration(&cluster, N1);
    cluster.order(N1, Order::RemoveNodes(set(&[N2])));
    cluster.heal();
    cluster.beat(N1);
    assert!(first.is_joint(), "the first is under way");
    let settled = Configuration { learners: set(&[N5]), ..voters(&[N1, N2, N3, N4]) };
    assert_eq!(configuration(&cluster, N1), settled, "the second is refused");
}

#[test]
fn a_new_leader_commits_an_entry_of_its_own_term_first() {
    let mut cluster = Cluster::of(&with_spares());
    cluster.time_out(N1);
    cluster.sync(N1);
    cluster.exchange("RequestVote", N1, N2);
    assert!(cluster.leads(N1), "nothing of its term is committed yet");
    cluster.order(N1, Order::RemoveNodes(set(&[N3])));
    assert_eq!(configuration(&cluster, N1), voters(&[N1, N2, N3]), "the change waits");
    cluster.settle();
    assert_eq!(configuration(&cluster, N1), voters(&[N1, N2]), "and is made then");
}

#[test]
fn a_new_leader_finishes_what_the_old_one_began() {
    let mut cluster = learning();
    cluster.part(&[N1, N2], &[N3]);
    cluster.order(N1, Order::PromoteNodes(set(&[N4, N5])));
    for peer in [N2, N4, N5] {
        cluster.pass("AppendEntries", N1, peer);
        cluster.sync(peer);
    }
    cluster.crash(N1, 9);
    cluster.heal();
    cluster.lose_all();
    assert!(configuration(&cluster, N2).is_joint(), "n2 has the joint configuration");
    cluster.elect(N2);
    assert_eq!(configuration(&cluster, N2), voters(&[N1, N2, N3, N4, N5]), "n2 leaves it");
}

#[test]
fn a_node_that_is_behind_does_not_vote_before_it_has_caught_up() {
    let mut cluster = Cluster::of(&with_spares());
    cluster.elect(N1);
    cluster.part(&[N4], &[N1]);
    cluster.order(N1, add(Standing::Voter, &[N4]));
    cluster.settle();
    for command in 1..=3 {
        cluster.propose(N1, command);
        cluster.settle();
    }
    let learning = Configuration { learners: set(&[N4]), ..voters(&[N1, N2, N3]) };
    assert_eq!(configuration(&cluster, N1), learning, "n4 has nothing yet");
    cluster.heal();
    cluster.beat(N1);
    assert_eq!(configuration(&cluster, N1), voters(&[N1, N2, N3, N4]));
}

#[test]
fn a_node_that_does_not_catch_up_in_ten_timeouts_stays_a_learner() {
    let mut cluster = Cluster::of(&with_spares());
    cluster.elect(N1);
    cluster.part(&[N4], &[N1]);
    cluster.order(N1, add(Standing::Voter, &[N4]));
    cluster.settle();
    cluster.propose(N1, 1);
    cluster.settle();
    for _ in 0..10 {
        cluster.fire(N1, Timer::CatchUp);
    }
    assert_eq!(cluster.armed(N1, Timer::CatchUp), None, "it is given up");
    cluster.heal();
    cluster.beat(N1);
    cluster.beat(N1);
    let learning = Configuration { learners: set(&[N4]), ..voters(&[N1, N2, N3]) };
    assert_eq!(configuration(&cluster, N1), learning);
    cluster.order(N1, Order::PromoteNodes(set(&[N4])));
    cluster.settle();
    assert_eq!(configuration(&cluster, N1), voters(&[N1, N2, N3, N4]), "a later order promotes it");
}

#[test]
fn nodes_that_have_caught_up_are_not_given_up_while_the_voters_agree() {
    let mut cluster = Cluster::of(&with_spares().with("single_server_changes", Value::Flag(true)));
    cluster.elect(N1);
    cluster.cut(N1, N4);
    cluster.order(N1, add(Standing::Voter, &[N4, N5]));
    cluster.settle();
    assert!(cluster.armed(N1, Timer::CatchUp).is_some(), "n4 has nothing yet");
    cluster.stuck.extend([N2, N3]);
    cluster.heal();
    cluster.beat(N1);
    assert_eq!(configuration(&cluster, N1).voters.len(), 4, "it has all, and the first step is taken");
    assert_eq!(cluster.armed(N1, Timer::CatchUp), None, "there is nothing left to wait for");
    cluster.propose(N1, 2);
    cluster.stuck.clear();
    cluster.settle();
    assert_eq!(configuration(&cluster, N1), voters(&[N1, N2, N3, N4, N5]), "the order is carried out whole");
}

#[test]
fn a_slow_round_is_followed_by_another() {
    let mut cluster = Cluster::of(&with_spares());
    cluster.elect(N1);
    cluster.part(&[N4], &[N1]);
    cluster.order(N1, add(Standing::Voter, &[N4]));
    cluster.settle();
    cluster.fire(N1, Timer::CatchUp);
    cluster.propose(N1, 1);
    cluster.heal();
    cluster.fire(N1, Timer::Heartbeat);
    cluster.exchange("Heartbeat", N1, N4);
    cluster.settle();
    assert_eq!(configuration(&cluster, N1), voters(&[N1, N2, N3, N4]), "the second round was quick");
}

#[test]
fn a_leader_that_is_removed_leads_until_the_change_is_committed_and_then_hands_over() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.elect(N1);
    cluster.stuck.extend([N2, N3]);
    cluster.order(N1, Order::RemoveNodes(set(&[N1])));
    cluster.settle();
    assert!(cluster.leads(N1), "nothing is committed yet");
    cluster.stuck.clear();
    cluster.settle();
    assert!(!cluster.leads(N1), "it stepped down");
    let successor = [N2, N3].into_iter().find(|node| cluster.leads(*node)).expect("a successor leads");
    assert_eq!(configuration(&cluster, successor), voters(&[N2, N3]));
    assert_eq!(cluster.epochs(successor).last(), Some(&2), "elected without a detection");
}

#[test]
fn a_removed_leader_does_not_count_itself() {
    let mut cluster = Cluster::of(&bare(3).with("single_server_changes", Value::Flag(true)));
    cluster.elect(N1);
    cluster.isolate(N3);
    cluster.order(N1, Order::RemoveNodes(set(&[N1])));
    cluster.settle();
    assert!(cluster.leads(N1), "n1 and n2 have it, but n2 is one of two");
    cluster.heal();
    cluster.beat(N1);
    assert!(!cluster.leads(N1), "with n3 it is committed");
}

#[test]
fn a_leader_that_removes_itself_and_another_one_by_one_goes_last() {
    let mut cluster = Cluster::of(&bare(5).with("single_server_changes", Value::Flag(true)));
    cluster.elect(N1);
    cluster.order(N1, Order::RemoveNodes(set(&[N1, N2])));
    cluster.settle();
    assert!(!cluster.leads(N1), "the leader is out");
    for node in [N3, N4, N5] {
        assert_eq!(configuration(&cluster, node), voters(&[N3, N4, N5]), "and so is n2, says {node}");
    }
}

#[test]
fn a_leader_that_has_left_keeps_nothing_of_its_reign() {
    let mut cluster = Cluster::of(&bare(5).with("witnesses", Value::Nodes(set(&[N5]))));
    cluster.elect(N1);
    cluster.order(N1, Order::RemoveNodes(set(&[N1])));
    cluster.settle();
    assert!(!cluster.leads(N1));
    let blank = Leading::blank(5);
    assert_eq!(cluster.state(N1).leading, blank, "the witness was not told anything after the end");
}

#[test]
fn a_removed_node_that_knows_it_does_not_stand() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.elect(N1);
    cluster.order(N1, Order::RemoveNodes(set(&[N3])));
    cluster.settle();
    cluster.beat(N1);
    assert!(!configuration(&cluster, N3).is_voter(N3), "the last entry reached it");
    let (term, commit) = (Epoch(cluster.term(N1)), LogIndex(cluster.commit(N1)));
    let message = Message::Heartbeat { term, commit, sent: LocalTime::ZERO };
    cluster.hand_over(Envelope { from: N1, to: N3, message });
    cluster.time_out(N3);
    assert_eq!(cluster.state(N3).role, Role::Follower);
}

#[test]
fn a_node_on_its_way_out_stands_while_nobody_else_knows_of_it() {
    let single = bare(2).with("single_server_changes", Value::Flag(true));
    let mut cluster = Cluster::of(&single);
    cluster.elect(N1);
    cluster.beat(N1);
    cluster.cut(N1, N2);
    cluster.order(N1, Order::RemoveNodes(set(&[N1])));
    cluster.settle();
    cluster.crash(N1, 9);
    cluster.restart(N1);
    cluster.heal();
    cluster.time_out(N2);
    cluster.settle();
    assert!(!cluster.leads(N2), "n1's log is the longer one, so n2 cannot win");
    cluster.time_out(N1);
    cluster.settle();
    assert!(cluster.leads(N2), "n1 wins without its own vote, brings n2 the change and hands over");
    assert_eq!(configuration(&cluster, N2), voters(&[N2]));
}

#[test]
fn a_removed_node_that_does_not_know_it_disturbs_nobody() {
    let mut cluster = Cluster::of(&Parameters::of(4));
    cluster.elect(N1);
    cluster.isolate(N4);
    cluster.order(N1, Order::RemoveNodes(set(&[N4])));
    cluster.settle();
    cluster.heal();
    let term = cluster.term(N1);
    for _ in 0..3 {
        cluster.time_out(N4);
        cluster.settle();
    }
    assert!(cluster.leads(N1), "n1 goes on");
    assert_eq!(cluster.term(N1), term, "in the same term");
}

#[test]
fn a_removed_leader_that_restarts_disturbs_nobody_unless_every_guard_is_off() {
    for (guarded, disturbed) in [(true, false), (false, true)] {
        let guards = Value::Flag(guarded);
        let parameters = Parameters::of(4).with("pre_vote", guards.clone()).with("stickiness", guards);
        let mut cluster = Cluster::of(&parameters);
        cluster.elect(N1);
        cluster.order(N1, Order::RemoveNodes(set(&[N1])));
        cluster.settle();
        let successor = [N2, N3, N4].into_iter().find(|node| cluster.leads(*node)).expect("a successor");
        let term = cluster.term(successor);
        cluster.crash(N1, 9);
        cluster.restart(N1);
        for _ in 0..3 {
            cluster.time_out(N1);
            cluster.settle();
        }
        assert_eq!(cluster.term(successor) > term, disturbed, "with guards: {guarded}");
    }
}

#[test]
fn orders_that_make_no_sense_are_ignored() {
    let mut cluster = learning();
    let before = configuration(&cluster, N1);
    for order in [
        Order::RemoveNodes(set(&[N1, N2, N3])),
        Order::RemoveNodes(NodeSet::EMPTY),
        Order::PromoteNodes(set(&[N2])),
        add(Standing::Voter, &[N2]),
        add(Standing::Learner, &[N2, N4]),
        add(Standing::Voter, &[NodeId(7)]),
    ] {
        cluster.order(N1, order);
        cluster.settle();
        assert_eq!(configuration(&cluster, N1), before, "{order:?}");
    }
    cluster.order(N2, Order::RemoveNodes(set(&[N3])));
    assert_eq!(configuration(&cluster, N2), before, "only the leader takes orders");
}

#[test]
fn the_configuration_survives_a_crash_and_a_snapshot() {
    let mut cluster = Cluster::of(&with_spares().with("snapshot_after", Value::Count(1)));
    cluster.elect(N1);
    cluster.order(N1, add(Standing::Voter, &[N4, N5]));
    cluster.settle();
    for command in 1..=4 {
        cluster.propose(N1, command);
        cluster.settle();
    }
    let all = voters(&[N1, N2, N3, N4, N5]);
    assert_eq!(cluster.state(N1).log().start().configuration, all, "the change is in the snapshot");
    cluster.crash(N1, 9);
    cluster.restart(N1);
    assert_eq!(configuration(&cluster, N1), all);
}
