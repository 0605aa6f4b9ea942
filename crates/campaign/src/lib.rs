//! Campaigns: one scenario, one algorithm, many seeds, and what comes of it.
//!
//! A [`sweep`] runs seeds in parallel and reduces them in the order of the seeds, so that its result does not depend on
//! the number of threads. A [`Meter`] measures each run, the invariants judge it, and the [`Summary`] compares the
//! whole with what the scenario expects.
#![forbid(unsafe_code)]

mod distribution;
mod engine;
pub mod goals;
mod judge;
pub mod load;
pub mod margins;
pub mod meter;
pub mod output;
pub mod record;
pub mod replay;
mod summary;
mod sweep;

pub use distribution::{Distribution, Figures, InMillis};
pub use engine::{Engine, MADSIM_BUILT_IN, Refused};
pub use goals::{GOALS, Goal};
pub use load::{LoadError, Loaded, Unreadable, catalogue, load, load_with};
pub use meter::{Failover, Measurement, Meter, Unavailable};
pub use summary::{FirstViolation, GoalSummary, InvariantSummary, InvariantVerdict, Summary};
pub use sweep::{
    Bench, Counts, InvariantRun, Job, Run, Runner, Seeds, Sink, SweepError, parameters, prepare, sweep,
};
