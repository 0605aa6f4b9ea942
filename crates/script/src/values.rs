//! The words of a script as values: nodes, durations, parameters.

use interregnum_kernel::{Jitter, NodeId, NodeSet, ParameterKind, ParameterSpec, Span, Value};

/// A node among so many: `n3`, or `3`.
pub(crate) fn node(word: &str, nodes: usize) -> Result<NodeId, String> {
    let number = word.strip_prefix('n').unwrap_or(word).parse::<usize>();
    match number {
        Ok(number) if (1..=nodes).contains(&number) => Ok(NodeId::from_index(number - 1)),
        Ok(_) => Err(format!("there is no node `{word}` among {nodes}")),
        Err(_) => Err(format!("`{word}` is not a node; nodes are n1 to n{nodes}")),
    }
}

/// A whole number.
pub(crate) fn number(word: &str, what: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{what} is a whole number, not `{word}`"))
}

/// Units and their lengths in nanoseconds.
const UNITS: [(&str, u64); 5] =
    [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000)];

/// A whole duration: `150ms`.
pub(crate) fn span(word: &str) -> Result<Span, String> {
    let refuse = || format!("`{word}` is not a duration such as 150ms; the units are ns, us, ms, s and min");
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, unit) = word.split_at(digits);
    let length = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(refuse)?.1;
    let number: u64 = number.parse().map_err(|_| refuse())?;
    number.checked_mul(length).map(Span).ok_or_else(|| format!("`{word}` is too long"))
}

/// A range of durations: `150ms..300ms`, or one duration.
fn jitter(word: &str) -> Result<Jitter, String> {
    match word.split_once("..") {
        None => span(word).map(Jitter::exactly),
        Some((min, max)) => Ok(Jitter { min: span(min)?, max: span(max)? }),
    }
}

/// The items of `[1, 2]`, with or without the brackets.
fn items(word: &str) -> impl Iterator<Item = &str> {
    let word = word.trim();
    let inside = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(word);
    inside.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn numbers(word: &str) -> Option<Vec<u64>> {
    items(word).map(|item| item.parse().ok()).collect()
}

/// Some of so many nodes: `1, 2` or `n1, n2`, in brackets or not.
pub(crate) fn nodes(word: &str, nodes: usize) -> Result<NodeSet, String> {
    items(word).map(|item| node(item, nodes)).collect()
}

/// Logs: `[[1, 1, 2], [1]]`. A log that a bracket too few or too many makes is none.
fn logs(word: &str) -> Option<Vec<Vec<u64>>> {
    let inside = word.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut logs = Vec::new();
    let mut rest = inside;
    while !rest.is_empty() {
        let (log, after) = rest.strip_prefix('[')?.split_once(']')?;
        logs.push(numbers(log)?);
        let after = after.trim_start();
        rest = if after.is_empty() { after } else { after.strip_prefix(',')?.trim_start() };
    }
    Some(logs)
}

/// A parameter's value, by the kind of the parameter.
pub(crate) fn parameter(spec: &ParameterSpec, word: &str, nodes: usize) -> Result<Value, String> {
    let expected = || format!("parameter `{}` is {}, not `{word}`", spec.name, spec.kind.in_words());
    match spec.kind {
        ParameterKind::Span => span(word).map(Value::Span).map_err(|_| expected()),
        ParameterKind::Jitter => jitter(word).map(Value::Jitter).map_err(|_| expected()),
        ParameterKind::Flag => word.parse().map(Value::Flag).map_err(|_| expected()),
        ParameterKind::Count => word.parse().map(Value::Count).map_err(|_| expected()),
        ParameterKind::Counts => numbers(word).map(Value::Counts).ok_or_else(expected),
        ParameterKind::Nodes => self::nodes(word, nodes).map(Value::Nodes),
        ParameterKind::Logs => logs(word).map(Value::Logs).ok_or_else(expected),
        ParameterKind::Word(words) => {
            words.contains(&word).then(|| Value::Word(word.to_owned())).ok_or_else(expected)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_kernel::Profile;

    fn read(kind: ParameterKind, word: &str) -> Result<Value, String> {
        let default = |_: Profile| Value::Flag(false);
        parameter(&ParameterSpec { name: "p", kind, doc: "", default }, word, 3)
    }

    #[test]
    fn every_kind_of_parameter_reads_back_what_it_shows() {
        let range = Jitter::between(Span::millis(150), Span::secs(2));
        for (kind, value) in [
            (ParameterKind::Span, Value::Span(Span::micros(1_500))),
            (ParameterKind::Jitter, Value::Jitter(range)),
            (ParameterKind::Jitter, Value::Jitter(Jitter::exactly(Span(7)))),
            (ParameterKind::Flag, Value::Flag(true)),
            (ParameterKind::Count, Value::Count(12)),
            (ParameterKind::Counts, Value::Counts(vec![3, 1, 2])),
            (ParameterKind::Nodes, Value::Nodes(NodeSet(0b101))),
            (ParameterKind::Logs, Value::Logs(vec![vec![1, 1, 2], vec![], vec![1]])),
            (ParameterKind::Logs, Value::Logs(Vec::new())),
            (ParameterKind::Word(&["now", "never"]), Value::Word("never".to_owned())),
        ] {
            assert_eq!(read(kind, &value.to_string()), Ok(value), "{kind:?}");
        }
    }

    #[test]
    fn a_value_of_another_kind_is_refused_with_what_was_expected() {
        for (kind, word) in [
            (ParameterKind::Span, "50"),
            (ParameterKind::Span, "ms"),
            (ParameterKind::Jitter, "150ms.."),
            (ParameterKind::Flag, "yes"),
            (ParameterKind::Count, "-1"),
            (ParameterKind::Counts, "[1, x]"),
            (ParameterKind::Logs, "1, 1"),
            (ParameterKind::Logs, "[[1], 2]"),
            (ParameterKind::Logs, "[[1] [2]]"),
            (ParameterKind::Word(&["now", "never"]), "then"),
        ] {
            let expected = format!("parameter `p` is {}, not `{word}`", kind.in_words());
            assert_eq!(read(kind, word), Err(expected), "{kind:?}");
        }
    }

    #[test]
    fn lists_need_no_brackets_and_nodes_no_letter() {
        assert_eq!(nodes("1, n3", 3), Ok(NodeSet(0b101)));
        assert_eq!(nodes("[n4]", 3), Err("there is no node `n4` among 3".to_owned()));
        assert_eq!(node("n0", 3), Err("there is no node `n0` among 3".to_owned()));
        assert_eq!(node("leader", 3), Err("`leader` is not a node; nodes are n1 to n3".to_owned()));
    }

    #[test]
    fn a_duration_that_overflows_is_refused() {
        assert_eq!(span("99999999999999999s"), Err("`99999999999999999s` is too long".to_owned()));
    }
}
