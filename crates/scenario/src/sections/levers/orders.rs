//! Orders, which only algorithms that know them follow.

use super::options::{STANDING_KEY, option};
use super::{LeverSpec, bare};
use crate::declare::Key;
use crate::kinds::selector::{Selectors, TARGETS};
use interregnum_kernel::Standing;
use interregnum_world::Lever;

/// The levers.
pub(super) static LEVERS: [LeverSpec; 5] = [
    LeverSpec {
        key: &TRANSFER,
        example: "transfer = \"random(1)\"",
        lasts: false,
        options: &[],
        pull: |reader, fields| Some(Lever::Transfer { to: bare(reader.get(fields, &TRANSFER)?.value) }),
    },
    LeverSpec {
        key: &RESIGN,
        example: "resign = \"leader\"",
        lasts: false,
        options: &[],
        pull: |reader, fields| Some(Lever::Resign { target: bare(reader.get(fields, &RESIGN)?.value) }),
    },
    LeverSpec {
        key: &ADD_NODE,
        example: "add-node = \"node 4\"",
        lasts: false,
        options: &[&STANDING_KEY],
        pull: |reader, fields| {
            let standing = option(reader, fields, &STANDING_KEY, Standing::default()).value;
            Some(Lever::AddNode { target: bare(reader.get(fields, &ADD_NODE)?.value), standing })
        },
    },
    LeverSpec {
        key: &REMOVE_NODE,
        example: "remove-node = \"leader\"",
        lasts: false,
        options: &[],
        pull: |reader, fields| {
            Some(Lever::RemoveNode { target: bare(reader.get(fields, &REMOVE_NODE)?.value) })
        },
    },
    LeverSpec {
        key: &PROMOTE,
        example: "promote = \"node 4\"",
        lasts: false,
        options: &[],
        pull: |reader, fields| Some(Lever::Promote { target: bare(reader.get(fields, &PROMOTE)?.value) }),
    },
];

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
