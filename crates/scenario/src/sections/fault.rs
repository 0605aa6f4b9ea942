//! `[[fault]]`: when which lever is pulled. Repetitions are expanded here, so that a plan is a flat list.

use crate::catalogue::AlgorithmInfo;
use crate::declare::{Declared, Item, Key, Kind, Table};
use crate::kinds::duration::{DURATION, PERIOD};
use crate::kinds::scalar::{CONNECTIONS, IN_FLIGHT, STANDING, TIMES, UNSYNCED};
use crate::nearest::any_of;
use crate::reader::{At, Fields, Reader, Remark};
use crate::schema;
use crate::sections::levers::{LEVERS, LeverSpec, Options};
use interregnum_kernel::{Span, Standing};
use interregnum_world::{Connections, InFlight, Lever, PlannedFault, Unsynced, When};
use serde_json::json;
use std::ops::Range;

/// The most faults that a scenario can expand to.
pub(crate) const MOST_FAULTS: usize = 10_000;

static AT: Key<Span> = Key::required("at", DURATION, "When the fault comes, from the run's start.");
static FOR: Key<Span> =
    Key::optional("for", PERIOD, "After what time it is undone; left out, it lasts until the run's heal.");
static EVERY: Key<Span> = Key::optional(
    "every",
    PERIOD,
    "The fault comes again with this period: as often as `times` says, or as long as `until` says.",
);
static UNTIL: Key<Span> =
    Key::optional("until", PERIOD, "With `every`: the last repetition comes before this time.");
static TIMES_KEY: Key<u64> =
    Key::optional("times", TIMES, "With `every`: how often the fault comes, the first included.");

/// What happens to messages under way.
pub(crate) static IN_FLIGHT_KEY: Key<InFlight> = Key::optional(
    "in_flight",
    IN_FLIGHT,
    "What happens to messages that are on their way when a link is cut: \"drop\" (as when left out) loses them, \
     \"deliver\" lets them arrive.",
);
/// What becomes of writes that are not durable.
pub(crate) static UNSYNCED_KEY: Key<Unsynced> = Key::optional(
    "unsynced",
    UNSYNCED,
    "What becomes of a crashing node's writes that are not durable yet: \"random\" (as when left out) draws how many \
     survive, \"lost\" loses all, \"kept\" keeps all.",
);
/// What the others hear of a crash.
pub(crate) static CONNECTIONS_KEY: Key<Connections> = Key::optional(
    "connections",
    CONNECTIONS,
    "What the others hear of a crash: \"silent\" (as when left out) is a loss of power, of which nobody hears; \"reset\" \
     is the death of a process whose machine resets its connections, which protocols that assume connections hear of.",
);
/// As what nodes are added.
pub(crate) static STANDING_KEY: Key<Standing> = Key::optional(
    "standing",
    STANDING,
    "As what nodes are added: \"voter\" (as when left out), \"learner\", which has no vote yet, or \"witness\", which votes \
     and stores no entries.",
);

/// The keys that mean something for some levers only.
const OPTIONS: [&str; 4] = [IN_FLIGHT_KEY.name, UNSYNCED_KEY.name, CONNECTIONS_KEY.name, STANDING_KEY.name];

/// The table's keys.
pub(crate) static TABLE: Table = Table {
    name: "[[fault]]",
    keys: || {
        let mut keys: Vec<&'static dyn Declared> = vec![
            &AT,
            &FOR,
            &EVERY,
            &UNTIL,
            &TIMES_KEY,
            &IN_FLIGHT_KEY,
            &UNSYNCED_KEY,
            &CONNECTIONS_KEY,
            &STANDING_KEY,
        ];
        keys.extend(LEVERS.iter().map(|lever| lever.key));
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
        reader.known.faults = list.len();
        let mut planned = Vec::new();
        for entry in list.iter() {
            let Some(fault) = fault(reader, entry) else { continue };
            let room = MOST_FAULTS - planned.len();
            if fault.times > room as u64 {
                let message = format!("the scenario expands to more than {MOST_FAULTS} faults");
                reader.report(Remark::error(fault.span, message));
                break;
            }
            planned.extend((0..fault.times).map(|n| fault.instance(n)));
        }
        Some(planned)
    },
    schema: |catalogue| {
        let mut fault = schema::of_table(&TABLE, catalogue);
        fault["oneOf"] = LEVERS.iter().map(|lever| json!({ "required": [lever.key.name()] })).collect();
        json!({ "type": "array", "items": fault })
    },
};

/// One table, before its repetitions are written out.
struct Repeated {
    first: PlannedFault,
    every: Span,
    times: u64,
    span: Range<usize>,
}

impl Repeated {
    fn instance(&self, n: u64) -> PlannedFault {
        let later = |at: Span| Span(at.0.saturating_add(self.every.0.saturating_mul(n)));
        let when = match &self.first.when {
            When::At(at) => When::At(later(*at)),
            When::Upon(trigger) => When::Upon(trigger.clone()),
        };
        PlannedFault { when, ..self.first.clone() }
    }
}

fn fault(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Repeated> {
    let fields = reader.fields(item, &TABLE)?;
    let at = reader.get(&fields, &AT);
    let lasts = reader.get(&fields, &FOR);
    let repetition = repetition(reader, &fields, at.as_ref(), lasts.as_ref());
    let lever = lever(reader, &fields);
    if let Some(at) = &at {
        check_time(reader, at);
    }
    let (every, times) = repetition?;
    let first =
        PlannedFault { when: When::At(at?.value), lever: lever?, lasts: lasts.map(|lasts| lasts.value) };
    Some(Repeated { first, every, times, span: fields.span })
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
    at: Option<&At<Span>>,
    lasts: Option<&At<Span>>,
) -> Option<(Span, u64)> {
    let (every, until, times) =
        (reader.get(fields, &EVERY), reader.get(fields, &UNTIL), reader.get(fields, &TIMES_KEY));
    let Some(every_span) = fields.key_span(EVERY.name) else {
        for name in [UNTIL.name, TIMES_KEY.name] {
            if let Some(span) = fields.key_span(name) {
                reader.report(
                    Remark::error(span, format!("`{name}` has a meaning only with `every`"))
                        .expected("`every`"),
                );
            }
        }
        return Some((Span::ZERO, 1));
    };
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
    let at = at?;
    match (until, times) {
        (Some(until), _) => count_until(reader, at, &every, &until).map(|times| (every.value, times)),
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
        LEVERS.iter().filter(|lever| fields.key_span(lever.key.name()).is_some()).collect();
    let names: Vec<&str> = LEVERS.iter().map(|lever| lever.key.name()).collect();
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
    let in_flight = reader.get(fields, &IN_FLIGHT_KEY).map(|word| word.value).unwrap_or_default();
    let unsynced = reader.get(fields, &UNSYNCED_KEY).map(|word| word.value).unwrap_or_default();
    let connections = reader.get(fields, &CONNECTIONS_KEY).map(|word| word.value).unwrap_or_default();
    let standing = reader.get(fields, &STANDING_KEY).map(|word| word.value).unwrap_or_default();
    let lever = (spec.pull)(reader, fields, &Options { in_flight, unsynced, connections, standing })?;
    if lever.is_order() {
        check_order(reader, fields, lever.name());
    }
    Some(lever)
}

/// An order that an algorithm does not know would test nothing.
fn check_order(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, order: &str) {
    let meant =
        |name: &str| reader.known.algorithms.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
    let (able, unable): (Vec<_>, Vec<_>) = reader
        .catalogue
        .algorithms
        .iter()
        .filter(|algorithm| meant(algorithm.name))
        .partition(|algorithm| algorithm.orders.contains(&order));
    let names = |algorithms: Vec<&AlgorithmInfo>| algorithms.iter().map(|one| one.name).collect::<Vec<_>>();
    let (Some(span), false) = (fields.key_span(order), unable.is_empty()) else { return };
    let able: Vec<String> = names(able).iter().map(|name| format!("\"{name}\"")).collect();
    let hint = match able.as_slice() {
        [] => "no algorithm of this scenario does".to_owned(),
        able => format!("algorithms = [{}] in [cluster] keeps to those that do", able.join(", ")),
    };
    let message = format!("{} cannot follow the order `{order}`", names(unable).join(", "));
    reader.report(Remark::error(span, message).hint(hint));
}

/// Keys that mean nothing for the lever are mistakes.
fn check_options(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, spec: &LeverSpec) {
    let name = spec.key.name();
    if !spec.lasts
        && let Some(span) = fields.key_span(FOR.name)
    {
        reader.report(Remark::error(span, format!("`{name}` cannot be undone: `for` means nothing here")));
    }
    for option in OPTIONS {
        if let Some(span) = fields.key_span(option)
            && !spec.options.contains(&option)
        {
            let home: Vec<&str> =
                LEVERS.iter().filter(|l| l.options.contains(&option)).map(|l| l.key.name()).collect();
            let message = format!("`{option}` means nothing for `{name}`");
            reader.report(Remark::error(span, message).hint(format!("it goes with {}", any_of(&home))));
        }
    }
}
