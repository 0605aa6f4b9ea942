//! What `reports/real-implementations.md` explains, each difference in a replay file that anybody can run: the file gives the run that
//! it was recorded from, and the run shows what the report says.

use interregnum_campaign::replay::{Replay, run_one};
use interregnum_campaign::{Engine, Job, Run, Seeds, load};
use interregnum_invariants::INVARIANTS;
use interregnum_kernel::Span;
use interregnum_tests::root;

/// One run that shows a difference.
struct Shown {
    /// The file's name, without its ending.
    file: &'static str,
    /// The scenario that it was recorded in.
    scenario: &'static str,
    algorithm: &'static str,
    seed: u64,
    /// What it shows.
    reason: &'static str,
    /// Whether it does.
    shows: fn(&Run) -> bool,
}

const SHOWN: &[Shown] = &[
    Shown {
        file: "disk-stall-raft",
        scenario: "disk-stall-leader",
        algorithm: "raft",
        seed: 1,
        reason: "a leader whose disk stands falls silent after disk_stall_timeout, and is replaced",
        shows: |run| run.measurement.leader_changes > 0 && ended(run),
    },
    Shown {
        file: "disk-stall-tikv-raft",
        scenario: "disk-stall-leader",
        algorithm: "tikv-raft",
        seed: 1,
        reason: "a leader whose disk stands goes on sending heartbeats, and is not replaced",
        shows: |run| run.measurement.leader_changes == 0 && !ended(run),
    },
    Shown {
        file: "disk-stall-raft-ignores",
        scenario: "incidents/stuck-disk-leader-ignored",
        algorithm: "raft",
        seed: 1,
        reason: "the same with on_stuck_disk = \"ignore\": it stays, as TiKV's does",
        shows: |run| run.measurement.leader_changes == 0 && !ended(run),
    },
    Shown {
        file: "herd-raft",
        scenario: "incidents/thundering-herd-narrow",
        algorithm: "raft",
        seed: 30,
        reason: "rivals whose timeouts run on after a lost election split the next votes too",
        shows: |run| run.measurement.split_votes >= 10,
    },
    Shown {
        file: "herd-tikv-raft",
        scenario: "incidents/thundering-herd-narrow",
        algorithm: "tikv-raft",
        seed: 30,
        reason: "a rival that a majority rejects begins its timeout anew, and that parts it from the others",
        shows: |run| run.measurement.split_votes <= 4,
    },
    Shown {
        file: "storm-tikv-raft",
        scenario: "incidents/kubernetes-etcd-election-storm",
        algorithm: "tikv-raft",
        seed: 1,
        reason: "followers answer heartbeats once their disks have, and a leader with slow disks finds no quorum at its check",
        shows: |run| run.measurement.spurious_failovers > 0,
    },
    Shown {
        file: "crash-omnipaxos",
        scenario: "leader-crash",
        algorithm: "omnipaxos",
        seed: 2,
        reason: "one crash, and leaders one after the other: who has just promised a leader takes over all the same",
        shows: |run| run.measurement.leader_changes >= 3 && run.measurement.failovers.len() == 1,
    },
    Shown {
        file: "minority-omnipaxos",
        scenario: "partition-leader-in-minority",
        algorithm: "omnipaxos",
        seed: 1,
        reason: "a leader without its quorum stays in office beside its successor, and its writes are fenced",
        shows: |run| run.stale_writes.rejected > 100 && run.stale_writes.accepted == 0,
    },
    Shown {
        file: "constrained-omnipaxos",
        scenario: "incidents/omni-paxos-constrained-election",
        algorithm: "omnipaxos",
        seed: 1,
        reason: "the only node that reaches a quorum is elected although its log is behind, while the cuts last",
        shows: |run| took(run).is_some_and(|took| took < Span::secs(1)),
    },
    Shown {
        file: "constrained-tikv-raft",
        scenario: "incidents/omni-paxos-constrained-election",
        algorithm: "tikv-raft",
        seed: 1,
        reason: "the only node that reaches a quorum has a log that is behind, and nobody leads until the heal",
        shows: |run| took(run).is_some_and(|took| took > Span::secs(3)),
    },
    Shown {
        file: "cloudflare-raft",
        scenario: "incidents/cloudflare-2020",
        algorithm: "raft",
        seed: 11,
        reason: "a leader that checks its quorum steps down when it has lost it",
        shows: |run| unserved(run) < Span::secs(1),
    },
    Shown {
        file: "cloudflare-tikv-raft",
        scenario: "incidents/cloudflare-2020",
        algorithm: "tikv-raft",
        seed: 11,
        reason: "without loyal voters there is no check of the quorum either, and a leader that has lost it stays",
        shows: |run| unserved(run) > Span::secs(5),
    },
    Shown {
        file: "saturated-raft",
        scenario: "incidents/saturated-leader",
        algorithm: "raft",
        seed: 10,
        reason: "the check of the quorum is one more input, late by those that wait before it",
        shows: |run| unserved(run) > Span::millis(400),
    },
    Shown {
        file: "saturated-tikv-raft",
        scenario: "incidents/saturated-leader",
        algorithm: "tikv-raft",
        seed: 10,
        reason: "the check of the quorum is a part of a tick",
        shows: |run| unserved(run) < Span::millis(300),
    },
    Shown {
        file: "freeze-raft",
        scenario: "incidents/freeze-the-leader",
        algorithm: "raft",
        seed: 1,
        reason: "a lease outlives its end on a machine whose clocks stand",
        shows: |run| violates(run, "lease-exclusion"),
    },
    Shown {
        file: "freeze-tikv-raft",
        scenario: "incidents/freeze-the-leader",
        algorithm: "tikv-raft",
        seed: 1,
        reason: "without a lease there is none to outlive its end",
        shows: |run| !violates(run, "lease-exclusion"),
    },
    Shown {
        file: "github-raft",
        scenario: "incidents/github-2018",
        algorithm: "raft",
        seed: 17,
        reason: "the East leads, for its log is ahead, and is cut off",
        shows: |run| took(run).is_some(),
    },
    Shown {
        file: "github-tikv-raft",
        scenario: "incidents/github-2018",
        algorithm: "tikv-raft",
        seed: 17,
        reason: "all begin with empty logs, the West leads, and the cut costs it nothing",
        shows: |run| run.measurement.failovers.is_empty(),
    },
];

/// How long nobody could be used as a leader.
fn unserved(run: &Run) -> Span {
    let unavailable = run.measurement.unavailable;
    unavailable.leaderless + unavailable.zombie_led + unavailable.contested
}

fn violates(run: &Run, invariant: &str) -> bool {
    let place = INVARIANTS.iter().position(|info| info.name == invariant).expect("a known invariant");
    run.invariants[place].violation.is_some()
}

/// How long the first failover took.
fn took(run: &Run) -> Option<Span> {
    run.measurement.failovers.first()?.took
}

/// Whether there was a failover, and it ended.
fn ended(run: &Run) -> bool {
    took(run).is_some()
}

fn record(shown: &Shown) -> String {
    let file = root().join("scenarios").join(shown.scenario).with_extension("toml");
    let scenario = load(&file).unwrap_or_else(|error| panic!("{error}")).scenario;
    let (algorithm, seed) = (shown.algorithm, shown.seed);
    let seeds = Seeds { first: seed, count: 1 };
    let job = Job { scenario: &scenario, algorithm, seeds, bug: None, engine: Engine::Sim };
    let (run, _) = run_one(&job, seed, false).unwrap_or_else(|error| panic!("{error}"));
    Replay::of(&job, &run, "unknown", shown.reason.to_owned()).to_text()
}

/// `INTERREGNUM_BLESS=1` records them anew.
#[test]
fn every_difference_is_in_a_replay_file_that_shows_it() {
    let folder = root().join("reports/real-implementations");
    for shown in SHOWN {
        let file = folder.join(shown.file).with_extension("toml");
        if std::env::var_os("INTERREGNUM_BLESS").is_some() {
            std::fs::create_dir_all(&folder).expect("the folder can be made");
            std::fs::write(&file, record(shown)).expect("the replay file is writable");
        }
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", shown.file));
        let replay = Replay::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", shown.file));
        let (run, _) = replay.run(false).unwrap_or_else(|error| panic!("{}: {error}", shown.file));
        assert_eq!(run.digest.to_string(), replay.digest, "{}: it is another run", shown.file);
        assert_eq!(replay.reason, shown.reason, "{}", shown.file);
        assert!(
            (shown.shows)(&run),
            "{} does not show that {}: {:?}",
            shown.file,
            shown.reason,
            run.measurement
        );
    }
}
