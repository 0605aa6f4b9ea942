//! Who stands when: priority, back-off, tenure, and giving leadership up.

use super::*;
use interregnum_kernel::{NodeSet, Standing};

fn ranked(priorities: &[u64]) -> Parameters {
    plain(3).with("priority", Value::Counts(priorities.to_vec()))
}

fn between(min: u64, max: u64) -> Option<Jitter> {
    Some(Jitter::between(Span::millis(min), Span::millis(max)))
}

#[test]
fn each_rank_waits_longer_by_the_width_of_the_range() {
    let cluster = Cluster::of(&ranked(&[5, 9, 5]));
    assert_eq!(cluster.armed(N2, Timer::Election), between(150, 300), "the highest rank waits as ever");
    assert_eq!(cluster.armed(N1, Timer::Election), between(300, 450), "the next waits until that is over");
    assert_eq!(cluster.armed(N3, Timer::Election), between(300, 450), "equal priorities are one rank");
}

#[test]
fn the_rest_behind_the_guard_is_longer_too() {
    let mut cluster = Cluster::of(&ranked(&[9, 5, 1]));
    cluster.elect(N1);
    cluster.fire(N3, Timer::Guard);
    assert_eq!(
        cluster.armed(N3, Timer::Election),
        between(300, 450),
        "with the guard's 150 it is 450 to 600"
    );
}

#[test]
fn a_node_of_higher_priority_takes_over_once_it_has_everything() {
    let mut cluster = Cluster::of(&ranked(&[1, 9, 1]));
    cluster.elect(N1);
    cluster.beat(N1);
    assert!(cluster.leads(N2), "n1 handed over");
    assert!(!cluster.leads(N1));
    cluster.beat(N2);
    assert!(cluster.leads(N2), "and gets nothing back");
}

#[test]
fn a_node_of_higher_priority_takes_over_under_a_steady_load() {
    let mut cluster = Cluster::of(&ranked(&[1, 9, 1]));
    cluster.elect(N1);
    cluster.propose(N1, 1);
    cluster.fire(N1, Timer::Heartbeat);
    cluster.exchange("Heartbeat", N1, N2);
    cluster.propose(N1, 2);
    cluster.settle();
    assert!(
        cluster.leads(N2),
        "there was an entry on its way at every heartbeat, and it was handed over even so"
    );
    assert_eq!(cluster.epochs(N2), [1, 1, 2], "n1 took no command meanwhile");
}

#[test]
fn a_node_of_higher_priority_that_lacks_more_than_one_batch_is_not_asked() {
    let mut cluster = Cluster::of(&ranked(&[1, 9, 1]).with("append_limit", Value::Count(2)));
    cluster.elect(N1);
    cluster.cut(N1, N2);
    for command in 1..=3 {
        cluster.propose(N1, command);
    }
    cluster.settle();
    cluster.heal();
    cluster.fire(N1, Timer::Heartbeat);
    cluster.exchange("Heartbeat", N1, N2);
    assert_eq!(cluster.state(N1).leading.transferee, None, "commands are taken while it catches up");
    cluster.settle();
    cluster.beat(N1);
    assert!(cluster.leads(N2), "then it takes over");
}

#[test]
fn a_node_of_higher_priority_that_does_not_win_is_asked_again_after_a_pause() {
    let mut cluster = Cluster::of(&ranked(&[1, 9, 1]));
    cluster.elect(N1);
    let mut asked_after = |timer: Timer| {
        cluster.fire(N1, timer);
        cluster.fire(N1, Timer::Heartbeat);
        cluster.exchange("Heartbeat", N1, N2);
        cluster.lose_all();
        let sent = cluster.count_sent();
        (sent.iter().any(|(kind, _)| *kind == "TimeoutNow"), cluster.armed(N1, Timer::Transfer))
    };
    let (tried, pause) = (between(150, 150), between(1500, 1500));
    assert_eq!(asked_after(Timer::Heartbeat), (true, tried), "it is told to stand, which is lost");
    assert_eq!(asked_after(Timer::Transfer), (false, pause), "nothing came of it");
    assert_eq!(asked_after(Timer::Transfer), (true, tried), "the pause is over");
}

#[test]
fn a_learner_of_higher_priority_takes_over_once_it_is_promoted() {
    let members: NodeSet = [N1, N3].into_iter().collect();
    let mut cluster = Cluster::of(&Parameters { members, ..ranked(&[1, 9, 1]) });
    cluster.elect(N1);
    let nodes = NodeSet::only(N2);
    cluster.order(N1, Order::AddNodes { nodes, standing: Standing::Learner });
    cluster.settle();
    cluster.beat(N1);
    assert!(cluster.leads(N1), "a learner cannot lead");
    cluster.order(N1, Order::PromoteNodes(nodes));
    cluster.settle();
    cluster.beat(N1);
    assert!(cluster.leads(N2), "and its time comes");
}

#[test]
fn without_back_off_the_range_stays() {
    let mut cluster = Cluster::of(&plain(3));
    for _ in 0..3 {
        cluster.time_out(N1);
        cluster.lose_all();
        assert_eq!(cluster.armed(N1, Timer::Election), between(150, 300));
    }
}

#[test]
fn the_range_doubles_with_every_undecided_candidacy_up_to_eight_times() {
    let mut cluster = Cluster::of(&plain(3).with("backoff", Value::Flag(true)));
    for longest in [300, 450, 750, 1350, 1350] {
        cluster.time_out(N1);
        cluster.sync(N1);
        cluster.lose_all();
        assert_eq!(cluster.armed(N1, Timer::Election), between(150, longest));
    }
    cluster.raise(N2, 9);
    cluster.elect(N2);
    cluster.crash(N2, 0);
    cluster.fire(N1, Timer::Guard);
    assert_eq!(cluster.armed(N1, Timer::Election), between(0, 150), "a leader that was heard ends it");
}

#[test]
fn a_leader_that_resigns_stays_out_of_the_next_round() {
    let mut cluster = Cluster::of(&plain(3));
    cluster.elect(N1);
    cluster.count_sent();
    cluster.order(N1, Order::Resign);
    assert!(!cluster.leads(N1), "it stepped down");
    assert_eq!(cluster.count_sent(), [], "and told nobody");
    assert_eq!(cluster.armed(N1, Timer::Election), between(450, 600), "the others are first");
    cluster.elect(N2);
    cluster.order(N3, Order::Resign);
    assert!(cluster.leads(N2), "who does not lead has nothing to give up");
}

#[test]
fn within_the_minimum_tenure_a_leader_does_not_give_leadership_away() {
    let tenure = Value::Span(Span::secs(2));
    let mut cluster = Cluster::of(&ranked(&[1, 9, 1]).with("minimum_tenure", tenure));
    cluster.elect(N1);
    cluster.order(N1, Order::Resign);
    cluster.order_transfer(N1, N3);
    cluster.settle();
    cluster.beat(N1);
    assert!(cluster.leads(N1), "neither by order nor to a higher priority");
    cluster.fire(N1, Timer::Tenure);
    cluster.beat(N1);
    assert!(cluster.leads(N2), "and afterwards it does");
}

#[test]
fn the_minimum_tenure_does_not_hold_a_leader_against_a_higher_term() {
    let tenure = Value::Span(Span::secs(2));
    let mut cluster = Cluster::of(&plain(3).with("minimum_tenure", tenure));
    cluster.elect(N1);
    cluster.raise(N1, 9);
    assert!(!cluster.leads(N1));
    assert_eq!(cluster.armed(N1, Timer::Tenure), None, "the tenure ended with the term");
}

#[test]
fn a_preferred_node_without_a_tenure_is_remarked_on() {
    let remarks = Raft::warnings(&ranked(&[1, 9, 1]));
    assert!(remarks.iter().any(|remark| remark.parameter == "priority"), "{remarks:?}");
    let held = ranked(&[1, 9, 1]).with("minimum_tenure", Value::Span(Span::secs(2)));
    assert_eq!(Raft::warnings(&held), []);
}
