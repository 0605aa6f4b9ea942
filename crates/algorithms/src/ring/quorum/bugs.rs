//! The bugs that can be planted in the quorum ring.

use crate::planting::plants;

plants! {
    /// The majority is counted among those who were met.
    MajorityOfTheList = "ring-quorum-majority-of-the-list",
        "a token needs the majority of the nodes that it met and not of the configured members, so that every side of a split elects",
        breaks ["election-safety"],
        seen "jgroups-raft and others: majorities of the present view instead of the configured membership";
    /// A grant travels before it is durable.
    GrantBeforeFsync = "ring-quorum-grant-before-fsync",
        "a node signs a token before its grant is durable, and grants the same epoch to another after a crash",
        breaks ["election-safety", "vote-once"],
        seen "raft-java issue 57 (2025), in another algorithm";
    /// Each copy of a token that comes home is decided on.
    DecidesTwice = "ring-quorum-decides-twice",
        "an initiator decides on every copy of its token that comes home, and copies that were bypassed differently have different best nodes",
        breaks ["election-safety"],
        seen "this design's first version";
    /// A restarted leader leads its epoch again.
    LeadsAgain = "ring-quorum-leads-again",
        "a restarted leader that hears a late copy of the coordinator's message leads the epoch again that it has led before its crash",
        breaks ["election-safety"],
        seen "this design's first version";
    /// The lease circulates whatever the leader's disk does.
    LeaseIgnoresStuckDisk = "ring-quorum-lease-ignores-stuck-disk",
        "the lease does not wait for the leader's disk, so that a leader that can write nothing is never replaced",
        breaks ["liveness"],
        seen "hashicorp/raft issue 503 (2022), in another algorithm";
    /// An initiator asks again before those who granted its last token stand.
    DeafNodeDelays = "ring-quorum-deaf-node-delays",
        "an initiator asks again within two circulations, sooner than those who granted its last token stand, so that a node that can send and not receive, whose tokens never come home, prevents every election",
        breaks ["liveness"],
        seen "this design's second version";
}
