//! The bugs that can be planted in Raft. Each is implemented at one place, found by searching for its variant.

use crate::planting::plants;

plants! {
    /// A vote is answered before it is durable.
    VoteBeforeFsync = "raft-vote-before-fsync",
        "a vote is answered before it is durable, and forgotten in a crash",
        breaks ["election-safety", "vote-once"],
        seen "raft-java issue 57 (2025), raft.tla pull request 5 (2016)";
    /// Hearing a leader of the SAME term clears the vote.
    ForgetVoteOnStepDown = "raft-forget-vote-on-step-down",
        "following a leader of the same term clears the vote, which can then be given again",
        breaks ["election-safety", "vote-once"],
        seen "etcd pull request 2461 (2015), akka-raft issue 56 (2015), hazelcast pull request 16643 (2020), camunda issue 5356 (2020)";
    /// Votes are counted by message instead of by voter.
    CountDuplicateVotes = "raft-count-duplicate-votes",
        "the tally counts messages and not voters, so a duplicated grant counts twice",
        breaks ["election-safety"],
        seen "xraft issue 27 (2022), akka-raft issue 45 (2015), nats-server pull request 5149 (2024)";
    /// A grant of an earlier term counts.
    CountOldTermVotes = "raft-count-old-term-votes",
        "a grant of an earlier term is counted in the present one",
        breaks ["election-safety"],
        seen "little-raft issue 44 (2025)";
    /// A late pre-vote counts as a vote.
    PrevoteCountedAsVote = "raft-prevote-counted-as-vote",
        "a pre-vote that arrives after the real election began is counted as a vote (turns pre-vote on)",
        breaks ["election-safety"],
        seen "canonical/raft issue 196 (2021)";
    /// A pre-candidate goes on protecting the leader that it lost.
    PrecandidateKeepsLeader = "raft-precandidate-keeps-leader",
        "a pre-candidate still takes the dead leader for alive and refuses the other survivors for ever (turns pre-vote and stickiness on)",
        breaks ["liveness", "leader-within"],
        seen "etcd issues 9586 and 10355 (2018), raft-rs pull request 84 (2018)";
    /// A leader without a quorum stays, and a node that hears it stays loyal.
    QuorumlessLeaderPinsBridge = "raft-quorumless-leader-pins-bridge",
        "a leader that lost its quorum never steps down, while whoever hears it refuses all others (check-quorum off, stickiness on)",
        breaks ["liveness", "leader-during"],
        seen "openraft issue 2080 (2026), jgroups-raft issue 211 (2023)";
    /// Elections disturb a working leader.
    NoPrevotePartialCut = "raft-no-prevote-partial-cut",
        "a node that only the leader cannot reach deposes it again and again (pre-vote and stickiness off)",
        breaks ["stability"],
        seen "Cloudflare, A Byzantine failure in the real world (2020), dledger pull request 25 (2019)";
    /// A leader whose disk is stuck keeps its followers.
    HeartbeatIgnoresStuckDisk = "raft-heartbeat-ignores-stuck-disk",
        "heartbeats go on while the leader's disk is stuck, so a leader that can commit nothing is never replaced",
        breaks ["liveness"],
        seen "hashicorp/raft issue 503 (2022) and pull request 683 (2026), lavinmq issue 2151 (2026)";
    /// A voter does not honour the lease that it acknowledged.
    VoterIgnoresItsLease = "raft-voter-ignores-its-lease",
        "a voter that acknowledged a leader's lease votes at once for another (turns the lease on)",
        breaks ["lease-exclusion"],
        seen "RATIS-1273 (2020), nebula issue 5379 (2023)";
    /// A candidate leads before its own vote is durable.
    LeadBeforeOwnVote = "raft-lead-before-own-vote",
        "a candidate asks and leads before its own term and vote are durable, and can win the same term twice",
        breaks ["election-safety"],
        seen "exhaustive search of this design's first version";
    /// A candidate asks for votes before its own term and vote are durable.
    AskBeforeOwnVote = "raft-ask-before-own-vote",
        "votes are asked for before the candidate's own vote and log are durable, and count for what a crash leaves of it",
        breaks ["leader-completeness", "log-agreement"],
        seen "random schedules of this crate's own tests";
    /// The term is not restored after a crash.
    RestartForgetsTerm = "raft-restart-forgets-term",
        "a restarted node takes its term from its log and not from its disk, and has no vote",
        breaks ["epoch-monotonic", "vote-once", "election-safety"],
        seen "the paper's Figure 2 (persistent state), left out";
    /// A vote is given whatever the candidate's log holds.
    VoteIgnoresLog = "raft-vote-ignores-log",
        "a vote is given to a candidate whose log is behind, so committed entries are lost",
        breaks ["leader-completeness", "log-agreement"],
        seen "the paper's section 5.4.1, left out";
    /// Entries of earlier terms are committed by counting copies.
    CommitCountsAnyTerm = "raft-commit-counts-any-term",
        "entries of earlier terms are committed by counting copies, and overwritten later (entries travel one at a time)",
        breaks ["leader-completeness", "log-agreement"],
        seen "the paper's Figure 8";
    /// Entries are taken without comparing what precedes them.
    AppendSkipsConsistencyCheck = "raft-append-skips-consistency-check",
        "entries are taken without comparing the epoch of the entry before them, so logs differ under a common end",
        breaks ["log-agreement"],
        seen "the paper's section 5.3, left out";
    /// A snapshot covers entries that are not committed.
    SnapshotOfUncommitted = "raft-snapshot-of-uncommitted",
        "a snapshot is taken at the log's end and not at the last committed entry, so entries that are replaced later stay in it (takes snapshots of nearly everything)",
        breaks ["log-agreement", "leader-completeness"],
        seen "the thesis's section 5.1, left out";
    /// A change of the voters begins before the leader has committed an entry of its own term.
    SingleServerChangeTooEarly = "raft-single-server-change-too-early",
        "a new leader changes the voters before it has committed an entry of its own term, beside a change that it does not know of (one server at a time)",
        breaks ["leader-completeness", "log-agreement"],
        seen "Ongaro, bug in single-server membership changes, raft-dev, 10 July 2015";
    /// Joined configurations need only the new one's majority.
    JointNeedsOneMajority = "raft-joint-needs-one-majority",
        "while two configurations are joined, a majority of the new one decides alone",
        breaks ["leader-completeness", "log-agreement"],
        seen "the paper's section 6, left out";
    /// A witness acknowledges a position and does not keep it.
    WitnessKeepsNoPosition = "raft-witness-keeps-no-position",
        "a witness acknowledges entries and keeps nothing of them, so it votes for who lacks them",
        breaks ["leader-completeness", "log-agreement"],
        seen "what a witness without storage would be";
}
