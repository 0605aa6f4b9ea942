//! Records: each entry tells one event whole.

use crate::story::{Story, cluster, crash, cut, ms, n, node, transfer};
use interregnum_kernel::{Epoch, Interest, LocalTime, Observation, Role, Span, What};
use interregnum_world::record::{EffectRecord, Entry, InputRecord};
use interregnum_world::{Latency, Probability, Selector};
use std::collections::BTreeMap;

fn entry_of(story: &Story, wanted: impl Fn(&Entry) -> bool) -> Entry {
    story.told().entries.into_iter().find(wanted).expect("there is such an event")
}

#[test]
fn an_entry_shows_the_node_before_and_after() {
    let story = cluster(3).at(25, transfer(&[node(2)]));
    let entry = entry_of(
        &story,
        |entry| matches!(&entry.input, InputRecord::Deliver { kind, .. } if *kind == "Handover"),
    );
    let (before, after) = (entry.before.expect("a node's event"), entry.after.expect("a node's event"));
    assert_eq!((before.role, after.role), (Some(Role::Follower), Some(Role::Leader)), "the role");
    assert_eq!((before.epoch, after.epoch), (Some(Epoch(1)), Some(Epoch(2))), "the epoch");
    assert_eq!(before.leads, None, "it led nothing");
    assert_eq!(after.leads.map(|leads| leads.epoch), Some(Epoch(2)), "and leads now");
    assert_eq!((entry.at_ns, entry.node), (ms(26), Some(n(2))), "when and where");
    assert_eq!(entry.clocks.map(|now| now.mono), Some(LocalTime(26_000_000)), "by its own clock");
}

#[test]
fn an_entry_shows_what_the_node_asked_for_in_order() {
    let entry = entry_of(&cluster(3), |entry| entry.at_ns == ms(10));
    let described: Vec<String> = entry
        .effects
        .iter()
        .map(|effect| match effect {
            EffectRecord::Send { to, kind, fate, .. } => format!("{kind} to {to} {fate}"),
            EffectRecord::SetTimer { timer, due_ns } => format!("{timer} at {}", due_ns.nanos() / 1_000_000),
            EffectRecord::CancelTimer { timer } => format!("no {timer}"),
            EffectRecord::StartFsync { writes } => format!("fsync of {writes}"),
        })
        .collect();
    let expected = ["Beacon to n2 arrives", "Beacon to n3 arrives", "fsync of 1", "Beacon at 20"];
    assert_eq!(described, expected, "sends with their fates, the fsync, the timer");
    assert_eq!(entry.after.map(|after| after.pending_writes), Some(1), "the write waits for the disk");
}

#[test]
fn a_cancelled_timer_is_shown() {
    let story = cluster(3).at(25, transfer(&[node(2)]));
    let entry = entry_of(&story, |entry| {
        entry.effects.iter().any(|effect| matches!(effect, EffectRecord::CancelTimer { .. }))
    });
    assert_eq!(entry.node, Some(n(2)), "the heir stops watching as it begins to reign");
}

#[test]
fn a_delivery_has_the_number_of_its_send() {
    let story = cluster(3).with_every_link(|link| {
        link.latency = Latency::Uniform { min: Span::micros(10), max: Span::millis(30) };
        link.duplicate = Probability::new(0.3);
        link.loss = Probability::new(0.1);
    });
    let run = story.told();
    let mut awaited = BTreeMap::new();
    for entry in &run.entries {
        for effect in &entry.effects {
            if let EffectRecord::Send { to, kind, fate, arrivals, .. } = effect {
                let copies = match *fate {
                    "arrives" => 1,
                    "twice" => 2,
                    _ => 0,
                };
                assert_eq!(arrivals.len(), copies, "a message that is {fate} has so many arrivals");
                for (number, at) in arrivals {
                    let first = awaited.insert(*number, (*at, *to, *kind));
                    assert_eq!(first, None, "a number stands for one arrival");
                }
            }
        }
    }
    let mut delivered = 0;
    for entry in &run.entries {
        if let InputRecord::Deliver { kind, .. } = &entry.input {
            let promised = awaited.remove(&entry.sequence);
            assert_eq!(
                promised,
                Some((entry.at_ns, entry.node.unwrap_or_default(), *kind)),
                "as it was announced"
            );
            delivered += 1;
        }
    }
    assert!(delivered > 50, "many were delivered: {delivered}");
    assert!(
        awaited.values().all(|(at, ..)| *at > ms(100)),
        "all others were under way at the end: {awaited:?}"
    );
}

#[test]
fn fates_are_told_apart() {
    let story = cluster(2).with_every_link(|link| {
        link.loss = Probability::new(0.3);
        link.duplicate = Probability::new(0.3);
    });
    let run = story.during(60, 80, cut(&[node(1)], &[node(2)])).until(Span::secs(1)).told();
    let mut fates: BTreeMap<&str, u32> = BTreeMap::new();
    run.sent(1, 2, "Beacon").iter().for_each(|sent| *fates.entry(sent.fate).or_default() += 1);
    assert_eq!(
        fates.keys().copied().collect::<Vec<_>>(),
        ["arrives", "cut", "lost", "twice"],
        "all four happen"
    );
    assert_eq!(fates["cut"], 2, "the beacons at 60 and 70 ms");
}

#[test]
fn no_two_events_of_nodes_have_one_number() {
    let run = cluster(3).during(30, 50, crash(&[node(2), node(3)])).told();
    let mut numbers = BTreeMap::new();
    for entry in run.entries.iter().filter(|entry| !matches!(entry.input, InputRecord::Crash { .. })) {
        if let Some(node) = entry.node {
            let first = numbers.insert(entry.sequence, node);
            assert_eq!(first, None, "number {} at {:?}: {:?}", entry.sequence, entry.at_ns, entry.input);
        }
    }
}

#[test]
fn observations_belong_to_the_event_that_caused_them() {
    let run = cluster(3).during(35, 65, cut(&[Selector::Leader], &[Selector::Rest])).told();
    for entry in &run.entries {
        assert!(
            entry.observed.iter().all(|seen| seen.at == entry.at_ns),
            "nothing is recorded with a later event: {entry:?}"
        );
    }
    let lost = |seen: &Observation| matches!(seen.what, What::LostQuorum(..));
    let entry = run.entries.iter().find(|entry| entry.observed.iter().any(lost)).expect("the quorum is lost");
    assert!(
        matches!(&entry.input, InputRecord::World { what } if what.starts_with("fault 1: cut")),
        "the cut's own entry says so: {:?}",
        entry.input
    );
}

#[test]
fn the_records_hold_all_that_is_observed_but_the_end() {
    let run = cluster(3).during(35, 65, crash(&[Selector::Leader])).healed_at(90).told();
    let recorded: Vec<Observation> = run.entries.iter().flat_map(|entry| entry.observed.clone()).collect();
    let (ended, heard) = run.heard.split_last().expect("something was observed");
    assert_eq!(recorded, heard, "in order");
    assert_eq!(ended.what, What::Ended, "the end of the run is no event");
}

#[test]
fn the_records_hold_what_nobody_listens_to() {
    let story = cluster(3);
    let setting = std::sync::Arc::new(story.setting.clone());
    let mut simulator: interregnum_sim::Simulator<_, (), Vec<Entry>> =
        interregnum_sim::Simulator::with_parts(story.protocol.clone(), setting, (), Vec::new());
    simulator.run(1);
    assert_eq!(*simulator.recorder_mut(), story.told().entries, "with an audience or without");
    let facts = |seen: &Observation| seen.what.interest().meets(Interest::FACTS);
    assert!(
        simulator.recorder_mut().iter().any(|entry| entry.observed.iter().any(facts)),
        "facts are among them"
    );
}

#[test]
fn every_event_is_recorded_in_the_order_of_time() {
    let run = cluster(3).during(35, 65, crash(&[Selector::Leader])).told();
    assert!(run.entries.windows(2).all(|two| two[0].at_ns <= two[1].at_ns), "time does not go back");
    let starts = run.entries.iter().filter(|entry| entry.input == InputRecord::Boot).count();
    assert_eq!(starts, 4, "three starts and a restart");
    let fault = run.entries.iter().filter(|entry| matches!(entry.input, InputRecord::World { .. })).count();
    assert_eq!(fault, 2, "the fault and its end");
}
