//! The arguments of one command.

use crate::runner::Outcome;
use crate::values;
use goldenscript::ArgumentConsumer;
use interregnum_kernel::{NodeId, NodeSet};

/// What stands behind a command's name, to be taken word by word.
pub(crate) struct Arguments<'a> {
    words: ArgumentConsumer<'a>,
    /// How many nodes there are to be named.
    nodes: usize,
}

impl<'a> Arguments<'a> {
    /// All arguments of a command, for a cluster of so many nodes.
    pub(crate) fn of(command: &'a goldenscript::Command, nodes: usize) -> Arguments<'a> {
        Arguments { words: command.consume_args(), nodes }
    }

    /// The next word.
    pub(crate) fn next(&mut self) -> Option<&'a str> {
        self.words.next_pos()
    }

    /// All further words.
    pub(crate) fn rest(&mut self) -> Vec<&'a str> {
        std::iter::from_fn(|| self.words.next_pos()).collect()
    }

    /// The value of a key.
    pub(crate) fn key(&mut self, key: &str) -> Option<&'a str> {
        self.words.take_key(key)
    }

    /// The next key that has not been asked for, and its value.
    pub(crate) fn any_key(&mut self) -> Option<(&'a str, &'a str)> {
        self.words.next_key()
    }

    /// All nodes.
    pub(crate) fn everyone(&self) -> NodeSet {
        NodeSet::first(self.nodes)
    }

    /// The node that a word names.
    pub(crate) fn named(&self, word: &str) -> Outcome<NodeId> {
        values::node(word, self.nodes)
    }

    /// The next word as a node.
    pub(crate) fn one_node(&mut self, usage: &str) -> Outcome<NodeId> {
        let word = self.next().ok_or(usage)?;
        self.named(word)
    }

    /// All further words as nodes.
    pub(crate) fn rest_nodes(&mut self) -> Outcome<Vec<NodeId>> {
        self.rest().into_iter().map(|word| self.named(word)).collect()
    }

    /// All further words as nodes, of which there is one at least.
    pub(crate) fn some_nodes(&mut self) -> Outcome<Vec<NodeId>> {
        let nodes = self.rest_nodes()?;
        if nodes.is_empty() { Err("which nodes?".to_owned()) } else { Ok(nodes) }
    }

    /// The value of a key as a node.
    pub(crate) fn node_key(&mut self, key: &str) -> Outcome<Option<NodeId>> {
        self.key(key).map(|word| self.named(word)).transpose()
    }

    /// Refuses what nobody asked for.
    pub(crate) fn end(&self) -> Outcome {
        self.words.reject_next().map_err(|error| error.to_string())
    }
}
