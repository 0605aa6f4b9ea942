//! What a recipe is: how contenders make one of them leader out of what a coordination service offers.

use super::Lease;
use super::client::{Client, Heard};
use super::service::Rules;
use crate::{Claim, Entry};
use interregnum_kernel::{
    Deadline, Effects, FaultClass, FaultClasses, FencingToken, Now, ParameterError, Parameters, Role,
};
use std::fmt::Debug;
use std::hash::Hash;

/// Where a step puts its effects.
pub type Out = Effects<Lease>;

/// What happens to a contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The service has said something.
    Heard(Heard),
    /// The next renewal, or the next attempt at one, is due.
    RenewDue,
    /// What the contender armed as [`super::Timer::Lapse`] has run out: by its own clock, the lease.
    Lapsed,
    /// What it armed as [`super::Timer::Retry`] has run out.
    RetryDue,
    /// What it armed as [`super::Timer::Grace`] has run out.
    GraceOver,
    /// The connection with the service node that it talked to is gone, since that has died, was restarted or has hung up
    /// ([`Recipe::hangs_up`]), and it talks to another one. What was under way has been sent there.
    Disconnected,
    /// The operator asks it to give up leadership.
    Resign,
}

/// How contenders make one of them leader. One file per system, with its own parameters and defaults.
pub trait Recipe: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// A contender's memory. It has no disk.
    type Contender: Clone + Debug + Eq + Hash + Send + Sync;

    /// What the registry shows of it.
    const ENTRY: Entry;

    /// The moments by which faults can be timed.
    const PHASES: &'static [&'static str] = &[];

    /// Whether a service node that has lost its leader closes its connections.
    fn hangs_up(&self) -> bool {
        false
    }

    /// The rules for these parameters.
    ///
    /// # Errors
    /// If a value is of the wrong kind, or the values do not fit together.
    fn from_parameters(parameters: &Parameters) -> Result<Self, ParameterError>;

    /// What of accepted parameters is probably not intended.
    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        let _ = parameters;
        Vec::new()
    }

    /// The invariants that are not promised with these parameters, though the entry does.
    fn withdrawn(parameters: &Parameters) -> &'static [&'static str] {
        let _ = parameters;
        &[]
    }

    /// How much of which disturbance exclusion is said to bear: by the system's documentation, and by what follows from the
    /// timers. Measured beside it by `interregnum margins`.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }

    /// Whether a session can still be renewed when its time has run out, as long as it has not been ended.
    fn renews_late(&self) -> bool {
        true
    }

    /// What the service does in its own way.
    fn rules(&self) -> &Rules;

    /// Where the service's leader renews and ends sessions, and answers reads, only while it holds Raft's lease: by how many parts per million any
    /// clock is assumed to run fast or slow at most. Otherwise one that does not know yet that it was deposed renews and ends
    /// sessions that its successor has in its care.
    fn master_lease(&self) -> Option<u64> {
        None
    }

    /// How patient a contender's client is.
    fn patience(&self) -> super::client::Patience;

    /// Starts a contender.
    fn begin(&self, client: Client, now: Now, out: &mut Out) -> Self::Contender;

    /// Something happens to it.
    fn on(&self, contender: &mut Self::Contender, now: Now, event: Event, out: &mut Out);

    /// Its line to the service.
    fn client(contender: &mut Self::Contender) -> &mut Client;

    /// Under which number it leads, if its client library tells the application so.
    fn leads(&self, contender: &Self::Contender, now: Now) -> Option<u64>;

    /// The fencing token of a reign with this number.
    fn token(&self, number: u64) -> Option<FencingToken> {
        Some(FencingToken(number))
    }

    /// Until when it may act as leader by its own clock.
    fn until(&self, contender: &Self::Contender, now: Now) -> Option<Deadline>;

    /// Whether it waits (`Follower`), takes the seat for free and tries to get it (`Candidate`), or leads.
    fn role(&self, contender: &Self::Contender) -> Role;

    /// The highest number of a reign that it has heard of.
    fn highest(&self, contender: &Self::Contender) -> u64;
}

/// What a lease cannot be measured under: clocks that do not tell the same time between two instants.
pub(super) const UNMEASURABLE: FaultClasses =
    FaultClasses::of(&[FaultClass::Freeze, FaultClass::ClockRate, FaultClass::ClockJump]);

/// The same, and what makes an answer or a process later than a lease has room for.
pub(super) const ASLEEP_OR_LATE: FaultClasses =
    UNMEASURABLE.and(FaultClasses::of(&[FaultClass::Delay, FaultClass::Pause, FaultClass::SlowNode]));

/// What every recipe promises, and what it promises besides: the service's own office is Raft's, numbers of reigns are counted in
/// its log, and every lease and every wait for one has an end.
macro_rules! promises {
    ($($more:expr),* $(,)?) => {
        &[
            Promise::except("election-safety", FaultClasses::FORGETFUL_DISKS),
            Promise::except("vote-once", FaultClasses::FORGETFUL_DISKS),
            Promise::except("epoch-monotonic", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-completeness", FaultClasses::FORGETFUL_DISKS),
            Promise::except("log-agreement", FaultClasses::FORGETFUL_DISKS),
            Promise::except("fenced-writes", FaultClasses::FORGETFUL_DISKS),
            Promise::except("token-monotonic", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-within", FaultClasses::FORGETFUL_DISKS),
            $($more),*
        ]
    };
}

pub(super) use promises;
