//! What the holder of the lock does: it extends, and stops when the validity is over.

use super::bugs::Plant;
use super::message::{Message, Value};
use super::phases::Moment;
use super::state::{Contender, Status, Timer};
use super::{Out, Redis};
use interregnum_kernel::{Deadline, Jitter, NodeId, Now, Span};

impl Redis {
    /// Until when what a quorum has just set or extended is valid: it counts from when it was asked for (step 3).
    pub(super) fn valid_until(&self, contender: &Contender, now: Now) -> Deadline {
        match self.bug {
            // The bug: it counts from the answer.
            Some(Plant::ValidityFromReply) => self.set.deadline(now),
            _ => self.set.deadline(contender.asked),
        }
    }

    pub(super) fn hold_until(&self, contender: &mut Contender, until: Deadline, now: Now, out: &mut Out) {
        contender.until = until;
        out.set_timer(Timer::Validity, Jitter::exactly(left(until, now)));
    }

    /// The answers to the last requests are in, or not waited for: the next extension comes in its time.
    pub(super) fn rest_from_extending(&self, contender: &mut Contender, out: &mut Out) {
        contender.extending = false;
        out.cancel_timer(Timer::Request);
        out.set_timer(Timer::Extend, Jitter::exactly(self.set.extend_every));
    }

    /// Documentation, "Making the algorithm more reliable: Extending the lock".
    pub(super) fn on_extend_due(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.round = contender.round.wrapping_add(1);
        contender.extending = true;
        contender.ask(now);
        let (value, round, number) = (contender.value(), contender.round, contender.reign);
        for master in self.set.masters.iter() {
            out.send(master, Message::Extend { value, round, number });
        }
        out.set_timer(Timer::Request, Jitter::exactly(self.set.request_timeout));
        if !std::mem::replace(&mut contender.extended, true) {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    pub(super) fn on_extended(
        &self,
        contender: &mut Contender,
        now: Now,
        from: NodeId,
        value: Value,
        round: u32,
        out: &mut Out,
    ) {
        if self.is_extension_awaited(contender, from, value, round) {
            contender.with.insert(from);
            if contender.with.len() >= self.set.quorum() {
                self.prolong(contender, now, out);
            }
        }
    }

    /// Where so many masters do not have the lock that no quorum can, it is lost, whatever its validity was.
    pub(super) fn on_refused(
        &self,
        contender: &mut Contender,
        now: Now,
        from: NodeId,
        value: Value,
        round: u32,
        out: &mut Out,
    ) {
        if self.bug == Some(Plant::RefusalExtends) {
            // The bug: an answer is an answer.
            return self.on_extended(contender, now, from, value, round, out);
        }
        if self.is_extension_awaited(contender, from, value, round) {
            contender.against.insert(from);
            if self.set.is_blocked_by(contender.against) {
                self.leave(contender, true, self.set.retry_delay, out);
            }
        }
    }

    fn is_extension_awaited(&self, contender: &Contender, from: NodeId, value: Value, round: u32) -> bool {
        contender.extending
            && contender.round == round
            && self.is_awaited(contender, from, value, Status::Holding)
    }

    /// A quorum has extended the lock.
    pub(super) fn prolong(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        let until = self.valid_until(contender, now);
        if !until.has_come(now) {
            self.hold_until(contender, until, now, out);
        }
        self.rest_from_extending(contender, out);
    }

    /// The holder stops, unless its clock was set back meanwhile and the lock seems to be valid yet.
    pub(super) fn on_validity_ends(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.until.has_come(now) {
            out.reach(Moment::LeaseOver.into());
            self.leave(contender, false, self.set.retry_delay, out);
        } else {
            self.hold_until(contender, contender.until, now, out);
        }
    }

    /// The operator's order: the lock is released, and for one ttl left to the others.
    pub(super) fn on_resign(&self, contender: &mut Contender, out: &mut Out) {
        if contender.status == Status::Holding {
            self.leave(contender, true, Jitter::exactly(self.set.ttl), out);
            out.reach(Moment::ReleaseSent.into());
        }
    }
}

/// How long it is to a deadline, by the clock that it is of.
fn left(until: Deadline, now: Now) -> Span {
    match until {
        Deadline::Mono(at) => at.since(now.mono),
        Deadline::Wall(at) => Span(u64::try_from(at.0.saturating_sub(now.wall.0)).unwrap_or_default()),
    }
}
