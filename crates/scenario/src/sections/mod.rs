//! The tables of a scenario file, one file each. A new key is a declaration, its place in the table's list, and its
//! use; a new table is a file here and a key in [`DOCUMENT`].

pub(crate) mod bridge;
pub(crate) mod cluster;
pub(crate) mod expect;
pub(crate) mod fault;
pub(crate) mod groups;
pub(crate) mod levers;
pub(crate) mod nemesis;
pub(crate) mod network;
pub(crate) mod parameters;
pub(crate) mod run;
pub(crate) mod service;
pub(crate) mod surroundings;
pub(crate) mod trigger;
pub(crate) mod vocabulary;

use crate::declare::{Key, Kind, Table};
use crate::kinds::scalar::{NAME, TEXT};
use crate::kinds::{latency, rtt};
use crate::reader::{Fields, Reader, Remark};
use crate::scenario::Scenario;
use cluster::Cluster;
use interregnum_kernel::NodeSet;
use interregnum_world::{Plan, Setting};
use serde_json::json;
use toml::de::DeTable;

/// The version of the format that this crate reads.
const FORMAT_VERSION: u64 = 1;

const FORMAT_KIND: Kind<u64> = Kind {
    words: "`format = 1`",
    read: |reader, item| reader.count(item, FORMAT_KIND.words),
    schema: |_| json!({ "const": FORMAT_VERSION }),
};

static FORMAT: Key<u64> = Key::required("format", FORMAT_KIND, "The version of this format.");
static NAME_KEY: Key<String> =
    Key::required("name", NAME, "The scenario's name: lower-case words joined by hyphens.");
static SUMMARY: Key<String> =
    Key::or("summary", "\"\"", TEXT, "What happens and what is expected, in a sentence or two.");

/// The whole file.
pub(crate) static DOCUMENT: Table = Table {
    name: "the scenario",
    keys: || {
        vec![
            &FORMAT,
            &NAME_KEY,
            &SUMMARY,
            &cluster::CLUSTER,
            &service::SERVICE,
            &parameters::PARAMETERS,
            &network::NETWORK,
            &surroundings::DISK,
            &surroundings::CLOCK,
            &surroundings::RESOURCE,
            &surroundings::WORKLOAD,
            &fault::FAULT,
            &nemesis::NEMESIS,
            &run::RUN,
            &expect::EXPECT,
        ]
    },
};

/// All tables with keys of their own, to find the home of a key that stands in the wrong one.
pub(crate) fn tables() -> Vec<&'static Table> {
    vec![
        &DOCUMENT,
        &cluster::TABLE,
        &service::TABLE,
        &network::TABLE,
        &network::LINK_TABLE,
        &surroundings::DISK_TABLE,
        &surroundings::CLOCK_TABLE,
        &surroundings::RESOURCE_TABLE,
        &surroundings::WORKLOAD_TABLE,
        &fault::TABLE,
        &trigger::TABLE,
        &nemesis::TABLE,
        &run::TABLE,
        &expect::TABLE,
    ]
}

/// The tables that are values of keys, by those keys.
fn inner_tables() -> Vec<(&'static str, &'static Table)> {
    vec![
        ("latency", &rtt::ROUTES_FORM),
        ("lognormal", &latency::LOGNORMAL_KEYS),
        ("exponential", &latency::EXPONENTIAL_KEYS),
        ("reorder", &network::REORDER_TABLE),
        ("cut", &levers::links::CUT_TABLE),
        ("degrade", &levers::degrade::TABLE),
        ("bridge", &bridge::TABLE),
        ("when", &trigger::TABLE),
        ("leader_during", &expect::LEADER_DURING_TABLE),
        ("failover", &expect::FAILOVER_TABLE),
    ]
}

/// The declaration of the table to which these keys lead, if its keys are declared.
pub(crate) fn declaration(path: &[&str]) -> Option<&'static Table> {
    let Some(last) = path.last() else { return Some(&DOCUMENT) };
    let name = path.join(".");
    let named = tables().into_iter().find(|table| table.name.trim_matches(['[', ']']) == name);
    let inner = || inner_tables().into_iter().find(|(key, _)| key == last).map(|(_, table)| table);
    let of_algorithm = || (path.len() == 2 && path[0] == EXPECT).then_some(&expect::TABLE);
    named.or_else(inner).or_else(of_algorithm)
}

/// The key of what is expected, whose tables are named after algorithms.
const EXPECT: &str = expect::EXPECT.name;

/// Whether the file is of another version, which is reported: the rest of it would only collect misunderstandings.
pub(crate) fn is_of_another_version(reader: &mut Reader<'_>, document: &DeTable<'_>) -> bool {
    let Some(item) = document.get(FORMAT.name) else { return false };
    let version = item.get_ref().as_integer().map(ToString::to_string);
    let Some(other) = version.filter(|version| *version != FORMAT_VERSION.to_string()) else { return false };
    let message = format!("format {other} is not known to this version");
    reader.report(Remark::error(item.span(), message).expected(FORMAT_KIND.words));
    true
}

/// Reads the whole document. What other sections depend on is read first. `None` only where something was reported.
pub(crate) fn read(reader: &mut Reader<'_>, top: &Fields<'_, '_>) -> Option<Scenario> {
    reader.get(top, &FORMAT);
    let name = reader.get(top, &NAME_KEY);
    let summary = reader.get(top, &SUMMARY);
    let cluster = reader.get(top, &cluster::CLUSTER).map(|cluster| cluster.value);
    let service = reader.get(top, &service::SERVICE);
    let run = reader.get(top, &run::RUN).map(|run| run.value);
    let parameters = reader.get(top, &parameters::PARAMETERS);
    let workload = reader.get(top, &surroundings::WORKLOAD);
    let network = reader.get(top, &network::NETWORK);
    let disk = reader.get(top, &surroundings::DISK);
    let clocks = reader.get(top, &surroundings::CLOCK);
    let resource = reader.get(top, &surroundings::RESOURCE);
    // Events that only faults bring about are looked for in the plan, unless a nemesis may draw them.
    let nemesis = reader.get(top, &nemesis::NEMESIS).map(|nemesis| nemesis.value);
    let faults = reader.get(top, &fault::FAULT);
    let expect = reader.get(top, &expect::EXPECT);

    let (cluster, ()) = (cluster?, service?.value);
    let parameters = parameters::with_cluster(parameters?.value, &cluster);
    let Cluster { nodes, members, algorithms, profile, written } = cluster;
    let run = run?;
    let all = reader.all_nodes();
    let served = Setting {
        nodes: all,
        service: NodeSet::first(usize::from(all)).minus(NodeSet::first(usize::from(nodes))),
        zones: reader.known.zones.take()?,
        down: run.down,
        links: network?.value,
        fsync: disk?.value,
        clocks: clocks?.value,
        workload: workload?.value,
        fencing: resource?.value,
        plan: Plan { faults: faults?.value },
        nemesis,
        heal: run.heal,
        core: run.core,
        horizon: run.horizon,
    };
    let (mut expect, mut expect_for) = expect?.value;
    let through_service = reader.catalogue.algorithms.iter().filter(|algorithm| algorithm.service);
    let as_written = written == (nodes, profile);
    if !as_written {
        expect = expect.without_numbers();
        expect_for.values_mut().for_each(|one| *one = one.without_numbers());
    }
    Some(Scenario {
        name: name?.value,
        summary: summary?.value,
        algorithms,
        profile,
        members,
        parameters,
        setting: served.without_service(),
        served,
        contend_through_service: through_service.map(|one| one.name.to_owned()).collect(),
        expect,
        expect_for,
        overrides: reader.overrides,
        as_written,
        text: String::new(),
        files: std::mem::take(&mut reader.files),
    })
}
