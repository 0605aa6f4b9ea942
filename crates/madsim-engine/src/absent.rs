//! The engine where it was not compiled in: there is none, and asking for one says so.

use crate::{Net, Portable, Refused};
use interregnum_kernel::Observer;
use interregnum_sim::Outcome;
use interregnum_world::{Recorder, Setting};
use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;

/// Nothing can be one.
#[derive(Clone, Debug)]
pub struct MadsimEngine<P> {
    never: Infallible,
    protocol: PhantomData<P>,
}

impl<P: Portable> MadsimEngine<P> {
    /// # Errors
    /// Always.
    pub fn new(_: P, _: Arc<Setting>, _: Net) -> Result<Self, Refused> {
        Err(Refused::NotBuiltIn)
    }

    /// Runs nothing.
    pub fn run<O: Observer, R: Recorder>(&self, _: (O, R), _: u64) -> (Outcome, (O, R)) {
        match self.never {}
    }

    /// Runs nothing.
    pub async fn run_within<O: Observer, R: Recorder>(&self, _: (O, R)) -> (Outcome, (O, R)) {
        match self.never {}
    }
}
