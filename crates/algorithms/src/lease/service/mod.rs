//! The coordination service: data replicated by this project's Raft, sessions that run out, and watches.
//!
//! ```text
//! operation.rs  what clients ask for, and how the log keeps it
//! store.rs      the data: sessions, keys, the lock
//! server.rs     one service node: Raft inside, and the way of a request
//! leases.rs     how long sessions live: the leader's clock, at takeover, at renewal
//! watches.rs    who is told of what
//! rules.rs      what differs between etcd, Consul, ZooKeeper and Chubby
//! ```

mod leases;
mod operation;
mod rules;
mod server;
mod store;
mod watches;

pub use operation::{Ending, Operation, SessionId, Update};
pub use rules::{Flaw, Rules, SessionRules};
pub use server::Server;
pub use store::{AtClose, Changes, Lock, Outcome, Seat, Store};
pub use watches::Watch;
