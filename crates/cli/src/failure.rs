//! How commands end.

use interregnum_campaign::load::LoadError;
use interregnum_campaign::{Refused, SweepError};
use std::fmt;

/// The exit codes of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Everything expected held.
    Fine = 0,
    /// A property or an expectation failed.
    Unexpected = 1,
    /// The command or a scenario was wrong.
    Usage = 2,
    /// Output could not be written, or the engine failed.
    Output = 3,
    /// A limit was reached before the answer was complete.
    Limit = 4,
}

/// Why a command gave up.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to tell the user.
    pub message: String,
}

impl Failure {
    /// The user asked for something that cannot be.
    pub fn usage(message: impl fmt::Display) -> Failure {
        Failure { exit: Exit::Usage, message: format!("error: {message}\n") }
    }

    /// Something could not be written.
    pub fn output(message: impl fmt::Display) -> Failure {
        Failure { exit: Exit::Output, message: format!("error: {message}\n") }
    }

    /// An input file could not be used. Diagnostics are shown with the lines that they are about.
    pub fn load(error: &LoadError, color: bool) -> Failure {
        let message = match error {
            LoadError::Unreadable { .. } => format!("error: {error}\n"),
            LoadError::Invalid { text, diagnostics, .. } => {
                interregnum_scenario::render(diagnostics, text, color)
            }
        };
        Failure { exit: Exit::Usage, message }
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Failure {
        match error {
            SweepError::Build(error) => Failure::usage(error),
            SweepError::Output(error) => Failure::output(error),
            SweepError::Engine { refused: Refused::Lacks(_), .. } => Failure::usage(error),
            SweepError::Engine { refused: Refused::NotBuiltIn, .. } => Failure::output(error),
        }
    }
}
