//! The heal of a core: what is among its nodes works again, and the rest stays broken.

use crate::story::{
    Story, Told, all_ms, cluster, crash, cut, ms, n, node, nodes, partition, pause, restart, slow, stall,
};
use interregnum_kernel::{GlobalTime, NodeId, Span, What};
use interregnum_world::{Cue, Happening, Selector, Trigger};

/// Four nodes of which the first two are healed at 50 ms.
fn two_of_four() -> Story {
    cluster(4).healed_at(50).with(|setting| setting.core = vec![node(1), node(2)])
}

fn lifted(run: &Told) -> Vec<(GlobalTime, NodeId)> {
    run.observed(|what| matches!(what, What::FaultLifted(_)))
}

#[test]
fn links_among_the_core_open_and_others_stay_cut() {
    let run = two_of_four().at(10, cut(&[Selector::All], &[Selector::All])).told();
    assert_eq!(
        run.open,
        [(1, 2), (1, 5), (2, 1), (2, 5), (3, 5), (4, 5), (5, 1), (5, 2), (5, 3), (5, 4)],
        "those between the two nodes; the resource was never cut off"
    );
    assert_eq!(run.observed(|what| *what == What::Healed), [(ms(50), n(1))], "the heal is observed");
}

#[test]
fn the_core_reaches_the_resource_again_and_others_do_not() {
    let run = two_of_four().at(10, partition(&[&[Selector::All], &[Selector::Resource]])).told();
    let to_resource: Vec<u8> = (1..=4).filter(|from| run.is_open(*from, 5)).collect();
    let from_resource: Vec<u8> = (1..=4).filter(|to| run.is_open(5, *to)).collect();
    assert_eq!((to_resource, from_resource), (vec![1, 2], vec![1, 2]), "both ways");
}

#[test]
fn nodes_of_the_core_start_and_others_stay_down() {
    let run = two_of_four().at(10, crash(&[node(2), node(4)])).told();
    assert_eq!(run.starts(2), all_ms(&[0, 50]), "one of the core's");
    assert_eq!(run.up, nodes(&[1, 2, 3]), "the other stays down");
}

#[test]
fn a_node_of_the_core_starts_whose_crash_has_another_cause_than_a_lasting_fault() {
    let story = two_of_four().with(|setting| setting.down = nodes(&[2, 3]));
    let run = story.at(10, restart(&[node(2), node(3)])).at(20, crash(&[node(2), node(3)])).told();
    assert_eq!((run.starts(2), run.starts(3)), (all_ms(&[10, 50]), all_ms(&[10])), "as at any heal");
}

#[test]
fn processes_of_the_core_go_on_and_others_stay_stopped() {
    let run = two_of_four().at(10, pause(&[node(2), node(3)])).told();
    assert_eq!(run.observed(|what| *what == What::Resumed), [(ms(50), n(2))], "one of the core's");
    assert_eq!(run.arriving(1, 3, "Beacon"), [], "the other hears nothing to the end");
}

#[test]
fn disks_of_the_core_work_and_others_stay_stalled() {
    let run = two_of_four().at(5, stall(&[node(2), node(3)])).told();
    assert_eq!(run.fsyncs(2)[1], (ms(52), 1), "one of the core's, in its time");
    assert_eq!(run.fsyncs(3).len(), 1, "the other's never again");
}

#[test]
fn nodes_of_the_core_are_no_longer_slow_and_others_are() {
    let run = two_of_four().at(15, slow(3, &[node(2), node(3)])).told();
    let late = |to| run.arriving(1, to, "Beacon").last().copied();
    assert_eq!((late(2), late(3)), (Some(ms(91)), Some(ms(94))), "the core's and the other");
}

#[test]
fn what_stays_broken_still_ends_by_itself() {
    let run = two_of_four()
        .during(10, 80, pause(&[node(2), node(3)]))
        .during(10, 80, crash(&[node(4)]))
        .during(10, 80, cut(&[node(1)], &[node(2), node(4)]))
        .told();
    let resumed = run.observed(|what| *what == What::Resumed);
    assert_eq!(resumed, [(ms(50), n(2)), (ms(80), n(3))], "a pause");
    assert_eq!(run.starts(4), all_ms(&[0, 80]), "a crash");
    assert_eq!(run.cut_off(1, 4, "Beacon"), all_ms(&[10, 20, 30, 40, 50, 60, 70]), "a cut");
    assert_eq!(run.cut_off(1, 2, "Beacon"), all_ms(&[10, 20, 30, 40]), "which had ended in the core");
    assert_eq!(lifted(&run), [(ms(80), n(1)); 3], "and each is observed once");
}

#[test]
fn what_was_healed_whole_does_not_end_again() {
    let run = two_of_four()
        .during(10, 80, cut(&[node(1)], &[node(2)]))
        .during(10, 80, pause(&[node(2)]))
        .at(70, cut(&[node(1)], &[node(2)]))
        .told();
    assert_eq!(lifted(&run), [], "nothing is left of it");
    assert_eq!(run.cut_off(1, 2, "Beacon").last(), Some(&ms(100)), "and a later cut stays");
}

#[test]
fn cuts_that_stack_are_undone_in_the_core_and_kept_outside() {
    let run = two_of_four()
        .during(10, 70, cut(&[node(1)], &[node(2), node(3)]))
        .at(10, cut(&[node(1)], &[node(2), node(3)]))
        .told();
    assert!(run.is_open(1, 2), "both are gone in the core");
    assert!(!run.is_open(1, 3), "and the one that lasts is in force outside it");
}

#[test]
fn a_cores_heal_is_the_end_of_triggers_too() {
    let cue = Cue::Event(Happening::Crashed);
    let trigger = Trigger { cue, at: Vec::new(), count: 1, after: Span::ZERO };
    let run = two_of_four().upon(trigger, pause(&[node(3)])).at(60, crash(&[node(4)])).told();
    assert_eq!(run.observed(|what| *what == What::Stopped), [], "what was planned later comes alone");
}

#[test]
fn a_core_can_be_drawn() {
    let mut cores = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let story = cluster(4).healed_at(50).at(10, cut(&[Selector::All], &[Selector::All]));
        let run =
            story.with(|setting| setting.core = vec![Selector::Leader, Selector::Random(1)]).told_with(seed);
        let among: Vec<(u8, u8)> =
            run.open.iter().copied().filter(|(from, to)| *from < 5 && *to < 5).collect();
        assert_eq!(among.len(), 2, "two nodes, both ways (seed {seed})");
        assert_eq!(among[0].0, 1, "one of them leads (seed {seed})");
        cores.insert(among[0].1);
    }
    assert_eq!(cores.into_iter().collect::<Vec<_>>(), [2, 3, 4], "and the other is anyone");
}
