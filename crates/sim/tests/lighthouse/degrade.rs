//! Links that are made worse: later, lossy, doubled, overtaken, by kind of message, stacking, and mended.

use crate::story::{Sent, Story, all_ms, cluster, cut, ms, node};
use interregnum_kernel::{GlobalTime, Jitter, NodeSet, Span, What};
use interregnum_world::{Damage, Latency, Lever, Probability, Selector};

fn delay(millis: u64) -> Damage {
    Damage { delay: Jitter::exactly(Span::millis(millis)), ..Damage::default() }
}

fn delay_range(least: u64, most: u64) -> Damage {
    Damage { delay: Jitter::between(Span::millis(least), Span::millis(most)), ..Damage::default() }
}

fn loss(probability: f64) -> Damage {
    Damage { loss: Probability::new(probability), ..Damage::default() }
}

fn duplicate(probability: f64) -> Damage {
    Damage { duplicate: Probability::new(probability), ..Damage::default() }
}

fn degrade(from: &[Selector], to: &[Selector], damage: Damage) -> Lever {
    Lever::Degrade { from: from.to_vec(), to: to.to_vec(), symmetric: false, damage, only: Vec::new() }
}

fn both_ways(lever: Lever) -> Lever {
    match lever {
        Lever::Degrade { from, to, damage, only, .. } => {
            Lever::Degrade { from, to, symmetric: true, damage, only }
        }
        other => other,
    }
}

fn but_only(kinds: &[&str], lever: Lever) -> Lever {
    match lever {
        Lever::Degrade { from, to, symmetric, damage, .. } => {
            let only = kinds.iter().map(|kind| (*kind).to_string()).collect();
            Lever::Degrade { from, to, symmetric, damage, only }
        }
        other => other,
    }
}

/// From node 1 to node 2, all the time.
fn always(damage: Damage) -> Lever {
    degrade(&[node(1)], &[node(2)], damage)
}

/// The times at which what one node sent another arrives, and how late each copy is if there is one.
fn arrivals(sent: &[Sent]) -> Vec<Vec<GlobalTime>> {
    sent.iter().map(|sent| sent.arrivals.iter().map(|(_, at)| *at).collect()).collect()
}

fn counted(sent: &[Sent], fate: &str) -> usize {
    sent.iter().filter(|sent| sent.fate == fate).count()
}

#[test]
fn a_delayed_message_arrives_late_by_exactly_that() {
    let run = cluster(3).during(15, 45, always(delay(5))).told();
    assert_eq!(
        run.arriving(1, 2, "Beacon"),
        all_ms(&[11, 26, 36, 46, 51, 61, 71, 81, 91]),
        "5 ms later than by itself while it lasts, those on their way at its end included"
    );
    assert_eq!(
        run.arriving(1, 3, "Beacon"),
        all_ms(&[11, 21, 31, 41, 51, 61, 71, 81, 91]),
        "on this link alone"
    );
    assert_eq!(run.arriving(2, 1, "Seen")[1..4], all_ms(&[27, 37, 47]), "and not on its other direction");
}

#[test]
fn a_symmetric_one_delays_both_directions() {
    let run = cluster(2).at(15, both_ways(always(delay(5)))).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[1], ms(26), "the one");
    assert_eq!(run.arriving(2, 1, "Seen")[1], ms(32), "and the other");
    let all = both_ways(degrade(&[Selector::All], &[Selector::All], delay(5)));
    let run = cluster(2).at(15, all).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[1], ms(26), "once, even where both groups name both nodes");
}

#[test]
fn a_delay_is_drawn_from_its_range_for_each_message() {
    let run = cluster(2).until(Span::secs(2)).at(5, always(delay_range(2, 4))).told();
    let late: Vec<Span> =
        run.sent(1, 2, "Beacon").iter().map(|sent| sent.arrivals[0].1.since(sent.at)).collect();
    let (least, most) = (late.iter().min(), late.iter().max());
    assert!(least >= Some(&Span::millis(3)), "never less than the latency and the least delay: {least:?}");
    assert!(most <= Some(&Span::millis(5)), "nor more than with the largest: {most:?}");
    assert!(most > least, "and not always the same");
}

#[test]
fn only_the_kinds_that_are_named_suffer() {
    let story = |kinds: &[&str]| {
        let lever = degrade(&[node(2)], &[node(1)], delay(5));
        cluster(2).at(15, but_only(kinds, lever)).told()
    };
    let run = story(&["Seen"]);
    assert_eq!(run.arriving(2, 1, "Seen")[..3], all_ms(&[12, 27, 37]), "the kind that is named is late");
    assert_eq!(run.arriving(2, 1, "Stored")[..3], all_ms(&[14, 24, 34]), "the other is not");
    let run = story(&["Stored", "Seen"]);
    assert_eq!(run.arriving(2, 1, "Seen")[1], ms(27), "of two kinds, the one");
    assert_eq!(run.arriving(2, 1, "Stored")[1], ms(29), "and the other");
    let run = story(&["RequestVote"]);
    assert_eq!(run.arriving(2, 1, "Seen")[1], ms(22), "a kind that the protocol lacks is never met");
    assert_eq!(run.outcome.missed_faults, 0, "and yet the links were there");
}

#[test]
fn only_one_kind_is_lost() {
    let lever = degrade(&[node(2)], &[node(1)], loss(1.0));
    let run = cluster(2).at(15, but_only(&["Stored"], lever)).told();
    assert_eq!(run.arriving(2, 1, "Stored"), [ms(14)], "none arrives from then on");
    assert_eq!(run.arriving(2, 1, "Seen").len(), 9, "all of the other kind do");
}

#[test]
fn writes_to_the_resource_suffer_unless_kinds_are_named() {
    let writing = |lever: Lever| {
        let run = cluster(2).at(0, lever).with(|setting| {
            setting.workload.writes_every = Some(Span::millis(10));
        });
        let run = run.told();
        let sent = run.observed(|what| matches!(what, What::WriteSent(_)));
        let taken = run.observed(|what| matches!(what, What::WriteAccepted(_)));
        taken.iter().zip(&sent).map(|(taken, sent)| taken.0.since(sent.0)).collect::<Vec<_>>()
    };
    let lever = degrade(&[Selector::Leader], &[Selector::Resource], delay(5));
    assert_eq!(writing(lever.clone())[..3], [Span::millis(6); 3], "a write is late");
    assert_eq!(writing(but_only(&["Beacon"], lever))[..3], [Span::millis(1); 3], "a write has no kind");
    let lever = degrade(&[Selector::Leader], &[Selector::Resource], loss(1.0));
    assert_eq!(writing(lever), [], "a write can be lost");
}

#[test]
fn loss_has_the_rate_it_was_given() {
    let run = cluster(2).until(Span::secs(40)).at(5, always(loss(0.3))).told();
    let sent = run.sent(1, 2, "Beacon");
    assert_eq!(sent.len(), 4000, "a beacon every 10 ms");
    // Four standard deviations of a binomial count: 4 * sqrt(4000 * 0.3 * 0.7) = 116.
    let lost = counted(&sent, "lost");
    assert!((1084..=1316).contains(&lost), "{lost} of 4000 lost at 30 %");
    assert_eq!(run.arriving(1, 2, "Beacon").len(), 3999 - lost, "and none else, but for the one under way");
}

#[test]
fn duplicates_arrive_twice_at_the_rate_given() {
    let run = cluster(2).at(15, always(duplicate(1.0))).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[..5], all_ms(&[11, 21, 21, 31, 31]), "every one twice");
    let run = cluster(2).until(Span::secs(40)).at(5, always(duplicate(0.3))).told();
    let twice = counted(&run.sent(1, 2, "Beacon"), "twice");
    assert!((1084..=1316).contains(&twice), "{twice} of 4000 doubled at 30 %");
    assert_eq!(run.outcome.counters.duplicated, twice as u64, "and counted");
}

#[test]
fn a_copy_travels_on_its_own_and_may_come_first() {
    let run = cluster(2)
        .with_every_link(|link| {
            link.latency = Latency::Uniform { min: Span::millis(1), max: Span::millis(9) };
        })
        .until(Span::secs(10))
        .at(5, always(Damage { delay: Jitter::exactly(Span::millis(20)), ..duplicate(1.0) }))
        .told();
    let sent = run.sent(1, 2, "Beacon");
    let first = sent.iter().filter(|sent| sent.arrivals[1].1 < sent.arrivals[0].1).count();
    // Half of 1000; four standard deviations are 64.
    assert!((436..=564).contains(&first), "the copy is the quicker one as often as not: {first} of 1000");
    let late = sent.iter().flat_map(|sent| sent.arrivals.iter().map(|(_, at)| at.since(sent.at)));
    assert!(late.min() >= Some(Span::millis(21)), "the copy is as late as the link makes everything");
}

#[test]
fn a_message_held_back_is_overtaken() {
    let held = Damage {
        reorder: Probability::ALWAYS,
        reorder_delay: Jitter::exactly(Span::millis(15)),
        ..Damage::default()
    };
    let run = cluster(2).during(15, 25, always(held)).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[..4], all_ms(&[11, 31, 36, 41]), "20's beacon after 30's");
    let at_times = Damage { reorder: Probability::new(0.3), ..held };
    let run = cluster(2).until(Span::secs(40)).at(5, always(at_times)).told();
    let sent = run.sent(1, 2, "Beacon");
    let held = sent.iter().filter(|sent| sent.arrivals[0].1.since(sent.at) == Span::millis(16)).count();
    assert!((1084..=1316).contains(&held), "{held} of 4000 held back at 30 %");
}

#[test]
fn overlapping_degradations_add_up() {
    let run = cluster(2).during(15, 75, always(delay(3))).during(35, 55, always(delay(4))).told();
    assert_eq!(
        run.arriving(1, 2, "Beacon"),
        all_ms(&[11, 24, 34, 48, 58, 64, 74, 81, 91]),
        "3 ms, and 4 ms more while both last"
    );
    let twice = cluster(2).until(Span::secs(40)).at(5, always(loss(0.3))).at(5, always(loss(0.5)));
    let lost = counted(&twice.told().sent(1, 2, "Beacon"), "lost");
    // 1 - 0.7 * 0.5 = 0.65 of 4000, and 4 * sqrt(4000 * 0.65 * 0.35) = 121.
    assert!((2479..=2721).contains(&lost), "{lost} of 4000 lost at 30 % and 50 %");
    let run = cluster(2).at(5, always(duplicate(1.0))).at(5, always(duplicate(1.0))).told();
    assert_eq!(run.arriving(1, 2, "Beacon")[..3], all_ms(&[11, 11, 21]), "two that double leave one copy");
}

#[test]
fn a_degradation_of_one_kind_adds_to_one_of_all() {
    let run = cluster(2)
        .at(5, degrade(&[node(2)], &[node(1)], delay(3)))
        .at(5, but_only(&["Seen"], degrade(&[node(2)], &[node(1)], delay(4))))
        .told();
    assert_eq!(run.arriving(2, 1, "Seen")[0], ms(19), "both");
    assert_eq!(run.arriving(2, 1, "Stored")[0], ms(17), "one");
}

#[test]
fn the_heal_mends_every_link() {
    let all = degrade(&[Selector::All], &[Selector::All], delay(5));
    let run = cluster(3).at(5, all.clone()).at(6, all).healed_at(45).told();
    for to in [2, 3] {
        assert_eq!(run.arriving(1, to, "Beacon")[..5], all_ms(&[21, 31, 41, 51, 51]), "to node {to}");
    }
}

/// Three nodes of which the first two are healed at 45 ms.
fn cored(lever: Lever) -> Story {
    let core = vec![node(1), node(2)];
    cluster(3).during(5, 75, lever).healed_at(45).with(|setting| setting.core = core)
}

#[test]
fn a_core_is_mended_while_the_rest_stays_degraded() {
    let run = cored(degrade(&[Selector::All], &[Selector::All], delay(5))).told();
    let beacons = |to| run.arriving(1, to, "Beacon");
    assert_eq!(beacons(2), all_ms(&[16, 26, 36, 46, 51, 61, 71, 81, 91]), "within the core");
    assert_eq!(beacons(3), all_ms(&[16, 26, 36, 46, 56, 66, 76, 81, 91]), "out of it, until its own end");
    assert_eq!(run.arriving(3, 1, "Seen")[3..6], all_ms(&[52, 62, 72]), "and into it");
    let lifted = run.observed(|what| *what == What::FaultLifted(0));
    assert_eq!(lifted.len(), 1, "what is left of it ends by itself");
}

#[test]
fn a_core_is_opened_while_the_rest_stays_cut() {
    let run = cored(cut(&[Selector::All], &[Selector::All])).told();
    assert_eq!(run.cut_off(1, 2, "Beacon"), all_ms(&[10, 20, 30, 40]), "within the core");
    assert_eq!(run.cut_off(1, 3, "Beacon"), all_ms(&[10, 20, 30, 40, 50, 60, 70]), "out of it");
}

#[test]
fn a_degraded_link_draws_what_it_would_have_drawn() {
    let fickle = cluster(2).until(Span::secs(5)).with_every_link(|link| {
        link.latency = Latency::Uniform { min: Span::millis(1), max: Span::millis(9) };
        link.loss = Probability::new(0.1);
        link.duplicate = Probability::new(0.1);
        link.reorder = Probability::new(0.1);
        link.reorder_delay = Latency::Constant(Span::millis(7));
    });
    let plain = cluster(2).until(Span::secs(5)).with_every_link(|link| {
        link.latency = Latency::Uniform { min: Span::millis(1), max: Span::millis(9) };
    });
    for story in [fickle, plain] {
        let by_itself = story.told().sent(1, 2, "Beacon");
        let later: Vec<Vec<GlobalTime>> = arrivals(&by_itself)
            .into_iter()
            .map(|copies| copies.into_iter().map(|at| at + Span::millis(40)).collect())
            .collect();
        let delayed = story.clone().at(5, always(delay(40))).told().sent(1, 2, "Beacon");
        assert_eq!(arrivals(&delayed), later, "the same, 40 ms later");
        let lossy = story.clone().at(5, always(loss(0.5))).told().sent(1, 2, "Beacon");
        for (with, without) in lossy.iter().zip(&by_itself).filter(|(with, _)| with.fate != "lost") {
            let times = |sent: &Sent| sent.arrivals.iter().map(|(_, at)| *at).collect::<Vec<_>>();
            assert_eq!(times(with), times(without), "what is not lost arrives as it would have");
        }
        let harmed = Damage { duplicate: Probability::new(0.5), ..delay_range(1, 9) };
        let ended = story.clone().during(5, 2005, always(harmed)).told().sent(1, 2, "Beacon");
        let after = |sent: &[Sent]| arrivals(&sent[200..]);
        assert_eq!(after(&ended), after(&by_itself), "and once it ends, all is as it would have been");
    }
}

#[test]
fn a_cut_does_not_shift_what_a_degradation_draws() {
    let harmed =
        Damage { duplicate: Probability::new(0.5), loss: Probability::new(0.1), ..delay_range(1, 9) };
    let story = cluster(2).until(Span::secs(2)).at(5, always(harmed));
    let open = story.told().sent(1, 2, "Beacon");
    let cut = story.during(500, 1000, cut(&[node(1)], &[node(2)])).told().sent(1, 2, "Beacon");
    assert_eq!(cut[60].fate, "cut", "a link that is cut is cut, degraded or not");
    assert_eq!(arrivals(&cut[100..]), arrivals(&open[100..]), "after the cut all is as without it");
}

#[test]
fn a_degradation_without_a_link_is_missed() {
    let nobody = cluster(3).kept_by(&[]).at(5, degrade(&[Selector::Leader], &[Selector::All], delay(5)));
    assert_eq!(nobody.told().outcome.missed_faults, 1, "no sender");
    let alone = cluster(3).at(5, degrade(&[node(1)], &[node(1)], delay(5)));
    assert_eq!(alone.told().outcome.missed_faults, 1, "no link to itself");
}

#[test]
fn a_link_worse_than_it_was_is_neither_cut_nor_closed() {
    let run = cluster(3).at(5, degrade(&[Selector::All], &[Selector::All], loss(1.0))).told();
    assert_eq!(run.open.len(), 4 * 3, "every link is open");
    assert_eq!(counted(&run.sent(1, 2, "Beacon"), "lost"), 10, "what it loses is lost and not cut off");
    assert_eq!(run.up, NodeSet::first(3), "and nobody is down");
}
