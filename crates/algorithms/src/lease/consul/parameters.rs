//! What can be set of the Consul recipe, and what of it is refused.

use super::{Consul, Plant, StopsAt};
use crate::lease::parameters::{
    REQUEST_BACKOFF, REQUEST_TIMEOUT, SERVICE_ELECTION_TIMEOUT, SERVICE_HEARTBEAT_INTERVAL, by_profile,
    patience,
};
use crate::lease::service::{AtClose, Flaw, Rules, Seat, SessionRules};
use crate::profile::refuse;
use interregnum_kernel::{ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Span, Value};

/// agent/structs/structs.go, SessionTTLMax.
const TTL_MAX: Span = Span::secs(24 * 3600);
/// agent/structs/structs.go, MaxLockDelay. The server takes no more, whatever a session asks for.
const LOCK_DELAY_MAX: Span = Span::secs(60);
/// agent/structs/structs.go, SessionTTLMultiplier.
const TTL_MULTIPLIER: u64 = 2;
/// api/session.go, RenewPeriodic: how long after a failed renewal it tries the next.
const RENEW_RETRY: Span = Span::secs(1);

/// A duration of Consul's, and in the profile `matched` one fiftieth: so much shorter are its sessions there.
const fn of_profile(profile: Profile, production: Span) -> Value {
    Value::Span(match profile {
        Profile::Matched => production.scaled(1, 50),
        Profile::Production => production,
    })
}

const TTL: ParameterSpec = ParameterSpec {
    name: "ttl",
    kind: ParameterKind::Span,
    doc: "for how long a renewal keeps a session at least; the service's leader ends it after twice as long",
    // api/lock.go, DefaultLockSessionTTL.
    default: |profile| of_profile(profile, Span::secs(15)),
};

const SESSION_TTL_MIN: ParameterSpec = ParameterSpec {
    name: "session_ttl_min",
    kind: ParameterKind::Span,
    doc: "the shortest ttl that the service takes",
    default: |profile| of_profile(profile, Span::secs(10)),
};

const LOCK_DELAY: ParameterSpec = ParameterSpec {
    name: "lock_delay",
    kind: ParameterKind::Span,
    doc: "how long nobody gets a lock whose holder's session was ended, 60s at most; not after a release",
    default: |profile| of_profile(profile, Span::secs(15)),
};

const BEHAVIOUR: ParameterSpec = ParameterSpec {
    name: "behaviour",
    kind: ParameterKind::Word(&["release", "delete"]),
    doc: "what the end of a session does to the lock's key; \"delete\" lets its LockIndex begin anew, and what rests on that is not promised",
    default: |_| Value::Word("release".to_owned()),
};

const LOCK_WAIT: ParameterSpec = ParameterSpec {
    name: "lock_wait",
    kind: ParameterKind::Span,
    doc: "after how long a contender asks anew for the holder that it waits for",
    // api/lock.go, DefaultLockWaitTime.
    default: |profile| of_profile(profile, Span::secs(15)),
};

const LOCK_RETRY: ParameterSpec = ParameterSpec {
    name: "lock_retry",
    kind: ParameterKind::Span,
    doc: "how long a contender sleeps that was refused a lock which nobody holds: a lock-delay is in force",
    // api/lock.go, DefaultLockRetryTime.
    default: |profile| of_profile(profile, Span::secs(5)),
};

const STOPS_AT: ParameterSpec = ParameterSpec {
    name: "stops_at",
    kind: ParameterKind::Word(StopsAt::WORDS),
    doc: "what ends a reign: only the monitor's query, as in api.Lock, or the session's ttl since the last renewal as well",
    default: |_| Value::Word(StopsAt::WORDS[0].to_owned()),
};

const MONITOR_RETRIES: ParameterSpec = ParameterSpec {
    name: "monitor_retries",
    kind: ParameterKind::Count,
    doc: "how often the holder's monitor asks again after an error before it takes the lock for lost",
    default: |_| Value::Count(0),
};

const MONITOR_RETRY_TIME: ParameterSpec = ParameterSpec {
    name: "monitor_retry_time",
    kind: ParameterKind::Span,
    doc: "how long the monitor waits before it asks again",
    // api/lock.go, DefaultMonitorRetryTime.
    default: |profile| of_profile(profile, Span::secs(2)),
};

const RPC_HOLD: ParameterSpec = by_profile! {
    Span "rpc_hold": "how long the client's agent tries to get a request answered before it reports an error",
    // agent/consul/config.go, RPCHoldTimeout. Matched, it is in proportion to the service's longest election timeout as the seven
    // seconds are to the two of this project's production profile; Consul's own elections take longer by its raft_multiplier.
    matched: Span::secs(1),
    production: Span::secs(7),
};

const CONNECTION_TIMEOUT: ParameterSpec = ParameterSpec {
    name: "connection_timeout",
    kind: ParameterKind::Span,
    doc: "after how long of silence the monitor's connection is given up",
    // Measured by those who waited for it: hashicorp/consul issue 9788.
    default: |profile| of_profile(profile, Span::secs(120)),
};

pub(super) static SPECS: &[ParameterSpec] = &[
    TTL,
    SESSION_TTL_MIN,
    LOCK_DELAY,
    BEHAVIOUR,
    LOCK_WAIT,
    LOCK_RETRY,
    STOPS_AT,
    MONITOR_RETRIES,
    MONITOR_RETRY_TIME,
    RPC_HOLD,
    CONNECTION_TIMEOUT,
    SERVICE_ELECTION_TIMEOUT,
    SERVICE_HEARTBEAT_INTERVAL,
    REQUEST_TIMEOUT,
    REQUEST_BACKOFF,
];

/// A monitor that asks on for hours: nobody means more.
const MOST_RETRIES: u64 = 1_000;

pub(super) fn read(parameters: &Parameters) -> Result<Consul, ParameterError> {
    let bug = parameters.bug.as_deref().and_then(Plant::from_id);
    let ttl = check_ttl(parameters)?;
    let lock_delay = parameters.span(&LOCK_DELAY)?;
    if lock_delay > LOCK_DELAY_MAX {
        return refuse(&LOCK_DELAY, format!("the service takes no more than {LOCK_DELAY_MAX}"));
    }
    let patience = patience(parameters)?;
    let rpc_hold = positive(parameters, &RPC_HOLD)?;
    let retries = parameters.count(&MONITOR_RETRIES)?;
    if retries > MOST_RETRIES {
        return refuse(&MONITOR_RETRIES, format!("{retries} are more than {MOST_RETRIES}"));
    }
    let retry_time = positive(parameters, &MONITOR_RETRY_TIME)?;
    let deletes = parameters.word(&BEHAVIOUR)? == 1 || bug == Some(Plant::DeletesTheKey);
    let rules = Rules {
        seat: Seat::Lock,
        at_close: if deletes { AtClose::Delete } else { AtClose::Release },
        sessions: SessionRules {
            ttl,
            patience: ttl.scaled(TTL_MULTIPLIER, 1),
            tick: Span::ZERO,
            extension: Span::ZERO,
            answer_before: None,
            flaw: bug.and_then(flaw),
        },
        lock_delay,
        resend_after: patience.request_timeout,
    };
    Ok(Consul {
        ttl,
        gives_up: gives_up(parameters.profile, ttl, rpc_hold),
        lock_wait: positive(parameters, &LOCK_WAIT)?,
        lock_retry: positive(parameters, &LOCK_RETRY)?,
        stops_at: [StopsAt::Monitor, StopsAt::Ttl][parameters.word(&STOPS_AT)?],
        monitor_patience: rpc_hold + (retry_time + rpc_hold).scaled(retries, 1),
        monitor_retries: (retry_time + rpc_hold).scaled(retries, 1),
        connection_timeout: positive(parameters, &CONNECTION_TIMEOUT)?,
        rules,
        patience,
        bug,
    })
}

/// What of a bug is the service's.
fn flaw(bug: Plant) -> Option<Flaw> {
    match bug {
        Plant::TakeoverForgetsRenewals => Some(Flaw::TakeoverForgetsRenewals),
        Plant::LockDelayByWallClock => Some(Flaw::LockDelayByWallClock),
        _ => None,
    }
}

/// How long after the last renewal RenewPeriodic gives up: it looks at the clock when a renewal has failed, and a renewal
/// fails when the agent has tried for so long.
fn gives_up(profile: Profile, ttl: Span, rpc_hold: Span) -> Span {
    let retry = match profile {
        Profile::Matched => RENEW_RETRY.scaled(1, 50),
        Profile::Production => RENEW_RETRY,
    };
    let first = ttl.scaled(1, 2) + rpc_hold;
    let round = retry + rpc_hold;
    // The first failure beyond the ttl.
    match ttl.0.checked_sub(first.0) {
        None => first,
        Some(left) => first + round.scaled(left / round.0 + 1, 1),
    }
}

fn check_ttl(parameters: &Parameters) -> Result<Span, ParameterError> {
    let (ttl, shortest) = (parameters.span(&TTL)?, positive(parameters, &SESSION_TTL_MIN)?);
    if ttl < shortest {
        return refuse(
            &TTL,
            format!("{ttl} is under the service's session_ttl_min, {shortest}: it opens no such session"),
        );
    }
    if ttl > TTL_MAX {
        return refuse(&TTL, format!("the service opens no session of more than {TTL_MAX}"));
    }
    Ok(ttl)
}

fn positive(parameters: &Parameters, spec: &ParameterSpec) -> Result<Span, ParameterError> {
    match parameters.span(spec)? {
        Span::ZERO => refuse(spec, "must be longer than zero"),
        span => Ok(span),
    }
}

/// What rests on a LockIndex that never falls.
const BY_NUMBER: &[&str] = &["election-safety", "token-monotonic", "fenced-writes"];

/// Whether the application asks for sessions that delete their keys.
fn asks_to_delete(parameters: &Parameters) -> bool {
    parameters.word(&BEHAVIOUR) == Ok(1)
}

/// What is not promised with these parameters.
pub(super) fn withdrawn(parameters: &Parameters) -> &'static [&'static str] {
    if asks_to_delete(parameters) { BY_NUMBER } else { &[] }
}

/// What keeps the service's conditions, but not their spirit.
pub(super) fn remarks(parameters: &Parameters) -> Vec<ParameterError> {
    let mut remarks = Vec::new();
    let mut remark = |spec: &ParameterSpec, problem: String| {
        remarks.push(ParameterError { parameter: spec.name, problem });
    };
    let span = |spec| parameters.span(spec).unwrap_or_default();
    let (ttl, lock_delay, timeout) = (span(&TTL), span(&LOCK_DELAY), span(&REQUEST_TIMEOUT));
    if lock_delay == Span::ZERO {
        let problem = "without it a holder that learns late of its session's end meets its successor";
        remark(&LOCK_DELAY, problem.to_owned());
    }
    if asks_to_delete(parameters) {
        let problem =
            format!("a deleted key's LockIndex begins anew, so {} are not promised", BY_NUMBER.join(", "));
        remark(&BEHAVIOUR, problem);
    }
    if timeout >= ttl {
        let problem = format!(
            "an answer that is as late as {timeout} lets the holder count a ttl of {ttl} beyond the session's end"
        );
        remark(&REQUEST_TIMEOUT, problem);
    }
    if let Ok(election) = parameters.jitter(&SERVICE_ELECTION_TIMEOUT)
        && ttl < election.min
    {
        let problem = format!(
            "a leader of the service that was cut off renews sessions for up to {}, and its successor, which may come after \
             {}, ends them {} later: with a ttl below {}, sessions end that were renewed",
            election.min.scaled(2, 1),
            election.min,
            ttl.scaled(TTL_MULTIPLIER, 1),
            election.min
        );
        remark(&TTL, problem);
    }
    remarks
}
