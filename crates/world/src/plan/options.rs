//! What goes with a lever.

use crate::setting::Probability;
use interregnum_kernel::{Jitter, Span};
use serde::{Deserialize, Serialize};

/// What happens to messages that are already on their way when a link is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InFlight {
    /// They are lost, as when a route is withdrawn.
    #[default]
    Drop,
    /// They still arrive, as when a firewall rule stops only what comes later.
    Deliver,
}

/// What becomes of the writes that a crashing node's disk has not confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unsynced {
    /// With k writes pending one of the k+1 outcomes is drawn.
    #[default]
    Random,
    /// All are lost.
    Lost,
    /// All turn out to be durable.
    Kept,
}

/// What the peers of a process that dies hear of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Connections {
    /// Nothing, as when the power fails.
    #[default]
    Silent,
    /// The machine lives on and resets the process's connections. Only protocols that assume connections hear of it.
    Reset,
}

impl InFlight {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            InFlight::Drop => "drop",
            InFlight::Deliver => "deliver",
        }
    }
}

impl Unsynced {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            Unsynced::Random => "random",
            Unsynced::Lost => "lost",
            Unsynced::Kept => "kept",
        }
    }
}

impl Connections {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            Connections::Silent => "silent",
            Connections::Reset => "reset",
        }
    }
}

/// What a crashing node's disk holds when the node starts again, besides the loss of what was not durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskAfter {
    /// What was durable.
    #[default]
    Kept,
    /// Nothing: the machine was replaced by a new one of the same name.
    Emptied,
    /// What was durable so long before the crash: a backup or a snapshot of the machine was restored.
    RolledBack(Span),
}

/// In which order a process that goes on after a stop meets what came up meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wake {
    /// Drawn.
    #[default]
    Random,
    /// Timers that ran out, and then messages.
    TimersFirst,
    /// Messages, and then timers that ran out.
    MessagesFirst,
}

impl Wake {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            Wake::Random => "random",
            Wake::TimersFirst => "timers-first",
            Wake::MessagesFirst => "messages-first",
        }
    }
}

/// Which of a node's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockChoice {
    /// The wall clock.
    Wall,
    /// The monotonic clock; the wall clock keeps to real time.
    Mono,
    /// Both: what drives them goes wrong.
    Both,
}

impl ClockChoice {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            ClockChoice::Wall => "wall",
            ClockChoice::Mono => "mono",
            ClockChoice::Both => "both",
        }
    }
}

/// How far a node sees in a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// To the next node on either side.
    Neighbours,
    /// As far on either side as makes a majority of all nodes with itself.
    Majority,
}

/// What is done to the messages of a link, on top of what the link does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Damage {
    /// They travel longer by this.
    pub delay: Jitter,
    /// How likely one is lost.
    pub loss: Probability,
    /// How likely one is delivered twice.
    pub duplicate: Probability,
    /// How likely one is held back, and so overtaken.
    pub reorder: Probability,
    /// By how much a held-back message is held back.
    pub reorder_delay: Jitter,
}

impl Default for Damage {
    /// None.
    fn default() -> Damage {
        Damage {
            delay: Jitter::exactly(Span::ZERO),
            loss: Probability::NEVER,
            duplicate: Probability::NEVER,
            reorder: Probability::NEVER,
            reorder_delay: Jitter::exactly(Span::ZERO),
        }
    }
}
