//! etcd: a session with a lease, and a queue of keys in which the one created first leads.
//!
//! **Sources.** etcd-io/etcd at c34dc7ee: `client/v3/concurrency/{session,election,key}.go`, `client/v3/lease.go`,
//! `server/lease/lessor.go`.
//!
//! **Guarantees.** Create revisions never fall, so they fence: a resource that compares them takes nothing from a former
//! leader once it has heard of the next. Leaders follow each other in the order of their keys.
//!
//! **What it does not guarantee.** That one leader has stopped when the next begins. The client counts its lease from when
//! an answer ARRIVED, the server from when it left, so the client believes for longer by the answer's way; and `Campaign`
//! returns once, so that nothing but `Session.Done` tells the application that its reign is over.

mod parameters;
mod phases;

use self::phases::Moment;
use super::Timer;
use super::client::{Client, Heard, Patience};
use super::message::{Answer, Ask, View};
use super::recipe::{Event, Out, Recipe};
use super::service::{AtClose, Operation, Outcome, Rules, Seat, SessionId, SessionRules, Watch};
use crate::{Entry, Promise};
use interregnum_kernel::{
    Deadline, FaultClasses, Jitter, LocalTime, Now, ParameterError, Parameters, Role, Span,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Etcd {
    ttl: Span,
    keep_alive_interval: Span,
    /// How often the client looks whether its lease is over.
    deadline_check: Span,
    rules: Rules,
    patience: Patience,
}

/// How far a contender has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// It asks for a session.
    Opening,
    /// It has one, and asks for a place in the queue.
    Joining,
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
    /// When the lease is over as the client counts it.
    expires: LocalTime,
    place: Place,
    /// The revision at which its key was created.
    created: u64,
    highest: u64,
    /// Whether it has sent a renewal in this reign.
    beaten: bool,
}

impl Recipe for Etcd {
    type Contender = Contender;

    const ENTRY: Entry = Entry {
        name: "lease-etcd",
        title: "etcd election",
        summary: "a queue of keys bound to leases; the key created first leads, its create revision fences",
        source: "etcd-io/etcd client/v3/concurrency/election.go, server/lease/lessor.go",
        bugs: &[],
        service: true,
        parameters: parameters::SPECS,
        orders: &["resign"],
        election_kinds: super::message::Message::ELECTION_KINDS,
        promises: &[
            Promise::except("election-safety", FaultClasses::FORGETFUL_DISKS),
            Promise::except("vote-once", FaultClasses::FORGETFUL_DISKS),
            Promise::except("epoch-monotonic", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-completeness", FaultClasses::FORGETFUL_DISKS),
            Promise::except("log-agreement", FaultClasses::FORGETFUL_DISKS),
            Promise::except("fenced-writes", FaultClasses::FORGETFUL_DISKS),
            Promise::except("leader-within", FaultClasses::FORGETFUL_DISKS),
        ],
    };

    const PHASES: &'static [&'static str] = Moment::NAMES;

    fn from_parameters(parameters: &Parameters) -> Result<Etcd, ParameterError> {
        parameters::read(parameters)
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
            client,
            session,
            sessions: 1,
            expires: LocalTime::ZERO,
            place: Place::Opening,
            created: 0,
            highest: 0,
            beaten: false,
        };
        contender.client.call(Ask::Do(Operation::Open(session)), now, out);
        contender
    }

    fn on(&self, contender: &mut Contender, now: Now, event: Event, out: &mut Out) {
        match event {
            Event::Heard(Heard::Answer { ask, answer, .. }) => {
                self.on_answer(contender, now, ask, answer, out)
            }
            Event::Heard(Heard::Renewed { length, .. }) => self.keep(contender, now, length, out),
            Event::Heard(Heard::SessionLost) => {
                out.reach(Moment::SessionLost.into());
                self.begin_anew(contender, now, out);
            }
            Event::Lapsed => {
                out.reach(Moment::LeaseOver.into());
                self.begin_anew(contender, now, out);
            }
            Event::Heard(Heard::News(view)) => self.on_news(contender, now, view, out),
            Event::RenewDue => {
                contender.client.renew(contender.session, now, out);
                if contender.place == Place::Leading && !contender.beaten {
                    contender.beaten = true;
                    out.reach(Moment::FirstHeartbeat.into());
                }
            }
            Event::Resign => self.on_resign(contender, now, out),
            Event::Disconnected | Event::RetryDue | Event::GraceOver => {}
        }
    }

    fn client(contender: &mut Contender) -> &mut Client {
        &mut contender.client
    }

    fn leads(&self, contender: &Contender, _: Now) -> Option<u64> {
        (contender.place == Place::Leading).then_some(contender.created)
    }

    fn until(&self, contender: &Contender, _: Now) -> Option<Deadline> {
        Some(Deadline::Mono(contender.expires))
    }

    fn role(&self, contender: &Contender) -> Role {
        match contender.place {
            Place::Opening | Place::Joining | Place::Waiting | Place::Leaving => Role::Follower,
            Place::Asking => Role::Candidate,
            Place::Leading => Role::Leader,
        }
    }

    fn highest(&self, contender: &Contender) -> u64 {
        contender.highest
    }
}

impl Etcd {
    fn on_answer(&self, contender: &mut Contender, now: Now, ask: Ask, answer: Answer, out: &mut Out) {
        match (ask, answer) {
            (Ask::Do(Operation::Open(_)), Answer::Outcome(Outcome::Done(_), _)) => {
                out.reach(Moment::SessionOpened.into());
                self.keep(contender, now, self.ttl, out);
                self.join(contender, now, out);
            }
            (Ask::Do(Operation::Join(_)), Answer::Outcome(Outcome::Done(created), _)) => {
                out.reach(Moment::KeyWritten.into());
                contender.created = created;
                contender.place = Place::Waiting;
                contender.client.watch(Watch::Ahead(contender.session), out);
            }
            (Ask::Do(Operation::Leave(..)), Answer::Outcome(Outcome::Done(_), _)) => {
                self.join(contender, now, out);
            }
            (Ask::Read, Answer::View(view)) => self.on_asked(contender, view, out),
            (_, Answer::Outcome(Outcome::NoSession, _)) => {
                out.reach(Moment::SessionLost.into());
                self.begin_anew(contender, now, out);
            }
            _ => {}
        }
    }

    fn join(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.place = Place::Joining;
        contender.client.call(Ask::Do(Operation::Join(contender.session)), now, out);
    }

    /// The lease was granted or renewed: the client counts from now.
    fn keep(&self, contender: &mut Contender, now: Now, length: Span, out: &mut Out) {
        contender.expires = now.mono + length;
        out.set_timer(Timer::Renew, Jitter::exactly(self.keep_alive_interval));
        out.set_timer(Timer::Lapse, Jitter::between(length, length + self.deadline_check));
    }

    fn on_news(&self, contender: &mut Contender, now: Now, view: View, out: &mut Out) {
        contender.highest = contender.highest.max(view.leader.map_or(0, |(number, _)| number));
        if contender.place == Place::Waiting && view.ahead.is_none() {
            contender.place = Place::Asking;
            contender.client.call(Ask::Read, now, out);
            out.reach(Moment::Standing.into());
        }
    }

    /// Whether another key is ahead. A node that lags may know less than the contender: then it goes on waiting.
    fn on_asked(&self, contender: &mut Contender, view: View, out: &mut Out) {
        if contender.place != Place::Asking {
            return;
        }
        match view.leader {
            Some((number, session)) if session == contender.session => {
                contender.place = Place::Leading;
                contender.highest = contender.highest.max(number);
                contender.beaten = false;
                contender.client.stop_watching(out);
                out.reach(Moment::Elected.into());
            }
            _ => {
                contender.place = Place::Waiting;
                contender.client.watch(Watch::Ahead(contender.session), out);
            }
        }
    }

    /// The session is over, or taken to be: the application begins with another one.
    fn begin_anew(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.sessions = contender.sessions.wrapping_add(1);
        contender.session = SessionId::of(contender.client.process(), contender.sessions);
        contender.place = Place::Opening;
        contender.client.stop_renewing(out);
        contender.client.stop_watching(out);
        out.cancel_timer(Timer::Renew);
        out.cancel_timer(Timer::Lapse);
        contender.client.call(Ask::Do(Operation::Open(contender.session)), now, out);
    }

    fn on_resign(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.place == Place::Leading {
            contender.place = Place::Leaving;
            contender.client.call(
                Ask::Do(Operation::Leave(contender.session, Operation::named(contender.created))),
                now,
                out,
            );
            out.reach(Moment::ReleaseSent.into());
        }
    }
}

/// What the service does in etcd's way.
fn rules(ttl: Span, election_timeout: Span, resend_after: Span) -> Rules {
    Rules {
        seat: Seat::FirstInQueue,
        at_close: AtClose::Release,
        sessions: SessionRules {
            ttl,
            patience: ttl,
            tick: Span::millis(500),
            extension: election_timeout,
            answer_before: None,
            flaw: None,
        },
        lock_delay: Span::ZERO,
        resend_after,
    }
}
