//! Processes that die, stand still, or are slow.

use super::options::{CONNECTIONS_KEY, EACH, ROLLBACK_BY, UNSYNCED_KEY, WAKE_KEY, option};
use super::{LeverSpec, bare};
use crate::declare::Key;
use crate::kinds::selector::{Selectors, TARGETS};
use crate::reader::{Fields, Reader};
use interregnum_world::{Connections, DiskAfter, Lever, Unsynced, Wake};

/// The levers.
pub(super) static LEVERS: [LeverSpec; 7] = [
    LeverSpec {
        key: &CRASH,
        example: "crash = \"leader\"",
        lasts: true,
        options: &[&UNSYNCED_KEY, &CONNECTIONS_KEY],
        pull: |reader, fields| crash(reader, fields, &CRASH, DiskAfter::Kept),
    },
    LeverSpec {
        key: &REPLACE,
        example: "replace = \"node 2\"",
        lasts: true,
        options: &[&UNSYNCED_KEY, &CONNECTIONS_KEY],
        pull: |reader, fields| crash(reader, fields, &REPLACE, DiskAfter::Emptied),
    },
    LeverSpec {
        key: &ROLLBACK,
        example: "rollback = \"node 2\"\nby = \"500ms\"",
        lasts: true,
        options: &[&ROLLBACK_BY, &UNSYNCED_KEY, &CONNECTIONS_KEY],
        pull: |reader, fields| {
            let by = reader.get(fields, &ROLLBACK_BY);
            let by = by.map(|by| by.value);
            crash(reader, fields, &ROLLBACK, DiskAfter::RolledBack(by.unwrap_or_default()))
                .filter(|_| by.is_some())
        },
    },
    LeverSpec {
        key: &RESTART,
        example: "restart = \"node 3\"",
        lasts: false,
        options: &[],
        pull: |reader, fields| Some(Lever::Restart { target: bare(reader.get(fields, &RESTART)?.value) }),
    },
    LeverSpec {
        key: &PAUSE,
        example: "pause = \"leader\"",
        lasts: true,
        options: &[&WAKE_KEY],
        pull: |reader, fields| {
            let wake = option(reader, fields, &WAKE_KEY, Wake::default()).value;
            Some(Lever::Pause { target: bare(reader.get(fields, &PAUSE)?.value), wake })
        },
    },
    LeverSpec {
        key: &FREEZE,
        example: "freeze = \"leader\"",
        lasts: true,
        options: &[&WAKE_KEY],
        pull: |reader, fields| {
            let wake = option(reader, fields, &WAKE_KEY, Wake::default()).value;
            Some(Lever::Freeze { target: bare(reader.get(fields, &FREEZE)?.value), wake })
        },
    },
    LeverSpec {
        key: &SLOW_NODE,
        example: "slow-node = \"leader\"\neach = \"5ms..8ms\"",
        lasts: true,
        options: &[&EACH],
        pull: |reader, fields| {
            let (target, each) = (reader.get(fields, &SLOW_NODE), reader.get(fields, &EACH));
            Some(Lever::SlowNode { target: bare(target?.value), each: each?.value })
        },
    },
];

static CRASH: Key<Selectors> = Key::optional(
    "crash",
    TARGETS,
    "Kills the nodes' processes; after `for`, or at the heal, they start again.",
);
static REPLACE: Key<Selectors> = Key::optional(
    "replace",
    TARGETS,
    "Kills the nodes' processes; what starts again after `for`, or at the heal, is a machine of the same name with an \
     empty disk.",
);
static ROLLBACK: Key<Selectors> = Key::optional(
    "rollback",
    TARGETS,
    "Kills the nodes' processes; what starts again after `for`, or at the heal, has the disk as it was `by` before the \
     crash, as when a backup or a machine's snapshot is restored.",
);
static RESTART: Key<Selectors> = Key::optional("restart", TARGETS, "Starts nodes that are down.");
static PAUSE: Key<Selectors> = Key::optional(
    "pause",
    TARGETS,
    "Stops the nodes' processes while their clocks run on: timers run out and messages queue up, and all of it meets \
     them when they go on.",
);
static FREEZE: Key<Selectors> = Key::optional(
    "freeze",
    TARGETS,
    "Stops the nodes' machines: their clocks stand still as well, and are behind by that much afterwards.",
);
static SLOW_NODE: Key<Selectors> = Key::optional(
    "slow-node",
    TARGETS,
    "Every input takes these nodes the time that `each` says, and inputs that come meanwhile wait.",
);

fn crash(
    reader: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    key: &Key<Selectors>,
    disk: DiskAfter,
) -> Option<Lever> {
    let unsynced = option(reader, fields, &UNSYNCED_KEY, Unsynced::default()).value;
    let connections = option(reader, fields, &CONNECTIONS_KEY, Connections::default()).value;
    let target = bare(reader.get(fields, key)?.value);
    Some(Lever::Crash { target, unsynced, connections, disk })
}
