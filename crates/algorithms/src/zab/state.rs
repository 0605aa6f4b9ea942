//! What a ZAB node remembers: in memory, and on disk.

use super::log::{Log, Zxid};
use super::message::{Ballot, History, Mode, Packet, Serial, Vote};
use interregnum_kernel::session::Sessions;
use interregnum_kernel::{Epoch, LogEntry, LogIndex, NodeId, NodeSet, Process, Span};
use std::sync::Arc;

/// What survives a crash: two small files and the transaction log.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Disk {
    /// The latest epoch that was promised to a leader (acceptedEpoch, the paper's f.p).
    pub accepted_epoch: Epoch,
    /// The latest epoch whose leader's history was taken over (currentEpoch, the paper's f.a).
    pub current_epoch: Epoch,
    /// The transactions.
    pub log: Log,
}

/// One atomic change of the disk. ZooKeeper keeps the three in files of their own, so a crash may fall between any two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Write {
    /// A promise.
    AcceptedEpoch(Epoch),
    /// The leader's history is taken over.
    CurrentEpoch(Epoch),
    /// The log up to a position, and then this.
    History {
        /// The last position that stays.
        keep: LogIndex,
        /// What follows.
        history: Arc<History>,
    },
    /// One more transaction.
    Append {
        /// Its position.
        index: LogIndex,
        /// The transaction.
        entry: LogEntry,
    },
}

/// One node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) process: Process,
    pub(crate) sessions: Sessions<Packet>,
    /// Whether the sessions' timer runs.
    pub(crate) session_timer: bool,
    /// Both epochs and the log as last asked to be written; the disk may lag behind.
    pub(crate) accepted_epoch: Epoch,
    pub(crate) current_epoch: Epoch,
    pub(crate) log: Log,
    /// How many writes are under way.
    pub(crate) unwritten: u32,
    /// How many of them must be durable until the next step of discovery or synchronisation is taken; zero if it does not
    /// wait for the disk.
    pub(crate) awaited: u32,
    pub(crate) commit: LogIndex,
    pub(crate) mode: Mode,
    /// The logical clock: how many rounds of elections. Not durable, and not the epoch.
    pub(crate) round: u64,
    /// The proposal while looking; afterwards the vote that ended the election.
    pub(crate) vote: Vote,
    /// How many notifications were sent.
    pub(crate) notified: u32,
    /// Per node, the newest notification sent to it, until it is known to have arrived.
    pub(crate) unheard: Vec<Option<Unheard>>,
    /// Whether the timer of repetitions runs.
    pub(crate) repeating: bool,
    /// Per node, the newest notification heard.
    pub(crate) heard: Vec<Serial>,
    pub(crate) election: Election,
    pub(crate) following: Following,
    pub(crate) leading: Leading,
}

/// A notification that is not known to have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Unheard {
    pub(crate) ballot: Ballot,
    pub(crate) serial: Serial,
    /// For how many periods it waits before it is sent again.
    pub(crate) wait: u64,
    /// For how many it waited the last time.
    pub(crate) waited: u64,
}

/// What only a node that looks for a leader keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Election {
    /// The votes of this round (recvset).
    pub(crate) received: Vec<Option<Ballot>>,
    /// What those have said who are in no election (outofelection).
    pub(crate) outside: Vec<Option<Ballot>>,
    /// Whether a quorum has the own vote, and the node waits for a better one.
    pub(crate) finalizing: bool,
    /// For how long it listens before it sends its vote again.
    pub(crate) patience: Span,
}

impl Election {
    pub(crate) fn clear(&mut self) {
        self.received.fill(None);
        self.outside.fill(None);
        self.finalizing = false;
        self.patience = Span::ZERO;
    }
}

/// How far a follower is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Learning {
    /// It connects.
    #[default]
    Connecting,
    /// It has said what it promised last.
    Discovering,
    /// Its promise is being written.
    Promising,
    /// It waits for the history.
    Synchronizing,
    /// The history is being written.
    Storing,
    /// It has acknowledged the history.
    Stored,
    /// The leader is established.
    Broadcasting,
}

/// What only a follower keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Following {
    pub(crate) leader: NodeId,
    pub(crate) learning: Learning,
    /// How often it has tried to connect.
    pub(crate) attempts: u64,
    /// The leader's epoch, once known.
    pub(crate) epoch: Epoch,
    /// The leader's history, until all of it is there.
    pub(crate) history: Option<(LogIndex, Arc<History>)>,
    /// Committed by the leader before it was established here.
    pub(crate) committed: Zxid,
}

/// How far a leader is (the phases of Zab).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reign {
    /// It waits for a quorum's earlier promises.
    #[default]
    Gathering,
    /// Its own promise is being written.
    Promising,
    /// It waits for a quorum's promises.
    Promised,
    /// It waits for a quorum that has its history.
    Synchronizing,
    /// It leads.
    Established,
}

/// What only a leader keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leading {
    pub(crate) reign: Reign,
    pub(crate) epoch: Epoch,
    /// One slot per node.
    pub(crate) learners: Vec<Learner>,
    /// Who is connected.
    pub(crate) connected: NodeSet,
    /// Who has told its earlier promise on its present connection.
    pub(crate) informed: NodeSet,
    /// Who ever has, in this reign.
    pub(crate) gathered: NodeSet,
    /// Who is connected and has answered the new epoch, whether that counts or not.
    pub(crate) answered: NodeSet,
    /// Who has promised the epoch.
    pub(crate) promised: NodeSet,
    /// Who is sent every proposal.
    pub(crate) forwarding: NodeSet,
    /// Who has the history.
    pub(crate) synced: NodeSet,
    /// Whether the next half tick completes a tick.
    pub(crate) completes: bool,
    /// Whether the first pings of the reign have been sent.
    pub(crate) heard: bool,
}

/// What a leader knows of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Learner {
    /// The last transaction that it had when it promised.
    pub(crate) last_zxid: Zxid,
    /// Up to here it was brought when it connected.
    pub(crate) brought: LogIndex,
    /// Up to here its log is durable.
    pub(crate) matched: LogIndex,
    /// For how many ticks it is taken to be there.
    pub(crate) left: u64,
    /// For how many half ticks a proposal has waited for its acknowledgement.
    pub(crate) stuck: u64,
}

impl Leading {
    fn blank(nodes: usize) -> Leading {
        Leading {
            reign: Reign::Gathering,
            epoch: Epoch::ZERO,
            learners: vec![Learner::default(); nodes],
            connected: NodeSet::EMPTY,
            informed: NodeSet::EMPTY,
            gathered: NodeSet::EMPTY,
            answered: NodeSet::EMPTY,
            promised: NodeSet::EMPTY,
            forwarding: NodeSet::EMPTY,
            synced: NodeSet::EMPTY,
            completes: false,
            heard: false,
        }
    }

    /// Forgets everything; keeps the storage.
    pub(crate) fn clear(&mut self) {
        self.learners.fill(Learner::default());
        let learners = std::mem::take(&mut self.learners);
        *self = Leading { learners, ..Leading::blank(0) };
    }

    /// The connection with a node is over. What it has promised and stored stays.
    pub(crate) fn forget(&mut self, node: NodeId) {
        for set in [&mut self.connected, &mut self.informed, &mut self.answered, &mut self.forwarding] {
            set.remove(node);
        }
    }
}

impl State {
    /// What the node remembers after its disk is read.
    pub(crate) fn read(process: Process, disk: &Disk, nodes: usize) -> State {
        State {
            process,
            sessions: Sessions::new(process, nodes),
            session_timer: false,
            accepted_epoch: disk.accepted_epoch,
            current_epoch: disk.current_epoch,
            log: disk.log.clone(),
            unwritten: 0,
            awaited: 0,
            commit: LogIndex::ZERO,
            mode: Mode::Looking,
            round: 0,
            vote: Vote::default(),
            notified: 0,
            unheard: vec![None; nodes],
            repeating: false,
            heard: vec![Serial::default(); nodes],
            election: Election {
                received: vec![None; nodes],
                outside: vec![None; nodes],
                finalizing: false,
                patience: Span::ZERO,
            },
            following: Following::default(),
            leading: Leading::blank(nodes),
        }
    }

    /// This node.
    #[inline]
    pub(crate) fn node(&self) -> NodeId {
        self.process.node
    }

    /// What the node does.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Its vote: a proposal while it looks, and afterwards what ended the election.
    pub fn vote(&self) -> Vote {
        self.vote
    }

    /// Its log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Up to where it knows its log to be committed.
    pub fn commit(&self) -> LogIndex {
        self.commit
    }
}
