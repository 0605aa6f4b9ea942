//! What differs between the services.

use super::store::{AtClose, Seat};
use interregnum_kernel::Span;

/// What a service does in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// How leadership is read from the data.
    pub seat: Seat,
    /// What the end of a session does to the lock.
    pub at_close: AtClose,
    /// How sessions live. Kubernetes has none.
    pub sessions: SessionRules,
    /// How long nobody can take a lock after the session that held it ended; not after a release.
    pub lock_delay: Span,
    /// After how long a service node repeats news that a watcher has not confirmed, as TCP would.
    pub resend_after: Span,
}

/// How sessions live. Times are by the clock of the service's leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionRules {
    /// For how long a renewal is promised to the client.
    pub ttl: Span,
    /// How long after the last renewal the session is ended (Consul: twice the TTL).
    pub patience: Span,
    /// Sessions are ended at multiples of this only, since the leader's process began; zero for at any time. (etcd looks for leases
    /// that have run out every 500 ms; ZooKeeper rounds up to ticks.)
    pub tick: Span,
    /// What a new leader gives every session beyond its patience (etcd: one election timeout).
    pub extension: Span,
    /// A request for renewal is answered when the lease has only so much left, and renews it then; `None` for at once.
    /// (Chubby.)
    ///
    /// A client that does not say that this leader answered its last renewal is answered at once all the same, and a new
    /// leader does nothing else before every session has said so or is over (Burrows 2006, section 2.9, steps 4 to 7).
    pub answer_before: Option<Span>,
    /// What a planted bug breaks; nothing otherwise.
    pub flaw: Option<Flaw>,
}

/// A planted bug of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// A new leader goes on with the deadlines that it has kept as a follower since sessions were opened.
    TakeoverForgetsRenewals,
    /// The time for which a lock is kept back is measured by the wall clock.
    LockDelayByWallClock,
    /// A former leader goes on watching the deadlines that it has known, and has its successor end what runs out.
    DeposedLeaderEnds,
    /// A repeated request for an own key makes a second one, behind those that are there.
    JoinsTwice,
}
