//! Randomness: one ChaCha8 stream per purpose and node, all from one seed, and integer sampling of our own.
//!
//! A stream of its own for every purpose means that a draw added in one place moves nothing elsewhere, so that a plan
//! can be shrunk while the rest of the run stays as it was.

use interregnum_kernel::{NodeId, Span};
use rand_chacha::ChaCha8Core;
use rand_core::SeedableRng as _;
use rand_core::block::Generator as _;

/// What the generator makes in one go: four blocks of 32-bit words.
type Batch = <ChaCha8Core as rand_core::block::Generator>::Output;

/// What randomness is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Latency, loss and duplication of what a node sends.
    Network = 1,
    /// How long a node's fsyncs take, and what a crash leaves of its writes.
    Disk = 2,
    /// A node's randomised timeouts.
    Timers = 3,
    /// A node's clock errors.
    Clocks = 4,
    /// A node's clients.
    Workload = 5,
    /// Which nodes a fault hits.
    Faults = 6,
    /// A protocol-free measurement, such as a benchmark's hand-written loop.
    Bench = 7,
    /// What faults draw for a node while they last.
    Harm = 8,
    /// What the nemesis does.
    Nemesis = 9,
    /// How long clients take to find a node that was elected.
    Discovery = 10,
}

/// One stream of random numbers.
///
/// The numbers are taken from the generator's batches here and not by its own front, which hands out halves of numbers
/// too and therefore asks each time whether one straddles two batches.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Which pair of words comes next.
    next: usize,
    batch: Batch,
    generator: ChaCha8Core,
}

impl Stream {
    /// The stream of a purpose, for one node, in the run of a seed.
    pub fn new(seed: u64, purpose: Purpose, node: NodeId) -> Stream {
        let generator = ChaCha8Core::from_seed(key(seed, (purpose as u64) << 8 | u64::from(node.0)));
        // Most streams of a short run are never drawn from, so that the first batch waits for the first draw.
        Stream { next: usize::MAX, batch: [0; _], generator }
    }

    /// 64 random bits.
    #[inline(always)]
    pub fn bits(&mut self) -> u64 {
        if let Some(pair) = self.batch.as_chunks().0.get(self.next) {
            self.next += 1;
            return number(*pair);
        }
        self.first_of_next_batch()
    }

    #[inline(never)]
    fn first_of_next_batch(&mut self) -> u64 {
        self.generator.generate(&mut self.batch);
        self.next = 1;
        number([self.batch[0], self.batch[1]])
    }

    /// 32 random bits. The other half of the draw is thrown away.
    #[inline]
    pub fn bits32(&mut self) -> u32 {
        (self.bits() >> 32) as u32
    }

    /// A number from 0 to `bound - 1`, or 0 for a bound of 0. By multiplication without rejection: over 2^64 values the
    /// most and the least likely number differ by less than one part in 2^64 / `bound`.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A span between two, both included.
    #[inline]
    pub fn span(&mut self, min: Span, max: Span) -> Span {
        let width = max.0 - min.0;
        if width == 0 {
            return min;
        }
        Span(min.0 + self.below(width.saturating_add(1)))
    }

    /// A number between two, both included.
    pub fn between(&mut self, min: i64, max: i64) -> i64 {
        if max <= min {
            return min;
        }
        min.wrapping_add(self.below(max.abs_diff(min).saturating_add(1)) as i64)
    }
}

/// The number that two words make.
#[inline(always)]
fn number([low, high]: [u32; 2]) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Spreads a seed over a ChaCha key (SplitMix64's finaliser, four times), and marks its end with what the stream is
/// for: under different keys ChaCha's streams have nothing to do with each other.
fn key(seed: u64, mark: u64) -> [u8; 32] {
    let mut state = seed;
    let mut words = [0; 4];
    for word in &mut words {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        *word = z ^ (z >> 31);
    }
    words[3] ^= mark;
    let mut key = [0; 32];
    for (chunk, word) in key.chunks_exact_mut(8).zip(words) {
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_independent_of_each_other_and_fixed() {
        let first = |seed, purpose, node| Stream::new(seed, purpose, NodeId(node)).bits();
        assert_eq!(first(1, Purpose::Network, 0), first(1, Purpose::Network, 0));
        let all = [
            first(1, Purpose::Network, 0),
            first(2, Purpose::Network, 0),
            first(1, Purpose::Disk, 0),
            first(1, Purpose::Network, 1),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(!all[i + 1..].contains(a), "{all:x?}");
        }
    }

    #[test]
    fn both_ends_of_a_range_are_drawn_and_nothing_beyond() {
        let mut stream = Stream::new(7, Purpose::Timers, NodeId(0));
        let mut seen = [0u32; 5];
        for _ in 0..1000 {
            seen[(stream.span(Span(10), Span(14)).0 - 10) as usize] += 1;
        }
        assert!(seen.iter().all(|n| *n > 120), "uniform over five values: {seen:?}");
        assert_eq!(stream.between(-3, -3), -3);
        assert!((0..100).all(|_| (-2..=2).contains(&stream.between(-2, 2))));
    }
}
