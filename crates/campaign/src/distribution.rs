//! The distribution of a time over many runs, in memory that does not grow with their number.

use interregnum_kernel::Span;
use serde::Serialize;
use std::collections::BTreeMap;

/// A span as people read it and plots draw it. Outside the kernel, which has no floats: nothing is decided by it.
pub trait InMillis {
    /// The span in milliseconds, with a fraction.
    fn in_millis(self) -> f64;
}

impl InMillis for Span {
    fn in_millis(self) -> f64 {
        self.nanos() as f64 / 1e6
    }
}

/// Values are grouped by their leading bits: a group is at most one part in 2,048 wide.
const LEADING_BITS: u32 = 12;

/// Counts of times, with exact least, greatest and mean, and percentiles exact to 0.05 %. A time that never came is
/// counted as longer than any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    groups: BTreeMap<u64, u64>,
    count: u64,
    never: u64,
    sum: u128,
    least: u64,
    greatest: u64,
}

/// The least value of the group that a value belongs to.
fn group(nanos: u64) -> u64 {
    let spare = (64 - nanos.leading_zeros()).saturating_sub(LEADING_BITS);
    nanos >> spare << spare
}

impl Distribution {
    /// Takes one time in.
    pub fn add(&mut self, time: Span) {
        let nanos = time.nanos();
        self.least = if self.count == 0 { nanos } else { self.least.min(nanos) };
        self.greatest = self.greatest.max(nanos);
        self.count += 1;
        self.sum += u128::from(nanos);
        *self.groups.entry(group(nanos)).or_default() += 1;
    }

    /// Takes in a time that never came.
    pub fn add_never(&mut self) {
        self.never += 1;
    }

    /// Takes in one time, or that it never came.
    pub fn add_or_never(&mut self, time: Option<Span>) {
        match time {
            Some(time) => self.add(time),
            None => self.add_never(),
        }
    }

    /// How many times came.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many never came.
    pub fn never(&self) -> u64 {
        self.never
    }

    /// Whether nothing was taken in at all.
    pub fn is_empty(&self) -> bool {
        self.count + self.never == 0
    }

    /// The smallest time that at least `per_mille` of a thousand do not exceed, by nearest rank, times that never came
    /// being the longest. `None` if that is one of them, or nothing was taken in.
    pub fn per_mille(&self, per_mille: u64) -> Option<Span> {
        let all = self.count + self.never;
        let rank = (all * per_mille).div_ceil(1000).max(1);
        if all == 0 || rank > self.count {
            return None;
        }
        if rank == self.count {
            return Some(Span(self.greatest));
        }
        let mut below = 0;
        for (value, count) in &self.groups {
            below += count;
            if below >= rank {
                return Some(Span((*value).clamp(self.least, self.greatest)));
            }
        }
        Some(Span(self.greatest))
    }

    /// The shortest time.
    pub fn min(&self) -> Option<Span> {
        (self.count > 0).then_some(Span(self.least))
    }

    /// The longest time that came.
    pub fn longest_that_came(&self) -> Option<Span> {
        (self.count > 0).then_some(Span(self.greatest))
    }

    /// The longest time; `None` if one never came.
    pub fn max(&self) -> Option<Span> {
        (self.count > 0 && self.never == 0).then_some(Span(self.greatest))
    }

    /// The mean; `None` if a time never came, since no mean exists then.
    pub fn mean(&self) -> Option<Span> {
        (self.count > 0 && self.never == 0).then(|| Span((self.sum / u128::from(self.count)) as u64))
    }

    /// The steps of the cumulative distribution: a time, and the fraction of all (those that never came included) that
    /// are not longer.
    pub fn steps(&self) -> Vec<(Span, f64)> {
        let all = (self.count + self.never) as f64;
        let mut below = 0;
        let mut steps = Vec::with_capacity(self.groups.len());
        for (value, count) in &self.groups {
            below += count;
            steps.push((Span((*value).max(self.least)), below as f64 / all));
        }
        steps
    }

    /// The figures that reports show, in milliseconds.
    pub fn figures(&self) -> Figures {
        let ms = |span: Option<Span>| span.map(Span::in_millis);
        Figures {
            count: self.count,
            never: self.never,
            min: ms(self.min()),
            mean: ms(self.mean()),
            p50: ms(self.per_mille(500)),
            p95: ms(self.per_mille(950)),
            p99: ms(self.per_mille(990)),
            p999: ms(self.per_mille(999)),
            max: ms(self.max()),
        }
    }
}

/// A distribution in figures: milliseconds, `None` where the figure is infinite or does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How many times came.
    pub count: u64,
    /// How many never came.
    pub never: u64,
    /// The shortest.
    pub min: Option<f64>,
    /// The mean; `None` if any never came.
    pub mean: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The 99.9th percentile.
    pub p999: Option<f64>,
    /// The longest; `None` if any never came.
    pub max: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[u64], never: u64) -> Distribution {
        let mut distribution = Distribution::default();
        times.iter().for_each(|ms| distribution.add(Span::millis(*ms)));
        (0..never).for_each(|_| distribution.add_never());
        distribution
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        let distribution = of(&hundred, 0);
        for (per_mille, ms) in [(500, 50.0), (950, 95.0), (990, 99.0), (999, 100.0), (1, 1.0)] {
            let found = distribution.per_mille(per_mille).unwrap().in_millis();
            assert!((found / ms - 1.0).abs() < 0.0005, "{per_mille} per mille: {found} ms");
        }
        assert_eq!(distribution.mean(), Some(Span::micros(50_500)));
    }

    #[test]
    fn what_never_came_is_longer_than_everything() {
        let distribution = of(&[10, 20, 30], 1);
        assert_eq!(distribution.per_mille(750), Some(Span::millis(30)), "three of four came");
        assert_eq!(distribution.per_mille(760), None, "the fourth is infinite");
        assert_eq!(distribution.mean(), None, "and so is the mean");
        assert_eq!(distribution.max(), None, "and the longest");
        assert_eq!(distribution.steps().last().map(|(_, p)| *p), Some(0.75), "the curve does not reach one");
    }

    #[test]
    fn groups_are_narrow_and_memory_is_bounded() {
        let mut distribution = Distribution::default();
        for nanos in (0..3_000_000_000u64).step_by(7_001) {
            assert!(nanos - group(nanos) <= nanos / 2048, "{nanos} is put down as {}", group(nanos));
            distribution.add(Span(nanos));
        }
        assert!(distribution.groups.len() <= 64 << LEADING_BITS, "{} groups", distribution.groups.len());
    }

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(Distribution::default().figures(), Figures::default());
    }
}
