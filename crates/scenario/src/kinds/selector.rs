//! Selectors: which endpoints a fault hits, which links a rule is about.

use crate::declare::{Item, Kind};
use crate::nearest::{any_of, did_you_mean};
use crate::reader::{At, Reader, Remark};
use crate::sections::service;
use interregnum_kernel::NodeId;
use interregnum_world::Selector;
use serde_json::{Value as Json, json};

/// Selectors with their positions.
pub(crate) type Selectors = Vec<At<Selector>>;

/// The selectors that are a single word.
const WORDS: [(&str, Selector); 15] = [
    ("leader", Selector::Leader),
    ("old-leader", Selector::OldLeader),
    ("candidate", Selector::Candidate),
    ("candidates", Selector::Candidates),
    ("followers", Selector::Followers),
    ("minority-with-leader", Selector::MinorityWithLeader),
    ("majority-without-leader", Selector::MajorityWithoutLeader),
    ("subject", Selector::Subject),
    ("contenders", Selector::Contenders),
    ("service", Selector::Service),
    ("service-leader", Selector::ServiceLeader),
    ("service-followers", Selector::ServiceFollowers),
    ("rest", Selector::Rest),
    ("all", Selector::All),
    ("resource", Selector::Resource),
];

/// What may be selected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Nodes and the resource, by name or by role.
    Endpoints,
    /// Nodes, by name or by role.
    Nodes,
    /// Nodes, by name or by role, at any time: nothing is drawn, and no lever has taken any.
    Watched,
    /// Nodes and the resource, by name: what is fixed before the run knows no roles.
    Fixed,
}

impl Scope {
    fn allows(self, selector: &Selector) -> bool {
        match self {
            Scope::Endpoints => true,
            Scope::Nodes => *selector != Selector::Resource,
            Scope::Watched => matches!(
                selector,
                Selector::Node(_)
                    | Selector::Zone(_)
                    | Selector::Leader
                    | Selector::OldLeader
                    | Selector::Candidates
                    | Selector::Followers
                    | Selector::Contenders
                    | Selector::Service
                    | Selector::ServiceNode(_)
                    | Selector::ServiceLeader
                    | Selector::ServiceFollowers
                    | Selector::All
            ),
            Scope::Fixed => matches!(
                selector,
                Selector::Node(_)
                    | Selector::Zone(_)
                    | Selector::Contenders
                    | Selector::Service
                    | Selector::ServiceNode(_)
                    | Selector::All
                    | Selector::Resource
            ),
        }
    }

    fn words(self) -> Vec<&'static str> {
        let mut words: Vec<&str> =
            WORDS.iter().filter(|(_, selector)| self.allows(selector)).map(|(word, _)| *word).collect();
        if self.allows(&Selector::Random(1)) {
            words.extend(["random(N)", "random-service(N)"]);
        }
        words.extend(["node N", "service N", "zone NAME"]);
        words
    }

    fn refusal(self, text: &str) -> String {
        match self {
            Scope::Watched if text != "resource" => {
                format!("`{text}` is resolved when a lever is pulled, and a trigger watches all the time")
            }
            Scope::Fixed => format!("`{text}` cannot be told before the run, and links are fixed before it"),
            _ => format!("`{text}` is no node"),
        }
    }
}

fn one(reader: &mut Reader<'_>, item: &Item<'_>, scope: Scope) -> Option<At<Selector>> {
    let text = reader.text(item, "a selector such as \"leader\" or \"node 3\"")?;
    let selector = parse(reader, item, text, scope)?;
    if selector == Selector::Subject && scope != Scope::Watched && !reader.triggered {
        let message = "`subject` is the node at which a trigger came, and nothing is triggered here";
        let words: Vec<&str> = scope.words().into_iter().filter(|word| *word != "subject").collect();
        let remark = Remark::error(item.span(), message).expected(any_of(&words));
        reader.report(remark.hint("a fault that waits for something has `when` in the place of `at`"));
        return None;
    }
    if scope.allows(&selector) {
        // A link that is not there has no rule to follow, and nothing is lost by that.
        if selector.is_of_service() && scope != Scope::Fixed {
            service::check_selector(reader, item.span(), text);
        }
        return Some(At { value: selector, span: item.span() });
    }
    reader.report(Remark::error(item.span(), scope.refusal(text)).expected(any_of(&scope.words())));
    None
}

fn parse(reader: &mut Reader<'_>, item: &Item<'_>, text: &str, scope: Scope) -> Option<Selector> {
    if let Some((_, selector)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Some(selector.clone());
    }
    if let Some(number) = text.strip_prefix("node ") {
        return by_number(reader, item, number);
    }
    if let Some(name) = text.strip_prefix("zone ") {
        return by_zone(reader, item, name);
    }
    let drawn = |of: &str| text.strip_prefix(of).and_then(|rest| rest.strip_suffix(')'));
    if let Some(count) = drawn("random(") {
        let nodes = reader.nodes();
        return by_count(reader, item, count, ("random", nodes)).map(Selector::Random);
    }
    if let Some(count) = drawn("random-service(") {
        let nodes = reader.known.service.unwrap_or(NodeId::MAX as u8);
        return by_count(reader, item, count, ("random-service", nodes)).map(Selector::RandomService);
    }
    if let Some(number) = text.strip_prefix("service ") {
        return by_place(reader, item, number);
    }
    let shown = reader.excerpt(&item.span());
    let remark = if text.is_empty() {
        Remark::error(item.span(), "an empty selector selects nobody")
    } else {
        let number = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let hint = if is_number {
            Some(format!("did you mean `node {number}`?"))
        } else {
            did_you_mean(text, WORDS.iter().map(|(word, _)| *word))
        };
        Remark::error(item.span(), format!("unknown selector {shown}")).maybe_hint(hint)
    };
    reader.report(remark.expected(any_of(&scope.words())));
    None
}

fn by_number(reader: &mut Reader<'_>, item: &Item<'_>, number: &str) -> Option<Selector> {
    let nodes = reader.nodes();
    match number.trim().parse::<u8>() {
        Ok(n) if (1..=nodes).contains(&n) => Some(Selector::Node(NodeId(n - 1))),
        _ => {
            let message = format!("there is no node {}", number.chars().take(20).collect::<String>());
            reader.report(
                Remark::error(item.span(), message).expected(format!("a node's number from 1 to {nodes}")),
            );
            None
        }
    }
}

fn by_zone(reader: &mut Reader<'_>, item: &Item<'_>, name: &str) -> Option<Selector> {
    // Where the zones could not be read, that has been reported, and any of them may be meant.
    let zones = reader.known.zones.as_ref()?;
    let named = zones.iter().position(|zone| zone.name == name);
    // A plan is printed without its zones' names: a zone is then written by its place, as in `zone #1`.
    let numbered = || name.strip_prefix('#')?.parse::<usize>().ok()?.checked_sub(1);
    if let Some(place) = named.or_else(numbered).filter(|place| *place < zones.len()) {
        return u8::try_from(place).ok().map(Selector::Zone);
    }
    let names: Vec<&str> = zones.iter().map(|zone| zone.name.as_str()).collect();
    let shown: String = name.chars().take(60).collect();
    let remark = Remark::error(item.span(), format!("there is no zone `{shown}`"));
    let remark = if names.is_empty() {
        remark.hint("zones are named in [cluster]: zones = { a = [1, 2], b = [3] }")
    } else {
        remark.expected(any_of(&names)).maybe_hint(did_you_mean(name, names.iter().copied()))
    };
    reader.report(remark);
    None
}

fn by_place(reader: &mut Reader<'_>, item: &Item<'_>, number: &str) -> Option<Selector> {
    let nodes = reader.known.service.unwrap_or(NodeId::MAX as u8);
    match number.trim().parse::<u8>() {
        Ok(n) if (1..=nodes).contains(&n) => Some(Selector::ServiceNode(n - 1)),
        _ => {
            service::report_missing(reader, item.span(), number);
            None
        }
    }
}

fn by_count(reader: &mut Reader<'_>, item: &Item<'_>, count: &str, (draw, nodes): (&str, u8)) -> Option<u8> {
    match count.trim().parse::<u8>() {
        Ok(0) => {
            reader.report(Remark::error(item.span(), "an empty selector selects nobody"));
            None
        }
        Ok(count) if count <= nodes => Some(count),
        _ => {
            let message = format!("{} nodes cannot be drawn", count.chars().take(20).collect::<String>());
            reader.report(
                Remark::error(item.span(), message).expected(format!("{draw}(1) to {draw}({nodes})")),
            );
            None
        }
    }
}

fn several(reader: &mut Reader<'_>, item: &Item<'_>, scope: Scope) -> Option<Selectors> {
    let Some(list) = item.get_ref().as_array() else {
        if item.get_ref().is_str() {
            return one(reader, item, scope).map(|selector| vec![selector]);
        }
        reader.mismatch(item, "a selector such as \"leader\", or a list of them");
        return None;
    };
    if list.is_empty() {
        let remark = Remark::error(item.span(), "an empty selector selects nobody");
        reader.report(remark.expected("a selector such as \"leader\", or a list of them"));
        return None;
    }
    let read: Vec<_> = list.iter().map(|entry| one(reader, entry, scope)).collect();
    read.into_iter().collect()
}

fn one_schema(scope: Scope) -> Json {
    let words: Vec<&str> =
        WORDS.iter().filter(|(_, selector)| scope.allows(selector)).map(|(word, _)| *word).collect();
    let mut patterns = vec!["node [0-9]+", "service [0-9]+", "zone .+"];
    if scope.allows(&Selector::Random(1)) {
        patterns.push("random(-service)?\\([0-9]+\\)");
    }
    json!({ "anyOf": [
        { "enum": words },
        { "type": "string", "pattern": format!("^({})$", patterns.join("|")) },
    ] })
}

fn schema(scope: Scope) -> Json {
    let one = one_schema(scope);
    json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
}

/// Nodes and the resource.
pub(crate) const ENDPOINTS: Kind<Selectors> = Kind {
    words: "a selector such as \"leader\" or \"resource\", or a list of them",
    read: |reader, item| several(reader, item, Scope::Endpoints),
    schema: |_| schema(Scope::Endpoints),
};

/// Nodes.
pub(crate) const TARGETS: Kind<Selectors> = Kind {
    words: "a selector of nodes such as \"leader\" or \"node 3\", or a list of them",
    read: |reader, item| several(reader, item, Scope::Nodes),
    schema: |_| schema(Scope::Nodes),
};

/// Nodes at which something is waited for.
pub(crate) const WATCHED: Kind<Selectors> = Kind {
    words: "a selector of nodes such as \"old-leader\" or \"node 3\", or a list of them",
    read: |reader, item| several(reader, item, Scope::Watched),
    schema: |_| schema(Scope::Watched),
};

/// The ends of links.
pub(crate) const LINK_ENDS: Kind<Selectors> = Kind {
    words: "\"node N\", \"service N\", \"zone NAME\", \"contenders\", \"service\", \"all\" or \"resource\", or a list of them",
    read: |reader, item| several(reader, item, Scope::Fixed),
    schema: |_| schema(Scope::Fixed),
};

/// Groups of endpoints.
pub(crate) const GROUPS: Kind<Vec<Selectors>> = Kind {
    words: "a list of groups such as [[\"leader\"], [\"rest\"]]",
    read: |reader, item| {
        let list = reader.list(item, GROUPS.words)?;
        if list.len() < 2 {
            let message = "a partition needs at least two groups";
            reader.report(Remark::error(item.span(), message).expected(GROUPS.words));
            return None;
        }
        let mut groups = Vec::new();
        let mut complete = true;
        for group in list.iter() {
            if group.get_ref().as_array().is_some_and(|members| members.is_empty()) {
                reader.report(Remark::error(group.span(), "an empty group").expected("selectors"));
                complete = false;
            } else if let Some(group) = several(reader, group, Scope::Endpoints) {
                groups.push(group);
            } else {
                complete = false;
            }
        }
        complete.then_some(groups)
    },
    schema: |_| json!({ "type": "array", "minItems": 2, "items": schema(Scope::Endpoints) }),
};
