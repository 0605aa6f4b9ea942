//! What can be told of groups of endpoints before a run: whether they overlap, and whom they leave out.

use crate::kinds::selector::Selectors;
use crate::reader::{At, Reader, Remark};
use crate::sections::vocabulary;
use interregnum_kernel::{NodeId, NodeSet};
use interregnum_world::Selector;
use std::ops::Range;

/// The nodes that a selector names for certain; none for a role, which is resolved in the run.
pub(crate) fn named(reader: &Reader<'_>, selector: &Selector) -> NodeSet {
    match selector {
        Selector::Node(node) => NodeSet::only(*node),
        Selector::Zone(place) => {
            reader.zones().get(usize::from(*place)).map_or(NodeSet::EMPTY, |zone| zone.nodes)
        }
        Selector::ServiceNode(place) => {
            service(reader).iter().nth(usize::from(*place)).map(NodeSet::only).unwrap_or_default()
        }
        Selector::Contenders => everyone(reader),
        Selector::Service => service(reader),
        Selector::All => everyone(reader).union(service(reader)),
        _ => NodeSet::EMPTY,
    }
}

/// All nodes but those of the coordination service.
pub(crate) fn everyone(reader: &Reader<'_>) -> NodeSet {
    NodeSet::first(usize::from(reader.nodes()))
}

/// The nodes of the coordination service.
fn service(reader: &Reader<'_>) -> NodeSet {
    NodeSet::first(usize::from(reader.all_nodes())).minus(everyone(reader))
}

/// Reports endpoints that are in two groups, and a `rest` that does not come last.
pub(crate) fn check(reader: &mut Reader<'_>, groups: &[Selectors]) -> Option<()> {
    let rest = check_rest(reader, groups);
    let mut before: Vec<Selector> = Vec::new();
    let mut nodes_before = NodeSet::EMPTY;
    let mut disjoint = true;
    for group in groups {
        for one in group {
            let shared = named(reader, &one.value).intersection(nodes_before);
            let message = if !shared.is_empty() {
                Some(format!(
                    "{} {} in two groups",
                    in_words(reader, shared),
                    if shared.len() > 1 { "are" } else { "is" }
                ))
            } else if is_one_role(&one.value) && before.contains(&one.value) {
                Some(format!("`{}` is in two groups", one.value))
            } else if has_leader(&one.value) && before.iter().any(has_leader) {
                Some("the leader is in two groups".to_owned())
            } else {
                None
            };
            if let Some(message) = message {
                let remark = Remark::error(one.span.clone(), message);
                let hint = (one.value == Selector::All).then(|| "did you mean `rest`?".to_owned());
                reader.report(remark.maybe_hint(hint));
                disjoint = false;
            }
        }
        before.extend(group.iter().map(|one| one.value.clone()));
        for one in group {
            nodes_before = nodes_before.union(named(reader, &one.value));
        }
    }
    rest.filter(|()| disjoint)
}

/// Whether a selector means the same endpoints wherever it stands in a lever.
fn is_one_role(selector: &Selector) -> bool {
    matches!(
        selector,
        Selector::Leader
            | Selector::OldLeader
            | Selector::Candidates
            | Selector::Followers
            | Selector::ServiceLeader
            | Selector::ServiceFollowers
            | Selector::MinorityWithLeader
            | Selector::MajorityWithoutLeader
            | Selector::Subject
            | Selector::Rest
            | Selector::Resource
    )
}

/// Whether a selector has the leader in it.
fn has_leader(selector: &Selector) -> bool {
    matches!(selector, Selector::Leader | Selector::MinorityWithLeader)
}

/// Reports a `rest` that does not come last: selectors are resolved in order, and it takes all that are left.
pub(crate) fn check_rest(reader: &mut Reader<'_>, groups: &[Selectors]) -> Option<()> {
    let flat: Vec<&At<Selector>> = groups.iter().flatten().collect();
    let early = flat.iter().enumerate().find(|(place, one)| {
        // The resource is no node, and so nothing is taken from it.
        one.value == Selector::Rest && flat[place + 1..].iter().any(|later| later.value != Selector::Resource)
    });
    let Some((_, early)) = early else { return Some(()) };
    let message = "`rest` takes every node that no earlier selector took, and so must come last";
    reader.report(Remark::error(early.span.clone(), message).hint("`all` means every node"));
    None
}

/// Says which nodes are certain to be in no group, and whether the resource is: they keep all their links.
pub(crate) fn note_unnamed(reader: &mut Reader<'_>, groups: &At<Vec<Selectors>>) {
    let members = || groups.value.iter().flatten().map(|one| &one.value);
    if !members().any(|one| matches!(one, Selector::Rest | Selector::All)) && reader.known.nodes.is_some() {
        let named = members().fold(NodeSet::EMPTY, |set, one| set.union(named(reader, one)));
        let unnamed = everyone(reader).minus(named);
        // A role takes at most so many of the nodes that nobody names.
        let of_cluster = members().filter(|one| !one.is_of_service());
        let by_role: usize = of_cluster.map(|one| most_by_role(reader, one)).sum();
        if unnamed.len() > by_role {
            let who = if by_role == 0 {
                in_words(reader, unnamed)
            } else {
                let (least, plural) = (unnamed.len() - by_role, unnamed.len() - by_role > 1);
                format!("at least {least} node{}", if plural { "s" } else { "" })
            };
            let plural = if by_role == 0 { unnamed.len() > 1 } else { unnamed.len() - by_role > 1 };
            let message = if plural {
                format!("{who} are in no group: they keep all their links")
            } else {
                format!("{who} is in no group: it keeps all its links")
            };
            reader.report(
                Remark::warning(groups.span.clone(), message)
                    .hint("`rest` names all that no other group names"),
            );
        }
    }
    note_resource(reader, &groups.value, &groups.span);
    note_service(reader, &groups.value, &groups.span);
}

/// Says that the coordination service, or a part of it, stays reachable from every group, where an algorithm has one.
fn note_service(reader: &mut Reader<'_>, groups: &[Selectors], span: &Range<usize>) {
    let members = || groups.iter().flatten().map(|one| &one.value);
    let by_role = members().any(|one| one.is_of_service() && named(reader, one).is_empty());
    let at_large = |one: &Selector| {
        matches!(one, Selector::Rest | Selector::MinorityWithLeader | Selector::MajorityWithoutLeader)
    };
    if by_role || members().any(at_large) || !vocabulary::any(reader, |algorithm| algorithm.service) {
        return;
    }
    let service = service(reader);
    let unnamed = members().fold(service, |left, one| left.minus(named(reader, one)));
    if unnamed.is_empty() {
        return;
    }
    let who =
        if unnamed == service { "the coordination service".to_owned() } else { in_words(reader, unnamed) };
    let (are, stay) =
        if unnamed.len() > 1 && unnamed != service { ("are", "they stay") } else { ("is", "it stays") };
    let message = format!("{who} {are} in no group: {stay} reachable from every group");
    reader.report(Remark::note(span.clone(), message));
}

/// Says that the resource stays reachable from every group, where somebody writes to it.
pub(crate) fn note_resource(reader: &mut Reader<'_>, groups: &[Selectors], span: &Range<usize>) {
    let named = groups.iter().flatten().any(|one| one.value == Selector::Resource);
    if !named && reader.known.writes {
        let message = "the resource is in no group: it stays reachable from every group";
        reader.report(Remark::note(span.clone(), message));
    }
}

/// How many nodes a selector can mean; none where nothing is known of the cluster. A coordination service counts where every
/// algorithm of the scenario has one.
pub(crate) fn most(reader: &Reader<'_>, selectors: &Selectors) -> usize {
    let serves_all = !vocabulary::any(reader, |algorithm| !algorithm.service);
    let everyone = if serves_all { everyone(reader).union(service(reader)) } else { everyone(reader) };
    let all = everyone.len();
    let by_name = selectors.iter().fold(NodeSet::EMPTY, |set, one| set.union(named(reader, &one.value)));
    let by_name = by_name.intersection(everyone);
    let by_role: usize = selectors.iter().map(|one| most_by_role(reader, &one.value)).sum();
    let rest = selectors.iter().any(|one| one.value == Selector::Rest);
    if rest { all } else { (by_name.len() + by_role).min(all) }
}

/// How many nodes a role can take.
fn most_by_role(reader: &Reader<'_>, selector: &Selector) -> usize {
    let nodes = usize::from(reader.nodes());
    match selector {
        Selector::Leader | Selector::OldLeader | Selector::Candidate | Selector::Subject => 1,
        Selector::Random(count) | Selector::RandomService(count) => usize::from(*count),
        Selector::ServiceLeader => 1,
        Selector::ServiceFollowers => service(reader).len(),
        Selector::Candidates | Selector::Followers => nodes,
        // Spares, which no quorum needs, may be drawn besides.
        Selector::MinorityWithLeader | Selector::MajorityWithoutLeader if reader.known.spares => nodes,
        Selector::MinorityWithLeader => nodes / 2,
        Selector::MajorityWithoutLeader => nodes / 2 + 1,
        Selector::Node(_)
        | Selector::ServiceNode(_)
        | Selector::Zone(_)
        | Selector::Contenders
        | Selector::Service
        | Selector::All
        | Selector::Rest
        | Selector::Resource => 0,
    }
}

/// "node 1, node 2 and service 1".
fn in_words(reader: &Reader<'_>, nodes: NodeSet) -> String {
    let contenders = reader.nodes();
    let name = |NodeId(index)| match index {
        index if index < contenders => format!("node {}", index + 1),
        index => format!("service {}", index - contenders + 1),
    };
    let names: Vec<String> = nodes.iter().map(name).collect();
    match names.split_last() {
        None => "no node".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
