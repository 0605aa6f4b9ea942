//! Which settings are refused, and by which name.

use crate::Algorithm;
use crate::zab::Zab;
use interregnum_kernel::{Parameters, Profile, Span, Value};

fn refused(parameters: &Parameters) -> &'static str {
    Zab::from_parameters(parameters).expect_err("the setting makes no sense").parameter
}

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    let span = |ms| Value::Span(Span::millis(ms));
    for (name, value) in [
        ("tick_time", span(0)),
        ("sync_limit", Value::Count(0)),
        ("init_limit", Value::Count(0)),
        ("connect_attempts", Value::Count(0)),
        ("finalize_wait", span(0)),
        ("min_notification_interval", span(0)),
        ("max_notification_interval", span(199)),
        ("max_repetition", span(199)),
        ("connect_retry", span(0)),
        ("retransmission", span(0)),
        ("ids", Value::Counts(vec![1, 1, 2])),
        ("initial_logs", Value::Logs(vec![vec![2, 1]])),
        ("initial_logs", Value::Logs(vec![vec![0]])),
        ("initial_logs", Value::Logs(vec![vec![], vec![], vec![], vec![1]])),
        ("initial_logs", Value::Logs(vec![vec![1, 3], vec![2, 3]])),
    ] {
        assert_eq!(refused(&Parameters::of(3).with(name, value.clone())), name, "{name} = {value}");
    }
}

#[test]
fn a_tick_may_not_be_so_short_that_pings_pile_up() {
    let parameters = Parameters::of(3).with("tick_time", Value::Span(Span(1_000)));
    assert_eq!(refused(&parameters), "tick_time");
}

#[test]
fn the_matched_profile_pings_and_detects_like_everyone() {
    let zab = Zab::from_parameters(&Parameters::of(3)).expect("defaults fit");
    assert_eq!(zab.half_tick(), crate::profile::HEARTBEAT_INTERVAL, "a ping is a heartbeat");
    assert_eq!(
        zab.ticks(zab.sync_limit).max,
        crate::profile::FAILURE_TIMEOUT.max,
        "silence is borne as long"
    );
}

#[test]
fn the_production_profile_is_zookeepers_sample_configuration() {
    let parameters = Parameters { profile: Profile::Production, ..Parameters::of(3) };
    let zab = Zab::from_parameters(&parameters).expect("defaults fit");
    assert_eq!((zab.tick_time, zab.init_limit, zab.sync_limit), (Span::secs(2), 10, 5));
    assert_eq!(zab.finalize_wait, Span::millis(200));
    assert_eq!(zab.max_notification_interval, Span::secs(60));
}
