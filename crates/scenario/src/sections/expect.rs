//! `[expect]`, `[expect.FAMILY]` and `[expect.ALGORITHM]`: what the runs are expected to show.

use crate::catalogue::GoalNeeds;
use crate::declare::{Declared, Item, Key, Kind, Table};
use crate::expectation::{Comparison, Counted, Expectation, FailoverExpectation, LeaderDuring};
use crate::kinds::duration::{DURATION, PERIOD};
use crate::kinds::scalar::{COMPARISON, GOALS, INVARIANTS};
use crate::kinds::word::CONNECTED;
use crate::reader::{At, Fields, Reader, Remark};
use crate::schema;
use crate::sections::parameters::{warn_if_none_used, warn_if_unused};
use interregnum_kernel::{Connected, Span};
use serde_json::json;
use std::collections::BTreeMap;

static LEADER_WITHIN: Key<Span> = Key::optional(
    "leader_within",
    PERIOD,
    "In every run a leader is established within this time after the heal.",
);
static LEADER_DURING: Key<LeaderDuring> = Key::optional(
    "leader_during",
    LEADER_DURING_KIND,
    "A leader that a quorum obeys within this time after the start and after every change of the links between nodes that \
     work, as long as the links stay as they are and connect a quorum: during a partition as well as after it.",
);
static VIOLATED: Key<Vec<String>> = Key::optional(
    "violated",
    INVARIANTS,
    "Invariants that are violated, each in at least one seed; no seed violates any other. Left out, all hold.",
);
static FAILOVER: Key<FailoverExpectation> = Key::optional(
    "failover",
    FAILOVER_KIND,
    "Upper bounds on the failover times over all seeds. A run that never recovered counts as infinitely long.",
);
static LEADER_CHANGES_PER_HOUR: Key<Comparison> = Key::optional(
    "leader_changes_per_hour",
    COMPARISON,
    "How many leaders were established after the first, over all seeds, per hour of simulated time. Compared without \
     rounding: 1.2 per hour is not \"<= 1\".",
);
static SOMETIMES: Key<Vec<At<String>>> = Key::optional(
    "sometimes",
    GOALS,
    "What the scenario must really have exercised: goals that at least one seed reaches each. `interregnum list \
     invariants` lists them.",
);

/// What can be counted, and the keys that bound it.
static COUNTS: [(Counted, Key<Comparison>); 6] = [
    count(
        Counted::StaleWritesRejected,
        "How many writes the resource refused, having taken one with a later token, over all seeds.",
    ),
    count(
        Counted::StaleWritesAccepted,
        "How many writes the resource took although it had taken one with a later token, over all seeds.",
    ),
    count(Counted::LeaderChanges, "How many leaders were established after the first, over all seeds."),
    count(Counted::SpuriousFailovers, "How many leader changes no fault called for, over all seeds."),
    count(Counted::SplitVotes, "How many elections ended without a leader for a split vote, over all seeds."),
    count(Counted::Failovers, "How many failovers were needed and succeeded, over all seeds."),
];

const fn count(counted: Counted, doc: &'static str) -> (Counted, Key<Comparison>) {
    (counted, Key::optional(counted.name(), COMPARISON, doc))
}

/// The keys of `[expect]`, besides the names of algorithms.
pub(crate) static TABLE: Table = Table {
    name: "[expect]",
    keys: || {
        let mut keys: Vec<&'static dyn Declared> = vec![&LEADER_WITHIN, &LEADER_DURING, &VIOLATED, &FAILOVER];
        keys.extend(COUNTS.iter().map(|(_, key)| key as &dyn Declared));
        keys.extend([&LEADER_CHANGES_PER_HOUR as &dyn Declared, &SOMETIMES]);
        keys
    },
};

static OF_ALGORITHM: Table = Table { name: "[expect.ALGORITHM]", keys: TABLE.keys };

/// What is expected of all, and of single algorithms.
type Expectations = (Expectation, BTreeMap<String, Expectation>);

/// The tables.
pub(crate) static EXPECT: Key<Expectations> = Key::or(
    "expect",
    "{}",
    KIND,
    "What is expected of all seeds together. Unless said otherwise, every invariant holds. A table named after an \
     algorithm, [expect.raft], overrides single keys for it; one named after a family, [expect.lease], for all whose names \
     begin with `lease-`, and tables of single ones override it in turn.",
);

static WITHIN: Key<Span> =
    Key::required("within", PERIOD, "How soon after a change of the links there must be a leader.");
static OF: Key<Connected> = Key::or(
    "of",
    "\"quorum\"",
    CONNECTED,
    "How well a quorum must be connected: \"quorum\", its nodes all reach each other; \"hub\", at least one node reaches a \
     quorum.",
);
pub(crate) static LEADER_DURING_TABLE: Table = Table { name: "leader_during", keys: || vec![&WITHIN, &OF] };

const LEADER_DURING_KIND: Kind<LeaderDuring> = Kind {
    words: "a duration longer than zero, such as \"2s\", or { within = \"2s\", of = \"hub\" }",
    read: |reader, item| {
        if item.get_ref().is_str() {
            let within = reader.read(&PERIOD, item)?;
            return Some(LeaderDuring { within, of: Connected::Quorum });
        }
        if !item.get_ref().is_table() {
            reader.mismatch(item, LEADER_DURING_KIND.words);
            return None;
        }
        let fields = reader.fields(item, &LEADER_DURING_TABLE)?;
        let (within, of) = (reader.get(&fields, &WITHIN), reader.get(&fields, &OF));
        Some(LeaderDuring { within: within?.value, of: of?.value })
    },
    schema: |catalogue| {
        let table = schema::of_table(&LEADER_DURING_TABLE, catalogue);
        json!({ "anyOf": [(PERIOD.schema)(catalogue), table] })
    },
};

static P50: Key<Span> = Key::optional("p50", DURATION, "The median is at most this.");
static P95: Key<Span> = Key::optional("p95", DURATION, "The 95th percentile is at most this.");
static P99: Key<Span> = Key::optional("p99", DURATION, "The 99th percentile is at most this.");
static MAX: Key<Span> = Key::optional("max", DURATION, "The longest is at most this.");
static NEVER: Key<Comparison> =
    Key::optional("never", COMPARISON, "How many runs needed a failover and had none by their end.");
pub(crate) static FAILOVER_TABLE: Table =
    Table { name: "failover", keys: || vec![&P50, &P95, &P99, &MAX, &NEVER] };

const FAILOVER_KIND: Kind<FailoverExpectation> = Kind {
    words: "bounds such as { p50 = \"400ms\", p99 = \"1s\" }",
    read: |reader, item| {
        if !item.get_ref().is_table() {
            reader.mismatch(item, FAILOVER_KIND.words);
            return None;
        }
        let fields = reader.fields(item, &FAILOVER_TABLE)?;
        let bounds = [&P50, &P95, &P99, &MAX].map(|key| reader.get(&fields, key));
        check_order(reader, &bounds);
        let [p50, p95, p99, max] = bounds.map(|bound| bound.map(|bound| bound.value));
        let never = reader.get(&fields, &NEVER).map(|never| never.value);
        Some(FailoverExpectation { p50, p95, p99, max, never })
    },
    schema: |catalogue| schema::of_table(&FAILOVER_TABLE, catalogue),
};

/// A later percentile is never below an earlier one, so a smaller bound on it makes the earlier bound idle.
fn check_order(reader: &mut Reader<'_>, bounds: &[Option<At<Span>>; 4]) {
    let given: Vec<&At<Span>> = bounds.iter().flatten().collect();
    for pair in given.windows(2) {
        if pair[1].value < pair[0].value {
            let message =
                format!("the bound {} is below that of a lower percentile, {}", pair[1].value, pair[0].value);
            reader.report(Remark::warning(pair[1].span.clone(), message));
        }
    }
}

const KIND: Kind<Expectations> = Kind {
    words: "the table [expect]",
    read: |reader, item| {
        let catalogue = reader.catalogue;
        let (names, families) = (catalogue.algorithm_names(), catalogue.families());
        let fields = reader.fields_and(item, &TABLE, &catalogue.names_and_families())?;
        let mut expect = Expectation::default();
        apply(reader, &fields, &mut expect);
        let mut expect_for: BTreeMap<String, Expectation> = BTreeMap::new();
        let among = |known: &[&str]| -> Vec<_> {
            fields.iter().filter(|(name, ..)| known.contains(name)).cloned().collect()
        };
        let (of_families, of_algorithms) = (among(&families), among(&names));
        // What is said of a family holds for each of its algorithms, unless more is said of that one.
        for (family, span, table) in of_families {
            let members = catalogue.family(family);
            warn_if_none_used(reader, family, span, &members);
            let expectation = of_algorithm(reader, table, &expect)?;
            expect_for.extend(members.into_iter().map(|name| (name.to_owned(), expectation.clone())));
        }
        for (name, span, table) in of_algorithms {
            warn_if_unused(reader, name, span, "nothing is compared with this");
            let of_family = expect_for.get(name).unwrap_or(&expect).clone();
            expect_for.insert(name.to_owned(), of_algorithm(reader, table, &of_family)?);
        }
        Some((expect, expect_for))
    },
    schema: |catalogue| {
        let mut schema = schema::of_table(&TABLE, catalogue);
        for name in catalogue.algorithm_names().into_iter().chain(catalogue.absent.iter().copied()) {
            schema["properties"][name] = schema::of_table(&OF_ALGORITHM, catalogue);
            schema["properties"][name]["description"] = json!(format!("What is expected of {name} instead."));
        }
        for family in catalogue.families() {
            schema["properties"][family] = schema::of_table(&OF_ALGORITHM, catalogue);
            let description =
                format!("What is expected of every algorithm whose name begins with `{family}-` instead.");
            schema["properties"][family]["description"] = json!(description);
        }
        schema
    },
};

fn of_algorithm(reader: &mut Reader<'_>, item: &Item<'_>, all: &Expectation) -> Option<Expectation> {
    let fields = reader.fields(item, &OF_ALGORITHM)?;
    let mut expectation = all.clone();
    apply(reader, &fields, &mut expectation);
    Some(expectation)
}

/// Puts what a table says over what was said before, key by key.
fn apply(reader: &mut Reader<'_>, fields: &Fields<'_, '_>, expectation: &mut Expectation) {
    if let Some(within) = reader.get(fields, &LEADER_WITHIN) {
        check_within(reader, &within);
        expectation.leader_within = Some(within.value);
    }
    if let Some(during) = reader.get(fields, &LEADER_DURING) {
        check_during(reader, &during);
        expectation.leader_during = Some(during.value);
    }
    if let Some(bound) = reader.get(fields, &LEADER_CHANGES_PER_HOUR) {
        expectation.leader_changes_per_hour = Some(bound.value);
    }
    if let Some(goals) = reader.get(fields, &SOMETIMES) {
        goals.value.iter().for_each(|goal| check_goal(reader, goal));
        expectation.sometimes = goals.value.into_iter().map(|goal| goal.value).collect();
    }
    if let Some(violated) = reader.get(fields, &VIOLATED) {
        expectation.violated = violated.value;
    }
    if let Some(failover) = reader.get(fields, &FAILOVER) {
        if failover.value != FailoverExpectation::default() {
            check_fault(reader, FAILOVER.name, &failover.span);
        }
        expectation.failover = failover.value;
    }
    for (counted, key) in &COUNTS {
        if let Some(comparison) = reader.get(fields, key) {
            check_count(reader, *counted, &comparison);
            expectation.counts.insert(*counted, comparison.value);
        }
    }
}

/// The time to a leader is counted from the heal, and the run must last long enough to see it.
fn check_within(reader: &mut Reader<'_>, within: &At<Span>) {
    if !reader.known.heal_is_known {
        return;
    }
    let Some(heal) = reader.known.heal else {
        let remark =
            Remark::error(within.span.clone(), "`leader_within` counts from the heal, and there is none");
        reader.report(remark.expected("`heal` in [run]"));
        return;
    };
    if let Some(horizon) = reader.known.horizon
        && heal < horizon
        && heal + within.value > horizon
    {
        let message =
            format!("{} after the heal at {heal} the run is over: it ends at {horizon}", within.value);
        let most = horizon.saturating_sub(heal);
        reader.report(Remark::error(within.span.clone(), message).expected(format!("at most {most}")));
    }
}

/// Links must have the time to stay as they are.
fn check_during(reader: &mut Reader<'_>, during: &At<LeaderDuring>) {
    let Some(horizon) = reader.known.horizon else { return };
    if during.value.within > horizon {
        let message =
            format!("the run is over before {} have gone by: it ends at {horizon}", during.value.within);
        reader.report(Remark::error(during.span.clone(), message).expected(format!("at most {horizon}")));
    }
}

/// A goal must be one that can be reached.
fn check_goal(reader: &mut Reader<'_>, goal: &At<String>) {
    let needs = reader.catalogue.goals.iter().find(|info| info.name == goal.value).map(|info| info.needs);
    let refusal = match needs {
        Some(GoalNeeds::Writes | GoalNeeds::Fencing) if !reader.known.writes => {
            "nobody writes: `writes_every` in [workload] is \"never\""
        }
        Some(GoalNeeds::Fencing) if !reader.known.fencing => {
            "the resource refuses nothing: `fencing` in [resource] is false"
        }
        _ => return,
    };
    let message = format!("`{}` is asked for, but {refusal}", goal.value);
    reader.report(Remark::error(goal.span.clone(), message));
}

/// Without a fault there is nothing to fail over from.
fn check_fault(reader: &mut Reader<'_>, what: &str, span: &std::ops::Range<usize>) {
    if reader.known.faults == 0 && !reader.broken {
        let message = format!("`{what}` is expected, but no fault precedes it");
        reader.report(Remark::error(span.clone(), message).expected("a [[fault]] that calls for a failover"));
    }
}

/// An expectation that something happens must be one that can be met.
fn check_count(reader: &mut Reader<'_>, counted: Counted, comparison: &At<Comparison>) {
    if !comparison.value.asks_for_some() {
        return;
    }
    let stale = matches!(counted, Counted::StaleWritesRejected | Counted::StaleWritesAccepted);
    let refusal = match counted {
        Counted::Failovers => {
            check_fault(reader, counted.name(), &comparison.span);
            return;
        }
        _ if stale && !reader.known.writes => "nobody writes: `writes_every` in [workload] is \"never\"",
        Counted::StaleWritesRejected if !reader.known.fencing => {
            "the resource refuses nothing: `fencing` in [resource] is false"
        }
        _ => return,
    };
    let message = format!("`{counted}` is expected, but {refusal}");
    reader.report(Remark::error(comparison.span.clone(), message));
}
