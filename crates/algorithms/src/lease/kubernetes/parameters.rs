//! What can be set of the Kubernetes recipe, and what of it is refused (leaderelection.go, `NewLeaderElector`).

use super::Kubernetes;
use crate::lease::parameters::{
    REQUEST_BACKOFF, REQUEST_TIMEOUT, SERVICE_ELECTION_TIMEOUT, SERVICE_HEARTBEAT_INTERVAL, by_profile,
    patience,
};
use crate::profile::{HEARTBEAT_INTERVAL, refuse};
use interregnum_kernel::{Jitter, ParameterError, ParameterKind, ParameterSpec, Parameters, Span, Value};

const LEASE_DURATION: ParameterSpec = by_profile! {
    Span "lease_duration": "for how long a candidate must have seen no change of the record before it takes over; the record keeps whole seconds",
    matched: Span::secs(1),
    production: Span::secs(15),
};

const RENEW_DEADLINE: ParameterSpec = by_profile! {
    Span "renew_deadline": "for how long a holder tries to renew, from the beginning of a round, before it stops; below the lease duration",
    // Matched: as near to client-go's proportion, two thirds of the lease, as whole milliseconds come.
    matched: Span::millis(667),
    production: Span::secs(10),
};

const RETRY_PERIOD: ParameterSpec = by_profile! {
    Span "retry_period": "how long a holder waits between two rounds of renewal and between the tries of a round, and the least that a candidate waits",
    matched: HEARTBEAT_INTERVAL,
    production: Span::secs(2),
};

const JITTER_FACTOR: ParameterSpec = ParameterSpec {
    name: "jitter_factor",
    kind: ParameterKind::Count,
    doc: "by up to how many per cent of the retry period a candidate waits longer",
    default: |_| Value::Count(120),
};

const RELEASE_ON_CANCEL: ParameterSpec = ParameterSpec {
    name: "release_on_cancel",
    kind: ParameterKind::Flag,
    doc: "whether a holder that stops clears the record, so that nobody has to wait for the lease to run out",
    default: |_| Value::Flag(false),
};

pub(super) static SPECS: &[ParameterSpec] = &[
    LEASE_DURATION,
    RENEW_DEADLINE,
    RETRY_PERIOD,
    JITTER_FACTOR,
    RELEASE_ON_CANCEL,
    SERVICE_ELECTION_TIMEOUT,
    SERVICE_HEARTBEAT_INTERVAL,
    REQUEST_TIMEOUT,
    REQUEST_BACKOFF,
];

/// A pause of a thousand retry periods: nobody means more.
const MOST_JITTER: u64 = 100_000;

pub(super) fn read(parameters: &Parameters) -> Result<Kubernetes, ParameterError> {
    let lease = parameters.span(&LEASE_DURATION)?;
    let deadline = parameters.span(&RENEW_DEADLINE)?;
    let retry = parameters.span(&RETRY_PERIOD)?;
    let jitter = parameters.count(&JITTER_FACTOR)?;
    if in_whole_seconds(lease) == Span::ZERO {
        return refuse(
            &LEASE_DURATION,
            format!(
                "the record keeps whole seconds and {lease} becomes 0: who sees the same record twice would take over"
            ),
        );
    }
    if retry < Span::micros(1) {
        return refuse(&RETRY_PERIOD, "must be at least 1us: no network is as fast");
    }
    if jitter > MOST_JITTER {
        return refuse(&JITTER_FACTOR, format!("{jitter} per cent are more than {MOST_JITTER}"));
    }
    if deadline >= lease {
        return refuse(
            &RENEW_DEADLINE,
            format!(
                "{deadline} is not below the lease duration, {lease}: a holder would lead on when its lease has run out"
            ),
        );
    }
    let longest = retry.scaled(jitter, 100);
    if deadline <= longest {
        return refuse(
            &RENEW_DEADLINE,
            format!(
                "{deadline} is not above {jitter} % of the retry period, {longest}: there would be no second try"
            ),
        );
    }
    let patience = patience(parameters)?;
    Ok(Kubernetes {
        lease_duration: in_whole_seconds(lease),
        renew_deadline: deadline,
        retry_period: retry,
        pause: Jitter::between(retry, retry + longest),
        release_on_cancel: parameters.flag(&RELEASE_ON_CANCEL)?,
        rules: super::rules(patience.request_timeout),
        patience,
        bug: parameters.bug.as_deref().and_then(super::Plant::from_id),
    })
}

/// What a record keeps of a duration.
fn in_whole_seconds(span: Span) -> Span {
    Span::secs(span.0 / Span::secs(1).0)
}

/// What is odd, though client-go accepts it.
pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    let (Ok(recipe), Ok(lease)) = (read(parameters), parameters.span(&LEASE_DURATION)) else {
        return Vec::new();
    };
    let kept = recipe.lease_duration;
    let truncated = (kept != lease).then(|| ParameterError {
        parameter: LEASE_DURATION.name,
        problem: format!("the record keeps whole seconds: candidates wait {kept} and not {lease}"),
    });
    let longest = recipe.retry_period + recipe.renew_deadline;
    let overlong = (longest >= kept).then(|| ParameterError {
        parameter: RENEW_DEADLINE.name,
        problem: format!(
            "a round begins {} after the last answer, so a holder goes on for {longest} without one, which is not below the \
             {kept} after which candidates take over",
            recipe.retry_period
        ),
    });
    let timeout = recipe.patience.request_timeout;
    let single = (timeout >= recipe.renew_deadline).then(|| ParameterError {
        parameter: REQUEST_TIMEOUT.name,
        problem: format!(
            "an update that is lost is sent again after {timeout}, and by then the renew deadline, {}, has passed: one loss \
             ends a reign",
            recipe.renew_deadline
        ),
    });
    truncated.into_iter().chain(overlong).chain(single).collect()
}
