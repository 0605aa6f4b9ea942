//! The smallest dose that breaks something: a ladder first, bisection between two of its rungs.

/// How many doses are tried before any are bisected.
const RUNGS: u64 = 20;

/// What a search has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The smallest dose that broke, and the seed that it broke with.
    pub(super) breaks: Option<(u64, u64)>,
    /// The largest dose below it that was tried and did not; of those that were tried, the largest, if none broke.
    pub(super) bears: u64,
}

/// Looks from no dose at all up to `most`, and to a grain of `grain`. `tries` says with which seed a dose breaks.
///
/// # Errors
/// The first that `tries` returns.
pub(super) fn search<E>(
    most: u64,
    grain: u64,
    mut tries: impl FnMut(u64) -> Result<Option<u64>, E>,
) -> Result<Found, E> {
    if let Some(seed) = tries(0)? {
        return Ok(Found { breaks: Some((0, seed)), bears: 0 });
    }
    let mut bears = 0;
    let mut lowest = None;
    for rung in 1..=RUNGS {
        let dose = most / RUNGS * rung;
        if let Some(seed) = tries(dose)? {
            lowest = Some((dose, seed));
            break;
        }
        bears = dose;
    }
    let Some((mut breaks, mut breaking)) = lowest else { return Ok(Found { breaks: None, bears }) };
    while breaks - bears > grain {
        let middle = bears + ((breaks - bears) / 2 / grain * grain).max(grain);
        match tries(middle)? {
            Some(seed) => (breaks, breaking) = (middle, seed),
            None => bears = middle,
        }
    }
    Ok(Found { breaks: Some((breaks, breaking)), bears })
}

#[cfg(test)]
mod tests {
    use super::{Found, search};

    fn found(most: u64, grain: u64, breaks: impl Fn(u64) -> bool) -> Found {
        search::<()>(most, grain, |dose| Ok(breaks(dose).then_some(dose ^ 7))).expect("nothing fails")
    }

    #[test]
    fn the_least_dose_is_found_to_the_grain_wherever_it_lies() {
        for least in [1, 2, 49, 50, 51, 499, 777, 999, 1_000] {
            for grain in [1, 3, 10] {
                let Found { breaks, bears } = found(1_000, grain, |dose| dose >= least);
                let (breaks, seed) = breaks.expect("the largest dose breaks");
                assert!(bears < least && least <= breaks, "{least} lies in ({bears}, {breaks}]");
                assert!(breaks - bears <= grain, "{bears} and {breaks} are further apart than {grain}");
                assert_eq!(seed, breaks ^ 7, "the seed is that of the dose that is reported");
            }
        }
    }

    #[test]
    fn what_breaks_without_a_dose_bears_nothing() {
        assert_eq!(found(1_000, 1, |_| true), Found { breaks: Some((0, 7)), bears: 0 });
    }

    #[test]
    fn what_never_breaks_bears_the_largest_dose() {
        assert_eq!(found(1_000, 1, |_| false), Found { breaks: None, bears: 1_000 });
    }

    #[test]
    fn large_doses_that_do_not_break_do_not_hide_smaller_ones_that_do() {
        let Found { breaks, bears } = found(1_000, 1, |dose| (333..600).contains(&dose));
        assert_eq!((breaks.map(|(dose, _)| dose), bears), (Some(333), 332));
    }

    #[test]
    fn an_error_ends_the_search() {
        assert_eq!(search(1_000, 1, |dose| if dose > 100 { Err(dose) } else { Ok(None) }), Err(150));
    }
}
