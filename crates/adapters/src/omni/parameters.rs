//! What can be set of OmniPaxos.

use super::OmniPaxos;
use interregnum_algorithms::profile::{FAILURE_TIMEOUT, even_cluster, refuse};
use interregnum_kernel::{ParameterError, ParameterKind, ParameterSpec, Parameters, Profile, Span, Value};

const ROUND: ParameterSpec = ParameterSpec {
    name: "round",
    kind: ParameterKind::Span,
    doc: "how long a round of heartbeats takes; a leader that does not answer in one is given up at its end",
    // Matched: a leader that dies is missed after one to two rounds, which is the range of the failure timeout.
    // Production: the example in the documentation of `ServerConfig`, five ticks of 10 ms.
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => FAILURE_TIMEOUT.min,
            Profile::Production => Span::millis(50),
        })
    },
};

const RESEND_ROUNDS: ParameterSpec = ParameterSpec {
    name: "resend_rounds",
    kind: ParameterKind::Count,
    doc: "after how many rounds messages of the prepare phase are sent again",
    // Production: the default of 100 ticks, of which the example's round has five.
    default: |profile| {
        Value::Count(match profile {
            Profile::Matched => 1,
            Profile::Production => 20,
        })
    },
};

/// All parameters, in the order in which help lists them.
pub(super) static SPECS: &[ParameterSpec] = &[ROUND, RESEND_ROUNDS];

/// The shortest round: below it nothing would ever answer in time.
const SHORTEST_ROUND: Span = Span::micros(1);

/// Reads and checks everything.
pub(super) fn read(parameters: &Parameters) -> Result<OmniPaxos, ParameterError> {
    let round = parameters.span(&ROUND)?;
    if round < SHORTEST_ROUND {
        return refuse(&ROUND, format!("must be at least {SHORTEST_ROUND}"));
    }
    let resend_rounds = parameters.count(&RESEND_ROUNDS)?;
    if resend_rounds == 0 {
        return refuse(&RESEND_ROUNDS, "must be at least 1");
    }
    let members = parameters.cluster()?;
    if members.len() < 2 {
        return Err(ParameterError {
            parameter: "nodes",
            problem: "OmniPaxos refuses a cluster of one node".to_owned(),
        });
    }
    Ok(OmniPaxos { members, round, resend_rounds })
}

/// What of accepted parameters is probably not intended.
pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    even_cluster(parameters.members.len()).into_iter().collect()
}
