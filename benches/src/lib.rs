//! What the measurements run: the plain heartbeat exchange, as a protocol and as a loop written by hand, and complete
//! failovers of every algorithm.
#![forbid(unsafe_code)]

pub mod engines;
pub mod exchange;
pub mod failovers;
pub mod floor;
pub mod swarm;
