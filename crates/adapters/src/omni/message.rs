//! OmniPaxos's messages as ours carry them.

use super::epoch;
use super::store::Proposal;
use crate::label;
use interregnum_kernel::{Incarnation, Kind};
use omnipaxos::messages::Message as Foreign;
use omnipaxos::messages::ballot_leader_election::HeartbeatMsg;
use omnipaxos::messages::sequence_paxos::PaxosMsg;
use omnipaxos::util::{LogSync, SequenceNumber};
use std::sync::Arc;

/// A message of OmniPaxos, and its place on its link.
#[derive(Clone, Debug)]
pub struct Message {
    /// The process that sent it, and how many it had sent to this receiver before.
    pub place: (Incarnation, u64),
    /// What it says. Shared, because it may carry a log.
    pub body: Arc<Foreign<Proposal>>,
}

fn sequence(SequenceNumber { session, counter }: SequenceNumber) -> [u64; 2] {
    [session, counter]
}

fn entries(entries: &[Proposal]) -> impl Iterator<Item = u64> {
    entries.iter().flat_map(|entry| [entry.epoch.0, entry.command.0])
}

fn log(sync: &LogSync<Proposal>) -> impl Iterator<Item = u64> {
    std::iter::once(sync.sync_idx as u64).chain(entries(&sync.suffix))
}

impl Message {
    /// As [`Message::kind`] numbers them.
    pub(super) const KINDS: &'static [&'static str] = &[
        "HeartbeatRequest",
        "HeartbeatReply",
        "PrepareReq",
        "Prepare",
        "Promise",
        "AcceptSync",
        "AcceptDecide",
        "Accepted",
        "NotAccepted",
        "Decide",
        "Other",
    ];

    pub(super) fn kind(&self) -> Kind {
        Kind(match &*self.body {
            Foreign::BLE(message) => match message.msg {
                HeartbeatMsg::Request(_) => 0,
                HeartbeatMsg::Reply(_) => 1,
            },
            Foreign::SequencePaxos(message) => match &message.msg {
                PaxosMsg::PrepareReq(_) => 2,
                PaxosMsg::Prepare(_) => 3,
                PaxosMsg::Promise(_) => 4,
                PaxosMsg::AcceptSync(_) => 5,
                PaxosMsg::AcceptDecide(_) => 6,
                PaxosMsg::Accepted(_) => 7,
                PaxosMsg::NotAccepted(_) => 8,
                PaxosMsg::Decide(_) => 9,
                _ => 10,
            },
        })
    }

    pub(super) fn label(&self) -> u64 {
        let mut words = vec![u64::from(self.kind().0), u64::from(self.place.0.0), self.place.1];
        match &*self.body {
            Foreign::BLE(message) => match &message.msg {
                HeartbeatMsg::Request(request) => words.push(u64::from(request.round)),
                HeartbeatMsg::Reply(reply) => words.extend([
                    u64::from(reply.round),
                    epoch(reply.ballot).0,
                    epoch(reply.leader).0,
                    u64::from(reply.happy),
                ]),
            },
            Foreign::SequencePaxos(message) => self.label_paxos(&message.msg, &mut words),
        }
        label::of(words)
    }

    fn label_paxos(&self, message: &PaxosMsg<Proposal>, words: &mut Vec<u64>) {
        match message {
            PaxosMsg::PrepareReq(request) => words.push(epoch(request.n).0),
            PaxosMsg::Prepare(prepare) => words.extend([
                epoch(prepare.n).0,
                epoch(prepare.n_accepted).0,
                prepare.decided_idx as u64,
                prepare.accepted_idx as u64,
            ]),
            PaxosMsg::Promise(promise) => {
                words.extend([
                    epoch(promise.n).0,
                    epoch(promise.n_accepted).0,
                    promise.decided_idx as u64,
                    promise.accepted_idx as u64,
                ]);
                words.extend(promise.log_sync.iter().flat_map(log));
            }
            PaxosMsg::AcceptSync(sync) => {
                words.extend([epoch(sync.n).0, sync.decided_idx as u64]);
                words.extend(sequence(sync.seq_num));
                words.extend(log(&sync.log_sync));
            }
            PaxosMsg::AcceptDecide(accept) => {
                words.extend([epoch(accept.n).0, accept.decided_idx as u64]);
                words.extend(sequence(accept.seq_num));
                words.extend(entries(&accept.entries));
            }
            PaxosMsg::Accepted(accepted) => {
                words.extend([epoch(accepted.n).0, accepted.accepted_idx as u64]);
            }
            PaxosMsg::NotAccepted(refusal) => words.push(epoch(refusal.n).0),
            PaxosMsg::Decide(decide) => {
                words.extend([epoch(decide.n).0, decide.decided_idx as u64]);
                words.extend(sequence(decide.seq_num));
            }
            _ => {}
        }
    }
}
