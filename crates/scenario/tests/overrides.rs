//! A scenario read for another profile or cluster size than its file has.
#![allow(missing_docs)]

mod common;

use common::{around, catalogue};
use interregnum_kernel::NodeSet;
use interregnum_scenario::{Diagnostic, Overrides, Profile, Scenario, read_with};

fn read(body: &str, overrides: Overrides) -> Result<Scenario, Vec<Diagnostic>> {
    let mut none = |_: &str| Err("there is no other file".to_owned());
    read_with("test.toml", &around(body), &catalogue(), &mut none, overrides).map(|(scenario, _)| scenario)
}

fn nodes(nodes: u8) -> Overrides {
    Overrides { nodes: Some(nodes), ..Overrides::NONE }
}

#[test]
fn parameters_have_the_profile_and_the_size_that_were_put_in_place() {
    let overrides = Overrides { profile: Some(Profile::Production), nodes: Some(7) };
    let scenario = read("[parameters.raft]\nbatch = 3", overrides).unwrap();
    assert_eq!(scenario.profile, Profile::Production, "the scenario's");
    assert_eq!(scenario.setting.nodes, 7, "the world's");
    for algorithm in ["raft", "bully"] {
        let parameters = scenario.parameters_for(algorithm);
        assert_eq!((parameters.profile, parameters.nodes), (Profile::Production, 7), "{algorithm}");
        assert_eq!(parameters.members, NodeSet::first(7), "{algorithm}: all of them are members");
    }
    assert!(scenario.parameters_for("raft").set.contains_key("batch"), "what is set stays set");
    assert!(!scenario.as_written, "it is not as its file has it");
    assert_eq!(scenario.overrides, overrides, "and says what was put in place");
}

#[test]
fn the_files_own_values_change_nothing() {
    let own = Overrides { profile: Some(Profile::Matched), nodes: Some(5) };
    let scenario =
        read("[[fault]]\nat = \"1s\"\ncrash = \"leader\"\n[expect]\nleader_within = \"1s\"", own).unwrap();
    assert!(scenario.as_written, "the file says the same");
    assert!(scenario.expect.leader_within.is_some(), "so its numbers are expected");
}

#[test]
fn nodes_that_do_not_exist_in_the_other_size_are_mistakes() {
    for (body, found) in [
        ("[[fault]]\nat = \"1s\"\ncrash = \"node 4\"", "\"node 4\""),
        ("[cluster]\nzones = { a = [1, 5] }", "5"),
        ("[cluster]\nmembers = [1, 2, 4]", "4"),
        ("[[fault]]\nat = \"1s\"\ncrash = \"random(4)\"", "\"random(4)\""),
    ] {
        assert!(read(body, Overrides::NONE).is_ok(), "five nodes have them: {body}");
        let mistakes = read(body, nodes(3)).unwrap_err();
        assert_eq!(mistakes[0].found, found, "three have not: {body}");
    }
}

#[test]
fn more_nodes_than_members_are_spares() {
    let scenario = read("[cluster]\nmembers = [1, 2, 3]", nodes(9)).unwrap();
    assert_eq!(scenario.members, NodeSet::first(3), "the members are those that the file names");
    assert_eq!(scenario.setting.nodes, 9, "and the rest are spares");
}

#[test]
fn a_size_that_no_cluster_has_is_a_mistake() {
    for size in [0, 65, 255] {
        let mistakes = read("", nodes(size)).unwrap_err();
        assert_eq!(mistakes.len(), 1, "one mistake: {mistakes:?}");
        assert_eq!(mistakes[0].message, format!("a cluster of {size} nodes was asked for"));
        assert_eq!(mistakes[0].expected, "a whole number from 1 to 64");
    }
}

#[test]
fn numbers_that_are_meant_for_another_cluster_are_put_aside() {
    let body = "[[fault]]\nat = \"1s\"\ncrash = \"leader\"\n[expect]\nleader_within = \"1s\"\nviolated = [\"vote-once\"]\n\
                [expect.raft]\nfailover = { p50 = \"1s\" }\nsplit_votes = \"== 0\"\nviolated = []";
    let scenario = read(body, nodes(3)).unwrap();
    let all = scenario.expectation_for("bully");
    assert_eq!(all.leader_within, None, "no bound is left");
    assert_eq!(all.violated, ["vote-once"], "what may be violated still may");
    assert_eq!(all.not_judged, ["leader_within", "violated"], "what is not judged is named");
    let raft = scenario.expectation_for("raft");
    assert_eq!(raft.not_judged, ["leader_within", "failover", "split_votes"], "for each algorithm");
}
