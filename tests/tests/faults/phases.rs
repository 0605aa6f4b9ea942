//! The moments that algorithms name, so that faults can be timed by them: all of them come about, they come when they
//! say, and the same word is used for the same moment everywhere.

use interregnum_algorithms::{ALGORITHMS, Entry, Registered, Visitor, build, vocabulary};
use interregnum_kernel::{Fact, FaultClasses, GlobalTime, NodeId, Observation, Parameters, What};
use interregnum_sim::Simulator;
use interregnum_tests::{root, scenario};
use interregnum_world::Setting;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything that a phase speaks of happens: elections, commands, orders, a node that comes back.
const BUSY: &str = r#"
format = 1
name = "busy"
summary = "Leaders crash, hand over and come back, under a load of commands."

[disk]
fsync = "4ms"

[workload]
proposals_every = "50ms"

[[fault]]
at = "2s"
crash = "leader"
for = "2s"

[[fault]]
at = "8s"
crash = "leader"
for = "2s"

[run]
for = "12s"
"#;

/// For those who follow orders.
const ORDERS: &[(&str, &str)] = &[
    ("transfer", "\n[[fault]]\nat = \"6s\"\ntransfer = \"random(2)\"\n"),
    ("resign", "\n[[fault]]\nat = \"6s\"\nresign = \"leader\"\n"),
];

/// For those who contend through a service: a holder that hears of its lease's end, and one that does not.
const HOLDERS: &str = r#"
[[fault]]
at = "13s"
isolate = "leader"
for = "3s"

[[fault]]
at = "18s"
pause = "leader"
for = "3s"

[[fault]]
at = "22s"
every = "2270ms"
times = 4
isolate = "leader"
for = "1300ms"
"#;

struct Watch(Arc<Setting>);

impl Visitor for Watch {
    type Output = Vec<Observation>;
    fn visit<P: Registered>(self, protocol: P) -> Vec<Observation> {
        let mut seen = Vec::new();
        for seed in 1..=10 {
            let mut simulator = Simulator::new(protocol.clone(), Arc::clone(&self.0), Vec::new());
            simulator.run(seed);
            seen.append(simulator.observer_mut());
        }
        seen
    }
}

fn phases(entry: &Entry) -> &'static [&'static str] {
    vocabulary(entry.name).expect("it is registered").phases
}

fn observations(entry: &Entry) -> Vec<Observation> {
    let algorithms = format!("[cluster]\nalgorithms = [\"{}\"]\n\n[disk]", entry.name);
    let orders: String =
        ORDERS.iter().filter(|(name, _)| entry.orders.contains(name)).map(|(_, text)| *text).collect();
    let (holders, end) = if entry.service { (HOLDERS, "32s") } else { ("", "12s") };
    let text = BUSY.replace("[disk]", &algorithms).replace("for = \"12s\"", &format!("for = \"{end}\""));
    let scenario = scenario(&format!("{text}{orders}{holders}"));
    let setting = Arc::new(scenario.setting_for(entry.name).clone());
    build(entry.name, &scenario.parameters_for(entry.name), Watch(setting)).expect("the defaults build")
}

struct Numbered;

impl Visitor for Numbered {
    type Output = &'static [&'static str];
    fn visit<P: Registered>(self, _: P) -> Self::Output {
        P::PHASES
    }
}

/// The phases as observations number them: one protocol runs all recipes of elections by lease, which have some of them each.
fn numbered(entry: &Entry) -> &'static [&'static str] {
    let parameters = if entry.service { Parameters::of(3).with_service(3) } else { Parameters::of(3) };
    build(entry.name, &parameters, Numbered).expect("the defaults build")
}

fn reached(numbered: &[&'static str], what: What) -> Option<&'static str> {
    match what {
        What::Fact(Fact::Reached(phase)) => Some(numbered[usize::from(phase.0)]),
        _ => None,
    }
}

#[test]
fn every_phase_is_reached_in_the_course_of_things() {
    for entry in ALGORITHMS {
        let numbered = numbered(entry);
        let seen: BTreeSet<&str> = observations(entry)
            .iter()
            .filter_map(|observation| reached(numbered, observation.what))
            .collect();
        let all: BTreeSet<&str> = phases(entry).iter().copied().collect();
        assert_eq!(seen, all, "{}: what is reached, and what is declared", entry.name);
        assert_eq!(all.len(), phases(entry).len(), "{}: two phases share a name", entry.name);
    }
}

#[test]
fn the_moments_that_all_algorithms_have_are_called_the_same_everywhere() {
    for entry in ALGORITHMS {
        let mut common = vec!["standing", "elected", "first-heartbeat"];
        // Where there is a service, votes are cast inside it.
        if entry.promises("vote-once", FaultClasses::NONE) && !entry.service {
            common.extend(["candidacy-queued", "votes-asked", "vote-queued"]);
        }
        for phase in common {
            assert!(phases(entry).contains(&phase), "{} has no phase {phase}", entry.name);
        }
    }
}

/// When a node's next vote, its own or another's, was durable.
fn next_vote(observations: &[Observation], node: NodeId) -> Option<GlobalTime> {
    let votes = |one: &&Observation| one.node == node && matches!(one.what, What::Fact(Fact::Voted { .. }));
    observations.iter().find(votes).map(|vote| vote.at)
}

#[test]
fn a_queued_vote_is_not_durable_yet_and_requests_leave_once_it_is() {
    for entry in ALGORITHMS.iter().filter(|entry| phases(entry).contains(&"vote-queued")) {
        let (all, numbered) = (observations(entry), numbered(entry));
        let (mut queued, mut asked) = (0, 0);
        for (place, observation) in all.iter().enumerate() {
            match reached(numbered, observation.what) {
                Some("vote-queued" | "candidacy-queued") => {
                    queued += 1;
                    let durable = next_vote(&all[place..], observation.node);
                    assert_ne!(durable, Some(observation.at), "{}: durable at once", entry.name);
                }
                Some("votes-asked") => {
                    asked += 1;
                    let durable = all[..place].iter().rev().find(|one| {
                        one.node == observation.node && matches!(one.what, What::Fact(Fact::Voted { .. }))
                    });
                    let at = durable.map(|vote| vote.at);
                    assert_eq!(at, Some(observation.at), "{}: asked before the own vote", entry.name);
                }
                _ => {}
            }
        }
        assert!(queued > asked && asked > 0, "{}: {queued} queued, {asked} asked", entry.name);
    }
}

#[test]
fn heartbeats_are_first_once_in_a_reign() {
    for entry in ALGORITHMS {
        let mut heard = BTreeMap::new();
        let mut reigns = 0;
        let numbered = numbered(entry);
        for observation in observations(entry) {
            match (observation.what, reached(numbered, observation.what)) {
                // The classic Bully is heard before it acts.
                (What::Elected(_), _) if entry.name != "bully" => _ = heard.insert(observation.node, 0),
                (_, Some("announced")) if entry.name == "bully" => _ = heard.insert(observation.node, 0),
                (_, Some("first-heartbeat")) => {
                    reigns += 1;
                    let times = heard.entry(observation.node).or_insert(1);
                    *times += 1;
                    assert_eq!(*times, 1, "{}: first again, or before the reign", entry.name);
                }
                _ => {}
            }
        }
        assert!(reigns >= 10, "{}: {reigns} reigns in ten runs", entry.name);
    }
}

#[test]
fn every_phase_is_explained_where_the_algorithm_is() {
    for entry in ALGORITHMS {
        let family = entry.name.split_once('-').map_or(entry.name, |(family, _)| family);
        let file = root().join("crates/algorithms/src").join(family).join("README.md");
        let text = std::fs::read_to_string(&file).expect("the algorithm has a README");
        for phase in phases(entry) {
            assert!(text.contains(&format!("| `{phase}` |")), "{}: nothing on {phase}", file.display());
        }
    }
}
