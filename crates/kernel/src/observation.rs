//! What can be observed of a run, in words that no algorithm owns. Invariants and measurements listen to it.

use crate::chain::Covered;
use crate::ids::{Command, Epoch, FencingToken, Incarnation, LogEntry, LogIndex, NodeId, Office, Role};
use crate::protocol::{Leadership, Phase};
use crate::time::{GlobalTime, Span};
use serde::{Deserialize, Serialize};

/// One observation: who, when, what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Observation {
    /// When, in the engine's global time; `at_ns` where it is written down.
    #[serde(rename = "at_ns")]
    pub at: GlobalTime,
    /// At which node. For the resource's observations, the writing node; for the run's own, the first node.
    pub node: NodeId,
    /// The node's incarnation at that instant.
    pub incarnation: Incarnation,
    /// The leadership that the node's role, epoch and log are about. A coordination service's nodes have one of their
    /// own; all others contend for the contested one.
    pub office: Office,
    /// What.
    pub what: What,
}

/// What a protocol states of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fact {
    /// The node gave its vote. Noted once the vote is durable; noted at once, it would accuse correct code, since an
    /// unsynced vote that nobody heard of may be forgotten.
    Voted {
        /// The leadership voted on.
        office: Office,
        /// The epoch voted in.
        epoch: Epoch,
        /// For whom.
        candidate: NodeId,
    },
    /// The node's disk holds this epoch.
    EpochStored {
        /// The leadership meant.
        office: Office,
        /// The epoch.
        epoch: Epoch,
    },
    /// The node goes on from a snapshot: it was installed, or found on the disk at boot. All that it covers is committed;
    /// the node will not commit it again, and next commits what follows it.
    Restored(Covered),
    /// The node has come to a moment that the protocol names, so that a fault can be timed by it. Never judged.
    Reached(Phase),
    /// The coordination service has given the contested leadership to somebody. Every service node says so that learns of
    /// it, so it is heard several times, and late from nodes that lag.
    Granted {
        /// The number that the reign is known by.
        epoch: Epoch,
        /// To whom.
        holder: NodeId,
        /// In which of the holder's sessions, by a number of its own.
        session: u64,
    },
    /// A service node has told the owner of a session, or is about to, that the session will not be ended for so long,
    /// by the service's clocks: when it is opened, and when it is renewed.
    Renewed {
        /// The session, by a number of its own.
        session: u64,
        /// For how long.
        length: Span,
    },
    /// The coordination service has ended a session because its time has run out. Every service node says so that learns of it.
    Expired {
        /// The session, by a number of its own.
        session: u64,
    },
}

/// How well the nodes that work are linked to each other, as far as quorums are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connected {
    /// No node that works reaches a quorum.
    #[default]
    None,
    /// Some node has links both ways to a quorum, whose nodes do not all reach each other.
    Hub,
    /// The nodes of some quorum all reach each other, both ways.
    Quorum,
}

/// A write to the fenced resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Write {
    /// Who sent it.
    pub writer: NodeId,
    /// The writer's incarnation when it decided to write.
    pub incarnation: Incarnation,
    /// The leadership it was sent under.
    pub leadership: Leadership,
    /// The run's count of attempted writes, to tell writes apart.
    pub number: u64,
}

impl Write {
    /// The fencing token it carries.
    pub fn token(&self) -> Option<FencingToken> {
        self.leadership.token
    }
}

/// Why a leader lost its quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LossCause {
    /// A fault was injected: a cut, a crash, a stuck disk.
    Fault,
    /// No fault: the others moved on to a higher epoch, or the leader gave up by itself.
    Superseded,
}

/// What is observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum What {
    /// The node now believes that it leads.
    Elected(Leadership),
    /// The node no longer believes that it leads. A crash ends a reign too.
    Deposed(Leadership),
    /// Clients have found the leader, and ask it from now on. Not said where they know every leader at once.
    Discovered(Leadership),
    /// What the snapshot of a node that was just elected covers, if its log begins with one. Sent only to observers that
    /// want it; follows `Elected` at the same instant, before `LeaderLog`.
    LeaderSnapshot(Covered),
    /// The log of a node that was just elected, one entry at a time, from its first available entry on. Sent only to
    /// observers that want it; follows `Elected` at the same instant.
    LeaderLog {
        /// The entry's position.
        index: LogIndex,
        /// The entry.
        entry: LogEntry,
    },
    /// The end of the elected node's log.
    LeaderLogEnd {
        /// Position of its last entry; zero for an empty log.
        last: LogIndex,
    },
    /// The node holds a lease from now on.
    LeaseHeld(Office),
    /// The node's lease ended.
    LeaseLost(Office),
    /// The node's role changed.
    RoleChanged(Role),
    /// The node saw a new epoch, by itself or from another.
    EpochEntered(Epoch),
    /// A protocol's own statement.
    Fact(Fact),
    /// The node knows that an entry is agreed on.
    Committed {
        /// Its position.
        index: LogIndex,
        /// The entry.
        entry: LogEntry,
    },
    /// A client handed a command to the node.
    Proposed(Command),
    /// The node started for the first time.
    Booted(Epoch),
    /// The process died. What was not durable is lost.
    Crashed,
    /// The node started again, with this epoch on its disk.
    Restarted(Epoch),
    /// The process stopped: a pause, or a freeze of the whole machine. It does nothing, and may not know of it afterwards.
    Stopped,
    /// The process goes on.
    Resumed,
    /// The links between nodes that work changed: this is how well a quorum is connected from now on. Told at the start,
    /// and whenever a fault, a crash, a start or a heal has changed a link or a node, even where the answer is the same.
    LinksChanged(Connected),
    /// The acting leader can be obeyed by a quorum: links both ways, nodes up, its disk working, nobody needed for a
    /// quorum in a higher epoch. Judged from outside; the leader may not know.
    GainedQuorum(Leadership),
    /// The acting leader can no longer be obeyed by a quorum.
    LostQuorum(Leadership, LossCause),
    /// The node decided to write and sent the write.
    WriteSent(Write),
    /// The resource took the write.
    WriteAccepted(Write),
    /// The resource refused the write.
    WriteRejected(Write),
    /// A planned fault was injected: its place in the plan.
    FaultInjected(u32),
    /// A planned fault ended by itself.
    FaultLifted(u32),
    /// A planned fault found no target, as when no node led.
    FaultMissed(u32),
    /// All faults were healed; liveness is asked from here.
    Healed,
    /// The run is over.
    Ended,
}

/// A set of kinds of observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interest(u32);

impl Interest {
    /// Nothing.
    pub const NONE: Interest = Interest(0);
    /// Everything.
    pub const ALL: Interest = Interest(u32::MAX);
    /// `Elected`, `Deposed`.
    pub const LEADERSHIP: Interest = Interest(1);
    /// `LeaderSnapshot`, `LeaderLog`, `LeaderLogEnd`.
    pub const LEADER_LOG: Interest = Interest(1 << 1);
    /// `LeaseHeld`, `LeaseLost`.
    pub const LEASES: Interest = Interest(1 << 2);
    /// `RoleChanged`.
    pub const ROLES: Interest = Interest(1 << 3);
    /// `EpochEntered`.
    pub const EPOCHS: Interest = Interest(1 << 4);
    /// `Fact`, but for `Reached`.
    pub const FACTS: Interest = Interest(1 << 5);
    /// `Committed`.
    pub const COMMITS: Interest = Interest(1 << 6);
    /// `Proposed`.
    pub const PROPOSALS: Interest = Interest(1 << 7);
    /// `Booted`, `Crashed`, `Restarted`, `Stopped`, `Resumed`.
    pub const LIFE: Interest = Interest(1 << 8);
    /// `GainedQuorum`, `LostQuorum`.
    pub const QUORUM: Interest = Interest(1 << 9);
    /// `WriteSent`, `WriteAccepted`, `WriteRejected`.
    pub const WRITES: Interest = Interest(1 << 10);
    /// `FaultInjected`, `FaultLifted`, `FaultMissed`, `Healed`.
    pub const FAULTS: Interest = Interest(1 << 11);
    /// `Ended`.
    pub const END: Interest = Interest(1 << 12);
    /// `LinksChanged`.
    pub const LINKS: Interest = Interest(1 << 13);
    /// `Fact(Reached)`.
    pub const PHASES: Interest = Interest(1 << 14);
    /// `Discovered`.
    pub const DISCOVERY: Interest = Interest(1 << 15);

    /// The kinds in either set.
    #[must_use]
    pub const fn and(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }
    /// Whether the sets share a kind.
    #[inline]
    pub const fn meets(self, other: Interest) -> bool {
        self.0 & other.0 != 0
    }
}

impl What {
    /// Which kind of observation it is.
    #[inline]
    pub const fn interest(&self) -> Interest {
        match self {
            What::Elected(_) | What::Deposed(_) => Interest::LEADERSHIP,
            What::Discovered(_) => Interest::DISCOVERY,
            What::LeaderSnapshot(_) | What::LeaderLog { .. } | What::LeaderLogEnd { .. } => {
                Interest::LEADER_LOG
            }
            What::LeaseHeld(_) | What::LeaseLost(_) => Interest::LEASES,
            What::RoleChanged(_) => Interest::ROLES,
            What::EpochEntered(_) => Interest::EPOCHS,
            What::Fact(Fact::Reached(_)) => Interest::PHASES,
            What::Fact(_) => Interest::FACTS,
            What::Committed { .. } => Interest::COMMITS,
            What::Proposed(_) => Interest::PROPOSALS,
            What::Booted(_) | What::Crashed | What::Restarted(_) | What::Stopped | What::Resumed => {
                Interest::LIFE
            }
            What::LinksChanged(_) => Interest::LINKS,
            What::GainedQuorum(_) | What::LostQuorum(..) => Interest::QUORUM,
            What::WriteSent(_) | What::WriteAccepted(_) | What::WriteRejected(_) => Interest::WRITES,
            What::FaultInjected(_) | What::FaultLifted(_) | What::FaultMissed(_) | What::Healed => {
                Interest::FAULTS
            }
            What::Ended => Interest::END,
        }
    }
}

/// Something that listens to a run.
pub trait Observer {
    /// Which kinds of observation it wants to hear. Others may or may not be given to it.
    fn interest(&self) -> Interest;
    /// Hears one observation.
    fn observe(&mut self, observation: &Observation);
}

/// Hears nothing.
impl Observer for () {
    fn interest(&self) -> Interest {
        Interest::NONE
    }
    fn observe(&mut self, _: &Observation) {}
}

/// Two listeners to one run.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn interest(&self) -> Interest {
        self.0.interest().and(self.1.interest())
    }
    #[inline]
    fn observe(&mut self, observation: &Observation) {
        let kind = observation.what.interest();
        if self.0.interest().meets(kind) {
            self.0.observe(observation);
        }
        if self.1.interest().meets(kind) {
            self.1.observe(observation);
        }
    }
}

/// Lends a listener to a run.
impl<A: Observer> Observer for &mut A {
    fn interest(&self) -> Interest {
        (**self).interest()
    }
    #[inline]
    fn observe(&mut self, observation: &Observation) {
        (**self).observe(observation);
    }
}

/// Keeps everything it hears: for tests and small runs.
impl Observer for Vec<Observation> {
    fn interest(&self) -> Interest {
        Interest::ALL
    }
    fn observe(&mut self, observation: &Observation) {
        self.push(*observation);
    }
}
