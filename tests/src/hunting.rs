//! Hunting planted bugs: one scenario, the bug on and the bug off, the same seeds.

use interregnum_algorithms::{ALGORITHMS, Entry, find};
use interregnum_campaign::replay::Replay;
use interregnum_campaign::{Engine, Job, Run, Seeds, Sink, catalogue, sweep};
use interregnum_scenario::Scenario;
use interregnum_sim::Stop;
use std::fmt;
use std::io;

/// What gives a bug away in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catch {
    /// The invariant of this name is violated.
    Invariant(&'static str),
    /// The leader is lost, and nobody ever takes over.
    FailoverNeverComes,
    /// A leader is replaced although nothing called for it.
    SpuriousFailover,
}

impl Catch {
    /// What the registry says of a bug that this gives away.
    pub const fn breaks(self) -> &'static str {
        match self {
            Catch::Invariant(name) => name,
            Catch::FailoverNeverComes => "liveness",
            Catch::SpuriousFailover => "stability",
        }
    }

    /// What the run shows of it, in words.
    ///
    /// # Panics
    /// If there is no such invariant.
    pub fn found_in(self, run: &Run) -> Option<String> {
        let measured = &run.measurement;
        match self {
            Catch::Invariant(name) => {
                let (at, detail) = run.invariants[place(name)].violation.as_ref()?;
                Some(format!("{name} is violated at {:.3} ms: {detail}", at.nanos() as f64 / 1e6))
            }
            Catch::FailoverNeverComes => {
                let lost = measured.failovers.iter().find(|failover| failover.took.is_none())?;
                let since = lost.since.nanos() as f64 / 1e6;
                Some(format!("the leader is lost at {since:.3} ms, and nobody ever takes over"))
            }
            Catch::SpuriousFailover => (measured.spurious_failovers > 0)
                .then(|| format!("leader changes that nothing called for: {}", measured.spurious_failovers)),
        }
    }

    /// Whether the run could have shown it at all: a scenario in which nothing is at stake proves nothing.
    fn is_at_stake_in(self, run: &Run) -> bool {
        match self {
            Catch::Invariant(name) => run.invariants[place(name)].exercised > 0,
            Catch::FailoverNeverComes => !run.measurement.failovers.is_empty(),
            Catch::SpuriousFailover => run.measurement.first_leader.is_some(),
        }
    }
}

/// Where runs list the invariant of this name.
fn place(name: &str) -> usize {
    let invariants = catalogue().invariants;
    let place = invariants.iter().position(|one| *one == name);
    place.unwrap_or_else(|| panic!("no invariant is named {name}"))
}

/// A bug, the scenario written for it, and everything that gives it away there.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// The bug's name; its scenario is the file of this name.
    pub bug: &'static str,
    /// The scenario's text.
    pub text: &'static str,
    /// Whose bug it is.
    pub planted: Planted,
    /// What gives it away: each in at least one of the runs.
    pub catches: &'static [Catch],
}

/// How a bug is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// In the algorithm, from outside the scenario.
    InAlgorithm,
    /// In the world, by a line of the scenario; without the bug another line stands in its place.
    InWorld {
        /// The line that plants it.
        with: &'static str,
        /// The line that does not.
        without: &'static str,
    },
}

/// How one [`Catch`] fared.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The catch.
    pub catch: Catch,
    /// In how many runs it was found.
    pub runs: u64,
    /// The first of them.
    pub first: Option<Run>,
}

/// The runs of one side of a hunt.
#[derive(Clone, Debug)]
pub struct Findings {
    /// How many runs there were.
    pub runs: u64,
    /// Per catch: where it was found.
    pub caught: Vec<Caught>,
    /// Per catch: in how many runs it was at stake.
    at_stake: Vec<u64>,
    /// What no run of a correct algorithm shows, with the seed.
    wrong: Vec<String>,
}

impl Sink for Findings {
    fn run(&mut self, job: &Job<'_>, run: &Run) -> io::Result<()> {
        self.runs += 1;
        for (caught, at_stake) in self.caught.iter_mut().zip(&mut self.at_stake) {
            *at_stake += u64::from(caught.catch.is_at_stake_in(run));
            if let Some(what) = caught.catch.found_in(run) {
                self.wrong.push(format!("seed {:#x}: {what}", run.seed));
                caught.runs += 1;
                caught.first.get_or_insert_with(|| run.clone());
            }
        }
        let world = job.scenario.setting_for(job.algorithm).classes();
        let entry = interregnum_algorithms::find(job.algorithm);
        let promises = entry.into_iter().flat_map(|entry| entry.promises_under(world));
        let broken = promises.filter_map(|name| Catch::Invariant(name).found_in(run));
        self.wrong.extend(broken.map(|what| format!("seed {:#x}: {what}", run.seed)));
        if run.stop == Stop::EventLimit {
            self.wrong.push(format!("seed {:#x}: the run reaches the limit of events", run.seed));
        }
        Ok(())
    }
}

impl Hunt {
    /// The scenario, with the bug or without.
    ///
    /// # Panics
    /// If it is not valid, or lacks the line that plants a bug in the world.
    pub fn scenario(&self, with_bug: bool) -> Scenario {
        match self.planted {
            Planted::InWorld { with, without } if !with_bug => {
                assert!(self.text.contains(with), "{}: the scenario has no line `{with}`", self.bug);
                crate::scenario(&self.text.replace(with, without))
            }
            _ => crate::scenario(self.text),
        }
    }

    /// The algorithm that the bug is planted in. One that is planted in the world shows under any that its scenario is
    /// meant for, so under the first.
    fn algorithm(&self, scenario: &Scenario) -> &'static Entry {
        let meant = scenario.algorithms.iter().flatten().next().and_then(|name| find(name));
        let planted = ALGORITHMS.iter().find(|entry| entry.bug(self.bug).is_some());
        planted.or(meant).unwrap_or(&ALGORITHMS[0])
    }

    fn job<'a>(&self, scenario: &'a Scenario, seeds: Seeds, with_bug: bool) -> Job<'a> {
        let bug = (with_bug && self.planted == Planted::InAlgorithm).then_some(self.bug);
        Job { scenario, algorithm: self.algorithm(scenario).name, seeds, bug, engine: Engine::Sim }
    }

    /// Runs one side.
    ///
    /// # Panics
    /// If the algorithm refuses its parameters.
    pub fn search(&self, seeds: Seeds, with_bug: bool) -> Findings {
        let scenario = self.scenario(with_bug);
        let caught = self.catches.iter().map(|catch| Caught { catch: *catch, runs: 0, first: None });
        let mut findings = Findings {
            runs: 0,
            caught: caught.collect(),
            at_stake: vec![0; self.catches.len()],
            wrong: Vec::new(),
        };
        sweep(&self.job(&scenario, seeds, with_bug), &mut findings, &|_| {})
            .unwrap_or_else(|error| panic!("{}: {error}", self.bug));
        findings
    }

    /// The claim: with the bug every catch is found, in runs that can be kept and repeated; without it, under the same
    /// scenario and seeds, nothing is found, though it was at stake. Prints how often each was caught.
    ///
    /// # Panics
    /// If the claim is wrong.
    pub fn prove(&self, seeds: Seeds) {
        let with = self.search(seeds, true);
        for caught in &with.caught {
            println!("{}: {}", self.bug, Line { caught, of: with.runs });
            let Some(first) = &caught.first else {
                panic!("{} is planted: {}", self.bug, Line { caught, of: with.runs });
            };
            println!("  {}", caught.catch.found_in(first).unwrap_or_default());
            println!("  {}", self.command(first.seed));
            self.assert_replays(first, caught.catch);
        }
        let without = self.search(seeds, false);
        assert!(without.wrong.is_empty(), "{} is not planted, and yet: {:#?}", self.bug, without.wrong);
        for (caught, at_stake) in without.caught.iter().zip(&without.at_stake) {
            // An invariant is put to the test where the run's course allows it; a failover is due in every run.
            let least = if matches!(caught.catch, Catch::Invariant(_)) { 1 } else { without.runs };
            let breaks = caught.catch.breaks();
            assert!(*at_stake >= least, "{}: {breaks} is at stake in {at_stake} runs only", self.bug);
        }
    }

    /// The run survives being written to a file and read back: the same events, the same failure.
    fn assert_replays(&self, run: &Run, catch: Catch) {
        let scenario = self.scenario(true);
        let job = self.job(&scenario, Seeds { first: run.seed, count: 1 }, true);
        let found = catch.found_in(run);
        let kept = Replay::of(&job, run, "unknown", found.clone().unwrap_or_default()).to_text();
        let replay = Replay::parse(&kept).unwrap_or_else(|error| panic!("{}: {error}\n{kept}", self.bug));
        let (again, _) = replay.run(false).unwrap_or_else(|error| panic!("{}: {error}\n{kept}", self.bug));
        assert_eq!(again.digest, run.digest, "{}: the replayed run takes another course\n{kept}", self.bug);
        assert_eq!(catch.found_in(&again), found, "{}: the replayed run fails otherwise\n{kept}", self.bug);
    }

    /// What shows the failure again.
    fn command(&self, seed: u64) -> String {
        let bug = match self.planted {
            Planted::InAlgorithm => format!(" --bug {}", self.bug),
            Planted::InWorld { .. } => String::new(),
        };
        format!("cargo run -- run tests/planted/{}.toml{bug} --seed {seed:#x}", self.bug)
    }
}

/// One line of a hunt's result.
struct Line<'a> {
    caught: &'a Caught,
    of: u64,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Caught { catch, runs, first } = self.caught;
        write!(f, "caught by {} in {runs} of {} runs", catch.breaks(), self.of)?;
        first.as_ref().map_or(Ok(()), |run| write!(f, ", first with seed {:#x}", run.seed))
    }
}
