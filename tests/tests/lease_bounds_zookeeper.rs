//! How long a failover takes that waits for a ZooKeeper session to end: never less and never more than the timers say, and
//! nearly both. For ZooKeeper's recipe, and for Kafka's controller, which has to win a transaction besides.
//!
//! Everything takes its time here: a message 1 ms, an fsync 1 ms, so an entry is agreed on and applied at the service's
//! leader 3 ms after it was proposed. Contenders talk to any service node; to and from the leader a request takes one way
//! or two. T: session timeout, p: the interval of pings, a third of T; k: the service's tick; h: its heartbeat interval.
//!
//! - The service decides that the session is over at the first tick T after the last ping arrived. At best the holder dies
//!   just before it would have sent the next, at worst just after it sent the last.
//! - That is agreed on. A node that follows the service's leader hears of it with the next heartbeat at the latest, and its
//!   watchers hear from it. Whoever is next looks once more at the node that it talks to, and leads.
//! - With Kafka the look is followed by the transaction, at the leader of the service.

use interregnum_algorithms::Algorithm;
use interregnum_algorithms::lease::By;
use interregnum_algorithms::lease::kafka::Kafka;
use interregnum_algorithms::lease::zookeeper::ZooKeeper;
use interregnum_kernel::{GlobalTime, Interest, Observation, Observer, Office, Parameters, Span, What};
use interregnum_sim::Simulator;
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, PlannedFault, Selector, Setting, Unsynced,
};
use rayon::prelude::*;
use std::sync::Arc;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x7a6f_6f6b_6565_7065;
/// So many instants of the crash, spread over more than a ping's interval, and so many seeds for each.
const INSTANTS: u64 = 50;
const SEEDS: u64 = 200;

const WAY: Span = Span::millis(1);
const FSYNC: Span = Span::millis(1);
const TIMEOUT: Span = Span::millis(300);
const PING: Span = Span::millis(100);
const TICK: Span = Span::millis(50);
const HEARTBEAT: Span = Span::millis(50);

fn ways(count: u64) -> Span {
    WAY.scaled(count, 1)
}

/// An entry's way through the service.
fn agreement() -> Span {
    ways(2) + FSYNC
}

/// Until whoever is next has heard that the session is over, and has looked.
fn looked() -> (Span, Span) {
    let decided = (TIMEOUT.saturating_sub(PING) + ways(1), TIMEOUT + ways(2) + TICK);
    let look = ways(2);
    (decided.0 + agreement() + ways(1) + look, decided.1 + agreement() + HEARTBEAT + ways(2) + look)
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
fn failovers<A: Algorithm>(instant: u64) -> Vec<Span> {
    let parameters = Parameters::of(3).with_service(3);
    let link = LinkSetting::with_latency(Latency::Constant(WAY));
    let mut setting = Setting::quiet(parameters.nodes, link, Latency::Constant(FSYNC), Span::millis(3_000));
    setting.service = parameters.service;
    let crash = Lever::Crash {
        target: vec![Selector::Leader],
        unsynced: Unsynced::Lost,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    };
    setting.plan.faults.push(PlannedFault::at(Span::millis(2_000 + 7 * instant), crash));
    let protocol = A::from_parameters(&parameters).expect("the defaults are accepted");
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

/// All failovers lie within, and some close to either bound. The first needs a crash at the right millisecond of a ping's
/// interval; the last, a tick and a heartbeat at the right one of 50 besides.
fn lie_between<A: Algorithm>((earliest, latest): (Span, Span)) {
    let all: Vec<Span> = (0..INSTANTS).into_par_iter().flat_map_iter(failovers::<A>).collect();
    let (least, most) = (*all.iter().min().expect("some"), *all.iter().max().expect("some"));
    println!("{} failovers from {least} to {most}; bounds {earliest} and {latest}", all.len());
    assert_eq!(all.len() as u64, INSTANTS * SEEDS, "each run has one");
    assert!(least >= earliest, "{least} is under {earliest}");
    assert!(most <= latest, "{most} is over {latest}");
    assert!(least <= earliest + ways(5), "{least} is not close to {earliest}");
    assert!(most + ways(15) >= latest, "{most} is not close to {latest}");
}

#[test]
fn the_next_in_the_queue_leads_between_the_bounds_and_comes_close_to_both() {
    lie_between::<By<ZooKeeper>>(looked());
}

#[test]
fn the_next_controller_is_elected_between_the_bounds_and_comes_close_to_both() {
    let (earliest, latest) = looked();
    lie_between::<By<Kafka>>((earliest + ways(2) + agreement(), latest + ways(4) + agreement()));
}
