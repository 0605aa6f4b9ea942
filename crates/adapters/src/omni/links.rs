//! Connections over datagrams, as far as OmniPaxos needs them: messages of one sender are delivered once and in order.
//!
//! What overtakes waits for what it has overtaken. Where that does not come in time the connection is taken to be broken: what
//! waits is delivered, and the application is told of a new connection.

use super::store::Proposal;
use interregnum_kernel::{Incarnation, NodeId};
use omnipaxos::messages::Message as Foreign;
use std::collections::BTreeMap;
use std::sync::Arc;

type Body = Arc<Foreign<Proposal>>;

/// What a node knows of its links to the others.
#[derive(Debug)]
pub(super) struct Links {
    /// Per node, how many messages were sent to it.
    sent: Vec<u64>,
    heard: Vec<Heard>,
}

/// One sender.
#[derive(Debug, Default)]
struct Heard {
    /// The process that sends, and the number of the next message. None before the first that a restarted node hears: it may
    /// be of any number.
    next: Option<(Incarnation, u64)>,
    /// Messages that wait for earlier ones.
    held: BTreeMap<u64, Body>,
    /// Whether they have waited since before the last look.
    late: bool,
}

impl Links {
    /// The links of a process on which nothing has been sent or heard. In a node's first life nothing can have been missed.
    pub(super) fn new(own: Incarnation) -> Links {
        let next = (own == Incarnation::ZERO).then_some((Incarnation::ZERO, 0));
        let heard = || Heard { next, ..Heard::default() };
        Links { sent: vec![0; NodeId::MAX], heard: (0..NodeId::MAX).map(|_| heard()).collect() }
    }

    /// The number of the next message to a node.
    pub(super) fn number(&mut self, to: NodeId) -> u64 {
        let Some(sent) = self.sent.get_mut(to.index()) else { return 0 };
        *sent += 1;
        *sent - 1
    }

    /// Takes a message in, and gives out what can be delivered.
    pub(super) fn receive(
        &mut self,
        from: NodeId,
        (sender, number): (Incarnation, u64),
        body: Body,
        deliver: impl FnMut(Body),
    ) {
        let Some(heard) = self.heard.get_mut(from.index()) else { return };
        let (known, next) = *heard.next.get_or_insert((sender, number));
        if sender > known {
            // A new process has a new connection, and nothing comes any more on the old one.
            *heard = Heard { next: Some((sender, 0)), ..Heard::default() };
        } else if sender < known || number < next {
            return;
        }
        heard.held.insert(number, body);
        heard.deliver(deliver);
    }

    /// Whether a message waits.
    pub(super) fn has_gap(&self) -> bool {
        self.heard.iter().any(|heard| !heard.held.is_empty())
    }

    /// Gives out what has waited since before the last call, and says whose connections were broken.
    pub(super) fn give_up(&mut self, mut deliver: impl FnMut(NodeId, Body)) -> Vec<NodeId> {
        let mut broken = Vec::new();
        for (index, heard) in self.heard.iter_mut().enumerate() {
            let (Some(first), true) = (heard.held.keys().next().copied(), heard.late) else {
                heard.late = !heard.held.is_empty();
                continue;
            };
            let node = NodeId::from_index(index);
            heard.next = heard.next.map(|(sender, _)| (sender, first));
            heard.deliver(|body| deliver(node, body));
            broken.push(node);
        }
        broken
    }
}

impl Heard {
    /// Gives out what is next in order.
    fn deliver(&mut self, mut deliver: impl FnMut(Body)) {
        let Some((_, next)) = &mut self.next else { return };
        while let Some(body) = self.held.remove(next) {
            *next += 1;
            self.late = false;
            deliver(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnipaxos::messages::ballot_leader_election::{BLEMessage, HeartbeatMsg, HeartbeatRequest};

    const SENDER: NodeId = NodeId(1);
    const FIRST: Incarnation = Incarnation(0);

    fn body(round: u32) -> Body {
        let msg = HeartbeatMsg::Request(HeartbeatRequest { round });
        Arc::new(Foreign::BLE(BLEMessage { from: 2, to: 1, msg }))
    }

    fn round(body: &Body) -> u32 {
        match &**body {
            Foreign::BLE(BLEMessage { msg: HeartbeatMsg::Request(request), .. }) => request.round,
            _ => 0,
        }
    }

    fn receive(links: &mut Links, process: Incarnation, number: u64) -> Vec<u32> {
        let mut delivered = Vec::new();
        links.receive(SENDER, (process, number), body(number as u32), |body| delivered.push(round(&body)));
        delivered
    }

    #[test]
    fn what_overtakes_waits_and_what_is_repeated_is_dropped() {
        let mut links = Links::new(FIRST);
        assert_eq!(receive(&mut links, FIRST, 0), [0]);
        assert_eq!(receive(&mut links, FIRST, 2), [], "the second is on its way");
        assert!(links.has_gap(), "one waits");
        assert_eq!(receive(&mut links, FIRST, 1), [1, 2]);
        assert_eq!(receive(&mut links, FIRST, 1), [], "it was delivered before");
        assert!(!links.has_gap(), "none waits");
    }

    #[test]
    fn a_gap_that_stays_breaks_the_connection() {
        let mut links = Links::new(FIRST);
        receive(&mut links, FIRST, 0);
        receive(&mut links, FIRST, 2);
        let mut delivered = Vec::new();
        assert_eq!(
            links.give_up(|_, body| delivered.push(round(&body))),
            [],
            "it has only just begun to wait"
        );
        assert_eq!(links.give_up(|_, body| delivered.push(round(&body))), [SENDER]);
        assert_eq!(delivered, [2]);
        assert_eq!(receive(&mut links, FIRST, 1), [], "too late");
        assert_eq!(receive(&mut links, FIRST, 3), [3]);
    }

    #[test]
    fn a_restarted_node_joins_in_at_any_number() {
        let mut links = Links::new(FIRST.next());
        assert_eq!(receive(&mut links, FIRST, 7), [7]);
        assert_eq!(receive(&mut links, FIRST, 8), [8]);
    }

    #[test]
    fn the_first_message_of_all_is_awaited() {
        let mut links = Links::new(FIRST);
        assert_eq!(receive(&mut links, FIRST, 1), [], "it has overtaken the first");
        assert_eq!(receive(&mut links, FIRST, 0), [0, 1]);
    }

    #[test]
    fn a_new_process_has_a_new_connection() {
        let mut links = Links::new(FIRST.next());
        receive(&mut links, FIRST, 7);
        assert_eq!(receive(&mut links, FIRST.next(), 0), [0]);
        assert_eq!(receive(&mut links, FIRST, 8), [], "nobody sends on the old one any more");
    }
}
