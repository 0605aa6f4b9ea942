//! Classes of faults: what an algorithm's promises are made under.
//!
//! An algorithm promises a property under some assumptions: that disks do not lie, that messages are not late, that
//! clocks run at nearly the same rate. A run that breaks an assumption does not break the promise.

use serde::{Deserialize, Serialize};
use std::fmt;

/// By how many parts per million a clock may be fast or slow without anything being wrong: what NTP takes every clock to be
/// capable of, and corrects (RFC 5905, MAXFREQ). Closer agreement is assumed by nobody.
pub const TOLERABLE_DRIFT_PPM: u32 = 500;

/// One way in which a world goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum FaultClass {
    /// Links are cut for a time, in one direction or both.
    Cut,
    /// Messages are lost by chance.
    Loss,
    /// Messages arrive twice.
    Duplication,
    /// Messages are late, and overtake each other.
    Delay,
    /// Processes die, at any moment, and what was not durable is lost.
    Crash,
    /// A process stops for a time while its clocks run on.
    Pause,
    /// A process stops for a time and its clocks with it.
    Freeze,
    /// A node works through its inputs slowly.
    SlowNode,
    /// Wall clocks are wrong, or are set.
    WallClock,
    /// Clocks run at rates further from true than [`TOLERABLE_DRIFT_PPM`].
    ClockRate,
    /// A monotonic clock jumps ahead.
    ClockJump,
    /// Disks are slow, or do not answer.
    SlowDisk,
    /// A disk acknowledges writes that it then loses.
    LyingDisk,
    /// A disk is set back to an earlier state.
    RolledBackDisk,
    /// A node's disk is replaced by an empty one.
    EmptiedDisk,
}

impl FaultClass {
    /// All of them, in the order of their declaration.
    pub const ALL: [FaultClass; 15] = [
        FaultClass::Cut,
        FaultClass::Loss,
        FaultClass::Duplication,
        FaultClass::Delay,
        FaultClass::Crash,
        FaultClass::Pause,
        FaultClass::Freeze,
        FaultClass::SlowNode,
        FaultClass::WallClock,
        FaultClass::ClockRate,
        FaultClass::ClockJump,
        FaultClass::SlowDisk,
        FaultClass::LyingDisk,
        FaultClass::RolledBackDisk,
        FaultClass::EmptiedDisk,
    ];

    /// Its name: lower-case words joined by hyphens.
    pub const fn name(self) -> &'static str {
        match self {
            FaultClass::Cut => "cut",
            FaultClass::Loss => "loss",
            FaultClass::Duplication => "duplication",
            FaultClass::Delay => "delay",
            FaultClass::Crash => "crash",
            FaultClass::Pause => "pause",
            FaultClass::Freeze => "freeze",
            FaultClass::SlowNode => "slow-node",
            FaultClass::WallClock => "wall-clock",
            FaultClass::ClockRate => "clock-rate",
            FaultClass::ClockJump => "clock-jump",
            FaultClass::SlowDisk => "slow-disk",
            FaultClass::LyingDisk => "lying-disk",
            FaultClass::RolledBackDisk => "rolled-back-disk",
            FaultClass::EmptiedDisk => "emptied-disk",
        }
    }
}

impl fmt::Display for FaultClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of classes of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FaultClasses(u32);

impl FaultClasses {
    /// None.
    pub const NONE: FaultClasses = FaultClasses(0);
    /// Disks that do not keep what they acknowledged.
    pub const FORGETFUL_DISKS: FaultClasses =
        FaultClasses::of(&[FaultClass::LyingDisk, FaultClass::RolledBackDisk, FaultClass::EmptiedDisk]);
    /// Clocks that do not measure time alike.
    pub const CLOCKS: FaultClasses =
        FaultClasses::of(&[FaultClass::WallClock, FaultClass::ClockRate, FaultClass::ClockJump]);

    /// These classes.
    pub const fn of(classes: &[FaultClass]) -> FaultClasses {
        let mut set = 0;
        let mut place = 0;
        while place < classes.len() {
            set |= 1 << classes[place] as u32;
            place += 1;
        }
        FaultClasses(set)
    }
    /// The classes in either set.
    #[must_use]
    pub const fn and(self, other: FaultClasses) -> FaultClasses {
        FaultClasses(self.0 | other.0)
    }
    /// The classes in both sets.
    #[must_use]
    pub const fn among(self, other: FaultClasses) -> FaultClasses {
        FaultClasses(self.0 & other.0)
    }
    /// Whether the set has this class.
    pub const fn has(self, class: FaultClass) -> bool {
        self.0 >> class as u32 & 1 == 1
    }
    /// Whether the sets share a class.
    pub const fn meets(self, other: FaultClasses) -> bool {
        self.0 & other.0 != 0
    }
    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The classes, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = FaultClass> {
        FaultClass::ALL.into_iter().filter(move |class| self.has(*class))
    }
}

impl From<FaultClass> for FaultClasses {
    fn from(class: FaultClass) -> FaultClasses {
        FaultClasses::of(&[class])
    }
}

impl FromIterator<FaultClass> for FaultClasses {
    fn from_iter<T: IntoIterator<Item = FaultClass>>(classes: T) -> FaultClasses {
        classes.into_iter().fold(FaultClasses::NONE, |set, class| set.and(class.into()))
    }
}

impl fmt::Display for FaultClasses {
    /// `cut, crash`; nothing for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, class) in self.iter().enumerate() {
            write!(f, "{}{class}", if place > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in_and_says_so_in_order() {
        let set: FaultClasses = [FaultClass::Crash, FaultClass::Cut].into_iter().collect();
        assert_eq!(set.to_string(), "cut, crash");
        assert!(set.meets(FaultClass::Crash.into()), "crash is in it");
        assert!(!set.meets(FaultClasses::FORGETFUL_DISKS), "no disk is");
        assert_eq!(
            FaultClass::ALL.into_iter().collect::<FaultClasses>().iter().count(),
            15,
            "no two share a bit"
        );
    }
}
