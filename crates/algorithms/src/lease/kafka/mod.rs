//! Kafka's controller, as it was elected through ZooKeeper.
//!
//! **Sources.** apache/kafka, branches 0.11.0 to 3.7: `kafka/controller/KafkaController.scala` (`elect`, `maybeResign`,
//! `processReelect`, `processExpire`, `triggerControllerMove`), `kafka/zk/KafkaZkClient.scala`
//! (`registerControllerAndIncrementControllerEpoch`), `kafka/zookeeper/ZooKeeperClient.scala` (`scheduleReinitialize`),
//! `kafka/server/KafkaConfig.scala`. The session is ZooKeeper's ([`super::zookeeper`]), without Curator: these branches use
//! releases of its client that learn of a session's end from the service alone.
//!
//! **How it works.** The controller is the broker whose session owns the ephemeral node `/controller`. Creating the node and
//! raising `/controller_epoch` from the value that was read are one transaction (`multi`, since KAFKA-6082, Kafka 2.2;
//! before, the node came first and the epoch after it). Every broker watches the node, so that its end wakes all of them, and
//! all try. The epoch is the fencing token: every later write of the controller is conditional on it, and brokers refuse
//! requests with a lower one.
//!
//! **Guarantees.** One controller per epoch, epochs that never fall, and no write of a former controller after one of the
//! next.
//!
//! **What it does not guarantee.** That one controller has stopped when the next begins. A controller acts on its belief
//! until it hears of another one or of the end of its session, and it hears of either only when it is connected; nothing
//! happens on a disconnection (`ZooKeeperClientWatcher`, which acts on `Expired` alone). It measures no time, so it has no
//! lease to exclude others by, and none is shown.
//!
//! **Failover after the controller's crash**, if the service works: as of [`super::zookeeper`] until the session ends, and
//! then the news, a look at the node and the epoch, and the transaction, which takes the way through the service's log once
//! more. Where several brokers try, all but one are refused.
//!
//! **Deviations.** Those of [`super::zookeeper`] as to sessions and connections. One look at the service stands for Kafka's reads of the node
//! and the epoch one after another. The epoch's value stands for the version of its node. An election under way is given up
//! with the connection, and a look on the next one tells what became of it; in Kafka the transaction is repeated there
//! (`retryRequestUntilConnected`), and where its node is in the way the same two reads tell (`checkControllerAndEpoch`). So
//! who was not elected tries a look later than there. A broker's start, its other nodes and what a controller loads before it
//! begins are left out.
//!
//! ```text
//! mod.rs         elections
//! parameters.rs  what can be set
//! ```

mod bugs;
mod parameters;
mod phases;
#[cfg(test)]
mod tests;

pub use bugs::Plant;

use self::phases::Moment;
use super::client::{Client, Heard, Patience};
use super::message::{Answer, Ask, View};
use super::recipe::{Event, Out, Recipe};
use super::service::{Lock, Operation, Outcome, Rules, Watch};
use super::zookeeper::DEPOSES_UNHEARD;
use super::zookeeper::session::{Session, Times, Turn};
use crate::{Claim, Entry, Promise, Strain};
use interregnum_kernel::{Deadline, FaultClasses, LogIndex, Now, ParameterError, Parameters, Role};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kafka {
    times: Times,
    rules: Rules,
    patience: Patience,
    bug: Option<Plant>,
}

/// What a broker is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// Nothing: it has no session, or no connection and no office.
    Outside,
    /// It looks who the controller is, after it has heard that there is none, or for another reason.
    Looking {
        /// Whether it has heard so.
        vacant: bool,
    },
    /// It waits for the controller's end.
    Waiting,
    /// It tries to become controller.
    Electing,
    /// It creates the node: only where the bug is planted that makes two steps of it.
    Creating,
    /// It has created the node, and asks for the epoch: only there.
    AskingEpoch,
    /// It is the controller.
    Controller,
    /// It gives up the office.
    Resigning,
}

/// A broker's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contender {
    session: Session,
    place: Place,
    /// Its epoch as controller.
    epoch: u64,
    /// The revision at which it became controller: older news say nothing against it.
    since: LogIndex,
    highest: u64,
}

impl Recipe for Kafka {
    type Contender = Contender;

    const ENTRY: Entry = Entry {
        name: "lease-kafka",
        title: "Kafka controller",
        summary: "all brokers race for one ephemeral node; its transaction raises an epoch, which fences every later write",
        source: "apache/kafka KafkaController.scala, KafkaZkClient.scala (ZooKeeper mode)",
        bugs: bugs::BUGS,
        service: true,
        parameters: parameters::SPECS,
        orders: &["resign"],
        election_kinds: &["OpenSession", "Elect", "Release", "Watch", "View"],
        promises: super::recipe::promises![Promise::except("lease-kept", DEPOSES_UNHEARD),],
    };

    const PHASES: &'static [&'static str] = Moment::NAMES;

    fn from_parameters(parameters: &Parameters) -> Result<Kafka, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }

    fn hangs_up(&self) -> bool {
        true
    }

    /// There is no lease that a slow clock could stretch: a controller that is cut off goes on with the best of clocks.
    fn claims(&self) -> Vec<Claim> {
        let cut_off =
            "not documented; a controller that is cut from the service acts until it hears of its successor";
        let slow = Claim { strain: Strain::SlowClock, documented: None, derived: Some(0), source: cut_off };
        [slow].into_iter().chain(self.times.claims()).collect()
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn patience(&self) -> Patience {
        self.patience
    }

    fn begin(&self, client: Client, now: Now, out: &mut Out) -> Contender {
        let session = Session::open(&self.times, client, now, out);
        Contender { session, place: Place::Outside, epoch: 0, since: LogIndex::ZERO, highest: 0 }
    }

    fn on(&self, contender: &mut Contender, now: Now, event: Event, out: &mut Out) {
        let leads = contender.place == Place::Controller;
        if let Some(turn) = contender.session.on(&self.times, now, event, leads, out) {
            self.on_turn(contender, turn, out);
            return;
        }
        match event {
            Event::Heard(Heard::Answer { ask, answer, .. }) => {
                self.on_answer(contender, now, ask, answer, out)
            }
            Event::Heard(Heard::News(view)) => self.on_news(contender, now, view, out),
            Event::Resign => self.on_resign(contender, now, out),
            _ => {}
        }
    }

    fn client(contender: &mut Contender) -> &mut Client {
        &mut contender.session.client
    }

    fn leads(&self, contender: &Contender, _: Now) -> Option<u64> {
        (contender.place == Place::Controller).then_some(contender.epoch)
    }

    /// It measures no time.
    fn until(&self, _: &Contender, _: Now) -> Option<Deadline> {
        None
    }

    fn role(&self, contender: &Contender) -> Role {
        match contender.place {
            Place::Looking { vacant: true } | Place::Electing | Place::Creating | Place::AskingEpoch => {
                Role::Candidate
            }
            Place::Outside | Place::Looking { .. } | Place::Waiting | Place::Resigning => Role::Follower,
            Place::Controller => Role::Leader,
        }
    }

    fn highest(&self, contender: &Contender) -> u64 {
        contender.highest
    }
}

impl Kafka {
    fn on_turn(&self, contender: &mut Contender, turn: Turn, out: &mut Out) {
        match turn {
            // A controller goes on, and a request to delete the node is repeated until it is answered (KafkaZkClient,
            // retryRequestUntilConnected). An election is given up, and looked at again; see the deviations.
            Turn::Suspended if self.outlives_connection(contender) => {}
            Turn::Suspended => {
                contender.session.client.give_up_call(out);
                contender.place = Place::Outside;
            }
            Turn::Opened | Turn::Reconnected if contender.place == Place::Controller => {
                if self.bug != Some(Plant::IgnoresExpiry) {
                    self.watch(contender, out);
                }
            }
            Turn::Reconnected if self.outlives_connection(contender) => {}
            Turn::Opened | Turn::Reconnected => self.look(contender, false, out),
            // KafkaController.processExpire.
            Turn::Expired | Turn::GivenUp(_) => {
                let stays = self.bug == Some(Plant::IgnoresExpiry) && contender.place == Place::Controller;
                contender.place = if stays { Place::Controller } else { Place::Outside };
            }
        }
    }

    /// Whether it goes on where it was when its connection is back.
    fn outlives_connection(&self, contender: &Contender) -> bool {
        use Place::{AskingEpoch, Controller, Creating, Resigning};
        matches!(contender.place, Controller | Resigning | Creating | AskingEpoch)
    }

    /// Reads the node and the epoch, and watches the node from then on (KafkaController.processReelect).
    fn look(&self, contender: &mut Contender, vacant: bool, out: &mut Out) {
        contender.place = Place::Looking { vacant };
        self.watch(contender, out);
    }

    fn watch(&self, contender: &mut Contender, out: &mut Out) {
        contender.session.client.watch(Watch::Lock, out);
    }

    fn on_news(&self, contender: &mut Contender, now: Now, view: View, out: &mut Out) {
        contender.highest = contender.highest.max(view.lock.number);
        let own = contender.session.id();
        match (contender.place, view.lock.holder) {
            (Place::Looking { .. }, None) => self.elect(contender, now, view.lock, out),
            (Place::Looking { .. }, Some(holder)) if holder == own => {
                self.on_found_elected(contender, view, out)
            }
            (Place::Looking { .. }, Some(_)) => contender.place = Place::Waiting,
            (Place::Waiting, None) => self.look(contender, true, out),
            // KafkaController.maybeResign.
            (Place::Controller, holder) if holder != Some(own) && view.revision > contender.since => {
                self.look(contender, holder.is_none(), out);
            }
            _ => {}
        }
    }

    /// The answer to its election was lost, and it is the controller (KafkaZkClient, checkControllerAndEpoch).
    fn on_found_elected(&self, contender: &mut Contender, view: View, out: &mut Out) {
        if self.bug == Some(Plant::ElectedUnawares) {
            contender.place = Place::Waiting;
        } else {
            self.begin_reign(contender, view.lock.number, view.revision, out);
        }
    }

    /// Creates the node and raises the epoch, in one transaction.
    fn elect(&self, contender: &mut Contender, now: Now, lock: Lock, out: &mut Out) {
        let session = contender.session.id();
        let (place, operation) = match self.bug {
            Some(Plant::EpochAfterNode) => (Place::Creating, Operation::Acquire(session)),
            _ => (Place::Electing, Operation::Elect(session, Operation::named(lock.number))),
        };
        contender.place = place;
        contender.session.client.call(Ask::Do(operation), now, out);
        out.reach(Moment::Standing.into());
    }

    fn on_answer(&self, contender: &mut Contender, now: Now, ask: Ask, answer: Answer, out: &mut Out) {
        match (contender.place, ask, answer) {
            (Place::Creating, _, Answer::Outcome(Outcome::Done(_), at)) => {
                out.reach(Moment::KeyWritten.into());
                contender.place = Place::AskingEpoch;
                contender.since = at;
                contender.session.client.call(Ask::Read, now, out);
            }
            (Place::AskingEpoch, Ask::Read, Answer::View(view)) => {
                self.begin_reign(contender, view.lock.number, contender.since, out);
            }
            (Place::Electing, _, Answer::Outcome(Outcome::Done(number), at)) => {
                out.reach(Moment::KeyWritten.into());
                self.begin_reign(contender, number, at, out);
            }
            // Somebody else was faster, or the epoch is another by now: ControllerMovedException.
            (Place::Electing | Place::Creating | Place::Resigning, _, _) => self.look(contender, false, out),
            _ => {}
        }
    }

    fn begin_reign(&self, contender: &mut Contender, epoch: u64, since: LogIndex, out: &mut Out) {
        contender.place = Place::Controller;
        contender.session.begin_reign();
        contender.epoch = epoch;
        out.reach(Moment::Elected.into());
        contender.since = since;
        contender.highest = contender.highest.max(epoch);
    }

    /// KafkaController.triggerControllerMove: the node is deleted, and all try, this broker among them.
    fn on_resign(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.place == Place::Controller {
            contender.place = Place::Resigning;
            // KafkaZkClient.deleteController, which checks the epoch in the same transaction.
            let release = Operation::Release(contender.session.id(), Operation::named(contender.epoch));
            contender.session.client.call(Ask::Do(release), now, out);
            out.reach(Moment::ReleaseSent.into());
        }
    }
}
