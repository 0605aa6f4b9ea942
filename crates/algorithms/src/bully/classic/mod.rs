//! The Bully algorithm in the form of the textbooks.
//!
//! **Papers.** Garcia-Molina, "Elections in a Distributed Computing System", IEEE Transactions on Computers C-31(1), 1982
//! ("paper"), of which this is the first algorithm; in the messages of Tanenbaum and van Steen, "Distributed Systems",
//! and of Coulouris et al., "Distributed Systems: Concepts and Design" ("textbooks").
//!
//! **Guarantees,** under the assumptions: at most one node leads at any time, epochs are led once, the resource takes no
//! write of an old leader after one of a newer, and a leader emerges. Nothing of that outlives the assumptions: in a
//! partition every side elects, a one-way link makes two coordinators, and a late message brings back a dead one.
//!
//! **Assumptions.** No message is lost, and none travels longer than T_m. A node answers within T_p or is down. Not every
//! node that has seen the last epoch is down at once: no epoch is on a disk.
//!
//! **Deviations.**
//! - Leadership has an epoch, which the paper lacks: the naive one that practitioners bolt on. Every message carries the
//!   highest that its sender has seen, and who declares itself announces the next. Nobody agrees to it.
//! - A node that starts listens for one heartbeat interval and T_m before it holds its election, so that it knows the
//!   epoch if anybody reigns. One that hears of a coordinator above it meanwhile follows that.
//! - A coordinator acts only T_m after it has declared itself, when everybody below has heard of it: the paper's state
//!   Reorganization, during which the paper asks all nodes one by one, and which textbooks drop.
//! - A coordinator that is asked answers, and announces its reign again to the asker, instead of holding an election that
//!   it would win. So it does to a coordinator of a lower identifier and a lower epoch that it hears of; of one whose
//!   epoch is not lower, it holds an election, and announces the next.
//! - A heartbeat of a node above is as good as its announcement. Where its epoch is not the highest that the receiver has
//!   seen, it is told so by an answer, and announces itself again above that.
//! - The highest node has nobody to wait for, and declares itself at once.
//! - The order to resign is no part of the paper. Who resigns neither stands nor answers for the longest failure timeout
//!   and T_ok. Then it takes the office back, if it is the highest.

mod bugs;
mod phases;
mod state;
#[cfg(test)]
mod tests;

pub use bugs::Plant;
pub use state::{Message, State, Status, Timer};

use self::phases::Moment;
use super::shared::{self, Common};
use crate::{Algorithm, Entry, LATE_OR_LOST, Promise};
use interregnum_kernel::{
    DisksNeeded, Effects, Epoch, FaultClass, FaultClasses, FencingToken, Input, Jitter, Kind, Leadership,
    NodeId, NodeSet, Now, Office, Order, ParameterError, Parameters, Process, Protocol, Role,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bully {
    common: Common,
    bug: Option<Plant>,
}

impl Algorithm for Bully {
    type Rules = Bully;

    const ENTRY: Entry = Entry {
        name: "bully",
        title: "Bully",
        summary: "the highest identifier that answers in time leads: safe within its bounds on delays, and no further",
        source: "Garcia-Molina, Elections in a Distributed Computing System, 1982",
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
        ],
        orders: &["resign"],
        election_kinds: &["Election", "Answer", "Coordinator"],
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

    fn from_parameters(parameters: &Parameters) -> Result<Bully, ParameterError> {
        let bug = parameters.bug.as_deref().and_then(Plant::from_id);
        Ok(Bully { common: Common::read(parameters)?, bug })
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        Common::warnings(parameters)
    }
}

/// Where a step puts its effects.
type Out = Effects<Bully>;

impl Protocol for Bully {
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
        let (above, below) = self.common.sides(node);
        let mut state = State {
            node,
            above,
            below,
            status: Status::Recovering,
            seen: Epoch::ZERO,
            reign: Epoch::ZERO,
            coordinator: None,
            heard: false,
        };
        if !self.common.members.contains(node) {
            return state;
        }
        if self.bug == Some(Plant::RecoversWithoutListening) {
            // The bug: it does not listen first.
            self.hold_election(&mut state, out);
        } else {
            out.set_timer(Timer::Recovery, self.length(&state, Timer::Recovery));
        }
        state
    }

    #[inline(always)]
    fn step(&self, state: &mut State, _: Now, input: Input<Bully>, out: &mut Out) {
        match input {
            Input::Received { from, message } => self.on_message(state, from, message, out),
            Input::Fired(timer) => self.on_timer(state, timer, out),
            Input::Administer(Order::Resign) => self.on_resign(state, out),
            Input::Persisted(()) | Input::Propose(_) | Input::Administer(_) | Input::Disconnected(_) => {}
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
            Status::Electing => Role::Candidate,
            Status::Reorganizing | Status::Leading => Role::Leader,
            Status::Recovering | Status::Following | Status::Waiting | Status::Abstaining => Role::Follower,
        }
    }

    #[inline]
    fn epoch(&self, state: &State) -> Epoch {
        state.seen
    }

    /// A measuring device: the rules never ask for a quorum.
    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.common.members)
    }
}

/// The way of an input to its rule.
impl Bully {
    #[inline(always)]
    fn on_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        // Heartbeats of the known coordinator are most of a run.
        let known = state.status == Status::Following && state.coordinator == Some(from);
        if known && message == (Message::Heartbeat { epoch: state.seen }) {
            return out.set_timer(Timer::Failure, self.common.failure_timeout);
        }
        self.on_any_message(state, from, message, out);
    }

    #[inline(never)]
    fn on_any_message(&self, state: &mut State, from: NodeId, message: Message, out: &mut Out) {
        let members = self.common.members;
        if !members.contains(state.node) || !members.contains(from) {
            return;
        }
        state.seen = state.seen.max(message.epoch());
        match message {
            Message::Election { .. } => self.on_election(state, from, out),
            Message::Answer { .. } => self.on_answer(state, from, out),
            Message::Coordinator { epoch } | Message::Heartbeat { epoch } => {
                self.on_coordinator(state, from, epoch, out);
            }
        }
    }

    fn on_timer(&self, state: &mut State, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Heartbeat => self.on_heartbeat_due(state, out),
            // Only the timer of the present status means anything.
            other if state.status.timer() != Some(other) => {}
            // Suspicion, recovery, and an election without an outcome.
            Timer::Recovery | Timer::Failure | Timer::Coordinator => self.hold_election(state, out),
            Timer::Answer => self.declare(state, out),
            Timer::Reorganization => self.enter(state, Status::Leading, out),
            Timer::Abstention => self.on_abstention_ends(state, out),
        }
    }

    /// How long a timer runs.
    fn length(&self, state: &State, timer: Timer) -> Jitter {
        let common = &self.common;
        Jitter::exactly(match timer {
            Timer::Failure => return common.failure_timeout,
            Timer::Recovery => common.heartbeat_interval + common.message_bound,
            Timer::Answer => common.answer_timeout,
            Timer::Coordinator => common.coordinator_timeout(state.above.len()),
            Timer::Reorganization => common.message_bound,
            Timer::Heartbeat => common.heartbeat_interval,
            Timer::Abstention => common.failure_timeout.max + common.answer_timeout,
        })
    }

    /// Passes into a status, and lets its time begin.
    fn enter(&self, state: &mut State, status: Status, out: &mut Out) {
        let before = std::mem::replace(&mut state.status, status);
        if let Some(timer) = before.timer().filter(|timer| status.timer() != Some(*timer)) {
            out.cancel_timer(timer);
        }
        if before.is_in_office() && !status.is_in_office() {
            out.cancel_timer(Timer::Heartbeat);
        }
        if let Some(timer) = status.timer() {
            out.set_timer(timer, self.length(state, timer));
        }
        if status == Status::Leading {
            out.reach(Moment::Elected.into());
        }
    }
}

/// Elections.
impl Bully {
    /// Asks everybody above. Whom nobody is above has nobody to wait for.
    fn hold_election(&self, state: &mut State, out: &mut Out) {
        state.coordinator = None;
        if state.above.is_empty() {
            return self.declare(state, out);
        }
        self.enter(state, Status::Electing, out);
        for node in state.above.iter() {
            out.send(node, Message::Election { epoch: state.seen });
        }
        out.reach(Moment::Standing.into());
    }

    /// A node below holds an election: it is answered, and this node holds one instead, unless it does already.
    fn on_election(&self, state: &mut State, from: NodeId, out: &mut Out) {
        if !state.below.contains(from) || state.status == Status::Abstaining {
            return;
        }
        out.send(from, Message::Answer { epoch: state.seen });
        match state.status {
            Status::Recovering | Status::Following => self.hold_election(state, out),
            Status::Reorganizing | Status::Leading => self.defend(state, from, out),
            Status::Electing | Status::Waiting | Status::Abstaining => {}
        }
    }

    /// Somebody above is there, and will lead or find who does. It may be late: even a coordinator gives way.
    fn on_answer(&self, state: &mut State, from: NodeId, out: &mut Out) {
        if state.below.contains(from) && state.status.is_in_office() && state.seen > state.reign {
            // A node below has seen a later epoch than the one that was announced to it.
            return self.hold_election(state, out);
        }
        let stands = state.status == Status::Electing || state.status.is_in_office();
        // The bug: answers change nothing.
        if !state.above.contains(from) || !stands || self.bug == Some(Plant::IgnoresAnswers) {
            return;
        }
        self.enter(state, Status::Waiting, out);
        if self.bug == Some(Plant::NoCoordinatorTimeout) {
            // The bug: the wait has no end.
            out.cancel_timer(Timer::Coordinator);
        }
    }

    /// Nobody above has answered in time: they are down, if the bounds hold. Takes the next epoch, and tells the nodes
    /// below.
    fn declare(&self, state: &mut State, out: &mut Out) {
        state.seen = state.seen.next();
        state.reign = state.seen;
        state.coordinator = None;
        state.heard = false;
        // The bug: it acts at once, while its predecessor does not know yet.
        let hasty = self.bug == Some(Plant::ActsBeforeItIsHeard);
        self.enter(state, if hasty { Status::Leading } else { Status::Reorganizing }, out);
        out.set_timer(Timer::Heartbeat, self.length(state, Timer::Heartbeat));
        for node in state.below.iter() {
            out.send(node, Message::Coordinator { epoch: state.reign });
        }
        out.reach(Moment::Announced.into());
    }

    /// Somebody says that it leads.
    fn on_coordinator(&self, state: &mut State, from: NodeId, epoch: Epoch, out: &mut Out) {
        if state.above.contains(from) {
            if state.status != Status::Abstaining {
                self.enter(state, Status::Following, out);
            }
            state.coordinator = Some(from);
            if epoch < state.seen {
                // It would not learn it from anybody else, and the resource would refuse all that it writes.
                out.send(from, Message::Answer { epoch: state.seen });
            }
            return;
        }
        match state.status {
            // A coordinator of a lower identifier is a reason for an election.
            Status::Following => self.hold_election(state, out),
            Status::Reorganizing | Status::Leading if epoch < state.reign => self.defend(state, from, out),
            Status::Reorganizing | Status::Leading => self.hold_election(state, out),
            Status::Abstaining => state.coordinator = Some(from),
            // An election is due or under way.
            Status::Recovering | Status::Electing | Status::Waiting => {}
        }
    }

    /// Reminds a node below of this coordinator; if a higher epoch was seen meanwhile, the reign has to be above it.
    fn defend(&self, state: &mut State, from: NodeId, out: &mut Out) {
        if state.seen > state.reign {
            self.hold_election(state, out);
        } else {
            out.send(from, Message::Coordinator { epoch: state.reign });
        }
    }

    fn on_heartbeat_due(&self, state: &mut State, out: &mut Out) {
        if !state.status.is_in_office() {
            return;
        }
        out.set_timer(Timer::Heartbeat, self.length(state, Timer::Heartbeat));
        for peer in self.common.peers(state.node) {
            out.send(peer, Message::Heartbeat { epoch: state.reign });
        }
        if !std::mem::replace(&mut state.heard, true) {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    /// Gives up the office, and leaves it to the others to notice and to elect.
    fn on_resign(&self, state: &mut State, out: &mut Out) {
        if state.status.is_in_office() {
            self.enter(state, Status::Abstaining, out);
        }
    }

    /// Takes part again. The node has followed whoever was elected meanwhile; now it minds whether that is below it.
    fn on_abstention_ends(&self, state: &mut State, out: &mut Out) {
        state.coordinator = state.coordinator.filter(|node| state.above.contains(*node));
        self.enter(state, Status::Following, out);
    }
}
