//! ZooKeeper's recipe for leader election, as Curator's `LeaderLatch` runs it.
//!
//! **Sources.** apache/zookeeper: `ClientCnxn.java` (`SendThread`: pings, read and connect timeout, reconnection),
//! `server/SessionTrackerImpl.java`, `server/ExpiryQueue.java` (`roundToNextInterval`), `server/ZooKeeperServer.java`
//! (`processConnectRequest`: the session timeout is negotiated), "ZooKeeper Recipes and Solutions", Leader Election.
//! apache/curator, since 5.4: `recipes/leader/LeaderLatch.java` (`checkLeadership`, `handleStateChange`),
//! `framework/state/ConnectionStateManager.java` (`checkSessionExpiration`), tech note 10 on pauses.
//!
//! **How it works.** A contender has a session, and a node in a queue that is bound to the session (ephemeral, sequential).
//! The node that was created first leads; its creation's number, the czxid, is the fencing token. Every other contender
//! watches the node ahead of its own, so that one end wakes one successor. Whoever loses its connection (`SUSPENDED`) stops
//! acting at once, and goes on when it is connected again and finds its node in front: the session, the node and the token
//! are still the same. Curator before CURATOR-644 (2022) deleted the node and queued up anew on each reconnection, which
//! gave leadership away without need; its fix is followed here. Whoever has had no connection for a session timeout takes the
//! session for over (`LOST`), asks for another, deletes the node that the old one may still have, and queues up anew.
//!
//! **Guarantees.** Tokens never fall, so they fence. The leases of two leaders do not overlap while answers come within a
//! third of the session timeout and from the service's one leader: a contender stops acting two thirds of the timeout after the
//! last answer, and the service ends a session a whole timeout after the ping that was answered, or later.
//!
//! **What it does not guarantee.** A process that was paused takes an old answer for a fresh one, and acts until it has
//! looked at its timers. An answer that took more than a third of the timeout, and clocks whose rates differ by a third,
//! break exclusion as well. So does a cut that has the service's leader on the holder's side, and a majority on the other: until it
//! knows that it is deposed it answers pings of which its successor does not know. `on_disconnect = "keep-acting"` is the
//! application that ignores `SUSPENDED` and waits for `LOST` (`SessionConnectionStateErrorPolicy`), a session timeout later.
//!
//! **Failover after the leader's crash**, if the service works: the service decides that the session is over at least the
//! session timeout less a ping's interval after the crash, and at most the timeout and a tick; then that is agreed on, the
//! successor is told by its service node, which may know a heartbeat of the service's later, and looks at the queue. With
//! messages and fsyncs of 1 ms and the values of `matched`, 208 to 409 ms (tests/tests/lease/bounds/zookeeper.rs). A leader
//! that is only cut off stops acting two thirds of the timeout after the last answer.
//!
//! **Deviations.** Pings go to the service's leader; in ZooKeeper the node that is asked answers alone and reports to the
//! leader (`Leader.java`, ping; `LearnerSessionTracker`), so that a follower cut off from its leader keeps its clients
//! happy for up to `syncLimit`. News from a service node is therefore not counted as a sign of life here. A service node
//! hangs up on its clients when it has lost its leader, which a follower learns here by Raft's election timeout, in
//! ZooKeeper also by a reset connection. Who watches nothing there learns of it with the next ping.
//! Ticks are counted from the beginning of the leader's process. A call that is not answered goes to the next service node
//! after `request_timeout`, which stands for TCP's repetitions, and a service node that does not take the connection is followed
//! by the next at once, where `startConnect` sleeps before each but the first. A session is named by its owner, so that a repeated request
//! opens no second one; a node's name does what Curator's protection does (`withProtection`).
//!
//! ```text
//! mod.rs         the queue
//! session.rs     the session, as the client library keeps it
//! parameters.rs  what can be set; the negotiation of the session timeout
//! ```

mod bugs;
pub(in crate::lease) mod parameters;
mod phases;
pub(in crate::lease) mod session;
#[cfg(test)]
mod tests;

pub use bugs::Plant;

use self::phases::Moment;
use self::session::{Session, Times, Turn};
use super::client::{Client, Heard, Patience};
use super::message::{Answer, Ask, View};
use super::recipe::{ASLEEP_OR_LATE, Event, Out, Recipe};
use super::service::{Operation, Outcome, Rules, SessionId, Watch};
use crate::{Claim, Entry, Promise, Strain};
use interregnum_kernel::{
    Deadline, FaultClass, FaultClasses, LogIndex, Now, ParameterError, Parameters, Role,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZooKeeper {
    times: Times,
    rules: Rules,
    patience: Patience,
    on_disconnect: OnDisconnect,
    bug: Option<Plant>,
}

/// What a leader does that loses its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum OnDisconnect {
    /// It stops acting.
    Stop,
    /// It goes on, though not by its lease.
    KeepActing,
}

/// How far a contender has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// It has no session.
    Outside,
    /// It asks for a node in the queue.
    Joining,
    /// It has one, and waits for the node ahead of it to go, or for a connection.
    Waiting,
    /// It looks who is ahead of it: because the node that was is gone, or for another reason.
    Looking {
        /// Whether it is gone.
        woken: bool,
    },
    /// It leads.
    Leading,
    /// It deletes its node.
    Leaving,
}

/// A contender's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contender {
    session: Session,
    place: Place,
    /// The number of its node's creation.
    created: u64,
    /// Whose node is ahead, as it was told last.
    ahead: Option<SessionId>,
    /// Its node of a session that it took for over, until that is deleted.
    left_behind: Option<(SessionId, u64)>,
    highest: u64,
}

/// What breaks the margin of a third of the session timeout between the end of a lease and the end of its session.
const BREAKS_MARGIN: FaultClasses = ASLEEP_OR_LATE.and(FaultClasses::FORGETFUL_DISKS);

/// What makes a leader of the service answer pings though another one has taken over, who does not know of them.
pub(in crate::lease) const DEPOSES_UNHEARD: FaultClasses =
    BREAKS_MARGIN.and(FaultClasses::of(&[FaultClass::Cut]));

impl Recipe for ZooKeeper {
    type Contender = Contender;

    const ENTRY: Entry = Entry {
        name: "lease-zookeeper",
        title: "ZooKeeper recipe",
        summary: "a queue of ephemeral nodes; the one created first leads while its session is connected, its czxid fences",
        source: "ZooKeeper Recipes and Solutions; apache/curator LeaderLatch.java, apache/zookeeper ClientCnxn.java",
        bugs: bugs::BUGS,
        service: true,
        parameters: parameters::SPECS,
        orders: &["resign"],
        election_kinds: &["OpenSession", "Join", "Leave", "Watch", "View"],
        promises: super::recipe::promises![
            Promise::except("lease-kept", DEPOSES_UNHEARD),
            Promise::except("lease-exclusion", DEPOSES_UNHEARD),
        ],
    };

    const PHASES: &'static [&'static str] = Moment::NAMES;

    fn from_parameters(parameters: &Parameters) -> Result<ZooKeeper, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }

    fn claims(&self) -> Vec<Claim> {
        let slow = "not documented; a lease ends two thirds of the session timeout after an answer, the session a whole one \
                    after the ping";
        let derived = Some(333_333);
        let slow = Claim { strain: Strain::SlowClock, documented: None, derived, source: slow };
        [slow].into_iter().chain(self.times.claims()).collect()
    }

    fn hangs_up(&self) -> bool {
        true
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn patience(&self) -> Patience {
        self.patience
    }

    fn begin(&self, client: Client, now: Now, out: &mut Out) -> Contender {
        let session = Session::open(&self.times, client, now, out);
        Contender { session, place: Place::Outside, created: 0, ahead: None, left_behind: None, highest: 0 }
    }

    fn on(&self, contender: &mut Contender, now: Now, event: Event, out: &mut Out) {
        let leads = contender.place == Place::Leading;
        if let Some(turn) = contender.session.on(&self.times, now, event, leads, out) {
            self.on_turn(contender, now, turn, out);
            return;
        }
        match event {
            Event::Heard(Heard::Answer { ask: Ask::Do(operation), answer, .. }) => {
                self.on_answer(contender, now, operation, answer, out);
            }
            Event::Heard(Heard::News(view)) => self.on_news(contender, view, out),
            Event::Resign => self.on_resign(contender, now, out),
            _ => {}
        }
    }

    fn client(contender: &mut Contender) -> &mut Client {
        &mut contender.session.client
    }

    fn leads(&self, contender: &Contender, _: Now) -> Option<u64> {
        (contender.place == Place::Leading).then_some(contender.created)
    }

    fn until(&self, contender: &Contender, _: Now) -> Option<Deadline> {
        let lost = contender.session.lost_since().filter(|_| self.bug == Some(Plant::ActsWhileDisconnected));
        let deadline =
            lost.map_or(contender.session.read_deadline(&self.times), |at| at + self.times.timeout);
        Some(Deadline::Mono(deadline))
    }

    fn role(&self, contender: &Contender) -> Role {
        match contender.place {
            Place::Looking { woken: true } => Role::Candidate,
            Place::Leading => Role::Leader,
            Place::Outside | Place::Joining | Place::Waiting | Place::Looking { .. } | Place::Leaving => {
                Role::Follower
            }
        }
    }

    fn highest(&self, contender: &Contender) -> u64 {
        contender.highest
    }
}

impl ZooKeeper {
    fn on_turn(&self, contender: &mut Contender, now: Now, turn: Turn, out: &mut Out) {
        match turn {
            Turn::Opened => match contender.left_behind {
                Some((session, number)) => self.leave(contender, (session, number), now, out),
                None => self.join(contender, now, out),
            },
            Turn::Suspended => self.on_suspended(contender, out),
            Turn::Reconnected => {
                // Watches ended with the connection (LeaderLatch.handleStateChange, RECONNECTED).
                match contender.place {
                    Place::Waiting | Place::Looking { .. } => self.look(contender, false, out),
                    Place::Leading => self.watch(contender, out),
                    Place::Outside | Place::Joining | Place::Leaving => {}
                }
            }
            Turn::Expired => contender.place = Place::Outside,
            // LeaderLatch.checkLeadership finds its node to be another session's, deletes it, and queues up (reset).
            Turn::GivenUp(session) => {
                if !matches!(contender.place, Place::Outside | Place::Joining) {
                    contender.left_behind = Some((session, contender.created));
                }
                contender.place = Place::Outside;
            }
        }
    }

    /// LeaderLatch.handleStateChange, SUSPENDED.
    fn on_suspended(&self, contender: &mut Contender, out: &mut Out) {
        if contender.place == Place::Leading {
            out.reach(Moment::LeaseOver.into());
        }
        // The bug: the end of the session is what ends the reign, and its loss is expected a timeout from now.
        let goes_on =
            self.on_disconnect == OnDisconnect::KeepActing || self.bug == Some(Plant::ActsWhileDisconnected);
        if contender.place != Place::Leading || !goes_on {
            self.wait(contender);
        }
    }

    /// It has a node, and nothing to do.
    fn wait(&self, contender: &mut Contender) {
        if matches!(contender.place, Place::Looking { .. } | Place::Leading) {
            contender.place = Place::Waiting;
        }
    }

    fn join(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.place = Place::Joining;
        contender.session.client.call(Ask::Do(Operation::Join(contender.session.id())), now, out);
    }

    fn on_answer(
        &self,
        contender: &mut Contender,
        now: Now,
        operation: Operation,
        answer: Answer,
        out: &mut Out,
    ) {
        match (operation, answer) {
            (Operation::Join(_), Answer::Outcome(Outcome::Done(number), _)) => {
                out.reach(Moment::KeyWritten.into());
                contender.created = number;
                contender.place = Place::Waiting;
                if contender.session.lost_since().is_none() {
                    self.look(contender, false, out);
                }
            }
            // Whatever the answer, the node is gone: refused is a request that was repeated because the first answer was lost.
            (Operation::Leave(..), Answer::Outcome(..)) => {
                contender.left_behind = None;
                self.join(contender, now, out);
            }
            _ => {}
        }
    }

    /// Lists the queue and watches the node ahead (LeaderLatch.getChildren, checkLeadership).
    fn look(&self, contender: &mut Contender, woken: bool, out: &mut Out) {
        contender.place = Place::Looking { woken };
        self.watch(contender, out);
        if woken {
            out.reach(Moment::Standing.into());
        }
    }

    fn watch(&self, contender: &mut Contender, out: &mut Out) {
        contender.session.client.watch(Watch::Ahead(LogIndex(contender.created)), out);
    }

    fn on_news(&self, contender: &mut Contender, view: View, out: &mut Out) {
        contender.highest = contender.highest.max(view.leader.map_or(0, |(number, _)| number));
        match contender.place {
            Place::Looking { .. } => {
                contender.ahead = view.ahead;
                let own = (contender.created, contender.session.id());
                contender.place = Place::Waiting;
                if view.leader == Some(own) {
                    self.lead(contender, out);
                }
            }
            Place::Waiting if view.ahead != contender.ahead => self.on_predecessor_gone(contender, out),
            _ => {}
        }
    }

    fn on_predecessor_gone(&self, contender: &mut Contender, out: &mut Out) {
        if self.bug == Some(Plant::PredecessorGoneLeads) {
            self.lead(contender, out);
        } else {
            self.look(contender, true, out);
        }
    }

    fn lead(&self, contender: &mut Contender, out: &mut Out) {
        contender.place = Place::Leading;
        contender.session.begin_reign();
        contender.highest = contender.highest.max(contender.created);
        out.reach(Moment::Elected.into());
    }

    /// LeaderLatch.close, and a new latch.
    fn on_resign(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.place == Place::Leading {
            contender.session.client.stop_watching(out);
            self.leave(contender, (contender.session.id(), contender.created), now, out);
            out.reach(Moment::ReleaseSent.into());
        }
    }

    /// Deletes the node of this session and number, which may be of a session that is over.
    fn leave(&self, contender: &mut Contender, (session, number): (SessionId, u64), now: Now, out: &mut Out) {
        contender.place = Place::Leaving;
        let operation = Operation::Leave(session, Operation::named(number));
        contender.session.client.call(Ask::Do(operation), now, out);
    }
}
