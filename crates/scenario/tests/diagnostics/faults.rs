//! `[[fault]]`: times, repetitions, levers, selectors.

use crate::{error, file_error, hint, warning};

/// A fault that crashes the leader, with more keys.
fn crash(more: &str) -> String {
    format!("[[fault]]\ncrash = \"leader\"\n{more}")
}

#[test]
fn a_fault_has_a_time() {
    let remark = error("«[[fault]]»\ncrash = \"leader\"", "the fault does not say when it comes");
    assert_eq!(remark.expected, "`at` or `when`");
    let remark = error(
        &crash("at = \"1s\"\n«when» = { elections = 2 }"),
        "both `at` and `when` say when the fault comes",
    );
    assert_eq!(remark.expected, "one of them");
    error(&crash("when = { elections = 2 }\n«at» = \"1s\""), "both `at` and `when` say when the fault comes");
}

#[test]
fn a_fault_pulls_one_lever() {
    let remark = error("«[[fault]]»\nat = \"1s\"", "the fault pulls no lever");
    assert!(remark.expected.starts_with("`partition`, `cut`, `isolate`"), "{remark}");
    let remark =
        error(&crash("at = \"1s\"\n«restart» = \"node 1\""), "the fault pulls a second lever, `restart`");
    assert_eq!(hint(&remark), "give it a [[fault]] of its own");
}

#[test]
fn a_fault_comes_before_the_heal_and_before_the_end() {
    let remark = error(&crash("at = «\"12s\"»"), "the fault comes at 12s, but the run ends at 10s");
    assert_eq!(remark.expected, "a time before 10s");
    error(&crash("at = «\"10s\"»"), "the fault comes at 10s, but the run ends at 10s");
    error(&crash("at = «\"8s\"»"), "the fault comes at 8s, but everything is healed at 8s");
    let text =
        "format = 1\nname = \"a\"\n[run]\nfor = \"4s\"\n[[fault]]\nat = «\"5s\"»\ncrash = \"leader\"\n";
    file_error(text, "the fault comes at 5s, but the run ends at 4s");
}

#[test]
fn a_repetition_ends_before_the_heal() {
    let remark = error(
        &crash("at = \"2s\"\nevery = \"1s\"\ntimes = «7»"),
        "the last repetition comes at 8s, but everything is healed at 8s",
    );
    assert_eq!(remark.expected, "a last repetition before 8s");
    error(
        &crash("at = \"2s\"\nevery = \"1s\"\nuntil = «\"9s\"»"),
        "the last repetition comes at 8s, but everything is healed at 8s",
    );
    error(
        &crash("at = \"9s\"\nevery = \"1s\"\ntimes = 3").replace("\"9s\"", "«\"9s\"»"),
        "the fault comes at 9s, but everything is healed at 8s",
    );
    let text = "format = 1\nname = \"a\"\n[run]\nfor = \"4s\"\n[[fault]]\nat = \"1s\"\nevery = \"1s\"\ntimes = «4»\n\
                crash = \"leader\"\n";
    file_error(text, "the last repetition comes at 4s, but the run ends at 4s");
}

#[test]
fn a_repetition_says_for_how_long_once() {
    let remark = error(&crash("at = \"2s\"\n«every» = \"1s\""), "`every` does not say for how long");
    assert_eq!(remark.expected, "`until` or `times`");
    error(
        &crash("at = \"2s\"\nevery = \"1s\"\nuntil = \"5s\"\n«times» = 3"),
        "both `until` and `times` say how often the fault comes",
    );
    error(&crash("at = \"2s\"\n«until» = \"5s\""), "`until` has a meaning only with `every`");
    error(&crash("at = \"2s\"\n«times» = 2"), "`times` has a meaning only with `every` or `when`");
    error(
        &crash("at = \"2s\"\nevery = \"1s\"\nuntil = «\"2s\"»"),
        "the repetition ends at 2s, but the fault first comes at 2s",
    );
}

#[test]
fn a_period_and_a_count_of_zero_are_refused() {
    error(&crash("at = \"2s\"\nevery = «\"0s\"»\ntimes = 3"), "the duration is zero");
    error(&crash("at = \"2s\"\nevery = \"1s\"\ntimes = «0»"), "unexpected number `0`");
    error(&crash("at = \"2s\"\nfor = «\"0s\"»"), "the duration is zero");
}

#[test]
fn a_scenario_expands_to_a_bounded_plan() {
    let message = "the scenario expands to more than 10000 faults";
    error("«[[fault]]»\ncrash = \"leader\"\nat = \"1s\"\nevery = \"1us\"\ntimes = 10001", message);
    let twice = "[[fault]]\ncrash = \"leader\"\nat = \"1s\"\nevery = \"1us\"\ntimes = 6000\n".repeat(2);
    let second = twice.rfind("[[fault]]").unwrap();
    error(&format!("{}«[[fault]]»{}", &twice[..second], &twice[second + 9..]), message);
}

#[test]
fn a_fault_that_never_ends_in_between_is_suspicious() {
    warning(
        &crash("at = \"2s\"\nevery = \"1s\"\ntimes = 3\nfor = «\"1s\"»"),
        "the fault lasts 1s and comes every 1s: it never ends in between",
    );
}

#[test]
fn what_cannot_be_undone_does_not_last() {
    for lever in ["restart", "transfer"] {
        error(
            &format!("[[fault]]\nat = \"1s\"\n{lever} = \"node 1\"\n«for» = \"1s\""),
            &format!("`{lever}` cannot be undone: `for` means nothing here"),
        );
    }
}

#[test]
fn an_option_goes_with_its_lever() {
    let remark =
        error(&crash("at = \"1s\"\n«in_flight» = \"drop\""), "`in_flight` means nothing for `crash`");
    assert_eq!(
        hint(&remark),
        "it goes with `partition`, `cut`, `isolate`, `bridge`, `ring` or `majorities-ring`"
    );
    let remark = error(
        "[[fault]]\nat = \"1s\"\nisolate = \"leader\"\n«unsynced» = \"lost\"",
        "`unsynced` means nothing for `isolate`",
    );
    assert_eq!(hint(&remark), "it goes with `crash`, `replace` or `rollback`");
    error(&crash("at = \"1s\"\nunsynced = «\"lots\"»"), "unknown word `lots`");
}

#[test]
fn an_empty_selector_selects_nobody() {
    for selector in ["\"\"", "[]", "\"random(0)\""] {
        error(&format!("[[fault]]\nat = \"1s\"\ncrash = «{selector}»"), "an empty selector selects nobody");
    }
    error("[[fault]]\nat = \"1s\"\npartition = [«[]», [\"rest\"]]", "an empty group");
}

#[test]
fn a_selector_is_known() {
    let remark = error("[[fault]]\nat = \"1s\"\ncrash = [«\"leadr\"»]", "unknown selector \"leadr\"");
    assert_eq!(hint(&remark), "did you mean `leader`?");
    let remark = error("[[fault]]\nat = \"1s\"\ncrash = «\"node3\"»", "unknown selector \"node3\"");
    assert_eq!(hint(&remark), "did you mean `node 3`?");
    let remark = error("[[fault]]\nat = \"1s\"\ncrash = «\"node 6\"»", "there is no node 6");
    assert_eq!(remark.expected, "a node's number from 1 to 5");
    let remark = error("[[fault]]\nat = \"1s\"\ncrash = «\"random(6)\"»", "6 nodes cannot be drawn");
    assert_eq!(remark.expected, "random(1) to random(5)");
    error("[[fault]]\nat = \"1s\"\ncrash = «3»", "unexpected number `3`");
    error("[[fault]]\nat = \"1s\"\ncrash = [«3»]", "unexpected number `3`");
}

#[test]
fn a_zone_is_known() {
    let remark = error("[[fault]]\nat = \"1s\"\ncrash = «\"zone eu\"»", "there is no zone `eu`");
    assert_eq!(hint(&remark), "zones are named in [cluster]: zones = { a = [1, 2], b = [3] }");
    let remark = error(
        "[cluster]\nzones = { east = [1], west = [2] }\n[[fault]]\nat = \"1s\"\ncrash = «\"zone eats\"»",
        "there is no zone `eats`",
    );
    assert_eq!(remark.expected, "`east` or `west`");
    assert_eq!(hint(&remark), "did you mean `east`?");
}

#[test]
fn only_nodes_crash() {
    error("[[fault]]\nat = \"1s\"\ncrash = «\"resource\"»", "`resource` is no node");
}

#[test]
fn a_cut_has_two_sides() {
    error("[[fault]]\nat = \"1s\"\ncut = «\"leader\"»", "unexpected string `\"leader\"`");
    error("[[fault]]\nat = \"1s\"\ncut = «{ from = \"leader\" }»", "the key `to` is missing");
    let remark = error(
        "[[fault]]\nat = \"1s\"\ncut = { from = \"all\", «too» = \"leader\", to = \"leader\" }",
        "unknown key `too` in cut",
    );
    assert_eq!(hint(&remark), "did you mean `to`?");
}

#[test]
fn an_order_is_one_that_every_algorithm_of_the_scenario_follows() {
    let mut catalogue = crate::common::catalogue();
    catalogue.algorithms[1].orders = &["transfer"];
    let remarks = |cluster: &str, order: &str| {
        let text = crate::around(&format!("{cluster}[[fault]]\nat = \"1s\"\n{order} = \"node 1\""));
        let mut none = |_: &str| Err("there is no other file".to_owned());
        match interregnum_scenario::read("test.toml", &text, &catalogue, &mut none) {
            Ok((_, remarks)) | Err(remarks) => remarks,
        }
    };
    let refused = remarks("", "resign");
    assert_eq!(refused.len(), 1, "one mistake: {refused:?}");
    assert_eq!(refused[0].message, "bully cannot follow the order `resign`");
    assert_eq!(refused[0].found, "resign", "at the lever");
    assert_eq!(hint(&refused[0]), "algorithms = [\"raft\"] in [cluster] keeps to those that do");
    assert_eq!(remarks("[cluster]\nalgorithms = [\"raft\"]\n", "resign"), [], "so it does");
    assert_eq!(remarks("", "transfer"), [], "and what both follow is fine for both");
    let nobody = remarks("[cluster]\nalgorithms = [\"bully\"]\n", "promote");
    assert_eq!(hint(&nobody[0]), "no algorithm of this scenario does");
}

#[test]
fn a_standing_goes_with_nodes_that_are_added() {
    let remark = error(
        "[[fault]]\nat = \"1s\"\nadd-node = \"node 4\"\nstanding = «\"voyeur\"»",
        "unknown word `voyeur`",
    );
    assert_eq!(remark.expected, "`voter`, `learner` or `witness`");
    let remark =
        error(&crash("at = \"1s\"\n«standing» = \"learner\""), "`standing` means nothing for `crash`");
    assert_eq!(hint(&remark), "it goes with `add-node`");
}
