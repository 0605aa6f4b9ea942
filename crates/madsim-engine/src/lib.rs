//! The second engine: the same world on the madsim runtime.
//!
//! The world's network, disks, clocks, clients and faults are the simulator's own code. What differs is who says what is next:
//! here every event is a task that sleeps on madsim's clock until its time, every node is a node of madsim's, and what a
//! node hears its own task works off. A crash kills that node, a start restarts it, a pause or a freeze pauses it, all by
//! madsim's own means. So an algorithm is scheduled by an executor that nobody here has written, in an order that it draws.
//!
//! Runs are repeatable by their seeds, and their digests are others than the simulator's: events of one instant come in
//! another order, and each turn of the executor takes 50 to 100 ns. Compare verdicts and distributions.
//!
//! It is compiled in by `--cfg madsim`, which madsim wants for the whole build. Without that, [`MadsimEngine::new`] says so.
#![forbid(unsafe_code)]

#[cfg(not(madsim))]
mod absent;
#[cfg(madsim)]
mod engine;
#[cfg(madsim)]
mod lane;
#[cfg(madsim)]
mod links;
#[cfg(madsim)]
mod post;
mod surroundings;

#[cfg(not(madsim))]
pub use absent::MadsimEngine;
#[cfg(madsim)]
pub use engine::{MadsimEngine, sleep_until};
#[cfg(madsim)]
pub use links::{ChangedLink, Links};
pub use surroundings::Surroundings;

use interregnum_kernel::Protocol;
use std::fmt;

/// A protocol whose nodes can be handed from thread to thread, as a runtime wants of all its tasks.
pub trait Portable:
    Protocol<State: Send, Message: Send + Sync, Timer: Send, Write: Send, Disk: Send> + Send + Sync
{
}

impl<P> Portable for P where
    P: Protocol<State: Send, Message: Send + Sync, Timer: Send, Write: Send, Disk: Send> + Send + Sync
{
}

/// Whose network messages travel by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    /// The world's: the simulator's, with every lever.
    World,
    /// madsim's own.
    Madsim,
}

/// Why the engine does not run something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was not compiled in.
    NotBuiltIn,
    /// madsim's own network does not have what is wanted.
    Lacks(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Lacks(what) => {
                write!(f, "madsim's own network does not have {what}; with `--engine madsim` messages travel by the world's")
            }
            Refused::NotBuiltIn => f.write_str(
                "this program was built without the madsim engine: the compiler has to be given `--cfg madsim`, as \
                 `.cargo/config.toml` does unless RUSTFLAGS is set in the environment; unset it, or add `--cfg madsim` to it",
            ),
        }
    }
}

impl std::error::Error for Refused {}

/// Whether the engine was compiled in.
pub const BUILT_IN: bool = cfg!(madsim);
