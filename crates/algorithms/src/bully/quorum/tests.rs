//! Each rule by itself is in the golden scripts; here is what they cannot say.

use super::{BullyQuorum, Message};
use crate::Algorithm;
use interregnum_kernel::{Epoch, Parameters};

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/bully/scripts/quorum");
    interregnum_script::run_folder(folder, BullyQuorum::ENTRY.parameters, crate::construct::<BullyQuorum>);
}

#[test]
fn an_even_number_of_voters_is_remarked_on() {
    let remarks = BullyQuorum::warnings(&Parameters::of(4));
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert!(BullyQuorum::warnings(&Parameters::of(5)).is_empty(), "five voters are well chosen");
}

#[test]
fn different_messages_have_different_labels() {
    let of = |epoch| {
        let epoch = Epoch(epoch);
        let flags = [false, true];
        let answers = flags.map(|stands| Message::Answer { epoch, stands });
        let claims = flags.map(|transfer| Message::Claim { epoch, transfer });
        let others = [
            Message::Election { epoch },
            Message::Grant { epoch },
            Message::Deny { epoch },
            Message::Coordinator { epoch },
            Message::Heartbeat { epoch },
            Message::HeartbeatAck { epoch },
            Message::Transfer { epoch },
        ];
        answers.into_iter().chain(claims).chain(others)
    };
    let mut labels: Vec<u64> = (0..4).flat_map(of).map(Message::label).collect();
    let all = labels.len();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), all, "no two messages share a label");
}
