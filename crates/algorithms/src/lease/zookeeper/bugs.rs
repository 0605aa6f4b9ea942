//! The bugs that can be planted in the ZooKeeper recipe. Each is implemented at one place, found by searching for its
//! variant.

use crate::planting::plants;

plants! {
    /// It acts until it takes its session for over, a whole session timeout after the loss of the connection.
    ActsWhileDisconnected = "lease-zookeeper-acts-while-disconnected",
        "a leader that has lost its connection goes on for a session timeout, counted from when it noticed",
        breaks ["lease-exclusion"],
        seen "CURATOR-460 (2018)";
    /// A create whose answer was lost is repeated, and makes a second node.
    OrphanedNode = "lease-zookeeper-orphaned-node",
        "a create whose answer was lost makes a second node when it is repeated, and its owner waits behind its first",
        breaks ["liveness"],
        seen "CURATOR-45 (2013), CURATOR-202 (2015), CURATOR-3 (2013)";
    /// Whoever's predecessor is gone leads.
    PredecessorGoneLeads = "lease-zookeeper-predecessor-gone-leads",
        "a contender leads as soon as the node ahead of its own is gone, without a look at the nodes before that",
        breaks ["lease-exclusion"],
        seen "Netflix/curator issue 115 (2012)";
}
