//! The moments of ZAB by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A node looks for a leader, and has sent its vote.",
    CandidacyQueued = "candidacy-queued": "The prospective leader's own promise of the new epoch waits for the disk.",
    VotesAsked = "votes-asked": "It is durable, and LEADERINFO has asked the others for theirs.",
    VoteQueued = "vote-queued": "A promise (acceptedEpoch) waits for the disk.",
    NewLeaderSent = "newleader-sent": "Those who promised have been sent the history and NEWLEADER.",
    EpochQueued = "epoch-queued": "The new epoch (currentEpoch) waits for the disk, behind the history that it vouches for.",
    Elected = "elected": "A quorum has the history: the leader is established.",
    FirstHeartbeat = "first-heartbeat": "The first pings of a reign have been sent.",
    ProposalQueued = "proposal-queued": "A transaction waits for the disk, at the leader, which has sent it, or at a follower.",
}
