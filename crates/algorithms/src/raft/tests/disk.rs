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
