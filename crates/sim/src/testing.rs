//! Small protocols for the engine's own tests.

use interregnum_kernel::{
    Effects, Epoch, Input, Kind, Leadership, NodeSet, Now, Process, Protocol, Role, TimerName,
};

/// A protocol that does nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Silent;

/// It has no timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NoTimer {}

impl TimerName for NoTimer {
    const COUNT: usize = 0;
    fn index(self) -> usize {
        match self {}
    }
    fn from_index(index: usize) -> Self {
        unreachable!("there is no timer {index}")
    }
}

impl Protocol for Silent {
    type State = ();
    type Message = ();
    type Timer = NoTimer;
    type Write = ();
    type Disk = ();
    const KINDS: &'static [&'static str] = &["Nothing"];
    fn kind((): &()) -> Kind {
        Kind(0)
    }
    fn label((): &()) -> u64 {
        0
    }
    fn apply((): &mut (), (): &()) {}
    fn timed(&self) -> bool {
        false
    }
    fn boot(&self, _: Process, (): &(), _: Now, _: &mut Effects<Self>) {}
    fn step(&self, (): &mut (), _: Now, _: Input<Self>, _: &mut Effects<Self>) {}
    fn leadership(&self, (): &(), _: Now) -> Option<Leadership> {
        None
    }
    fn role(&self, (): &()) -> Role {
        Role::Follower
    }
    fn epoch(&self, (): &()) -> Epoch {
        Epoch::ZERO
    }
    fn is_quorum(&self, (): &(), _: NodeSet) -> bool {
        false
    }
}
