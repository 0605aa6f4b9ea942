//! The bridge: two sides that cannot reach each other, and a node or more that reach both.

use crate::declare::{Key, Kind, Table};
use crate::kinds::selector::{ENDPOINTS, Selectors, TARGETS};
use crate::reader::{At, Reader, Remark};
use crate::schema;
use crate::sections::groups::{self, everyone, named};
use interregnum_kernel::NodeSet;
use interregnum_world::Selector;

static LEFT: Key<Selectors> = Key::required("left", ENDPOINTS, "One side.");
static MIDDLE: Key<Selectors> = Key::required(
    "bridge",
    TARGETS,
    "Who reaches both sides: \"rest\" for all that neither side takes; or nodes by name, and then both sides are \
     named, or \"rest\", too. The nodes of a coordination service are then of no side unless they are named.",
);
static RIGHT: Key<Selectors> = Key::required("right", ENDPOINTS, "The other side.");
pub(crate) static TABLE: Table = Table { name: "bridge", keys: || vec![&LEFT, &MIDDLE, &RIGHT] };

/// What the table says.
pub(crate) struct Bridge {
    left: Selectors,
    middle: Selectors,
    right: Selectors,
}

/// The table.
pub(crate) const KIND: Kind<Bridge> = Kind {
    words: "{ left = \"node 1\", bridge = \"node 2\", right = \"node 3\" }",
    read: |reader, item| {
        if !item.get_ref().is_table() {
            reader.mismatch(item, KIND.words);
            return None;
        }
        let fields = reader.fields(item, &TABLE)?;
        let (left, middle) = (reader.get(&fields, &LEFT), reader.get(&fields, &MIDDLE));
        let right = reader.get(&fields, &RIGHT);
        Some(Bridge { left: left?.value, middle: middle?.value, right: right?.value })
    },
    schema: |catalogue| schema::of_table(&TABLE, catalogue),
};

/// The two sides as the groups of a partition. Who is in no group of a partition keeps all links, which is what makes
/// the bridge: so a named bridge must be kept out of the sides, and sides that are resolved only in the run could
/// claim it.
pub(crate) fn sides(reader: &mut Reader<'_>, bridge: Bridge) -> Option<Vec<Selectors>> {
    let Bridge { left, middle, right } = bridge;
    if let [only] = middle.as_slice()
        && only.value == Selector::Rest
    {
        let sides = vec![left, right];
        if let Some(second) = sides.iter().flatten().find(|one| one.value == Selector::Rest) {
            reader.report(Remark::error(second.span.clone(), "`rest` is the bridge already"));
            return None;
        }
        groups::check(reader, &sides)?;
        return Some(sides);
    }
    for one in &middle {
        if !is_named(&one.value) {
            let message =
                format!("the bridge is neither named nor the rest: `{}` is told only in the run", one.value);
            let remark = Remark::error(one.span.clone(), message).expected("`node N`, `zone NAME` or `rest`");
            reader.report(remark.hint("select both sides by role instead, and make the bridge `rest`"));
            return None;
        }
    }
    if let Some(role) =
        left.iter().chain(&right).find(|one| !is_named(&one.value) && one.value != Selector::Rest)
    {
        let message = format!("`{}` may turn out to be the bridge itself", role.value);
        let remark = Remark::error(role.span.clone(), message);
        reader.report(remark.hint("name the sides, or make the bridge `rest`"));
        return None;
    }
    let sides = spell_out_rest(reader, left, &middle, right);
    let mut all = sides.clone();
    all.push(middle);
    groups::check(reader, &all)?;
    Some(sides)
}

/// Replaces a side's `rest` by the nodes that it means. Like the resource, a coordination service is on a side only by name.
fn spell_out_rest(
    reader: &Reader<'_>,
    left: Selectors,
    middle: &Selectors,
    right: Selectors,
) -> Vec<Selectors> {
    let taken = left
        .iter()
        .chain(middle)
        .chain(&right)
        .fold(NodeSet::EMPTY, |taken, one| taken.union(named(reader, &one.value)));
    let free = everyone(reader).minus(taken);
    let spell = |one: At<Selector>| match one.value {
        Selector::Rest => {
            free.iter().map(|node| At { value: Selector::Node(node), ..one.clone() }).collect::<Vec<_>>()
        }
        _ => vec![one],
    };
    [left, right].into_iter().map(|side| side.into_iter().flat_map(spell).collect()).collect()
}

/// Whether a selector means the same endpoints in every run.
fn is_named(selector: &Selector) -> bool {
    matches!(
        selector,
        Selector::Node(_)
            | Selector::ServiceNode(_)
            | Selector::Zone(_)
            | Selector::Contenders
            | Selector::Service
            | Selector::All
            | Selector::Resource
    )
}
