//! Real implementations of leader election, run as they are behind the contract of Interregnum: in the same scenarios, under
//! the same faults, judged by the same invariants as the algorithms that are written here.
//!
//! An adapter owns an instance of the foreign code in its state. It hands inputs in, takes out what the code wants sent,
//! written and applied, and gives that to the host. What the code takes from elsewhere is taken from it: ticks come from
//! named timers, randomness from the ranges in them, so that a run is a function of its seed.
//!
//! The states of foreign code can be neither copied nor compared. No exhaustive checker explores these protocols.
#![forbid(unsafe_code)]

mod label;
pub mod omni;
mod process;
pub mod tikv;

use interregnum_algorithms::Entry;

interregnum_algorithms::registry! {
    tikv::TikvRaft,
    omni::OmniPaxos,
}

/// The adapter of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALGORITHMS.iter().find(|entry| entry.name == name)
}
