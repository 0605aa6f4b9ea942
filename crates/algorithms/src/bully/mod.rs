//! The Bully algorithm, as it was published and as it has to be changed to be safe.
//!
//! Of all nodes that are up the one with the highest identifier is to lead. Who misses the leader asks the nodes above
//! it; who is asked answers and asks in its turn; who hears no answer in time leads.
//!
//! ```text
//! shared.rs  identifiers, bounds, and parameters
//! classic/   Garcia-Molina 1982, in the form of the textbooks: safe while its bounds hold
//! quorum/    the same preference for high identifiers, with durable grants of a majority: safe always
//! ```

pub mod classic;
pub mod quorum;
mod shared;

pub use classic::Bully;
pub use quorum::BullyQuorum;
