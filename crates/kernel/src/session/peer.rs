//! One peer, and the connection with it.

use super::{Content, Life, Name, Segment, WINDOW};
use crate::ids::NodeId;
use std::collections::VecDeque;

/// How many messages are sent again at one time.
const BURST: usize = 32;

/// How far a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// There is none.
    #[default]
    Closed,
    /// Opened here, not answered yet.
    Opening,
    /// Accepted here; the opener has not been heard since, and may be gone.
    Accepted,
    /// Known to both sides.
    Open,
}

/// One peer, and the connection with it. Where there is none, everything but `latest` is as at the start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peer<M> {
    pub(super) phase: Phase,
    pub(super) name: Option<Name>,
    /// The number of the next message.
    pub(super) next: u32,
    /// Messages sent and not acknowledged; the last has the number before `next`.
    pub(super) unacknowledged: VecDeque<M>,
    /// The number of the message that is delivered next.
    pub(super) expected: u32,
    /// Messages that arrived before their turn, in order of their numbers.
    pub(super) early: VecDeque<(u32, M)>,
    /// Whether a message was received whose acknowledgement has not left.
    pub(super) owes: bool,
    /// Whether the timer has passed since something here began to wait.
    pub(super) waited: bool,
    /// Whether something was seen to be missing.
    pub(super) suspects: bool,
    /// The latest connection of the peer's that was accepted, whether it still stands or not.
    pub(super) latest: Option<(Life, u32)>,
}

impl<M> Peer<M> {
    pub(super) fn new() -> Peer<M> {
        Peer {
            phase: Phase::Closed,
            name: None,
            next: 0,
            unacknowledged: VecDeque::new(),
            expected: 0,
            early: VecDeque::new(),
            owes: false,
            waited: false,
            suspects: false,
            latest: None,
        }
    }

    /// Forgets the connection; keeps the storage.
    pub(super) fn clear(&mut self) {
        self.phase = Phase::Closed;
        self.name = None;
        self.next = 0;
        self.unacknowledged.clear();
        self.expected = 0;
        self.early.clear();
        self.owes = false;
        self.waited = false;
        self.suspects = false;
    }

    pub(super) fn begin(&mut self, phase: Phase, name: Name) {
        self.clear();
        self.phase = phase;
        self.name = Some(name);
    }

    /// Whether a reset means this connection: one that names no acceptor means one that was not known to both.
    pub(super) fn is_reset_by(&self, reset: Name) -> bool {
        let Some(name) = self.name.filter(|name| name.has_opening_of(reset)) else { return false };
        match (reset.accepted_in, self.phase) {
            (None, phase) => phase != Phase::Open,
            (Some(_), Phase::Opening) => true,
            (named, _) => named == name.accepted_in,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.phase == Phase::Opening || self.owes || !self.unacknowledged.is_empty()
    }

    /// The peer has everything before this number.
    #[inline]
    pub(super) fn acknowledge(&mut self, acknowledged: u32) {
        while !self.unacknowledged.is_empty()
            && self.next.wrapping_sub(self.unacknowledged.len() as u32) < acknowledged
        {
            self.unacknowledged.pop_front();
            self.waited = false;
        }
    }

    /// Keeps a message that came before its turn. A repeated one, or one too many, is dropped: it will come again.
    pub(super) fn keep_early(&mut self, sequence: u32, message: M) {
        let place = self.early.partition_point(|(other, _)| *other < sequence);
        let known = self.early.get(place).is_some_and(|(other, _)| *other == sequence);
        if !known && self.early.len() < WINDOW {
            self.early.insert(place, (sequence, message));
        }
    }

    /// A segment of this connection. What it carries along is taken from it.
    #[inline]
    pub(super) fn segment(&mut self, name: Name, sequence: u32, content: Content<M>) -> Segment<M> {
        self.owes = false;
        Segment { name, sequence, acknowledged: self.expected, content }
    }
}

impl<M: Clone> Peer<M> {
    /// Sends the oldest messages that are not acknowledged once more.
    pub(super) fn repeat(&mut self, to: NodeId, sink: &mut impl FnMut(NodeId, Segment<M>)) {
        let Some(name) = self.name else { return };
        let first = self.next.wrapping_sub(self.unacknowledged.len() as u32);
        for (sequence, message) in (first..).zip(&self.unacknowledged).take(BURST) {
            let content = Content::Message(message.clone());
            sink(to, Segment { name, sequence, acknowledged: self.expected, content });
            self.owes = false;
        }
    }
}
