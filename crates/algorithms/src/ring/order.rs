//! The order of the ring.

use interregnum_kernel::{NodeId, NodeSet};

/// The members of the cluster, each followed by the next higher number, and the highest by the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ring(NodeSet);

impl Ring {
    /// The ring of these members.
    pub const fn of(members: NodeSet) -> Ring {
        Ring(members)
    }

    /// Who is on the ring.
    pub const fn members(self) -> NodeSet {
        self.0
    }

    /// Whether the node is on the ring.
    pub const fn contains(self, node: NodeId) -> bool {
        self.0.contains(node)
    }

    /// How many nodes are on the ring.
    pub const fn size(self) -> usize {
        self.0.len()
    }

    /// Everybody on the ring but this node.
    pub const fn others(self, node: NodeId) -> NodeSet {
        self.0.minus(NodeSet::only(node))
    }

    /// The member that follows a node; itself, if it is the only one.
    pub const fn after(self, node: NodeId) -> NodeId {
        // For node 63 the shift leaves nothing, and the mask is everything.
        let up_to_node = (2u64 << node.0).wrapping_sub(1);
        let later = self.0.0 & !up_to_node;
        let first = if later == 0 { self.0.0 } else { later };
        if first == 0 { node } else { NodeId(first.trailing_zeros() as u8) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_closes_from_the_last_member_to_the_first() {
        let ring = Ring::of([1, 3, 63].into_iter().map(NodeId).collect());
        assert_eq!(ring.after(NodeId(1)), NodeId(3), "the next member, whatever lies between");
        assert_eq!(ring.after(NodeId(3)), NodeId(63), "up to the last number there is");
        assert_eq!(ring.after(NodeId(63)), NodeId(1), "and back to the first");
        assert_eq!(ring.after(NodeId(2)), NodeId(3), "a spare has a place between members");
    }

    #[test]
    fn a_ring_of_one_leads_to_itself() {
        let ring = Ring::of(NodeSet::only(NodeId(4)));
        assert_eq!(ring.after(NodeId(4)), NodeId(4));
        assert!(ring.others(NodeId(4)).is_empty(), "there is nobody else");
    }
}
