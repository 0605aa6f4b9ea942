//! The format as data, for documentation: the declarations that the reader uses, table by table.

use crate::declare::Presence;
use crate::sections;

/// A table of the scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    /// How it is written: `[network]`.
    pub name: &'static str,
    /// Its keys.
    pub keys: Vec<KeyInfo>,
}

/// A key of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name.
    pub name: &'static str,
    /// What values it takes, in words.
    pub values: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// The TOML value that stands in its place when it is left out.
    pub default: Option<&'static str>,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
}

/// All tables and their keys, in the order of their declaration.
pub fn reference() -> Vec<TableInfo> {
    let tables = sections::tables().into_iter();
    tables
        .map(|table| {
            let keys = (table.keys)().into_iter().map(|key| KeyInfo {
                name: key.name(),
                values: key.words(),
                required: key.presence() == Presence::Required,
                default: match key.presence() {
                    Presence::Default(text) => Some(text),
                    Presence::Required | Presence::Optional => None,
                },
                doc: key.doc(),
            });
            TableInfo { name: table.name, keys: keys.collect() }
        })
        .collect()
}
