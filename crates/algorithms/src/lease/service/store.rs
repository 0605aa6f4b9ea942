//! The service's data: a state machine, the same on every service node that has applied the same entries.

use super::operation::{Ending, Operation, SessionId, Update};
use super::rules::Flaw;
use interregnum_kernel::LogIndex;
use std::collections::BTreeSet;

/// How leadership is read from the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seat {
    /// Of the sessions' own keys under the common prefix, the one created first leads; its number is the revision at which
    /// it was created (etcd, ZooKeeper).
    FirstInQueue,
    /// Whoever has the lock leads; the number counts how often it was taken (Kubernetes, Consul, Chubby, Kafka).
    Lock,
}

/// What the end of a session does to the lock that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AtClose {
    /// The lock is let go, and keeps its number.
    Release,
    /// The lock's key is deleted, and its number with it. (Consul's behaviour "delete".)
    Delete,
}

/// The lock and its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    /// Who has it.
    pub holder: Option<SessionId>,
    /// How often it was taken: Consul's LockIndex, Chubby's generation, Kafka's controller epoch, Kubernetes'
    /// leaseTransitions and one.
    pub number: u64,
    /// The revision at which it was written last; zero before the first time.
    pub modified: LogIndex,
    /// The stamp of the last [`Update`].
    pub stamp: i32,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Done, or done before: the number that the session now stands or leads under, where there is one.
    Done(u64),
    /// The condition was not met: somebody has the lock, or wrote the record.
    Refused,
    /// There is no such session (any more).
    NoSession,
}

/// What an operation changed, for whoever watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The session that was begun.
    pub opened: Option<SessionId>,
    /// The session that was ended, and why.
    pub closed: Option<(SessionId, Ending)>,
    /// The session whose own key is gone.
    pub left: Option<SessionId>,
    /// The session whose own key has another value.
    pub proclaimed: Option<SessionId>,
    /// Whether the lock was written.
    pub lock: bool,
    /// Who let go of the lock because its session ended.
    pub bereft: bool,
    /// Who leads from now on, and the number, if that changed.
    pub granted: Option<(u64, SessionId)>,
}

/// The data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    seat: Seat,
    at_close: AtClose,
    revision: LogIndex,
    sessions: BTreeSet<SessionId>,
    /// The sessions' own keys, by the revisions at which they were created.
    queue: Vec<(LogIndex, SessionId)>,
    lock: Lock,
    /// Whether a session can have several keys: a planted bug.
    joins_twice: bool,
}

impl Store {
    /// Nothing yet.
    pub fn new(seat: Seat, at_close: AtClose) -> Store {
        Store {
            seat,
            at_close,
            revision: LogIndex::ZERO,
            sessions: BTreeSet::new(),
            queue: Vec::new(),
            lock: Lock::default(),
            joins_twice: false,
        }
    }

    /// As it is, with what a planted bug breaks.
    #[must_use]
    pub fn with(self, flaw: Option<Flaw>) -> Store {
        Store { joins_twice: flaw == Some(Flaw::JoinsTwice), ..self }
    }

    /// The position of the last entry applied. etcd and ZooKeeper count their writes alike on all nodes; here the log's
    /// positions serve, no-ops included.
    pub fn revision(&self) -> LogIndex {
        self.revision
    }
    /// The lock.
    pub fn lock(&self) -> Lock {
        self.lock
    }
    /// The sessions, in their order.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.sessions.iter().copied()
    }
    /// Whether the session goes on.
    pub fn has(&self, session: SessionId) -> bool {
        self.sessions.contains(&session)
    }
    /// The revision at which the session's own key was created, if it has one.
    pub fn created(&self, session: SessionId) -> Option<LogIndex> {
        self.queue.iter().rfind(|(_, owner)| *owner == session).map(|(created, _)| *created)
    }
    /// The same, if what an operation names of it is this.
    fn created_named(&self, session: SessionId, number: u32) -> Option<LogIndex> {
        self.created(session).filter(|created| Operation::named(created.0) == number)
    }
    /// Whose key was created last before this revision (etcd: `WithLastCreate`, `WithMaxCreateRev`).
    pub fn ahead_of(&self, created: LogIndex) -> Option<SessionId> {
        self.queue.iter().rfind(|(revision, _)| *revision < created).map(|(_, owner)| *owner)
    }
    /// Who leads, and the number.
    pub fn leader(&self) -> Option<(u64, SessionId)> {
        match self.seat {
            Seat::FirstInQueue => self.queue.first().map(|(created, owner)| (created.0, *owner)),
            Seat::Lock => self.lock.holder.map(|holder| (self.lock.number, holder)),
        }
    }

    /// An entry that is nobody's operation.
    pub fn skip(&mut self, index: LogIndex) {
        self.revision = index;
    }

    /// Applies the operation of the entry at this position.
    pub fn apply(&mut self, index: LogIndex, operation: Operation) -> (Outcome, Changes) {
        self.revision = index;
        let led = self.leader();
        let mut changes = Changes::default();
        let outcome = self.change(index, operation, &mut changes);
        changes.granted = self.leader().filter(|leader| Some(*leader) != led);
        (outcome, changes)
    }

    fn change(&mut self, index: LogIndex, operation: Operation, changes: &mut Changes) -> Outcome {
        if let Operation::Update(update) = operation {
            return self.update(index, update, changes);
        }
        let session = operation.session();
        if let Operation::Open(_) = operation {
            changes.opened = self.sessions.insert(session).then_some(session);
            return Outcome::Done(0);
        }
        if !self.has(session) {
            return Outcome::NoSession;
        }
        match operation {
            Operation::Close(_, ending) => self.close(index, session, ending, changes),
            Operation::Join(_) => self.join(index, session),
            Operation::Leave(_, number) if self.created_named(session, number).is_some() => {
                self.leave(session, changes)
            }
            Operation::Proclaim(_, number) if self.created_named(session, number).is_some() => {
                changes.proclaimed = Some(session);
                Outcome::Done(0)
            }
            Operation::Leave(..) | Operation::Proclaim(..) => Outcome::Refused,
            Operation::Acquire(_) => self.acquire(index, session, changes),
            Operation::Release(_, number) => self.release(index, (session, number), changes),
            Operation::Elect(_, number) if number == Operation::named(self.lock.number) => {
                self.acquire(index, session, changes)
            }
            Operation::Elect(..) if self.lock.holder == Some(session) => Outcome::Done(self.lock.number),
            Operation::Elect(..) | Operation::Open(_) | Operation::Update(_) => Outcome::Refused,
        }
    }

    fn close(
        &mut self,
        index: LogIndex,
        session: SessionId,
        ending: Ending,
        changes: &mut Changes,
    ) -> Outcome {
        self.sessions.remove(&session);
        changes.closed = Some((session, ending));
        self.leave(session, changes);
        if self.lock.holder == Some(session) {
            changes.bereft = true;
            changes.lock = true;
            self.lock.holder = None;
            self.lock.modified = index;
            if self.at_close == AtClose::Delete {
                self.lock = Lock::default();
            }
        }
        Outcome::Done(0)
    }

    fn join(&mut self, index: LogIndex, session: SessionId) -> Outcome {
        let created = self.created(session).filter(|_| !self.joins_twice).unwrap_or_else(|| {
            self.queue.push((index, session));
            index
        });
        Outcome::Done(created.0)
    }

    fn leave(&mut self, session: SessionId, changes: &mut Changes) -> Outcome {
        let before = self.queue.len();
        self.queue.retain(|(_, owner)| *owner != session);
        if self.queue.len() < before {
            changes.left = Some(session);
        }
        Outcome::Done(0)
    }

    fn acquire(&mut self, index: LogIndex, session: SessionId, changes: &mut Changes) -> Outcome {
        match self.lock.holder {
            Some(holder) if holder != session => Outcome::Refused,
            Some(_) => Outcome::Done(self.lock.number),
            None => {
                self.lock.holder = Some(session);
                self.lock.number += 1;
                self.lock.modified = index;
                changes.lock = true;
                Outcome::Done(self.lock.number)
            }
        }
    }

    fn release(
        &mut self,
        index: LogIndex,
        (session, number): (SessionId, u32),
        changes: &mut Changes,
    ) -> Outcome {
        if self.lock.holder != Some(session) || Operation::named(self.lock.number) != number {
            return Outcome::Refused;
        }
        self.lock.holder = None;
        self.lock.modified = index;
        changes.lock = true;
        Outcome::Done(self.lock.number)
    }

    /// The transitions are counted as client-go counts them: they rise when the holder that is written is another than the
    /// record's, so also after a release, but not when one process writes itself again.
    fn update(&mut self, index: LogIndex, update: Update, changes: &mut Changes) -> Outcome {
        if Update::version(self.lock.modified.0) != update.expected {
            return Outcome::Refused;
        }
        if update.holds && self.lock.holder != Some(update.writer) {
            self.lock.number += 1;
        }
        self.lock.holder = update.holds.then_some(update.writer);
        self.lock.modified = index;
        self.lock.stamp = update.stamp;
        changes.lock = true;
        Outcome::Done(self.lock.number)
    }
}

#[cfg(test)]
mod tests;
