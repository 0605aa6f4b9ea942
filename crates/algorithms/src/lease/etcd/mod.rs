//! etcd: a session with a lease, and a queue of keys in which the one created first leads.
//!
//! **Sources.** etcd-io/etcd, main branch of 2024 and later: `client/v3/concurrency/session.go` (`NewSession`, `Done`),
//! `election.go` (`Campaign`, `Proclaim`, `Resign`, `Observe`), `key.go` (`waitDeletes`); `client/v3/lease.go` (`KeepAlive`, `recvKeepAlive`,
//! `sendKeepAliveLoop`, `deadlineLoop`); `server/lease/lessor.go` (`Promote`, `Renew`, `runLoop`);
//! `server/etcdserver/v3_server.go` (`LeaseRenew`) and `server.go` (`ensureLeadership`, `revokeExpiredLeases`).
//!
//! **Guarantees.** Create revisions never fall, so they fence: a resource that compares them takes nothing from a former
//! leader once it has heard of the next. Leaders follow each other in the order of their keys. The service ends no lease
//! within a TTL of answering a keep-alive.
//!
//! **What it does not guarantee.** That one leader has stopped when the next begins, where a message was late or lost or a
//! process stood still:
//!
//! - The client counts its lease from when an answer ARRIVED, the server from when it was handled; and where the server
//!   looks every 500 ms which leases are over, the client looks every second (`deadlineLoop`). A leader that hears nothing
//!   any more goes on for TTL + 0..1 s, and its successor begins after TTL + 0..0.5 s and a few messages.
//! - `Campaign` returns once. After that nothing but `Session.Done` tells the application that its reign is over, and
//!   nothing makes it listen (`session_end`); unless it proclaims (`proclaim_every`), and is told `ErrElectionNotLeader`.
//! - `waitDeletes` looks for keys ahead of the own and not for the own. Who was stopped until its key was gone and the
//!   others' ahead of it too is told that it leads, with a number that is fenced off (etcd issue 19597; `Mutex.Lock` looks).
//!
//! So exclusion is promised only where nothing is late or lost, clocks run evenly and processes do not stand still.
//!
//! **How long a failover takes** after the holder's death, where the service works: with K the longest time between two
//! keep-alives, a third of the TTL rounded up to the client's next look, and E the time between two looks of the server,
//! from TTL - K less one message to TTL + E and the messages of one revocation (an agreement, the news, one read).
//!
//! **Deviations.**
//!
//! - A keep-alive that is not answered is asked again at the next service node after `request_timeout`, as a client with
//!   gRPC's keep-alive pings does once the connection is given up. Without them a client stays with a silent node until TCP
//!   gives up.
//! - A stream that breaks while no keep-alive is under way on it is replaced at once, and the client's looks go on as they were: there
//!   it is replaced after `keep_alive_check`, and looks begin anew. Keep-alives differ by less than a look.
//! - The server makes sure that it leads only where its Raft loop has not run for three ticks (`ensureLeadership`). Here it
//!   acts on leases and answers reads only while its followers' answers vouch for that; where it should be asked of them, it
//!   waits for the next heartbeat.
//! - Renewals begin at the new leader when the first entry of its term is agreed on, a round trip later than there, and
//!   leases run in full from then on: there are no checkpoints of what was left, which etcd makes every five minutes.
//! - The rate of revocations is not limited to 1000 a second: there are at most as many leases as contenders.
//! - What is proclaimed is not kept: a proclamation compares the key's create revision, goes through the log and is told to
//!   those who observe. `Observe` shares the watch on the key ahead, and so looks for the first key while it waits, and where
//!   etcd's asks for the first key when that which it watches is gone, the news says which it is.

mod bugs;
mod claims;
mod parameters;
mod phases;
mod proclaim;
#[cfg(test)]
mod tests;

pub use bugs::Plant;

use self::phases::Moment;
use super::Timer;
use super::client::{Client, Heard, Patience};
use super::message::{Answer, Ask, View};
use super::recipe::{Event, Out, Recipe, UNMEASURABLE};
use super::service::{Operation, Outcome, Rules, SessionId, Watch};
use crate::{Claim, Entry, Promise};
use interregnum_kernel::{
    Deadline, FaultClasses, Jitter, LocalTime, LogIndex, Now, ParameterError, Parameters, Role, Span,
    TOLERABLE_DRIFT_PPM,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Etcd {
    ttl: Span,
    first_keep_alive_timeout: Span,
    keep_alive_check: Span,
    deadline_check: Span,
    session_end: SessionEnd,
    /// How long a leader waits before it proclaims; zero if it never does.
    proclaim_every: Span,
    /// Whether those who wait observe who leads.
    observes: bool,
    rules: Rules,
    patience: Patience,
    bug: Option<Plant>,
}

/// What the application does when its session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum SessionEnd {
    /// It stops leading, and contends with another session.
    Stop,
    /// Nothing.
    Ignore,
}

/// How far a contender has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// It asks for a session.
    Opening,
    /// It has one, and asks for a place in the queue.
    Joining,
    /// It has a key, and asks whether others are ahead of it.
    Looking,
    /// It waits for the key ahead of its own to go.
    Waiting,
    /// That key is gone, and it asks whether another is ahead.
    Asking,
    /// It leads.
    Leading,
    /// It gives up its place.
    Leaving,
}

/// A contender's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contender {
    client: Client,
    session: SessionId,
    /// How many sessions it has had.
    sessions: u16,
    place: Place,
    /// The revision at which its key was created.
    created: u64,
    /// Whose key is ahead of it, as far as it has been told.
    ahead: Option<SessionId>,
    highest: u64,
    /// When its client finds the lease to be over, if nothing is heard until then.
    until: LocalTime,
    /// Since when the client looks, time after time, whether a keep-alive is due.
    streams_since: LocalTime,
    /// Since when it looks, time after time, whether the lease is over.
    checks_since: LocalTime,
    /// Whether it has sent a renewal in this reign.
    beaten: bool,
}

/// What breaks the bound on how long an answer takes, or lets a holder's time run otherwise than the service's.
const UNBOUNDED: FaultClasses = crate::LATE_OR_LOST.and(FaultClasses::FORGETFUL_DISKS);

/// What lets a lease run otherwise than by two clocks that agree, or the data be forgotten.
const UNEVEN: FaultClasses = UNMEASURABLE.and(FaultClasses::FORGETFUL_DISKS);

impl Recipe for Etcd {
    type Contender = Contender;

    const ENTRY: Entry = Entry {
        name: "lease-etcd",
        title: "etcd election",
        summary: "a queue of keys bound to leases; the key created first leads, its create revision fences",
        source: "etcd-io/etcd client/v3/concurrency/election.go, server/lease/lessor.go",
        bugs: bugs::BUGS,
        service: true,
        parameters: parameters::SPECS,
        orders: &["resign"],
        election_kinds: &["OpenSession", "Join", "Leave", "Read", "Watch", "View"],
        promises: super::recipe::promises![
            Promise::except("lease-kept", UNEVEN),
            Promise::except("lease-exclusion", UNBOUNDED),
        ],
    };

    const PHASES: &'static [&'static str] = Moment::NAMES;

    fn from_parameters(parameters: &Parameters) -> Result<Etcd, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }

    fn claims(&self) -> Vec<Claim> {
        claims::of(self)
    }

    fn master_lease(&self) -> Option<u64> {
        // The bug: nobody is asked.
        (self.bug != Some(Plant::DeposedLeaderRenews)).then_some(u64::from(TOLERABLE_DRIFT_PPM))
    }

    /// A lease that is over is not revived while its revocation is under way (`Renew` waits for `revokec`).
    fn renews_late(&self) -> bool {
        false
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn patience(&self) -> Patience {
        self.patience
    }

    fn begin(&self, client: Client, now: Now, out: &mut Out) -> Contender {
        let session = SessionId::of(client.process(), 1);
        let mut contender = Contender {
            client: client.losing_renewals(),
            session,
            sessions: 1,
            place: Place::Opening,
            created: 0,
            ahead: None,
            highest: 0,
            until: LocalTime::ZERO,
            streams_since: now.mono,
            checks_since: now.mono,
            beaten: false,
        };
        // The two loops of a client begin together, but each of their rounds takes as long as it takes: after a while
        // they are in any phase to each other.
        out.set_timer(Timer::Grace, Jitter::between(Span::ZERO, self.deadline_check));
        contender.client.call(Ask::Do(Operation::Open(session)), now, out);
        contender
    }

    fn on(&self, contender: &mut Contender, now: Now, event: Event, out: &mut Out) {
        match event {
            Event::Heard(Heard::Answer { ask, answer, .. }) => {
                self.on_answer(contender, now, ask, answer, out)
            }
            Event::Heard(Heard::Renewed { length, .. }) => self.on_renewed(contender, now, length, out),
            Event::Heard(Heard::SessionLost) => {
                out.reach(Moment::SessionLost.into());
                self.on_session_over(contender, now, out);
            }
            Event::Lapsed => {
                out.reach(Moment::LeaseOver.into());
                self.on_session_over(contender, now, out);
            }
            Event::Heard(Heard::News(view)) => self.on_news(contender, now, view, out),
            Event::RenewDue => self.on_renew_due(contender, now, out),
            Event::Resign => self.on_resign(contender, now, out),
            Event::Disconnected => self.on_disconnected(contender, now, out),
            Event::RetryDue => self.on_retry_due(contender, now, out),
            Event::GraceOver => contender.checks_since = now.mono,
        }
    }

    fn client(contender: &mut Contender) -> &mut Client {
        &mut contender.client
    }

    fn leads(&self, contender: &Contender, _: Now) -> Option<u64> {
        (contender.place == Place::Leading).then_some(contender.created)
    }

    /// The application learns of the lease's end when its client looks for it, and not before.
    fn until(&self, contender: &Contender, _: Now) -> Option<Deadline> {
        Some(Deadline::Mono(contender.until))
    }

    fn role(&self, contender: &Contender) -> Role {
        match contender.place {
            Place::Opening | Place::Joining | Place::Looking | Place::Waiting | Place::Leaving => {
                Role::Follower
            }
            Place::Asking => Role::Candidate,
            Place::Leading => Role::Leader,
        }
    }

    fn highest(&self, contender: &Contender) -> u64 {
        contender.highest
    }
}

impl Etcd {
    /// How much time passes at most from one keep-alive to the next, where answers are there before the look at which the next is
    /// due: the client looks every so often since its stream began, and sends at a look, so a third of the TTL is rounded up.
    fn longest_silence(&self) -> Span {
        next_look(LocalTime::ZERO + self.ttl.scaled(1, 3), LocalTime::ZERO, self.keep_alive_check)
            .since(LocalTime::ZERO)
    }

    fn on_answer(&self, contender: &mut Contender, now: Now, ask: Ask, answer: Answer, out: &mut Out) {
        match (ask, answer) {
            (Ask::Do(Operation::Open(_)), Answer::Outcome(Outcome::Done(_), _)) => {
                out.reach(Moment::SessionOpened.into());
                self.keep_alive(contender, now, out);
                self.join(contender, now, out);
            }
            (Ask::Do(Operation::Join(_)), Answer::Outcome(Outcome::Done(created), _)) => {
                out.reach(Moment::KeyWritten.into());
                contender.created = created;
                contender.place = Place::Looking;
                contender.client.call(Ask::Read, now, out);
            }
            (Ask::Do(Operation::Leave(..)), Answer::Outcome(Outcome::Done(_) | Outcome::Refused, _)) => {
                self.join(contender, now, out);
            }
            (Ask::Do(Operation::Proclaim(..)), answer) => self.on_proclaimed(contender, now, answer, out),
            (Ask::Read, Answer::View(view)) => self.on_asked(contender, view, out),
            (_, Answer::Outcome(Outcome::NoSession, _)) => {
                out.reach(Moment::SessionLost.into());
                self.begin_anew(contender, now, out);
            }
            _ => {}
        }
    }

    /// `NewSession` is through with the lease's grant. The client's first keep-alive begins its loop (`firstKeepAliveOnce`); that of
    /// another lease is sent when the loop looks the next time.
    fn keep_alive(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.sessions == 1 {
            contender.streams_since = now.mono;
            contender.client.renew(contender.session, now, out);
        } else {
            let at = next_look(now.mono, contender.streams_since, self.keep_alive_check);
            out.set_timer(Timer::Renew, Jitter::exactly(at.since(now.mono)));
        }
        self.count_on(contender, now, self.first_keep_alive_timeout, out);
    }

    /// The lease is over so long from now, and the client notices when it looks the next time after that.
    fn count_on(&self, contender: &mut Contender, now: Now, length: Span, out: &mut Out) {
        contender.until = next_look(now.mono + length, contender.checks_since, self.deadline_check);
        out.set_timer(Timer::Lapse, Jitter::exactly(contender.until.since(now.mono)));
    }

    fn join(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.place = Place::Joining;
        contender.client.call(Ask::Do(Operation::Join(contender.session)), now, out);
    }

    /// `recvKeepAlive`: the lease runs from now, and not from when the keep-alive was sent.
    fn on_renewed(&self, contender: &mut Contender, now: Now, length: Span, out: &mut Out) {
        self.count_on(contender, now, length, out);
        let due = now.mono + length.scaled(1, 3);
        let at = next_look(due, contender.streams_since, self.keep_alive_check);
        out.set_timer(Timer::Renew, Jitter::exactly(at.since(now.mono)));
    }

    fn on_renew_due(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.client.renew(contender.session, now, out);
        if contender.place == Place::Leading && !contender.beaten {
            contender.beaten = true;
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    /// `recvKeepAliveLoop`: the stream is broken, and another one is opened after a while. What was asked on it is not
    /// answered any more.
    fn on_disconnected(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.client.renews() {
            contender.client.stop_renewing(out);
            contender.streams_since = now.mono;
            out.set_timer(Timer::Renew, Jitter::exactly(self.keep_alive_check));
        }
    }

    fn on_news(&self, contender: &mut Contender, now: Now, view: View, out: &mut Out) {
        contender.highest = contender.highest.max(view.leader.map_or(0, |(number, _)| number));
        if contender.place != Place::Waiting {
            return;
        }
        let ahead = std::mem::replace(&mut contender.ahead, view.ahead);
        // The bug: whoever was ahead is gone, and with that everybody is taken to be.
        if self.bug == Some(Plant::NoSecondLook) && ahead.is_some() && ahead != view.ahead {
            return self.lead(contender, out);
        }
        if view.ahead.is_some() {
            return;
        }
        contender.place = Place::Asking;
        contender.client.call(Ask::Read, now, out);
        out.reach(Moment::Standing.into());
    }

    /// `waitDeletes`: who finds no key ahead of its own leads, whether its own is still there or not.
    fn on_asked(&self, contender: &mut Contender, view: View, out: &mut Out) {
        if !matches!(contender.place, Place::Looking | Place::Asking) {
            return;
        }
        match view.leader {
            Some((number, _)) if number < contender.created => {
                contender.place = Place::Waiting;
                contender.highest = contender.highest.max(number);
                contender.ahead = None;
                let created = LogIndex(contender.created);
                let watch = if self.observes { Watch::AheadAndFirst(created) } else { Watch::Ahead(created) };
                contender.client.watch(watch, out);
            }
            _ => self.lead(contender, out),
        }
    }

    fn lead(&self, contender: &mut Contender, out: &mut Out) {
        contender.place = Place::Leading;
        contender.highest = contender.highest.max(contender.created);
        contender.beaten = false;
        contender.client.stop_watching(out);
        self.proclaim_later(out);
        out.reach(Moment::Elected.into());
    }

    /// `Session.Done` is closed.
    fn on_session_over(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if self.session_end == SessionEnd::Stop {
            return self.begin_anew(contender, now, out);
        }
        contender.until = contender.until.min(now.mono);
        self.stop_keeping_alive(contender, out);
    }

    fn stop_keeping_alive(&self, contender: &mut Contender, out: &mut Out) {
        contender.client.stop_renewing(out);
        out.cancel_timer(Timer::Renew);
        out.cancel_timer(Timer::Lapse);
    }

    /// The application contends with another session.
    fn begin_anew(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        self.stop_keeping_alive(contender, out);
        contender.client.stop_watching(out);
        out.cancel_timer(Timer::Retry);
        contender.place = Place::Opening;
        // The bug: with the same one.
        if self.bug == Some(Plant::KeepsDeadSession) {
            contender.client.give_up_call(out);
            return out.set_timer(Timer::Retry, Jitter::exactly(self.keep_alive_check));
        }
        contender.sessions = contender.sessions.wrapping_add(1);
        contender.session = SessionId::of(contender.client.process(), contender.sessions);
        contender.client.call(Ask::Do(Operation::Open(contender.session)), now, out);
    }

    /// `Resign`, and another campaign.
    fn on_resign(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.place == Place::Leading {
            contender.place = Place::Leaving;
            out.cancel_timer(Timer::Retry);
            let leave = Operation::Leave(contender.session, Operation::named(contender.created));
            contender.client.call(Ask::Do(leave), now, out);
            out.reach(Moment::ReleaseSent.into());
        }
    }
}

/// When somebody who has looked every so often since then looks next after `after`.
fn next_look(after: LocalTime, since: LocalTime, every: Span) -> LocalTime {
    if every == Span::ZERO {
        return after;
    }
    let looks = after.since(since).0 / every.0 + 1;
    since + Span(looks.saturating_mul(every.0))
}
