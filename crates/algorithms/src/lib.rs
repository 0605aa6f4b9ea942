//! The election algorithms, and the registry through which everything else finds them.
//!
//! Adding an algorithm is one folder with a type that implements [`Algorithm`], and one line in the `registry!` call
//! at the end of this header. Help texts, completions, scenario checks, sweeps and the generic tests walk the
//! registry; no other code names an algorithm.
//!
//! Engines stay generic over [`Protocol`] without dynamic dispatch: [`build`] picks the
//! type by name and hands the value to a [`Visitor`].
#![forbid(unsafe_code)]

mod claim;
mod phases;
mod planting;
pub mod profile;
// Raft.
pub mod raft;
// Bully.
pub mod bully;
// Ring.
pub mod ring;
// ZAB.
pub mod zab;
// Lease.
pub mod lease;

pub use claim::{Claim, Strain};

use interregnum_kernel::{
    Checkable, FaultClass, FaultClasses, ParameterError, ParameterSpec, Parameters, Protocol,
};
use std::fmt;

/// A planted bug: off unless it is named, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// Its name: what a scenario or a command line plants it by.
    pub id: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What it breaks: names of invariants, or "liveness", or "stability".
    pub breaks: &'static [&'static str],
    /// Where it was seen, or which text describes it.
    pub source: &'static str,
}

/// What the registry knows of an algorithm.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name in scenario files and on the command line.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// The paper that it follows.
    pub source: &'static str,
    /// The bugs that can be planted in it.
    pub bugs: &'static [Bug],
    /// Whether its nodes contend through a coordination service, which has nodes of its own.
    pub service: bool,
    /// What can be set of it.
    pub parameters: &'static [ParameterSpec],
    /// The orders that it follows, by the names of their levers; it ignores all others.
    pub orders: &'static [&'static str],
    /// The kinds of message that belong to elections, as against the rest of its work: those that are sent only because of one,
    /// questions, answers and news. None where no kind is sent for elections alone, as where those who wait ask all the time whether
    /// the seat is free, or a renewal is the same message as a takeover; then nothing is said of what an election costs.
    pub election_kinds: &'static [&'static str],
    /// What it promises, and under which assumptions.
    pub promises: &'static [Promise],
}

/// An invariant that an algorithm promises to hold, and what it assumes for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The invariant's name.
    pub invariant: &'static str,
    /// Nothing is promised in a world in which any of this goes wrong.
    pub except: FaultClasses,
}

impl Promise {
    /// A promise that is kept unless something of this goes wrong.
    pub const fn except(invariant: &'static str, except: FaultClasses) -> Promise {
        Promise { invariant, except }
    }
}

/// What breaks the assumption of the classic algorithms that a message and its answer come within known bounds, by clocks
/// that measure them alike. Repeated messages do not: what an election says twice it means once.
pub(crate) const LATE_OR_LOST: FaultClasses = FaultClasses::of(&[
    FaultClass::Cut,
    FaultClass::Loss,
    FaultClass::Delay,
    FaultClass::Pause,
    FaultClass::Freeze,
    FaultClass::SlowNode,
    FaultClass::ClockRate,
    FaultClass::ClockJump,
]);

impl Entry {
    /// Whether it promises an invariant in a world in which this goes wrong.
    pub fn promises(&self, invariant: &str, world: FaultClasses) -> bool {
        self.promises.iter().any(|promise| promise.invariant == invariant && !promise.except.meets(world))
    }

    /// What it promises in a world in which this goes wrong.
    pub fn promises_under(&self, world: FaultClasses) -> impl Iterator<Item = &'static str> {
        let kept = move |promise: &&Promise| !promise.except.meets(world);
        self.promises.iter().filter(kept).map(|promise| promise.invariant)
    }

    /// The planted bug of this name.
    pub fn bug(&self, id: &str) -> Option<&'static Bug> {
        self.bugs.iter().find(|bug| bug.id == id)
    }

    /// The parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&'static ParameterSpec> {
        self.parameters.iter().find(|spec| spec.name == name)
    }
}

/// What every registered algorithm is: fit to be shared by the threads of a sweep.
pub trait Registered:
    Protocol<
        State: Send + Sync,
        Message: Send + Sync,
        Timer: Send + Sync,
        Write: Send + Sync,
        Disk: Send + Sync,
    > + Send
    + Sync
{
}

impl<P> Registered for P where
    P: Protocol<
            State: Send + Sync,
            Message: Send + Sync,
            Timer: Send + Sync,
            Write: Send + Sync,
            Disk: Send + Sync,
        > + Send
        + Sync
{
}

/// What an algorithm must be besides for an exhaustive checker. Every algorithm written here is; adapters of foreign code,
/// whose states can be neither copied nor compared, are not.
pub trait Explorable: Registered + Checkable {}

impl<P: Registered + Checkable> Explorable for P {}

/// An algorithm as its folder offers it to the registry.
pub trait Algorithm {
    /// Its rules. Algorithms that differ in little may share a type of rules, so that engines are compiled once for them.
    type Rules: Registered;

    /// What the registry shows of it.
    const ENTRY: Entry;

    /// The moments of its work by which faults can be timed: those of its rules, or some of them.
    const PHASES: &'static [&'static str] = <Self::Rules as Protocol>::PHASES;

    /// The rules for these parameters. The registry has refused unknown parameters and unknown bugs before.
    ///
    /// # Errors
    /// If a value is of the wrong kind, or the values do not fit together.
    fn from_parameters(parameters: &Parameters) -> Result<Self::Rules, ParameterError>;

    /// What of accepted parameters is probably not intended: they keep the algorithm's conditions, but not in spirit.
    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        let _ = parameters;
        Vec::new()
    }

    /// The invariants that it does not promise with these parameters, though its entry does: where it is set to do without what
    /// keeps them, as the real system can be.
    fn withdrawn(parameters: &Parameters) -> &'static [&'static str] {
        let _ = parameters;
        &[]
    }

    /// How much of which disturbance its exclusion is said to bear with these parameters.
    fn claims(rules: &Self::Rules) -> Vec<Claim> {
        let _ = rules;
        Vec::new()
    }
}

/// What an algorithm's rules call things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// The kinds of its messages.
    pub kinds: &'static [&'static str],
    /// The moments of its work by which faults can be timed.
    pub phases: &'static [&'static str],
}

/// Code that runs on whichever algorithm is picked by name.
pub trait Visitor {
    /// What it gives back.
    type Output;
    /// Runs on the algorithm.
    fn visit<P: Registered>(self, protocol: P) -> Self::Output;
}

/// Code that runs on whichever explorable algorithm is picked by name.
pub trait Explorer {
    /// What it gives back.
    type Output;
    /// Runs on the algorithm.
    fn explore<P: Explorable>(self, protocol: P) -> Self::Output;
}

/// Why an algorithm could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// No algorithm has this name.
    UnknownAlgorithm(String),
    /// The algorithm is a real implementation, and was not built in.
    NotBuiltIn(String),
    /// The algorithm has no such parameter.
    UnknownParameter {
        /// The algorithm.
        algorithm: &'static str,
        /// What was set.
        parameter: String,
    },
    /// The algorithm has no such planted bug.
    UnknownBug {
        /// The algorithm.
        algorithm: &'static str,
        /// What was to be planted.
        bug: String,
    },
    /// A parameter was refused.
    Parameter {
        /// The algorithm.
        algorithm: &'static str,
        /// Which parameter, and why.
        error: ParameterError,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::UnknownAlgorithm(name) => write!(f, "no algorithm is named `{name}`"),
            BuildError::NotBuiltIn(name) => write!(
                f,
                "{name} is a real implementation and was not built in; build the command with it: \
                 cargo run --release -p interregnum-cli --features real"
            ),
            BuildError::UnknownParameter { algorithm, parameter } => {
                write!(f, "{algorithm} has no parameter `{parameter}`")
            }
            BuildError::UnknownBug { algorithm, bug } => write!(f, "{algorithm} has no planted bug `{bug}`"),
            BuildError::Parameter { algorithm, error } => write!(f, "{algorithm}: {error}"),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BuildError::Parameter { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// A registry of these algorithms: what a crate that has some offers to those that look them up by name. With `explorable`
/// before them, an exhaustive checker can pick them by name too.
#[macro_export]
macro_rules! registry {
    (explorable $($algorithm:ty),+ $(,)?) => {
        $crate::registry! { $($algorithm),+ }

        /// Builds the algorithm of this name and hands it to the explorer.
        ///
        /// # Errors
        /// If there is no such algorithm, or it refuses the parameters or the bug.
        pub fn explore<E: $crate::Explorer>(
            name: &str,
            parameters: &$crate::reexport::Parameters,
            explorer: E,
        ) -> Result<E::Output, $crate::BuildError> {
            $(
                if name == <$algorithm as $crate::Algorithm>::ENTRY.name {
                    return Ok(explorer.explore($crate::construct::<$algorithm>(parameters)?));
                }
            )+
            Err($crate::BuildError::UnknownAlgorithm(name.to_owned()))
        }
    };
    ($($algorithm:ty),+ $(,)?) => {
        /// Every algorithm, in the order in which they are listed, for constants.
        pub const ENTRIES: &[$crate::Entry] = &[$(<$algorithm as $crate::Algorithm>::ENTRY),+];

        /// Every algorithm, in the order in which they are listed.
        pub static ALGORITHMS: &[$crate::Entry] = ENTRIES;

        /// Builds the algorithm of this name and hands it to the visitor.
        ///
        /// # Errors
        /// If there is no such algorithm, or it refuses the parameters or the bug.
        pub fn build<V: $crate::Visitor>(
            name: &str,
            parameters: &$crate::reexport::Parameters,
            visitor: V,
        ) -> Result<V::Output, $crate::BuildError> {
            $(
                if name == <$algorithm as $crate::Algorithm>::ENTRY.name {
                    return Ok(visitor.visit($crate::construct::<$algorithm>(parameters)?));
                }
            )+
            Err($crate::BuildError::UnknownAlgorithm(name.to_owned()))
        }

        /// What the messages and the moments of the algorithm of this name are called.
        pub fn vocabulary(name: &str) -> Option<$crate::Vocabulary> {
            $(
                if name == <$algorithm as $crate::Algorithm>::ENTRY.name {
                    return Some($crate::Vocabulary {
                        kinds: <<$algorithm as $crate::Algorithm>::Rules as $crate::reexport::Protocol>::KINDS,
                        phases: <$algorithm as $crate::Algorithm>::PHASES,
                    });
                }
            )+
            None
        }

        /// What the algorithm of this name remarks on parameters that it accepts.
        pub fn warnings(name: &str, parameters: &$crate::reexport::Parameters) -> Vec<$crate::reexport::ParameterError> {
            $(
                if name == <$algorithm as $crate::Algorithm>::ENTRY.name {
                    return <$algorithm as $crate::Algorithm>::warnings(parameters);
                }
            )+
            Vec::new()
        }

        /// The invariants that the algorithm of this name does not promise with these parameters, though its entry does.
        pub fn withdrawn(name: &str, parameters: &$crate::reexport::Parameters) -> &'static [&'static str] {
            $(
                if name == <$algorithm as $crate::Algorithm>::ENTRY.name {
                    return <$algorithm as $crate::Algorithm>::withdrawn(parameters);
                }
            )+
            &[]
        }

        /// How much of which disturbance the algorithm of this name is said to bear with these parameters.
        ///
        /// # Errors
        /// If there is no such algorithm, or it refuses the parameters or the bug.
        pub fn claims(name: &str, parameters: &$crate::reexport::Parameters) -> Result<Vec<$crate::Claim>, $crate::BuildError> {
            $(
                if name == <$algorithm as $crate::Algorithm>::ENTRY.name {
                    let rules = $crate::construct::<$algorithm>(parameters)?;
                    return Ok(<$algorithm as $crate::Algorithm>::claims(&rules));
                }
            )+
            Err($crate::BuildError::UnknownAlgorithm(name.to_owned()))
        }
    };
}

registry! {
    explorable
    raft::Raft,
    // Bully.
    bully::Bully,
    bully::BullyQuorum,
    // Ring.
    ring::ChangRoberts,
    ring::TokenRing,
    ring::QuorumRing,
    // ZAB.
    zab::Zab,
    // etcd.
    lease::By<lease::etcd::Etcd>,
    // Kubernetes.
    lease::By<lease::kubernetes::Kubernetes>,
    // Consul.
    lease::By<lease::consul::Consul>,
    // ZooKeeper.
    lease::By<lease::zookeeper::ZooKeeper>,
    // Chubby.
    lease::By<lease::chubby::Chubby>,
    // Kafka.
    lease::By<lease::kafka::Kafka>,
    // Redis.
    lease::redis::Redis,
}

/// The algorithm of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALGORITHMS.iter().find(|entry| entry.name == name)
}

/// What the text of [`registry!`] names, wherever it is expanded.
#[doc(hidden)]
pub mod reexport {
    pub use interregnum_kernel::{ParameterError, Parameters, Protocol};
}

/// Builds one algorithm, with the checks that are the same for all.
///
/// # Errors
/// If the algorithm has no such parameter or bug, or refuses a value.
pub fn construct<A: Algorithm>(parameters: &Parameters) -> Result<A::Rules, BuildError> {
    let algorithm = A::ENTRY.name;
    if let Some(parameter) = parameters.set.keys().find(|name| A::ENTRY.parameter(name).is_none()) {
        return Err(BuildError::UnknownParameter { algorithm, parameter: parameter.clone() });
    }
    if let Some(bug) = parameters.bug.as_ref().filter(|id| A::ENTRY.bug(id).is_none()) {
        return Err(BuildError::UnknownBug { algorithm, bug: bug.clone() });
    }
    A::from_parameters(parameters).map_err(|error| BuildError::Parameter { algorithm, error })
}

#[cfg(test)]
mod tests;
