//! How much of which disturbance the lock bears: what its documentation says, and what follows from its timers.

use super::Consul;
use crate::{Claim, Strain};
use interregnum_kernel::Span;

/// What is claimed with these settings.
pub(super) fn of(set: &Consul) -> Vec<Claim> {
    // From a renewal to the end of the session, and on to the next holder.
    let (session, lock_delay) = (set.rules.sessions.patience, set.rules.lock_delay);
    let next = session + lock_delay;
    let age = set.ttl.scaled(1, 2) + set.patience.request_timeout;
    let faster = |span: Span| Span(1_000_000).scaled(span.saturating_sub(set.ttl).0, span.0.max(1)).0;
    vec![
        Claim {
            strain: Strain::SlowClock,
            documented: Some(faster(session)),
            derived: Some(faster(next)),
            source: "hashicorp/consul PR 524: the service doubles the ttl to make up for latency and skew; the lock-delay \
                     comes on top",
        },
        Claim {
            strain: Strain::Freeze,
            documented: Some(lock_delay.0),
            derived: Some(next.saturating_sub(age).0),
            source: "Consul's documentation, Sessions: the lock-delay lets a leader that still lives detect the end; the last \
                     renewal may be half a ttl and a request timeout old, and who wakes up asks and is told",
        },
        Claim {
            strain: Strain::Pause,
            documented: Some(lock_delay.0),
            derived: Some(next.saturating_sub(age).0),
            source: "the same documentation; the last renewal may be half a ttl and a request timeout old",
        },
    ]
}
