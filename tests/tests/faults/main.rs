//! Faults that are timed by what algorithms do, drawn at random, or about disks: from the scenario to the run.

mod nemesis;
mod phases;
mod stuck_disk;
