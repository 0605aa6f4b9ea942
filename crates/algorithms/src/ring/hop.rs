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

/// What a node has passed on and not seen acknowledged. Everything is tried at the successor first, whatever has been
/// bypassed before, so that a node that lives is back on the ring as soon as it answers.
///
/// One timer is enough: a tick, which comes every patience while anything is under way and which no acknowledgement puts
/// off. What has been with its receiver for a whole patience by then goes to the next. What was passed on since the last
/// tick has not waited for so long: it goes along if the successor is silent, and stays if it has acknowledged something
/// meanwhile. So one message lost costs the bypass of what was lost and not of the node, one that is known to be silent
/// costs a message one patience at most, and nothing is with any receiver for two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hop<T> {
    node: NodeId,
    under_way: Vec<Passed<T>>,
    successor: Successor,
}

/// One message, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Passed<T> {
    item: T,
    receiver: NodeId,
    /// Whether it will have been with the receiver for a whole patience at the next tick. Where not, the receiver is the
    /// successor, since what goes further goes at a tick.
    overdue: bool,
}

/// What is known of the static successor, from the last tick on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Successor {
    /// Nothing: it may not have been sent anything.
    Unheard,
    /// It has acknowledged something. A late acknowledgement shows too that it lives.
    Alive,
    /// It has acknowledged nothing, and before the tick it had not in a whole patience.
    Silent,
}

impl<T: Clone> Hop<T> {
    /// Nothing is under way.
    pub(crate) fn idle(node: NodeId) -> Hop<T> {
        Hop { node, under_way: Vec::new(), successor: Successor::Unheard }
    }

    /// Passes something on. It comes back at once if there is nobody else on the ring.
    pub(crate) fn pass<P>(&mut self, link: Link, item: T, timer: P::Timer, out: &mut Effects<P>) -> Option<T>
    where
        P: Protocol,
        P::Message: From<T>,
    {
        let receiver = link.ring.after(self.node);
        if receiver == self.node {
            return Some(item);
        }
        // The tick of what is passed on first is a patience away.
        let overdue = self.under_way.is_empty();
        if overdue {
            out.set_timer(timer, Jitter::exactly(link.patience));
        }
        out.send(receiver, item.clone().into());
        self.under_way.push(Passed { item, receiver, overdue });
        None
    }

    /// Somebody acknowledges what `is` points out. Whoever does not have it any more was slow, and has been bypassed: it
    /// lives, but the one who has it now is still waited for.
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
        if self.under_way.is_empty() {
            return;
        }
        if from == link.ring.after(self.node) {
            self.successor = Successor::Alive;
        }
        let taken = |passed: &Passed<T>| passed.receiver == from && is(&passed.item);
        let Some(place) = self.under_way.iter().position(taken) else { return };
        self.under_way.remove(place);
        if self.under_way.is_empty() {
            self.successor = Successor::Unheard;
            out.cancel_timer(timer);
        }
    }

    /// The tick: what was not acknowledged in time goes to the one behind. What nobody took comes back.
    pub(crate) fn bypass<P>(&mut self, link: Link, timer: P::Timer, out: &mut Effects<P>) -> Vec<T>
    where
        P: Protocol,
        P::Message: From<T>,
    {
        let silent = self.is_silent(link.ring.after(self.node));
        let mut home = Vec::new();
        self.under_way.retain_mut(|passed| {
            if std::mem::replace(&mut passed.overdue, true) || silent {
                passed.receiver = link.ring.after(passed.receiver);
                if passed.receiver == self.node {
                    home.push(passed.item.clone());
                    return false;
                }
                out.send(passed.receiver, passed.item.clone().into());
            }
            true
        });
        self.successor = Successor::Unheard;
        if !self.under_way.is_empty() {
            if silent {
                self.successor = Successor::Silent;
            }
            out.set_timer(timer, Jitter::exactly(link.patience));
        }
        home
    }

    /// Whether the successor has acknowledged nothing for a whole patience, though it was sent something before that.
    fn is_silent(&self, successor: NodeId) -> bool {
        match self.successor {
            Successor::Alive => false,
            Successor::Silent => true,
            Successor::Unheard => self.under_way.iter().any(|one| one.overdue && one.receiver == successor),
        }
    }
}

#[cfg(test)]
mod tests;
