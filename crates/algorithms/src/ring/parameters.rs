//! What can be set of all ring algorithms, and which settings are refused.

use super::Ring;
use super::hop::Link;
use crate::profile::{self, check_heartbeat, check_timeout, identifiers, refuse};
use interregnum_kernel::{
    Jitter, NodeId, NodeSet, ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Span, Value,
};

/// Without hearing a leader for so long, a node starts an election.
pub(super) const FAILURE_TIMEOUT: ParameterSpec = ParameterSpec {
    name: "failure_timeout",
    kind: ParameterKind::Jitter,
    doc: "how long a node waits for a leader before it starts an election",
    // Production: no system of this kind is in wide use; the figures are those of Raft's.
    default: |profile| {
        Value::Jitter(match profile {
            Profile::Matched => profile::FAILURE_TIMEOUT,
            Profile::Production => Jitter::between(Span::millis(1000), Span::millis(1999)),
        })
    },
};

/// How often the leader is heard.
pub(super) const HEARTBEAT_INTERVAL: ParameterSpec = ParameterSpec {
    name: "heartbeat_interval",
    kind: ParameterKind::Span,
    doc: "how often a leader is heard; below the shortest failure timeout",
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => profile::HEARTBEAT_INTERVAL,
            Profile::Production => Span::millis(100),
        })
    },
};

/// T_m of the literature.
pub(super) const MESSAGE_BOUND: ParameterSpec = ParameterSpec {
    name: "message_bound",
    kind: ParameterKind::Span,
    doc: "how long a message is assumed to travel at most",
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => Span::millis(5),
            Profile::Production => Span::millis(25),
        })
    },
};

/// T_p of the literature.
pub(super) const PROCESSING_BOUND: ParameterSpec = ParameterSpec {
    name: "processing_bound",
    kind: ParameterKind::Span,
    doc: "how long a node is assumed to take at most until it answers a message",
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => Span::millis(5),
            Profile::Production => Span::millis(25),
        })
    },
};

/// What the nodes are compared by.
pub(super) const IDS: ParameterSpec = ParameterSpec {
    name: "ids",
    kind: ParameterKind::Counts,
    doc: "the identifiers of the nodes, in the ring's order, of which the highest wins; where not set, the nodes' numbers",
    default: |_| Value::Counts(Vec::new()),
};

/// Who does not wait for a leader at first.
pub(super) const INITIATORS: ParameterSpec = ParameterSpec {
    name: "initiators",
    kind: ParameterKind::Nodes,
    doc: "nodes that start an election as they start, without waiting for a leader first",
    default: |_| Value::Nodes(NodeSet::EMPTY),
};

/// What all ring algorithms are configured with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Settings {
    pub(super) link: Link,
    pub(super) ids: Vec<u64>,
    pub(super) initiators: NodeSet,
    pub(super) heartbeat_interval: Span,
    pub(super) failure_timeout: Jitter,
    pub(super) message_bound: Span,
    /// T_ring: after so long a message that went round the ring is home, or lost.
    pub(super) circulation: Span,
}

impl Settings {
    /// Reads and checks everything; `processing_bound` is declared by each algorithm with a default of its own.
    pub(super) fn read(
        parameters: &Parameters,
        processing_bound: &ParameterSpec,
    ) -> Result<Settings, ParameterError> {
        let ring = Ring::of(parameters.cluster()?);
        let failure_timeout = parameters.jitter(&FAILURE_TIMEOUT)?;
        check_timeout(&FAILURE_TIMEOUT, failure_timeout)?;
        let heartbeat_interval = parameters.span(&HEARTBEAT_INTERVAL)?;
        check_heartbeat(&HEARTBEAT_INTERVAL, heartbeat_interval, "failure timeout", failure_timeout.min)?;
        let message_bound = parameters.span(&MESSAGE_BOUND)?;
        if message_bound == Span::ZERO {
            return refuse(&MESSAGE_BOUND, "must be longer than zero: every node would be bypassed at once");
        }
        let patience = message_bound + message_bound + parameters.span(processing_bound)?;
        Ok(Settings {
            link: Link { ring, patience },
            ids: identifiers(parameters, &IDS)?,
            initiators: parameters.node_set(&INITIATORS)?,
            heartbeat_interval,
            failure_timeout,
            message_bound,
            circulation: (message_bound + patience).scaled(ring.size() as u64, 1),
        })
    }

    /// What the node is compared by.
    #[inline]
    pub(super) fn id(&self, node: NodeId) -> u64 {
        self.ids[node.index()]
    }
}
