//! Quorum ring: a token collects durable grants of a majority, and circulates on as the leader's lease.
//!
//! **Texts.** No paper: the ring of Tanenbaum and van Steen (see [`crate::ring::TokenRing`]), hardened as Raft (Ongaro and
//! Ousterhout 2014) hardens voting. A grant is Raft's vote, given to the initiator of a token and not to who will lead.
//!
//! **Guarantees.** At most one node leads an epoch, over all incarnations of all nodes: a majority has durably granted the
//! epoch to one initiator, which decides once who leads it, and who leads it does so once. A node grants an epoch once.
//! Epochs on disk never fall. A leader emerges while the nodes of a majority can pass messages to each other along the
//! ring, back to where they began, their disks answer, and messages keep to their bounds.
//!
//! **Assumptions.** A durable write survives a crash whole and unchanged. Messages may be lost, duplicated, delayed and
//! reordered, not forged. Safety needs no clock. Exclusion is not promised: a leader that is cut off leads on until its
//! lease has not come home for the shortest failure timeout.
//!
//! **What it costs.** Everything is serial: an election takes n journeys and n fsyncs, one after the other, two more fsyncs
//! to decide and to lead, and the way to the leader. A dead node adds an acknowledgement timeout to each circulation.
//!
//! **Deviations and choices.**
//! - The token of an election is acknowledged when the grant is durable. A node whose disk stands is bypassed like a dead
//!   one; were it to acknowledge before, every token would end with it.
//! - A node that hears a leader (within two heartbeat intervals) grants nobody another epoch. There is no pre-vote: a node
//!   that was cut off comes back with a higher epoch and deposes the leader, whose lease it refuses.
//! - Of two initiators of one epoch neither may get a majority. The one of the higher identifier asks for the next epoch
//!   at once, as Chang and Roberts's higher number goes on; the other waits for a failure timeout. A token that meets its
//!   rival with a majority on it is sent home, since it needs nobody else.
//! - Whoever grants a token waits a failure timeout for its outcome. An initiator whose token has none waits longer than
//!   any of them before it asks again, so that another has its turn: the tokens of a node that can send and not receive
//!   never come home, and would put the attempts of all others off for ever.
//! - A message that comes to a node for the second time, which happens where its owner was bypassed, is sent on to the owner
//!   directly: another link to it may work. Copies that a slow answer made end where the first has been.
//! - The coordinator's message ends at the leader, whose first lease tells the others.
//! - A circulation of the lease leaves when a write of the leader is durable. So a leader whose disk stands falls silent.
//!
//! ```text
//! mod.rs       rules, configuration, the way of an input to its rule
//! election.rs  tokens, grants, refusals, the decision
//! leading.rs   what the leader and its followers do
//! message.rs, state.rs, bugs.rs
//! ```

mod bugs;
mod election;
mod leading;
mod message;
mod phases;
mod state;
#[cfg(test)]
mod tests;

pub use bugs::Plant;
pub use message::{Circulating, Message};
pub use state::{Record, State};

use self::phases::Moment;
use super::parameters::{FAILURE_TIMEOUT, HEARTBEAT_INTERVAL, IDS, INITIATORS, MESSAGE_BOUND, Settings};
use crate::profile;
use crate::{Algorithm, Entry, Promise};
use interregnum_kernel::{
    Effects, Epoch, FaultClasses, FencingToken, Input, Jitter, Kind, Leadership, NodeId, NodeSet, Now,
    Office, Order, ParameterError, ParameterKind, ParameterSpec, Parameters, Process, Profile, Protocol,
    Role, Span, TimerName, Value,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuorumRing {
    settings: Settings,
    /// For how long a node that has heard a leader grants nobody another epoch.
    guard: Span,
    /// For how long at least an initiator waits for its token, at most twice that.
    patience: Span,
    bug: Option<Plant>,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No leader was heard for a failure timeout. Behind the guard, the timer takes only the rest of it.
    Failure,
    /// A leader was heard within two heartbeat intervals.
    Guard,
    /// The own token has had no outcome.
    Round,
    /// The successor has not acknowledged.
    Ack,
    /// A leader's next circulation is due.
    Heartbeat,
    /// No circulation has come home with a quorum's stamps for the shortest failure timeout.
    Quorum,
}

impl TimerName for Timer {
    const COUNT: usize = 6;

    #[inline]
    fn index(self) -> usize {
        self as usize
    }

    fn from_index(index: usize) -> Timer {
        use Timer::{Ack, Failure, Guard, Heartbeat, Quorum, Round};
        [Failure, Guard, Round, Ack, Heartbeat, Quorum][index]
    }
}

/// T_p of the literature. Longer than where nothing is written: the grant is durable within it.
const PROCESSING_BOUND: ParameterSpec = ParameterSpec {
    name: "processing_bound",
    kind: ParameterKind::Span,
    doc: "how long a node is assumed to take at most until it answers a message, its fsync included",
    default: |profile| {
        Value::Span(match profile {
            Profile::Matched => Span::millis(10),
            Profile::Production => Span::millis(50),
        })
    },
};

impl Algorithm for QuorumRing {
    type Rules = QuorumRing;

    const ENTRY: Entry = Entry {
        name: "ring-quorum",
        title: "Quorum ring",
        summary: "a token collects durable grants of a majority round a ring, its initiator decides once, and the lease circulates on",
        source: "a design of this project: Tanenbaum and van Steen's ring with the durable votes of Ongaro and Ousterhout 2014",
        bugs: bugs::BUGS,
        service: false,
        parameters: &[FAILURE_TIMEOUT, HEARTBEAT_INTERVAL, MESSAGE_BOUND, PROCESSING_BOUND, IDS, INITIATORS],
        orders: &["resign"],
        election_kinds: &["Election", "Coordinator", "Ack", "Nack"],
        promises: &[
            // An epoch is granted by a majority, decided once by its initiator and led once, all on disks, whatever is late or lost. A
            // disk that forgets can grant, decide or lead again.
            Promise::except("election-safety", FaultClasses::FORGETFUL_DISKS),
            Promise::except("vote-once", FaultClasses::FORGETFUL_DISKS),
            Promise::except("epoch-monotonic", FaultClasses::FORGETFUL_DISKS),
            Promise::except("fenced-writes", FaultClasses::FORGETFUL_DISKS),
            // Of two leaders of one epoch, which forgotten grants can make, each keeps those who heard it first. All other waits end
            // with the heal.
            Promise::except("leader-within", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-during", FaultClasses::FORGETFUL_DISKS),
        ],
    };

    fn from_parameters(parameters: &Parameters) -> Result<QuorumRing, ParameterError> {
        let settings = Settings::read(parameters, &PROCESSING_BOUND)?;
        let two_intervals = settings.heartbeat_interval + settings.heartbeat_interval;
        Ok(QuorumRing {
            guard: two_intervals.min(settings.failure_timeout.min),
            patience: settings.circulation.max(settings.failure_timeout.max),
            settings,
            bug: parameters.bug.as_deref().and_then(Plant::from_id),
        })
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        let slow = QuorumRing::from_parameters(parameters).ok().and_then(|protocol| protocol.slow_lease());
        profile::even_cluster(parameters.members.len()).into_iter().chain(slow).collect()
    }
}

/// Where a step puts its effects.
type Out = Effects<QuorumRing>;

impl Protocol for QuorumRing {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = Record;
    type Disk = Record;

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

    fn apply(disk: &mut Record, write: &Record) {
        *disk = *write;
    }

    fn timed(&self) -> bool {
        false
    }

    fn boot(&self, Process { node, .. }: Process, disk: &Record, _: Now, out: &mut Out) -> State {
        let mut state = State::read(node, disk);
        if !self.settings.link.ring.contains(node) {
            // A spare waits, without a timer and without a place on the ring.
        } else if self.settings.initiators.contains(node) {
            self.launch(&mut state, out);
        } else {
            out.set_timer(Timer::Failure, self.settings.failure_timeout);
        }
        state
    }

    #[inline(always)]
    fn step(&self, state: &mut State, _: Now, input: Input<QuorumRing>, out: &mut Out) {
        match input {
            Input::Received { from, message } if self.settings.link.ring.contains(state.node) => {
                self.on_message(state, from, message, out);
            }
            Input::Fired(timer) => self.on_timer(state, timer, out),
            Input::Persisted(write) => self.on_persisted(state, write, out),
            Input::Administer(Order::Resign) => self.on_resign(state, out),
            _ => {}
        }
    }

    #[inline]
    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        (state.role == Role::Leader).then_some(Leadership {
            office: Office::CONTESTED,
            epoch: state.record.epoch,
            token: Some(FencingToken(state.record.epoch.0)),
        })
    }

    #[inline]
    fn role(&self, state: &State) -> Role {
        state.role
    }

    #[inline]
    fn epoch(&self, state: &State) -> Epoch {
        state.record.epoch
    }

    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.settings.link.ring.members())
    }
}

impl QuorumRing {
    /// What to remark where the lease takes longer round the ring than a leader waits for it, though nobody is bypassed.
    fn slow_lease(&self) -> Option<ParameterError> {
        let nodes = self.settings.link.ring.size() as u64;
        let (lease, patience) =
            (self.settings.message_bound.scaled(nodes, 1), self.settings.failure_timeout.min);
        (nodes > 1 && lease >= patience).then(|| ParameterError {
            parameter: FAILURE_TIMEOUT.name,
            problem: format!(
                "a lease may take {lease} round {nodes} nodes, and a leader steps down without one for the shortest failure \
                 timeout, {patience}"
            ),
        })
    }

    #[inline]
    fn on_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        match message {
            Message::Lease { epoch, leader, beat, stamps } => {
                self.acknowledge(from, &message, out);
                self.on_lease(state, epoch, leader, beat, stamps, out);
            }
            Message::Ack { .. } => {
                let is = |one: &Message| one.receipt() == Some(message);
                state.hop.acknowledged(self.settings.link, from, is, Timer::Ack, out);
            }
            Message::Election { epoch, initiator, grants, willing } => {
                self.on_election(state, epoch, initiator, (grants, willing), out);
                if let Some(receipt) = message.receipt() {
                    // Behind the grant, if it was granted just now.
                    out.send_once_durable(from, receipt);
                }
            }
            Message::Coordinator { epoch, initiator, leader, hops } => {
                self.acknowledge(from, &message, out);
                self.on_coordinator(state, epoch, initiator, (leader, hops), out);
            }
            Message::Nack { refused, epoch, rival } => self.on_nack(state, refused, epoch, rival, out),
        }
    }

    #[inline]
    fn acknowledge(&self, from: NodeId, message: &Message, out: &mut Out) {
        if let Some(receipt) = message.receipt() {
            out.send(from, receipt);
        }
    }

    #[inline]
    fn on_timer(&self, state: &mut State, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Heartbeat => self.on_heartbeat_due(state, out),
            Timer::Guard => self.on_guard_ends(state, out),
            Timer::Quorum => self.on_quorum_lost(state, out),
            Timer::Failure | Timer::Round => self.launch(state, out),
            Timer::Ack => {
                for message in state.hop.bypass(self.settings.link, Timer::Ack, out) {
                    self.come_home(state, message, out);
                }
            }
        }
    }

    /// Passes something on round the ring.
    fn pass_on(&self, state: &mut State, message: Message, out: &mut Out) {
        if let Some(home) = state.hop.pass(self.settings.link, message, Timer::Ack, out) {
            self.come_home(state, home, out);
        }
    }

    /// Nobody else is there to take a message. The own ones have gone round a ring of one; of others, the owner has been
    /// tried as everybody else.
    fn come_home(&self, state: &mut State, message: Message, out: &mut Out) {
        match message {
            Message::Election { epoch, initiator, grants, willing } if initiator == state.node => {
                self.on_own_token(state, epoch, (grants, willing), out);
            }
            Message::Lease { epoch, leader, beat, stamps } if leader == state.node => {
                self.on_own_lease(state, epoch, beat, stamps, out);
            }
            _ => {}
        }
    }

    /// Something of this node's is durable: what waited for it happens, unless a later epoch has begun meanwhile.
    fn on_persisted(&self, state: &mut State, write: Record, out: &mut Out) {
        if write.epoch != state.record.epoch {
            return;
        }
        if write.granted.is_some()
            && let Some(token) = state.unsent.take()
        {
            self.pass_on(state, token, out);
            if write.granted == Some(state.node) {
                out.reach(Moment::VotesAsked.into());
            }
        }
        if write.decided.is_some()
            && write.decided == state.record.decided
            && std::mem::take(&mut state.deciding)
        {
            self.announce(state, out);
        }
        if write.led == write.epoch && std::mem::take(&mut state.rising) {
            self.lead(state, out);
        } else if std::mem::take(&mut state.due) {
            self.circulate(state, out);
        }
    }

    /// Every member but for how it is reached: a majority of them elects, and obeys.
    fn is_majority(&self, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.settings.link.ring.members())
    }

    /// Moves to a later epoch: nothing of the one before counts any more.
    fn enter_epoch(&self, state: &mut State, epoch: Epoch, out: &mut Out) {
        if epoch <= state.record.epoch {
            return;
        }
        self.become_follower(state, out);
        state.record = Record { epoch, granted: None, decided: None, led: state.record.led };
        state.leader = None;
        state.unsent = None;
        state.deciding = false;
        state.rising = false;
        state.beat = 0;
        state.completed = 0;
    }

    /// Neither stands nor leads, and waits for somebody who does.
    fn become_follower(&self, state: &mut State, out: &mut Out) {
        state.launched = false;
        match std::mem::replace(&mut state.role, Role::Follower) {
            Role::Leader => {
                state.leader = None;
                state.due = false;
                out.cancel_timer(Timer::Heartbeat);
                out.cancel_timer(Timer::Quorum);
            }
            Role::Candidate => out.cancel_timer(Timer::Round),
            _ => return,
        }
        out.set_timer(Timer::Failure, self.settings.failure_timeout);
    }

    /// Gives up leadership, and lets the others elect. They notice by the silence, long before this node stands again.
    fn on_resign(&self, state: &mut State, out: &mut Out) {
        if state.role == Role::Leader {
            self.become_follower(state, out);
            state.abstains = true;
            let longest = self.settings.failure_timeout.max;
            out.set_timer(Timer::Failure, Jitter::exactly(longest + longest));
        }
    }
}
