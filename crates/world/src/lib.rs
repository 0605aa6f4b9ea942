//! What surrounds the nodes and is common to all timed engines: the network, the clocks, the disks' timing, the fenced
//! resource, the clients, and the faults that hit them. An engine adds only a queue: who is next.
#![forbid(unsafe_code)]

pub mod latency;
mod math;
pub mod plan;
pub mod rng;
pub mod setting;

pub use latency::Latency;
pub use plan::{InFlight, Lever, Plan, PlannedFault, Selector, Unsynced};
pub use rng::{Purpose, Stream};
pub use setting::{ClockSetting, Endpoint, LinkSetting, Probability, Setting, WorkloadSetting, Zone};
