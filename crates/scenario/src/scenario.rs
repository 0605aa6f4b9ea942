//! A scenario: what its file means, once read.

use crate::expectation::Expectation;
use crate::overrides::Overrides;
use interregnum_kernel::{NodeSet, Parameters, Profile};
use interregnum_world::{Plan, Setting};
use std::collections::BTreeMap;

/// One scenario, validated and expanded: every run of it is this, an algorithm and a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name, in lower-case words joined by hyphens.
    pub name: String,
    /// What happens and what is expected, in a sentence or two.
    pub summary: String,
    /// The algorithms it is meant for, in the file's order; `None` for all.
    pub algorithms: Option<Vec<String>>,
    /// The nodes that make up the cluster at first.
    pub members: NodeSet,
    /// Whose defaults hold for parameters that are not set.
    pub profile: Profile,
    /// What is set of algorithms, by algorithm.
    pub parameters: BTreeMap<String, Parameters>,
    /// The world: network, disks, clocks, clients, faults, and when it ends. Without a coordination service, as most algorithms
    /// have it.
    pub setting: Setting,
    /// The same world with the coordination service, for those that contend through one.
    pub served: Setting,
    /// The algorithms that do, of all that there are.
    pub contend_through_service: Vec<String>,
    /// What is expected of every algorithm that has no entry in [`Scenario::expect_for`].
    pub expect: Expectation,
    /// What is expected of single algorithms: [`Scenario::expect`] with their own keys put over it.
    pub expect_for: BTreeMap<String, Expectation>,
    /// What was put in the place of what the file says.
    pub overrides: Overrides,
    /// Whether the profile and the cluster's size are those of the file, for which its expectations are meant.
    pub as_written: bool,
    /// The file as it was read.
    pub text: String,
    /// The files that it names, by the names it uses, so that a replay file can carry them.
    pub files: BTreeMap<String, String>,
}

impl Scenario {
    /// What the algorithm is built from.
    pub fn parameters_for(&self, algorithm: &str) -> Parameters {
        let set = self.parameters.get(algorithm).cloned();
        let (nodes, members, profile) = (self.setting.nodes, self.members, self.profile);
        let parameters = set.unwrap_or(Parameters { nodes, members, profile, ..Parameters::default() });
        parameters.with_service(self.setting_for(algorithm).service.len() as u8)
    }

    /// The world as the algorithm has it: with a coordination service if it contends through one, or else without.
    pub fn setting_for(&self, algorithm: &str) -> &Setting {
        let through_service = self.contend_through_service.iter().any(|name| name == algorithm);
        if through_service { &self.served } else { &self.setting }
    }

    /// Puts another plan of faults in the place of the file's.
    pub fn set_plan(&mut self, plan: Plan) {
        self.served.plan = plan.clone();
        self.setting.plan = plan;
    }

    /// What is expected of the algorithm.
    pub fn expectation_for(&self, algorithm: &str) -> &Expectation {
        self.expect_for.get(algorithm).unwrap_or(&self.expect)
    }

    /// Whether the scenario is meant for the algorithm.
    pub fn is_for(&self, algorithm: &str) -> bool {
        self.algorithms.as_ref().is_none_or(|names| names.iter().any(|name| name == algorithm))
    }
}
