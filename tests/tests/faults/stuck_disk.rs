//! What Raft's leader does about its own disk, from the scenario file to the failover.

use interregnum_campaign::{Seeds, Summary};
use interregnum_tests::sweep_text;

const SEEDS: Seeds = Seeds { first: 1, count: 100 };

/// The leader's disk stops for ever under a load of commands.
fn stall(conduct: &str) -> Summary {
    let text = format!(
        r#"
format = 1
name = "stall"
summary = "The leader's disk stops for ever."

[cluster]
algorithms = ["raft"]

[parameters.raft]
{conduct}

[workload]
proposals_every = "20ms"

[[fault]]
at = "2s"
disk-stall = "leader"

[run]
for = "8s"
"#
    );
    sweep_text(&text, "raft", None, SEEDS)
}

#[test]
fn a_leader_that_ignores_its_stuck_disk_is_never_replaced() {
    let summary = stall(r#"on_stuck_disk = "ignore""#);
    assert_eq!(summary.failover.never(), SEEDS.count, "in no run does anybody take over");
}

#[test]
fn a_leader_that_is_not_heard_while_its_disk_is_stuck_is_replaced() {
    for conduct in [
        r#"on_stuck_disk = "fall-silent""#,
        r#"on_stuck_disk = "delay-heartbeats""#,
        "on_stuck_disk = \"fall-silent\"\ndisk_stall_timeout = \"1500ms\"",
    ] {
        let summary = stall(conduct);
        assert_eq!(summary.failover.never(), 0, "{conduct}: in every run somebody takes over");
        assert_eq!(summary.failover.count(), SEEDS.count, "{conduct}: one failover in each run");
    }
}
