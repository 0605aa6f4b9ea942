//! Replay files: one run, with everything that it takes to repeat it anywhere.

use crate::engine::Engine;
use crate::load::{self, Unreadable};
use crate::record::Ndjson;
use crate::sweep::{Bench, Job, Run, Seeds, SweepError};
use interregnum_kernel::TraceDigest;
use interregnum_registry::{Registered, Visitor};
use interregnum_scenario::{Diagnostic, Overrides, Profile, Scenario};
use interregnum_world::nemesis::Drawn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The version of the format that this code writes and reads.
pub const FORMAT: u32 = 1;

/// The first line of a replay file, a comment for people.
pub const HEADING: &str = "# A recorded run. Repeat it with: interregnum replay THIS-FILE";

/// A recorded run of kind `seeded`: repeated by running the seed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The format's version.
    pub replay: u32,
    /// How it is repeated; `seeded` is the only kind so far.
    pub kind: Kind,
    /// The version of the tool that wrote it.
    pub version: String,
    /// The commit that the tool was built from, or `unknown`.
    pub commit: String,
    /// The algorithm.
    pub algorithm: String,
    /// The engine, if it was not the simulator.
    #[serde(default, skip_serializing_if = "Engine::is_default")]
    pub engine: Engine,
    /// The planted bug, if one was planted from outside the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<String>,
    /// The profile that was put in the place of the scenario's own, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The cluster's size that was put in the place of the scenario's own, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u8>,
    /// The seed, as hexadecimal text: TOML's integers have a sign.
    pub seed: String,
    /// The digest of the run.
    pub digest: String,
    /// Why the run was kept, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Files that the scenario names, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// The scenario file, whole.
    pub scenario: String,
}

/// How a recorded run is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By its seed.
    Seeded,
}

/// Why a replay file cannot be replayed.
#[derive(Debug)]
pub enum ReplayError {
    /// It is no replay file of a version that this tool reads.
    Format(Unreadable),
    /// Its scenario is not valid for this version of the tool.
    Scenario {
        /// The scenario's text.
        text: String,
        /// What is wrong.
        diagnostics: Vec<Diagnostic>,
    },
    /// The algorithm could not be built, or the engine is not there.
    Run(SweepError),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Format(unreadable) => unreadable.fmt(f),
            ReplayError::Scenario { diagnostics, .. } => {
                write!(f, "the scenario inside is not valid; remarks: {}", diagnostics.len())
            }
            ReplayError::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplayError {}

/// What every version of the format has.
#[derive(Deserialize)]
struct Version {
    replay: i64,
}

fn unsuitable(problem: String) -> ReplayError {
    ReplayError::Format(Unreadable { at: None, problem })
}

fn misread(text: &str, error: &toml::de::Error) -> ReplayError {
    let at = error.span().map(|span| load::position(text, span.start));
    let problem = format!("this is no replay file: {}", error.message());
    ReplayError::Format(Unreadable { at, problem })
}

impl Replay {
    /// What it takes to repeat one run of a job.
    pub fn of(job: &Job<'_>, run: &Run, commit: &str, reason: String) -> Replay {
        Replay {
            replay: FORMAT,
            kind: Kind::Seeded,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: commit.to_owned(),
            algorithm: job.algorithm.to_owned(),
            engine: job.engine,
            bug: job.bug.map(str::to_owned),
            profile: job.scenario.overrides.profile,
            nodes: job.scenario.overrides.nodes,
            seed: format!("{:#x}", run.seed),
            digest: run.digest.to_string(),
            reason,
            files: job.scenario.files.clone(),
            scenario: job.scenario.text.clone(),
        }
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        // Strings, numbers and a table of strings: TOML can write all of them.
        let body = toml::to_string(self).unwrap_or_else(|error| format!("# cannot be written: {error}\n"));
        format!("{HEADING}\n{body}{}", self.drawn_as_comment())
    }

    /// What the seed draws, for people: repeating the run draws it again.
    fn drawn_as_comment(&self) -> String {
        let (Ok(scenario), Ok(seed)) = (self.read_scenario(), self.seed_number()) else {
            return String::new();
        };
        let Some(drawn) = drawn(&scenario, &self.algorithm, seed) else { return String::new() };
        let mut comment = "\n# The nemesis drew for this seed:\n#\n".to_owned();
        for line in drawn.to_string().lines() {
            let line = line.trim_start_matches(['#', ' ']);
            comment.push_str(format!("# {line}").trim_end());
            comment.push('\n');
        }
        comment
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// If it is not a replay file, or of another version.
    pub fn parse(text: &str) -> Result<Replay, ReplayError> {
        // The version comes first: the rest of another version's file would only be misunderstood.
        let Version { replay: found } = toml::from_str(text).map_err(|error| misread(text, &error))?;
        if found != i64::from(FORMAT) {
            let problem = format!("this is version {found} of the replay format; this tool reads {FORMAT}");
            return Err(unsuitable(problem));
        }
        let replay: Replay = toml::from_str(text).map_err(|error| misread(text, &error))?;
        replay.seed_number()?;
        replay.digest_number()?;
        Ok(replay)
    }

    /// The seed.
    ///
    /// # Errors
    /// If it is not a number.
    pub fn seed_number(&self) -> Result<u64, ReplayError> {
        parse_seed(&self.seed).ok_or_else(|| unsuitable(format!("seed = {:?} is not a seed", self.seed)))
    }

    /// The digest that the run had.
    ///
    /// # Errors
    /// If it is not a digest.
    pub fn digest_number(&self) -> Result<TraceDigest, ReplayError> {
        let wrong = || unsuitable(format!("digest = {:?} is not a digest", self.digest));
        self.digest.parse().map_err(|_| wrong())
    }

    /// The scenario inside.
    ///
    /// # Errors
    /// If this version of the tool does not accept it.
    pub fn read_scenario(&self) -> Result<Scenario, ReplayError> {
        let mut inside = |name: &str| {
            self.files.get(name).cloned().ok_or_else(|| "the replay file does not carry it".to_owned())
        };
        let overrides = Overrides { profile: self.profile, nodes: self.nodes };
        let catalogue = load::catalogue();
        match interregnum_scenario::read_with("scenario", &self.scenario, &catalogue, &mut inside, overrides)
        {
            Ok((scenario, _)) => Ok(scenario),
            Err(diagnostics) => Err(ReplayError::Scenario { text: self.scenario.clone(), diagnostics }),
        }
    }

    /// Repeats the run; with `record`, also gives its record, a line of JSON per event.
    ///
    /// # Errors
    /// If the scenario or the algorithm is refused, or the engine was not compiled in.
    pub fn run(&self, record: bool) -> Result<(Run, Option<String>), ReplayError> {
        let scenario = self.read_scenario()?;
        let seed = self.seed_number()?;
        let seeds = Seeds { first: seed, count: 1 };
        let (bug, engine) = (self.bug.as_deref(), self.engine);
        let job = Job { scenario: &scenario, algorithm: &self.algorithm, seeds, bug, engine };
        run_one(&job, seed, record).map_err(ReplayError::Run)
    }
}

/// What a scenario's nemesis draws for an algorithm's run of a seed, if it has one.
pub fn drawn(scenario: &Scenario, algorithm: &str, seed: u64) -> Option<Drawn> {
    let setting = scenario.setting_for(algorithm);
    setting.nemesis.as_ref().map(|nemesis| nemesis.draw(setting, seed))
}

/// A seed in decimal, or in hexadecimal after `0x`.
pub fn parse_seed(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // The standard library would take a plus sign too.
    if digits.chars().all(|digit| digit.is_digit(radix)) {
        u64::from_str_radix(digits, radix).ok()
    } else {
        None
    }
}

/// Runs one seed of a job alone; with `record`, also gives its record.
///
/// # Errors
/// If the algorithm refuses its parameters, or the engine was not compiled in.
pub fn run_one(job: &Job<'_>, seed: u64, record: bool) -> Result<(Run, Option<String>), SweepError> {
    let parameters = crate::sweep::parameters(job);
    let once = Once { job, seed, record };
    interregnum_registry::build(job.algorithm, &parameters, once).map_err(SweepError::Build)?
}

struct Once<'a, 'b> {
    job: &'a Job<'b>,
    seed: u64,
    record: bool,
}

impl Visitor for Once<'_, '_> {
    type Output = Result<(Run, Option<String>), SweepError>;

    fn visit<P: Registered>(self, protocol: P) -> Self::Output {
        let bench = Bench::new(self.job, protocol)?;
        if !self.record {
            return Ok((bench.runner().run(self.seed), None));
        }
        let (run, mut record) = bench.record(Ndjson::new(self.job, self.seed), self.seed);
        let text = record.finish(&run);
        Ok((run, Some(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_in_both_notations() {
        assert_eq!(parse_seed("42"), Some(42));
        assert_eq!(parse_seed("0x2a"), Some(42));
        assert_eq!(parse_seed("0xffffffffffffffff"), Some(u64::MAX));
        assert_eq!(parse_seed("-1"), None);
        assert_eq!(parse_seed("0x"), None);
        assert_eq!(parse_seed("0x+2a"), None);
        assert_eq!(parse_seed("18446744073709551616"), None, "2^64 is too large");
    }
}
