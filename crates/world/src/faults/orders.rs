//! Orders: what an operator asks of nodes. They cannot be undone.

use crate::event::Agenda;
use crate::mailbox::Held;
use crate::plan::Selector;
use crate::record::{InputRecord, Recorder};
use crate::select::Picker;
use crate::world::{World, tag};
use interregnum_kernel::{NodeId, NodeSet, Observer, Order, Protocol};

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Orders the acting leader to hand over to the first of these nodes. False if nobody leads, or nobody is named.
    pub(crate) fn order_transfer(&mut self, sequence: u64, index: u32, to: &[Selector]) -> bool {
        let Some(leader) = self.acting_leader() else { return false };
        let heirs = self.pick(&mut Picker::without(leader), to).nodes;
        let Some(heir) = heirs.iter().next() else { return false };
        self.announce(index, true);
        self.administer(sequence, leader, Order::TransferLeadership(heir));
        true
    }

    /// Orders nodes to give up leadership.
    pub(crate) fn order_resignation(&mut self, sequence: u64, index: u32, target: &[Selector]) -> bool {
        let nodes = self.pick_once(target).nodes;
        let nodes: NodeSet = nodes.iter().filter(|n| self.hosts[n.index()].is_up()).collect();
        self.announce(index, !nodes.is_empty());
        nodes.iter().for_each(|node| self.administer(sequence, node, Order::Resign));
        !nodes.is_empty()
    }

    /// Gives the acting leader an order that concerns other nodes. False if nobody leads, or nobody is concerned.
    pub(crate) fn order_leader(
        &mut self,
        sequence: u64,
        index: u32,
        target: &[Selector],
        order: impl FnOnce(NodeSet) -> Order,
    ) -> bool {
        let Some(leader) = self.acting_leader() else { return false };
        let nodes = self.pick_once(target).nodes;
        let hit = self.announce(index, !nodes.is_empty());
        if hit {
            self.administer(sequence, leader, order(nodes));
        }
        hit
    }

    /// Gives a node an order, or keeps it until the node's process gets to it.
    pub(crate) fn administer(&mut self, sequence: u64, node: NodeId, order: Order) {
        if self.core.apart.contains(node) {
            return self.hold(sequence, node, Held::Order(order));
        }
        self.give_order(sequence, node, order);
    }

    /// A node is given an order.
    pub(crate) fn give_order(&mut self, sequence: u64, node: NodeId, order: Order) {
        self.core.account(tag::ADMINISTER, u64::from(node.0));
        let describe = R::ON.then(|| InputRecord::Administer { order: format!("{order:?}") });
        self.with_node(sequence, node, describe, |host, protocol, now, effects, port| {
            host.administer(protocol, now, order, effects, port);
        });
    }
}
