//! The Redis lock in the real engine against what follows from its timers: how long a failover can take, what an idle
//! lock costs, and its promises under random plans.
//!
//! With d the one-way latency, T the ttl, E the interval of extensions and R the retry delay, on perfect clocks: the
//! holder dies up to 2d+E after it sent its last requests. These arrive d after they were sent, and T later, and at the
//! end of the millisecond, the keys are gone. The requests of a contender arrive every 2d+R, and it leads d after the
//! first that finds the keys gone. So a failover takes more than T-E and less than T+Rmax+4d+1ms.

use interregnum_algorithms::{Registered, Visitor, build};
use interregnum_kernel::{
    FaultClass, FaultClasses, GlobalTime, Interest, NodeId, Observation, Observer, Parameters, Span, Value,
    What,
};
use interregnum_sim::Simulator;
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, MAX_KINDS, Plan, PlannedFault, Selector, Setting,
    Unsynced,
};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x5265_646c_6f63_6b21;
/// Instants of the crash, spread evenly over an interval between two extensions; and seeds for each.
const INSTANTS: u64 = 100;
const SEEDS: u64 = 100;

const LATENCY: Span = Span::millis(1);
const TTL: Span = Span::millis(300);
const EXTEND_EVERY: Span = Span::millis(50);
const LONGEST_RETRY: Span = Span::millis(300);
const CRASH: Span = Span::millis(2_000);

/// Hears who is elected.
#[derive(Default)]
struct Ear(Vec<(GlobalTime, NodeId)>);

impl Observer for Ear {
    fn interest(&self) -> Interest {
        Interest::LEADERSHIP
    }
    fn observe(&mut self, observation: &Observation) {
        if let What::Elected(_) = observation.what {
            self.0.push((observation.at, observation.node));
        }
    }
}

/// Contenders and masters with a millisecond between them.
fn setting(parameters: &Parameters, horizon: Span) -> Setting {
    let link = LinkSetting::with_latency(Latency::Constant(LATENCY));
    let mut setting = Setting::quiet(parameters.nodes, link, Latency::Constant(LATENCY), horizon);
    setting.service = parameters.service;
    setting
}

fn crash(at: Span) -> Plan {
    let crash = Lever::Crash {
        target: vec![Selector::Leader],
        unsynced: Unsynced::Lost,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    };
    Plan { faults: vec![PlannedFault::at(at, crash)] }
}

/// From the crash of the holder to its successor, for each seed.
struct Failovers {
    setting: Setting,
    crash: Span,
    first_seed: u64,
}

impl Visitor for Failovers {
    type Output = Vec<Span>;
    fn visit<P: Registered>(self, protocol: P) -> Vec<Span> {
        let crash = GlobalTime::ZERO + self.crash;
        let mut simulator = Simulator::new(protocol, Arc::new(self.setting), Ear::default());
        let mut took = Vec::new();
        for seed in 0..SEEDS {
            simulator.observer_mut().0.clear();
            simulator.run(self.first_seed.wrapping_add(seed));
            let elected = &simulator.observer().0;
            assert!(elected.iter().any(|(at, _)| *at < crash), "somebody led before the crash");
            let successor = elected.iter().find(|(at, _)| *at >= crash).expect("somebody succeeds");
            took.push(successor.0.since(crash));
        }
        took
    }
}

/// The shortest and the longest failover of all instants and seeds.
fn extremes(parameters: &Parameters) -> (Span, Span) {
    let cycle = EXTEND_EVERY + LATENCY + LATENCY;
    let all = (0..INSTANTS).into_par_iter().flat_map_iter(|instant| {
        let at = CRASH + cycle.scaled(instant, INSTANTS);
        let mut setting = setting(parameters, CRASH + Span::secs(1));
        setting.plan = crash(at);
        let first_seed = ROOT_SEED.wrapping_add(instant * SEEDS);
        build("lease-redis", parameters, Failovers { setting, crash: at, first_seed }).expect("it is built")
    });
    let all: Vec<Span> = all.collect();
    assert_eq!(all.len() as u64, INSTANTS * SEEDS, "every run has a failover");
    let shortest = all.iter().min().copied().unwrap_or_default();
    let longest = all.iter().max().copied().unwrap_or_default();
    println!("{} masters: {shortest} to {longest}", parameters.service.len());
    (shortest, longest)
}

/// What no failover may be below, and above.
fn bounds() -> (Span, Span) {
    (TTL.saturating_sub(EXTEND_EVERY), TTL + LONGEST_RETRY + LATENCY.scaled(4, 1) + Span::millis(1))
}

#[test]
fn a_failover_takes_as_long_as_the_timers_say_and_comes_near_both_bounds() {
    for masters in [1, 3, 5] {
        let (least, most) = bounds();
        let (shortest, longest) = extremes(&Parameters::of(2).with_service(masters));
        assert!(shortest > least, "{masters} masters: {shortest} is not above {least}");
        assert!(longest < most, "{masters} masters: {longest} is not below {most}");
        assert!(shortest < least + Span::millis(5), "{masters} masters: {shortest} is far from {least}");
        assert!(longest + Span::millis(25) > most, "{masters} masters: {longest} is far from {most}");
    }
}

#[test]
fn more_contenders_take_over_no_later() {
    let (least, most) = bounds();
    let (shortest, longest) = extremes(&Parameters::of(5).with_service(5));
    assert!(shortest > least && longest < most, "{shortest} to {longest} is not within {least} to {most}");
}

#[test]
fn a_ttl_that_is_a_tenth_longer_is_noticed() {
    let parameters = Parameters::of(2).with_service(5).with("ttl", Value::Span(TTL.scaled(11, 10)));
    let (_, most) = bounds();
    let (_, longest) = extremes(&parameters);
    assert!(longest > most, "the test above has no teeth: {longest} is below {most}");
}

/// What is sent until the end of a run.
struct Count(Setting);

impl Visitor for Count {
    type Output = BTreeMap<&'static str, u64>;
    fn visit<P: Registered>(self, protocol: P) -> Self::Output {
        let mut simulator = Simulator::new(protocol, Arc::new(self.0), ());
        let counts: [u64; MAX_KINDS] = simulator.run(1).counters.sent;
        P::KINDS.iter().copied().zip(counts).collect()
    }
}

/// What a cluster with nothing to do sends in so many extensions' time.
fn idle(parameters: &Parameters, extensions: u64) -> BTreeMap<&'static str, u64> {
    let from = CRASH + Span::millis(10);
    let cycle = EXTEND_EVERY + LATENCY + LATENCY;
    let sent =
        |horizon| build("lease-redis", parameters, Count(setting(parameters, horizon))).expect("it is built");
    let before = sent(from);
    let after = sent(from + cycle.scaled(extensions, 1));
    after.into_iter().map(|(kind, count)| (kind, count - before[kind])).collect()
}

#[test]
fn a_holder_alone_costs_two_messages_per_master_and_extension() {
    for masters in [1, 3, 5, 7] {
        let sent = idle(&Parameters::of(1).with_service(masters), 20);
        let expected = 20 * u64::from(masters);
        assert_eq!(sent["Extend"], expected, "{masters} masters: extensions");
        assert_eq!(sent["Extended"], expected, "{masters} masters: their answers");
        assert_eq!(sent.values().sum::<u64>(), 2 * expected, "{masters} masters: nothing else is sent");
    }
}

#[test]
fn a_contender_polls_with_three_messages_per_master() {
    let parameters = Parameters::of(2).with_service(5);
    let sent = idle(&parameters, 200);
    for kind in ["Set", "Taken", "Release"] {
        let polls = sent[kind] / 5;
        // 10.4 s of polls that come every 102 to 302 ms.
        assert!((34..=102).contains(&polls), "{kind}: {polls} polls");
    }
    assert_eq!(sent["Granted"], 0, "nobody gets a lock that is taken");
}

/// Contenders and masters on a bad network, with faults that hit masters too; the plans' faults hit contenders.
fn bad_network(masters: u8, settings: &str, nemesis: &str) -> String {
    format!(
        r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that loses, repeats and reorders messages; healed at the end."

[cluster]
nodes = 5

[service]
nodes = {masters}

[parameters.lease-redis]
{settings}

[network]
latency = "1ms..8ms"
loss = 0.01
duplicate = 0.02
reorder = {{ probability = 0.05, delay = "5ms..60ms" }}

[disk]
fsync = "1ms..6ms"

[clock]
drift_ppm = "-500..500"

[workload]
writes_every = "20ms"

[nemesis]
faults = [{nemesis}]
every = "100ms..800ms"
from = "200ms"

[run]
for = "5s"
heal = "3s"

[expect]
leader_within = "2s"
"#
    )
}

/// What does not concern the clocks that leases are measured by, and makes no master forget.
const HARMLESS: &str =
    r#""partition", "one-way-cut", "flapping", "pause", "slow-node", "disk-stall", "disk-slow""#;

/// Tries random plans of these faults, and of the nemesis's.
fn keeps_the_lock(test: &str, base: &str, faults: FaultClasses, invariants: &[&str], seed: u64) {
    let entry = interregnum_algorithms::find("lease-redis").expect("it is registered");
    let property = Property {
        name: test,
        binary: "redis",
        algorithm: entry.name,
        base,
        plans: plan(5, Span::secs(3), 12, Kinds { faults, ..Kinds::borne_by(entry) }),
        cases: cases_or(2_000),
        seed: seed_or(seed),
        bug: std::env::var("INTERREGNUM_BUG").ok(),
        invariants,
    };
    let coverage = property.check();
    assert!(coverage.elections > 2 * coverage.cases, "plans that change no leader: {coverage:?}");
    for (name, exercised) in invariants.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}

/// The faults under which the lock's exclusion is promised.
fn borne() -> FaultClasses {
    let entry = interregnum_algorithms::find("lease-redis").expect("it is registered");
    let both = |class: &FaultClass| {
        ["lease-exclusion", "leader-within"].iter().all(|name| entry.promises(name, (*class).into()))
    };
    FaultClass::ALL.into_iter().filter(both).collect()
}

#[test]
fn the_lock_keeps_its_promises_under_random_plans() {
    for (masters, seed) in [(1, 0x6f6e_6521), (5, 0x6669_7665)] {
        keeps_the_lock(
            "the_lock_keeps_its_promises_under_random_plans",
            &bad_network(masters, "", HARMLESS),
            borne(),
            &["lease-exclusion", "leader-within"],
            seed,
        );
    }
}

/// What the documentation says of crashes: they do no harm where the data are on disk before the answer, or where a
/// restart is delayed by more than a ttl.
#[test]
fn crashes_do_no_harm_where_masters_forget_nothing_or_come_back_late() {
    let crashing = format!(r#"{HARMLESS}, "crash", "crash-loop""#);
    for (settings, seed) in
        [(r#"fsync = "always""#, 0x6469_736b), (r#"restart_delay = "302ms""#, 0x6c61_7465)]
    {
        keeps_the_lock(
            "crashes_do_no_harm_where_masters_forget_nothing_or_come_back_late",
            &bad_network(3, settings, &crashing),
            borne().and(FaultClass::Crash.into()),
            &["lease-exclusion"],
            seed,
        );
    }
}
