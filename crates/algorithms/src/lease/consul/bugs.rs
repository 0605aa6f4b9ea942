//! The bugs that can be planted in the Consul recipe. Each is implemented at one place, found by searching for its
//! variant.

use crate::planting::plants;

plants! {
    /// The application does not listen to the lock's channel.
    IgnoresLostLock = "lease-consul-ignores-lost-lock",
        "the application does not listen to the channel by which the library tells it that the lock is lost",
        breaks ["leader-exclusion"],
        seen "lignum issue 34 (2025); hashicorp/consul issue 1843 (2016)";
    /// Who lost the lock contends anew, and goes on renewing the session that may still hold it.
    KeepsLostSession = "lease-consul-keeps-lost-session",
        "who takes the lock for lost contends with a new session, and goes on renewing the old one, which may still hold it",
        breaks ["liveness"],
        seen "hashicorp/consul PR 4935 (2018), vitess PR 4353 (2018)";
    /// RenewPeriodic ends with the first error.
    RenewsOnce = "lease-consul-renews-once",
        "the first renewal that is not answered is the last: sessions do not outlive an election in the service",
        breaks ["stability"],
        seen "hashicorp/consul PR 912 (2015)";
    /// A new leader of the service does not give sessions their time anew.
    TakeoverForgetsRenewals = "lease-consul-takeover-forgets-renewals",
        "a new leader of the service goes on with deadlines from when sessions were opened, not knowing of their renewals",
        breaks ["lease-kept", "stability"],
        seen "hashicorp/consul PR 524 (2014) and initializeSessionTimers in agent/consul/session_ttl.go, left out";
    /// The key is deleted with the session.
    DeletesTheKey = "lease-consul-deletes-the-key",
        "a session's end deletes the key though its behaviour says release, and LockIndex begins anew",
        breaks ["token-monotonic", "election-safety", "fenced-writes"],
        seen "agent/consul/state/session.go, deleteSessionTxn: what the behaviour delete does";
    /// The lock-delay is measured by the wall clock.
    LockDelayByWallClock = "lease-consul-lock-delay-by-wall-clock",
        "the service's leader measures the lock-delay by its wall clock, which may be set",
        breaks ["leader-exclusion"],
        seen "agent/consul/state/delay.go before Go 1.9, whose time.Now had no monotonic reading";
}
