//! What both forms of the algorithm have in common: the identifiers, the bounds on the network, and how they are set.

use crate::profile::{self, check_heartbeat, check_timeout, identifiers, refuse};
use interregnum_kernel::{
    Jitter, NodeId, NodeSet, ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Span, Value,
};

pub(super) const IDS: ParameterSpec = ParameterSpec {
    name: "ids",
    kind: ParameterKind::Counts,
    doc: "the identifiers by which the nodes are ordered, one for each; where not set, 1 to n",
    default: |_| Value::Counts(Vec::new()),
};

pub(super) const HEARTBEAT_INTERVAL: ParameterSpec = ParameterSpec {
    name: "heartbeat_interval",
    kind: ParameterKind::Span,
    doc: "how often a leader is heard; below the shortest failure timeout",
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => profile::HEARTBEAT_INTERVAL,
            Profile::Production => Span::secs(1),
        })
    },
};

pub(super) const FAILURE_TIMEOUT: ParameterSpec = ParameterSpec {
    name: "failure_timeout",
    kind: ParameterKind::Jitter,
    doc: "after how long without a heartbeat a node takes its leader for dead",
    // Production: three heartbeats missed. The algorithm itself needs no randomness here.
    default: |profile| {
        Value::Jitter(match profile {
            Profile::Matched => profile::FAILURE_TIMEOUT,
            Profile::Production => Jitter::exactly(Span::secs(3)),
        })
    },
};

pub(super) const MESSAGE_BOUND: ParameterSpec = ParameterSpec {
    name: "message_bound",
    kind: ParameterKind::Span,
    doc: "T_m: how long a message is assumed to travel at most",
    default: |profile| Value::Span(message_bound(profile)),
};

pub(super) const PROCESSING_BOUND: ParameterSpec = ParameterSpec {
    name: "processing_bound",
    kind: ParameterKind::Span,
    doc: "T_p: how long a node is assumed to take over an answer at most",
    default: |profile| Value::Span(processing_bound(profile)),
};

pub(super) const ANSWER_TIMEOUT: ParameterSpec = ParameterSpec {
    name: "answer_timeout",
    kind: ParameterKind::Span,
    doc: "T_ok: how long a node waits for answers from above; where not set, 2 T_m + T_p",
    default: |profile| {
        let (message, processing) = (message_bound(profile), processing_bound(profile));
        Value::Span(message + message + processing)
    },
};

/// Where it is not set it depends on the node, which this default cannot know: it is the one of the highest but one of
/// the nodes, the shortest of all.
pub(super) const COORDINATOR_TIMEOUT: ParameterSpec = ParameterSpec {
    name: "coordinator_timeout",
    kind: ParameterKind::Span,
    doc: "T_coord: how long a node that was answered waits for a coordinator; where not set, T_ok for every node above it and for two more",
    default: |profile| match (ANSWER_TIMEOUT.default)(profile) {
        Value::Span(answer) => Value::Span(answer.scaled(3, 1)),
        other => other,
    },
};

fn message_bound(profile: Profile) -> Span {
    match profile {
        Profile::Matched => Span::millis(10),
        Profile::Production => Span::millis(200),
    }
}

fn processing_bound(profile: Profile) -> Span {
    match profile {
        Profile::Matched => Span::millis(5),
        Profile::Production => Span::millis(100),
    }
}

/// Who takes part, in which order, and within which bounds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Common {
    pub(super) members: NodeSet,
    /// One for each node, spares included.
    ids: Vec<u64>,
    pub(super) heartbeat_interval: Span,
    pub(super) failure_timeout: Jitter,
    /// T_m.
    pub(super) message_bound: Span,
    /// T_ok.
    pub(super) answer_timeout: Span,
    /// T_coord, where it is the same for all.
    coordinator_timeout: Option<Span>,
}

impl Common {
    pub(super) fn read(parameters: &Parameters) -> Result<Common, ParameterError> {
        let failure_timeout = parameters.jitter(&FAILURE_TIMEOUT)?;
        check_timeout(&FAILURE_TIMEOUT, failure_timeout)?;
        let heartbeat_interval = parameters.span(&HEARTBEAT_INTERVAL)?;
        check_heartbeat(&HEARTBEAT_INTERVAL, heartbeat_interval, "failure timeout", failure_timeout.min)?;
        let message_bound = positive(parameters, &MESSAGE_BOUND)?;
        let processing_bound = parameters.span(&PROCESSING_BOUND)?;
        let answer_timeout = if is_set(parameters, &ANSWER_TIMEOUT) {
            positive(parameters, &ANSWER_TIMEOUT)?
        } else {
            parameters.span(&ANSWER_TIMEOUT)?;
            message_bound + message_bound + processing_bound
        };
        let coordinator_timeout = positive(parameters, &COORDINATOR_TIMEOUT)?;
        Ok(Common {
            members: parameters.cluster()?,
            ids: identifiers(parameters, &IDS)?,
            heartbeat_interval,
            failure_timeout,
            message_bound,
            answer_timeout,
            coordinator_timeout: is_set(parameters, &COORDINATOR_TIMEOUT).then_some(coordinator_timeout),
        })
    }

    /// A wait for answers that is over before the last of them can be there.
    pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        let bounds = (parameters.span(&MESSAGE_BOUND), parameters.span(&PROCESSING_BOUND));
        let (Ok(message), Ok(processing)) = bounds else { return Vec::new() };
        let needed = message + message + processing;
        let short = |answer: &Span| is_set(parameters, &ANSWER_TIMEOUT) && *answer < needed;
        let answer = parameters.span(&ANSWER_TIMEOUT).ok().filter(short);
        let problem = |answer| {
            format!("{answer} is below 2 T_m + T_p, {needed}: nodes that answer in time are taken for dead")
        };
        let warn = |answer| ParameterError { parameter: ANSWER_TIMEOUT.name, problem: problem(answer) };
        answer.map(warn).into_iter().collect()
    }

    /// The members with identifiers above and below a node's.
    pub(super) fn sides(&self, node: NodeId) -> (NodeSet, NodeSet) {
        let id = |node: NodeId| self.ids.get(node.index()).copied().unwrap_or_default();
        let above = self.members.iter().filter(|other| id(*other) > id(node)).collect();
        let below = self.members.iter().filter(|other| id(*other) < id(node)).collect();
        (above, below)
    }

    /// The highest of some nodes.
    pub(super) fn highest(&self, nodes: NodeSet) -> Option<NodeId> {
        nodes.iter().max_by_key(|node| self.ids.get(node.index()).copied().unwrap_or_default())
    }

    /// All members but this one.
    #[inline]
    pub(super) fn peers(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        self.members.minus(NodeSet::only(node)).iter()
    }

    /// T_coord of a node with so many above it. Each of them may die over its own election, and the last one's takes
    /// its wait for answers and the time to be heard.
    pub(super) fn coordinator_timeout(&self, above: usize) -> Span {
        self.coordinator_timeout.unwrap_or_else(|| self.answer_timeout.scaled(above as u64 + 2, 1))
    }
}

fn is_set(parameters: &Parameters, spec: &ParameterSpec) -> bool {
    parameters.set.contains_key(spec.name)
}

fn positive(parameters: &Parameters, spec: &ParameterSpec) -> Result<Span, ParameterError> {
    match parameters.span(spec)? {
        Span::ZERO => refuse(spec, "must be longer than zero"),
        span => Ok(span),
    }
}
