use super::*;
use interregnum_kernel::{Command, FencingToken, LogEntry, LogIndex, Write};
use interregnum_world::{Lever, PlannedFault, Selector};

fn leads(epoch: u64) -> Leadership {
    Leadership { office: Office::CONTESTED, epoch: Epoch(epoch), token: Some(FencingToken(epoch)) }
}

fn commit(epoch: u64) -> What {
    let entry = LogEntry { epoch: Epoch(epoch), command: None };
    What::Committed { index: LogIndex(epoch), entry }
}

/// Measures a history of (millisecond, node, what) that ends at the given millisecond.
fn measure(plan: &Plan, history: &[(u64, u8, What)], end: u64) -> Measurement {
    measure_with(Meter::new(3, plan), history, end)
}

/// The same where clients have to find every leader.
fn measure_discovering(history: &[(u64, u8, What)], end: u64) -> Measurement {
    measure_with(Meter::new(3, &Plan::default()).discovering(true), history, end)
}

fn measure_with(mut meter: Meter, history: &[(u64, u8, What)], end: u64) -> Measurement {
    let last = [(end, 0, What::Ended)];
    for (ms, node, what) in history.iter().chain(&last) {
        meter.observe(&Observation {
            at: GlobalTime::ZERO + Span::millis(*ms),
            node: NodeId(*node),
            incarnation: Incarnation::ZERO,
            office: Office::CONTESTED,
            what: *what,
        });
    }
    meter.measurement().clone()
}

fn first_reign() -> Vec<(u64, u8, What)> {
    vec![(10, 0, What::Elected(leads(1))), (10, 0, What::GainedQuorum(leads(1))), (12, 0, commit(1))]
}

#[test]
fn what_happens_inside_a_coordination_service_is_not_measured() {
    let mut meter = Meter::new(3, &Plan::default());
    let mut hear = |ms: u64, node: u8, office, what| {
        let at = GlobalTime::ZERO + Span::millis(ms);
        meter.observe(&Observation { at, node: NodeId(node), incarnation: Incarnation::ZERO, office, what });
    };
    for (ms, node, what) in first_reign() {
        hear(ms, node, Office::CONTESTED, what);
    }
    let inside = Leadership { office: Office::SERVICE, ..leads(7) };
    hear(100, 0, Office::CONTESTED, What::LostQuorum(leads(1), LossCause::Fault));
    hear(110, 2, Office::SERVICE, What::RoleChanged(Role::Candidate));
    hear(110, 2, Office::SERVICE, What::EpochEntered(Epoch(7)));
    hear(120, 2, Office::SERVICE, What::Elected(inside));
    hear(120, 2, Office::SERVICE, commit(7));
    hear(130, 2, Office::SERVICE, What::Deposed(inside));
    hear(130, 2, Office::SERVICE, What::Crashed);
    hear(140, 2, Office::SERVICE, What::Stopped);
    hear(200, 1, Office::CONTESTED, What::RoleChanged(Role::Candidate));
    hear(300, 1, Office::CONTESTED, What::Elected(leads(2)));
    let write = interregnum_kernel::Write {
        writer: NodeId(1),
        incarnation: Incarnation::ZERO,
        leadership: leads(2),
        number: 1,
    };
    hear(400, 1, Office::CONTESTED, What::WriteAccepted(write));
    hear(1000, 0, Office::CONTESTED, What::Ended);
    let measured = meter.measurement();
    let failover = Failover {
        since: GlobalTime(100_000_000),
        took: Some(Span::millis(300)),
        detection: Some(Span::millis(100)),
        election: Some(Span::millis(100)),
        discovery: Some(Span::ZERO),
    };
    assert_eq!(measured.failovers, [failover], "from the contenders' fault to the accepted write");
    assert_eq!((measured.elections, measured.leader_crashes, measured.leader_stops), (2, 0, 0));
}

#[test]
fn a_failover_runs_from_the_fault_to_the_successors_first_commit() {
    let mut history = first_reign();
    history.extend([
        (100, 0, What::LostQuorum(leads(1), LossCause::Fault)),
        (250, 1, What::RoleChanged(Role::PreCandidate)),
        (260, 1, What::RoleChanged(Role::Candidate)),
        (260, 1, What::EpochEntered(Epoch(2))),
        (280, 1, What::Elected(leads(2))),
        (280, 1, What::GainedQuorum(leads(2))),
        (290, 1, commit(2)),
        (400, 0, What::Deposed(leads(1))),
    ]);
    let measured = measure(&Plan::default(), &history, 1000);
    let failover = Failover {
        since: GlobalTime(100_000_000),
        took: Some(Span::millis(190)),
        detection: Some(Span::millis(150)),
        election: Some(Span::millis(30)),
        discovery: Some(Span::ZERO),
    };
    assert_eq!(measured.failovers, [failover]);
    assert_eq!(failover.first_write(), Some(Span::millis(10)), "what is left of it");
    let unavailable =
        Unavailable { leaderless: Span::ZERO, zombie_led: Span::millis(180), contested: Span::millis(120) };
    assert_eq!(measured.unavailable, unavailable);
    assert_eq!((measured.leader_changes, measured.spurious_failovers), (1, 0));
}

#[test]
fn a_leader_that_comes_back_needed_no_failover() {
    let mut history = first_reign();
    history.extend([
        (100, 0, What::LostQuorum(leads(1), LossCause::Fault)),
        (150, 0, What::GainedQuorum(leads(1))),
        (160, 0, commit(1)),
    ]);
    let measured = measure(&Plan::default(), &history, 1000);
    assert!(measured.failovers.is_empty(), "nobody had to take over: {measured:?}");
    assert_eq!(measured.unavailable.zombie_led, Span::millis(50), "but the time was lost");
}

#[test]
fn a_leader_that_comes_back_too_late_is_still_replaced_because_of_the_fault() {
    let mut history = first_reign();
    history.extend([
        (100, 0, What::LostQuorum(leads(1), LossCause::Fault)),
        (250, 1, What::RoleChanged(Role::Candidate)),
        (255, 0, What::GainedQuorum(leads(1))),
        (260, 0, What::LostQuorum(leads(1), LossCause::Superseded)),
        (260, 0, What::Deposed(leads(1))),
        (270, 1, What::Elected(leads(2))),
        (280, 1, commit(2)),
    ]);
    let measured = measure(&Plan::default(), &history, 1000);
    assert_eq!(measured.spurious_failovers, 0, "the candidates were out before it came back");
    assert_eq!(measured.failovers[0].took, Some(Span::millis(180)));
}

#[test]
fn a_stopped_leader_serves_nobody_and_goes_on_as_a_zombie() {
    let mut history = first_reign();
    history.extend([
        (100, 0, What::Stopped),
        (100, 0, What::LostQuorum(leads(1), LossCause::Fault)),
        (300, 1, What::Elected(leads(2))),
        (300, 1, What::GainedQuorum(leads(2))),
        (310, 1, commit(2)),
        (500, 0, What::Resumed),
        (550, 0, What::Deposed(leads(1))),
    ]);
    let measured = measure(&Plan::default(), &history, 1000);
    let contested = Span::millis(50);
    let unavailable = Unavailable { leaderless: Span::millis(200), zombie_led: Span::ZERO, contested };
    assert_eq!(measured.unavailable, unavailable);
    assert_eq!(measured.failovers[0].took, Some(Span::millis(210)), "the stop is the fault");
    assert_eq!((measured.leader_stops, measured.zombie_resumes), (1, 1), "it went on beside its successor");
}

#[test]
fn a_leader_that_goes_on_alone_without_a_quorum_is_a_zombie() {
    let mut history = first_reign();
    history.extend([
        (100, 0, What::Stopped),
        (100, 0, What::LostQuorum(leads(1), LossCause::Fault)),
        (150, 0, What::Resumed),
        (250, 0, What::GainedQuorum(leads(1))),
        (260, 0, commit(1)),
    ]);
    let measured = measure(&Plan::default(), &history, 1000);
    let (leaderless, zombie_led) = (Span::millis(50), Span::millis(100));
    assert_eq!(measured.unavailable, Unavailable { leaderless, zombie_led, contested: Span::ZERO });
    assert_eq!((measured.zombie_resumes, measured.leader_returns), (0, 1), "nobody else led meanwhile");
    assert!(measured.failovers.is_empty(), "so no failover was needed");
}

#[test]
fn a_stop_dies_with_the_process() {
    let mut history = first_reign();
    history.extend([
        (100, 0, What::Stopped),
        (100, 0, What::LostQuorum(leads(1), LossCause::Fault)),
        (200, 0, What::Deposed(leads(1))),
        (200, 0, What::Crashed),
        (300, 0, What::Restarted(Epoch(1))),
        (400, 0, What::Elected(leads(2))),
        (400, 0, What::GainedQuorum(leads(2))),
        (410, 0, commit(2)),
    ]);
    let measured = measure(&Plan::default(), &history, 1000);
    assert_eq!(measured.unavailable.leaderless, Span::millis(300), "from the stop to the next leader");
    assert_eq!((measured.leader_stops, measured.leader_crashes), (1, 1), "it led when it died");
}

#[test]
fn a_stop_or_a_crash_of_a_follower_is_none_of_a_leader() {
    let mut history = first_reign();
    history.extend([
        (100, 1, What::Stopped),
        (150, 1, What::Resumed),
        (200, 1, What::Crashed),
        (300, 0, What::Deposed(leads(1))),
        (400, 0, What::Crashed),
    ]);
    let measured = measure(&Plan::default(), &history, 500);
    let counts = (measured.leader_stops, measured.zombie_resumes, measured.leader_crashes);
    assert_eq!(counts, (0, 0, 0), "n1 had ceased to lead when it died");
}

#[test]
fn an_order_explains_no_change_after_another_fault() {
    let order = PlannedFault::at(Span::millis(50), Lever::Transfer { to: vec![Selector::Followers] });
    let cut = PlannedFault::at(Span::millis(60), Lever::Restart { target: vec![Selector::All] });
    let plan = Plan { faults: vec![order, cut] };
    let mut history = first_reign();
    history.extend([
        (50, 0, What::FaultInjected(0)),
        (60, 0, What::FaultInjected(1)),
        (120, 1, What::Elected(leads(2))),
    ]);
    assert_eq!(measure(&plan, &history, 200).spurious_failovers, 1);
}

#[test]
fn a_run_without_any_leader_is_leaderless_from_end_to_end() {
    let measured = measure(&Plan::default(), &[], 700);
    assert_eq!(measured.unavailable.leaderless, Span::millis(700));
}

#[test]
fn a_failover_that_never_ends_is_kept_as_such() {
    let mut history = first_reign();
    history
        .extend([(100, 0, What::LostQuorum(leads(1), LossCause::Fault)), (100, 0, What::Deposed(leads(1)))]);
    let measured = measure(&Plan::default(), &history, 1000);
    assert_eq!(measured.failovers.len(), 1);
    assert_eq!(measured.failovers[0].took, None);
    assert_eq!(measured.unavailable.leaderless, Span::millis(900));
}

#[test]
fn a_change_without_a_fault_is_spurious_unless_it_was_ordered() {
    let mut history = first_reign();
    history.extend([
        (100, 0, What::LostQuorum(leads(1), LossCause::Superseded)),
        (100, 0, What::Deposed(leads(1))),
        (120, 1, What::Elected(leads(2))),
    ]);
    assert_eq!(measure(&Plan::default(), &history, 200).spurious_failovers, 1);
    let order = PlannedFault::at(Span::millis(50), Lever::Transfer { to: vec![Selector::Followers] });
    let plan = Plan { faults: vec![order] };
    history.insert(3, (50, 0, What::FaultInjected(0)));
    assert_eq!(measure(&plan, &history, 200).spurious_failovers, 0, "an order called for it");
}

#[test]
fn a_split_vote_is_an_epoch_with_two_candidates_and_no_winner() {
    let candidate = What::RoleChanged(Role::Candidate);
    let enters = |epoch| What::EpochEntered(Epoch(epoch));
    let history = [
        (10, 0, candidate),
        (10, 0, enters(1)),
        (11, 1, candidate),
        (11, 1, enters(1)),
        (30, 1, enters(2)),
        (32, 0, What::RoleChanged(Role::Follower)),
        (32, 0, enters(2)),
        (50, 0, candidate),
        (50, 0, enters(3)),
        (55, 0, What::Elected(leads(3))),
    ];
    let measured = measure(&Plan::default(), &history, 100);
    assert_eq!(measured.split_votes, 1, "epoch 1 was split, epoch 2 had one candidate");
    assert_eq!(measured.rivalries, 1, "only in epoch 1 there were two");
    assert_eq!(measured.first_leader, Some((GlobalTime(55_000_000), Epoch(3))));
}

/// A command of a client's, committed under a leader of this epoch.
fn commit_command(epoch: u64) -> What {
    let entry = LogEntry { epoch: Epoch(epoch), command: Some(Command(1)) };
    What::Committed { index: LogIndex(epoch), entry }
}

fn accepted(writer: u8, epoch: u64) -> What {
    let (writer, incarnation) = (NodeId(writer), Incarnation::ZERO);
    What::WriteAccepted(Write { writer, incarnation, leadership: leads(epoch), number: 0 })
}

/// The leader of the first epoch is lost at 100 ms, n2 detects it at 250 ms and leads from 280 ms on.
fn second_reign() -> Vec<(u64, u8, What)> {
    let mut history = first_reign();
    history.extend([
        (15, 0, What::Discovered(leads(1))),
        (100, 0, What::LostQuorum(leads(1), LossCause::Fault)),
        (100, 0, What::Deposed(leads(1))),
        (250, 1, What::RoleChanged(Role::Candidate)),
        (280, 1, What::Elected(leads(2))),
        (280, 1, What::GainedQuorum(leads(2))),
    ]);
    history
}

/// Detection, election, discovery, first write, and the whole, in milliseconds.
fn parts(failover: &Failover) -> [Option<u64>; 5] {
    let Failover { took, detection, election, discovery, .. } = *failover;
    [detection, election, discovery, failover.first_write(), took]
        .map(|part| part.map(|span| span.nanos() / 1_000_000))
}

#[test]
fn the_parts_of_a_failover_follow_each_other_without_a_gap() {
    for end in [accepted(1, 2), commit_command(2)] {
        let mut history = second_reign();
        history.extend([(700, 1, What::Discovered(leads(2))), (720, 1, end)]);
        let measured = measure_discovering(&history, 1000);
        assert_eq!(measured.failovers.len(), 1, "one loss, one failover");
        let parts = parts(&measured.failovers[0]);
        assert_eq!(parts, [150, 30, 420, 20, 620].map(Some), "150 + 30 + 420 + 20 = 620, by {end:?}");
    }
}

#[test]
fn the_no_op_of_a_leader_that_nobody_knows_ends_no_failover() {
    let mut history = second_reign();
    history.extend([(290, 1, commit(2)), (700, 1, What::Discovered(leads(2)))]);
    // Another node hears late that the no-op is committed.
    history.extend([(710, 2, commit(2)), (720, 1, accepted(1, 2))]);
    let failover = measure_discovering(&history, 1000).failovers[0];
    assert_eq!(parts(&failover)[4], Some(620), "a client's write does");
    let known_at_once = measure(&Plan::default(), &history, 1000).failovers[0];
    let expected = [Some(150), Some(30), Some(0), Some(10), Some(190)];
    assert_eq!(parts(&known_at_once), expected, "the no-op does where every leader is known at once");
}

#[test]
fn a_successor_that_is_never_found_leaves_a_failover_without_an_end() {
    let mut history = second_reign();
    history.push((290, 1, commit(2)));
    let failover = measure_discovering(&history, 1000).failovers[0];
    assert_eq!(parts(&failover), [Some(150), Some(30), None, None, None], "detected and elected, no more");
}

#[test]
fn a_successor_that_dies_unknown_is_not_the_one_whose_discovery_counts() {
    let mut history = second_reign();
    history.extend([
        (400, 1, What::LostQuorum(leads(2), LossCause::Fault)),
        (400, 1, What::Deposed(leads(2))),
        (600, 2, What::Elected(leads(3))),
        (650, 2, What::Discovered(leads(3))),
        (660, 2, accepted(2, 3)),
    ]);
    let measured = measure_discovering(&history, 1000);
    assert_eq!(measured.failovers.len(), 1, "clients waited all the time");
    let parts = parts(&measured.failovers[0]);
    assert_eq!(parts, [150, 350, 50, 10, 560].map(Some), "the election lasts until the second winner's");
}

#[test]
fn the_successor_is_the_one_under_whom_the_failover_ends() {
    let mut history = second_reign();
    history.extend([
        (300, 1, What::Discovered(leads(2))),
        (310, 2, What::Elected(leads(3))),
        (320, 1, accepted(1, 2)),
        (330, 2, What::Discovered(leads(3))),
    ]);
    let failover = measure_discovering(&history, 1000).failovers[0];
    let expected = [150, 30, 20, 20, 220].map(Some);
    assert_eq!(parts(&failover), expected, "not the one that was elected meanwhile");
}

#[test]
fn the_same_process_elected_again_has_to_be_found_again() {
    let mut history = first_reign();
    history.extend([
        (15, 0, What::Discovered(leads(1))),
        (100, 0, What::Stopped),
        (100, 0, What::LostQuorum(leads(1), LossCause::Fault)),
        (200, 0, What::Resumed),
        (210, 0, What::Deposed(leads(1))),
        (220, 0, What::RoleChanged(Role::Candidate)),
        (240, 0, What::Elected(leads(2))),
        (500, 0, What::Discovered(leads(2))),
        (510, 0, accepted(0, 2)),
    ]);
    let failover = measure_discovering(&history, 1000).failovers[0];
    assert_eq!(parts(&failover), [120, 20, 260, 10, 410].map(Some), "a new epoch is a new leader");
}

#[test]
fn a_meter_forgets_the_successors_of_the_last_run() {
    let mut meter = Meter::new(3, &Plan::default()).discovering(true);
    let mut history = second_reign();
    history.push((700, 1, What::Discovered(leads(2))));
    for (ms, node, what) in history {
        let (at, office) = (GlobalTime::ZERO + Span::millis(ms), Office::CONTESTED);
        let (node, incarnation) = (NodeId(node), Incarnation::ZERO);
        meter.observe(&Observation { at, node, incarnation, office, what });
    }
    meter.reset();
    let measured = measure_with(meter, &second_reign(), 1000);
    assert_eq!(parts(&measured.failovers[0])[2], None, "in this run clients have found nobody");
}
