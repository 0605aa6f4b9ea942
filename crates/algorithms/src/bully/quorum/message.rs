//! What the nodes say to each other.

use interregnum_kernel::{Epoch, Kind};

/// A message between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// "I miss the leader. Do you too, and do you stand yourself?"
    Election {
        /// The highest epoch that the sender has seen.
        epoch: Epoch,
    },
    /// "I hear no leader either."
    Answer {
        /// The highest epoch that the sender has seen: a claim has to be above it.
        epoch: Epoch,
        /// Whether the sender, being above, stands itself, so that the other need not.
        stands: bool,
    },
    /// "Grant me this epoch."
    Claim {
        /// The epoch, higher than any that the sender has seen.
        epoch: Epoch,
        /// Whether the leader itself asked for this claim, so that nobody needs to protect it.
        transfer: bool,
    },
    /// "It is yours."
    Grant {
        /// The epoch that was asked for.
        epoch: Epoch,
    },
    /// "It is not," or "your reign is over."
    Deny {
        /// The highest epoch that the sender has seen.
        epoch: Epoch,
    },
    /// "I lead from now on."
    Coordinator {
        /// The epoch that a majority has granted to the sender.
        epoch: Epoch,
    },
    /// "I still lead."
    Heartbeat {
        /// The sender's epoch.
        epoch: Epoch,
    },
    /// "I hear you."
    HeartbeatAck {
        /// The leader's epoch.
        epoch: Epoch,
    },
    /// "Take over from me."
    Transfer {
        /// The leader's epoch.
        epoch: Epoch,
    },
}

// The engines move messages by value millions of times a second.
const _: () = assert!(size_of::<Message>() <= 16);

impl Message {
    /// The names of the kinds, in the order of [`Message::kind`].
    pub const KINDS: &'static [&'static str] = &[
        "Election",
        "Answer",
        "Claim",
        "Grant",
        "Deny",
        "Coordinator",
        "Heartbeat",
        "HeartbeatAck",
        "Transfer",
    ];

    /// Which kind it is of.
    #[inline]
    pub fn kind(self) -> Kind {
        Kind(match self {
            Message::Election { .. } => 0,
            Message::Answer { .. } => 1,
            Message::Claim { .. } => 2,
            Message::Grant { .. } => 3,
            Message::Deny { .. } => 4,
            Message::Coordinator { .. } => 5,
            Message::Heartbeat { .. } => 6,
            Message::HeartbeatAck { .. } => 7,
            Message::Transfer { .. } => 8,
        })
    }

    /// The message in 64 bits, for the trace digest.
    #[inline]
    pub fn label(self) -> u64 {
        let (epoch, flag) = match self {
            Message::Answer { epoch, stands: flag } | Message::Claim { epoch, transfer: flag } => {
                (epoch, flag)
            }
            Message::Election { epoch }
            | Message::Grant { epoch }
            | Message::Deny { epoch }
            | Message::Coordinator { epoch }
            | Message::Heartbeat { epoch }
            | Message::HeartbeatAck { epoch }
            | Message::Transfer { epoch } => (epoch, false),
        };
        (epoch.0 << 1 | u64::from(flag)) << 4 | u64::from(self.kind().0)
    }
}
