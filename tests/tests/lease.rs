//! What every recipe of the lease family does, whatever its service: somebody comes to lead, somebody else after the
//! holder's end, and nobody else where only the service has its troubles, and for less than a lease.

use interregnum_algorithms::{ALGORITHMS, Entry, Registered, Visitor, build};
use interregnum_kernel::{FaultClass, FaultClasses, GlobalTime, NodeId, Observation, Office, Span, What};
use interregnum_sim::Simulator;
use interregnum_tests::plans::{Kinds, plan};
use interregnum_tests::property::{Property, cases_or};
use interregnum_tests::{scenario, seed_or};
use interregnum_world::Setting;
use std::collections::BTreeSet;
use std::sync::Arc;

const SEEDS: std::ops::Range<u64> = 0..20;

/// The root seed of the random plans where `INTERREGNUM_SEED` does not say; chosen before any result was seen.
const ROOT_SEED: u64 = 0x6c65_6173_655f_706c;
/// How many plans each recipe is tried with where `INTERREGNUM_CASES` does not say.
const PLANS: u32 = 1_000;

/// A run as the tests look at it.
struct Told(Vec<Observation>);

impl Told {
    /// The elections to the contested leadership after a time, with their times.
    fn reigns_after(&self, after: Span) -> impl Iterator<Item = (GlobalTime, NodeId)> {
        let contested = |seen: &&Observation| matches!(seen.what, What::Elected(leadership) if leadership.office == Office::CONTESTED);
        let since = GlobalTime::ZERO + after;
        self.0.iter().filter(contested).filter(move |seen| seen.at > since).map(|seen| (seen.at, seen.node))
    }

    /// Who leads at a time.
    fn leaders_at(&self, at: Span) -> BTreeSet<NodeId> {
        let mut leaders = BTreeSet::new();
        for seen in self.0.iter().take_while(|seen| seen.at <= GlobalTime::ZERO + at) {
            match seen.what {
                What::Elected(leadership) if leadership.office == Office::CONTESTED => {
                    leaders.insert(seen.node);
                }
                What::Deposed(leadership) if leadership.office == Office::CONTESTED => {
                    leaders.remove(&seen.node);
                }
                _ => {}
            }
        }
        leaders
    }

    /// When a node first died.
    fn crash(&self) -> (GlobalTime, NodeId) {
        let crash = self.0.iter().find(|seen| seen.what == What::Crashed).expect("somebody crashes");
        (crash.at, crash.node)
    }
}

struct Watch {
    setting: Arc<Setting>,
    seed: u64,
}

impl Visitor for Watch {
    type Output = Vec<Observation>;
    fn visit<P: Registered>(self, protocol: P) -> Vec<Observation> {
        let mut simulator = Simulator::new(protocol, self.setting, Vec::new());
        simulator.run(self.seed);
        simulator.observer().clone()
    }
}

fn family() -> impl Iterator<Item = &'static Entry> {
    ALGORITHMS.iter().filter(|entry| entry.service)
}

/// What happens by chance to every recipe, without what its exclusion does not bear.
const QUIET: &str = r#"
format = 1
name = "random-plan"
summary = "A random plan of faults on a network that repeats messages; healed at the end."

[cluster]
nodes = 3

[network]
latency = "1ms..8ms"
duplicate = 0.02

[disk]
fsync = "1ms..6ms"

[clock]
drift_ppm = "-200..200"

[workload]
writes_every = "20ms"
proposals_every = "40ms"

[run]
for = "12s"
heal = "8s"

[expect]
leader_within = "4s"
"#;

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
    for seed in SEEDS {
        let watch = Watch { setting: Arc::clone(&setting), seed };
        look(entry, seed, Told(build(entry.name, &parameters, watch).expect("the defaults build")));
    }
}

#[test]
fn the_holders_crash_gives_the_lease_to_another() {
    let crash =
        "[[fault]]\nat = \"5s\"\ncrash = \"leader\"\nconnections = \"silent\"\n\n[run]\nfor = \"12s\"\n";
    for service in [1, 3, 5] {
        for_each("matched", service, crash, |entry, seed, told| {
            let (at, holder) = told.crash();
            let next = told.reigns_after(Span::ZERO).find(|(elected, _)| *elected > at);
            let name = entry.name;
            assert!(
                next.is_some_and(|(_, node)| node != holder),
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
        let other = told.reigns_after(Span::secs(trouble)).find(|(_, node)| !before.contains(node));
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
            let numbers = told.0.iter().filter_map(|seen| match seen.what {
                What::Elected(reign) if reign.office == Office::CONTESTED => Some(reign.epoch),
                _ => None,
            });
            let numbers: Vec<_> = numbers.collect();
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

/// Every fault under which a recipe promises that two leases never overlap, all of them together. `INTERREGNUM_SEED`
/// repeats a failure, `INTERREGNUM_CASES` sets how many plans are tried.
#[test]
fn leases_that_are_promised_not_to_overlap_do_not_under_random_plans() {
    let itself = scenario(QUIET).setting.classes();
    for entry in family().filter(|entry| entry.promises("lease-exclusion", itself)) {
        let borne = |class: &FaultClass| {
            ["lease-exclusion", "leader-within"].iter().all(|name| entry.promises(name, (*class).into()))
        };
        let faults: FaultClasses = FaultClass::ALL.into_iter().filter(borne).collect();
        let promises: Vec<&str> = entry.promises_under(faults.and(itself)).collect();
        assert!(promises.contains(&"lease-exclusion"), "{} does not promise it under {faults}", entry.name);
        let property = Property {
            name: "leases_that_are_promised_not_to_overlap_do_not_under_random_plans",
            binary: "lease",
            algorithm: entry.name,
            base: QUIET,
            plans: plan(3, Span::secs(8), 12, Kinds { faults, ..Kinds::borne_by(entry) }),
            cases: cases_or(PLANS),
            seed: seed_or(ROOT_SEED),
            bug: std::env::var("INTERREGNUM_BUG").ok().filter(|id| entry.bug(id).is_some()),
            invariants: &promises,
        };
        let coverage = property.check();
        let place = promises.iter().position(|promise| *promise == "lease-exclusion");
        let exercised = place.map_or(0, |place| coverage.exercised[place]);
        println!("{}: {} plans of {faults}, {exercised} times put to the test", entry.name, coverage.cases);
        assert!(exercised > coverage.cases / 2, "{}: put to the test {exercised} times", entry.name);
    }
}
