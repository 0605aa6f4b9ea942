//! What kinds of random fault draw with.

use crate::plan::{Connections, InFlight, Lever, PlannedFault, Selector, Unsynced, Wake};
use crate::rng::Stream;
use crate::setting::{Probability, Setting};
use interregnum_kernel::{Jitter, NodeId, Span};

/// The draws of one occurrence, and the plan that its faults are put into.
pub(super) struct Dice<'a> {
    pub(super) setting: &'a Setting,
    pub(super) stream: &'a mut Stream,
    /// In percent of the hardest.
    pub(super) intensity: u32,
    /// When the occurrence begins.
    pub(super) at: Span,
    /// No fault comes at this time or later.
    pub(super) until: Span,
    pub(super) plan: &'a mut Vec<PlannedFault>,
}

/// A span that is written in few digits: whole milliseconds, or whole microseconds where it is short.
pub(super) fn readable(span: Span) -> Span {
    let grain = if span < Span::millis(10) { Span::micros(1) } else { Span::millis(1) };
    Span(span.0 - span.0 % grain.0)
}

impl Dice<'_> {
    /// Injects a fault at the beginning of the occurrence.
    pub(super) fn hit(&mut self, lever: Lever, lasts: Span) {
        self.hit_later(Span::ZERO, lever, lasts);
    }

    /// Injects a fault some time after the beginning of the occurrence; not at all if that is too late.
    pub(super) fn hit_later(&mut self, after: Span, lever: Lever, lasts: Span) {
        let at = self.at + readable(after);
        if at < self.until {
            self.plan.push(PlannedFault::at(at, lever).lasting(readable(lasts)));
        }
    }

    /// Injects a fault that cannot be undone.
    pub(super) fn hit_for_good(&mut self, lever: Lever) {
        self.plan.push(PlannedFault::at(self.at, lever));
    }

    /// True so many times out of a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.stream.below(100) < percent
    }

    /// One of several, all equally likely.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.stream.below(choices.len() as u64) as usize]
    }

    /// A number from `least` up to what the run's intensity allows of `most`.
    pub(super) fn number(&mut self, least: i64, most: i64) -> i64 {
        let allowed = least + (most - least) * i64::from(self.intensity) / 100;
        self.stream.between(least, allowed)
    }

    /// The same with either sign.
    pub(super) fn signed(&mut self, least: i64, most: i64) -> i64 {
        let size = self.number(least, most);
        if self.chance(50) { size } else { -size }
    }

    /// A span of whole milliseconds, from `least` up to what the run's intensity allows of `most`.
    pub(super) fn millis(&mut self, least: i64, most: i64) -> Span {
        Span::millis(self.number(least, most).unsigned_abs())
    }

    /// A range of spans of whole milliseconds.
    pub(super) fn jitter(&mut self, least: i64, most: i64) -> Jitter {
        Jitter::between(self.millis(least, most), self.millis(least, most))
    }

    /// A probability of whole percents.
    pub(super) fn probability(&mut self, least: i64, most: i64) -> Probability {
        Probability::new(self.number(least, most) as f64 / 100.0)
    }

    pub(super) fn node(&mut self) -> Selector {
        self.setting.selector_of(NodeId(self.stream.below(u64::from(self.setting.nodes)) as u8))
    }

    /// Between one node and half of them, drawn when the lever is pulled: of those that contend, or of a coordination service.
    pub(super) fn some(&mut self) -> Selector {
        let service = self.setting.service.len();
        let hits_service = service > 0 && self.chance(40);
        let nodes = if hits_service { service } else { self.setting.contenders().len() };
        let count = 1 + self.stream.below((nodes as u64 / 2).max(1)) as u8;
        if hits_service { Selector::RandomService(count) } else { Selector::Random(count) }
    }

    /// Whom a fault hits: mostly the leader, or one or several others. A coordination service is hit as often as those that
    /// it serves, and as a whole at times.
    pub(super) fn target(&mut self) -> Vec<Selector> {
        if !self.setting.service.is_empty() && self.chance(40) {
            return self.service_target();
        }
        match self.stream.below(20) {
            0..=6 => vec![Selector::Leader],
            7..=10 => vec![self.node()],
            11..=13 => vec![self.some()],
            14 | 15 => vec![Selector::Leader, Selector::Random(1)],
            16 => vec![Selector::Candidate],
            17 => vec![Selector::OldLeader],
            18 => vec![Selector::MinorityWithLeader],
            _ => vec![Selector::MajorityWithoutLeader],
        }
    }

    /// Whom a fault of the coordination service hits: mostly its leader.
    fn service_target(&mut self) -> Vec<Selector> {
        let service = self.setting.service.len() as u64;
        match self.stream.below(20) {
            0..=6 => vec![Selector::ServiceLeader],
            7..=10 => vec![Selector::ServiceNode(self.stream.below(service) as u8)],
            11..=13 => vec![Selector::RandomService(1 + self.stream.below((service / 2).max(1)) as u8)],
            14 | 15 => vec![Selector::Leader, Selector::ServiceLeader],
            16 | 17 => vec![Selector::ServiceFollowers],
            18 => vec![Selector::Contenders],
            _ => vec![Selector::Service],
        }
    }

    pub(super) fn in_flight(&mut self) -> InFlight {
        self.one_of(&[InFlight::Drop, InFlight::Deliver])
    }

    pub(super) fn wake(&mut self) -> Wake {
        self.one_of(&[Wake::Random, Wake::TimersFirst, Wake::MessagesFirst])
    }

    pub(super) fn unsynced(&mut self) -> Unsynced {
        self.one_of(&[Unsynced::Random, Unsynced::Lost, Unsynced::Kept])
    }

    /// Most often the machine dies, and nobody is told.
    pub(super) fn connections(&mut self) -> Connections {
        if self.chance(30) { Connections::Reset } else { Connections::Silent }
    }

    /// The links that a fault is about: all, all of some nodes, or one direction of those.
    pub(super) fn ends(&mut self) -> Ends {
        let all = || vec![Selector::All];
        match self.stream.below(6) {
            0 | 1 => Ends { from: all(), to: all(), symmetric: false },
            2 | 3 => Ends { from: self.target(), to: all(), symmetric: true },
            4 => Ends { from: self.target(), to: all(), symmetric: false },
            _ => Ends { from: all(), to: self.target(), symmetric: false },
        }
    }

    /// Makes links worse for some time.
    pub(super) fn degrade(&mut self, damage: crate::plan::Damage) {
        let Ends { from, to, symmetric } = self.ends();
        let lasts = self.millis(200, 3_000);
        self.hit(Lever::Degrade { from, to, symmetric, damage, only: Vec::new() }, lasts);
    }
}

/// Some links.
pub(super) struct Ends {
    from: Vec<Selector>,
    to: Vec<Selector>,
    symmetric: bool,
}
