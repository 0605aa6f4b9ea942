//! A calendar queue: a ring of buckets, each a short span of time, and a heap for what lies beyond the ring.
//!
//! Nearly all events of a cluster lie within a second of now, so pushing is linking into a bucket and popping is
//! taking the next occupied bucket, which a bitmap finds. The bucket being emptied is kept sorted apart, so that events
//! that fall into it meanwhile find their place. The cursor moves only when an event is really taken: a look at the
//! next one must not close the time before it.

use crate::Queue;
use interregnum_kernel::{GlobalTime, Protocol};
use interregnum_world::{Agenda, Event};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A bucket spans 2^19 ns, about half a millisecond: one or two events of a busy five-node cluster.
const SHIFT: u32 = 19;
/// The ring spans about 2.1 s, longer than common election timeouts, so that timers rarely go to the heap.
const BUCKETS: usize = 4096;
const MASK: u64 = BUCKETS as u64 - 1;
const NONE: u32 = u32::MAX;

/// A place in the order: time, sequence number, and the slot that holds the event.
type Place = (u64, u64, u32);

#[derive(Debug)]
struct Slot<E> {
    at: u64,
    sequence: u64,
    next: u32,
    event: Option<E>,
}

/// The queue. See the module's description.
#[derive(Debug)]
pub struct Calendar<E> {
    slots: Vec<Slot<E>>,
    free: u32,
    /// The latest arrival of each bucket. An array, so that a masked number needs no check.
    heads: Box<[u32; BUCKETS]>,
    /// One bit per occupied bucket, and one bit per word of those that is not zero.
    occupied: [u64; BUCKETS / 64],
    summary: u64,
    /// The bucket being emptied (its number counted from time zero, not within the ring).
    cursor: u64,
    /// What is left of that bucket, the next event last.
    current: Vec<Place>,
    far: BinaryHeap<Reverse<Place>>,
}

impl<E> Default for Calendar<E> {
    fn default() -> Self {
        const { assert!(BUCKETS / 64 == 64, "the summary is one word") };
        Calendar {
            slots: Vec::new(),
            free: NONE,
            heads: Box::new([NONE; BUCKETS]),
            occupied: [0; BUCKETS / 64],
            summary: 0,
            cursor: 0,
            current: Vec::new(),
            far: BinaryHeap::new(),
        }
    }
}

impl<E> Calendar<E> {
    /// Stores an event in a free slot, linked to another.
    #[inline(always)]
    fn store(&mut self, at: u64, sequence: u64, next: u32, event: E) -> u32 {
        let index = self.free;
        let Some(slot) = self.slots.get_mut(index as usize) else {
            return self.store_anew(Slot { at, sequence, next, event: Some(event) });
        };
        self.free = slot.next;
        slot.at = at;
        slot.sequence = sequence;
        slot.next = next;
        // A free slot holds no event, and is not to be asked whether it has one to drop.
        std::mem::forget(slot.event.replace(event));
        index
    }

    #[cold]
    #[inline(never)]
    fn store_anew(&mut self, slot: Slot<E>) -> u32 {
        self.slots.push(slot);
        (self.slots.len() - 1) as u32
    }

    #[inline]
    fn take(&mut self, index: u32) -> Option<(GlobalTime, u64, E)> {
        let slot = &mut self.slots[index as usize];
        slot.next = self.free;
        self.free = index;
        let event = slot.event.take()?;
        Some((GlobalTime(slot.at), slot.sequence, event))
    }

    #[inline(always)]
    fn mark_occupied(&mut self, place: usize) {
        self.occupied[place / 64] |= 1 << (place % 64);
        self.summary |= 1 << (place / 64);
    }

    /// Empties all buckets: the occupied ones, which at the end of a short run are few.
    fn empty_ring(&mut self) {
        for (word, bits) in self.occupied.iter_mut().enumerate() {
            while *bits != 0 {
                self.heads[word * 64 + bits.trailing_zeros() as usize] = NONE;
                *bits &= *bits - 1;
            }
        }
        self.summary = 0;
    }

    /// Puts a far event into the ring.
    fn link(&mut self, bucket: u64, index: u32) {
        let place = (bucket & MASK) as usize;
        self.slots[index as usize].next = self.heads[place];
        self.heads[place] = index;
        self.mark_occupied(place);
    }

    /// Puts an event into the bucket being emptied.
    fn insert_current(&mut self, place: Place) {
        let at = self.current.partition_point(|other| *other > place);
        self.current.insert(at, place);
    }

    /// The first occupied bucket after the cursor, by its number from time zero.
    #[inline]
    fn next_in_ring(&self) -> Option<u64> {
        if self.summary == 0 {
            return None;
        }
        let start = self.cursor + 1;
        let place = (start & MASK) as usize;
        let (word, bit) = (place / 64, place % 64);
        let rest = self.occupied[word] >> bit;
        if rest != 0 {
            return Some(start + u64::from(rest.trailing_zeros()));
        }
        // Words after this one, wrapping round to this one's lower bits at last.
        let rotated = self.summary.rotate_right(word as u32 + 1);
        let ahead = u64::from(rotated.trailing_zeros()) + 1;
        let next = (word as u64 + ahead) % 64;
        let found = next * 64 + u64::from(self.occupied[next as usize].trailing_zeros());
        Some(start + ((found + BUCKETS as u64 - place as u64) & MASK))
    }

    /// The earliest time in a bucket of the ring.
    fn earliest(&self, bucket: u64) -> u64 {
        let mut index = self.heads[(bucket & MASK) as usize];
        let mut earliest = u64::MAX;
        while index != NONE {
            let slot = &self.slots[index as usize];
            earliest = earliest.min(slot.at);
            index = slot.next;
        }
        earliest
    }

    /// Moves on to a bucket and unlinks what it holds. The latest arrival, which leads to the others.
    #[inline(always)]
    fn open(&mut self, bucket: u64) -> u32 {
        self.cursor = bucket;
        let place = (bucket & MASK) as usize;
        let word = &mut self.occupied[place / 64];
        *word &= !(1 << (place % 64));
        // No branch: whether that was the word's last bucket cannot be guessed.
        self.summary &= !(u64::from(*word == 0) << (place / 64));
        std::mem::replace(&mut self.heads[place], NONE)
    }

    /// Makes what the bucket held the current list; far events that the ring now spans come in.
    fn gather(&mut self, mut index: u32) {
        while index != NONE {
            let slot = &self.slots[index as usize];
            self.current.push((slot.at, slot.sequence, index));
            index = slot.next;
        }
        if self.current.len() > 1 {
            self.current.sort_unstable_by(|a, b| b.cmp(a));
        }
        while let Some(Reverse((at, sequence, index))) = self.far.peek().copied() {
            let bucket = at >> SHIFT;
            if bucket >= self.cursor + BUCKETS as u64 {
                break;
            }
            self.far.pop();
            if bucket <= self.cursor {
                self.insert_current((at, sequence, index));
            } else {
                self.link(bucket, index);
            }
        }
    }

    /// The next bucket that holds anything, if its first event is not after the limit.
    fn next_bucket(&self, limit: u64) -> Option<u64> {
        let far = self.far.peek().map(|Reverse(place)| place.0);
        match (self.next_in_ring(), far) {
            (Some(bucket), None) => {
                let inside = (bucket + 1) << SHIFT <= limit;
                (inside || self.earliest(bucket) <= limit).then_some(bucket)
            }
            (None, Some(at)) => (at <= limit).then_some(at >> SHIFT),
            (Some(bucket), Some(at)) => {
                let first = self.earliest(bucket).min(at);
                (first <= limit).then_some(bucket.min(at >> SHIFT))
            }
            (None, None) => None,
        }
    }
}

/// What queues of any kind of event do.
impl<E> Calendar<E> {
    /// Takes an event in. It must not lie before the last event taken out.
    #[inline(always)]
    pub fn insert(&mut self, at: GlobalTime, sequence: u64, event: E) {
        let bucket = at.0 >> SHIFT;
        // Wraps round for what falls into the bucket being emptied or before it, so that one test covers both ends.
        if bucket.wrapping_sub(self.cursor + 1) >= BUCKETS as u64 - 1 {
            return self.insert_outside(at.0, sequence, event);
        }
        let place = (bucket & MASK) as usize;
        self.heads[place] = self.store(at.0, sequence, self.heads[place], event);
        self.mark_occupied(place);
    }

    /// Takes in an event that the ring has no bucket for.
    #[inline(never)]
    fn insert_outside(&mut self, at: u64, sequence: u64, event: E) {
        let index = self.store(at, sequence, NONE, event);
        if at >> SHIFT <= self.cursor {
            self.insert_current((at, sequence, index));
        } else {
            self.far.push(Reverse((at, sequence, index)));
        }
    }

    /// Takes the first event out, if its time is not after `limit`.
    #[inline]
    pub fn take_first(&mut self, limit: GlobalTime) -> Option<(GlobalTime, u64, E)> {
        if self.current.is_empty() {
            let bucket = self.next_bucket(limit.0)?;
            let head = self.open(bucket);
            if self.far.is_empty() && self.slots[head as usize].next == NONE {
                // Alone in its bucket, as most events of a cluster at rest are: there is nothing to put in order.
                return self.take(head);
            }
            self.gather(head);
        }
        let (at, _, index) = *self.current.last()?;
        if at > limit.0 {
            return None;
        }
        self.current.pop();
        self.take(index)
    }
}

impl<P: Protocol> Agenda<P> for Calendar<Event<P>> {
    #[inline(always)]
    fn push(&mut self, at: GlobalTime, sequence: u64, event: Event<P>) {
        self.insert(at, sequence, event);
    }
}

impl<P: Protocol> Queue<P> for Calendar<Event<P>> {
    #[inline]
    fn pop(&mut self, limit: GlobalTime) -> Option<(GlobalTime, u64, Event<P>)> {
        self.take_first(limit)
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.free = NONE;
        self.empty_ring();
        self.cursor = 0;
        self.current.clear();
        self.far.clear();
    }

    /// Counts the free slots: asked rarely, so that pushing and popping need not keep count.
    fn len(&self) -> usize {
        let next = |index: &u32| self.slots.get(*index as usize).map(|slot| slot.next);
        let free = std::iter::successors(Some(self.free), next).count() - 1;
        self.slots.len() - free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::Heap;
    use crate::testing::Silent;
    use interregnum_world::{Purpose, Stream};

    fn event(fault: u32) -> Event<Silent> {
        Event::Inject { fault }
    }

    fn number(event: &Event<Silent>) -> u32 {
        match event {
            Event::Inject { fault } => *fault,
            other => unreachable!("only this kind is pushed: {other:?}"),
        }
    }

    /// Times as a cluster has them, and odd ones: the same instant, the bucket's edge, far beyond the ring.
    fn delay(stream: &mut Stream) -> u64 {
        match stream.below(8) {
            0 => 0,
            1 => stream.below(1_000),
            2..=4 => stream.below(10_000_000),
            5 => stream.below(400_000_000),
            6 => (1 << SHIFT) * stream.below(5),
            _ => stream.below(30_000_000_000),
        }
    }

    #[test]
    fn the_calendar_gives_the_order_of_a_binary_heap() {
        for seed in 0..200 {
            let mut stream = Stream::new(seed, Purpose::Bench, interregnum_kernel::NodeId(0));
            let (mut calendar, mut heap) = (Calendar::default(), Heap::default());
            let (mut now, mut sequence) = (0u64, 0u64);
            for step in 0..2_000u32 {
                for _ in 0..stream.below(4) {
                    let at = GlobalTime(now + delay(&mut stream));
                    // As with timers that are pushed again, numbers do not always rise with pushes.
                    let number = sequence ^ 1;
                    sequence += 1;
                    calendar.push(at, number, event(step));
                    heap.push(at, number, event(step));
                }
                let limit = GlobalTime(now + delay(&mut stream));
                let (a, b) = (calendar.pop(limit), heap.pop(limit));
                let key = |popped: &Option<(GlobalTime, u64, Event<Silent>)>| {
                    popped.as_ref().map(|(at, number, event)| (*at, *number, self::number(event)))
                };
                assert_eq!(key(&a), key(&b), "seed {seed}, step {step}");
                assert_eq!(calendar.len(), heap.len(), "seed {seed}, step {step}");
                now = a.map_or(now, |(at, _, _)| at.0);
            }
        }
    }

    #[test]
    fn a_look_beyond_the_limit_closes_nothing() {
        let mut calendar = Calendar::default();
        calendar.push(GlobalTime(900_000_000), 0, event(0));
        assert!(calendar.pop(GlobalTime(1_000)).is_none(), "nothing is due yet");
        calendar.push(GlobalTime(2_000), 1, event(1));
        let first = calendar.pop(GlobalTime(u64::MAX)).map(|(at, ..)| at);
        assert_eq!(first, Some(GlobalTime(2_000)), "an earlier event can still come in");
    }

    #[test]
    fn a_cleared_calendar_starts_at_zero_again() {
        let mut calendar = Calendar::default();
        calendar.push(GlobalTime(5_000_000_000), 0, event(0));
        assert!(calendar.pop(GlobalTime(u64::MAX)).is_some());
        calendar.push(GlobalTime(6_000_000_000), 1, event(1));
        calendar.clear();
        assert!(calendar.is_empty());
        calendar.push(GlobalTime(7), 0, event(2));
        assert_eq!(calendar.pop(GlobalTime(10)).map(|(at, ..)| at), Some(GlobalTime(7)));
    }
}
