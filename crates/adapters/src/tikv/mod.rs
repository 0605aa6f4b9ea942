//! TiKV's Raft: the crate `raft` 0.7, run through its `RawNode` with asynchronous persistence.
//!
//! **Source.** <https://github.com/tikv/raft-rs>, as published; nothing of it is changed. The order of work of each `Ready` is
//! that of its documentation: what a leader sends goes out at once, everybody else's messages once the `Ready` is durable.
//!
//! **Guarantees, assumptions.** Those of Raft; see `crates/algorithms/src/raft`.
//!
//! **What the adapter does.**
//! - A tick has no fixed length. raft-rs counts ticks since it last heard a leader, gave a vote or changed its role, and
//!   compares the count with `election_tick` (to protect a leader) and with a random number of ticks drawn with `rand`'s
//!   thread generator (to stand for election). The range that it draws from is one value wide here, `election_tick + 1`. The
//!   adapter gives the first tick when the count was reset, all but the last when the shortest timeout is over
//!   ([`Timer::Guard`]), and the last when the rest, drawn from our seed, is over ([`Timer::Election`]).
//! - A leader's tick is its heartbeat interval, so its check of the quorum comes every `election_tick` of them.
//! - A `Ready` that raft-rs says need not be synced (only the commit index moved) is not written.
//! - A process that panics is dead until its next start. raft-rs panics where its log is behind what a leader knows it to
//!   have, which only a disk that forgets can bring about.
//!
//! **Deviations** from how TiKV runs it: the timeout is drawn anew each time the count begins, not once in a term; its
//! distribution is the same. There are no snapshots, no changes of membership, no hibernation.

mod message;
mod parameters;
mod state;
mod store;

#[cfg(test)]
mod tests;

pub use message::Message;
pub use state::State;
pub use store::{Disk, Hard, Write};

use interregnum_algorithms::{Algorithm, Entry, Promise};
use interregnum_kernel::{
    Effects, Epoch, FaultClasses, FencingToken, Input, Jitter, Kind, Leadership, LogEntry, LogIndex, NodeSet,
    Now, Office, ParameterError, Parameters, Process, Protocol, Role, Span, TimerName,
};

/// The configuration of a cluster that runs TiKV's Raft.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TikvRaft {
    members: NodeSet,
    election_timeout: Jitter,
    heartbeat_interval: Span,
    /// How many heartbeats the shortest election timeout takes.
    election_tick: usize,
    pre_vote: bool,
    check_quorum: bool,
    skip_bcast_commit: bool,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The shortest election timeout since a leader was heard: voting against it is fair.
    Guard,
    /// What the drawn timeout has beyond the shortest.
    Election,
    /// A leader's tick.
    Heartbeat,
}

impl TimerName for Timer {
    const COUNT: usize = 3;

    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        [Timer::Guard, Timer::Election, Timer::Heartbeat][index]
    }
}

impl Algorithm for TikvRaft {
    type Rules = TikvRaft;

    const ENTRY: Entry = Entry {
        name: "tikv-raft",
        title: "Raft of TiKV",
        summary: "the crate raft 0.7 as TiKV uses it, with pre-vote and check-quorum: a real implementation",
        source: "https://github.com/tikv/raft-rs, 0.7.0",
        bugs: &[],
        service: false,
        parameters: parameters::SPECS,
        orders: &["transfer"],
        election_kinds: &["PreVote", "PreVoteResponse", "RequestVote", "RequestVoteResponse", "TimeoutNow"],
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

    fn from_parameters(parameters: &Parameters) -> Result<TikvRaft, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }
}

/// Where a step puts its effects.
type Out = Effects<TikvRaft>;

impl Protocol for TikvRaft {
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
        disk.apply(write);
    }

    fn timed(&self) -> bool {
        false
    }

    fn boot(&self, Process { node, .. }: Process, disk: &Disk, _: Now, out: &mut Out) -> State {
        self.start(node, disk, out)
    }

    fn step(&self, state: &mut State, _: Now, input: Input<TikvRaft>, out: &mut Out) {
        self.take(state, input, out);
    }

    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        state.reign().map(|term| Leadership {
            office: Office::CONTESTED,
            epoch: Epoch(term),
            token: Some(FencingToken(term)),
        })
    }

    fn role(&self, state: &State) -> Role {
        state.role()
    }

    fn epoch(&self, state: &State) -> Epoch {
        Epoch(state.term())
    }

    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.members)
    }

    fn last_index(&self, state: &State) -> LogIndex {
        LogIndex(state.disk().map_or(0, Disk::last))
    }

    fn log_entry(&self, state: &State, index: LogIndex) -> Option<LogEntry> {
        state.disk()?.entry(index)
    }
}
