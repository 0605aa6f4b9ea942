//! Kubernetes: client-go's leader election on a Lease object.
//!
//! **Sources.** kubernetes/client-go at 32ce75a7, `tools/leaderelection/leaderelection.go` (`Run`, `acquire`, `renew`,
//! `tryAcquireOrRenew`, `release`, `tryRelease`, `NewLeaderElector`) and `resourcelock/leaselock.go`;
//! kubernetes/apimachinery at eed236ce, `pkg/util/wait/{backoff,loop,timer,wait}.go` (`JitterUntil`,
//! `PollUntilContextTimeout`, `loopConditionUntilContext`, `fixedTimer`, `Jitter`).
//!
//! **How.** A record in the API server names the holder and counts who was before it. It is written by compare-and-swap
//! with its version. A candidate reads it, waits one to 2.2 retry periods, reads it again. Where it has seen the same record
//! for a whole lease duration BY ITS OWN CLOCK, or where the record names nobody, it writes itself into it, and leads once
//! that is confirmed. The holder writes the record again at once, and then a retry period after each confirmation. Such a round of renewal
//! is tried again at every retry period, until the renew deadline has passed since the round BEGAN; then the holder stops.
//! Nobody compares the times in the record with a clock.
//!
//! **Guarantees.** The number of transitions rises with every change of the holder, and with one it fences. Two holders do not
//! act at once while the assumptions hold: a holder stops R+D after its last confirmation, where R is the retry period
//! and D the renew deadline, and nobody takes over before L, the lease duration, after the write itself.
//!
//! **Assumptions** of the latter.
//! - The answer that confirms a write is not late by more than the margin, L-R-D: 3 s by default. A holder counts from when
//!   the answer arrives, and others from the write or later.
//! - No clock gains on another by more than L/(R+D): 1.25 by default. The documentation's L/D, 1.5, forgets that a round
//!   begins a retry period after the last confirmation.
//! - A holder's process does not stop for longer than L-R, 13 s by default: a round that begins when it goes on has a deadline
//!   of its own, and its first conflict does not end it. If its renewals fail besides, the margin, 3 s, is all that it may
//!   stop for. (A pause within a round is noticed, as the deadline passes meanwhile.)
//!
//! **Failover.** Let r be the time that a read takes there and back, b its way back, and u and v the same of a write, v
//! counted from where it is agreed on. The holder's last write is agreed on at W. The holder dies at W-(u-v) at the earliest,
//! while that is on its way, and at W+v+R at the latest, when it would send the next. A candidate's tries begin every r+J,
//! with J between R and P = 2.2 R, so it sees that write between W+b and W+b+r+P, and its first try that begins L after
//! that begins within r+P; it takes r+u to lead. So from crash to successor it takes at least L-R+r+u+b-v, and less than
//! L+2P+3r+2u+b-v. By default that is 13 s to 23.8 s, and round trips; the more candidates there are, the shorter.
//!
//! **Deviations.**
//! - What client-go leaves to its application is done as most applications do it, the control plane's own among them: a
//!   process that has stopped leading exits, and its container is started again. It comes back after the longest pause
//!   of a candidate, knows nothing, has another identity, and so observes the lease for a full duration.
//! - A holder that stops has stopped when it begins to release. client-go releases first where a round has failed.
//!   `release-while-leading` is that bug. The order to resign is a cancelled context, whose user has to make sure that the
//!   work is over.
//! - A release looks at the holder that it reads. client-go asks what it observed earlier, and may clear the record of its
//!   successor. `release-of-anothers-lease` is that bug.
//! - An identity is made of node, life and number of starts, as with a UUID. A host's name alone is no identity:
//!   `one-identity-for-all`.
//! - A request that is not answered is repeated at the next API server, by the client's connection and not by the elector:
//!   only a conflict fails a try. A record is never deleted, and coordinated election is left out.

mod bugs;
mod elector;
mod parameters;
mod phases;
#[cfg(test)]
mod tests;

pub use bugs::Plant;
pub use elector::Contender;

use self::elector::Stage;
use self::phases::Moment;
use super::client::{Client, Heard, Patience};
use super::recipe::{ASLEEP_OR_LATE, Event, Out, Recipe};
use super::service::{AtClose, Rules, Seat, SessionRules};
use crate::{Claim, Entry, Promise, Strain};
use interregnum_kernel::{Deadline, FaultClasses, Jitter, Now, ParameterError, Parameters, Role, Span};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kubernetes {
    /// LeaseDuration, as the record keeps it.
    lease_duration: Span,
    renew_deadline: Span,
    retry_period: Span,
    /// How long a candidate waits between two tries.
    pause: Jitter,
    release_on_cancel: bool,
    rules: Rules,
    patience: Patience,
    bug: Option<Plant>,
}

impl Recipe for Kubernetes {
    type Contender = Contender;

    const ENTRY: Entry = Entry {
        name: "lease-kubernetes",
        title: "Kubernetes lease",
        summary: "a record that its holder renews; who has seen it unchanged for the lease's duration takes it, and its count of transitions fences",
        source: "kubernetes/client-go tools/leaderelection/leaderelection.go",
        bugs: bugs::BUGS,
        service: true,
        parameters: parameters::SPECS,
        orders: &["resign"],
        // A renewal and a takeover are one kind of update, and those who wait read the record all the time.
        election_kinds: &[],
        promises: super::recipe::promises![Promise::except(
            "lease-exclusion",
            FaultClasses::FORGETFUL_DISKS.and(ASLEEP_OR_LATE)
        ),],
    };

    const PHASES: &'static [&'static str] = Moment::NAMES;

    fn from_parameters(parameters: &Parameters) -> Result<Kubernetes, ParameterError> {
        parameters::read(parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }

    fn claims(&self) -> Vec<Claim> {
        let (lease, deadline) = (self.lease_duration.0, self.renew_deadline.0);
        let slow = |longest: u64| lease.saturating_sub(longest) as u128 * 1_000_000 / u128::from(lease);
        let without_answer = deadline + self.retry_period.0;
        let missed = Some(lease.saturating_sub(self.retry_period.0));
        vec![
            Claim {
                strain: Strain::SlowClock,
                documented: Some(slow(deadline) as u64),
                derived: Some(slow(without_answer) as u64),
                source: "leaderelection.go's package comment tolerates clocks whose rates differ by LeaseDuration / RenewDeadline; but a \
                         round begins a RetryPeriod after the last answer, which makes it LeaseDuration / (RetryPeriod + RenewDeadline)",
            },
            Claim {
                strain: Strain::Freeze,
                documented: None,
                derived: missed,
                source: "frozen when its next round is due, a RetryPeriod after its last write, until others have waited a LeaseDuration",
            },
            Claim {
                strain: Strain::Pause,
                documented: None,
                derived: missed,
                source: "as when it is frozen: the round that begins when it goes on has a deadline of its own",
            },
        ]
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn patience(&self) -> Patience {
        self.patience
    }

    /// The first try is made at once.
    fn begin(&self, client: Client, now: Now, out: &mut Out) -> Contender {
        let mut contender = self.contender(client);
        self.attempt(&mut contender, now, out);
        contender
    }

    fn on(&self, contender: &mut Contender, now: Now, event: Event, out: &mut Out) {
        match event {
            Event::Heard(Heard::Answer { answer, .. }) => self.on_answer(contender, now, answer, out),
            Event::RenewDue => self.on_renew_due(contender, now, out),
            Event::Lapsed => self.on_deadline(contender, now, out),
            Event::RetryDue => self.on_retry_due(contender, now, out),
            Event::Resign => self.on_resign(contender, now, out),
            Event::Heard(_) | Event::Disconnected | Event::GraceOver => {}
        }
    }

    fn client(contender: &mut Contender) -> &mut Client {
        &mut contender.client
    }

    /// From `OnStartedLeading` to `OnStoppedLeading`, whatever the record says meanwhile.
    #[inline]
    fn leads(&self, contender: &Contender, _: Now) -> Option<u64> {
        contender.reign.map(|reign| reign.number)
    }

    /// Until the deadline of the present round of renewal, or of the next one, which begins a retry period after the last.
    fn until(&self, contender: &Contender, _: Now) -> Option<Deadline> {
        contender.reign.map(|reign| Deadline::Mono(reign.until))
    }

    fn role(&self, contender: &Contender) -> Role {
        match contender.stage {
            _ if contender.reign.is_some() => Role::Leader,
            Stage::Taking => Role::Candidate,
            Stage::Contending | Stage::Renewing | Stage::Releasing | Stage::Exited => Role::Follower,
        }
    }

    fn highest(&self, contender: &Contender) -> u64 {
        contender.highest
    }
}

/// There are no sessions, and whoever lets go of the record leaves it to anybody.
fn rules(resend_after: Span) -> Rules {
    Rules {
        seat: Seat::Lock,
        at_close: AtClose::Release,
        sessions: SessionRules {
            ttl: Span::ZERO,
            patience: Span::ZERO,
            tick: Span::ZERO,
            extension: Span::ZERO,
            answer_before: None,
            flaw: None,
        },
        lock_delay: Span::ZERO,
        resend_after,
    }
}
