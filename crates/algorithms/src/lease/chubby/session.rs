//! Sessions: KeepAlives, the local lease, jeopardy (section 2.8), and what a new master changes (section 2.9).

use super::parameters::local;
use super::{Chubby, Contender, Moment, Place, Plant};
use crate::lease::Timer;
use crate::lease::message::Ask;
use crate::lease::recipe::Out;
use crate::lease::service::{Operation, SessionId, Watch};
use interregnum_kernel::{Epoch, Jitter, LocalTime, LogIndex, Now, Span};

impl Chubby {
    /// Asks for a new session.
    pub(super) fn open(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.sessions = contender.sessions.wrapping_add(1);
        contender.session = SessionId::of(contender.client.process(), contender.sessions);
        contender.place = Place::Opening;
        contender.jeopardy = false;
        contender.client.stop_renewing(out);
        for timer in [Timer::Lapse, Timer::Grace, Timer::Retry] {
            out.cancel_timer(timer);
        }
        contender.client.call(Ask::Do(Operation::Open(contender.session)), now, out);
    }

    /// The session has begun, at some time after it was asked for.
    pub(super) fn on_opened(&self, contender: &mut Contender, now: Now, asked: LocalTime, out: &mut Out) {
        out.reach(Moment::SessionOpened.into());
        contender.until = asked + local(self.lease, self.drift);
        self.keep_alive(contender, now, out);
        self.measure(contender, now, out);
        contender.client.watch(Watch::Lock, out);
        if contender.place == Place::Opening {
            self.contend(contender, now, out);
        }
    }

    fn keep_alive(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.client.renew_within(contender.session, self.keep_alive_timeout, now, out);
        if let Place::Holding { .. } = contender.place
            && std::mem::take(&mut contender.fresh)
        {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    /// A KeepAlive was answered: the session goes on for so long from when that was sent, by the master's clock; and the next
    /// one follows at once.
    pub(super) fn on_kept(
        &self,
        contender: &mut Contender,
        now: Now,
        (asked, length): (LocalTime, Span),
        master: Epoch,
        out: &mut Out,
    ) {
        // The bug: the lease begins when it is heard of.
        let until = match self.bug {
            Some(Plant::LocalLeaseFromReceipt) => now.mono + self.lease,
            _ => asked + local(length, self.drift),
        };
        contender.until = contender.until.max(until);
        self.keep_alive(contender, now, out);
        let was_in_jeopardy = contender.jeopardy;
        self.measure(contender, now, out);
        if contender.jeopardy {
            return;
        }
        // A new master: events may be lost. The cache is emptied, and how things stand is asked again; so also after a jeopardy.
        let fail_over = ![Epoch::ZERO, master].contains(&contender.master);
        contender.master = master;
        if fail_over || was_in_jeopardy {
            contender.client.watch(Watch::Lock, out);
        }
    }

    /// Waits for the end of the local lease; if that has come, for the end of the grace period.
    fn measure(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.jeopardy = contender.until <= now.mono;
        if contender.jeopardy {
            return self.on_jeopardy(contender, now, out);
        }
        out.set_timer(Timer::Lapse, Jitter::exactly(contender.until.since(now.mono)));
        out.cancel_timer(Timer::Grace);
    }

    /// The local lease is over, and the session may be: the application is told to be quiet.
    pub(super) fn on_jeopardy(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.jeopardy = true;
        let over = contender.until + self.grace_period;
        out.set_timer(Timer::Grace, Jitter::exactly(over.since(now.mono)));
        out.reach(Moment::LeaseOver.into());
    }

    /// The session is over: the master says so, or was not heard within the grace period.
    pub(super) fn on_expired(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        out.reach(Moment::SessionLost.into());
        let place = contender.place;
        self.open(contender, now, out);
        // The bug: what the last session had, the next one has.
        if let (Some(Plant::OutlivesItsSession), Place::Holding { generation, .. }) = (self.bug, place) {
            contender.place = Place::Holding { generation, since: LogIndex(u64::MAX) };
        }
    }

    /// Whether the application is told to be quiet.
    pub(super) fn is_quiet(&self, contender: &Contender) -> bool {
        // The bug: a session in jeopardy is good enough.
        contender.jeopardy && self.bug != Some(Plant::ActsInJeopardy)
    }

    /// Until when a holder acts.
    pub(super) fn acts_until(&self, contender: &Contender) -> LocalTime {
        match self.bug {
            Some(Plant::ActsInJeopardy) => contender.until + self.grace_period,
            _ => contender.until,
        }
    }
}
