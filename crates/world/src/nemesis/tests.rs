use super::*;
use crate::latency::Latency;
use crate::setting::{LinkSetting, Zone};
use interregnum_kernel::{FaultClass, NodeSet};
use std::collections::BTreeSet;

const SEEDS: u64 = 2_000;

fn setting() -> Setting {
    let link = LinkSetting::with_latency(Latency::Constant(Span::millis(1)));
    let mut setting = Setting::quiet(5, link, Latency::Constant(Span::millis(1)), Span::secs(20));
    setting.heal = Some(Span::secs(10));
    setting.zones = vec![Zone { name: "a".to_owned(), nodes: NodeSet::first(2) }];
    setting
}

fn nemesis(faults: impl IntoIterator<Item = &'static str>) -> Nemesis {
    Nemesis {
        faults: faults.into_iter().collect(),
        every: Jitter::between(Span::millis(200), Span::millis(900)),
        from: Span::secs(1),
        until: Span::secs(10),
    }
}

fn of_all() -> Nemesis {
    nemesis(kinds().iter().map(|kind| kind.name))
}

#[test]
fn kinds_have_names_of_their_own_and_describe_themselves() {
    let names: BTreeSet<_> = kinds().iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), kinds().len(), "two kinds share a name");
    assert!(kinds().len() <= 64, "which of them are on fits into a number");
    for kind in kinds() {
        assert!(kind.doc.ends_with('.'), "{} is described in a sentence", kind.name);
        assert!(!kind.classes.is_empty(), "something goes wrong by {}", kind.name);
        assert_eq!(find(kind.name).map(|found| found.name), Some(kind.name));
    }
}

#[test]
fn disks_forget_only_where_a_scenario_asks_for_it() {
    let left: Vec<_> =
        kinds().iter().filter(|kind| default_kinds().all(|one| one.name != kind.name)).collect();
    let names: Vec<_> = left.iter().map(|kind| kind.name).collect();
    assert_eq!(names, ["disk-lie", "rollback", "replace"]);
    let by_default = nemesis(default_kinds().map(|kind| kind.name));
    assert!(!by_default.classes().meets(FaultClasses::FORGETFUL_DISKS), "{}", by_default.classes());
}

#[test]
fn every_kind_does_what_it_says_and_all_of_it() {
    for kind in kinds() {
        let alone = nemesis([kind.name]);
        assert_eq!(alone.classes(), kind.classes);
        let setting = setting();
        let drawn = (0..SEEDS / 10).map(|seed| alone.draw(&setting, seed).plan.classes());
        let all = drawn.fold(FaultClasses::NONE, FaultClasses::and);
        assert_eq!(all, kind.classes, "{}", kind.name);
    }
}

#[test]
fn a_seed_draws_the_same_again_and_another_draws_something_else() {
    let (nemesis, setting) = (of_all(), setting());
    let drawn: Vec<Drawn> = (0..50).map(|seed| nemesis.draw(&setting, seed)).collect();
    for (seed, one) in (0..).zip(&drawn) {
        assert_eq!(*one, nemesis.draw(&setting, seed), "seed {seed}");
        assert!(drawn.iter().filter(|other| *other == one).count() == 1, "seed {seed} is like another");
    }
}

#[test]
fn each_kind_is_on_in_half_of_the_seeds_and_one_at_least_in_each() {
    let (nemesis, setting) = (of_all(), setting());
    let drawn: Vec<Drawn> = (0..SEEDS).map(|seed| nemesis.draw(&setting, seed)).collect();
    for kind in kinds() {
        let on = drawn.iter().filter(|one| one.kinds.contains(&kind.name)).count() as u64;
        assert!(on.abs_diff(SEEDS / 2) < SEEDS / 20, "{} is on in {on} of {SEEDS} seeds", kind.name);
    }
    let pair = super::tests::nemesis(["pause", "crash"]);
    for seed in 0..SEEDS {
        let drawn = pair.draw(&setting, seed);
        assert!(!drawn.kinds.is_empty(), "seed {seed} has nothing on");
        let classes = |name: &&str| find(name).map(|kind| kind.classes).unwrap_or_default();
        let on = drawn.kinds.iter().map(classes).fold(FaultClasses::NONE, FaultClasses::and);
        assert_eq!(drawn.plan.classes().among(on), drawn.plan.classes(), "seed {seed} has what is off");
    }
}

#[test]
fn faults_come_after_the_beginning_and_before_the_end_and_the_heal() {
    let setting = setting();
    for until in [Span::secs(5), Span::secs(15)] {
        let nemesis = Nemesis { until, ..of_all() };
        let end = until.min(Span::secs(10));
        let mut last = Span::ZERO;
        for seed in 0..SEEDS / 10 {
            let plan = nemesis.draw(&setting, seed).plan;
            let times: Vec<Span> = plan.faults.iter().filter_map(|fault| fault.when.time()).collect();
            assert_eq!(times.len(), plan.faults.len(), "no fault waits for anything");
            assert!(times.is_sorted(), "seed {seed}: the plan is in order");
            assert!(times.iter().all(|at| *at >= Span::secs(1) && *at < end), "seed {seed}: {times:?}");
            last = times.last().copied().unwrap_or_default().max(last);
        }
        assert!(last + Span::millis(900) > end, "faults come until the end: {last}");
    }
}

#[test]
fn seeds_differ_in_how_often_and_how_hard() {
    let (nemesis, setting) = (of_all(), setting());
    let drawn: Vec<Drawn> = (0..SEEDS).map(|seed| nemesis.draw(&setting, seed)).collect();
    let spread = |of: &dyn Fn(&Drawn) -> u64| {
        let values: BTreeSet<u64> = drawn.iter().map(of).collect();
        (*values.first().unwrap_or(&0), *values.last().unwrap_or(&0))
    };
    let (gentlest, hardest) = spread(&|one| u64::from(one.intensity));
    assert_eq!((gentlest, hardest), (10, 100));
    let (densest, thinnest) = spread(&|one| (one.every.min.0 + one.every.max.0) / 2_000_000);
    assert!(densest < 250 && thinnest > 850, "the mean gap is between {densest} and {thinnest} ms");
    let within = |one: &Drawn| one.every.min >= nemesis.every.min && one.every.max <= nemesis.every.max;
    assert!(drawn.iter().all(within), "no gap leaves the range");
}

#[test]
fn kinds_that_can_do_nothing_here_are_not_drawn() {
    let mut setting = setting();
    setting.zones.clear();
    let nemesis = of_all();
    for seed in 0..SEEDS / 10 {
        let drawn = nemesis.draw(&setting, seed);
        assert!(!drawn.kinds.contains(&"zone-outage"), "seed {seed}: there are no zones");
    }
    let nothing = super::tests::nemesis(["zone-outage"]).draw(&setting, 1);
    assert!(nothing.kinds.is_empty() && nothing.plan.faults.is_empty(), "{nothing}");
}

#[test]
fn a_coordination_service_is_hit_and_parted_as_its_contenders_are() {
    let mut served = setting();
    served.service = NodeSet::first(5).minus(NodeSet::first(2));
    served.zones = vec![Zone { name: "a".to_owned(), nodes: served.service }];
    let plans = |setting: &Setting| -> String {
        (0..SEEDS / 10).map(|seed| of_all().draw(setting, seed).plan.to_string()).collect()
    };
    let (with, without) = (plans(&served), plans(&setting()));
    for selector in
        ["service", "service 3", "service-leader", "service-followers", "random-service(1)", "contenders"]
    {
        let quoted = format!("\"{selector}\"");
        assert!(with.contains(&quoted), "{selector} is never hit");
        assert!(!without.contains(&quoted), "{selector} is hit where there is no service");
    }
    for stranger in ["node 3", "node 4", "node 5"] {
        assert!(
            !with.contains(&format!("\"{stranger}\"")),
            "only contenders go by their numbers: {stranger}"
        );
    }
}

#[test]
fn what_is_drawn_is_printed_as_tables_below_a_comment() {
    let text = of_all().draw(&setting(), 7).to_string();
    let first = text.lines().next().unwrap_or_default();
    assert!(first.starts_with("# kinds: ") && first.ends_with(" %"), "{first}");
    assert!(text.contains("\n[[fault]]\nat = \""), "{text}");
    assert!(of_all().classes().has(FaultClass::Pause));
}
