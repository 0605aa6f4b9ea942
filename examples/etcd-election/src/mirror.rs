//! What the judge knows of an instance: what it said of itself in its log.
//!
//! The world that our engines share judges nodes by asking their protocol who they are. Here the protocol is a mirror: a node is
//! whatever its log line said last. With that, faults, selectors, triggers, invariants and meters are the world's own.

use interregnum_kernel::{
    Deadline, DisksNeeded, Effects, Epoch, FencingToken, Input, Kind, Leadership, LocalTime, NodeId, NodeSet,
    Now, Office, Process, Protocol, Role, Span, TimerName,
};

/// The mirror of instances that contend through this one server.
#[derive(Clone, Debug)]
pub struct Mirror {
    server: NodeId,
}

impl Mirror {
    /// The rules where this node is etcd's.
    pub fn new(server: NodeId) -> Mirror {
        Mirror { server }
    }
}

/// A line of an instance's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It leads, by this token.
    Leads(u64),
    /// It leads no longer.
    LeadsNoLonger,
    /// It may act by its lease for so long.
    Renewed(Span),
}

/// What an instance has said so far.
#[derive(Clone, Debug, Default)]
pub struct Believes {
    leads: Option<Leadership>,
    until: Option<LocalTime>,
    epoch: Epoch,
}

/// An instance has timers of its own; the mirror has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoTimer {}

impl TimerName for NoTimer {
    const COUNT: usize = 0;
    fn index(self) -> usize {
        match self {}
    }
    fn from_index(index: usize) -> Self {
        unreachable!("there is no timer {index}")
    }
}

impl Protocol for Mirror {
    type State = Believes;
    type Message = Said;
    type Timer = NoTimer;
    type Write = ();
    type Disk = ();

    const DISKS_NEEDED: DisksNeeded = DisksNeeded::None;
    const KINDS: &'static [&'static str] = &["said"];

    fn kind(_: &Said) -> Kind {
        Kind(0)
    }

    fn label(said: &Said) -> u64 {
        match said {
            Said::Leads(token) => token << 2,
            Said::LeadsNoLonger => 1,
            Said::Renewed(length) => length.0 << 2 | 2,
        }
    }

    fn apply((): &mut (), (): &()) {}

    fn timed(&self) -> bool {
        true
    }

    fn boot(&self, _: Process, (): &(), _: Now, _: &mut Effects<Self>) -> Believes {
        Believes::default()
    }

    fn step(&self, state: &mut Believes, now: Now, input: Input<Self>, _: &mut Effects<Self>) {
        let Input::Received { message: said, .. } = input else { return };
        match said {
            Said::Leads(token) => {
                let (epoch, token) = (Epoch(token), Some(FencingToken(token)));
                state.leads = Some(Leadership { office: Office::CONTESTED, epoch, token });
                state.epoch = state.epoch.max(epoch);
            }
            Said::LeadsNoLonger => state.leads = None,
            Said::Renewed(length) => state.until = Some(LocalTime(now.mono.0 + length.0)),
        }
    }

    fn leadership(&self, state: &Believes, _: Now) -> Option<Leadership> {
        state.leads
    }

    /// Who does not lead does nothing by its lease.
    fn lease(&self, state: &Believes, _: Now) -> Option<Deadline> {
        state.leads.and(state.until).map(Deadline::Mono)
    }

    fn role(&self, state: &Believes) -> Role {
        if state.leads.is_some() { Role::Leader } else { Role::Follower }
    }

    fn epoch(&self, state: &Believes) -> Epoch {
        state.epoch
    }

    /// The server is all that it takes.
    fn is_quorum(&self, _: &Believes, nodes: NodeSet) -> bool {
        nodes.contains(self.server)
    }
}
