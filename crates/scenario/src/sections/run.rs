//! `[run]`: when everything is healed and when the run ends.

use crate::declare::{Key, Kind, Table};
use crate::kinds::duration::PERIOD;
use crate::kinds::scalar::NODES;
use crate::reader::{At, Reader, Remark};
use crate::schema;
use interregnum_kernel::{NodeSet, Span};

static FOR: Key<Span> = Key::required("for", PERIOD, "When the run ends.");
static HEAL: Key<Span> = Key::optional(
    "heal",
    PERIOD,
    "When everything is healed: links open, nodes restart, disks go on. Liveness is asked from here.",
);
static DOWN: Key<NodeSet> =
    Key::or("down", "[]", NODES, "Nodes that do not boot at the start. A `restart` may boot them.");

/// The table's keys.
pub(crate) static TABLE: Table = Table { name: "[run]", keys: || vec![&FOR, &HEAL, &DOWN] };

/// The table.
pub(crate) static RUN: Key<Run> = Key::required("run", KIND, "How long a run is.");

/// What the table says.
pub(crate) struct Run {
    /// When the run ends.
    pub(crate) horizon: Span,
    /// When everything is healed.
    pub(crate) heal: Option<Span>,
    /// Nodes that do not boot at the start.
    pub(crate) down: NodeSet,
}

const KIND: Kind<Run> = Kind {
    words: "the table [run], with at least `for = \"10s\"`",
    read: |reader, item| {
        let fields = reader.fields(item, &TABLE)?;
        let horizon = reader.get(&fields, &FOR);
        let heal = reader.get(&fields, &HEAL);
        let down = reader.get(&fields, &DOWN);
        reader.known.horizon = horizon.as_ref().map(|at| at.value);
        reader.known.heal = heal.as_ref().map(|at| at.value);
        reader.known.heal_is_known = heal.is_some() == fields.key_span(HEAL.name).is_some();
        if let (Some(horizon), Some(heal)) = (&horizon, &heal) {
            check_heal(reader, horizon, heal);
        }
        if let (Some(down), Some(nodes)) = (&down, reader.known.nodes)
            && down.value.len() == usize::from(nodes)
        {
            reader.report(Remark::warning(down.span.clone(), "no node boots at the start"));
        }
        Some(Run { horizon: horizon?.value, heal: heal.map(|heal| heal.value), down: down?.value })
    },
    schema: |catalogue| schema::of_table(&TABLE, catalogue),
};

fn check_heal(reader: &mut Reader<'_>, horizon: &At<Span>, heal: &At<Span>) {
    if heal.value >= horizon.value {
        let message = format!("the heal comes at {}, but the run ends at {}", heal.value, horizon.value);
        reader.report(
            Remark::error(heal.span.clone(), message).expected(format!("a time before {}", horizon.value)),
        );
    }
}
