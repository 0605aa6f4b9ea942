//! The bugs that can be planted in etcd's election and its lessor. Each is implemented at one place, found by searching for
//! its variant, or for the flaw of the service that it names.

use crate::lease::service::Flaw;
use crate::planting::plants;

plants! {
    /// A new leader of the service goes on with the deadlines that it has counted since sessions were opened.
    TakeoverForgetsRenewals = "lease-etcd-takeover-forgets-renewals",
        "a new leader of the service goes on with deadlines that it has counted since the leases were granted",
        breaks ["lease-kept", "lease-exclusion", "stability"],
        seen "etcd issue 2660 (2015), where TTL keys were lost in an election; etcd pull request 4778 (2016), which refreshes \
              them correctly";
    /// A former leader of the service goes on watching deadlines.
    DeposedLeaderRevokes = "lease-etcd-deposed-leader-revokes",
        "a deposed leader of the service goes on watching deadlines, and has its successor revoke leases that are kept alive",
        breaks ["lease-kept", "lease-exclusion", "stability"],
        seen "etcd issues 12528 (2020) and 15247 (2023)";
    /// A leader of the service acts on leases without making sure that it leads.
    DeposedLeaderRenews = "lease-etcd-deposed-leader-renews",
        "a leader of the service that may have been deposed answers keep-alives of leases that its successor revokes",
        breaks ["lease-kept"],
        seen "etcd issue 15247 (2023), the second of its two problems";
    /// A contender leads as soon as the key ahead of its own is gone.
    NoSecondLook = "lease-etcd-no-second-look",
        "a contender leads when the key ahead of its own is gone, without looking whether that key was the first",
        breaks ["lease-exclusion"],
        seen "microsoft/etcd3 issue 176 (2023)";
    /// A contender campaigns with the session that has ended.
    KeepsDeadSession = "lease-etcd-keeps-its-dead-session",
        "a contender whose lease has ended campaigns again with the same lease, in vain for ever",
        breaks ["liveness"],
        seen "tiflow issue 5745 (2022), protoactor-go pull request 855 (2023)";
}

impl Plant {
    /// Where the bug lives in the service.
    pub(super) fn flaw(self) -> Option<Flaw> {
        match self {
            Plant::TakeoverForgetsRenewals => Some(Flaw::TakeoverForgetsRenewals),
            Plant::DeposedLeaderRevokes => Some(Flaw::DeposedLeaderEnds),
            _ => None,
        }
    }
}
