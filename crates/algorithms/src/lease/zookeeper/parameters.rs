//! What can be set of the ZooKeeper recipe, and what every client of ZooKeeper shares of it.

use super::bugs::Plant;
use super::session::Times;
use super::{OnDisconnect, ZooKeeper};
use crate::lease::client::Patience;
use crate::lease::parameters::{
    REQUEST_TIMEOUT, SERVICE_ELECTION_TIMEOUT, SERVICE_HEARTBEAT_INTERVAL, by_profile, patience,
};
use crate::lease::service::{Flaw, Rules, Seat};
use crate::profile::refuse;
use interregnum_kernel::{Jitter, ParameterError, ParameterKind, ParameterSpec, Parameters, Span, Value};

const SESSION_TIMEOUT: ParameterSpec = by_profile! {
    Span "session_timeout": "how long a session lives without a ping, in whole milliseconds; the service grants 2 to 20 of its ticks",
    matched: Span::millis(300),
    // Curator asks for 60 s (CuratorFrameworkFactory), of which a service with ticks of 2 s grants 40.
    production: Span::secs(40),
};

pub(in crate::lease) const TICK_TIME: ParameterSpec = by_profile! {
    Span "tick_time": "the service's tick, in whole milliseconds: sessions are ended at multiples of it, never before their time",
    matched: Span::millis(50),
    // conf/zoo_sample.cfg.
    production: Span::secs(2),
};

pub(in crate::lease) const RECONNECT_DELAY: ParameterSpec = by_profile! {
    Jitter "request_backoff": "how long a client that has lost its connection rests before it tries the next service node, and before it asks again where the service had no leader",
    matched: Jitter::between(Span::millis(10), Span::millis(20)),
    // ClientCnxn.SendThread.startConnect sleeps for less than a second.
    production: Jitter::between(Span::millis(1), Span::millis(999)),
};

const ON_DISCONNECT: ParameterSpec = ParameterSpec {
    name: "on_disconnect",
    kind: ParameterKind::Word(&["stop", "keep-acting"]),
    doc: "what a leader does that loses its connection: it stops acting until it is back, or goes on until its session is over, as far as it knows",
    default: |_| Value::Word("stop".to_owned()),
};

pub(super) static SPECS: &[ParameterSpec] = &[
    SESSION_TIMEOUT,
    TICK_TIME,
    ON_DISCONNECT,
    SERVICE_ELECTION_TIMEOUT,
    SERVICE_HEARTBEAT_INTERVAL,
    REQUEST_TIMEOUT,
    RECONNECT_DELAY,
];

pub(super) fn read(parameters: &Parameters) -> Result<ZooKeeper, ParameterError> {
    let shared = read_shared(parameters, &SESSION_TIMEOUT, &TICK_TIME, Seat::FirstInQueue)?;
    let (times, mut rules, patience) = shared;
    let bug = parameters.bug.as_deref().and_then(Plant::from_id);
    if bug == Some(Plant::OrphanedNode) {
        rules.sessions.flaw = Some(Flaw::JoinsTwice);
    }
    let on_disconnect = match parameters.word(&ON_DISCONNECT)? {
        0 => OnDisconnect::Stop,
        _ => OnDisconnect::KeepActing,
    };
    let times = times.of_curator();
    Ok(ZooKeeper { times, rules, patience, on_disconnect, bug })
}

pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    clamp_warning(parameters, &SESSION_TIMEOUT, &TICK_TIME).into_iter().collect()
}

/// A session's times, as they come out of the negotiation (ZooKeeperServer.processConnectRequest, with minSessionTimeout and
/// maxSessionTimeout of 2 and 20 ticks), what the service does, and how patient clients are.
///
/// # Errors
/// If a time is zero, or not of whole milliseconds, in which ZooKeeper counts.
pub(in crate::lease) fn read_shared(
    parameters: &Parameters,
    session_timeout: &ParameterSpec,
    tick_time: &ParameterSpec,
    seat: Seat,
) -> Result<(Times, Rules, Patience), ParameterError> {
    let tick = whole_millis(parameters, tick_time)?;
    let granted = clamped(whole_millis(parameters, session_timeout)?, tick);
    let rest = parameters.jitter(&RECONNECT_DELAY)?;
    let times = Times::of(granted, parameters.service.len(), rest);
    let patience = Patience { backoff: rest, ..patience(parameters)? };
    Ok((times, times.rules(seat, tick, patience.request_timeout), patience))
}

/// What to remark on a session timeout that the service does not grant.
pub(in crate::lease) fn clamp_warning(
    parameters: &Parameters,
    session_timeout: &ParameterSpec,
    tick_time: &ParameterSpec,
) -> Option<ParameterError> {
    let asked = parameters.span(session_timeout).ok()?;
    let tick = parameters.span(tick_time).ok()?;
    let granted = clamped(asked, tick);
    (granted != asked).then(|| ParameterError {
        parameter: session_timeout.name,
        problem: format!("the service grants 2 to 20 ticks of {tick}: {granted} instead of {asked}"),
    })
}

fn clamped(timeout: Span, tick: Span) -> Span {
    timeout.clamp(tick.scaled(2, 1), tick.scaled(20, 1))
}

fn whole_millis(parameters: &Parameters, spec: &ParameterSpec) -> Result<Span, ParameterError> {
    let span = parameters.span(spec)?;
    if span == Span::ZERO || span.0 % Span::millis(1).0 != 0 {
        return refuse(spec, format!("{span} is not a number of whole milliseconds, at least one"));
    }
    Ok(span)
}
