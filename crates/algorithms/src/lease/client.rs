//! A contender's line to the service: which service node it talks to, what it has asked, and what it does when no answer
//! comes.
//!
//! Three things can be under way at once: one call, one renewal and one watch, each with a timer. Whatever is not answered
//! in time is asked again, at the next service node: a client library cannot tell a slow node from a dead one. A call keeps its
//! number when it is repeated, so that a late answer is as good as any. A renewal does not: the lease that it brings may be counted
//! from when it was asked for, so one that is sent to another node is a new one. Nor does a watch: it is set anew on each
//! connection, and what is still said of it on another is not listened to.
//!
//! A service node that was restarted, or has closed the connection, answers whatever is sent on that with a reset, and the
//! contender talks to the next one.

use super::Timer;
use super::message::{Answer, Ask, Connection, Message, Reply, Request, View};
use super::recipe::Out;
use super::service::{SessionId, Watch};
use interregnum_kernel::{
    Epoch, Incarnation, Jitter, LocalTime, LogIndex, NodeId, NodeSet, Now, Process, Span,
};

/// How patient a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Patience {
    /// How long it waits for an answer before it asks another service node.
    pub request_timeout: Span,
    /// How long it waits before it asks again where a service node had no leader to pass the question to.
    pub backoff: Jitter,
}

/// Where the number of a request names the life of the process that has made it.
const LIFE_AT: u32 = 20;

/// What of a life requests name.
fn life_bits(life: Incarnation) -> u32 {
    life.0 & 0xfff
}

/// Whether a process in this life has made the request of this number. Lives are kept modulo 4,096.
pub(super) fn is_of_life(number: u32, life: Incarnation) -> bool {
    number >> LIFE_AT == life_bits(life)
}

/// A request under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sent {
    request: Request,
    /// When it was sent first, by the contender's clock.
    at: LocalTime,
}

/// The line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    process: Process,
    service: NodeSet,
    patience: Patience,
    /// How long a renewal is waited for that was sent on to another service node.
    reconnect: Span,
    /// Whether a connection has to be opened before anything is renewed on it.
    connects: bool,
    /// Whether a renewal is lost with the connection that it was sent on, and is not sent on to the next service node.
    loses_renewals: bool,
    server: NodeId,
    /// The connection with it.
    on: Connection,
    count: u32,
    call: Option<Sent>,
    renewal: Option<Sent>,
    /// Which leader of the service answered the last renewal; zero once one was not answered in time.
    master: Epoch,
    /// The watch, and whether it has been answered by the node that it is set at.
    watch: Option<(Request, bool)>,
    seen: LogIndex,
    /// Whether the last answer was that the service has no leader.
    unready: bool,
}

/// What the service has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The answer to a call: an outcome, a view, or that the lock is kept back.
    Answer {
        /// What was asked.
        ask: Ask,
        /// When it was asked first, by the contender's clock.
        asked: LocalTime,
        /// The answer.
        answer: Answer,
    },
    /// The session is kept.
    Renewed {
        /// When this was asked for first, by the contender's clock.
        asked: LocalTime,
        /// For how long from when the answer left, by the service's clock.
        length: Span,
        /// How long the answer was held back, by the service's clock.
        waited: Span,
        /// Which leader of the service answered.
        master: Epoch,
    },
    /// The session that was to be renewed is over.
    SessionLost,
    /// How what is watched stands.
    News(View),
}

impl Client {
    /// A process's line to these service nodes. Neighbours begin with different ones.
    pub fn new(process: Process, service: NodeSet, patience: Patience) -> Client {
        let first = process.node.index() % service.len().max(1);
        Client {
            process,
            service,
            patience,
            reconnect: patience.request_timeout,
            connects: false,
            loses_renewals: false,
            server: service.iter().nth(first).unwrap_or_default(),
            on: Connection::NEW,
            // Numbers of different lives differ, so that what an earlier life asked for is not taken for this one's.
            count: life_bits(process.incarnation) << LIFE_AT,
            call: None,
            renewal: None,
            master: Epoch::ZERO,
            watch: None,
            seen: LogIndex::ZERO,
            unready: false,
        }
    }

    /// As it is, with a patience of its own for renewals at another service node, where a connection has to be opened first.
    #[must_use]
    pub fn reconnecting_within(self, reconnect: Span) -> Client {
        Client { reconnect, connects: true, ..self }
    }

    /// As it is, with renewals that are lost with their connection: the recipe is told of that, and sends the next.
    #[must_use]
    pub fn losing_renewals(self) -> Client {
        Client { loses_renewals: true, ..self }
    }

    /// The process whose line it is.
    pub fn process(&self) -> Process {
        self.process
    }
    /// The service node that it talks to.
    pub fn server(&self) -> NodeId {
        self.server
    }
    /// Whether a call is under way.
    pub fn calls(&self) -> bool {
        self.call.is_some()
    }
    /// Whether a renewal is under way.
    pub fn renews(&self) -> bool {
        self.renewal.is_some()
    }
    /// Whether the last answer to a call or a renewal was that the service has no leader.
    pub fn is_unready(&self) -> bool {
        self.unready
    }
    /// The latest revision that it has heard of.
    pub fn seen(&self) -> LogIndex {
        self.seen
    }

    fn next(&mut self, ask: Ask) -> Request {
        self.count += 1;
        Request { number: self.count, on: Connection::NEW, ask }
    }

    fn send(&self, request: Request, out: &mut Out) {
        out.send(self.server, Message::Request(Request { on: self.on, ..request }));
    }

    /// Asks for something. A call that is under way is forgotten, though it may still have its effect.
    pub fn call(&mut self, ask: Ask, now: Now, out: &mut Out) {
        let request = self.next(ask);
        self.call = Some(Sent { request, at: now.mono });
        self.send(request, out);
        out.set_timer(Timer::Call, Jitter::exactly(self.patience.request_timeout));
    }

    /// Forgets the call that is under way.
    pub fn give_up_call(&mut self, out: &mut Out) {
        self.call = None;
        out.cancel_timer(Timer::Call);
    }

    /// Asks for the renewal of a session, anew if that is under way.
    pub fn renew(&mut self, session: SessionId, now: Now, out: &mut Out) {
        self.renew_within(session, self.patience.request_timeout, now, out);
    }

    /// As [`Client::renew`], with a patience of its own: where the service holds answers back.
    pub fn renew_within(&mut self, session: SessionId, timeout: Span, now: Now, out: &mut Out) {
        let request = self.next(Ask::Renew(session, self.master));
        self.renewal = Some(Sent { request, at: now.mono });
        self.send(request, out);
        out.set_timer(Timer::Renewal, Jitter::exactly(timeout));
    }

    /// Asks for the renewal of a session on a new connection, once that is open, if there has to be one.
    pub fn reconnect(&mut self, session: SessionId, now: Now, out: &mut Out) {
        if !self.connects {
            return self.renew_within(session, self.reconnect, now, out);
        }
        let request = self.next(Ask::Connect(session));
        self.renewal = Some(Sent { request, at: now.mono });
        self.send(request, out);
        out.set_timer(Timer::Renewal, Jitter::exactly(self.reconnect));
    }

    /// The connection is open: what it was opened for. The lease that this brings is counted from when the connection was asked
    /// for, which is earlier than it need be.
    fn renew_connected(&mut self, session: SessionId, at: LocalTime, out: &mut Out) {
        let request = self.next(Ask::Renew(session, self.master));
        self.renewal = Some(Sent { request, at });
        self.send(request, out);
        out.set_timer(Timer::Renewal, Jitter::exactly(self.reconnect));
    }

    /// Sends the renewal that is under way once more, to the same service node and under its number.
    pub fn repeat_renewal(&self, out: &mut Out) {
        if let Some(renewal) = self.renewal {
            self.send(renewal.request, out);
        }
    }

    /// Renews no session any more.
    pub fn stop_renewing(&mut self, out: &mut Out) {
        self.renewal = None;
        out.cancel_timer(Timer::Renewal);
    }

    /// Watches this from now on, and nothing else.
    pub fn watch(&mut self, watch: Watch, out: &mut Out) {
        let request = self.next(Ask::Watch(watch, self.seen));
        self.watch = Some((request, false));
        self.send_watch(out);
    }

    /// Watches nothing any more. The service node is told when it has news.
    pub fn stop_watching(&mut self, out: &mut Out) {
        self.watch = None;
        out.cancel_timer(Timer::Watching);
    }

    fn send_watch(&self, out: &mut Out) {
        if let Some((request, _)) = self.watch {
            self.send(request, out);
            out.set_timer(Timer::Watching, Jitter::exactly(self.patience.request_timeout));
        }
    }

    /// An answer has arrived: what it means to the recipe, if anything.
    pub(super) fn receive(&mut self, from: NodeId, reply: Reply, out: &mut Out) -> Option<Heard> {
        // Of a connection that this contender has left: what was asked on it has been asked again since.
        if reply.answer == Answer::Reset {
            return None;
        }
        let is = |sent: Option<Sent>| sent.filter(|sent| sent.request.number == reply.number);
        if is(self.call).or(is(self.renewal)).is_some() {
            self.unready = reply.answer == Answer::NotReady;
        }
        if let Some(call) = is(self.call) {
            return self.receive_answer(call, reply.answer, out);
        }
        if let Some(renewal) = is(self.renewal) {
            return self.receive_renewal(renewal, reply.answer, out);
        }
        match (reply.answer, self.watch) {
            (Answer::News(view), Some((request, _))) if request.number == reply.number => {
                self.watch = Some((request, true));
                self.seen = self.seen.max(view.revision);
                out.cancel_timer(Timer::Watching);
                self.send(Request { ask: Ask::Seen(view.revision), ..request }, out);
                Some(Heard::News(view))
            }
            // From a node that this contender has left, or of a watch that is over and that no other has replaced.
            (Answer::News(_), watch) if from != self.server || watch.is_none() => {
                let request = Request { number: reply.number, on: Connection::NEW, ask: Ask::Unwatch };
                out.send(from, Message::Request(request));
                None
            }
            _ => None,
        }
    }

    fn receive_answer(&mut self, call: Sent, answer: Answer, out: &mut Out) -> Option<Heard> {
        match answer {
            Answer::NotReady => {
                out.set_timer(Timer::Call, self.patience.backoff);
                return None;
            }
            Answer::Outcome(_, revision) => self.seen = self.seen.max(revision),
            Answer::View(view) => self.seen = self.seen.max(view.revision),
            _ => {}
        }
        self.give_up_call(out);
        Some(Heard::Answer { ask: call.request.ask, asked: call.at, answer })
    }

    fn receive_renewal(&mut self, sent: Sent, answer: Answer, out: &mut Out) -> Option<Heard> {
        let heard = match answer {
            Answer::Renewed { length, waited, master } => {
                self.master = master;
                Heard::Renewed { asked: sent.at, length, waited, master }
            }
            Answer::NoSession => Heard::SessionLost,
            Answer::Connected => {
                if let Ask::Connect(session) = sent.request.ask {
                    self.renew_connected(session, sent.at, out);
                }
                return None;
            }
            Answer::NotReady => {
                out.set_timer(Timer::Renewal, self.patience.backoff);
                return None;
            }
            _ => return None,
        };
        self.stop_renewing(out);
        Some(heard)
    }

    /// Something was not answered in time: the next service node is asked, and everything that is under way goes there.
    ///
    /// A renewal is sent anew and not repeated: the lease that it brings runs from when it was sent.
    pub(super) fn on_timeout(&mut self, timer: Timer, now: Now, out: &mut Out) {
        let waits = match timer {
            Timer::Call => self.call.is_some(),
            Timer::Renewal => self.renewal.is_some(),
            _ => self.watch.is_some_and(|(_, answered)| !answered),
        };
        if waits {
            self.move_on(now, out);
        }
    }

    /// Talks to the next service node from now on, and asks that for whatever is under way.
    pub fn move_on(&mut self, now: Now, out: &mut Out) {
        self.move_with(true, now, out);
    }

    /// The connection is gone: it talks to the next service node from now on.
    fn reconnect_elsewhere(&mut self, now: Now, out: &mut Out) {
        self.move_with(!self.loses_renewals, now, out);
    }

    fn move_with(&mut self, renewal: bool, now: Now, out: &mut Out) {
        let beyond = self.service.iter().find(|node| *node > self.server);
        self.server = beyond.or(self.service.iter().next()).unwrap_or(self.server);
        self.on = Connection::NEW;
        if let Some(call) = self.call {
            self.send(call.request, out);
            out.set_timer(Timer::Call, Jitter::exactly(self.patience.request_timeout));
        }
        let renewed = self.renewal.filter(|_| renewal).map(|sent| sent.request.ask);
        if let Some(Ask::Renew(session, _) | Ask::Connect(session)) = renewed {
            // Where answers are held back, this one is not to be.
            self.master = Epoch::ZERO;
            self.reconnect(session, now, out);
        }
        if let Some((Request { ask: Ask::Watch(watch, _), .. }, _)) = self.watch {
            // A node that lags behind what the contender has seen by now must not answer yet.
            self.watch(watch, out);
        }
    }

    /// Something was said by the service node that this contender talks to. If the connection that it knows is not the one that
    /// there is, it talks to another node now.
    pub(super) fn on_connection(&mut self, from: NodeId, on: Connection, now: Now, out: &mut Out) -> bool {
        if from != self.server || self.on == on {
            return false;
        }
        let is_lost = self.on != Connection::NEW;
        match is_lost {
            true => self.reconnect_elsewhere(now, out),
            false => self.on = on,
        }
        is_lost
    }

    /// A process died, and its machine reset its connections: if this contender talked to it, it talks to another one now.
    pub(super) fn on_disconnected(&mut self, process: Process, now: Now, out: &mut Out) -> bool {
        // Late news of a former life says nothing of the connection with the present one.
        let concerns = process.node == self.server && self.on.may_be_with(process.incarnation);
        if concerns {
            self.reconnect_elsewhere(now, out);
        }
        concerns
    }
}
