//! Clients, and the resource that fences.

use crate::story::{Story, Told, cluster, crash, cut, ms, n, node, partition};
use interregnum_kernel::{GlobalTime, NodeId, Span, What};
use interregnum_world::record::InputRecord;
use interregnum_world::{Endpoint, Probability, Selector, Setting};

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Sent,
    Accepted,
    Rejected,
}

use Step::{Accepted, Rejected, Sent};

fn steps(run: &Told, step: Step) -> Vec<(GlobalTime, NodeId, u64)> {
    let write = |seen: &interregnum_kernel::Observation| match (step, seen.what) {
        (Sent, What::WriteSent(write))
        | (Accepted, What::WriteAccepted(write))
        | (Rejected, What::WriteRejected(write)) => Some((seen.at, seen.node, write.number)),
        _ => None,
    };
    run.heard.iter().filter_map(write).collect()
}

fn writers(run: &Told, step: Step) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = steps(run, step).into_iter().map(|(_, node, _)| node).collect();
    nodes.dedup();
    nodes
}

/// When clients asked.
fn ticks(run: &Told) -> Vec<GlobalTime> {
    let due =
        |input: &InputRecord| matches!(input, InputRecord::World { what } if what.starts_with("clients'"));
    run.entries.iter().filter(|entry| due(&entry.input)).map(|entry| entry.at_ns).collect()
}

/// A write is due every 10 ms, and leaves so many milliseconds after it was decided on.
fn writing(story: Story, check_to_act: u64) -> Story {
    story.with(|setting| {
        setting.workload.writes_every = Some(Span::millis(10));
        setting.workload.check_to_act = (Span::millis(check_to_act), Span::millis(check_to_act));
    })
}

#[test]
fn only_who_leads_writes() {
    let run = writing(cluster(3), 0).told();
    assert_eq!(writers(&run, Sent), [n(1)], "the leader");
    assert_eq!(steps(&run, Sent).len(), ticks(&run).len(), "once for each turn");
    let run = writing(cluster(3).kept_by(&[]), 0).told();
    assert_eq!(steps(&run, Sent), [], "without a leader nobody does");
    assert!(!ticks(&run).is_empty(), "although clients ask");
}

#[test]
fn the_clients_turns_come_in_their_rhythm_from_a_drawn_phase() {
    let run = writing(cluster(3), 0).told();
    let turns = ticks(&run);
    assert_eq!(turns.len(), 10, "ten turns in 100 ms");
    assert!(turns[0] < GlobalTime::ZERO + Span::millis(10), "the first within the first period");
    assert!(
        turns.windows(2).all(|two| two[1].since(two[0]) == Span::millis(10)),
        "then every 10 ms: {turns:?}"
    );
    assert_ne!(ticks(&writing(cluster(3), 0).told_with(2))[0], turns[0], "another seed has another phase");
}

#[test]
fn a_write_leaves_when_its_process_comes_to_it() {
    let run = writing(cluster(3), 3).told();
    let sent: Vec<GlobalTime> = steps(&run, Sent).into_iter().map(|(at, ..)| at).collect();
    let due: Vec<GlobalTime> = ticks(&run).into_iter().map(|at| at + Span::millis(3)).collect();
    assert_eq!(sent, due[..sent.len()], "3 ms after it was decided on");
    let accepted: Vec<GlobalTime> = steps(&run, Accepted).into_iter().map(|(at, ..)| at).collect();
    let arrived: Vec<GlobalTime> = sent.iter().map(|at| *at + Span::millis(1)).collect();
    assert_eq!(accepted, arrived[..accepted.len()], "and is judged when the network has carried it");
    assert!(accepted.len() >= 9, "as nearly all were within 100 ms");
}

#[test]
fn a_leader_without_its_quorum_still_reaches_the_resource() {
    let run = writing(cluster(3), 0).at(35, partition(&[&[node(1)], &[node(2), node(3)]])).told();
    assert_eq!(steps(&run, Accepted).len(), steps(&run, Sent).len(), "every write is taken, cut off or not");
    let run = writing(cluster(3), 0).at(35, cut(&[node(1)], &[Selector::Resource])).told();
    let late = GlobalTime::ZERO + Span::millis(36);
    assert!(steps(&run, Accepted).iter().all(|(at, ..)| *at < late), "cut from the resource, none is");
    assert!(steps(&run, Sent).iter().any(|(at, ..)| *at > late), "although it goes on sending");
}

#[test]
fn a_write_on_its_way_is_dropped_by_a_cut_from_the_resource() {
    let story = writing(cluster(2), 0).until(Span::millis(10));
    let before = story.told();
    let sent = steps(&before, Sent)[0].0;
    let run = story
        .with(|setting| {
            let lever = cut(&[node(1)], &[Selector::Resource]);
            let at = Span(sent.0 + 500_000);
            setting.plan.faults.push(interregnum_world::PlannedFault::at(at, lever).lasting(Span(1)));
        })
        .told();
    assert_eq!(steps(&run, Sent), steps(&before, Sent), "it left");
    assert_eq!(steps(&run, Accepted), [], "and never arrived, although the link was open by then");
    assert_eq!(steps(&before, Accepted).len(), 1, "as it does without the cut");
}

/// Two leaders that do not hear each other; the second has the higher epoch.
fn two_leaders() -> Story {
    writing(cluster(3).kept_by(&[1, 2]).at(1, partition(&[&[node(1)], &[node(2), node(3)]])), 0)
}

#[test]
fn a_stale_token_is_rejected_once_a_higher_one_was_seen() {
    let run = two_leaders().told();
    let (accepted, rejected) = (steps(&run, Accepted), steps(&run, Rejected));
    assert_eq!(
        accepted[..2].iter().map(|(_, node, _)| *node).collect::<Vec<_>>(),
        [n(1), n(2)],
        "first come"
    );
    assert!(accepted[1..].iter().all(|(_, node, _)| *node == n(2)), "then only the higher epoch's");
    assert!(rejected.iter().all(|(_, node, _)| *node == n(1)), "the old leader's are refused");
    assert_eq!(accepted.len() + rejected.len(), steps(&run, Sent).len(), "each is judged once");
}

#[test]
fn without_fencing_a_stale_token_is_accepted() {
    let run = two_leaders().with(|setting| setting.fencing = false).told();
    assert_eq!(steps(&run, Rejected), [], "nothing is refused");
    assert_eq!(steps(&run, Accepted).len(), steps(&run, Sent).len(), "all are taken");
}

#[test]
fn a_write_whose_process_died_before_acting_is_never_sent() {
    let story = writing(cluster(3), 5).during(43, 44, crash(&[node(1)]));
    let (run, calm) = (story.told(), writing(cluster(3), 5).told());
    let crash = GlobalTime::ZERO + Span::millis(43);
    let doomed: Vec<GlobalTime> =
        ticks(&run).into_iter().filter(|at| *at < crash && *at + Span::millis(5) > crash).collect();
    let calm_sent: Vec<_> = steps(&calm, Sent).into_iter().map(|(at, ..)| at).collect();
    let sent: Vec<_> = steps(&run, Sent).into_iter().map(|(at, ..)| at).collect();
    for at in doomed.iter().map(|at| *at + Span::millis(5)) {
        assert!(
            !sent.contains(&at),
            "decided on before the crash, due after it: the next process knows nothing of it"
        );
        assert!(calm_sent.contains(&at), "without the crash it was sent");
    }
    assert_eq!(sent.len() + doomed.len(), calm_sent.len(), "all others are sent");
}

#[test]
fn the_crash_of_the_test_above_falls_between_deciding_and_acting() {
    // Without this the claim above could hold for want of a doomed write.
    let turns = ticks(&writing(cluster(3), 5).told());
    let crash = GlobalTime::ZERO + Span::millis(43);
    assert!(
        turns.iter().any(|at| *at < crash && *at + Span::millis(5) > crash),
        "seed 1 has no such turn: {turns:?}"
    );
}

#[test]
fn a_write_that_the_network_doubles_is_judged_twice() {
    let double = |setting: &mut Setting| {
        let link = Setting::link_index(3, Endpoint::from(n(1)), Endpoint::resource(3));
        setting.links[link].duplicate = Probability::ALWAYS;
    };
    let run = writing(cluster(3), 0).with(double).until(Span::millis(95)).told();
    let sent: Vec<u64> = steps(&run, Sent).into_iter().map(|(.., number)| number).collect();
    let judged: Vec<u64> = steps(&run, Accepted).into_iter().map(|(.., number)| number).collect();
    let twice: Vec<u64> = sent.iter().flat_map(|number| [*number, *number]).collect();
    assert_eq!(judged, twice[..judged.len()], "each number comes twice");
    assert!(judged.len() + 2 >= twice.len(), "all but what was under way at the end");
}

#[test]
fn proposals_go_to_who_leads() {
    let story = cluster(3).with(|setting| setting.workload.proposals_every = Some(Span::millis(20)));
    let proposed = |what: &What| matches!(what, What::Proposed(_));
    let run = story.told();
    assert_eq!(run.observed(proposed).len(), 5, "five in 100 ms");
    assert!(run.observed(proposed).iter().all(|(_, node)| *node == n(1)), "all to the leader");
    assert_eq!(story.kept_by(&[]).told().observed(proposed), [], "without a leader there is nobody to ask");
}

/// Clients take so many milliseconds to find a leader.
fn discovering(story: Story, least: u64, most: u64) -> Story {
    let takes = Some((Span::millis(least), Span::millis(most)));
    story.with(|setting| {
        setting.workload.discovery = takes;
        setting.workload.proposals_every = Some(Span::millis(10));
    })
}

/// When clients found a leader, and whom.
fn found(run: &Told) -> Vec<(GlobalTime, NodeId)> {
    run.observed(|what| matches!(what, What::Discovered(_)))
}

fn elected(run: &Told) -> Vec<(GlobalTime, NodeId)> {
    run.observed(|what| matches!(what, What::Elected(_)))
}

#[test]
fn nobody_asks_a_leader_before_clients_have_found_it() {
    let run = discovering(writing(cluster(3), 0), 40, 40).told();
    let [(at, leader)] = elected(&run)[..] else { panic!("one election: {:?}", elected(&run)) };
    let known = at + Span::millis(40);
    assert_eq!(found(&run), [(known, leader)], "40 ms after its election");
    let writes = steps(&run, Sent);
    assert!(writes.iter().all(|(at, ..)| *at >= known), "no write before that: {writes:?}");
    assert!(writes.len() >= 3, "and writes after it: {writes:?}");
    let proposals = run.observed(|what| matches!(what, What::Proposed(_)));
    assert!(proposals.iter().all(|(at, _)| *at >= known), "no command either: {proposals:?}");
    assert!(proposals.len() >= 3, "and commands after it: {proposals:?}");
}

#[test]
fn the_time_to_find_a_leader_is_drawn_within_its_range() {
    let story = discovering(cluster(3), 10, 60);
    let mut times: Vec<Span> = Vec::new();
    for seed in 1..=200 {
        let run = story.told_with(seed);
        times.push(found(&run)[0].0.since(elected(&run)[0].0));
    }
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(*least >= Span::millis(10) && *least < Span::millis(12), "from 10 ms on: {least}");
    assert!(*most <= Span::millis(60) && *most > Span::millis(58), "up to 60 ms: {most}");
}

#[test]
fn an_old_leader_is_asked_as_long_as_it_believes() {
    // The second leader dies before clients find it, and is elected anew when it starts again.
    let story = two_leaders().during(20, 60, crash(&[node(2)])).until(Span::millis(200));
    let run = discovering(story, 30, 30).told();
    let again = elected(&run).into_iter().find(|(at, node)| *node == n(2) && *at > ms(20));
    let (again, _) = again.expect("it keeps the light again");
    let known = again + Span::millis(30);
    let writes = steps(&run, Sent);
    let by = |node, from: GlobalTime, to: GlobalTime| {
        writes.iter().filter(|(at, writer, _)| *writer == node && *at >= from && *at < to).count()
    };
    let end = ms(200);
    assert_eq!(by(n(2), GlobalTime::ZERO, known), 0, "the successor is not known yet");
    assert!(by(n(2), known, end) > 0, "and is asked afterwards");
    assert!(by(n(1), again, known) > 0, "the old leader writes meanwhile");
    assert!(by(n(1), known, end) > 0, "and goes on: whoever knows it may not have heard of another");
}

#[test]
fn a_leader_that_dies_before_it_is_found_is_found_only_after_its_next_election() {
    let story = discovering(writing(cluster(3), 0).during(20, 25, crash(&[node(1)])), 40, 40);
    let run = story.until(Span::millis(200)).told();
    let (elections, found) = (elected(&run), found(&run));
    let doomed = elections[0].0;
    assert!(doomed < ms(20), "it leads when it dies: {elections:?}");
    assert!(found.iter().all(|(at, _)| *at != doomed + Span::millis(40)), "nobody is there then: {found:?}");
    let later: Vec<_> = elections[1..].iter().map(|(at, node)| (*at + Span::millis(40), *node)).collect();
    assert_eq!(found, later[..found.len()], "40 ms after each election since");
    assert!(!found.is_empty(), "there was one");
}

#[test]
fn leaders_that_are_known_at_once_leave_the_run_as_it_was() {
    let story = writing(cluster(3).during(30, 50, crash(&[node(1)])), 2);
    let calm = story.told();
    assert_eq!(found(&calm), [], "nobody is looked for");
    let late = discovering(story.clone(), 90, 90).with(|setting| setting.workload.proposals_every = None);
    let late = late.told();
    assert_eq!(ticks(&late), ticks(&calm), "the clients' rhythm is the same with and without");
    assert_eq!(elected(&late), elected(&calm), "and so is what the nodes do");
    assert_ne!(late.outcome.digest, calm.outcome.digest, "the writes are not");
}
