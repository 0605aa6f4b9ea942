//! After healing there is a leader in time: one that a quorum obeys, of the highest epoch elected so far.
//!
//! Whether a quorum obeys is judged from outside, by what the engine observes. A leader that stands when everything is
//! healed satisfies the property at once; one that stood only before does not. Leadership may be lost again later:
//! whether it lasts is another question. A run that ends before the deadline says nothing.

use crate::obeyed::{Latest, Obeyed};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{GlobalTime, Interest, Observation, Span, What};
use std::fmt;

/// The monitor of `leader-within`. Put to the test once, when it is judged. Switched off by a setting that lacks the
/// time of healing or the bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaderWithin {
    report: Report,
    phase: Phase,
    leaders: Obeyed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Nothing is asked.
    Off,
    /// Nothing is asked yet.
    Unhealed { heal: GlobalTime, within: Span },
    /// A leader must come until the deadline.
    Waiting { deadline: GlobalTime, within: Span },
    /// Decided.
    Judged,
}

impl Phase {
    fn of(setting: &Setting) -> Phase {
        match (setting.heal, setting.leader_within) {
            (Some(heal), Some(within)) => Phase::Unhealed { heal, within },
            _ => Phase::Off,
        }
    }
}

/// No leader came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach {
    /// How long it might have taken.
    pub within: Span,
    /// Who led instead.
    pub latest: Latest,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { within, latest } = self;
        write!(f, "no leader that a quorum obeys within {within} after healing: {latest}")
    }
}

impl LeaderWithin {
    /// Lets time pass up to an observation, before what it says is taken in.
    fn pass(&mut self, seen: &Observation) {
        if let Phase::Unhealed { heal, within } = self.phase {
            // Of what is observed at the very instant of healing, only what follows the healing counts as after it.
            if seen.at > heal || seen.at == heal && seen.what == What::Healed {
                self.phase = Phase::Waiting { deadline: heal + within, within };
                self.satisfy_if_led();
            }
        }
        if let Phase::Waiting { deadline, within } = self.phase
            && (seen.at > deadline || seen.at == deadline && seen.what == What::Ended)
        {
            self.fail(deadline, within);
        }
    }

    fn satisfy_if_led(&mut self) {
        if matches!(self.phase, Phase::Waiting { .. }) && self.leaders.leads() {
            self.phase = Phase::Judged;
            self.report.exercise();
        }
    }

    #[cold]
    fn fail(&mut self, deadline: GlobalTime, within: Span) {
        self.phase = Phase::Judged;
        self.report.exercise();
        let latest = self.leaders.latest();
        self.report.violate_at(deadline, latest.node(), Breach { within, latest });
    }
}

impl Monitor for LeaderWithin {
    const INFO: Info = Info {
        name: "leader-within",
        code: "LW",
        summary: "in time after healing, a quorum obeys a leader of the highest epoch elected so far",
        kind: PropertyKind::Liveness,
        source: "Ongaro and Ousterhout 2014, section 5.6 (timing and availability)",
    };
    const INTEREST: Interest = Obeyed::INTEREST.and(Interest::FAULTS).and(Interest::END);

    fn new(setting: &Setting) -> LeaderWithin {
        LeaderWithin {
            report: Report::default(),
            phase: Phase::of(setting),
            leaders: Obeyed::new(setting.nodes),
        }
    }
    fn reset(&mut self, setting: &Setting) {
        self.report = Report::default();
        self.phase = Phase::of(setting);
        self.leaders.reset(setting.nodes);
    }
    fn interest(&self) -> Interest {
        if self.phase == Phase::Off { Interest::NONE } else { LeaderWithin::INTEREST }
    }
    fn observe(&mut self, seen: &Observation) {
        if matches!(self.phase, Phase::Off | Phase::Judged) {
            return;
        }
        self.pass(seen);
        self.leaders.hear(seen);
        if matches!(seen.what, What::GainedQuorum(_)) {
            self.satisfy_if_led();
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::LeaderWithin;
    use crate::Setting;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{History, history, n};
    use interregnum_kernel::{GlobalTime, Office, Span};

    /// Healed at 100 ms, and a leader asked for within 50 ms.
    fn asked() -> History {
        let heal = Some(GlobalTime::ZERO + Span::millis(100));
        let leader_within = Some(Span::millis(50));
        history().in_setting(Setting { nodes: 5, heal, leader_within, ..Setting::default() })
    }

    #[test]
    fn no_leader_at_all_is_a_violation() {
        let judged = asked().at(100).healed().at(200).ended().judged_by::<LeaderWithin>();
        assert_eq!(judged.verdict(), Violated);
        let words = "after 150ms: no leader that a quorum obeys within 50ms after healing: none was ever elected";
        assert_eq!(judged.words(), words);
    }

    #[test]
    fn a_leader_that_comes_too_late_is_a_violation() {
        let story = asked().at(100).healed().at(151).elected(n(1), 2).gained_quorum(n(1), 2);
        assert_eq!(story.judged_by::<LeaderWithin>().verdict(), Violated);
    }

    #[test]
    fn a_leader_that_lost_its_quorum_before_healing_does_not_satisfy_it() {
        let story = asked().elected(n(1), 2).gained_quorum(n(1), 2).at(50).lost_quorum(n(1), 2);
        let judged = story.at(100).healed().at(150).ended().judged_by::<LeaderWithin>();
        assert_eq!(judged.verdict(), Violated);
        assert!(judged.words().ends_with(": the latest was n1 in e2"), "{}", judged.words());
    }

    #[test]
    fn a_quorum_that_obeys_an_outdated_leader_is_a_violation() {
        let story = asked().elected(n(1), 2).gained_quorum(n(1), 2).elected(n(2), 3).at(100).healed();
        let judged = story.at(150).ended().judged_by::<LeaderWithin>();
        assert_eq!(judged.verdict(), Violated);
        let words = ": n1 has a quorum in e2, but n2 was elected in e3";
        assert!(judged.words().ends_with(words), "{}", judged.words());
    }

    #[test]
    fn a_quorum_around_the_services_leader_does_not_satisfy_it() {
        let story = asked().elected_to(Office::SERVICE, n(1), 1).gained_quorum_in(Office::SERVICE, n(1), 1);
        assert_eq!(story.at(100).healed().at(150).ended().judged_by::<LeaderWithin>().verdict(), Violated);
    }

    #[test]
    fn a_leader_that_stands_when_all_is_healed_satisfies_it_at_once() {
        let story = asked().elected(n(1), 2).gained_quorum(n(1), 2).at(100).healed();
        assert_eq!(story.judged_by::<LeaderWithin>().verdict(), Holds);
    }

    #[test]
    fn a_leader_at_the_deadline_is_in_time() {
        let story = asked().at(100).healed().at(150).elected(n(1), 2).gained_quorum(n(1), 2).ended();
        assert_eq!(story.judged_by::<LeaderWithin>().verdict(), Holds);
    }

    #[test]
    fn a_leader_that_steps_down_on_a_higher_epoch_although_it_has_a_quorum_is_allowed() {
        let story = asked()
            .elected(n(1), 2)
            .gained_quorum(n(1), 2)
            .at(100)
            .deposed(n(1))
            .healed()
            .at(120)
            .elected(n(2), 3)
            .gained_quorum(n(2), 3)
            .at(130)
            .deposed(n(2))
            .at(900)
            .ended();
        assert_eq!(story.judged_by::<LeaderWithin>().verdict(), Holds);
    }

    #[test]
    fn a_run_that_ends_before_the_deadline_does_not_exercise_it() {
        let story = asked().at(100).healed().at(149).ended();
        assert_eq!(story.judged_by::<LeaderWithin>().verdict(), NotExercised);
    }

    #[test]
    fn a_setting_that_does_not_ask_does_not_exercise_it() {
        let story = history().at(100).healed().at(900).ended();
        assert_eq!(story.judged_by::<LeaderWithin>().verdict(), NotExercised);
    }
}
