//! When a fault comes that waits for something to happen.

use crate::plan::selector::{Quoted, Selector};
use interregnum_kernel::{Interest, Office, Role, Span, What};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Waits for something to happen in the run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Trigger {
    /// What is waited for.
    pub cue: Cue,
    /// At which nodes; at any where it is empty, and then the contested leadership is meant. Named nodes of a coordination
    /// service are watched for what concerns their own leadership. Roles are resolved each time it happens.
    pub at: Vec<Selector>,
    /// The how-manieth time counts, from 1 on.
    pub count: u32,
    /// How long after that the fault comes.
    pub after: Span,
}

/// What a fault can wait for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cue {
    /// A node enters this epoch, or a later one.
    Epoch(u64),
    /// A node comes to a moment that its protocol names.
    Phase(String),
    /// Something is observed.
    Event(Happening),
}

/// What can be observed to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// A node is elected.
    Elected,
    /// A node no longer leads.
    Deposed,
    /// A node stands for election.
    Stood,
    /// A node's vote is durable.
    Voted,
    /// A node knows that an entry is agreed on.
    Committed,
    /// A leader sends a write to the resource.
    WriteSent,
    /// The resource takes a write.
    WriteAccepted,
    /// The resource refuses a write.
    WriteRejected,
    /// A leader can be obeyed by a quorum.
    QuorumGained,
    /// A leader can no longer be obeyed by a quorum.
    QuorumLost,
    /// A process dies.
    Crashed,
    /// A process starts again.
    Restarted,
    /// A process stops.
    Stopped,
    /// A process goes on.
    Resumed,
    /// A node holds a lease.
    LeaseHeld,
    /// A node's lease ends.
    LeaseLost,
}

impl Happening {
    /// All of them, in the order of their declaration.
    pub const ALL: [Happening; 16] = [
        Happening::Elected,
        Happening::Deposed,
        Happening::Stood,
        Happening::Voted,
        Happening::Committed,
        Happening::WriteSent,
        Happening::WriteAccepted,
        Happening::WriteRejected,
        Happening::QuorumGained,
        Happening::QuorumLost,
        Happening::Crashed,
        Happening::Restarted,
        Happening::Stopped,
        Happening::Resumed,
        Happening::LeaseHeld,
        Happening::LeaseLost,
    ];

    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            Happening::Elected => "elected",
            Happening::Deposed => "deposed",
            Happening::Stood => "stood",
            Happening::Voted => "voted",
            Happening::Committed => "committed",
            Happening::WriteSent => "write-sent",
            Happening::WriteAccepted => "write-accepted",
            Happening::WriteRejected => "write-rejected",
            Happening::QuorumGained => "quorum-gained",
            Happening::QuorumLost => "quorum-lost",
            Happening::Crashed => "crashed",
            Happening::Restarted => "restarted",
            Happening::Stopped => "stopped",
            Happening::Resumed => "resumed",
            Happening::LeaseHeld => "lease-held",
            Happening::LeaseLost => "lease-lost",
        }
    }

    /// The kinds of observation to listen to.
    pub(crate) const fn interest(self) -> Interest {
        match self {
            Happening::Elected | Happening::Deposed => Interest::LEADERSHIP,
            Happening::Stood => Interest::ROLES,
            Happening::Voted => Interest::FACTS,
            Happening::Committed => Interest::COMMITS,
            Happening::WriteSent | Happening::WriteAccepted | Happening::WriteRejected => Interest::WRITES,
            Happening::QuorumGained | Happening::QuorumLost => Interest::QUORUM,
            Happening::Crashed | Happening::Restarted | Happening::Stopped | Happening::Resumed => {
                Interest::LIFE
            }
            Happening::LeaseHeld | Happening::LeaseLost => Interest::LEASES,
        }
    }

    /// Whether an observation is one of it, for the leadership that is meant. `office` is the one that the node's own role is
    /// about.
    pub(crate) fn is(self, what: &What, meant: Office, office: Office) -> bool {
        use interregnum_kernel::Fact;
        match (self, what) {
            (Happening::Elected, What::Elected(leadership))
            | (Happening::Deposed, What::Deposed(leadership))
            | (Happening::QuorumGained, What::GainedQuorum(leadership))
            | (Happening::QuorumLost, What::LostQuorum(leadership, _)) => leadership.office == meant,
            (Happening::Voted, What::Fact(Fact::Voted { office, .. }))
            | (Happening::LeaseHeld, What::LeaseHeld(office))
            | (Happening::LeaseLost, What::LeaseLost(office)) => *office == meant,
            (Happening::Stood, What::RoleChanged(role)) => {
                office == meant && matches!(role, Role::PreCandidate | Role::Candidate)
            }
            (Happening::Committed, What::Committed { .. })
            | (Happening::WriteSent, What::WriteSent(_))
            | (Happening::WriteAccepted, What::WriteAccepted(_))
            | (Happening::WriteRejected, What::WriteRejected(_))
            | (Happening::Crashed, What::Crashed)
            | (Happening::Restarted, What::Restarted(_))
            | (Happening::Stopped, What::Stopped)
            | (Happening::Resumed, What::Resumed) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Trigger {
    /// The table that a scenario file writes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cue {
            Cue::Epoch(epoch) => write!(f, "{{ epoch = {epoch}")?,
            Cue::Phase(phase) => write!(f, "{{ phase = {phase:?}")?,
            Cue::Event(Happening::Elected) if self.at.is_empty() => {
                write!(f, "{{ elections = {}", self.count)?;
            }
            Cue::Event(event) => write!(f, "{{ event = \"{}\"", event.word())?,
        }
        let counted = matches!(self.cue, Cue::Event(Happening::Elected)) && self.at.is_empty();
        if self.count != 1 && !counted {
            write!(f, ", count = {}", self.count)?;
        }
        if !self.at.is_empty() {
            write!(f, ", of = {}", Quoted(&self.at))?;
        }
        if self.after > Span::ZERO {
            write!(f, ", after = \"{}\"", self.after)?;
        }
        f.write_str(" }")
    }
}
