//! What the nodes of a token ring say to each other.

use crate::ring::mix;
use interregnum_kernel::{Epoch, Kind, NodeId};
use std::sync::Arc;

/// Who has signed a token, in the order in which it came to them; the first is its initiator.
pub type List = Arc<[NodeId]>;

/// A message between nodes. Small and free of allocations, except that the list travels behind a shared pointer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// The token of an election, from a node to its successor.
    Election {
        /// The round: the epoch that is being decided.
        round: Epoch,
        /// Who has signed.
        list: List,
    },
    /// The token once it was home: who leads.
    Coordinator {
        /// The round.
        round: Epoch,
        /// The highest of the list.
        leader: NodeId,
        /// How many nodes it has come to, the receiver included.
        hops: u8,
        /// Who has signed.
        list: List,
    },
    /// "I have it", back to the predecessor.
    Ack {
        /// The round of what is acknowledged.
        round: Epoch,
        /// Its initiator.
        initiator: NodeId,
        /// Whether it is a coordinator's message.
        coordinator: bool,
    },
    /// "I still lead", from the leader to everybody.
    Heartbeat {
        /// The leader's epoch.
        epoch: Epoch,
    },
}

// The engines move messages by value millions of times a second: half a cache line is the budget.
const _: () = assert!(size_of::<Message>() <= 32);

impl Message {
    /// The names of the kinds, in the order of [`Message::kind`].
    pub const KINDS: &'static [&'static str] = &["Election", "Coordinator", "Ack", "Heartbeat"];

    /// Which kind it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        Kind(match self {
            Message::Election { .. } => 0,
            Message::Coordinator { .. } => 1,
            Message::Ack { .. } => 2,
            Message::Heartbeat { .. } => 3,
        })
    }

    /// The message in 64 bits, for the trace digest.
    #[inline]
    pub fn label(&self) -> u64 {
        let kind = u64::from(self.kind().0);
        let of_list = |list: &List| list.iter().fold(0, |label, node| mix(label, u64::from(node.0)));
        match self {
            Message::Election { round, list } => mix(mix(kind, round.0), of_list(list)),
            Message::Coordinator { round, leader, hops, list } => {
                mix(mix(mix(kind, round.0), u64::from(leader.0) << 8 | u64::from(*hops)), of_list(list))
            }
            Message::Ack { round, initiator, coordinator } => {
                mix(mix(kind, round.0), u64::from(initiator.0) << 1 | u64::from(*coordinator))
            }
            Message::Heartbeat { epoch } => mix(kind, epoch.0),
        }
    }

    /// Of what goes round: what acknowledges it.
    pub(crate) fn receipt(&self) -> Option<Message> {
        let initiator = |list: &List| list.first().copied();
        match self {
            Message::Election { round, list } => {
                Some(Message::Ack { round: *round, initiator: initiator(list)?, coordinator: false })
            }
            Message::Coordinator { round, list, .. } => {
                Some(Message::Ack { round: *round, initiator: initiator(list)?, coordinator: true })
            }
            Message::Ack { .. } | Message::Heartbeat { .. } => None,
        }
    }
}
