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
//! election.rs  rounds, candidacies, the announcement
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

use super::parameters::{
    FAILURE_TIMEOUT, HEARTBEAT_INTERVAL, IDS, INITIATORS, MESSAGE_BOUND, PROCESSING_BOUND, Settings,
};
use crate::{Algorithm, Entry};
use interregnum_kernel::{
    Effects, Epoch, FencingToken, Input, Jitter, Kind, Leadership, NodeId, NodeSet, Now, Office, Order,
    ParameterError, Parameters, Process, Protocol, Role, TimerName,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChangRoberts {
    settings: Settings,
    bug: Option<Plant>,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No leader was heard for a failure timeout.
    Failure,
    /// The election that the node took part in has had no outcome.
    Round,
    /// The successor has not acknowledged.
    Ack,
    /// A leader's next heartbeat is due.
    Heartbeat,
}

impl TimerName for Timer {
    const COUNT: usize = 4;

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        use Timer::{Ack, Failure, Heartbeat, Round};
        [Failure, Round, Ack, Heartbeat][index]
    }
}

impl Algorithm for ChangRoberts {
    const ENTRY: Entry = Entry {
        name: "ring",
        title: "Ring (Chang-Roberts)",
        summary: "candidacies travel round a ring, smaller ones are swallowed; dead successors are bypassed; no quorum, nothing durable",
        source: "Chang and Roberts, An improved algorithm for decentralized extrema-finding in circular configurations \
                 of processes, 1979",
        bugs: bugs::BUGS,
        parameters: &[FAILURE_TIMEOUT, HEARTBEAT_INTERVAL, MESSAGE_BOUND, PROCESSING_BOUND, IDS, INITIATORS],
        orders: &["resign"],
        election_kinds: &["Election", "Elected", "Ack"],
        promises: &["election-safety", "leader-exclusion", "fenced-writes", "leader-within"],
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

    const KINDS: &'static [&'static str] = Message::KINDS;

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
            Input::Received { from, message } if self.settings.link.ring.contains(state.node) => {
                self.on_message(state, from, message, out);
            }
            Input::Fired(timer) => self.on_timer(state, timer, out),
            Input::Administer(Order::Resign) => self.on_resign(state, out),
            _ => {}
        }
    }

    #[inline]
    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        (state.role == Role::Leader).then_some(Leadership {
            office: Office::CONTESTED,
            epoch: state.epoch,
            token: Some(FencingToken(state.epoch.0)),
        })
    }

    #[inline]
    fn role(&self, state: &State) -> Role {
        state.role
    }

    #[inline]
    fn epoch(&self, state: &State) -> Epoch {
        state.epoch
    }

    /// The algorithm asks for none. Answered for a majority of the members all the same, so that what it costs to be led
    /// by a minority's leader is measured as it is for others.
    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.settings.link.ring.members())
    }
}

impl ChangRoberts {
    #[inline]
    fn on_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        match message {
            Message::Heartbeat { epoch } => self.on_heartbeat(state, from, epoch, out),
            Message::Lap(lap) => {
                out.send(from, Message::Ack(lap));
                self.on_lap(state, lap, out);
            }
            Message::Ack(lap) => {
                state.hop.acknowledged(self.settings.link, from, &lap, Timer::Ack, out);
            }
        }
    }

    #[inline]
    fn on_timer(&self, state: &mut State, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Heartbeat => self.on_heartbeat_due(state, out),
            Timer::Failure | Timer::Round => self.start_election(state, out),
            Timer::Ack => {
                // What nobody took has gone round a ring of one.
                for lap in state.hop.bypass(self.settings.link, Timer::Ack, out) {
                    self.on_lap(state, lap, out);
                }
            }
        }
    }

    fn on_heartbeat_due(&self, state: &mut State, out: &mut Out) {
        if state.role != Role::Leader {
            return;
        }
        out.set_timer(Timer::Heartbeat, Jitter::exactly(self.settings.heartbeat_interval));
        for peer in self.settings.link.ring.others(state.node).iter() {
            out.send(peer, Message::Heartbeat { epoch: state.epoch });
        }
    }

    /// A leader is heard. Of two leaders the one of the later round is followed, and within a round the one of the higher
    /// identifier; so two that meet after a split come to one.
    #[inline]
    fn on_heartbeat(&self, state: &mut State, from: NodeId, epoch: Epoch, out: &mut Out) {
        if epoch == state.epoch && state.leader == Some(from) && !state.awaits {
            out.set_timer(Timer::Failure, self.settings.failure_timeout);
        } else if epoch >= state.epoch {
            self.enter_round(state, epoch, out);
            if state.leader.is_none_or(|leader| self.settings.id(leader) <= self.settings.id(from)) {
                self.follow(state, from, out);
            }
        }
    }

    /// Gives up leadership, and lets the others elect. They notice by the silence, long before this node stands again.
    fn on_resign(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Leader {
            self.stop_leading(state, out);
            state.leader = None;
            state.abstains = true;
            let longest = self.settings.failure_timeout.max;
            out.set_timer(Timer::Failure, Jitter::exactly(longest + longest));
        }
    }

    fn stop_leading(&self, state: &mut State, out: &mut Out) {
        state.role = Role::Follower;
        out.cancel_timer(Timer::Heartbeat);
    }
}
