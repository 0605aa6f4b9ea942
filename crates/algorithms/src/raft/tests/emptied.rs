//! Nodes that come back with an empty disk: they know neither the log nor who is in the cluster.

use super::*;
use crate::raft::Disk;
use interregnum_kernel::NodeSet;

/// The node's machine is replaced, and started.
fn replace(cluster: &mut Cluster, node: NodeId) {
    cluster.crash(node, 0);
    cluster.hosts[node.index()].replace_disk(Disk::default());
    cluster.restart(node);
}

/// What the node is while it neither leads nor stands.
fn rest(cluster: &Cluster, node: NodeId) -> Role {
    cluster.raft.role(cluster.state(node))
}

/// n1 leads three nodes and has committed a command.
fn led_by_n1() -> Cluster {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    cluster.propose(N1, 7);
    cluster.settle();
    cluster
}

#[test]
fn an_emptied_node_stands_for_nothing_before_it_knows_the_cluster() {
    let mut cluster = led_by_n1();
    replace(&mut cluster, N3);
    assert_eq!(rest(&cluster, N3), Role::Learner);
    assert_eq!(cluster.armed(N3, Timer::Election), None, "no election timeout runs");
}

#[test]
fn an_emptied_follower_is_brought_up_by_the_leader_that_knew_its_log() {
    let mut cluster = led_by_n1();
    replace(&mut cluster, N3);
    cluster.propose(N1, 8);
    cluster.settle();
    assert_eq!(cluster.epochs(N3), cluster.epochs(N1));
}

#[test]
fn an_emptied_node_learns_with_the_log_that_it_votes() {
    let mut cluster = led_by_n1();
    replace(&mut cluster, N3);
    cluster.propose(N1, 8);
    cluster.settle();
    assert_eq!(rest(&cluster, N3), Role::Follower);
    let known = cluster.state(N3).log().configuration().voters;
    assert_eq!(known, NodeSet::first(3), "it knows the voters");
    cluster.crash(N3, 0);
    cluster.restart(N3);
    assert_eq!(rest(&cluster, N3), Role::Follower, "its disk knows them as well");
}

#[test]
fn a_node_emptied_before_the_first_election_learns_with_the_first_entry_that_it_votes() {
    let mut cluster = Cluster::of(&plain(3));
    replace(&mut cluster, N3);
    cluster.elect(N1);
    assert_eq!(rest(&cluster, N3), Role::Follower);
}

#[test]
fn nodes_emptied_one_after_another_keep_a_cluster() {
    let mut cluster = Cluster::of(&bare(3));
    cluster.elect(N1);
    for node in [N2, N3] {
        replace(&mut cluster, node);
        cluster.propose(N1, 8);
        cluster.settle();
    }
    cluster.crash(N1, 0);
    cluster.elect(N3);
    assert!(cluster.leads(N3), "n2 and n3 are two of three voters");
}

#[test]
fn a_cluster_without_a_disk_that_knows_it_elects_nobody() {
    let mut cluster = led_by_n1();
    for node in [N1, N2, N3] {
        replace(&mut cluster, node);
    }
    for node in [N1, N2, N3] {
        assert_eq!(cluster.armed(node, Timer::Election), None, "{node} waits");
    }
}
