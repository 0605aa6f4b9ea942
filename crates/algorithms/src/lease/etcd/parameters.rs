//! What can be set of the etcd recipe.

use super::bugs::Plant;
use super::{Etcd, SessionEnd};
use crate::lease::parameters::{
    REQUEST_BACKOFF, REQUEST_TIMEOUT, SERVICE_ELECTION_TIMEOUT, SERVICE_HEARTBEAT_INTERVAL, by_profile,
    patience,
};
use crate::lease::service::{AtClose, Rules, Seat, SessionRules};
use crate::profile::refuse;
use interregnum_kernel::{ParameterError, ParameterKind, ParameterSpec, Parameters, Span, Value};

const TTL: ParameterSpec = by_profile! {
    Span "ttl": "how long a lease lives without a keep-alive; whole seconds, and at least one and a half election timeouts of the service",
    matched: Span::secs(1),
    // client/v3/concurrency/session.go, defaultSessionTTL.
    production: Span::secs(60),
};

const FIRST_KEEP_ALIVE_TIMEOUT: ParameterSpec = by_profile! {
    Span "first_keep_alive_timeout": "how long a client takes a new lease for alive before the first keep-alive is answered",
    matched: Span::secs(1),
    // client/v3/lease.go, defaultTTL, where no dial timeout is set; otherwise that and a second.
    production: Span::secs(5),
};

const KEEP_ALIVE_CHECK: ParameterSpec = ParameterSpec {
    name: "keep_alive_check",
    kind: ParameterKind::Span,
    doc: "how often a client looks whether a keep-alive is due, a third of the ttl after the last answer; and how long it waits before it replaces a broken stream",
    // client/v3/lease.go, retryConnWait.
    default: |_| Value::Span(Span::millis(500)),
};

const DEADLINE_CHECK: ParameterSpec = ParameterSpec {
    name: "deadline_check",
    kind: ParameterKind::Span,
    doc: "how often a client looks whether its lease is over",
    // client/v3/lease.go, deadlineLoop.
    default: |_| Value::Span(Span::secs(1)),
};

const EXPIRY_CHECK: ParameterSpec = ParameterSpec {
    name: "expiry_check",
    kind: ParameterKind::Span,
    doc: "how often the service's leader looks which leases are over",
    // server/lease/lessor.go, runLoop.
    default: |_| Value::Span(Span::millis(500)),
};

const SESSION_END: ParameterSpec = ParameterSpec {
    name: "session_end",
    kind: ParameterKind::Word(&["stop", "ignore"]),
    doc: "what the application does when Session.Done tells it that the session is over: `stop` leading and contend with another session, or `ignore` it",
    default: |_| Value::Word("stop".to_owned()),
};

const PROCLAIM_EVERY: ParameterSpec = ParameterSpec {
    name: "proclaim_every",
    kind: ParameterKind::Span,
    doc: "how long after its election, and after each answer, a leader proclaims a value; it stops leading when that is refused; 0 for never",
    // The library proclaims when the application asks for it (client/v3/concurrency/election.go, Proclaim).
    default: |_| Value::Span(Span::ZERO),
};

const OBSERVE: ParameterSpec = ParameterSpec {
    name: "observe",
    kind: ParameterKind::Flag,
    doc: "whether a contender that waits also observes who leads, and what that proclaims",
    // client/v3/concurrency/election.go, Observe: a call of its own.
    default: |_| Value::Flag(false),
};

pub(super) static SPECS: &[ParameterSpec] = &[
    TTL,
    FIRST_KEEP_ALIVE_TIMEOUT,
    KEEP_ALIVE_CHECK,
    DEADLINE_CHECK,
    EXPIRY_CHECK,
    SESSION_END,
    PROCLAIM_EVERY,
    OBSERVE,
    SERVICE_ELECTION_TIMEOUT,
    SERVICE_HEARTBEAT_INTERVAL,
    REQUEST_TIMEOUT,
    REQUEST_BACKOFF,
];

/// The shortest lease that the service grants (server/etcdserver/server.go, NewServer, minTTL; in whole seconds).
fn shortest_ttl(election_timeout: Span) -> Span {
    Span::secs(election_timeout.scaled(3, 2).0.div_ceil(Span::secs(1).0))
}

pub(super) fn read(parameters: &Parameters) -> Result<Etcd, ParameterError> {
    let ttl = parameters.span(&TTL)?;
    let election = parameters.jitter(&SERVICE_ELECTION_TIMEOUT)?;
    let minimum = shortest_ttl(election.min);
    if ttl < minimum {
        return refuse(
            &TTL,
            format!("the server raises it to {minimum}, one and a half election timeouts in whole seconds"),
        );
    }
    if ttl.0 % Span::secs(1).0 != 0 {
        return refuse(&TTL, "leases are counted in whole seconds");
    }
    let first_keep_alive_timeout = parameters.span(&FIRST_KEEP_ALIVE_TIMEOUT)?;
    if first_keep_alive_timeout == Span::ZERO {
        return refuse(&FIRST_KEEP_ALIVE_TIMEOUT, "must be longer than zero");
    }
    let patience = patience(parameters)?;
    let bug = parameters.bug.as_deref().and_then(Plant::from_id);
    let session_end = match parameters.word(&SESSION_END)? {
        0 => SessionEnd::Stop,
        _ => SessionEnd::Ignore,
    };
    let sessions = SessionRules {
        ttl,
        patience: ttl,
        tick: parameters.span(&EXPIRY_CHECK)?,
        // server/etcdserver/server.go: Promote(s.Cfg.electionTimeout()).
        extension: election.min,
        answer_before: None,
        flaw: bug.and_then(Plant::flaw),
    };
    Ok(Etcd {
        ttl,
        first_keep_alive_timeout,
        keep_alive_check: parameters.span(&KEEP_ALIVE_CHECK)?,
        deadline_check: parameters.span(&DEADLINE_CHECK)?,
        session_end,
        proclaim_every: parameters.span(&PROCLAIM_EVERY)?,
        observes: parameters.flag(&OBSERVE)?,
        rules: Rules {
            seat: Seat::FirstInQueue,
            at_close: AtClose::Release,
            sessions,
            lock_delay: Span::ZERO,
            resend_after: patience.request_timeout,
        },
        patience,
        bug,
    })
}

/// What is legal, and leaves a lease no time.
pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    let Ok(set) = read(parameters) else { return Vec::new() };
    let mut warnings = Vec::new();
    // After an answer at any time, as that to a keep-alive which was asked again.
    let silence = set.ttl.scaled(1, 3) + set.keep_alive_check;
    if silence + set.patience.request_timeout >= set.ttl {
        let problem = format!(
            "a keep-alive comes up to {silence} after the last answer; with one that is asked again after {} the lease of {} \
             may be over",
            set.patience.request_timeout, set.ttl
        );
        warnings.push(ParameterError { parameter: TTL.name, problem });
    }
    if set.session_end == SessionEnd::Ignore {
        let problem = "a leader whose lease is over goes on leading beside its successor";
        warnings.push(ParameterError { parameter: SESSION_END.name, problem: problem.to_owned() });
    }
    warnings
}
