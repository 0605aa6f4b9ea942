//! The bugs that can be planted in the Chubby recipe. Each is implemented at one place, found by searching for its variant.

use crate::planting::plants;

plants! {
    /// The local lease runs from the answer's arrival.
    LocalLeaseFromReceipt = "lease-chubby-local-lease-from-receipt",
        "the client counts its local lease from when the answer to a KeepAlive arrived, and not from when it was sent",
        breaks ["lease-exclusion", "leader-exclusion"],
        seen "hashicorp/raft issue 108 (2016), golem pull request 3834 (2026): leases that begin at the receipt";
    /// The application goes on in jeopardy.
    ActsInJeopardy = "lease-chubby-acts-in-jeopardy",
        "the client goes on as leader while its session is in jeopardy, until the grace period is over",
        breaks ["lease-exclusion", "leader-exclusion"],
        seen "CURATOR-460 (2018): a suspended connection is borne as long as a whole session";
    /// A new master takes old deadlines for the truth.
    NewMasterShortensLeases = "lease-chubby-new-master-shortens-leases",
        "a new master goes by the deadlines that it noted when sessions began, and knows of no KeepAlive since",
        breaks ["lease-kept", "lease-exclusion", "leader-exclusion"],
        seen "Burrows 2006, section 2.9, step 3 (leases extended to the longest that the old master may have given), left out; \
              etcd issue 9395 (2018) on why all leases start anew";
    /// A master that was deposed answers KeepAlives.
    DeposedMasterAnswers = "lease-chubby-deposed-master-answers",
        "a master answers KeepAlives and ends sessions without looking whether its master lease is over",
        breaks ["lease-kept", "lease-exclusion", "leader-exclusion"],
        seen "etcd issue 15247 (2023) and 12528 (2020): a leader that was stuck acts on sessions after it was deposed";
    /// The wait for the lock-delay is a wait for an event.
    AwaitsEventInLockDelay = "lease-chubby-awaits-event-in-lock-delay",
        "a contender that is refused for the lock-delay waits for the next event on the lock, which the end of the delay is not",
        breaks ["liveness"],
        seen "Burrows 2006, section 2.5: the events that there are; the end of a lock-delay is none of them";
    /// The lock of a session that is over is taken for held.
    OutlivesItsSession = "lease-chubby-outlives-its-session",
        "a holder whose session is over opens another one and leads on, without asking whether it still has the lock",
        breaks ["lease-exclusion", "leader-exclusion"],
        seen "etcd issue 11456 (2019): locks that are told to be held by clients whose lease was over";
}
