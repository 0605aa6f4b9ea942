//! What contenders and service nodes say to each other.

use super::service::{Lock, Operation, Outcome, SessionId, Watch};
use crate::raft;
use interregnum_kernel::{Epoch, Incarnation, Kind, LogIndex, NodeId, Span};
use std::fmt;

/// The name of a connection between a contender and a service node. The node gives it, and gives another one once it has lost
/// or closed the connection: so a process that was restarted, whose TCP would answer a packet of its predecessor's connections
/// with a reset, knows that it is not meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection(u32);

impl Connection {
    /// One that is yet to be opened: its name is not known to the contender.
    pub const NEW: Connection = Connection(0);

    /// The connection with a service node in this life, after so many that it has closed. Lives are kept modulo 32,768.
    pub fn of(life: Incarnation, closed: u16) -> Connection {
        Connection(1 << 31 | (life.0 & 0x7fff) << 16 | u32::from(closed))
    }

    /// Whether it may be a connection with a service node in this life. Of one that is yet to be opened that cannot be said.
    pub fn may_be_with(self, life: Incarnation) -> bool {
        self == Connection::NEW || self.0 >> 16 & 0x7fff == life.0 & 0x7fff
    }
}

/// A request of a contender's. It may be repeated under its number, and each kind bears that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    /// The contender's count of its requests, by which it knows the answer.
    pub number: u32,
    /// On which connection it is sent.
    pub on: Connection,
    /// What it asks.
    pub ask: Ask,
}

/// What a contender asks of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// Do this, and say what became of it once it is agreed on. Goes to the service's leader.
    Do(Operation),
    /// Keep the session. Goes to the service's leader, which keeps its deadline in memory alone. Says which leader has answered
    /// the client's last renewal, zero if that is not known or was not in time.
    Renew(SessionId, Epoch),
    /// Answer. The first question on a new connection, where the service takes no request without one: TCP opens a connection only
    /// where both directions work. It renews nothing.
    Connect(SessionId),
    /// Say how things stand now. Goes to the service's leader.
    Read,
    /// Say how things stand, and again whenever what is watched changes, until another watch takes its place. Served by the
    /// node that is asked, once it has come to this revision: what it says may be old, but not older than what the
    /// contender has seen.
    Watch(Watch, LogIndex),
    /// The news of this revision has arrived.
    Seen(LogIndex),
    /// Say no more of the watch that was asked for under this request's number: the connection that it was set on is closed, or
    /// the watch is over.
    Unwatch,
}

/// What a service node answers or tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reply {
    /// The request's number.
    pub number: u32,
    /// The connection that there is between the contender and the node that says this to it; none yet while the answer is on its
    /// way to that node.
    pub on: Connection,
    /// The answer.
    pub answer: Answer,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// What became of an operation, and at which revision.
    Outcome(Outcome, LogIndex),
    /// The session is kept.
    Renewed {
        /// For how long from when the answer left, by the service's clock.
        length: Span,
        /// How long the answer was held back, by the service's clock.
        waited: Span,
        /// Which leader of the service answers.
        master: Epoch,
    },
    /// The node can be talked to.
    Connected,
    /// The session does not exist (any more).
    NoSession,
    /// Not now: this node knows no leader of the service, or its leader is not ready. Worth asking again.
    NotReady,
    /// Not yet: the lock is kept back for a while after its holder's session ended.
    LockDelay,
    /// How things stand: what was asked for with [`Ask::Read`].
    View(View),
    /// How things stand with what is watched.
    News(View),
    /// The request was sent on a connection that does not exist (any more), or the connection is closed. Nothing was done.
    Reset,
}

/// Connections are left out: of those that scripts tell about most are the first.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("number", &self.number).field("ask", &self.ask).finish()
    }
}

/// As of a request.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("number", &self.number).field("answer", &self.answer).finish()
    }
}

/// How things stand, as one service node knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct View {
    /// The revision that this is about.
    pub revision: LogIndex,
    /// The lock and its record.
    pub lock: Lock,
    /// Who leads, and the number.
    pub leader: Option<(u64, SessionId)>,
    /// For a watch on the one ahead: who that is.
    pub ahead: Option<SessionId>,
}

/// A message between two nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// Between service nodes: Raft's.
    Service(raft::Message),
    /// A contender to the service node that it talks to.
    Request(Request),
    /// That node to the service's leader, for this contender.
    Forwarded(NodeId, Request),
    /// A service node to a contender.
    Reply(Reply),
    /// The service's leader to the node that forwarded a request of this contender's.
    Relayed(NodeId, Reply),
}

// Three quarters of it are a view. Views are steady traffic where those who wait ask all the time, as Kubernetes' do, and in a box each
// would be an allocation.
const _: () = assert!(size_of::<Message>() <= 96);

impl Message {
    /// The kinds: Raft's, and then what contenders ask and are told. A message that is passed on has the kind of what it
    /// carries.
    pub const KINDS: &'static [&'static str] = &[
        "PreVote",
        "PreVoteResponse",
        "RequestVote",
        "RequestVoteResponse",
        "AppendEntries",
        "AppendEntriesResponse",
        "Heartbeat",
        "HeartbeatResponse",
        "TimeoutNow",
        "InstallSnapshot",
        "InstallSnapshotResponse",
        "AppendPosition",
        "OpenSession",
        "CloseSession",
        "Join",
        "Leave",
        "Acquire",
        "Release",
        "Elect",
        "Update",
        "KeepAlive",
        "Read",
        "Watch",
        "Seen",
        "Outcome",
        "Renewed",
        "View",
        "Refusal",
        "Connect",
        "Connected",
        "Unwatch",
        "Proclaim",
    ];

    /// Which kind it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        match self {
            Message::Service(inner) => inner.kind(),
            Message::Request(request) | Message::Forwarded(_, request) => request.ask.kind(),
            Message::Reply(reply) | Message::Relayed(_, reply) => reply.answer.kind(),
        }
    }

    /// The message in 64 bits, for the trace digest.
    pub fn label(&self) -> u64 {
        match self {
            Message::Service(inner) => inner.label(),
            Message::Request(request) => request.label(),
            Message::Forwarded(client, request) => mix(request.label(), u64::from(client.0)),
            Message::Reply(reply) => reply.label(),
            Message::Relayed(client, reply) => mix(reply.label(), u64::from(client.0)),
        }
    }
}

impl Ask {
    fn kind(&self) -> Kind {
        Kind(match self {
            Ask::Do(Operation::Open(_)) => 12,
            Ask::Do(Operation::Close(..)) => 13,
            Ask::Do(Operation::Join(_)) => 14,
            Ask::Do(Operation::Leave(..)) => 15,
            Ask::Do(Operation::Acquire(_)) => 16,
            Ask::Do(Operation::Release(..)) => 17,
            Ask::Do(Operation::Elect(..)) => 18,
            Ask::Do(Operation::Update(_)) => 19,
            Ask::Do(Operation::Proclaim(..)) => 31,
            Ask::Renew(..) => 20,
            Ask::Connect(_) => 28,
            Ask::Read => 21,
            Ask::Watch(..) => 22,
            Ask::Seen(_) => 23,
            Ask::Unwatch => 30,
        })
    }
}

impl Answer {
    fn kind(&self) -> Kind {
        Kind(match self {
            Answer::Outcome(..) => 24,
            Answer::Renewed { .. } => 25,
            Answer::Connected => 29,
            Answer::View(_) | Answer::News(_) => 26,
            Answer::NoSession | Answer::NotReady | Answer::LockDelay | Answer::Reset => 27,
        })
    }
}

impl Request {
    fn label(&self) -> u64 {
        let label = mix(u64::from(self.ask.kind().0), u64::from(self.number));
        match self.ask {
            Ask::Do(operation) => mix(label, operation.command().0),
            Ask::Renew(session, master) => mix(mix(label, session.packed()), master.0),
            Ask::Connect(session) => mix(label, session.packed()),
            Ask::Read => label,
            Ask::Watch(watch, floor) => mix(mix(label, watch.packed()), floor.0),
            Ask::Seen(revision) => mix(label, revision.0),
            Ask::Unwatch => label,
        }
    }
}

impl Reply {
    fn label(&self) -> u64 {
        let label = mix(u64::from(self.answer.kind().0), u64::from(self.number));
        match self.answer {
            Answer::Outcome(Outcome::Done(number), revision) => mix(mix(label, number << 2), revision.0),
            Answer::Outcome(Outcome::Refused, revision) => mix(mix(label, 1), revision.0),
            Answer::Outcome(Outcome::NoSession, revision) => mix(mix(label, 2), revision.0),
            Answer::Renewed { length, waited, master } => mix(mix(mix(label, length.0), waited.0), master.0),
            Answer::Connected => label,
            Answer::NoSession => mix(label, 0),
            Answer::NotReady => mix(label, 1),
            Answer::LockDelay => mix(label, 2),
            Answer::View(view) | Answer::News(view) => view.label(label),
            Answer::Reset => mix(label, 3),
        }
    }
}

impl View {
    fn label(&self, label: u64) -> u64 {
        let session = |session: Option<SessionId>| session.map_or(0, |session| session.packed() + 1);
        let label = mix(mix(label, self.revision.0), session(self.ahead));
        let label = mix(mix(label, self.lock.modified.0), session(self.lock.holder));
        mix(
            mix(label, self.leader.map_or(0, |(number, _)| number)),
            session(self.leader.map(|leader| leader.1)),
        )
    }
}

fn mix(label: u64, field: u64) -> u64 {
    (label.rotate_left(23) ^ field).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::Message;
    use crate::raft;

    #[test]
    fn the_services_own_messages_keep_their_kinds() {
        assert_eq!(Message::KINDS[..raft::Message::KINDS.len()], *raft::Message::KINDS);
    }
}
