//! One process and its elector: tries, rounds of renewal, and the end of a reign.

use super::{Kubernetes, Moment, Plant};
use crate::lease::Timer;
use crate::lease::client::Client;
use crate::lease::message::{Answer, Ask};
use crate::lease::recipe::Out;
use crate::lease::service::{Lock, Operation, Outcome, SessionId, Update};
use interregnum_kernel::{Incarnation, Jitter, LocalTime, LogIndex, NodeId, Now, Process, Span};

/// What a process is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// It contends: it looks at the record, or waits for its next try.
    Contending,
    /// It takes the lease for free, and asks to be written into the record.
    Taking,
    /// It leads, and waits for its next round of renewal or is in one.
    Renewing,
    /// It clears the record.
    Releasing,
    /// It is gone, and is started again.
    Exited,
}

/// What it leads by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reign {
    /// leaseTransitions, and one.
    pub(super) number: u64,
    /// When the present round of renewal has begun; none between two rounds.
    round: Option<LocalTime>,
    /// The deadline of that round, or of the next one.
    pub(super) until: LocalTime,
    /// Whether it has sent a renewal.
    renewed: bool,
}

/// The record as the elector has seen it last: observedRecord and observedTime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Observed {
    lock: Lock,
    /// When it was first seen so, by the contender's own clock.
    at: LocalTime,
}

/// A contender's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contender {
    pub(super) client: Client,
    /// The name that it writes into the record.
    identity: SessionId,
    /// How often its process was started again without a crash of its node.
    starts: u32,
    pub(super) stage: Stage,
    pub(super) reign: Option<Reign>,
    observed: Option<Observed>,
    /// When the present try began.
    tried: LocalTime,
    /// Whether that has sent its update without reading first.
    optimistic: bool,
    pub(super) highest: u64,
}

impl Contender {
    /// IsLeader: whether the record as it was seen last names this process. The time does not matter.
    fn is_leader(&self) -> bool {
        self.observed.is_some_and(|observed| observed.lock.holder == Some(self.identity))
    }
}

/// The lives of a node and the starts of its process within one share the bits that a record has for them.
const START_BITS: u32 = 5;

impl Kubernetes {
    pub(super) fn contender(&self, client: Client) -> Contender {
        Contender {
            identity: self.identity(client.process(), 0),
            client,
            starts: 0,
            stage: Stage::Contending,
            reign: None,
            observed: None,
            tried: LocalTime::ZERO,
            optimistic: false,
            highest: 0,
        }
    }

    fn identity(&self, Process { node, incarnation }: Process, starts: u32) -> SessionId {
        if self.bug == Some(Plant::OneIdentityForAll) {
            return SessionId::of(Process { node: NodeId(0), incarnation: Incarnation::ZERO }, 0);
        }
        let start = incarnation.0 << START_BITS | starts & ((1 << START_BITS) - 1);
        SessionId::of(Process { node, incarnation: Incarnation(start) }, 0)
    }

    /// tryAcquireOrRenew: the holder writes at once, trusting that nobody has written since; others look first.
    pub(super) fn attempt(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        contender.tried = now.mono;
        contender.optimistic = false;
        match contender.observed {
            Some(observed) if contender.is_leader() && self.is_valid(contender, observed, now) => {
                contender.optimistic = true;
                self.write(contender, observed.lock, true, now, out);
            }
            _ => contender.client.call(Ask::Read, now, out),
        }
    }

    /// Asks for the record to name this process, or nobody, if it still is as it was seen.
    fn write(&self, contender: &mut Contender, seen: Lock, holds: bool, now: Now, out: &mut Out) {
        if contender.stage == Stage::Contending {
            contender.stage = Stage::Taking;
            out.reach(Moment::Standing.into());
        }
        let expected = Update::version(seen.modified.0);
        let update = Update { writer: contender.identity, expected, holds, stamp: Update::stamp(now.wall.0) };
        contender.client.call(Ask::Do(Operation::Update(update)), now, out);
    }

    /// isLeaseValid: whether a lease duration has not passed, when the try began, since the record was first seen so.
    fn is_valid(&self, contender: &Contender, observed: Observed, now: Now) -> bool {
        match self.bug {
            Some(Plant::ExpiryByWallClock) => {
                // The bug: the holder's wall clock is compared with one's own.
                let stamp = i64::from(observed.lock.stamp) * 1_000_000;
                stamp + self.lease_duration.0 as i64 > now.wall.0
            }
            Some(Plant::DurationTruncatedToZero) => observed.at > contender.tried,
            _ => observed.at + self.lease_duration > contender.tried,
        }
    }

    pub(super) fn on_answer(&self, contender: &mut Contender, now: Now, answer: Answer, out: &mut Out) {
        match answer {
            Answer::View(view) if contender.stage == Stage::Releasing => {
                self.on_seen_for_release(contender, now, view.lock, out);
            }
            Answer::View(view) => self.on_seen(contender, now, view.lock, out),
            Answer::Outcome(Outcome::Done(number), revision) => {
                self.on_written(contender, now, number, revision, out);
            }
            Answer::Outcome(..) => self.on_conflict(contender, now, out),
            _ => {}
        }
    }

    fn on_seen(&self, contender: &mut Contender, now: Now, lock: Lock, out: &mut Out) {
        contender.highest = contender.highest.max(lock.number);
        let known = contender.observed.filter(|observed| observed.lock == lock);
        // Any change of the record counts, and counts from when this process sees it.
        let observed = known.unwrap_or(Observed { lock, at: now.mono });
        contender.observed = Some(observed);
        let held = lock.holder.is_some() && self.is_valid(contender, observed, now);
        if held && !contender.is_leader() {
            return self.on_failed_try(contender, now, out);
        }
        self.write(contender, lock, true, now, out);
    }

    /// The record is this process's own. Its stamp is taken to be the time at which the answer came, and not that of the request: the
    /// record read the next time may so differ from what was observed, and counts as observed then.
    fn on_written(
        &self,
        contender: &mut Contender,
        now: Now,
        number: u64,
        modified: LogIndex,
        out: &mut Out,
    ) {
        if contender.stage == Stage::Releasing {
            return self.exit(contender, out);
        }
        let lock =
            Lock { holder: Some(contender.identity), number, modified, stamp: Update::stamp(now.wall.0) };
        contender.observed = Some(Observed { lock, at: now.mono });
        contender.highest = contender.highest.max(number);
        contender.stage = Stage::Renewing;
        let Some(Reign { renewed, .. }) = contender.reign else {
            out.reach(Moment::Elected.into());
            // `wait.Until` calls what renews before it waits for the first time.
            let reign = Reign { number, round: None, until: now.mono, renewed: false };
            self.begin_round(contender, reign, now, out);
            return self.attempt(contender, now, out);
        };
        let until = now.mono + self.retry_period + self.renew_deadline;
        contender.reign = Some(Reign { number, round: None, until, renewed });
        out.cancel_timer(Timer::Lapse);
        out.set_timer(Timer::Renew, Jitter::exactly(self.retry_period));
    }

    /// Somebody has written the record since it was seen. What was written without looking may go on, looking.
    fn on_conflict(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.optimistic || contender.stage == Stage::Releasing {
            contender.optimistic = false;
            return contender.client.call(Ask::Read, now, out);
        }
        self.on_failed_try(contender, now, out);
    }

    fn on_failed_try(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        match contender.reign.and_then(|reign| reign.round) {
            Some(round) => self.try_at_next_tick(contender, now, round, out),
            None => {
                contender.stage = Stage::Contending;
                out.set_timer(Timer::Retry, self.pause);
            }
        }
    }

    /// The ticks of a round count from its beginning; one that came during the last try is still there (fixedTimer).
    fn try_at_next_tick(&self, contender: &mut Contender, now: Now, round: LocalTime, out: &mut Out) {
        let period = self.retry_period.0;
        let elapsed = now.mono.since(round).0;
        if elapsed / period > contender.tried.since(round).0 / period {
            return self.attempt(contender, now, out);
        }
        let left = Span(period - elapsed % period);
        out.set_timer(Timer::Renew, Jitter::exactly(left));
    }

    /// A round of renewal begins, or a further try of it.
    pub(super) fn on_renew_due(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        match contender.reign {
            Some(reign) if contender.stage == Stage::Renewing => {
                if reign.round.is_none() {
                    self.begin_round(contender, reign, now, out);
                }
                self.attempt(contender, now, out);
            }
            _ => {}
        }
    }

    fn begin_round(&self, contender: &mut Contender, reign: Reign, now: Now, out: &mut Out) {
        let until = now.mono + self.renew_deadline;
        contender.reign = Some(Reign { round: Some(now.mono), until, renewed: true, ..reign });
        out.set_timer(Timer::Lapse, Jitter::exactly(self.renew_deadline));
        if !reign.renewed {
            out.reach(Moment::FirstHeartbeat.into());
        }
    }

    pub(super) fn on_retry_due(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.stage == Stage::Exited {
            contender.stage = Stage::Contending;
            contender.starts = contender.starts.wrapping_add(1);
            contender.identity = self.identity(contender.client.process(), contender.starts);
        }
        if contender.stage == Stage::Contending {
            self.attempt(contender, now, out);
        }
    }
}

/// The end of a reign.
impl Kubernetes {
    /// A round has not succeeded within the renew deadline, or a release has not.
    pub(super) fn on_deadline(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.stage == Stage::Renewing {
            out.reach(Moment::LeaseOver.into());
        }
        match (contender.stage, contender.reign) {
            (Stage::Renewing, Some(reign)) if self.bug == Some(Plant::RenewWithoutDeadline) => {
                // The bug: another round begins.
                self.begin_round(contender, reign, now, out);
                self.attempt(contender, now, out);
            }
            (Stage::Renewing, Some(reign)) => {
                // The bug: it leads until it has released the lease, or until it gives that up.
                let leads_on = self.bug == Some(Plant::ReleaseWhileLeading);
                let until = now.mono + self.renew_deadline;
                self.stop(contender, leads_on.then_some(Reign { until, ..reign }), now, out);
            }
            (Stage::Releasing, _) => self.exit(contender, out),
            _ => {}
        }
    }

    /// The operator cancels the elector's context, having seen to it that the work is over.
    pub(super) fn on_resign(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        if contender.stage == Stage::Renewing {
            self.stop(contender, None, now, out);
        }
    }

    fn stop(&self, contender: &mut Contender, reign: Option<Reign>, now: Now, out: &mut Out) {
        out.cancel_timer(Timer::Renew);
        if !self.release_on_cancel || !contender.is_leader() {
            return self.exit(contender, out);
        }
        contender.stage = Stage::Releasing;
        contender.reign = reign;
        out.set_timer(Timer::Lapse, Jitter::exactly(self.renew_deadline));
        contender.client.call(Ask::Read, now, out);
    }

    fn on_seen_for_release(&self, contender: &mut Contender, now: Now, lock: Lock, out: &mut Out) {
        contender.highest = contender.highest.max(lock.number);
        // The bug: what is read now is not asked who holds the lease.
        let blind = self.bug == Some(Plant::ReleaseOfAnothersLease);
        if blind || lock.holder == Some(contender.identity) {
            self.write(contender, lock, false, now, out);
        } else {
            self.exit(contender, out);
        }
    }

    /// The process exits. What it knew is gone; the highest number that was heard of is kept for the measurements.
    fn exit(&self, contender: &mut Contender, out: &mut Out) {
        contender.stage = Stage::Exited;
        contender.reign = None;
        contender.observed = None;
        contender.client.give_up_call(out);
        out.cancel_timer(Timer::Renew);
        out.cancel_timer(Timer::Lapse);
        // The bug: it does not exit, and nobody calls Run again.
        if self.bug != Some(Plant::NeverContendsAgain) {
            out.set_timer(Timer::Retry, Jitter::exactly(self.pause.max));
        }
    }
}
