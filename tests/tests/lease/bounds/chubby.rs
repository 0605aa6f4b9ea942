//! Chubby's lock. L: the lease, A: `answer_before`, D: the lock-delay, R: the longest `acquire_retry`, w: an entry's way
//! through the cell. Clocks are perfect. A contender talks to the master directly or through another service node: i is one way
//! or two for the holder, j for the other contender.
//!
//! - An answer leaves the master at t and renews the session until t + L. The client gets it i ways later, and its next KeepAlive
//!   leaves at once, waits at the master, and is answered at t + L - A, which renews the session until t + 2L - A, whether
//!   the client is alive or not.
//! - At best the holder dies just before its next KeepAlive leaves, at t + i: the session ends L - i later. At worst just after:
//!   2L - A - i later.
//! - The end of the session is agreed on w later. The lock is kept back for D.
//! - By then the other contender asks again and again, every R + 2j at the latest. The attempt that comes after the lock-delay
//!   gets it, and that is agreed on and told w + j later.
//!
//! The least: L - 2 ways + 2w + D + 1 way, where the other is at the master, in a third of the trials. The crash has to be right,
//! and an attempt to come just when the lock-delay is over. The most: 2L - A - 1 way + 2w + D + R + 4 ways + 2 ways, where the
//! holder is at the master. The pause between two attempts has to be nearly the longest besides.
//!
//! Ten attempts have come before that, so that where between two of them the lock-delay ends is open.

use super::{Bound, Failovers, TRIALS, Window, agreement, ways};
use crate::told::{Told, crash, even, watch};
use interregnum_kernel::{FencingToken, Jitter, Leadership, NodeId, Parameters, Span};
use interregnum_world::{PlannedFault, Selector};
use rayon::prelude::*;
use std::sync::Arc;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x6368_7562_6279_2006;

const LEASE: Span = Span::millis(300);
const ANSWER_BEFORE: Span = Span::millis(100);
const LOCK_DELAY: Span = Span::millis(375);
const RETRY: Jitter = Jitter { min: Span::millis(25), max: Span::millis(50) };
/// From answer to answer.
const KEEP_ALIVE: Span = Span::millis(200);

#[test]
fn failovers_lie_between_the_bounds_and_some_come_close_to_both() {
    let failovers = Failovers {
        algorithm: "lease-chubby",
        parameters: Parameters::of(2).with_service(3),
        root_seed: ROOT_SEED,
        starts: Window { from: Span::millis(600), over: KEEP_ALIVE },
        dies: Window { from: Span::millis(1_500), over: KEEP_ALIVE },
        rest: Span::millis(1_200),
    };
    let least = LEASE.saturating_sub(ways(2)) + agreement().scaled(2, 1) + LOCK_DELAY + ways(1);
    let most = LEASE.scaled(2, 1).saturating_sub(ANSWER_BEFORE + ways(1))
        + agreement().scaled(2, 1)
        + LOCK_DELAY
        + RETRY.max
        + ways(4)
        + ways(2);
    let mean_pause = (RETRY.min + RETRY.max).scaled(1, 2) + ways(4);
    failovers.lie_between(
        &Bound { at: least, renewal: KEEP_ALIVE, phases: vec![mean_pause], one_in: 3 },
        &Bound {
            at: most,
            renewal: KEEP_ALIVE,
            phases: vec![mean_pause, RETRY.max.saturating_sub(RETRY.min)],
            one_in: 3,
        },
    );
}

/// One run in which the master dies.
fn without_its_master(trial: u64) -> Told {
    let parameters = Parameters::of(3).with_service(3);
    let mut setting = even(&parameters, Span::secs(5));
    let dies = Span::secs(2) + KEEP_ALIVE.scaled(trial, 1_000);
    setting.plan.faults.push(PlannedFault::at(dies, crash(Selector::ServiceLeader)));
    let seed = ROOT_SEED.wrapping_add(TRIALS + trial);
    watch("lease-chubby", &parameters, Arc::new(setting), seed..seed + 1).remove(0)
}

/// A local lease has from A less two hops to L left when the master dies. The next master is elected within 150 to some
/// 330 ms, so that most sessions are in jeopardy for a while; no lock changes hands.
#[test]
fn a_masters_crash_costs_the_holder_a_jeopardy_at_most() {
    let quiet = (0..1000_u64).into_par_iter().filter(|trial| {
        let told = without_its_master(*trial);
        let (at, _) = told.crash_after(Span::ZERO);
        let reigns: Vec<(NodeId, Leadership)> =
            told.reigns().map(|(_, node, leadership)| (node, leadership)).collect();
        let first = reigns[0];
        assert!(reigns.iter().all(|reign| *reign == first), "trial {trial}: {reigns:?}");
        assert_eq!(first.1.token, Some(FencingToken(1)), "trial {trial}: the lock's first generation");
        let last = told.turns().filter(|(when, node, _)| *when > at && *node == first.0).last();
        assert!(last.is_none_or(|(.., begins)| begins), "trial {trial}: the holder is not back in office");
        last.is_some()
    });
    let quiet = quiet.count();
    println!("quiet for a while in {quiet} of 1000 runs");
    assert!(quiet > 100, "a jeopardy is put to the test: {quiet}");
}
