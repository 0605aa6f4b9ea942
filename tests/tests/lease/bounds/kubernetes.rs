//! Kubernetes' Lease. L: the lease duration, R: the retry period, P: the longest pause between a candidate's tries, 2.2 R; r: a
//! read's time there and back, u: a write's with its fsync. There are two contenders and one service node.
//!
//! The holder's last write is agreed on at W. It dies at the earliest just before it would send the next, at W + 1 way + R; at
//! the latest when that has just left, u - 1 way before it is agreed on. The candidate's tries begin a pause and r apart.
//! The first that sees the write begins 0 to P + r after W + 1 way, the first that begins L after it has been seen another
//! 0 to P + r later, and it takes r + u to lead (`crates/algorithms/src/lease/kubernetes/mod.rs` has it step by step).
//!
//! - The least: L - R + r + u. Besides the crash, the try that sees the write and the one that takes the lease have to be right:
//!   two phases, each as wide as the mean pause and r.
//! - The most: L + 2P + 3r + 2u. Both tries come nearly a whole pause late, and these pauses are nearly the longest: four phases
//!   besides the crash.
//!
//! Between those two tries lie a dozen others with matched timers, and four or five with production's; one pause differs
//! from the mean by 0.22 of the mean pause, so that even of five the sum is spread over half a pause, and where between
//! two tries L is over is open within some 3 %.
//!
//! And by how much clocks may differ and an answer may be late until two act at once.

use super::{Bound, Failovers, Window};
use crate::told::{FSYNC, WAY, even, watch};
use interregnum_kernel::{Jitter, Parameters, Profile, Span};
use interregnum_world::{ClockChoice, Damage, InFlight, Lever, PlannedFault, Selector};
use std::sync::Arc;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x6b75_6265_6c65_6173;

/// A profile's lease duration and retry period.
fn timers(profile: Profile) -> (Span, Span) {
    match profile {
        Profile::Matched => (Span::secs(1), Span::millis(50)),
        Profile::Production => (Span::secs(15), Span::secs(2)),
    }
}

#[test]
fn failovers_lie_between_the_bounds_and_some_come_close_to_both() {
    for profile in [Profile::Matched, Profile::Production] {
        let (lease, retry) = timers(profile);
        let longest = retry.scaled(220, 100);
        let (read, write) = (WAY + WAY, WAY + FSYNC + WAY);
        // A renewal comes a retry period after the last answer, and takes its way there, an fsync, and its way back.
        let renewal = retry + write;
        let pause = (retry + longest).scaled(1, 2) + read;
        let spread = longest.saturating_sub(retry);
        let failovers = Failovers {
            algorithm: "lease-kubernetes",
            parameters: Parameters { profile, ..Parameters::of(2).with_service(1) },
            root_seed: ROOT_SEED,
            starts: Window { from: lease, over: renewal },
            dies: Window { from: lease.scaled(2, 1), over: renewal },
            rest: lease.scaled(2, 1),
        };
        failovers.lie_between(
            &Bound {
                at: lease.saturating_sub(retry) + read + write,
                renewal,
                phases: vec![pause, pause],
                one_in: 1,
            },
            &Bound {
                at: lease + longest.scaled(2, 1) + read.scaled(3, 1) + write.scaled(2, 1),
                renewal,
                phases: vec![pause, spread, pause, spread],
                one_in: 1,
            },
        );
    }
}

/// Cuts the holder off from the service for good.
fn cut_off(at: Span) -> PlannedFault {
    let groups = vec![vec![Selector::Leader], vec![Selector::Service]];
    PlannedFault::at(at, Lever::Partition { groups, in_flight: InFlight::Drop })
}

/// In how many of so many runs two held a lease at once. Eight candidates look often enough to find the lease's end soon.
fn overlaps(faults: Vec<PlannedFault>, runs: u64) -> usize {
    let parameters = Parameters { profile: Profile::Production, ..Parameters::of(9).with_service(1) };
    let mut setting = even(&parameters, Span::secs(70));
    setting.plan.faults = faults;
    let told = watch("lease-kubernetes", &parameters, Arc::new(setting), ROOT_SEED..ROOT_SEED + runs);
    told.into_iter().filter(|told| told.leases_overlap()).count()
}

/// The holder's clocks gain so many thousandths less than they should in the time in which the others' gain a thousand.
fn slow_holder(thousandths: i32, runs: u64) -> usize {
    let slow = Lever::ClockDrift {
        target: vec![Selector::Leader],
        ppm: -1_000 * thousandths,
        clock: ClockChoice::Both,
    };
    overlaps(vec![PlannedFault::at(Span::secs(20), slow), cut_off(Span::secs(31))], runs)
}

#[test]
fn clocks_may_differ_by_the_lease_over_the_retry_period_and_the_deadline_and_no_more() {
    // 12 s of a clock that is slow by 19.9 % are 14.98 s, by 25 % are 16 s. The documented 1.5 would bear 33.3 %.
    let (below, above) = (slow_holder(199, 400), slow_holder(250, 400));
    println!("clocks slow by 19.9 %: {below} of 400 overlap; by 25 %: {above}");
    assert_eq!(below, 0, "a rate of 1.248 is borne");
    assert!(above > 0, "a rate of 1.333 is not, although it is below 1.5");
}

/// The answers to the holder's last renewals are late by so much, and then it is cut off.
fn late_answers(late: Span, runs: u64) -> usize {
    let delay = Lever::Degrade {
        from: vec![Selector::Service],
        to: vec![Selector::Leader],
        symmetric: false,
        damage: Damage { delay: Jitter::exactly(late), ..Damage::default() },
        only: Vec::new(),
    };
    // Renewals of the cut-off holder do not arrive any more; answers on their way to it do.
    let cut = Lever::Cut {
        from: vec![Selector::Leader],
        to: vec![Selector::Service],
        in_flight: InFlight::Deliver,
    };
    overlaps(vec![PlannedFault::at(Span::secs(20), delay), PlannedFault::at(Span::secs(22), cut)], runs)
}

#[test]
fn an_answer_may_be_late_by_the_margin_and_no_more() {
    let (below, above) = (late_answers(Span::millis(2_990), 400), late_answers(Span::millis(4_500), 400));
    println!("answers late by 2.99 s: {below} of 400 overlap; by 4.5 s: {above}");
    assert_eq!(below, 0, "3 s less 10 ms");
    assert!(above > 0, "with perfect clocks");
}
