//! `[service]`: the nodes of the coordination service through which some algorithms contend.

use crate::declare::{Item, Key, Kind, Table};
use crate::nearest::any_of;
use crate::reader::{Fields, Reader, Remark};
use crate::schema;
use interregnum_kernel::{NodeId, NodeSet};
use interregnum_world::Zone;
use serde_json::json;
use std::ops::Range;

static NODES_KEY: Key<u8> = Key::or(
    "nodes",
    "3",
    SIZE,
    "How many nodes the coordination service has: an odd number, so that each of them counts.",
);
static ZONES: Key<Vec<Placed>> = Key::optional(
    "zones",
    ZONES_KIND,
    "Which zones the service's nodes are in, by their numbers in the service, as in { a = [1], b = [2] }. Left out, they are \
     dealt to the zones of [cluster] in turn, in the order of the zones' names.",
);

/// The table's keys.
pub(crate) static TABLE: Table = Table { name: "[service]", keys: || vec![&NODES_KEY, &ZONES] };

/// The table.
pub(crate) static SERVICE: Key<()> = Key::or(
    "service",
    "{}",
    KIND,
    "The coordination service, for algorithms whose nodes contend through one. It has nodes of its own besides those of \
     [cluster], which are `service 1`, `service 2` and so on; a node's number alone always means one of [cluster]. For \
     algorithms that need no service these nodes do not exist. In a partition, nodes of the service that no group names stay \
     reachable from every group, as the resource does.",
);

/// How many nodes the service has where nothing is said.
const USUAL: u8 = 3;

/// Some of the service's nodes, by their places in it, and their zone.
struct Placed {
    zone: String,
    places: NodeSet,
}

/// Reads the table into what is known of the cluster: how many nodes the service has, and whose zones they are in.
const KIND: Kind<()> = Kind {
    words: "the table [service]",
    read: |reader, item| {
        let fields = reader.fields(item, &TABLE)?;
        let said = reader.get(&fields, &NODES_KEY).map(|nodes| nodes.value);
        let nodes = said.and_then(|nodes| fitting(reader, &fields, nodes));
        reader.known.service = nodes;
        let is_said = fields.key_span(ZONES.name).is_some();
        let placed = reader.get(&fields, &ZONES).map(|zones| zones.value);
        match placed {
            Some(placed) => place(reader, placed),
            None if !is_said => deal(reader),
            None => {}
        }
        reader.known.service_is_placed = is_said;
        nodes.map(|_| ())
    },
    schema: |catalogue| schema::of_table(&TABLE, catalogue),
};

const SIZE: Kind<u8> = Kind {
    words: "an odd number of nodes: 1, 3, 5 and so on",
    read: |reader, item| {
        let nodes = reader.count(item, SIZE.words)?;
        let most = NodeId::MAX as u64;
        let message = match nodes {
            0 => "a coordination service without nodes".to_owned(),
            nodes if nodes > most => format!("a coordination service of {nodes} nodes"),
            nodes if nodes % 2 == 0 => {
                format!(
                    "a coordination service of {nodes} nodes outlives no more failures than one of {}",
                    nodes - 1
                )
            }
            nodes => return Some(nodes as u8),
        };
        reader.report(Remark::error(item.span(), message).expected(SIZE.words));
        None
    },
    schema: |_| {
        let even = json!({ "multipleOf": 2 });
        json!({ "type": "integer", "minimum": 1, "maximum": NodeId::MAX, "not": even })
    },
};

/// So many nodes, if there is room for them beside the cluster's. Where the file does not ask for them, as many as fit:
/// large clusters are for algorithms that need no service.
fn fitting(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, nodes: u8) -> Option<u8> {
    let Some(cluster) = reader.known.nodes else { return Some(nodes) };
    let room = (NodeId::MAX as u8).saturating_sub(cluster);
    if nodes <= room {
        return Some(nodes);
    }
    let Some(span) = fields.key_span(NODES_KEY.name) else {
        return Some([USUAL, 1].into_iter().find(|fewer| *fewer <= room).unwrap_or(0));
    };
    let message =
        format!("{cluster} nodes and a coordination service of {nodes} are more than {}", NodeId::MAX);
    reader.report(
        Remark::error(span, message).expected(format!("at most {room} beside the cluster's {cluster}")),
    );
    None
}

const ZONES_KIND: Kind<Vec<Placed>> = Kind {
    words: "zones and the service's nodes in them, such as { a = [1], b = [2] }",
    read: |reader, item| {
        let mut placed: Vec<Placed> = Vec::new();
        let mut complete = true;
        for (name, span, members) in reader.keys(item, ZONES_KIND.words)? {
            if name.trim() != name || name.is_empty() {
                reader.report(Remark::error(span, "a zone's name neither is empty nor has spaces around it"));
            }
            let Some(places) = members_of(reader, members, &placed) else {
                complete = false;
                continue;
            };
            placed.push(Placed { zone: name.to_owned(), places });
        }
        complete.then_some(placed)
    },
    schema: |_| {
        let node = json!({ "type": "integer", "minimum": 1, "maximum": NodeId::MAX });
        let nodes = json!({ "type": "array", "uniqueItems": true, "items": node });
        json!({ "type": "object", "additionalProperties": nodes })
    },
};

/// The places of a zone's nodes in the service.
fn members_of(reader: &mut Reader<'_>, item: &Item<'_>, earlier: &[Placed]) -> Option<NodeSet> {
    const WORDS: &str = "a list of the service's nodes such as [1, 2]";
    let nodes = reader.known.service.unwrap_or(NodeId::MAX as u8);
    let mut places = NodeSet::EMPTY;
    let mut complete = true;
    for entry in reader.list(item, WORDS)?.iter() {
        let number = reader.count(entry, WORDS)?;
        let Some(place) = (1..=u64::from(nodes)).contains(&number).then(|| NodeId(number as u8 - 1)) else {
            report_missing(reader, entry.span(), &number.to_string());
            complete = false;
            continue;
        };
        if let Some(zone) = earlier.iter().find(|one| one.places.contains(place)) {
            let message = format!("service {number} is already in the zone `{}`", zone.zone);
            reader.report(Remark::error(entry.span(), message));
        } else if !places.insert(place) {
            reader.report(Remark::error(entry.span(), format!("service {number} is named twice")));
        }
    }
    complete.then_some(places)
}

/// Reports a node that the service does not have.
pub(crate) fn report_missing(reader: &mut Reader<'_>, span: Range<usize>, number: &str) {
    let nodes = reader.known.service.unwrap_or(NodeId::MAX as u8);
    let number: String = number.chars().take(20).collect();
    let remark = Remark::error(span, format!("there is no node {number} in the coordination service"));
    reader.report(remark.expected(format!("a number from 1 to {nodes}")));
}

/// A node of the service, by its place in it, among all nodes.
fn among_all(reader: &Reader<'_>, place: NodeId) -> NodeId {
    NodeId(reader.nodes().saturating_add(place.0).min(NodeId::MAX as u8 - 1))
}

/// Puts the service's nodes into the zones that the table names, which [cluster] need not know.
fn place(reader: &mut Reader<'_>, placed: Vec<Placed>) {
    for Placed { zone, places } in placed {
        let nodes: NodeSet = places.iter().map(|place| among_all(reader, place)).collect();
        let Some(zones) = &mut reader.known.zones else { return };
        match zones.iter_mut().find(|known| known.name == zone) {
            Some(known) => known.nodes = known.nodes.union(nodes),
            None => zones.push(Zone { name: zone, nodes }),
        }
        zones.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Deals the service's nodes to the cluster's zones in turn.
fn deal(reader: &mut Reader<'_>) {
    let nodes = reader.known.service.unwrap_or(0);
    for place in (0..nodes).map(NodeId) {
        let node = among_all(reader, place);
        let Some(zones) = &mut reader.known.zones else { return };
        let count = zones.len().max(1);
        if let Some(zone) = zones.get_mut(place.index() % count) {
            zone.nodes.insert(node);
        }
    }
}

/// Remarks on a selector of service nodes where a scenario is also meant for algorithms that have none.
pub(crate) fn check_selector(reader: &mut Reader<'_>, span: Range<usize>, text: &str) {
    let (able, unable) = super::vocabulary::split(reader, |algorithm| algorithm.service);
    if unable.is_empty() || reader.catalogue.algorithms.is_empty() {
        return;
    }
    let (have, there) = if unable.len() == 1 { ("has", "it") } else { ("have", "them") };
    let message = format!(
        "{} {have} no coordination service: `{text}` finds no target with {there}",
        any_of_all(&unable)
    );
    reader.report(Remark::warning(span, message).hint(super::vocabulary::keep_to(&able)));
}

/// "`raft`, `zab` and `bully`", without the quotes that only single names need.
fn any_of_all(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => any_of(names).trim_matches('`').to_owned(),
    }
}
