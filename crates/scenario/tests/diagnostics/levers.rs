//! Levers and what goes with them.

use crate::{error, hint, warning};

fn fault(lever: &str) -> String {
    format!("[[fault]]\nat = \"1s\"\n{lever}")
}

#[test]
fn a_monotonic_clock_is_not_set_back() {
    for clock in ["mono", "both"] {
        let remark = error(
            &fault(&format!("clock-step = \"leader\"\nby = «\"-500ms\"»\nclock = \"{clock}\"")),
            "a monotonic clock cannot go back",
        );
        assert!(hint(&remark).contains("`clock-drift`") && hint(&remark).contains("`freeze`"), "{remark}");
    }
}

#[test]
fn what_changes_by_nothing_is_refused() {
    let by = "the duration is zero";
    error(&fault("clock-step = \"leader\"\nby = «\"0ms\"»"), by);
    error(&fault("clock-strobe = \"leader\"\nby = «\"-0s\"»\nperiod = \"1s\""), by);
    error(&fault("clock-strobe = \"leader\"\nby = \"1s\"\nperiod = «\"0s\"»"), by);
    error(&fault("disk-slow = \"leader\"\nby = «\"0ms\"»"), by);
    error(&fault("disk-slow = \"leader\"\nby = «\"0ms..0s\"»"), by);
    error(&fault("rollback = \"leader\"\nby = «\"0ms\"»"), by);
    error(&fault("slow-node = \"leader\"\neach = «\"0ms\"»"), by);
    error(&fault("clock-drift = \"leader\"\nppm = «0»"), "a drift of 0 is none");
}

#[test]
fn an_option_without_which_a_lever_means_nothing_is_missed() {
    for (lever, option) in [
        ("rollback", "by"),
        ("slow-node", "each"),
        ("clock-step", "by"),
        ("clock-drift", "ppm"),
        ("disk-slow", "by"),
    ] {
        let body = format!("«[[fault]]»\nat = \"1s\"\n{lever} = \"leader\"");
        error(&body, &format!("the key `{option}` is missing"));
    }
    error("«[[fault]]»\nat = \"1s\"\nclock-strobe = \"leader\"\nby = \"1ms\"", "the key `period` is missing");
}

#[test]
fn an_option_has_the_values_of_its_lever() {
    error(&fault("clock-step = \"leader\"\nby = «\"1ms..2ms\"»"), "`1ms..2ms` is a range, not one duration");
    error(&fault("rollback = \"leader\"\nby = «\"-1ms\"»"), "`-1ms` is not a duration");
    let remark = error(&fault("disk-slow = \"leader\"\nby = «20»"), "`20` has no unit");
    assert_eq!(hint(&remark), "did you mean `20ms`?");
    let remark = error(
        &fault("clock-strobe = \"leader\"\nby = \"1ms\"\nperiod = \"1s\"\nclock = «\"both\"»"),
        "unknown word `both`",
    );
    assert_eq!(remark.expected, "`wall` or `mono`");
    let remark = error(&fault("pause = \"leader\"\nwake = «\"timer-first\"»"), "unknown word `timer-first`");
    assert_eq!(hint(&remark), "did you mean `timers-first`?");
}

#[test]
fn a_drift_is_one_that_a_clock_can_have() {
    for ppm in ["900001", "-900001", "99999999999"] {
        let remark = error(
            &fault(&format!("clock-drift = \"leader\"\nppm = «{ppm}»")),
            &format!("no clock drifts by {ppm} parts per million"),
        );
        assert!(remark.expected.contains("from -900000 to 900000"), "{remark}");
    }
    error(&fault("clock-drift = \"leader\"\nppm = «\"500\"»"), "unexpected string `\"500\"`");
}

#[test]
fn a_strobe_is_no_faster_than_time_goes_on() {
    let strobe =
        |period: &str| fault(&format!("clock-strobe = \"leader\"\nby = \"1ms\"\nperiod = «\"{period}\"»"));
    let remark = error(&strobe("999ns"), "a clock does not turn every 999ns");
    assert_eq!(remark.expected, "at least 1us");
    let fits = strobe("1us").replace(['«', '»'], "");
    assert_eq!(crate::remarks(&crate::around(&fits)), [], "the shortest that there is");
}

#[test]
fn a_monotonic_clock_is_strobed_no_faster_than_it_can_come_back() {
    let strobe = |by: &str, period: &str| {
        fault(&format!("clock-strobe = \"leader\"\nby = «\"{by}\"»\nperiod = \"{period}\"\nclock = \"mono\""))
    };
    for by in ["50ms", "60ms", "46ms"] {
        let remark =
            error(&strobe(by, "50ms"), &format!("a monotonic clock cannot lose {by} again within 50ms"));
        assert!(remark.expected.starts_with("at most 45ms"), "{remark}");
    }
    error(&strobe("-1ms", "50ms"), "a monotonic clock is strobed ahead first");
    let fits = strobe("45ms", "50ms").replace(['«', '»'], "");
    assert_eq!(crate::remarks(&crate::around(&fits)), [], "nine tenths of real time are the fastest drift");
}

#[test]
fn a_step_cannot_be_undone() {
    error(
        &fault("clock-step = \"leader\"\nby = \"1s\"\n«for» = \"1s\""),
        "`clock-step` cannot be undone: `for` means nothing here",
    );
}

#[test]
fn a_ring_of_three_cuts_nothing() {
    for lever in ["ring", "majorities-ring"] {
        let message = "in a ring of 3 nodes nothing is out of reach: no link is cut";
        for target in
            ["\"random(3)\"", "[\"leader\", \"random(2)\"]", "[\"node 1\", \"node 2\", \"subject\"]"]
        {
            let when = if target.contains("subject") { "when = { elections = 2 }" } else { "at = \"1s\"" };
            warning(&format!("[[fault]]\n{when}\n{lever} = «{target}»"), message);
        }
        let of_all = format!("[cluster]\nnodes = 3\n[[fault]]\nat = \"1s\"\n{lever} = «\"all\"»");
        warning(&of_all, message);
        for target in ["all", "rest", "followers", "random(4)"] {
            let body = fault(&format!("{lever} = \"{target}\""));
            assert_eq!(crate::remarks(&crate::around(&body)), [], "{body}");
        }
    }
}

#[test]
fn a_degradation_degrades_something() {
    let degrade = |what: &str| fault(&format!("degrade = {what}"));
    let remark = error(&degrade("«{ from = \"leader\", to = \"rest\" }»"), "this degrades nothing");
    assert_eq!(remark.expected, "a `delay`, `loss`, `duplicate` or `reorder`");
    error(&degrade("«{ from = \"all\", to = \"all\", loss = 0, delay = \"0ms\" }»"), "this degrades nothing");
    error(&degrade("«{ from = \"leader\", loss = 0.1 }»"), "the key `to` is missing");
    error(&degrade("{ from = \"all\", to = \"all\", loss = «1.5» }"), "unexpected number `1.5`");
    let remark =
        error(&degrade("{ from = \"all\", to = \"all\", «los» = 0.5 }"), "unknown key `los` in degrade");
    assert_eq!(hint(&remark), "did you mean `loss`?");
    warning(
        &degrade("{ from = \"all\", to = \"all\", reorder = { probability = 0.5, delay = «\"0ms\"» } }"),
        "a message held back by nothing is not overtaken",
    );
    error(
        &degrade("{ from = «\"rest\"», to = \"leader\", loss = 0.5 }"),
        "`rest` takes every node that no earlier selector took, and so must come last",
    );
}

#[test]
fn a_kind_of_message_is_one_that_every_algorithm_of_the_scenario_sends() {
    let only = |algorithms: &str, only: &str| {
        format!(
            "[cluster]\nalgorithms = [{algorithms}]\n[[fault]]\nat = \"1s\"\n\
             degrade = {{ from = \"all\", to = \"all\", loss = 0.5, only = {only} }}"
        )
    };
    let both = "\"raft\", \"bully\"";
    let remark = error(&only(both, "«\"RequestVote\"»"), "bully sends no `RequestVote`");
    assert_eq!(hint(&remark), "algorithms = [\"raft\"] in [cluster] keeps to those that do");
    let remark = error(&only(both, "[«\"RequestVotes\"»]"), "unknown kind of message `RequestVotes`");
    assert_eq!(hint(&remark), "did you mean `RequestVote`?");
    let remark = error(&only("\"bully\"", "«\"RequestVote\"»"), "unknown kind of message `RequestVote`");
    assert_eq!(remark.expected, "`Coordinator` or `Election`");
    error(
        &only(both, "[«\"RequestVote\", \"AppendEntries\"»]"),
        "bully sends no `RequestVote` or `AppendEntries`",
    );
    error(&only(both, "«[]»"), "no message suffers");
    error(&only(both, "[\"Election\", «\"Election\"», \"RequestVote\"]"), "`Election` is named twice");
    for fine in [only(both, "[\"RequestVote\", \"Election\"]"), only("\"raft\"", "\"AppendEntries\"")] {
        assert_eq!(crate::remarks(&crate::around(&fine)), [], "{fine}");
    }
    warning(
        "[cluster]\nalgorithms = [\"raft\"]\n[[fault]]\nat = \"1s\"\n\
         degrade = { from = \"all\", to = «\"resource\"», loss = 0.5, only = \"RequestVote\" }",
        "writes to the resource are no messages of the algorithm: with `only` they do not suffer",
    );
}

#[test]
fn a_subject_needs_a_trigger() {
    let message = "`subject` is the node at which a trigger came, and nothing is triggered here";
    let remark = error(&fault("crash = «\"subject\"»"), message);
    assert_eq!(hint(&remark), "a fault that waits for something has `when` in the place of `at`");
    error(&fault("partition = [[«\"subject\"»], [\"rest\"]]"), message);
    let body = "[[fault]]\nwhen = { elections = 2 }\ncrash = \"subject\"";
    assert_eq!(crate::remarks(&crate::around(body)), [], "with a trigger it is one node");
}

#[test]
fn the_leader_is_on_one_side() {
    let message = "the leader is in two groups";
    error(&fault("partition = [[\"leader\"], [«\"minority-with-leader\"»]]"), message);
    error(&fault("partition = [[\"minority-with-leader\"], [«\"leader\"»]]"), message);
    let sides = "partition = [[\"minority-with-leader\"], [\"majority-without-leader\"]]";
    assert_eq!(crate::remarks(&crate::around(&fault(sides))), [], "two and three nodes are all five");
    warning(
        &fault("partition = «[[\"leader\"], [\"majority-without-leader\"]]»"),
        "at least 1 node is in no group: it keeps all its links",
    );
}
