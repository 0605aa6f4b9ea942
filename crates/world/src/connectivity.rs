//! How well the nodes that work are linked to each other, judged from outside.

use crate::event::Agenda;
use crate::record::Recorder;
use crate::world::World;
use interregnum_kernel::{Observer, Protocol};

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// A fault, or the end of one, may have changed who reaches whom.
    pub(crate) fn links_changed(&mut self) {}
}
