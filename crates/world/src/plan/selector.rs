//! Whom a lever is about.

use interregnum_kernel::NodeId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which endpoints are meant. Roles are resolved at the instant a lever is pulled.
///
/// What a fault draws is found by a hash of its lever, and so by the order of these: a new one goes to the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Selector {
    /// One node; of a cluster with a coordination service, one that contends.
    Node(NodeId),
    /// The nodes of a zone, by its place in the setting's list.
    Zone(u8),
    /// The acting leader of the highest epoch; never a coordination service's own.
    Leader,
    /// The leader before the last one elected.
    OldLeader,
    /// One of the nodes that stand for election, drawn.
    Candidate,
    /// Nodes that stand for election.
    Candidates,
    /// The nodes that are up and do not lead, those of a coordination service apart.
    Followers,
    /// The leader, and as many others as leave it short of a quorum, drawn. Of a coordination service, fewer nodes than its
    /// quorum, and with the leader fewer contenders than a majority of them.
    MinorityWithLeader,
    /// As few nodes besides the leader as make a quorum without it, drawn. With a coordination service, a quorum of its nodes
    /// and a majority of the contenders.
    MajorityWithoutLeader,
    /// The node at which the fault's trigger came.
    Subject,
    /// So many nodes, drawn from those that no earlier selector of the same lever took and that are of no coordination
    /// service.
    Random(u8),
    /// All nodes that no earlier selector of the same lever took, a coordination service's included.
    Rest,
    /// All nodes, a coordination service's included.
    All,
    /// The fenced resource.
    Resource,
    /// All nodes but those of the coordination service.
    Contenders,
    /// All nodes of the coordination service.
    Service,
    /// The acting leader inside the coordination service, of the highest epoch.
    ServiceLeader,
    /// The nodes of the coordination service that are up and do not lead it.
    ServiceFollowers,
    /// So many nodes of the coordination service, drawn from those that no earlier selector of the same lever took.
    RandomService(u8),
    /// One node of the coordination service, by its place in it from 0 on.
    ServiceNode(u8),
}

impl Selector {
    /// Whether it means nodes of a coordination service and nobody else.
    pub const fn is_of_service(&self) -> bool {
        matches!(
            self,
            Selector::Service
                | Selector::ServiceNode(_)
                | Selector::ServiceLeader
                | Selector::ServiceFollowers
                | Selector::RandomService(_)
        )
    }
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
            Selector::Contenders => f.write_str("contenders"),
            Selector::Service => f.write_str("service"),
            Selector::ServiceNode(place) => write!(f, "service {}", u16::from(*place) + 1),
            Selector::ServiceLeader => f.write_str("service-leader"),
            Selector::ServiceFollowers => f.write_str("service-followers"),
            Selector::RandomService(count) => write!(f, "random-service({count})"),
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
