//! Each rule by itself is in the golden scripts; here is what they cannot say.

use super::{Bully, Message};
use crate::Algorithm;
use interregnum_kernel::{Epoch, Parameters, Profile, Span, Value};

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bully/scripts/classic");
    interregnum_script::run_folder(folder, Bully::ENTRY.parameters, crate::construct::<Bully>);
}

fn refusal(parameters: &Parameters) -> String {
    Bully::from_parameters(parameters).expect_err("the parameters do not fit").to_string()
}

#[test]
fn two_nodes_of_one_identifier_are_refused() {
    let twins = Parameters::of(3).with("ids", Value::Counts(vec![7, 3, 7]));
    assert_eq!(refusal(&twins), "parameter `ids`: n1 and n3 are both 7; every node needs its own");
}

#[test]
fn heartbeats_as_rare_as_timeouts_are_refused() {
    let rare = Parameters::of(3).with("heartbeat_interval", Value::Span(Span::millis(150)));
    assert!(refusal(&rare).starts_with("parameter `heartbeat_interval`: 150ms is not below"), "{rare:?}");
}

#[test]
fn a_wait_of_no_length_is_refused() {
    for name in ["message_bound", "answer_timeout", "coordinator_timeout"] {
        let none = Parameters::of(3).with(name, Value::Span(Span::ZERO));
        assert_eq!(refusal(&none), format!("parameter `{name}`: must be longer than zero"));
    }
}

#[test]
fn the_wait_for_answers_follows_from_the_bounds() {
    for (profile, needed) in [(Profile::Matched, Span::millis(25)), (Profile::Production, Span::millis(500))]
    {
        let bully =
            Bully::from_parameters(&Parameters { profile, ..Parameters::of(5) }).expect("defaults fit");
        assert_eq!(bully.common.answer_timeout, needed, "2 T_m + T_p ({profile})");
    }
    let slow = Parameters::of(5).with("message_bound", Value::Span(Span::millis(40)));
    let bully = Bully::from_parameters(&slow).expect("the bound fits");
    assert_eq!(bully.common.answer_timeout, Span::millis(85), "a longer bound makes a longer wait");
}

#[test]
fn a_wait_that_is_over_before_the_answers_are_there_is_remarked_on() {
    let hasty = Parameters::of(5).with("answer_timeout", Value::Span(Span::millis(20)));
    let remarks = Bully::warnings(&hasty);
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert_eq!(remarks[0].parameter, "answer_timeout");
    assert!(Bully::warnings(&Parameters::of(5)).is_empty(), "the default is long enough");
}

#[test]
fn messages_of_different_kinds_or_epochs_have_different_labels() {
    let of = |epoch| {
        let epoch = Epoch(epoch);
        [
            Message::Election { epoch },
            Message::Answer { epoch },
            Message::Coordinator { epoch },
            Message::Heartbeat { epoch },
        ]
    };
    let mut labels: Vec<u64> = (0..4).flat_map(of).map(Message::label).collect();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), 16, "no two messages share a label");
}
