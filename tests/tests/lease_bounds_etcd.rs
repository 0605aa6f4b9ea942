//! How long a failover of etcd's election takes: never less and never more than its timers say, and nearly both.
//!
//! Everything takes its time here: a message 1 ms, an fsync 1 ms, so an entry is agreed on and applied at the service's
//! leader 3 ms after it was proposed. Contenders talk to any service node; to and from the leader a request takes one way
//! or two. T: TTL, K: the time between two keep-alives, E: that between two looks for leases that are over, h: the service's
//! heartbeat interval.
//!
//! - A keep-alive is due T/3 after the last answer and sent when the client looks the next time: every 500 ms here.
//! - The lease is over T after its last keep-alive arrived, and found to be at the server's next look, 0 to E later. At best
//!   the holder dies just before it would have sent the next; at worst just after it sent the last.
//! - A waiter at the leader hears of the key's deletion when it is agreed on, one at a follower with the next heartbeat. It
//!   asks whether another key is ahead, and leads.
//!
//! The server looks at times counted from when its process began, and the client from when it opened its session: to have
//! them in all phases, the contenders are started anew at all phases.

use interregnum_algorithms::Algorithm;
use interregnum_algorithms::lease::By;
use interregnum_algorithms::lease::etcd::Etcd;
use interregnum_kernel::{GlobalTime, Interest, Observation, Observer, Office, Parameters, Span, What};
use interregnum_sim::Simulator;
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, PlannedFault, Selector, Setting, Unsynced,
};
use rayon::prelude::*;
use std::sync::Arc;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x0e7c_d000_2016_0630;
/// So many phases of the contenders' start, so many instants of the crash, and so many seeds for each.
const PHASES: u64 = 50;
const INSTANTS: u64 = 50;
const SEEDS: u64 = 4;

const WAY: Span = Span::millis(1);
const FSYNC: Span = Span::millis(1);
const TTL: Span = Span::secs(1);
const LOOK: Span = Span::millis(500);
const HEARTBEAT: Span = Span::millis(50);

fn ways(count: u64) -> Span {
    WAY.scaled(count, 1)
}

/// An entry's way through the service.
fn agreement() -> Span {
    ways(2) + FSYNC
}

fn earliest() -> Span {
    let over = TTL.saturating_sub(LOOK) + ways(1);
    over + agreement() + ways(1) + ways(2)
}

fn latest() -> Span {
    let over = TTL + ways(2) + LOOK;
    over + agreement() + HEARTBEAT + ways(2) + ways(4)
}

/// Hears when the holder dies, and when the next one leads.
#[derive(Default)]
struct Ear {
    crashed: Option<GlobalTime>,
    followed: Option<GlobalTime>,
}

impl Observer for Ear {
    fn interest(&self) -> Interest {
        Interest::LEADERSHIP.and(Interest::LIFE)
    }
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            What::Crashed => (self.crashed, self.followed) = (Some(seen.at), None),
            What::Elected(reign) if reign.office == Office::CONTESTED => {
                self.followed.get_or_insert(seen.at);
            }
            _ => {}
        }
    }
}

fn crash(target: Selector) -> Lever {
    Lever::Crash {
        target: vec![target],
        unsynced: Unsynced::Lost,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    }
}

/// How long each failover took with this phase and this instant.
fn failovers(cell: u64) -> Vec<Span> {
    let (phase, instant) = (cell / INSTANTS, cell % INSTANTS);
    let parameters = Parameters::of(3).with_service(3);
    let link = LinkSetting::with_latency(Latency::Constant(WAY));
    let mut setting = Setting::quiet(parameters.nodes, link, Latency::Constant(FSYNC), Span::millis(4_800));
    setting.service = parameters.service;
    let start = PlannedFault::at(Span::millis(500), crash(Selector::Contenders));
    setting.plan.faults.push(start.lasting(Span::millis(1 + 10 * phase)));
    let end = Span::millis(2_600 + 10 * instant);
    setting.plan.faults.push(PlannedFault::at(end, crash(Selector::Leader)));
    let protocol = By::<Etcd>::from_parameters(&parameters).expect("the defaults are accepted");
    let mut simulator = Simulator::new(protocol, Arc::new(setting), Ear::default());
    let took = |trial| {
        *simulator.observer_mut() = Ear::default();
        simulator.run(ROOT_SEED.wrapping_add(cell * SEEDS + trial));
        let ear = simulator.observer();
        let since = ear.crashed.expect("somebody led");
        assert_eq!(since, GlobalTime::ZERO + end, "the holder of the second start dies");
        ear.followed.expect("somebody follows").since(since)
    };
    (0..SEEDS).map(took).collect()
}

#[test]
fn every_failover_lies_between_the_bounds_and_some_come_close_to_both() {
    let all: Vec<Span> = (0..PHASES * INSTANTS).into_par_iter().flat_map_iter(failovers).collect();
    let (least, most) = (all.iter().min().expect("some"), all.iter().max().expect("some"));
    println!("{} failovers from {least} to {most}; bounds {} and {}", all.len(), earliest(), latest());
    assert_eq!(all.len() as u64, PHASES * INSTANTS * SEEDS, "each run has one");
    assert!(*least >= earliest(), "{least} is under {}", earliest());
    assert!(*most <= latest(), "{most} is over {}", latest());
    // Both need the client's looks, the server's and the crash in the right phase of 500 ms; the last, a heartbeat besides.
    assert!(*least <= earliest() + Span::millis(25), "{least} is not close to {}", earliest());
    assert!(*most + Span::millis(40) >= latest(), "{most} is not close to {}", latest());
}
