//! What a scenario may name, handed in by the caller: this crate knows no concrete algorithm and no concrete invariant.

use interregnum_kernel::ParameterSpec;

/// The algorithms, invariants and goals that scenario files may name.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The algorithms.
    pub algorithms: Vec<AlgorithmInfo>,
    /// Names of algorithms that this build does without. A scenario may say things of them, which nobody asks for.
    pub absent: Vec<&'static str>,
    /// The names of the invariants.
    pub invariants: Vec<&'static str>,
    /// What runs can reach, so that a scenario can ask for it.
    pub goals: Vec<GoalInfo>,
}

/// What a run can reach: a scenario that asks for it under `sometimes` tests nothing unless some run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoalInfo {
    /// Its name.
    pub name: &'static str,
    /// When a run has reached it, in a clause.
    pub summary: &'static str,
    /// What the world must have for it to be reached at all.
    pub needs: GoalNeeds,
}

/// What a goal cannot be reached without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GoalNeeds {
    /// Nothing in particular.
    #[default]
    Nothing,
    /// Leaders that write to the resource.
    Writes,
    /// Leaders that write to a resource that compares tokens.
    Fencing,
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
    /// Whether its nodes contend through a coordination service, which has nodes of its own.
    pub service: bool,
    /// The orders that it follows, by the names of their levers.
    pub orders: &'static [&'static str],
    /// The kinds of its messages.
    pub kinds: &'static [&'static str],
    /// The moments of its work that it names.
    pub phases: &'static [&'static str],
}

impl AlgorithmInfo {
    /// The family that it belongs to: of algorithms that contend through a coordination service the first word of the name.
    fn family(&self) -> Option<&'static str> {
        self.name.split_once('-').map(|(family, _)| family).filter(|_| self.service)
    }
}

impl Catalogue {
    /// The algorithm of this name.
    pub fn algorithm(&self, name: &str) -> Option<&AlgorithmInfo> {
        self.algorithms.iter().find(|algorithm| algorithm.name == name)
    }

    /// The families of algorithms: what the names of those that contend through a coordination service begin with, each once.
    pub fn families(&self) -> Vec<&'static str> {
        let mut families: Vec<&str> = self.algorithms.iter().filter_map(AlgorithmInfo::family).collect();
        families.sort_unstable();
        families.dedup();
        families
    }

    /// The names of a family's algorithms.
    pub fn family(&self, family: &str) -> Vec<&'static str> {
        let members = self.algorithms.iter().filter(|algorithm| algorithm.family() == Some(family));
        members.map(|algorithm| algorithm.name).collect()
    }

    /// The names of all algorithms and of all families, and of algorithms that this build does without.
    pub fn names_and_families(&self) -> Vec<&'static str> {
        let mut names = self.algorithm_names();
        names.extend(self.families());
        names.extend(&self.absent);
        names
    }

    /// The names of all algorithms.
    pub fn algorithm_names(&self) -> Vec<&'static str> {
        self.algorithms.iter().map(|algorithm| algorithm.name).collect()
    }
}
