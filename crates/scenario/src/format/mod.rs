//! Scenario files in their canonical form: tables and keys in the order of their declaration, one way of spacing, and
//! every comment where it was, above or behind what it stood with.

mod comments;
mod values;

use crate::catalogue::Catalogue;
use crate::declare::Table as Declaration;
use crate::diagnostic::Diagnostic;
use crate::read::syntax_errors;
use crate::reader::{Reader, Remark};
use crate::sections;
use comments::{Line, lines, paragraphs, tidy};
use std::collections::BTreeMap;
use toml_edit::{DocumentMut, Item, Key, RawString, Table, Value};

/// The canonical form of a scenario file. What it means stays the same, whether it is valid or not; keys that are not
/// known come last. `file_name` is what diagnostics call the file.
///
/// # Errors
/// The syntax errors of a text that is no TOML.
pub fn format(file_name: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    let catalogue = Catalogue::default();
    let mut load = |_: &str| Err(String::new());
    let mut reader = Reader::new(file_name, text, &catalogue, &mut load);
    if syntax_errors(&mut reader, text) > 0 {
        return Err(reader.into_diagnostics());
    }
    match text.parse::<DocumentMut>() {
        Ok(document) => Ok(Printer::default().print(&document)),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            reader.report(Remark::error(span, error.message()));
            Err(reader.into_diagnostics())
        }
    }
}

/// One `key = value` of a table; several keys where they are dotted.
struct Entry<'d> {
    keys: Vec<&'d Key>,
    value: &'d Value,
    above: Vec<Line<'d>>,
}

/// A table with a header of its own.
struct Header<'d> {
    place: isize,
    table: &'d Table,
}

/// Where the keys before the first header belong.
const ROOT: isize = -1;

#[derive(Default)]
struct Printer<'d> {
    out: String,
    /// Comments above headers, by the headers' places in the file.
    above: BTreeMap<isize, Vec<Line<'d>>>,
    /// Comments that follow a table's last key, by its header's place.
    below: BTreeMap<isize, Vec<Line<'d>>>,
}

impl<'d> Printer<'d> {
    fn print(mut self, document: &'d DocumentMut) -> String {
        let root = document.as_table();
        let mut entries = entries(root);
        let mut headers = Vec::new();
        collect_headers(root, &mut headers);
        headers.sort_by_key(|header| header.place);

        // What stands at the top of the file is about the file.
        let mut top = entries.first_mut().map(|entry| std::mem::take(&mut entry.above));
        let mut before = ROOT;
        for Header { place, table } in headers {
            let above = lines(table.decor().prefix());
            if top.is_none() {
                top = Some(above);
            } else {
                let (below, above) = paragraphs(above, false);
                self.below.insert(before, below);
                self.above.insert(place, above);
            }
            before = place;
        }
        let (below, end) = paragraphs(lines(Some(document.trailing())), true);
        self.below.entry(before).or_default().extend(below);

        self.write_lines(tidy(top.unwrap_or_default()));
        self.write_body(entries, &[], ROOT);
        self.write_tables(root, &mut Vec::new());
        if !end.is_empty() {
            self.write_apart(end);
        }
        self.out
    }

    fn write_lines(&mut self, lines: impl IntoIterator<Item = Line<'d>>) {
        for line in lines {
            if let Line::Comment(comment) = line {
                self.out.push_str(comment);
            }
            self.out.push('\n');
        }
    }

    /// Writes lines, a blank one before them.
    fn write_apart(&mut self, lines: Vec<Line<'d>>) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
        self.write_lines(tidy(lines));
    }

    /// The keys of a table that have values, and the comments after them.
    fn write_body(&mut self, mut entries: Vec<Entry<'d>>, path: &[&'d Key], place: isize) {
        entries.sort_by_cached_key(|entry| ranks(path, &entry.keys));
        for (index, entry) in entries.into_iter().enumerate() {
            let above = entry.above;
            self.write_lines(if index == 0 { tidy(above) } else { comments::collapse(above) });
            let name: Vec<_> = entry.keys.iter().map(|key| key.display_repr()).collect();
            let line = format!("{} = ", name.join("."));
            self.out.push_str(&line);
            let inner: Vec<&str> = path.iter().chain(&entry.keys).map(|key| key.get()).collect();
            self.out.push_str(&values::print(entry.value, &inner, 0, line.chars().count()));
            self.write_behind(entry.value.decor().suffix());
        }
        let below = self.below.remove(&place).unwrap_or_default();
        self.write_lines(comments::collapse(below));
    }

    /// A comment at the end of a line, and the line's end.
    fn write_behind(&mut self, suffix: Option<&'d RawString>) {
        let comment = suffix.and_then(RawString::as_str).unwrap_or_default().trim();
        if !comment.is_empty() {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.out.push('\n');
    }

    /// The tables below a table, each after a blank line.
    fn write_tables(&mut self, table: &'d Table, path: &mut Vec<&'d Key>) {
        let declaration = declaration(path);
        let mut keys: Vec<&str> = table.iter().map(|(name, _)| name).collect();
        keys.sort_by_key(|name| rank(declaration, name));
        for (key, item) in keys.into_iter().filter_map(|name| table.get_key_value(name)) {
            path.push(key);
            match item {
                Item::Table(inner) => self.write_table(inner, path, ("[", "]")),
                Item::ArrayOfTables(list) => {
                    list.iter().for_each(|inner| self.write_table(inner, path, ("[[", "]]")));
                }
                Item::Value(_) | Item::None => {}
            }
            path.pop();
        }
    }

    fn write_table(&mut self, table: &'d Table, path: &mut Vec<&'d Key>, brackets: (&str, &str)) {
        if !table.is_implicit() && !table.is_dotted() {
            let place = table.position().unwrap_or(ROOT);
            let above = self.above.remove(&place).unwrap_or_default();
            self.write_apart(above);
            let name: Vec<_> = path.iter().map(|key| key.display_repr()).collect();
            self.out.push_str(&format!("{}{}{}", brackets.0, name.join("."), brackets.1));
            self.write_behind(table.decor().suffix());
            self.write_body(entries(table), path, place);
        }
        self.write_tables(table, path);
    }
}

/// The keys of a table that have values, dotted ones spelt out, in the order of the file.
fn entries(table: &Table) -> Vec<Entry<'_>> {
    fn collect<'d>(table: &'d Table, path: &mut Vec<&'d Key>, found: &mut Vec<Entry<'d>>) {
        for (key, item) in table.iter().filter_map(|(name, _)| table.get_key_value(name)) {
            path.push(key);
            match item {
                Item::Value(value) => {
                    let above = lines(key.leaf_decor().prefix());
                    found.push(Entry { keys: path.clone(), value, above });
                }
                Item::Table(inner) if inner.is_dotted() => collect(inner, path, found),
                _ => {}
            }
            path.pop();
        }
    }
    let mut found = Vec::new();
    collect(table, &mut Vec::new(), &mut found);
    found
}

/// All tables that have headers.
fn collect_headers<'d>(table: &'d Table, found: &mut Vec<Header<'d>>) {
    let mut add = |table: &'d Table| {
        if !table.is_implicit() && !table.is_dotted() {
            found.push(Header { place: table.position().unwrap_or(ROOT), table });
        }
        collect_headers(table, found);
    };
    for (_, item) in table.iter() {
        match item {
            Item::Table(inner) => add(inner),
            Item::ArrayOfTables(list) => list.iter().for_each(&mut add),
            Item::Value(_) | Item::None => {}
        }
    }
}

/// The declaration of the table at a path, if it has one.
fn declaration(path: &[&Key]) -> Option<&'static Declaration> {
    let names: Vec<&str> = path.iter().map(|key| key.get()).collect();
    sections::declaration(&names)
}

/// The places of keys that lead from a table to a value.
fn ranks(path: &[&Key], keys: &[&Key]) -> Vec<usize> {
    let mut names: Vec<&str> = path.iter().map(|key| key.get()).collect();
    let mut ranks = Vec::new();
    for key in keys {
        ranks.push(rank(sections::declaration(&names), key.get()));
        names.push(key.get());
    }
    ranks
}

/// The place of a key among those that are declared; after all of them where it is not.
fn rank(declaration: Option<&'static Declaration>, name: &str) -> usize {
    let place = declaration.and_then(|table| table.names().iter().position(|known| *known == name));
    place.unwrap_or(usize::MAX)
}
