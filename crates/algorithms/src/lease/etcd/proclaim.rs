//! `Proclaim`: a leader announces a value, and finds out whether it leads.

use super::{Contender, Etcd, Moment, Place};
use crate::lease::Timer;
use crate::lease::message::{Answer, Ask};
use crate::lease::recipe::Out;
use crate::lease::service::{Operation, Outcome};
use interregnum_kernel::{Jitter, Now, Span};

impl Etcd {
    /// The application proclaims after a while, if it does.
    pub(super) fn proclaim_later(&self, out: &mut Out) {
        if self.proclaim_every > Span::ZERO {
            out.set_timer(Timer::Retry, Jitter::exactly(self.proclaim_every));
        }
    }

    /// A leader's next proclamation is due; or, with the bug that arms the timer for that, another campaign.
    pub(super) fn on_retry_due(&self, contender: &mut Contender, now: Now, out: &mut Out) {
        match contender.place {
            // Txn: if the key was created at the revision of this campaign, put the value.
            Place::Leading => {
                let named = Operation::named(contender.created);
                let proclaim = Operation::Proclaim(contender.session, named);
                contender.client.call(Ask::Do(proclaim), now, out);
            }
            Place::Opening => self.join(contender, now, out),
            _ => {}
        }
    }

    /// What became of a proclamation. `ErrElectionNotLeader` ends the reign: the key is gone, or another one has its place. The
    /// application campaigns again, with its session if that goes on.
    pub(super) fn on_proclaimed(&self, contender: &mut Contender, now: Now, answer: Answer, out: &mut Out) {
        match answer {
            _ if contender.place != Place::Leading => {}
            Answer::Outcome(Outcome::Done(_), _) => self.proclaim_later(out),
            Answer::Outcome(Outcome::Refused, _) => self.join(contender, now, out),
            Answer::Outcome(Outcome::NoSession, _) => {
                out.reach(Moment::SessionLost.into());
                self.begin_anew(contender, now, out);
            }
            _ => {}
        }
    }
}
