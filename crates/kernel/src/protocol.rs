//! What an election algorithm is: [`Protocol`], and the small types its rules are written with.

use crate::chain::Covered;
use crate::effects::Effects;
use crate::ids::{
    Command, Epoch, FencingToken, LogEntry, LogIndex, NodeId, NodeSet, Office, Order, Process, Role,
};
use crate::time::{LocalTime, WallTime};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::hash::Hash;

/// The rules of one election algorithm: immutable, and shared by all nodes.
///
/// `State` is one node's memory and is lost in a crash; `Disk` is what survives. The rules are pure: what a step does
/// depends on the state, the node's own clocks and the input, and on nothing else. Randomness is asked of the engine,
/// as the range in a timer.
pub trait Protocol: Clone + Debug + 'static {
    /// One node's memory.
    type State: Debug;
    /// What nodes say to each other.
    type Message: Clone + Debug;
    /// The named timers of one node.
    type Timer: TimerName;
    /// One atomic change of the disk. What must never be torn apart (Raft's term and vote) is one write.
    type Write: Clone + Debug;
    /// What survives a crash: the writes so far, folded by [`Protocol::apply`].
    type Disk: Clone + Debug + Default;

    /// Whether the protocol assumes connections, so that nodes hear of a peer's death by [`Input::Disconnected`].
    const CONNECTIONS: bool = false;

    /// Whose disk has to work for a leader to do its work. For measurements only.
    const DISKS_NEEDED: DisksNeeded = DisksNeeded::All;

    /// The kinds of message, for counts, filters and plots; at most 32.
    const KINDS: &'static [&'static str];

    /// The moments of its work that it names, so that faults can be timed by them; see [`Effects::reach`].
    const PHASES: &'static [&'static str] = &[];

    /// Which of [`Protocol::KINDS`] a message is.
    fn kind(message: &Self::Message) -> Kind;

    /// What the trace digest remembers of a message. Different messages should differ, but need not.
    fn label(message: &Self::Message) -> u64;

    /// Folds a write that became durable into the disk. A crash keeps a prefix of the writes in flight.
    fn apply(disk: &mut Self::Disk, write: &Self::Write);

    /// Whether safety or leadership depends on reading `now`. An untimed exploration is sound only where it does not.
    fn timed(&self) -> bool;

    /// The disk of a node before its first boot.
    fn install(&self, node: NodeId) -> Self::Disk {
        let _ = node;
        Self::Disk::default()
    }

    /// Starts a node from what its disk holds.
    fn boot(&self, process: Process, disk: &Self::Disk, now: Now, out: &mut Effects<Self>) -> Self::State;

    /// Handles one input.
    fn step(&self, state: &mut Self::State, now: Now, input: Input<Self>, out: &mut Effects<Self>);

    /// Whether the node believes that it leads, and what: established, not merely standing for election.
    fn leadership(&self, state: &Self::State, now: Now) -> Option<Leadership>;

    /// Until when the node may act alone, if it holds a lease. The host treats a deadline that has come as no lease,
    /// and asks again then.
    fn lease(&self, state: &Self::State, now: Now) -> Option<Deadline> {
        let _ = (state, now);
        None
    }

    /// What the node takes itself to be.
    fn role(&self, state: &Self::State) -> Role;

    /// The highest epoch that the node has seen.
    fn epoch(&self, state: &Self::State) -> Epoch;

    /// Whether these nodes form a quorum in this node's configuration. An algorithm that asks for none answers for a
    /// majority of its members all the same: from outside, a leader that only a minority can obey is lost, and what
    /// that costs is measured alike for all.
    fn is_quorum(&self, state: &Self::State, nodes: NodeSet) -> bool;

    /// The position of the last entry of the node's log; zero without a log.
    fn last_index(&self, state: &Self::State) -> LogIndex {
        let _ = state;
        LogIndex::ZERO
    }

    /// What the snapshot covers that the node's log begins with, if it begins with one.
    fn snapshot(&self, state: &Self::State) -> Option<Covered> {
        let _ = state;
        None
    }

    /// The entry at a position of the node's log, where it has one.
    fn log_entry(&self, state: &Self::State, index: LogIndex) -> Option<LogEntry> {
        let _ = (state, index);
        None
    }
}

/// A protocol that an exhaustive checker can explore: its states can be compared and hashed. Implemented for every
/// protocol whose types allow it; adapters of foreign code need not, and then the compiler says so.
pub trait Checkable:
    Protocol<State: Clone + Eq + Hash, Message: Ord + Hash, Write: Eq + Hash, Disk: Eq + Hash> + Eq + Hash
{
}

impl<P> Checkable for P where
    P: Protocol<State: Clone + Eq + Hash, Message: Ord + Hash, Write: Eq + Hash, Disk: Eq + Hash> + Eq + Hash
{
}

/// Whose disk has to work for a leader to do its work: what an observer needs to know to tell whether a disk that stands
/// has cost a cluster its leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisksNeeded {
    /// Nobody's: nothing is kept on disk.
    None,
    /// A quorum's, whether the leader's is among them or not.
    Quorum,
    /// A quorum's, the leader's included: without its own it does not lead on.
    All,
}

/// What happens to a node.
///
/// The representation gives it a tag of its own, as [`crate::Effect`] has one: every step begins by reading it.
#[derive(Clone, Debug)]
#[repr(u8)]
pub enum Input<P: Protocol> {
    /// A message arrived. The network may have delayed, reordered or duplicated it.
    Received {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: P::Message,
    },
    /// A timer that was armed has run out. It is no longer armed.
    Fired(P::Timer),
    /// A write is durable. Given once for each write, in order.
    Persisted(P::Write),
    /// A client asks for agreement on a command. A node that does not lead ignores it.
    Propose(Command),
    /// The operator asks for something.
    Administer(Order),
    /// Another process died, and its machine lived to reset its connections. Given only where
    /// [`Protocol::CONNECTIONS`] says so, and never after a loss of power or a cut, which nobody reports. The news travels
    /// like a message: by then the node may have started again.
    Disconnected(Process),
}

/// The time as one node sees it. Two clocks, because real bugs come from mixing them up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Now {
    /// The monotonic clock.
    pub mono: LocalTime,
    /// The wall clock.
    pub wall: WallTime,
}

/// A reign: what a node believes it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Leadership {
    /// Which leadership, where there are several.
    pub office: Office,
    /// The reign's number.
    pub epoch: Epoch,
    /// What the leader sends with its writes; `None` where the algorithm has no such number.
    pub token: Option<FencingToken>,
}

/// When a lease ends, by the holder's own clock. Half-open: at the deadline the lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Deadline {
    /// By the monotonic clock.
    Mono(LocalTime),
    /// By the wall clock.
    Wall(WallTime),
}

impl Deadline {
    /// Whether the deadline has come.
    pub fn has_come(self, now: Now) -> bool {
        match self {
            Deadline::Mono(at) => now.mono >= at,
            Deadline::Wall(at) => now.wall >= at,
        }
    }
}

/// A message's kind: an index into [`Protocol::KINDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Kind(pub u8);

/// A named moment: an index into [`Protocol::PHASES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Phase(pub u8);

/// The timers of one node, numbered densely so that engines can keep them in arrays.
pub trait TimerName: Copy + Debug + Eq + Ord + Hash + 'static {
    /// How many there are; at most 64.
    const COUNT: usize;
    /// This timer's number, below [`TimerName::COUNT`].
    fn index(self) -> usize;
    /// The timer of a number below [`TimerName::COUNT`].
    fn from_index(index: usize) -> Self;
}

/// Which timers of a node are armed. When they run out is the engine's business, so that a host can be hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerSet(u64);

impl TimerSet {
    /// Adds a timer.
    pub fn insert<T: TimerName>(&mut self, timer: T) {
        const { assert!(T::COUNT <= 64, "a node has at most 64 timers") };
        self.0 |= 1 << timer.index();
    }
    /// Takes a timer out; says whether it was in.
    pub fn remove<T: TimerName>(&mut self, timer: T) -> bool {
        let was = self.contains(timer);
        self.0 &= !(1 << timer.index());
        was
    }
    /// Whether the timer is in the set.
    pub fn contains<T: TimerName>(self, timer: T) -> bool {
        self.0 >> timer.index() & 1 == 1
    }
    /// The armed timers in order of their numbers.
    pub fn iter<T: TimerName>(self) -> impl Iterator<Item = T> {
        (0..T::COUNT).filter(move |i| self.0 >> i & 1 == 1).map(T::from_index)
    }
}
