//! What all algorithms share of the profile `matched`, so that a comparison compares algorithms and not settings, and
//! the checks that are the same for all.
//!
//! Matched are the heartbeat interval and the time without a heartbeat after which a node gives up its leader: it is drawn
//! from the same range everywhere; ZAB, which draws nothing, waits for the longest of it. What an algorithm waits for
//! besides is its own, and part of what is compared.

use interregnum_kernel::{Epoch, Jitter, NodeId, ParameterError, ParameterSpec, Parameters, Span};

/// How often a leader makes itself heard.
pub const HEARTBEAT_INTERVAL: Span = Span::millis(50);

/// After how long without hearing the leader a node gives it up: the range of Ongaro's thesis, chapter 9.
pub const FAILURE_TIMEOUT: Jitter = Jitter { min: Span::millis(150), max: Span::millis(300) };

/// Below it heartbeats would only pile up on their way.
const SHORTEST_INTERVAL: Span = Span::micros(1);

/// Refuses a parameter.
///
/// # Errors
/// Always.
pub fn refuse<T>(spec: &ParameterSpec, problem: impl Into<String>) -> Result<T, ParameterError> {
    Err(ParameterError { parameter: spec.name, problem: problem.into() })
}

/// Holds a heartbeat interval to what any failure detector needs: shorter than the shortest timeout that it resets.
///
/// # Errors
/// If it is not.
pub fn check_heartbeat(
    spec: &ParameterSpec,
    interval: Span,
    timeout_name: &str,
    shortest_timeout: Span,
) -> Result<(), ParameterError> {
    if interval < SHORTEST_INTERVAL {
        return refuse(
            spec,
            format!(
                "must be at least {SHORTEST_INTERVAL}: no network is as fast, and only the simulator's queue would fill"
            ),
        );
    }
    if interval >= shortest_timeout {
        return refuse(
            spec,
            format!(
                "{interval} is not below the shortest {timeout_name}, {shortest_timeout}: followers would give up a \
                 healthy leader"
            ),
        );
    }
    Ok(())
}

/// Holds a range of timeouts to being one.
///
/// # Errors
/// If it is empty or begins at zero.
pub fn check_timeout(spec: &ParameterSpec, jitter: Jitter) -> Result<(), ParameterError> {
    if jitter.min == Span::ZERO {
        return refuse(spec, "must be longer than zero");
    }
    if jitter.min > jitter.max {
        return refuse(
            spec,
            format!("the shortest value, {}, is longer than the longest, {}", jitter.min, jitter.max),
        );
    }
    Ok(())
}

/// The identifiers by which an algorithm orders the nodes: as set, one for each node, or the nodes' own numbers.
///
/// # Errors
/// If two nodes share one.
pub(crate) fn identifiers(parameters: &Parameters, spec: &ParameterSpec) -> Result<Vec<u64>, ParameterError> {
    let ids = parameters.counts(spec)?;
    if ids.is_empty() {
        return Ok((1..=u64::from(parameters.nodes)).collect());
    }
    for (second, id) in ids.iter().enumerate() {
        if let Some(first) = ids[..second].iter().position(|earlier| earlier == id) {
            let (first, second) = (NodeId::from_index(first), NodeId::from_index(second));
            return refuse(spec, format!("{first} and {second} are both {id}; every node needs its own"));
        }
    }
    Ok(ids)
}

/// What to remark on a cluster of an even number of voters, for an algorithm that decides by majority.
pub fn even_cluster(voters: usize) -> Option<ParameterError> {
    (voters > 0 && voters.is_multiple_of(2)).then(|| ParameterError {
        parameter: "nodes",
        problem: format!(
            "{voters} voters bear the loss of no more nodes than {} would, and when they split in halves neither has a \
             majority",
            voters - 1
        ),
    })
}

/// The highest epoch of an initial entry: its command is made of epoch and position, and takes the upper half of the
/// numbers so that no client's command is like it.
const MAX_INITIAL_EPOCH: u64 = (1 << 31) - 1;

/// The logs that the nodes start with, as the epochs of their entries: what leaders of one history can have left behind.
///
/// # Errors
/// If no history leaves such logs, or there are more of them than nodes.
pub(crate) fn initial_logs(
    parameters: &Parameters,
    spec: &ParameterSpec,
) -> Result<Vec<Vec<Epoch>>, ParameterError> {
    let logs = parameters.logs(spec)?;
    if logs.len() > usize::from(parameters.nodes) {
        return refuse(spec, format!("{} logs for {} nodes", logs.len(), parameters.nodes));
    }
    for (node, log) in logs.iter().enumerate() {
        let name = NodeId::from_index(node);
        if let Some(epoch) = log.iter().find(|epoch| !(1..=MAX_INITIAL_EPOCH).contains(epoch)) {
            return refuse(
                spec,
                format!("{name} has an entry of epoch {epoch}; epochs go from 1 to {MAX_INITIAL_EPOCH}"),
            );
        }
        if let Some(fall) = log.windows(2).find(|pair| pair[0] > pair[1]) {
            return refuse(
                spec,
                format!("{name} has epoch {} after {}; epochs never fall along a log", fall[1], fall[0]),
            );
        }
    }
    for (second, log) in logs.iter().enumerate() {
        for (first, earlier) in logs[..second].iter().enumerate() {
            let agreed = log.iter().zip(earlier).take_while(|(a, b)| a == b).count();
            if let Some(epoch) = log[agreed..].iter().find(|epoch| earlier[agreed..].contains(epoch)) {
                let (first, second) = (NodeId::from_index(first), NodeId::from_index(second));
                return refuse(
                    spec,
                    format!(
                        "{first} and {second} both have entries of epoch {epoch} after their logs parted; one leader \
                         cannot have written both"
                    ),
                );
            }
        }
    }
    Ok(logs.into_iter().map(|log| log.into_iter().map(Epoch).collect()).collect())
}
