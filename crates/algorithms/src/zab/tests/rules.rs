//! Single rules of the election, by their place in the source.

use crate::zab::{Ballot, Mode, Vote, Zab, Zxid};
use crate::{Algorithm, Bug};
use interregnum_kernel::{Epoch, NodeId, Parameters, Value};

fn zab() -> Zab {
    Zab::from_parameters(&Parameters::of(3)).expect("defaults fit")
}

fn vote(peer_epoch: u64, zxid: (u64, u64), leader: u8) -> Vote {
    let zxid = Zxid::new(Epoch(zxid.0), zxid.1);
    Vote { round: 1, peer_epoch: Epoch(peer_epoch), zxid, leader: NodeId(leader) }
}

#[test]
fn votes_are_ordered_by_epoch_then_log_then_identifier() {
    let ascending =
        [vote(1, (1, 9), 2), vote(2, (1, 1), 0), vote(2, (1, 2), 0), vote(2, (2, 1), 0), vote(2, (2, 1), 1)];
    for (low, worse) in ascending.iter().enumerate() {
        for (high, better) in ascending.iter().enumerate() {
            assert_eq!(zab().is_better(*better, *worse), high > low, "{better:?} against {worse:?}");
        }
    }
}

#[test]
fn the_identifier_is_the_parameters_and_not_the_nodes_number() {
    let parameters = Parameters::of(3).with("ids", Value::Counts(vec![30, 20, 10]));
    let zab = Zab::from_parameters(&parameters).expect("identifiers may be in any order");
    assert!(zab.is_better(vote(1, (1, 1), 0), vote(1, (1, 1), 2)), "n1 has the highest identifier");
}

#[test]
fn votes_of_those_who_look_agree_wholly_and_results_by_leader_and_epoch() {
    let looking = |vote| Ballot { vote, mode: Mode::Looking };
    let settled = |vote| Ballot { vote, mode: Mode::Following };
    let (one, later) = (vote(1, (1, 1), 2), Vote { round: 7, ..vote(1, (1, 3), 2) });
    assert!(!looking(one).agrees_with(looking(later)), "another round is another vote");
    assert!(!looking(one).agrees_with(settled(later)), "one of them looks");
    assert!(settled(one).agrees_with(settled(later)), "both name the same leader of the same epoch");
    assert!(!settled(one).agrees_with(settled(vote(2, (1, 1), 2))), "another epoch is another reign");
}

#[test]
fn every_planted_bug_is_known_by_its_name() {
    for Bug { id, .. } in Zab::ENTRY.bugs {
        let zab = Zab::from_parameters(&Parameters::of(3).with_bug(id)).expect("bugs are planted");
        assert!(zab.bug.is_some(), "{id}");
    }
}
