//! Values: on one line where they fit and have no comments, or else one element a line.

use super::comments::{Gap, gap};
use super::rank;
use crate::sections;
use toml_edit::{Array, InlineTable, Key, RawString, Value};

/// The longest line that a list may make.
const WIDTH: usize = 120;

/// By how much the elements of a list are indented that has one element a line.
const INDENT: usize = 4;

/// One element of a list or of braces, with its comments.
struct Row<'d> {
    above: Vec<&'d str>,
    /// None in a list.
    keys: Vec<&'d Key>,
    value: &'d Value,
    behind: Option<&'d str>,
}

/// The elements of a list or of braces, and the comments after the last one.
#[derive(Default)]
struct Rows<'d> {
    rows: Vec<Row<'d>>,
    /// Comments that wait for the next element.
    waiting: Vec<&'d str>,
}

impl<'d> Rows<'d> {
    fn of_list(list: &'d Array) -> Rows<'d> {
        let mut rows = Rows::default();
        for value in list.iter() {
            rows.add(value.decor().prefix(), Vec::new(), value);
        }
        rows.comment(gap(Some(list.trailing())));
        rows
    }

    fn of_braces(braces: &'d InlineTable) -> Rows<'d> {
        let mut rows = Rows::default();
        rows.add_braces(braces, &mut Vec::new());
        rows.comment(gap(Some(braces.trailing())));
        rows
    }

    fn add_braces(&mut self, braces: &'d InlineTable, path: &mut Vec<&'d Key>) {
        for (key, item) in braces.iter().filter_map(|(name, _)| braces.get_key_value(name)) {
            path.push(key);
            match item.as_value() {
                Some(Value::InlineTable(inner)) if inner.is_dotted() => self.add_braces(inner, path),
                Some(value) => self.add(key.leaf_decor().prefix(), path.clone(), value),
                None => {}
            }
            path.pop();
        }
    }

    fn add(&mut self, prefix: Option<&'d RawString>, keys: Vec<&'d Key>, value: &'d Value) {
        self.comment(gap(prefix));
        let above = std::mem::take(&mut self.waiting);
        self.rows.push(Row { above, keys, value, behind: None });
        self.comment(gap(value.decor().suffix()));
    }

    /// Puts comments behind the last element and above the next one.
    fn comment(&mut self, gap: Gap<'d>) {
        match (gap.behind, self.rows.last_mut()) {
            (Some(comment), Some(row)) if row.behind.is_none() && self.waiting.is_empty() => {
                row.behind = Some(comment);
            }
            (behind, _) => self.waiting.extend(behind),
        }
        self.waiting.extend(gap.own);
    }

    fn has_comments(&self) -> bool {
        let commented = |row: &Row<'_>| {
            row.behind.is_some()
                || !row.above.is_empty()
                || Rows::of(row.value).is_some_and(|rows| rows.has_comments())
        };
        !self.waiting.is_empty() || self.rows.iter().any(commented)
    }

    fn of(value: &'d Value) -> Option<Rows<'d>> {
        match value {
            Value::Array(list) => Some(Rows::of_list(list)),
            Value::InlineTable(braces) => Some(Rows::of_braces(braces)),
            _ => None,
        }
    }
}

/// A value as text. `path` are the keys that lead to it, `indent` and `column` say where its line and it begin.
pub(super) fn print(value: &Value, path: &[&str], indent: usize, column: usize) -> String {
    let Some(mut rows) = Rows::of(value) else { return scalar(value) };
    let is_list = value.is_array();
    if !is_list {
        let declaration = sections::declaration(path);
        rows.rows.sort_by_key(|row| rank(declaration, row.keys[0].get()));
    }
    if !rows.has_comments() {
        let line = on_one_line(&rows, path, indent, is_list);
        // Braces stay on one line, as TOML 1.0 wants them.
        if !is_list || column + line.chars().count() <= WIDTH {
            return line;
        }
    }
    on_many_lines(&rows, path, indent, is_list)
}

/// A value that has no parts, as the file writes it.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(value) => value.display_repr().into_owned(),
        Value::Integer(value) => value.display_repr().into_owned(),
        Value::Float(value) => value.display_repr().into_owned(),
        Value::Boolean(value) => value.display_repr().into_owned(),
        Value::Datetime(value) => value.display_repr().into_owned(),
        Value::Array(_) | Value::InlineTable(_) => String::new(),
    }
}

fn on_one_line(rows: &Rows<'_>, path: &[&str], indent: usize, is_list: bool) -> String {
    let part = |row: &Row<'_>| {
        let (name, inner) = named(row, path);
        // What is inside of something that fits, fits as well.
        name + &print(row.value, &inner, indent, 0)
    };
    let parts = rows.rows.iter().map(part).collect::<Vec<_>>().join(", ");
    match (is_list, parts.as_str()) {
        (true, _) => format!("[{parts}]"),
        (false, "") => "{}".to_owned(),
        (false, _) => format!("{{ {parts} }}"),
    }
}

fn on_many_lines(rows: &Rows<'_>, path: &[&str], indent: usize, is_list: bool) -> String {
    let (open, close) = if is_list { ("[", "]") } else { ("{", "}") };
    let margin = " ".repeat(indent + INDENT);
    let mut text = format!("{open}\n");
    for row in &rows.rows {
        row.above.iter().for_each(|comment| text.push_str(&format!("{margin}{comment}\n")));
        let (name, inner) = named(row, path);
        let column = indent + INDENT + name.chars().count() + 1;
        let value = print(row.value, &inner, indent + INDENT, column);
        let behind = row.behind.map(|comment| format!(" {comment}")).unwrap_or_default();
        text.push_str(&format!("{margin}{name}{value},{behind}\n"));
    }
    rows.waiting.iter().for_each(|comment| text.push_str(&format!("{margin}{comment}\n")));
    text + &" ".repeat(indent) + close
}

/// What stands before an element's value, and the keys that lead to it.
fn named<'p>(row: &Row<'p>, path: &[&'p str]) -> (String, Vec<&'p str>) {
    let inner = path.iter().copied().chain(row.keys.iter().map(|key| key.get())).collect();
    if row.keys.is_empty() {
        return (String::new(), inner);
    }
    let name: Vec<_> = row.keys.iter().map(|key| key.display_repr()).collect();
    (name.join(".") + " = ", inner)
}
