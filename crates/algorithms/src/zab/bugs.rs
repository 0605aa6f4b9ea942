//! The bugs that can be planted in ZAB. Each is implemented at one place, found by searching for its variant.

use crate::planting::plants;

plants! {
    /// A follower's current epoch is durable before the history that it vouches for.
    EpochBeforeHistory = "zab-epoch-before-history",
        "a follower stores the new epoch before the history that the epoch vouches for, and is elected with what a crash left",
        breaks ["leader-completeness", "log-agreement"],
        seen "ZOOKEEPER-4643 (2022)";
    /// A follower acknowledges NEWLEADER before the history is durable.
    AckBeforeHistory = "zab-ack-before-history",
        "a follower acknowledges the new leader before it has stored the leader's history and epoch",
        breaks ["leader-completeness", "log-agreement"],
        seen "ZOOKEEPER-3911 (2020), ZOOKEEPER-4646 (2022)";
    /// The promise of an epoch is not written.
    PromiseNotDurable = "zab-promise-not-durable",
        "the promise of an epoch is kept in memory only, and given to another leader after a crash",
        breaks ["vote-once", "epoch-monotonic"],
        seen "Junqueira, Reed and Serafini 2011, phase 1 (acceptedEpoch is persistent), left out";
    /// A leader is established without a quorum that has its history.
    LeadBeforeNewLeaderAck = "zab-lead-before-newleader-ack",
        "a leader is established as soon as a quorum has promised its epoch, before a quorum has its history",
        breaks ["leader-completeness", "log-agreement"],
        seen "Junqueira, Reed and Serafini 2011, phase 2, left out";
    /// Votes are compared by identifier alone.
    VoteIgnoresZxid = "zab-vote-ignores-zxid",
        "votes are ordered by identifier alone, so that a node is proposed for ever whom a quorum refuses because it is behind",
        breaks ["liveness"],
        seen "FastLeaderElection.totalOrderPredicate of ZooKeeper, left out";
    /// A node that searches follows whom the others follow, whether that one says that it leads or not.
    FollowsTheDead = "zab-follows-the-dead",
        "a node that looks for a leader takes the others' word that a dead leader leads, and goes on following it",
        breaks ["liveness"],
        seen "FastLeaderElection.checkLeader of ZooKeeper, left out";
}
