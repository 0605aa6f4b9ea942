//! What can be set, and what is remarked. The rules are in the golden scripts.

use super::parameters::local;
use super::{Chubby, Contender, Place};
use crate::lease::By;
use crate::lease::client::{Client, Patience};
use crate::lease::recipe::Recipe;
use crate::lease::service::SessionId;
use interregnum_kernel::{
    Epoch, Incarnation, Jitter, LocalTime, LogIndex, NodeId, NodeSet, Now, ParameterError, Parameters,
    Process, Profile, Role, Span, Value, WallTime,
};

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lease/chubby/scripts");
    interregnum_script::run_folder(folder, Chubby::ENTRY.parameters, crate::construct::<By<Chubby>>);
}

fn base() -> Parameters {
    Parameters::of(3).with_service(3)
}

fn refused(name: &str, value: Value) -> String {
    let error = Chubby::from_parameters(&base().with(name, value)).expect_err("it is refused");
    assert_eq!(error.parameter, name, "the parameter is named");
    error.problem
}

fn warned(parameters: &Parameters) -> Vec<&'static str> {
    Chubby::warnings(parameters).into_iter().map(|warning: ParameterError| warning.parameter).collect()
}

#[test]
fn matched_values_are_those_of_production_divided_by_forty() {
    let of =
        |profile| Chubby::from_parameters(&Parameters { profile, ..base() }).expect("defaults are accepted");
    let (matched, production) = (of(Profile::Matched), of(Profile::Production));
    for (name, small, large) in [
        ("lease", matched.lease, production.lease),
        ("grace_period", matched.grace_period, production.grace_period),
        ("lock_delay", matched.rules.lock_delay, production.rules.lock_delay),
    ] {
        assert_eq!(Span(small.0 * 40), large, "{name}");
    }
    assert_eq!(production.lease, Span::secs(12), "section 2.8");
    assert_eq!(production.grace_period, Span::secs(45), "section 2.8");
}

#[test]
fn defaults_give_no_warning() {
    for profile in [Profile::Matched, Profile::Production] {
        assert!(warned(&Parameters { profile, ..base() }).is_empty(), "{profile}");
    }
}

#[test]
fn a_lease_of_nothing_is_refused() {
    refused("lease", Value::Span(Span::ZERO));
}

#[test]
fn an_answer_that_is_not_held_back_or_comes_after_the_lease_is_refused() {
    for before in [Span::ZERO, Span::millis(300), Span::secs(1)] {
        assert!(
            refused("answer_before", Value::Span(before)).contains("300ms"),
            "{before}: the lease is named"
        );
    }
}

#[test]
fn a_lock_delay_of_more_than_a_minute_is_refused() {
    assert!(refused("lock_delay", Value::Span(Span::secs(61))).contains("minute"));
}

#[test]
fn an_allowance_that_leaves_no_time_for_the_answer_is_refused() {
    for drift in [200_000, 999_999, 1_000_000, u64::MAX] {
        assert!(
            refused("drift_allowance", Value::Count(drift)).contains("200ms"),
            "{drift}: how long it waits"
        );
    }
    let wide = base().with("drift_allowance", Value::Count(190_000));
    assert!(Chubby::from_parameters(&wide).is_ok(), "243 of 300 ms are left");
}

#[test]
fn what_is_legal_and_odd_is_remarked() {
    assert_eq!(warned(&base().with("lease", Value::Span(Span::secs(61)))), ["lease"]);
    assert_eq!(warned(&base().with("answer_before", Value::Span(Span::millis(50)))), ["answer_before"]);
    assert_eq!(warned(&base().with("grace_period", Value::Span(Span::ZERO))), ["grace_period"]);
    assert_eq!(warned(&base().with("drift_allowance", Value::Count(499))), ["drift_allowance"]);
}

#[test]
fn what_is_borne_follows_from_the_timers() {
    let chubby = Chubby::from_parameters(&base()).expect("defaults are accepted");
    let derived: Vec<_> = chubby.claims().iter().map(|claim| claim.derived).collect();
    let stands = Span::millis(675);
    assert_eq!(derived, [Some(429_142), Some(stands.0), Some(stands.0)]);
    let documented: Vec<_> = chubby.claims().iter().map(|claim| claim.documented).collect();
    assert_eq!(documented, [None; 3], "the paper has no numbers for these");
}

#[test]
fn a_local_lease_allows_for_a_slow_clock_here_and_a_fast_one_there() {
    // On a clock that is slow by the allowance, while the master's is fast by it.
    let (drift, lease) = (500, Span::secs(12));
    let real = local(lease, drift).scaled(1_000_000, 1_000_000 - drift);
    let masters = real.scaled(1_000_000 + drift, 1_000_000);
    assert!(masters <= lease, "{masters} of the master's time");
    assert!(lease.saturating_sub(masters) < Span(10), "and nothing is wasted: {masters}");
}

#[test]
fn a_holder_leads_until_its_local_lease_is_over_and_not_at_that_moment() {
    let chubby = Chubby::from_parameters(&base()).expect("defaults are accepted");
    let process = Process { node: NodeId(0), incarnation: Incarnation(0) };
    let backoff = Jitter::exactly(Span::millis(1));
    let patience = Patience { request_timeout: Span::millis(1), backoff };
    let service: NodeSet = [NodeId(3), NodeId(4), NodeId(5)].into_iter().collect();
    let holder = Contender {
        client: Client::new(process, service, patience),
        session: SessionId::of(process, 1),
        sessions: 1,
        place: Place::Holding { generation: 7, since: LogIndex(1) },
        until: LocalTime::ZERO + Span::millis(300),
        jeopardy: false,
        master: Epoch(1),
        free: LogIndex::ZERO,
        fresh: false,
        resigned: false,
        highest: 7,
    };
    let at = |nanos| Now { mono: LocalTime(nanos), wall: WallTime(0) };
    assert_eq!(chubby.leads(&holder, at(299_999_999)), Some(7));
    assert_eq!(chubby.leads(&holder, at(300_000_000)), None, "although no timer was heard yet");
    assert_eq!(chubby.role(&holder), Role::Leader);
    assert_eq!(chubby.role(&Contender { jeopardy: true, ..holder }), Role::Follower, "it waits");
}
