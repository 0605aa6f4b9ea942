//! How much of a disturbance exclusion bears: the smallest dose that breaks it, found by bisection over real runs.
//!
//! A dose is tried with many seeds, the disturbance falling on another point of the renewal's rhythm in each; it breaks if
//! one of them breaks. What is found is therefore an upper bound on what is borne: more seeds can only lower it. A ladder of
//! twenty doses is climbed first, to the lowest that breaks, for not every dose above it does: whose clock is very slow
//! renews too late, and has lost the office before it could act beyond it.
//!
//! - **Slow clock.** The holder's clocks run slow by the dose; later it is cut from the service for good. Broken is
//!   lease-exclusion: somebody else leads while the holder may still act by its own clock.
//! - **Freeze.** The holder's machine stands, clocks included, for the dose; awake, it takes 1 to 3 ms for each input. Broken is
//!   lease-exclusion.
//! - **Pause.** The holder's process stands for the dose, its clocks run on, in the middle of its writes: they were decided
//!   on and are sent without asking again. Broken is fenced-writes, at a resource that does not compare tokens: a stale write
//!   was taken. A lease cannot help here, however long; the margin is the time that a successor needs to begin.
//!
//! An algorithm whose leaders hold no lease of their own and act until they are told is judged by leader-exclusion instead.

mod search;
mod trial;

use self::search::search;
use self::trial::{Times, Trial, setting, times};
use interregnum_kernel::{Parameters, Profile, Span};
pub use interregnum_registry::Strain;
use interregnum_registry::{BuildError, Claim, build, claims, find};
use rayon::prelude::*;
use serde::Serialize;

/// Contenders and service nodes.
const CONTENDERS: u8 = 3;
const SERVICE: u8 = 3;

/// With which seeds is measured.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The first seed.
    pub first_seed: u64,
    /// How many seeds are tried with each dose.
    pub seeds: u64,
}

/// The cluster that is measured where none is given.
pub fn standard(profile: Profile) -> Parameters {
    Parameters { profile, ..Parameters::of(CONTENDERS).with_service(SERVICE) }
}

/// What was found of one algorithm and one strain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Margin {
    /// The algorithm.
    pub algorithm: &'static str,
    /// The strain.
    #[serde(serialize_with = "by_name")]
    pub strain: Strain,
    /// The invariant that was put to the test.
    pub invariant: &'static str,
    /// The smallest dose that broke exclusion; `None` if the largest that was tried did not.
    pub breaks_at: Option<u64>,
    /// The largest dose below it that did not.
    pub bears: u64,
    /// A seed that breaks at that dose.
    pub seed: Option<u64>,
    /// The largest dose that was tried.
    pub most: u64,
    /// Runs, at most: a dose is given up at the first seed that it breaks with.
    pub runs: u64,
    /// What the documentation says is borne.
    pub documented: Option<u64>,
    /// What follows from the timers.
    pub derived: Option<u64>,
    /// Where that is said.
    pub source: &'static str,
}

fn by_name<S: serde::Serializer>(strain: &Strain, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(strain.name())
}

/// A clock is at most this much slow: it runs at a tenth of its rate.
const SLOWEST: u64 = 900_000;
/// The grain of what is found of slow clocks.
const SLOW_GRAIN: u64 = 1_000;

/// Measures one algorithm under one strain.
///
/// # Errors
/// If the algorithm cannot be built.
pub fn measure(
    algorithm: &'static str,
    parameters: &Parameters,
    strain: Strain,
    question: Question,
) -> Result<Margin, BuildError> {
    let claims = claims(algorithm, parameters)?;
    let lasts = claims.iter().filter(|claim| claim.strain == Strain::Pause).filter_map(|claim| claim.derived);
    let times = times(parameters.profile, Span(lasts.max().unwrap_or(0)));
    let (most, grain) = match strain {
        Strain::SlowClock => (SLOWEST, SLOW_GRAIN),
        Strain::Freeze | Strain::Pause => (times.longest.0, times.grain.0),
    };
    let claim = claims.into_iter().find(|claim| claim.strain == strain);
    let Claim { documented, derived, source, .. } =
        claim.unwrap_or(Claim { strain, documented: None, derived: None, source: "" });
    let invariant = strain_breaks(algorithm, strain);
    let mut doses = 0;
    let found = search(most, grain, |dose| {
        doses += 1;
        breaking_seed(algorithm, &Dose { parameters, strain, dose, times, invariant }, question)
    })?;
    Ok(Margin {
        algorithm,
        strain,
        invariant,
        breaks_at: found.breaks.map(|(dose, _)| dose),
        bears: found.bears,
        seed: found.breaks.map(|(_, seed)| seed),
        most,
        runs: doses * question.seeds,
        documented,
        derived,
        source,
    })
}

/// A dose of a strain, and what it is given to.
struct Dose<'a> {
    parameters: &'a Parameters,
    strain: Strain,
    dose: u64,
    times: Times,
    invariant: &'static str,
}

/// The first seed with which this dose breaks exclusion.
fn breaking_seed(algorithm: &str, dose: &Dose<'_>, question: Question) -> Result<Option<u64>, BuildError> {
    let Dose { parameters, strain, dose, times, invariant } = *dose;
    let tried = (0..question.seeds).into_par_iter().map(|place| {
        let seed = question.first_seed.wrapping_add(place);
        let setting = setting(parameters, (strain, dose), times, seed);
        Ok(build(algorithm, parameters, Trial { setting, seed, invariant })?.then_some(seed))
    });
    // The first in the order of the seeds, whatever the threads do.
    let first = tried.find_first(|tried: &Result<Option<u64>, BuildError>| !matches!(tried, Ok(None)));
    first.unwrap_or(Ok(None))
}

/// The invariant that is put to the test. Who promises no lease-exclusion shows no lease, so that it could not break.
fn strain_breaks(algorithm: &str, strain: Strain) -> &'static str {
    let leases = find(algorithm)
        .is_some_and(|entry| entry.promises.iter().any(|promise| promise.invariant == "lease-exclusion"));
    match strain {
        Strain::Pause => "fenced-writes",
        Strain::SlowClock | Strain::Freeze if leases => "lease-exclusion",
        Strain::SlowClock | Strain::Freeze => "leader-exclusion",
    }
}
