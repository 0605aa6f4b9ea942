//! The bugs that can be planted in the classic form. Each is implemented at one place, found by searching for its variant.

use crate::planting::plants;

plants! {
    /// Who was answered waits for a coordinator for ever.
    NoCoordinatorTimeout = "bully-no-coordinator-timeout",
        "a node that was answered waits for a coordinator without end, though whoever answered may have died",
        breaks ["liveness"],
        seen "textbooks, which name one timeout and not the other";
    /// Answers are not heeded.
    IgnoresAnswers = "bully-ignores-answers",
        "a node that is answered from above declares itself all the same when its wait is over",
        breaks ["election-safety", "fenced-writes"],
        seen "the algorithm's second rule, left out";
    /// A coordinator acts as soon as it has declared itself.
    ActsBeforeItIsHeard = "bully-acts-before-it-is-heard",
        "a coordinator acts as soon as it has declared itself, while the one before it has not heard of it yet",
        breaks ["leader-exclusion"],
        seen "Garcia-Molina 1982, the state Reorganization, left out as textbooks do";
    /// A recovered node declares itself before it has heard of the present epoch.
    RecoversWithoutListening = "bully-recovers-without-listening",
        "a node that recovers holds its election at once, knows no epoch, and announces one that was led before",
        breaks ["election-safety"],
        seen "random seeds of this project's first version";
}
