//! The standard scenarios: every file of the folder can be read, says what it is about, and warns of nothing.
#![allow(missing_docs)]

mod common;

use interregnum_kernel::{NodeSet, ParameterKind, ParameterSpec, Span, Value};
use interregnum_scenario::{AlgorithmInfo, Catalogue, Expectation, Scenario, Severity, read, render};
use std::path::{Path, PathBuf};

/// The algorithms besides Raft of which the standard scenarios expect something of their own.
const OTHERS: &[&str] = &[
    // Bully.
    "bully",
    "bully-quorum",
    // Ring.
    "ring",
    "ring-token",
    "ring-quorum",
    // ZAB.
    "zab",
];

/// Those of them that contend through a coordination service.
const LEASES: [&str; 7] = [
    "lease-etcd",
    "lease-kubernetes",
    "lease-consul",
    "lease-zookeeper",
    "lease-chubby",
    "lease-kafka",
    "lease-redis",
];

fn catalogue() -> Catalogue {
    let mut catalogue = common::catalogue();
    let orders = catalogue.algorithms[0].orders;
    catalogue.algorithms.retain(|algorithm| algorithm.name == "raft");
    let others = OTHERS.iter().chain(&LEASES).map(|name| AlgorithmInfo {
        name,
        parameters: &[],
        bugs: Vec::new(),
        service: LEASES.contains(name),
        orders,
        kinds: if LEASES.contains(name) { &["Update"] } else { &[] },
        phases: &[],
    });
    catalogue.algorithms.extend(others);
    catalogue.absent = vec!["tikv-raft", "omnipaxos"];
    catalogue.invariants.push("lease-exclusion");
    catalogue
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder of scenarios");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// What the standard scenarios set of Raft beyond what the other tests' scenarios do.
static RAFT: [ParameterSpec; 4] = [
    ParameterSpec {
        name: "snapshot_after",
        kind: ParameterKind::Count,
        doc: "",
        default: |_| Value::Count(0),
    },
    ParameterSpec {
        name: "witnesses",
        kind: ParameterKind::Nodes,
        doc: "",
        default: |_| Value::Nodes(NodeSet::EMPTY),
    },
    ParameterSpec {
        name: "priority",
        kind: ParameterKind::Counts,
        doc: "",
        default: |_| Value::Counts(Vec::new()),
    },
    ParameterSpec {
        name: "minimum_tenure",
        kind: ParameterKind::Span,
        doc: "",
        default: |_| Value::Span(Span::ZERO),
    },
];

/// What they set of algorithms that contend through a service.
static LEASE: [ParameterSpec; 2] = [
    ParameterSpec {
        name: "lock_delay",
        kind: ParameterKind::Span,
        doc: "",
        default: |_| Value::Span(Span::ZERO),
    },
    ParameterSpec {
        name: "extend_every",
        kind: ParameterKind::Span,
        doc: "",
        default: |_| Value::Span(Span::ZERO),
    },
];

/// The names that the standard scenarios use.
fn names() -> Catalogue {
    let mut catalogue = catalogue();
    let raft = &mut catalogue.algorithms[0];
    raft.parameters = Vec::leak(raft.parameters.iter().chain(&RAFT).copied().collect());
    for lease in catalogue.algorithms.iter_mut().filter(|algorithm| algorithm.service) {
        lease.parameters = &LEASE;
    }
    catalogue
}

fn load(path: &Path) -> (String, Scenario) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut load =
        |name: &str| std::fs::read_to_string(folder().join(name)).map_err(|problem| problem.to_string());
    match read(&path.display().to_string(), &text, &names(), &mut load) {
        Ok((scenario, remarks)) => {
            let serious: Vec<_> =
                remarks.into_iter().filter(|remark| remark.severity != Severity::Note).collect();
            assert!(serious.is_empty(), "{}", render(&serious, &text, false));
            (text, scenario)
        }
        Err(remarks) => panic!("{}", render(&remarks, &text, false)),
    }
}

#[test]
fn every_standard_scenario_is_read_without_a_warning() {
    let names: Vec<String> = files().iter().map(|path| load(path).1.name).collect();
    for name in [
        "partition-leader-in-minority",
        "partition-leader-in-majority",
        "partition-no-majority",
        "flapping-link",
        "flapping-leader",
        "one-way-cut-out-of-leader",
        "one-way-cut-into-leader",
        "leader-crash",
        "leader-crash-restart",
        "bridge",
        "transfer",
        "disk-stall-leader",
        "zones-latency",
        "regions-latency",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} is one of the standard scenarios");
    }
}

#[test]
fn every_standard_scenario_says_what_it_is_about() {
    for path in files() {
        let (text, scenario) = load(&path);
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert_eq!(scenario.name, name, "a file is called as its scenario");
        let paragraph = text.lines().take_while(|line| line.starts_with('#')).count();
        assert!(paragraph >= 5, "{name} opens with what happens, what is learnt and what is expected");
        assert!(text.contains("# Learnt: ") && text.contains("# Expected: "), "{name}");
        assert!(scenario.summary.ends_with('.'), "{name} has a summary in a sentence");
    }
}

#[test]
fn every_standard_scenario_does_something_and_expects_something() {
    for path in files() {
        let (_, scenario) = load(&path);
        let name = &scenario.name;
        let (planned, drawn) = (&scenario.setting.plan.faults, &scenario.setting.nemesis);
        assert!(!planned.is_empty() || drawn.is_some(), "{name} has a fault");
        assert!(scenario.setting.heal.is_some(), "{name} heals");
        // What one system does in its own way is shown with that system alone.
        let algorithms = names().algorithms;
        let for_them: Vec<&str> =
            algorithms.iter().map(|one| one.name).filter(|one| scenario.is_for(one)).collect();
        let for_leases = !for_them.is_empty() && for_them.iter().all(|one| LEASES.contains(one));
        assert!(
            scenario.is_for("raft") || for_leases,
            "{name} is for Raft, among others, or for leases alone"
        );
        let of_whom = if for_leases { &for_them[..] } else { &["raft"] };
        let expectations = || of_whom.iter().map(|one| scenario.expectation_for(one));
        assert!(
            expectations().all(|own| own.leader_within.is_some()),
            "{name} asks for a leader after the heal"
        );
        // That something breaks is an expectation, too.
        let expects_more = |own: &Expectation| {
            own.counts.len() >= 2 || own.failover.p99.is_some() || (for_leases && !own.violated.is_empty())
        };
        assert!(expectations().any(expects_more), "{name} expects more than a leader of {of_whom:?}");
    }
}

#[test]
fn the_published_round_trips_become_latencies() {
    let (_, zones) = load(&folder().join("zones-latency.toml"));
    let longest =
        |scenario: &Scenario| scenario.setting.links.iter().map(|link| link.latency.longest()).max();
    assert_eq!(longest(&zones).unwrap().to_string(), "1600us", "half of 2.2 ms and a spread of 0.5 ms");
    assert_eq!(zones.files.len(), 1, "the table travels with the scenario");
    let (_, regions) = load(&folder().join("regions-latency.toml"));
    assert_eq!(longest(&regions).unwrap().to_string(), "127ms", "half of 244 ms and a spread of 5 ms");
}

/// Algorithms without a coordination service must not notice one, or every one of their digests would move.
#[test]
fn a_service_changes_nothing_for_those_that_have_none() {
    for path in files() {
        let (text, scenario) = load(&path);
        if text.contains("[service]") {
            continue;
        }
        let text = format!("{text}\n[service]\nnodes = 7\n");
        let mut beside =
            |name: &str| std::fs::read_to_string(folder().join(name)).map_err(|problem| problem.to_string());
        let served = read("served", &text, &names(), &mut beside).expect("a scenario").0;
        assert_eq!(served.setting, scenario.setting, "{}", path.display());
        assert_eq!(served.setting_for("raft"), &scenario.setting, "{}", path.display());
        assert_eq!(served.setting_for("lease-etcd").service.len(), 7, "{}", path.display());
        assert_eq!(
            served.setting_for("lease-etcd").without_service(),
            scenario.setting,
            "{}",
            path.display()
        );
    }
}
