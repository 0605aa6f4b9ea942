//! What the nodes of a Chang-Roberts ring say to each other.

use crate::ring::mix;
use interregnum_kernel::{Epoch, Kind, NodeId};
use std::fmt;

/// What a lap is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum News {
    /// The node stands for election.
    Election,
    /// The node is elected.
    Elected,
}

/// What travels round the ring.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lap {
    /// What it is about.
    pub news: News,
    /// The round: the epoch that is being decided.
    pub round: Epoch,
    /// Whom it is about, and whose lap it is.
    pub node: NodeId,
    /// How many nodes it has come to, the receiver included.
    pub hops: u8,
}

/// By the names of the kinds: people read it in traces.
impl fmt::Debug for Lap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lap { news, round, node, hops } = self;
        write!(f, "{news:?} {{ round: {round}, node: {node}, hops: {hops} }}")
    }
}

/// A message between nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// From a node to its successor.
    Lap(Lap),
    /// "I have it", back to the predecessor.
    Ack(Lap),
    /// "I still lead", from the leader to everybody.
    Heartbeat {
        /// The leader's epoch.
        epoch: Epoch,
    },
}

/// As of a [`Lap`], which is most of them.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Lap(lap) => write!(f, "{lap:?}"),
            Message::Ack(lap) => write!(f, "Ack({lap:?})"),
            Message::Heartbeat { epoch } => write!(f, "Heartbeat {{ epoch: {epoch} }}"),
        }
    }
}

// The engines move messages by value millions of times a second: half a cache line is the budget.
const _: () = assert!(size_of::<Message>() <= 32);

impl From<Lap> for Message {
    #[inline]
    fn from(lap: Lap) -> Message {
        Message::Lap(lap)
    }
}

impl Message {
    /// The names of the kinds, in the order of [`Message::kind`].
    pub const KINDS: &'static [&'static str] = &["Election", "Elected", "Ack", "Heartbeat"];

    /// Which kind it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        Kind(match self {
            Message::Lap(Lap { news: News::Election, .. }) => 0,
            Message::Lap(Lap { news: News::Elected, .. }) => 1,
            Message::Ack(_) => 2,
            Message::Heartbeat { .. } => 3,
        })
    }

    /// The message in 64 bits, for the trace digest.
    #[inline]
    pub fn label(&self) -> u64 {
        let kind = u64::from(self.kind().0);
        match self {
            Message::Lap(lap) | Message::Ack(lap) => {
                let rest = u64::from(lap.hops) << 16 | u64::from(lap.node.0) << 8 | lap.news as u64;
                mix(mix(kind, lap.round.0), rest)
            }
            Message::Heartbeat { epoch } => mix(kind, epoch.0),
        }
    }
}
