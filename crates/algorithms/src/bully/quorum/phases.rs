//! The moments of the form with quorums by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A node holds an election: the others have been asked.",
    CandidacyQueued = "candidacy-queued": "The own new term or epoch, and the own vote in it, wait for the disk.",
    VotesAsked = "votes-asked": "They are durable, and the others have been asked for their votes.",
    VoteQueued = "vote-queued": "A vote or a grant for another node waits for the disk.",
    Elected = "elected": "The node leads, and has told the others.",
    FirstHeartbeat = "first-heartbeat": "The first heartbeats of a reign have been sent.",
    TransferStarted = "transfer-started": "Another node was offered the leadership, or is brought up to date for it.",
}
