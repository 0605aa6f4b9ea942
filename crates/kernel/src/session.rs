//! Connections over a network of datagrams, for protocols that assume TCP.
//!
//! The network of this project loses, repeats, delays and reorders messages. A protocol that was written for connections
//! embeds a [`Sessions`] in its state, sends through it and hands it every [`Segment`] that arrives. It gets what TCP
//! would give it: each peer's messages exactly once and in order while a connection lasts, and the news that one ended.
//! The layer is pure: it has no clock and no I/O, hands what is to be sent to a sink, and asks for one timer.
//!
//! **Life of a connection.** One side opens it ([`Sessions::open`]); the other is asked ([`Arrival::Asked`]) and accepts
//! or refuses it; there is at most one between two nodes, and a new one replaces the old. It ends when a side closes it,
//! when a side learns that the other does not know it (any more), or when [`Input::Disconnected`] names the process at
//! its other end. As with TCP nobody is told of a machine that loses its power or of a cut: that is left to the
//! protocol's own timeouts.
//!
//! **Names.** A connection is called by the incarnations of both processes and the opener's count of the connections that
//! it has opened ([`Name`]). Whatever belongs to another connection, or to an earlier life of a peer, is recognised by
//! its name, however late it arrives; it is answered by a reset, so that whoever still believes in that connection
//! learns that it is over.
//!
//! **Acknowledgements** are cumulative and ride on whatever is sent. One that finds nothing to ride on goes alone when
//! the timer has passed twice.
//!
//! **Retransmission.** One timer serves all connections: it is armed while [`Sessions::is_waiting`], and each time it runs
//! out ([`Sessions::on_timer`]) what has been waiting for a whole period is sent again. So anything is repeated after one
//! to two periods. A receiver that sees twice that something is missing asks for it at once: one observation may be a
//! reordering and no loss. It asks only once for each place at which it may be stuck, and says how far the gap reaches;
//! the sender repeats that gap and no message twice between two firings of its timer. So a repair that crosses what it
//! repairs on the way does not provoke another one; a question or an answer that is lost is left to the timer.
//!
//! **What passes.** Heartbeats need no retransmission: the next one is due anyway. [`Sessions::pass`] sends a message that
//! takes no number and is not kept. It is delivered only where it does not overtake anything, carries an
//! acknowledgement, and shows the receiver whether something is missing. It may be lost or repeated.
//!
//! **Durability.** Segments carry acknowledgements and may be repeated at any time, so they must not wait for the disk in
//! the host's queue: what vouches for a write is given to the session once the write is durable
//! ([`Input::Persisted`]).
//!
//! **Bounds.** A connection keeps at most [`WINDOW`] messages that are not acknowledged, and as many that arrived early; a
//! sender that exceeds it loses the connection, since its peer has stopped reading. A connection carries at most 2³² - 1
//! messages. Closed connections leave their storage behind for the next.
//!
//! Traffic: however the network reorders k messages, they cost at most 3k segments between two firings of the timer, each
//! message, one question and one repetition of it; copies that arrive again are acknowledged by what is sent anyway, or by
//! the timer. Each firing repeats at most 32 messages.
//!
//! **Deviations from TCP.** Retransmission does not back off, and there is no flow or congestion control. A reset that is
//! lost is not repeated by itself, but provoked by the next segment.
//!
//! [`Input::Disconnected`]: crate::Input::Disconnected
//! [`Input::Persisted`]: crate::Input::Persisted

mod peer;
#[cfg(test)]
mod tests;

use crate::ids::{Incarnation, NodeId, NodeSet, Process};
use peer::{Peer, Phase};
use std::fmt;
use std::num::NonZeroU32;

/// How many messages a connection keeps in either direction.
pub const WINDOW: usize = 1024;

/// A process's life as names spell it: its incarnation, counted from one.
type Life = NonZeroU32;

fn life_of(incarnation: Incarnation) -> Life {
    NonZeroU32::MIN.saturating_add(incarnation.0)
}

/// What tells one connection from every other between the same two nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Who opened it.
    opener: NodeId,
    /// Which of the opener's lives opened it.
    life: Life,
    /// How many connections the opener had opened in that life, this one included.
    number: u32,
    /// Which of the acceptor's lives accepted it; unknown to an opener that has not been answered.
    accepted_in: Option<Life>,
}

impl Name {
    /// The opener's half: all that is known of a connection before it is accepted. Later connections are greater.
    fn opening(self) -> (Life, u32) {
        (self.life, self.number)
    }

    /// Whether two names mean the same connection as far as the opener knew it.
    fn has_opening_of(self, other: Name) -> bool {
        self.opener == other.opener && self.opening() == other.opening()
    }
}

/// What travels between two session layers: what a protocol's message type wraps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment<M> {
    /// The connection that it belongs to.
    pub name: Name,
    /// The number of the message that it carries; without one, or with one that passes, of the next.
    pub sequence: u32,
    /// How many messages of the other direction have arrived without a gap.
    pub acknowledged: u32,
    /// What it carries.
    pub content: Content<M>,
}

/// Messages are shown to people through their `Debug`: the opener, the count of its connections, and the two lives.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{} {}", self.opener, self.number, self.life)?;
        self.accepted_in.map_or(Ok(()), |life| write!(f, "-{life}"))
    }
}

/// As [`Name`]: the connection, the number and the acknowledgement, and what it carries.
impl<M: fmt::Debug> fmt::Debug for Segment<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?}] {}/{} {:?}", self.name, self.sequence, self.acknowledged, self.content)
    }
}

/// What a segment carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content<M> {
    /// The wish to open a connection.
    Open,
    /// The consent.
    Accept,
    /// A message, to be delivered exactly once and in order.
    Message(M),
    /// A message that is not repeated when it is lost.
    Passing(M),
    /// Nothing but the acknowledgement.
    Acknowledgement,
    /// Nothing but the acknowledgement, and the news that what follows it is missing up to the message with this number.
    Missing(u32),
    /// The connection is over, or was never known here.
    Reset,
}

/// What the arrival of a segment means to the embedding protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival<M> {
    /// Nothing.
    Nothing,
    /// The peer opens a connection: to be answered by [`Sessions::accept`] or [`Sessions::refuse`]. Where a connection with
    /// it stands, the peer has given that one up.
    Asked(Name),
    /// The connection that this node opened is accepted.
    Opened,
    /// The next message. More may have become ready behind it: see [`Sessions::take_ready`].
    Message(M),
    /// The connection has ended at the other side.
    Broken,
}

/// All connections of one process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sessions<M> {
    node: NodeId,
    life: Life,
    /// Connections opened by this process.
    opened: u32,
    peers: Vec<Peer<M>>,
    /// Peers that may have something waiting for the timer.
    waiting: NodeSet,
}

impl<M: Clone> Sessions<M> {
    /// No connections, for a process among so many nodes.
    pub fn new(process: Process, nodes: usize) -> Sessions<M> {
        Sessions {
            node: process.node,
            life: life_of(process.incarnation),
            opened: 0,
            peers: (0..nodes).map(|_| Peer::new()).collect(),
            waiting: NodeSet::EMPTY,
        }
    }

    /// Whether there is a connection with the peer that both sides know.
    pub fn is_open(&self, peer: NodeId) -> bool {
        self.peers[peer.index()].phase == Phase::Open
    }

    /// Whether there is a connection with the peer, in whatever phase.
    pub fn is_known(&self, peer: NodeId) -> bool {
        self.peers[peer.index()].phase != Phase::Closed
    }

    /// Whether the timer is to be armed, if it is not.
    #[inline]
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Opens a connection. One that stands is given up.
    pub fn open(&mut self, to: NodeId, sink: &mut impl FnMut(NodeId, Segment<M>)) {
        self.opened += 1;
        let name = Name { opener: self.node, life: self.life, number: self.opened, accepted_in: None };
        let peer = &mut self.peers[to.index()];
        peer.begin(Phase::Opening, name);
        self.waiting.insert(to);
        sink(to, peer.segment(name, 0, Content::Open));
    }

    /// Consents to a connection that the peer asked for. One that stands is given up.
    pub fn accept(&mut self, from: NodeId, asked: Name, sink: &mut impl FnMut(NodeId, Segment<M>)) {
        let name = Name { accepted_in: Some(self.life), ..asked };
        let peer = &mut self.peers[from.index()];
        peer.begin(Phase::Accepted, name);
        peer.latest = Some(name.opening());
        sink(from, peer.segment(name, 0, Content::Accept));
    }

    /// Refuses a connection that the peer asked for. It may ask again.
    pub fn refuse(&mut self, from: NodeId, asked: Name, sink: &mut impl FnMut(NodeId, Segment<M>)) {
        sink(from, reset(asked));
    }

    /// Ends the connection, if there is one, and tells the peer.
    pub fn close(&mut self, peer: NodeId, sink: &mut impl FnMut(NodeId, Segment<M>)) {
        if let Some(name) = self.peers[peer.index()].name {
            sink(peer, reset(name));
            self.drop_connection(peer);
        }
    }

    fn drop_connection(&mut self, peer: NodeId) {
        self.peers[peer.index()].clear();
        self.waiting.remove(peer);
    }

    /// Sends a message. False where there is no connection, or none any more because the peer has stopped reading. Before
    /// the connection is accepted messages wait for that.
    #[must_use]
    pub fn send(&mut self, to: NodeId, message: M, sink: &mut impl FnMut(NodeId, Segment<M>)) -> bool {
        let peer = &mut self.peers[to.index()];
        let Some(name) = peer.name else { return false };
        if peer.unacknowledged.len() == WINDOW {
            self.close(to, sink);
            return false;
        }
        if peer.unacknowledged.is_empty() && !peer.owes {
            peer.waited = false;
        }
        let sequence = peer.next;
        peer.next += 1;
        peer.unacknowledged.push_back(message.clone());
        self.waiting.insert(to);
        if peer.phase != Phase::Opening {
            sink(to, peer.segment(name, sequence, Content::Message(message)));
        }
        true
    }

    /// Sends a message that is not repeated when it is lost. Nothing happens where no connection is open.
    #[inline]
    pub fn pass(&mut self, to: NodeId, message: M, sink: &mut impl FnMut(NodeId, Segment<M>)) {
        let peer = &mut self.peers[to.index()];
        if let (Phase::Open, Some(name)) = (peer.phase, peer.name) {
            let sequence = peer.next;
            sink(to, peer.segment(name, sequence, Content::Passing(message)));
        }
    }

    /// The timer has run out: what has waited for a whole period is sent again. The timer is to be armed anew while
    /// [`Sessions::is_waiting`].
    pub fn on_timer(&mut self, sink: &mut impl FnMut(NodeId, Segment<M>)) {
        for to in self.waiting.iter() {
            let peer = &mut self.peers[to.index()];
            if !peer.is_waiting() {
                self.waiting.remove(to);
                continue;
            }
            peer.repeated = 0;
            if !std::mem::replace(&mut peer.waited, true) {
                continue;
            }
            let Some(name) = peer.name else { continue };
            if peer.phase == Phase::Opening {
                sink(to, peer.segment(name, 0, Content::Open));
                continue;
            }
            peer.repeat(to, u32::MAX, sink);
            if peer.owes {
                let sequence = peer.next;
                sink(to, peer.segment(name, sequence, Content::Acknowledgement));
            }
            if !peer.is_waiting() {
                peer.waited = false;
                self.waiting.remove(to);
            }
        }
    }

    /// A process died, and its machine reset its connections. True if one of this process ended thereby.
    pub fn on_disconnected(&mut self, process: Process) -> bool {
        let Some(name) = self.peers[process.node.index()].name else { return false };
        let other = if name.opener == process.node { Some(name.life) } else { name.accepted_in };
        let ended = other == Some(life_of(process.incarnation));
        if ended {
            self.drop_connection(process.node);
        }
        ended
    }

    /// The next message that had come before its turn and can be delivered now.
    #[inline]
    pub fn take_ready(&mut self, from: NodeId) -> Option<M> {
        let peer = &mut self.peers[from.index()];
        if peer.early.front()?.0 != peer.expected {
            return None;
        }
        peer.expected += 1;
        peer.early.pop_front().map(|(_, message)| message)
    }

    /// A segment has arrived.
    #[inline]
    pub fn receive(
        &mut self,
        from: NodeId,
        segment: Segment<M>,
        sink: &mut impl FnMut(NodeId, Segment<M>),
    ) -> Arrival<M> {
        let peer = &mut self.peers[from.index()];
        if peer.name != Some(segment.name)
            || matches!(segment.content, Content::Open | Content::Accept | Content::Reset)
        {
            return self.receive_rare(from, segment, sink);
        }
        peer.phase = Phase::Open;
        peer.acknowledge(segment.acknowledged);
        match segment.content {
            Content::Passing(message) if segment.sequence == peer.expected => Arrival::Message(message),
            Content::Message(message) if segment.sequence == peer.expected => {
                peer.expected += 1;
                peer.suspicions = 0;
                self.owe(from);
                Arrival::Message(message)
            }
            content => self.receive_out_of_order(from, segment.sequence, content, sink),
        }
    }

    /// A message of the peer's is to be acknowledged.
    fn owe(&mut self, from: NodeId) {
        let peer = &mut self.peers[from.index()];
        if !peer.is_waiting() {
            peer.waited = false;
        }
        peer.owes = true;
        self.waiting.insert(from);
    }

    /// What opens or ends a connection, or belongs to none that is known.
    fn receive_rare(
        &mut self,
        from: NodeId,
        segment: Segment<M>,
        sink: &mut impl FnMut(NodeId, Segment<M>),
    ) -> Arrival<M> {
        let name = segment.name;
        let peer = &mut self.peers[from.index()];
        match segment.content {
            Content::Reset if peer.is_reset_by(name) => {
                self.drop_connection(from);
                return Arrival::Broken;
            }
            Content::Reset => return Arrival::Nothing,
            Content::Open => return self.on_open(from, name, sink),
            _ => {}
        }
        let known = peer.name.filter(|known| known.has_opening_of(name) && name.opener == self.node);
        match (known, name.accepted_in) {
            (Some(_), Some(_)) if peer.phase == Phase::Opening => {
                // Not only the consent shows it: it may be overtaken by what follows it.
                peer.name = Some(name);
                peer.phase = Phase::Open;
                peer.waited = false;
                peer.repeat(from, u32::MAX, sink);
                // A message that has overtaken the consent comes again.
                if !peer.is_waiting() {
                    self.waiting.remove(from);
                }
                Arrival::Opened
            }
            (Some(known), accepted_in) if known.accepted_in > accepted_in => Arrival::Nothing,
            (Some(known), accepted_in) if known.accepted_in == accepted_in => Arrival::Nothing,
            (Some(_), _) => {
                // A later life of the peer has taken up an old wish: the one that was connected is no more.
                sink(from, reset(name));
                self.drop_connection(from);
                Arrival::Broken
            }
            (None, _) => {
                sink(from, reset(name));
                Arrival::Nothing
            }
        }
    }

    fn on_open(&mut self, from: NodeId, name: Name, sink: &mut impl FnMut(NodeId, Segment<M>)) -> Arrival<M> {
        let peer = &mut self.peers[from.index()];
        if peer.latest < Some(name.opening()) {
            return Arrival::Asked(name);
        }
        match peer.name.filter(|known| known.has_opening_of(name)) {
            // Repeated, because the consent was late or lost.
            Some(known) => {
                let sequence = peer.next;
                sink(from, peer.segment(known, sequence, Content::Accept));
            }
            None => sink(from, reset(name)),
        }
        Arrival::Nothing
    }

    /// What does not come in its turn, or is no message.
    #[inline(never)]
    fn receive_out_of_order(
        &mut self,
        from: NodeId,
        sequence: u32,
        content: Content<M>,
        sink: &mut impl FnMut(NodeId, Segment<M>),
    ) -> Arrival<M> {
        let peer = &mut self.peers[from.index()];
        let Some(name) = peer.name else { return Arrival::Nothing };
        match content {
            Content::Missing(until) => peer.repeat(from, until, sink),
            // Delivered before: the acknowledgement was late or lost. Copies come in bursts, so one serves them all.
            Content::Message(_) if sequence < peer.expected => self.owe(from),
            Content::Message(message) => {
                // A copy of what is held already was repeated, and says nothing about what is missing.
                let new = peer.keep_early(sequence, message);
                if new {
                    peer.suspect(from, name, sequence, sink);
                }
            }
            Content::Passing(_) | Content::Acknowledgement if sequence > peer.expected => {
                peer.suspect(from, name, sequence, sink);
            }
            _ => {}
        }
        Arrival::Nothing
    }
}

/// Tells a peer that this connection is not known here.
fn reset<M>(name: Name) -> Segment<M> {
    Segment { name, sequence: 0, acknowledged: 0, content: Content::Reset }
}
