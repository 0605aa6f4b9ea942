//! Random faults: every seed draws which kinds are on and how hard, and gets a plan of its own.
//!
//! As in swarm testing (Groce et al., ISSTA 2012) each kind is on or off by the toss of a coin, so that runs differ in
//! what they combine; as in TigerBeetle's VOPR and Jepsen's nemeses the kinds are those that real clusters suffer. What
//! is drawn is a plan as a scenario could have written it: printed and put into a scenario, it makes the same run.
//!
//! Adding a kind is one file with one constant, and one line in `KINDS`.

mod bridge;
mod clock_drift;
mod clock_jump;
mod clock_step;
mod clock_strobe;
mod crash;
mod crash_loop;
mod delay;
mod dice;
mod disk_lie;
mod disk_slow;
mod disk_stall;
mod duplication;
mod flapping;
mod freeze;
mod isolate;
mod loss;
mod one_way_cut;
mod partition;
mod pause;
mod reordering;
mod replace;
mod ring;
mod rollback;
mod slow_node;
mod zone_outage;

use crate::plan::{Plan, PlannedFault};
use crate::rng::{Purpose, Stream};
use crate::setting::Setting;
use dice::Dice;
use interregnum_kernel::{FaultClasses, Jitter, NodeId, Span};
use serde::Serialize;
use std::fmt;

/// Every kind of random fault, in the order in which they are listed.
static KINDS: &[Kind] = &[
    partition::KIND,
    isolate::KIND,
    one_way_cut::KIND,
    ring::KIND,
    bridge::KIND,
    flapping::KIND,
    loss::KIND,
    delay::KIND,
    duplication::KIND,
    reordering::KIND,
    crash::KIND,
    crash_loop::KIND,
    zone_outage::KIND,
    pause::KIND,
    freeze::KIND,
    slow_node::KIND,
    clock_step::KIND,
    clock_jump::KIND,
    clock_drift::KIND,
    clock_strobe::KIND,
    disk_stall::KIND,
    disk_slow::KIND,
    disk_lie::KIND,
    rollback::KIND,
    replace::KIND,
];

/// A kind of random fault.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name in scenario files.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// What may go wrong by it.
    pub classes: FaultClasses,
    /// Whether it can do anything in a setting.
    fits: fn(&Setting) -> bool,
    /// Draws one occurrence: a fault, or several that belong together.
    draw: fn(&mut Dice<'_>),
}

/// Every kind of random fault.
pub fn kinds() -> &'static [Kind] {
    KINDS
}

/// The kinds that are drawn from where a scenario names none: all but those by which disks forget, under which no
/// algorithm can keep its promises.
pub fn default_kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| !kind.classes.meets(FaultClasses::FORGETFUL_DISKS))
}

/// The kind of this name.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// For kinds that every cluster can suffer.
fn anywhere(_: &Setting) -> bool {
    true
}

/// What may be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nemesis {
    /// The kinds of fault, by their names in the registry.
    pub faults: Vec<&'static str>,
    /// How long it is from one fault to the next.
    pub every: Jitter,
    /// No fault comes before this.
    pub from: Span,
    /// No fault comes at this time or after it, nor after the heal.
    pub until: Span,
}

/// What one seed has drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drawn {
    /// The kinds that are on.
    pub kinds: Vec<&'static str>,
    /// How long it is from one fault to the next: a part of what the nemesis allows.
    pub every: Jitter,
    /// How hard the faults are and how long they last, in percent of the hardest.
    pub intensity: u32,
    /// The faults, in the order of their times.
    pub plan: Plan,
}

/// What a seed draws before its faults.
struct Mood {
    /// The kinds that are on, a bit for each by its place in the nemesis's list.
    on: u64,
    every: Jitter,
    intensity: u32,
}

/// Faults are never closer than this, whatever a nemesis says: time has to go on.
const CLOSEST: Span = Span::millis(1);

/// The gentlest that a seed can be, in percent of the hardest.
const GENTLEST: i64 = 10;

impl Nemesis {
    /// What may go wrong by it.
    pub fn classes(&self) -> FaultClasses {
        let kinds = self.faults.iter().filter_map(|name| find(name));
        kinds.fold(FaultClasses::NONE, |classes, kind| classes.and(kind.classes))
    }

    /// What a seed draws. A function of nemesis, setting and seed, and of nothing that happens in the run.
    pub fn draw(&self, setting: &Setting, seed: u64) -> Drawn {
        let mut faults = Vec::new();
        let Mood { on, every, intensity } = self.draw_into(setting, seed, &mut faults);
        let kinds = self.faults.iter().enumerate().filter(|(place, _)| on >> place & 1 == 1);
        let kinds = kinds.map(|(_, name)| *name).collect();
        Drawn { kinds, every, intensity, plan: Plan { faults } }
    }

    /// Appends to a plan what a seed draws.
    fn draw_into(&self, setting: &Setting, seed: u64, plan: &mut Vec<PlannedFault>) -> Mood {
        let mut stream = Stream::new(seed, Purpose::Nemesis, NodeId(0));
        let mood = self.mood(setting, &mut stream);
        let begin = plan.len();
        let kinds_on = u64::from(mood.on.count_ones());
        let until = setting.heal.unwrap_or(setting.horizon).min(self.until);
        // The first fault need not wait for a whole gap.
        let mut at = self.from + stream.span(Span::ZERO, mood.every.max);
        while kinds_on > 0 && at < until {
            let kind = self.kind_on(mood.on, stream.below(kinds_on));
            let intensity = mood.intensity;
            let mut dice =
                Dice { setting, stream: &mut stream, intensity, at: dice::readable(at), until, plan };
            (kind.draw)(&mut dice);
            at = at + stream.span(mood.every.min, mood.every.max).max(CLOSEST);
        }
        // What belongs together comes over some time, in which other faults may come.
        plan[begin..].sort_by_key(|fault| fault.when.time());
        mood
    }

    /// Which kinds are on, and how hard it gets.
    fn mood(&self, setting: &Setting, stream: &mut Stream) -> Mood {
        let fits = |name: &str| find(name).is_some_and(|kind| (kind.fits)(setting));
        let places = (0..64_u64).zip(&self.faults).filter(|(_, name)| fits(name));
        let fitting = places.fold(0_u64, |set, (place, _)| set | 1 << place);
        let mut on = stream.bits() & fitting;
        if on == 0 {
            on = bit(fitting, stream.below(u64::from(fitting.count_ones())));
        }
        let Jitter { min, max } = self.every;
        let mut end = || dice::readable(stream.span(min, max)).max(min);
        let every = Jitter::between(end(), end());
        Mood { on, every, intensity: stream.between(GENTLEST, 100) as u32 }
    }

    /// The kind that is the so-manieth of those that are on.
    fn kind_on(&self, on: u64, index: u64) -> &'static Kind {
        let place = bit(on, index).trailing_zeros() as usize;
        self.faults.get(place).and_then(|name| find(name)).unwrap_or(&KINDS[0])
    }
}

/// The so-manieth bit of a set, alone; none where there are not so many.
fn bit(mut set: u64, index: u64) -> u64 {
    for _ in 0..index {
        set &= set.wrapping_sub(1);
    }
    set & set.wrapping_neg()
}

/// Appends to a run's plan what its seed draws, if its setting has a nemesis.
pub(crate) fn extend(plan: &mut Vec<PlannedFault>, setting: &Setting, seed: u64) {
    if let Some(nemesis) = &setting.nemesis {
        nemesis.draw_into(setting, seed, plan);
    }
}

impl Drawn {
    /// What was drawn before the faults, in one line.
    pub fn mood(&self) -> String {
        let Drawn { kinds, every, intensity, .. } = self;
        format!("kinds: {}; every {every}; intensity {intensity} %", kinds.join(", "))
    }
}

impl fmt::Display for Drawn {
    /// A comment with what was drawn first, and the plan as the tables of a scenario: what a scenario file takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}", self.mood())?;
        self.plan.fmt(f)
    }
}

#[cfg(test)]
mod tests;
