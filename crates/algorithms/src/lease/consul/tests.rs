//! Each rule by itself is in the golden scripts; here is what they cannot say.

use super::Consul;
use crate::lease::{By, Lease, Recipe};
use crate::{Algorithm, BuildError, construct};
use interregnum_kernel::{Jitter, Parameters, Profile, Span, Value};
use std::collections::BTreeSet;

fn built(parameters: &Parameters) -> Result<Lease, BuildError> {
    construct::<By<Consul>>(parameters)
}

fn standard() -> Parameters {
    Parameters::of(3).with_service(3)
}

/// What is refused of a cluster with this set.
fn refused(parameter: &str, value: Value) -> String {
    match built(&standard().with(parameter, value)) {
        Err(BuildError::Parameter { error, .. }) => error.to_string(),
        other => panic!("{parameter} is accepted: {other:?}"),
    }
}

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lease/consul/scripts");
    interregnum_script::run_folder(folder, By::<Consul>::ENTRY.parameters, construct::<By<Consul>>);
}

#[test]
fn what_the_service_does_not_take_is_refused_by_name() {
    for (parameter, value, why) in [
        ("ttl", Span::millis(100), "session_ttl_min"),
        ("ttl", Span::secs(24 * 3600 + 1), "86400s"),
        ("lock_delay", Span::secs(61), "60s"),
        ("lock_wait", Span::ZERO, "longer than zero"),
        ("lock_retry", Span::ZERO, "longer than zero"),
        ("rpc_hold", Span::ZERO, "longer than zero"),
        ("connection_timeout", Span::ZERO, "longer than zero"),
        ("session_ttl_min", Span::ZERO, "longer than zero"),
    ] {
        let error = refused(parameter, Value::Span(value));
        assert!(error.contains(&format!("`{parameter}`")) && error.contains(why), "{error}");
    }
}

#[test]
fn a_monitor_may_not_ask_for_ever() {
    assert!(refused("monitor_retries", Value::Count(1_001)).contains("`monitor_retries`"));
}

#[test]
fn the_production_profile_has_the_librarys_defaults() {
    let parameters = Parameters { profile: Profile::Production, ..standard() };
    let consul = Consul::from_parameters(&parameters).expect("the defaults fit");
    assert_eq!(consul.ttl, Span::secs(15), "DefaultLockSessionTTL");
    assert_eq!(consul.rules.sessions.patience, Span::secs(30), "twice that at the service");
    assert_eq!(consul.rules.lock_delay, Span::secs(15), "the lock-delay");
    assert_eq!(consul.lock_wait, Span::secs(15), "DefaultLockWaitTime");
    assert_eq!(consul.lock_retry, Span::secs(5), "DefaultLockRetryTime");
    // Asked at 7.5 s and failed at 14.5 s, which is not beyond the TTL; asked again at 15.5 s and failed at 22.5 s.
    assert_eq!(consul.gives_up, Span::millis(22_500), "RenewPeriodic");
}

#[test]
fn a_ttl_under_ten_seconds_needs_a_service_that_takes_it() {
    let short =
        Parameters { profile: Profile::Production, ..standard() }.with("ttl", Value::Span(Span::secs(2)));
    assert!(built(&short).is_err(), "session_ttl_min is 10 s");
    let lowered = short.with("session_ttl_min", Value::Span(Span::secs(2)));
    assert!(built(&lowered).is_ok(), "and can be lowered");
}

#[test]
fn what_rests_on_the_lock_index_is_not_promised_where_that_begins_anew() {
    let deletes = standard().with("behaviour", Value::Word("delete".to_owned()));
    let bug = By::<Consul>::ENTRY.bug("lease-consul-deletes-the-key").expect("it is planted by this name");
    let withdrawn: BTreeSet<&str> = By::<Consul>::withdrawn(&deletes).iter().copied().collect();
    assert_eq!(withdrawn, bug.breaks.iter().copied().collect(), "what the bug breaks that does the same");
    assert_eq!(By::<Consul>::withdrawn(&standard()), [""; 0], "release keeps the key");
    let planted = Parameters { bug: Some(bug.id.to_owned()), ..standard() };
    assert_eq!(By::<Consul>::withdrawn(&planted), [""; 0], "and the bug is not excused");
}

#[test]
fn legal_but_odd_parameters_are_remarked_on() {
    let remarks = |parameters: &Parameters| {
        let remarks = By::<Consul>::warnings(parameters);
        remarks.iter().map(|remark| remark.parameter).collect::<Vec<_>>()
    };
    assert!(remarks(&standard()).is_empty(), "the defaults are well chosen");
    assert_eq!(remarks(&standard().with("lock_delay", Value::Span(Span::ZERO))), ["lock_delay"]);
    assert_eq!(remarks(&standard().with("behaviour", Value::Word("delete".to_owned()))), ["behaviour"]);
    assert_eq!(remarks(&standard().with("request_timeout", Value::Span(Span::secs(1)))), ["request_timeout"]);
    // A deposed leader renews until twice the timeout after it was cut off, and the next one ends sessions a timeout and twice
    // the ttl after that.
    let slow_service = |millis| {
        let timeout = Jitter::between(Span::millis(millis), Span::secs(2));
        remarks(&standard().with("service_election_timeout", Value::Jitter(timeout)))
    };
    assert!(slow_service(300).is_empty());
    assert_eq!(slow_service(301), ["ttl"]);
}
