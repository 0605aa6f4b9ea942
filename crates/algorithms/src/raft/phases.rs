//! The moments of Raft by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A node misses its leader: it has asked for pre-votes, or, without these, stands.",
    CandidacyQueued = "candidacy-queued": "The own new term or epoch, and the own vote in it, wait for the disk.",
    VotesAsked = "votes-asked": "They are durable, and the others have been asked for their votes.",
    VoteQueued = "vote-queued": "A vote or a grant for another node waits for the disk.",
    Elected = "elected": "The node leads; its first entry waits for the disk, and has been sent.",
    FirstHeartbeat = "first-heartbeat": "The first heartbeats of a reign have been sent.",
    ProposalQueued = "proposal-queued": "New entries wait for the disk, at the leader, which has sent them, or at a follower.",
    TransferStarted = "transfer-started": "Another node was offered the leadership, or is brought up to date for it.",
}
