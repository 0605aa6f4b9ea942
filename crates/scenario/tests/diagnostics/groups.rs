//! Groups of endpoints: partitions, cuts, isolation, bridges.

use crate::common::{around, read_text};
use crate::{error, hint, only_remark, warning};
use interregnum_scenario::{Diagnostic, Severity};

fn fault(lever: &str) -> String {
    format!("[[fault]]\nat = \"1s\"\n{lever}")
}

#[test]
fn a_partition_has_groups() {
    error(&fault("partition = «[[\"leader\"]]»"), "a partition needs at least two groups");
    error(&fault("partition = «\"leader\"»"), "unexpected string `\"leader\"`");
}

#[test]
fn an_endpoint_is_in_one_group() {
    error(
        &fault("partition = [[\"node 1\", \"leader\"], [«\"node 1\"», \"rest\"]]"),
        "node 1 is in two groups",
    );
    error(&fault("partition = [[\"leader\"], [«\"leader\"», \"rest\"]]"), "`leader` is in two groups");
    error(
        "[cluster]\nzones = { a = [1, 2], b = [3, 4, 5] }\n\
         [[fault]]\nat = \"1s\"\npartition = [[\"node 1\", \"node 2\"], [«\"zone a\"», \"zone b\"]]",
        "node 1 and node 2 are in two groups",
    );
    let remark = error(&fault("partition = [\"node 1\", «\"all\"»]"), "node 1 is in two groups");
    assert_eq!(hint(&remark), "did you mean `rest`?");
}

#[test]
fn the_rest_comes_last() {
    let message = "`rest` takes every node that no earlier selector took, and so must come last";
    error(&fault("partition = [«\"rest\"», \"leader\"]"), message);
    error(&fault("cut = { from = «\"rest\"», to = \"leader\" }"), message);
}

#[test]
fn a_node_in_no_group_keeps_its_links_and_that_is_said() {
    let remark = warning(
        &fault("partition = «[[\"node 1\", \"node 2\"], [\"node 3\"]]»"),
        "node 4 and node 5 are in no group: they keep all their links",
    );
    assert_eq!(hint(&remark), "`rest` names all that no other group names");
    warning(
        &fault("partition = «[[\"node 1\", \"node 2\"], [\"node 3\", \"node 5\"]]»"),
        "node 4 is in no group: it keeps all its links",
    );
    warning(
        &fault("partition = «[[\"leader\"], [\"random(2)\"]]»"),
        "at least 2 nodes are in no group: they keep all their links",
    );
    warning(
        &fault("partition = «[[\"leader\"], [\"random(3)\"]]»"),
        "at least 1 node is in no group: it keeps all its links",
    );
}

/// All that is said, notes included.
fn all_remarks(body: &str) -> Vec<Diagnostic> {
    match read_text(&around(body)) {
        Ok((_, diagnostics)) | Err(diagnostics) => diagnostics,
    }
}

#[test]
fn a_resource_in_no_group_is_noted() {
    for lever in ["partition = [\"leader\", \"rest\"]", "isolate = \"leader\""] {
        let remarks = all_remarks(&fault(lever));
        assert_eq!(remarks.len(), 1, "{lever}: {remarks:#?}");
        assert_eq!(remarks[0].severity, Severity::Note);
        assert_eq!(remarks[0].message, "the resource is in no group: it stays reachable from every group");
        assert_eq!((remarks[0].line, remarks[0].column), (5, lever.find('=').unwrap() + 3), "{lever}");
    }
}

#[test]
fn nothing_is_noted_of_a_resource_that_is_named_or_not_written_to() {
    for body in [
        fault("partition = [[\"leader\"], [\"rest\", \"resource\"]]"),
        fault("isolate = [\"leader\", \"resource\"]"),
        fault("bridge = { left = \"leader\", bridge = \"rest\", right = \"random(1)\" }"),
        fault("cut = { from = \"leader\", to = \"rest\" }"),
        "[workload]\nwrites_every = \"never\"\n[[fault]]\nat = \"1s\"\nisolate = \"leader\"".to_owned(),
    ] {
        assert_eq!(all_remarks(&body), [], "{body}");
    }
}

#[test]
fn somebody_is_left_to_be_isolated_from() {
    for everybody in ["all", "rest"] {
        error(&fault(&format!("isolate = «\"{everybody}\"»")), "nobody is left to be isolated from");
    }
}

#[test]
fn a_symmetric_cut_has_disjoint_sides() {
    error(
        &fault("cut = { from = \"leader\", to = [«\"leader\"», \"node 1\"], symmetric = true }"),
        "`leader` is in two groups",
    );
}

#[test]
fn a_bridge_can_be_told_from_its_sides() {
    let bridge = |left: &str, middle: &str, right: &str| {
        fault(&format!("bridge = {{ left = {left}, bridge = {middle}, right = {right} }}"))
    };
    let remark = error(
        &bridge("\"node 1\"", "«\"leader\"»", "\"node 2\""),
        "the bridge is neither named nor the rest: `leader` is told only in the run",
    );
    assert_eq!(hint(&remark), "select both sides by role instead, and make the bridge `rest`");
    let remark = error(
        &bridge("«\"leader\"»", "\"node 2\"", "\"rest\""),
        "`leader` may turn out to be the bridge itself",
    );
    assert_eq!(hint(&remark), "name the sides, or make the bridge `rest`");
    error(&bridge("\"leader\"", "\"rest\"", "«\"rest\"»"), "`rest` is the bridge already");
    error(&bridge("\"node 1\"", "«\"node 1\"»", "\"node 2\""), "node 1 is in two groups");
    error(&fault("bridge = «{ left = \"node 1\", right = \"node 2\" }»"), "the key `bridge` is missing");
    error(&fault("bridge = «\"node 1\"»"), "unexpected string `\"node 1\"`");
}

#[test]
fn a_group_that_is_half_wrong_is_reported_once() {
    let remark = only_remark(&around(&fault("partition = [[\"leader\", «\"nod 1\"»], [\"rest\"]]")));
    assert_eq!(remark.message, "unknown selector \"nod 1\"");
}
