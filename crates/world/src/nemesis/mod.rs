//! Random faults: every seed draws which kinds are on and how hard, and gets a plan of its own.

use interregnum_kernel::{FaultClasses, Jitter, Span};

/// What may be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nemesis {
    /// The kinds of fault, by their names in the registry.
    pub faults: Vec<&'static str>,
    /// How long it is from one fault to the next.
    pub every: Jitter,
    /// No fault comes before this.
    pub from: Span,
    /// No fault comes after this.
    pub until: Span,
}

impl Nemesis {
    /// What may go wrong by it.
    pub fn classes(&self) -> FaultClasses {
        FaultClasses::NONE
    }
}
