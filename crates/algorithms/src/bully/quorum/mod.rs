//! The Bully algorithm made safe: the preference for high identifiers stays, and a majority decides.
//!
//! **Papers.** Garcia-Molina, "Elections in a Distributed Computing System", 1982, for who stands; Ongaro and Ousterhout,
//! "In Search of an Understandable Consensus Algorithm", 2014, for the argument: a node grants an epoch once, durably, so
//! two majorities of one epoch would share a node that granted it twice. The combination is this project's.
//!
//! **Guarantees.** At most one node leads an epoch, over all incarnations of all nodes. A node grants an epoch once. The
//! epochs of grants never fall. The resource takes no write of an old leader after one of a newer. A leader emerges while
//! a majority is connected, its disks answer and messages are fast against the timeouts.
//!
//! **Assumptions.** A durable write survives a crash whole and unchanged. Messages may be lost, duplicated, delayed and
//! reordered, not forged. Safety needs no clock.
//!
//! **How it differs from the classic form.**
//! - Who wins the election of the classic form has won nothing but the right to claim: it takes an epoch above all that it
//!   has seen, grants it to itself durably, asks everybody, and leads when a majority, itself included, has granted it.
//! - With `poll`, elections ask those below too, and only who hears that a majority misses the leader claims. Otherwise
//!   nodes cut off from the rest would claim in vain, and come back with an epoch that ends the present reign.
//! - Priority is a preference and no veto. Who was answered and hears of no leader within T_coord holds an election in
//!   which it no longer defers: the one above may be cut off from a majority, though not from this node.
//! - A node that hears a leader does not answer elections, and grants epochs to nobody else (stickiness).
//! - A leader steps down when no majority has acknowledged its heartbeats between two checks, or when its disk has not
//!   answered: at each check it writes its grant again, as a probe.
//! - A leader with somebody above it that acknowledges its heartbeats offers it the office (`takeover`) instead of being
//!   driven out. It offers once: who does not take it gets no second offer, until it has been silent for a check.
//! - Whatever promises something waits for the disk: answers, grants, denials, acknowledgements. A node whose disk is
//!   stuck is silent, and while a write is under way it does not stand.
//! - A leader that is told of a higher epoch steps down, listens for a heartbeat interval and T_m in case somebody leads
//!   it, and holds an election if not.
//! - There is no replicated log: a claim need not show what its claimant has.
//!
//! ```text
//! mod.rs       rules, configuration, the way of an input to its rule
//! election.rs  who stands: elections, answers, waits
//! claim.rs     claims, grants, and what a higher epoch does
//! leading.rs   heartbeats, the check of the quorum, handing over
//! ```

mod bugs;
mod claim;
mod election;
mod leading;
mod message;
mod phases;
mod state;
#[cfg(test)]
mod tests;

pub use bugs::Plant;
pub use message::Message;
pub use state::{Disk, State, Status, Timer, Write};

use self::phases::Moment;
use super::shared::{self, Common};
use crate::{Algorithm, Entry, Promise};
use interregnum_kernel::{
    Effects, Epoch, FaultClasses, FencingToken, Input, Kind, Leadership, NodeId, NodeSet, Now, Office, Order,
    ParameterError, ParameterKind, ParameterSpec, Parameters, Process, Protocol, Role, Value,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BullyQuorum {
    common: Common,
    poll: bool,
    takeover: bool,
    bug: Option<Plant>,
}

const POLL: ParameterSpec = ParameterSpec {
    name: "poll",
    kind: ParameterKind::Flag,
    doc: "whether only who hears that a majority misses the leader claims an epoch",
    default: |_| Value::Flag(true),
};

const TAKEOVER: ParameterSpec = ParameterSpec {
    name: "takeover",
    kind: ParameterKind::Flag,
    doc: "whether a leader offers its office to a node above it that has come back",
    default: |_| Value::Flag(true),
};

impl Algorithm for BullyQuorum {
    type Rules = BullyQuorum;

    const ENTRY: Entry = Entry {
        name: "bully-quorum",
        title: "Bully with quorums",
        summary: "the highest identifier is preferred, and leads an epoch that a majority has durably granted to it",
        source: "Garcia-Molina, Elections in a Distributed Computing System, 1982; the safety argument of Ongaro and \
                 Ousterhout, 2014",
        bugs: bugs::BUGS,
        service: false,
        parameters: &[
            shared::IDS,
            shared::HEARTBEAT_INTERVAL,
            shared::FAILURE_TIMEOUT,
            shared::MESSAGE_BOUND,
            shared::PROCESSING_BOUND,
            shared::ANSWER_TIMEOUT,
            shared::COORDINATOR_TIMEOUT,
            POLL,
            TAKEOVER,
        ],
        orders: &["transfer", "resign"],
        election_kinds: &["Election", "Answer", "Claim", "Grant", "Deny", "Coordinator", "Transfer"],
        promises: &[
            // An epoch is granted by a majority, once by each, on disks: Raft's argument, and it asks for no time. A disk that forgets a
            // grant can grant the epoch again.
            Promise::except("election-safety", FaultClasses::FORGETFUL_DISKS),
            Promise::except("vote-once", FaultClasses::FORGETFUL_DISKS),
            Promise::except("epoch-monotonic", FaultClasses::FORGETFUL_DISKS),
            Promise::except("fenced-writes", FaultClasses::FORGETFUL_DISKS),
            // Two leaders of one epoch, which forgotten grants can make, do not obey each other. All other waits end with the heal.
            Promise::except("leader-within", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-during", FaultClasses::FORGETFUL_DISKS),
        ],
    };

    fn from_parameters(parameters: &Parameters) -> Result<BullyQuorum, ParameterError> {
        Ok(BullyQuorum {
            common: Common::read(parameters)?,
            poll: parameters.flag(&POLL)?,
            takeover: parameters.flag(&TAKEOVER)?,
            bug: parameters.bug.as_deref().and_then(Plant::from_id),
        })
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        let even = crate::profile::even_cluster(parameters.members.len());
        Common::warnings(parameters).into_iter().chain(even).collect()
    }
}

/// Where a step puts its effects.
type Out = Effects<BullyQuorum>;

impl Protocol for BullyQuorum {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = Write;
    type Disk = Disk;

    const KINDS: &'static [&'static str] = Message::KINDS;
    const PHASES: &'static [&'static str] = Moment::NAMES;

    #[inline]
    fn kind(message: &Message) -> Kind {
        message.kind()
    }

    #[inline]
    fn label(message: &Message) -> u64 {
        message.label()
    }

    fn apply(disk: &mut Disk, write: &Write) {
        *disk = Disk { epoch: write.epoch, granted: Some(write.granted) };
    }

    fn timed(&self) -> bool {
        false
    }

    fn boot(&self, Process { node, .. }: Process, disk: &Disk, _: Now, out: &mut Out) -> State {
        // The bug: nothing is read.
        let forgets = self.bug == Some(Plant::RestartForgetsGrant);
        let disk = if forgets { Disk::default() } else { *disk };
        let state = State::read(node, disk, self.common.sides(node));
        if self.common.members.contains(node) {
            out.set_timer(Timer::Failure, self.common.failure_timeout);
        }
        state
    }

    #[inline(always)]
    fn step(&self, state: &mut State, _: Now, input: Input<BullyQuorum>, out: &mut Out) {
        match input {
            Input::Received { from, message } => self.on_message(state, from, message, out),
            Input::Fired(timer) => self.on_timer(state, timer, out),
            Input::Persisted(write) => self.on_persisted(state, write, out),
            Input::Administer(Order::TransferLeadership(target)) => self.on_order(state, target, out),
            Input::Administer(Order::Resign) => self.on_resign(state, out),
            Input::Propose(_) | Input::Administer(_) | Input::Disconnected(_) => {}
        }
    }

    #[inline]
    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        (state.status == Status::Leading).then_some(Leadership {
            office: Office::CONTESTED,
            epoch: state.reign,
            token: Some(FencingToken(state.reign.0)),
        })
    }

    #[inline]
    fn role(&self, state: &State) -> Role {
        match state.status {
            Status::Following | Status::Waiting => Role::Follower,
            Status::Electing => Role::PreCandidate,
            Status::Claiming => Role::Candidate,
            Status::Leading => Role::Leader,
        }
    }

    #[inline]
    fn epoch(&self, state: &State) -> Epoch {
        state.seen
    }

    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.common.members)
    }
}

/// The way of an input to its rule.
impl BullyQuorum {
    /// Heartbeats and their acknowledgements are most of a run.
    #[inline(always)]
    fn on_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        match message {
            Message::Heartbeat { epoch }
                if state.guarded && state.leader == Some(from) && epoch == state.seen =>
            {
                out.set_timer(Timer::Guard, self.patience());
                out.send_once_durable(from, Message::HeartbeatAck { epoch });
            }
            Message::HeartbeatAck { epoch } => self.on_heartbeat_ack(state, from, epoch),
            other => self.on_any_message(state, from, other, out),
        }
    }

    #[inline(never)]
    fn on_any_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        let members = self.common.members;
        if !members.contains(state.node) || !members.contains(from) || from == state.node {
            return;
        }
        match message {
            Message::Election { epoch } => self.on_election(state, from, epoch, out),
            Message::Answer { epoch, stands } => self.on_answer(state, from, epoch, stands, out),
            Message::Claim { epoch, transfer } => self.on_claim(state, from, epoch, transfer, out),
            Message::Grant { epoch } => self.on_grant(state, from, epoch, out),
            Message::Deny { epoch } => self.on_deny(state, from, epoch, out),
            Message::Coordinator { epoch } | Message::Heartbeat { epoch } => {
                self.on_leader(state, from, epoch, out);
            }
            Message::HeartbeatAck { epoch } => self.on_heartbeat_ack(state, from, epoch),
            Message::Transfer { epoch } => self.on_transfer(state, from, epoch, out),
        }
    }

    #[inline]
    fn on_timer(&self, state: &mut State, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Heartbeat => self.on_heartbeat_due(state, out),
            Timer::CheckQuorum => self.on_check_quorum(state, out),
            Timer::Guard => self.on_guard_ends(state, out),
            Timer::Failure => self.on_failure(state, out),
            Timer::Answer => self.on_answers_end(state, out),
            Timer::Coordinator => self.on_wait_ends(state, out),
            Timer::Claim => self.on_claim_ends(state, out),
            Timer::Abstention => state.abstains = false,
        }
    }
}
