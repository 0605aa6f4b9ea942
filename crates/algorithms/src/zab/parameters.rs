//! What can be set of ZAB, and which settings are refused.

use super::Zab;
use super::bugs::Plant;
use crate::profile::{self, check_heartbeat, identifiers, initial_logs, refuse};
use interregnum_kernel::{ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Span, Value};

const TICK_TIME: ParameterSpec = ParameterSpec {
    name: "tick_time",
    kind: ParameterKind::Span,
    doc: "ZooKeeper's tickTime: the unit of the limits; an established leader pings twice in it",
    // Production: conf/zoo_sample.cfg.
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => profile::HEARTBEAT_INTERVAL.scaled(2, 1),
            Profile::Production => Span::millis(2000),
        })
    },
};

const INIT_LIMIT: ParameterSpec = ParameterSpec {
    name: "init_limit",
    kind: ParameterKind::Count,
    doc: "for how many ticks each step before a leader is established may take",
    default: |_| Value::Count(10),
};

const SYNC_LIMIT: ParameterSpec = ParameterSpec {
    name: "sync_limit",
    kind: ParameterKind::Count,
    doc: "after how many silent ticks a follower gives up its leader, and a leader counts a follower out",
    // Matched: with a tick of 100 ms the longest timeout of the common failure detector.
    default: |profile| {
        Value::Count(match profile {
            Profile::Matched => 3,
            Profile::Production => 5,
        })
    },
};

const FINALIZE_WAIT: ParameterSpec = ParameterSpec {
    name: "finalize_wait",
    kind: ParameterKind::Span,
    doc: "how long no better vote may come before an election is over; ZooKeeper's constant, and the floor of every failover",
    default: |_| Value::Span(Span::millis(200)),
};

const MIN_NOTIFICATION_INTERVAL: ParameterSpec = ParameterSpec {
    name: "min_notification_interval",
    kind: ParameterKind::Span,
    doc: "after how long a silence a vote is sent again for the first time; doubles from then on",
    default: |_| Value::Span(Span::millis(200)),
};

const MAX_NOTIFICATION_INTERVAL: ParameterSpec = ParameterSpec {
    name: "max_notification_interval",
    kind: ParameterKind::Span,
    doc: "the longest silence after which a vote is sent again (zookeeper.fastleader.maxNotificationInterval)",
    default: |_| Value::Span(Span::secs(60)),
};

const MIN_REPETITION: ParameterSpec = ParameterSpec {
    name: "min_repetition",
    kind: ParameterKind::Span,
    doc: "after how long a vote that has not arrived is sent again by the transport (TCP's least retransmission timeout on Linux); doubles from then on",
    default: |_| Value::Span(Span::millis(200)),
};

const MAX_REPETITION: ParameterSpec = ParameterSpec {
    name: "max_repetition",
    kind: ParameterKind::Span,
    doc: "after how long a vote that has not arrived is sent again at most (TCP's longest retransmission timeout on Linux)",
    default: |_| Value::Span(Span::secs(120)),
};

const CONNECT_RETRY: ParameterSpec = ParameterSpec {
    name: "connect_retry",
    kind: ParameterKind::Span,
    doc: "how long a follower waits before it tries again to connect (zookeeper.leaderConnectDelayDuringRetryMs)",
    default: |_| Value::Span(Span::millis(100)),
};

const CONNECT_ATTEMPTS: ParameterSpec = ParameterSpec {
    name: "connect_attempts",
    kind: ParameterKind::Count,
    doc: "how often a follower tries to connect to an elected leader before it looks for another",
    default: |_| Value::Count(5),
};

const RETRANSMISSION: ParameterSpec = ParameterSpec {
    name: "retransmission",
    kind: ParameterKind::Span,
    doc: "the period of the connections' timer: what is not acknowledged is sent again after one to two of it",
    // Production: half of TCP's least retransmission timeout on Linux, so that the mean is about that.
    default: |_| Value::Span(Span::millis(100)),
};

const DIFF_LIMIT: ParameterSpec = ParameterSpec {
    name: "diff_limit",
    kind: ParameterKind::Count,
    doc: "how many transactions a follower may be behind before it is sent a snapshot (zookeeper.commitLogCount)",
    default: |_| Value::Count(500),
};

const IDS: ParameterSpec = ParameterSpec {
    name: "ids",
    kind: ParameterKind::Counts,
    doc: "the servers' identifiers (myid), node by node: the highest of equally advanced servers is elected",
    default: |_| Value::Counts(Vec::new()),
};

const INITIAL_LOGS: ParameterSpec = ParameterSpec {
    name: "initial_logs",
    kind: ParameterKind::Logs,
    doc: "the logs that the nodes start with, as the epochs of their transactions; all nodes have promised the latest of these epochs",
    default: |_| Value::Logs(Vec::new()),
};

/// All parameters, in the order in which help lists them.
pub(crate) static SPECS: &[ParameterSpec] = &[
    TICK_TIME,
    INIT_LIMIT,
    SYNC_LIMIT,
    FINALIZE_WAIT,
    MIN_NOTIFICATION_INTERVAL,
    MAX_NOTIFICATION_INTERVAL,
    MIN_REPETITION,
    MAX_REPETITION,
    CONNECT_RETRY,
    CONNECT_ATTEMPTS,
    RETRANSMISSION,
    DIFF_LIMIT,
    IDS,
    INITIAL_LOGS,
];

/// The most ticks that a limit may have: beyond it no clock would get there.
const MAX_TICKS: u64 = 1_000_000;

/// Reads and checks everything.
pub(super) fn read(parameters: &Parameters) -> Result<Zab, ParameterError> {
    let tick_time = parameters.span(&TICK_TIME)?;
    let sync_limit = limit(parameters, &SYNC_LIMIT)?;
    check_heartbeat(
        &TICK_TIME,
        tick_time.scaled(1, 2),
        "read timeout (sync_limit ticks)",
        tick_time.scaled(sync_limit, 1),
    )?;
    let min_notification_interval = positive(parameters, &MIN_NOTIFICATION_INTERVAL)?;
    let max_notification_interval = positive(parameters, &MAX_NOTIFICATION_INTERVAL)?;
    if max_notification_interval < min_notification_interval {
        return refuse(
            &MAX_NOTIFICATION_INTERVAL,
            format!(
                "{max_notification_interval} is below the shortest interval, {min_notification_interval}"
            ),
        );
    }
    let (min_repetition, max_repetition) =
        (positive(parameters, &MIN_REPETITION)?, positive(parameters, &MAX_REPETITION)?);
    if max_repetition < min_repetition {
        return refuse(
            &MAX_REPETITION,
            format!("{max_repetition} is below the shortest time, {min_repetition}"),
        );
    }
    Ok(Zab {
        members: parameters.cluster()?,
        ids: identifiers(parameters, &IDS)?,
        tick_time,
        init_limit: limit(parameters, &INIT_LIMIT)?,
        sync_limit,
        finalize_wait: positive(parameters, &FINALIZE_WAIT)?,
        min_notification_interval,
        max_notification_interval,
        min_repetition,
        longest_repetition: max_repetition.nanos() / min_repetition.nanos(),
        connect_retry: positive(parameters, &CONNECT_RETRY)?,
        connect_attempts: limit(parameters, &CONNECT_ATTEMPTS)?,
        retransmission: positive(parameters, &RETRANSMISSION)?,
        diff_limit: parameters.count(&DIFF_LIMIT)?,
        initial_logs: initial_logs(parameters, &INITIAL_LOGS)?,
        bug: parameters.bug.as_deref().and_then(Plant::from_id),
    })
}

fn positive(parameters: &Parameters, spec: &ParameterSpec) -> Result<Span, ParameterError> {
    match parameters.span(spec)? {
        Span::ZERO => refuse(spec, "must be longer than zero"),
        span => Ok(span),
    }
}

fn limit(parameters: &Parameters, spec: &ParameterSpec) -> Result<u64, ParameterError> {
    match parameters.count(spec)? {
        count @ 1..=MAX_TICKS => Ok(count),
        count => refuse(spec, format!("{count} is not between 1 and {MAX_TICKS}")),
    }
}
