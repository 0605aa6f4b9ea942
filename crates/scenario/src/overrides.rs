//! What a caller puts in the place of what a scenario's file says.

use interregnum_kernel::Profile;

/// What is to hold instead of what `[cluster]` says. Everything that follows from these keys follows from the values
/// given here: parameters, selectors, checks, diagnostics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Whose defaults hold, instead of `profile`. What [parameters.ALGORITHM] sets is set all the same.
    pub profile: Option<Profile>,
    /// How many nodes there are, instead of `nodes`. Nodes, zones and members that the file names and that do not exist
    /// in a cluster of this size are mistakes, as they would be in the file.
    pub nodes: Option<u8>,
}

impl Overrides {
    /// The scenario as its file has it.
    pub const NONE: Overrides = Overrides { profile: None, nodes: None };
}
