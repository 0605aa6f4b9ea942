//! The trace digest: 128 bits that are equal exactly when (for all practical purposes) two runs were the same run.
//!
//! Not cryptographic. Two words are absorbed by one multiplication, of which both halves stay in the 128-bit state; the
//! same words give the same digest on every platform, since every length and discriminant is widened to 64 bits before
//! it is absorbed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::Hasher;

const SEED_A: u64 = 0x9e37_79b9_7f4a_7c15;
const SEED_B: u64 = 0xd1b5_4a32_d192_ed03;
const MULTIPLY_A: u64 = 0xa076_1d64_78bd_642f;
const MULTIPLY_B: u64 = 0xe703_7ed1_a0b4_28db;

/// A finished digest. Printed as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct TraceDigest(pub u128);

impl fmt::Display for TraceDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for TraceDigest {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<TraceDigest, Self::Err> {
        u128::from_str_radix(text, 16).map(TraceDigest)
    }
}

/// A digest being computed.
#[derive(Clone, Copy, Debug)]
pub struct Digest {
    a: u64,
    b: u64,
}

impl Default for Digest {
    fn default() -> Digest {
        Digest { a: SEED_A, b: SEED_B }
    }
}

#[inline]
fn fold(x: u64, y: u64) -> u64 {
    let wide = u128::from(x) * u128::from(y);
    (wide as u64) ^ ((wide >> 64) as u64)
}

impl Digest {
    /// Takes one word in.
    #[inline]
    pub fn absorb(&mut self, word: u64) {
        self.absorb_pair(word, 0);
    }

    /// Takes two words in at the price of one: an event's time and what happened.
    ///
    /// Either word meets a half of the state that the whole past has gone into, so that neither can cancel the other.
    /// The halves are kept besides the product: a factor of zero must not wipe out what came before.
    #[inline]
    pub fn absorb_pair(&mut self, x: u64, y: u64) {
        let wide = u128::from(self.a ^ x) * u128::from(self.b.wrapping_add(y));
        let kept = self.a.rotate_left(23);
        self.a = (wide as u64) ^ self.b;
        self.b = ((wide >> 64) as u64).wrapping_add(kept);
    }

    /// The digest of what was absorbed so far.
    pub fn value(&self) -> TraceDigest {
        let high = fold(self.a ^ SEED_B, MULTIPLY_B ^ self.b);
        let low = fold(self.b ^ SEED_A, MULTIPLY_A ^ self.a.rotate_left(32));
        TraceDigest((u128::from(high) << 64) | u128::from(low))
    }
}

/// `derive(Hash)` writes enum discriminants as `isize` and lengths as `usize`; both are widened here, so that a hash is
/// the same on 32-bit and 64-bit platforms.
impl Hasher for Digest {
    fn finish(&self) -> u64 {
        let wide = self.value().0;
        (wide >> 64) as u64 ^ wide as u64
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.absorb(u64::from_le_bytes(word));
        }
        self.absorb(bytes.len() as u64);
    }
    fn write_u8(&mut self, n: u8) {
        self.absorb(u64::from(n));
    }
    fn write_u16(&mut self, n: u16) {
        self.absorb(u64::from(n));
    }
    fn write_u32(&mut self, n: u32) {
        self.absorb(u64::from(n));
    }
    fn write_u64(&mut self, n: u64) {
        self.absorb(n);
    }
    fn write_u128(&mut self, n: u128) {
        self.absorb(n as u64);
        self.absorb((n >> 64) as u64);
    }
    fn write_usize(&mut self, n: usize) {
        self.absorb(n as u64);
    }
    fn write_i8(&mut self, n: i8) {
        self.absorb(i64::from(n) as u64);
    }
    fn write_i16(&mut self, n: i16) {
        self.absorb(i64::from(n) as u64);
    }
    fn write_i32(&mut self, n: i32) {
        self.absorb(i64::from(n) as u64);
    }
    fn write_i64(&mut self, n: i64) {
        self.absorb(n as u64);
    }
    fn write_isize(&mut self, n: isize) {
        self.absorb(n as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn of(words: &[u64]) -> TraceDigest {
        let mut digest = Digest::default();
        for word in words {
            digest.absorb(*word);
        }
        digest.value()
    }

    #[test]
    fn order_and_number_of_words_matter() {
        let all = [of(&[]), of(&[0]), of(&[0, 0]), of(&[1, 2]), of(&[2, 1]), of(&[1]), of(&[1, 2, 0])];
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    }

    #[test]
    fn a_single_flipped_bit_changes_both_halves() {
        let base = of(&[7, 8, 9]).0;
        for bit in 0..64 {
            let other = of(&[7, 8 ^ (1 << bit), 9]).0;
            assert_ne!(base as u64, other as u64, "low half, bit {bit}");
            assert_ne!(base >> 64, other >> 64, "high half, bit {bit}");
        }
    }

    #[test]
    fn the_value_is_fixed_for_ever() {
        // A change here changes every golden digest and every replay file: it is a new format version.
        assert_eq!(of(&[1, 2, 3]).to_string(), include_str!("digest.golden").trim());
    }
}
