//! Walks the document by hand, so that every remark has a position, and collects the remarks.

use crate::catalogue::Catalogue;
use crate::declare::{Item, Key, Kind, Presence, Table};
use crate::diagnostic::{Diagnostic, Lines, Severity, floor_boundary};
use crate::nearest::{any_of, did_you_mean, nearest};
use crate::overrides::Overrides;
use crate::sections;
use interregnum_kernel::{NodeId, NodeSet, Span};
use interregnum_world::Zone;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::{DeArray, DeValue};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands; for a default, the table that does not say it.
    pub(crate) span: Range<usize>,
}

/// A remark under construction.
pub(crate) struct Remark {
    severity: Severity,
    span: Range<usize>,
    message: String,
    expected: String,
    hint: Option<String>,
}

impl Remark {
    /// Something that leaves the file without a meaning.
    pub(crate) fn error(span: Range<usize>, message: impl Into<String>) -> Remark {
        Remark {
            severity: Severity::Error,
            span,
            message: message.into(),
            expected: String::new(),
            hint: None,
        }
    }
    /// Something that is probably not intended.
    pub(crate) fn warning(span: Range<usize>, message: impl Into<String>) -> Remark {
        Remark { severity: Severity::Warning, ..Remark::error(span, message) }
    }
    /// Something that may surprise.
    pub(crate) fn note(span: Range<usize>, message: impl Into<String>) -> Remark {
        Remark { severity: Severity::Note, ..Remark::error(span, message) }
    }
    /// What was expected instead.
    pub(crate) fn expected(self, expected: impl Into<String>) -> Remark {
        Remark { expected: expected.into(), ..self }
    }
    /// What would help.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Remark {
        Remark { hint: Some(hint.into()), ..self }
    }
    /// What would help, if anything would.
    pub(crate) fn maybe_hint(self, hint: Option<String>) -> Remark {
        Remark { hint, ..self }
    }
}

/// What the sections that are read first tell those that are read later. What could not be read is unknown, and then
/// what depends on it goes unchecked: one mistake is reported once.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// How many nodes there are.
    pub(crate) nodes: Option<u8>,
    /// How many nodes the coordination service has, which follow those of the cluster.
    pub(crate) service: Option<u8>,
    /// Whether the file says which zones those are in.
    pub(crate) service_is_placed: bool,
    /// Whether there are nodes that are no members of the cluster.
    pub(crate) spares: bool,
    /// The zones, with the service's nodes.
    pub(crate) zones: Option<Vec<Zone>>,
    /// The algorithms that the scenario is meant for.
    pub(crate) algorithms: Option<Vec<String>>,
    /// When the run ends.
    pub(crate) horizon: Option<Span>,
    /// When everything is healed.
    pub(crate) heal: Option<Span>,
    /// Whether `heal` could be read, or is rightly absent.
    pub(crate) heal_is_known: bool,
    /// Whether leaders write to the resource.
    pub(crate) writes: bool,
    /// Whether the resource compares tokens.
    pub(crate) fencing: bool,
    /// How many faults the file plans.
    pub(crate) faults: usize,
    /// Whether faults are drawn besides.
    pub(crate) nemesis: bool,
    /// The nodes that do not boot at the start.
    pub(crate) down: NodeSet,
}

/// The most remarks that are kept about one file; of more than that it is only said how many there are.
pub(crate) const MOST_REMARKS: usize = 1_000;

/// The state of one pass over one file.
pub(crate) struct Reader<'r> {
    file: &'r str,
    text: &'r str,
    lines: Lines<'r>,
    pub(crate) catalogue: &'r Catalogue,
    load: &'r mut dyn FnMut(&str) -> Result<String, String>,
    /// The text has syntax errors, so that parts of the document may be missing: absences are not reported then.
    pub(crate) broken: bool,
    pub(crate) known: Known,
    /// Whether what is read belongs to a fault that waits for something to happen.
    pub(crate) triggered: bool,
    /// What holds instead of what the file says.
    pub(crate) overrides: Overrides,
    /// The files that the scenario names.
    pub(crate) files: BTreeMap<String, String>,
    diagnostics: Vec<Diagnostic>,
    dropped: usize,
}

/// The keys that one table of the document has.
pub(crate) struct Fields<'d, 't> {
    /// Where the table's header or braces stand.
    pub(crate) span: Range<usize>,
    /// Whether the table has keys besides, which were reported.
    pub(crate) has_unknown: bool,
    /// The keys that those others were probably meant to be: their absence is no second mistake.
    meant: Vec<String>,
    entries: Vec<(&'d str, Range<usize>, &'d Item<'t>)>,
}

impl<'d, 't> Fields<'d, 't> {
    /// Where the key of this name stands, if it is there.
    pub(crate) fn key_span(&self, name: &str) -> Option<Range<usize>> {
        self.entries.iter().find(|(entry, ..)| *entry == name).map(|(_, span, _)| span.clone())
    }

    /// Whether a key that is not known was probably meant to be the one of this name.
    pub(crate) fn means(&self, name: &str) -> bool {
        self.meant.iter().any(|meant| meant == name)
    }

    /// The names, positions and values of all keys, in the order of the file.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(&'d str, Range<usize>, &'d Item<'t>)> {
        self.entries.iter()
    }
}

impl<'r> Reader<'r> {
    /// A pass over a text.
    pub(crate) fn new(
        file: &'r str,
        text: &'r str,
        catalogue: &'r Catalogue,
        load: &'r mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Reader<'r> {
        Reader {
            file,
            text,
            lines: Lines::of(text),
            catalogue,
            load,
            broken: false,
            known: Known::default(),
            triggered: false,
            overrides: Overrides::NONE,
            files: BTreeMap::new(),
            diagnostics: Vec::new(),
            dropped: 0,
        }
    }

    /// Records a remark.
    pub(crate) fn report(&mut self, remark: Remark) {
        // Where a syntax error has swallowed a value the parser puts one without a place: the error is reported as such.
        if self.broken && remark.span.is_empty() {
            return;
        }
        if self.diagnostics.len() >= MOST_REMARKS {
            self.dropped += 1;
            return;
        }
        let start = floor_boundary(self.text, remark.span.start);
        let end = floor_boundary(self.text, remark.span.end).max(start);
        let (line, column) = self.lines.position(start);
        self.diagnostics.push(Diagnostic {
            severity: remark.severity,
            message: remark.message,
            file: self.file.to_owned(),
            line,
            column,
            span: start..end,
            found: excerpt(&self.text[start..end]),
            expected: remark.expected,
            hint: remark.hint,
        });
    }

    /// The text between two bytes, for messages.
    pub(crate) fn excerpt(&self, span: &Range<usize>) -> String {
        excerpt(self.text.get(span.clone()).unwrap_or_default())
    }

    /// The line, counted from 1, of a byte.
    pub(crate) fn line(&self, byte: usize) -> usize {
        self.lines.position(byte).0
    }

    /// All remarks, in the order of the file.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        if self.dropped > 0 {
            let message = format!("there are {} more remarks than these", self.dropped + 1);
            // The last one makes room; it counts among the others now.
            self.diagnostics.pop();
            self.broken = false;
            self.report(Remark::error(self.text.len()..self.text.len(), message));
        }
        self.diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.severity));
        self.diagnostics.dedup();
        self.diagnostics
    }

    /// Drops remarks about lines that syntax errors have garbled: they are consequences.
    pub(crate) fn drop_consequences(&mut self, syntax_errors: usize) {
        let garbled: Vec<usize> = self.diagnostics[..syntax_errors].iter().map(|d| d.line).collect();
        let mut index = 0;
        self.diagnostics.retain(|diagnostic| {
            index += 1;
            index <= syntax_errors || !garbled.contains(&diagnostic.line)
        });
    }

    /// The contents of a file that the scenario names.
    pub(crate) fn load(&mut self, name: &str) -> Result<String, String> {
        if let Some(content) = self.files.get(name) {
            return Ok(content.clone());
        }
        let content = (self.load)(name)?;
        self.files.insert(name.to_owned(), content.clone());
        Ok(content)
    }

    /// How many nodes there are; the most possible where that is not known.
    pub(crate) fn nodes(&self) -> u8 {
        self.known.nodes.unwrap_or(NodeId::MAX as u8)
    }

    /// How many nodes there are with those of the coordination service.
    pub(crate) fn all_nodes(&self) -> u8 {
        self.nodes().saturating_add(self.known.service.unwrap_or(0)).min(NodeId::MAX as u8)
    }

    /// The zones; none where they are not known.
    pub(crate) fn zones(&self) -> &[Zone] {
        self.known.zones.as_deref().unwrap_or_default()
    }

    /// Reads one value.
    pub(crate) fn read<T>(&mut self, kind: &Kind<T>, item: &Item<'_>) -> Option<T> {
        // A value without a place stands for one that a syntax error has swallowed.
        if item.span().is_empty() { None } else { (kind.read)(self, item) }
    }

    /// Reports a value of the wrong type.
    pub(crate) fn mismatch(&mut self, item: &Item<'_>, words: &str) {
        let found = self.excerpt(&item.span());
        let message = format!("unexpected {} `{found}`", type_in_words(item.get_ref()));
        self.report(Remark::error(item.span(), message).expected(words));
    }

    /// The value as text, or a remark.
    pub(crate) fn text<'d>(&mut self, item: &'d Item<'_>, words: &str) -> Option<&'d str> {
        let text = item.get_ref().as_str();
        if text.is_none() {
            self.mismatch(item, words);
        }
        text
    }

    /// The value as a list, or a remark.
    pub(crate) fn list<'d, 't>(&mut self, item: &'d Item<'t>, words: &str) -> Option<&'d DeArray<'t>> {
        let list = item.get_ref().as_array();
        if list.is_none() {
            self.mismatch(item, words);
        }
        list
    }

    /// The value as a whole number that is not negative, or a remark.
    pub(crate) fn count(&mut self, item: &Item<'_>, words: &str) -> Option<u64> {
        let count = item.get_ref().as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
        if count.is_none() {
            self.mismatch(item, words);
        }
        count
    }

    /// The keys of a table; keys that it does not know are reported and left out.
    pub(crate) fn fields<'d, 't>(
        &mut self,
        item: &'d Item<'t>,
        table: &'static Table,
    ) -> Option<Fields<'d, 't>> {
        self.fields_and(item, table, &[])
    }

    /// The keys of a table that may have keys besides those that it declares.
    pub(crate) fn fields_and<'d, 't>(
        &mut self,
        item: &'d Item<'t>,
        table: &'static Table,
        others: &[&'r str],
    ) -> Option<Fields<'d, 't>> {
        let mut known = table.names();
        known.extend(others.iter().copied());
        let keys = self.keys(item, &format!("the table {}", table.name))?;
        let mut entries = Vec::new();
        let mut has_unknown = false;
        let mut meant = Vec::new();
        for (name, span, value) in keys {
            if known.contains(&name) {
                entries.push((name, span, value));
            } else {
                has_unknown = true;
                meant.extend(nearest(name, known.iter().copied()).map(str::to_owned));
                self.unknown_key(name, span, table, &known);
            }
        }
        Some(Fields { span: item.span(), has_unknown, meant, entries })
    }

    /// The keys of a table, whatever they are, in the order of the file.
    pub(crate) fn keys<'d, 't>(
        &mut self,
        item: &'d Item<'t>,
        words: &str,
    ) -> Option<Vec<(&'d str, Range<usize>, &'d Item<'t>)>> {
        let Some(table) = item.get_ref().as_table() else {
            self.mismatch(item, words);
            return None;
        };
        let mut keys: Vec<_> =
            table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
        keys.sort_by_key(|(_, span, _)| span.start);
        Some(keys)
    }

    fn unknown_key(&mut self, name: &str, span: Range<usize>, table: &Table, known: &[&str]) {
        let hint = did_you_mean(name, known.iter().copied()).or_else(|| {
            let home = sections::tables().into_iter().find(|other| other.names().contains(&name))?;
            Some(format!("`{name}` belongs to {}", home.name))
        });
        let remark = Remark::error(span, format!("unknown key `{}` in {}", excerpt(name), table.name))
            .expected(any_of(known))
            .maybe_hint(hint);
        self.report(remark);
    }

    /// The value of a key: what the file says, or its default. A required key that is absent is reported.
    pub(crate) fn get<T>(&mut self, fields: &Fields<'_, '_>, key: &Key<T>) -> Option<At<T>> {
        if let Some((_, _, item)) = fields.entries.iter().find(|(name, ..)| *name == key.name) {
            return Some(At { value: self.read(&key.kind, item)?, span: item.span() });
        }
        match key.presence {
            Presence::Optional => None,
            Presence::Required => {
                if !fields.means(key.name) {
                    self.missing(fields.span.clone(), key.name, key.kind.words);
                }
                None
            }
            Presence::Default(text) => {
                let item = DeValue::parse(text).ok()?;
                Some(At { value: self.read(&key.kind, &item)?, span: fields.span.clone() })
            }
        }
    }

    /// Reports that a key is absent, unless a syntax error may have swallowed it.
    pub(crate) fn missing(&mut self, span: Range<usize>, name: &str, words: &str) {
        if !self.broken {
            self.report(Remark::error(span, format!("the key `{name}` is missing")).expected(words));
        }
    }
}

/// The type of a value, in words.
fn type_in_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) | DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "truth value",
        DeValue::Datetime(_) => "date",
        DeValue::Array(_) => "list",
        DeValue::Table(_) => "table",
    }
}

/// The first line of a text, cut to a length that fits a message.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}
