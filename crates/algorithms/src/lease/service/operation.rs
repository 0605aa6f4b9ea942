//! What clients of the service ask it to do, and how it is written into the replicated log.
//!
//! A log entry carries a [`Command`], a number. An operation is packed into one, so that entries stay small and Raft need
//! not know what it replicates. Bit 62 marks an operation: whatever has it not is some other client's business, and
//! changes nothing here but the revision.

use interregnum_kernel::{Command, NodeId, Process};
use std::fmt;

/// A session: the part of a client's life during which the service takes it for alive. etcd calls it a lease.
///
/// It is named by its owner, so that a request to open one can be repeated. (etcd lets a client choose the number; in
/// ZooKeeper and Consul a repeated request would open a second session, which nobody renews and which runs out.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    owner: NodeId,
    life: u16,
    number: u16,
}

const LIFE_BITS: u32 = 10;
const NUMBER_BITS: u32 = 12;

impl SessionId {
    /// The `number`th session of a process. Lives and numbers are kept modulo 1024 and 4096.
    pub fn of(process: Process, number: u16) -> SessionId {
        let life = (process.incarnation.0 & ((1 << LIFE_BITS) - 1)) as u16;
        SessionId { owner: process.node, life, number: number & ((1 << NUMBER_BITS) - 1) }
    }
    /// The node whose session it is.
    pub fn owner(self) -> NodeId {
        self.owner
    }
    /// Which of the owner's lives, modulo 1024.
    pub fn life(self) -> u16 {
        self.life
    }
    /// As one number, for facts.
    pub fn packed(self) -> u64 {
        u64::from(self.owner.0) << (LIFE_BITS + NUMBER_BITS)
            | u64::from(self.life) << NUMBER_BITS
            | u64::from(self.number)
    }
    fn unpacked(bits: u64) -> SessionId {
        SessionId {
            owner: NodeId((bits >> (LIFE_BITS + NUMBER_BITS) & 63) as u8),
            life: (bits >> NUMBER_BITS & ((1 << LIFE_BITS) - 1)) as u16,
            number: (bits & ((1 << NUMBER_BITS) - 1)) as u16,
        }
    }
}

/// `n2/0.1`: the owner, its life, and the session's number.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.{}", self.owner, self.life, self.number)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why a session is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// Its owner asked for it.
    Asked,
    /// Its time has run out.
    Expired,
}

/// A compare-and-swap of the lock's record, as Kubernetes writes its Lease object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Update {
    /// Who writes; its session's number does not matter.
    pub writer: SessionId,
    /// The revision at which the writer knows the record to have been written last, modulo 2^18; zero for "not yet".
    pub expected: u32,
    /// Whether the record names the writer as holder from now on, or nobody.
    pub holds: bool,
    /// The writer's wall clock in milliseconds, kept within 70 minutes of the run's start.
    pub stamp: i32,
}

const EXPECTED_BITS: u32 = 18;
const STAMP_BITS: u32 = 23;

impl Update {
    /// What is compared of a revision.
    pub fn version(revision: u64) -> u32 {
        (revision & ((1 << EXPECTED_BITS) - 1)) as u32
    }
    /// A wall clock's reading as a record keeps it.
    pub fn stamp(nanos: i64) -> i32 {
        let limit = (1 << (STAMP_BITS - 1)) - 1;
        (nanos / 1_000_000).clamp(-limit, limit) as i32
    }
}

/// A change of the service's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Begin a session.
    Open(SessionId),
    /// End a session, and with it whatever it holds.
    Close(SessionId, Ending),
    /// Create the session's own key under the common prefix, behind those that are there (etcd's campaign, ZooKeeper's
    /// ephemeral sequential node). Done at once where it is there already.
    Join(SessionId),
    /// Delete that key, if it is still the one created at this revision, modulo 2^30: the request may arrive again when the
    /// session has another.
    Leave(SessionId, u32),
    /// Write a new value into that key, under the same condition (etcd's proclamation). What the value is matters to nobody here.
    Proclaim(SessionId, u32),
    /// Take the lock for the session, if nobody has it.
    Acquire(SessionId),
    /// Let go of the lock, if the session has it under this number, modulo 2^30: the request may arrive again when the session
    /// has taken the lock once more.
    Release(SessionId, u32),
    /// Take the lock and raise its number, if nobody has it and the number is still the one named, modulo 2^30 (Kafka's
    /// controller and its epoch).
    Elect(SessionId, u32),
    /// Write the lock's record, if nobody has written it since.
    Update(Update),
}

const MARK: u64 = 1 << 62;
const CODE_AT: u32 = 58;
const SESSION_BITS: u32 = 6 + LIFE_BITS + NUMBER_BITS;
const NAMED_BITS: u32 = 30;

impl Operation {
    /// What an operation names of a number: its last 30 bits.
    pub fn named(number: u64) -> u32 {
        (number & ((1 << NAMED_BITS) - 1)) as u32
    }
    /// The session that it is about.
    pub fn session(&self) -> SessionId {
        match *self {
            Operation::Open(session)
            | Operation::Close(session, _)
            | Operation::Join(session)
            | Operation::Leave(session, _)
            | Operation::Proclaim(session, _)
            | Operation::Acquire(session)
            | Operation::Release(session, _)
            | Operation::Elect(session, _)
            | Operation::Update(Update { writer: session, .. }) => session,
        }
    }

    /// As the log keeps it.
    pub fn command(&self) -> Command {
        let (code, body) = match *self {
            Operation::Open(session) => (0, session.packed()),
            Operation::Close(session, Ending::Asked) => (1, session.packed()),
            Operation::Close(session, Ending::Expired) => (2, session.packed()),
            Operation::Join(session) => (3, session.packed()),
            Operation::Leave(session, number) => (4, numbered(session, number)),
            Operation::Acquire(session) => (5, session.packed()),
            Operation::Release(session, number) => (6, numbered(session, number)),
            Operation::Elect(session, number) => (7, numbered(session, number)),
            Operation::Update(update) => (8, packed_update(update)),
            Operation::Proclaim(session, number) => (9, numbered(session, number)),
        };
        Command(MARK | code << CODE_AT | body)
    }

    /// What a command of the log means; nothing where another client's is meant.
    pub fn of(command: Command) -> Option<Operation> {
        let bits = command.0;
        if bits >> 62 != 1 {
            return None;
        }
        let body = bits & ((1 << CODE_AT) - 1);
        let session = SessionId::unpacked(body & ((1 << SESSION_BITS) - 1));
        Some(match bits >> CODE_AT & 15 {
            0 => Operation::Open(session),
            1 => Operation::Close(session, Ending::Asked),
            2 => Operation::Close(session, Ending::Expired),
            3 => Operation::Join(session),
            4 => {
                let (session, number) = unnumbered(body);
                Operation::Leave(session, number)
            }
            5 => Operation::Acquire(session),
            6 => {
                let (session, number) = unnumbered(body);
                Operation::Release(session, number)
            }
            7 => {
                let (session, number) = unnumbered(body);
                Operation::Elect(session, number)
            }
            8 => Operation::Update(unpacked_update(body)),
            9 => {
                let (session, number) = unnumbered(body);
                Operation::Proclaim(session, number)
            }
            _ => return None,
        })
    }
}

/// What an operation names of a number that may be longer.
fn numbered(session: SessionId, number: u32) -> u64 {
    session.packed() << NAMED_BITS | u64::from(number) & ((1 << NAMED_BITS) - 1)
}

fn unnumbered(body: u64) -> (SessionId, u32) {
    (SessionId::unpacked(body >> NAMED_BITS), (body & ((1 << NAMED_BITS) - 1)) as u32)
}

/// The session's own number does not fit, and is not needed: a record names processes.
fn packed_update(update: Update) -> u64 {
    let writer = update.writer.packed() >> NUMBER_BITS;
    let stamp = update.stamp as u64 & ((1 << STAMP_BITS) - 1);
    let expected = u64::from(update.expected) & ((1 << EXPECTED_BITS) - 1);
    ((writer << EXPECTED_BITS | expected) << 1 | u64::from(update.holds)) << STAMP_BITS | stamp
}

fn unpacked_update(body: u64) -> Update {
    // Shifted up and down again, the stamp's sign fills the upper bits.
    let unused = 64 - STAMP_BITS;
    let stamp = ((body << unused) as i64 >> unused) as i32;
    let rest = body >> STAMP_BITS;
    let expected = (rest >> 1 & ((1 << EXPECTED_BITS) - 1)) as u32;
    let writer = SessionId::unpacked((rest >> (1 + EXPECTED_BITS)) << NUMBER_BITS);
    Update { writer, expected, holds: rest & 1 == 1, stamp }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_kernel::Incarnation;

    fn session(node: u8, life: u32, number: u16) -> SessionId {
        SessionId::of(Process { node: NodeId(node), incarnation: Incarnation(life) }, number)
    }

    #[test]
    fn every_operation_comes_out_of_the_log_as_it_went_in() {
        for session in [session(0, 0, 0), session(63, 1023, 4095), session(5, 2, 9)] {
            let writer = SessionId { number: 0, ..session };
            let updates = [
                Update { writer, expected: 0, holds: true, stamp: -4_194_303 },
                Update { writer, expected: (1 << 18) - 1, holds: false, stamp: 4_194_303 },
            ];
            let mut operations = vec![
                Operation::Open(session),
                Operation::Close(session, Ending::Asked),
                Operation::Close(session, Ending::Expired),
                Operation::Join(session),
                Operation::Leave(session, 0),
                Operation::Leave(session, (1 << 30) - 1),
                Operation::Acquire(session),
                Operation::Release(session, 0),
                Operation::Release(session, (1 << 30) - 1),
                Operation::Elect(session, 0),
                Operation::Elect(session, (1 << 30) - 1),
                Operation::Proclaim(session, 0),
                Operation::Proclaim(session, (1 << 30) - 1),
            ];
            operations.extend(updates.map(Operation::Update));
            for operation in operations {
                assert_eq!(Operation::of(operation.command()), Some(operation), "{operation:?}");
            }
        }
    }

    #[test]
    fn commands_of_other_clients_are_no_operations() {
        for command in [0, 1 << 32, (1 << 62) - 1, 1 << 63, u64::MAX] {
            assert_eq!(Operation::of(Command(command)), None, "{command:x}");
        }
    }
}
