//! Election by lease, in the real engine: what every recipe does, how long its failovers take, what its promises and its
//! margins are worth.
//!
//! ```text
//! recipes.rs   what every recipe does, whatever its service
//! disks.rs     whose disks matter
//! bounds/      per recipe: between which bounds its failovers lie, and how close they come to both
//! plans/       promises under random plans of faults
//! margins.rs   what `interregnum margins` finds
//! costs.rs     what an idle Redis lock costs in messages
//! told.rs      a run, as all of these look at it
//! ```

mod bounds;
mod costs;
mod disks;
mod margins;
mod plans;
mod recipes;
mod told;
