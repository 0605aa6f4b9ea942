//! A catalogue for tests, and helpers that make a test read like a scenario.
#![allow(dead_code, missing_docs, unreachable_pub)]

use interregnum_kernel::{Jitter, ParameterKind, ParameterSpec, Span, Value};
use interregnum_scenario::{
    AlgorithmInfo, Catalogue, Diagnostic, GoalInfo, GoalNeeds, Scenario, Severity, read,
};

/// The orders that the algorithms of these tests follow.
const ORDERS: &[&str] = &["transfer", "resign", "add-node", "remove-node", "promote"];

static RAFT: [ParameterSpec; 7] = [
    ParameterSpec {
        name: "election_timeout",
        kind: ParameterKind::Jitter,
        doc: "After what silence a follower stands for election",
        default: |_| Value::Jitter(Jitter::between(Span::millis(150), Span::millis(300))),
    },
    ParameterSpec {
        name: "heartbeat_interval",
        kind: ParameterKind::Span,
        doc: "How often a leader is heard",
        default: |_| Value::Span(Span::millis(50)),
    },
    flag("pre_vote", "Ask before raising the term"),
    flag("check_quorum", "Stand down when the quorum stays silent"),
    flag("lease", "Read alone while the lease lasts"),
    ParameterSpec {
        name: "batch",
        kind: ParameterKind::Count,
        doc: "Entries per message",
        default: |_| Value::Count(64),
    },
    ParameterSpec {
        name: "logs",
        kind: ParameterKind::Logs,
        doc: "What the nodes' logs hold at the start",
        default: |_| Value::Logs(Vec::new()),
    },
];

const fn flag(name: &'static str, doc: &'static str) -> ParameterSpec {
    ParameterSpec { name, kind: ParameterKind::Flag, doc, default: |_| Value::Flag(true) }
}

/// The names that the tests' scenarios use.
pub fn catalogue() -> Catalogue {
    Catalogue {
        algorithms: vec![
            AlgorithmInfo {
                name: "raft",
                parameters: &RAFT,
                bugs: vec!["raft-vote-before-fsync", "raft-count-duplicate-votes"],
                service: false,
                orders: ORDERS,
                kinds: &["RequestVote", "AppendEntries"],
                phases: &["vote-queued"],
            },
            AlgorithmInfo {
                name: "bully",
                parameters: &[],
                bugs: Vec::new(),
                service: false,
                orders: ORDERS,
                kinds: &["Election", "Coordinator"],
                phases: &[],
            },
        ],
        absent: Vec::new(),
        invariants: vec![
            "election-safety",
            "vote-once",
            "epoch-monotonic",
            "fenced-writes",
            "leader-completeness",
            "log-agreement",
            "leader-within",
            "leader-exclusion",
        ],
        goals: vec![
            GoalInfo { name: "split-vote", summary: "votes were split", needs: GoalNeeds::Nothing },
            GoalInfo { name: "stale-write-attempted", summary: "one was", needs: GoalNeeds::Writes },
            GoalInfo { name: "stale-write-rejected", summary: "one was", needs: GoalNeeds::Fencing },
        ],
    }
}

/// The same with a family of algorithms that contend through a coordination service.
pub fn served_catalogue() -> Catalogue {
    let mut catalogue = catalogue();
    let lease = |name| AlgorithmInfo {
        name,
        parameters: &[],
        bugs: Vec::new(),
        service: true,
        orders: ORDERS,
        kinds: &["Request"],
        phases: &[],
    };
    catalogue.algorithms.extend([lease("lease-etcd"), lease("lease-redis")]);
    catalogue
}

/// Reads a text that may name the algorithms of that family.
pub fn read_served(text: &str) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
    read("test.toml", text, &served_catalogue(), &mut |_| Ok(RTT.to_owned()))
}

/// Round trips between two places.
pub const RTT: &str = "from,to,rtt_ms\nA,A,0.5\nA,B,30\nB,A,32\nB,C,9\n";

/// Reads a text whose only file is `rtt.csv`.
pub fn read_text(text: &str) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut load = |name: &str| match name {
        "rtt.csv" => Ok(RTT.to_owned()),
        "bad.csv" => Ok("from,to,rtt_ms\nA,B,soon\n".to_owned()),
        _ => Err("there is no such file".to_owned()),
    };
    read("test.toml", text, &catalogue(), &mut load)
}

/// The text of a scenario with this in it.
pub fn around(body: &str) -> String {
    format!("format = 1\nname = \"test\"\n{body}\n[run]\nfor = \"10s\"\nheal = \"8s\"\n")
}

/// The scenario with this in it, which must be without errors.
pub fn scenario(body: &str) -> Scenario {
    match read_text(&around(body)) {
        Ok((scenario, _)) => scenario,
        Err(diagnostics) => panic!("{body}\n{diagnostics:#?}"),
    }
}

/// What is said of a text, notes left out: of those there is a test of their own.
pub fn remarks(text: &str) -> Vec<Diagnostic> {
    let all = match read_text(text) {
        Ok((_, diagnostics)) | Err(diagnostics) => diagnostics,
    };
    all.into_iter().filter(|diagnostic| diagnostic.severity != Severity::Note).collect()
}
