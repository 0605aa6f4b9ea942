//! `[parameters.ALGORITHM]`: what is set of algorithms, and which bugs are planted in them.

use crate::catalogue::{AlgorithmInfo, Catalogue};
use crate::declare::{Item, Key, Kind};
use crate::kinds::duration::{DURATION, RANGE};
use crate::kinds::scalar::{FLAG, NODES};
use crate::kinds::word::unknown_word;
use crate::nearest::{any_of, did_you_mean};
use crate::reader::{Reader, Remark};
use crate::sections::cluster::Cluster;
use interregnum_kernel::{ParameterKind, ParameterSpec, Parameters, Profile, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// The tables.
pub(crate) static PARAMETERS: Key<BTreeMap<String, Parameters>> = Key::or(
    "parameters",
    "{}",
    KIND,
    "What is set of single algorithms, over the profile's defaults: [parameters.raft], for one.",
);

/// The key that plants a bug.
const BUG: &str = "bug";
const BUG_DOC: &str = "Plants this bug, so that a search can be seen to find it.";

const KIND: Kind<BTreeMap<String, Parameters>> = Kind {
    words: "tables such as [parameters.raft]",
    read: |reader, item| {
        let mut all = BTreeMap::new();
        for (name, span, table) in reader.keys(item, KIND.words)? {
            let catalogue = reader.catalogue;
            if catalogue.absent.contains(&name) {
                continue;
            }
            let Some(algorithm) = catalogue.algorithm(name) else {
                let known = catalogue.algorithm_names();
                let message = format!("unknown algorithm `{}`", reader.excerpt(&span));
                let hint = did_you_mean(name, known.iter().copied());
                reader.report(Remark::error(span, message).expected(any_of(&known)).maybe_hint(hint));
                continue;
            };
            warn_if_unused(reader, name, span, "nothing reads these parameters");
            if let Some(parameters) = of_algorithm(reader, table, algorithm) {
                all.insert(name.to_owned(), parameters);
            }
        }
        Some(all)
    },
    schema: |catalogue| {
        let algorithms: Map<String, Json> =
            catalogue.algorithms.iter().map(|one| (one.name.to_owned(), algorithm_schema(one))).collect();
        let absent = catalogue.absent.iter().map(|name| ((*name).to_owned(), json!({ "type": "object" })));
        let algorithms: Map<String, Json> = algorithms.into_iter().chain(absent).collect();
        json!({ "type": "object", "additionalProperties": false, "properties": algorithms })
    },
};

/// What is said of an algorithm that the scenario is not meant for has no effect.
pub(crate) fn warn_if_unused(reader: &mut Reader<'_>, name: &str, span: Range<usize>, consequence: &str) {
    if reader.known.algorithms.as_ref().is_some_and(|names| !names.iter().any(|known| known == name)) {
        let message = format!("`{name}` is not among the scenario's algorithms: {consequence}");
        reader.report(Remark::warning(span, message).hint("add it to `algorithms` in [cluster]"));
    }
}

/// The same of a family none of whose algorithms are the scenario's.
pub(crate) fn warn_if_none_used(reader: &mut Reader<'_>, family: &str, span: Range<usize>, members: &[&str]) {
    let is_used = |names: &Vec<String>| names.iter().any(|known| members.contains(&known.as_str()));
    if !reader.known.algorithms.as_ref().is_none_or(is_used) {
        let message = format!(
            "no algorithm of the family `{family}` is among the scenario's: nothing is compared with this"
        );
        reader.report(Remark::warning(span, message).hint("add it to `algorithms` in [cluster]"));
    }
}

/// Gives every algorithm's parameters the cluster's size and profile.
pub(crate) fn with_cluster(
    mut all: BTreeMap<String, Parameters>,
    cluster: &Cluster,
) -> BTreeMap<String, Parameters> {
    for parameters in all.values_mut() {
        parameters.nodes = cluster.nodes;
        parameters.members = cluster.members;
        parameters.profile = cluster.profile;
    }
    all
}

fn of_algorithm(reader: &mut Reader<'_>, item: &Item<'_>, algorithm: &AlgorithmInfo) -> Option<Parameters> {
    let mut parameters = Parameters::default();
    let words = format!("parameters of {}", algorithm.name);
    for (name, span, value) in reader.keys(item, &words)? {
        if name == BUG {
            parameters.bug = bug(reader, value, algorithm);
        } else if let Some(spec) = algorithm.parameters.iter().find(|spec| spec.name == name) {
            if let Some(value) = parameter(reader, value, spec) {
                parameters.set.insert(name.to_owned(), value);
            }
        } else {
            let mut known: Vec<&str> = algorithm.parameters.iter().map(|spec| spec.name).collect();
            known.push(BUG);
            let message = format!("{} has no parameter `{}`", algorithm.name, reader.excerpt(&span));
            let hint = did_you_mean(name, known.iter().copied());
            reader.report(Remark::error(span, message).expected(any_of(&known)).maybe_hint(hint));
        }
    }
    Some(parameters)
}

fn bug(reader: &mut Reader<'_>, item: &Item<'_>, algorithm: &AlgorithmInfo) -> Option<String> {
    let text = reader.text(item, "the name of a bug")?;
    if algorithm.bugs.contains(&text) {
        return Some(text.to_owned());
    }
    if algorithm.bugs.is_empty() {
        let message = format!("no bug can be planted in {}", algorithm.name);
        reader.report(Remark::error(item.span(), message));
    } else {
        unknown_word(reader, item, &format!("bug of {}", algorithm.name), text, &algorithm.bugs);
    }
    None
}

fn parameter(reader: &mut Reader<'_>, item: &Item<'_>, spec: &ParameterSpec) -> Option<Value> {
    match spec.kind {
        ParameterKind::Span => reader.read(&DURATION, item).map(Value::Span),
        ParameterKind::Jitter => reader.read(&RANGE, item).map(Value::Jitter),
        ParameterKind::Flag => reader.read(&FLAG, item).map(Value::Flag),
        ParameterKind::Count => reader.count(item, spec.kind.in_words()).map(Value::Count),
        ParameterKind::Counts => counts(reader, item, spec.kind.in_words()).map(Value::Counts),
        ParameterKind::Nodes => reader.read(&NODES, item).map(Value::Nodes),
        ParameterKind::Logs => logs(reader, item, spec.kind.in_words()).map(Value::Logs),
        ParameterKind::Word(words) => word(reader, item, spec.name, words).map(Value::Word),
    }
}

fn word(reader: &mut Reader<'_>, item: &Item<'_>, name: &str, words: &[&'static str]) -> Option<String> {
    let text = reader.text(item, &any_of(words))?;
    if words.contains(&text) {
        return Some(text.to_owned());
    }
    unknown_word(reader, item, &format!("value of {name}"), text, words);
    None
}

fn counts(reader: &mut Reader<'_>, item: &Item<'_>, words: &str) -> Option<Vec<u64>> {
    let counts: Vec<_> = reader.list(item, words)?.iter().map(|count| reader.count(count, words)).collect();
    counts.into_iter().collect()
}

fn logs(reader: &mut Reader<'_>, item: &Item<'_>, words: &str) -> Option<Vec<Vec<u64>>> {
    let list = reader.list(item, words)?;
    let nodes = usize::from(reader.nodes());
    if list.len() > nodes {
        let message = format!("{} logs for {nodes} nodes", list.len());
        reader.report(Remark::error(item.span(), message).expected(words));
    }
    let mut logs = Vec::new();
    for log in list.iter() {
        logs.push(counts(reader, log, words)?);
    }
    Some(logs)
}

fn algorithm_schema(algorithm: &AlgorithmInfo) -> Json {
    let mut properties = Map::new();
    for spec in algorithm.parameters {
        let mut property = parameter_schema(spec.kind);
        let default = (spec.default)(Profile::Matched);
        property["description"] =
            json!(format!("{} Default of the profile \"matched\": {default}.", sentence(spec.doc)));
        properties.insert(spec.name.to_owned(), property);
    }
    if !algorithm.bugs.is_empty() {
        properties.insert(BUG.to_owned(), json!({ "enum": algorithm.bugs, "description": BUG_DOC }));
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "description": format!("Parameters of {}.", algorithm.name),
        "properties": properties,
    })
}

/// A registry's one-liner, with a full stop.
fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

fn parameter_schema(kind: ParameterKind) -> Json {
    // The schemas of these kinds do not depend on the catalogue.
    let catalogue = Catalogue::default();
    let count = json!({ "type": "integer", "minimum": 0 });
    match kind {
        ParameterKind::Span => (DURATION.schema)(&catalogue),
        ParameterKind::Jitter => (RANGE.schema)(&catalogue),
        ParameterKind::Flag => (FLAG.schema)(&catalogue),
        ParameterKind::Count => count,
        ParameterKind::Counts => json!({ "type": "array", "items": count }),
        ParameterKind::Nodes => (NODES.schema)(&catalogue),
        ParameterKind::Logs => {
            json!({ "type": "array", "items": { "type": "array", "items": count } })
        }
        ParameterKind::Word(words) => json!({ "enum": words }),
    }
}
