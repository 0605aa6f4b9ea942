//! How long sessions live: deadlines that only the service's leader keeps, in memory, by its own clock.
//!
//! etcd's lessor, Consul's session timers and ZooKeeper's session tracker all work like this: a renewal costs no entry in
//! the log, and a new leader, who knows the sessions but not their deadlines, gives every session its full time again.

use super::operation::SessionId;
use super::rules::{Flaw, SessionRules};
use interregnum_kernel::{LocalTime, NodeId, Span};
use std::collections::BTreeMap;

/// A request for renewal whose answer is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held {
    pub(super) client: NodeId,
    pub(super) via: Option<NodeId>,
    pub(super) number: u32,
    pub(super) since: LocalTime,
}

/// One session's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Lease {
    ends: LocalTime,
    /// Its end has been asked for; it cannot be renewed any more.
    ending: bool,
    held: Option<Held>,
    /// Whether the client knows which leader it deals with.
    acknowledged: bool,
}

impl Lease {
    fn until(ends: LocalTime, acknowledged: bool) -> Lease {
        Lease { ends, ending: false, held: None, acknowledged }
    }
}

/// The deadlines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Leases {
    leases: BTreeMap<SessionId, Lease>,
    /// Where ticks are counted from: when the process began.
    origin: LocalTime,
    /// When the timer runs out, if it is armed.
    armed: Option<LocalTime>,
}

/// What is to be done about a session now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// End it: its time has run out.
    End(SessionId),
    /// Renew it, and answer.
    Answer(SessionId, Held),
}

impl Leases {
    /// None, at a process that begins now.
    pub(super) fn new(now: LocalTime) -> Leases {
        Leases { origin: now, ..Leases::default() }
    }

    /// A new leader gives every session its time.
    pub(super) fn take_over(
        &mut self,
        rules: &SessionRules,
        now: LocalTime,
        sessions: impl Iterator<Item = SessionId>,
    ) {
        let known = std::mem::take(&mut self.leases);
        self.armed = None;
        for session in sessions {
            // The bug: what the node has known since before it led is taken for the truth.
            let old = known.get(&session).filter(|_| rules.flaw == Some(Flaw::TakeoverForgetsRenewals));
            let ends = old.map_or(now + rules.patience + rules.extension, |old| old.ends);
            self.leases.insert(session, Lease::until(ends, rules.answer_before.is_none()));
        }
    }

    /// No longer a leader.
    pub(super) fn clear(&mut self, rules: &SessionRules) {
        let keeps = [Flaw::TakeoverForgetsRenewals, Flaw::DeposedLeaderEnds];
        if !rules.flaw.is_some_and(|flaw| keeps.contains(&flaw)) {
            self.leases.clear();
        }
        self.armed = None;
    }

    /// Whether a session's time has run out, though it may not have been ended yet.
    pub(super) fn is_over(&self, now: LocalTime, session: SessionId) -> bool {
        self.leases.get(&session).is_some_and(|lease| now >= lease.ends)
    }

    /// A session begins.
    pub(super) fn begin(&mut self, rules: &SessionRules, now: LocalTime, session: SessionId) {
        self.leases.insert(session, Lease::until(now + rules.patience, true));
    }

    /// A session is over.
    pub(super) fn end(&mut self, session: SessionId) {
        self.leases.remove(&session);
    }

    /// Renews a session. False if it is about to be ended.
    pub(super) fn renew(&mut self, rules: &SessionRules, now: LocalTime, session: SessionId) -> bool {
        match self.leases.get_mut(&session) {
            Some(lease) if !lease.ending => {
                lease.ends = now + rules.patience;
                true
            }
            _ => false,
        }
    }

    /// Holds a renewal's answer back. False if the session is about to be ended.
    pub(super) fn hold(&mut self, session: SessionId, held: Held) -> bool {
        match self.leases.get_mut(&session) {
            Some(lease) if !lease.ending => {
                lease.held = Some(held);
                lease.acknowledged = true;
                true
            }
            _ => false,
        }
    }

    /// Whether every session knows which leader it deals with. Those that do not yet are there when the leader takes over.
    pub(super) fn are_acknowledged(&self) -> bool {
        self.leases.values().all(|lease| lease.acknowledged)
    }

    /// The answers that are held back, given up.
    pub(super) fn take_held(&mut self) -> impl Iterator<Item = Held> {
        self.leases.values_mut().filter_map(|lease| lease.held.take())
    }

    /// The next thing that is due, if any is.
    pub(super) fn take_due(&mut self, rules: &SessionRules, now: LocalTime) -> Option<Due> {
        let origin = self.origin;
        for (session, lease) in self.leases.iter_mut().filter(|(_, lease)| !lease.ending) {
            if now >= on_tick(lease.ends, origin, rules.tick) {
                lease.ending = true;
                return Some(Due::End(*session));
            }
            if answer_at(rules, lease).is_some_and(|at| now >= at)
                && let Some(held) = lease.held.take()
            {
                return Some(Due::Answer(*session, held));
            }
        }
        None
    }

    /// How long until something is due, if the timer is to be armed for it: not where it runs out earlier anyway.
    pub(super) fn arm(&mut self, rules: &SessionRules, now: LocalTime) -> Option<Span> {
        let goes_on = self.leases.values().filter(|lease| !lease.ending);
        let wakes = goes_on.map(|lease| {
            let ends = on_tick(lease.ends, self.origin, rules.tick);
            answer_at(rules, lease).map_or(ends, |at| at.min(ends))
        });
        let wake = wakes.min()?;
        if self.armed.is_some_and(|armed| armed <= wake) {
            return None;
        }
        self.armed = Some(wake);
        Some(wake.since(now))
    }

    /// The timer is to run out after so long, whatever is due.
    pub(super) fn arm_for(&mut self, now: LocalTime, after: Span) {
        self.armed = Some(now + after);
    }

    /// The timer has run out.
    pub(super) fn fired(&mut self) {
        self.armed = None;
    }
}

/// When a held answer leaves.
fn answer_at(rules: &SessionRules, lease: &Lease) -> Option<LocalTime> {
    lease.held?;
    rules.answer_before.map(|before| lease.ends - before)
}

/// The first tick at which a deadline has come.
fn on_tick(deadline: LocalTime, origin: LocalTime, tick: Span) -> LocalTime {
    if tick == Span::ZERO {
        return deadline;
    }
    let ticks = deadline.since(origin).0.div_ceil(tick.0);
    origin + Span(ticks.saturating_mul(tick.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_kernel::{Incarnation, Process};

    const RULES: SessionRules = SessionRules {
        ttl: Span::secs(10),
        patience: Span::secs(10),
        tick: Span::ZERO,
        extension: Span::secs(1),
        answer_before: None,
        flaw: None,
    };

    fn session(node: u8) -> SessionId {
        SessionId::of(Process { node: NodeId(node), incarnation: Incarnation::ZERO }, 1)
    }

    fn at(seconds: u64) -> LocalTime {
        LocalTime::ZERO + Span::secs(seconds)
    }

    #[test]
    fn a_session_is_ended_when_its_time_has_run_out_and_not_before() {
        let mut leases = Leases::default();
        leases.begin(&RULES, at(0), session(1));
        assert_eq!(leases.arm(&RULES, at(0)), Some(Span::secs(10)));
        assert!(leases.renew(&RULES, at(6), session(1)), "it goes on");
        leases.fired();
        assert_eq!(leases.take_due(&RULES, at(10)), None, "it was renewed");
        assert_eq!(leases.arm(&RULES, at(10)), Some(Span::secs(6)));
        assert_eq!(leases.take_due(&RULES, at(16)), Some(Due::End(session(1))));
        assert!(!leases.renew(&RULES, at(16), session(1)), "what is about to end is not renewed");
        assert_eq!(leases.take_due(&RULES, at(16)), None, "and is ended once");
    }

    #[test]
    fn ends_fall_on_ticks_counted_from_the_process_beginning() {
        let rules = SessionRules { tick: Span::secs(4), extension: Span::ZERO, ..RULES };
        let mut leases = Leases::new(at(1));
        leases.take_over(&rules, at(2), [session(1)].into_iter());
        assert_eq!(
            leases.arm(&rules, at(2)),
            Some(Span::secs(11)),
            "twelve, and up to the third tick after one"
        );
        assert_eq!(leases.take_due(&rules, at(12)), None);
        assert_eq!(leases.take_due(&rules, at(13)), Some(Due::End(session(1))));
    }

    #[test]
    fn a_new_leader_gives_everybody_the_full_time_and_the_extension() {
        let mut leases = Leases::default();
        leases.begin(&RULES, at(0), session(1));
        leases.clear(&RULES);
        leases.take_over(&RULES, at(9), [session(1), session(2)].into_iter());
        assert_eq!(leases.take_due(&RULES, at(19)), None);
        assert_eq!(leases.take_due(&RULES, at(20)), Some(Due::End(session(1))));
        assert_eq!(leases.take_due(&RULES, at(20)), Some(Due::End(session(2))));
    }

    #[test]
    fn an_answer_is_held_back_until_the_lease_is_nearly_over() {
        let rules = SessionRules { answer_before: Some(Span::secs(3)), ..RULES };
        let mut leases = Leases::default();
        leases.begin(&rules, at(0), session(1));
        let held = Held { client: NodeId(1), via: None, number: 5, since: at(1) };
        assert!(leases.hold(session(1), held), "it goes on");
        assert_eq!(leases.arm(&rules, at(1)), Some(Span::secs(6)));
        assert_eq!(leases.take_due(&rules, at(6)), None);
        assert_eq!(leases.take_due(&rules, at(7)), Some(Due::Answer(session(1), held)));
        assert_eq!(leases.take_due(&rules, at(7)), None, "once");
    }

    #[test]
    fn where_answers_are_held_back_a_new_leader_waits_until_every_session_knows_it_or_is_over() {
        let rules = SessionRules { answer_before: Some(Span::secs(3)), ..RULES };
        let mut leases = Leases::default();
        leases.take_over(&rules, at(0), [session(1), session(2)].into_iter());
        assert!(!leases.are_acknowledged(), "neither knows it");
        leases.begin(&rules, at(0), session(3));
        let held = Held { client: NodeId(1), via: None, number: 5, since: at(1) };
        leases.hold(session(1), held);
        assert!(!leases.are_acknowledged(), "the second does not know it");
        leases.end(session(2));
        assert!(leases.are_acknowledged(), "the second is over, and the third began with this leader");
        assert_eq!(leases.take_held().collect::<Vec<_>>(), [held]);
        leases.take_over(&RULES, at(0), [session(1)].into_iter());
        assert!(leases.are_acknowledged(), "elsewhere nobody is asked");
    }
}
