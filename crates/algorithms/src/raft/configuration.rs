//! Who is in the cluster, and as what.

use interregnum_kernel::{Command, LogChain, LogEntry, NodeId, NodeSet};
use std::fmt;

/// A configuration of the cluster. While two of them are joined (paper §6, thesis §4.3), whatever needs a majority needs
/// one of the voters and one of the outgoing voters.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Configuration {
    /// The nodes that vote; of joined configurations, those of the new one.
    pub voters: NodeSet,
    /// The voters of the old configuration while it is joined with the new one; none otherwise.
    pub outgoing: NodeSet,
    /// The nodes that receive the log and have no vote.
    pub learners: NodeSet,
}

impl Configuration {
    /// A configuration of voters alone.
    pub const fn of(voters: NodeSet) -> Configuration {
        Configuration { voters, outgoing: NodeSet::EMPTY, learners: NodeSet::EMPTY }
    }

    /// Everybody who receives the log.
    #[inline]
    pub const fn everyone(&self) -> NodeSet {
        self.voters.union(self.outgoing).union(self.learners)
    }

    /// Whether the node votes, in either of joined configurations.
    #[inline]
    pub const fn is_voter(&self, node: NodeId) -> bool {
        self.voters.union(self.outgoing).contains(node)
    }

    /// Whether two configurations are joined.
    #[inline]
    pub const fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// How the configuration shows as an entry's command: a number made of what it says, like no client's. Two
    /// configurations at one position differ in it.
    pub fn command(&self) -> Command {
        let word = |set: NodeSet| LogEntry { epoch: Default::default(), command: Some(Command(set.0)) };
        let words = [self.voters, self.outgoing, self.learners].map(word);
        Command(3 << 62 | words.into_iter().fold(LogChain::EMPTY, LogChain::then).0 >> 2)
    }
}

/// The voters, the voters that they are joined with, and the learners: `{n2 n3}&{n1 n2}+{n4}`.
impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.voters)?;
        if self.is_joint() {
            write!(f, "&{}", self.outgoing)?;
        }
        if !self.learners.is_empty() {
            write!(f, "+{}", self.learners)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_different_configurations_differ() {
        let (some, others) = (NodeSet::first(3), NodeSet(0b11100));
        let joint = Configuration { outgoing: some, ..Configuration::of(others) };
        let learning = Configuration { learners: some, ..Configuration::of(others) };
        let commands =
            [Configuration::of(some), Configuration::of(others), joint, learning].map(|c| c.command());
        for (place, command) in commands.iter().enumerate() {
            assert!(command.0 >= 3 << 62, "no client's command is like it");
            assert!(!commands[..place].contains(command), "configuration {place} has a command of its own");
        }
    }
}
