//! Numbers, words, lists of nodes.

use crate::declare::{Item, Kind};
use crate::expectation::{Comparison, Relation};
use crate::kinds::word::unknown_word;
use crate::reader::{At, Reader, Remark};
use interregnum_kernel::{Clock, NodeId, NodeSet};
use interregnum_world::Probability;
use serde_json::{Value as Json, json};
use toml::de::DeValue;

/// Any text.
pub(crate) const TEXT: Kind<String> = Kind {
    words: "a text",
    read: |reader, item| reader.text(item, TEXT.words).map(str::to_owned),
    schema: |_| json!({ "type": "string" }),
};

/// A name that can be part of a file's name.
pub(crate) const NAME: Kind<String> = Kind {
    words: "lower-case words joined by hyphens, such as \"leader-crash\"",
    read: |reader, item| {
        let text = reader.text(item, NAME.words)?;
        let fits = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if text.split('-').all(fits) {
            return Some(text.to_owned());
        }
        let message = format!("{} is no name for a scenario", reader.excerpt(&item.span()));
        reader.report(Remark::error(item.span(), message).expected(NAME.words));
        None
    },
    schema: |_| json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$" }),
};

/// A switch.
pub(crate) const FLAG: Kind<bool> = Kind {
    words: "true or false",
    read: |reader, item| {
        let flag = item.get_ref().as_bool();
        if flag.is_none() {
            reader.mismatch(item, FLAG.words);
        }
        flag
    },
    schema: |_| json!({ "type": "boolean" }),
};

/// A whole number of at least one.
pub(crate) const TIMES: Kind<u64> = Kind {
    words: "a whole number of at least 1",
    read: |reader, item| match reader.count(item, TIMES.words)? {
        0 => {
            reader.mismatch(item, TIMES.words);
            None
        }
        times => Some(times),
    },
    schema: |_| json!({ "type": "integer", "minimum": 1 }),
};

/// The how-manieth time.
pub(crate) const ORDINAL: Kind<u32> = Kind {
    words: "a whole number of at least 1",
    read: |reader, item| {
        let times = reader.read(&TIMES, item)?;
        let ordinal = u32::try_from(times).ok();
        if ordinal.is_none() {
            reader.mismatch(item, "a whole number from 1 to 4294967295");
        }
        ordinal
    },
    schema: |_| json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
};

/// How many nodes a cluster has.
pub(crate) const CLUSTER_SIZE: Kind<u8> = Kind {
    words: "a whole number from 1 to 64",
    read: |reader, item| match reader.count(item, CLUSTER_SIZE.words)? {
        nodes @ 1..=64 => Some(nodes as u8),
        nodes => {
            let remark = Remark::error(item.span(), format!("a cluster of {nodes} nodes"));
            reader.report(remark.expected(CLUSTER_SIZE.words));
            None
        }
    },
    schema: |_| json!({ "type": "integer", "minimum": 1, "maximum": NodeId::MAX }),
};

/// A probability.
pub(crate) const PROBABILITY: Kind<Probability> = Kind {
    words: "a probability from 0 to 1",
    read: |reader, item| {
        let number: Option<f64> = match item.get_ref() {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            _ => None,
        };
        match number {
            Some(p) if (0.0..=1.0).contains(&p) => Some(Probability::new(p)),
            _ => {
                reader.mismatch(item, PROBABILITY.words);
                None
            }
        }
    },
    schema: |_| json!({ "type": "number", "minimum": 0, "maximum": 1 }),
};

/// A range of clock drifts.
pub(crate) const DRIFT: Kind<(i32, i32)> = Kind {
    words: "a range of parts per million from -900000 to 900000, such as \"-100..100\", or one number",
    read: |reader, item| {
        let text = match item.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            _ => reader.text(item, DRIFT.words)?,
        };
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let end = |part: &str| {
            part.trim()
                .parse()
                .ok()
                .filter(|ppm: &i32| ppm.unsigned_abs() <= Clock::MAX_DRIFT_PPM.unsigned_abs())
        };
        match (end(low), end(high)) {
            (Some(low), Some(high)) if low <= high => Some((low, high)),
            _ => {
                let message = format!("{} is no range of drifts", reader.excerpt(&item.span()));
                reader.report(Remark::error(item.span(), message).expected(DRIFT.words));
                None
            }
        }
    },
    schema: |_| {
        json!({ "anyOf": [
            { "type": "string", "pattern": "^[+-]?[0-9]+( *\\.\\. *[+-]?[0-9]+)?$" },
            { "type": "integer", "minimum": -Clock::MAX_DRIFT_PPM, "maximum": Clock::MAX_DRIFT_PPM },
        ] })
    },
};

/// One clock's drift.
pub(crate) const PPM: Kind<i32> = Kind {
    words: "a whole number of parts per million from -900000 to 900000, and not 0",
    read: |reader, item| {
        let number = match item.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            _ => {
                reader.mismatch(item, PPM.words);
                return None;
            }
        };
        let ppm =
            number.filter(|ppm: &i32| *ppm != 0 && ppm.unsigned_abs() <= Clock::MAX_DRIFT_PPM.unsigned_abs());
        if ppm.is_none() {
            let message = match number {
                Some(0) => "a drift of 0 is none".to_owned(),
                _ => format!("no clock drifts by {} parts per million", reader.excerpt(&item.span())),
            };
            reader.report(Remark::error(item.span(), message).expected(PPM.words));
        }
        ppm
    },
    schema: |_| {
        json!({
            "type": "integer",
            "minimum": -Clock::MAX_DRIFT_PPM,
            "maximum": Clock::MAX_DRIFT_PPM,
            "not": { "const": 0 },
        })
    },
};

/// A bound on a count.
pub(crate) const COMPARISON: Kind<Comparison> = Kind {
    words: "a comparison such as \">= 1\", \"<= 5\" or \"== 0\"",
    read: |reader, item| {
        let text = reader.text(item, COMPARISON.words)?;
        let relations = [(">=", Relation::AtLeast), ("<=", Relation::AtMost), ("==", Relation::Exactly)];
        let parsed = relations.into_iter().find_map(|(sign, relation)| {
            let number = text.trim().strip_prefix(sign)?.trim();
            let value = number.parse().ok().filter(|_| !number.starts_with('+'))?;
            Some(Comparison { relation, value })
        });
        if parsed.is_none() {
            let message = format!("{} is no comparison", reader.excerpt(&item.span()));
            reader.report(Remark::error(item.span(), message).expected(COMPARISON.words));
        }
        parsed
    },
    schema: |_| json!({ "type": "string", "pattern": "^ *(>=|<=|==) *[0-9]+ *$" }),
};

/// A list of known names, none twice.
pub(crate) fn names(
    reader: &mut Reader<'_>,
    item: &Item<'_>,
    words: &str,
    what: &str,
    known: &[&str],
) -> Option<Vec<At<String>>> {
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let mut names: Vec<At<String>> = Vec::new();
    let mut complete = true;
    for entry in reader.list(item, words)?.iter() {
        let Some(name) = reader.text(entry, &format!("the name of {article} {what}")) else {
            complete = false;
            continue;
        };
        if names.iter().any(|earlier| earlier.value == name) {
            reader.report(Remark::error(entry.span(), format!("`{name}` is named twice")));
        } else if known.contains(&name) {
            names.push(At { value: name.to_owned(), span: entry.span() });
        } else {
            unknown_word(reader, entry, what, name, known);
            complete = false;
        }
    }
    complete.then_some(names)
}

/// The algorithms that a scenario is meant for.
pub(crate) const ALGORITHMS: Kind<Vec<String>> = Kind {
    words: "a list of algorithms such as [\"raft\", \"zab\"]",
    read: |reader, item| {
        let catalogue = reader.catalogue;
        let known = catalogue.names_and_families();
        let names = names(reader, item, ALGORITHMS.words, "algorithm", &known)?;
        if names.is_empty() {
            let remark = Remark::error(item.span(), "the list of algorithms is empty");
            reader.report(remark.hint("leave it out to mean all algorithms"));
            return None;
        }
        let mut meant: Vec<String> = Vec::new();
        for name in names {
            let family = catalogue.family(&name.value);
            let members = if family.is_empty() {
                vec![name.value]
            } else {
                family.into_iter().map(str::to_owned).collect()
            };
            meant.extend(members.into_iter().filter(|one| !meant.contains(one)).collect::<Vec<_>>());
        }
        Some(meant)
    },
    schema: |catalogue| name_list(&catalogue.names_and_families()),
};

/// Invariants that are expected to be violated.
pub(crate) const INVARIANTS: Kind<Vec<String>> = Kind {
    words: "a list of invariants such as [\"leader-exclusion\"]",
    read: |reader, item| {
        let known = reader.catalogue.invariants.clone();
        let names = names(reader, item, INVARIANTS.words, "invariant", &known)?;
        Some(names.into_iter().map(|name| name.value).collect())
    },
    schema: |catalogue| name_list(&catalogue.invariants),
};

/// What is to be reached in some run.
pub(crate) const GOALS: Kind<Vec<At<String>>> = Kind {
    words: "a list of goals such as [\"split-vote\", \"zombie-leader\"]",
    read: |reader, item| {
        let known: Vec<&str> = reader.catalogue.goals.iter().map(|goal| goal.name).collect();
        names(reader, item, GOALS.words, "goal", &known)
    },
    schema: |catalogue| {
        let goals: Vec<&str> = catalogue.goals.iter().map(|goal| goal.name).collect();
        name_list(&goals)
    },
};

/// The schema of a list of known names, none twice.
pub(crate) fn name_list(names: &[&str]) -> Json {
    json!({ "type": "array", "uniqueItems": true, "items": { "enum": names } })
}

/// One node, by its number.
pub(crate) fn node(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<NodeId> {
    let nodes = reader.nodes();
    let words = format!("a node's number from 1 to {nodes}");
    let number = reader.count(item, &words)?;
    if number == 0 || number > u64::from(nodes) {
        reader.report(Remark::error(item.span(), format!("there is no node {number}")).expected(words));
        return None;
    }
    Some(NodeId::from_index(number as usize - 1))
}

/// A set of nodes.
pub(crate) const NODES: Kind<NodeSet> = Kind {
    words: "a list of nodes such as [1, 2]",
    read: |reader, item| {
        let mut set = NodeSet::EMPTY;
        let mut complete = true;
        for entry in reader.list(item, NODES.words)?.iter() {
            match node(reader, entry) {
                Some(node) if !set.insert(node) => {
                    let message = format!("node {} is named twice", node.0 + 1);
                    reader.report(Remark::error(entry.span(), message));
                }
                Some(_) => {}
                None => complete = false,
            }
        }
        complete.then_some(set)
    },
    schema: |_| {
        let node = json!({ "type": "integer", "minimum": 1, "maximum": NodeId::MAX });
        json!({ "type": "array", "uniqueItems": true, "items": node })
    },
};
