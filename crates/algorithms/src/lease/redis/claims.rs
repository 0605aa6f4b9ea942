//! How much of which disturbance the lock bears: what its documentation says, and what follows from its timers.

use super::parameters::{Settings, validity};
use crate::{Claim, Strain};
use interregnum_kernel::Span;

/// By how much the drift factor allows clocks to differ: 1 %, in parts per million.
const DRIFT_FACTOR_PPM: u64 = 10_000;

/// What is claimed with these settings.
pub(super) fn of(set: &Settings) -> Vec<Claim> {
    let valid = validity(set.ttl);
    let margin = set.ttl.saturating_sub(valid);
    // The last requests of a holder, and the next ones that it sends or would have sent.
    let silence = set.ttl.saturating_sub(set.extend_every + set.request_timeout);
    vec![
        Claim {
            strain: Strain::SlowClock,
            documented: Some(DRIFT_FACTOR_PPM),
            derived: Some(Span(1_000_000).scaled(margin.0, set.ttl.0).0),
            source: "redlock-rb, lib/redlock.rb, ClockDriftFactor; the validity lacks 1 % and 2 ms of the ttl",
        },
        Claim {
            strain: Strain::Freeze,
            documented: None,
            derived: Some(silence.0),
            source: "the keys expire a ttl after the last extension; the next would have come an interval and a request \
                     timeout later",
        },
        Claim {
            strain: Strain::Pause,
            documented: Some(valid.0),
            derived: Some(silence.0),
            source: "documentation, Safety arguments: the client terminates its work within the validity; it may have \
                     checked an interval and a request timeout after its last extension",
        },
    ]
}
