//! What runs a scenario.

use interregnum_madsim_engine::Net;
pub use interregnum_madsim_engine::{BUILT_IN as MADSIM_BUILT_IN, Refused};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who says which event is next. The world, with its network, disks, clocks and faults, is the same, unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The discrete-event simulator: the next in time, and of one instant the one that was caused first.
    #[default]
    Sim,
    /// madsim's executor, clock and nodes: the next in time, and of one instant any.
    Madsim,
    /// The same, with messages over madsim's own network.
    Netsim,
}

impl Engine {
    /// All of them.
    pub const ALL: [Engine; 3] = [Engine::Sim, Engine::Madsim, Engine::Netsim];

    /// Its name: one lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Sim => "sim",
            Engine::Madsim => "madsim",
            Engine::Netsim => "netsim",
        }
    }

    /// What reports call it.
    pub const fn title(self) -> &'static str {
        match self {
            Engine::Sim => "simulator",
            Engine::Madsim => "madsim",
            Engine::Netsim => "madsim and its network",
        }
    }

    /// Whose network it takes where madsim runs it.
    pub(crate) const fn net(self) -> Option<Net> {
        match self {
            Engine::Sim => None,
            Engine::Madsim => Some(Net::World),
            Engine::Netsim => Some(Net::Madsim),
        }
    }

    /// Whether it is the one that is meant where none is named.
    pub fn is_default(&self) -> bool {
        *self == Engine::default()
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
