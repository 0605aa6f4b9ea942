//! Declarations of keys, as data. The reader's known keys, its nearest-word hints, the schema and the reference all
//! walk the same declarations: what is declared can be read, and what is read is documented.

use crate::catalogue::Catalogue;
use crate::reader::Reader;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::DeValue;

/// A value of the document, with its position.
pub(crate) type Item<'t> = Spanned<DeValue<'t>>;

/// What values a key takes.
pub(crate) struct Kind<T: 'static> {
    /// In words, for "expected ...".
    pub(crate) words: &'static str,
    /// Reads one; reports what is wrong with it and is `None` then.
    pub(crate) read: for<'r, 't> fn(&mut Reader<'r>, &Item<'t>) -> Option<T>,
    /// Its JSON Schema.
    pub(crate) schema: fn(&Catalogue) -> Json,
}

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Kind<T> {
        *self
    }
}

impl<T> Copy for Kind<T> {}

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It may not.
    Required,
    /// It may, and then nothing takes its place.
    Optional,
    /// It may, and then this TOML value stands in its place.
    Default(&'static str),
}

/// One key of a table.
pub(crate) struct Key<T: 'static> {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does, in a sentence or two.
    pub(crate) doc: &'static str,
    /// What values it takes.
    pub(crate) kind: Kind<T>,
    /// Whether it may be left out.
    pub(crate) presence: Presence,
}

impl<T> Key<T> {
    /// A key that may not be left out.
    pub(crate) const fn required(name: &'static str, kind: Kind<T>, doc: &'static str) -> Key<T> {
        Key { name, doc, kind, presence: Presence::Required }
    }

    /// A key that may be left out.
    pub(crate) const fn optional(name: &'static str, kind: Kind<T>, doc: &'static str) -> Key<T> {
        Key { name, doc, kind, presence: Presence::Optional }
    }

    /// A key in whose place this TOML value stands when it is left out.
    pub(crate) const fn or(
        name: &'static str,
        default: &'static str,
        kind: Kind<T>,
        doc: &'static str,
    ) -> Key<T> {
        Key { name, doc, kind, presence: Presence::Default(default) }
    }
}

/// A key of whatever kind, for whoever only lists keys.
pub(crate) trait Declared: Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What it does.
    fn doc(&self) -> &'static str;
    /// What values it takes, in words.
    fn words(&self) -> &'static str;
    /// Whether it may be left out.
    fn presence(&self) -> Presence;
    /// The JSON Schema of its values.
    fn schema(&self, catalogue: &Catalogue) -> Json;
}

impl<T> Declared for Key<T> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn doc(&self) -> &'static str {
        self.doc
    }
    fn words(&self) -> &'static str {
        self.kind.words
    }
    fn presence(&self) -> Presence {
        self.presence
    }
    fn schema(&self, catalogue: &Catalogue) -> Json {
        (self.kind.schema)(catalogue)
    }
}

/// A table and its keys.
pub(crate) struct Table {
    /// How messages call it: `[network]`.
    pub(crate) name: &'static str,
    /// Its keys.
    pub(crate) keys: fn() -> Vec<&'static dyn Declared>,
}

impl Table {
    /// The names of its keys.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        (self.keys)().iter().map(|key| key.name()).collect()
    }
}
