//! How a contender comes by the lock: attempts, and what ends them.

use super::bugs::Plant;
use super::message::{Message, Value};
use super::phases::Moment;
use super::state::{Contender, Status, Timer};
use super::{Out, Redis};
use interregnum_kernel::{Epoch, Jitter, NodeId, Now};

impl Redis {
    /// Asks all masters at the same time, with a value of its own for this attempt (documentation, "The Redlock
    /// algorithm", steps 1 and 2, and "Retry on failure": with multiplexing).
    pub(super) fn attempt(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.attempt = contender.attempt.wrapping_add(1);
        contender.status = Status::Asking;
        contender.ask(now);
        let (value, heard) = (contender.value(), contender.heard);
        for master in self.set.masters.iter() {
            out.send(master, Message::Set { value, heard });
        }
        out.set_timer(Timer::Request, Jitter::exactly(self.set.request_timeout));
        // Who found the lock taken polls, and does not stand.
        if !contender.taken {
            out.reach(Moment::Standing.into());
        }
    }

    /// A master has set the lock. A quorum of them is enough, and the others are not waited for (node-redlock,
    /// src/index.ts, _attemptOperation).
    pub(super) fn on_granted(
        &self,
        contender: &mut Contender,
        now: Now,
        from: NodeId,
        value: Value,
        number: Epoch,
        out: &mut Out,
    ) {
        contender.heard = contender.heard.max(number);
        if !self.is_awaited(contender, from, value, Status::Asking) {
            return;
        }
        contender.with.insert(from);
        if contender.with.len() >= self.set.quorum() {
            self.won(contender, now, out);
        }
    }

    pub(super) fn on_taken(
        &self,
        contender: &mut Contender,
        from: NodeId,
        value: Value,
        number: Epoch,
        out: &mut Out,
    ) {
        contender.heard = contender.heard.max(number);
        if !self.is_awaited(contender, from, value, Status::Asking) {
            return;
        }
        contender.against.insert(from);
        if self.set.is_blocked_by(contender.against) {
            self.leave(contender, true, self.set.retry_delay, out);
        }
    }

    /// Whether an answer is the first of this master to the requests under way.
    pub(super) fn is_awaited(
        &self,
        contender: &Contender,
        from: NodeId,
        value: Value,
        status: Status,
    ) -> bool {
        contender.status == status
            && contender.value() == value
            && self.set.masters.contains(from)
            && !contender.with.union(contender.against).contains(from)
    }

    /// The masters that are left have had their time.
    pub(super) fn on_request_ends(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        let Contender { status, with, against, .. } = *contender;
        // The bug: those that do not answer are not counted among the masters.
        let reachable = with.len() + against.len();
        if self.bug == Some(Plant::QuorumOfReachable) && with.len() > reachable / 2 {
            return self.on_quorum(contender, now, out);
        }
        match status {
            // Nobody is known to have the lock.
            Status::Asking => self.leave(contender, false, self.set.retry_delay, out),
            Status::Holding => self.rest_from_extending(contender, out),
            Status::Waiting => {}
        }
    }

    /// A quorum has said yes.
    fn on_quorum(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        match contender.status {
            Status::Asking => self.won(contender, now, out),
            Status::Holding => self.prolong(contender, now, out),
            Status::Waiting => {}
        }
    }

    /// The lock is held if some of its validity is left (step 4).
    fn won(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        let until = self.valid_until(contender, now);
        if until.has_come(now) {
            return self.leave(contender, false, self.set.retry_delay, out);
        }
        contender.status = Status::Holding;
        contender.taken = true;
        contender.reign = contender.heard;
        contender.extended = false;
        self.hold_until(contender, until, now, out);
        self.rest_from_extending(contender, out);
        out.reach(Moment::Elected.into());
    }

    /// Gives up the lock, or the attempt at it, at all masters, those included that seem not to have it (step 5); and tries
    /// again later.
    pub(super) fn leave(&self, contender: &mut Contender, taken: bool, pause: Jitter, out: &mut Out) {
        let value = contender.value();
        for master in self.set.masters.iter() {
            out.send(master, Message::Release { value });
        }
        contender.status = Status::Waiting;
        contender.taken = taken;
        contender.extending = false;
        for timer in [Timer::Request, Timer::Extend, Timer::Validity] {
            out.cancel_timer(timer);
        }
        out.set_timer(Timer::Retry, pause);
    }
}
