//! The scenario file: a TOML file that says which cluster is run, what befalls it, and what is expected of it.
#![forbid(unsafe_code)]

mod catalogue;
mod diagnostic;
mod expectation;
mod scenario;

pub use catalogue::{AlgorithmInfo, Catalogue};
pub use diagnostic::{Diagnostic, Severity};
pub use expectation::{Comparison, Counted, Expectation, FailoverExpectation, Relation};
pub use scenario::Scenario;
