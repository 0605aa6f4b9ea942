//! `[cluster]`: how many nodes, where they are, and what runs on them.

use crate::declare::{Item, Key, Kind, Table};
use crate::kinds::scalar::{ALGORITHMS, CLUSTER_SIZE, NODES};
use crate::kinds::word::PROFILE;
use crate::reader::{Fields, Reader, Remark};
use crate::schema;
use crate::sections::groups;
use interregnum_kernel::{NodeId, NodeSet, Profile};
use interregnum_world::Zone;
use serde_json::json;

static NODES_KEY: Key<u8> = Key::or("nodes", "5", CLUSTER_SIZE, "How many nodes there are.");
static MEMBERS: Key<NodeSet> = Key::optional(
    "members",
    NODES,
    "The nodes that make up the cluster at first; the rest are spares, which run and wait for `add-node`. Left out, all.",
);
static ZONES: Key<Vec<Zone>> = Key::or(
    "zones",
    "{}",
    ZONES_KIND,
    "Named groups of nodes, as in { a = [1, 2], b = [3] }. Selectors and tables of round trips refer to them.",
);
static ALGORITHMS_KEY: Key<Vec<String>> = Key::optional(
    "algorithms",
    ALGORITHMS,
    "The algorithms that the scenario is meant for; all if left out. A family stands for all of its algorithms: \"lease\", for \
     one.",
);
static PROFILE_KEY: Key<Profile> = Key::or(
    "profile",
    "\"matched\"",
    PROFILE,
    "Whose defaults hold: \"matched\" has the same heartbeat interval and detection bound for every algorithm, \
     \"production\" has each system's own.",
);

/// The table's keys.
pub(crate) static TABLE: Table =
    Table { name: "[cluster]", keys: || vec![&NODES_KEY, &MEMBERS, &ZONES, &ALGORITHMS_KEY, &PROFILE_KEY] };

/// The table.
pub(crate) static CLUSTER: Key<Cluster> =
    Key::or("cluster", "{}", KIND, "How many nodes there are, where they are, and what runs on them.");

/// What the table says, except for the zones, which others need before they are part of a setting.
pub(crate) struct Cluster {
    /// How many nodes there are.
    pub(crate) nodes: u8,
    /// The nodes that make up the cluster at first.
    pub(crate) members: NodeSet,
    /// The algorithms that the scenario is meant for.
    pub(crate) algorithms: Option<Vec<String>>,
    /// Whose defaults hold.
    pub(crate) profile: Profile,
    /// The size and the profile that the file has, whatever was put in their place.
    pub(crate) written: (u8, Profile),
}

const KIND: Kind<Cluster> = Kind {
    words: "the table [cluster]",
    read: |reader, item| {
        let fields = reader.fields(item, &TABLE)?;
        let written_nodes = reader.get(&fields, &NODES_KEY).map(|nodes| nodes.value);
        let nodes = size(reader, &fields, written_nodes);
        reader.known.nodes = nodes;
        let members = members(reader, &fields);
        reader.known.spares = members.is_some_and(|members| members != groups::everyone(reader));
        reader.known.zones = reader.get(&fields, &ZONES).map(|zones| zones.value);
        let algorithms = reader.get(&fields, &ALGORITHMS_KEY).map(|names| names.value);
        reader.known.algorithms = algorithms.clone();
        let written_profile = reader.get(&fields, &PROFILE_KEY)?.value;
        let profile = reader.overrides.profile.unwrap_or(written_profile);
        let written = (written_nodes?, written_profile);
        Some(Cluster { nodes: nodes?, members: members?, algorithms, profile, written })
    },
    schema: |catalogue| schema::of_table(&TABLE, catalogue),
};

/// How many nodes there are: as many as the caller wants, or else as the file has.
fn size(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, written: Option<u8>) -> Option<u8> {
    let Some(nodes) = reader.overrides.nodes else { return written };
    if (1..=NodeId::MAX).contains(&usize::from(nodes)) {
        return Some(nodes);
    }
    let remark = Remark::error(fields.span.clone(), format!("a cluster of {nodes} nodes was asked for"));
    reader.report(remark.expected(CLUSTER_SIZE.words));
    None
}

/// All nodes, where nothing is said. `None` only where something was reported.
fn members(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<NodeSet> {
    let everyone = NodeSet::first(usize::from(reader.nodes()));
    if fields.key_span(MEMBERS.name).is_none() {
        return Some(everyone);
    }
    let members = reader.get(fields, &MEMBERS)?;
    if members.value.is_empty() {
        reader.report(Remark::error(members.span, "a cluster has at least one member"));
        return None;
    }
    Some(members.value)
}

const ZONES_KIND: Kind<Vec<Zone>> = Kind {
    words: "zones and their nodes, such as { a = [1, 2], b = [3] }",
    read: |reader, item| {
        let mut zones: Vec<Zone> = Vec::new();
        let mut complete = true;
        for (name, span, members) in reader.keys(item, ZONES_KIND.words)? {
            let Some(nodes) = reader.read(&NODES, members) else {
                complete = false;
                continue;
            };
            if nodes.is_empty() {
                reader.report(Remark::error(members.span(), format!("the zone `{name}` has no node")));
            }
            report_shared(reader, members, nodes, &zones);
            if name.trim() != name || name.is_empty() {
                reader.report(Remark::error(span, "a zone's name neither is empty nor has spaces around it"));
            }
            zones.push(Zone { name: name.to_owned(), nodes });
        }
        zones.sort_by(|a, b| a.name.cmp(&b.name));
        complete.then_some(zones)
    },
    schema: |catalogue| json!({ "type": "object", "additionalProperties": (NODES.schema)(catalogue) }),
};

/// A node is in one zone only.
fn report_shared(reader: &mut Reader<'_>, members: &Item<'_>, nodes: NodeSet, earlier: &[Zone]) {
    for zone in earlier {
        for node in zone.nodes.intersection(nodes).iter() {
            let message = format!("node {} is already in the zone `{}`", node.0 + 1, zone.name);
            reader.report(Remark::error(members.span(), message));
        }
    }
}
