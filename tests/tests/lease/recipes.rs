//! What every recipe of the lease family does, whatever its service: somebody comes to lead, somebody else after the
//! holder's end, and nobody else where only the service has its troubles, and for less than a lease.

use crate::told::{Told, crash, even, family, watch};
use interregnum_algorithms::Entry;
use interregnum_kernel::{GlobalTime, Jitter, NodeId, Parameters, Span, Value};
use interregnum_tests::scenario;
use interregnum_world::{Lever, PlannedFault, Selector};
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

/// Production's leases are longer than any election of the service takes, and so is every other patience of a holder: Consul's
/// monitor asks for six seconds, a Chubby client has four left when its next answer is due. Only ZooKeeper's clients stop
/// acting, and go on, when their service node has lost its leader.
#[test]
fn a_crash_of_the_services_leader_costs_the_holder_nothing() {
    let crash = "[[fault]]\nat = \"120s\"\ncrash = \"service-leader\"\n\n[run]\nfor = \"200s\"\n";
    keeps_its_holder(crash, 120, 200, &["lease-zookeeper"]);
}

/// Nobody is elected by the service for a second, and then at the second attempt perhaps: by then a Chubby client may be in
/// jeopardy.
const HEARS_NOTHING_FOR_LONG: &[&str] = &["lease-zookeeper", "lease-chubby"];

#[test]
fn a_service_without_a_quorum_for_less_than_a_lease_costs_the_holder_nothing() {
    let crash =
        "[[fault]]\nat = \"120s\"\ncrash = [\"random-service(2)\"]\nfor = \"1s\"\n\n[run]\nfor = \"200s\"\n";
    keeps_its_holder(crash, 120, 200, HEARS_NOTHING_FOR_LONG);
}

/// What was agreed on is on disks, deadlines begin anew with the next leader, and Redis has written down a lock that is younger
/// than its ttl by a few seconds.
#[test]
fn a_crash_of_the_whole_service_for_less_than_a_lease_costs_the_holder_nothing() {
    let crash = "[[fault]]\nat = \"120s\"\ncrash = \"service\"\nfor = \"1s\"\n\n[run]\nfor = \"200s\"\n";
    keeps_its_holder(crash, 120, 200, HEARS_NOTHING_FOR_LONG);
}

/// Nothing between the holder and the service changes.
#[test]
fn a_contender_that_dies_and_comes_back_costs_the_holder_nothing() {
    let crash = "[[fault]]\nat = \"120s\"\ncrash = [\"followers\"]\nfor = \"20s\"\n\n[run]\nfor = \"240s\"\n";
    keeps_its_holder(crash, 120, 240, &[]);
}

/// Nobody else is elected, and whoever led leads in the end; without an interruption, but for these recipes.
fn keeps_its_holder(lines: &str, trouble: u64, end: u64, interrupted: &[&str]) {
    for_each("production", 3, lines, |entry, seed, told| {
        let name = entry.name;
        let before = told.leaders_at(Span::secs(trouble));
        assert_eq!(before.len(), 1, "{name}, seed {seed}: one leads before");
        let other = told.reigns_after(Span::secs(trouble)).find(|(_, node, _)| !before.contains(node));
        assert_eq!(other, None, "{name}, seed {seed}: nobody else is elected");
        assert_eq!(told.leaders_at(Span::secs(end)), before, "{name}, seed {seed}: it goes on");
        if !interrupted.contains(&name) {
            let turn = told.turns().find(|(at, ..)| *at > GlobalTime::ZERO + Span::secs(trouble));
            assert_eq!(turn, None, "{name}, seed {seed}: it does not stop for a while");
        }
    });
}

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

const RESIGNATION: Span = Span::secs(5);

/// Contenders that start one after another when the service has a leader; else each would ask one service node after the other,
/// and stay with any.
fn starting_late() -> Vec<PlannedFault> {
    let early = Span::millis(1);
    let start = |node: u8| {
        let lasts = Span::secs(1) + Span::millis(100).scaled(u64::from(node), 1);
        PlannedFault::at(early, crash(Selector::Node(NodeId(node)))).lasting(lasts)
    };
    (0..3).map(start).collect()
}

/// Runs in which the holder resigns, on a network that takes the same time always.
fn resignations(algorithm: &str, parameters: &Parameters) -> Vec<Told> {
    let mut setting = even(parameters, Span::secs(12));
    setting.plan.faults = starting_late();
    let resign = Lever::Resign { target: vec![Selector::Leader] };
    setting.plan.faults.push(PlannedFault::at(RESIGNATION, resign));
    watch(algorithm, parameters, Arc::new(setting), SEEDS)
}

/// What gives the others their turn:
///
/// - ZooKeeper and etcd: who resigns leaves the queue, and joins it again at its end.
/// - Consul: who resigns releases the lock, ends its session, opens another and looks, some twelve ways and two agreements of
///   the service, before it asks again. A waiter at the leader has asked after two ways; one at a follower hears of the release with
///   the entry that ends the session, and has asked after six.
/// - Chubby: it leaves the lock to the others for a lease, and they hear of it with the next heartbeat.
/// - Kubernetes: with `release_on_cancel` it clears the record, exits, and begins a longest pause later with a look. The
///   others' looks are a longest pause and a round trip apart at the most; with one service node, equally far from all, one
///   of them sees the record cleared and has written it before that look arrives. (Without the release all wait for the
///   lease's end, the one that resigned among them, and each may be the first.)
/// - Redis: it leaves the lock to the others for a ttl, of 300 ms. They ask again before that if their retry delay is shorter by two ways.
#[test]
fn a_leader_that_resigns_is_followed_by_another() {
    for entry in family().filter(|entry| entry.orders.contains(&"resign") && entry.name != "lease-kafka") {
        let name = entry.name;
        let parameters = match name {
            "lease-kubernetes" => {
                Parameters::of(3).with_service(1).with("release_on_cancel", Value::Flag(true))
            }
            "lease-redis" => {
                let delay = Jitter::between(Span::millis(100), Span::millis(200));
                Parameters::of(3).with_service(3).with("retry_delay", Value::Jitter(delay))
            }
            _ => Parameters::of(3).with_service(3),
        };
        for (told, seed) in resignations(name, &parameters).into_iter().zip(SEEDS) {
            let before = told.leaders_at(RESIGNATION.saturating_sub(Span(1)));
            assert_eq!(before.len(), 1, "{name}, seed {seed}: one leads before");
            let next = told.reigns_after(RESIGNATION).next();
            assert!(
                next.is_some_and(|(_, node, _)| !before.contains(&node)),
                "{name}, seed {seed}: {before:?} resigns, and {next:?} follows"
            );
        }
    }
}

/// All brokers race, the one that resigned among them. Of each service node another broker asks. The one that asks the leader's
/// has written its name four ways after the release is agreed on: it hears of that, or is answered, looks, and asks. The others
/// hear of it two ways later at the earliest.
#[test]
fn after_kafkas_controller_resigns_the_broker_nearest_to_the_services_leader_follows() {
    let parameters = Parameters::of(3).with_service(3);
    let service: Vec<NodeId> = parameters.service.iter().collect();
    for (told, seed) in resignations("lease-kafka", &parameters).into_iter().zip(SEEDS) {
        let leader = told.service_leader_at(RESIGNATION).expect("the service has a leader");
        let nearest = service.iter().position(|node| *node == leader).map(NodeId::from_index);
        let next = told.reigns_after(RESIGNATION).next().map(|(_, node, _)| node);
        assert_eq!(next, nearest, "seed {seed}: {leader:?} leads the service");
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

/// A lease may be lost with a few messages, so that at one instant nobody leads. When nothing is lost any more, one does.
#[test]
fn somebody_leads_though_every_tenth_message_is_lost() {
    with_loss(|entry, seed, told| {
        let led = (50..60).filter(|half| !told.leaders_at(Span::millis(500 * half)).is_empty()).count();
        assert!(led >= 5, "{}, seed {seed}: at {led} of ten instants somebody leads", entry.name);
        let in_the_end = told.leaders_at(Span::secs(36));
        assert_eq!(in_the_end.len(), 1, "{}, seed {seed}: {in_the_end:?} lead in the end", entry.name);
        let late = told.turns().find(|(at, ..)| *at > GlobalTime::ZERO + Span::secs(34));
        assert_eq!(late, None, "{}, seed {seed}: and nobody stops or follows", entry.name);
    });
}

/// etcd's keep-alive is due 500 ms after the last answer and is repeated every 50 ms for the rest of the TTL, ten times, and each
/// time serves as well as the first. An attempt takes four messages at the most and fails with 34 %, so all ten do in one of
/// 40,000 cases, and there are fewer than 1,000 here. Kubernetes has no such bound: where an update was written and its answer
/// lost, the next one is refused, and the record has to be read first.
#[test]
fn a_lease_with_time_for_ten_attempts_outlasts_the_loss_of_every_tenth_message() {
    with_loss(|entry, seed, told| {
        if entry.name == "lease-etcd" {
            let late = told.turns().find(|(at, ..)| *at > GlobalTime::ZERO + Span::secs(14));
            assert_eq!(late, None, "seed {seed}: whoever follows the dead leads on");
            let leads = told.leaders_at(Span::secs(14));
            assert_eq!(leads.len(), 1, "seed {seed}: {leads:?} follow the dead");
        }
    });
}

/// The holder dies while every tenth message is lost, from the first second to the thirtieth.
fn with_loss(look: impl FnMut(&Entry, u64, Told)) {
    let lines = "[[fault]]\nat = \"1s\"\ndegrade = { from = \"all\", to = \"all\", loss = 0.1 }\nfor = \"29s\"\n\n\
                 [[fault]]\nat = \"10s\"\ncrash = \"leader\"\n\n[run]\nfor = \"36s\"\n";
    for_each("matched", 3, lines, look);
}
