//! A client's session with ZooKeeper, as its library keeps it: pings, the loss of the connection, another service node, and
//! the end of the session. Kafka's brokers use the same.
//!
//! `ClientCnxn.SendThread` (zookeeper-server/src/main/java/org/apache/zookeeper/ClientCnxn.java, releases before 3.9.3) waits
//! two thirds of the session timeout for an answer, and pings half way there. Whoever has heard nothing for so long drops the
//! connection and tries the other service nodes, each for the session timeout divided by their number. The session goes on
//! meanwhile, and moves to the node that answers. What the library calls `Disconnected`, and Curator `SUSPENDED`, is
//! [`Turn::Suspended`].
//!
//! This library learns of the session's end from the service alone. (Since 3.9.3 it takes the session for over a timeout and a
//! third after the last answer; ZOOKEEPER-4508.) Curator does not wait for that: [`Times::gives_up`].

use crate::lease::Timer;
use crate::lease::client::{Client, Heard};
use crate::lease::message::{Answer, Ask};
use crate::lease::phases::Moment;
use crate::lease::recipe::{Event, Out};
use crate::lease::service::{AtClose, Operation, Outcome, Rules, Seat, SessionId, SessionRules};
use crate::{Claim, Strain};
use interregnum_kernel::{Jitter, LocalTime, Now, Span};

/// The times of a session, most of them made of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::lease) struct Times {
    /// The session timeout that the service has granted.
    pub(in crate::lease) timeout: Span,
    /// How long after a ping the next one leaves.
    pub(in crate::lease) ping: Span,
    /// For how long the client hears nothing before it drops the connection.
    pub(in crate::lease) read: Span,
    /// How long it waits for a service node when it reconnects.
    pub(in crate::lease) connect: Span,
    /// How long it rests before it reconnects.
    pub(in crate::lease) rest: Jitter,
    /// How long after it has lost its connection it takes the session for over, if it does.
    pub(in crate::lease) gives_up: Option<Span>,
}

impl Times {
    /// The times for a session timeout and so many service nodes (`ClientCnxn.SendThread.onConnected`).
    pub(in crate::lease) fn of(timeout: Span, service: usize, rest: Jitter) -> Times {
        let read = timeout.scaled(2, 3);
        let connect = timeout.scaled(1, service.max(1) as u64);
        Times { timeout, ping: ping_interval(read), read, connect, rest, gives_up: None }
    }

    /// As they are, of a client that takes its session for over when it has had no connection for the session timeout
    /// (Curator, `ConnectionStateManager.checkSessionExpiration`, by its default of 100 per cent; CURATOR-405).
    #[must_use]
    pub(in crate::lease) fn of_curator(self) -> Times {
        Times { gives_up: Some(self.timeout), ..self }
    }

    /// How much silence of its client's a session bears at least, whenever that begins.
    pub(in crate::lease) fn claims(&self) -> [Claim; 2] {
        let borne = self.timeout.saturating_sub(self.ping).0;
        let source = "not documented; the session timeout, less the age that the last ping may have";
        [Strain::Freeze, Strain::Pause].map(|strain| Claim {
            strain,
            documented: None,
            derived: Some(borne),
            source,
        })
    }

    /// What the service does in ZooKeeper's way.
    pub(in crate::lease) fn rules(&self, seat: Seat, tick: Span, resend_after: Span) -> Rules {
        Rules {
            seat,
            at_close: AtClose::Release,
            sessions: self.session_rules(tick),
            lock_delay: Span::ZERO,
            resend_after,
        }
    }

    /// How the service keeps such sessions. `ExpiryQueue.roundToNextInterval` rounds a deadline on a tick up to the next one:
    /// hence the nanosecond.
    fn session_rules(&self, tick: Span) -> SessionRules {
        SessionRules {
            ttl: self.timeout,
            patience: Span(self.timeout.0.saturating_add(1)),
            tick,
            extension: Span::ZERO,
            answer_before: None,
            flaw: None,
        }
    }
}

/// `ClientCnxn.MAX_SEND_PING_INTERVAL`.
const LONGEST_PING: Span = Span::secs(10);

/// Half the read timeout; a second less where that is more than a second, and ten seconds at most, as where something wakes
/// `SendThread.run` meanwhile. Where nothing does it sleeps for the whole half; TCP repeats a lost ping then, for which there
/// would be no time here.
fn ping_interval(read: Span) -> Span {
    let half = read.scaled(1, 2);
    let second = Span::secs(1);
    if half <= second { half } else { half.saturating_sub(second).max(second).min(LONGEST_PING) }
}

/// How it stands between the client and the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Link {
    /// The session has been asked for.
    Opening,
    /// The session's service node answers.
    Connected,
    /// None does, since then.
    Lost(LocalTime),
}

/// What happens to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lease) enum Turn {
    /// It has begun.
    Opened,
    /// The connection is lost. Nothing is watched any more.
    Suspended,
    /// There is a connection again, and it is the same session.
    Reconnected,
    /// The service has ended it. The next one has been asked for, and nothing is watched.
    Expired,
    /// The same, but it is the client that takes it for over, and it may live on at the service.
    GivenUp(SessionId),
}

/// A client and its session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::lease) struct Session {
    pub(in crate::lease) client: Client,
    id: SessionId,
    count: u16,
    link: Link,
    /// When the service was heard last.
    heard: LocalTime,
    /// Whether a ping has left since its owner came to lead.
    beats: bool,
}

impl Session {
    /// Asks for a session.
    pub(in crate::lease) fn open(times: &Times, client: Client, now: Now, out: &mut Out) -> Session {
        let client = client.reconnecting_within(times.connect);
        let id = SessionId::of(client.process(), 1);
        let (link, heard) = (Link::Opening, LocalTime::ZERO);
        let mut session = Session { client, id, count: 1, link, heard, beats: false };
        session.client.call(Ask::Do(Operation::Open(id)), now, out);
        session
    }

    /// Its name.
    pub(in crate::lease) fn id(&self) -> SessionId {
        self.id
    }

    /// When the client drops the connection if it hears nothing more.
    pub(in crate::lease) fn read_deadline(&self, times: &Times) -> LocalTime {
        self.heard + times.read
    }

    /// Since when there is no connection, if there is none.
    pub(in crate::lease) fn lost_since(&self) -> Option<LocalTime> {
        match self.link {
            Link::Lost(since) => Some(since),
            Link::Opening | Link::Connected => None,
        }
    }

    /// Its owner has come to lead.
    pub(in crate::lease) fn begin_reign(&mut self) {
        self.beats = false;
    }

    /// Takes what concerns the session; the recipe looks at what is left, and at what this means.
    pub(in crate::lease) fn on(
        &mut self,
        times: &Times,
        now: Now,
        event: Event,
        leads: bool,
        out: &mut Out,
    ) -> Option<Turn> {
        if event == Event::RenewDue && leads && !std::mem::replace(&mut self.beats, true) {
            out.reach(Moment::FirstHeartbeat.into());
        }
        let turn = self.take(times, now, event, out);
        match turn {
            Some(Turn::Opened) => out.reach(Moment::SessionOpened.into()),
            Some(Turn::Expired | Turn::GivenUp(_)) => out.reach(Moment::SessionLost.into()),
            Some(Turn::Suspended | Turn::Reconnected) | None => {}
        }
        turn
    }

    fn take(&mut self, times: &Times, now: Now, event: Event, out: &mut Out) -> Option<Turn> {
        match event {
            Event::Heard(Heard::Answer { ask: Ask::Do(Operation::Open(id)), asked, answer }) => {
                let done = matches!(answer, Answer::Outcome(Outcome::Done(_), _));
                (done && id == self.id).then(|| self.on_opened(times, asked, now, out))
            }
            Event::Heard(Heard::Answer {
                ask: Ask::Do(operation),
                answer: Answer::Outcome(Outcome::NoSession, _),
                ..
            }) => (operation.session() == self.id).then(|| self.expire(now, out)),
            Event::Heard(Heard::SessionLost) => Some(self.expire(now, out)),
            Event::Heard(Heard::Renewed { .. }) => self.hear(times, now, out),
            Event::RenewDue => {
                self.ping(times, now, out);
                None
            }
            Event::Lapsed if self.link == Link::Connected => {
                self.client.move_on(now, out);
                self.suspend(times, now, out)
            }
            Event::Disconnected => self.suspend(times, now, out),
            Event::GraceOver => {
                let id = self.id;
                self.expire(now, out);
                Some(Turn::GivenUp(id))
            }
            _ => None,
        }
    }

    /// The session is open, and maybe for as long as it has been asked for: the request may have been repeated, and only the
    /// first began it. A ping tells.
    fn on_opened(&mut self, times: &Times, asked: LocalTime, now: Now, out: &mut Out) -> Turn {
        self.hear(times, now, out);
        self.heard = asked;
        self.ping(times, now, out);
        Turn::Opened
    }

    /// The service has answered for the session.
    fn hear(&mut self, times: &Times, now: Now, out: &mut Out) -> Option<Turn> {
        self.heard = now.mono;
        out.set_timer(Timer::Lapse, Jitter::exactly(times.read));
        let before = std::mem::replace(&mut self.link, Link::Connected);
        if before == Link::Connected {
            return None;
        }
        out.set_timer(Timer::Renew, Jitter::exactly(times.ping));
        out.cancel_timer(Timer::Grace);
        Some(Turn::Reconnected)
    }

    /// A ping is due, or the time to reconnect has come. A ping that was not answered is repeated: on a connection the
    /// answer to the first would still arrive, and count.
    fn ping(&mut self, times: &Times, now: Now, out: &mut Out) {
        match self.link {
            Link::Opening => {}
            Link::Connected if self.client.renews() => self.client.repeat_renewal(out),
            Link::Connected => self.client.renew_within(self.id, times.timeout, now, out),
            Link::Lost(_) => self.client.reconnect(self.id, now, out),
        }
        if self.link == Link::Connected {
            out.set_timer(Timer::Renew, Jitter::exactly(times.ping));
        }
    }

    fn suspend(&mut self, times: &Times, now: Now, out: &mut Out) -> Option<Turn> {
        if self.link != Link::Connected {
            return None;
        }
        self.link = Link::Lost(now.mono);
        self.client.stop_renewing(out);
        self.client.stop_watching(out);
        out.cancel_timer(Timer::Lapse);
        out.set_timer(Timer::Renew, times.rest);
        if let Some(after) = times.gives_up {
            out.set_timer(Timer::Grace, Jitter::exactly(after));
        }
        Some(Turn::Suspended)
    }

    /// The session is over: the application asks for another one.
    fn expire(&mut self, now: Now, out: &mut Out) -> Turn {
        self.count = self.count.wrapping_add(1);
        self.id = SessionId::of(self.client.process(), self.count);
        self.link = Link::Opening;
        self.client.stop_renewing(out);
        self.client.stop_watching(out);
        for timer in [Timer::Renew, Timer::Lapse, Timer::Grace] {
            out.cancel_timer(timer);
        }
        self.client.call(Ask::Do(Operation::Open(self.id)), now, out);
        Turn::Expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_leave_half_way_to_the_read_timeout_and_a_second_earlier_where_that_is_long() {
        let ping = |timeout: u64| Times::of(Span::millis(timeout), 3, Jitter::exactly(Span::ZERO)).ping;
        assert_eq!(ping(300), Span::millis(100), "a third of the session timeout");
        assert_eq!(ping(4_500), Span::secs(1), "no sooner than after a second");
        assert_eq!(ping(18_000), Span::secs(5), "a second before a third of it");
        assert_eq!(ping(40_000), Span::secs(10), "every ten seconds at least");
    }

    #[test]
    fn every_service_node_gets_its_part_of_the_timeout_to_reconnect() {
        let connect = |service| Times::of(Span::millis(300), service, Jitter::exactly(Span::ZERO)).connect;
        assert_eq!(connect(1), Span::millis(300));
        assert_eq!(connect(3), Span::millis(100));
        assert_eq!(connect(5), Span::millis(60));
    }
}
