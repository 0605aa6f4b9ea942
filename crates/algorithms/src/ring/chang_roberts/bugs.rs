//! The bugs that can be planted in the Chang-Roberts ring.

use crate::planting::plants;

plants! {
    /// A lap whose node died is never taken off the ring.
    OrphanToken = "ring-orphan-token",
        "a candidacy whose candidate died is passed on for ever, and whoever passes it on goes on waiting for its outcome",
        breaks ["liveness"],
        seen "textbook: no hop limit and no round number";
    /// Smaller candidacies are passed on.
    SwallowsNothing = "ring-swallows-nothing",
        "a candidacy below the own identifier is passed on, so that every candidate's comes home and each of them leads",
        breaks ["election-safety", "leader-exclusion"],
        seen "Chang and Roberts 1979, the comparison left out";
    /// An election does not take a new round.
    ReusesRound = "ring-reuses-round",
        "an election is held in the highest round seen and not in the next, so that two leaders share an epoch",
        breaks ["election-safety", "fenced-writes"],
        seen "the counter that practitioners add, left out";
}
