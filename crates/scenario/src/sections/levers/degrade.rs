//! `degrade`: links that are worse than they were.

use super::bare;
use crate::declare::{Key, Kind, Table};
use crate::kinds::duration::RANGE;
use crate::kinds::scalar::{FLAG, PROBABILITY};
use crate::kinds::selector::{ENDPOINTS, Selectors};
use crate::reader::{At, Reader, Remark};
use crate::schema;
use crate::sections::{groups, vocabulary};
use interregnum_kernel::{Jitter, Span};
use interregnum_world::{Damage, Lever, Probability, Selector};
use serde_json::json;

static FROM: Key<Selectors> = Key::required("from", ENDPOINTS, "The senders.");
static TO: Key<Selectors> = Key::required("to", ENDPOINTS, "The receivers.");
static SYMMETRIC: Key<bool> =
    Key::or("symmetric", "false", FLAG, "Whether the other direction suffers as well.");
static DELAY: Key<Jitter> = Key::or("delay", "\"0ms\"", RANGE, "Messages travel longer by this.");
static LOSS: Key<Probability> = Key::or("loss", "0.0", PROBABILITY, "How likely a message is lost.");
static DUPLICATE: Key<Probability> =
    Key::or("duplicate", "0.0", PROBABILITY, "How likely a message is delivered twice.");
static REORDER: Key<(Probability, Jitter)> = Key::optional(
    "reorder",
    REORDER_KIND,
    "How likely a message is held back, and so overtaken, and by how much.",
);
static ONLY: Key<Vec<At<String>>> = Key::optional(
    "only",
    ONLY_KIND,
    "Which kinds of message suffer, by their names in the algorithm; left out, all, and writes to the resource.",
);
pub(crate) static TABLE: Table = Table {
    name: "degrade",
    keys: || vec![&FROM, &TO, &SYMMETRIC, &DELAY, &LOSS, &DUPLICATE, &REORDER, &ONLY],
};

static REORDER_PROBABILITY: Key<Probability> =
    Key::required("probability", PROBABILITY, "How likely a message is held back.");
static REORDER_DELAY: Key<Jitter> =
    Key::required("delay", RANGE, "By how much it is held back, on top of its latency.");
static REORDER_TABLE: Table = Table { name: "reorder", keys: || vec![&REORDER_PROBABILITY, &REORDER_DELAY] };

/// What the table says.
pub(super) struct Degrade {
    sides: [Selectors; 2],
    symmetric: bool,
    damage: Damage,
    only: Vec<At<String>>,
}

/// The table.
pub(super) const KIND: Kind<Degrade> = Kind {
    words: "{ from = \"leader\", to = \"rest\", delay = \"50ms\", loss = 0.3 }",
    read: |reader, item| {
        if !item.get_ref().is_table() {
            reader.mismatch(item, KIND.words);
            return None;
        }
        let fields = reader.fields(item, &TABLE)?;
        let (from, to) = (reader.get(&fields, &FROM), reader.get(&fields, &TO));
        let symmetric = reader.get(&fields, &SYMMETRIC);
        let (delay, loss) = (reader.get(&fields, &DELAY), reader.get(&fields, &LOSS));
        let (duplicate, reorder) = (reader.get(&fields, &DUPLICATE), reader.get(&fields, &REORDER));
        let only = reader.get(&fields, &ONLY);
        let is_read = |name, is_some: bool| is_some || fields.key_span(name).is_none();
        if !is_read(REORDER.name, reorder.is_some()) || !is_read(ONLY.name, only.is_some()) {
            return None;
        }
        let (reorder, reorder_delay) = reorder.map_or(NO_REORDER, |reorder| reorder.value);
        let damage = Damage {
            delay: delay?.value,
            loss: loss?.value,
            duplicate: duplicate?.value,
            reorder,
            reorder_delay,
        };
        if damage == Damage::default() && !reader.broken && !fields.has_unknown {
            let remark = Remark::error(item.span(), "this degrades nothing");
            reader.report(remark.expected("a `delay`, `loss`, `duplicate` or `reorder`"));
            return None;
        }
        let only = only.map(|only| only.value).unwrap_or_default();
        Some(Degrade { sides: [from?.value, to?.value], symmetric: symmetric?.value, damage, only })
    },
    schema: |catalogue| schema::of_table(&TABLE, catalogue),
};

const REORDER_KIND: Kind<(Probability, Jitter)> = Kind {
    words: "{ probability = 0.01, delay = \"5ms..20ms\" }",
    read: |reader, item| {
        if !item.get_ref().is_table() {
            reader.mismatch(item, REORDER_KIND.words);
            return None;
        }
        let fields = reader.fields(item, &REORDER_TABLE)?;
        let (probability, delay) =
            (reader.get(&fields, &REORDER_PROBABILITY), reader.get(&fields, &REORDER_DELAY));
        let (probability, delay) = (probability?.value, delay?);
        if probability.is_never() {
            return Some(NO_REORDER);
        }
        if delay.value.max == Span::ZERO {
            reader.report(Remark::warning(delay.span, "a message held back by nothing is not overtaken"));
        }
        Some((probability, delay.value))
    },
    schema: |catalogue| schema::of_table(&REORDER_TABLE, catalogue),
};

/// Nothing is held back.
const NO_REORDER: (Probability, Jitter) = (Probability::NEVER, Jitter::exactly(Span::ZERO));

const ONLY_KIND: Kind<Vec<At<String>>> = Kind {
    words: "a kind of message such as \"RequestVote\", or a list of them",
    read: |reader, item| {
        if item.get_ref().is_str() {
            let kind = reader.text(item, ONLY_KIND.words)?;
            return Some(vec![At { value: kind.to_owned(), span: item.span() }]);
        }
        let Some(list) = item.get_ref().as_array() else {
            reader.mismatch(item, ONLY_KIND.words);
            return None;
        };
        if list.is_empty() {
            let remark = Remark::error(item.span(), "no message suffers").expected(ONLY_KIND.words);
            reader.report(remark.hint("leave `only` out to mean all"));
            return None;
        }
        let mut kinds: Vec<At<String>> = Vec::new();
        for entry in list.iter() {
            let kind = reader.text(entry, "a kind of message such as \"RequestVote\"")?;
            if kinds.iter().any(|earlier| earlier.value == kind) {
                reader.report(Remark::error(entry.span(), format!("`{kind}` is named twice")));
            }
            kinds.push(At { value: kind.to_owned(), span: entry.span() });
        }
        Some(kinds)
    },
    schema: |catalogue| {
        let known: std::collections::BTreeSet<&str> =
            catalogue.algorithms.iter().flat_map(|one| one.kinds).copied().collect();
        let one = json!({ "enum": known });
        json!({ "anyOf": [one, { "type": "array", "minItems": 1, "uniqueItems": true, "items": one }] })
    },
};

/// The lever.
pub(super) fn lever(reader: &mut Reader<'_>, degrade: Degrade) -> Option<Lever> {
    let Degrade { sides, symmetric, damage, only } = degrade;
    groups::check_rest(reader, &sides)?;
    if !only.is_empty() {
        vocabulary::check_kinds(reader, &only)?;
        if let Some(resource) = sides.iter().flatten().find(|one| one.value == Selector::Resource) {
            let message =
                "writes to the resource are no messages of the algorithm: with `only` they do not suffer";
            reader.report(Remark::warning(resource.span.clone(), message));
        }
    }
    let [from, to] = sides.map(bare);
    let only = only.into_iter().map(|kind| kind.value).collect();
    Some(Lever::Degrade { from, to, symmetric, damage, only })
}
