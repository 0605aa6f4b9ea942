//! Grants, decisions, the lease, and what a crash leaves of each.

mod planted;

use super::{Circulating, Message, QuorumRing, Timer};
use crate::Algorithm;
use crate::ring::story::{N1, N2, N3, N4, N5, Story};
use interregnum_kernel::{Epoch, Jitter, NodeId, NodeSet, Order, Parameters, Role, Span, Value};

type Ring = Story<QuorumRing>;

fn ring_of(parameters: &Parameters) -> Ring {
    let protocol = QuorumRing::from_parameters(parameters).expect("the story's parameters fit");
    Story::of(protocol, usize::from(parameters.nodes))
}

fn ring(nodes: u8) -> Ring {
    ring_of(&Parameters::of(nodes))
}

fn elect(ring: &mut Ring, initiator: NodeId) {
    ring.fire(initiator, Timer::Failure);
    ring.settle(Timer::Ack);
}

/// Five nodes of which n5 leads in epoch 1, everything else at rest.
fn reign() -> Ring {
    let mut ring = ring(5);
    elect(&mut ring, N1);
    assert_eq!(ring.leaders(), [(N5, 1)], "the highest identifier wins a calm election");
    ring.count_sent();
    ring
}

/// The guards of these nodes end, and with them their loyalty to the leader.
fn forget_leader(ring: &mut Ring, nodes: &[NodeId]) {
    for node in nodes {
        ring.fire(*node, Timer::Guard);
    }
}

fn beat(ring: &mut Ring, leader: NodeId) {
    ring.fire(leader, Timer::Heartbeat);
    ring.settle(Timer::Ack);
}

fn set(nodes: &[NodeId]) -> NodeSet {
    nodes.iter().copied().collect()
}

fn token(epoch: u64, initiator: NodeId, grants: &[NodeId]) -> Message {
    Message::Election { epoch: Epoch(epoch), initiator, grants: set(grants), willing: set(grants) }
}

// Tokens and grants.

#[test]
fn a_calm_election_costs_one_circulation_and_the_way_to_the_leader() {
    let mut ring = ring(5);
    elect(&mut ring, N1);
    let expected = [("Election", 5), ("Coordinator", 4), ("Lease", 5), ("Ack", 9), ("LeaseAck", 5)];
    assert_eq!(ring.count_sent(), expected, "n1 to n5 is four hops");
}

#[test]
fn the_token_leaves_once_its_epoch_is_durable() {
    let mut ring = ring(3);
    ring.fire(N1, Timer::Failure);
    assert_eq!(ring.count_sent(), [], "the own grant is still being written");
    assert_eq!(ring.votes(N1, 1), [], "and nobody hears of it");
    ring.sync(N1);
    assert_eq!(ring.count_sent(), [("Election", 1)]);
    assert_eq!(ring.votes(N1, 1), [N1]);
}

#[test]
fn an_epoch_that_was_asked_for_is_not_asked_for_again_after_a_crash() {
    let mut ring = ring(3);
    ring.fire(N1, Timer::Failure);
    ring.crash(N1, 1);
    ring.restart(N1);
    ring.fire(N1, Timer::Failure);
    ring.sync(N1);
    match ring.take("Election", N1, N2) {
        Message::Election { epoch, .. } => assert_eq!(epoch, Epoch(2)),
        other => panic!("{other:?} is no token"),
    }
}

#[test]
fn a_hop_signs_and_acknowledges_once_its_grant_is_durable() {
    let mut ring = ring(3);
    ring.fire(N1, Timer::Failure);
    ring.sync(N1);
    ring.count_sent();
    ring.pass("Election", N1, N2);
    assert_eq!(ring.count_sent(), [], "neither leaves before the grant is durable");
    ring.sync(N2);
    assert_eq!(ring.count_sent(), [("Election", 1), ("Ack", 1)]);
    match ring.take("Election", N2, N3) {
        Message::Election { grants, .. } => assert_eq!(grants, set(&[N1, N2])),
        other => panic!("{other:?} is no token"),
    }
    assert_eq!(ring.votes(N2, 1), [N1]);
}

#[test]
fn an_epoch_is_granted_once_whatever_a_crash_forgets() {
    let mut ring = ring(5);
    ring.hand_over(N1, N2, token(1, N1, &[N1]));
    ring.sync(N2);
    ring.crash(N2, 0);
    ring.restart(N2);
    ring.count_sent();
    ring.hand_over(N4, N2, token(1, N4, &[N4]));
    assert_eq!(ring.count_sent(), [("Ack", 1), ("Nack", 1)], "the token of another ends here");
    assert_eq!(ring.state(N2).granted(), Some(N1));
    ring.hand_over(N1, N2, token(1, N1, &[N1]));
    assert_eq!(ring.count_sent(), [("Election", 1), ("Ack", 1)], "that of the same is signed again");
}

#[test]
fn a_copy_of_a_token_ends_where_the_first_has_been() {
    let mut ring = ring(5);
    ring.hand_over(N1, N3, token(1, N1, &[N1]));
    ring.sync(N3);
    ring.count_sent();
    ring.hand_over(N2, N3, token(1, N1, &[N1, N2]));
    assert_eq!(ring.count_sent(), [("Ack", 1)]);
}

#[test]
fn a_token_that_comes_again_goes_straight_to_its_initiator() {
    let mut ring = ring(5);
    ring.hand_over(N5, N2, token(1, N1, &[N1, N2, N3]));
    assert!(ring.is_in_flight("Election", N2, N1), "n1 was bypassed, and n2 may reach it");
    assert_eq!(ring.count_sent(), [("Election", 1), ("Ack", 1)]);
}

#[test]
fn a_node_whose_disk_stands_is_bypassed() {
    let mut ring = ring(3);
    ring.stick(N3);
    elect(&mut ring, N1);
    assert_eq!(ring.leaders(), [(N2, 1)], "n3 would be higher");
}

#[test]
fn a_token_of_a_lower_epoch_is_answered_with_the_higher() {
    let mut ring = reign();
    ring.crash(N5, 0);
    forget_leader(&mut ring, &[N1, N2, N3, N4]);
    ring.hand_over(N1, N2, token(7, N1, &[N1]));
    ring.lose_all();
    ring.fire(N4, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [], "n2 refuses");
    assert_eq!(ring.state(N4).record.epoch, Epoch(7), "and says why");
    elect(&mut ring, N4);
    assert_eq!(ring.leaders(), [(N4, 8)]);
}

#[test]
fn who_hears_a_leader_grants_nobody_another_epoch() {
    let mut ring = reign();
    ring.hand_over(N3, N4, token(2, N3, &[N3]));
    assert_eq!(ring.count_sent(), [("Ack", 1), ("Nack", 1)]);
    forget_leader(&mut ring, &[N4]);
    ring.hand_over(N3, N4, token(2, N3, &[N3]));
    assert_eq!(ring.state(N4).granted(), Some(N3), "two heartbeat intervals later it does");
}

#[test]
fn of_two_rivals_the_higher_asks_for_the_next_epoch_at_once() {
    let mut ring = ring(3);
    ring.fire(N1, Timer::Failure);
    ring.fire(N3, Timer::Failure);
    ring.sync(N1);
    ring.sync(N3);
    ring.pass("Election", N3, N1);
    ring.pass("Nack", N1, N3);
    assert_eq!((ring.state(N3).role, ring.state(N3).record.epoch), (Role::Candidate, Epoch(2)));
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N3, 2)]);
    assert_eq!(ring.winners(1), [], "epoch 1 was nobody's");
}

#[test]
fn a_token_that_meets_its_rival_with_a_majority_is_sent_home() {
    let mut ring = ring(3);
    ring.fire(N1, Timer::Failure);
    ring.sync(N1);
    ring.pass("Election", N1, N2);
    ring.sync(N2);
    ring.fire(N3, Timer::Failure);
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), [(N2, 1)], "n1 and n2 are two of three");
}

#[test]
fn an_initiator_asks_again_only_after_all_who_granted_its_token_had_their_turn() {
    let mut ring = ring(3);
    ring.cut(N1, N3);
    ring.cut(N2, N3);
    elect(&mut ring, N3);
    assert_eq!(ring.state(N3).role, Role::Candidate, "nothing reaches n3, and its token does not come home");
    let again = ring.armed(N3, Timer::Round).expect("it will ask again");
    for node in [N1, N2] {
        assert_eq!(ring.state(node).granted(), Some(N3), "{node} has granted what can have no outcome");
        let turn = ring.armed(node, Timer::Failure).expect("it waits for a leader");
        assert!(turn.max <= again.min, "{node} stands within {turn:?}, n3 after {again:?}");
    }
    elect(&mut ring, N1);
    assert_eq!(ring.leaders(), [(N2, 2)], "n1 and n2 are two of three");
}

#[test]
fn an_initiator_waits_for_a_circulation_at_least() {
    let parameters = Parameters::of(33);
    let again = |parameters: &Parameters| {
        let mut ring = ring_of(parameters);
        ring.fire(N1, Timer::Failure);
        ring.armed(N1, Timer::Round)
    };
    let expected = Jitter::between(Span::millis(33 * 25), Span::millis(2 * 33 * 25));
    assert_eq!(again(&parameters), Some(expected), "825 ms are more than the longest failure timeout");
    let expected = Jitter::between(Span::millis(300), Span::millis(600));
    assert_eq!(again(&Parameters::of(5)), Some(expected), "125 ms are less");
}

// The decision.

#[test]
fn without_a_majority_of_the_configured_members_nothing_is_decided() {
    let mut ring = ring(5);
    ring.part(&[N1, N2]);
    elect(&mut ring, N1);
    assert_eq!(ring.leaders(), []);
    assert_eq!(ring.state(N1).role, Role::Candidate, "it waits, and will ask again");
    assert!(ring.armed(N1, Timer::Round).is_some());
}

#[test]
fn a_second_copy_of_the_token_is_not_decided_on() {
    let mut ring = ring(5);
    ring.fire(N1, Timer::Failure);
    ring.sync(N1);
    ring.hand_over(N4, N1, token(1, N1, &[N1, N2, N3]));
    ring.hand_over(N5, N1, token(1, N1, &[N1, N2, N3, N4]));
    assert_eq!(ring.state(N1).record.decided, Some(N3), "the first has been");
}

#[test]
fn the_decision_is_durable_before_it_is_told() {
    let mut ring = ring(5);
    ring.fire(N1, Timer::Failure);
    ring.sync(N1);
    ring.hand_over(N4, N1, token(1, N1, &[N1, N2, N3]));
    assert!(!ring.is_in_flight("Coordinator", N1, N2), "not yet");
    ring.sync(N1);
    assert!(ring.is_in_flight("Coordinator", N1, N2));
}

#[test]
fn a_token_that_is_older_than_its_initiators_boot_is_dropped() {
    let mut ring = ring(5);
    ring.fire(N1, Timer::Failure);
    ring.sync(N1);
    ring.crash(N1, 0);
    ring.restart(N1);
    ring.hand_over(N5, N1, token(1, N1, &[N1, N2, N3]));
    assert_eq!(ring.state(N1).record.decided, None);
}

// Leading.

#[test]
fn a_leader_leads_once_that_is_durable() {
    let mut ring = ring(3);
    ring.fire(N3, Timer::Failure);
    ring.sync(N3);
    ring.hand_over(N2, N3, token(1, N3, &[N2, N3]));
    assert_eq!(ring.leaders(), []);
    ring.sync(N3);
    assert_eq!(ring.leaders(), [(N3, 1)], "it decided for itself: one write for both");
}

#[test]
fn a_node_leads_only_an_epoch_that_it_has_granted() {
    let mut ring = ring(3);
    let message = Message::Coordinator { epoch: Epoch(1), initiator: N1, leader: N2, hops: 1 };
    ring.hand_over(N1, N2, message);
    assert_eq!(ring.count_sent(), [("Ack", 1)], "n2 knows of no epoch 1");
    ring.hand_over(N1, N2, token(1, N1, &[N1]));
    ring.sync(N2);
    ring.hand_over(N1, N2, message);
    ring.sync(N2);
    assert_eq!(ring.leaders(), [(N2, 1)]);
}

#[test]
fn a_restarted_leader_does_not_lead_its_epoch_again() {
    let mut ring = reign();
    ring.crash(N5, 0);
    ring.restart(N5);
    ring.hand_over(N4, N5, Message::Coordinator { epoch: Epoch(1), initiator: N1, leader: N5, hops: 4 });
    ring.settle(Timer::Ack);
    assert_eq!(ring.leaders(), []);
}

#[test]
fn an_idle_leader_costs_a_circulation_and_an_fsync() {
    let mut ring = reign();
    ring.fire(N5, Timer::Heartbeat);
    assert_eq!(ring.count_sent(), [], "the lease waits for the disk");
    ring.settle(Timer::Ack);
    assert_eq!(ring.count_sent(), [("Lease", 5), ("LeaseAck", 5)]);
}

#[test]
fn a_leader_whose_disk_stands_falls_silent_and_steps_down() {
    let mut ring = reign();
    ring.stick(N5);
    beat(&mut ring, N5);
    beat(&mut ring, N5);
    assert_eq!(ring.count_sent(), []);
    ring.fire(N5, Timer::Quorum);
    assert_eq!(ring.leaders(), []);
}

#[test]
fn a_lease_that_comes_home_with_a_majority_buys_the_shortest_failure_timeout() {
    let mut ring = reign();
    ring.part(&[N1, N2]);
    assert_eq!(ring.armed(N5, Timer::Quorum), Some(Jitter::exactly(Span::millis(150))));
    beat(&mut ring, N5);
    assert_eq!(ring.state(N5).completed, 2, "n3, n4 and n5 are a majority");
}

#[test]
fn a_lease_without_a_majority_buys_nothing() {
    let mut ring = reign();
    ring.part(&[N4, N5]);
    beat(&mut ring, N5);
    assert_eq!(ring.state(N5).completed, 1, "that is the one before the split");
    ring.fire(N5, Timer::Quorum);
    assert_eq!(ring.leaders(), []);
    assert_eq!(ring.state(N4).leader(), Some(N5), "n4 will notice by itself");
}

#[test]
fn a_lease_whose_last_hop_is_cut_comes_home_another_way() {
    let mut ring = reign();
    ring.cut(N4, N5);
    beat(&mut ring, N5);
    assert_eq!(ring.state(N5).completed, 2, "n4 bypasses n5, and n1 hands it the lease");
}

#[test]
fn a_lost_lease_bypasses_the_successor_once_though_a_lease_is_always_under_way() {
    let mut ring = reign();
    let circulate = |ring: &mut Ring| {
        ring.fire(N5, Timer::Heartbeat);
        ring.sync(N5);
    };
    circulate(&mut ring);
    ring.take("Lease", N5, N1);
    ring.fire(N5, Timer::Ack);
    assert!(ring.is_in_flight("Lease", N5, N2), "the first is lost, and n1 bypassed");
    for beat in 3..10 {
        circulate(&mut ring);
        ring.pass("Lease", N5, N1);
        assert_eq!(ring.state(N1).beat, beat, "n1 hears every later one");
        // What was sent before is acknowledged only now.
        let before = if beat == 3 { N2 } else { N1 };
        if beat == 3 {
            ring.pass("Lease", N5, N2);
        }
        ring.pass("LeaseAck", before, N5);
        assert!(ring.armed(N5, Timer::Ack).is_some(), "lease {beat} is under way");
    }
    ring.fire(N5, Timer::Ack);
    assert!(!ring.is_in_flight("Lease", N5, N2), "n1 lives, and is not bypassed again");
}

#[test]
fn a_higher_epoch_on_the_way_deposes_the_leader() {
    let mut ring = reign();
    forget_leader(&mut ring, &[N2]);
    ring.part(&[N2]);
    elect(&mut ring, N2);
    ring.heal();
    beat(&mut ring, N5);
    assert_eq!(ring.leaders(), [], "n2 refuses the lease: there is no pre-vote");
    assert_eq!(ring.state(N5).record.epoch, Epoch(2));
}

#[test]
fn who_resigns_grants_and_does_not_lead() {
    let mut ring = reign();
    ring.order(N5, Order::Resign);
    forget_leader(&mut ring, &[N1, N2, N3, N4]);
    elect(&mut ring, N1);
    assert_eq!(ring.leaders(), [(N4, 2)]);
    assert_eq!(ring.votes(N5, 2), [N1]);
}

#[test]
fn a_single_node_leads_once_its_grant_is_durable() {
    let mut ring = ring(1);
    ring.fire(N1, Timer::Failure);
    assert_eq!(ring.leaders(), []);
    ring.sync(N1);
    ring.sync(N1);
    assert_eq!(ring.leaders(), [(N1, 1)]);
    beat(&mut ring, N1);
    assert_eq!(ring.state(N1).completed, 2, "a ring of one is its own majority");
    assert_eq!(ring.count_sent(), []);
}

#[test]
fn an_acknowledgement_is_for_one_circulation_of_the_lease() {
    let lease = |beat| Message::Lease { epoch: Epoch(1), leader: N5, beat, stamps: set(&[N5]) };
    let receipt = Message::Ack { of: Circulating::Lease, epoch: Epoch(1), node: N5, beat: 2 };
    assert_eq!(lease(2).receipt(), Some(receipt));
    assert_ne!(lease(3).receipt(), Some(receipt));
}

#[test]
fn spares_stay_out_of_it() {
    let parameters = Parameters { members: NodeSet::first(3), ..Parameters::of(4) };
    let mut ring = ring_of(&parameters);
    ring.hand_over(N1, N4, token(9, N1, &[N1]));
    assert_eq!(ring.state(N4).record.epoch, Epoch::ZERO, "a spare grants nothing");
    elect(&mut ring, N1);
    assert_eq!(ring.leaders(), [(N3, 1)]);
}

#[test]
fn what_probably_is_not_intended_is_remarked_on() {
    let warnings = QuorumRing::warnings(&Parameters::of(4));
    assert_eq!(warnings.len(), 1, "four voters bear no more than three: {warnings:?}");
    assert_eq!(QuorumRing::warnings(&Parameters::of(5)), []);
    let slow = QuorumRing::warnings(&Parameters::of(31));
    assert_eq!(slow.len(), 1, "{slow:?}");
    assert_eq!(
        slow[0].to_string(),
        "parameter `failure_timeout`: a lease may take 155ms round 31 nodes, and a leader steps down without one for the \
         shortest failure timeout, 150ms"
    );
    let ids = Parameters::of(3).with("ids", Value::Counts(vec![5, 5, 1]));
    assert!(QuorumRing::from_parameters(&ids).is_err(), "identifiers are unique");
}

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ring/scripts/quorum");
    interregnum_script::run_folder(folder, QuorumRing::ENTRY.parameters, crate::construct::<QuorumRing>);
}
