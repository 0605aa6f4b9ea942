//! The bugs that can be planted in the form with quorums. Each is implemented at one place, found by searching for its
//! variant.

use crate::planting::plants;

plants! {
    /// A grant is answered before it is durable.
    GrantBeforeFsync = "bully-quorum-grant-before-fsync",
        "a grant is answered before it is durable, and forgotten in a crash",
        breaks ["election-safety", "vote-once"],
        seen "raft-java issue 57 (2025), the same mistake in Raft";
    /// Grants are counted by message.
    CountsMessages = "bully-quorum-counts-messages",
        "the tally counts messages and not nodes, so a grant that is repeated counts twice",
        breaks ["election-safety"],
        seen "xraft issue 27 (2022), akka-raft issue 45 (2015), the same mistake in Raft";
    /// The grant is not restored after a crash.
    RestartForgetsGrant = "bully-quorum-restart-forgets-grant",
        "a restarted node does not read from its disk what it has granted, and starts from the first epoch",
        breaks ["epoch-monotonic", "vote-once", "election-safety"],
        seen "Ongaro and Ousterhout 2014, figure 2 (persistent state), left out";
    /// A node defers to those above it for ever.
    PriorityIsAVeto = "bully-quorum-priority-is-a-veto",
        "a node that was answered and saw no leader defers again, though whoever answers cannot reach a majority",
        breaks ["liveness"],
        seen "this project's walk through partial partitions";
    /// A leader whose disk is stuck keeps its followers.
    IgnoresStuckDisk = "bully-quorum-ignores-stuck-disk",
        "a leader whose disk does not answer stays in office, and nobody else can stand",
        breaks ["liveness"],
        seen "hashicorp/raft issue 503 (2022), the same mistake in Raft";
}
