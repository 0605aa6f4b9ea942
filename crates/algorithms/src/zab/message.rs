//! What ZooKeeper servers say to each other: notifications of votes, and packets on connections with a leader.

use super::log::Zxid;
use interregnum_kernel::session::{Content, Segment};
use interregnum_kernel::{Command, Epoch, Kind, LogEntry, NodeId};
use std::fmt;
use std::sync::Arc;

/// A vote: who should lead, and why (FastLeaderElection).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vote {
    /// The round of elections that it belongs to: the voter's logical clock.
    pub round: u64,
    /// The current epoch of the proposed leader.
    pub peer_epoch: Epoch,
    /// The last transaction in its log.
    pub zxid: Zxid,
    /// Who should lead.
    pub leader: NodeId,
}

/// What a server does (QuorumPeer.ServerState).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// It looks for a leader.
    #[default]
    Looking,
    /// It follows whom it was led to believe in.
    Following,
    /// It takes itself for the leader, established or not.
    Leading,
}

/// A vote, and what the voter does while it says so.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ballot {
    /// The vote: the proposal of one who looks, the result of the election of one who does not.
    pub vote: Vote,
    /// What the voter does.
    pub mode: Mode,
}

impl Ballot {
    /// Whether two servers mean the same leader (Vote.equals): the zxid and the round of those who have left the election
    /// may have been changed by what they did since.
    pub fn agrees_with(self, other: Ballot) -> bool {
        if self.mode == Mode::Looking || other.mode == Mode::Looking {
            self.vote == other.vote
        } else {
            self.vote.leader == other.vote.leader && self.vote.peer_epoch == other.vote.peer_epoch
        }
    }
}

/// A server's place in its own sequence of notifications: its incarnation and its count.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial {
    /// Which of the sender's lives.
    pub incarnation: u32,
    /// How many notifications it had sent.
    pub number: u32,
}

impl Serial {
    fn number(self) -> u64 {
        u64::from(self.incarnation) << 32 | u64::from(self.number)
    }
}

/// Messages are shown to people through their `Debug`.
impl fmt::Debug for Vote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {}) in round {}", self.leader, self.peer_epoch, self.zxid, self.round)
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.mode, self.vote)
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.incarnation, self.number)
    }
}

/// Transactions that bring a follower's log to where the leader's is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct History {
    /// The last transaction of the follower's that stays.
    pub keep: Zxid,
    /// What follows it.
    pub entries: Box<[LogEntry]>,
}

/// What a leader and a follower say on their connection (Leader.java, the types of QuorumPacket).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packet {
    /// FOLLOWERINFO: the follower's latest promise.
    FollowerInfo {
        /// The accepted epoch.
        accepted_epoch: Epoch,
    },
    /// LEADERINFO: the new epoch that is to be promised.
    LeaderInfo {
        /// The epoch.
        epoch: Epoch,
    },
    /// ACKEPOCH: the promise, and what the follower has.
    AckEpoch {
        /// The follower's current epoch.
        current_epoch: u32,
        /// The last transaction in its log.
        last_zxid: Zxid,
    },
    /// ACKEPOCH of an epoch that had been promised before, with -1 for the current epoch: it does not count.
    AckEpochAgain {
        /// The last transaction in the follower's log.
        last_zxid: Zxid,
    },
    /// DIFF: what follows the follower's last transaction.
    Diff(Arc<History>),
    /// TRUNC: the follower's log ends in transactions that the leader does not have; and what follows instead.
    Trunc(Arc<History>),
    /// SNAP: the whole history.
    Snap(Arc<History>),
    /// NEWLEADER: the history is complete.
    NewLeader {
        /// The leader's epoch.
        epoch: Epoch,
    },
    /// UPTODATE: a quorum has the history.
    UpToDate {
        /// Up to which transaction everything is committed.
        committed: Zxid,
    },
    /// PROPOSAL: the next transaction. Its epoch is the leader's.
    Proposal {
        /// The leader's count.
        counter: u32,
        /// What was proposed.
        command: Command,
    },
    /// ACK: the transaction of this number is durable, and all before it; with a count of zero, the history is.
    Ack {
        /// The number.
        zxid: Zxid,
    },
    /// COMMIT: a quorum has the transaction.
    Commit {
        /// Its number.
        zxid: Zxid,
    },
    /// PING, and its answer.
    Ping,
}

/// A message between nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// A vote, on the servers' election port: a datagram here.
    Notification {
        /// The vote, and what the sender does.
        ballot: Ballot,
        /// Its place among the sender's.
        serial: Serial,
    },
    /// A notification has arrived: what TCP acknowledges by itself.
    Receipt {
        /// Its place among the sender's.
        serial: Serial,
    },
    /// Part of a connection between a follower and a leader.
    Segment(Segment<Packet>),
}

// The engines move messages by value millions of times a second. A connection's name and numbers take 24 bytes of it.
const _: () = assert!(size_of::<Message>() <= 56);

impl Message {
    /// The names of the kinds, in the order of [`Message::kind`]. `Connect`, `Accept`, `TransportAck`, `Missing` and `Reset`
    /// are the connection's own.
    pub const KINDS: &'static [&'static str] = &[
        "Notification",
        "Connect",
        "Accept",
        "TransportAck",
        "Missing",
        "Reset",
        "FollowerInfo",
        "LeaderInfo",
        "AckEpoch",
        "Diff",
        "Trunc",
        "Snap",
        "NewLeader",
        "UpToDate",
        "Proposal",
        "Ack",
        "Commit",
        "Ping",
    ];

    /// Which kind it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        Kind(match self {
            Message::Notification { .. } => 0,
            Message::Receipt { .. } => 3,
            Message::Segment(segment) => match &segment.content {
                Content::Open => 1,
                Content::Accept => 2,
                Content::Acknowledgement => 3,
                Content::Missing(_) => 4,
                Content::Reset => 5,
                Content::Message(packet) | Content::Passing(packet) => packet.kind(),
            },
        })
    }

    /// The message in 64 bits, for the trace digest.
    #[inline]
    pub fn label(&self) -> u64 {
        let label = u64::from(self.kind().0);
        match self {
            Message::Notification { ballot: Ballot { vote, mode }, serial } => {
                let label = mix(mix(label, vote.round), vote.peer_epoch.0);
                let label = mix(mix(label, vote.zxid.0), u64::from(vote.leader.0) << 8 | *mode as u64);
                mix(label, serial.number())
            }
            Message::Receipt { serial } => mix(label, serial.number()),
            Message::Segment(segment) => {
                let label = mix(label, u64::from(segment.sequence) << 32 | u64::from(segment.acknowledged));
                match &segment.content {
                    Content::Message(packet) | Content::Passing(packet) => packet.label(label),
                    _ => label,
                }
            }
        }
    }
}

impl Packet {
    #[inline]
    fn kind(&self) -> u8 {
        match self {
            Packet::FollowerInfo { .. } => 6,
            Packet::LeaderInfo { .. } => 7,
            Packet::AckEpoch { .. } | Packet::AckEpochAgain { .. } => 8,
            Packet::Diff(_) => 9,
            Packet::Trunc(_) => 10,
            Packet::Snap(_) => 11,
            Packet::NewLeader { .. } => 12,
            Packet::UpToDate { .. } => 13,
            Packet::Proposal { .. } => 14,
            Packet::Ack { .. } => 15,
            Packet::Commit { .. } => 16,
            Packet::Ping => 17,
        }
    }

    #[inline]
    fn label(&self, label: u64) -> u64 {
        match self {
            Packet::Ping => label,
            Packet::FollowerInfo { accepted_epoch: epoch }
            | Packet::LeaderInfo { epoch }
            | Packet::NewLeader { epoch } => mix(label, epoch.0),
            Packet::AckEpoch { current_epoch, last_zxid } => {
                mix(mix(label, u64::from(*current_epoch)), last_zxid.0)
            }
            Packet::AckEpochAgain { last_zxid: zxid }
            | Packet::UpToDate { committed: zxid }
            | Packet::Ack { zxid }
            | Packet::Commit { zxid } => mix(label, zxid.0),
            Packet::Proposal { counter, command } => mix(mix(label, u64::from(*counter)), command.0),
            Packet::Diff(history) | Packet::Trunc(history) | Packet::Snap(history) => {
                history.entries.iter().fold(mix(label, history.keep.0), |label, entry| {
                    let command = entry.command.map_or(0, |command| command.0.wrapping_add(1));
                    mix(mix(label, entry.epoch.0), command)
                })
            }
        }
    }
}

/// One multiplication per field: enough to tell labels apart, and cheap next to a ping.
#[inline]
fn mix(label: u64, field: u64) -> u64 {
    (label.rotate_left(29) ^ field).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xd6e8_feb8_6659_fd93)
}
