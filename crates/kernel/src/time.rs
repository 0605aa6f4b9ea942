//! Time, in integer nanoseconds, one type per kind of clock so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span(pub u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of whole microseconds.
    pub const fn micros(n: u64) -> Span {
        Span(n * 1_000)
    }
    /// A span of whole milliseconds.
    pub const fn millis(n: u64) -> Span {
        Span(n * 1_000_000)
    }
    /// A span of whole seconds.
    pub const fn secs(n: u64) -> Span {
        Span(n * 1_000_000_000)
    }
    /// The span in nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }
    /// The smaller span that is left after `other`, or zero.
    pub const fn saturating_sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
    /// This span times `num / den`, rounded down; saturates at the largest span.
    pub const fn scaled(self, num: u64, den: u64) -> Span {
        let wide = self.0 as u128 * num as u128 / den as u128;
        if wide > u64::MAX as u128 { Span(u64::MAX) } else { Span(wide as u64) }
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Span {
    /// The shortest exact form with a unit that a scenario file accepts back: `150ms`, `2s`, `1500us`, `7ns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            0 => "0ms".to_owned(),
            n if n % 1_000_000_000 == 0 => format!("{}s", n / 1_000_000_000),
            n if n % 1_000_000 == 0 => format!("{}ms", n / 1_000_000),
            n if n % 1_000 == 0 => format!("{}us", n / 1_000),
            n => format!("{n}ns"),
        };
        f.pad(&text)
    }
}

/// A range of spans, both ends included, from which an engine draws: how a timeout is randomised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Jitter {
    /// The shortest span.
    pub min: Span,
    /// The longest span.
    pub max: Span,
}

impl Jitter {
    /// A range of one value.
    pub const fn exactly(span: Span) -> Jitter {
        Jitter { min: span, max: span }
    }
    /// A range from `min` to `max`, both included. The ends are put in order.
    pub const fn between(min: Span, max: Span) -> Jitter {
        if min.0 <= max.0 { Jitter { min, max } } else { Jitter { min: max, max: min } }
    }
}

impl fmt::Display for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max { write!(f, "{}", self.min) } else { write!(f, "{}..{}", self.min, self.max) }
    }
}

macro_rules! instant {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl $name {
            /// The instant at which the clock started.
            pub const ZERO: $name = $name(0);
            /// Nanoseconds since the clock started.
            pub const fn nanos(self) -> u64 {
                self.0
            }
            /// The time since `earlier`, or zero where `earlier` is later.
            pub const fn since(self, earlier: $name) -> Span {
                Span(self.0.saturating_sub(earlier.0))
            }
        }
        impl Add<Span> for $name {
            type Output = $name;
            fn add(self, span: Span) -> $name {
                $name(self.0.saturating_add(span.0))
            }
        }
        impl Sub<Span> for $name {
            type Output = $name;
            fn sub(self, span: Span) -> $name {
                $name(self.0.saturating_sub(span.0))
            }
        }
    };
}

instant! {
    /// The engine's own time: what really happened when. A protocol never sees it.
    GlobalTime
}
instant! {
    /// One node's monotonic clock. It never goes back, but it may run fast, slow, or stand still.
    LocalTime
}

/// One node's wall clock, in nanoseconds from the run's start as a perfect clock would show it. It may be stepped in
/// either direction, and so is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WallTime(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_printed_in_the_largest_exact_unit() {
        for (span, text) in [
            (Span::ZERO, "0ms"),
            (Span::secs(2), "2s"),
            (Span::millis(1500), "1500ms"),
            (Span::micros(7), "7us"),
            (Span(1), "1ns"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn scaling_saturates_instead_of_wrapping() {
        assert_eq!(Span(10).scaled(3, 4), Span(7));
        assert_eq!(Span(u64::MAX).scaled(2, 1), Span(u64::MAX));
    }
}
