//! What the nodes of a quorum ring say to each other.

use crate::ring::mix;
use interregnum_kernel::{Epoch, Kind, NodeId, NodeSet};

/// What goes round the ring, by kind: what an acknowledgement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Circulating {
    /// [`Message::Election`].
    Election,
    /// [`Message::Coordinator`].
    Coordinator,
    /// [`Message::Lease`].
    Lease,
}

/// A message between nodes. The lists are sets: only who has signed counts, not in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// The token of an election.
    Election {
        /// The epoch that it asks for.
        epoch: Epoch,
        /// Who asks.
        initiator: NodeId,
        /// Who has granted the epoch to the initiator, durably.
        grants: NodeSet,
        /// Who of them would lead.
        willing: NodeSet,
    },
    /// Who leads an epoch, from its initiator to the leader.
    Coordinator {
        /// The epoch.
        epoch: Epoch,
        /// Who asked for it.
        initiator: NodeId,
        /// Who leads it.
        leader: NodeId,
        /// How many nodes it has come to, the receiver included.
        hops: u8,
    },
    /// "I still lead." Whoever obeys adds its stamp, and what comes home shows the leader that it has its quorum.
    Lease {
        /// The leader's epoch.
        epoch: Epoch,
        /// The leader.
        leader: NodeId,
        /// Which circulation of this reign it is.
        beat: u32,
        /// Who has stamped it.
        stamps: NodeSet,
    },
    /// "I have it", back to the predecessor; for the token of an election, once the grant is durable.
    Ack {
        /// What is acknowledged.
        of: Circulating,
        /// Its epoch.
        epoch: Epoch,
        /// Its initiator or leader.
        node: NodeId,
        /// Which circulation, of a lease.
        beat: u32,
    },
    /// "That epoch I do not grant", or obey, straight to the initiator or leader.
    Nack {
        /// The epoch that is refused.
        refused: Epoch,
        /// The highest epoch that the refusing node has seen.
        epoch: Epoch,
        /// To whom it has granted the refused epoch, if to another.
        rival: Option<NodeId>,
    },
}

// The engines move messages by value millions of times a second: half a cache line is the budget.
const _: () = assert!(size_of::<Message>() <= 32);

impl Message {
    /// The names of the kinds, in the order of [`Message::kind`].
    pub const KINDS: &'static [&'static str] =
        &["Election", "Coordinator", "Lease", "Ack", "Nack", "LeaseAck"];

    /// Which kind it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        Kind(match self {
            Message::Election { .. } => 0,
            Message::Coordinator { .. } => 1,
            Message::Lease { .. } => 2,
            // Of a kind of its own: it is no part of an election's price.
            Message::Ack { of: Circulating::Lease, .. } => 5,
            Message::Ack { .. } => 3,
            Message::Nack { .. } => 4,
        })
    }

    /// The message in 64 bits, for the trace digest.
    #[inline]
    pub fn label(&self) -> u64 {
        let kind = u64::from(self.kind().0);
        match self {
            Message::Election { epoch, initiator, grants, willing } => {
                mix(mix(mix(mix(kind, epoch.0), u64::from(initiator.0)), grants.0), willing.0)
            }
            Message::Coordinator { epoch, initiator, leader, hops } => {
                let rest = u64::from(initiator.0) << 16 | u64::from(leader.0) << 8 | u64::from(*hops);
                mix(mix(kind, epoch.0), rest)
            }
            Message::Lease { epoch, leader, beat, stamps } => {
                mix(mix(mix(kind, epoch.0), u64::from(*beat) << 8 | u64::from(leader.0)), stamps.0)
            }
            Message::Ack { of, epoch, node, beat } => {
                mix(mix(kind, epoch.0), u64::from(*beat) << 16 | u64::from(node.0) << 8 | *of as u64)
            }
            Message::Nack { refused, epoch, rival } => {
                mix(mix(mix(kind, refused.0), epoch.0), rival.map_or(0, |node| u64::from(node.0) + 1))
            }
        }
    }

    /// Of what goes round: what acknowledges it.
    #[inline]
    pub(crate) fn receipt(&self) -> Option<Message> {
        let (of, epoch, node, beat) = match *self {
            Message::Election { epoch, initiator, .. } => (Circulating::Election, epoch, initiator, 0),
            Message::Coordinator { epoch, initiator, .. } => (Circulating::Coordinator, epoch, initiator, 0),
            Message::Lease { epoch, leader, beat, .. } => (Circulating::Lease, epoch, leader, beat),
            Message::Ack { .. } | Message::Nack { .. } => return None,
        };
        Some(Message::Ack { of, epoch, node, beat })
    }
}
