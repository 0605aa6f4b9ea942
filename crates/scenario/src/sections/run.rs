//! `[run]`: when everything is healed and when the run ends.

use crate::declare::{Key, Kind, Table};
use crate::kinds::duration::PERIOD;
use crate::kinds::scalar::NODES;
use crate::kinds::selector::{Selectors, TARGETS};
use crate::reader::{At, Reader, Remark};
use crate::schema;
use interregnum_kernel::{NodeSet, Span};
use interregnum_world::Selector;

static FOR: Key<Span> = Key::required("for", PERIOD, "When the run ends.");
static HEAL: Key<Span> = Key::optional(
    "heal",
    PERIOD,
    "When everything is healed: links open, nodes restart, disks go on. Liveness is asked from here.",
);
static CORE: Key<Selectors> = Key::optional(
    "core",
    TARGETS,
    "What is healed at the heal: these nodes and the links among them, while the rest stays broken. Left out, everything.",
);
static DOWN: Key<NodeSet> =
    Key::or("down", "[]", NODES, "Nodes that do not boot at the start. A `restart` may boot them.");

/// The table's keys.
pub(crate) static TABLE: Table = Table { name: "[run]", keys: || vec![&FOR, &HEAL, &CORE, &DOWN] };

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
    /// Which nodes are healed; all where it is empty.
    pub(crate) core: Vec<Selector>,
}

const KIND: Kind<Run> = Kind {
    words: "the table [run], with at least `for = \"10s\"`",
    read: |reader, item| {
        let fields = reader.fields(item, &TABLE)?;
        let horizon = reader.get(&fields, &FOR);
        let heal = reader.get(&fields, &HEAL);
        let core = reader.get(&fields, &CORE);
        let down = reader.get(&fields, &DOWN);
        reader.known.down = down.as_ref().map(|down| down.value).unwrap_or_default();
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
        if let Some(span) = fields.key_span(CORE.name)
            && fields.key_span(HEAL.name).is_none()
            && !reader.broken
        {
            let remark = Remark::error(span, "the core is healed at the heal, and there is none");
            reader.report(remark.expected("`heal`"));
        }
        let heal = heal.map(|heal| heal.value);
        let core = core.map(|core| core.value).unwrap_or_default();
        let core = core.into_iter().map(|selector| selector.value).collect();
        Some(Run { horizon: horizon?.value, heal, down: down?.value, core })
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
