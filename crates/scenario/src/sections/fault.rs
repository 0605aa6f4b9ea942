//! `[[fault]]`: when which lever is pulled. Repetitions are expanded here, so that a plan is a flat list.

use crate::catalogue::Catalogue;
use crate::declare::{Declared, Item, Key, Kind, Presence, Table};
use crate::kinds::duration::{DURATION, PERIOD};
use crate::kinds::scalar::TIMES;
use crate::nearest::any_of;
use crate::reader::{At, Fields, Reader, Remark};
use crate::schema;
use crate::sections::levers::options::OPTIONS;
use crate::sections::levers::{self, LeverSpec};
use crate::sections::{trigger, vocabulary};
use interregnum_kernel::Span;
use interregnum_world::{Cue, Happening, Lever, PlannedFault, Trigger, When};
use serde_json::{Value as Json, json};
use std::ops::Range;

/// The most faults that a scenario can expand to.
pub(crate) const MOST_FAULTS: usize = 10_000;

static AT: Key<Span> = Key::optional(
    "at",
    DURATION,
    "When the fault comes, from the run's start. A fault has either this or `when`.",
);
static WHEN: Key<Trigger> = Key::optional(
    "when",
    trigger::KIND,
    "What the fault waits for. It comes once, or as often as `times` says, and never after the heal.",
);
static FOR: Key<Span> =
    Key::optional("for", PERIOD, "After what time it is undone; left out, it lasts until the run's heal.");
static EVERY: Key<Span> = Key::optional(
    "every",
    PERIOD,
    "The fault comes again with this period: as often as `times` says, or as long as `until` says.",
);
static UNTIL: Key<Span> =
    Key::optional("until", PERIOD, "With `every`: the last repetition comes before this time.");
static TIMES_KEY: Key<u64> = Key::optional(
    "times",
    TIMES,
    "With `every`: how often the fault comes, the first included. With `when`: it comes each of so many times that what \
     it waits for happens.",
);

/// The table's keys.
pub(crate) static TABLE: Table = Table {
    name: "[[fault]]",
    keys: || {
        let mut keys: Vec<&'static dyn Declared> = vec![&AT, &WHEN, &EVERY, &UNTIL, &TIMES_KEY];
        keys.extend(levers::specs().map(|lever| lever.key));
        keys.extend(OPTIONS);
        keys.push(&FOR);
        keys
    },
};

/// The tables.
pub(crate) static FAULT: Key<Vec<PlannedFault>> =
    Key::or("fault", "[]", KIND, "What befalls the cluster; each names a time and one lever.");

const KIND: Kind<Vec<PlannedFault>> = Kind {
    words: "tables [[fault]]",
    read: |reader, item| {
        let list = reader.list(item, KIND.words)?;
        reader.known.faults += list.len();
        let mut planned = Vec::new();
        let mut waits = Vec::new();
        let mut levers = Vec::new();
        let mut complete = true;
        for (place, entry) in list.iter().enumerate() {
            let Some(fault) = fault(reader, entry) else {
                complete = false;
                continue;
            };
            let room = MOST_FAULTS - planned.len();
            if fault.times > room as u64 {
                let message = format!("the scenario expands to more than {MOST_FAULTS} faults");
                reader.report(Remark::error(fault.span, message));
                break;
            }
            waits.extend(fault.event().map(|event| (event, place)));
            levers.push((fault.first.lever.clone(), place));
            planned.extend((0..fault.times).map(|n| fault.instance(n)));
        }
        if complete {
            trigger::check_causes(reader, &waits, &levers, reader.known.down);
        }
        Some(planned)
    },
    schema: |catalogue| {
        let mut fault = schema::of_table(&TABLE, catalogue);
        fault["oneOf"] = levers::specs().map(|lever| json!({ "required": [lever.key.name()] })).collect();
        let either = json!({ "oneOf": [{ "required": ["at"] }, { "required": ["when"] }] });
        let branches = levers::specs().map(|lever| branch(lever, catalogue));
        fault["allOf"] = std::iter::once(either).chain(branches).collect();
        fault["dependentSchemas"] = json!({
            "every": {
                "required": ["at"],
                "oneOf": [{ "required": ["until"] }, { "required": ["times"] }],
            },
            "times": { "anyOf": [{ "required": ["every"] }, { "required": ["when"] }] },
        });
        fault["dependentRequired"] = json!({ "until": ["every"] });
        json!({ "type": "array", "items": fault })
    },
};

/// What holds of a fault that pulls this lever: which options it has to have, and what they, or others, mean.
fn branch(lever: &LeverSpec, catalogue: &Catalogue) -> Json {
    let required: Vec<&str> = lever
        .options
        .iter()
        .filter(|option| option.presence() == Presence::Required)
        .map(|option| option.name())
        .collect();
    let mut properties = serde_json::Map::new();
    for option in OPTIONS {
        let own = lever.options.iter().find(|own| own.name() == option.name());
        let schema = own.map_or(Json::Bool(false), |own| own.schema(catalogue));
        properties.insert(option.name().to_owned(), schema);
    }
    if !lever.lasts {
        properties.insert(FOR.name.to_owned(), Json::Bool(false));
    }
    let then = json!({ "required": required, "properties": properties });
    json!({ "if": { "required": [lever.key.name()] }, "then": then })
}

/// One table, before its repetitions are written out.
struct Repeated {
    first: PlannedFault,
    when: Range<usize>,
    every: Span,
    times: u64,
    span: Range<usize>,
}

impl Repeated {
    fn instance(&self, n: u64) -> PlannedFault {
        let later = |at: Span| Span(at.0.saturating_add(self.every.0.saturating_mul(n)));
        let when = match &self.first.when {
            When::At(at) => When::At(later(*at)),
            When::Upon(trigger) => {
                let count = u64::from(trigger.count).saturating_add(n);
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                When::Upon(Trigger { count, ..trigger.clone() })
            }
        };
        PlannedFault { when, ..self.first.clone() }
    }

    /// The event that it waits for, where it waits for one.
    fn event(&self) -> Option<At<Happening>> {
        match &self.first.when {
            When::Upon(Trigger { cue: Cue::Event(event), .. }) => {
                Some(At { value: *event, span: self.when.clone() })
            }
            _ => None,
        }
    }
}

fn fault(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Repeated> {
    let fields = reader.fields(item, &TABLE)?;
    let when = moment(reader, &fields);
    let lasts = reader.get(&fields, &FOR);
    let repetition = repetition(reader, &fields, when.as_ref(), lasts.as_ref());
    reader.triggered = fields.key_span(WHEN.name).is_some();
    let lever = lever(reader, &fields);
    reader.triggered = false;
    let (every, times) = repetition?;
    let when = when?;
    let first = PlannedFault { when: when.value, lever: lever?, lasts: lasts.map(|lasts| lasts.value) };
    Some(Repeated { first, when: when.span, every, times, span: fields.span })
}

/// When the fault comes: at a time, or upon something.
fn moment(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<At<When>> {
    match (fields.key_span(AT.name), fields.key_span(WHEN.name)) {
        (None, None) => {
            if !reader.broken && !fields.means(AT.name) && !fields.means(WHEN.name) {
                let remark = Remark::error(fields.span.clone(), "the fault does not say when it comes");
                reader.report(remark.expected("`at` or `when`"));
            }
            return None;
        }
        (Some(at), Some(when)) => {
            let second = if at.start > when.start { at } else { when };
            let message = "both `at` and `when` say when the fault comes";
            reader.report(Remark::error(second, message).expected("one of them"));
            return None;
        }
        _ => {}
    }
    if let Some(at) = reader.get(fields, &AT) {
        check_time(reader, &at);
        return Some(At { value: When::At(at.value), span: at.span });
    }
    reader.get(fields, &WHEN).map(|when| At { value: When::Upon(when.value), span: when.span })
}

/// A fault that comes when nothing is left to disturb is a mistake.
fn check_time(reader: &mut Reader<'_>, at: &At<Span>) {
    let (end, what) = match (reader.known.heal, reader.known.horizon) {
        (_, Some(horizon)) if at.value >= horizon => (horizon, "the run ends"),
        (Some(heal), _) if at.value >= heal => (heal, "everything is healed"),
        _ => return,
    };
    let message = format!("the fault comes at {}, but {what} at {end}", at.value);
    reader.report(Remark::error(at.span.clone(), message).expected(format!("a time before {end}")));
}

/// The period and how often the fault comes: no time and once, where it is not repeated.
fn repetition(
    reader: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    when: Option<&At<When>>,
    lasts: Option<&At<Span>>,
) -> Option<(Span, u64)> {
    let (every, until, times) =
        (reader.get(fields, &EVERY), reader.get(fields, &UNTIL), reader.get(fields, &TIMES_KEY));
    let waits = fields.key_span(WHEN.name).is_some();
    let Some(every_span) = fields.key_span(EVERY.name) else {
        if let Some(span) = fields.key_span(UNTIL.name) {
            let remark = Remark::error(span, "`until` has a meaning only with `every`");
            reader.report(remark.expected("`every`"));
        }
        return match fields.key_span(TIMES_KEY.name) {
            Some(_) if waits => Some((Span::ZERO, times?.value)),
            Some(span) => {
                let remark = Remark::error(span, "`times` has a meaning only with `every` or `when`");
                reader.report(remark.expected("`every`"));
                None
            }
            None => Some((Span::ZERO, 1)),
        };
    };
    if waits {
        let remark = Remark::error(every_span, "a fault that waits for something has no period");
        reader.report(remark.hint("`times` lets it come each time that what it waits for happens"));
        return None;
    }
    let (says_until, says_times) = (fields.key_span(UNTIL.name), fields.key_span(TIMES_KEY.name));
    match (says_until, says_times) {
        (None, None) if !reader.broken => {
            let remark = Remark::error(every_span, "`every` does not say for how long");
            reader.report(remark.expected("`until` or `times`"));
            return None;
        }
        (Some(_), Some(second)) => {
            let message = "both `until` and `times` say how often the fault comes";
            reader.report(Remark::error(second, message).expected("one of them"));
            return None;
        }
        _ => {}
    }
    let every = every?;
    if let Some(lasts) = lasts
        && lasts.value >= every.value
    {
        let message = format!(
            "the fault lasts {} and comes every {}: it never ends in between",
            lasts.value, every.value
        );
        reader.report(Remark::warning(lasts.span.clone(), message));
    }
    let at = when.and_then(|when| Some(At { value: when.value.time()?, span: when.span.clone() }))?;
    match (until, times) {
        (Some(until), _) => count_until(reader, &at, &every, &until).map(|times| (every.value, times)),
        (_, Some(times)) => {
            let last = at.value.0.saturating_add(every.value.0.saturating_mul(times.value - 1));
            check_last(reader, times.span, at.value, Span(last)).then_some((every.value, times.value))
        }
        _ => None,
    }
}

fn count_until(reader: &mut Reader<'_>, at: &At<Span>, every: &At<Span>, until: &At<Span>) -> Option<u64> {
    if until.value <= at.value {
        let message =
            format!("the repetition ends at {}, but the fault first comes at {}", until.value, at.value);
        reader.report(
            Remark::error(until.span.clone(), message).expected(format!("a time after {}", at.value)),
        );
        return None;
    }
    let times = (until.value.0 - at.value.0).div_ceil(every.value.0);
    let last = Span(at.value.0 + (times - 1) * every.value.0);
    check_last(reader, until.span.clone(), at.value, last).then_some(times)
}

/// A repetition that goes on when nothing is left to disturb is a mistake, like a first one.
fn check_last(reader: &mut Reader<'_>, span: Range<usize>, first: Span, last: Span) -> bool {
    let (end, what) = match (reader.known.heal, reader.known.horizon) {
        (Some(heal), _) if first < heal && last >= heal => (heal, "everything is healed"),
        (None, Some(horizon)) if first < horizon && last >= horizon => (horizon, "the run ends"),
        _ => return true,
    };
    let message = format!("the last repetition comes at {last}, but {what} at {end}");
    reader.report(Remark::error(span, message).expected(format!("a last repetition before {end}")));
    false
}

/// The one lever that the fault names.
fn lever(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Lever> {
    let named: Vec<&LeverSpec> =
        levers::specs().filter(|lever| fields.key_span(lever.key.name()).is_some()).collect();
    let names: Vec<&str> = levers::specs().map(|lever| lever.key.name()).collect();
    let spec = match named.as_slice() {
        [] => {
            // A lever that is misspelt has been reported as an unknown key, with the nearest word.
            if !fields.has_unknown && !reader.broken {
                let remark = Remark::error(fields.span.clone(), "the fault pulls no lever");
                reader.report(remark.expected(any_of(&names)));
            }
            return None;
        }
        [only] => *only,
        [..] => {
            let mut at: Vec<_> = named.iter().filter_map(|lever| fields.key_span(lever.key.name())).collect();
            at.sort_by_key(|span| span.start);
            let second = at.swap_remove(1);
            let message = format!("the fault pulls a second lever, `{}`", reader.excerpt(&second));
            reader.report(Remark::error(second, message).hint("give it a [[fault]] of its own"));
            return None;
        }
    };
    check_options(reader, fields, spec);
    let lever = (spec.pull)(reader, fields)?;
    if lever.is_order()
        && let Some(span) = fields.key_span(lever.name())
    {
        vocabulary::check_order(reader, span, lever.name());
    }
    Some(lever)
}

/// Keys that mean nothing for the lever are mistakes.
fn check_options(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, spec: &LeverSpec) {
    let name = spec.key.name();
    if !spec.lasts
        && let Some(span) = fields.key_span(FOR.name)
    {
        reader.report(Remark::error(span, format!("`{name}` cannot be undone: `for` means nothing here")));
    }
    for option in OPTIONS.map(|option| option.name()) {
        if let Some(span) = fields.key_span(option)
            && !spec.takes(option)
        {
            let home: Vec<&str> =
                levers::specs().filter(|lever| lever.takes(option)).map(|lever| lever.key.name()).collect();
            let message = format!("`{option}` means nothing for `{name}`");
            reader.report(Remark::error(span, message).hint(format!("it goes with {}", any_of(&home))));
        }
    }
}
