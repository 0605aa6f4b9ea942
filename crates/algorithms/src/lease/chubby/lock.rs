//! The lock: who contends for it, who has it, and how it is given up (sections 2.4 to 2.6).

use super::{Chubby, Contender, Moment, Place, Plant};
use crate::lease::Timer;
use crate::lease::message::{Answer, Ask, View};
use crate::lease::recipe::Out;
use crate::lease::service::{Ending, Operation, Outcome};
use interregnum_kernel::{Jitter, Now};

impl Chubby {
    /// A session has begun. Who has just resigned leaves the lock to the others for a lease.
    pub(super) fn contend(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if std::mem::take(&mut contender.resigned) {
            contender.place = Place::Waiting { yields: true };
            return out.set_timer(Timer::Retry, Jitter::exactly(self.lease));
        }
        match contender.jeopardy {
            true => contender.place = Place::Waiting { yields: false },
            false => self.acquire(contender, now, out),
        }
    }

    fn acquire(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.place = Place::Acquiring;
        contender.client.call(Ask::Do(Operation::Acquire(contender.session)), now, out);
        out.reach(Moment::Standing.into());
    }

    /// What became of an attempt at the lock.
    pub(super) fn on_acquire(&self, contender: &mut Contender, now: Now, answer: Answer, out: &mut Out) {
        match answer {
            Answer::Outcome(Outcome::Done(generation), since) => {
                contender.highest = contender.highest.max(generation);
                contender.place = Place::Holding { generation, since };
                contender.fresh = true;
                out.reach(Moment::Elected.into());
            }
            // Somebody has it; or had it, if it was seen free meanwhile.
            Answer::Outcome(Outcome::Refused, at) if contender.free > at => self.acquire(contender, now, out),
            Answer::Outcome(Outcome::Refused, _) => contender.place = Place::Waiting { yields: false },
            Answer::Outcome(Outcome::NoSession, _) => self.on_expired(contender, now, out),
            // The bug: something will be heard of the lock when it may be had.
            Answer::LockDelay if self.bug == Some(Plant::AwaitsEventInLockDelay) => {
                contender.place = Place::Waiting { yields: false };
            }
            Answer::LockDelay => {
                contender.place = Place::KeptBack;
                out.set_timer(Timer::Retry, self.acquire_retry);
            }
            _ => {}
        }
    }

    /// The lock is kept back no more, perhaps; or was left to others for long enough. A client in jeopardy waits until it is
    /// safe, and looks at the lock again then.
    pub(super) fn on_retry(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        match contender.place {
            Place::Waiting { yields: true } | Place::KeptBack if contender.jeopardy => {
                contender.place = Place::Waiting { yields: false };
            }
            Place::Waiting { yields: true } | Place::KeptBack => self.acquire(contender, now, out),
            _ => {}
        }
    }

    /// An event on the lock, or how it stands at the beginning.
    pub(super) fn on_news(&self, contender: &mut Contender, now: Now, view: View, out: &mut Out) {
        contender.highest = contender.highest.max(view.lock.number);
        if view.lock.holder.is_none() {
            contender.free = contender.free.max(view.revision);
        }
        let is_own = view.lock.holder == Some(contender.session);
        match contender.place {
            // A late repetition of a request may have taken the lock for this session: asked again, the service says so.
            Place::Waiting { .. } if is_own && !contender.jeopardy => self.acquire(contender, now, out),
            Place::Waiting { yields: false } if view.lock.holder.is_none() && !contender.jeopardy => {
                self.acquire(contender, now, out);
            }
            Place::Waiting { yields: true } if view.lock.holder.is_some() => {
                contender.place = Place::Waiting { yields: false };
                out.cancel_timer(Timer::Retry);
            }
            // The event "lock invalid" (section 2.5): only with its session does a holder lose the lock.
            Place::Holding { since, .. } if !is_own && view.revision >= since => {
                self.on_expired(contender, now, out);
            }
            _ => {}
        }
    }

    /// The operator asks a holder to give up. It stops at once, and then lets go.
    pub(super) fn on_resign(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if let Place::Holding { generation, .. } = contender.place {
            contender.place = Place::Releasing;
            contender.resigned = true;
            let release = Operation::Release(contender.session, Operation::named(generation));
            contender.client.call(Ask::Do(release), now, out);
            out.reach(Moment::ReleaseSent.into());
        }
    }

    /// The lock is free for others.
    pub(super) fn on_released(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.place = Place::Closing;
        contender.client.stop_renewing(out);
        contender.client.call(Ask::Do(Operation::Close(contender.session, Ending::Asked)), now, out);
    }
}
