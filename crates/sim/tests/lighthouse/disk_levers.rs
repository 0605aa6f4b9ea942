//! Disks that are slow, that lie, that are set back, and that are gone.

use crate::story::{Story, Told, cluster, crash, crash_with, ms, node, stall};
use interregnum_kernel::{GlobalTime, Jitter, Span};
use interregnum_world::{Connections, DiskAfter, Latency, Lever, Selector, Unsynced, Wake};

/// Makes fsyncs longer by so many milliseconds.
fn slow(number: u8, from: u64, to: u64) -> Lever {
    Lever::DiskSlow { target: vec![node(number)], by: Jitter::between(Span::millis(from), Span::millis(to)) }
}

fn lie(target: &[Selector]) -> Lever {
    Lever::DiskLie { target: target.to_vec() }
}

fn crash_into(disk: DiskAfter) -> Lever {
    Lever::Crash { target: vec![node(2)], unsynced: Unsynced::Lost, connections: Connections::Silent, disk }
}

fn rollback(millis: u64) -> Lever {
    crash_into(DiskAfter::RolledBack(Span::millis(millis)))
}

/// What the book of node 2 holds in the end.
fn book(story: &Story) -> (u64, Vec<u64>) {
    let book = &story.told().books[1];
    (book.boots, book.beacons.clone())
}

/// How long each fsync of node 2 took that covered one beacon, in nanoseconds.
fn durations(run: &Told) -> Vec<u64> {
    let heard = run.arriving(1, 2, "Beacon");
    let ends: Vec<GlobalTime> = run.fsyncs(2).into_iter().skip(1).map(|(at, _)| at).collect();
    heard.into_iter().zip(ends).map(|(from, to)| to.since(from).0).collect()
}

#[test]
fn a_slow_disk_is_slow_by_exactly_that() {
    let run = cluster(2).during(12, 41, slow(2, 7, 7)).told();
    let expected = [(ms(2), 1), (ms(13), 1), (ms(30), 1), (ms(40), 1), (ms(43), 1)];
    assert_eq!(
        run.fsyncs(2)[..5],
        expected,
        "each that begins between: not the one under way, nor the one after"
    );
    assert_eq!(run.fsyncs(1), cluster(2).told().fsyncs(1), "another disk is as it was");
}

#[test]
fn slow_disks_add_up_and_end_one_by_one() {
    let run = cluster(2).during(15, 35, slow(2, 3, 3)).during(16, 25, slow(2, 4, 4)).told();
    let expected = [(ms(2), 1), (ms(13), 1), (ms(30), 1), (ms(36), 1), (ms(43), 1)];
    assert_eq!(run.fsyncs(2)[..5], expected, "7 ms more, 3 ms more, and nothing more");
}

#[test]
fn an_fsync_takes_by_itself_what_it_would_without_the_fault() {
    let jittery = || {
        let fsync = Latency::Uniform { min: Span::millis(1), max: Span::millis(3) };
        cluster(2).with(|setting| setting.fsync = fsync)
    };
    let (without, exactly) =
        (durations(&jittery().told()), durations(&jittery().at(5, slow(2, 2, 2)).told()));
    let more: Vec<u64> = without.iter().zip(&exactly).map(|(without, with)| with - without).collect();
    assert_eq!(more, [Span::millis(2).0; 9], "the draws are the same, to the nanosecond");
    let drawn = durations(&jittery().at(5, slow(2, 1, 4)).told());
    let more: Vec<u64> = without.iter().zip(&drawn).map(|(without, with)| with - without).collect();
    let range = Span::millis(1).0..=Span::millis(4).0;
    assert!(more.iter().all(|more| range.contains(more)), "what is added is within what was asked: {more:?}");
    assert!(more.iter().min() < more.iter().max(), "and drawn each time: {more:?}");
}

#[test]
fn an_fsync_that_a_stall_delayed_is_slow_when_it_begins_anew() {
    let run = cluster(2).during(12, 30, stall(&[node(2)])).at(20, slow(2, 7, 7)).told();
    assert_eq!(run.fsyncs(2)[1], (ms(39), 1), "2 ms and 7 ms after the stall");
}

#[test]
fn a_stall_without_an_end_lasts_for_ever() {
    let run = cluster(2).at(12, stall(&[node(2)])).until(Span::secs(2)).told();
    assert_eq!(run.fsyncs(2), [(ms(2), 1)]);
    assert_eq!(run.leaving(2, 1, "Stored"), [], "no promise that waits for the disk is made");
    assert_eq!(run.leaving(2, 1, "Seen").len(), 199, "while the process goes on");
    assert_eq!(run.books[1].beacons, [] as [u64; 0]);
}

#[test]
fn a_lying_disk_loses_what_it_acknowledged_in_a_crash() {
    let story = cluster(2).at(15, lie(&[node(2)])).at(50, crash(&[node(2)]));
    let run = story.told();
    assert_eq!(run.leaving(2, 1, "Stored").len(), 4, "four beacons are acknowledged until 50 ms");
    assert_eq!(book(&story), (1, vec![1]), "and one of them is there, from before the lie");
    assert_eq!(run.outcome.counters.lost_writes, 3, "the others are counted as lost");
}

#[test]
fn a_lie_does_not_show_without_a_crash() {
    let (lying, honest) = (cluster(2).at(15, lie(&[node(2)])).told(), cluster(2).told());
    assert_eq!(lying.leaving(2, 1, "Stored"), honest.leaving(2, 1, "Stored"));
    assert_eq!(lying.fsyncs(2), honest.fsyncs(2));
    assert_eq!(lying.books, honest.books);
}

#[test]
fn what_is_left_when_a_lie_ends_is_durable() {
    let story = cluster(2).during(15, 45, lie(&[node(2)])).at(50, crash(&[node(2)]));
    assert_eq!(book(&story), (1, vec![1, 2, 3, 4]));
    let story = cluster(2).at(15, lie(&[node(2)])).healed_at(45).at(50, crash(&[node(2)]));
    assert_eq!(book(&story), (1, vec![1, 2, 3, 4]), "by healing as well");
}

#[test]
fn overlapping_lies_end_with_the_last() {
    let story = cluster(2).during(15, 30, lie(&[node(2)])).during(25, 70, lie(&[node(2)]));
    assert_eq!(book(&story.at(50, crash(&[node(2)]))), (1, vec![1]), "from the beginning of the first");
    let story = cluster(2).during(15, 46, lie(&[node(2)])).during(25, 30, lie(&[node(2)]));
    assert_eq!(book(&story.clone().at(45, crash(&[node(2)]))), (1, vec![1]), "to the end of the longer");
    assert_eq!(book(&story.at(47, crash(&[node(2)]))), (1, vec![1, 2, 3, 4]), "and no further");
}

#[test]
fn a_crash_that_keeps_everything_keeps_what_a_disk_lied_about() {
    let story = cluster(2).at(15, lie(&[node(2)])).at(52, crash_with(Unsynced::Kept, &[node(2)]));
    assert_eq!(book(&story), (1, vec![1, 2, 3, 4, 5]), "the write that is under way as well");
}

#[test]
fn a_random_crash_leaves_any_prefix_of_what_a_disk_lied_about() {
    let story = cluster(2).at(15, lie(&[node(2)])).at(50, crash_with(Unsynced::Random, &[node(2)]));
    let mut left = [0; 4];
    for seed in 1..=100 {
        let beacons = story.told_with(seed).books[1].beacons.clone();
        assert!(
            [1, 2, 3, 4].starts_with(&beacons) && !beacons.is_empty(),
            "a prefix: {beacons:?} (seed {seed})"
        );
        left[beacons.len() - 1] += 1;
    }
    assert!(left.iter().all(|times| *times > 10), "each about as often as another: {left:?}");
}

#[test]
fn a_disk_that_goes_on_lying_keeps_what_a_crash_has_left() {
    let story = cluster(2).at(15, lie(&[node(2)])).during(35, 38, crash(&[node(2)]));
    assert_eq!(book(&story), (2, vec![1, 4, 5, 6, 7, 8, 9]), "2 and 3 are lost, 4 comes after the restart");
    let story = story.at(65, crash(&[node(2)]));
    assert_eq!(book(&story), (1, vec![1]), "with the restart and what came after");
}

#[test]
fn a_disk_can_begin_to_lie_while_its_node_is_down() {
    let story =
        cluster(2).during(15, 25, crash(&[node(2)])).at(20, lie(&[node(2)])).at(50, crash(&[node(2)]));
    assert_eq!(book(&story), (1, vec![1]), "the second boot was never stored");
}

#[test]
fn a_lie_counts_writes_whose_end_a_paused_process_has_not_heard() {
    let pause = || Lever::Pause { target: vec![node(2)], wake: Wake::TimersFirst };
    let paused = || cluster(2).at(22, pause()).at(40, crash(&[node(2)]));
    assert_eq!(book(&paused()), (1, vec![1, 2]), "the fsync of the second ended at 23 ms");
    assert_eq!(book(&paused().at(15, lie(&[node(2)]))), (1, vec![1]), "or so the disk said");
    let freed = cluster(2).during(22, 40, pause()).at(15, lie(&[node(2)]));
    assert_eq!(
        book(&freed.clone().at(48, crash(&[node(2)]))),
        (1, vec![1]),
        "once, whoever hears of it when"
    );
    assert_eq!(
        book(&freed).1.len(),
        cluster(2).told().books[1].beacons.len(),
        "and none is lost without a crash"
    );
}

#[test]
fn a_rollback_brings_back_exactly_the_earlier_state() {
    let rolled = |by| book(&cluster(2).at(50, rollback(by)));
    assert_eq!(rolled(0), (1, vec![1, 2, 3, 4]), "nothing is no time ago");
    assert_eq!(rolled(8), (1, vec![1, 2, 3]), "the fourth was durable at 43 ms");
    assert_eq!(rolled(17), (1, vec![1, 2, 3]), "the third at 33 ms, which is 17 ms ago");
    assert_eq!(rolled(18), (1, vec![1, 2]), "and not before");
    assert_eq!(rolled(49), (0, vec![]), "at 1 ms not even the boot was");
    assert_eq!(rolled(1_000), (0, vec![]), "before the start there was what was installed");
}

#[test]
fn a_node_boots_from_what_a_rollback_brought_back() {
    let story = cluster(2).during(50, 55, rollback(20));
    assert_eq!(book(&story), (2, vec![1, 2, 6, 7, 8, 9]), "3 and 4 are gone, 5 came while it was down");
}

#[test]
fn a_rollback_reaches_beyond_an_earlier_one_and_beyond_a_crash() {
    let again = |by| book(&cluster(2).during(50, 55, rollback(20)).at(80, rollback(by)));
    assert_eq!(again(12), (2, vec![1, 2, 6]), "after it");
    assert_eq!(again(28), (1, vec![1, 2]), "between it and the next boot");
    assert_eq!(again(40), (1, vec![1, 2, 3]), "before it");
    let kept = cluster(2).during(12, 15, crash_with(Unsynced::Kept, &[node(2)]));
    assert_eq!(book(&kept.clone().at(50, rollback(38))), (1, vec![1]), "a crash kept it, at 12 ms");
    assert_eq!(book(&kept.at(50, rollback(39))), (1, vec![]), "and it was not there before");
}

#[test]
fn a_rollback_does_not_bring_back_what_a_lie_has_lost() {
    let story = cluster(2).at(15, lie(&[node(2)]));
    assert_eq!(book(&story.clone().at(50, rollback(10))), (1, vec![1]), "2 and 3 were never on the disk");
    assert_eq!(book(&story.at(50, rollback(40))), (1, vec![]), "nor was 1 at 10 ms");
}

#[test]
fn a_replaced_node_boots_from_an_empty_disk() {
    let story = cluster(2).during(30, 40, crash_into(DiskAfter::Emptied));
    assert_eq!(book(&story), (1, vec![4, 5, 6, 7, 8, 9]), "it knows of one boot, and of nothing before");
    let story = cluster(2).at(15, lie(&[node(2)])).at(30, crash_into(DiskAfter::Emptied));
    assert_eq!(book(&story), (0, vec![]), "whatever its disk said");
}

#[test]
fn healing_a_core_leaves_the_other_disks_as_they_are() {
    let healed = |story: Story| story.healed_at(45).with(|setting| setting.core = vec![node(3)]).told();
    let run = healed(cluster(3).at(5, slow(2, 4, 4)).at(5, slow(3, 4, 4)));
    assert_eq!((run.fsyncs(2)[5], run.fsyncs(3)[5]), ((ms(57), 1), (ms(53), 1)), "slow outside the core");
    let run = healed(cluster(3).at(15, stall(&[node(2)])).at(15, stall(&[node(3)])));
    assert_eq!((run.fsyncs(2).len(), run.fsyncs(3)[2]), (2, (ms(47), 1)), "stalled outside the core");
    let lying = cluster(3).at(15, lie(&[node(2)])).at(15, lie(&[node(3)]));
    let run = healed(lying.at(50, crash(&[node(2), node(3)])));
    assert_eq!(run.books[1].beacons, [1], "lying outside the core");
    assert_eq!(run.books[2].beacons, [1, 2, 3, 4], "honest within it");
}
