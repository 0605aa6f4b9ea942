//! Exact bounds of the Kubernetes recipe, against the real recipe in the real engine: how long a failover takes, and by how
//! much clocks may differ and an answer may be late until two act at once. They are derived in
//! `crates/algorithms/src/lease/kubernetes/mod.rs`. And that its promises are kept under random plans.

use interregnum_algorithms::{Registered, Visitor, build};
use interregnum_kernel::{
    FaultClass, FaultClasses, GlobalTime, Interest, Jitter, NodeId, Observation, Observer, Office,
    Parameters, Profile, Span, What,
};
use interregnum_sim::Simulator;
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::seed_or;
use interregnum_world::{
    ClockChoice, Connections, Damage, DiskAfter, InFlight, Latency, Lever, LinkSetting, Plan, PlannedFault,
    Selector, Setting, Unsynced,
};
use rayon::prelude::*;
use std::sync::Arc;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x6b75_6265_6c65_6173;
/// One way between a contender and the service.
const WAY: Span = Span::millis(1);
const FSYNC: Span = Span::millis(1);

/// Hears who is elected, who holds a lease, and who dies.
#[derive(Default)]
struct Ear {
    holders: Vec<NodeId>,
    /// Two held a lease at one instant.
    overlapped: bool,
    crash: Option<(GlobalTime, NodeId)>,
    successor: Option<GlobalTime>,
}

impl Observer for Ear {
    fn interest(&self) -> Interest {
        Interest::LEADERSHIP.and(Interest::LEASES).and(Interest::LIFE)
    }
    fn observe(&mut self, seen: &Observation) {
        match seen.what {
            What::Crashed => self.crash = self.crash.or(Some((seen.at, seen.node))),
            What::Elected(leadership) if leadership.office == Office::CONTESTED => {
                let follows = self.crash.is_some_and(|(_, dead)| dead != seen.node);
                self.successor = self.successor.or(follows.then_some(seen.at));
            }
            What::LeaseHeld(office) if office == Office::CONTESTED => {
                self.holders.push(seen.node);
                self.overlapped |= self.holders.len() > 1;
            }
            What::LeaseLost(_) => self.holders.retain(|holder| *holder != seen.node),
            _ => {}
        }
    }
}

struct Watch {
    setting: Arc<Setting>,
    seeds: std::ops::Range<u64>,
}

impl Visitor for Watch {
    type Output = Vec<Ear>;
    fn visit<P: Registered>(self, protocol: P) -> Vec<Ear> {
        let mut simulator = Simulator::new(protocol, self.setting, Ear::default());
        let watch = |seed| {
            simulator.run(seed);
            std::mem::take(simulator.observer_mut())
        };
        self.seeds.map(watch).collect()
    }
}

/// So many contenders and one service node, on a network that takes the same time always.
fn watch(contenders: u8, profile: Profile, faults: Vec<PlannedFault>, end: Span, seeds: u64) -> Vec<Ear> {
    let parameters = Parameters { profile, ..Parameters::of(contenders).with_service(1) };
    let link = LinkSetting::with_latency(Latency::Constant(WAY));
    let mut setting = Setting::quiet(parameters.nodes, link, Latency::Constant(FSYNC), end);
    setting.service = parameters.service;
    setting.plan = Plan { faults };
    let first = ROOT_SEED.wrapping_add(end.0);
    let watch = Watch { setting: Arc::new(setting), seeds: first..first + seeds };
    build("lease-kubernetes", &parameters, watch).expect("the defaults fit")
}

/// A profile's lease duration, renew deadline and retry period.
fn timers(profile: Profile) -> (Span, Span, Span) {
    match profile {
        Profile::Matched => (Span::secs(1), Span::millis(667), Span::millis(50)),
        Profile::Production => (Span::secs(15), Span::secs(10), Span::secs(2)),
    }
}

/// The failovers of two contenders, the holder dying at a hundred phases of its renewals, in a hundred runs each.
fn failovers(profile: Profile) -> Vec<Span> {
    const PHASES: u64 = 100;
    let (lease, _, retry) = timers(profile);
    // A renewal comes a retry period after the last answer, and takes its way there, an fsync, and its way back.
    let period = retry + WAY + FSYNC + WAY;
    let phase = |phase: u64| {
        let at = lease + lease + period.scaled(phase, PHASES);
        let crash = Lever::Crash {
            target: vec![Selector::Leader],
            unsynced: Unsynced::Lost,
            connections: Connections::Silent,
            disk: DiskAfter::Kept,
        };
        let end = at + lease + lease;
        let told = watch(2, profile, vec![PlannedFault::at(at, crash)], end, 100);
        let failover = |ear: Ear| {
            let (crash, _) = ear.crash.expect("the holder dies");
            ear.successor.expect("the other takes over").since(crash)
        };
        told.into_iter().map(failover).collect::<Vec<Span>>()
    };
    (0..PHASES).into_par_iter().flat_map_iter(phase).collect()
}

/// The corners of the space of phases are met more rarely the more pauses have to be extreme at once: the lower bound needs
/// three phases at their ends, of which each end is as likely as any other part; the upper one needs two pauses near the
/// longest, which become rare towards it. That ten thousand runs come within 5 % of the one and 15 % of the other is what
/// those densities let expect.
#[test]
fn a_failover_takes_as_long_as_the_timers_say() {
    for profile in [Profile::Matched, Profile::Production] {
        let (lease, _, retry) = timers(profile);
        let longest_pause = retry.scaled(220, 100);
        let (read, write) = (WAY + WAY, WAY + FSYNC + WAY);
        let least = lease.saturating_sub(retry) + read + write;
        let most = lease + longest_pause.scaled(2, 1) + read.scaled(3, 1) + write.scaled(2, 1);
        let failovers = failovers(profile);
        assert_eq!(failovers.len(), 10_000);
        let (shortest, longest) =
            (*failovers.iter().min().expect("there are"), *failovers.iter().max().expect("there are"));
        println!("{profile}: bounds {least} and {most}, met {shortest} and {longest}");
        assert!(shortest >= least, "{profile}: {shortest} is less than {least}");
        assert!(longest < most, "{profile}: {longest} is not less than {most}");
        let range = most.saturating_sub(least);
        assert!(
            shortest.saturating_sub(least) < range.scaled(5, 100),
            "{profile}: {shortest} is far from {least}"
        );
        assert!(
            most.saturating_sub(longest) < range.scaled(15, 100),
            "{profile}: {longest} is far from {most}"
        );
    }
}

/// Cuts the holder off from the service for good.
fn cut_off(at: Span) -> PlannedFault {
    let groups = vec![vec![Selector::Leader], vec![Selector::Service]];
    PlannedFault::at(at, Lever::Partition { groups, in_flight: InFlight::Drop })
}

/// In how many of so many runs two held a lease at once. Eight candidates look often enough to find the lease's end soon.
fn overlaps(faults: Vec<PlannedFault>, runs: u64) -> usize {
    let told = watch(9, Profile::Production, faults, Span::secs(70), runs);
    told.into_iter().filter(|ear| ear.overlapped).count()
}

/// The holder's clocks gain so many thousandths less than they should in the time in which the others' gain a thousand.
fn slow_holder(thousandths: i32, runs: u64) -> usize {
    let slow = Lever::ClockDrift {
        target: vec![Selector::Leader],
        ppm: -1_000 * thousandths,
        clock: ClockChoice::Both,
    };
    overlaps(vec![PlannedFault::at(Span::secs(20), slow), cut_off(Span::secs(31))], runs)
}

#[test]
fn clocks_may_differ_by_the_lease_over_the_retry_period_and_the_deadline_and_no_more() {
    // 12 s of a clock that is slow by 19.9 % are 14.98 s, by 25 % are 16 s. The documented 1.5 would bear 33.3 %.
    let (below, above) = (slow_holder(199, 400), slow_holder(250, 400));
    println!("clocks slow by 19.9 %: {below} of 400 overlap; by 25 %: {above}");
    assert_eq!(below, 0, "a rate of 1.248 is borne");
    assert!(above > 0, "a rate of 1.333 is not, although it is below 1.5");
}

/// The answers to the holder's last renewals are late by so much, and then it is cut off.
fn late_answers(late: Span, runs: u64) -> usize {
    let delay = Lever::Degrade {
        from: vec![Selector::Service],
        to: vec![Selector::Leader],
        symmetric: false,
        damage: Damage { delay: Jitter::exactly(late), ..Damage::default() },
        only: Vec::new(),
    };
    // Renewals of the cut-off holder do not arrive any more; answers on their way to it do.
    let cut = Lever::Cut {
        from: vec![Selector::Leader],
        to: vec![Selector::Service],
        in_flight: InFlight::Deliver,
    };
    overlaps(vec![PlannedFault::at(Span::secs(20), delay), PlannedFault::at(Span::secs(22), cut)], runs)
}

#[test]
fn an_answer_may_be_late_by_the_margin_and_no_more() {
    let (below, above) = (late_answers(Span::millis(2_990), 400), late_answers(Span::millis(4_500), 400));
    println!("answers late by 2.99 s: {below} of 400 overlap; by 4.5 s: {above}");
    assert_eq!(below, 0, "3 s less 10 ms");
    assert!(above > 0, "with perfect clocks");
}

/// A fast cluster on a network that loses and repeats messages. Nothing is late: that would be another promise.
const BAD_NETWORK: &str = r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that loses and repeats messages; healed at the end."

[cluster]
nodes = 5

[network]
latency = "1ms..8ms"
loss = 0.01
duplicate = 0.02

[disk]
fsync = "1ms..6ms"

[clock]
offset = "-5s..5s"
drift_ppm = "-200..200"

[workload]
writes_every = "20ms"

[run]
for = "10s"
heal = "6s"

[expect]
leader_within = "3s"
"#;

/// `INTERREGNUM_SEED` repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried, `INTERREGNUM_BUG` plants a bug to
/// see the property fail.
#[test]
fn what_is_promised_is_kept_under_random_plans() {
    let entry = interregnum_algorithms::find("lease-kubernetes").expect("it is registered");
    let borne = |class: &FaultClass| entry.promises("lease-exclusion", (*class).into());
    let faults: FaultClasses = FaultClass::ALL.into_iter().filter(borne).collect();
    assert!(faults.has(FaultClass::Cut) && faults.has(FaultClass::Crash) && faults.has(FaultClass::Loss));
    let promises: Vec<&str> = entry.promises_under(faults).collect();
    assert!(promises.contains(&"lease-exclusion"), "{promises:?}");
    let property = Property {
        name: "what_is_promised_is_kept_under_random_plans",
        binary: "lease_bounds_kubernetes",
        algorithm: entry.name,
        base: BAD_NETWORK,
        plans: plan(5, Span::secs(6), 12, Kinds { faults, ..Kinds::borne_by(entry) }),
        cases: cases_or(1_000),
        seed: seed_or(ROOT_SEED),
        bug: std::env::var("INTERREGNUM_BUG").ok(),
        invariants: &promises,
    };
    let coverage = property.check();
    assert!(2 * coverage.elections > 3 * coverage.cases, "plans that change no leader: {coverage:?}");
    for (name, exercised) in promises.iter().zip(&coverage.exercised) {
        assert!(*exercised > 0, "{name} was never put to the test");
    }
}
