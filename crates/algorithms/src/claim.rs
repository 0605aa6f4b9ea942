//! How much of a disturbance an election by lease is said to bear: what is measured is put beside it.

use std::fmt;

/// A disturbance that can be dosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strain {
    /// The holder's clocks are slow, and it is cut from the service.
    SlowClock,
    /// The holder's machine is frozen: its clocks stand.
    Freeze,
    /// The holder's process is paused, between asking whether it leads and writing; its clocks run on.
    Pause,
}

impl Strain {
    /// All of them.
    pub const ALL: [Strain; 3] = [Strain::SlowClock, Strain::Freeze, Strain::Pause];

    /// Its name: lower-case words joined by hyphens.
    pub const fn name(self) -> &'static str {
        match self {
            Strain::SlowClock => "slow-clock",
            Strain::Freeze => "freeze",
            Strain::Pause => "pause",
        }
    }

    /// What its doses are counted in.
    pub const fn unit(self) -> &'static str {
        match self {
            Strain::SlowClock => "ppm",
            Strain::Freeze | Strain::Pause => "ns",
        }
    }

    /// What a dose of so much is called.
    pub fn dose(self, amount: u64) -> String {
        match self {
            Strain::SlowClock => {
                let tenths = amount.saturating_add(500) / 1_000;
                format!("{}.{} %", tenths / 10, tenths % 10)
            }
            Strain::Freeze | Strain::Pause if amount < 1_000_000_000 => {
                format!("{} ms", amount.div_ceil(1_000_000))
            }
            Strain::Freeze | Strain::Pause => {
                format!("{}.{:02} s", amount / 1_000_000_000, amount % 1_000_000_000 / 10_000_000)
            }
        }
    }
}

impl fmt::Display for Strain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How much of a strain is borne. A slow clock's dose is by how many parts per million it is slow; the others' are
/// durations in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The strain.
    pub strain: Strain,
    /// What the system's documentation says is borne; nothing where it says nothing.
    pub documented: Option<u64>,
    /// What follows from the timers.
    pub derived: Option<u64>,
    /// Where the one is said, and how the other is derived, in a sentence.
    pub source: &'static str,
}

#[cfg(test)]
mod tests {
    use super::Strain;

    #[test]
    fn a_dose_is_told_in_its_unit() {
        assert_eq!(Strain::SlowClock.dose(200_000), "20.0 %");
        assert_eq!(Strain::Freeze.dose(1_500_000_000), "1.50 s");
        assert_eq!(Strain::Pause.dose(710_000_000), "710 ms");
    }
}
