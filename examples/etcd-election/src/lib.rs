//! Ordinary async code under Interregnum's scenarios.
//!
//! [`app`] is a program as anybody would write it: it elects a leader through etcd's client library and lets the leader write to a
//! store. Nothing in it knows of simulation. Here its instances, etcd and the store are nodes of madsim's; a scenario file's faults
//! are done to these nodes and to madsim's network; who leads is read from the program's log ([`mirror`]), and the fenced resource,
//! the invariants and the meter of this project judge it.
//!
//! It needs a build with `--cfg madsim`, as `.cargo/config.toml` sets it.
#![forbid(unsafe_code)]

#[cfg(not(any(madsim, doc)))]
compile_error!(
    "this example runs on madsim only: the compiler has to be given `--cfg madsim`, as `.cargo/config.toml` does unless RUSTFLAGS \
     is set in the environment"
);

pub mod app;
pub mod command;
mod log;
pub mod mirror;
mod refusal;
mod run;
mod store;
mod summary;
mod trial;

pub use refusal::Refused;
pub use summary::{FirstViolation, Property, Summary};
pub use trial::{ALGORITHM, Application, Crashed, Run, Trial};
