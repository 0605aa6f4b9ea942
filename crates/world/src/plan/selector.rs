//! Whom a lever is about.

use interregnum_kernel::NodeId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which endpoints are meant. Roles are resolved at the instant a lever is pulled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Selector {
    /// One node.
    Node(NodeId),
    /// The nodes of a zone, by its place in the setting's list.
    Zone(u8),
    /// The acting leader of the highest epoch.
    Leader,
    /// The leader before the last one elected.
    OldLeader,
    /// One of the nodes that stand for election, drawn.
    Candidate,
    /// Nodes that stand for election.
    Candidates,
    /// The nodes that are up and do not lead.
    Followers,
    /// The leader, and as many others as leave it short of a quorum, drawn.
    MinorityWithLeader,
    /// As few nodes besides the leader as make a quorum without it, drawn.
    MajorityWithoutLeader,
    /// The node at which the fault's trigger came.
    Subject,
    /// So many nodes, drawn from those that no earlier selector of the same lever took.
    Random(u8),
    /// All nodes that no earlier selector of the same lever took.
    Rest,
    /// All nodes.
    All,
    /// The fenced resource.
    Resource,
}

impl fmt::Display for Selector {
    /// As a scenario file writes it; a zone is written by number, since its name is not known here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Node(node) => write!(f, "node {}", node.0 + 1),
            Selector::Zone(zone) => write!(f, "zone #{}", zone + 1),
            Selector::Leader => f.write_str("leader"),
            Selector::OldLeader => f.write_str("old-leader"),
            Selector::Candidate => f.write_str("candidate"),
            Selector::Candidates => f.write_str("candidates"),
            Selector::MinorityWithLeader => f.write_str("minority-with-leader"),
            Selector::MajorityWithoutLeader => f.write_str("majority-without-leader"),
            Selector::Subject => f.write_str("subject"),
            Selector::Followers => f.write_str("followers"),
            Selector::Random(count) => write!(f, "random({count})"),
            Selector::Rest => f.write_str("rest"),
            Selector::All => f.write_str("all"),
            Selector::Resource => f.write_str("resource"),
        }
    }
}

/// A list of selectors, as a scenario file writes it.
pub(crate) struct Quoted<'a>(pub(crate) &'a [Selector]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, selector) in self.0.iter().enumerate() {
            write!(f, "{}\"{selector}\"", if i > 0 { ", " } else { "" })?;
        }
        f.write_str("]")
    }
}
