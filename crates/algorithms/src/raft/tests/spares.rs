//! Nodes outside the cluster: they run, and wait to be added.

use super::*;
use interregnum_kernel::NodeSet;

/// Three members and two spares.
fn three_of_five() -> Parameters {
    Parameters { members: NodeSet::first(3), ..Parameters::of(5) }
}

#[test]
fn a_spare_waits_for_nothing() {
    let cluster = Cluster::of(&three_of_five());
    assert_eq!(cluster.armed(N4, Timer::Election), None, "no election timeout runs at n4");
    assert!(cluster.armed(N3, Timer::Election).is_some(), "one runs at every member");
}

#[test]
fn nobody_talks_to_a_spare() {
    let mut cluster = Cluster::of(&three_of_five());
    cluster.elect(N1);
    cluster.propose(N1, 7);
    cluster.settle();
    cluster.beat(N1);
    assert!(cluster.world.sent.iter().all(|envelope| envelope.to.0 < 3), "all messages go to members");
    assert_eq!(cluster.epochs(N4), [0; 0], "n4 has no log");
}

#[test]
fn two_of_three_members_decide_whatever_the_number_of_nodes() {
    let mut cluster = Cluster::of(&three_of_five());
    cluster.isolate(N3);
    cluster.elect(N1);
    assert_eq!(cluster.commit(N1), 1, "n1 and n2 commit");
    cluster.fire(N1, Timer::CheckQuorum);
    assert!(cluster.leads(N1), "n1 and n2 are a quorum");
}

#[test]
fn a_spare_does_not_stand_when_it_is_told_to() {
    let mut cluster = Cluster::of(&three_of_five());
    cluster.elect(N1);
    let message = Message::TimeoutNow { term: Epoch(cluster.term(N1)) };
    cluster.hand_over(Envelope { from: N1, to: N4, message });
    assert_eq!(cluster.role(N4), Role::Follower);
}
