//! How much of which disturbance the lock bears: what the paper says, and what follows from the timers.

use super::Chubby;
use super::parameters::local;
use crate::{Claim, Strain};
use interregnum_kernel::Span;

const WHOLE: Span = Span(1_000_000);

/// What is claimed with these settings.
pub(super) fn of(set: &Chubby) -> Vec<Claim> {
    let lock_delay = set.rules.lock_delay;
    let held = set.keep_alive_timeout.saturating_sub(set.patience.request_timeout);
    // From the sending of a KeepAlive to the end of the session, and for how long of that the holder acts by its own clock.
    let session = held + set.lease;
    let acts = local(session, set.drift);
    let slower_than = |span: Span| WHOLE.scaled(span.saturating_sub(acts).0, span.0).0;
    vec![
        Claim {
            strain: Strain::SlowClock,
            documented: None,
            derived: Some(slower_than(session + lock_delay)),
            source: "section 2.8 assumes a known bound on how much faster the server's clock is and names none, here it is \
                     `drift_allowance`; the lock-delay comes on top",
        },
        Claim {
            strain: Strain::Freeze,
            documented: None,
            derived: Some((set.lease + lock_delay).0),
            source: "section 2.8 asks that clocks do not stand; as for a pause, since who wakes up asks at once and is told; \
                     if it could not ask, only the lock-delay would be left",
        },
        Claim {
            strain: Strain::Pause,
            documented: None,
            derived: Some((set.lease + lock_delay).0),
            source: "section 2.4 means the lock-delay for delayed requests and names a minute at most; the last KeepAlive of a \
                     holder that writes is answered while it stands, and renews its session",
        },
    ]
}
