//! The command as a process: exit codes, what goes where, and the files that it leaves.

mod codes;
mod files;
mod formats;
mod formatting;
mod inputs;
mod listing;
mod margins;
mod nemesis;
mod overriding;
mod recording;
mod replaying;
mod schema;
mod seeds;
mod support;
mod tables;
