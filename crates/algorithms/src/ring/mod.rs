//! Election on a ring: messages travel from successor to successor, and what comes home has been seen by all.
//!
//! Three algorithms share the ring's order, and the way past a dead successor:
//!
//! - [`ChangRoberts`] (`ring`): the candidacy of the highest identifier is the only one that comes home.
//! - [`TokenRing`] (`ring-token`): a token collects the living, and the highest of them is made coordinator.
//! - [`QuorumRing`] (`ring-quorum`): a token collects durable grants of a majority, and circulates on as the lease.
//!
//! **The ring.** Members stand in the order of their numbers, n1 -> n2 -> ... -> n1, and all know this order. Who wins is
//! decided by the parameter `ids`; an arrangement of the ring is a permutation of it.
//!
//! **Bypass.** What a node passes on is acknowledged by its successor. Without an acknowledgement within
//! `2 * message_bound + processing_bound` (the bound of Garcia-Molina 1982 for an answer) it goes to the next in the
//! ring, and so on round to the node itself. A node remembers nobody as dead: whatever it has bypassed, its static
//! successor is tried first with every message, at the price of one timed-out send per dead node and circulation. One
//! timer counts the patience for all messages; one that was lost while the successor acknowledges others is sent on after
//! less than two.
//!
//! ```text
//! order.rs          who comes after whom
//! hop.rs            passing on, acknowledgement, bypass
//! parameters.rs     what all three can be told
//! classic.rs        rounds and heartbeats of the first two
//! phases.rs         the moments by which faults can be timed, of the first two
//! chang_roberts/    ring
//! token/            ring-token
//! quorum/           ring-quorum
//! ```

pub mod chang_roberts;
mod classic;
mod hop;
mod order;
mod parameters;
mod phases;
pub mod quorum;
#[cfg(test)]
mod story;
pub mod token;

pub use chang_roberts::ChangRoberts;
pub use order::Ring;
pub use quorum::QuorumRing;
pub use token::TokenRing;

/// One multiplication per field: enough to tell the labels of messages apart, and cheap next to a heartbeat.
#[inline]
fn mix(label: u64, field: u64) -> u64 {
    (label.rotate_left(29) ^ field).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xd6e8_feb8_6659_fd93)
}
