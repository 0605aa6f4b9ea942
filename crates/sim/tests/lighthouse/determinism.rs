//! Determinism: a run is a function of setting, protocol and seed, and a fault moves nothing that it does not touch.

use crate::protocol::Lighthouse;
use crate::story::{
    Recording, Story, cluster, crash, crash_with, cut, ms, n, node, partition, pause, slow, stall, transfer,
};
use interregnum_kernel::{GlobalTime, Interest, Jitter, NodeId, Observation, Observer, Span, TraceDigest};
use interregnum_sim::Simulator;
use interregnum_world::nemesis::{Nemesis, kinds};
use interregnum_world::record::{EffectRecord, Entry, InputRecord};
use interregnum_world::{Cue, Happening, Latency, Lever, Probability, Selector, Trigger, Unsynced};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Two keepers, fickle links, random fsyncs and clocks, clients and faults.
pub(crate) fn busy() -> Story {
    let mut story = cluster(5)
        .kept_by(&[1, 2])
        .with_every_link(|link| {
            link.latency = Latency::Uniform { min: Span::micros(200), max: Span::millis(9) };
            link.loss = Probability::new(0.05);
            link.duplicate = Probability::new(0.1);
        })
        .with(|setting| {
            setting.fsync = Latency::exponential(Span::micros(100), Span::millis(3));
            setting.clocks.drift_ppm = (-200, 200);
            setting.workload.writes_every = Some(Span::millis(7));
            setting.workload.proposals_every = Some(Span::millis(11));
            setting.workload.check_to_act = (Span::ZERO, Span::millis(2));
        })
        .during(100, 200, cut(&[node(1)], &[node(2)]))
        .during(150, 250, crash(&[Selector::Random(1)]))
        .during(180, 220, stall(&[Selector::Random(2)]))
        .during(300, 350, partition(&[&[Selector::Leader, Selector::Random(1)], &[Selector::Rest]]))
        .healed_at(400)
        .until(Span::millis(500));
    story.protocol.every = Jitter::between(Span::millis(3), Span::millis(12));
    story.protocol.patience = Jitter::between(Span::millis(15), Span::millis(40));
    story
}

fn digest(story: &Story, seed: u64) -> TraceDigest {
    Simulator::new(story.protocol.clone(), Arc::new(story.setting.clone()), ()).run(seed).digest
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let story = busy();
    let (first, second) = (story.told_with(7), story.told_with(7));
    assert_eq!(first.outcome, second.outcome, "the same outcome");
    assert_eq!(first.entries, second.entries, "the same events, each in every detail");
    assert_eq!(first.heard, second.heard, "the same observations");
}

#[test]
fn different_seeds_give_different_runs() {
    let story = busy();
    let digests: BTreeSet<TraceDigest> = (0..200).map(|seed| digest(&story, seed)).collect();
    assert_eq!(digests.len(), 200, "200 seeds, 200 digests");
}

#[test]
fn nothing_leaks_from_one_run_into_the_next() {
    let story = busy();
    let mut reused: Recording = Simulator::with_parts(
        story.protocol.clone(),
        Arc::new(story.setting.clone()),
        Vec::new(),
        Vec::new(),
    );
    for seed in [3, 1, 4, 1, 5, 9, 2, 6] {
        let outcome = reused.run(seed);
        let (entries, heard) = (std::mem::take(reused.recorder_mut()), std::mem::take(reused.observer_mut()));
        let fresh = story.told_with(seed);
        assert_eq!(outcome, fresh.outcome, "the outcome of seed {seed}");
        assert_eq!(heard, fresh.heard, "the observations of seed {seed}");
        assert!(entries == fresh.entries, "the records of seed {seed}");
    }
}

/// Every kind of random fault, one upon the other, faults with triggers, and a heal that leaves two nodes as they are:
/// when the run ends, processes are stopped and slow, clocks stand and disks lie.
fn nasty() -> Story {
    let upon = |cue, count| Trigger { cue, at: Vec::new(), count, after: Span::millis(1) };
    let mut story = busy()
        .upon(upon(Cue::Phase("beacon-queued".to_owned()), 9), pause(&[Selector::Subject]))
        .upon(upon(Cue::Event(Happening::Crashed), 2), stall(&[Selector::All]))
        .upon(upon(Cue::Epoch(2), 2), slow(3, &[Selector::Subject]))
        .upon(upon(Cue::Event(Happening::Elected), u32::MAX), crash(&[Selector::All]));
    story.setting.core = vec![Selector::Random(3)];
    story.setting.nemesis = Some(Nemesis {
        faults: kinds().iter().map(|kind| kind.name).collect(),
        every: Jitter::between(Span::millis(2), Span::millis(20)),
        from: Span::ZERO,
        until: Span::millis(400),
    });
    story
}

#[test]
fn no_fault_leaks_from_one_run_into_the_next() {
    let story = nasty();
    let new = || Simulator::new(story.protocol.clone(), Arc::new(story.setting.clone()), ());
    let mut reused = new();
    let mut cut_short = new();
    for seed in (0..150).chain([3, 3, 14]) {
        let fresh = new().run(seed);
        assert_eq!(reused.run(seed), fresh, "after the runs of all seeds below {seed}");
        // In the middle of everything.
        cut_short = cut_short.with_event_limit(100 + 7 * seed);
        cut_short.run(seed + 1);
        cut_short = cut_short.with_event_limit(u64::MAX);
        assert_eq!(cut_short.run(seed), fresh, "after a run that was stopped, seed {seed}");
    }
}

#[test]
fn a_run_that_was_stopped_early_leaves_nothing_behind() {
    let story = busy();
    let setting = Arc::new(story.setting.clone());
    let mut simulator = Simulator::new(story.protocol.clone(), setting, ());
    let whole = simulator.run(8).digest;
    let mut stopped =
        Simulator::new(story.protocol.clone(), Arc::new(story.setting.clone()), ()).with_event_limit(700);
    assert_eq!(stopped.run(1), stopped.run(1), "a stopped run repeats");
    let mut after = stopped.with_event_limit(u64::MAX);
    assert_eq!(after.run(8).digest, whole, "and the next one is as if it had never been");
}

#[test]
fn recording_and_listening_change_nothing() {
    let story = busy();
    for seed in 0..20 {
        let recorded = story.told_with(seed).outcome;
        let unheard = Simulator::new(story.protocol.clone(), Arc::new(story.setting.clone()), ()).run(seed);
        assert_eq!(recorded, unheard, "seed {seed}");
    }
}

#[test]
fn a_stopped_run_leaves_no_timer_behind() {
    let story = cluster(1);
    let build = || Simulator::new(story.protocol.clone(), Arc::new(story.setting.clone()), ());
    let whole = build().run(1);
    // Stopped after the boot and its fsync: the first beacon's timer, due at 10 ms, is still queued.
    let mut simulator = build().with_event_limit(2);
    simulator.run(1);
    let after = simulator.with_event_limit(u64::MAX).run(1);
    assert_eq!(after, whole, "the next run's beacon has an entry of its own");
}

#[test]
fn a_run_does_not_remember_who_led_in_the_one_before() {
    let story = cluster(3)
        .at(5, crash(&[Selector::OldLeader]))
        .at(20, transfer(&[node(2)]))
        .at(50, crash(&[Selector::Leader]));
    let mut simulator = Simulator::new(story.protocol, Arc::new(story.setting), ());
    assert_eq!(simulator.run(1).missed_faults, 1, "at 5 ms there is no old leader yet");
    assert_eq!(simulator.run(1).missed_faults, 1, "in the second run neither");
}

/// Wants one kind of observation only.
#[derive(Debug, Default)]
struct OnlyQuorums(Vec<Observation>);

impl Observer for OnlyQuorums {
    fn interest(&self) -> Interest {
        Interest::QUORUM
    }
    fn observe(&mut self, seen: &Observation) {
        self.0.push(*seen);
    }
}

#[test]
fn a_listener_hears_what_it_asked_for_and_nothing_else() {
    let story = busy();
    let mut picky =
        Simulator::new(story.protocol.clone(), Arc::new(story.setting.clone()), OnlyQuorums::default());
    picky.run(3);
    let of_all = |seen: &&Observation| seen.what.interest().meets(Interest::QUORUM);
    let expected: Vec<Observation> = story.told_with(3).heard.iter().filter(of_all).copied().collect();
    assert!(!expected.is_empty(), "there is something to hear");
    assert_eq!(picky.observer().0, expected, "the same as a listener to everything hears of it");
}

/// What happened at a node, without the numbers that a dropped fault shifts.
fn history(entries: &[Entry], node: NodeId, until: GlobalTime) -> Vec<(GlobalTime, &InputRecord)> {
    let here = entries.iter().filter(|entry| entry.node == Some(node) && entry.at_ns < until);
    here.map(|entry| (entry.at_ns, &entry.input)).collect()
}

/// The times at which a node's sends arrive, in the order of sending.
fn flights(entries: &[Entry], from: NodeId, to: NodeId) -> Vec<(GlobalTime, Vec<GlobalTime>)> {
    let mut found = Vec::new();
    for entry in entries.iter().filter(|entry| entry.node == Some(from)) {
        for effect in &entry.effects {
            if let EffectRecord::Send { to: receiver, arrivals, .. } = effect
                && *receiver == to
            {
                found.push((entry.at_ns, arrivals.iter().map(|(_, at)| *at).collect()));
            }
        }
    }
    found
}

#[test]
fn a_dropped_fault_changes_nothing_before_it() {
    let story = busy();
    for place in 0..story.setting.plan.faults.len() {
        let at = GlobalTime::ZERO + story.setting.plan.faults[place].when.time().expect("a time");
        let (whole, shrunk) = (story.told_with(5), story.clone().without_fault(place).told_with(5));
        for number in 1..=5 {
            let (before, after) =
                (history(&whole.entries, n(number), at), history(&shrunk.entries, n(number), at));
            assert_eq!(before, after, "node {number} until fault {place} is due");
            assert!(!before.is_empty(), "something happened before it");
        }
    }
}

#[test]
fn a_dropped_cut_leaves_messages_elsewhere_as_they_were() {
    let mut story = cluster(3)
        .with_every_link(|link| {
            link.latency = Latency::Uniform { min: Span::micros(100), max: Span::millis(9) };
            link.loss = Probability::new(0.1);
            link.duplicate = Probability::new(0.2);
            link.reorder = Probability::new(0.2);
            link.reorder_delay = Latency::exponential(Span::ZERO, Span::millis(10));
        })
        .during(50, 150, cut(&[node(1)], &[node(2)]))
        .until(Span::millis(500));
    story.protocol.every = Jitter::between(Span::millis(3), Span::millis(12));
    let (whole, shrunk) = (story.told_with(5), story.clone().without_fault(0).told_with(5));
    assert_eq!(
        flights(&whole.entries, n(1), n(3)),
        flights(&shrunk.entries, n(1), n(3)),
        "the same sender's messages to the third node travel as long, lose and double alike"
    );
    let late = |flights: Vec<(GlobalTime, Vec<GlobalTime>)>| -> Vec<_> {
        flights.into_iter().filter(|(sent, _)| *sent >= ms(150)).collect()
    };
    let (cut, open) = (flights(&whole.entries, n(1), n(2)), flights(&shrunk.entries, n(1), n(2)));
    assert_eq!(
        late(cut.clone()),
        late(open.clone()),
        "and so do those on the link itself once it is open again"
    );
    assert_ne!(cut, open, "although it was cut");
}

#[test]
fn a_dropped_lie_changes_nothing_on_other_disks() {
    let each = Jitter::between(Span::micros(10), Span::millis(3));
    let story = cluster(3)
        .during(5, 90, Lever::SlowNode { target: vec![node(2)], each })
        .during(20, 40, crash_with(Unsynced::Random, &[node(2)]))
        .during(5, 90, Lever::DiskLie { target: vec![node(3)] });
    let (whole, shrunk) = (story.told_with(5), story.clone().without_fault(2).told_with(5));
    let of_second = |entries| history(entries, n(2), GlobalTime(u64::MAX));
    assert_eq!(
        of_second(&whole.entries),
        of_second(&shrunk.entries),
        "how long its inputs take, also after its crash"
    );
}

#[test]
fn a_dropped_fault_does_not_change_whom_another_draws() {
    let second = |story: &Story, seed| {
        let told = story.told_with(seed);
        let crashed = told.observed(|what| *what == interregnum_kernel::What::Crashed);
        crashed.into_iter().filter(|(at, _)| *at == ms(60)).map(|(_, node)| node).collect::<Vec<_>>()
    };
    let both = cluster(9).at(30, stall(&[Selector::Random(3)])).at(60, crash(&[Selector::Random(2)]));
    let alone = both.clone().without_fault(0);
    for seed in 0..30 {
        assert_eq!(second(&both, seed), second(&alone, seed), "seed {seed}");
    }
    let drawn: BTreeSet<_> = (0..30).map(|seed| second(&alone, seed)).collect();
    assert!(drawn.len() > 5, "and it does draw: {drawn:?}");
}

#[test]
fn equal_faults_draw_for_themselves() {
    let restless = cluster(9).at(30, crash(&[Selector::Random(4)])).at(30, crash(&[Selector::Random(4)]));
    let counts: BTreeSet<usize> = (0..40).map(|seed| restless.told_with(seed).crashed().len()).collect();
    assert!(counts.len() > 2, "two equal faults at one instant do not hit the same nodes: {counts:?}");
}

#[test]
fn runs_of_two_simulators_may_interleave() {
    let story = busy();
    let build = || -> Simulator<Lighthouse> {
        Simulator::new(story.protocol.clone(), Arc::new(story.setting.clone()), ())
    };
    let (mut left, mut right) = (build(), build());
    for seed in 0..10 {
        assert_eq!(left.run(seed).digest, digest(&story, seed), "seed {seed}");
        assert_eq!(right.run(9 - seed).digest, digest(&story, 9 - seed), "seed {}", 9 - seed);
    }
}
