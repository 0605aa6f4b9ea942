//! `[network]`, `[disk]`, `[clock]`, `[resource]` and `[workload]`.

use crate::{error, hint, warning};

#[test]
fn probabilities_are_between_zero_and_one() {
    for value in ["1.5", "-0.1", "2", "nan", "inf"] {
        let remark = error(&format!("[network]\nloss = «{value}»"), &format!("unexpected number `{value}`"));
        assert_eq!(remark.expected, "a probability from 0 to 1");
    }
    error("[network]\nduplicate = «\"1\"»", "unexpected string `\"1\"`");
}

#[test]
fn a_distribution_is_one_and_possible() {
    error(
        "[disk]\nfsync = { lognormal = { median = \"3ms\", p99 = «\"2ms\"» } }",
        "the 99th percentile must not be below the median",
    );
    error("[disk]\nfsync = { lognormal = «{ median = \"3ms\" }» }", "the key `p99` is missing");
    error(
        "[disk]\nfsync = { exponential = { mean = «\"1ms\"», min = \"2ms\" } }",
        "the mean must not be below the minimum",
    );
    error("[disk]\nfsync = { empirical = «[]» }", "an empty list has no delay to draw");
    let remark = error("[disk]\nfsync = «{}»", "the braces name no distribution");
    assert_eq!(remark.expected, "`lognormal`, `exponential` or `empirical`");
    error(
        "[disk]\nfsync = { empirical = [\"1ms\"], «exponential» = { mean = \"1ms\" } }",
        "a delay has one distribution, and this names a second",
    );
    error("[disk]\nfsync = { «rtt_csv» = \"rtt.csv\" }", "unknown key `rtt_csv` in a delay's braces");
    error("[disk]\nfsync = «[\"1ms\"]»", "unexpected list `[\"1ms\"]`");
}

#[test]
fn reordering_takes_a_delay() {
    error("[network]\nreorder = «0.1»", "unexpected number `0.1`");
    error("[network]\nreorder = «{ probability = 0.1 }»", "the key `delay` is missing");
    warning(
        "[network]\nreorder = { probability = 0.1, delay = «\"0ms\"» }",
        "a message held back by nothing is not overtaken",
    );
}

#[test]
fn a_link_has_fixed_ends_and_a_purpose() {
    error("«[[network.link]]»\nfrom = \"node 1\"\nloss = 0.1", "the key `to` is missing");
    let remark = error(
        "[[network.link]]\nfrom = «\"leader\"»\nto = \"all\"\nloss = 0.1",
        "`leader` cannot be told before the run, and links are fixed before it",
    );
    assert_eq!(
        remark.expected,
        "`contenders`, `service`, `all`, `resource`, `node N`, `service N` or `zone NAME`"
    );
    let remark =
        warning("«[[network.link]]»\nfrom = \"node 1\"\nto = \"resource\"", "this exception changes nothing");
    assert_eq!(remark.expected, "a `latency`, `loss`, `duplicate` or `reorder`");
}

/// A cluster whose nodes stand in the places of the table.
const PLACED: &str = "[cluster]\nnodes = 3\nzones = { A = [1, 2], B = [3] }\n[network]\n";

#[test]
fn a_table_of_round_trips_must_be_readable() {
    let placed = |latency: &str| format!("{PLACED}latency = {{ {latency} }}");
    error(
        &placed("rtt_csv = «\"none.csv\"», resource_zone = \"A\""),
        "`none.csv` cannot be read: there is no such file",
    );
    error(
        &placed("rtt_csv = «\"bad.csv\"», resource_zone = \"A\""),
        "`bad.csv`, line 2: `soon` is not a number of milliseconds",
    );
    error(
        &placed("rtt_csv = \"rtt.csv\", resource_zone = \"A\", «exponential» = { mean = \"1ms\" }"),
        "a delay has one distribution, and this names a second",
    );
}

#[test]
fn everybody_has_a_place_in_the_table() {
    let remark = error(
        &format!("{PLACED}latency = {{ rtt_csv = \"rtt.csv\", resource_zone = «\"D\"» }}"),
        "`rtt.csv` has no place `D`",
    );
    assert_eq!(remark.expected, "`A`, `B` or `C`");
    error(&format!("{PLACED}latency = «{{ rtt_csv = \"rtt.csv\" }}»"), "the key `resource_zone` is missing");
    error(
        &format!("{PLACED}latency = {{ rtt_csv = «\"rtt.csv\"», resource_zone = \"C\" }}"),
        "`rtt.csv` has no round trip between `A` and `C`",
    );
    error(
        "[cluster]\nnodes = 2\nzones = { A = [1] }\n[network]\n\
         latency = { rtt_csv = «\"rtt.csv\"», resource_zone = \"A\" }",
        "node 2 is in no zone, and so has no place in `rtt.csv`",
    );
    error(
        "[cluster]\nnodes = 2\nzones = { A = [1], Bee = [2] }\n[network]\n\
         latency = { rtt_csv = «\"rtt.csv\"», resource_zone = \"A\" }",
        "`rtt.csv` has no place `Bee`",
    );
}

#[test]
fn a_place_that_is_shared_needs_its_own_round_trip() {
    let remark = error(
        "[cluster]\nnodes = 3\nzones = { A = [3], B = [1, 2] }\n[network]\n\
         latency = { rtt_csv = «\"rtt.csv\"», resource_zone = \"A\" }",
        "`rtt.csv` has no round trip within `B`",
    );
    assert_eq!(hint(&remark), "say it: local = \"1ms\"");
}

#[test]
fn keys_of_the_table_mean_nothing_without_it() {
    error(
        "[network]\nlatency = { empirical = [\"1ms\"], «local» = \"1ms\" }",
        "`local` has a meaning only with `rtt_csv`",
    );
}

#[test]
fn clocks_have_ranges() {
    error("[clock]\noffset = «\"50ms..-50ms\"»", "the range runs backwards");
    error("[clock]\noffset = «\"-50\"»", "`-50` has no unit");
    let remark = error("[clock]\ndrift_ppm = «\"100..-100\"»", "\"100..-100\" is no range of drifts");
    assert!(remark.expected.starts_with("a range of parts per million"), "{remark}");
    error("[clock]\ndrift_ppm = «\"fast\"»", "\"fast\" is no range of drifts");
    error("[clock]\ndrift_ppm = «900001»", "900001 is no range of drifts");
}

#[test]
fn a_discovery_ends_before_the_run_does() {
    error("[workload]\ndiscovery = «\"5s..1s\"»", "the range runs backwards");
    error("[workload]\ndiscovery = «\"5\"»", "`5` has no unit");
    let remark = error(
        "[workload]\ndiscovery = «\"10s..60s\"»",
        "no leader is ever found: finding it takes 10s or longer, and the run ends at 10s",
    );
    assert_eq!(remark.expected, "a range that begins before 10s");
    warning(
        "[workload]\ndiscovery = «\"0s..60s\"»",
        "some leaders are never found: finding one takes up to 60s, and the run ends at 10s",
    );
}

#[test]
fn a_discovery_is_somebodys() {
    warning(
        "[workload]\nwrites_every = \"never\"\nproposals_every = \"never\"\ndiscovery = «\"5s\"»",
        "nobody looks for a leader: `writes_every` and `proposals_every` are \"never\"",
    );
}
