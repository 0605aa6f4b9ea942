//! `[expect]`: what cannot be met, and what nothing would be compared with.

use crate::{error, file_error, hint, only_remark, warning};

const CRASH: &str = "[[fault]]\nat = \"1s\"\ncrash = \"leader\"\n";

#[test]
fn a_time_to_a_leader_counts_from_a_heal() {
    let text = "format = 1\nname = \"a\"\n[run]\nfor = \"4s\"\n[expect]\nleader_within = «\"1s\"»\n";
    let remark = file_error(text, "`leader_within` counts from the heal, and there is none");
    assert_eq!(remark.expected, "`heal` in [run]");
}

#[test]
fn the_run_lasts_as_long_as_a_leader_may_take() {
    let remark = error(
        "[expect]\nleader_within = «\"3s\"»",
        "3s after the heal at 8s the run is over: it ends at 10s",
    );
    assert_eq!(remark.expected, "at most 2s");
}

#[test]
fn a_mistaken_heal_is_not_followed_by_its_absence() {
    let text =
        "format = 1\nname = \"a\"\n[run]\nfor = \"4s\"\nheal = «\"2\"»\n[expect]\nleader_within = \"1s\"\n";
    assert_eq!(only_remark(text).message, "`2` has no unit");
}

#[test]
fn a_failover_follows_a_fault() {
    let remark =
        error("[expect]\nfailover = «{ p99 = \"1s\" }»", "`failover` is expected, but no fault precedes it");
    assert_eq!(remark.expected, "a [[fault]] that calls for a failover");
    error("[expect]\nfailovers = «\">= 1\"»", "`failovers` is expected, but no fault precedes it");
    error(
        "[expect.raft]\nfailover = «{ never = \"== 0\" }»",
        "`failover` is expected, but no fault precedes it",
    );
}

#[test]
fn stale_writes_come_from_writes() {
    error(
        "[workload]\nwrites_every = \"never\"\n[expect]\nstale_writes_accepted = «\">= 1\"»",
        "`stale_writes_accepted` is expected, but nobody writes: `writes_every` in [workload] is \"never\"",
    );
    error(
        "[resource]\nfencing = false\n[expect]\nstale_writes_rejected = «\"== 2\"»",
        "`stale_writes_rejected` is expected, but the resource refuses nothing: `fencing` in [resource] is false",
    );
}

#[test]
fn an_invariant_is_known() {
    let remark = error(
        "[expect]\nviolated = [\"fenced-writes\", «\"leader-exclusive\"»]",
        "unknown invariant `leader-exclusive`",
    );
    assert_eq!(hint(&remark), "did you mean `leader-exclusion`?");
    error("[expect]\nviolated = «\"fenced-writes\"»", "unexpected string `\"fenced-writes\"`");
    error("[expect]\nviolated = [\"vote-once\", «\"vote-once\"»]", "`vote-once` is named twice");
}

#[test]
fn an_algorithm_is_known_and_among_the_scenarios() {
    let remark = error("[expect.«rafft»]\nviolated = []", "unknown key `rafft` in [expect]");
    assert_eq!(hint(&remark), "did you mean `raft`?");
    let remark = warning(
        "[cluster]\nalgorithms = [\"raft\"]\n[expect.«bully»]\nviolated = [\"leader-exclusion\"]",
        "`bully` is not among the scenario's algorithms: nothing is compared with this",
    );
    assert_eq!(hint(&remark), "add it to `algorithms` in [cluster]");
    error("[expect.raft]\n«raft» = 1", "unknown key `raft` in [expect.ALGORITHM]");
}

#[test]
fn a_count_is_compared() {
    for value in ["\"> 3\"", "\"3\"", "\">= many\"", "\">= -1\"", "\"== +1\"", "\">= 99999999999999999999\""]
    {
        let remark =
            error(&format!("[expect]\nsplit_votes = «{value}»"), &format!("{value} is no comparison"));
        assert_eq!(remark.expected, "a comparison such as \">= 1\", \"<= 5\" or \"== 0\"");
    }
    error("[expect]\nleader_changes = «1»", "unexpected number `1`");
}

#[test]
fn bounds_on_percentiles_rise() {
    warning(
        &format!("{CRASH}[expect]\nfailover = {{ p50 = \"2s\", p99 = «\"1s\"» }}"),
        "the bound 1s is below that of a lower percentile, 2s",
    );
    let remark =
        error(&format!("{CRASH}[expect]\nfailover = {{ «p90» = \"2s\" }}"), "unknown key `p90` in failover");
    assert_eq!(remark.expected, "`p50`, `p95`, `p99`, `max` or `never`");
    error(&format!("{CRASH}[expect]\nfailover = «\"2s\"»"), "unexpected string `\"2s\"`");
}

#[test]
fn a_leader_during_a_partition_is_asked_for_within_a_time() {
    error("[expect]\nleader_during = «\"0ms\"»", "the duration is zero");
    error("[expect]\nleader_during = «2»", "unexpected number `2`");
    error("[expect]\nleader_during = «{ of = \"hub\" }»", "the key `within` is missing");
}

#[test]
fn links_must_be_able_to_last_as_long_as_a_leader_may_take() {
    let words = "the run is over before 11s have gone by: it ends at 10s";
    let remark = error("[expect]\nleader_during = «\"11s\"»", words);
    assert_eq!(remark.expected, "at most 10s");
}

#[test]
fn a_quorum_is_connected_in_one_of_two_ways() {
    let text = "[expect]\nleader_during = { within = \"1s\", of = «\"hubb\"» }";
    let remark = error(text, "unknown word `hubb`");
    assert_eq!(remark.expected, "`quorum` or `hub`");
}

#[test]
fn a_goal_is_known() {
    let remark = error("[expect]\nsometimes = [«\"split-votes\"»]", "unknown goal `split-votes`");
    assert_eq!(hint(&remark), "did you mean `split-vote`?");
    error("[expect]\nsometimes = [\"split-vote\", «\"split-vote\"»]", "`split-vote` is named twice");
    error("[expect]\nsometimes = «\"split-vote\"»", "unexpected string `\"split-vote\"`");
    let remark = error("[expect]\nsometimes = [«1»]", "unexpected number `1`");
    assert_eq!(remark.expected, "the name of a goal");
}

#[test]
fn a_goal_can_be_reached() {
    error(
        "[workload]\nwrites_every = \"never\"\n[expect]\nsometimes = [«\"stale-write-attempted\"»]",
        "`stale-write-attempted` is asked for, but nobody writes: `writes_every` in [workload] is \"never\"",
    );
    error(
        "[resource]\nfencing = false\n[expect.raft]\nsometimes = [«\"stale-write-rejected\"»]",
        "`stale-write-rejected` is asked for, but the resource refuses nothing: `fencing` in [resource] is false",
    );
}

#[test]
fn a_rate_is_compared() {
    let remark = error("[expect]\nleader_changes_per_hour = «\"1\"»", "\"1\" is no comparison");
    assert_eq!(remark.expected, "a comparison such as \">= 1\", \"<= 5\" or \"== 0\"");
}
