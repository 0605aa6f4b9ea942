//! A leader whose own disk is stuck.

use super::*;

fn leader_with_stuck_disk() -> Cluster {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.stuck.insert(N1);
    cluster.propose(N1, 42);
    cluster.settle();
    cluster.count_sent();
    cluster
}

#[test]
fn the_leader_watches_its_own_writes() {
    let mut cluster =
        Cluster::of(&Parameters::of(3).with("disk_stall_timeout", Value::Span(Span::millis(77))));
    cluster.elect(N1);
    assert_eq!(cluster.armed(N1, Timer::DiskStall), None, "nothing is being written");
    cluster.propose(N1, 1);
    assert_eq!(cluster.armed(N1, Timer::DiskStall), Some(Jitter::exactly(Span::millis(77))), "a write is");
    cluster.sync(N1);
    assert_eq!(cluster.armed(N1, Timer::DiskStall), None, "it is done");
}

#[test]
fn each_answer_of_the_disk_is_progress() {
    let mut cluster = Cluster::of(&Parameters::of(3));
    cluster.elect(N1);
    cluster.propose(N1, 1);
    cluster.propose(N1, 2);
    cluster.world.timers[N1.index()][Timer::DiskStall.index()] = None;
    cluster.sync(N1);
    assert!(cluster.armed(N1, Timer::DiskStall).is_some(), "the wait for the second write begins anew");
}

#[test]
fn a_leader_with_a_slow_disk_is_still_heard() {
    let mut cluster = leader_with_stuck_disk();
    cluster.beat(N1);
    assert_eq!(cluster.count_sent(), [("Heartbeat", 2), ("HeartbeatResponse", 2)]);
}

#[test]
fn a_leader_with_a_stuck_disk_falls_silent() {
    let mut cluster = leader_with_stuck_disk();
    cluster.fire(N1, Timer::DiskStall);
    cluster.beat(N1);
    cluster.propose(N1, 43);
    cluster.settle();
    assert_eq!(cluster.count_sent(), [], "neither heartbeats nor entries leave");
}

#[test]
fn the_others_replace_a_silent_leader() {
    let mut cluster = leader_with_stuck_disk();
    cluster.fire(N1, Timer::DiskStall);
    cluster.fire(N2, Timer::Guard);
    cluster.fire(N3, Timer::Guard);
    cluster.elect(N2);
    assert!(!cluster.leads(N1), "the old leader hears the new one");
}

#[test]
fn a_leader_whose_disk_answers_at_last_is_heard_again() {
    let mut cluster = leader_with_stuck_disk();
    cluster.fire(N1, Timer::DiskStall);
    cluster.propose(N1, 43);
    cluster.stuck.clear();
    cluster.settle();
    assert_eq!(cluster.count_sent(), [], "an answer of the disk is no reason to send");
    cluster.beat(N1);
    assert_eq!(cluster.epochs(N2), [1, 1, 1], "the next heartbeat repairs what was held back");
    assert_eq!(cluster.commit(N1), 3);
}

#[test]
fn a_silent_leader_repairs_nobody() {
    let mut cluster = leader_with_stuck_disk();
    cluster.fire(N1, Timer::Heartbeat);
    cluster.propose(N1, 43);
    cluster.lose_all();
    let message = Message::HeartbeatResponse { term: Epoch(1), sent: LocalTime::ZERO };
    cluster.fire(N1, Timer::DiskStall);
    cluster.count_sent();
    cluster.hand_over(Envelope { from: N2, to: N1, message });
    assert_eq!(cluster.count_sent(), []);
}

#[test]
fn a_deposed_leader_watches_its_disk_no_more() {
    let mut cluster = leader_with_stuck_disk();
    let message = Message::TimeoutNow { term: Epoch(3) };
    cluster.hand_over(Envelope { from: N2, to: N1, message });
    assert_eq!(cluster.armed(N1, Timer::DiskStall), None);
    assert!(!cluster.state(N1).leading.stalled);
}

fn with_policy(word: &str) -> Parameters {
    Parameters::of(3).with("on_stuck_disk", Value::Word(word.to_owned()))
}

#[test]
fn a_leader_that_ignores_its_disk_is_heard_for_ever() {
    let mut cluster = Cluster::of(&with_policy("ignore"));
    cluster.elect(N1);
    cluster.stuck.insert(N1);
    cluster.propose(N1, 42);
    cluster.settle();
    cluster.count_sent();
    cluster.fire(N1, Timer::DiskStall);
    cluster.beat(N1);
    assert_eq!(cluster.count_sent(), [("Heartbeat", 2), ("HeartbeatResponse", 2)]);
}

#[test]
fn delayed_heartbeats_leave_when_what_was_written_before_them_is_durable() {
    let mut cluster = Cluster::of(&with_policy("delay-heartbeats"));
    cluster.elect(N1);
    cluster.stuck.insert(N1);
    cluster.propose(N1, 42);
    cluster.settle();
    cluster.count_sent();
    cluster.fire(N1, Timer::Heartbeat);
    cluster.propose(N1, 43);
    assert_eq!(cluster.count_sent(), [], "neither heartbeats nor entries leave");
    cluster.sync(N1);
    let sent = cluster.count_sent();
    assert!(
        sent.contains(&("Heartbeat", 2)),
        "the write before them is durable, a later one is not: {sent:?}"
    );
    assert!(sent.contains(&("AppendEntries", 2)), "the durable entry leaves, the other waits: {sent:?}");
}

#[test]
fn heartbeats_that_wait_do_not_pile_up() {
    let mut cluster = Cluster::of(&with_policy("delay-heartbeats"));
    cluster.elect(N1);
    cluster.stuck.insert(N1);
    cluster.propose(N1, 42);
    cluster.settle();
    for _ in 0..5 {
        cluster.fire(N1, Timer::Heartbeat);
    }
    cluster.count_sent();
    cluster.sync(N1);
    assert!(cluster.count_sent().contains(&("Heartbeat", 2)), "one round, however many were due");
}

#[test]
fn a_heartbeat_waits_for_nothing_where_nothing_is_being_written() {
    let mut cluster = Cluster::of(&with_policy("delay-heartbeats"));
    cluster.elect(N1);
    cluster.stuck.insert(N1);
    cluster.count_sent();
    cluster.beat(N1);
    assert_eq!(cluster.count_sent(), [("Heartbeat", 2), ("HeartbeatResponse", 2)]);
}

#[test]
fn a_conduct_that_does_not_exist_is_refused_by_name() {
    let error = Raft::from_parameters(&with_policy("panic")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parameter `on_stuck_disk`: expected fall-silent or delay-heartbeats or ignore, found panic"
    );
}
