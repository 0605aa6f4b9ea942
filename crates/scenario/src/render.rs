//! Diagnostics for people: with the lines of the file that they are about.

use crate::diagnostic::{Diagnostic, Severity, floor_boundary};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The diagnostics of one file, each with the line that it is about, marked. `text` is the file's content; `color` asks
/// for a terminal's escape sequences.
pub fn render(diagnostics: &[Diagnostic], text: &str, color: bool) -> String {
    let groups: Vec<Group<'_>> = diagnostics.iter().map(|diagnostic| group(diagnostic, text)).collect();
    if groups.is_empty() {
        return String::new();
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    // Every group is a report of its own; together they would read as one with explanations.
    let reports: Vec<String> =
        groups.iter().map(|group| renderer.render(std::slice::from_ref(group))).collect();
    reports.join("\n\n") + "\n"
}

fn group<'a>(diagnostic: &'a Diagnostic, text: &'a str) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    // A diagnostic may be shown with a text that has changed since.
    let start = floor_boundary(text, diagnostic.span.start);
    let end = floor_boundary(text, diagnostic.span.end).max(start);
    let annotation = AnnotationKind::Primary.span(start..end);
    let annotation = if diagnostic.expected.is_empty() {
        annotation
    } else {
        annotation.label(format!("expected {}", diagnostic.expected))
    };
    let snippet = Snippet::source(text).path(diagnostic.file.as_str()).annotation(annotation);
    let group = level.primary_title(diagnostic.message.as_str()).element(snippet);
    match &diagnostic.hint {
        Some(hint) => group.element(Level::HELP.message(hint.as_str())),
        None => group,
    }
}
