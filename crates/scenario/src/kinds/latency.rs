//! Delays: constant, uniform, or of a named distribution.

use crate::declare::{Declared, Item, Key, Kind, Table};
use crate::kinds::duration::{DURATION, PERIOD, RANGE};
use crate::nearest::any_of;
use crate::reader::{Fields, Reader, Remark};
use crate::schema;
use interregnum_kernel::{Jitter, Span};
use interregnum_world::Latency;
use serde_json::{Value as Json, json};

static LOGNORMAL: Key<Latency> = Key::optional(
    "lognormal",
    LOGNORMAL_KIND,
    "A lognormal distribution, given by its median and its 99th percentile.",
);
static EXPONENTIAL: Key<Latency> = Key::optional(
    "exponential",
    EXPONENTIAL_KIND,
    "An exponential distribution, given by its mean and, optionally, its minimum.",
);
static EMPIRICAL: Key<Latency> =
    Key::optional("empirical", EMPIRICAL_KIND, "One of these delays, each equally likely.");

/// The keys that name a distribution; a delay in braces has exactly one of them.
pub(crate) static FORMS: [&Key<Latency>; 3] = [&LOGNORMAL, &EXPONENTIAL, &EMPIRICAL];

static FORM: Table = Table {
    name: "a delay's braces",
    keys: || FORMS.iter().map(|form| *form as &'static dyn Declared).collect(),
};

static MEDIAN: Key<Span> = Key::required("median", PERIOD, "Half of the delays are shorter.");
static P99: Key<Span> = Key::required("p99", PERIOD, "One delay in a hundred is longer.");
pub(crate) static LOGNORMAL_KEYS: Table = Table { name: "lognormal", keys: || vec![&MEDIAN, &P99] };

static MEAN: Key<Span> = Key::required("mean", DURATION, "The mean delay, the minimum included.");
static MIN: Key<Span> = Key::or("min", "\"0ms\"", DURATION, "The shortest delay.");
pub(crate) static EXPONENTIAL_KEYS: Table = Table { name: "exponential", keys: || vec![&MEAN, &MIN] };

const LOGNORMAL_KIND: Kind<Latency> = Kind {
    words: "{ median = \"3ms\", p99 = \"20ms\" }",
    read: |reader, item| {
        let fields = reader.fields(item, &LOGNORMAL_KEYS)?;
        let (median, p99) = (reader.get(&fields, &MEDIAN), reader.get(&fields, &P99));
        let (median, p99) = (median?, p99?);
        Latency::lognormal(median.value, p99.value)
            .map_err(|problem| reader.report(Remark::error(p99.span, problem)))
            .ok()
    },
    schema: |catalogue| schema::of_table(&LOGNORMAL_KEYS, catalogue),
};

const EXPONENTIAL_KIND: Kind<Latency> = Kind {
    words: "{ mean = \"3ms\" }",
    read: |reader, item| {
        let fields = reader.fields(item, &EXPONENTIAL_KEYS)?;
        let (mean, min) = (reader.get(&fields, &MEAN), reader.get(&fields, &MIN));
        let (mean, min) = (mean?, min?);
        if mean.value < min.value {
            let message = "the mean must not be below the minimum";
            reader.report(Remark::error(mean.span, message));
            return None;
        }
        Some(Latency::exponential(min.value, mean.value))
    },
    schema: |catalogue| schema::of_table(&EXPONENTIAL_KEYS, catalogue),
};

const EMPIRICAL_KIND: Kind<Latency> = Kind {
    words: "a list of durations such as [\"1ms\", \"1ms\", \"7ms\"]",
    read: |reader, item| {
        let list = reader.list(item, EMPIRICAL_KIND.words)?;
        if list.is_empty() {
            let remark = Remark::error(item.span(), "an empty list has no delay to draw");
            reader.report(remark.expected(EMPIRICAL_KIND.words));
            return None;
        }
        let delays: Vec<_> = list.iter().map(|entry| reader.read(&DURATION, entry)).collect();
        delays.into_iter().collect::<Option<Vec<Span>>>().map(Latency::empirical)
    },
    schema: |catalogue| json!({ "type": "array", "minItems": 1, "items": (DURATION.schema)(catalogue) }),
};

/// A delay.
pub(crate) const LATENCY: Kind<Latency> = Kind {
    words: "a delay such as \"3ms\", \"1ms..5ms\" or { lognormal = { median = \"3ms\", p99 = \"20ms\" } }",
    read: |reader, item| {
        if item.get_ref().is_table() {
            let fields = reader.fields(item, &FORM)?;
            return one_form(reader, &fields, &FORM.names());
        }
        plain(reader, item, LATENCY.words)
    },
    schema: |catalogue| json!({ "anyOf": [(RANGE.schema)(catalogue), form_schema(&FORM, &FORM.names(), catalogue)] }),
};

/// A delay that is not in braces.
pub(crate) fn plain(reader: &mut Reader<'_>, item: &Item<'_>, words: &str) -> Option<Latency> {
    if item.get_ref().is_array() || item.get_ref().is_bool() {
        reader.mismatch(item, words);
        return None;
    }
    let Jitter { min, max } = reader.read(&RANGE, item)?;
    Some(if min == max { Latency::Constant(min) } else { Latency::Uniform { min, max } })
}

/// The one distribution that braces name. `forms` are all that could be named there.
pub(crate) fn one_form(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, forms: &[&str]) -> Option<Latency> {
    let mut read = Vec::new();
    for form in FORMS {
        if let Some(span) = fields.key_span(form.name) {
            read.push((span, reader.get(fields, form)));
        }
    }
    read.sort_by_key(|(span, _)| span.start);
    if let Some((span, _)) = read.get(1) {
        let remark = Remark::error(span.clone(), "a delay has one distribution, and this names a second");
        reader.report(remark);
        return None;
    }
    match read.pop() {
        Some((_, latency)) => latency.map(|latency| latency.value),
        None => {
            if !reader.broken && !fields.has_unknown {
                let remark = Remark::error(fields.span.clone(), "the braces name no distribution");
                reader.report(remark.expected(any_of(forms)));
            }
            None
        }
    }
}

/// The schema of braces that name exactly one form.
pub(crate) fn form_schema(table: &'static Table, forms: &[&str], catalogue: &crate::Catalogue) -> Json {
    let mut schema = schema::of_table(table, catalogue);
    schema["oneOf"] = forms.iter().map(|form| json!({ "required": [form] })).collect();
    schema
}
