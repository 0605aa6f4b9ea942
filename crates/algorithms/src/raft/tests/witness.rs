//! Witnesses: they vote, and store no entries.

use super::*;
use interregnum_kernel::{NodeSet, Standing};

/// Two nodes with data, and n3 as their witness.
fn with_witness() -> Parameters {
    bare(3).with("witnesses", Value::Nodes(NodeSet::only(N3)))
}

fn position(cluster: &Cluster, node: NodeId) -> (u64, u64) {
    let log = cluster.state(node).log();
    (log.last_epoch().0, log.last_index().0)
}

/// n1 leads; n2 is cut off from it and missed the latest command.
fn committed_by_n1_and_the_witness() -> Cluster {
    let mut cluster = Cluster::of(&with_witness());
    cluster.elect(N1);
    cluster.cut(N1, N2);
    cluster.propose(N1, 7);
    cluster.settle();
    assert_eq!(cluster.commit(N1), 2, "n1 and the witness are two of three");
    cluster
}

#[test]
fn a_witness_stores_a_position_and_no_entries() {
    let mut cluster = Cluster::of(&with_witness());
    cluster.elect(N1);
    cluster.propose(N1, 7);
    cluster.settle();
    assert_eq!(position(&cluster, N3), (1, 2));
    assert_eq!(cluster.epochs(N3), [0; 0], "nothing else");
    assert_eq!(cluster.raft.role(cluster.state(N3)), Role::Witness);
    cluster.crash(N3, 0);
    cluster.restart(N3);
    assert_eq!(position(&cluster, N3), (1, 2), "the position is durable");
}

#[test]
fn a_witness_never_stands() {
    let mut cluster = Cluster::of(&with_witness());
    assert_eq!(cluster.armed(N3, Timer::Election), None, "it waits for nothing at boot");
    cluster.elect(N1);
    cluster.time_out(N3);
    assert_eq!(cluster.state(N3).role, Role::Follower, "nor when its leader is gone");
    cluster.order_transfer(N1, N3);
    cluster.settle();
    assert!(cluster.leads(N1), "nor when it is told to");
}

#[test]
fn a_witness_elects_and_commits() {
    let mut cluster = Cluster::of(&with_witness());
    cluster.isolate(N2);
    cluster.elect(N1);
    assert_eq!(cluster.commit(N1), 1, "n1 and the witness are two of three");
}

#[test]
fn a_witness_does_not_vote_for_who_lacks_what_it_acknowledged() {
    let mut cluster = committed_by_n1_and_the_witness();
    cluster.crash(N1, 0);
    cluster.heal();
    for _ in 0..3 {
        cluster.time_out(N2);
        cluster.settle();
    }
    assert!(!cluster.leads(N2), "n2 lacks a committed entry: the cluster waits for n1");
    cluster.restart(N1);
    cluster.settle();
    cluster.time_out(N1);
    cluster.settle();
    cluster.time_out(N1);
    cluster.settle();
    assert!(cluster.leads(N1), "n1 has it");
    assert_eq!(cluster.epochs(N2)[..2], [1, 1], "and brings it to n2");
}

#[test]
fn a_witness_hears_of_an_entry_once_the_leaders_own_disk_has_it() {
    let mut cluster = Cluster::of(&with_witness());
    cluster.elect(N1);
    cluster.stuck.insert(N1);
    cluster.isolate(N2);
    cluster.propose(N1, 7);
    cluster.settle();
    assert_eq!(position(&cluster, N3), (1, 1), "n1 may still lose the entry");
    cluster.crash(N1, 0);
    cluster.restart(N1);
    cluster.stuck.clear();
    cluster.elect(N1);
    assert!(cluster.leads(N1), "and then it can be elected without it");
}

#[test]
fn a_position_is_acknowledged_once_it_is_durable() {
    let mut cluster = Cluster::of(&with_witness());
    cluster.isolate(N2);
    cluster.elect(N1);
    cluster.stuck.insert(N3);
    cluster.propose(N1, 7);
    cluster.settle();
    assert_eq!(cluster.commit(N1), 1, "the witness has not written it");
    cluster.stuck.clear();
    cluster.settle();
    assert_eq!(cluster.commit(N1), 2);
}

#[test]
fn a_position_is_never_taken_back() {
    let mut cluster = committed_by_n1_and_the_witness();
    let term = Epoch(cluster.term(N3));
    let message = Message::AppendPosition { term, epoch: Epoch(1), index: LogIndex(1) };
    cluster.hand_over(Envelope { from: N1, to: N3, message });
    assert_eq!(position(&cluster, N3), (1, 2), "an old message changes nothing");
}

#[test]
fn a_position_that_was_lost_is_told_again() {
    let mut cluster = Cluster::of(&with_witness());
    cluster.isolate(N2);
    cluster.elect(N1);
    cluster.propose(N1, 7);
    cluster.sync(N1);
    cluster.lose_all();
    cluster.beat(N1);
    assert_eq!(position(&cluster, N3), (1, 2));
    assert_eq!(cluster.commit(N1), 2);
}

#[test]
fn an_initial_log_leaves_a_witness_its_end() {
    let parameters = with_witness().with("initial_logs", logs(&[&[1, 2], &[1, 2], &[1, 2]]));
    let cluster = Cluster::of(&parameters);
    assert_eq!(position(&cluster, N3), (2, 2));
    assert_eq!(cluster.epochs(N3), [0; 0]);
}

#[test]
fn a_spare_witness_is_added_at_once_and_only_as_what_it_is() {
    let parameters = Parameters { members: NodeSet::first(3), ..bare(4) };
    let parameters = parameters.with("witnesses", Value::Nodes(NodeSet::only(N4)));
    let mut cluster = Cluster::of(&parameters);
    cluster.elect(N1);
    let nodes = NodeSet::only(N4);
    for standing in [Standing::Voter, Standing::Learner] {
        cluster.order(N1, Order::AddNodes { nodes, standing });
        cluster.settle();
        assert_eq!(
            cluster.state(N1).log().configuration().everyone().len(),
            3,
            "not as a {}",
            standing.word()
        );
    }
    cluster.order(N1, Order::AddNodes { nodes, standing: Standing::Witness });
    cluster.settle();
    assert_eq!(cluster.state(N1).log().configuration().voters.len(), 4);
    assert!(position(&cluster, N4).1 > 0, "it has a position");
}

#[test]
fn a_witness_majority_is_refused() {
    let both = Value::Nodes([N2, N3].into_iter().collect());
    let error = Raft::from_parameters(&bare(3).with("witnesses", both)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parameter `witnesses`: a witness majority: 2 of 3 voters could commit what no node stores"
    );
    let mut cluster = Cluster::of(&bare(5).with("witnesses", Value::Nodes([N4, N5].into_iter().collect())));
    cluster.elect(N1);
    cluster.order(N1, Order::RemoveNodes([N2, N3].into_iter().collect()));
    cluster.settle();
    assert_eq!(cluster.state(N1).log().configuration().voters.len(), 5, "nor does an order lead to one");
}

#[test]
fn a_witness_is_not_told_of_what_only_a_leader_on_its_way_out_has() {
    let mut cluster = Cluster::of(&with_witness());
    cluster.elect(N1);
    cluster.cut(N1, N2);
    cluster.order(N1, Order::RemoveNodes(NodeSet::only(N1)));
    cluster.propose(N1, 7);
    cluster.settle();
    assert_eq!(position(&cluster, N3), (1, 1), "n2, which is to lead, has no more than that");
    cluster.crash(N1, 0);
    cluster.heal();
    cluster.time_out(N2);
    cluster.settle();
    assert!(cluster.leads(N2), "and can be elected, should n1 never come back");
}
