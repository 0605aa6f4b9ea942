//! While the links stay as they are and connect a quorum, there is a leader in time: one that a quorum obeys, of the
//! highest epoch elected so far.
//!
//! A partition that leaves a quorum connected is no excuse for having no leader, however long it lasts. What is judged
//! are lasting periods: from the start of the run, or from a change of the links between nodes that work, for as long
//! as no further change comes within the time that was asked. A period needs a leader at some instant of that time,
//! be it the one that led before. At its first instant only what is still so when the instant is over counts, since a
//! leader whom that very change cuts off may be heard of a moment later. A period that the next change or the end of
//! the run cuts short says nothing. Healing is a change like others.

use crate::obeyed::{Latest, Obeyed};
use crate::{Info, Monitor, PropertyKind, Report, Setting};
use interregnum_kernel::{Connected, GlobalTime, Interest, Observation, Span, What};
use std::fmt;

/// What is asked of lasting periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Demand {
    /// How soon there must be a leader, and how long links must stay as they are for that to be asked.
    pub within: Span,
    /// How well a quorum must be connected for that to be asked.
    pub of: Connected,
}

/// The monitor of `leader-during`. Every lasting period that is judged puts it to the test. Switched off by a setting
/// that asks nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeaderDuring {
    report: Report,
    demand: Option<Demand>,
    period: Option<Period>,
    leaders: Obeyed,
}

/// A time in which a quorum is connected and no link changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Period {
    since: GlobalTime,
    connected: Connected,
    /// There was a leader at some instant of it.
    led: bool,
}

/// No leader came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Breach {
    /// How long it might have taken.
    pub within: Span,
    /// When the links changed last.
    pub since: GlobalTime,
    /// How well they connect a quorum since then.
    pub connected: Connected,
    /// Who led instead.
    pub latest: Latest,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breach { within, latest, .. } = self;
        let since = self.since.since(GlobalTime::ZERO);
        let connected = match self.connected {
            Connected::Quorum => "connect a quorum",
            Connected::Hub => "connect a node to a quorum",
            Connected::None => "connect no quorum",
        };
        write!(f, "no leader that a quorum obeys within {within}, although the links {connected} since {since}: {latest}")
    }
}

impl LeaderDuring {
    /// Lets time pass up to an observation, before what it says is taken in.
    fn pass(&mut self, seen: &Observation, within: Span) {
        let Some(period) = &mut self.period else { return };
        if seen.at <= period.since {
            return;
        }
        period.led |= self.leaders.leads();
        let deadline = period.since + within;
        if seen.at > deadline || seen.at == deadline && seen.what == What::Ended {
            let lasted = *period;
            self.period = None;
            self.judge(lasted, deadline, within);
        }
    }

    #[cold]
    fn judge(&mut self, period: Period, deadline: GlobalTime, within: Span) {
        self.report.exercise();
        if period.led {
            return;
        }
        let Period { since, connected, .. } = period;
        let latest = self.leaders.latest();
        self.report.violate_at(deadline, latest.node(), Breach { within, since, connected, latest });
    }
}

impl Monitor for LeaderDuring {
    const INFO: Info = Info {
        name: "leader-during",
        code: "LD",
        summary: "in time after every lasting change of the links that leaves a quorum connected, a quorum obeys a leader",
        kind: PropertyKind::Liveness,
        source: "Ng, Haridi and Carbone 2023 (Omni-Paxos, partial connectivity); Cloudflare 2020",
    };
    const INTEREST: Interest = Obeyed::INTEREST.and(Interest::LINKS).and(Interest::END);

    fn new(setting: &Setting) -> LeaderDuring {
        LeaderDuring {
            report: Report::default(),
            demand: setting.leader_during,
            period: None,
            leaders: Obeyed::new(setting.nodes),
        }
    }
    fn reset(&mut self, setting: &Setting) {
        self.report = Report::default();
        self.demand = setting.leader_during;
        self.period = None;
        self.leaders.reset(setting.nodes);
    }
    fn interest(&self) -> Interest {
        if self.demand.is_none() { Interest::NONE } else { LeaderDuring::INTEREST }
    }
    fn observe(&mut self, seen: &Observation) {
        let Some(Demand { within, of }) = self.demand else { return };
        if !Self::INTEREST.meets(seen.what.interest()) {
            // It would let time pass: what is found must not depend on what else is heard.
            return;
        }
        self.pass(seen, within);
        self.leaders.hear(seen);
        match seen.what {
            What::LinksChanged(connected) => {
                let period = Period { since: seen.at, connected, led: false };
                self.period = (connected >= of).then_some(period);
            }
            What::GainedQuorum(_) => {
                if let Some(period) = self.period.as_mut().filter(|period| seen.at > period.since) {
                    period.led |= self.leaders.leads();
                }
            }
            _ => {}
        }
    }
    fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(test)]
mod tests {
    use super::{Demand, LeaderDuring};
    use crate::Setting;
    use crate::Verdict::{Holds, NotExercised, Violated};
    use crate::history::{History, Judged, history, n};
    use interregnum_kernel::Connected::{self, Hub, Quorum};
    use interregnum_kernel::Span;

    /// A leader asked for within 50 ms, where links connect a quorum as well as this.
    fn asked_of(of: Connected) -> History {
        let demand = Demand { within: Span::millis(50), of };
        history().in_setting(Setting { nodes: 5, leader_during: Some(demand), ..Setting::default() })
    }

    fn asked() -> History {
        asked_of(Quorum)
    }

    /// A leader that stands before anything goes wrong.
    fn led() -> History {
        asked().links_changed(Quorum).at(20).elected(n(1), 2).gained_quorum(n(1), 2)
    }

    #[track_caller]
    fn judged(story: History) -> Judged<LeaderDuring> {
        story.judged_by()
    }

    #[test]
    fn a_lasting_partition_without_a_leader_is_a_violation() {
        let story = led().at(100).lost_quorum(n(1), 2).links_changed(Quorum).at(200).ended();
        let judged = judged(story);
        assert_eq!(judged.verdict(), Violated);
        let words = "after 150ms: no leader that a quorum obeys within 50ms, although the links connect a quorum since \
                     100ms: the latest was n1 in e2";
        assert_eq!(judged.words(), words);
        assert_eq!(judged.exercised(), 2, "the start is judged, too");
    }

    #[test]
    fn a_start_without_a_leader_is_a_violation() {
        let judged = judged(asked().links_changed(Quorum).at(51).elected(n(1), 2).gained_quorum(n(1), 2));
        assert_eq!(judged.verdict(), Violated);
        assert!(judged.words().ends_with(": none was ever elected"), "{}", judged.words());
    }

    #[test]
    fn a_quorum_that_obeys_an_outdated_leader_is_a_violation() {
        let story = led().at(90).elected(n(2), 3).at(100).links_changed(Quorum).at(200).ended();
        let judged = judged(story);
        assert_eq!(judged.verdict(), Violated);
        assert!(judged.words().ends_with(": n1 has a quorum in e2, but n2 was elected in e3"), "{}", judged.words());
    }

    #[test]
    fn a_leader_that_this_very_change_cuts_off_does_not_count_in_whatever_order_it_is_told() {
        let told_late = led().at(100).links_changed(Quorum).lost_quorum(n(1), 2).at(200).ended();
        assert_eq!(judged(told_late).verdict(), Violated, "the change is told first");
        let told_early = led().at(100).lost_quorum(n(1), 2).links_changed(Quorum).at(200).ended();
        assert_eq!(judged(told_early).verdict(), Violated, "the loss is told first");
    }

    #[test]
    fn a_leader_that_stays_satisfies_it() {
        assert_eq!(judged(led().at(100).links_changed(Quorum).at(200).ended()).verdict(), Holds);
    }

    #[test]
    fn a_leader_that_stays_only_for_a_while_satisfies_it() {
        let story = led().at(100).links_changed(Quorum).at(101).lost_quorum(n(1), 2).at(200).ended();
        assert_eq!(judged(story).verdict(), Holds, "whether leadership lasts is another question");
    }

    #[test]
    fn a_leader_that_the_change_itself_brings_back_satisfies_it() {
        let story = led().at(90).lost_quorum(n(1), 2).at(100).links_changed(Quorum).gained_quorum(n(1), 2);
        assert_eq!(judged(story.at(200).ended()).verdict(), Holds);
    }

    #[test]
    fn a_leader_at_the_deadline_is_in_time_and_a_later_one_is_not() {
        let late = |at| {
            let story = led().at(100).lost_quorum(n(1), 2).links_changed(Quorum);
            judged(story.at(at).elected(n(2), 3).gained_quorum(n(2), 3).at(200).ended()).verdict()
        };
        assert_eq!(late(150), Holds, "at the deadline");
        assert_eq!(late(151), Violated, "after it");
    }

    #[test]
    fn links_that_change_again_in_time_ask_for_nothing() {
        let story = led().at(100).lost_quorum(n(1), 2).links_changed(Quorum).at(149).links_changed(Quorum);
        let story = story.at(180).elected(n(2), 3).gained_quorum(n(2), 3).at(300).ended();
        let judged = judged(story);
        assert_eq!(judged.verdict(), Holds);
        assert_eq!(judged.exercised(), 2, "the start and the second change");
    }

    #[test]
    fn links_that_connect_no_quorum_ask_for_nothing() {
        let story = led().at(100).lost_quorum(n(1), 2).links_changed(Hub).at(200).ended();
        let judged = judged(story);
        assert_eq!(judged.verdict(), Holds);
        assert_eq!(judged.exercised(), 1, "only the start");
    }

    #[test]
    fn a_hub_suffices_where_it_is_asked_for() {
        let story = asked_of(Hub).links_changed(Hub).at(60).elected(n(1), 2).gained_quorum(n(1), 2);
        let judged = judged(story);
        assert_eq!(judged.verdict(), Violated);
        let words = "although the links connect a node to a quorum since 0ms: none was ever elected";
        assert!(judged.words().ends_with(words), "{}", judged.words());
    }

    #[test]
    fn it_is_judged_after_the_heal_as_before() {
        let story = led().at(100).lost_quorum(n(1), 2).links_changed(Connected::None);
        let judged = judged(story.at(200).healed().links_changed(Quorum).at(300).ended());
        assert_eq!(judged.verdict(), Violated);
    }

    #[test]
    fn a_period_that_the_end_of_the_run_cuts_short_does_not_exercise_it() {
        assert_eq!(judged(asked().links_changed(Quorum).at(49).ended()).verdict(), NotExercised);
        assert_eq!(judged(asked().links_changed(Quorum).at(50).ended()).verdict(), Violated, "it lasted");
    }

    #[test]
    fn a_setting_that_does_not_ask_does_not_exercise_it() {
        assert_eq!(judged(history().links_changed(Quorum).at(900).ended()).verdict(), NotExercised);
    }
}
