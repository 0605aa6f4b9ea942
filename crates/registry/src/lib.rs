//! One registry over all algorithms: those written here, and, with the feature `real`, the real implementations of
//! the crate `interregnum-adapters`. Sweeps and the command look algorithms up here, and find both kinds
//! under the same names of functions.
#![forbid(unsafe_code)]

pub use interregnum_algorithms::{
    Algorithm, Bug, BuildError, Claim, Entry, Promise, Registered, Strain, Visitor, Vocabulary,
};

use interregnum_algorithms as written;
use interregnum_kernel::{ParameterError, Parameters};

#[cfg(feature = "real")]
use interregnum_adapters as real;

/// Without the feature there is none.
#[cfg(not(feature = "real"))]
mod real {
    use super::{BuildError, Claim, Entry, ParameterError, Parameters, Visitor, Vocabulary};

    pub(super) const ENTRIES: &[Entry] = &[];

    pub(super) fn build<V: Visitor>(name: &str, _: &Parameters, _: V) -> Result<V::Output, BuildError> {
        Err(super::missing(name))
    }
    pub(super) fn vocabulary(_: &str) -> Option<Vocabulary> {
        None
    }
    pub(super) fn warnings(_: &str, _: &Parameters) -> Vec<ParameterError> {
        Vec::new()
    }
    pub(super) fn withdrawn(_: &str, _: &Parameters) -> &'static [&'static str] {
        &[]
    }
    pub(super) fn claims(name: &str, _: &Parameters) -> Result<Vec<Claim>, BuildError> {
        Err(super::missing(name))
    }
}

/// Names of the real implementations, whether this build has them or not.
pub const REAL: &[&str] = &["tikv-raft", "omnipaxos"];

/// Names of algorithms that this build does without, and that scenarios may name all the same.
pub const ABSENT: &[&str] = if cfg!(feature = "real") { &[] } else { REAL };

const COUNT: usize = written::ENTRIES.len() + real::ENTRIES.len();

const ALL: [Entry; COUNT] = {
    let mut all = [written::ENTRIES[0]; COUNT];
    let mut place = 0;
    while place < COUNT {
        all[place] = if place < written::ENTRIES.len() {
            written::ENTRIES[place]
        } else {
            real::ENTRIES[place - written::ENTRIES.len()]
        };
        place += 1;
    }
    all
};

/// Every algorithm, in the order in which they are listed: real implementations last.
pub static ALGORITHMS: &[Entry] = &ALL;

/// The algorithm of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALGORITHMS.iter().find(|entry| entry.name == name)
}

/// Why there is no algorithm of this name: it was not built in, or nobody has ever heard of it.
pub fn missing(name: &str) -> BuildError {
    let because = if ABSENT.contains(&name) { BuildError::NotBuiltIn } else { BuildError::UnknownAlgorithm };
    because(name.to_owned())
}

fn is_written_here(name: &str) -> bool {
    written::find(name).is_some()
}

/// Builds the algorithm of this name and hands it to the visitor.
///
/// # Errors
/// If there is no such algorithm, or it refuses the parameters or the bug.
pub fn build<V: Visitor>(name: &str, parameters: &Parameters, visitor: V) -> Result<V::Output, BuildError> {
    if is_written_here(name) {
        written::build(name, parameters, visitor)
    } else {
        real::build(name, parameters, visitor)
    }
}

/// What the messages and the moments of the algorithm of this name are called.
pub fn vocabulary(name: &str) -> Option<Vocabulary> {
    written::vocabulary(name).or_else(|| real::vocabulary(name))
}

/// What the algorithm of this name remarks on parameters that it accepts.
pub fn warnings(name: &str, parameters: &Parameters) -> Vec<ParameterError> {
    if is_written_here(name) { written::warnings(name, parameters) } else { real::warnings(name, parameters) }
}

/// The invariants that the algorithm of this name does not promise with these parameters, though its entry does.
pub fn withdrawn(name: &str, parameters: &Parameters) -> &'static [&'static str] {
    if is_written_here(name) {
        written::withdrawn(name, parameters)
    } else {
        real::withdrawn(name, parameters)
    }
}

/// How much of which disturbance the algorithm of this name is said to bear with these parameters.
///
/// # Errors
/// If there is no such algorithm, or it refuses the parameters or the bug.
pub fn claims(name: &str, parameters: &Parameters) -> Result<Vec<Claim>, BuildError> {
    if is_written_here(name) { written::claims(name, parameters) } else { real::claims(name, parameters) }
}

#[cfg(all(test, feature = "real"))]
mod tests {
    #[test]
    fn a_build_without_real_implementations_knows_the_name_of_each() {
        let names: Vec<&str> = super::real::ENTRIES.iter().map(|entry| entry.name).collect();
        assert_eq!(names, super::REAL, "in the order in which they are listed");
    }
}
