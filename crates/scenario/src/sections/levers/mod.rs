//! The levers that a fault can pull, by theme. A new lever is an entry of its theme's list: its key, what goes with it,
//! and what it means as a primitive of the engines.

mod clocks;
pub(crate) mod degrade;
mod disks;
pub(crate) mod links;
pub(crate) mod options;
mod orders;
mod processes;

use crate::declare::Declared;
use crate::kinds::selector::Selectors;
use crate::reader::{Fields, Reader};
use interregnum_world::{Lever, Selector};

/// A lever of the scenario file.
pub(crate) struct LeverSpec {
    /// The key that pulls it.
    pub(crate) key: &'static dyn Declared,
    /// Lines that pull it.
    pub(crate) example: &'static str,
    /// Whether it can be undone, so that `for` means something.
    pub(crate) lasts: bool,
    /// The keys that mean something besides, as this lever reads them.
    pub(crate) options: &'static [&'static dyn Declared],
    /// What it is to the engines; `None` where something was reported.
    pub(crate) pull: fn(&mut Reader<'_>, &Fields<'_, '_>) -> Option<Lever>,
}

impl LeverSpec {
    /// Whether a key of this name means something besides.
    pub(crate) fn takes(&self, option: &str) -> bool {
        self.options.iter().any(|key| key.name() == option)
    }
}

/// A lever, as documentation and `list faults` tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeverInfo {
    /// The key in a `[[fault]]` table.
    pub name: &'static str,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Lines that pull it.
    pub example: &'static str,
    /// Whether it can be undone, so that `for` means something.
    pub lasts: bool,
    /// The names of the keys that mean something besides.
    pub options: Vec<&'static str>,
}

/// The levers that a fault can pull, in the order of their declaration.
pub fn levers() -> Vec<LeverInfo> {
    let info = |lever: &LeverSpec| LeverInfo {
        name: lever.key.name(),
        doc: lever.key.doc(),
        example: lever.example,
        lasts: lever.lasts,
        options: lever.options.iter().map(|key| key.name()).collect(),
    };
    specs().map(info).collect()
}

/// The levers, theme by theme.
static THEMES: [&[LeverSpec]; 5] =
    [&links::LEVERS, &processes::LEVERS, &clocks::LEVERS, &disks::LEVERS, &orders::LEVERS];

/// All levers.
pub(crate) fn specs() -> impl Iterator<Item = &'static LeverSpec> {
    THEMES.iter().copied().flatten()
}

/// The selectors without their positions.
fn bare(selectors: Selectors) -> Vec<Selector> {
    selectors.into_iter().map(|selector| selector.value).collect()
}
