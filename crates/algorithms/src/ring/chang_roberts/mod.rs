//! Chang-Roberts: the candidacy of the highest identifier is the only one that comes home.
//!
//! **Papers.** Chang and Roberts, "An improved algorithm for decentralized extrema-finding in circular configurations of
//! processes", Communications of the ACM 22(5), 1979. The bound on an acknowledgement is that of Garcia-Molina,
//! "Elections in a Distributed Computing System", 1982.
//!
//! **Guarantees.** While messages and answers keep to their bounds and the nodes that live can reach each other: one
//! leader, the living node of the highest identifier that took part. All of this is void in a partition: a node that
//! does not answer is bypassed, so that every side closes a ring of its own and elects its own highest; and a node that
//! answers too late is bypassed too, and may lead beside the winner.
//!
//! **Assumptions.** Every message arrives within `message_bound`, every answer leaves within `processing_bound`, nodes
//! fail by crashing, and the order of the ring is known to all.
//!
//! **Deviations.**
//! - The paper's ring is whole and its processes do not fail. Acknowledgement, bypass, failure timeout, heartbeats (the
//!   leader to everybody, not round the ring) and the restart of an election without outcome are added.
//! - Elections carry a round number, as practitioners add one: one more than the highest seen in any message. It is
//!   agreed on by nobody and kept on no disk. It serves as epoch and as fencing token, and takes old candidacies off the
//!   ring. Two sides of a split that elect afresh come to the same number; that is the algorithm's truth, and not bent.
//! - A node passes a candidacy on once per round, and no message makes more hops than there are nodes.
//! - A leader that hears of a later round gives up its office and takes part. The paper knows no second election.
//! - A node that resigned passes on every candidacy, smaller ones too, until somebody is elected or nobody was for long.
//!
//! ```text
//! mod.rs       rules, configuration, the way of an input to its rule
//! election.rs  candidacies, the announcement
//! message.rs, state.rs, bugs.rs
//! ```

mod bugs;
mod election;
mod message;
mod state;
#[cfg(test)]
mod tests;

pub use bugs::Plant;
pub use message::{Lap, Message, News};
pub use state::State;

use super::classic::Classic;
pub use super::classic::Timer;
use super::parameters::{
    FAILURE_TIMEOUT, HEARTBEAT_INTERVAL, IDS, INITIATORS, MESSAGE_BOUND, PROCESSING_BOUND, Settings,
};
use super::phases::Moment;
use crate::{Algorithm, Entry, LATE_OR_LOST, Promise};
use interregnum_kernel::{
    DisksNeeded, Effects, Epoch, FaultClass, FaultClasses, Input, Kind, Leadership, NodeId, NodeSet, Now,
    Order, ParameterError, Parameters, Process, Protocol, Role,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChangRoberts {
    settings: Settings,
    bug: Option<Plant>,
}

impl Algorithm for ChangRoberts {
    type Rules = ChangRoberts;

    const ENTRY: Entry = Entry {
        name: "ring",
        title: "Ring (Chang-Roberts)",
        summary: "candidacies travel round a ring, smaller ones are swallowed; dead successors are bypassed; no quorum, nothing durable",
        source: "Chang and Roberts, An improved algorithm for decentralized extrema-finding in circular configurations \
                 of processes, 1979",
        bugs: bugs::BUGS,
        service: false,
        parameters: &[FAILURE_TIMEOUT, HEARTBEAT_INTERVAL, MESSAGE_BOUND, PROCESSING_BOUND, IDS, INITIATORS],
        orders: &["resign"],
        election_kinds: &["Election", "Elected", "Ack"],
        promises: &[
            // The epoch is one more than the highest heard of, agreed on by nobody and on no disk: it is unique while everybody hears
            // everybody in time, and whoever has heard of it lives on.
            Promise::except("election-safety", LATE_OR_LOST.and(FaultClasses::of(&[FaultClass::Crash]))),
            Promise::except("fenced-writes", LATE_OR_LOST.and(FaultClasses::of(&[FaultClass::Crash]))),
            // Who is silent for longer than the bounds is dead: true of crashes, and of nothing else. Disks do not matter.
            Promise::except("leader-exclusion", LATE_OR_LOST),
            // Nothing is remembered that could stand in the way; but an epoch that is forgotten in a crash lives on where it was
            // used, and whoever leads in an earlier one then is not the leader whom the world knows.
            Promise::except("leader-within", FaultClasses::of(&[FaultClass::Crash])),
            Promise::except("leader-during", FaultClasses::of(&[FaultClass::Crash])),
        ],
    };

    fn from_parameters(parameters: &Parameters) -> Result<ChangRoberts, ParameterError> {
        Ok(ChangRoberts {
            settings: Settings::read(parameters, &PROCESSING_BOUND)?,
            bug: parameters.bug.as_deref().and_then(Plant::from_id),
        })
    }
}

/// Where a step puts its effects.
type Out = Effects<ChangRoberts>;

impl Protocol for ChangRoberts {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = ();
    type Disk = ();

    const DISKS_NEEDED: DisksNeeded = DisksNeeded::None;
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

    fn apply((): &mut (), (): &()) {}

    fn timed(&self) -> bool {
        false
    }

    fn boot(&self, Process { node, .. }: Process, (): &(), _: Now, out: &mut Out) -> State {
        let mut state = State::blank(node);
        if !self.settings.link.ring.contains(node) {
            // A spare waits, without a timer and without a place on the ring.
        } else if self.settings.initiators.contains(node) {
            self.start_election(&mut state, out);
        } else {
            out.set_timer(Timer::Failure, self.settings.failure_timeout);
        }
        state
    }

    #[inline(always)]
    fn step(&self, state: &mut State, _: Now, input: Input<ChangRoberts>, out: &mut Out) {
        match input {
            Input::Received { from, message } if self.settings.link.ring.contains(state.member.node) => {
                self.on_message(state, from, message, out);
            }
            Input::Fired(timer) => self.on_timer(state, timer, out),
            Input::Administer(Order::Resign) => self.settings.on_resign(&mut state.member, out),
            _ => {}
        }
    }

    #[inline]
    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        state.member.leadership()
    }

    #[inline]
    fn role(&self, state: &State) -> Role {
        state.member.role
    }

    #[inline]
    fn epoch(&self, state: &State) -> Epoch {
        state.member.epoch
    }

    /// The algorithm asks for none. Answered for a majority of the members all the same, so that what it costs to be led
    /// by a minority's leader is measured as it is for others.
    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.settings.link.ring.members())
    }
}

impl Classic for ChangRoberts {
    #[inline]
    fn heartbeat(epoch: Epoch) -> Message {
        Message::Heartbeat { epoch }
    }
}

impl ChangRoberts {
    #[inline]
    fn on_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        match message {
            Message::Heartbeat { epoch } => self.settings.on_heartbeat(&mut state.member, from, epoch, out),
            Message::Lap(lap) => {
                out.send(from, Message::Ack(lap));
                self.on_lap(state, lap, out);
            }
            Message::Ack(lap) => {
                state.hop.acknowledged(self.settings.link, from, |one| *one == lap, Timer::Ack, out);
            }
        }
    }

    #[inline]
    fn on_timer(&self, state: &mut State, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Heartbeat => self.settings.on_heartbeat_due(&mut state.member, out),
            Timer::Failure | Timer::Round => self.start_election(state, out),
            Timer::Ack => {
                // What nobody took has gone round a ring of one.
                for lap in state.hop.bypass(self.settings.link, Timer::Ack, out) {
                    self.on_lap(state, lap, out);
                }
            }
        }
    }
}
