//! Token ring: a token collects the living, and the highest of them becomes coordinator.
//!
//! **Texts.** Tanenbaum and van Steen, "Distributed Systems: Principles and Paradigms", the ring algorithm of the section
//! on elections; it goes back to LeLann, "Distributed systems: towards a formal approach", 1977. The bound on an
//! acknowledgement is that of Garcia-Molina 1982.
//!
//! **Guarantees.** While messages and answers keep to their bounds and the nodes that live can reach each other: one
//! leader, the living node of the highest identifier. Several initiators cause several circulations that agree. All of
//! this is void in a partition, where every side closes a ring of its own, and where a slow answer keeps a live node off
//! the list.
//!
//! **Assumptions.** As for [`crate::ring::ChangRoberts`].
//!
//! **Deviations.**
//! - The epoch of an election is named by its initiator: one more than the highest seen in any message. It is agreed on
//!   by nobody and kept on no disk; two sides of a split that elect afresh come to the same one.
//! - The leader is established when the coordinator's message reaches it, not when the token is home.
//! - A node passes each initiator's token and announcement on once per round. The list says so too, but a token that was
//!   bypassed past a slow node has two lists.
//! - The texts leave open what becomes of a lost token. Whoever has signed one waits for two circulations, and then sends
//!   its own, in the next round.
//! - Where the outcome of a round is known, its tokens end: such a token is late, or comes from a node that has forgotten
//!   the round in a crash and would hold it again.
//! - A leader that hears of a later round gives up its office. A node that resigned passes tokens on without signing.
//!
//! ```text
//! mod.rs       rules, configuration, the way of an input to its rule
//! election.rs  the token, the coordinator's message
//! message.rs, state.rs, bugs.rs
//! ```

mod bugs;
mod election;
mod message;
mod state;
#[cfg(test)]
mod tests;

pub use bugs::Plant;
pub use message::{List, Message};
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
pub struct TokenRing {
    settings: Settings,
    bug: Option<Plant>,
}

impl Algorithm for TokenRing {
    type Rules = TokenRing;

    const ENTRY: Entry = Entry {
        name: "ring-token",
        title: "Token ring (Tanenbaum)",
        summary: "a token collects the living round a ring, and the highest of its list is made coordinator; no quorum, nothing durable",
        source: "Tanenbaum and van Steen, Distributed Systems: Principles and Paradigms, 2007, the ring algorithm; \
                 LeLann, Distributed systems: towards a formal approach, 1977",
        bugs: bugs::BUGS,
        service: false,
        parameters: &[FAILURE_TIMEOUT, HEARTBEAT_INTERVAL, MESSAGE_BOUND, PROCESSING_BOUND, IDS, INITIATORS],
        orders: &["resign"],
        election_kinds: &["Election", "Coordinator", "Ack"],
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

    fn from_parameters(parameters: &Parameters) -> Result<TokenRing, ParameterError> {
        Ok(TokenRing {
            settings: Settings::read(parameters, &PROCESSING_BOUND)?,
            bug: parameters.bug.as_deref().and_then(Plant::from_id),
        })
    }
}

/// Where a step puts its effects.
type Out = Effects<TokenRing>;

impl Protocol for TokenRing {
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
    fn step(&self, state: &mut State, _: Now, input: Input<TokenRing>, out: &mut Out) {
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

impl Classic for TokenRing {
    #[inline]
    fn heartbeat(epoch: Epoch) -> Message {
        Message::Heartbeat { epoch }
    }
}

impl TokenRing {
    #[inline]
    fn on_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        match message {
            Message::Heartbeat { epoch } => self.settings.on_heartbeat(&mut state.member, from, epoch, out),
            Message::Ack { .. } => {
                let is = |one: &Message| one.receipt().as_ref() == Some(&message);
                state.hop.acknowledged(self.settings.link, from, is, Timer::Ack, out);
            }
            circulating => {
                if let Some(receipt) = circulating.receipt() {
                    out.send(from, receipt);
                    self.on_circulating(state, circulating, out);
                }
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
                for message in state.hop.bypass(self.settings.link, Timer::Ack, out) {
                    self.on_circulating(state, message, out);
                }
            }
        }
    }
}
