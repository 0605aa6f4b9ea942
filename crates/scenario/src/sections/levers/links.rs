//! Links that are cut, by groups, and links that are worse than they were.

use super::degrade::{self, Degrade};
use super::options::{IN_FLIGHT_KEY, option};
use super::{LeverSpec, bare};
use crate::declare::{Key, Kind, Table};
use crate::kinds::scalar::FLAG;
use crate::kinds::selector::{ENDPOINTS, GROUPS, Selectors, TARGETS};
use crate::reader::{At, Fields, Reader, Remark};
use crate::schema;
use crate::sections::bridge::{self, Bridge};
use crate::sections::groups;
use interregnum_world::{InFlight, Lever, Reach, Selector};

/// The levers.
pub(super) static LEVERS: [LeverSpec; 7] = [
    LeverSpec {
        key: &PARTITION,
        example: "partition = [[\"leader\"], [\"rest\"]]",
        lasts: true,
        options: &[&IN_FLIGHT_KEY],
        pull: |reader, fields| {
            let groups = reader.get(fields, &PARTITION)?;
            groups::check(reader, &groups.value)?;
            groups::note_unnamed(reader, &groups);
            Some(partition(reader, fields, groups.value))
        },
    },
    LeverSpec {
        key: &CUT,
        example: "cut = { from = \"leader\", to = \"rest\" }",
        lasts: true,
        options: &[&IN_FLIGHT_KEY],
        pull: |reader, fields| {
            let Cut { from, to, symmetric } = reader.get(fields, &CUT)?.value;
            let sides = [from, to];
            groups::check_rest(reader, &sides)?;
            if symmetric {
                groups::check(reader, &sides)?;
                return Some(partition(reader, fields, sides.into()));
            }
            let [from, to] = sides.map(bare);
            Some(Lever::Cut { from, to, in_flight: in_flight(reader, fields) })
        },
    },
    LeverSpec {
        key: &ISOLATE,
        example: "isolate = \"leader\"",
        lasts: true,
        options: &[&IN_FLIGHT_KEY],
        pull: |reader, fields| {
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
            Some(partition(reader, fields, groups))
        },
    },
    LeverSpec {
        key: &BRIDGE,
        example: "bridge = { left = \"node 1\", bridge = \"node 2\", right = \"node 3\" }",
        lasts: true,
        options: &[&IN_FLIGHT_KEY],
        pull: |reader, fields| {
            let bridge = reader.get(fields, &BRIDGE)?.value;
            let groups = bridge::sides(reader, bridge)?;
            Some(partition(reader, fields, groups))
        },
    },
    LeverSpec {
        key: &RING,
        example: "ring = \"all\"",
        lasts: true,
        options: &[&IN_FLIGHT_KEY],
        pull: |reader, fields| ring(reader, fields, &RING, Reach::Neighbours),
    },
    LeverSpec {
        key: &MAJORITIES_RING,
        example: "majorities-ring = \"all\"",
        lasts: true,
        options: &[&IN_FLIGHT_KEY],
        pull: |reader, fields| ring(reader, fields, &MAJORITIES_RING, Reach::Majority),
    },
    LeverSpec {
        key: &DEGRADE,
        example: "degrade = { from = \"leader\", to = \"rest\", delay = \"50ms..80ms\", loss = 0.3 }",
        lasts: true,
        options: &[],
        pull: |reader, fields| {
            let degrade = reader.get(fields, &DEGRADE)?;
            degrade::lever(reader, degrade.value)
        },
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
static RING: Key<Selectors> = Key::optional(
    "ring",
    TARGETS,
    "Puts these nodes into a ring, in an order that is drawn, and cuts the links among them to all but the next node on \
     either side.",
);
static MAJORITIES_RING: Key<Selectors> = Key::optional(
    "majorities-ring",
    TARGETS,
    "Puts these nodes into a ring, in an order that is drawn, and cuts the links among them so that each sees a majority \
     of all nodes, itself included, and no two see the same one.",
);
static DEGRADE: Key<Degrade> = Key::optional(
    "degrade",
    degrade::KIND,
    "Makes the links from one side to the other worse than they are: late, lossy, with duplicates, out of order; one \
     direction only, unless `symmetric = true`.",
);

static CUT_FROM: Key<Selectors> = Key::required("from", ENDPOINTS, "The senders.");
static CUT_TO: Key<Selectors> = Key::required("to", ENDPOINTS, "The receivers.");
static CUT_SYMMETRIC: Key<bool> =
    Key::or("symmetric", "false", FLAG, "Whether the other direction is cut as well.");
pub(crate) static CUT_TABLE: Table = Table { name: "cut", keys: || vec![&CUT_FROM, &CUT_TO, &CUT_SYMMETRIC] };

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

fn in_flight(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> InFlight {
    option(reader, fields, &IN_FLIGHT_KEY, InFlight::default()).value
}

/// A partition. A cut both ways is one too, since its groups are resolved together: `random` then draws once.
fn partition(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, groups: Vec<Selectors>) -> Lever {
    let groups = groups.into_iter().map(bare).collect();
    Lever::Partition { groups, in_flight: in_flight(reader, fields) }
}

/// The largest ring in which everybody is everybody's neighbour.
const ALL_NEIGHBOURS: usize = 3;

fn ring(
    reader: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    key: &Key<Selectors>,
    reach: Reach,
) -> Option<Lever> {
    let target = reader.get(fields, key)?;
    let most = groups::most(reader, &target.value);
    if reader.known.nodes.is_some() && most <= ALL_NEIGHBOURS {
        let size = if most == 1 { "1 node".to_owned() } else { format!("{most} nodes") };
        let message = format!("in a ring of {size} nothing is out of reach: no link is cut");
        reader.report(Remark::warning(target.span, message).expected("a selector of at least 4 nodes"));
    }
    Some(Lever::Ring { target: bare(target.value), reach, in_flight: in_flight(reader, fields) })
}
