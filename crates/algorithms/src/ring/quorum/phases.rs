//! The moments of the quorum ring by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A node misses its leader, and asks for an epoch.",
    CandidacyQueued = "candidacy-queued": "The own new term or epoch, and the own vote in it, wait for the disk.",
    VotesAsked = "votes-asked": "They are durable, and the others have been asked for their votes.",
    VoteQueued = "vote-queued": "A vote or a grant for another node waits for the disk.",
    DecisionQueued = "decision-queued": "The token came home with a majority, and whom it makes the leader waits for the disk.",
    Announced = "announced": "The decision is durable, and on its way round the ring.",
    Elected = "elected": "The node leads.",
    FirstHeartbeat = "first-heartbeat": "The first heartbeats of a reign have been sent.",
}
