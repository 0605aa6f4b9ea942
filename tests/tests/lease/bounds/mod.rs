//! How long failovers take: never less and never more than the timers say, and close to both.
//!
//! Each recipe's module derives its bounds, and which phases have to be right for a failover to meet one. Contenders are
//! started at instants of their own, drawn evenly and apart from the service's, so that whatever they do regularly has
//! every phase to the service's ticks and heartbeats. Messages and writes take 1 ms, so that nothing else differs from run to
//! run. Ten thousand holders die at an instant drawn evenly from one of their periods. As many die just before they would
//! send a renewal, where failovers are quickest, and as many just after one, where they are slowest: where three phases and
//! more have to be right at once, too few of ten thousand come close to a bound, and this one need not be left to chance.
//!
//! **Close** is not a number that was seen. What a failover lacks to a bound is a sum of parts, one for each phase that has
//! to be right, independent of each other. A part is evenly spread from zero up to the width of its phase; where it is not,
//! the width stands for the inverse of its least density near zero. The time that is left of a pause drawn from a range, at
//! an instant that has nothing to do with it, is such a part with the mean pause as its width; that it is nearly the longest
//! pause besides, which is as good as never where the pause itself is not, is another, as wide as the range. So the
//! probability is known that one failover is within some time of the bound, and so is the time within which none of all
//! is with probability [`MISSED`]: that is close.

mod chubby;
mod consul;
mod etcd;
mod kafka;
mod kubernetes;
mod redis;
mod zookeeper;

use crate::told::{self, FSYNC, WAY, even, watch};
use interregnum_kernel::{NodeId, Parameters, Span};
use interregnum_world::{Cue, PlannedFault, Selector, Trigger};
use rayon::prelude::*;
use std::sync::Arc;

/// How many failovers each recipe is watched in.
const TRIALS: u64 = 10_000;

/// How probable it may be that no trial comes close to a bound. There are some twenty bounds, and all of them together are
/// to fail by chance under one root seed in a hundred at most.
const MISSED: f64 = 0.01 / 20.0;

/// Matched services are heard every 50 ms.
const HEARTBEAT: Span = Span::millis(50);

/// The phase of the service's heartbeats to what its leader counts from its start. Heartbeats begin with the election, after
/// the first of three timeouts that are drawn evenly from 150 ms. Of these the density is 3 (1-x)^2 / 150 ms at x of the
/// range; folded into 50 ms it is least at x = 1/3, 2/3 and 1 together: 3 (4/9 + 1/9) / 150 ms.
const HEARTBEAT_FROM_START: Span = Span::millis(90);

/// The grain of time.
const INSTANT: Span = Span(1);

/// So many ways.
fn ways(count: u64) -> Span {
    WAY.scaled(count, 1)
}

/// An entry's way through a service of three: to the others, on their disks, and back.
fn agreement() -> Span {
    ways(2) + FSYNC
}

/// Something that differs from trial to trial: from this on, over so long.
#[derive(Clone, Copy)]
struct Window {
    from: Span,
    over: Span,
}

impl Window {
    fn at(self, phase: u64) -> Span {
        self.from + Span(((u128::from(self.over.0) * u128::from(phase)) >> 64) as u64)
    }

    fn end(self) -> Span {
        self.from + self.over
    }
}

/// A cluster whose holder dies.
struct Failovers {
    algorithm: &'static str,
    parameters: Parameters,
    /// Fixed before any result was seen.
    root_seed: u64,
    /// When contenders start, each for itself.
    starts: Window,
    /// When the holder dies.
    dies: Window,
    /// How long the others have until somebody must lead.
    rest: Span,
}

/// What no failover is beyond.
struct Bound {
    at: Span,
    /// How long after a renewal the holder sends the next, where it is placed so that this can be met.
    renewal: Span,
    /// The widths of the phases that have to be right for it, besides that of the crash among the renewals.
    phases: Vec<Span>,
    /// In one of how many trials the nodes are placed so that it can be met.
    one_in: u64,
}

/// When the holder dies.
#[derive(Clone, Copy)]
enum Crash {
    /// At any instant of a period.
    AtAnyTime,
    /// Just before it would send a renewal; they are so far apart.
    BeforeRenewal(Span),
    /// Just after it has sent one.
    AfterRenewal(Span),
}

impl Failovers {
    /// All of them, with the trials that they are of.
    fn all(&self, crash: Crash) -> Vec<(Span, u64)> {
        (0..TRIALS).into_par_iter().map(|trial| (self.one(trial, crash), trial)).collect()
    }

    fn one(&self, trial: u64, crash: Crash) -> Span {
        let draw = |what: u64| mixed(self.root_seed ^ mixed(trial * 0x100 + what));
        let mut setting = even(&self.parameters, self.dies.end() + self.rest);
        let early = Span::millis(1);
        for node in self.contenders() {
            let start = self.starts.at(draw(1 + u64::from(node.0)));
            let kept_down = PlannedFault::at(early, told::crash(Selector::Node(node)));
            setting.plan.faults.push(kept_down.lasting(start.saturating_sub(early)));
        }
        setting.plan.faults.push(self.death(crash, draw(0)));
        let seed = self.root_seed.wrapping_add(trial);
        let told = watch(self.algorithm, &self.parameters, Arc::new(setting), seed..seed + 1);
        let (at, holder) = told[0].crash_after(early + Span(1));
        let next = told[0].reigns().find(|(elected, ..)| *elected > at);
        let (elected, successor, _) = next.unwrap_or_else(|| panic!("trial {trial}: nobody follows"));
        assert_ne!(successor, holder, "trial {trial}: the dead do not lead");
        elected.since(at)
    }

    /// A renewal is waited for, and then as many periods as there are until [`Failovers::dies`]. A fault comes before everything
    /// else at its instant.
    fn death(&self, crash: Crash, phase: u64) -> PlannedFault {
        let lever = told::crash(Selector::Leader);
        let (renewal, beyond) = match crash {
            Crash::AtAnyTime => return PlannedFault::at(self.dies.at(phase), lever),
            Crash::BeforeRenewal(renewal) => (renewal, Span::ZERO),
            Crash::AfterRenewal(renewal) => (renewal, INSTANT),
        };
        let periods = self.dies.from.saturating_sub(self.starts.end()).0 / renewal.0;
        let after = renewal.scaled(periods.max(1), 1) + beyond;
        let cue = Cue::Phase("first-heartbeat".to_owned());
        PlannedFault::upon(Trigger { cue, at: Vec::new(), count: 1, after }, lever)
    }

    fn contenders(&self) -> impl Iterator<Item = NodeId> {
        (0..self.parameters.nodes).map(NodeId).filter(|node| !self.parameters.service.contains(*node))
    }

    /// All lie within both bounds, whenever the holder dies; and where it dies at the right time, some are close to either.
    fn lie_between(&self, least: &Bound, most: &Bound) {
        let name = self.algorithm;
        self.are_within("at any time", Crash::AtAnyTime, least, most);
        let (quickest, _) =
            self.are_within("before a renewal", Crash::BeforeRenewal(least.renewal), least, most);
        let (_, slowest) = self.are_within("after a renewal", Crash::AfterRenewal(most.renewal), least, most);
        let (near_least, near_most) = (least.near(), most.near());
        println!(
            "{name}: close is within {near_least} of {}, and within {near_most} of {}",
            least.at, most.at
        );
        assert!(quickest <= least.at + near_least, "{name}: {quickest} is not close to {}", least.at);
        assert!(slowest + near_most >= most.at, "{name}: {slowest} is not close to {}", most.at);
    }

    /// The quickest and the slowest.
    fn are_within(&self, when: &str, crash: Crash, least: &Bound, most: &Bound) -> (Span, Span) {
        let (name, all) = (self.algorithm, self.all(crash));
        let (quickest, first) = *all.iter().min().expect("there are trials");
        let (slowest, last) = *all.iter().max().expect("there are trials");
        println!(
            "{name}, a crash {when}: {quickest} (trial {first}) to {slowest} (trial {last}), bounds {} and {}",
            least.at, most.at
        );
        assert!(
            quickest >= least.at,
            "{name}, a crash {when}, trial {first}: {quickest} is under {}",
            least.at
        );
        assert!(slowest <= most.at, "{name}, a crash {when}, trial {last}: {slowest} is over {}", most.at);
        (quickest, slowest)
    }
}

impl Bound {
    /// Within which time of the bound some failover is.
    fn near(&self) -> Span {
        let trials = (TRIALS / self.one_in) as f64;
        let needed = 1.0 - MISSED.powf(1.0 / trials);
        let widths: Vec<f64> = self.phases.iter().map(|width| width.0 as f64).collect();
        let (mut short, mut enough) = (0.0, widths.iter().sum::<f64>());
        for _ in 0..60 {
            let middle = (short + enough) / 2.0;
            if within(middle, &widths) < needed { short = middle } else { enough = middle }
        }
        Span(enough.ceil() as u64) + INSTANT
    }
}

/// The probability that parts which are evenly spread over these widths add up to less than `sum`: the volume of a corner of
/// their box, by inclusion and exclusion of what sticks out of it.
fn within(sum: f64, widths: &[f64]) -> f64 {
    let dimensions = widths.len() as i32;
    let corner: f64 = (0..1_u32 << dimensions)
        .map(|set| {
            let beyond: f64 = widths
                .iter()
                .enumerate()
                .filter(|(place, _)| (set >> place) & 1 == 1)
                .map(|(_, width)| width)
                .sum();
            let sign = if set.count_ones() % 2 == 0 { 1.0 } else { -1.0 };
            sign * (sum - beyond).max(0.0).powi(dimensions)
        })
        .sum();
    let scale: f64 = widths.iter().zip(1..).map(|(width, place)| width * f64::from(place)).product();
    corner / scale
}

/// A number that looks as if it had nothing to do with this one: the finaliser of SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[test]
fn the_volume_of_a_corner_is_exact() {
    let close = |one: f64, other: f64| (one - other).abs() < 1e-9;
    assert!(close(within(0.25, &[1.0]), 0.25), "one phase");
    assert!(close(within(1.0, &[1.0, 1.0]), 0.5), "a triangle of a square");
    assert!(close(within(1.5, &[1.0, 1.0]), 0.875), "a square without a triangle");
    assert!(close(within(0.5, &[1.0, 2.0, 1.0]), 0.125 / 12.0), "a corner of a box");
    assert!(close(within(4.0, &[1.0, 2.0, 1.0]), 1.0), "the whole box");
}

#[test]
fn close_is_what_ten_thousand_trials_miss_once_in_two_thousand() {
    let bound = |phases: &[u64]| Bound {
        at: Span::ZERO,
        renewal: Span::ZERO,
        phases: phases.iter().map(|width| Span::millis(*width)).collect(),
        one_in: 1,
    };
    assert_eq!(bound(&[]).near(), INSTANT, "nothing is left to chance");
    let one = bound(&[100]).near();
    assert!(one > Span::micros(75) && one < Span::micros(77), "7.6 ten-thousandths of the period: {one}");
    let two = bound(&[100, 50]).near();
    assert!(two > Span::micros(2_740) && two < Span::micros(2_770), "the root of twice that: {two}");
}
