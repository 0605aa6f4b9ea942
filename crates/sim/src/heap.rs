//! A binary heap as the queue: the plain reference that the calendar is held against.

use crate::Queue;
use interregnum_kernel::{GlobalTime, Protocol};
use interregnum_world::{Agenda, Event};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// An event and its place. Ordered by place alone, the earliest greatest.
#[derive(Debug)]
struct Entry<P: Protocol> {
    at: GlobalTime,
    sequence: u64,
    event: Event<P>,
}

impl<P: Protocol> PartialEq for Entry<P> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl<P: Protocol> Eq for Entry<P> {}
impl<P: Protocol> PartialOrd for Entry<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<P: Protocol> Ord for Entry<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

/// A queue that is a binary heap.
#[derive(Debug)]
pub struct Heap<P: Protocol>(BinaryHeap<Entry<P>>);

impl<P: Protocol> Default for Heap<P> {
    fn default() -> Self {
        Heap(BinaryHeap::new())
    }
}

impl<P: Protocol> Agenda<P> for Heap<P> {
    fn push(&mut self, at: GlobalTime, sequence: u64, event: Event<P>) {
        self.0.push(Entry { at, sequence, event });
    }
}

impl<P: Protocol> Queue<P> for Heap<P> {
    fn pop(&mut self, limit: GlobalTime) -> Option<(GlobalTime, u64, Event<P>)> {
        if self.0.peek()?.at > limit {
            return None;
        }
        self.0.pop().map(|entry| (entry.at, entry.sequence, entry.event))
    }
    fn clear(&mut self) {
        self.0.clear();
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}
