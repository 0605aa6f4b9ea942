//! How much of which disturbance exclusion bears with these timers. etcd's documentation claims nothing in numbers.

use super::Etcd;
use crate::{Claim, Strain};

/// What is claimed with these settings.
pub(super) fn of(set: &Etcd) -> Vec<Claim> {
    let left = set.ttl.saturating_sub(set.longest_silence());
    vec![
        Claim {
            strain: Strain::SlowClock,
            documented: None,
            derived: Some(0),
            source: "client/v3/lease.go, recvKeepAlive: the client counts the whole ttl from when the answer arrived, and looks \
                     only now and then; nothing is left for a slow clock",
        },
        Claim {
            strain: Strain::Freeze,
            documented: None,
            derived: Some(left.0),
            source: "the lease is over a ttl after the last keep-alive, and the next would have come a third of the ttl later, \
                     rounded up to the client's next look",
        },
        Claim {
            strain: Strain::Pause,
            documented: None,
            derived: Some(left.0),
            source: "as for a freeze: it may have asked just before the next keep-alive was due",
        },
    ]
}
