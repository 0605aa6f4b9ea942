//! What the algorithms of a scenario know: orders, kinds of message, moments of their work. What one of them does not
//! know would test nothing there.

use crate::catalogue::AlgorithmInfo;
use crate::nearest::{any_of, did_you_mean};
use crate::reader::{At, Reader, Remark};
use std::collections::BTreeSet;
use std::ops::Range;

/// The algorithms that the scenario is meant for.
fn meant<'r>(reader: &Reader<'r>) -> impl Iterator<Item = &'r AlgorithmInfo> {
    let names = reader.known.algorithms.clone();
    let is_meant = move |name: &str| names.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
    reader.catalogue.algorithms.iter().filter(move |algorithm| is_meant(algorithm.name))
}

/// The algorithms that know something, and those that do not.
pub(crate) fn split<'r>(
    reader: &Reader<'r>,
    knows: impl Fn(&AlgorithmInfo) -> bool,
) -> (Vec<&'static str>, Vec<&'static str>) {
    let (able, unable): (Vec<_>, Vec<_>) = meant(reader).partition(|algorithm| knows(algorithm));
    let names = |algorithms: Vec<&AlgorithmInfo>| algorithms.iter().map(|one| one.name).collect();
    (names(able), names(unable))
}

/// Whether some algorithm of the scenario knows something.
pub(crate) fn any(reader: &Reader<'_>, knows: impl Fn(&AlgorithmInfo) -> bool) -> bool {
    meant(reader).any(knows)
}

/// How to keep to the algorithms that know something.
pub(crate) fn keep_to(able: &[&str]) -> String {
    let able: Vec<String> = able.iter().map(|name| format!("\"{name}\"")).collect();
    match able.as_slice() {
        [] => "no algorithm of this scenario does".to_owned(),
        able => format!("algorithms = [{}] in [cluster] keeps to those that do", able.join(", ")),
    }
}

/// An order that an algorithm does not know.
pub(crate) fn check_order(reader: &mut Reader<'_>, span: Range<usize>, order: &str) {
    let (able, unable) = split(reader, |algorithm| algorithm.orders.contains(&order));
    if !unable.is_empty() {
        let message = format!("{} cannot follow the order `{order}`", unable.join(", "));
        reader.report(Remark::error(span, message).hint(keep_to(&able)));
    }
}

/// A moment that an algorithm does not name.
pub(crate) fn check_phase(reader: &mut Reader<'_>, phase: &At<String>) -> Option<()> {
    let known: BTreeSet<&str> = meant(reader).flat_map(|algorithm| algorithm.phases).copied().collect();
    let name = phase.value.as_str();
    if !known.contains(name) {
        unknown(reader, phase, "phase", &known);
        return None;
    }
    let (able, unable) = split(reader, |algorithm| algorithm.phases.contains(&name));
    if !unable.is_empty() {
        let come = if unable.len() == 1 { "comes" } else { "come" };
        let message = format!("{} never {come} to the phase `{name}`", unable.join(", "));
        reader.report(Remark::error(phase.span.clone(), message).hint(keep_to(&able)));
        return None;
    }
    Some(())
}

/// Kinds of message of which an algorithm knows none.
pub(crate) fn check_kinds(reader: &mut Reader<'_>, kinds: &[At<String>]) -> Option<()> {
    let known: BTreeSet<&str> = meant(reader).flat_map(|algorithm| algorithm.kinds).copied().collect();
    let (known_ones, unknown_ones): (Vec<_>, Vec<_>) =
        kinds.iter().partition(|kind| known.contains(kind.value.as_str()));
    for kind in &unknown_ones {
        unknown(reader, kind, "kind of message", &known);
    }
    if !unknown_ones.is_empty() {
        return None;
    }
    let knows_one = |algorithm: &AlgorithmInfo| {
        known_ones.iter().any(|kind| algorithm.kinds.contains(&kind.value.as_str()))
    };
    let (able, unable) = split(reader, knows_one);
    let (Some(first), false) = (kinds.first(), unable.is_empty()) else { return Some(()) };
    let span = first.span.start..kinds.last().map_or(first.span.end, |last| last.span.end);
    let names: Vec<&str> = kinds.iter().map(|kind| kind.value.as_str()).collect();
    let message = format!("{} sends no {}", unable.join(", "), any_of(&names));
    reader.report(Remark::error(span, message).hint(keep_to(&able)));
    None
}

fn unknown(reader: &mut Reader<'_>, word: &At<String>, what: &str, known: &BTreeSet<&str>) {
    let shown: String = word.value.chars().take(60).collect();
    let known: Vec<&str> = known.iter().copied().collect();
    let remark = Remark::error(word.span.clone(), format!("unknown {what} `{shown}`"));
    let remark = if known.is_empty() {
        remark.hint("no algorithm of this scenario names any")
    } else {
        remark.expected(any_of(&known)).maybe_hint(did_you_mean(&word.value, known.iter().copied()))
    };
    reader.report(remark);
}
