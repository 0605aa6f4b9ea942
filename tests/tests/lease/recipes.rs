//! What every recipe of the lease family does, whatever its service: somebody comes to lead, somebody else after the
//! holder's end, and nobody else where only the service has its troubles, and for less than a lease.

use crate::told::{Told, family, watch};
use interregnum_algorithms::Entry;
use interregnum_kernel::Span;
use interregnum_tests::scenario;
use std::ops::Range;
use std::sync::Arc;

const SEEDS: Range<u64> = 0..20;

/// Runs every recipe, with these lines in its scenario, and looks at each run.
fn for_each(profile: &str, service: u8, lines: &str, mut look: impl FnMut(&Entry, u64, Told)) {
    for entry in family() {
        run(entry, profile, service, lines, &mut look);
    }
}

fn run(entry: &Entry, profile: &str, service: u8, lines: &str, look: &mut impl FnMut(&Entry, u64, Told)) {
    let head = "format = 1\nname = \"lease\"\nsummary = \"What every recipe does.\"\n\n";
    let cluster = format!(
        "[cluster]\nnodes = 3\nprofile = \"{profile}\"\nalgorithms = [\"{}\"]\n\n[service]\nnodes = {service}\n\n",
        entry.name
    );
    let scenario = scenario(&format!("{head}{cluster}{lines}"));
    let setting = Arc::new(scenario.setting_for(entry.name).clone());
    let parameters = scenario.parameters_for(entry.name);
    for (told, seed) in watch(entry.name, &parameters, setting, SEEDS).into_iter().zip(SEEDS) {
        look(entry, seed, told);
    }
}

#[test]
fn the_holders_crash_gives_the_lease_to_another() {
    let crash =
        "[[fault]]\nat = \"5s\"\ncrash = \"leader\"\nconnections = \"silent\"\n\n[run]\nfor = \"12s\"\n";
    for service in [1, 3, 5] {
        for_each("matched", service, crash, |entry, seed, told| {
            let (at, holder) = told.crash_after(Span::ZERO);
            let next = told.reigns().find(|(elected, ..)| *elected > at);
            let name = entry.name;
            assert!(
                next.is_some_and(|(_, node, _)| node != holder),
                "{name}, {service} service nodes, seed {seed}: {next:?}"
            );
        });
    }
}

/// Production's leases are longer than any election of the service takes.
#[test]
fn a_crash_of_the_services_leader_costs_the_holder_nothing() {
    let crash = "[[fault]]\nat = \"120s\"\ncrash = \"service-leader\"\n\n[run]\nfor = \"200s\"\n";
    keeps_its_holder(crash, 120, 200);
}

#[test]
fn a_service_without_a_quorum_for_less_than_a_lease_costs_the_holder_nothing() {
    let crash =
        "[[fault]]\nat = \"120s\"\ncrash = [\"random-service(2)\"]\nfor = \"1s\"\n\n[run]\nfor = \"200s\"\n";
    keeps_its_holder(crash, 120, 200);
}

#[test]
fn a_contender_that_dies_and_comes_back_costs_the_holder_nothing() {
    let crash = "[[fault]]\nat = \"120s\"\ncrash = [\"followers\"]\nfor = \"20s\"\n\n[run]\nfor = \"240s\"\n";
    keeps_its_holder(crash, 120, 240);
}

fn keeps_its_holder(lines: &str, trouble: u64, end: u64) {
    for_each("production", 3, lines, |entry, seed, told| {
        let name = entry.name;
        let before = told.leaders_at(Span::secs(trouble));
        assert_eq!(before.len(), 1, "{name}, seed {seed}: one leads before");
        // A recipe may have its holder stop while it hears nothing, and go on.
        let other = told.reigns_after(Span::secs(trouble)).find(|(_, node, _)| !before.contains(node));
        assert_eq!(other, None, "{name}, seed {seed}: nobody else is elected");
        assert_eq!(told.leaders_at(Span::secs(end)), before, "{name}, seed {seed}: it goes on");
    });
}

/// Where all are asked at once who was first, it may be the same one again.
#[test]
fn a_leader_that_is_asked_to_resign_stops_and_a_reign_with_another_number_follows() {
    let resign = "[[fault]]\nat = \"5s\"\nresign = \"leader\"\n\n[run]\nfor = \"12s\"\n";
    for entry in family().filter(|entry| entry.orders.contains(&"resign")) {
        run(entry, "matched", 3, resign, &mut |entry, seed, told| {
            let name = entry.name;
            assert_eq!(told.leaders_at(Span::secs(5)).len(), 0, "{name}, seed {seed}: it stops at once");
            let numbers: Vec<_> = told.reigns().map(|(.., reign)| reign.epoch).collect();
            assert!(numbers.len() >= 2, "{name}, seed {seed}: somebody follows");
            assert!(numbers.is_sorted_by(|one, next| one < next), "{name}, seed {seed}: {numbers:?}");
            assert_eq!(told.leaders_at(Span::secs(12)).len(), 1, "{name}, seed {seed}: one leads in the end");
        });
    }
}

/// Longer than the longest of the matched leases with all that is waited for after it.
#[test]
fn one_alone_leads_after_the_holder_was_cut_off_and_came_back() {
    let cut = "[[fault]]\nat = \"5s\"\nisolate = \"leader\"\nfor = \"8s\"\n\n[run]\nfor = \"20s\"\n";
    for_each("matched", 3, cut, |entry, seed, told| {
        let name = entry.name;
        let holder = told.leaders_at(Span::millis(4_999));
        let during = told.leaders_at(Span::millis(12_999));
        assert!(
            during.iter().any(|node| !holder.contains(node)),
            "{name}, seed {seed}: {during:?} lead meanwhile"
        );
        assert_eq!(told.leaders_at(Span::secs(20)).len(), 1, "{name}, seed {seed}: one leads in the end");
    });
}

#[test]
fn somebody_leads_though_every_tenth_message_is_lost() {
    let loss =
        "[network]\nloss = 0.1\n\n[[fault]]\nat = \"10s\"\ncrash = \"leader\"\n\n[run]\nfor = \"30s\"\n";
    for_each("matched", 3, loss, |entry, seed, told| {
        // A lease may be lost with a few messages, so that at one instant nobody leads.
        let led = (50..60).filter(|half| !told.leaders_at(Span::millis(500 * half)).is_empty()).count();
        assert!(led >= 5, "{}, seed {seed}: at {led} of ten instants somebody leads", entry.name);
    });
}
