//! Each rule by itself is in the golden scripts; here is what they cannot say.

use super::{Message, Redis, Value};
use crate::Algorithm;
use interregnum_kernel::{Epoch, Incarnation, Jitter, NodeId, NodeSet, Parameters, Profile, Protocol, Span};
use interregnum_kernel::{ParameterError, Value as Setting};

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lease/redis/scripts");
    interregnum_script::run_folder(folder, Redis::ENTRY.parameters, crate::construct::<Redis>);
}

fn with(name: &str, value: Setting) -> Result<Redis, ParameterError> {
    Redis::from_parameters(&Parameters::of(3).with_service(5).with(name, value))
}

fn refused(name: &str, value: Setting) -> String {
    let error = with(name, value).expect_err("it is refused");
    assert_eq!(error.parameter, name, "the parameter is named");
    error.problem
}

#[test]
fn a_cluster_without_a_master_is_refused() {
    let error = Redis::from_parameters(&Parameters::of(3)).expect_err("nobody keeps the lock");
    assert_eq!(error.parameter, "service");
}

#[test]
fn a_ttl_of_which_nothing_is_left_is_refused() {
    for ttl in [Span::ZERO, Span::millis(2)] {
        assert!(refused("ttl", Setting::Span(ttl)).contains("nothing"), "{ttl}");
    }
    let ttl = Span::micros(300_500);
    assert!(refused("ttl", Setting::Span(ttl)).contains("whole milliseconds"), "{ttl}");
}

#[test]
fn an_extension_or_a_wait_that_outlasts_the_validity_is_refused() {
    for name in ["extend_every", "request_timeout"] {
        for span in [Span::millis(295), Span::millis(300), Span::secs(1)] {
            assert!(refused(name, Setting::Span(span)).contains("295ms"), "{name}: the validity is named");
        }
        assert!(with(name, Setting::Span(Span::millis(294))).is_ok(), "{name}: just below is accepted");
        refused(name, Setting::Span(Span::ZERO));
    }
}

#[test]
fn a_retry_delay_of_nothing_is_refused() {
    let delay = Jitter { min: Span::ZERO, max: Span::millis(200) };
    refused("retry_delay", Setting::Jitter(delay));
}

#[test]
fn an_unknown_word_is_refused() {
    for name in ["fsync", "client_clock"] {
        refused(name, Setting::Word("sometimes".to_owned()));
    }
}

fn remarks(parameters: &Parameters) -> Vec<&'static str> {
    Redis::warnings(parameters).into_iter().map(|remark| remark.parameter).collect()
}

#[test]
fn an_even_number_of_masters_is_remarked_on() {
    for masters in 1..=6 {
        let expected: &[&str] = if masters % 2 == 0 { &["service"] } else { &[] };
        assert_eq!(remarks(&Parameters::of(3).with_service(masters)), expected, "{masters} masters");
    }
}

#[test]
fn the_production_defaults_are_not_remarked_on() {
    let parameters = Parameters { profile: Profile::Production, ..Parameters::of(3).with_service(5) };
    assert!(remarks(&parameters).is_empty(), "{:?}", Redis::warnings(&parameters));
}

#[test]
fn a_lock_that_one_lost_extension_loses_is_remarked_on() {
    let parameters = Parameters::of(3).with_service(5);
    let parameters = parameters.with("extend_every", Setting::Span(Span::millis(150)));
    assert_eq!(remarks(&parameters), ["extend_every"]);
}

#[test]
fn a_restart_delay_that_does_not_outlast_the_ttl_is_remarked_on() {
    let parameters = Parameters::of(3).with_service(5);
    let delayed = |delay| parameters.clone().with("restart_delay", Setting::Span(Span::millis(delay)));
    assert_eq!(remarks(&delayed(300)), ["restart_delay"]);
    assert!(remarks(&delayed(301)).is_empty(), "above the ttl is what the documentation asks for");
}

#[test]
fn a_quorum_is_a_majority_of_the_masters_whatever_the_contenders_are() {
    use interregnum_kernel::{Effects, Now, Process};
    let redis = Redis::from_parameters(&Parameters::of(4).with_service(3)).expect("the defaults fit");
    let boot = |node| {
        let process = Process { node: NodeId(node), incarnation: Incarnation::ZERO };
        redis.boot(process, &super::Disk::default(), Now::default(), &mut Effects::default())
    };
    let nodes = |numbers: &[u8]| numbers.iter().copied().map(NodeId).collect::<NodeSet>();
    for node in [0, 4] {
        let state = boot(node);
        assert!(redis.is_quorum(&state, nodes(&[4, 6])), "two of three masters");
        assert!(!redis.is_quorum(&state, nodes(&[0, 1, 2, 3, 4])), "one of three masters");
    }
}

#[test]
fn the_claims_follow_from_the_timers() {
    let redis = Redis::from_parameters(&Parameters::of(3).with_service(5)).expect("the defaults fit");
    let derived: Vec<_> =
        Redis::claims(&redis).iter().map(|claim| claim.strain.dose(claim.derived.unwrap_or(0))).collect();
    assert_eq!(derived, ["1.7 %", "200 ms", "200 ms"], "5 of 300 ms; 300 less 50 and 50");
}

#[test]
fn different_messages_have_different_labels() {
    let values = (0..3).flat_map(|node| {
        (0..3).flat_map(move |life| {
            (0..4).map(move |attempt| Value { node: NodeId(node), incarnation: Incarnation(life), attempt })
        })
    });
    let of = |value| {
        let numbered = (0..4).map(Epoch).flat_map(move |number| {
            let extend = (0..3).map(move |round| Message::Extend { value, round, number });
            let others = [
                Message::Set { value, heard: number },
                Message::Granted { value, number },
                Message::Taken { value, number },
            ];
            others.into_iter().chain(extend)
        });
        let counted = (0..4)
            .flat_map(move |round| [Message::Extended { value, round }, Message::Refused { value, round }]);
        numbered.chain(counted).chain([Message::Release { value }])
    };
    let mut labels: Vec<u64> = values.flat_map(of).map(Message::label).collect();
    let all = labels.len();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), all, "no two messages share a label");
}
