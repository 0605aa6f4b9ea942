//! `when`: what a fault waits for.

use crate::{error, file_error, hint};

/// A fault that crashes the leader upon something, in a scenario for raft.
fn upon(when: &str) -> String {
    format!("[cluster]\nalgorithms = [\"raft\"]\n[[fault]]\nwhen = {when}\ncrash = \"leader\"")
}

#[test]
fn a_trigger_waits_for_one_thing() {
    let remark = error(&upon("«{ after = \"1s\" }»"), "the trigger waits for nothing");
    assert_eq!(remark.expected, "`elections`, `epoch`, `phase` or `event`");
    let remark =
        error(&upon("{ elections = 2, «epoch» = 3 }"), "the trigger waits for a second thing, `epoch`");
    assert_eq!(hint(&remark), "give it a [[fault]] of its own");
    error(&upon("«\"elected\"»"), "unexpected string `\"elected\"`");
    let remark = error(&upon("{ «elction» = 2 }"), "unknown key `elction` in when");
    assert_eq!(hint(&remark), "did you mean `elections`?");
}

#[test]
fn nothing_happens_for_the_zeroth_time() {
    error(&upon("{ event = \"stood\", count = «0» }"), "unexpected number `0`");
    error(&upon("{ elections = «0» }"), "unexpected number `0`");
    error(&upon("{ epoch = «0» }"), "unexpected number `0`");
    error(&upon("{ elections = «4294967296» }"), "unexpected number `4294967296`");
    let remark = error(&upon("{ elections = 2, «count» = 3 }"), "`elections` is a count already");
    assert_eq!(hint(&remark), "`event = \"elected\"` goes with `count`");
}

#[test]
fn an_event_is_known() {
    let remark = error(&upon("{ event = «\"write-acepted\"» }"), "unknown event `write-acepted`");
    assert_eq!(hint(&remark), "did you mean `write-accepted`?");
    assert!(remark.expected.starts_with("`elected`, `deposed`, `stood`"), "{remark}");
}

#[test]
fn a_phase_is_one_that_every_algorithm_of_the_scenario_comes_to() {
    let phase = "[[fault]]\nwhen = { phase = «\"vote-queued\"» }\ncrash = \"subject\"";
    let remark = error(phase, "bully never comes to the phase `vote-queued`");
    assert_eq!(hint(&remark), "algorithms = [\"raft\"] in [cluster] keeps to those that do");
    let remark = error(&upon("{ phase = «\"vote-queue\"» }"), "unknown phase `vote-queue`");
    assert_eq!(hint(&remark), "did you mean `vote-queued`?");
    let remark = error(
        "[cluster]\nalgorithms = [\"bully\"]\n[[fault]]\nwhen = { phase = «\"vote-queued\"» }\ncrash = \"all\"",
        "unknown phase `vote-queued`",
    );
    assert_eq!(hint(&remark), "no algorithm of this scenario names any");
}

#[test]
fn what_cannot_happen_is_not_waited_for() {
    for event in ["write-sent", "write-accepted", "write-rejected"] {
        let body = upon(&format!("{{ event = «\"{event}\"» }}"));
        let remark = error(
            &format!("[workload]\nwrites_every = \"never\"\n{body}"),
            &format!("`{event}` never happens here"),
        );
        assert_eq!(hint(&remark), "nobody writes: `writes_every` in [workload] is \"never\"");
    }
    let body = upon("{ event = «\"write-rejected\"» }");
    let remark =
        error(&format!("[resource]\nfencing = false\n{body}"), "`write-rejected` never happens here");
    assert_eq!(hint(&remark), "the resource takes every write: `fencing` in [resource] is false");
}

#[test]
fn what_only_faults_bring_about_needs_one() {
    let waiting = |event: &str, more: &str| {
        format!("[[fault]]\nwhen = «{{ event = \"{event}\" }}»\ncrash = \"subject\"\n{more}")
    };
    for (event, cause) in [
        ("crashed", "no other fault crashes a node"),
        ("restarted", "no other fault crashes a node"),
        ("stopped", "no other fault pauses or freezes a node"),
        ("resumed", "no other fault pauses or freezes a node"),
    ] {
        let remark = error(&waiting(event, ""), &format!("`{event}` never happens here"));
        assert_eq!(hint(&remark), cause);
    }
    for (event, more) in [
        ("crashed", "[[fault]]\nat = \"1s\"\nreplace = \"all\""),
        ("restarted", "[[fault]]\nat = \"1s\"\ncrash = \"all\"\nfor = \"1s\""),
        ("resumed", "[[fault]]\nat = \"1s\"\nfreeze = \"all\"\nfor = \"1s\""),
        ("stopped", "[nemesis]"),
    ] {
        let body = waiting(event, more).replace(['«', '»'], "");
        assert_eq!(crate::remarks(&crate::around(&body)), [], "{body}");
    }
}

#[test]
fn a_trigger_is_watched_at_nodes_that_are_always_known() {
    for selector in
        ["random(1)", "rest", "candidate", "minority-with-leader", "majority-without-leader", "subject"]
    {
        let remark = error(
            &upon(&format!("{{ event = \"stood\", of = «\"{selector}\"» }}")),
            &format!("`{selector}` is resolved when a lever is pulled, and a trigger watches all the time"),
        );
        assert!(remark.expected.starts_with("`leader`, `old-leader`, `candidates`, `followers`"), "{remark}");
    }
    error(&upon("{ event = \"stood\", of = «\"resource\"» }"), "`resource` is no node");
    error(&upon("{ event = \"stood\", of = [«\"node 6\"»] }"), "there is no node 6");
}

#[test]
fn a_fault_that_waits_has_no_period() {
    let remark = error(
        &format!("{}\n«every» = \"1s\"\ntimes = 2", upon("{ elections = 1 }")),
        "a fault that waits for something has no period",
    );
    assert_eq!(hint(&remark), "`times` lets it come each time that what it waits for happens");
    error(
        &format!("{}\n«until» = \"5s\"", upon("{ elections = 1 }")),
        "`until` has a meaning only with `every`",
    );
}

#[test]
fn a_fault_comes_before_the_heal_however_long_it_waits() {
    let remark = error(
        &upon("{ elections = 1, after = «\"8s\"» }"),
        "the fault comes 8s after what it waits for, but everything is healed at 8s",
    );
    assert_eq!(remark.expected, "a time shorter than 8s");
    let text = "format = 1\nname = \"a\"\n[run]\nfor = \"4s\"\n[[fault]]\n\
                when = { elections = 1, after = «\"4s\"» }\ncrash = \"leader\"\n";
    file_error(text, "the fault comes 4s after what it waits for, but the run ends at 4s");
}
