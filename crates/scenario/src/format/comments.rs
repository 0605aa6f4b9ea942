//! The text between what means something: comments and blank lines.

use toml_edit::RawString;

/// A line that means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'d> {
    /// It is empty.
    Blank,
    /// It is a comment, from its `#` on.
    Comment(&'d str),
}

/// The lines of the text before a key or a header.
pub(super) fn lines(raw: Option<&RawString>) -> Vec<Line<'_>> {
    let text = raw.and_then(RawString::as_str).unwrap_or_default();
    let mut lines: Vec<Line<'_>> = text
        .split('\n')
        .map(|line| match line.trim() {
            "" => Line::Blank,
            comment => Line::Comment(comment),
        })
        .collect();
    // After the last line's end comes the indentation of what follows, which is no line; or the file's end.
    if lines.last() == Some(&Line::Blank) {
        lines.pop();
    }
    lines
}

/// What follows the last key without a blank line between belongs to it, and the rest to what comes after. Comments that
/// touch a header are the header's; at the end of the file there is none.
pub(super) fn paragraphs(lines: Vec<Line<'_>>, at_end: bool) -> (Vec<Line<'_>>, Vec<Line<'_>>) {
    let first_blank = lines.iter().position(|line| *line == Line::Blank);
    let cut = first_blank.unwrap_or(if at_end { lines.len() } else { 0 });
    let (below, above) = lines.split_at(cut);
    (below.to_vec(), tidy(above.to_vec()))
}

/// No two blank lines in a row.
pub(super) fn collapse(mut lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    lines.dedup_by(|second, first| *first == Line::Blank && *second == Line::Blank);
    lines
}

/// No two blank lines in a row, and none at the start.
pub(super) fn tidy(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let mut lines = collapse(lines);
    if lines.first() == Some(&Line::Blank) {
        lines.remove(0);
    }
    lines
}

/// The comments between two elements of a list, or of braces.
#[derive(Debug, Default)]
pub(super) struct Gap<'d> {
    /// The one that ends the line of what is before.
    pub(super) behind: Option<&'d str>,
    /// Those that have lines of their own.
    pub(super) own: Vec<&'d str>,
}

/// The comments of a text between two elements.
pub(super) fn gap(raw: Option<&RawString>) -> Gap<'_> {
    let text = raw.and_then(RawString::as_str).unwrap_or_default();
    let mut comments = text.split('\n').map(str::trim);
    let behind = comments.next().filter(|comment| !comment.is_empty());
    Gap { behind, own: comments.filter(|comment| !comment.is_empty()).collect() }
}
