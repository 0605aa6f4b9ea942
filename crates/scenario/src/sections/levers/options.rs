//! What goes with a lever in keys of their own. A new option is a key here, its place in [`OPTIONS`], and its use by
//! the levers that take it.

use crate::catalogue::Catalogue;
use crate::declare::{Declared, Key, Presence};
use crate::kinds::duration::{PERIOD, SHIFT, SOME_RANGE};
use crate::kinds::scalar::PPM;
use crate::kinds::word::{CLOCKS, CONNECTIONS, IN_FLIGHT, ONE_CLOCK, STANDING, UNSYNCED, WAKE};
use crate::reader::{At, Fields, Reader};
use interregnum_kernel::{Jitter, Span, Standing};
use interregnum_world::{ClockChoice, Connections, InFlight, Unsynced, Wake};
use serde_json::{Value as Json, json};

/// What happens to messages under way.
pub(super) static IN_FLIGHT_KEY: Key<InFlight> = Key::optional(
    "in_flight",
    IN_FLIGHT,
    "What happens to messages that are on their way when a link is cut: \"drop\" (as when left out) loses them, \
     \"deliver\" lets them arrive.",
);
/// What becomes of writes that are not durable.
pub(super) static UNSYNCED_KEY: Key<Unsynced> = Key::optional(
    "unsynced",
    UNSYNCED,
    "What becomes of a crashing node's writes that are not durable yet: \"random\" (as when left out) draws how many \
     survive, \"lost\" loses all, \"kept\" keeps all.",
);
/// What the others hear of a crash.
pub(super) static CONNECTIONS_KEY: Key<Connections> = Key::optional(
    "connections",
    CONNECTIONS,
    "What the others hear of a crash: \"silent\" (as when left out) is a loss of power, of which nobody hears; \"reset\" \
     is the death of a process whose machine resets its connections, which protocols that assume connections hear of.",
);
/// In which order a process that goes on meets what came up meanwhile.
pub(super) static WAKE_KEY: Key<Wake> = Key::optional(
    "wake",
    WAKE,
    "In which order a process that goes on meets what came up while it stood: \"random\" (as when left out) draws it, \
     \"timers-first\" has the timers that ran out before the messages that came, \"messages-first\" after them.",
);
/// How long an input takes a slow node.
pub(super) static EACH: Key<Jitter> = Key::required(
    "each",
    SOME_RANGE,
    "How long each input takes a slow node; inputs that come meanwhile wait.",
);
/// As what nodes are added.
pub(super) static STANDING_KEY: Key<Standing> = Key::optional(
    "standing",
    STANDING,
    "As what nodes are added: \"voter\" (as when left out), \"learner\", which has no vote yet, or \"witness\", which votes \
     and stores no entries.",
);
/// How fast a clock drifts.
pub(super) static PPM_KEY: Key<i32> = Key::required(
    "ppm",
    PPM,
    "By how many parts per million of real time a clock runs faster, or slower where it is negative.",
);
/// How long a strobe takes until it turns.
pub(super) static STROBE_PERIOD: Key<Span> =
    Key::required("period", PERIOD, "How long it takes until a strobed clock turns.");

/// How far a disk is set back.
pub(super) static ROLLBACK_BY: Key<Span> =
    Key::required("by", PERIOD, "How long before the crash what the disk then holds was durable.");
/// By how much a clock is set.
pub(super) static STEP_BY: Key<i64> =
    Key::required("by", SHIFT, "By how much the clock is set ahead, or back where it is negative.");
/// How far a strobe goes.
pub(super) static STROBE_BY: Key<i64> = Key::required("by", SHIFT, "How far the clock moves and comes back.");
/// How much slower a disk is.
pub(super) static SLOWER_BY: Key<Jitter> =
    Key::required("by", SOME_RANGE, "How much longer each fsync takes.");
/// Which clock is set.
pub(super) static STEP_CLOCK: Key<ClockChoice> =
    Key::optional("clock", CLOCKS, "Which clock is set; left out, the wall clock.");
/// Which clock drifts.
pub(super) static DRIFT_CLOCK: Key<ClockChoice> =
    Key::optional("clock", CLOCKS, "Which clock drifts; left out, both.");
/// Which clock is strobed.
pub(super) static STROBE_CLOCK: Key<ClockChoice> =
    Key::optional("clock", ONE_CLOCK, "Which clock is strobed; left out, the wall clock.");

/// What `by` is to each lever that takes it.
static BY: Shared = Shared {
    name: "by",
    doc: "By how much: how long before a `rollback` what the disk then holds was durable; how far a `clock-step` sets a \
          clock, back where it is negative; how far a `clock-strobe` goes; how much longer an fsync of `disk-slow` takes.",
    words: "a duration such as \"50ms\"; with a sign for `clock-step` and `clock-strobe`, a range for `disk-slow`",
    keys: &[&ROLLBACK_BY, &STEP_BY, &STROBE_BY, &SLOWER_BY],
};
/// What `clock` is to each lever that takes it.
static CLOCK: Shared = Shared {
    name: "clock",
    doc: "Which clock: \"wall\", \"mono\" or \"both\". Left out, the wall clock for `clock-step` and `clock-strobe`, and \
          both for `clock-drift`. No strobe means both.",
    words: "\"wall\", \"mono\" or \"both\"",
    keys: &[&STEP_CLOCK, &DRIFT_CLOCK, &STROBE_CLOCK],
};

/// All options.
pub(crate) static OPTIONS: [&dyn Declared; 10] = [
    &IN_FLIGHT_KEY,
    &UNSYNCED_KEY,
    &CONNECTIONS_KEY,
    &BY,
    &WAKE_KEY,
    &Sometimes(&EACH),
    &Sometimes(&PPM_KEY),
    &Sometimes(&STROBE_PERIOD),
    &CLOCK,
    &STANDING_KEY,
];

/// A key without which the levers that take it mean nothing, and which means nothing with others.
struct Sometimes(&'static dyn Declared);

impl Declared for Sometimes {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn doc(&self) -> &'static str {
        self.0.doc()
    }
    fn words(&self) -> &'static str {
        self.0.words()
    }
    fn presence(&self) -> Presence {
        Presence::Optional
    }
    fn schema(&self, catalogue: &Catalogue) -> Json {
        self.0.schema(catalogue)
    }
}

/// A key that takes other values with other levers.
struct Shared {
    name: &'static str,
    doc: &'static str,
    words: &'static str,
    keys: &'static [&'static dyn Declared],
}

impl Declared for Shared {
    fn name(&self) -> &'static str {
        self.name
    }
    fn doc(&self) -> &'static str {
        self.doc
    }
    fn words(&self) -> &'static str {
        self.words
    }
    fn presence(&self) -> Presence {
        Presence::Optional
    }
    fn schema(&self, catalogue: &Catalogue) -> Json {
        let kinds: Vec<Json> = self.keys.iter().map(|key| key.schema(catalogue)).collect();
        json!({ "anyOf": kinds })
    }
}

/// The value of an option that may be left out.
pub(super) fn option<T>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    key: &Key<T>,
    left_out: T,
) -> At<T> {
    let span = fields.span.clone();
    reader.get(fields, key).unwrap_or(At { value: left_out, span })
}
