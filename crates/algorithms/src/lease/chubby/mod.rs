//! Chubby: sessions that the master keeps by answering KeepAlives late, and a lock whose generation fences.
//!
//! **Source.** Burrows, "The Chubby lock service for loosely-coupled distributed systems", OSDI 2006: sections 2.2 (master
//! lease), 2.4 (locks, sequencers, lock-delay), 2.5 (events), 2.6 (how a primary is elected), 2.8 (sessions and KeepAlives)
//! and 2.9 (fail-overs). Chubby itself was never published. Where the paper leaves a choice, it is named below.
//!
//! **How.** Every contender has a session and tries to acquire one lock; who has it leads. The master answers a KeepAlive
//! when the session's lease has only `answer_before` left, and renews it then for `lease`; the client sends the next at once,
//! so that one always waits at the master. By its own clock the client counts a shorter lease. When that is over its session
//! is in JEOPARDY: the session may have ended or not, and the application is told to be quiet. If a KeepAlive is answered
//! within the `grace_period` the session is SAFE, and a holder leads on under the same generation; else it has EXPIRED,
//! and the client begins another. The master frees the lock of a session that ended, and after an end without a release
//! it keeps the lock back for the `lock_delay`.
//!
//! **Guarantees.** At most one contender acts at one instant, within the assumptions. Let a client send a KeepAlive at s by
//! its clock. The master gets it later, holds it back for w, and ends the session no earlier than w + lease after it got it,
//! by its own clock. The client acts until s + (w + lease)(1 - d)/(1 + d): in real time that is no later, if no clock errs
//! by more than d. No other master ends the session earlier: it gives every session a whole lease from when it took
//! over, and at that time the old one's master lease was over, without which it answers no KeepAlive. Generations rise
//! with every holder, so that they fence as the sequencer (name, mode and generation) that the paper's servers check. A
//! session is not ended while it is kept: the lease may be prolonged and is never shortened.
//!
//! **Assumptions.** Clocks err by at most `drift_allowance`. A machine does not stand still and its clock with it; a process
//! may. Disks of the service keep what they acknowledge. Wall clocks are not read. The lock-delay is not needed for any of
//! this: it gives messages that a holder left behind time to arrive.
//!
//! **Failover.** Let L be `lease`, A `answer_before`, D `lock_delay`, R the longest `acquire_retry`, a and b the shortest and
//! the longest one-way latency, f an fsync.
//! - The session of a holder that dies ends L - 2b later at the earliest: the last answer is on its way. It ends 2L - A - a later
//!   at the latest: the KeepAlive that waits at the master is answered, and renews the session of the dead.
//! - From the crash to the successor it takes from L + D - 2b + 5a + 2f to 2L - A + D + R + 10b - a + 2f, step by step in
//!   `tests/tests/lease/bounds/chubby.rs`. Matched, with hops of 1 to 5 ms and an fsync of 4 ms: 678 to 982 ms.
//! - A failed master costs a leader nothing, if another is elected before the local leases are over, and otherwise a
//!   jeopardy. After `grace_period`, which the holder spends quiet, there is another leader.
//!
//! **Choices where the paper has none.**
//! - The lock-delay: clients choose it, up to one minute. The default is Consul's, which took the lock-delay over from
//!   Chubby: 15 s. A resource that checks sequencers needs none.
//! - What `answer_before` is, "close to expiring" in the paper: a third of the lease. A KeepAlive that is lost is repeated
//!   `request_timeout` after its answer was due, and then there is time left for more attempts.
//! - When a contender asks again for a lock that is kept back: the paper's Acquire waits at the master, TryAcquire does not. Here
//!   it is TryAcquire, with `acquire_retry` between; there is no event for the end of a lock-delay.
//! - A repeated KeepAlive is answered at once, as the answer that was lost would be by an RPC layer: who does not name the
//!   master that answered it last is not held.
//!
//! **Deviations.**
//! - Raft takes the place of Paxos, with its leader's lease as the master lease. The master lease is not what elects.
//! - The client learns the new master's epoch from the first answer, which renews its session too; in the paper that answer
//!   is a refusal, and the request after it is answered. Naming the epoch in the next KeepAlive acknowledges the fail-over
//!   event. The new master does nothing but keep sessions until all have (steps 4 to 7 of section 2.9).
//! - KeepAlives and events travel apart. A contender's lock events come from the service node that it talks to; in Chubby,
//!   from the master, with the answers to KeepAlives.
//! - Sessions begin with an entry in the log each. In section 4.3 the paper tells why it gave that up: thousands may begin
//!   at once. Here there are tens.
//! - Who releases the lock ends its session after it, and begins another: no at-most-once layer keeps a late repetition of
//!   the release from freeing the lock that the same session has got again. Then it leaves the lock to others for a lease.
//! - Caches, handles, files, proxies and shared locks have nothing to do here.
//!
//! ```text
//! mod.rs         what a contender is, the way of an event to its rule
//! session.rs     KeepAlives, jeopardy, safety, expiry
//! lock.rs        the lock: acquired, kept back, released, lost
//! parameters.rs  what can be set
//! claims.rs      how much of which disturbance it bears
//! ```

mod bugs;
mod claims;
mod lock;
mod parameters;
mod phases;
mod session;
#[cfg(test)]
mod tests;

pub use bugs::Plant;

use self::phases::Moment;
use super::client::{Client, Heard, Patience};
use super::message::{Answer, Ask};
use super::recipe::{Event, Out, Recipe, UNMEASURABLE};
use super::service::{Operation, Outcome, Rules, SessionId};
use crate::{Claim, Entry, Promise};
use interregnum_kernel::{
    Deadline, Epoch, FaultClasses, Jitter, LocalTime, LogIndex, Now, ParameterError, Parameters, Role, Span,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chubby {
    lease: Span,
    keep_alive_timeout: Span,
    grace_period: Span,
    drift: u64,
    acquire_retry: Jitter,
    rules: Rules,
    patience: Patience,
    bug: Option<Plant>,
}

/// Where a contender stands with the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// Nowhere: it asks for a session.
    Opening,
    /// It waits for the lock to be free; or, if it has just released it, leaves it to others for a while.
    Waiting {
        /// Whether it leaves it to others.
        yields: bool,
    },
    /// It has asked for the lock.
    Acquiring,
    /// The lock is kept back, and it will ask again.
    KeptBack,
    /// It has the lock.
    Holding {
        /// The lock's generation.
        generation: u64,
        /// The revision at which it knew to have it.
        since: LogIndex,
    },
    /// It releases the lock.
    Releasing,
    /// It ends the session that had the lock.
    Closing,
}

/// A contender's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contender {
    client: Client,
    session: SessionId,
    /// How many sessions it has had.
    sessions: u16,
    place: Place,
    /// The end of the local lease.
    until: LocalTime,
    /// Whether the local lease has run out, and the session may be over or not.
    jeopardy: bool,
    /// The master whose fail-over event was seen last.
    master: Epoch,
    /// The latest revision at which the lock was seen free.
    free: LogIndex,
    /// Whether the first KeepAlive of a reign is still to be sent.
    fresh: bool,
    /// Whether it has just given up leadership.
    resigned: bool,
    /// The highest generation that it has heard of.
    highest: u64,
}

impl Recipe for Chubby {
    type Contender = Contender;

    const ENTRY: Entry = Entry {
        name: "lease-chubby",
        title: "Chubby lock",
        summary: "sessions kept by KeepAlives that are answered late; a lock with a generation that fences; quiet in jeopardy",
        source: "Burrows, The Chubby lock service for loosely-coupled distributed systems, 2006",
        bugs: bugs::BUGS,
        service: true,
        parameters: parameters::SPECS,
        orders: &["resign"],
        election_kinds: &["OpenSession", "CloseSession", "Acquire", "Release", "Watch", "View"],
        promises: super::recipe::promises![
            // The header's argument. The allowance for drift is by default what a clock may err by with nothing wrong; whoever leads,
            // leads by the lease.
            Promise::except("lease-exclusion", FaultClasses::FORGETFUL_DISKS.and(UNMEASURABLE)),
            Promise::except("leader-exclusion", FaultClasses::FORGETFUL_DISKS.and(UNMEASURABLE)),
            // A master whose clock stood takes its lease for valid when it goes on.
            Promise::except("lease-kept", FaultClasses::FORGETFUL_DISKS.and(UNMEASURABLE)),
        ],
    };

    const PHASES: &'static [&'static str] = Moment::NAMES;

    fn from_parameters(parameters: &Parameters) -> Result<Chubby, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }

    fn claims(&self) -> Vec<Claim> {
        claims::of(self)
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn master_lease(&self) -> Option<u64> {
        // The bug: a master is what thinks it is one.
        (self.bug != Some(Plant::DeposedMasterAnswers)).then_some(self.drift)
    }

    fn patience(&self) -> Patience {
        self.patience
    }

    fn begin(&self, client: Client, now: Now, out: &mut Out) -> Contender {
        let mut contender = Contender {
            session: SessionId::of(client.process(), 0),
            client,
            sessions: 0,
            place: Place::Opening,
            until: LocalTime::ZERO,
            jeopardy: false,
            master: Epoch::ZERO,
            free: LogIndex::ZERO,
            fresh: false,
            resigned: false,
            highest: 0,
        };
        self.open(&mut contender, now, out);
        contender
    }

    fn on(&self, contender: &mut Contender, now: Now, event: Event, out: &mut Out) {
        match event {
            Event::Heard(Heard::Answer { ask, asked, answer }) => {
                self.on_answer(contender, now, (ask, asked), answer, out);
            }
            Event::Heard(Heard::Renewed { asked, length, waited, master }) => {
                self.on_kept(contender, now, (asked, waited + length), master, out);
            }
            Event::Heard(Heard::SessionLost) | Event::GraceOver => self.on_expired(contender, now, out),
            Event::Heard(Heard::News(view)) => self.on_news(contender, now, view, out),
            Event::Lapsed => self.on_jeopardy(contender, now, out),
            Event::RetryDue => self.on_retry(contender, now, out),
            Event::Resign => self.on_resign(contender, now, out),
            // The next KeepAlive is sent when one is answered, and what was under way has been sent to another node.
            Event::RenewDue | Event::Disconnected => {}
        }
    }

    fn client(contender: &mut Contender) -> &mut Client {
        &mut contender.client
    }

    /// The library stops the application's calls when the local lease is over, whether its timer has been heard or not.
    fn leads(&self, contender: &Contender, now: Now) -> Option<u64> {
        let Place::Holding { generation, .. } = contender.place else { return None };
        (now.mono < self.acts_until(contender)).then_some(generation)
    }

    fn until(&self, contender: &Contender, _: Now) -> Option<Deadline> {
        Some(Deadline::Mono(self.acts_until(contender)))
    }

    fn role(&self, contender: &Contender) -> Role {
        match contender.place {
            Place::Holding { .. } if self.is_quiet(contender) => Role::Follower,
            Place::Holding { .. } => Role::Leader,
            Place::Acquiring | Place::KeptBack => Role::Candidate,
            Place::Opening | Place::Waiting { .. } | Place::Releasing | Place::Closing => Role::Follower,
        }
    }

    fn highest(&self, contender: &Contender) -> u64 {
        contender.highest
    }
}

impl Chubby {
    fn on_answer(
        &self,
        contender: &mut Contender,
        now: Now,
        (ask, asked): (Ask, LocalTime),
        answer: Answer,
        out: &mut Out,
    ) {
        match (ask, answer) {
            (Ask::Do(Operation::Open(_)), Answer::Outcome(Outcome::Done(_), _)) => {
                self.on_opened(contender, now, asked, out);
            }
            (Ask::Do(Operation::Acquire(_)), answer) => self.on_acquire(contender, now, answer, out),
            (Ask::Do(Operation::Release(..)), _) => self.on_released(contender, now, out),
            (Ask::Do(Operation::Close(..)), _) => self.open(contender, now, out),
            _ => {}
        }
    }
}
