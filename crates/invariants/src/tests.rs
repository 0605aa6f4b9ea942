//! What holds for every monitor and for the suite that holds them.

use crate::history::{History, history, n};
use crate::{
    Demand, INVARIANTS, Monitor, PropertyKind, Selection, Setting, Suite, UnknownInvariant, Verdict,
};
use interregnum_kernel::{
    Command, Connected, Digest, Epoch, GlobalTime, Incarnation, Interest, Observation, Observer, Office,
    Role, Span, TraceDigest, What,
};
use std::collections::BTreeSet;
use std::hash::Hash;

/// A check that every monitor must pass.
pub(crate) trait Check {
    fn check<M: Monitor>(&mut self);
}

fn asking() -> Setting {
    let within = Span::millis(5);
    Setting {
        nodes: 5,
        heal: Some(GlobalTime(90_000_000)),
        leader_within: Some(within),
        leader_during: Some(Demand { within, of: Connected::Quorum }),
    }
}

/// A story in which everything happens and every property is exercised and violated.
fn everything_goes_wrong() -> History {
    let story = history()
        .in_setting(asking())
        .booted(n(1))
        .stored(n(1), 1)
        .voted(n(1), 1, n(1))
        .entered(n(1), 1)
        .elected(n(1), 1)
        .with_log(&[])
        .lease_held(n(1))
        .gained_quorum(n(1), 1)
        .committed(n(1), 1, 1)
        .accepted(n(1), 1)
        .at(10)
        .voted(n(1), 1, n(2))
        .elected(n(2), 1)
        .lease_held(n(2))
        .at(20)
        .elected(n(2), 2)
        .with_log(&[2])
        .committed(n(2), 1, 2)
        .accepted(n(2), 2)
        .accepted(n(1), 1)
        .rejected(n(1), 1)
        .granted(n(3), 2, n(1))
        .granted(n(3), 1, n(2))
        .renewed(n(3), 1, 100)
        .expired(n(3), 1);
    let story = story.lost_quorum(n(1), 1).lease_lost(n(1)).deposed(n(1)).crashed(n(1)).restarted(n(1), 0);
    let story = story.at(30).links_changed(Connected::Quorum);
    story.at(90).healed().at(99).ended()
}

/// A story in which every safety property is put to the test and none is violated.
fn all_is_well() -> History {
    let story = history()
        .booted(n(1))
        .stored(n(1), 1)
        .voted(n(1), 1, n(1))
        .entered(n(1), 1)
        .elected(n(1), 1)
        .with_log(&[])
        .lease_held(n(1))
        .committed(n(1), 1, 1)
        .accepted(n(1), 1)
        .at(10)
        .lease_lost(n(1))
        .crashed(n(1))
        .at(20)
        .elected(n(2), 2)
        .with_log(&[1])
        .lease_held(n(2))
        .committed(n(2), 1, 1)
        .accepted(n(2), 2)
        .granted(n(3), 1, n(1))
        .granted(n(3), 2, n(2))
        .renewed(n(3), 1, 50)
        .at(80)
        .expired(n(3), 1);
    story.restarted(n(1), 1).stored(n(1), 2).at(99).ended()
}

fn after(story: &History) -> Suite {
    let mut suite = Suite::new(&story.setting());
    story.told_to(&mut suite);
    suite
}

fn digest(value: &impl Hash) -> TraceDigest {
    let mut digest = Digest::default();
    value.hash(&mut digest);
    digest.value()
}

fn verdicts(suite: &Suite) -> Vec<(&'static str, Verdict)> {
    suite.verdicts().map(|(info, report)| (info.name, report.verdict())).collect()
}

#[test]
fn names_are_unique_and_every_entry_is_described() {
    let names: BTreeSet<_> = INVARIANTS.iter().map(|info| info.name).collect();
    assert_eq!(names.len(), INVARIANTS.len(), "each name is used once");
    let codes: BTreeSet<_> = INVARIANTS.iter().map(|info| info.code).collect();
    assert_eq!(codes.len(), INVARIANTS.len(), "and so is each code");
    for info in INVARIANTS {
        let kebab = info.name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(kebab, "{} is in lower case with dashes", info.name);
        assert!(!info.summary.is_empty() && !info.source.is_empty(), "{} says what and whence", info.name);
    }
}

#[test]
fn every_monitor_can_be_violated() {
    for (name, verdict) in verdicts(&after(&everything_goes_wrong())) {
        assert_eq!(verdict, Verdict::Violated, "{name}");
    }
}

#[test]
fn every_safety_monitor_can_hold() {
    let suite = after(&all_is_well());
    for (info, report) in suite.verdicts().filter(|(info, _)| info.kind == PropertyKind::Safety) {
        assert_eq!(report.verdict(), Verdict::Holds, "{}: {:?}", info.name, report.violation());
        assert!(report.exercised() > 0, "{} was exercised", info.name);
    }
}

#[test]
fn nothing_heard_is_nothing_exercised() {
    for (name, verdict) in verdicts(&Suite::new(&asking())) {
        assert_eq!(verdict, Verdict::NotExercised, "{name}");
    }
}

#[test]
fn a_reset_suite_equals_a_new_one() {
    let mut suite = after(&everything_goes_wrong());
    assert_ne!(suite, Suite::new(&asking()), "the story left its mark");
    suite.reset(&asking());
    assert_eq!(suite, Suite::new(&asking()));
    assert_eq!(digest(&suite), digest(&Suite::new(&asking())));
    for (info, report) in suite.verdicts() {
        assert_eq!(report.exercised(), 0, "{} has forgotten its counts", info.name);
    }
    assert_eq!(suite.stale_writes(), Default::default());
}

#[test]
fn a_reset_suite_judges_like_a_new_one_even_in_another_setting() {
    let mut suite = after(&everything_goes_wrong());
    suite.reset(&all_is_well().setting());
    all_is_well().told_to(&mut suite);
    assert_eq!(suite, after(&all_is_well()));
}

#[test]
fn equal_histories_leave_equal_suites_with_equal_hashes() {
    for story in [all_is_well(), everything_goes_wrong()] {
        assert_eq!(after(&story), after(&story));
        assert_eq!(digest(&after(&story)), digest(&after(&story)));
    }
}

#[test]
fn the_order_of_unrelated_events_leaves_no_trace() {
    let one = history().voted(n(1), 1, n(1)).voted(n(3), 1, n(1)).stored(n(2), 1).stored(n(1), 1);
    let other = history().stored(n(1), 1).stored(n(2), 1).voted(n(3), 1, n(1)).voted(n(1), 1, n(1));
    assert_eq!(after(&one), after(&other));
    assert_eq!(digest(&after(&one)), digest(&after(&other)));
}

#[test]
fn counts_alone_do_not_tell_suites_apart() {
    let once = after(&history().elected(n(1), 1));
    let twice = after(&history().elected(n(1), 1).deposed(n(1)).elected(n(1), 1));
    let count = |suite: &Suite| suite.election_safety().report().exercised();
    assert_ne!(count(&once), count(&twice), "they counted differently");
    assert_eq!(once, twice, "but will judge alike");
    assert_eq!(digest(&once), digest(&twice));
}

#[test]
fn a_suite_wants_what_its_monitors_want_and_no_more() {
    let suite = Suite::new(&asking()).only(&["vote-once"]).expect("the name is known");
    assert_eq!(suite.interest(), Interest::FACTS);
    let suite = Suite::new(&asking()).only(&[]).expect("no name is unknown");
    assert_eq!(suite.interest(), Interest::NONE);
    let idle = Suite::new(&Setting { heal: None, leader_during: None, ..asking() });
    assert!(!idle.interest().meets(Interest::QUORUM), "nobody asks for a leader, so nobody asks who obeys");
    assert!(Suite::new(&asking()).interest().meets(Interest::QUORUM));
}

#[test]
fn a_monitor_that_is_switched_off_hears_nothing_and_has_no_verdict() {
    let story = everything_goes_wrong();
    let mut suite = Suite::new(&story.setting()).only(&["election-safety", "log-agreement"]).expect("known");
    story.told_to(&mut suite);
    assert_eq!(
        verdicts(&suite).iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["election-safety", "log-agreement"]
    );
    assert_eq!(suite.vote_once().report().exercised(), 0);
    assert_eq!(suite.stale_writes(), Default::default());
}

#[test]
fn an_unknown_name_is_refused_with_the_known_ones() {
    let refused = Suite::new(&asking()).only(&["election-saftey"]);
    assert_eq!(refused, Err(UnknownInvariant("election-saftey".to_owned())));
    let words = refused.expect_err("refused").to_string();
    assert!(words.contains("`election-saftey`") && words.contains(" election-safety"), "{words}");
}

#[test]
fn selections_name_every_place() {
    let all: Vec<_> = INVARIANTS.iter().map(|info| info.name).collect();
    assert_eq!(Selection::named(&all), Ok(Selection::ALL));
    let safety = Selection::of_kind(PropertyKind::Safety);
    assert_eq!(safety.and_also(Selection::of_kind(PropertyKind::Liveness)), Selection::NONE);
}

/// Every observation of a rich story, and one of each kind that the story lacks.
fn one_of_each() -> Vec<Observation> {
    let told = everything_goes_wrong();
    let others = [
        What::RoleChanged(Role::Leader),
        What::Proposed(Command(1)),
        What::FaultInjected(0),
        What::FaultLifted(0),
        What::FaultMissed(0),
        What::EpochEntered(Epoch(9)),
        What::Stopped,
        What::Resumed,
    ];
    let more = others.map(|what| Observation {
        at: GlobalTime(99_000_000),
        node: n(1),
        incarnation: Incarnation::ZERO,
        office: Office::CONTESTED,
        what,
    });
    told.observations().iter().copied().chain(more).collect()
}

/// A monitor's interest covers what it needs: whatever it does not ask for would make no difference to it.
struct IndifferentToTheRest;

impl Check for IndifferentToTheRest {
    fn check<M: Monitor>(&mut self) {
        let (mut hears_all, mut hears_its_own) = (M::new(&asking()), M::new(&asking()));
        for observation in one_of_each() {
            hears_all.observe(&observation);
            if M::INTEREST.meets(observation.what.interest()) {
                hears_its_own.observe(&observation);
            }
            let name = M::INFO.name;
            assert!(hears_all == hears_its_own, "{name} did not ask for {:?}", observation.what);
            let counts = [&hears_all, &hears_its_own].map(|monitor| monitor.report().exercised());
            assert_eq!(counts[0], counts[1], "{name} counted {:?}", observation.what);
        }
    }
}

#[test]
fn a_monitor_asks_for_everything_that_matters_to_it() {
    crate::for_every_monitor(&mut IndifferentToTheRest);
}

/// The interest of the whole suite covers every monitor's.
struct Covered(Interest);

impl Check for Covered {
    fn check<M: Monitor>(&mut self) {
        assert_eq!(self.0.and(M::INTEREST), self.0, "{} is not heard", M::INFO.name);
    }
}

#[test]
fn the_suites_interest_covers_every_monitors() {
    crate::for_every_monitor(&mut Covered(Suite::new(&asking()).interest()));
}
