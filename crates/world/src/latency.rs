//! How long a message travels or an fsync takes: a distribution, sampled with integers only.

use crate::math;
use crate::rng::Stream;
use interregnum_kernel::Span;
use std::sync::Arc;

/// A distribution of delays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Latency {
    /// Always the same.
    Constant(Span),
    /// Every value between two, both included, equally likely.
    Uniform {
        /// The shortest.
        min: Span,
        /// The longest.
        max: Span,
    },
    /// A distribution given by its quantiles.
    Table(Arc<QuantileTable>),
}

impl Latency {
    /// The lognormal distribution with this median and this 99th percentile.
    ///
    /// # Errors
    /// If the median is zero or the percentile is below it: the message says what is asked for.
    pub fn lognormal(median: Span, p99: Span) -> Result<Latency, &'static str> {
        if median == Span::ZERO {
            return Err("the median must be longer than zero");
        }
        if p99 < median {
            return Err("the 99th percentile must not be below the median");
        }
        let sigma = math::ln(p99.0 as f64 / median.0 as f64) / math::normal_quantile(0.99);
        let median = median.0 as f64;
        let quantile = |p: f64| median * math::exp((sigma * math::normal_quantile(p)).clamp(-700.0, 700.0));
        Ok(Latency::Table(Arc::new(QuantileTable::new(quantile))))
    }

    /// The exponential distribution with this mean, on top of a fixed minimum.
    pub fn exponential(min: Span, mean: Span) -> Latency {
        let (least, scale) = (min.0 as f64, mean.0.saturating_sub(min.0) as f64);
        Latency::Table(Arc::new(QuantileTable::new(|p| least - scale * math::ln(1.0 - p))))
    }

    /// The distribution that draws one of these delays, each equally likely. An empty list is no delay. Where the list
    /// jumps inside a cell of the table (one draw in a thousand for each jump at most) a value between the two comes out.
    pub fn empirical(mut delays: Vec<Span>) -> Latency {
        delays.sort_unstable();
        match delays.as_slice() {
            [] => Latency::Constant(Span::ZERO),
            [only] => Latency::Constant(*only),
            all => {
                let at = |p: f64| all[((p * all.len() as f64) as usize).min(all.len() - 1)].0 as f64;
                Latency::Table(Arc::new(QuantileTable::new(at)))
            }
        }
    }

    /// Draws a delay. A constant takes nothing from the stream.
    #[inline(always)]
    pub fn sample(&self, stream: &mut Stream) -> Span {
        match self {
            Latency::Constant(span) => *span,
            Latency::Uniform { min, max } => stream.span(*min, *max),
            Latency::Table(table) => table.at(stream.bits()),
        }
    }

    /// The longest delay that can be drawn.
    pub fn longest(&self) -> Span {
        match self {
            Latency::Constant(span) => *span,
            Latency::Uniform { max, .. } => *max,
            Latency::Table(table) => Span(*table.tail.last().unwrap_or(&0)),
        }
    }
}

/// Cells of either table; a power of two, so that the top bits of a draw name the cell.
const CELLS: usize = 1 << CELL_BITS;
const CELL_BITS: u32 = 10;

/// Quantiles at equal steps of probability, with linear interpolation between them. The last step has a table of its
/// own, a thousand times finer, since there the values run away: the distribution is cut off at its 1 - 2^-21 quantile.
#[derive(Debug, PartialEq, Eq)]
pub struct QuantileTable {
    body: Vec<u64>,
    tail: Vec<u64>,
}

impl QuantileTable {
    /// Tabulates a quantile function (probability to nanoseconds). It is asked only strictly between 0 and 1; where a
    /// value is negative or beyond 2^62 ns it is clamped.
    fn new(quantile: impl Fn(f64) -> f64) -> QuantileTable {
        let value = |p: f64| quantile(p).round().clamp(0.0, (1u64 << 62) as f64) as u64;
        let step = 1.0 / CELLS as f64;
        let edge = |i: usize, fine: f64| (i as f64).max(0.001).min(CELLS as f64 - 0.5) * fine;
        let body = (0..CELLS).map(|i| value(edge(i, step))).collect();
        let tail = (0..=CELLS).map(|i| value(1.0 - step + edge(i, step * step).min(step))).collect();
        QuantileTable { body, tail }
    }

    /// The delay for 64 random bits.
    #[inline]
    fn at(&self, bits: u64) -> Span {
        let cell = (bits >> (64 - CELL_BITS)) as usize;
        if cell + 1 < CELLS {
            return interpolate(&self.body, cell, bits << CELL_BITS);
        }
        let bits = bits << CELL_BITS;
        interpolate(&self.tail, (bits >> (64 - CELL_BITS)) as usize, bits << CELL_BITS)
    }
}

/// The value `fraction / 2^64` of the way from one table entry to the next.
#[inline]
fn interpolate(table: &[u64], cell: usize, fraction: u64) -> Span {
    let (low, high) = (table[cell], table[cell + 1]);
    Span(low + ((u128::from(high - low) * u128::from(fraction)) >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use interregnum_kernel::NodeId;

    fn sorted_draws(latency: &Latency, count: usize) -> Vec<u64> {
        let mut stream = Stream::new(42, Purpose::Network, NodeId(0));
        let mut draws: Vec<u64> = (0..count).map(|_| latency.sample(&mut stream).0).collect();
        draws.sort_unstable();
        draws
    }

    /// The number of draws below a quantile is binomial; four standard deviations are one failure in 16,000, and the
    /// seed is fixed.
    fn assert_quantile(draws: &[u64], p: f64, expected: Span) {
        let n = draws.len() as f64;
        let below = draws.partition_point(|d| *d <= expected.0) as f64;
        let slack = 4.0 * (n * p * (1.0 - p)).sqrt();
        assert!((below - n * p).abs() < slack, "quantile {p} of {expected}: {below} of {n} draws below");
    }

    #[test]
    fn a_lognormal_has_the_median_and_the_tail_it_was_given() {
        let latency = Latency::lognormal(Span::millis(3), Span::millis(20)).unwrap();
        let draws = sorted_draws(&latency, 100_000);
        assert_quantile(&draws, 0.5, Span::millis(3));
        assert_quantile(&draws, 0.99, Span::millis(20));
        // sigma = ln(20/3) / 2.3263 = 0.8155; the 99.99 % quantile lies in the fine table.
        assert_quantile(&draws, 0.9999, Span(62_252_000));
    }

    #[test]
    fn an_exponential_has_its_mean_and_its_minimum() {
        let latency = Latency::exponential(Span::millis(1), Span::millis(5));
        let draws = sorted_draws(&latency, 100_000);
        let mean = draws.iter().sum::<u64>() as f64 / draws.len() as f64;
        assert!((mean / 5e6 - 1.0).abs() < 0.01, "mean {mean} ns");
        assert!(draws[0] >= 1_000_000, "never below the minimum");
        assert_quantile(&draws, 0.5, Span(1_000_000 + 2_772_589));
    }

    #[test]
    fn an_empirical_distribution_draws_from_its_list() {
        let latency = Latency::empirical(vec![Span(30), Span(10), Span(10), Span(10)]);
        let draws = sorted_draws(&latency, 10_000);
        assert_quantile(&draws, 0.75, Span(10));
        assert_eq!(draws.last(), Some(&30));
    }

    #[test]
    fn impossible_lognormals_are_refused() {
        assert!(Latency::lognormal(Span::ZERO, Span::millis(1)).is_err());
        assert!(Latency::lognormal(Span::millis(2), Span::millis(1)).is_err());
    }
}
