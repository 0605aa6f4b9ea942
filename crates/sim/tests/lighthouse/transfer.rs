//! The order to hand over.

use crate::story::{Told, cluster, crash, ms, n, node, nodes, restart, transfer};
use interregnum_kernel::{Epoch, GlobalTime, NodeId, What};
use interregnum_world::Selector;
use interregnum_world::record::InputRecord;

/// Who was ordered what, and when.
fn orders(run: &Told) -> Vec<(GlobalTime, Option<NodeId>, &str)> {
    let order = |entry: &'_ interregnum_world::record::Entry| match &entry.input {
        InputRecord::Administer { .. } => Some((entry.at_ns, entry.node)),
        _ => None,
    };
    let words = run.entries.iter().filter_map(|entry| match &entry.input {
        InputRecord::Administer { order } => Some(order.as_str()),
        _ => None,
    });
    run.entries.iter().filter_map(order).zip(words).map(|((at, node), words)| (at, node, words)).collect()
}

#[test]
fn a_transfer_orders_the_leader_to_hand_over_to_the_heir() {
    let run = cluster(3).at(25, transfer(&[node(3)])).told();
    assert_eq!(orders(&run), [(ms(25), Some(n(1)), "TransferLeadership(n3)")], "the leader is told");
    let elected = |what: &What| matches!(what, What::Elected(to) if to.epoch == Epoch(2));
    assert_eq!(run.observed(elected), [(ms(26), n(3))], "the heir reigns a message later");
}

#[test]
fn the_heir_is_the_first_that_does_not_lead() {
    let run = cluster(3).at(25, transfer(&[Selector::All])).told();
    assert_eq!(orders(&run)[0].2, "TransferLeadership(n2)", "node 1 leads, and so node 2 is meant");
}

#[test]
fn who_leads_is_asked_when_the_order_is_given() {
    let run = cluster(3).at(25, transfer(&[node(3)])).at(50, transfer(&[node(1), node(2)])).told();
    assert_eq!(orders(&run)[1], (ms(50), Some(n(3)), "TransferLeadership(n1)"), "the second leader is told");
}

#[test]
fn an_order_without_a_leader_or_without_another_heir_is_missed() {
    let run = cluster(3).at(25, transfer(&[Selector::Leader])).told();
    assert_eq!(run.outcome.missed_faults, 1, "the leader cannot inherit from itself");
    assert_eq!(orders(&run), [], "and is not told to");
    let run =
        cluster(3).at(20, crash(&[node(1)])).at(25, transfer(&[node(2)])).at(30, restart(&[node(1)])).told();
    assert_eq!(run.outcome.missed_faults, 1, "nobody led at 25 ms");
    assert_eq!(run.up, nodes(&[1, 2, 3]), "though somebody did before and after");
}
