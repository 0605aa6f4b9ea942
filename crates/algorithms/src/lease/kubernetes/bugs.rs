//! The bugs that can be planted in the Kubernetes recipe. Each is implemented at one place, found by searching for its
//! variant.

use crate::planting::plants;

plants! {
    /// A failed round of renewals is followed by another one.
    RenewWithoutDeadline = "lease-kubernetes-renew-without-deadline",
        "a holder whose renewals have failed until the deadline does not stop: it renews again, and leads on",
        breaks ["lease-exclusion"],
        seen "kubernetes issues 23731 (2016) and 44887 (2017), fabric8 kubernetes-client issue 2860 (2021)";
    /// The record's own time stamp is compared with the candidate's wall clock.
    ExpiryByWallClock = "lease-kubernetes-expiry-by-wall-clock",
        "a lease has run out when the candidate's wall clock is a lease duration past the renewal's stamp",
        breaks ["lease-exclusion"],
        seen "client-go issue 448 (2018), kubernetes issue 125761 (2024); fabric8's LeaderElector.canBecomeLeader does so";
    /// All contenders write the same name into the record.
    OneIdentityForAll = "lease-kubernetes-one-identity-for-all",
        "all processes have the same identity, so each takes the lease of any other for its own",
        breaks ["election-safety", "lease-exclusion"],
        seen "metallb issue 137 and pull request 140 (2018); kubernetes issues 22775 and 30015 (2016), where it was the host's \
              name";
    /// The record says zero seconds.
    DurationTruncatedToZero = "lease-kubernetes-duration-truncated-to-zero",
        "the record's duration is cut down to zero seconds: a candidate takes over when it sees the same record twice",
        breaks ["lease-exclusion"],
        seen "kubernetes-client/csharp pull request 653 (2021), where a minute became zero; client-go accepts less than a \
              second and writes zero";
    /// The lock is released first, and leadership ends when that is done.
    ReleaseWhileLeading = "lease-kubernetes-release-while-leading",
        "a holder whose round has failed leads on while it tries to release the lease, for up to another renew deadline",
        breaks ["lease-exclusion"],
        seen "client-go, LeaderElector.Run and release at 32ce75a7; kubernetes pull request 139991 (2026)";
    /// The holder of the record that is cleared is not looked at.
    ReleaseOfAnothersLease = "lease-kubernetes-release-of-anothers-lease",
        "a release reads the record for its version only, and clears it although a successor has taken it meanwhile",
        breaks ["lease-exclusion"],
        seen "client-go, LeaderElector.tryRelease at 32ce75a7, which asks the record that it observed earlier";
    /// Who has stopped leading never tries again.
    NeverContendsAgain = "lease-kubernetes-never-contends-again",
        "a process that has stopped leading neither exits nor contends again, until none is left that does",
        breaks ["liveness"],
        seen "kubernetes-client/java issue 714 (2019), client-go issue 1155 (2022), ovn-kubernetes issue 3070 (2022)";
}
