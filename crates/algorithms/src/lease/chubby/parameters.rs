//! What can be set of the Chubby recipe.
//!
//! The matched values are the production values divided by 40, so that the lease is 300 ms and all proportions stay.

use super::{Chubby, Plant};
use crate::lease::parameters::{
    REQUEST_BACKOFF, REQUEST_TIMEOUT, SERVICE_ELECTION_TIMEOUT, SERVICE_HEARTBEAT_INTERVAL, by_profile,
    patience,
};
use crate::lease::service::{AtClose, Flaw, Rules, Seat, SessionRules};
use crate::profile::{check_timeout, refuse};
use interregnum_kernel::{
    Jitter, ParameterError, ParameterKind, ParameterSpec, Parameters, Span, TOLERABLE_DRIFT_PPM, Value,
};

/// What the paper allows at most for a lease under load (section 3) and for a lock-delay (section 2.4).
const MINUTE: Span = Span::secs(60);

const LEASE: ParameterSpec = by_profile! {
    Span "lease": "how long a session lives from the answer to a KeepAlive; a master under load gives up to a minute",
    matched: Span::millis(300),
    production: Span::secs(12),
};

const ANSWER_BEFORE: ParameterSpec = by_profile! {
    Span "answer_before": "the master holds a KeepAlive back until the session's lease has only so much left",
    matched: Span::millis(100),
    production: Span::secs(4),
};

const GRACE_PERIOD: ParameterSpec = by_profile! {
    Span "grace_period": "how long a client whose local lease is over waits, without acting, for its session to turn out safe",
    matched: Span::micros(1_125_000),
    production: Span::secs(45),
};

const LOCK_DELAY: ParameterSpec = by_profile! {
    Span "lock_delay": "how long nobody gets a lock after its holder's session ended without releasing it; at most a minute",
    matched: Span::millis(375),
    production: Span::secs(15),
};

const DRIFT_ALLOWANCE: ParameterSpec = ParameterSpec {
    name: "drift_allowance",
    kind: ParameterKind::Count,
    doc: "by how many parts per million local leases and the master's lease assume any clock to run fast or slow at most",
    default: |_| Value::Count(TOLERABLE_DRIFT_PPM as u64),
};

const ACQUIRE_RETRY: ParameterSpec = by_profile! {
    Jitter "acquire_retry": "how long a contender waits before it asks again for a lock that is kept back by the lock-delay",
    matched: Jitter::between(Span::millis(25), Span::millis(50)),
    production: Jitter::between(Span::secs(1), Span::secs(2)),
};

pub(super) static SPECS: &[ParameterSpec] = &[
    LEASE,
    ANSWER_BEFORE,
    GRACE_PERIOD,
    LOCK_DELAY,
    DRIFT_ALLOWANCE,
    ACQUIRE_RETRY,
    SERVICE_ELECTION_TIMEOUT,
    SERVICE_HEARTBEAT_INTERVAL,
    REQUEST_TIMEOUT,
    REQUEST_BACKOFF,
];

pub(super) fn read(parameters: &Parameters) -> Result<Chubby, ParameterError> {
    let bug = parameters.bug.as_deref().and_then(Plant::from_id);
    let lease = parameters.span(&LEASE)?;
    if lease == Span::ZERO {
        return refuse(&LEASE, "must be longer than zero: no session would begin");
    }
    let answer_before = parameters.span(&ANSWER_BEFORE)?;
    if answer_before == Span::ZERO || answer_before >= lease {
        return refuse(
            &ANSWER_BEFORE,
            format!("must be longer than zero and shorter than the lease, {lease}; it is {answer_before}"),
        );
    }
    let lock_delay = parameters.span(&LOCK_DELAY)?;
    if lock_delay > MINUTE {
        return refuse(
            &LOCK_DELAY,
            format!("{lock_delay} is longer than a minute, which a client may ask for at most"),
        );
    }
    let drift = parameters.count(&DRIFT_ALLOWANCE)?;
    let held = lease.saturating_sub(answer_before);
    if drift >= 1_000_000 || local(lease, drift) <= held {
        return refuse(
            &DRIFT_ALLOWANCE,
            format!(
                "with {drift} a client's lease of {lease} would be over before the master answers its KeepAlive, \
                 which it holds back for {held}"
            ),
        );
    }
    let acquire_retry = parameters.jitter(&ACQUIRE_RETRY)?;
    check_timeout(&ACQUIRE_RETRY, acquire_retry)?;
    let patience = patience(parameters)?;
    Ok(Chubby {
        lease,
        // The answer is held back for the one, and on its way for less than the other.
        keep_alive_timeout: held + patience.request_timeout,
        grace_period: parameters.span(&GRACE_PERIOD)?,
        drift,
        acquire_retry,
        rules: Rules {
            seat: Seat::Lock,
            at_close: AtClose::Release,
            sessions: SessionRules {
                ttl: lease,
                patience: lease,
                tick: Span::ZERO,
                // The whole lease is the longest that the last master may have promised (section 2.9, step 3), and it promised
                // nothing after its own lease, which was over before the new master was elected.
                extension: Span::ZERO,
                answer_before: Some(answer_before),
                flaw: (bug == Some(Plant::NewMasterShortensLeases)).then_some(Flaw::TakeoverForgetsRenewals),
            },
            lock_delay,
            resend_after: patience.request_timeout,
        },
        patience,
        bug,
    })
}

/// So much of the master's time, as a client counts it: its own clock may be slow, and the master's fast.
pub(super) fn local(span: Span, drift: u64) -> Span {
    span.scaled(1_000_000 - drift, 1_000_000 + drift)
}

pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    let Ok(chubby) = read(parameters) else { return Vec::new() };
    let warn = |spec: &ParameterSpec, problem: String| ParameterError { parameter: spec.name, problem };
    let Chubby { lease, keep_alive_timeout, grace_period, drift, .. } = chubby;
    let mut warnings = Vec::new();
    if lease > MINUTE {
        warnings
            .push(warn(&LEASE, format!("{lease} is more than the minute that a loaded master goes up to")));
    }
    if keep_alive_timeout >= lease {
        warnings.push(warn(
            &ANSWER_BEFORE,
            format!(
                "a KeepAlive that is lost is repeated after {keep_alive_timeout}, and by then the lease of {lease} is \
                 over: every loss puts the session in jeopardy"
            ),
        ));
    }
    if let Ok(election) = parameters.jitter(&SERVICE_ELECTION_TIMEOUT)
        && lease + grace_period < election.max + election.max
    {
        warnings.push(warn(
            &GRACE_PERIOD,
            format!(
                "clients give their sessions up {} after their last answer, and the service may take {} to elect a new \
                 master",
                lease + grace_period,
                election.max + election.max
            ),
        ));
    }
    if drift < u64::from(TOLERABLE_DRIFT_PPM) {
        warnings.push(warn(
            &DRIFT_ALLOWANCE,
            format!(
                "clocks may err by {TOLERABLE_DRIFT_PPM} parts per million before anything is wrong with them"
            ),
        ));
    }
    warnings
}
