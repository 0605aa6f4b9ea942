//! What surrounds the nodes and is common to all timed engines: the network, the clocks, the disks' timing, the fenced
//! resource, the clients, and the faults that hit them. An engine adds only a queue: who is next.
#![forbid(unsafe_code)]

mod connectivity;
mod core;
mod discovery;
mod event;
mod faults;
pub mod latency;
mod mailbox;
mod math;
pub mod nemesis;
pub mod network;
pub mod plan;
mod quorum;
pub mod record;
mod resource;
pub mod rng;
mod select;
pub mod setting;
mod timers;
mod triggers;
mod workload;
mod world;

pub use crate::core::{Counters, MAX_KINDS};
pub use event::{Agenda, Event};
pub use faults::SHORTEST_TURN;
pub use latency::Latency;
pub use nemesis::Nemesis;
pub use network::Fate;
pub use plan::{
    ClockChoice, Connections, Cue, Damage, DiskAfter, Happening, InFlight, Lever, Plan, PlannedFault, Reach,
    Selector, Trigger, Unsynced, Wake, When,
};
pub use record::{NoRecorder, Recorder};
pub use resource::Resource;
pub use rng::{Purpose, Stream};
pub use setting::{ClockSetting, Endpoint, LinkSetting, Probability, Setting, WorkloadSetting, Zone};
pub use world::World;
