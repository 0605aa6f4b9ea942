//! What can be set of Raft, and which settings are refused.

use super::Raft;
use super::bugs::Plant;
use super::leading::OnStuckDisk;
use crate::profile::{self, check_heartbeat, check_timeout, even_cluster, initial_logs, refuse};
use interregnum_kernel::{
    Jitter, NodeSet, ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Span, Value,
};
use std::collections::BTreeSet;

const ELECTION_TIMEOUT: ParameterSpec = ParameterSpec {
    name: "election_timeout",
    kind: ParameterKind::Jitter,
    doc: "how long a follower waits for its leader; its shortest value is the unit of all other patience",
    // Production: etcd draws whole ticks of 100 ms from 10 to 19, here the range between.
    default: |profile| {
        Value::Jitter(match profile {
            Profile::Matched => profile::FAILURE_TIMEOUT,
            Profile::Production => Jitter::between(Span::millis(1000), Span::millis(1999)),
        })
    },
};

const HEARTBEAT_INTERVAL: ParameterSpec = ParameterSpec {
    name: "heartbeat_interval",
    kind: ParameterKind::Span,
    doc: "how often a leader is heard; below the shortest election timeout",
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => profile::HEARTBEAT_INTERVAL,
            Profile::Production => Span::millis(100),
        })
    },
};

const DISK_STALL_TIMEOUT: ParameterSpec = ParameterSpec {
    name: "disk_stall_timeout",
    kind: ParameterKind::Span,
    doc: "how long a leader waits for its own disk before it falls silent; where not set, the shortest election timeout",
    default: |profile| Value::Span(shortest_timeout(profile)),
};

const ON_STUCK_DISK: ParameterSpec = ParameterSpec {
    name: "on_stuck_disk",
    kind: ParameterKind::Word(OnStuckDisk::WORDS),
    doc: "what a leader does whose own disk does not answer: it falls silent after disk_stall_timeout, or lets every heartbeat wait for the writes before it, or ignores it",
    default: |_| Value::Word(OnStuckDisk::WORDS[0].to_owned()),
};

const PRE_VOTE: ParameterSpec = ParameterSpec {
    name: "pre_vote",
    kind: ParameterKind::Flag,
    doc: "whether a node asks if it could win before it enters a new term",
    default: |_| Value::Flag(true),
};

const CHECK_QUORUM: ParameterSpec = ParameterSpec {
    name: "check_quorum",
    kind: ParameterKind::Flag,
    doc: "whether a leader that hears no quorum steps down",
    default: |_| Value::Flag(true),
};

const STICKINESS: ParameterSpec = ParameterSpec {
    name: "stickiness",
    kind: ParameterKind::Flag,
    doc: "whether a voter ignores candidates while it hears a leader; where not set, as check_quorum, without which it can pin a leader that has no quorum",
    default: |_| Value::Flag(true),
};

const LEASE: ParameterSpec = ParameterSpec {
    name: "lease",
    kind: ParameterKind::Flag,
    doc: "whether a leader holds a lease while a quorum acknowledges its heartbeats; needs check_quorum and stickiness",
    default: |_| Value::Flag(false),
};

const CLOCK_DRIFT_BOUND: ParameterSpec = ParameterSpec {
    name: "clock_drift_bound_ppm",
    kind: ParameterKind::Count,
    doc: "by how many parts per million the lease assumes any clock to run fast or slow at most",
    default: |_| Value::Count(500),
};

const APPEND_LIMIT: ParameterSpec = ParameterSpec {
    name: "append_limit",
    kind: ParameterKind::Count,
    doc: "how many log entries one message carries at most",
    default: |_| Value::Count(64),
};

const SNAPSHOT_AFTER: ParameterSpec = ParameterSpec {
    name: "snapshot_after",
    kind: ParameterKind::Count,
    doc: "how many committed log entries a node keeps at least; when they are twice as many, a snapshot takes the place of the older ones; 0 keeps all",
    default: |_| Value::Count(0),
};

const SINGLE_SERVER_CHANGES: ParameterSpec = ParameterSpec {
    name: "single_server_changes",
    kind: ParameterKind::Flag,
    doc: "whether the voters change one at a time, instead of by joining the old and the new configuration",
    default: |_| Value::Flag(false),
};

const WITNESSES: ParameterSpec = ParameterSpec {
    name: "witnesses",
    kind: ParameterKind::Nodes,
    doc: "the nodes, members or spares, that vote and store no entries; never a majority of the voters",
    default: |_| Value::Nodes(NodeSet::EMPTY),
};

const PRIORITY: ParameterSpec = ParameterSpec {
    name: "priority",
    kind: ParameterKind::Counts,
    doc: "how much each node is to lead: those with less wait longer for an election, and hand over to those with more; where not set, all alike",
    default: |_| Value::Counts(Vec::new()),
};

const MINIMUM_TENURE: ParameterSpec = ParameterSpec {
    name: "minimum_tenure",
    kind: ParameterKind::Span,
    doc: "how long a leader leads before it follows an order to transfer or resign, or hands over to a node of higher priority; it steps down all the same where its quorum is gone or a higher term calls",
    default: |_| Value::Span(Span::ZERO),
};

const BACKOFF: ParameterSpec = ParameterSpec {
    name: "backoff",
    kind: ParameterKind::Flag,
    doc: "whether the range of the election timeout doubles, up to eight times, with every candidacy in a row that ends undecided",
    default: |_| Value::Flag(false),
};

const RESTART_TIMEOUT: ParameterSpec = ParameterSpec {
    name: "restart_timeout",
    kind: ParameterKind::Flag,
    doc: "whether the election timeout begins anew when a candidate is rejected by a majority or a later term is entered, as in etcd and raft-rs; in the paper only a leader that is heard or a vote that is given restarts it",
    default: |_| Value::Flag(false),
};

const INITIAL_LOGS: ParameterSpec = ParameterSpec {
    name: "initial_logs",
    kind: ParameterKind::Logs,
    doc: "the logs that the nodes start with, as the epochs of their entries; all nodes start in the latest of these epochs",
    default: |_| Value::Logs(Vec::new()),
};

/// All parameters, in the order in which help lists them.
pub(crate) static SPECS: &[ParameterSpec] = &[
    ELECTION_TIMEOUT,
    HEARTBEAT_INTERVAL,
    DISK_STALL_TIMEOUT,
    ON_STUCK_DISK,
    PRE_VOTE,
    CHECK_QUORUM,
    STICKINESS,
    LEASE,
    CLOCK_DRIFT_BOUND,
    APPEND_LIMIT,
    SNAPSHOT_AFTER,
    SINGLE_SERVER_CHANGES,
    WITNESSES,
    PRIORITY,
    MINIMUM_TENURE,
    BACKOFF,
    RESTART_TIMEOUT,
    INITIAL_LOGS,
];

fn shortest_timeout(profile: Profile) -> Span {
    match (ELECTION_TIMEOUT.default)(profile) {
        Value::Jitter(jitter) => jitter.min,
        _ => Span::ZERO,
    }
}

/// Reads and checks everything.
pub(super) fn read(parameters: &Parameters) -> Result<Raft, ParameterError> {
    let bug = parameters.bug.as_deref().and_then(Plant::from_id);
    let election_timeout = election_timeout(parameters)?;
    let is_set = |spec: &ParameterSpec| parameters.set.contains_key(spec.name);

    let heartbeat_interval = parameters.span(&HEARTBEAT_INTERVAL)?;
    check_heartbeat(&HEARTBEAT_INTERVAL, heartbeat_interval, "election timeout", election_timeout.min)?;

    let disk_stall_timeout = match parameters.span(&DISK_STALL_TIMEOUT)? {
        Span::ZERO => return refuse(&DISK_STALL_TIMEOUT, "must be longer than zero"),
        set if is_set(&DISK_STALL_TIMEOUT) => set,
        _ => election_timeout.min,
    };

    let mut on_stuck_disk = OnStuckDisk::ALL[parameters.word(&ON_STUCK_DISK)?];
    let mut pre_vote = parameters.flag(&PRE_VOTE)?;
    let mut check_quorum = parameters.flag(&CHECK_QUORUM)?;
    let mut stickiness = parameters.flag(&STICKINESS)?;
    if !is_set(&STICKINESS) {
        stickiness = check_quorum;
    }
    let mut lease = parameters.flag(&LEASE)?;
    // A bug that consists in a choice of switches, or is unreachable without one, sets them.
    match bug {
        Some(Plant::PrevoteCountedAsVote) => pre_vote = true,
        Some(Plant::HeartbeatIgnoresStuckDisk) => on_stuck_disk = OnStuckDisk::Ignore,
        Some(Plant::PrecandidateKeepsLeader) => (pre_vote, stickiness) = (true, true),
        Some(Plant::QuorumlessLeaderPinsBridge) => (check_quorum, stickiness, lease) = (false, true, false),
        Some(Plant::NoPrevotePartialCut) => (pre_vote, stickiness, lease) = (false, false, false),
        Some(Plant::VoterIgnoresItsLease) => (check_quorum, stickiness, lease) = (true, true, true),
        _ => {}
    }
    if lease && !(check_quorum && stickiness) {
        return refuse(
            &LEASE,
            "needs check_quorum and stickiness: voters that do not wait for the lease to end make it worthless",
        );
    }

    let drift = parameters.count(&CLOCK_DRIFT_BOUND)?;
    if drift >= 1_000_000 {
        return refuse(
            &CLOCK_DRIFT_BOUND,
            format!("{drift} is not below 1000000: such a clock stands still"),
        );
    }
    let append_limit = match (parameters.count(&APPEND_LIMIT)?, bug) {
        (0, _) => return refuse(&APPEND_LIMIT, "must be at least 1"),
        // The bug shows when an old entry arrives without the leader's own entry behind it.
        (_, Some(Plant::CommitCountsAnyTerm)) => 1,
        (limit, _) => limit,
    };

    Ok(Raft {
        nodes: parameters.nodes,
        members: parameters.cluster()?,
        election_timeout,
        heartbeat_interval,
        disk_stall_timeout,
        on_stuck_disk,
        pre_vote,
        check_quorum,
        stickiness,
        lease,
        // The voters' guard may run on a fast clock and the lease on a slow one.
        lease_length: election_timeout.min.scaled(1_000_000 - drift, 1_000_000 + drift),
        append_limit,
        snapshot_after: match (parameters.count(&SNAPSHOT_AFTER)?, bug) {
            // The bug shows where there are snapshots, and soonest where they leave nothing.
            (0, Some(Plant::SnapshotOfUncommitted)) => 1,
            (set, _) => set,
        },
        single_server_changes: parameters.flag(&SINGLE_SERVER_CHANGES)?
            || bug == Some(Plant::SingleServerChangeTooEarly),
        witnesses: witnesses(parameters)?,
        ranks: ranks(&parameters.counts(&PRIORITY)?),
        backoff: parameters.flag(&BACKOFF)?,
        restart_timeout: parameters.flag(&RESTART_TIMEOUT)?,
        minimum_tenure: parameters.span(&MINIMUM_TENURE)?,
        initial_logs: initial_logs(parameters, &INITIAL_LOGS)?,
        bug,
    })
}

fn election_timeout(parameters: &Parameters) -> Result<Jitter, ParameterError> {
    let jitter = parameters.jitter(&ELECTION_TIMEOUT)?;
    check_timeout(&ELECTION_TIMEOUT, jitter)?;
    Ok(jitter)
}

fn witnesses(parameters: &Parameters) -> Result<NodeSet, ParameterError> {
    let (witnesses, members) = (parameters.node_set(&WITNESSES)?, parameters.cluster()?);
    if witnesses.is_majority_of(members) {
        let count = witnesses.intersection(members).len();
        return refuse(
            &WITNESSES,
            format!(
                "a witness majority: {count} of {} voters could commit what no node stores",
                members.len()
            ),
        );
    }
    Ok(witnesses)
}

/// Per node, how many different priorities are above its own.
fn ranks(priorities: &[u64]) -> Vec<u64> {
    let distinct: BTreeSet<u64> = priorities.iter().copied().collect();
    priorities.iter().map(|own| distinct.iter().filter(|other| *other > own).count() as u64).collect()
}

/// What of accepted parameters is probably not intended.
pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    let mut warnings: Vec<ParameterError> = even_cluster(parameters.members.len()).into_iter().collect();
    let is_set = |spec: &ParameterSpec| parameters.set.contains_key(spec.name);
    if is_set(&PRIORITY) && !is_set(&MINIMUM_TENURE) {
        warnings.push(ParameterError {
            parameter: PRIORITY.name,
            problem: "without minimum_tenure a preferred node that comes and goes takes leadership each time it is back"
                .to_owned(),
        });
    }
    warnings
}
