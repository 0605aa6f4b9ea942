//! Which settings are taken, which are refused, and in which words.

use super::*;
use interregnum_kernel::Profile;

fn refusal(parameters: Parameters) -> String {
    Raft::from_parameters(&parameters).expect_err("refused").to_string()
}

fn between(min: u64, max: u64) -> Value {
    Value::Jitter(Jitter { min: Span::millis(min), max: Span::millis(max) })
}

#[test]
fn the_profiles_differ_in_their_timeouts() {
    let matched = Raft::from_parameters(&Parameters::of(3)).unwrap();
    assert_eq!(matched.election_timeout, Jitter::between(Span::millis(150), Span::millis(300)));
    assert_eq!(matched.heartbeat_interval, Span::millis(50));
    let production = Parameters { profile: Profile::Production, ..Parameters::of(3) };
    let production = Raft::from_parameters(&production).unwrap();
    assert_eq!(production.election_timeout, Jitter::between(Span::millis(1000), Span::millis(1999)));
    assert_eq!(production.heartbeat_interval, Span::millis(100));
}

#[test]
fn both_profiles_ask_before_they_disturb_and_hold_no_lease() {
    for profile in [Profile::Matched, Profile::Production] {
        let raft = Raft::from_parameters(&Parameters { profile, ..Parameters::of(3) }).unwrap();
        assert!(raft.pre_vote, "{profile}: pre-vote");
        assert!(raft.check_quorum, "{profile}: check-quorum");
        assert!(raft.stickiness, "{profile}: stickiness");
        assert!(!raft.lease, "{profile}: no lease");
    }
}

#[test]
fn what_is_not_set_follows_what_is() {
    let parameters =
        Parameters::of(3).with("election_timeout", between(80, 90)).with("check_quorum", Value::Flag(false));
    let raft = Raft::from_parameters(&parameters).unwrap();
    assert_eq!(raft.disk_stall_timeout, Span::millis(80), "the disk's patience follows the election timeout");
    assert!(!raft.stickiness, "stickiness follows check-quorum");
    let sticky = Raft::from_parameters(&parameters.with("stickiness", Value::Flag(true))).unwrap();
    assert!(sticky.stickiness, "unless it is set");
}

#[test]
fn a_heartbeat_that_cannot_prevent_elections_is_refused() {
    let parameters = Parameters::of(3).with("heartbeat_interval", Value::Span(Span::millis(150)));
    assert_eq!(
        refusal(parameters),
        "parameter `heartbeat_interval`: 150ms is not below the shortest election timeout, 150ms: followers would \
         give up a healthy leader"
    );
}

#[test]
fn durations_of_zero_are_refused() {
    let zero = Value::Span(Span::ZERO);
    for name in ["election_timeout", "disk_stall_timeout"] {
        let text = refusal(Parameters::of(3).with(name, zero.clone()));
        assert_eq!(text, format!("parameter `{name}`: must be longer than zero"));
    }
}

#[test]
fn heartbeats_faster_than_any_network_are_refused() {
    for nanos in [0, 999] {
        let text = refusal(Parameters::of(3).with("heartbeat_interval", Value::Span(Span(nanos))));
        assert!(
            text.starts_with("parameter `heartbeat_interval`: must be at least 1us"),
            "{nanos} ns: {text}"
        );
    }
}

#[test]
fn a_range_that_runs_backwards_is_refused() {
    let text = refusal(Parameters::of(3).with("election_timeout", between(300, 150)));
    assert_eq!(
        text,
        "parameter `election_timeout`: the shortest value, 300ms, is longer than the longest, 150ms"
    );
}

#[test]
fn a_lease_without_voters_that_honour_it_is_refused() {
    for switch in ["check_quorum", "stickiness"] {
        let parameters = Parameters::of(3).with("lease", Value::Flag(true)).with(switch, Value::Flag(false));
        assert!(
            refusal(parameters).starts_with("parameter `lease`: needs check_quorum and stickiness"),
            "{switch}"
        );
    }
}

#[test]
fn clocks_that_stand_still_are_refused() {
    let parameters = Parameters::of(3).with("clock_drift_bound_ppm", Value::Count(1_000_000));
    assert!(refusal(parameters).contains("stands still"), "a drift of one");
}

#[test]
fn impossible_initial_logs_are_refused() {
    let with = |value: Value| refusal(Parameters::of(2).with("initial_logs", value));
    assert_eq!(with(logs(&[&[1], &[1], &[1]])), "parameter `initial_logs`: 3 logs for 2 nodes");
    assert_eq!(
        with(logs(&[&[1], &[1, 3, 2]])),
        "parameter `initial_logs`: n2 has epoch 2 after 3; epochs never fall along a log"
    );
    assert_eq!(
        with(logs(&[&[0]])),
        "parameter `initial_logs`: n1 has an entry of epoch 0; epochs go from 1 to 2147483647"
    );
    assert_eq!(
        with(logs(&[&[1, 2, 2], &[1, 1, 2]])),
        "parameter `initial_logs`: n1 and n2 both have entries of epoch 2 after their logs parted; one leader cannot \
         have written both"
    );
}

#[test]
fn initial_logs_that_one_history_explains_are_taken() {
    for history in [
        logs(&[&[1, 1, 1], &[1], &[]]),
        logs(&[&[1, 2], &[1, 1], &[1, 3]]),
        logs(&[&[1, 1, 4, 4], &[1, 1, 2, 2, 2, 3], &[1, 1, 4]]),
    ] {
        let result = Raft::from_parameters(&Parameters::of(3).with("initial_logs", history.clone()));
        assert!(result.is_ok(), "{history}: {result:?}");
    }
}

#[test]
fn impossible_clusters_are_refused() {
    assert_eq!(refusal(Parameters::of(0)), "parameter `nodes`: a cluster has 1 to 64 nodes, not 0");
    assert_eq!(refusal(Parameters::of(65)), "parameter `nodes`: a cluster has 1 to 64 nodes, not 65");
    assert!(Raft::from_parameters(&Parameters::of(64)).is_ok(), "64 nodes are possible");
}

#[test]
fn a_batch_of_nothing_is_refused() {
    let text = refusal(Parameters::of(3).with("append_limit", Value::Count(0)));
    assert_eq!(text, "parameter `append_limit`: must be at least 1");
}

#[test]
fn initial_logs_are_on_the_disks_before_the_first_boot() {
    let cluster = Cluster::of(&Parameters::of(3).with("initial_logs", logs(&[&[1, 1, 2], &[1]])));
    assert_eq!(cluster.epochs(N1), [1, 1, 2]);
    assert_eq!(cluster.epochs(N2), [1]);
    assert_eq!(cluster.epochs(N3), [0; 0], "a node without a log starts empty");
    for node in [N1, N2, N3] {
        assert_eq!(cluster.term(node), 2, "{node} starts in the latest epoch of all logs");
        assert_eq!(cluster.vote(node), None, "{node} has its vote");
    }
}

#[test]
fn the_same_epoch_and_position_is_the_same_initial_entry_on_every_node() {
    let cluster = Cluster::of(&Parameters::of(2).with("initial_logs", logs(&[&[1, 2], &[1, 3]])));
    let entry = |node, index| cluster.state(node).log().get(LogIndex(index)).unwrap();
    assert_eq!(entry(N1, 1), entry(N2, 1), "equal where the epochs are equal");
    assert_ne!(entry(N1, 2).command, entry(N2, 2).command, "different where they differ");
}

#[test]
fn only_the_lease_reads_the_clock() {
    assert!(!Raft::from_parameters(&Parameters::of(3)).unwrap().timed(), "without the lease");
    let leased = Parameters::of(3).with("lease", Value::Flag(true));
    assert!(Raft::from_parameters(&leased).unwrap().timed(), "with the lease");
}

#[test]
fn labels_tell_messages_apart() {
    let term = Epoch(3);
    let (last_epoch, last_index) = (Epoch(2), LogIndex(7));
    let messages = [
        Message::PreVote { term, last_epoch, last_index },
        Message::PreVoteResponse { term, granted: true },
        Message::PreVoteResponse { term, granted: false },
        Message::RequestVote { term, last_epoch, last_index, transfer: false },
        Message::RequestVote { term, last_epoch, last_index, transfer: true },
        Message::RequestVoteResponse { term, granted: true },
        Message::AppendEntriesResponse { term, rejected: false, index: last_index, epoch: last_epoch },
        Message::AppendEntriesResponse { term, rejected: true, index: last_index, epoch: last_epoch },
        Message::Heartbeat { term, commit: last_index, sent: LocalTime::ZERO },
        Message::Heartbeat { term, commit: LogIndex(8), sent: LocalTime::ZERO },
        Message::Heartbeat { term, commit: last_index, sent: LocalTime(1) },
        Message::HeartbeatResponse { term, sent: LocalTime::ZERO },
        Message::TimeoutNow { term },
        Message::TimeoutNow { term: Epoch(4) },
    ];
    let labels: BTreeSet<u64> = messages.iter().map(Raft::label).collect();
    assert_eq!(labels.len(), messages.len());
}

#[test]
fn timers_are_numbered_densely() {
    for i in 0..Timer::COUNT {
        assert_eq!(Timer::from_index(i).index(), i);
    }
}
