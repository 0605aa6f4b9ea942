//! Whose disks matter: contenders keep nothing on theirs, and a service writes down what it agrees on. Redis does as it is
//! told: as it is shipped it answers before anything is on a disk.

use crate::told::{Told, crash, even, family, watch};
use interregnum_kernel::{GlobalTime, Leadership, NodeId, Parameters, Span, Value};
use interregnum_world::{Lever, PlannedFault, Selector};
use std::sync::Arc;

/// When the holder dies, and disks begin to stand.
const CRASH: Span = Span::secs(4);
/// How long they stand: longer than any matched failover, whose longest takes 1.6 s.
const STALL: Span = Span::secs(6);
const HORIZON: Span = Span::secs(16);
const SEEDS: u64 = 20;

fn parameters() -> Parameters {
    Parameters::of(3).with_service(3)
}

/// Runs in which the holder dies, with these faults besides.
fn told(algorithm: &str, parameters: &Parameters, mut faults: Vec<PlannedFault>) -> Vec<Told> {
    faults.push(PlannedFault::at(CRASH, crash(Selector::Leader)));
    let mut setting = even(parameters, HORIZON);
    setting.plan.faults = faults;
    watch(algorithm, parameters, Arc::new(setting), 0..SEEDS)
}

/// Disks that stand, and begin to when the holder dies or at the start of everything.
fn stall(target: Vec<Selector>, from: Span, lasts: Span) -> PlannedFault {
    PlannedFault::at(from, Lever::DiskStall { target }).lasting(lasts)
}

/// Two of three.
fn quorum() -> Vec<Selector> {
    vec![Selector::ServiceNode(0), Selector::ServiceNode(2)]
}

fn reigns(told: &Told) -> Vec<(GlobalTime, NodeId, Leadership)> {
    told.reigns().collect()
}

#[test]
fn contenders_whose_disks_stand_are_elected_at_the_same_instants() {
    for entry in family() {
        let without = told(entry.name, &parameters(), vec![]);
        let with = told(
            entry.name,
            &parameters(),
            vec![stall(vec![Selector::Contenders], Span::millis(1), HORIZON)],
        );
        for (seed, (with, without)) in with.iter().zip(&without).enumerate() {
            let name = entry.name;
            assert!(
                reigns(without).len() >= 2,
                "{name}, seed {seed}: nobody follows, and nothing is compared"
            );
            assert_eq!(reigns(with), reigns(without), "{name}, seed {seed}: elections");
            assert!(with.turns().eq(without.turns()), "{name}, seed {seed}: the ends of reigns");
            assert_eq!(with.sent, without.sent, "{name}, seed {seed}: messages");
        }
    }
}

/// Who follows before the disks write again, and after.
fn successors(told: &Told) -> (usize, usize) {
    let resumes = GlobalTime::ZERO + CRASH + STALL;
    let (early, late): (Vec<_>, Vec<_>) = told.reigns_after(CRASH).partition(|(at, ..)| *at < resumes);
    (early.len(), late.len())
}

#[test]
fn while_a_quorum_of_the_services_disks_stands_nobody_follows() {
    for entry in family().filter(|entry| entry.name != "lease-redis") {
        let name = entry.name;
        for (seed, told) in told(name, &parameters(), vec![stall(quorum(), CRASH, STALL)]).iter().enumerate()
        {
            let (early, late) = successors(told);
            assert_eq!(early, 0, "{name}, seed {seed}: nothing can be agreed on");
            assert!(late > 0, "{name}, seed {seed}: somebody follows when it can");
        }
    }
}

#[test]
fn redis_waits_for_a_quorum_of_disks_only_if_it_is_told_to() {
    let stalled = |fsync: &str| {
        let parameters = parameters().with("fsync", Value::Word(fsync.to_owned()));
        told("lease-redis", &parameters, vec![stall(quorum(), CRASH, STALL)])
    };
    let unhindered = told("lease-redis", &parameters(), vec![]);
    for (seed, (told, unhindered)) in stalled("everysec").iter().zip(&unhindered).enumerate() {
        assert_eq!(
            reigns(told),
            reigns(unhindered),
            "seed {seed}: answers come before anything is on a disk"
        );
    }
    for (seed, told) in stalled("always").iter().enumerate() {
        let (early, late) = successors(told);
        assert_eq!(early, 0, "seed {seed}: no quorum of masters answers");
        assert!(late > 0, "seed {seed}: it does when the disks write again");
    }
}
