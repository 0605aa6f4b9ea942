//! How long a failover of Consul's session lock takes: never less and never more than its timers say, and nearly both.
//!
//! Everything takes its time here: a message 1 ms, an fsync 1 ms, so an entry is agreed on and applied at the service's
//! leader 3 ms after it was proposed. Contenders talk to any service node; to and from the leader a request takes one way
//! or two. T: TTL, L: lock-delay, R: the sleep of a contender that was refused, h: the service's heartbeat interval.
//!
//! - The session ends 2T after its last renewal arrived. At best the holder dies just before it would have sent the next,
//!   T/2 after the answer; at worst just after it sent the last.
//! - The lock-delay begins when the session's end is applied. A waiter at the leader hears of that at once, one at a
//!   follower with the next heartbeat. It asks for the lock and is refused; each further attempt costs it the refusal's
//!   way back, a look at the key, the sleep, another look, and the attempt's way.
//! - The attempt that comes after the lock-delay is the third: 3R is not less than L, 2R and all ways are.

use interregnum_algorithms::Algorithm;
use interregnum_algorithms::lease::By;
use interregnum_algorithms::lease::consul::Consul;
use interregnum_kernel::{GlobalTime, Interest, Observation, Observer, Office, Parameters, Span, What};
use interregnum_sim::Simulator;
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, PlannedFault, Selector, Setting, Unsynced,
};
use rayon::prelude::*;
use std::sync::Arc;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x0c05_0150_2014_1207;
/// So many instants of the crash, spread over a renewal's interval and more, and so many seeds for each.
const INSTANTS: u64 = 50;
const SEEDS: u64 = 200;

const WAY: Span = Span::millis(1);
const FSYNC: Span = Span::millis(1);
const TTL: Span = Span::millis(300);
const SLEEP: Span = Span::millis(100);
const HEARTBEAT: Span = Span::millis(50);
/// The attempts that are refused; the next comes after the lock-delay, which is as long as the TTL.
const REFUSED: u64 = 3;

fn ways(count: u64) -> Span {
    WAY.scaled(count, 1)
}

/// An entry's way through the service.
fn agreement() -> Span {
    ways(2) + FSYNC
}

fn earliest() -> Span {
    let end = TTL.scaled(3, 2).saturating_sub(ways(2));
    end + agreement() + ways(2) + (SLEEP + ways(6)).scaled(REFUSED, 1) + agreement() + ways(1)
}

fn latest() -> Span {
    let end = TTL.scaled(2, 1) + ways(2);
    end + agreement() + HEARTBEAT + ways(4) + (SLEEP + ways(8)).scaled(REFUSED, 1) + agreement() + ways(2)
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
            What::Crashed => self.crashed = Some(seen.at),
            What::Elected(reign) if reign.office == Office::CONTESTED && self.crashed.is_some() => {
                self.followed.get_or_insert(seen.at);
            }
            _ => {}
        }
    }
}

/// How long each failover took whose crash was at this instant.
fn failovers(instant: u64) -> Vec<Span> {
    let parameters = Parameters::of(3).with_service(3);
    let link = LinkSetting::with_latency(Latency::Constant(WAY));
    let mut setting = Setting::quiet(parameters.nodes, link, Latency::Constant(FSYNC), Span::millis(3_800));
    setting.service = parameters.service;
    let crash = Lever::Crash {
        target: vec![Selector::Leader],
        unsynced: Unsynced::Lost,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    };
    setting.plan.faults.push(PlannedFault::at(Span::millis(2_000 + 7 * instant), crash));
    let protocol = By::<Consul>::from_parameters(&parameters).expect("the defaults are accepted");
    let mut simulator = Simulator::new(protocol, Arc::new(setting), Ear::default());
    let took = |trial| {
        *simulator.observer_mut() = Ear::default();
        simulator.run(ROOT_SEED.wrapping_add(instant * SEEDS + trial));
        let ear = simulator.observer();
        let since = ear.crashed.expect("somebody led two seconds after the start");
        ear.followed.expect("somebody follows").since(since)
    };
    (0..SEEDS).map(took).collect()
}

#[test]
fn every_failover_lies_between_the_bounds_and_some_come_close_to_both() {
    let all: Vec<Span> = (0..INSTANTS).into_par_iter().flat_map_iter(failovers).collect();
    let (least, most) = (all.iter().min().expect("some"), all.iter().max().expect("some"));
    println!("{} failovers from {least} to {most}; bounds {} and {}", all.len(), earliest(), latest());
    assert_eq!(all.len() as u64, INSTANTS * SEEDS, "each run has one");
    assert!(*least >= earliest(), "{least} is under {}", earliest());
    assert!(*most <= latest(), "{most} is over {}", latest());
    // The first needs a crash at the right millisecond of 150; the last, a heartbeat at the right one of 50 besides.
    assert!(*least <= earliest() + ways(2), "{least} is not close to {}", earliest());
    assert!(*most + ways(10) >= latest(), "{most} is not close to {}", latest());
}
