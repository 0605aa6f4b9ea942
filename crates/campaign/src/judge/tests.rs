use super::*;
use crate::Engine;
use crate::summary::FirstViolation;
use crate::sweep::Seeds;
use interregnum_kernel::{FaultClass, GlobalTime, NodeId, Span};
use interregnum_scenario::{Overrides, Profile, Scenario};
use interregnum_world::{Lever, PlannedFault, Selector};

/// A scenario with a leader crash and these expectations.
fn expecting(lines: &str) -> Scenario {
    expecting_with(lines, Overrides::NONE)
}

/// The same, read for another profile or cluster size.
fn expecting_with(lines: &str, overrides: Overrides) -> Scenario {
    let text = format!(
        "format = 1\nname = \"judged\"\n[cluster]\nnodes = 3\n[workload]\nwrites_every = \"50ms\"\n[[fault]]\n\
         at = \"1s\"\ncrash = \"leader\"\n[run]\nfor = \"4s\"\nheal = \"2s\"\n[expect]\n{lines}\n"
    );
    let mut none = |_: &str| Err("there is no other file".to_owned());
    match interregnum_scenario::read_with("judged", &text, &crate::catalogue(), &mut none, overrides) {
        Ok((scenario, _)) => scenario,
        Err(remarks) => panic!("{}", interregnum_scenario::render(&remarks, &text, false)),
    }
}

/// The summary of ten runs of Raft, `happened` put into it, judged by these expectations.
fn judged(expectations: &str, happened: impl FnOnce(&mut Summary)) -> Summary {
    judged_in(&expecting(expectations), happened)
}

fn judged_in(scenario: &Scenario, happened: impl FnOnce(&mut Summary)) -> Summary {
    let seeds = Seeds { first: 1, count: 10 };
    let job = Job { scenario, algorithm: "raft", seeds, bug: None, engine: Engine::Sim };
    let mut summary = Summary::new(&job);
    for invariant in &mut summary.invariants {
        invariant.exercised = 10;
    }
    happened(&mut summary);
    judge(&mut summary, &job);
    summary
}

fn violate(summary: &mut Summary, name: &str) {
    let invariant = summary.invariants.iter_mut().find(|one| one.name == name).unwrap();
    invariant.violated_runs = 2;
    let (seed, at) = (7, GlobalTime(1_234_567_890));
    invariant.first_violation = Some(FirstViolation { seed, at, detail: "two of them".to_owned() });
}

#[track_caller]
fn verdict(summary: &Summary, name: &str) -> InvariantVerdict {
    summary.invariant(name).unwrap().verdict
}

#[test]
fn what_an_algorithm_does_not_promise_as_it_is_set_is_not_judged() {
    let verdict_with = |set: &str| {
        let text = format!(
            "format = 1\nname = \"judged\"\n[cluster]\nnodes = 3\nalgorithms = [\"lease-consul\"]\n{set}\n[run]\nfor = \"4s\"\n"
        );
        let mut none = |_: &str| Err("there is no other file".to_owned());
        let read =
            interregnum_scenario::read_with("judged", &text, &crate::catalogue(), &mut none, Overrides::NONE);
        let (scenario, _) = read.unwrap_or_else(|remarks| {
            panic!("{}", interregnum_scenario::render(&remarks, &text, false));
        });
        let seeds = Seeds { first: 1, count: 10 };
        let job =
            Job { scenario: &scenario, algorithm: "lease-consul", seeds, bug: None, engine: Engine::Sim };
        let mut summary = Summary::new(&job);
        violate(&mut summary, "fenced-writes");
        judge(&mut summary, &job);
        verdict(&summary, "fenced-writes")
    };
    assert_eq!(verdict_with(""), InvariantVerdict::Violated, "it is promised");
    let deletes = "[parameters.lease-consul]\nbehaviour = \"delete\"";
    assert_eq!(verdict_with(deletes), InvariantVerdict::NotPromised, "not where its number begins anew");
}

#[test]
fn nothing_to_complain_about() {
    let summary = judged("", |_| ());
    assert_eq!(summary.complaints, [""; 0], "all was as expected");
    assert!(summary.as_expected(), "so the verdict is");
    assert_eq!(verdict(&summary, "election-safety"), InvariantVerdict::Holds, "it was put to the test");
}

#[test]
fn a_promise_that_is_broken() {
    let summary = judged("", |summary| violate(summary, "election-safety"));
    let words = "election-safety is violated in 2 runs; first with seed 0x7 at 1234.568 ms: two of them";
    assert_eq!(summary.complaints, [words]);
    assert_eq!(verdict(&summary, "election-safety"), InvariantVerdict::Violated, "the verdict");
    let marked: Vec<&str> =
        summary.invariants.iter().filter(|one| one.unexpected).map(|one| one.name).collect();
    assert_eq!(marked, ["election-safety"], "it alone is unexpected");
}

#[test]
fn what_is_not_promised_may_be_broken() {
    let summary = judged("", |summary| violate(summary, "leader-exclusion"));
    assert_eq!(summary.complaints, [""; 0], "Raft does not promise it");
    assert_eq!(verdict(&summary, "leader-exclusion"), InvariantVerdict::NotPromised, "the verdict");
}

#[test]
fn an_expected_violation_that_came() {
    let summary = judged("violated = [\"election-safety\"]", |summary| violate(summary, "election-safety"));
    assert_eq!(summary.complaints, [""; 0], "it was expected");
    assert_eq!(verdict(&summary, "election-safety"), InvariantVerdict::Violated, "and is shown all the same");
    assert!(summary.invariants.iter().all(|one| !one.unexpected), "nothing is unexpected");
}

#[test]
fn an_expected_violation_that_never_came() {
    let summary = judged("violated = [\"leader-exclusion\"]", |_| ());
    assert_eq!(summary.complaints, ["leader-exclusion was expected to be violated and never was"]);
}

#[test]
fn an_invariant_that_was_never_put_to_the_test() {
    let untested = |summary: &mut Summary| {
        for invariant in &mut summary.invariants {
            invariant.exercised = 0;
        }
    };
    let summary = judged("", untested);
    assert_eq!(summary.complaints, [""; 0], "nobody asked for a test");
    assert_eq!(verdict(&summary, "vote-once"), InvariantVerdict::NotExercised, "but it does not hold");
    let summary = judged("leader_within = \"1s\"", untested);
    assert_eq!(summary.complaints, ["leader-within is asked for and was never put to the test"]);
}

/// The scenario with a disk that lies besides.
fn on_a_lying_disk(lines: &str) -> Scenario {
    let mut scenario = expecting(lines);
    let lie = Lever::DiskLie { target: vec![Selector::Node(NodeId(0))] };
    scenario.setting.plan.faults.push(PlannedFault::at(Span::secs(1), lie));
    scenario
}

#[test]
fn what_is_not_promised_in_such_a_world_says_because_of_what() {
    let violated = |summary: &mut Summary| violate(summary, "election-safety");
    let summary = judged_in(&on_a_lying_disk(""), violated);
    assert_eq!(summary.complaints, [""; 0], "nothing is promised on a disk that lies");
    assert_eq!(verdict(&summary, "election-safety"), InvariantVerdict::NotPromised, "the verdict");
    let because = |summary: &Summary, name: &str| summary.invariant(name).unwrap().not_promised_because;
    assert_eq!(
        because(&summary, "election-safety"),
        FaultClass::LyingDisk.into(),
        "the disk alone is to blame"
    );
    assert!(because(&summary, "leader-exclusion").is_empty(), "Raft never promises it");
    let summary = judged_in(&on_a_lying_disk("violated = [\"election-safety\"]"), violated);
    assert_eq!(verdict(&summary, "election-safety"), InvariantVerdict::Violated, "the scenario speaks of it");
    assert!(because(&summary, "election-safety").is_empty(), "so no reason is given");
}

#[test]
fn whoever_asks_for_a_leader_wants_to_know() {
    for (name, asking) in [("leader-within", "leader_within"), ("leader-during", "leader_during")] {
        let unpromised = |lines: &str| judged_in(&on_a_lying_disk(lines), |summary| violate(summary, name));
        let summary = unpromised("");
        assert_eq!(summary.complaints, [""; 0], "{name} is neither promised nor asked for");
        assert_eq!(verdict(&summary, name), InvariantVerdict::NotPromised, "{name}");
        let asked = format!("{asking} = \"1s\"");
        let summary = unpromised(&asked);
        assert_eq!(summary.complaints.len(), 1, "{name} is asked for: {:?}", summary.complaints);
        assert!(summary.invariant(name).unwrap().unexpected, "{name} was not expected to be violated");
        let summary = unpromised(&format!("{asked}\nviolated = [\"{name}\"]"));
        assert_eq!(summary.complaints, [""; 0], "{name} was expected to be violated");
        assert_eq!(verdict(&summary, name), InvariantVerdict::Violated, "{name} is shown as such");
        let summary = judged_in(&on_a_lying_disk(&asked), |summary| {
            summary.invariants.iter_mut().for_each(|invariant| invariant.exercised = 0);
        });
        assert_eq!(summary.complaints, [format!("{name} is asked for and was never put to the test")]);
    }
}

#[test]
fn a_goal_that_no_run_reached() {
    let asked = "sometimes = [\"split-vote\", \"zombie-leader\"]";
    let summary = judged(asked, |summary| {
        summary.goals.iter_mut().filter(|goal| goal.name == "zombie-leader").for_each(|goal| goal.runs = 1);
    });
    assert_eq!(
        summary.complaints,
        ["not exercised: `split-vote` never happened in 10 runs"],
        "only that one"
    );
    let asked: Vec<&str> = summary.goals.iter().filter(|goal| goal.asked).map(|goal| goal.name).collect();
    assert_eq!(asked, ["split-vote", "zombie-leader"], "both are marked");
    assert_eq!(judged("", |_| ()).complaints, [""; 0], "nobody asked for any");
}

#[test]
fn a_rate_out_of_bounds() {
    let changes = |count: u64| {
        move |summary: &mut Summary| {
            summary.leader_changes = count;
            summary.simulated = 2 * 3_600_000_000_000;
        }
    };
    let bound = "leader_changes_per_hour = \"<= 1\"";
    assert_eq!(judged(bound, changes(2)).complaints, [""; 0], "two in two hours are one in one");
    let words = "leader_changes_per_hour is 1.50 (3 in 7200 s); expected <= 1";
    assert_eq!(judged(bound, changes(3)).complaints, [words], "it is not rounded down");
}

#[test]
fn bounds_on_failovers() {
    let slow = |summary: &mut Summary| {
        (1..=100).for_each(|ms| summary.failover.add(Span::millis(ms)));
    };
    let bounds = "failover = { p50 = \"50ms\", p99 = \"98ms\", max = \"100ms\" }";
    let summary = judged(bounds, slow);
    assert_eq!(summary.complaints, ["failover p99 is 99.0 ms; expected at most 98ms"], "only that one");
}

#[test]
fn a_failover_that_never_came_is_beyond_every_bound() {
    let summary = judged("failover = { max = \"1s\", never = \"== 0\" }", |summary| {
        summary.failover.add(Span::millis(10));
        summary.failover.add_never();
    });
    let infinite = "failover max is infinite (1 of 2 never came); expected at most 1s";
    assert_eq!(summary.complaints, [infinite, "1 failovers never came; expected == 0"]);
}

#[test]
fn a_bound_on_failovers_that_nobody_needed() {
    let summary = judged("failover = { p50 = \"1s\" }", |_| ());
    assert_eq!(summary.complaints, ["failover p50 is bounded by 1s, but no failover was needed"]);
}

#[test]
fn a_count_out_of_bounds() {
    let summary = judged("leader_changes = \">= 2\"\nsplit_votes = \"<= 3\"", |summary| {
        summary.leader_changes = 1;
        summary.split_votes = 3;
    });
    assert_eq!(summary.complaints, ["leader_changes is 1; expected >= 2"], "three split votes are allowed");
}

#[test]
fn runs_that_were_cut_short() {
    let summary = judged("", |summary| summary.limited_runs = 3);
    assert_eq!(summary.complaints, ["3 of 10 runs were stopped by the limit of events"]);
}

#[test]
fn faults_that_never_found_their_target() {
    let summary = judged("", |summary| summary.runs_without_fault = 9);
    assert_eq!(summary.complaints, [""; 0], "one run of ten tested something");
    let summary = judged("", |summary| summary.runs_without_fault = 10);
    let words = "in no run did any fault come and find a target: the scenario tests nothing";
    assert_eq!(summary.complaints, [words]);
}

const BOUNDS: &str = "leader_within = \"1s\"\nleader_during = \"1s\"\nleader_changes = \">= 2\"\n\
                      leader_changes_per_hour = \">= 2\"\nsometimes = [\"contested\"]\nfailover = { p50 = \"1s\" }";

#[test]
fn numbers_are_judged_for_the_files_own_profile_and_size_only() {
    let own = Overrides { profile: Some(Profile::Matched), nodes: Some(3) };
    let hours = |summary: &mut Summary| summary.simulated = 7_200_000_000_000;
    let as_written = judged_in(&expecting_with(BOUNDS, own), hours);
    assert_eq!(as_written.complaints.len(), 4, "what the file has is judged: {:?}", as_written.complaints);
    assert_eq!(as_written.not_judged, [""; 0], "all of it");
    let production = Overrides { profile: Some(Profile::Production), nodes: None };
    let larger = Overrides { profile: None, nodes: Some(5) };
    for overrides in [production, larger] {
        let nobody_was_hit = |summary: &mut Summary| summary.runs_without_fault = 10;
        let summary = judged_in(&expecting_with(BOUNDS, overrides), nobody_was_hit);
        assert_eq!(summary.complaints, [""; 0], "{overrides:?}: the numbers are not meant for it");
        assert_eq!(
            summary.not_judged,
            [
                "leader_within",
                "leader_during",
                "failover",
                "leader_changes",
                "leader_changes_per_hour",
                "sometimes"
            ],
            "{overrides:?}: and that is said"
        );
    }
}

#[test]
fn safety_is_judged_for_every_profile_and_size() {
    let larger = Overrides { profile: None, nodes: Some(5) };
    let summary = judged_in(&expecting_with(BOUNDS, larger), |summary| violate(summary, "election-safety"));
    assert_eq!(summary.complaints.len(), 1, "a broken promise is one: {:?}", summary.complaints);
    let scenario = expecting_with("violated = [\"election-safety\"]", larger);
    assert_eq!(judged_in(&scenario, |_| ()).complaints, [""; 0], "what may be violated need not be");
    let summary = judged_in(&scenario, |summary| violate(summary, "election-safety"));
    assert_eq!(summary.complaints, [""; 0], "and still may");
}
