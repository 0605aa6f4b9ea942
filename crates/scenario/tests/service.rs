//! The coordination service: its nodes, who has it and who does not, its selectors, and the family of algorithms that use it.
#![allow(missing_docs)]

mod common;

use common::{around, read_served, scenario};
use interregnum_kernel::{NodeId, NodeSet, Parameters, Span};
use interregnum_scenario::{Diagnostic, Scenario, Severity};
use interregnum_world::{Endpoint, Latency, Lever, Selector, Setting};

fn served(body: &str) -> Scenario {
    match read_served(&around(body)) {
        Ok((scenario, _)) => scenario,
        Err(diagnostics) => panic!("{body}\n{diagnostics:#?}"),
    }
}

fn remarks(body: &str) -> Vec<Diagnostic> {
    match read_served(&around(body)) {
        Ok((_, diagnostics)) | Err(diagnostics) => diagnostics,
    }
}

/// The only remark of this severity.
fn only(body: &str, severity: Severity) -> Diagnostic {
    let found: Vec<Diagnostic> = remarks(body).into_iter().filter(|one| one.severity == severity).collect();
    assert_eq!(found.len(), 1, "{body}: {found:#?}");
    found.into_iter().next().unwrap()
}

fn error(body: &str) -> String {
    only(body, Severity::Error).message
}

fn nodes(numbers: &[u8]) -> NodeSet {
    numbers.iter().map(|number| NodeId(number - 1)).collect()
}

fn latency(setting: &Setting, from: u8, to: u8) -> Latency {
    let index = Setting::link_index(setting.nodes, Endpoint(from - 1), Endpoint(to - 1));
    setting.links[index].latency.clone()
}

const LEASE: &str = "lease-etcd";

#[test]
fn who_contends_through_a_service_has_three_nodes_of_it_besides_the_clusters() {
    let scenario = served("");
    let setting = scenario.setting_for(LEASE);
    assert_eq!((setting.nodes, setting.service), (8, nodes(&[6, 7, 8])), "five contend, three serve");
    assert_eq!(setting.links.len(), 81, "eight nodes and the resource");
    assert_eq!(
        scenario.parameters_for(LEASE),
        Parameters::of(5).with_service(3),
        "and the algorithm is told"
    );
    assert_eq!(scenario.setting_for("raft").nodes, 5, "for others they do not exist");
    assert_eq!(scenario.parameters_for("raft"), Parameters::of(5));
}

#[test]
fn its_size_can_be_said() {
    let scenario = served("[cluster]\nnodes = 2\n[service]\nnodes = 5");
    assert_eq!(scenario.setting_for(LEASE).service, nodes(&[3, 4, 5, 6, 7]));
    assert_eq!(served("[service]\nnodes = 1").setting_for(LEASE).service, nodes(&[6]));
}

#[test]
fn a_size_that_is_none_is_refused() {
    let even = error("[service]\nnodes = 4");
    assert_eq!(even, "a coordination service of 4 nodes outlives no more failures than one of 3");
    assert_eq!(error("[service]\nnodes = 0"), "a coordination service without nodes");
    assert_eq!(error("[service]\nnodes = 65"), "a coordination service of 65 nodes");
    let remark = only("[service]\nnodes = 61", Severity::Error);
    assert_eq!(remark.message, "5 nodes and a coordination service of 61 are more than 64");
    assert_eq!(remark.expected, "at most 59 beside the cluster's 5");
    assert_eq!(error("[service]\nnodes = \"3\""), "unexpected string `\"3\"`");
    assert_eq!(error("[service]\nsize = 3"), "unknown key `size` in [service]");
}

#[test]
fn large_clusters_have_as_much_of_it_as_fits_unless_they_ask_for_more() {
    let service =
        |cluster: u8| served(&format!("[cluster]\nnodes = {cluster}")).setting_for(LEASE).service.len();
    assert_eq!((service(61), service(62), service(63), service(64)), (3, 1, 1, 0));
}

#[test]
fn what_algorithms_without_a_service_see_is_the_same_to_the_bit_whatever_is_said_of_it() {
    let body = "[cluster]\nnodes = 4\nzones = { b = [2, 4], a = [1, 3] }\n[network]\nlatency = \"3ms\"\n\
        [[network.link]]\nfrom = \"zone a\"\nto = \"all\"\nlatency = \"9ms\"\n\
        [[network.link]]\nfrom = \"resource\"\nto = \"node 4\"\nlatency = \"5ms\"\n\
        [[fault]]\nat = \"1s\"\npartition = [[\"zone a\", \"random(1)\"], [\"rest\"]]\n[nemesis]\n";
    let without = scenario(body).setting;
    for service in ["", "[service]\nnodes = 1", "[service]\nnodes = 5\nzones = { a = [2], b = [1, 3, 4, 5] }"]
    {
        let with = served(&format!("{body}{service}"));
        assert_eq!(with.setting, without, "{service}");
        assert_eq!(with.setting_for("raft"), &without, "{service}");
        assert_eq!(with.setting_for(LEASE).without_service(), without, "{service}");
    }
}

#[test]
fn its_nodes_are_dealt_to_the_zones_unless_they_are_placed() {
    let zones = |body: &str| -> Vec<NodeSet> {
        served(body).setting_for(LEASE).zones.iter().map(|zone| zone.nodes).collect()
    };
    let cluster = "[cluster]\nnodes = 3\nzones = { b = [2, 3], a = [1] }\n";
    assert_eq!(zones(cluster), [nodes(&[1, 4, 6]), nodes(&[2, 3, 5])], "in the order of the zones' names");
    let placed = format!("{cluster}[service]\nzones = {{ b = [1, 3] }}");
    assert_eq!(
        zones(&placed),
        [nodes(&[1]), nodes(&[2, 3, 4, 6])],
        "as they are said; the second is in none"
    );
    let of_its_own = format!("{cluster}[service]\nzones = {{ aa = [1, 2, 3] }}");
    assert_eq!(
        zones(&of_its_own),
        [nodes(&[1]), nodes(&[4, 5, 6]), nodes(&[2, 3])],
        "a zone may be all its own"
    );
    assert!(zones("").is_empty(), "without zones there is nothing to deal to");
}

#[test]
fn zones_name_nodes_that_the_service_has_and_each_once() {
    let remark = only("[service]\nzones = { a = [1, 4] }", Severity::Error);
    assert_eq!(remark.message, "there is no node 4 in the coordination service");
    assert_eq!((remark.found.as_str(), remark.expected.as_str()), ("4", "a number from 1 to 3"));
    assert_eq!(error("[service]\nzones = { a = [1, 1] }"), "service 1 is named twice");
    assert_eq!(error("[service]\nzones = { a = [1], b = [1] }"), "service 1 is already in the zone `a`");
    assert_eq!(error("[service]\nzones = { a = 1 }"), "unexpected number `1`");
}

#[test]
fn links_can_be_said_of_its_nodes() {
    let scenario = served(
        "[cluster]\nnodes = 2\nzones = { a = [1], b = [2] }\n[network]\nlatency = \"1ms\"\n\
         [[network.link]]\nfrom = \"service\"\nto = \"contenders\"\nlatency = \"2ms\"\n\
         [[network.link]]\nfrom = \"service 2\"\nto = \"resource\"\nlatency = \"3ms\"\n\
         [[network.link]]\nfrom = \"zone b\"\nto = \"zone b\"\nlatency = \"4ms\"",
    );
    let ms = |millis| Latency::Constant(Span::millis(millis));
    let setting = scenario.setting_for(LEASE);
    assert_eq!(latency(setting, 3, 1), ms(2), "from the service to a contender");
    assert_eq!(latency(setting, 1, 3), ms(1), "not the other way");
    assert_eq!(latency(setting, 4, 6), ms(3), "from its second node to the resource");
    assert_eq!(latency(setting, 3, 6), ms(1), "and not from its first");
    assert_eq!(latency(setting, 2, 4), ms(4), "its second node is in the second zone");
}

#[test]
fn round_trips_place_its_nodes_with_the_zones() {
    let body = "[cluster]\nnodes = 2\nzones = { B = [1], A = [2] }\n[network]\n\
                latency = { rtt_csv = \"rtt.csv\", resource_zone = \"A\", local = \"2ms\" }\n";
    let setting = served(body).setting_for(LEASE).clone();
    assert_eq!(latency(&setting, 1, 4), Latency::Constant(Span::millis(1)), "within B");
    assert_eq!(latency(&setting, 1, 3), Latency::Constant(Span::millis(16)), "from B to A");
    let without_local = body.replace(", local = \"2ms\"", "");
    let scenario = served(&without_local);
    assert_eq!(scenario.setting.links.len(), 9, "a cluster that shares no place needs no way within one");
    let placed = format!("{without_local}[service]\nzones = {{ B = [1, 2, 3] }}");
    assert_eq!(error(&placed), "`rtt.csv` has no round trip within `B`");
    let half = format!("{body}[service]\nzones = {{ B = [1, 2] }}");
    assert_eq!(error(&half), "service 3 is in no zone, and so has no place in `rtt.csv`");
}

fn target(selector: &str) -> Vec<Selector> {
    let scenario = served(&format!("[[fault]]\nat = \"1s\"\ncrash = \"{selector}\""));
    match &scenario.setting.plan.faults[0].lever {
        Lever::Crash { target, .. } => target.clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn its_selectors_are_read_and_printed_alike() {
    for (text, selector) in [
        ("contenders", Selector::Contenders),
        ("service", Selector::Service),
        ("service 2", Selector::ServiceNode(1)),
        ("service-leader", Selector::ServiceLeader),
        ("service-followers", Selector::ServiceFollowers),
        ("random-service(2)", Selector::RandomService(2)),
    ] {
        assert_eq!(selector.to_string(), text);
        assert_eq!(target(text), [selector]);
    }
}

#[test]
fn what_it_does_not_have_is_not_selected() {
    let crash = |selector: &str| format!("[[fault]]\nat = \"1s\"\ncrash = \"{selector}\"");
    assert_eq!(error(&crash("service 4")), "there is no node 4 in the coordination service");
    assert_eq!(error(&crash("service 0")), "there is no node 0 in the coordination service");
    assert_eq!(error(&crash("random-service(4)")), "4 nodes cannot be drawn");
    assert_eq!(error(&crash("random-service(0)")), "an empty selector selects nobody");
    assert_eq!(error(&crash("node 6")), "there is no node 6", "its nodes have numbers of their own");
    let remark = only(&crash("service-lead"), Severity::Error);
    assert_eq!(remark.hint.as_deref(), Some("did you mean `service-leader`?"));
}

#[test]
fn a_scenario_for_algorithms_without_a_service_is_warned_of_faults_that_find_nobody() {
    let fault = "[[fault]]\nat = \"1s\"\npause = \"service-leader\"";
    let remark = only(fault, Severity::Warning);
    assert_eq!(
        remark.message,
        "raft and bully have no coordination service: `service-leader` finds no target with them"
    );
    assert_eq!(
        remark.hint.as_deref(),
        Some("algorithms = [\"lease-etcd\", \"lease-redis\"] in [cluster] keeps to those that do")
    );
    let kept = format!("[cluster]\nalgorithms = [\"lease\"]\n{fault}");
    assert_eq!(remarks(&kept), [], "where it is kept to those that have one nothing is said");
    let nobody = format!("[cluster]\nalgorithms = [\"raft\"]\n{fault}");
    let remark = only(&nobody, Severity::Warning);
    assert_eq!(remark.message, "raft has no coordination service: `service-leader` finds no target with it");
    assert_eq!(remark.hint.as_deref(), Some("no algorithm of this scenario does"));
}

#[test]
fn a_service_in_no_group_is_noted_where_an_algorithm_has_one() {
    let note = |groups: &str, algorithms: &str| -> Vec<String> {
        let body = format!(
            "[cluster]\nalgorithms = [\"{algorithms}\"]\n[workload]\nwrites_every = \"never\"\n\
             [[fault]]\nat = \"1s\"\npartition = {groups}"
        );
        remarks(&body)
            .into_iter()
            .filter(|one| one.severity == Severity::Note)
            .map(|one| one.message)
            .collect()
    };
    let split = "[[\"node 1\", \"node 2\"], [\"node 3\", \"node 4\", \"node 5\"]]";
    let whole = "the coordination service is in no group: it stays reachable from every group";
    assert_eq!(note(split, "lease"), [whole]);
    assert!(note(split, "raft").is_empty(), "nothing is said to those who have none");
    let one_named = "[[\"leader\", \"service 2\"], [\"followers\", \"candidates\"]]";
    assert_eq!(
        note(one_named, "lease"),
        ["service 1 and service 3 are in no group: they stay reachable from every group"]
    );
    for named in [
        "[[\"leader\"], [\"rest\"]]",
        "[[\"contenders\"], [\"service\"]]",
        "[[\"leader\"], [\"followers\", \"service-leader\"]]",
    ] {
        assert!(note(named, "lease").is_empty(), "{named}");
    }
}

#[test]
fn a_node_of_it_is_in_one_group() {
    let twice = |groups: &str| {
        error(&format!("[cluster]\nalgorithms = [\"lease\"]\n[[fault]]\nat = \"1s\"\npartition = {groups}"))
    };
    assert_eq!(twice("[[\"service 1\"], [\"service\"]]"), "service 1 is in two groups");
    assert_eq!(
        twice("[[\"service-leader\"], [\"service-leader\", \"rest\"]]"),
        "`service-leader` is in two groups"
    );
    assert_eq!(twice("[[\"node 5\", \"service 1\"], [\"all\"]]"), "node 5 and service 1 are in two groups");
}

#[test]
fn a_family_stands_for_its_algorithms() {
    let meant = |list: &str| served(&format!("[cluster]\nalgorithms = {list}")).algorithms.unwrap();
    assert_eq!(meant("[\"lease\"]"), ["lease-etcd", "lease-redis"]);
    assert_eq!(
        meant("[\"lease-redis\", \"raft\", \"lease\"]"),
        ["lease-redis", "raft", "lease-etcd"],
        "none twice"
    );
    assert_eq!(error("[cluster]\nalgorithms = [\"lese\"]"), "unknown algorithm `lese`");
}

#[test]
fn what_is_expected_of_a_family_lies_between_what_is_expected_of_all_and_of_one() {
    let scenario = served(
        "[expect.lease-etcd]\nsplit_votes = \">= 4\"\n[expect]\nleader_within = \"1s\"\nsplit_votes = \">= 1\"\n\
         [expect.lease]\nleader_within = \"2s\"\nviolated = [\"fenced-writes\"]",
    );
    let within = |name: &str| scenario.expectation_for(name).leader_within;
    assert_eq!(within("raft"), Some(Span::secs(1)), "the family is not meant by others");
    assert_eq!(within("lease-redis"), Some(Span::secs(2)), "what is said of the family");
    assert_eq!(within("lease-etcd"), Some(Span::secs(2)), "holds where less is said of one");
    assert_eq!(scenario.expectation_for("lease-etcd").violated, ["fenced-writes"]);
    let votes =
        |name: &str| scenario.expectation_for(name).counts[&interregnum_scenario::Counted::SplitVotes];
    assert_ne!(votes("lease-etcd"), votes("lease-redis"), "what is said of one comes last");
    assert_eq!(votes("lease-redis"), votes("raft"), "what only all are said to do");
}

#[test]
fn a_family_that_is_not_meant_is_warned_of() {
    let body = "[cluster]\nalgorithms = [\"raft\"]\n[expect.lease]\nsplit_votes = \">= 1\"";
    assert_eq!(
        only(body, Severity::Warning).message,
        "no algorithm of the family `lease` is among the scenario's: nothing is compared with this"
    );
    let one_of_it = body.replace("raft", "lease-etcd");
    assert_eq!(remarks(&one_of_it), [], "one of it is enough");
    assert_eq!(error("[expect.leas]\nsplit_votes = \">= 1\""), "unknown key `leas` in [expect]");
}
