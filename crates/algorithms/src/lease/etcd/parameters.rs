//! What can be set of the etcd recipe.

use super::Etcd;
use crate::lease::parameters::{
    REQUEST_BACKOFF, REQUEST_TIMEOUT, SERVICE_ELECTION_TIMEOUT, SERVICE_HEARTBEAT_INTERVAL, patience,
};
use crate::profile::refuse;
use interregnum_kernel::{ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Span, Value};

const TTL: ParameterSpec = ParameterSpec {
    name: "ttl",
    kind: ParameterKind::Span,
    doc: "how long a lease lives without a keep-alive; whole seconds, and at least one and a half election timeouts of the service",
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => Span::secs(1),
            Profile::Production => Span::secs(60),
        })
    },
};

pub(super) static SPECS: &[ParameterSpec] =
    &[TTL, SERVICE_ELECTION_TIMEOUT, SERVICE_HEARTBEAT_INTERVAL, REQUEST_TIMEOUT, REQUEST_BACKOFF];

pub(super) fn read(parameters: &Parameters) -> Result<Etcd, ParameterError> {
    let ttl = parameters.span(&TTL)?;
    let election = parameters.jitter(&SERVICE_ELECTION_TIMEOUT)?;
    let minimum = Span::secs(election.min.scaled(3, 2).0.div_ceil(Span::secs(1).0));
    if ttl < minimum {
        return refuse(
            &TTL,
            format!("the server raises it to {minimum}, one and a half election timeouts in whole seconds"),
        );
    }
    if ttl.0 % Span::secs(1).0 != 0 {
        return refuse(&TTL, "leases are counted in whole seconds");
    }
    let patience = patience(parameters)?;
    Ok(Etcd {
        ttl,
        keep_alive_interval: ttl.scaled(1, 3),
        deadline_check: Span::millis(500),
        rules: super::rules(ttl, election.min, patience.request_timeout),
        patience,
    })
}
