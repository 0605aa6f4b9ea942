//! The levers that a fault can pull. A new lever is an entry of [`LEVERS`]: its key, what goes with it, and what it
//! means as a primitive of the engines.

use crate::declare::{Declared, Key, Kind, Table};
use crate::kinds::scalar::FLAG;
use crate::kinds::selector::{ENDPOINTS, GROUPS, Selectors, TARGETS};
use crate::reader::{At, Fields, Reader, Remark};
use crate::schema;
use crate::sections::bridge::{self, Bridge};
use crate::sections::groups;
use interregnum_kernel::Standing;
use interregnum_world::{Connections, DiskAfter, InFlight, Lever, Selector, Unsynced};

/// What goes with a lever in keys of their own.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// What happens to messages under way.
    pub(crate) in_flight: InFlight,
    /// What becomes of writes that are not durable.
    pub(crate) unsynced: Unsynced,
    /// What the others hear of a crash.
    pub(crate) connections: Connections,
    /// As what nodes are added.
    pub(crate) standing: Standing,
}

/// A lever of the scenario file.
pub(crate) struct LeverSpec {
    /// The key that pulls it.
    pub(crate) key: &'static dyn Declared,
    /// A line that pulls it.
    pub(crate) example: &'static str,
    /// Whether it can be undone, so that `for` means something.
    pub(crate) lasts: bool,
    /// The names of the keys that mean something besides.
    pub(crate) options: &'static [&'static str],
    /// What it is to the engines; `None` where something was reported.
    pub(crate) pull: fn(&mut Reader<'_>, &Fields<'_, '_>, &Options) -> Option<Lever>,
}

/// A lever, as documentation and `list faults` tell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeverInfo {
    /// The key in a `[[fault]]` table.
    pub name: &'static str,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// A line that pulls it.
    pub example: &'static str,
    /// Whether it can be undone, so that `for` means something.
    pub lasts: bool,
    /// The names of the keys that mean something besides.
    pub options: &'static [&'static str],
}

/// The levers that a fault can pull, in the order of their declaration.
pub fn levers() -> Vec<LeverInfo> {
    let info = |lever: &LeverSpec| LeverInfo {
        name: lever.key.name(),
        doc: lever.key.doc(),
        example: lever.example,
        lasts: lever.lasts,
        options: lever.options,
    };
    LEVERS.iter().map(info).collect()
}

/// All levers.
pub(crate) static LEVERS: [LeverSpec; 12] = [
    LeverSpec {
        key: &PARTITION,
        example: "partition = [[\"leader\"], [\"rest\"]]",
        lasts: true,
        options: &["in_flight"],
        pull: |reader, fields, options| {
            let groups = reader.get(fields, &PARTITION)?;
            groups::check(reader, &groups.value)?;
            groups::note_unnamed(reader, &groups);
            Some(partition(groups.value, options))
        },
    },
    LeverSpec {
        key: &CUT,
        example: "cut = { from = \"leader\", to = \"rest\" }",
        lasts: true,
        options: &["in_flight"],
        pull: |reader, fields, options| {
            let Cut { from, to, symmetric } = reader.get(fields, &CUT)?.value;
            let sides = [from, to];
            groups::check_rest(reader, &sides)?;
            if symmetric {
                groups::check(reader, &sides)?;
                return Some(partition(sides.into(), options));
            }
            let [from, to] = sides.map(bare);
            Some(Lever::Cut { from, to, in_flight: options.in_flight })
        },
    },
    LeverSpec {
        key: &ISOLATE,
        example: "isolate = \"leader\"",
        lasts: true,
        options: &["in_flight"],
        pull: |reader, fields, options| {
            let isolated = reader.get(fields, &ISOLATE)?;
            let rest = At { value: Selector::Rest, span: isolated.span.clone() };
            let groups = vec![isolated.value, vec![rest]];
            if let Some(whole) =
                groups[0].iter().find(|one| matches!(one.value, Selector::All | Selector::Rest))
            {
                let message = "nobody is left to be isolated from";
                reader.report(Remark::error(whole.span.clone(), message));
                return None;
            }
            groups::note_resource(reader, &groups, &isolated.span);
            Some(partition(groups, options))
        },
    },
    LeverSpec {
        key: &BRIDGE,
        example: "bridge = { left = \"node 1\", bridge = \"node 2\", right = \"node 3\" }",
        lasts: true,
        options: &["in_flight"],
        pull: |reader, fields, options| {
            let bridge = reader.get(fields, &BRIDGE)?.value;
            let groups = bridge::sides(reader, bridge)?;
            Some(partition(groups, options))
        },
    },
    LeverSpec {
        key: &CRASH,
        example: "crash = \"leader\"",
        lasts: true,
        options: &["unsynced", "connections"],
        pull: |reader, fields, options| {
            let target = bare(reader.get(fields, &CRASH)?.value);
            let Options { unsynced, connections, .. } = *options;
            Some(Lever::Crash { target, unsynced, connections, disk: DiskAfter::Kept })
        },
    },
    LeverSpec {
        key: &RESTART,
        example: "restart = \"node 3\"",
        lasts: false,
        options: &[],
        pull: |reader, fields, _| Some(Lever::Restart { target: bare(reader.get(fields, &RESTART)?.value) }),
    },
    LeverSpec {
        key: &DISK_STALL,
        example: "disk-stall = \"leader\"",
        lasts: true,
        options: &[],
        pull: |reader, fields, _| {
            Some(Lever::DiskStall { target: bare(reader.get(fields, &DISK_STALL)?.value) })
        },
    },
    LeverSpec {
        key: &TRANSFER,
        example: "transfer = \"random(1)\"",
        lasts: false,
        options: &[],
        pull: |reader, fields, _| Some(Lever::Transfer { to: bare(reader.get(fields, &TRANSFER)?.value) }),
    },
    LeverSpec {
        key: &RESIGN,
        example: "resign = \"leader\"",
        lasts: false,
        options: &[],
        pull: |reader, fields, _| Some(Lever::Resign { target: bare(reader.get(fields, &RESIGN)?.value) }),
    },
    LeverSpec {
        key: &ADD_NODE,
        example: "add-node = \"node 4\"",
        lasts: false,
        options: &["standing"],
        pull: |reader, fields, options| {
            let target = bare(reader.get(fields, &ADD_NODE)?.value);
            Some(Lever::AddNode { target, standing: options.standing })
        },
    },
    LeverSpec {
        key: &REMOVE_NODE,
        example: "remove-node = \"leader\"",
        lasts: false,
        options: &[],
        pull: |reader, fields, _| {
            Some(Lever::RemoveNode { target: bare(reader.get(fields, &REMOVE_NODE)?.value) })
        },
    },
    LeverSpec {
        key: &PROMOTE,
        example: "promote = \"node 4\"",
        lasts: false,
        options: &[],
        pull: |reader, fields, _| Some(Lever::Promote { target: bare(reader.get(fields, &PROMOTE)?.value) }),
    },
];

static PARTITION: Key<Vec<Selectors>> = Key::optional(
    "partition",
    GROUPS,
    "Cuts the links between different groups, both ways. Endpoints in no group keep all their links; so does the \
     `resource`, unless a group names it.",
);
static CUT: Key<Cut> = Key::optional(
    "cut",
    CUT_KIND,
    "Cuts the links from one side to the other: one direction only, unless `symmetric = true`.",
);
static ISOLATE: Key<Selectors> = Key::optional(
    "isolate",
    ENDPOINTS,
    "Cuts these off from all other nodes, both ways; among each other, and to the `resource`, they keep their links.",
);
static BRIDGE: Key<Bridge> = Key::optional(
    "bridge",
    bridge::KIND,
    "Cuts the links between left and right, both ways; the bridge keeps its links to both.",
);
static CRASH: Key<Selectors> = Key::optional(
    "crash",
    TARGETS,
    "Kills the nodes' processes; after `for`, or at the heal, they start again.",
);
static RESTART: Key<Selectors> = Key::optional("restart", TARGETS, "Starts nodes that are down.");
static DISK_STALL: Key<Selectors> =
    Key::optional("disk-stall", TARGETS, "No fsync of these nodes completes while it lasts.");
static TRANSFER: Key<Selectors> = Key::optional(
    "transfer",
    TARGETS,
    "Orders the leader to hand over to this node; where several are meant, to the first that does not lead.",
);
static RESIGN: Key<Selectors> = Key::optional(
    "resign",
    TARGETS,
    "Orders these nodes to give up leadership; those that do not lead ignore it.",
);
static ADD_NODE: Key<Selectors> =
    Key::optional("add-node", TARGETS, "Orders the leader to take these nodes into the cluster.");
static REMOVE_NODE: Key<Selectors> =
    Key::optional("remove-node", TARGETS, "Orders the leader to put these nodes out of the cluster.");
static PROMOTE: Key<Selectors> =
    Key::optional("promote", TARGETS, "Orders the leader to give these learners a vote.");

static CUT_FROM: Key<Selectors> = Key::required("from", ENDPOINTS, "The senders.");
static CUT_TO: Key<Selectors> = Key::required("to", ENDPOINTS, "The receivers.");
static CUT_SYMMETRIC: Key<bool> =
    Key::or("symmetric", "false", FLAG, "Whether the other direction is cut as well.");
static CUT_TABLE: Table = Table { name: "cut", keys: || vec![&CUT_FROM, &CUT_TO, &CUT_SYMMETRIC] };

struct Cut {
    from: Selectors,
    to: Selectors,
    symmetric: bool,
}

const CUT_KIND: Kind<Cut> = Kind {
    words: "{ from = \"leader\", to = \"rest\" }",
    read: |reader, item| {
        if !item.get_ref().is_table() {
            reader.mismatch(item, CUT_KIND.words);
            return None;
        }
        let fields = reader.fields(item, &CUT_TABLE)?;
        let (from, to) = (reader.get(&fields, &CUT_FROM), reader.get(&fields, &CUT_TO));
        let symmetric = reader.get(&fields, &CUT_SYMMETRIC);
        Some(Cut { from: from?.value, to: to?.value, symmetric: symmetric?.value })
    },
    schema: |catalogue| schema::of_table(&CUT_TABLE, catalogue),
};

/// A partition. A cut both ways is one too, since its groups are resolved together: `random` then draws once.
fn partition(groups: Vec<Selectors>, options: &Options) -> Lever {
    Lever::Partition { groups: groups.into_iter().map(bare).collect(), in_flight: options.in_flight }
}

/// The selectors without their positions.
fn bare(selectors: Selectors) -> Vec<Selector> {
    selectors.into_iter().map(|selector| selector.value).collect()
}
