//! `[nemesis]`: faults that every seed draws for itself, besides those that the file names.

use crate::declare::{Key, Kind, Table};
use crate::kinds::duration::{DURATION, PERIOD, SOME_RANGE};
use crate::kinds::scalar::{name_list, names};
use crate::reader::{At, Reader, Remark};
use crate::schema;
use interregnum_kernel::{FaultClass, Jitter, Span};
use interregnum_world::{Nemesis, nemesis};

/// A kind of random fault, as `list nemesis` tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NemesisInfo {
    /// Its name under `faults` in `[nemesis]`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// The classes of what goes wrong by it.
    pub classes: Vec<&'static str>,
    /// Whether it may be drawn where `faults` is left out.
    pub by_default: bool,
}

/// The kinds of random fault that a nemesis can draw, in the order of their registry.
pub fn nemesis_kinds() -> Vec<NemesisInfo> {
    let by_default: Vec<&str> = nemesis::default_kinds().map(|kind| kind.name).collect();
    let info = |kind: &nemesis::Kind| NemesisInfo {
        name: kind.name,
        doc: kind.doc,
        classes: kind.classes.iter().map(FaultClass::name).collect(),
        by_default: by_default.contains(&kind.name),
    };
    nemesis::kinds().iter().map(info).collect()
}

/// The one kind that not every cluster can suffer.
const ZONE_OUTAGE: &str = "zone-outage";

static FAULTS: Key<Vec<&'static str>> = Key::optional(
    "faults",
    FAULTS_KIND,
    "The kinds of fault that may be drawn; each seed tosses a coin for each. Left out, all but those by which disks forget \
     what they acknowledged. `interregnum list nemesis` lists them.",
);
static EVERY: Key<Jitter> = Key::or(
    "every",
    "\"500ms..2s\"",
    SOME_RANGE,
    "How long it is from one fault to the next; each seed keeps to a part of it.",
);
static FROM: Key<Span> = Key::or("from", "\"1s\"", DURATION, "No fault comes before this.");
static UNTIL: Key<Span> = Key::optional(
    "until",
    PERIOD,
    "No fault comes at this time or later; left out, they come until the heal, or the run's end.",
);

/// The table's keys.
pub(crate) static TABLE: Table = Table { name: "[nemesis]", keys: || vec![&FAULTS, &EVERY, &FROM, &UNTIL] };

/// The table.
pub(crate) static NEMESIS: Key<Nemesis> = Key::optional(
    "nemesis",
    KIND,
    "Random faults: every seed draws which kinds are on, and how hard they are, and gets a plan of its own.",
);

const KIND: Kind<Nemesis> = Kind {
    words: "the table [nemesis]",
    read: |reader, item| {
        reader.known.nemesis = true;
        reader.known.faults += 1;
        let fields = reader.fields(item, &TABLE)?;
        let faults = reader.get(&fields, &FAULTS).map(|faults| faults.value);
        let is_read = faults.is_some() || fields.key_span(FAULTS.name).is_none();
        let every = reader.get(&fields, &EVERY);
        let from = reader.get(&fields, &FROM);
        let until = reader.get(&fields, &UNTIL);
        if let Some(from) = &from {
            check_times(reader, from, until.as_ref());
        }
        let end = reader.known.heal.or(reader.known.horizon);
        let until = until.map(|until| until.value).or(end)?;
        let faults = faults.unwrap_or_else(|| nemesis::default_kinds().map(|kind| kind.name).collect());
        is_read.then_some(Nemesis { faults, every: every?.value, from: from?.value, until })
    },
    schema: |catalogue| schema::of_table(&TABLE, catalogue),
};

const FAULTS_KIND: Kind<Vec<&'static str>> = Kind {
    words: "a list of kinds of fault such as [\"partition\", \"crash\"]",
    read: |reader, item| {
        let known: Vec<&str> = nemesis::kinds().iter().map(|kind| kind.name).collect();
        let named = names(reader, item, FAULTS_KIND.words, "kind of fault", &known)?;
        if named.is_empty() {
            let remark = Remark::error(item.span(), "the list of faults is empty");
            reader.report(remark.hint("leave it out to mean all, or leave [nemesis] out to mean none"));
            return None;
        }
        check_zones(reader, &named);
        Some(named.iter().filter_map(|name| nemesis::find(&name.value)).map(|kind| kind.name).collect())
    },
    schema: |_| name_list(&nemesis::kinds().iter().map(|kind| kind.name).collect::<Vec<_>>()),
};

/// A kind that is named, and can do nothing here, is a mistake.
fn check_zones(reader: &mut Reader<'_>, named: &[At<String>]) {
    let outage = named.iter().find(|kind| kind.value == ZONE_OUTAGE);
    if let Some(outage) = outage.filter(|_| reader.known.zones.as_ref().is_some_and(Vec::is_empty)) {
        let remark = Remark::error(outage.span.clone(), format!("`{ZONE_OUTAGE}` can do nothing here"));
        reader.report(remark.hint("the cluster has no zones"));
    }
}

/// A nemesis that has no time to act, or acts when nothing is left to disturb, is a mistake.
fn check_times(reader: &mut Reader<'_>, from: &At<Span>, until: Option<&At<Span>>) {
    let end = match (reader.known.heal, reader.known.horizon) {
        (Some(heal), _) => Some((heal, "everything is healed")),
        (None, Some(horizon)) if reader.known.heal_is_known => Some((horizon, "the run ends")),
        _ => None,
    };
    if let Some((end, what)) = end {
        let mut check = |time: &At<Span>, is_late: bool, verb: &str| {
            if is_late {
                let message = format!("the nemesis {verb} at {}, but {what} at {end}", time.value);
                let remark = Remark::error(time.span.clone(), message);
                reader.report(remark.expected(format!("a time before {end}")));
            }
            is_late
        };
        let late_end = until.is_some_and(|until| check(until, until.value > end, "ends"));
        if check(from, from.value >= end, "begins") || late_end {
            return;
        }
    }
    if let Some(until) = until
        && until.value <= from.value
    {
        let message = format!("the nemesis ends at {}, but begins at {}", until.value, from.value);
        let remark = Remark::error(until.span.clone(), message);
        reader.report(remark.expected(format!("a time after {}", from.value)));
    }
}
