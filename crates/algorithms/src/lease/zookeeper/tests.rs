//! Each rule by itself is in the golden scripts; here is what they cannot say.

use super::ZooKeeper;
use crate::lease::{By, Lease, Recipe};
use crate::{Algorithm, BuildError, construct};
use interregnum_kernel::{Parameters, Profile, Span, Value};

fn built(parameters: &Parameters) -> Result<Lease, BuildError> {
    construct::<By<ZooKeeper>>(parameters)
}

fn standard() -> Parameters {
    Parameters::of(3).with_service(3)
}

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lease/zookeeper/scripts");
    interregnum_script::run_folder(folder, By::<ZooKeeper>::ENTRY.parameters, construct::<By<ZooKeeper>>);
}

#[test]
fn a_session_timeout_that_the_service_does_not_grant_is_warned_of_and_clamped() {
    let parameters = standard().with("session_timeout", Value::Span(Span::millis(80)));
    let warnings = ZooKeeper::warnings(&parameters);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].parameter, "session_timeout");
    assert!(warnings[0].problem.contains("100ms instead of 80ms"), "{}", warnings[0]);
    let recipe = ZooKeeper::from_parameters(&parameters).expect("it is accepted");
    assert_eq!(recipe.times.timeout, Span::millis(100), "two ticks");
    let parameters = Parameters { profile: Profile::Production, ..standard() };
    let curators = parameters.with("session_timeout", Value::Span(Span::secs(60)));
    let recipe = ZooKeeper::from_parameters(&curators).expect("it is accepted");
    assert_eq!(recipe.times.timeout, Span::secs(40), "twenty ticks");
    assert_eq!(ZooKeeper::warnings(&curators).len(), 1, "Curator's default is more than the service's");
    assert_eq!(ZooKeeper::warnings(&standard()), [], "the defaults fit");
}

#[test]
fn zero_and_broken_milliseconds_are_refused_by_name() {
    for parameter in ["session_timeout", "tick_time"] {
        for span in [Span::ZERO, Span::micros(1500)] {
            match built(&standard().with(parameter, Value::Span(span))) {
                Err(BuildError::Parameter { error, .. }) => {
                    assert!(
                        error.parameter == parameter && error.problem.contains("whole milliseconds"),
                        "{error}"
                    );
                }
                other => panic!("{parameter} of {span} is accepted: {other:?}"),
            }
        }
    }
}
