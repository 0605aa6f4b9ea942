//! Passing on: to the successor, and past it when it does not acknowledge.

use super::Ring;
use interregnum_kernel::{Effects, Jitter, NodeId, Protocol, Span};

/// What all hops of one ring have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    /// The order of the nodes.
    pub(crate) ring: Ring,
    /// How long an acknowledgement is waited for.
    pub(crate) patience: Span,
}

/// What a node has passed on and not seen acknowledged. All of it is with one receiver: whoever does not acknowledge one
/// message is taken for dead for all of them, and one timer is enough.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hop<T> {
    node: NodeId,
    /// To whom it went last; the node itself while nothing is under way.
    receiver: NodeId,
    under_way: Vec<T>,
}

impl<T: Clone> Hop<T> {
    /// Nothing is under way.
    pub(crate) fn idle(node: NodeId) -> Hop<T> {
        Hop { node, receiver: node, under_way: Vec::new() }
    }

    /// Passes something on. It comes back at once if there is nobody else on the ring.
    pub(crate) fn pass<P>(&mut self, link: Link, item: T, timer: P::Timer, out: &mut Effects<P>) -> Option<T>
    where
        P: Protocol,
        P::Message: From<T>,
    {
        if self.under_way.is_empty() {
            self.receiver = link.ring.after(self.node);
            if self.receiver == self.node {
                return Some(item);
            }
            out.set_timer(timer, Jitter::exactly(link.patience));
        }
        out.send(self.receiver, item.clone().into());
        self.under_way.push(item);
        None
    }

    /// Somebody acknowledges what `is` points out. If it is the receiver, it lives, so that patience with what else it was
    /// sent begins anew. If it is another, it was slow, and has been bypassed.
    pub(crate) fn acknowledged<P>(
        &mut self,
        link: Link,
        from: NodeId,
        is: impl Fn(&T) -> bool,
        timer: P::Timer,
        out: &mut Effects<P>,
    ) where
        P: Protocol,
    {
        let Some(place) = self.under_way.iter().position(is) else { return };
        if from != self.receiver {
            return;
        }
        self.under_way.remove(place);
        if self.under_way.is_empty() {
            self.receiver = self.node;
            out.cancel_timer(timer);
        } else {
            out.set_timer(timer, Jitter::exactly(link.patience));
        }
    }

    /// The receiver has not acknowledged in time: everything goes to the one behind it. What nobody took comes back.
    pub(crate) fn bypass<P>(&mut self, link: Link, timer: P::Timer, out: &mut Effects<P>) -> Vec<T>
    where
        P: Protocol,
        P::Message: From<T>,
    {
        self.receiver = link.ring.after(self.receiver);
        if self.receiver == self.node {
            return std::mem::take(&mut self.under_way);
        }
        for item in &self.under_way {
            out.send(self.receiver, item.clone().into());
        }
        out.set_timer(timer, Jitter::exactly(link.patience));
        Vec::new()
    }
}
