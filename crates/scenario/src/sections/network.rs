//! `[network]` and `[[network.link]]`: how messages travel, in general and on single links.

use crate::declare::{Item, Key, Kind, Table};
use crate::kinds::latency::LATENCY;
use crate::kinds::rtt::{ROUTES, Routes};
use crate::kinds::scalar::{FLAG, PROBABILITY};
use crate::kinds::selector::{LINK_ENDS, Selectors};
use crate::reader::{Reader, Remark};
use crate::schema;
use crate::sections::groups;
use interregnum_kernel::{NodeSet, Span};
use interregnum_world::{Endpoint, Latency, LinkSetting, Probability, Selector, Setting};
use serde_json::json;

/// How likely a message is held back, and by how much.
#[derive(Clone)]
pub(crate) struct Reorder {
    probability: Probability,
    delay: Latency,
}

static LATENCY_KEY: Key<Routes> = Key::or(
    "latency",
    "\"500us..1500us\"",
    ROUTES,
    "How long a message travels in one direction. A range is uniform.",
);
static LOSS: Key<Probability> = Key::or("loss", "0", PROBABILITY, "How likely a message is lost.");
static DUPLICATE: Key<Probability> = Key::or(
    "duplicate",
    "0",
    PROBABILITY,
    "How likely a message is delivered twice, the copy with a delay of its own.",
);
static REORDER: Key<Reorder> = Key::or(
    "reorder",
    "{ probability = 0, delay = \"0ms\" }",
    REORDER_KIND,
    "How likely a message is held back, and by how much, so that later ones overtake it.",
);
static LINKS: Key<Vec<Rule>> =
    Key::or("link", "[]", LINKS_KIND, "Exceptions for single links; a later one overrides an earlier one.");

/// The keys of `[network]`.
pub(crate) static TABLE: Table =
    Table { name: "[network]", keys: || vec![&LATENCY_KEY, &LOSS, &DUPLICATE, &REORDER, &LINKS] };

/// `[network]`: the links of all pairs of endpoints.
pub(crate) static NETWORK: Key<Vec<LinkSetting>> = Key::or("network", "{}", KIND, "How messages travel.");

static REORDER_PROBABILITY: Key<Probability> =
    Key::required("probability", PROBABILITY, "How likely a message is held back.");
static REORDER_DELAY: Key<Latency> =
    Key::required("delay", LATENCY, "By how much it is held back, on top of its latency.");
pub(crate) static REORDER_TABLE: Table =
    Table { name: "reorder", keys: || vec![&REORDER_PROBABILITY, &REORDER_DELAY] };

static FROM: Key<Selectors> = Key::required("from", LINK_ENDS, "The senders.");
static TO: Key<Selectors> = Key::required("to", LINK_ENDS, "The receivers.");
static SYMMETRIC: Key<bool> =
    Key::or("symmetric", "false", FLAG, "Whether the same holds in the other direction.");
static LINK_LATENCY: Key<Latency> =
    Key::optional("latency", LATENCY, "How long a message travels on these links.");
static LINK_LOSS: Key<Probability> =
    Key::optional("loss", PROBABILITY, "How likely a message is lost on these links.");
static LINK_DUPLICATE: Key<Probability> =
    Key::optional("duplicate", PROBABILITY, "How likely a message is delivered twice on these links.");
static LINK_REORDER: Key<Reorder> =
    Key::optional("reorder", REORDER_KIND, "How likely a message is held back on these links.");

/// The keys of `[[network.link]]`.
pub(crate) static LINK_TABLE: Table = Table {
    name: "[[network.link]]",
    keys: || vec![&FROM, &TO, &SYMMETRIC, &LINK_LATENCY, &LINK_LOSS, &LINK_DUPLICATE, &LINK_REORDER],
};

/// An exception for some links.
pub(crate) struct Rule {
    from: Vec<Endpoint>,
    to: Vec<Endpoint>,
    symmetric: bool,
    latency: Option<Latency>,
    loss: Option<Probability>,
    duplicate: Option<Probability>,
    reorder: Option<Reorder>,
}

const KIND: Kind<Vec<LinkSetting>> = Kind {
    words: "the table [network]",
    read: |reader, item| {
        let fields = reader.fields(item, &TABLE)?;
        let latency = reader.get(&fields, &LATENCY_KEY);
        let loss = reader.get(&fields, &LOSS);
        let duplicate = reader.get(&fields, &DUPLICATE);
        let reorder = reader.get(&fields, &REORDER);
        let rules = reader.get(&fields, &LINKS);
        reader.known.nodes?;
        let nodes = reader.all_nodes();
        let (loss, duplicate, reorder) = (loss?.value, duplicate?.value, reorder?.value);
        let link = |latency| LinkSetting {
            latency,
            loss,
            duplicate,
            reorder: reorder.probability,
            reorder_delay: reorder.delay.clone(),
        };
        let endpoints = usize::from(nodes) + 1;
        let mut links = match latency?.value {
            Routes::Same(latency) => vec![link(latency); endpoints * endpoints],
            Routes::Each(latencies) => latencies.into_iter().map(link).collect(),
        };
        for rule in rules?.value {
            rule.apply(&mut links, nodes);
        }
        Some(links)
    },
    schema: |catalogue| schema::of_table(&TABLE, catalogue),
};

const REORDER_KIND: Kind<Reorder> = Kind {
    words: "{ probability = 0.01, delay = \"5ms..20ms\" }",
    read: |reader, item| {
        if !item.get_ref().is_table() {
            reader.mismatch(item, REORDER_KIND.words);
            return None;
        }
        let fields = reader.fields(item, &REORDER_TABLE)?;
        let (probability, delay) =
            (reader.get(&fields, &REORDER_PROBABILITY), reader.get(&fields, &REORDER_DELAY));
        let (probability, delay) = (probability?.value, delay?);
        if !probability.is_never() && delay.value.longest() == Span::ZERO {
            reader.report(Remark::warning(delay.span, "a message held back by nothing is not overtaken"));
        }
        Some(Reorder { probability, delay: delay.value })
    },
    schema: |catalogue| schema::of_table(&REORDER_TABLE, catalogue),
};

const LINKS_KIND: Kind<Vec<Rule>> = Kind {
    words: "tables [[network.link]]",
    read: |reader, item| {
        let list = reader.list(item, LINKS_KIND.words)?;
        let rules: Vec<_> = list.iter().map(|entry| rule(reader, entry)).collect();
        rules.into_iter().collect()
    },
    schema: |catalogue| json!({ "type": "array", "items": schema::of_table(&LINK_TABLE, catalogue) }),
};

fn rule(reader: &mut Reader<'_>, item: &Item<'_>) -> Option<Rule> {
    let fields = reader.fields(item, &LINK_TABLE)?;
    let (from, to) = (reader.get(&fields, &FROM), reader.get(&fields, &TO));
    let symmetric = reader.get(&fields, &SYMMETRIC);
    let latency = reader.get(&fields, &LINK_LATENCY).map(|latency| latency.value);
    let loss = reader.get(&fields, &LINK_LOSS).map(|loss| loss.value);
    let duplicate = reader.get(&fields, &LINK_DUPLICATE).map(|duplicate| duplicate.value);
    let reorder = reader.get(&fields, &LINK_REORDER).map(|reorder| reorder.value);
    let changes = [&LINK_LATENCY.name, &LINK_LOSS.name, &LINK_DUPLICATE.name, &LINK_REORDER.name];
    if !reader.broken && changes.iter().all(|name| fields.key_span(name).is_none()) {
        let remark = Remark::warning(fields.span.clone(), "this exception changes nothing");
        reader.report(remark.expected("a `latency`, `loss`, `duplicate` or `reorder`"));
    }
    let (from, to) = (endpoints(reader, from?.value), endpoints(reader, to?.value));
    Some(Rule { from, to, symmetric: symmetric?.value, latency, loss, duplicate, reorder })
}

/// The endpoints that fixed selectors name.
fn endpoints(reader: &Reader<'_>, selectors: Selectors) -> Vec<Endpoint> {
    let nodes = reader.all_nodes();
    let of_set = |set: NodeSet| set.iter().map(Endpoint::from).collect::<Vec<_>>();
    let one = |selector: Selector| match selector {
        Selector::Resource => vec![Endpoint::resource(nodes)],
        // The kind of value admits no role here.
        named => of_set(groups::named(reader, &named)),
    };
    selectors.into_iter().flat_map(|selector| one(selector.value)).collect()
}

impl Rule {
    fn apply(&self, links: &mut [LinkSetting], nodes: u8) {
        for from in &self.from {
            for to in &self.to {
                self.change(&mut links[Setting::link_index(nodes, *from, *to)]);
                if self.symmetric {
                    self.change(&mut links[Setting::link_index(nodes, *to, *from)]);
                }
            }
        }
    }

    fn change(&self, link: &mut LinkSetting) {
        if let Some(latency) = &self.latency {
            link.latency = latency.clone();
        }
        if let Some(loss) = self.loss {
            link.loss = loss;
        }
        if let Some(duplicate) = self.duplicate {
            link.duplicate = duplicate;
        }
        if let Some(reorder) = &self.reorder {
            link.reorder = reorder.probability;
            link.reorder_delay = reorder.delay.clone();
        }
    }
}
