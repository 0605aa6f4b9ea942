//! Clocks that are set, that run fast or slow, and that stand.

use crate::event::Agenda;
use crate::plan::{ClockChoice, Lever};
use crate::record::Recorder;
use crate::world::World;
use interregnum_kernel::{NodeId, NodeSet, Observer, Protocol};

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Stops both clocks of a node.
    pub(crate) fn freeze_clock(&mut self, node: NodeId) {
        let _ = node;
    }

    /// Lets them go on.
    pub(crate) fn thaw_clock(&mut self, node: NodeId) {
        let _ = node;
    }

    /// Sets a clock.
    pub(crate) fn step_clock(&mut self, node: NodeId, by: i64, clock: ClockChoice) {
        let _ = (node, by, clock);
    }

    /// Makes a clock run faster by so much, or slower.
    pub(crate) fn drift_clock(&mut self, node: NodeId, ppm: i32, clock: ClockChoice) {
        let _ = (node, ppm, clock);
    }

    /// Turns a strobe: the clocks go ahead, or come back.
    pub(crate) fn strobe(&mut self, index: u32, nodes: NodeSet, lever: &Lever, ahead: bool) {
        let _ = (index, nodes, lever, ahead);
    }

    /// Ends a strobe: clocks that are ahead come back.
    pub(crate) fn end_strobe(&mut self, index: u32, nodes: NodeSet, lever: &Lever) {
        let _ = (index, nodes, lever);
    }

    /// It is time for a strobe to turn.
    pub(crate) fn strobe_turns(&mut self, sequence: u64, index: u32, was_ahead: bool) {
        let _ = (sequence, index, was_ahead);
    }
}
