//! What contenders and masters say to each other: Redis commands and their answers.

use interregnum_kernel::{Epoch, Incarnation, Kind, NodeId};
use std::fmt;

/// What a lock's key is set to: unique across all clients and all requests, so that nobody takes another's lock for its
/// own. A real client draws 20 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value {
    /// Who asks.
    pub node: NodeId,
    /// In which of its lives.
    pub incarnation: Incarnation,
    /// For the how many-th time in that life.
    pub attempt: u32,
}

/// As `n1-i0-1`: node, life, attempt.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.node, self.incarnation, self.attempt)
    }
}

/// A message between a contender and a master. The numbers are no part of Redis; see [`super`] on what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// `SET lock value NX PX ttl`: "set the lock, unless there is one."
    Set {
        /// To what.
        value: Value,
        /// The highest number that the contender has heard.
        heard: Epoch,
    },
    /// `OK`: "it is set."
    Granted {
        /// To what.
        value: Value,
        /// The number of this grant.
        number: Epoch,
    },
    /// `nil`: "there is one."
    Taken {
        /// What it was to be set to.
        value: Value,
        /// The number of the last grant.
        number: Epoch,
    },
    /// `if get(lock) == value then pexpire(lock, ttl)`: "let my lock live on."
    Extend {
        /// What the lock is set to.
        value: Value,
        /// The how many-th extension it is.
        round: u32,
        /// The number of the reign.
        number: Epoch,
    },
    /// `1`: "it does."
    Extended {
        /// What the lock is set to.
        value: Value,
        /// Which extension is answered.
        round: u32,
    },
    /// `0`: "it is not there, or not yours."
    Refused {
        /// What it was to be set to.
        value: Value,
        /// Which extension is answered.
        round: u32,
    },
    /// `if get(lock) == value then del(lock)`: "take my lock away." Nobody waits for the answer, which is left out.
    Release {
        /// What the lock was set to.
        value: Value,
    },
}

// The engines move messages by value millions of times a second.
const _: () = assert!(size_of::<Message>() <= 32);

impl Message {
    /// The names of the kinds, in the order of [`Message::kind`].
    pub const KINDS: &'static [&'static str] =
        &["Set", "Granted", "Taken", "Extend", "Extended", "Refused", "Release"];

    /// Which kind it is of.
    #[inline]
    pub fn kind(self) -> Kind {
        Kind(match self {
            Message::Set { .. } => 0,
            Message::Granted { .. } => 1,
            Message::Taken { .. } => 2,
            Message::Extend { .. } => 3,
            Message::Extended { .. } => 4,
            Message::Refused { .. } => 5,
            Message::Release { .. } => 6,
        })
    }

    /// The message in 64 bits, for the trace digest.
    #[inline]
    pub fn label(self) -> u64 {
        let (value, round, number) = match self {
            Message::Set { value, heard: number }
            | Message::Granted { value, number }
            | Message::Taken { value, number } => (value, 0, number),
            Message::Extend { value, round, number } => (value, round, number),
            Message::Extended { value, round } | Message::Refused { value, round } => {
                (value, round, Epoch::ZERO)
            }
            Message::Release { value } => (value, 0, Epoch::ZERO),
        };
        let who = u64::from(value.node.0) << 32 | u64::from(value.incarnation.0);
        let what = u64::from(value.attempt) << 32 | u64::from(round);
        [who, what, number.0].into_iter().fold(u64::from(self.kind().0) << 56, mix)
    }
}

/// Adds a number to a digest: a multiplication by an odd constant, Knuth's, and a shift that brings high bits down.
#[inline]
fn mix(digest: u64, number: u64) -> u64 {
    let mixed = (digest ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 29
}
