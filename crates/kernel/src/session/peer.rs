//! One peer, and the connection with it.

use super::{Content, Life, Name, Segment, WINDOW};
use crate::ids::NodeId;
use std::collections::VecDeque;

/// How many messages are sent again at one time.
pub(super) const BURST: usize = 32;

/// How often something is seen to be missing before it is asked for: once may be a reordering.
const ENOUGH: u8 = 2;

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
    /// How often something was seen to be missing at `expected`; counted up to [`ENOUGH`], when it is asked for.
    pub(super) suspicions: u8,
    /// Messages before this number have been sent again since the timer passed, where they had to be.
    pub(super) repeated: u32,
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
            suspicions: 0,
            repeated: 0,
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
        self.suspicions = 0;
        self.repeated = 0;
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

    /// Keeps a message that came before its turn. One too many is dropped: it will come again. False if it was kept already.
    pub(super) fn keep_early(&mut self, sequence: u32, message: M) -> bool {
        let place = self.early.partition_point(|(other, _)| *other < sequence);
        let known = self.early.get(place).is_some_and(|(other, _)| *other == sequence);
        if !known && self.early.len() < WINDOW {
            self.early.insert(place, (sequence, message));
        }
        !known
    }

    /// A segment of this connection. What it carries along is taken from it.
    #[inline]
    pub(super) fn segment(&mut self, name: Name, sequence: u32, content: Content<M>) -> Segment<M> {
        self.owes = false;
        Segment { name, sequence, acknowledged: self.expected, content }
    }

    /// Something before this number is missing, or was overtaken. Once that is likely enough it is asked for; afterwards no
    /// more until messages get on, since what arrives meanwhile was sent before the question was heard.
    pub(super) fn suspect(
        &mut self,
        to: NodeId,
        name: Name,
        sequence: u32,
        sink: &mut impl FnMut(NodeId, Segment<M>),
    ) {
        if self.suspicions == ENOUGH {
            return;
        }
        self.suspicions += 1;
        if self.suspicions == ENOUGH {
            let until = self.early.front().map_or(sequence, |(first, _)| sequence.min(*first));
            let next = self.next;
            sink(to, self.segment(name, next, Content::Missing(until)));
        }
    }
}

impl<M: Clone> Peer<M> {
    /// Sends the oldest messages that are not acknowledged once more, up to a number, and none of those that have been
    /// repeated since the timer passed: their copies are still on their way.
    pub(super) fn repeat(&mut self, to: NodeId, until: u32, sink: &mut impl FnMut(NodeId, Segment<M>)) {
        let Some(name) = self.name else { return };
        let first = self.next.wrapping_sub(self.unacknowledged.len() as u32);
        let from = first.max(self.repeated);
        let messages = self.unacknowledged.iter().skip((from - first) as usize);
        for (sequence, message) in (from..until).zip(messages).take(BURST) {
            let content = Content::Message(message.clone());
            sink(to, Segment { name, sequence, acknowledged: self.expected, content });
            self.owes = false;
            self.repeated = sequence + 1;
        }
    }
}
