//! Every diagnostic: what it says, and where. A case marks the offending text with «guillemets»; they are taken out
//! before the text is read, and the one remark about it must be about what stood between them.
#![allow(missing_docs)]

#[path = "../common/mod.rs"]
mod common;

mod cluster;
mod expectations;
mod faults;
mod groups;
mod levers;
mod nemesis;
mod surroundings;
mod syntax;
mod triggers;

use common::{around, remarks};
use interregnum_scenario::{Diagnostic, Severity};

/// A text without its marks, and the line, the column and the text that they mark.
fn unmark(marked: &str) -> (String, (usize, usize), String) {
    let start = marked.find('«').expect("a case marks where the remark is expected");
    let line = marked[..start].matches('\n').count() + 1;
    let column = marked[..start].rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let (_, rest) = marked.split_once('«').unwrap();
    let (found, _) = rest.split_once('»').expect("a mark has an end");
    (marked.replace(['«', '»'], ""), (line, column), found.to_owned())
}

/// The one remark about a whole file.
#[track_caller]
fn only_remark(marked: &str) -> Diagnostic {
    let (text, place, found) = unmark(marked);
    let mut remarks = remarks(&text);
    assert_eq!(remarks.len(), 1, "one mistake, one remark:\n{text}\n{remarks:#?}");
    let remark = remarks.remove(0);
    assert_eq!((remark.line, remark.column), place, "the place of: {remark}");
    assert_eq!(remark.found, found.lines().next().unwrap_or_default(), "the text of: {remark}");
    remark
}

/// Asserts that a file has one error, where it is marked, with this message.
#[track_caller]
fn file_error(marked: &str, message: &str) -> Diagnostic {
    let remark = only_remark(marked);
    assert_eq!(remark.message, message);
    assert_eq!(remark.severity, Severity::Error, "{remark}");
    remark
}

/// Asserts that a scenario with this in it has one error, where it is marked, with this message.
#[track_caller]
fn error(marked: &str, message: &str) -> Diagnostic {
    file_error(&around(marked), message)
}

/// Asserts that a scenario with this in it has one warning, where it is marked, with this message.
#[track_caller]
fn warning(marked: &str, message: &str) -> Diagnostic {
    let remark = only_remark(&around(marked));
    assert_eq!(remark.message, message);
    assert_eq!(remark.severity, Severity::Warning, "{remark}");
    remark
}

/// The hint of a remark.
fn hint(remark: &Diagnostic) -> &str {
    remark.hint.as_deref().unwrap_or_default()
}
