//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use interregnum_campaign::Engine;
use interregnum_campaign::replay::parse_seed;
use interregnum_scenario::Profile;
use std::path::PathBuf;

/// More runs than this of one scenario and algorithm were not meant: they would take weeks.
const MOST_SEEDS: u64 = 1_000_000_000;

/// A deterministic testbed for leader election: how fast does it fail over, how often falsely, is it safe?
#[derive(Debug, Parser)]
#[command(name = "interregnum", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 all as expected; 1 a property or expectation failed; 2 usage or \
                        scenario error; 3 output or engine failure; 4 stopped by a limit.")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run every algorithm through the standard scenarios; a verdict table, CSV and plots
    ///
    /// Writes into the folder `latest`: summary.csv (a row per scenario and algorithm), runs.csv (a row per run),
    /// failovers.csv (a row per failover), results.json, verdicts.txt (every table), and plots of the failover times. The
    /// scenario leader-crash is also run in clusters of 3 to 33 nodes, for scaling.csv and two plots: messages per
    /// election, and failover time, by cluster size.
    ///
    /// Messages per election are all messages of the kinds that belong to an algorithm's elections, sent at any time of
    /// the runs, divided by the leaders established in them, the first of each run included. Where no leader was
    /// established there is no such number.
    Compare(Compare),
    /// Run scenario files
    Run(Run),
    /// Measure how much of a disturbance elections by lease bear
    ///
    /// For every algorithm that elects through a coordination service: by how much the holder's clocks may be slow, how long
    /// its machine may be frozen and its process paused before two nodes act as leader at once, or a stale write is taken.
    /// Found by bisection over real runs, and put beside what the documentation says and what follows from the timers.
    /// Writes margins.csv, margins.json, margins.txt and a plot for each algorithm.
    Margins(Margins),
    /// Repeat one recorded run exactly
    Replay(Replay),
    /// List what there is
    List(List),
    /// Work with scenario files
    #[command(subcommand)]
    Scenario(Scenario),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    #[default]
    Human,
    /// One JSON document
    Json,
    /// One line of JSON per result
    Ndjson,
    /// JUnit XML
    Junit,
}

/// What commands that run seeds have in common.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// The first seed, decimal or 0x hexadecimal
    #[arg(long, value_parser = seed, env = "INTERREGNUM_SEED", value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// What runs the scenarios
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: EngineName,
    /// Threads; as many as there are cores by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Whose defaults hold, instead of what the scenarios say
    ///
    /// With "matched" every algorithm has the same heartbeat interval and failure timeout: that compares algorithms. With
    /// "production" each has those of the system it is known from: that compares configurations, not algorithms. What a
    /// scenario sets under [parameters.ALGORITHM] is set all the same. Expectations on numbers (failover, counts,
    /// leader_within) are written for the scenario's own profile and cluster size; under others they are reported as not
    /// judged, and an invariant named under `violated` need not be. Safety is judged all the same.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileName>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// An engine, as the command line names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// The discrete-event simulator
    #[default]
    Sim,
    /// The madsim runtime: its executor, its clock and its nodes, with the simulator's network, disks and faults
    Madsim,
    /// The same, with messages over madsim's own network, for scenarios that ask of it what it has
    Netsim,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Engine {
        match name {
            EngineName::Sim => Engine::Sim,
            EngineName::Madsim => Engine::Madsim,
            EngineName::Netsim => Engine::Netsim,
        }
    }
}

/// A profile, as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// The same timeouts for every algorithm
    Matched,
    /// Each system's own timeouts
    Production,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Profile {
        match name {
            ProfileName::Matched => Profile::Matched,
            ProfileName::Production => Profile::Production,
        }
    }
}

/// `interregnum compare`
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The folder of scenario files
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    pub(crate) scenarios: PathBuf,
    /// Only these algorithms
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) algorithms: Vec<String>,
    /// How many seeds each scenario and algorithm is run with
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=MOST_SEEDS))]
    pub(crate) seeds: u64,
    /// The folder under which `latest` is written
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) out: PathBuf,
    /// Print the row of every scenario and algorithm too, and the figures by cluster size; verdicts.txt has them always
    #[arg(long)]
    pub(crate) details: bool,
    /// The rest
    #[command(flatten)]
    pub(crate) running: Running,
}

/// `interregnum run`
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO.toml")]
    pub(crate) files: Vec<PathBuf>,
    /// Only these algorithms
    #[arg(long = "algorithm", value_name = "NAME")]
    pub(crate) algorithms: Vec<String>,
    /// How many seeds; 100 unless a single seed is named
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_SEEDS))]
    pub(crate) seeds: Option<u64>,
    /// Run the scenarios in clusters of this size
    ///
    /// Nodes, zones and members that a scenario names must exist in a cluster of this size. What is expected is judged as
    /// under --profile.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) nodes: Option<u8>,
    /// Plant this bug in the algorithm
    #[arg(long, value_name = "ID")]
    pub(crate) bug: Option<String>,
    /// Write CSV, plots and replay files into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The rest
    #[command(flatten)]
    pub(crate) running: Running,
}

/// `interregnum margins`
#[derive(Debug, Args)]
pub(crate) struct Margins {
    /// Only these algorithms
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) algorithms: Vec<String>,
    /// How many seeds each dose is tried with
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=MOST_SEEDS))]
    pub(crate) seeds: u64,
    /// The first seed, decimal or 0x hexadecimal
    #[arg(long, value_parser = seed, env = "INTERREGNUM_SEED", value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// Threads; as many as there are cores by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Only these strains: slow-clock, freeze, pause
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) strains: Vec<String>,
    /// Whose timeouts hold; production, unless the scenario says otherwise
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileName>,
    /// Measure with the cluster, the profile and the parameters of this scenario
    ///
    /// Its algorithms are meant, too. Its faults, network and expectations are not looked at.
    #[arg(long, value_name = "SCENARIO.toml")]
    pub(crate) scenario: Option<PathBuf>,
    /// The folder that is written; nothing is written where none is named
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ListFormat,
}

/// How results are printed that are neither judged nor tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table for people
    #[default]
    Human,
    /// One JSON document
    Json,
    /// One line of JSON per result
    Ndjson,
}

/// `interregnum replay`
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// A replay file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write every event of the run into this file, a line of JSON each
    #[arg(long, value_name = "OUT")]
    pub(crate) record: Option<PathBuf>,
    /// How the run is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: PlainFormat,
}

/// `interregnum list`
#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list
    #[arg(value_enum)]
    pub(crate) what: Listed,
    /// The folder of scenario files
    #[arg(long, value_name = "DIR", default_value = "scenarios")]
    pub(crate) scenarios: PathBuf,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: PlainFormat,
}

/// How answers are printed that are no results of sweeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlainFormat {
    /// Lines for people
    #[default]
    Human,
    /// One JSON document
    Json,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    /// The election algorithms
    Algorithms,
    /// The properties that runs are judged by, and the goals that scenarios can ask for
    Invariants,
    /// The faults that scenarios can inject
    Faults,
    /// The kinds of random fault that a nemesis draws
    Nemesis,
    /// The bugs that can be planted
    Bugs,
    /// The scenario files of the folder
    Scenarios,
}

/// `interregnum scenario`
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Validate scenario files
    Check {
        /// Scenario files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// How the verdicts are printed
        #[arg(long, value_enum, default_value_t)]
        format: PlainFormat,
    },
    /// Rewrite scenario files in the canonical form
    ///
    /// Tables and keys come in the order of their declaration, comments move with what they stand with, and what a file
    /// means stays the same. Prints the files that changed.
    Fmt {
        /// Scenario files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Change nothing, and exit with 1 if a file is not in the canonical form
        #[arg(long)]
        check: bool,
    },
    /// Print the JSON Schema of scenario files
    Schema,
}

fn seed(text: &str) -> Result<u64, String> {
    // The variable stands in for the option, and nothing else would say that the number came from there.
    let expected = "expected a number such as 42 or 0x2a, as --seed or in INTERREGNUM_SEED";
    parse_seed(text).ok_or_else(|| expected.to_owned())
}
