//! What the trace digest remembers of a foreign message.

use interregnum_kernel::Digest;
use std::hash::Hasher;

/// One number for a message's words.
pub(crate) fn of(words: impl IntoIterator<Item = u64>) -> u64 {
    let mut digest = Digest::default();
    for word in words {
        digest.absorb(word);
    }
    digest.finish()
}
