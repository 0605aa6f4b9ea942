//! Each rule by itself is in the golden scripts; here is what they cannot say.

use super::Kubernetes;
use crate::lease::{By, Lease, Recipe};
use crate::{Algorithm, Strain};
use interregnum_kernel::{ParameterError, Parameters, Profile, Span, Value};

type Cluster = By<Kubernetes>;

fn cluster(profile: Profile) -> Parameters {
    Parameters { profile, ..Parameters::of(3).with_service(3) }
}

fn build(parameters: &Parameters) -> Result<Lease, ParameterError> {
    Cluster::from_parameters(parameters)
}

fn span(name: &str, value: Span) -> Parameters {
    cluster(Profile::Production).with(name, Value::Span(value))
}

fn refused(parameters: &Parameters) -> (&'static str, String) {
    let error = build(parameters).expect_err("it is refused");
    (error.parameter, error.problem)
}

fn remarks(parameters: &Parameters) -> Vec<&'static str> {
    Cluster::warnings(parameters).into_iter().map(|remark| remark.parameter).collect()
}

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lease/kubernetes/scripts");
    interregnum_script::run_folder(folder, Cluster::ENTRY.parameters, crate::construct::<Cluster>);
}

#[test]
fn a_lease_of_less_than_a_second_is_refused() {
    for lease in [Span::ZERO, Span::millis(1), Span::millis(999)] {
        let (parameter, problem) = refused(&span("lease_duration", lease));
        assert_eq!(parameter, "lease_duration", "{lease}");
        assert!(problem.contains("becomes 0"), "{problem}");
    }
}

#[test]
fn a_lease_of_parts_of_seconds_is_cut_down_and_remarked_on() {
    let parameters = cluster(Profile::Matched).with("lease_duration", Value::Span(Span::millis(1500)));
    let recipe = Kubernetes::from_parameters(&parameters).expect("client-go accepts it");
    assert_eq!(recipe.lease_duration, Span::secs(1), "what the record keeps");
    assert_eq!(remarks(&parameters), ["lease_duration"]);
}

#[test]
fn a_renew_deadline_that_is_not_below_the_lease_is_refused() {
    for deadline in [Span::secs(15), Span::secs(20)] {
        let (parameter, problem) = refused(&span("renew_deadline", deadline));
        assert_eq!(parameter, "renew_deadline", "{deadline}");
        assert!(problem.contains("15s"), "the lease is named: {problem}");
    }
}

#[test]
fn a_renew_deadline_that_leaves_no_second_try_is_refused() {
    for deadline in [Span::ZERO, Span::millis(2400)] {
        assert_eq!(refused(&span("renew_deadline", deadline)).0, "renew_deadline", "{deadline}");
    }
    assert!(build(&span("renew_deadline", Span::millis(2401))).is_ok(), "just above 1.2 retry periods");
}

#[test]
fn a_holder_that_may_outlive_the_lease_is_remarked_on() {
    assert!(remarks(&span("renew_deadline", Span::millis(12_999))).is_empty(), "a margin of a millisecond");
    assert_eq!(remarks(&span("renew_deadline", Span::secs(13))), ["renew_deadline"], "no margin");
}

#[test]
fn a_retry_period_of_nothing_is_refused() {
    assert_eq!(refused(&span("retry_period", Span::ZERO)).0, "retry_period");
}

#[test]
fn a_jitter_beyond_reason_is_refused() {
    let parameters = cluster(Profile::Production).with("jitter_factor", Value::Count(u64::MAX));
    assert_eq!(refused(&parameters).0, "jitter_factor");
}

#[test]
fn a_reign_that_one_lost_message_ends_is_remarked_on() {
    assert!(
        remarks(&span("request_timeout", Span::millis(9_999))).is_empty(),
        "there is time for a second try"
    );
    assert_eq!(remarks(&span("request_timeout", Span::secs(10))), ["request_timeout"]);
}

#[test]
fn the_defaults_of_both_profiles_are_not_remarked_on() {
    for profile in [Profile::Matched, Profile::Production] {
        assert!(remarks(&cluster(profile)).is_empty(), "{profile}");
    }
}

#[test]
fn the_production_profile_is_client_gos() {
    let recipe = Kubernetes::from_parameters(&cluster(Profile::Production)).expect("the defaults fit");
    assert_eq!(recipe.lease_duration, Span::secs(15));
    assert_eq!(recipe.renew_deadline, Span::secs(10));
    assert_eq!(
        (recipe.pause.min, recipe.pause.max),
        (Span::secs(2), Span::millis(4400)),
        "2 s, and up to 1.2 of them"
    );
    assert!(!recipe.release_on_cancel);
}

#[test]
fn the_documented_tolerance_of_clock_rates_is_more_than_the_timers_bear() {
    let recipe = Kubernetes::from_parameters(&cluster(Profile::Production)).expect("the defaults fit");
    let claims = recipe.claims();
    let slow = claims.iter().find(|claim| claim.strain == Strain::SlowClock).expect("it is claimed");
    assert_eq!(slow.documented, Some(333_333), "a third: 15 s in the time of 10 s");
    assert_eq!(slow.derived, Some(200_000), "a fifth: 15 s in the time of 12 s");
}
