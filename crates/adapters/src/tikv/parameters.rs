//! What can be set of TiKV's Raft.

use super::TikvRaft;
use interregnum_algorithms::profile::{
    FAILURE_TIMEOUT, HEARTBEAT_INTERVAL, check_heartbeat, check_timeout, even_cluster,
};
use interregnum_kernel::{
    Jitter, ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Span, Value,
};

const ELECTION_TIMEOUT_SPEC: ParameterSpec = ParameterSpec {
    name: "election_timeout",
    kind: ParameterKind::Jitter,
    doc: "how long a follower waits for its leader; its shortest value is raft-rs's election tick",
    // Production: TiKV ticks each second (raft-base-tick-interval) and draws from 10 to 19 ticks, here the range between.
    default: |profile| {
        Value::Jitter(match profile {
            Profile::Matched => FAILURE_TIMEOUT,
            Profile::Production => Jitter::between(Span::secs(10), Span::secs(19)),
        })
    },
};

const HEARTBEAT_INTERVAL_SPEC: ParameterSpec = ParameterSpec {
    name: "heartbeat_interval",
    kind: ParameterKind::Span,
    doc: "how often a leader is heard; below the shortest election timeout",
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => HEARTBEAT_INTERVAL,
            Profile::Production => Span::secs(2),
        })
    },
};

const PRE_VOTE: ParameterSpec = ParameterSpec {
    name: "pre_vote",
    kind: ParameterKind::Flag,
    doc: "whether a node asks if it could win before it enters a new term",
    default: |_| Value::Flag(true),
};

const CHECK_QUORUM: ParameterSpec = ParameterSpec {
    name: "check_quorum",
    kind: ParameterKind::Flag,
    doc: "whether a leader that hears no quorum steps down, and voters ignore candidates while they hear a leader",
    default: |_| Value::Flag(true),
};

const SKIP_BCAST_COMMIT: ParameterSpec = ParameterSpec {
    name: "skip_bcast_commit",
    kind: ParameterKind::Flag,
    doc: "whether followers learn of a commit with the next entries or the next heartbeat, and not by a message of its own",
    // As TiKV sets it (components/raftstore/src/store/peer.rs, `Peer::new`); the library's own default is false.
    default: |_| Value::Flag(true),
};

/// All parameters, in the order in which help lists them.
pub(super) static SPECS: &[ParameterSpec] =
    &[ELECTION_TIMEOUT_SPEC, HEARTBEAT_INTERVAL_SPEC, PRE_VOTE, CHECK_QUORUM, SKIP_BCAST_COMMIT];

/// Reads and checks everything.
pub(super) fn read(parameters: &Parameters) -> Result<TikvRaft, ParameterError> {
    let election_timeout = parameters.jitter(&ELECTION_TIMEOUT_SPEC)?;
    check_timeout(&ELECTION_TIMEOUT_SPEC, election_timeout)?;
    let heartbeat_interval = parameters.span(&HEARTBEAT_INTERVAL_SPEC)?;
    check_heartbeat(&HEARTBEAT_INTERVAL_SPEC, heartbeat_interval, "election timeout", election_timeout.min)?;
    let ticks = election_timeout.min.nanos().div_ceil(heartbeat_interval.nanos());
    Ok(TikvRaft {
        members: parameters.cluster()?,
        election_timeout,
        heartbeat_interval,
        // More than one, since the interval is below the timeout.
        election_tick: usize::try_from(ticks).unwrap_or(usize::MAX >> 2),
        pre_vote: parameters.flag(&PRE_VOTE)?,
        check_quorum: parameters.flag(&CHECK_QUORUM)?,
        skip_bcast_commit: parameters.flag(&SKIP_BCAST_COMMIT)?,
    })
}

/// What of accepted parameters is probably not intended.
pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    even_cluster(parameters.members.len()).into_iter().collect()
}
