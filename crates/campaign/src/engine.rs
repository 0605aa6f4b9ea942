//! What runs a scenario.

pub use interregnum_madsim_engine::NotBuiltIn;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who says which event is next. The world, with its network, disks, clocks and faults, is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The discrete-event simulator: the next in time, and of one instant the one that was caused first.
    #[default]
    Sim,
    /// madsim's executor, clock and nodes: the next in time, and of one instant any.
    Madsim,
}

impl Engine {
    /// All of them.
    pub const ALL: [Engine; 2] = [Engine::Sim, Engine::Madsim];

    /// Its name: one lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Sim => "sim",
            Engine::Madsim => "madsim",
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
