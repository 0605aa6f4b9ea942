//! The bugs that can be planted in the Redis lock. Each is implemented at one place, found by searching for its variant.

use crate::planting::plants;

plants! {
    /// A release deletes whatever lock there is.
    UnlockWithoutCompare = "lease-redis-unlock-without-compare",
        "a release deletes the key without comparing its value, and with it somebody else's lock",
        breaks ["lease-exclusion"],
        seen "ShedLock issue 2583 (2025); redisson issue 542 (2016), where RedLock.unlock forced every instance";
    /// The lock is taken to be valid from when it was won.
    ValidityFromReply = "lease-redis-validity-from-reply",
        "the validity counts from the last answer: the time that the requests took is not subtracted",
        breaks ["lease-exclusion"],
        seen "redlock-py PR 3 (2015) and redsync issue 37 (2019), where the sign of a term was wrong; RedLock.net PR 34 \
              (2018), where the elapsed time was in the wrong unit";
    /// An extension that was refused counts.
    RefusalExtends = "lease-redis-refusal-extends",
        "an extension counts every master that answers, though it answers that the lock is not there",
        breaks ["lease-exclusion"],
        seen "redsync PR 61 (2020): the script's 0 was compared with something that it never is";
    /// The majority is one of the masters that can be reached.
    QuorumOfReachable = "lease-redis-quorum-of-reachable",
        "a majority of the masters that answer is taken for a majority of all",
        breaks ["lease-exclusion"],
        seen "redlock-py PR 6 (2015)";
    /// The key has no expiry until the first extension.
    ExpiresLater = "lease-redis-expires-later",
        "the key is set without an expiry, which follows in a second command: who dies in between holds it for ever",
        breaks ["liveness"],
        seen "redis-py PR 902 (2017), ShedLock issue 65 (2018), horizon issue 1738 (2026)";
}
