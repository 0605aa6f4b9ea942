//! The contract of Interregnum: what an election algorithm is, what a node is, and what can be observed of it.
//!
//! An algorithm implements [`Protocol`]: immutable rules with a memory (`State`) and a durable memory (`Disk`) per
//! node. A [`Host`] is one node running it. Engines (the discrete-event simulator first) schedule hosts: they decide
//! which message arrives when, which timer fires when, and when a write is durable. This crate decides nothing of the
//! sort; it has no clock, randomness, file, thread or float in it, so every engine sees the same algorithm.
//!
//! ```text
//!            Input                        Effect
//!  engine ─────────► Host ─► Protocol::step ─────────► Host ─► Port (the engine)
//!                      │                                 │
//!                      └── disk queue: writes, and the sends and notes that wait behind them
//! ```
#![forbid(unsafe_code)]

pub mod chain;
pub mod clock;
pub mod composition;
pub mod digest;
pub mod effects;
pub mod fault;
pub mod host;
pub mod ids;
pub mod observation;
pub mod parameters;
pub mod protocol;
pub mod session;
pub mod time;

pub use chain::{Covered, LogChain};
pub use clock::Clock;
pub use composition::{Embeds, Scratch};
pub use digest::{Digest, TraceDigest};
pub use effects::{Effect, Effects, Release};
pub use fault::{FaultClass, FaultClasses, TOLERABLE_DRIFT_PPM};
pub use host::{Host, Port, Queued};
pub use ids::{
    Command, Epoch, FencingToken, Incarnation, LogEntry, LogIndex, NodeId, NodeSet, Office, Order, Process,
    Role, Standing,
};
pub use observation::{Connected, Fact, Interest, LossCause, Observation, Observer, What, Write};
pub use parameters::{ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Value};
pub use protocol::{
    Checkable, Deadline, DisksNeeded, Input, Kind, Leadership, Now, Phase, Protocol, TimerName, TimerSet,
};
pub use time::{GlobalTime, Jitter, LocalTime, Span, WallTime};
