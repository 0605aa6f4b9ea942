//! Every planted bug is caught, by everything that the registry says it breaks, in the scenario that was written for it
//! in `planted/`; and the same scenario with the same seeds shows nothing once the bug is out. With `--nocapture`, each
//! test prints how many runs caught its bug, the first of them, and the command that shows it. `INTERREGNUM_SEED` and
//! `INTERREGNUM_CASES` choose other seeds, and more of them.

use interregnum_algorithms::ALGORITHMS;
use interregnum_campaign::{InvariantVerdict, Seeds, catalogue};
use interregnum_tests::hunting::Catch::{FailoverNeverComes, Invariant, SpuriousFailover};
use interregnum_tests::hunting::Planted::{InAlgorithm, InWorld};
use interregnum_tests::hunting::{Catch, Hunt};
use interregnum_tests::property::cases_or;
use interregnum_tests::{seed_or, sweep_text};

/// The seeds of every hunt. The rarest catch comes about once in forty runs, so that a change of the engine, which
/// deals every seed another run, does not lose it.
fn seeds() -> Seeds {
    Seeds { first: seed_or(0x706c_616e_7465_0000), count: u64::from(cases_or(1000)) }
}

/// A row per bug: its test, its name, how it is planted, what gives it away.
macro_rules! hunts {
    ($($(#[$doc:meta])* $test:ident: $bug:literal, $planted:expr, [$($catch:expr),+];)+) => {
        const HUNTS: &[Hunt] = &[
            $(Hunt {
                bug: $bug,
                text: include_str!(concat!("../planted/", $bug, ".toml")),
                planted: $planted,
                catches: &[$($catch),+],
            },)+
        ];
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                hunt($bug).prove(seeds());
            }
        )+
    };
}

hunts! {
    a_vote_answered_before_it_is_durable_is_caught:
        "raft-vote-before-fsync", InAlgorithm, [Invariant("election-safety"), Invariant("vote-once")];
    a_vote_forgotten_on_hearing_the_leader_is_caught:
        "raft-forget-vote-on-step-down", InAlgorithm, [Invariant("election-safety"), Invariant("vote-once")];
    a_vote_counted_twice_is_caught:
        "raft-count-duplicate-votes", InAlgorithm, [Invariant("election-safety")];
    a_vote_of_an_earlier_term_counted_is_caught:
        "raft-count-old-term-votes", InAlgorithm, [Invariant("election-safety")];
    a_pre_vote_counted_as_a_vote_is_caught:
        "raft-prevote-counted-as-vote", InAlgorithm, [Invariant("election-safety")];
    a_pre_candidate_that_keeps_its_dead_leader_is_caught:
        "raft-precandidate-keeps-leader", InAlgorithm, [FailoverNeverComes, Invariant("leader-within")];
    a_leader_without_a_quorum_that_pins_a_bridge_is_caught:
        "raft-quorumless-leader-pins-bridge", InAlgorithm,
            [FailoverNeverComes, Invariant("leader-during")];
    a_working_leader_deposed_through_a_partial_cut_is_caught:
        "raft-no-prevote-partial-cut", InAlgorithm, [SpuriousFailover];
    a_leader_that_beats_on_with_a_stuck_disk_is_caught:
        "raft-heartbeat-ignores-stuck-disk", InAlgorithm, [FailoverNeverComes];
    a_voter_that_ignores_the_lease_it_acknowledged_is_caught:
        "raft-voter-ignores-its-lease", InAlgorithm, [Invariant("lease-exclusion")];
    a_leader_that_does_not_wait_for_its_own_vote_is_caught:
        "raft-lead-before-own-vote", InAlgorithm, [Invariant("election-safety")];
    a_candidate_that_does_not_wait_for_its_own_log_is_caught:
        "raft-ask-before-own-vote", InAlgorithm, [Invariant("leader-completeness"), Invariant("log-agreement")];
    a_term_forgotten_in_a_restart_is_caught:
        "raft-restart-forgets-term", InAlgorithm,
        [Invariant("epoch-monotonic"), Invariant("vote-once"), Invariant("election-safety")];
    a_vote_for_a_shorter_log_is_caught:
        "raft-vote-ignores-log", InAlgorithm, [Invariant("leader-completeness"), Invariant("log-agreement")];
    an_earlier_terms_entry_committed_by_counting_copies_is_caught:
        "raft-commit-counts-any-term", InAlgorithm, [Invariant("leader-completeness"), Invariant("log-agreement")];
    entries_taken_without_comparing_what_precedes_them_are_caught:
        "raft-append-skips-consistency-check", InAlgorithm, [Invariant("log-agreement")];
    a_snapshot_of_uncommitted_entries_is_caught:
        "raft-snapshot-of-uncommitted", InAlgorithm, [Invariant("log-agreement"), Invariant("leader-completeness")];
    a_change_of_the_voters_before_the_terms_first_commit_is_caught:
        "raft-single-server-change-too-early", InAlgorithm,
        [Invariant("leader-completeness"), Invariant("log-agreement")];
    joined_configurations_that_need_one_majority_are_caught:
        "raft-joint-needs-one-majority", InAlgorithm,
        [Invariant("leader-completeness"), Invariant("log-agreement")];
    a_witness_that_keeps_no_position_is_caught:
        "raft-witness-keeps-no-position", InAlgorithm,
        [Invariant("leader-completeness"), Invariant("log-agreement")];
    // Bully.
    a_node_that_waits_for_a_dead_coordinator_is_caught:
        "bully-no-coordinator-timeout", InAlgorithm, [FailoverNeverComes];
    a_node_that_heeds_no_answer_is_caught:
        "bully-ignores-answers", InAlgorithm, [Invariant("election-safety"), Invariant("fenced-writes")];
    a_coordinator_that_acts_before_it_is_heard_is_caught:
        "bully-acts-before-it-is-heard", InAlgorithm, [Invariant("leader-exclusion")];
    a_node_that_recovers_without_listening_is_caught:
        "bully-recovers-without-listening", InAlgorithm, [Invariant("election-safety")];
    a_grant_answered_before_it_is_durable_is_caught:
        "bully-quorum-grant-before-fsync", InAlgorithm, [Invariant("election-safety"), Invariant("vote-once")];
    a_grant_counted_twice_is_caught:
        "bully-quorum-counts-messages", InAlgorithm, [Invariant("election-safety")];
    a_grant_forgotten_in_a_restart_is_caught:
        "bully-quorum-restart-forgets-grant", InAlgorithm,
        [Invariant("epoch-monotonic"), Invariant("vote-once"), Invariant("election-safety")];
    a_node_that_defers_for_ever_is_caught:
        "bully-quorum-priority-is-a-veto", InAlgorithm, [FailoverNeverComes];
    a_leader_that_does_not_ask_its_disk_is_caught:
        "bully-quorum-ignores-stuck-disk", InAlgorithm, [FailoverNeverComes];
    // Ring.
    an_orphan_that_circles_for_ever_is_caught:
        "ring-orphan-token", InAlgorithm, [FailoverNeverComes];
    a_ring_that_swallows_no_candidacy_is_caught:
        "ring-swallows-nothing", InAlgorithm, [Invariant("election-safety"), Invariant("leader-exclusion")];
    an_election_in_a_round_that_was_won_before_is_caught:
        "ring-reuses-round", InAlgorithm, [Invariant("election-safety"), Invariant("fenced-writes")];
    a_token_lost_for_good_is_caught:
        "ring-token-no-restart", InAlgorithm, [FailoverNeverComes];
    initiators_that_elect_themselves_are_caught:
        "ring-token-initiator-leads", InAlgorithm, [Invariant("election-safety"), Invariant("leader-exclusion")];
    a_token_that_nobody_takes_off_the_ring_is_caught:
        "ring-token-list-not-checked", InAlgorithm, [FailoverNeverComes];
    a_majority_of_those_who_were_met_is_caught:
        "ring-quorum-majority-of-the-list", InAlgorithm, [Invariant("election-safety")];
    a_token_signed_before_the_grant_is_durable_is_caught:
        "ring-quorum-grant-before-fsync", InAlgorithm, [Invariant("election-safety"), Invariant("vote-once")];
    a_token_that_is_decided_on_twice_is_caught:
        "ring-quorum-decides-twice", InAlgorithm, [Invariant("election-safety")];
    a_restarted_leader_that_leads_its_epoch_again_is_caught:
        "ring-quorum-leads-again", InAlgorithm, [Invariant("election-safety")];
    a_lease_that_circulates_past_a_stuck_disk_is_caught:
        "ring-quorum-lease-ignores-stuck-disk", InAlgorithm, [FailoverNeverComes];
    a_deaf_node_that_asks_again_too_soon_is_caught:
        "ring-quorum-deaf-node-delays", InAlgorithm, [FailoverNeverComes];

    // Chubby.
    a_lease_that_begins_when_it_is_heard_of_is_caught:
        "lease-chubby-local-lease-from-receipt", InAlgorithm,
        [Invariant("lease-exclusion"), Invariant("leader-exclusion")];
    a_holder_that_acts_in_jeopardy_is_caught:
        "lease-chubby-acts-in-jeopardy", InAlgorithm,
        [Invariant("lease-exclusion"), Invariant("leader-exclusion")];
    a_new_master_that_knows_of_no_keep_alive_is_caught:
        "lease-chubby-new-master-shortens-leases", InAlgorithm,
        [Invariant("lease-kept"), Invariant("lease-exclusion"), Invariant("leader-exclusion")];
    a_deposed_master_that_answers_is_caught:
        "lease-chubby-deposed-master-answers", InAlgorithm,
        [Invariant("lease-kept"), Invariant("lease-exclusion"), Invariant("leader-exclusion")];
    a_wait_for_an_event_that_never_comes_is_caught:
        "lease-chubby-awaits-event-in-lock-delay", InAlgorithm, [FailoverNeverComes];
    a_holder_that_outlives_its_session_is_caught:
        "lease-chubby-outlives-its-session", InAlgorithm,
        [Invariant("lease-exclusion"), Invariant("leader-exclusion")];
    // ZAB.
    an_epoch_stored_before_the_history_that_it_vouches_for_is_caught:
        "zab-epoch-before-history", InAlgorithm, [Invariant("leader-completeness"), Invariant("log-agreement")];
    a_history_acknowledged_before_it_is_stored_is_caught:
        "zab-ack-before-history", InAlgorithm, [Invariant("leader-completeness"), Invariant("log-agreement")];
    a_promise_that_is_not_written_is_caught:
        "zab-promise-not-durable", InAlgorithm, [Invariant("vote-once"), Invariant("epoch-monotonic")];
    a_leader_established_by_promises_alone_is_caught:
        "zab-lead-before-newleader-ack", InAlgorithm, [Invariant("leader-completeness"), Invariant("log-agreement")];
    votes_that_ignore_what_a_leader_has_are_caught:
        "zab-vote-ignores-zxid", InAlgorithm, [FailoverNeverComes];
    a_dead_leader_followed_on_the_others_word_is_caught:
        "zab-follows-the-dead", InAlgorithm, [FailoverNeverComes];

    // etcd.
    a_service_leader_that_forgets_keep_alives_is_caught:
        "lease-etcd-takeover-forgets-renewals", InAlgorithm,
        [Invariant("lease-kept"), Invariant("lease-exclusion"), SpuriousFailover];
    a_deposed_service_leader_that_has_leases_revoked_is_caught:
        "lease-etcd-deposed-leader-revokes", InAlgorithm,
        [Invariant("lease-kept"), Invariant("lease-exclusion"), SpuriousFailover];
    a_deposed_service_leader_that_answers_keep_alives_is_caught:
        "lease-etcd-deposed-leader-renews", InAlgorithm, [Invariant("lease-kept")];
    a_contender_that_does_not_look_again_is_caught:
        "lease-etcd-no-second-look", InAlgorithm, [Invariant("lease-exclusion")];
    a_contender_that_keeps_its_dead_session_is_caught:
        "lease-etcd-keeps-its-dead-session", InAlgorithm, [FailoverNeverComes];
    // Consul.
    a_holder_that_does_not_hear_that_its_lock_is_lost_is_caught:
        "lease-consul-ignores-lost-lock", InAlgorithm, [Invariant("leader-exclusion")];
    a_session_renewed_beyond_its_use_is_caught:
        "lease-consul-keeps-lost-session", InAlgorithm, [FailoverNeverComes];
    a_session_given_up_at_the_first_error_is_caught:
        "lease-consul-renews-once", InAlgorithm, [SpuriousFailover];
    deadlines_that_know_of_no_renewals_are_caught:
        "lease-consul-takeover-forgets-renewals", InAlgorithm, [Invariant("lease-kept"), SpuriousFailover];
    a_key_deleted_with_its_session_is_caught:
        "lease-consul-deletes-the-key", InAlgorithm,
        [Invariant("token-monotonic"), Invariant("election-safety"), Invariant("fenced-writes")];
    a_lock_delay_that_a_wall_clock_ends_is_caught:
        "lease-consul-lock-delay-by-wall-clock", InAlgorithm, [Invariant("leader-exclusion")];
    // Kubernetes.
    a_holder_that_renews_without_a_deadline_is_caught:
        "lease-kubernetes-renew-without-deadline", InAlgorithm, [Invariant("lease-exclusion")];
    a_lease_that_ends_by_a_wall_clock_is_caught:
        "lease-kubernetes-expiry-by-wall-clock", InAlgorithm, [Invariant("lease-exclusion")];
    one_identity_for_all_contenders_is_caught:
        "lease-kubernetes-one-identity-for-all", InAlgorithm,
        [Invariant("election-safety"), Invariant("lease-exclusion")];
    a_lease_of_zero_seconds_is_caught:
        "lease-kubernetes-duration-truncated-to-zero", InAlgorithm, [Invariant("lease-exclusion")];
    a_holder_that_leads_on_while_it_releases_is_caught:
        "lease-kubernetes-release-while-leading", InAlgorithm, [Invariant("lease-exclusion")];
    a_release_of_anothers_lease_is_caught:
        "lease-kubernetes-release-of-anothers-lease", InAlgorithm, [Invariant("lease-exclusion")];
    a_process_that_never_contends_again_is_caught:
        "lease-kubernetes-never-contends-again", InAlgorithm, [FailoverNeverComes];
    // ZooKeeper.
    a_leader_that_counts_from_when_it_noticed_is_caught:
        "lease-zookeeper-acts-while-disconnected", InAlgorithm, [Invariant("lease-exclusion")];
    a_contender_that_waits_behind_itself_is_caught:
        "lease-zookeeper-orphaned-node", InAlgorithm, [FailoverNeverComes];
    a_contender_that_looks_no_further_than_its_predecessor_is_caught:
        "lease-zookeeper-predecessor-gone-leads", InAlgorithm, [Invariant("lease-exclusion")];
    // Kafka.
    an_epoch_that_is_read_after_the_node_was_created_is_caught:
        "lease-kafka-epoch-after-node", InAlgorithm, [Invariant("election-safety")];
    a_broker_that_does_not_know_that_it_was_elected_is_caught:
        "lease-kafka-elected-unawares", InAlgorithm, [FailoverNeverComes];
    a_controller_that_outlives_its_session_is_caught:
        "lease-kafka-ignores-expiry", InAlgorithm, [Invariant("leader-exclusion")];

    // Redis.
    a_release_of_somebody_elses_lock_is_caught:
        "lease-redis-unlock-without-compare", InAlgorithm, [Invariant("lease-exclusion")];
    a_validity_that_counts_from_the_answer_is_caught:
        "lease-redis-validity-from-reply", InAlgorithm, [Invariant("lease-exclusion")];
    an_extension_that_was_refused_and_counts_is_caught:
        "lease-redis-refusal-extends", InAlgorithm, [Invariant("lease-exclusion")];
    a_majority_of_the_masters_that_answer_is_caught:
        "lease-redis-quorum-of-reachable", InAlgorithm, [Invariant("lease-exclusion")];
    a_lock_that_gets_its_expiry_later_is_caught:
        "lease-redis-expires-later", InAlgorithm, [FailoverNeverComes];

    // The world.
    a_resource_that_compares_no_tokens_is_caught:
        "resource-without-fencing", InWorld { with: "fencing = false", without: "fencing = true" },
        [Invariant("fenced-writes")];
    a_resource_that_compares_no_tokens_of_leases_is_caught:
        "lease-resource-without-fencing", InWorld { with: "fencing = false", without: "fencing = true" },
        [Invariant("fenced-writes")];
}

fn hunt(bug: &str) -> &'static Hunt {
    HUNTS.iter().find(|hunt| hunt.bug == bug).unwrap_or_else(|| panic!("nobody hunts {bug}"))
}

#[test]
fn every_bug_of_the_registry_is_hunted_by_all_that_it_breaks() {
    let planted = ALGORITHMS.iter().flat_map(|entry| entry.bugs);
    for bug in planted.clone() {
        let mut caught_by: Vec<&str> =
            hunt(bug.id).catches.iter().map(|catch| Catch::breaks(*catch)).collect();
        let mut breaks = bug.breaks.to_vec();
        caught_by.sort_unstable();
        breaks.sort_unstable();
        assert_eq!(caught_by, breaks, "{} breaks one thing by the registry and another here", bug.id);
    }
    for hunt in HUNTS.iter().filter(|hunt| hunt.planted == InAlgorithm) {
        assert!(planted.clone().any(|bug| bug.id == hunt.bug), "{} is no bug of any algorithm", hunt.bug);
    }
}

/// No algorithm of the registry promises it yet, so no planted bug can break it; that it sees two leaders is shown where
/// two leaders at once are lawful.
#[test]
fn two_leaders_at_one_instant_are_seen_by_leader_exclusion() {
    let text = include_str!("../../scenarios/partition-leader-in-minority.toml");
    let summary = sweep_text(text, "raft", None, Seeds { count: 200, ..seeds() });
    let exclusion = summary.invariant("leader-exclusion").expect("the invariant exists");
    assert!(exclusion.violated_runs > 0, "the old leader goes on for a while beside its successor");
    assert_eq!(exclusion.verdict, InvariantVerdict::NotPromised, "which Raft allows");
    assert_eq!(summary.complaints, [""; 0], "and so nothing is wrong");
}

/// What every invariant is worth: something in this file makes it speak.
#[test]
fn every_invariant_is_broken_by_something_planted() {
    let broken = |name: &'static str| HUNTS.iter().any(|hunt| hunt.catches.contains(&Invariant(name)));
    for name in catalogue().invariants {
        assert!(broken(name) || name == "leader-exclusion", "nothing planted breaks {name}");
    }
}
