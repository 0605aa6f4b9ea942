//! The kinds of value that keys take: each says itself in words, reads itself and describes itself as a schema.

pub(crate) mod duration;
pub(crate) mod latency;
pub(crate) mod rtt;
pub(crate) mod scalar;
pub(crate) mod selector;
pub(crate) mod word;
