//! Names of things: nodes, epochs, log positions, commands, roles.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One node of the cluster. Nodes are numbered from 0 inside and shown from 1 (`n1`), as scenario files count them.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u8);

impl NodeId {
    /// The most nodes that one cluster can have: a [`NodeSet`] is one machine word.
    pub const MAX: usize = 64;

    /// The node at a zero-based index.
    ///
    /// # Panics
    /// If the index is not under [`NodeId::MAX`]; scenario files are checked against it before any node exists.
    pub fn from_index(index: usize) -> NodeId {
        assert!(index < NodeId::MAX, "a cluster has at most {} nodes", NodeId::MAX);
        NodeId(index as u8)
    }
    /// The zero-based index, for arrays with a slot per node.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0 + 1)
    }
}

/// As displayed: messages and states are shown to people through their `Debug`.
impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of nodes, iterated in order of their numbers.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeSet(pub u64);

impl NodeSet {
    /// The empty set.
    pub const EMPTY: NodeSet = NodeSet(0);

    /// The first `count` nodes.
    pub const fn first(count: usize) -> NodeSet {
        if count >= 64 { NodeSet(u64::MAX) } else { NodeSet((1 << count) - 1) }
    }
    /// The set of one node.
    pub const fn only(node: NodeId) -> NodeSet {
        NodeSet(1 << node.0)
    }
    /// Whether the node is in the set.
    pub const fn contains(self, node: NodeId) -> bool {
        self.0 >> node.0 & 1 == 1
    }
    /// Adds a node; says whether it is new.
    pub fn insert(&mut self, node: NodeId) -> bool {
        let new = !self.contains(node);
        self.0 |= 1 << node.0;
        new
    }
    /// Takes a node out.
    pub fn remove(&mut self, node: NodeId) {
        self.0 &= !(1 << node.0);
    }
    /// How many nodes are in the set.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }
    /// Whether no node is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The nodes that are in either set.
    #[must_use]
    pub const fn union(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 | other.0)
    }
    /// The nodes that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 & other.0)
    }
    /// The nodes of this set that are not in the other.
    #[must_use]
    pub const fn minus(self, other: NodeSet) -> NodeSet {
        NodeSet(self.0 & !other.0)
    }
    /// Whether more than half of `members` are in the set.
    pub const fn is_majority_of(self, members: NodeSet) -> bool {
        self.intersection(members).len() > members.len() / 2
    }
    /// The nodes in order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let node = NodeId(rest.trailing_zeros() as u8);
                rest &= rest - 1;
                node
            })
        })
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<T: IntoIterator<Item = NodeId>>(nodes: T) -> NodeSet {
        let mut set = NodeSet::EMPTY;
        for node in nodes {
            set.insert(node);
        }
        set
    }
}

impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, node) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{node}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl $name {
            /// Zero: before the first.
            pub const ZERO: $name = $name(0);
            /// The next one.
            #[must_use]
            pub const fn next(self) -> $name {
                $name(self.0 + 1)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        /// As displayed.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

number! {
    /// A reign's number: Raft's term, ZAB's epoch. Zero is before the first election.
    Epoch, u64, "e"
}
number! {
    /// How often a node has booted before. A restarted node is a new incarnation: what it said before the crash may
    /// still be in flight, and what it had not made durable it no longer knows.
    Incarnation, u32, "i"
}
number! {
    /// A position in a replicated log. The first entry has index 1; zero is before it.
    LogIndex, u64, "#"
}
number! {
    /// The number that a leader sends with each write, so that the resource can reject writes of a deposed one.
    FencingToken, u64, "t"
}
number! {
    /// What a client asks a cluster to agree on. Opaque: only its identity matters here.
    Command, u64, "c"
}
number! {
    /// Which leadership is meant where several exist at once: a coordination service has a leader of its own beside
    /// the leadership that its clients contend for.
    Office, u8, "o"
}

impl Office {
    /// The leadership that the scenario is about.
    pub const CONTESTED: Office = Office(0);
    /// The leadership inside the replicated coordination service.
    pub const SERVICE: Office = Office(1);
}

/// An entry of a replicated log: the epoch of the leader that created it, and the command (none for a leader's no-op).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogEntry {
    /// The epoch of the leader that created the entry.
    pub epoch: Epoch,
    /// What was proposed; `None` is a leader's own no-op.
    pub command: Option<Command>,
}

/// One process: a node between a boot and the crash that ends it.
///
/// Algorithms may use the incarnation to tell processes apart, where a real system would draw a random identifier (a
/// connection's first sequence number, a lease holder's UUID). They must not take it for a durable counter: no real
/// process knows how often its machine has booted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Process {
    /// The node.
    pub node: NodeId,
    /// Which of its lives.
    pub incarnation: Incarnation,
}

/// As what a node takes part in a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It votes, and may lead.
    #[default]
    Voter,
    /// It receives the log and has no vote.
    Learner,
    /// It votes and stores no entries; it never leads.
    Witness,
}

impl Standing {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            Standing::Voter => "voter",
            Standing::Learner => "learner",
            Standing::Witness => "witness",
        }
    }
}

/// What an operator asks of a node, which is the acting leader for all orders but `Resign`. A node that cannot do it, or
/// whose algorithm does not know the order, ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Order {
    /// Hand leadership to the named node, orderly.
    TransferLeadership(NodeId),
    /// Give up leadership, and let the others elect.
    Resign,
    /// Take nodes into the cluster.
    AddNodes {
        /// Which nodes.
        nodes: NodeSet,
        /// As what.
        standing: Standing,
    },
    /// Put nodes out of the cluster.
    RemoveNodes(NodeSet),
    /// Give learners a vote.
    PromoteNodes(NodeSet),
}

/// What a node takes itself to be, in the words common to all algorithms; for displays and for "the candidate" as a
/// fault's target. Whether it LEADS is asked through [`crate::Protocol::leadership`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Follows a leader, or waits for one.
    #[default]
    Follower,
    /// Asks whether it could win before it disturbs anyone.
    PreCandidate,
    /// Stands for election.
    Candidate,
    /// Leads, or is about to lead (see [`crate::Protocol::leadership`]).
    Leader,
    /// Receives the log and has no vote.
    Learner,
    /// Votes, stores no entries, and waits for a leader.
    Witness,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Follower => "follower",
            Role::PreCandidate => "pre-candidate",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
            Role::Learner => "learner",
            Role::Witness => "witness",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_iterates_in_order_and_knows_majorities() {
        let set: NodeSet = [4, 0, 2].into_iter().map(NodeId).collect();
        assert_eq!(set.iter().map(|n| n.0).collect::<Vec<_>>(), [0, 2, 4]);
        assert!(set.is_majority_of(NodeSet::first(5)), "3 of 5 is a majority");
        assert!(!NodeSet::first(2).is_majority_of(NodeSet::first(4)), "2 of 4 is none");
        assert_eq!(set.to_string(), "{n1 n3 n5}");
        assert_eq!(NodeSet::first(64).len(), 64, "a full set is representable");
    }
}
