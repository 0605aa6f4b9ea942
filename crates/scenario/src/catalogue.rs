//! What a scenario may name, handed in by the caller: this crate knows no concrete algorithm and no concrete invariant.

use interregnum_kernel::ParameterSpec;

/// The algorithms and invariants that scenario files may name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The algorithms.
    pub algorithms: Vec<AlgorithmInfo>,
    /// The names of the invariants.
    pub invariants: Vec<&'static str>,
}

/// What a scenario may say about one algorithm.
#[derive(Clone, Debug)]
pub struct AlgorithmInfo {
    /// Its name.
    pub name: &'static str,
    /// What can be set of it.
    pub parameters: &'static [ParameterSpec],
    /// The bugs that can be planted in it.
    pub bugs: Vec<&'static str>,
    /// The orders that it follows, by the names of their levers.
    pub orders: &'static [&'static str],
    /// The kinds of its messages.
    pub kinds: &'static [&'static str],
    /// The moments of its work that it names.
    pub phases: &'static [&'static str],
}

impl Catalogue {
    /// The algorithm of this name.
    pub fn algorithm(&self, name: &str) -> Option<&AlgorithmInfo> {
        self.algorithms.iter().find(|algorithm| algorithm.name == name)
    }

    /// The names of all algorithms.
    pub fn algorithm_names(&self) -> Vec<&'static str> {
        self.algorithms.iter().map(|algorithm| algorithm.name).collect()
    }
}
