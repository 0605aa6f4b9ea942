//! What can be set of every recipe: the service's own Raft, and the patience of clients.

use super::client::Patience;
use crate::Algorithm as _;
use crate::profile::{self, check_heartbeat, check_timeout, refuse};
use crate::raft::Raft;
use interregnum_kernel::{Jitter, NodeSet, ParameterError, ParameterSpec, Parameters, Span, Value};

/// A parameter with a default for each profile: `by_profile! { Span "name": "doc", matched: ..., production: ... }`.
macro_rules! by_profile {
    ($kind:ident $name:literal: $doc:literal, matched: $matched:expr, production: $production:expr $(,)?) => {
        interregnum_kernel::ParameterSpec {
            name: $name,
            kind: interregnum_kernel::ParameterKind::$kind,
            doc: $doc,
            default: |profile| {
                interregnum_kernel::Value::$kind(match profile {
                    interregnum_kernel::Profile::Matched => $matched,
                    interregnum_kernel::Profile::Production => $production,
                })
            },
        }
    };
}

pub(crate) use by_profile;

pub(crate) const SERVICE_ELECTION_TIMEOUT: ParameterSpec = by_profile! {
    Jitter "service_election_timeout": "how long a service node waits for the service's leader before it stands",
    matched: profile::FAILURE_TIMEOUT,
    production: Jitter::between(Span::millis(1000), Span::millis(1999)),
};

pub(crate) const SERVICE_HEARTBEAT_INTERVAL: ParameterSpec = by_profile! {
    Span "service_heartbeat_interval": "how often the service's leader is heard by the service's other nodes",
    matched: profile::HEARTBEAT_INTERVAL,
    production: Span::millis(100),
};

pub(crate) const REQUEST_TIMEOUT: ParameterSpec = by_profile! {
    Span "request_timeout": "how long a contender waits for the service's answer before it asks another service node",
    matched: Span::millis(50),
    production: Span::secs(1),
};

pub(crate) const REQUEST_BACKOFF: ParameterSpec = by_profile! {
    Jitter "request_backoff": "how long a contender waits before it asks again where the service had no leader",
    matched: Jitter::between(Span::millis(10), Span::millis(20)),
    production: Jitter::between(Span::millis(50), Span::millis(100)),
};

/// The Raft that replicates the service.
///
/// # Errors
/// If there are no service nodes, or an even number, or Raft refuses its timeouts or the drift that its lease allows for.
pub(crate) fn service_raft(parameters: &Parameters, lease: Option<u64>) -> Result<Raft, ParameterError> {
    check_size(parameters)?;
    let election = parameters.jitter(&SERVICE_ELECTION_TIMEOUT)?;
    check_timeout(&SERVICE_ELECTION_TIMEOUT, election)?;
    let heartbeat = parameters.span(&SERVICE_HEARTBEAT_INTERVAL)?;
    check_heartbeat(&SERVICE_HEARTBEAT_INTERVAL, heartbeat, SERVICE_ELECTION_TIMEOUT.name, election.min)?;
    let inner = Parameters {
        nodes: parameters.nodes,
        members: parameters.service,
        service: NodeSet::EMPTY,
        profile: parameters.profile,
        ..Parameters::default()
    };
    let inner = match lease {
        Some(drift) => {
            inner.with("lease", Value::Flag(true)).with("clock_drift_bound_ppm", Value::Count(drift))
        }
        None => inner,
    };
    let inner = inner.with("election_timeout", Value::Jitter(election));
    let inner = inner.with("heartbeat_interval", Value::Span(heartbeat));
    Raft::from_parameters(&inner.with("disk_stall_timeout", Value::Span(election.min)))
}

/// A service decides by majority of an odd number of nodes.
pub(crate) fn check_size(parameters: &Parameters) -> Result<(), ParameterError> {
    let refuse = |problem| Err(ParameterError { parameter: "service", problem });
    match parameters.service.len() {
        0 => refuse(
            "the recipe needs a coordination service of an odd number of nodes; there is none".to_owned(),
        ),
        size if size.is_multiple_of(2) => refuse(format!(
            "a service of {size} nodes bears the loss of no more nodes than one of {} would; make it odd",
            size - 1
        )),
        _ => Ok(()),
    }
}

/// How patient a contender's client is.
///
/// # Errors
/// If a time is zero.
pub(crate) fn patience(parameters: &Parameters) -> Result<Patience, ParameterError> {
    let request_timeout = parameters.span(&REQUEST_TIMEOUT)?;
    let backoff = parameters.jitter(&REQUEST_BACKOFF)?;
    if request_timeout == Span::ZERO {
        return refuse(&REQUEST_TIMEOUT, "must be longer than zero");
    }
    check_timeout(&REQUEST_BACKOFF, backoff)?;
    Ok(Patience { request_timeout, backoff })
}
