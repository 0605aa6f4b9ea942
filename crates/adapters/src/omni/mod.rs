//! OmniPaxos: the crate `omnipaxos` 0.2.
//!
//! **Source.** Ng, Haridi and Carbone, "Omni-Paxos: Breaking the Barriers of Partial Connectivity", EuroSys 2023;
//! <https://github.com/haraldng/omnipaxos>, as published; nothing of it is changed.
//!
//! **Guarantees.** Those of Sequence Paxos: no two nodes decide different entries at one position, and a leader has all that
//! is decided. A leader emerges while some node is connected to a quorum, even if no quorum is connected among itself.
//!
//! **Assumptions.** A write is durable before the call that makes it returns. Messages of one link may be lost where a connection
//! ends, and arrive once and in order before; see the deviations.
//!
//! **What the adapter does.**
//! - An epoch is a ballot: its number, then its node, in one number, since ballots of different nodes share numbers.
//! - The storage keeps a journal. What a step wrote becomes one write of ours, all of its messages wait for it, and the node
//!   handles nothing until it is durable, as a thread would wait in the storage call. Inputs wait in order; of the ticks
//!   that come meanwhile one is made up for.
//! - It leads where it holds its own promise and is in the accept phase, and this is durable.
//! - One tick is one round of heartbeats. The first round of a process lasts up to two, so that rounds of different nodes do
//!   not begin together.
//! - A command that comes to a node that does not lead is ignored, not forwarded.
//! - A process that panics is dead until its next start.
//! - Messages of one sender are delivered once and in order, as on a connection: what overtakes waits. Where what it has
//!   overtaken does not come within two fifths of a round the connection is taken to be broken, and OmniPaxos is told of the new
//!   one (`reconnected`). Fed with bare datagrams it counts a repeated reply to a heartbeat twice, and takes an old `AcceptSync`
//!   for a new one (its `debug_assert` in `sync_log` fails).
//!
//! **Deviations.** The crate runs without its debug assertions, as in its users' release builds. There is no reconfiguration and
//! no compaction.

mod links;
mod message;
mod parameters;
mod state;
mod store;

#[cfg(test)]
mod tests;

pub use message::Message;
pub use state::{State, Write};
pub use store::{Change, Disk, Proposal};

use ::omnipaxos::ballot_leader_election::Ballot;
use interregnum_algorithms::{Algorithm, Entry, Promise};
use interregnum_kernel::{
    Effects, Epoch, FaultClasses, FencingToken, Input, Kind, Leadership, LogEntry, LogIndex, NodeSet, Now,
    Office, ParameterError, Parameters, Process, Protocol, Role, Span, TimerName,
};

/// The configuration of a cluster that runs OmniPaxos.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OmniPaxos {
    members: NodeSet,
    round: Span,
    resend_rounds: u64,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A round of heartbeats is over.
    Round,
    /// A message has waited for an earlier one: the earlier one may be lost.
    Gap,
}

impl TimerName for Timer {
    const COUNT: usize = 2;

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Round, Timer::Gap][index]
    }
}

/// The epoch that stands for a ballot. Priorities are not used.
fn epoch(ballot: Ballot) -> Epoch {
    Epoch(u64::from(ballot.n) << 8 | ballot.pid & 0xff)
}

impl Algorithm for OmniPaxos {
    type Rules = OmniPaxos;

    const ENTRY: Entry = Entry {
        name: "omnipaxos",
        title: "OmniPaxos",
        summary: "the crate omnipaxos 0.2: ballots, elected by who is connected to a quorum: a real implementation",
        source: "Ng, Haridi and Carbone, Omni-Paxos: Breaking the Barriers of Partial Connectivity, EuroSys 2023; \
                 https://github.com/haraldng/omnipaxos, 0.2",
        bugs: &[],
        service: false,
        parameters: parameters::SPECS,
        orders: &[],
        election_kinds: &["PrepareReq", "Prepare", "Promise", "AcceptSync", "NotAccepted"],
        promises: &[
            Promise::except("election-safety", FaultClasses::FORGETFUL_DISKS),
            Promise::except("vote-once", FaultClasses::FORGETFUL_DISKS),
            Promise::except("epoch-monotonic", FaultClasses::FORGETFUL_DISKS),
            Promise::except("fenced-writes", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-completeness", FaultClasses::FORGETFUL_DISKS),
            Promise::except("log-agreement", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-within", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-during", FaultClasses::FORGETFUL_DISKS),
        ],
    };

    fn from_parameters(parameters: &Parameters) -> Result<OmniPaxos, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }
}

/// Where a step puts its effects.
type Out = Effects<OmniPaxos>;

impl Protocol for OmniPaxos {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = Write;
    type Disk = Disk;

    const KINDS: &'static [&'static str] = Message::KINDS;

    fn kind(message: &Message) -> Kind {
        message.kind()
    }

    fn label(message: &Message) -> u64 {
        message.label()
    }

    fn apply(disk: &mut Disk, write: &Write) {
        for change in write.0.iter() {
            disk.apply(change);
        }
    }

    fn timed(&self) -> bool {
        false
    }

    fn boot(&self, process: Process, disk: &Disk, _: Now, out: &mut Out) -> State {
        self.start(process, disk, out)
    }

    fn step(&self, state: &mut State, _: Now, input: Input<OmniPaxos>, out: &mut Out) {
        self.take(state, input, out);
    }

    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        state.reign().map(|epoch| Leadership {
            office: Office::CONTESTED,
            epoch,
            token: Some(FencingToken(epoch.0)),
        })
    }

    fn role(&self, state: &State) -> Role {
        state.role()
    }

    fn epoch(&self, state: &State) -> Epoch {
        state.epoch()
    }

    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.members)
    }

    fn last_index(&self, state: &State) -> LogIndex {
        state.last_index()
    }

    fn log_entry(&self, state: &State, index: LogIndex) -> Option<LogEntry> {
        state.entry(index)
    }
}
