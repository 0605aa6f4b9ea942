//! What can be set of an algorithm: declared by its registry entry, checked by the scenario reader, read by its
//! constructor. One declaration serves help, diagnostics and schema.

use crate::ids::{NodeId, NodeSet};
use crate::time::{Jitter, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Which defaults an algorithm runs with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The same heartbeat interval and detection bound for every algorithm: for comparing algorithms.
    #[default]
    Matched,
    /// The defaults of the system that the algorithm is known from: for judging configurations.
    Production,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Profile::Matched => "matched",
            Profile::Production => "production",
        })
    }
}

/// What a parameter's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A duration: `"50ms"`.
    Span,
    /// A range of durations, both ends included: `"150ms..300ms"`, or one duration.
    Jitter,
    /// `true` or `false`.
    Flag,
    /// A whole number, not negative.
    Count,
    /// Whole numbers, one per node or fewer: `[3, 1, 2]`.
    Counts,
    /// Some of the nodes, by their numbers from 1: `[1, 2]`.
    Nodes,
    /// One log per node, each the list of its entries' epochs: `[[1, 1, 2], [1]]`. Nodes without one start empty.
    Logs,
    /// One of these words.
    Word(&'static [&'static str]),
}

impl ParameterKind {
    /// The kind in words, for "expected ...".
    pub const fn in_words(self) -> &'static str {
        match self {
            ParameterKind::Span => "a duration such as \"50ms\"",
            ParameterKind::Jitter => "a range of durations such as \"150ms..300ms\"",
            ParameterKind::Flag => "true or false",
            ParameterKind::Count => "a whole number",
            ParameterKind::Counts => "a list of whole numbers, one per node, such as [3, 1, 2]",
            ParameterKind::Nodes => "a list of nodes such as [1, 2]",
            ParameterKind::Logs => "a list of logs, each a list of epochs, such as [[1, 1, 2], [1]]",
            ParameterKind::Word(_) => "one of the parameter's words",
        }
    }
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// A duration.
    Span(Span),
    /// A range of durations.
    Jitter(Jitter),
    /// A switch.
    Flag(bool),
    /// A number.
    Count(u64),
    /// Numbers, node by node.
    Counts(Vec<u64>),
    /// Some of the nodes.
    Nodes(NodeSet),
    /// Initial logs, per node the epochs of its entries.
    Logs(Vec<Vec<u64>>),
    /// A word.
    Word(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Span(span) => write!(f, "{span}"),
            Value::Jitter(jitter) => write!(f, "{jitter}"),
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::Count(count) => write!(f, "{count}"),
            Value::Counts(counts) => write!(f, "{counts:?}"),
            Value::Nodes(nodes) => f.debug_list().entries(nodes.iter().map(|node| node.0 + 1)).finish(),
            Value::Logs(logs) => write!(f, "{logs:?}"),
            Value::Word(word) => f.write_str(word),
        }
    }
}

/// One parameter of one algorithm.
#[derive(Clone, Copy, Debug)]
pub struct ParameterSpec {
    /// Its name in scenario files.
    pub name: &'static str,
    /// What values it takes.
    pub kind: ParameterKind,
    /// What it does, and in which units, in one line.
    pub doc: &'static str,
    /// Its value where nothing is said.
    pub default: fn(Profile) -> Value,
}

/// What an algorithm is built from: the cluster's size, the profile, and what was set explicitly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// How many nodes there are.
    pub nodes: u8,
    /// The nodes that make up the cluster at first; the rest are spares, which run and wait to be added.
    pub members: NodeSet,
    /// The nodes of the coordination service, which follow all others; none where the algorithm needs no service.
    #[serde(default)]
    pub service: NodeSet,
    /// Whose defaults hold where nothing is set.
    pub profile: Profile,
    /// The planted bug, by name.
    pub bug: Option<String>,
    /// What was set, by name.
    pub set: BTreeMap<String, Value>,
}

/// Parameters that an algorithm refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterError {
    /// Which parameter, where one is to blame.
    pub parameter: &'static str,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parameter `{}`: {}", self.parameter, self.problem)
    }
}

impl std::error::Error for ParameterError {}

impl Parameters {
    /// Parameters with nothing set, for a cluster of this size.
    pub fn of(nodes: u8) -> Parameters {
        let members = NodeSet::first(usize::from(nodes));
        Parameters { nodes, members, ..Parameters::default() }
    }

    /// Adds a coordination service of so many nodes, which follow all others.
    #[must_use]
    pub fn with_service(mut self, nodes: u8) -> Parameters {
        let first = usize::from(self.nodes);
        self.nodes = self.nodes.saturating_add(nodes);
        self.service = NodeSet::first(usize::from(self.nodes)).minus(NodeSet::first(first));
        self
    }

    /// Sets one parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Parameters {
        self.set.insert(name.to_owned(), value);
        self
    }

    /// Plants a bug.
    #[must_use]
    pub fn with_bug(mut self, bug: &str) -> Parameters {
        self.bug = Some(bug.to_owned());
        self
    }

    /// The value of a declared parameter: as set, or its default.
    pub fn get(&self, spec: &ParameterSpec) -> Value {
        self.set.get(spec.name).cloned().unwrap_or_else(|| (spec.default)(self.profile))
    }

    /// The duration that a parameter stands for.
    ///
    /// # Errors
    /// If it was set to something else.
    pub fn span(&self, spec: &ParameterSpec) -> Result<Span, ParameterError> {
        match self.get(spec) {
            Value::Span(span) => Ok(span),
            other => Err(mismatch(spec, &other)),
        }
    }

    /// The range that a parameter stands for; one duration is a range of that one.
    ///
    /// # Errors
    /// If it was set to something else.
    pub fn jitter(&self, spec: &ParameterSpec) -> Result<Jitter, ParameterError> {
        match self.get(spec) {
            Value::Jitter(jitter) => Ok(jitter),
            Value::Span(span) => Ok(Jitter::exactly(span)),
            other => Err(mismatch(spec, &other)),
        }
    }

    /// The switch that a parameter stands for.
    ///
    /// # Errors
    /// If it was set to something else.
    pub fn flag(&self, spec: &ParameterSpec) -> Result<bool, ParameterError> {
        match self.get(spec) {
            Value::Flag(flag) => Ok(flag),
            other => Err(mismatch(spec, &other)),
        }
    }

    /// The number that a parameter stands for.
    ///
    /// # Errors
    /// If it was set to something else.
    pub fn count(&self, spec: &ParameterSpec) -> Result<u64, ParameterError> {
        match self.get(spec) {
            Value::Count(count) => Ok(count),
            other => Err(mismatch(spec, &other)),
        }
    }

    /// The numbers that a parameter stands for, node by node. None where it was not set; otherwise one for each node.
    ///
    /// # Errors
    /// If it was set to something else, or not for every node.
    pub fn counts(&self, spec: &ParameterSpec) -> Result<Vec<u64>, ParameterError> {
        match self.get(spec) {
            Value::Counts(counts) if counts.is_empty() || counts.len() == usize::from(self.nodes) => {
                Ok(counts)
            }
            Value::Counts(counts) => Err(ParameterError {
                parameter: spec.name,
                problem: format!("{} numbers for {} nodes; give one for each", counts.len(), self.nodes),
            }),
            other => Err(mismatch(spec, &other)),
        }
    }

    /// The nodes that a parameter stands for.
    ///
    /// # Errors
    /// If it was set to something else, or names a node that does not exist.
    pub fn node_set(&self, spec: &ParameterSpec) -> Result<NodeSet, ParameterError> {
        match self.get(spec) {
            Value::Nodes(nodes) => match nodes.minus(NodeSet::first(usize::from(self.nodes))).iter().next() {
                None => Ok(nodes),
                Some(stranger) => Err(ParameterError {
                    parameter: spec.name,
                    problem: format!("there is no node {} among {}", stranger.0 + 1, self.nodes),
                }),
            },
            other => Err(mismatch(spec, &other)),
        }
    }

    /// The nodes that make up the cluster at first.
    ///
    /// # Errors
    /// If there are none, or more than there can be, or a member does not exist.
    pub fn cluster(&self) -> Result<NodeSet, ParameterError> {
        let refuse = |parameter, problem| Err(ParameterError { parameter, problem });
        let everyone = match usize::from(self.nodes) {
            nodes @ 1..=NodeId::MAX => NodeSet::first(nodes),
            nodes => {
                return refuse("nodes", format!("a cluster has 1 to {} nodes, not {nodes}", NodeId::MAX));
            }
        };
        if self.members.is_empty() {
            return refuse("members", "a cluster has at least one member".to_owned());
        }
        match self.members.minus(everyone).iter().next() {
            Some(stranger) => {
                refuse("members", format!("there is no node {} among {}", stranger.0 + 1, self.nodes))
            }
            None => Ok(self.members),
        }
    }

    /// The word that a parameter stands for, by its place among those that it can be.
    ///
    /// # Errors
    /// If it was set to something else, or to no word of the parameter's.
    pub fn word(&self, spec: &ParameterSpec) -> Result<usize, ParameterError> {
        match (self.get(spec), spec.kind) {
            (Value::Word(word), ParameterKind::Word(words)) => {
                words.iter().position(|known| *known == word).ok_or_else(|| ParameterError {
                    parameter: spec.name,
                    problem: format!("expected {}, found {word}", words.join(" or ")),
                })
            }
            (other, _) => Err(mismatch(spec, &other)),
        }
    }

    /// The initial logs that a parameter stands for.
    ///
    /// # Errors
    /// If it was set to something else.
    pub fn logs(&self, spec: &ParameterSpec) -> Result<Vec<Vec<u64>>, ParameterError> {
        match self.get(spec) {
            Value::Logs(logs) => Ok(logs),
            other => Err(mismatch(spec, &other)),
        }
    }
}

fn mismatch(spec: &ParameterSpec, found: &Value) -> ParameterError {
    ParameterError {
        parameter: spec.name,
        problem: format!("expected {}, found {found}", spec.kind.in_words()),
    }
}
