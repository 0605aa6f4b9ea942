//! Disks that stall, are slow, or lie.

use super::options::SLOWER_BY;
use super::{LeverSpec, bare};
use crate::declare::Key;
use crate::kinds::selector::{Selectors, TARGETS};
use interregnum_world::Lever;

/// The levers.
pub(super) static LEVERS: [LeverSpec; 3] = [
    LeverSpec {
        key: &DISK_STALL,
        example: "disk-stall = \"leader\"",
        lasts: true,
        options: &[],
        pull: |reader, fields| {
            Some(Lever::DiskStall { target: bare(reader.get(fields, &DISK_STALL)?.value) })
        },
    },
    LeverSpec {
        key: &DISK_SLOW,
        example: "disk-slow = \"leader\"\nby = \"20ms..40ms\"",
        lasts: true,
        options: &[&SLOWER_BY],
        pull: |reader, fields| {
            let (target, by) = (reader.get(fields, &DISK_SLOW), reader.get(fields, &SLOWER_BY));
            Some(Lever::DiskSlow { target: bare(target?.value), by: by?.value })
        },
    },
    LeverSpec {
        key: &DISK_LIE,
        example: "disk-lie = \"node 2\"",
        lasts: true,
        options: &[],
        pull: |reader, fields| Some(Lever::DiskLie { target: bare(reader.get(fields, &DISK_LIE)?.value) }),
    },
];

static DISK_STALL: Key<Selectors> =
    Key::optional("disk-stall", TARGETS, "No fsync of these nodes completes while it lasts.");
static DISK_SLOW: Key<Selectors> = Key::optional(
    "disk-slow",
    TARGETS,
    "Every fsync of these nodes that begins while it lasts takes longer, by what `by` says.",
);
static DISK_LIE: Key<Selectors> = Key::optional(
    "disk-lie",
    TARGETS,
    "These nodes' disks acknowledge writes that are not durable: a crash loses them. What is left when it ends becomes \
     durable then.",
);
