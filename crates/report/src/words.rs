//! What was run, in the words that tables and plots share.

use interregnum_campaign::{InvariantVerdict, Summary};
use std::fmt::Display;

/// Profile, cluster sizes and runs: "profile matched, 5 nodes, 1000 runs per row from seed 0x1 on".
pub(crate) fn what_was_run(summaries: &[Summary]) -> String {
    let Some(first) = summaries.first() else { return "nothing was run".to_owned() };
    let profiles = distinct(summaries.iter().map(|one| one.profile));
    let word = if profiles.len() == 1 { "profile" } else { "profiles" };
    let sizes = distinct(summaries.iter().map(|one| one.nodes));
    let nodes = if sizes == ["1"] { "node" } else { "nodes" };
    let sizes = match sizes.as_slice() {
        [least, _, .., greatest] => format!("{least} to {greatest}"),
        few => few.join(" or "),
    };
    let runs = if first.seeds.count == 1 { "run" } else { "runs" };
    let engine =
        if first.engine.is_default() { String::new() } else { format!("on {}, ", first.engine.title()) };
    format!(
        "{engine}{word} {}, {} {nodes}, {} {runs} per row from seed {:#x} on",
        profiles.join(" and "),
        sizes,
        first.seeds.count,
        first.seeds.first
    )
}

/// Every value once, in order, in words.
fn distinct<T: Ord + Display>(values: impl Iterator<Item = T>) -> Vec<String> {
    let values: std::collections::BTreeSet<T> = values.collect();
    values.iter().map(ToString::to_string).collect()
}

/// Which expectations nothing was compared with, and why, and where no fault did anything; empty where neither is so.
pub(crate) fn not_judged(summaries: &[Summary]) -> String {
    let keys = distinct(summaries.iter().flat_map(|one| one.not_judged.iter().copied()));
    let idle = |one: &&Summary| one.runs_without_fault == one.seeds.count;
    let idle: Vec<String> =
        summaries.iter().filter(idle).map(|one| format!("{} {}", one.scenario, one.algorithm)).collect();
    let idle = match idle.as_slice() {
        [] => String::new(),
        idle => format!("no fault found a target in: {}\n", idle.join(", ")),
    };
    if keys.is_empty() {
        return idle;
    }
    idle + &format!(
        "not judged under this profile or cluster size, for which the scenarios are not written:\n{}.\n\
         Safety is judged: what is promised, and not named under `violated`, must hold.\n",
        keys.join(", ")
    )
}

/// The codes of the invariants that broke, promised or expected to; empty where none did.
pub(crate) fn broken(summary: &Summary) -> Vec<&'static str> {
    let broken = summary.invariants.iter().filter(|one| one.verdict == InvariantVerdict::Violated);
    broken.map(|one| one.code).collect()
}
