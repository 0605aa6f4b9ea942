//! One trial: a cluster whose holder gets a dose of a strain.

use super::Strain;
use interregnum_invariants::{Setting as Watch, Suite};
use interregnum_kernel::{Jitter, Parameters, Profile, Span};
use interregnum_registry::{Registered, Visitor};
use interregnum_sim::Simulator;
use interregnum_world::{
    ClockChoice, InFlight, Latency, Lever, LinkSetting, PlannedFault, Selector, Setting, Wake,
    WorkloadSetting,
};
use std::sync::Arc;

/// The times of a trial, by the profile: systems' own defaults take minutes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// When the disturbance begins, at the earliest.
    from: Span,
    /// Over how long its beginning is spread: every point of every recipe's renewals.
    spread: Span,
    /// How long the trial goes on after it.
    rest: Span,
    /// How often the holder writes.
    writes_every: Span,
    /// The largest freeze or pause.
    pub(super) longest: Span,
    /// The grain of what is found, for freezes and pauses.
    pub(super) grain: Span,
}

/// The times of a trial in which leases last about so long: longer ones than the profile's take longer trials.
pub(super) fn times(profile: Profile, lasts: Span) -> Times {
    let standard = standard(profile);
    let factor = (lasts.0.saturating_mul(4) / standard.longest.0).max(1);
    let longer = |span: Span| Span(span.0.saturating_mul(factor));
    Times {
        from: longer(standard.from),
        spread: longer(standard.spread),
        rest: longer(standard.rest),
        longest: longer(standard.longest),
        ..standard
    }
}

const fn standard(profile: Profile) -> Times {
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

/// The world of one trial.
///
/// The seed says where in the renewals' rhythm the disturbance falls: seeds that follow one another lie far apart there, and
/// the first few of them already everywhere. With the same seed it is the same trial, however many others are tried.
pub(super) fn setting(
    parameters: &Parameters,
    (strain, dose): (Strain, u64),
    times: Times,
    seed: u64,
) -> Setting {
    let link = LinkSetting::with_latency(Latency::Uniform { min: Span::millis(1), max: Span::millis(5) });
    let fsync = Latency::Uniform { min: Span::millis(1), max: Span::millis(4) };
    let at = times.from + Span(((u128::from(times.spread.0) * u128::from(seed.reverse_bits())) >> 64) as u64);
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

/// Whether an invariant breaks in a world with a seed.
pub(super) struct Trial {
    pub(super) setting: Setting,
    pub(super) seed: u64,
    pub(super) invariant: &'static str,
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
