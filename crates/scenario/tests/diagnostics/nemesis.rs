//! `[nemesis]` and the core that is healed.

use crate::{error, file_error, hint};

#[test]
fn a_kind_of_random_fault_is_known() {
    let remark = error("[nemesis]\nfaults = [\"crash\", «\"partiton\"»]", "unknown kind of fault `partiton`");
    assert_eq!(hint(&remark), "did you mean `partition`?");
    error("[nemesis]\nfaults = [\"crash\", «\"crash\"»]", "`crash` is named twice");
    let remark = error("[nemesis]\nfaults = «[]»", "the list of faults is empty");
    assert_eq!(hint(&remark), "leave it out to mean all, or leave [nemesis] out to mean none");
    error("[nemesis]\nfaults = «\"crash\"»", "unexpected string `\"crash\"`");
}

#[test]
fn only_a_cluster_with_zones_can_lose_one() {
    let file = |zones: &str| {
        let cluster = format!("[cluster]\nnodes = 3\n{zones}");
        let nemesis = "[nemesis]\nfaults = [\"crash\", «\"zone-outage\"»]";
        format!("format = 1\nname = \"a\"\n{cluster}\n{nemesis}\n[run]\nfor = \"4s\"\n")
    };
    let remark = file_error(&file(""), "`zone-outage` can do nothing here");
    assert_eq!(hint(&remark), "the cluster has no zones");
    let with_zones = file("zones = { a = [1], b = [2, 3] }").replace(['«', '»'], "");
    assert_eq!(crate::remarks(&with_zones), [], "where there are zones, nothing is wrong");
}

#[test]
fn a_nemesis_acts_before_the_heal() {
    let remark =
        error("[nemesis]\nuntil = «\"9s\"»", "the nemesis ends at 9s, but everything is healed at 8s");
    assert_eq!(remark.expected, "a time before 8s");
    error("[nemesis]\nfrom = «\"8s\"»", "the nemesis begins at 8s, but everything is healed at 8s");
    error("[nemesis]\nfrom = \"3s\"\nuntil = «\"2s\"»", "the nemesis ends at 2s, but begins at 3s");
    let text = "format = 1\nname = \"a\"\n[run]\nfor = \"4s\"\n[nemesis]\nuntil = «\"5s\"»\n";
    file_error(text, "the nemesis ends at 5s, but the run ends at 4s");
    let until_the_heal = crate::around("[nemesis]\nuntil = \"8s\"");
    assert_eq!(crate::remarks(&until_the_heal), [], "until the heal is what is meant when nothing is said");
}

#[test]
fn a_nemesis_lets_some_time_pass() {
    error("[nemesis]\nevery = «\"0ms\"»", "the duration is zero");
    error("[nemesis]\nevery = «\"2s..1s\"»", "the range runs backwards");
}

#[test]
fn a_core_is_of_nodes_and_needs_a_heal() {
    let run = |body: &str| format!("format = 1\nname = \"a\"\n[run]\nfor = \"4s\"\n{body}\n");
    let remark =
        file_error(&run("«core» = \"random(3)\""), "the core is healed at the heal, and there is none");
    assert_eq!(remark.expected, "`heal`");
    file_error(&run("heal = \"2s\"\ncore = «\"node 6\"»"), "there is no node 6");
    file_error(&run("heal = \"2s\"\ncore = [«\"resource\"»]"), "`resource` is no node");
    file_error(
        &run("heal = \"2s\"\ncore = «\"subject\"»"),
        "`subject` is the node at which a trigger came, and nothing is triggered here",
    );
}
