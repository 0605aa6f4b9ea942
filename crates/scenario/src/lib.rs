//! The scenario file: a TOML file that says which cluster is run, what befalls it, and what is expected of it.
//!
//! [`read`] makes a [`Scenario`] of a text, or says everything that is wrong with it, each with its place, what was
//! expected and the nearest known word. [`schema`] describes the format to editors. Both walk the same declarations of
//! keys, so that what is documented is what is read.
//!
//! No algorithm and no invariant is known here: a [`Catalogue`] names them. No file is opened here: a closure loads
//! those that a scenario names.
#![forbid(unsafe_code)]

mod catalogue;
mod declare;
mod diagnostic;
mod expectation;
mod format;
mod kinds;
mod nearest;
mod overrides;
mod read;
mod reader;
mod reference;
mod render;
mod scenario;
mod schema;
mod sections;

pub use catalogue::{AlgorithmInfo, Catalogue, GoalInfo, GoalNeeds};
pub use diagnostic::{Diagnostic, Severity};
pub use expectation::{Comparison, Counted, Expectation, FailoverExpectation, LeaderDuring, Relation};
pub use format::format;
pub use interregnum_kernel::{Parameters, Profile};
pub use nearest::nearest;
pub use overrides::Overrides;
pub use read::{read, read_with};
pub use reference::{KeyInfo, TableInfo, reference};
pub use render::render;
pub use scenario::Scenario;
pub use schema::schema;
pub use sections::levers::{LeverInfo, levers};
pub use sections::nemesis::{NemesisInfo, nemesis_kinds};
