use super::*;
use crate::lease::service::{Operation, Update};
use interregnum_kernel::{Incarnation, NodeId, Process};

fn s(node: u8) -> SessionId {
    SessionId::of(Process { node: NodeId(node), incarnation: Incarnation::ZERO }, 0)
}

/// A store, and the operations that were applied to it at positions 1, 2, 3 and so on.
fn after(seat: Seat, at_close: AtClose, operations: &[Operation]) -> (Store, Vec<(Outcome, Changes)>) {
    let mut store = Store::new(seat, at_close);
    let applied =
        (1..).map(LogIndex).zip(operations).map(|(index, operation)| store.apply(index, *operation));
    let applied = applied.collect();
    (store, applied)
}

#[test]
fn the_key_created_first_leads_until_its_session_ends() {
    let operations = [
        Operation::Open(s(1)),
        Operation::Open(s(2)),
        Operation::Join(s(2)),
        Operation::Join(s(1)),
        Operation::Close(s(2), Ending::Expired),
    ];
    let (store, applied) = after(Seat::FirstInQueue, AtClose::Release, &operations);
    assert_eq!(applied[2].1.granted, Some((3, s(2))), "the first leads at once");
    assert_eq!(applied[3], (Outcome::Done(4), Changes::default()), "the second waits");
    assert_eq!(applied[4].1.left, Some(s(2)), "a session takes its key along");
    assert_eq!(store.leader(), Some((4, s(1))), "and the next leads under its own number");
}

#[test]
fn a_contender_waits_for_the_one_ahead_of_it() {
    let operations = [
        Operation::Open(s(1)),
        Operation::Open(s(2)),
        Operation::Open(s(3)),
        Operation::Join(s(3)),
        Operation::Join(s(1)),
        Operation::Join(s(2)),
        Operation::Leave(s(1), 5),
    ];
    let (store, _) = after(Seat::FirstInQueue, AtClose::Release, &operations);
    assert_eq!(
        store.ahead_of(LogIndex(6)),
        Some(s(3)),
        "of the second, whose key came at the sixth revision"
    );
    assert_eq!(store.ahead_of(LogIndex(4)), None, "of the third");
}

#[test]
fn nobody_waits_for_one_that_came_later_though_its_own_key_is_gone() {
    let operations =
        [Operation::Open(s(1)), Operation::Open(s(2)), Operation::Join(s(1)), Operation::Join(s(2))];
    let gone = [&operations[..], &[Operation::Close(s(1), Ending::Expired)]].concat();
    let (store, _) = after(Seat::FirstInQueue, AtClose::Release, &gone);
    assert_eq!(
        store.ahead_of(LogIndex(3)),
        None,
        "the key of the second was created after that of the first"
    );
}

#[test]
fn a_key_is_deleted_by_its_own_number_only() {
    let operations = [
        Operation::Open(s(1)),
        Operation::Join(s(1)),
        Operation::Leave(s(1), 2),
        Operation::Join(s(1)),
        Operation::Leave(s(1), 2),
    ];
    let (store, applied) = after(Seat::FirstInQueue, AtClose::Release, &operations);
    assert_eq!(applied[2].1.left, Some(s(1)), "the key of the second revision");
    assert_eq!(applied[4].0, Outcome::Refused, "the request comes again, and that key is gone");
    assert_eq!(store.leader(), Some((4, s(1))), "another took its place");
}

#[test]
fn the_locks_number_rises_with_every_holder() {
    let operations = [
        Operation::Open(s(1)),
        Operation::Open(s(2)),
        Operation::Acquire(s(1)),
        Operation::Acquire(s(2)),
        Operation::Release(s(1), 1),
        Operation::Acquire(s(2)),
        Operation::Close(s(2), Ending::Asked),
        Operation::Acquire(s(1)),
    ];
    let (store, applied) = after(Seat::Lock, AtClose::Release, &operations);
    assert_eq!(applied[3].0, Outcome::Refused);
    assert!(applied[6].1.bereft, "the lock is let go with the session");
    assert_eq!(
        applied[7],
        (Outcome::Done(3), Changes { lock: true, granted: Some((3, s(1))), ..Changes::default() })
    );
    assert_eq!(store.lock().number, 3);
}

#[test]
fn a_deleted_lock_forgets_its_number() {
    let operations = [
        Operation::Open(s(1)),
        Operation::Open(s(2)),
        Operation::Acquire(s(1)),
        Operation::Close(s(1), Ending::Expired),
        Operation::Acquire(s(2)),
    ];
    let (store, _) = after(Seat::Lock, AtClose::Delete, &operations);
    assert_eq!(store.leader(), Some((1, s(2))), "what a fencing token must never do");
}

#[test]
fn nothing_is_done_for_a_session_that_is_over() {
    let operations = [Operation::Open(s(1)), Operation::Close(s(1), Ending::Expired), Operation::Join(s(1))];
    let (store, applied) = after(Seat::FirstInQueue, AtClose::Release, &operations);
    assert_eq!(applied[2].0, Outcome::NoSession);
    assert_eq!(store.leader(), None);
}

#[test]
fn the_controllers_number_is_compared_and_raised_in_one() {
    let operations = [
        Operation::Open(s(1)),
        Operation::Open(s(2)),
        Operation::Elect(s(1), 0),
        Operation::Close(s(1), Ending::Expired),
        Operation::Elect(s(2), 0),
        Operation::Elect(s(2), 1),
        Operation::Elect(s(2), 1),
    ];
    let (_, applied) = after(Seat::Lock, AtClose::Release, &operations);
    let outcomes: Vec<_> = applied.iter().skip(2).map(|(outcome, _)| *outcome).collect();
    let expected = [Outcome::Done(1), Outcome::Done(0), Outcome::Refused, Outcome::Done(2), Outcome::Done(2)];
    assert_eq!(outcomes, expected);
}

#[test]
fn a_record_is_written_only_by_who_has_read_it() {
    let update =
        |node, expected, holds| Operation::Update(Update { writer: s(node), expected, holds, stamp: 7 });
    let operations = [
        update(1, 0, true),
        update(2, 0, true),
        update(1, 1, true),
        update(2, 3, true),
        update(2, 4, false),
        update(2, 5, true),
    ];
    let (store, applied) = after(Seat::Lock, AtClose::Release, &operations);
    let outcomes: Vec<_> = applied.iter().map(|(outcome, _)| *outcome).collect();
    let expected = [
        Outcome::Done(1),
        Outcome::Refused,
        Outcome::Done(1),
        Outcome::Done(2),
        Outcome::Done(2),
        Outcome::Done(3),
    ];
    assert_eq!(outcomes, expected, "a transition is counted for every new holder, and after a release");
    assert_eq!(store.lock().stamp, 7);
}

#[test]
fn a_proclamation_counts_for_the_key_that_it_names_and_no_other() {
    let operations = [
        Operation::Open(s(1)),
        Operation::Join(s(1)),
        Operation::Proclaim(s(1), 2),
        Operation::Leave(s(1), 2),
        Operation::Proclaim(s(1), 2),
        Operation::Join(s(1)),
        Operation::Proclaim(s(1), 2),
        Operation::Close(s(1), Ending::Expired),
        Operation::Proclaim(s(1), 6),
    ];
    let (store, applied) = after(Seat::FirstInQueue, AtClose::Release, &operations);
    assert_eq!(applied[2].1.proclaimed, Some(s(1)), "the key is there");
    assert_eq!(applied[4], (Outcome::Refused, Changes::default()), "it was deleted");
    assert_eq!(applied[6], (Outcome::Refused, Changes::default()), "it was created anew, at 6");
    assert_eq!(applied[8].0, Outcome::NoSession, "its session is over");
    assert_eq!(store.leader(), None, "and no proclamation has made a key");
}

/// An operation, how it comes to succeed, and what its owner asks next before it can come to ask the same again.
struct Asked {
    seat: Seat,
    before: Vec<Operation>,
    operation: Operation,
    after: Vec<Operation>,
    /// The answer to the operation when it is repeated at once.
    again: Outcome,
}

/// Every kind of operation, as the recipes ask for it. Nothing is said of a session that is opened when it is over already: that
/// begins one which nobody keeps, as every repeated request does with ZooKeeper and Consul. Nor of a proclamation, which writes
/// the same once more.
fn all() -> Vec<Asked> {
    use Operation::{Acquire, Close, Elect, Join, Leave, Open, Release};
    let (queue, lock) = (Seat::FirstInQueue, Seat::Lock);
    let close = Close(s(1), Ending::Asked);
    let update = |expected, holds| Operation::Update(Update { writer: s(1), expected, holds, stamp: 7 });
    let asked = |seat, before: &[Operation], operation, after: &[Operation], again| Asked {
        seat,
        before: before.to_vec(),
        operation,
        after: after.to_vec(),
        again,
    };
    vec![
        asked(queue, &[], Open(s(1)), &[Join(s(1))], Outcome::Done(0)),
        asked(queue, &[Open(s(1))], Join(s(1)), &[Leave(s(1), 2), Join(s(1))], Outcome::Done(2)),
        asked(queue, &[Open(s(1)), Join(s(1))], Leave(s(1), 2), &[Join(s(1))], Outcome::Refused),
        asked(lock, &[Open(s(1)), Acquire(s(1))], close, &[], Outcome::NoSession),
        // Whoever lets go of a lock that is taken without a number ends the session as well.
        asked(lock, &[Open(s(1))], Acquire(s(1)), &[Release(s(1), 1), close], Outcome::Done(1)),
        asked(lock, &[Open(s(1)), Acquire(s(1))], Release(s(1), 1), &[Acquire(s(1))], Outcome::Refused),
        asked(lock, &[Open(s(1))], Elect(s(1), 0), &[Release(s(1), 1)], Outcome::Done(1)),
        asked(lock, &[Open(s(1))], Elect(s(1), 0), &[Release(s(1), 1), Elect(s(1), 1)], Outcome::Done(1)),
        asked(lock, &[], update(0, true), &[update(1, false)], Outcome::Refused),
        asked(lock, &[update(0, true)], update(1, false), &[update(2, true)], Outcome::Refused),
    ]
}

/// What an operation does that arrives again after all that.
fn arriving_again(asked: &Asked, more: &[Operation]) -> (Outcome, Changes) {
    let mut operations = asked.before.clone();
    operations.push(asked.operation);
    let first = operations.len() - 1;
    operations.extend(more);
    operations.push(asked.operation);
    let (_, applied) = after(asked.seat, AtClose::Release, &operations);
    let succeeds = matches!(applied[first].0, Outcome::Done(_));
    assert!(succeeds, "{:?} succeeds the first time: {:?}", asked.operation, applied[first]);
    applied[applied.len() - 1]
}

#[test]
fn every_operation_bears_to_be_repeated() {
    for asked in all() {
        let again = arriving_again(&asked, &[]);
        assert_eq!(again, (asked.again, Changes::default()), "{:?}", asked.operation);
    }
}

#[test]
fn every_operation_bears_to_arrive_again_when_its_owner_is_further() {
    for asked in all() {
        let (_, changes) = arriving_again(&asked, &asked.after);
        assert_eq!(changes, Changes::default(), "{:?} after {:?}", asked.operation, asked.after);
    }
}
