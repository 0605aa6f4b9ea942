//! Reading a file: syntax first, then everything that the declarations and checks can say about it.

use crate::catalogue::Catalogue;
use crate::diagnostic::{Diagnostic, Severity};
use crate::overrides::Overrides;
use crate::reader::{MOST_REMARKS, Reader, Remark};
use crate::scenario::Scenario;
use crate::sections::{self, DOCUMENT};
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The longest file that is read, in bytes.
const LONGEST_TEXT: usize = 1 << 20;

/// Reads a scenario. `file_name` is what diagnostics call the file; `load` returns the content of a file that the
/// scenario names, given the name as it stands there (relative to the scenario), or says why it cannot.
///
/// # Errors
/// All that is wrong with the file, in its order, warnings and notes included. Without an error the warnings and
/// notes come with the scenario.
pub fn read(
    file_name: &str,
    text: &str,
    catalogue: &Catalogue,
    load: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
    read_with(file_name, text, catalogue, load, Overrides::NONE)
}

/// Reads a scenario as [`read`] does, with another profile or cluster size than its file has.
///
/// Numbers are expected of the cluster and the profile that they were measured with. A scenario that is read with
/// others keeps of its expectations which invariants may be violated, and lists the rest under
/// [`Expectation::not_judged`](crate::Expectation::not_judged).
///
/// # Errors
/// As [`read`]. What the file names and the overriding size does not have is a mistake.
pub fn read_with(
    file_name: &str,
    text: &str,
    catalogue: &Catalogue,
    load: &mut dyn FnMut(&str) -> Result<String, String>,
    overrides: Overrides,
) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut reader = Reader::new(file_name, text, catalogue, load);
    reader.overrides = overrides;
    let scenario = read_text(&mut reader, text);
    let diagnostics = reader.into_diagnostics();
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match scenario {
        Some(scenario) if !failed => Ok((Scenario { text: text.to_owned(), ..scenario }, diagnostics)),
        _ => Err(diagnostics),
    }
}

fn read_text(reader: &mut Reader<'_>, text: &str) -> Option<Scenario> {
    if text.len() > LONGEST_TEXT {
        let message = format!("the file has {} bytes", text.len());
        reader.report(Remark::error(0..0, message).expected(format!("at most {LONGEST_TEXT} bytes")));
        return None;
    }
    let (document, syntax_errors) = DeTable::parse_recoverable(text);
    let syntax_errors = report_syntax(reader, text.len(), &syntax_errors);
    if syntax_errors == 0 && document.get_ref().is_empty() {
        let remark = Remark::error(0..0, "the file is empty");
        reader.report(remark.expected("a scenario, which starts with `format = 1`"));
        return None;
    }
    reader.broken = syntax_errors > 0;
    if sections::is_of_another_version(reader, document.get_ref()) {
        return None;
    }
    let document = Spanned::new(0..text.len(), DeValue::Table(document.into_inner()));
    let mut top = reader.fields(&document, &DOCUMENT)?;
    // What is missing from the file is missing at its start, not all over it.
    top.span = 0..0;
    let scenario = sections::read(reader, &top);
    reader.drop_consequences(syntax_errors);
    scenario
}

/// Reports what is wrong with a text's syntax; says on how many lines.
pub(crate) fn syntax_errors(reader: &mut Reader<'_>, text: &str) -> usize {
    let (_, errors) = DeTable::parse_recoverable(text);
    report_syntax(reader, text.len(), &errors)
}

/// Reports the first syntax error of every line, since those after it are mostly its consequences; says how many.
fn report_syntax(reader: &mut Reader<'_>, end: usize, errors: &[toml::de::Error]) -> usize {
    let mut lines = BTreeSet::new();
    for error in errors {
        let span = error.span().unwrap_or(end..end);
        if lines.len() < MOST_REMARKS && lines.insert(reader.line(span.start)) {
            let remark = syntax_remark(reader, span, error.message());
            reader.report(remark);
        }
    }
    lines.len()
}

fn syntax_remark(reader: &Reader<'_>, span: Range<usize>, message: &str) -> Remark {
    let found = reader.excerpt(&span);
    let is_word = !found.is_empty() && found.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    // The parser guesses at a keyword or a number where a text lacks its quotes.
    if is_word
        && (message.starts_with("invalid boolean") || message.starts_with("string values must be quoted"))
    {
        return Remark::error(span, format!("`{found}` needs quotes")).expected(format!("\"{found}\""));
    }
    let (problem, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let problem = if problem == "duplicate key" {
        format!("the key `{found}` stands there twice")
    } else {
        problem.to_owned()
    };
    Remark::error(span, problem).expected(expected)
}
