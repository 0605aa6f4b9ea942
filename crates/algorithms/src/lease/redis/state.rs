//! What contenders and masters remember, and their timers.

use super::message::Value;
use interregnum_kernel::{Deadline, Epoch, NodeId, NodeSet, Now, Process, TimerName};

/// The lock at one master: a key that is set, and when it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it is set to.
    pub value: Value,
    /// The last millisecond of the master's wall clock in which it is there.
    pub expires: i64,
}

/// What survives a crash of a master: its data set, as last written out. A contender keeps nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Disk {
    /// The lock.
    pub key: Option<Key>,
    /// The number of the last grant.
    pub number: Epoch,
}

/// One atomic change of a master's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Write {
    /// The data set.
    Data(Disk),
    /// The number of a grant, which measures and is no part of Redis: it is written at once, so that reigns can be compared
    /// where masters forget their data.
    Number(Epoch),
}

/// The timers of a node: the first four are a contender's, the others a master's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The wait between two attempts is over.
    Retry,
    /// The masters that have not answered the last requests are not waited for any more.
    Request,
    /// The next extension is due.
    Extend,
    /// The lock is valid no longer.
    Validity,
    /// What has changed in the last second goes to the disk.
    Flush,
    /// A restarted master serves again.
    Serve,
}

impl TimerName for Timer {
    const COUNT: usize = 6;

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        use Timer::{Extend, Flush, Request, Retry, Serve, Validity};
        [Retry, Request, Extend, Validity, Flush, Serve][index]
    }
}

/// What a contender is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It waits to try again.
    Waiting,
    /// It has asked for the lock.
    Asking,
    /// It has the lock.
    Holding,
}

/// A contender's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contender {
    pub(super) process: Process,
    pub(super) status: Status,
    /// Whether somebody had the lock when it was last asked for.
    pub(super) taken: bool,
    /// The last attempt: makes the value.
    pub(super) attempt: u32,
    /// The last extension.
    pub(super) round: u32,
    /// Whether answers to an extension are awaited.
    pub(super) extending: bool,
    /// When the last requests were sent: the validity counts from here.
    pub(super) asked: Now,
    /// The masters that have said yes to them.
    pub(super) with: NodeSet,
    /// The masters that have said no.
    pub(super) against: NodeSet,
    /// The highest number heard.
    pub(super) heard: Epoch,
    /// The number of the own reign, the last one if it is over.
    pub(super) reign: Epoch,
    /// Until when the lock is valid, while it is held.
    pub(super) until: Deadline,
    /// Whether an extension has been sent in this reign.
    pub(super) extended: bool,
}

impl Contender {
    pub(super) fn new(process: Process, now: Now) -> Contender {
        Contender {
            process,
            status: Status::Waiting,
            taken: false,
            attempt: 0,
            round: 0,
            extending: false,
            asked: now,
            with: NodeSet::EMPTY,
            against: NodeSet::EMPTY,
            heard: Epoch::ZERO,
            reign: Epoch::ZERO,
            until: Deadline::Mono(now.mono),
            extended: false,
        }
    }

    /// What the lock is set to by the last attempt.
    pub(super) fn value(&self) -> Value {
        Value { node: self.process.node, incarnation: self.process.incarnation, attempt: self.attempt }
    }

    /// New requests are sent: nobody has answered them yet.
    pub(super) fn ask(&mut self, now: Now) {
        self.asked = now;
        self.with = NodeSet::EMPTY;
        self.against = NodeSet::EMPTY;
    }

    /// What the contender is doing.
    pub fn status(&self) -> Status {
        self.status
    }
}

/// A master's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Master {
    pub(super) node: NodeId,
    /// The data set.
    pub(super) data: Disk,
    /// Whether it answers: not while a restart is delayed.
    pub(super) serves: bool,
    /// Whether something has changed since the last flush.
    pub(super) dirty: bool,
}

impl Master {
    /// The lock, expired or not: that shows at the next access.
    pub fn key(&self) -> Option<Key> {
        self.data.key
    }
}

/// One node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A node of the application.
    Contender(Contender),
    /// A Redis master.
    Master(Master),
    /// A node that takes no part.
    Spare,
}
