//! How much of a disturbance exclusion bears: the smallest dose that breaks it, found by bisection over real runs.
//!
//! A dose is tried with many seeds, the disturbance falling on another point of the renewal's rhythm in each; it breaks if
//! one of them breaks. What is found is therefore an upper bound on what is borne: more seeds can only lower it. A ladder of
//! twenty doses is climbed first, to the lowest that breaks, for not every dose above it does: whose clock is very slow
//! renews too late, and has lost the office before it could act beyond it.
//!
//! - **Slow clock.** The holder's clocks run slow by the dose; later it is cut from the service for good. Broken is
//!   lease-exclusion: somebody else leads while the holder may still act by its own clock.
//! - **Freeze.** The holder's machine stands, clocks included, for the dose; awake, it takes 1 to 3 ms for each input. Broken is
//!   lease-exclusion.
//! - **Pause.** The holder's process stands for the dose, its clocks run on, in the middle of its writes: they were decided
//!   on and are sent without asking again. Broken is fenced-writes, at a resource that does not compare tokens: a stale write
//!   was taken. A lease cannot help here, however long; the margin is the time that a successor needs to begin.
//!
//! An algorithm whose leaders hold no lease of their own and act until they are told is judged by leader-exclusion instead.

pub use interregnum_algorithms::Strain;
use interregnum_algorithms::{BuildError, Claim, Registered, Visitor, build, claims, find};
use interregnum_invariants::{Setting as Watch, Suite};
use interregnum_kernel::{Jitter, Parameters, Profile, Span};
use interregnum_sim::Simulator;
use interregnum_world::{
    ClockChoice, InFlight, Latency, Lever, LinkSetting, PlannedFault, Selector, Setting, Wake,
    WorkloadSetting,
};
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// Contenders and service nodes of every trial.
const CONTENDERS: u8 = 3;
const SERVICE: u8 = 3;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Whose defaults hold.
    pub profile: Profile,
    /// The first seed, and how many are tried with each dose.
    pub first_seed: u64,
    /// How many seeds are tried with each dose.
    pub seeds: u64,
}

/// What was found of one algorithm and one strain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Margin {
    /// The algorithm.
    pub algorithm: &'static str,
    /// The strain.
    #[serde(serialize_with = "by_name")]
    pub strain: Strain,
    /// The invariant that was put to the test.
    pub invariant: &'static str,
    /// The smallest dose that broke exclusion; `None` if the largest that was tried did not.
    pub breaks_at: Option<u64>,
    /// The largest dose below it that did not.
    pub bears: u64,
    /// A seed that breaks at that dose.
    pub seed: Option<u64>,
    /// The largest dose that was tried.
    pub most: u64,
    /// Runs made.
    pub runs: u64,
    /// What the documentation says is borne.
    pub documented: Option<u64>,
    /// What follows from the timers.
    pub derived: Option<u64>,
    /// Where that is said.
    pub source: &'static str,
}

fn by_name<S: serde::Serializer>(strain: &Strain, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(strain.name())
}

/// The times of a trial, by the profile: systems' own defaults take minutes.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// When the disturbance begins, at the earliest.
    from: Span,
    /// Over how long its beginning is spread: every point of every recipe's renewals.
    spread: Span,
    /// How long the trial goes on after it.
    rest: Span,
    /// How often the holder writes.
    writes_every: Span,
    /// The largest freeze or pause.
    longest: Span,
    /// The grain of what is found, for freezes and pauses.
    grain: Span,
}

const fn times(profile: Profile) -> Times {
    match profile {
        Profile::Matched => Times {
            from: Span::secs(4),
            spread: Span::secs(1),
            rest: Span::secs(6),
            writes_every: Span::millis(5),
            longest: Span::secs(6),
            grain: Span::millis(2),
        },
        Profile::Production => Times {
            from: Span::secs(40),
            spread: Span::secs(24),
            rest: Span::secs(60),
            writes_every: Span::millis(50),
            longest: Span::secs(200),
            grain: Span::millis(50),
        },
    }
}

/// A clock is at most this much slow: it runs at a tenth of its rate.
const SLOWEST: u64 = 900_000;
/// The grain of what is found of slow clocks.
const SLOW_GRAIN: u64 = 1_000;

/// How many doses are tried before any are bisected.
const RUNGS: u64 = 20;

/// Measures one algorithm under one strain.
///
/// # Errors
/// If the algorithm cannot be built.
pub fn measure(algorithm: &'static str, strain: Strain, question: &Question) -> Result<Margin, BuildError> {
    let times = times(question.profile);
    let (most, grain) = match strain {
        Strain::SlowClock => (SLOWEST, SLOW_GRAIN),
        Strain::Freeze | Strain::Pause => (times.longest.0, times.grain.0),
    };
    let parameters = parameters(question.profile);
    let claim = claims(algorithm, &parameters)?.into_iter().find(|claim| claim.strain == strain);
    let Claim { documented, derived, source, .. } =
        claim.unwrap_or(Claim { strain, documented: None, derived: None, source: "" });
    let invariant = strain_breaks(algorithm, strain);
    let mut margin = Margin {
        algorithm,
        strain,
        invariant,
        breaks_at: None,
        bears: 0,
        seed: None,
        most,
        runs: 0,
        documented,
        derived,
        source,
    };
    let mut tries = |dose: u64| -> Result<Option<u64>, BuildError> {
        margin.runs += question.seeds;
        breaking_seed(algorithm, (strain, dose), invariant, question)
    };
    if let Some(seed) = tries(0)? {
        return Ok(Margin { breaks_at: Some(0), seed: Some(seed), ..margin });
    }
    let (mut bears, mut lowest) = (0, None);
    for rung in (1..=RUNGS).map(|rung| most / RUNGS * rung) {
        match tries(rung)? {
            Some(seed) => lowest = Some((rung, seed)),
            None => bears = rung,
        }
        if lowest.is_some() {
            break;
        }
    }
    let Some((mut breaks, mut breaking)) = lowest else { return Ok(Margin { bears, ..margin }) };
    while breaks - bears > grain {
        let middle = bears + (breaks - bears) / 2 / grain * grain;
        let middle = middle.max(bears + grain);
        match tries(middle)? {
            Some(seed) => (breaks, breaking) = (middle, seed),
            None => bears = middle,
        }
    }
    Ok(Margin { breaks_at: Some(breaks), bears, seed: Some(breaking), ..margin })
}

fn parameters(profile: Profile) -> Parameters {
    Parameters { profile, ..Parameters::of(CONTENDERS).with_service(SERVICE) }
}

/// The first seed with which this dose breaks exclusion.
fn breaking_seed(
    algorithm: &str,
    (strain, dose): (Strain, u64),
    invariant: &'static str,
    question: &Question,
) -> Result<Option<u64>, BuildError> {
    let parameters = parameters(question.profile);
    let tried = (0..question.seeds).into_par_iter().map(|place| {
        let seed = question.first_seed.wrapping_add(place);
        let setting = setting(strain, dose, times(question.profile), (place, question.seeds));
        Ok(build(algorithm, &parameters, Trial { setting, seed, invariant })?.then_some(seed))
    });
    // The first in the order of the seeds, whatever the threads do.
    let first = tried.find_first(|tried: &Result<Option<u64>, BuildError>| !matches!(tried, Ok(None)));
    first.unwrap_or(Ok(None))
}

/// The invariant that is put to the test. Who promises no lease-exclusion shows no lease, so that it could not break.
fn strain_breaks(algorithm: &str, strain: Strain) -> &'static str {
    let leases = find(algorithm)
        .is_some_and(|entry| entry.promises.iter().any(|promise| promise.invariant == "lease-exclusion"));
    match strain {
        Strain::Pause => "fenced-writes",
        Strain::SlowClock | Strain::Freeze if leases => "lease-exclusion",
        Strain::SlowClock | Strain::Freeze => "leader-exclusion",
    }
}

/// The world of one trial.
fn setting(strain: Strain, dose: u64, times: Times, (place, places): (u64, u64)) -> Setting {
    let link = LinkSetting::with_latency(Latency::Uniform { min: Span::millis(1), max: Span::millis(5) });
    let fsync = Latency::Uniform { min: Span::millis(1), max: Span::millis(4) };
    let parameters = parameters(Profile::Matched);
    let at = times.from + times.spread.scaled(place, places.max(1));
    let lasts = match strain {
        Strain::SlowClock => Span::ZERO,
        Strain::Freeze | Strain::Pause => Span(dose),
    };
    // A slow clock stretches what its holder waits for: at a tenth of the rate ten times.
    let rest = match strain {
        Strain::SlowClock => Span(times.rest.0.saturating_mul(2)),
        Strain::Freeze | Strain::Pause => times.rest,
    };
    let mut setting = Setting::quiet(parameters.nodes, link, fsync, at + lasts + rest);
    setting.service = parameters.service;
    setting.fencing = strain != Strain::Pause;
    if strain == Strain::Pause {
        setting.workload = WorkloadSetting {
            writes_every: Some(times.writes_every),
            // Some write is always under way, so that every pause falls between asking and sending.
            check_to_act: (times.writes_every, times.writes_every + times.writes_every),
            ..WorkloadSetting::default()
        };
    }
    setting.plan.faults = faults(strain, dose, at, times);
    setting
}

fn faults(strain: Strain, dose: u64, at: Span, times: Times) -> Vec<PlannedFault> {
    let leader = || vec![Selector::Leader];
    match strain {
        Strain::SlowClock => {
            let ppm = -(dose as i32);
            let slow = Lever::ClockDrift { target: leader(), ppm, clock: ClockChoice::Both };
            let groups = vec![leader(), vec![Selector::Service]];
            let cut = Lever::Partition { groups, in_flight: InFlight::Drop };
            vec![PlannedFault::at(times.from.scaled(1, 2), slow), PlannedFault::at(at, cut)]
        }
        Strain::Freeze => {
            let freeze = Lever::Freeze { target: leader(), wake: Wake::default() };
            vec![slow_to_wake(at, leader()), lasting(at, freeze, dose)]
        }
        Strain::Pause => {
            let pause = Lever::Pause { target: leader(), wake: Wake::default() };
            vec![slow_to_wake(at, leader()), lasting(at, pause, dose)]
        }
    }
}

/// Whoever wakes up works through what has come meanwhile, and that takes time: in no time at all it would read of its end
/// before it did anything.
fn slow_to_wake(at: Span, target: Vec<Selector>) -> PlannedFault {
    let each = Jitter::between(Span::millis(1), Span::millis(3));
    PlannedFault::at(at, Lever::SlowNode { target, each })
}

fn lasting(at: Span, lever: Lever, dose: u64) -> PlannedFault {
    PlannedFault { lasts: Some(Span(dose.max(1))), ..PlannedFault::at(at, lever) }
}

struct Trial {
    setting: Setting,
    seed: u64,
    invariant: &'static str,
}

impl Visitor for Trial {
    type Output = bool;

    fn visit<P: Registered>(self, protocol: P) -> bool {
        let watch = Watch { nodes: self.setting.nodes, ..Watch::default() };
        let mut simulator = Simulator::new(protocol, Arc::new(self.setting), Suite::new(&watch));
        simulator.run(self.seed);
        simulator.observer().violations().any(|(info, _)| info.name == self.invariant)
    }
}
