//! Axes whose marks are round numbers, linear or logarithmic. The drawing library sees only where a value is placed.

/// No election is shorter: where a logarithmic axis, which has no zero, begins at the latest.
const SHORTEST: f64 = 1.0;

/// How values become places on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// As they are.
    Linear,
    /// By their logarithms, so that equal ratios are equally long.
    Log,
}

impl Scale {
    /// The scale on which values from the least to the greatest can be told apart.
    pub(super) fn for_range(least: f64, greatest: f64) -> Scale {
        const TOO_WIDE: f64 = 8.0;
        if greatest > TOO_WIDE * least.max(SHORTEST) { Scale::Log } else { Scale::Linear }
    }

    /// Where a value is.
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Scale::Linear => value,
            Scale::Log => value.max(SHORTEST).log10(),
        }
    }

    /// Round numbers from one value to another.
    pub(super) fn marks(self, from: f64, to: f64) -> Vec<f64> {
        match self {
            Scale::Linear => even(from, to),
            Scale::Log => round_numbers(from, to),
        }
    }

    /// In words, for the axis.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Scale::Linear => "",
            Scale::Log => ", logarithmic",
        }
    }
}

/// Multiples of a round number, some ten of them.
fn even(from: f64, to: f64) -> Vec<f64> {
    let rough = ((to - from) / 10.0).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|leading| leading * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let first = (from / step).ceil();
    (0..=20).map(|index| (first + f64::from(index)) * step).take_while(|mark| *mark <= to).collect()
}

/// 1, 2 and 5 times the powers of ten in a range.
fn round_numbers(from: f64, to: f64) -> Vec<f64> {
    let decades = 0..20;
    let numbers = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|leading| leading * 10f64.powi(decade)));
    numbers.skip_while(|number| *number < from).take_while(|number| *number <= to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_numbers() {
        assert_eq!(even(0.0, 430.0), [0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0, 400.0]);
        assert_eq!(round_numbers(30.0, 600.0), [50.0, 100.0, 200.0, 500.0]);
    }

    #[test]
    fn a_logarithmic_axis_has_a_shortest_time() {
        assert_eq!(Scale::Log.place(0.0), 0.0, "nothing is shorter than the axis begins");
        assert_eq!(Scale::Log.place(100.0), 2.0, "and what is longer has its logarithm");
    }

    #[test]
    fn values_far_apart_ask_for_logarithms() {
        assert_eq!(Scale::for_range(150.0, 600.0), Scale::Linear);
        assert_eq!(Scale::for_range(150.0, 4_000.0), Scale::Log);
    }
}
