//! What the world does to nodes, shown through the simulator with a protocol as small as can be: every lever, the
//! disks, the clients, the order of events, determinism and the records.

mod clock_levers;
mod clockwork;
mod connectivity;
mod cores;
mod crashes;
mod cuts;
mod degrade;
mod determinism;
mod disk_levers;
mod disks;
mod freezes;
mod healing;
mod machines;
mod order;
mod partitions;
mod pauses;
mod protocol;
mod quorum;
mod recorder;
mod rings;
mod roles;
mod selectors;
mod service;
mod slow_nodes;
mod story;
mod transfer;
mod triggers;
mod workload;
