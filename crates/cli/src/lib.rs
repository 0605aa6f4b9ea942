//! The `interregnum` command as a library, so that tests can call it.
#![forbid(unsafe_code)]

mod args;
mod console;
mod failure;
mod formatting;
mod leaving;
mod listing;
mod margins;
mod replaying;
mod scaling;
mod sweeping;

pub use failure::{Exit, Failure};

use args::{Cli, Command, Compare, Run, Running};
use clap::Parser as _;
use console::Console;
use interregnum_campaign::load::scenario_files;
use interregnum_scenario::Overrides;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line, the program's name first, and gives its exit code.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    ExitCode::from(execute(args) as u8)
}

/// Runs the command line and says how it ended.
pub fn execute(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, everything else is a mistake. If it cannot be printed nobody is there.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Fine };
        }
    };
    let console = Console::detect();
    let result = match &cli.command {
        Command::Compare(args) => compare(args, &console),
        Command::Run(args) => run_files(args, &console),
        Command::Margins(args) => margins::run(args, &console),
        Command::Replay(args) => replaying::run(args, &console),
        Command::List(args) => listing::list(args, &console),
        Command::Scenario(args) => listing::scenario(args, &console),
    };
    result.unwrap_or_else(|failure| {
        console.chat(&failure.message);
        failure.exit
    })
}

fn compare(args: &Compare, console: &Console) -> Result<Exit, Failure> {
    let files = scenario_files(&args.scenarios).map_err(|error| {
        Failure::usage(format!("{error}; --scenarios DIR names the folder of scenario files"))
    })?;
    if files.is_empty() {
        let folder = args.scenarios.display();
        return Err(Failure::usage(format!("{folder}: there is no scenario file (*.toml) in it")));
    }
    let out = args.out.join("latest");
    let plan = sweeping::Plan {
        files: &files,
        algorithms: &args.algorithms,
        seeds: args.seeds,
        bug: None,
        overrides: overrides(&args.running, None),
        comparison: Some(sweeping::Comparison { details: args.details }),
        out: Some(&out),
        running: &args.running,
    };
    sweeping::run(&plan, console)
}

fn run_files(args: &Run, console: &Console) -> Result<Exit, Failure> {
    // A named seed means that run; a number of seeds means so many from there on.
    let seeds = args.seeds.unwrap_or(if args.running.seed.is_some() { 1 } else { 100 });
    let plan = sweeping::Plan {
        files: &args.files,
        algorithms: &args.algorithms,
        seeds,
        bug: args.bug.as_deref(),
        overrides: overrides(&args.running, args.nodes),
        comparison: None,
        out: args.out.as_deref(),
        running: &args.running,
    };
    sweeping::run(&plan, console)
}

fn overrides(running: &Running, nodes: Option<u8>) -> Overrides {
    Overrides { profile: running.profile.map(Into::into), nodes }
}
