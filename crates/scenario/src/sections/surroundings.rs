//! `[disk]`, `[clock]`, `[resource]` and `[workload]`: what surrounds the nodes apart from the network.

use crate::declare::{Key, Kind, Table};
use crate::kinds::duration::{PERIOD_OR_NEVER, RANGE, SIGNED_RANGE};
use crate::kinds::latency::LATENCY;
use crate::kinds::scalar::{DRIFT, FLAG};
use crate::reader::{At, Fields, Reader, Remark};
use crate::schema;
use interregnum_kernel::{Jitter, Span};
use interregnum_world::{ClockSetting, Latency, WorkloadSetting};

static FSYNC: Key<Latency> = Key::or("fsync", "\"1ms..4ms\"", LATENCY, "How long an fsync takes.");

/// The keys of `[disk]`.
pub(crate) static DISK_TABLE: Table = Table { name: "[disk]", keys: || vec![&FSYNC] };

/// `[disk]`.
pub(crate) static DISK: Key<Latency> = Key::or("disk", "{}", DISK_KIND, "The nodes' disks.");

const DISK_KIND: Kind<Latency> = Kind {
    words: "the table [disk]",
    read: |reader, item| {
        let fields = reader.fields(item, &DISK_TABLE)?;
        Some(reader.get(&fields, &FSYNC)?.value)
    },
    schema: |catalogue| schema::of_table(&DISK_TABLE, catalogue),
};

static OFFSET: Key<(i64, i64)> = Key::or(
    "offset",
    "\"0ms\"",
    SIGNED_RANGE,
    "By how much each node's wall clock is ahead; every node draws its own.",
);
static DRIFT_PPM: Key<(i32, i32)> = Key::or(
    "drift_ppm",
    "0",
    DRIFT,
    "How much faster each node's clocks run, in parts per million; every node draws its own.",
);

/// The keys of `[clock]`.
pub(crate) static CLOCK_TABLE: Table = Table { name: "[clock]", keys: || vec![&OFFSET, &DRIFT_PPM] };

/// `[clock]`.
pub(crate) static CLOCK: Key<ClockSetting> =
    Key::or("clock", "{}", CLOCK_KIND, "How the nodes' clocks go wrong by themselves.");

const CLOCK_KIND: Kind<ClockSetting> = Kind {
    words: "the table [clock]",
    read: |reader, item| {
        let fields = reader.fields(item, &CLOCK_TABLE)?;
        let (offset, drift) = (reader.get(&fields, &OFFSET), reader.get(&fields, &DRIFT_PPM));
        Some(ClockSetting { offset: offset?.value, drift_ppm: drift?.value })
    },
    schema: |catalogue| schema::of_table(&CLOCK_TABLE, catalogue),
};

static FENCING: Key<bool> = Key::or(
    "fencing",
    "true",
    FLAG,
    "Whether the resource compares fencing tokens. Without it, a deposed leader's writes are taken.",
);

/// The keys of `[resource]`.
pub(crate) static RESOURCE_TABLE: Table = Table { name: "[resource]", keys: || vec![&FENCING] };

/// `[resource]`.
pub(crate) static RESOURCE: Key<bool> =
    Key::or("resource", "{}", RESOURCE_KIND, "The resource that leaders write to.");

const RESOURCE_KIND: Kind<bool> = Kind {
    words: "the table [resource]",
    read: |reader, item| {
        let fields = reader.fields(item, &RESOURCE_TABLE)?;
        let fencing = reader.get(&fields, &FENCING)?.value;
        reader.known.fencing = fencing;
        Some(fencing)
    },
    schema: |catalogue| schema::of_table(&RESOURCE_TABLE, catalogue),
};

static WRITES_EVERY: Key<Option<Span>> = Key::or(
    "writes_every",
    "\"200ms\"",
    PERIOD_OR_NEVER,
    "How often whoever believes that it leads writes to the fenced resource, or \"never\".",
);
static CHECK_TO_ACT: Key<Jitter> = Key::or(
    "check_to_act",
    "\"0ms..2ms\"",
    RANGE,
    "Time of the writer's own process between asking whether it leads and sending the write.",
);
static PROPOSALS_EVERY: Key<Option<Span>> = Key::or(
    "proposals_every",
    "\"200ms\"",
    PERIOD_OR_NEVER,
    "How often a client hands a command to whoever believes that it leads, or \"never\".",
);
static DISCOVERY: Key<Jitter> = Key::optional(
    "discovery",
    RANGE,
    "Time from a node's election until clients find it, and so until they ask it for anything: the rest of a \
     health-check interval, or of the time for which they may keep an address. Drawn for every election, the first \
     included. Those whom clients have found before they go on asking, as long as these believe that they lead; one \
     that was quiet and goes on with the same reign they still know. Left out, clients know every leader at once.",
);

/// The keys of `[workload]`.
pub(crate) static WORKLOAD_TABLE: Table =
    Table { name: "[workload]", keys: || vec![&WRITES_EVERY, &CHECK_TO_ACT, &PROPOSALS_EVERY, &DISCOVERY] };

/// `[workload]`.
pub(crate) static WORKLOAD: Key<WorkloadSetting> =
    Key::or("workload", "{}", WORKLOAD_KIND, "What the clients do.");

const WORKLOAD_KIND: Kind<WorkloadSetting> = Kind {
    words: "the table [workload]",
    read: |reader, item| {
        let fields = reader.fields(item, &WORKLOAD_TABLE)?;
        let writes = reader.get(&fields, &WRITES_EVERY);
        // What cannot be read is taken for writes: nothing then complains that there are none.
        reader.known.writes = writes.as_ref().is_none_or(|writes| writes.value.is_some());
        let (act, proposals) = (reader.get(&fields, &CHECK_TO_ACT), reader.get(&fields, &PROPOSALS_EVERY));
        let discovery = discovery(reader, &fields);
        let (act, writes, proposals) = (act?.value, writes?.value, proposals?.value);
        if let Some(discovery) = &discovery
            && writes.is_none()
            && proposals.is_none()
        {
            let message = "nobody looks for a leader: `writes_every` and `proposals_every` are \"never\"";
            reader.report(Remark::warning(discovery.span.clone(), message));
        }
        Some(WorkloadSetting {
            writes_every: writes,
            check_to_act: (act.min, act.max),
            proposals_every: proposals,
            discovery: discovery.map(|takes| (takes.value.min, takes.value.max)),
        })
    },
    schema: |catalogue| schema::of_table(&WORKLOAD_TABLE, catalogue),
};

/// How long finding a leader takes. Who can never be found before the run ends leaves nothing to measure.
fn discovery(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<At<Jitter>> {
    let takes = reader.get(fields, &DISCOVERY)?;
    let Some(horizon) = reader.known.horizon else { return Some(takes) };
    let Jitter { min, max } = takes.value;
    if min >= horizon {
        let message = format!(
            "no leader is ever found: finding it takes {min} or longer, and the run ends at {horizon}"
        );
        let expected = format!("a range that begins before {horizon}");
        reader.report(Remark::error(takes.span, message).expected(expected));
        return None;
    }
    if max >= horizon {
        let message = format!(
            "some leaders are never found: finding one takes up to {max}, and the run ends at {horizon}"
        );
        reader.report(Remark::warning(takes.span.clone(), message));
    }
    Some(takes)
}
