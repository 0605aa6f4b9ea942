//! Measured round trips between places, as delays between endpoints.

use crate::declare::{Declared, Key, Kind, Table};
use crate::kinds::duration::{DURATION, RANGE, decimal};
use crate::kinds::latency::{FORMS, form_schema, one_form, plain};
use crate::kinds::scalar::TEXT;
use crate::nearest::{any_of, did_you_mean};
use crate::reader::{At, Fields, Reader, Remark};
use interregnum_kernel::{Jitter, NodeId, Span};
use interregnum_world::Latency;
use serde_json::json;
use std::collections::BTreeMap;

/// The delays of a cluster's links.
pub(crate) enum Routes {
    /// The same on every link.
    Same(Latency),
    /// One per ordered pair of endpoints, row by row.
    Each(Vec<Latency>),
}

static RTT_CSV: Key<String> = Key::optional(
    "rtt_csv",
    TEXT,
    "A CSV file with the columns from, to and rtt_ms, relative to the scenario: measured round trips between \
     places, which are the names of the zones. A message takes half the round trip. Where only one direction was \
     measured it stands for both.",
);
static SPREAD: Key<Jitter> = Key::or(
    "spread",
    "\"0ms\"",
    RANGE,
    "With rtt_csv: added to each message's delay, drawn uniformly, since such tables publish averages only.",
);
static LOCAL: Key<Span> = Key::optional(
    "local",
    DURATION,
    "With rtt_csv: the round trip between two endpoints of one place, where the table does not say it.",
);
static RESOURCE_ZONE: Key<String> = Key::optional(
    "resource_zone",
    TEXT,
    "With rtt_csv: the place of the fenced resource. Needed when leaders write to it.",
);

pub(crate) static ROUTES_FORM: Table = Table {
    name: "a delay's braces",
    keys: || {
        let mut keys: Vec<&'static dyn Declared> = FORMS.iter().map(|form| *form as _).collect();
        keys.extend([&RTT_CSV as &dyn Declared, &SPREAD, &LOCAL, &RESOURCE_ZONE]);
        keys
    },
};

fn form_names() -> Vec<&'static str> {
    FORMS.iter().map(|form| form.name).chain([RTT_CSV.name]).collect()
}

/// The delays of all links.
pub(crate) const ROUTES: Kind<Routes> = Kind {
    words: "a delay such as \"3ms\", \"1ms..5ms\", { lognormal = { median = \"3ms\", p99 = \"20ms\" } } or \
            { rtt_csv = \"FILE\" }",
    read: |reader, item| {
        if !item.get_ref().is_table() {
            return plain(reader, item, ROUTES.words).map(Routes::Same);
        }
        let fields = reader.fields(item, &ROUTES_FORM)?;
        if fields.key_span(RTT_CSV.name).is_some() {
            return measured(reader, &fields);
        }
        for name in [SPREAD.name, LOCAL.name, RESOURCE_ZONE.name] {
            if let Some(span) = fields.key_span(name) {
                reader.report(Remark::error(span, format!("`{name}` has a meaning only with `rtt_csv`")));
            }
        }
        one_form(reader, &fields, &form_names()).map(Routes::Same)
    },
    schema: |catalogue| {
        json!({ "anyOf": [
            (RANGE.schema)(catalogue),
            form_schema(&ROUTES_FORM, &form_names(), catalogue),
        ] })
    },
};

/// Round trips by ordered pair of places.
type Table2 = BTreeMap<(String, String), Span>;

fn measured(reader: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Routes> {
    for form in FORMS {
        if let Some(span) = fields.key_span(form.name) {
            let message = "a delay has one distribution, and this names a second";
            reader.report(Remark::error(span, message));
        }
    }
    let path = reader.get(fields, &RTT_CSV);
    let spread = reader.get(fields, &SPREAD);
    let local = reader.get(fields, &LOCAL).map(|local| local.value);
    let resource = reader.get(fields, &RESOURCE_ZONE);
    let (path, spread) = (path?, spread?);
    let table = load(reader, &path)?;
    let places = places(reader, fields, &path, &table, resource)?;
    let mut delays = Vec::new();
    let mut missing: Vec<(String, String)> = Vec::new();
    for from in &places {
        for to in &places {
            delays.push(match (from, to) {
                (Some(from), Some(to)) => round_trip(&table, local, from, to).map_or_else(
                    || {
                        missing.push((from.clone(), to.clone()));
                        Latency::Constant(Span::ZERO)
                    },
                    |rtt| delay(rtt, spread.value),
                ),
                // An unplaced resource is one to which nobody writes.
                _ => Latency::Constant(Span::ZERO),
            });
        }
    }
    // A place's way to itself occurs for every endpoint; it counts only where two share the place.
    // Nodes of a coordination service that the file does not place share a place with others by no choice of its own: for
    // them the way within a place may be as good as none.
    let said = if reader.known.service_is_placed { reader.all_nodes() } else { reader.nodes() };
    let meant: Vec<&String> = places[..usize::from(said)].iter().chain(places.last()).flatten().collect();
    missing.retain(|(from, to)| from != to || meant.iter().filter(|place| **place == from).count() > 1);
    report_missing(reader, &path, missing).then_some(Routes::Each(delays))
}

fn delay(rtt: Span, spread: Jitter) -> Latency {
    let half = Span(rtt.0 / 2);
    match (half + spread.min, half + spread.max) {
        (min, max) if min == max => Latency::Constant(min),
        (min, max) => Latency::Uniform { min, max },
    }
}

fn round_trip(table: &Table2, local: Option<Span>, from: &str, to: &str) -> Option<Span> {
    let measured = |from: &str, to: &str| table.get(&(from.to_owned(), to.to_owned())).copied();
    measured(from, to).or_else(|| if from == to { local } else { measured(to, from) })
}

fn report_missing(reader: &mut Reader<'_>, path: &At<String>, mut missing: Vec<(String, String)>) -> bool {
    // A way that is missing is missing in both directions.
    missing.retain(|(from, to)| from <= to);
    missing.sort();
    missing.dedup();
    for (from, to) in &missing {
        let message = format!("`{}` has no round trip ", path.value);
        reader.report(if from == to {
            Remark::error(path.span.clone(), message + &format!("within `{from}`"))
                .hint("say it: local = \"1ms\"")
        } else {
            Remark::error(path.span.clone(), message + &format!("between `{from}` and `{to}`"))
        });
    }
    missing.is_empty()
}

/// The place of every endpoint; the resource, which is the last, may have none.
fn places(
    reader: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    path: &At<String>,
    table: &Table2,
    resource: Option<At<String>>,
) -> Option<Vec<Option<String>>> {
    let names: Vec<&str> = {
        let mut names: Vec<&str> = table.keys().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let (contenders, zones) = (reader.known.nodes?, reader.known.zones.clone()?);
    let nodes = reader.all_nodes();
    let mut complete = true;
    let mut places = Vec::new();
    for node in (0..nodes).map(NodeId) {
        let zone = zones.iter().find(|zone| zone.nodes.contains(node));
        let Some(name) = zone.map(|zone| zone.name.clone()) else {
            let who = match node.0 {
                index if index < contenders => format!("node {}", index + 1),
                index => format!("service {}", index - contenders + 1),
            };
            let message = format!("{who} is in no zone, and so has no place in `{}`", path.value);
            reader.report(Remark::error(path.span.clone(), message));
            complete = false;
            continue;
        };
        places.push(Some(name));
    }
    for zone in zones.iter().map(|zone| zone.name.as_str()).filter(|zone| !names.contains(zone)) {
        let remark = Remark::error(path.span.clone(), format!("`{}` has no place `{zone}`", path.value));
        reader.report(remark.expected(any_of(&names)).maybe_hint(did_you_mean(zone, names.iter().copied())));
        complete = false;
    }
    if let Some(place) = &resource
        && !names.contains(&place.value.as_str())
    {
        let message = format!("`{}` has no place `{}`", path.value, place.value);
        let hint = did_you_mean(&place.value, names.iter().copied());
        let remark = Remark::error(place.span.clone(), message);
        reader.report(remark.expected(any_of(&names)).maybe_hint(hint));
        complete = false;
    }
    if resource.is_none() && reader.known.writes {
        reader.missing(
            fields.span.clone(),
            RESOURCE_ZONE.name,
            "the place of the resource: leaders write to it",
        );
        complete = false;
    }
    places.push(resource.map(|place| place.value));
    complete.then_some(places)
}

fn load(reader: &mut Reader<'_>, path: &At<String>) -> Option<Table2> {
    let content = match reader.load(&path.value) {
        Ok(content) => content,
        Err(problem) => {
            let message = format!("`{}` cannot be read: {problem}", path.value);
            reader.report(Remark::error(path.span.clone(), message));
            return None;
        }
    };
    match parse(&content) {
        Ok(table) => Some(table),
        Err((line, problem)) => {
            let message = format!("`{}`, line {line}: {problem}", path.value);
            let remark = Remark::error(path.span.clone(), message);
            reader.report(remark.expected("the columns from,to,rtt_ms"));
            None
        }
    }
}

/// Reads a table of round trips; an error names its line.
fn parse(content: &str) -> Result<Table2, (u64, String)> {
    let mut table = Table2::new();
    let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content.as_bytes());
    let headers = rows.headers().map_err(|problem| (1, problem.to_string()))?.clone();
    let column = |name: &str| {
        headers.iter().position(|header| header == name).ok_or((1, format!("there is no column `{name}`")))
    };
    let columns = [column("from")?, column("to")?, column("rtt_ms")?];
    for row in rows.records() {
        let row =
            row.map_err(|problem| (problem.position().map_or(0, csv::Position::line), problem.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        let [from, to, rtt] = columns.map(|column| row.get(column).unwrap_or_default());
        let rtt = decimal(rtt, 1_000_000)
            .map_err(|_| (line, format!("`{rtt}` is not a number of milliseconds")))?;
        if table.insert((from.to_owned(), to.to_owned()), rtt).is_some() {
            return Err((line, format!("from `{from}` to `{to}` stands there twice")));
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_round_trips_is_read_exactly() {
        let table = parse("from,to,rtt_ms\nA,A,0.09\nA, B ,31\n").unwrap();
        assert_eq!(table.get(&("A".to_owned(), "A".to_owned())), Some(&Span::micros(90)));
        assert_eq!(table.get(&("A".to_owned(), "B".to_owned())), Some(&Span::millis(31)));
    }

    #[test]
    fn the_line_of_a_mistake_is_named() {
        for (content, line) in [
            ("from,to,rtt\nA,B,1\n", 1),
            ("from,to,rtt_ms\nA,B,1\nA,B,2\n", 3),
            ("from,to,rtt_ms\nA,B,fast\n", 2),
            ("from,to,rtt_ms\nA,B,1\nA,B\n", 3),
        ] {
            assert_eq!(parse(content).unwrap_err().0, line, "{content:?}");
        }
    }

    #[test]
    fn a_way_measured_once_stands_for_both_directions() {
        let table = parse("from,to,rtt_ms\nA,B,31\n").unwrap();
        assert_eq!(round_trip(&table, None, "B", "A"), Some(Span::millis(31)));
        assert_eq!(round_trip(&table, Some(Span::millis(1)), "A", "A"), Some(Span::millis(1)));
        assert_eq!(round_trip(&table, None, "A", "A"), None);
    }
}
