//! What can be set of the Kafka recipe.

use super::Kafka;
use super::bugs::Plant;
use crate::lease::parameters::{
    REQUEST_TIMEOUT, SERVICE_ELECTION_TIMEOUT, SERVICE_HEARTBEAT_INTERVAL, by_profile,
};
use crate::lease::service::Seat;
use crate::lease::zookeeper::parameters::{RECONNECT_DELAY, clamp_warning, read_shared};
use interregnum_kernel::{ParameterError, ParameterSpec, Parameters, Span};

const SESSION_TIMEOUT: ParameterSpec = by_profile! {
    Span "session_timeout": "zookeeper.session.timeout.ms: how long a broker's session lives without a ping, in whole milliseconds; the service grants 2 to 20 of its ticks",
    matched: Span::millis(300),
    // 18 s since Kafka 2.5, 6 s before (KafkaConfig.ZkSessionTimeoutMs).
    production: Span::secs(18),
};

const TICK_TIME: ParameterSpec = by_profile! {
    Span "tick_time": "the service's tick, in whole milliseconds: sessions are ended at multiples of it, never before their time",
    matched: Span::millis(50),
    // Kafka's zookeeper.properties sets none, and ZooKeeperServer.DEFAULT_TICK_TIME is 3 s.
    production: Span::secs(3),
};

pub(super) static SPECS: &[ParameterSpec] = &[
    SESSION_TIMEOUT,
    TICK_TIME,
    SERVICE_ELECTION_TIMEOUT,
    SERVICE_HEARTBEAT_INTERVAL,
    REQUEST_TIMEOUT,
    RECONNECT_DELAY,
];

pub(super) fn read(parameters: &Parameters) -> Result<Kafka, ParameterError> {
    let (times, rules, patience) = read_shared(parameters, &SESSION_TIMEOUT, &TICK_TIME, Seat::Lock)?;
    let bug = parameters.bug.as_deref().and_then(Plant::from_id);
    Ok(Kafka { times, rules, patience, bug })
}

pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    clamp_warning(parameters, &SESSION_TIMEOUT, &TICK_TIME).into_iter().collect()
}
