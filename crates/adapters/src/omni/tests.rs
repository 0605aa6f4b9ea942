use super::*;
use ::omnipaxos::messages::Message as Foreign;
use ::omnipaxos::messages::sequence_paxos::{PaxosMessage, PaxosMsg, Prepare};
use interregnum_kernel::{Effect, Incarnation, NodeId};
use std::sync::Arc;

const FIRST: Process = Process { node: NodeId(0), incarnation: Incarnation(0) };

fn protocol() -> OmniPaxos {
    OmniPaxos::from_parameters(&Parameters::of(3)).expect("the defaults are accepted")
}

fn ballot(n: u32, pid: u64) -> Ballot {
    Ballot::with(1, n, 0, pid)
}

/// A node whose writes become durable at once.
struct Node {
    state: State,
    /// Per node, how many of its messages were given to this one.
    heard: [u64; 3],
}

impl Node {
    fn boot(disk: &Disk) -> Node {
        let mut out = Effects::default();
        let state = protocol().boot(FIRST, disk, Now::default(), &mut out);
        let mut node = Node { state, heard: [0; 3] };
        node.settle(out);
        node
    }

    /// Lets writes become durable until there are none; gives back what was sent meanwhile.
    fn settle(&mut self, mut out: Effects<OmniPaxos>) -> Vec<Message> {
        let mut sent = Vec::new();
        loop {
            let mut writes = Vec::new();
            for effect in out.drain() {
                match effect {
                    Effect::Send { message, .. } => sent.push(message),
                    Effect::Persist(write) => writes.push(write),
                    _ => {}
                }
            }
            if writes.is_empty() {
                return sent;
            }
            for write in writes {
                protocol().step(&mut self.state, Now::default(), Input::Persisted(write), &mut out);
            }
        }
    }

    /// Somebody asks for a promise; whether it is given.
    fn promises(&mut self, asked: Ballot) -> bool {
        let prepare = Prepare { n: asked, decided_idx: 0, n_accepted: Ballot::default(), accepted_idx: 0 };
        let msg = PaxosMsg::Prepare(prepare);
        let body = Arc::new(Foreign::SequencePaxos(PaxosMessage { from: asked.pid, to: 1, msg }));
        let from = NodeId((asked.pid - 1) as u8);
        let number = &mut self.heard[from.index()];
        let message = Message { place: (Incarnation(0), *number), body };
        *number += 1;
        let mut out = Effects::default();
        protocol().step(&mut self.state, Now::default(), Input::Received { from, message }, &mut out);
        let is_promise = |message: &Message| {
            let Foreign::SequencePaxos(paxos) = &*message.body else { return false };
            matches!(&paxos.msg, PaxosMsg::Promise(promise) if promise.n == asked)
        };
        self.settle(out).iter().any(is_promise)
    }
}

#[test]
fn a_restarted_node_remembers_its_promise() {
    let disk = Disk { promise: Some(ballot(5, 2)), ..Disk::default() };
    let mut node = Node::boot(&disk);
    assert_eq!(protocol().epoch(&node.state), epoch(ballot(5, 2)));
    assert!(!node.promises(ballot(4, 3)), "an older ballot is refused");
    assert!(node.promises(ballot(6, 3)), "a newer one is promised");
}

#[test]
fn a_leader_that_restarts_leads_no_more_and_does_not_stand() {
    let disk = Disk { promise: Some(ballot(5, 1)), ..Disk::default() };
    let node = Node::boot(&disk);
    assert_eq!(protocol().leadership(&node.state, Now::default()), None);
    assert_eq!(protocol().role(&node.state), Role::Follower);
}

#[test]
fn nothing_is_handled_while_the_disk_is_awaited() {
    let mut out = Effects::default();
    let mut state = protocol().boot(FIRST, &Disk::default(), Now::default(), &mut out);
    out.clear();
    protocol().step(&mut state, Now::default(), Input::Fired(Timer::Round), &mut out);
    let sends = out.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count();
    assert_eq!(sends, 0, "its first write is under way");
}

#[test]
fn ballots_of_one_number_are_different_epochs() {
    assert!(epoch(ballot(1, 3)) > epoch(ballot(1, 2)), "the node decides between them");
    assert!(epoch(ballot(2, 1)) > epoch(ballot(1, 3)), "the number comes first");
}
