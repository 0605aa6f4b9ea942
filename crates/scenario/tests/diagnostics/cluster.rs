//! `[cluster]`, `[parameters]` and `[run]`.

use crate::{error, file_error, hint, warning};

#[test]
fn a_cluster_has_1_to_64_nodes() {
    let remark = error("[cluster]\nnodes = «0»", "a cluster of 0 nodes");
    assert_eq!(remark.expected, "a whole number from 1 to 64");
    error("[cluster]\nnodes = «65»", "a cluster of 65 nodes");
    error("[cluster]\nnodes = «-3»", "unexpected number `-3`");
    error("[cluster]\nnodes = «99999999999999999999»", "unexpected number `99999999999999999999`");
}

#[test]
fn a_mistaken_size_is_not_followed_by_complaints_about_nodes() {
    error(
        "[cluster]\nnodes = «\"many\"»\n[[fault]]\nat = \"1s\"\ncrash = \"node 9\"",
        "unexpected string `\"many\"`",
    );
}

#[test]
fn a_node_is_in_range_and_in_one_zone() {
    let remark = error("[cluster]\nzones = { a = [1, «6»] }", "there is no node 6");
    assert_eq!(remark.expected, "a node's number from 1 to 5");
    error("[cluster]\nzones = { a = [«0»] }", "there is no node 0");
    error("[cluster]\nzones = { a = [1, 2], b = «[2, 3]» }", "node 2 is already in the zone `a`");
    error("[cluster]\nzones = { a = [1, «1»] }", "node 1 is named twice");
}

#[test]
fn members_are_nodes_and_there_is_one() {
    let remark = error("[cluster]\nnodes = 3\nmembers = [1, «4»]", "there is no node 4");
    assert_eq!(remark.expected, "a node's number from 1 to 3");
    error("[cluster]\nmembers = [«0»]", "there is no node 0");
    error("[cluster]\nmembers = [1, 2, «2»]", "node 2 is named twice");
    error("[cluster]\nmembers = «[]»", "a cluster has at least one member");
    error("[cluster]\nmembers = «3»", "unexpected number `3`");
}

#[test]
fn a_zone_has_a_name_and_a_node() {
    error("[cluster]\nzones = { a = «[]» }", "the zone `a` has no node");
    error("[cluster]\nzones = { «\"\"» = [1] }", "a zone's name neither is empty nor has spaces around it");
}

#[test]
fn algorithms_and_profiles_are_known() {
    let remark = error("[cluster]\nalgorithms = [\"bully\", «\"rafd\"»]", "unknown algorithm `rafd`");
    assert_eq!(remark.expected, "`raft` or `bully`");
    assert_eq!(hint(&remark), "did you mean `raft`?");
    error("[cluster]\nalgorithms = [\"raft\", «\"raft\"»]", "`raft` is named twice");
    let remark = error("[cluster]\nalgorithms = «[]»", "the list of algorithms is empty");
    assert_eq!(hint(&remark), "leave it out to mean all algorithms");
    let remark = error("[cluster]\nprofile = «\"matchd\"»", "unknown word `matchd`");
    assert_eq!(hint(&remark), "did you mean `matched`?");
}

#[test]
fn parameters_are_those_of_a_known_algorithm() {
    let remark = error("[parameters.«rfat»]\nlease = true", "unknown algorithm `rfat`");
    assert_eq!(hint(&remark), "did you mean `raft`?");
    let remark = error("[parameters.raft]\n«prevote» = true", "raft has no parameter `prevote`");
    assert_eq!(hint(&remark), "did you mean `pre_vote`?");
    let remark = warning(
        "[cluster]\nalgorithms = [\"bully\"]\n[parameters.«raft»]\nlease = true",
        "`raft` is not among the scenario's algorithms: nothing reads these parameters",
    );
    assert_eq!(hint(&remark), "add it to `algorithms` in [cluster]");
}

#[test]
fn a_parameter_has_its_kind_of_value() {
    error("[parameters.raft]\npre_vote = «\"on\"»", "unexpected string `\"on\"`");
    error("[parameters.raft]\nelection_timeout = «150»", "`150` has no unit");
    error(
        "[parameters.raft]\nheartbeat_interval = «\"50ms..60ms\"»",
        "`50ms..60ms` is a range, not one duration",
    );
    error("[parameters.raft]\nbatch = «-1»", "unexpected number `-1`");
    error("[parameters.raft]\nlogs = [[1], «2»]", "unexpected number `2`");
    error("[cluster]\nnodes = 1\n[parameters.raft]\nlogs = «[[1], [2]]»", "2 logs for 1 nodes");
}

#[test]
fn a_bug_is_one_of_its_algorithm() {
    let remark = error(
        "[parameters.raft]\nbug = «\"raft-vote-before-fsink\"»",
        "unknown bug of raft `raft-vote-before-fsink`",
    );
    assert_eq!(hint(&remark), "did you mean `raft-vote-before-fsync`?");
    error("[parameters.bully]\nbug = «\"any\"»", "no bug can be planted in bully");
    error("[parameters.raft]\nbug = «true»", "unexpected truth value `true`");
}

#[test]
fn a_run_has_an_end_and_heals_before_it() {
    file_error("format = 1\nname = \"a\"\n«[run]»\nheal = \"1s\"\n", "the key `for` is missing");
    let text = "format = 1\nname = \"a\"\n[run]\nfor = \"5s\"\nheal = «\"5s\"»\n";
    let remark = file_error(text, "the heal comes at 5s, but the run ends at 5s");
    assert_eq!(remark.expected, "a time before 5s");
    file_error("format = 1\nname = \"a\"\n[run]\nfor = «\"0s\"»\n", "the duration is zero");
}

#[test]
fn somebody_boots() {
    let text = "format = 1\nname = \"a\"\n[cluster]\nnodes = 2\n[run]\nfor = \"5s\"\ndown = «[1, 2]»\n";
    let remark = crate::only_remark(text);
    assert_eq!(remark.message, "no node boots at the start");
}
