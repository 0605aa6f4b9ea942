//! `when`: what a fault waits for.

use crate::declare::{Key, Kind, Table};
use crate::kinds::duration::DURATION;
use crate::kinds::scalar::{ORDINAL, TEXT, TIMES};
use crate::kinds::selector::{Selectors, WATCHED};
use crate::kinds::word::HAPPENING;
use crate::nearest::any_of;
use crate::reader::{At, Fields, Reader, Remark};
use crate::schema;
use crate::sections::vocabulary;
use interregnum_kernel::{NodeSet, Span};
use interregnum_world::{Cue, Happening, Lever, Trigger};
use serde_json::json;

static ELECTIONS: Key<u32> =
    Key::optional("elections", ORDINAL, "Waits for so many elections, the run's first included.");
static EPOCH: Key<u64> =
    Key::optional("epoch", TIMES, "Waits until a node enters this epoch, or a later one.");
static PHASE: Key<String> = Key::optional(
    "phase",
    TEXT,
    "Waits until a node comes to a moment of its work that the algorithm names, such as \"vote-queued\".",
);
static EVENT: Key<Happening> = Key::optional("event", HAPPENING, "Waits for an event.");
static COUNT: Key<u32> =
    Key::or("count", "1", ORDINAL, "The how-manieth time counts. With `epoch`, the how-manieth node.");
static OF: Key<Selectors> = Key::optional(
    "of",
    WATCHED,
    "At which nodes; left out, at any. Roles are resolved each time that it happens.",
);
static AFTER: Key<Span> = Key::or("after", "\"0ms\"", DURATION, "How long after that the fault comes.");

/// The keys that say what is waited for; a trigger has exactly one of them.
const CUES: [&str; 4] = [ELECTIONS.name, EPOCH.name, PHASE.name, EVENT.name];

/// The table's keys.
pub(crate) static TABLE: Table =
    Table { name: "when", keys: || vec![&ELECTIONS, &EPOCH, &PHASE, &EVENT, &COUNT, &OF, &AFTER] };

/// The table.
pub(crate) const KIND: Kind<Trigger> = Kind {
    words: "{ elections = 2 } or { event = \"write-accepted\", count = 3, after = \"100ms\" }",
    read: |reader, item| {
        if !item.get_ref().is_table() {
            reader.mismatch(item, KIND.words);
            return None;
        }
        let fields = reader.fields(item, &TABLE)?;
        let cue = cue(reader, &fields);
        let count = count(reader, &fields);
        let of = reader.get(&fields, &OF);
        let of = if fields.key_span(OF.name).is_some() { of.map(|of| of.value) } else { Some(Vec::new()) };
        let after = reader.get(&fields, &AFTER)?;
        check_after(reader, &after);
        let at = of?.into_iter().map(|one| one.value).collect();
        Some(Trigger { cue: cue?, at, count: count?, after: after.value })
    },
    schema: |catalogue| {
        let mut schema = schema::of_table(&TABLE, catalogue);
        schema["oneOf"] = CUES.iter().map(|cue| json!({ "required": [cue] })).collect();
        schema["dependentSchemas"] = json!({ ELECTIONS.name: { "properties": { COUNT.name: false } } });
        let phases: std::collections::BTreeSet<&str> =
            catalogue.algorithms.iter().flat_map(|one| one.phases).copied().collect();
        schema["properties"][PHASE.name]["enum"] = json!(phases);
        schema
    },
};

/// The one thing that is waited for.
fn cue(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Cue> {
    let mut named: Vec<_> =
        CUES.into_iter().filter_map(|cue| fields.key_span(cue).map(|span| (span, cue))).collect();
    named.sort_by_key(|(span, _)| span.start);
    match named.as_slice() {
        [] => {
            if !reader.broken && !fields.has_unknown {
                let remark = Remark::error(fields.span.clone(), "the trigger waits for nothing");
                reader.report(remark.expected(any_of(&CUES)));
            }
            return None;
        }
        [_] => {}
        [_, (second, name), ..] => {
            let message = format!("the trigger waits for a second thing, `{name}`");
            reader.report(Remark::error(second.clone(), message).hint("give it a [[fault]] of its own"));
            return None;
        }
    }
    if fields.key_span(ELECTIONS.name).is_some() {
        return reader.get(fields, &ELECTIONS).map(|_| Cue::Event(Happening::Elected));
    }
    if let Some(epoch) = reader.get(fields, &EPOCH) {
        return Some(Cue::Epoch(epoch.value));
    }
    if let Some(phase) = reader.get(fields, &PHASE) {
        vocabulary::check_phase(reader, &phase)?;
        return Some(Cue::Phase(phase.value));
    }
    let event = reader.get(fields, &EVENT)?;
    check_event(reader, &event)?;
    Some(Cue::Event(event.value))
}

/// The how-manieth time: `elections` says it by itself.
fn count(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<u32> {
    let count = reader.get(fields, &COUNT);
    if fields.key_span(ELECTIONS.name).is_none() {
        return count.map(|count| count.value);
    }
    if let Some(span) = fields.key_span(COUNT.name) {
        let remark = Remark::error(span, "`elections` is a count already");
        reader.report(remark.hint("`event = \"elected\"` goes with `count`"));
        return None;
    }
    reader.get(fields, &ELECTIONS).map(|elections| elections.value)
}

/// An event that cannot occur in a scenario with these clients would be waited for in vain.
fn check_event(reader: &mut Reader<'_>, event: &At<Happening>) -> Option<()> {
    let is_write =
        matches!(event.value, Happening::WriteSent | Happening::WriteAccepted | Happening::WriteRejected);
    let why = if is_write && !reader.known.writes {
        "nobody writes: `writes_every` in [workload] is \"never\""
    } else if event.value == Happening::WriteRejected && !reader.known.fencing {
        "the resource takes every write: `fencing` in [resource] is false"
    } else {
        return Some(());
    };
    never(reader, event, why);
    None
}

fn never(reader: &mut Reader<'_>, event: &At<Happening>, why: &str) {
    let message = format!("`{}` never happens here", event.value.word());
    reader.report(Remark::error(event.span.clone(), message).hint(why));
}

/// A fault that comes only when nothing is left to disturb is a mistake.
fn check_after(reader: &mut Reader<'_>, after: &At<Span>) {
    let (end, what) = match (reader.known.heal, reader.known.horizon) {
        (_, Some(horizon)) if after.value >= horizon => (horizon, "the run ends"),
        (Some(heal), _) if after.value >= heal => (heal, "everything is healed"),
        _ => return,
    };
    let message = format!("the fault comes {} after what it waits for, but {what} at {end}", after.value);
    reader.report(Remark::error(after.span.clone(), message).expected(format!("a time shorter than {end}")));
}

/// Events of processes, which only faults bring about, and whether some fault of the plan does.
pub(crate) fn check_causes(
    reader: &mut Reader<'_>,
    waits: &[(At<Happening>, usize)],
    levers: &[(Lever, usize)],
    down: NodeSet,
) {
    if reader.known.nemesis || reader.broken {
        return;
    }
    for (event, place) in waits {
        let others = || levers.iter().filter(|(_, other)| other != place).map(|(lever, _)| lever);
        let dies = |lever: &Lever| matches!(lever, Lever::Crash { .. });
        let stops = |lever: &Lever| matches!(lever, Lever::Pause { .. } | Lever::Freeze { .. });
        let (occurs, why) = match event.value {
            Happening::Crashed => (others().any(dies), "no other fault crashes a node"),
            Happening::Restarted => (others().any(dies) || !down.is_empty(), "no other fault crashes a node"),
            Happening::Stopped | Happening::Resumed => {
                (others().any(stops), "no other fault pauses or freezes a node")
            }
            _ => continue,
        };
        if !occurs {
            never(reader, event, why);
        }
    }
}
