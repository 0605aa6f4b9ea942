//! The bugs that can be planted in the token ring.

use crate::planting::plants;

plants! {
    /// A token that was lost with its holder is not replaced.
    NoRestart = "ring-token-no-restart",
        "whoever has signed a token waits for its outcome without a limit, and the token is lost with its holder",
        breaks ["liveness"],
        seen "textbook: the timeout of the initiator, left out";
    /// The initiator leads, and not the highest.
    InitiatorLeads = "ring-token-initiator-leads",
        "the initiator whose token is home makes itself coordinator and not the highest of the list, so that concurrent tokens do not agree",
        breaks ["election-safety", "leader-exclusion"],
        seen "Tanenbaum and van Steen, Distributed Systems, the rule of the maximum, left out";
    /// The list is not looked at before it is signed.
    ListNotChecked = "ring-token-list-not-checked",
        "a token is passed on by who has signed it before, so that one whose initiator died circles for ever and its outcome is waited for",
        breaks ["liveness"],
        seen "textbook: no hop limit and no look at the list";
}
