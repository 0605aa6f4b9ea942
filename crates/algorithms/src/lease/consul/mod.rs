//! Consul: a session with a TTL, a key locked for it, and a lock-delay after its end.
//!
//! **Sources.** hashicorp/consul: `api/lock.go` (Lock, Unlock, monitorLock), `api/session.go` (RenewPeriodic),
//! `agent/consul/session_ttl.go` (resetSessionTimer, invalidateSession), `agent/consul/session_endpoint.go` (Renew),
//! `agent/consul/kvs_endpoint.go` (kvsPreApply), `agent/consul/state/{session,delay}.go`; PR 524 (2014) for the design;
//! issues 8736 (2020), 9788 (2021) and 18271 (2023) for how a reign ends where the network is cut.
//!
//! **Guarantees.** The service ends no session within its TTL after a renewal (save one that is being destroyed already, see
//! below): it waits for twice as long, by the clock of
//! its leader, and a new leader gives every session the full time again. A lock whose holder's session was ended is given
//! to nobody for the lock-delay. The key's LockIndex rises with every holder, so (key, LockIndex, session), the sequencer,
//! fences. A holder that counts the TTL from its last renewal and stops by itself (what the lease here is) shares no
//! instant with its successor.
//!
//! **What it does not guarantee.** That a holder stops. `api.Lock` ends a reign only when its monitor's query says so or
//! fails. RenewPeriodic knows when the session must be over, and tells nobody. A holder that is cut off in silence goes on
//! until its connection is given up: 120 s after the cut were measured, with a successor since 45 s. Hence no
//! `leader-exclusion` under any fault. The parameter `stops_at = "ttl"` makes the holder heed the TTL too.
//!
//! **Assumptions** of `lease-exclusion`. Between the holder's end of lease and its successor lie a TTL and the lock-delay.
//! The clocks of the holder and of the service's leader may differ in rate by a factor of less than two, and three with a
//! lock-delay of one TTL. Neither clock jumps or stands still. The lease counts from when an answer was taken notice of, so
//! a process that stops or is slow between the answer's arrival and that gives itself too much; and a leader of the service
//! that was stopped, or is kept in office by late answers, renews what its successor may be about to end, since Session.Renew
//! asks no quorum. Wall clocks do not matter:
//! Go compares the monotonic readings of the times that the lock-delay is made of, whatever the comments there say.
//!
//! **Failover.** T: TTL, L: lock-delay, R: `lock_retry`, h: the service's heartbeat interval, d: one-way latency, w: an
//! entry's way through the service, 2d and an fsync. The session ends 2T after its last renewal, so 3T/2 - 2d to 2T + 2d after
//! the holder's crash. The waiters ask for the lock 2d to h + 4d after that was applied, are refused, and ask again
//! every R + 6d to R + 8d; the n-th time, the first that is not within the lock-delay, one of them gets it. From crash to
//! successor: at least 3T/2 + 2w + d + n(R + 6d), at most 2T + 2w + h + 8d + n(R + 8d). Matched, n = 3, with d and the fsync
//! of 1 ms: 775 to 988 ms, and a way less at most where every contender talks to another of three service nodes. `tests/tests/lease/bounds/consul.rs` holds it to this. Production, n = 3: 37.5 to 45 s and
//! some ways.
//!
//! **Deviations.**
//! - The agent on the contender's machine is not a process of its own: what it does (asks the next server, and again for
//!   RPCHoldTimeout) the client here does. RenewPeriodic's pause of 1 s after an error only counts for when it gives up.
//! - A query of the monitor's is consistent, which asks the leader of the service; a watch here is kept by the node that the
//!   contender talks to. Where that node answers that there is no leader, the query is taken to fail as well.
//! - A leader of the service grants no renewal once it has asked for a session's end. Consul's does: invalidateSession takes the timer
//!   away and then waits for raftApply, and a Session.Renew that comes meanwhile sets another timer and is answered, though the
//!   session is gone soon after. A destroy that fails is tried six times there, 10 s later at first and each time twice as long; here a
//!   leader that cannot agree is deposed, and its successor gives every session its full time.
//! - A repeated request for a session opens the same one. Its TTL counts from the first.
//! - An application that loses the lock unlocks and locks again. There is no `LockTryOnce`.
//! - The check `serfHealth`, which a session has by default besides its TTL, is not modelled: gossip that takes a live node
//!   for dead ends its sessions at once (GitLab's reliability issue 8050). The lock-delay is all that is left then.

mod bugs;
mod claims;
mod parameters;
mod phases;
#[cfg(test)]
mod tests;

pub use bugs::Plant;

use self::phases::Moment;
use super::Timer;
use super::client::{Client, Heard, Patience};
use super::message::{Answer, Ask, View};
use super::recipe::{ASLEEP_OR_LATE, Event, Out, Recipe};
use super::service::{Ending, Operation, Outcome, Rules, SessionId, Watch};
use crate::{Claim, Entry, Promise};
use interregnum_kernel::{
    Deadline, FaultClasses, Jitter, LocalTime, Now, ParameterError, Parameters, Role, Span,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consul {
    ttl: Span,
    /// How long after the last renewal RenewPeriodic ends, if no further one succeeds.
    gives_up: Span,
    lock_wait: Span,
    lock_retry: Span,
    stops_at: StopsAt,
    /// How long the monitor's query may stay without an answer once its connection is gone.
    monitor_patience: Span,
    /// The part of it that its retries are.
    monitor_retries: Span,
    /// How long nothing may be heard before the connection counts as gone.
    connection_timeout: Span,
    rules: Rules,
    patience: Patience,
    bug: Option<Plant>,
}

/// What ends a reign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum StopsAt {
    /// The monitor's query: it says that somebody else or nobody has the lock, or it fails. So does `api.Lock`.
    Monitor,
    /// That, or the TTL since the last renewal.
    Ttl,
}

impl StopsAt {
    const WORDS: &'static [&'static str] = &["monitor", "ttl"];
}

/// How far a contender has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// It asks for a session.
    Opening,
    /// Somebody has the lock, and it waits for news of the key.
    Waiting,
    /// It asks for the lock.
    Acquiring,
    /// It was refused the lock, and looks at who has it.
    Looking,
    /// Nobody has: it sleeps until the lock-delay may be over.
    Sleeping,
    /// It has slept, and looks whether still nobody has.
    Checking,
    /// It has the lock.
    Leading,
    /// It lets go of the lock.
    Releasing,
    /// It ends its session.
    Destroying,
}

/// A contender's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contender {
    client: Client,
    session: SessionId,
    /// How many sessions it has had.
    sessions: u16,
    /// The session that RenewPeriodic keeps, while it runs.
    kept: Option<SessionId>,
    /// When the TTL since the last renewal is over.
    expires: LocalTime,
    place: Place,
    /// The LockIndex of its reign.
    number: u64,
    /// Whether the connection of the monitor's query is known to be gone.
    broken: bool,
    highest: u64,
    /// Whether it has sent a renewal in this reign.
    beaten: bool,
}

impl Recipe for Consul {
    type Contender = Contender;

    const ENTRY: Entry = Entry {
        name: "lease-consul",
        title: "Consul session lock",
        summary: "a key locked for a session with a TTL, kept back for a lock-delay after the session's end; LockIndex fences",
        source: "hashicorp/consul api/lock.go, api/session.go, agent/consul/session_ttl.go, agent/consul/state/delay.go",
        bugs: bugs::BUGS,
        service: true,
        parameters: parameters::SPECS,
        orders: &["resign"],
        // Those who wait ask for the key every `lock_wait`, whether anything has happened or not.
        election_kinds: &["OpenSession", "CloseSession", "Acquire", "Release"],
        promises: super::recipe::promises![
            // A leader of the service that was deposed renews sessions until it notices: nobody asks a quorum for that.
            Promise::except("lease-kept", FaultClasses::FORGETFUL_DISKS.and(ASLEEP_OR_LATE)),
            Promise::except("lease-exclusion", FaultClasses::FORGETFUL_DISKS.and(ASLEEP_OR_LATE)),
        ],
    };

    const PHASES: &'static [&'static str] = Moment::NAMES;

    fn from_parameters(parameters: &Parameters) -> Result<Consul, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::remarks(parameters)
    }

    fn withdrawn(parameters: &Parameters) -> &'static [&'static str] {
        parameters::withdrawn(parameters)
    }

    fn claims(&self) -> Vec<Claim> {
        claims::of(self)
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn patience(&self) -> Patience {
        self.patience
    }

    fn begin(&self, client: Client, now: Now, out: &mut Out) -> Contender {
        let session = SessionId::of(client.process(), 0);
        let mut contender = Contender {
            client,
            session,
            sessions: 0,
            kept: None,
            expires: LocalTime::ZERO,
            place: Place::Opening,
            number: 0,
            broken: false,
            highest: 0,
            beaten: false,
        };
        self.lock(&mut contender, now, out);
        contender
    }

    fn on(&self, contender: &mut Contender, now: Now, event: Event, out: &mut Out) {
        match event {
            Event::Heard(Heard::Answer { ask, asked, answer }) => {
                self.on_answer(contender, now, (ask, asked), answer, out);
            }
            Event::Heard(Heard::Renewed { .. }) => {
                self.keep(contender, now, now.mono, out);
                self.hears(contender, out);
            }
            Event::Heard(Heard::SessionLost) => self.on_session_lost(contender, now, out),
            Event::Heard(Heard::News(view)) => self.on_news(contender, now, view, out),
            Event::RenewDue => self.on_renew_due(contender, now, out),
            Event::Lapsed => self.on_lapsed(contender, now, out),
            Event::RetryDue => self.look(contender, out),
            Event::GraceOver => self.on_lost(contender, now, out),
            Event::Disconnected => self.on_disconnected(contender, self.monitor_patience, now, out),
            Event::Resign if contender.place == Place::Leading => self.unlock(contender, now, out),
            Event::Resign => {}
        }
    }

    fn client(contender: &mut Contender) -> &mut Client {
        &mut contender.client
    }

    fn leads(&self, contender: &Contender, _: Now) -> Option<u64> {
        (contender.place == Place::Leading).then_some(contender.number)
    }

    fn until(&self, contender: &Contender, _: Now) -> Option<Deadline> {
        Some(Deadline::Mono(contender.expires))
    }

    fn role(&self, contender: &Contender) -> Role {
        match contender.place {
            Place::Opening | Place::Waiting | Place::Releasing | Place::Destroying => Role::Follower,
            Place::Acquiring | Place::Looking | Place::Sleeping | Place::Checking => Role::Candidate,
            Place::Leading => Role::Leader,
        }
    }

    fn highest(&self, contender: &Contender) -> u64 {
        contender.highest
    }
}

/// Lock: a session, and then the key.
impl Consul {
    /// The application asks for the lock, with a new session.
    fn lock(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.sessions = contender.sessions.wrapping_add(1);
        contender.session = SessionId::of(contender.client.process(), contender.sessions);
        contender.place = Place::Opening;
        contender.client.stop_watching(out);
        out.cancel_timer(Timer::Retry);
        contender.client.call(Ask::Do(Operation::Open(contender.session)), now, out);
    }

    fn on_answer(
        &self,
        contender: &mut Contender,
        now: Now,
        (ask, asked): (Ask, LocalTime),
        answer: Answer,
        out: &mut Out,
    ) {
        match (ask, answer) {
            (Ask::Do(Operation::Open(session)), _) => {
                out.reach(Moment::SessionOpened.into());
                contender.kept.get_or_insert(session);
                self.keep(contender, now, asked, out);
                self.look(contender, out);
            }
            (Ask::Do(Operation::Acquire(_)), Answer::Outcome(Outcome::Done(number), _)) => {
                self.lead(contender, number, out);
            }
            (Ask::Do(Operation::Acquire(_)), Answer::Outcome(Outcome::NoSession, _)) => {
                out.reach(Moment::SessionLost.into());
                self.renew_no_more(contender, out);
                self.lock(contender, now, out);
            }
            // Why, it has to find out.
            (Ask::Do(Operation::Acquire(_)), _) => {
                contender.place = Place::Looking;
                contender.client.watch(Watch::Lock, out);
            }
            (Ask::Do(Operation::Release(session, _)), answer) => match answer {
                Answer::Outcome(Outcome::NoSession, _) => {
                    out.reach(Moment::SessionLost.into());
                    self.lock(contender, now, out);
                }
                _ => {
                    contender.place = Place::Destroying;
                    contender.client.call(Ask::Do(Operation::Close(session, Ending::Asked)), now, out);
                }
            },
            (Ask::Do(Operation::Close(..)), _) => self.lock(contender, now, out),
            _ => {}
        }
    }

    /// A blocking query for the key, which the service answers at the latest after `lock_wait` and a sixteenth. Without an
    /// index to wait for, as after a sleep, it answers at once.
    fn look(&self, contender: &mut Contender, out: &mut Out) {
        let slept = contender.place == Place::Sleeping;
        contender.place = if slept { Place::Checking } else { Place::Waiting };
        contender.client.watch(Watch::Lock, out);
        out.set_timer(Timer::Retry, Jitter::between(self.lock_wait, self.lock_wait.scaled(17, 16)));
    }

    fn on_news(&self, contender: &mut Contender, now: Now, view: View, out: &mut Out) {
        contender.highest = contender.highest.max(view.lock.number);
        let own = view.lock.holder == Some(contender.session);
        match (contender.place, view.lock.holder) {
            (Place::Leading, _) if own => self.hears(contender, out),
            (Place::Leading, _) => self.on_lost(contender, now, out),
            // An attempt has had its effect although its answer was lost.
            (Place::Waiting | Place::Acquiring | Place::Looking | Place::Checking, _) if own => {
                contender.client.give_up_call(out);
                self.lead(contender, view.lock.number, out);
            }
            (Place::Waiting | Place::Checking, None) => {
                contender.place = Place::Acquiring;
                out.cancel_timer(Timer::Retry);
                contender.client.call(Ask::Do(Operation::Acquire(contender.session)), now, out);
                out.reach(Moment::Standing.into());
            }
            (Place::Looking, None) => {
                contender.place = Place::Sleeping;
                contender.client.stop_watching(out);
                out.set_timer(Timer::Retry, Jitter::exactly(self.lock_retry));
            }
            (Place::Looking, Some(_)) => self.look(contender, out),
            (Place::Checking, Some(_)) => contender.place = Place::Waiting,
            _ => {}
        }
    }

    fn lead(&self, contender: &mut Contender, number: u64, out: &mut Out) {
        contender.place = Place::Leading;
        contender.number = number;
        contender.highest = contender.highest.max(number);
        out.cancel_timer(Timer::Retry);
        // The monitor's query. What it says is not older than the acquisition.
        contender.client.watch(Watch::Lock, out);
        contender.beaten = false;
        out.reach(Moment::Elected.into());
        self.hears(contender, out);
    }
}

/// RenewPeriodic: every half TTL, until the session is gone or no renewal has succeeded for too long.
impl Consul {
    /// The session lives for a TTL at least from then on.
    fn keep(&self, contender: &mut Contender, now: Now, since: LocalTime, out: &mut Out) {
        if contender.kept.is_none() {
            return;
        }
        contender.expires = since + self.ttl;
        let ends = match self.stops_at {
            StopsAt::Monitor => self.gives_up,
            StopsAt::Ttl => self.ttl,
        };
        let left = |span: Span| Jitter::exactly((since + span).since(now.mono));
        out.set_timer(Timer::Renew, left(self.ttl.scaled(1, 2)));
        out.set_timer(Timer::Lapse, left(ends));
    }

    fn on_renew_due(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if let Some(session) = contender.kept {
            contender.client.renew(session, now, out);
            if contender.place == Place::Leading && !contender.beaten {
                contender.beaten = true;
                out.reach(Moment::FirstHeartbeat.into());
            }
            if self.bug == Some(Plant::RenewsOnce) {
                out.set_timer(Timer::Lapse, Jitter::exactly(self.patience.request_timeout));
            }
        }
    }

    fn renew_no_more(&self, contender: &mut Contender, out: &mut Out) {
        contender.kept = None;
        contender.client.stop_renewing(out);
        out.cancel_timer(Timer::Renew);
        out.cancel_timer(Timer::Lapse);
    }

    /// No renewal has succeeded for too long. Nobody is told; but where the service has no leader, the monitor's query has
    /// failed by now as well.
    fn on_lapsed(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        out.reach(Moment::LeaseOver.into());
        self.renew_no_more(contender, out);
        if self.stops_at == StopsAt::Ttl && contender.place == Place::Leading {
            self.on_lost(contender, now, out);
        } else if contender.client.is_unready() {
            self.on_disconnected(contender, self.monitor_retries, now, out);
        }
    }

    /// The session is over. The library tells nobody.
    fn on_session_lost(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        out.reach(Moment::SessionLost.into());
        self.renew_no_more(contender, out);
        if self.stops_at == StopsAt::Ttl && contender.place == Place::Leading {
            self.on_lost(contender, now, out);
        }
    }
}

/// monitorLock, and what the application does when it says that the lock is lost.
impl Consul {
    /// Something was heard from the service: the monitor's connection lives.
    fn hears(&self, contender: &mut Contender, out: &mut Out) {
        if contender.place == Place::Leading {
            contender.broken = false;
            out.set_timer(Timer::Grace, Jitter::exactly(self.connection_timeout + self.monitor_patience));
        }
    }

    /// The monitor's query has lost its connection, or got an error: it may be asked again for so long.
    fn on_disconnected(&self, contender: &mut Contender, left: Span, now: Now, out: &mut Out) {
        if contender.place != Place::Leading || contender.broken {
            return;
        }
        contender.broken = true;
        if left == Span::ZERO {
            return self.on_lost(contender, now, out);
        }
        out.set_timer(Timer::Grace, Jitter::exactly(left));
    }

    /// The channel is closed: the application unlocks, and tries again from the beginning.
    fn on_lost(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if self.bug == Some(Plant::IgnoresLostLock) {
            return;
        }
        if self.bug == Some(Plant::KeepsLostSession) {
            out.cancel_timer(Timer::Grace);
            return self.lock(contender, now, out);
        }
        self.unlock(contender, now, out);
    }

    /// Unlock: lets go of the lock, so that no lock-delay follows, and then ends the session.
    fn unlock(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.place = Place::Releasing;
        contender.client.stop_watching(out);
        out.cancel_timer(Timer::Grace);
        self.renew_no_more(contender, out);
        let release = Operation::Release(contender.session, Operation::named(contender.number));
        contender.client.call(Ask::Do(release), now, out);
        out.reach(Moment::ReleaseSent.into());
    }
}
