use super::*;
use interregnum_kernel::{Effect, Incarnation, NodeId, Release};
use raft::eraftpb::MessageType;
use std::sync::Arc;

const FIRST: Process = Process { node: NodeId(0), incarnation: Incarnation(0) };

fn protocol() -> TikvRaft {
    TikvRaft::from_parameters(&Parameters::of(3)).expect("the defaults are accepted")
}

fn boot(disk: &Disk) -> (State, Vec<Effect<TikvRaft>>) {
    let mut out = Effects::default();
    let state = protocol().boot(FIRST, disk, Now::default(), &mut out);
    (state, out.drain().collect())
}

fn step(state: &mut State, input: Input<TikvRaft>) -> Vec<Effect<TikvRaft>> {
    let mut out = Effects::default();
    protocol().step(state, Now::default(), input, &mut out);
    out.drain().collect()
}

/// Somebody asks the first node for its vote.
fn request(from: NodeId, term: u64) -> Input<TikvRaft> {
    let mut message = raft::eraftpb::Message::default();
    message.set_msg_type(MessageType::MsgRequestVote);
    (message.from, message.to, message.term) = (message::id(from), 1, term);
    Input::Received { from, message: Message(Arc::new(message)) }
}

/// The answers to requests for votes among these effects: to whom, and whether it is a vote.
fn answers(effects: &[Effect<TikvRaft>]) -> Vec<(NodeId, bool, Release)> {
    let answer = |effect: &Effect<TikvRaft>| match effect {
        Effect::Send { to, message, release }
            if message.0.get_msg_type() == MessageType::MsgRequestVoteResponse =>
        {
            Some((*to, !message.0.reject, *release))
        }
        _ => None,
    };
    effects.iter().filter_map(answer).collect()
}

#[test]
fn a_vote_leaves_once_it_is_written() {
    let (mut state, _) = boot(&Disk::default());
    let effects = step(&mut state, request(NodeId(1), 1));
    let is_vote =
        |effect: &Effect<TikvRaft>| matches!(effect, Effect::Persist(write) if write.hard.vote == 2);
    assert!(effects.iter().any(is_vote), "the vote is written: {effects:?}");
    assert_eq!(answers(&effects), [(NodeId(1), true, Release::OnceDurable)]);
}

#[test]
fn a_restarted_node_remembers_its_vote() {
    let disk = Disk { hard: Hard { term: 5, vote: 2, commit: 0 }, log: Vec::new() };
    let (mut state, _) = boot(&disk);
    assert_eq!(protocol().epoch(&state), Epoch(5));
    let second = answers(&step(&mut state, request(NodeId(2), 5)));
    assert_eq!(second, [(NodeId(2), false, Release::OnceDurable)], "the vote of the term is given");
    let first = answers(&step(&mut state, request(NodeId(1), 5)));
    assert_eq!(first, [(NodeId(1), true, Release::OnceDurable)], "whom it was given to is told again");
}

#[test]
fn the_timeout_is_drawn_by_the_engine() {
    let (mut state, booted) = boot(&Disk::default());
    let armed = |effects: &[Effect<TikvRaft>], wanted: Timer| {
        effects.iter().find_map(|effect| match effect {
            Effect::SetTimer { timer, after } if *timer == wanted => Some(*after),
            _ => None,
        })
    };
    assert_eq!(armed(&booted, Timer::Guard), Some(Jitter::exactly(Span::millis(150))));
    let lapsed = step(&mut state, Input::Fired(Timer::Guard));
    assert_eq!(armed(&lapsed, Timer::Election), Some(Jitter::between(Span::ZERO, Span::millis(150))));
    assert_eq!(protocol().role(&state), Role::Follower);
    step(&mut state, Input::Fired(Timer::Election));
    assert_eq!(protocol().role(&state), Role::PreCandidate, "the timeout is over");
}

#[test]
fn a_process_that_knows_less_than_it_acknowledged_dies_alone() {
    let (mut state, _) = boot(&Disk::default());
    let mut heartbeat = raft::eraftpb::Message::default();
    heartbeat.set_msg_type(MessageType::MsgHeartbeat);
    (heartbeat.from, heartbeat.to, heartbeat.term, heartbeat.commit) = (2, 1, 1, 9);
    let message = Message(Arc::new(heartbeat));
    step(&mut state, Input::Received { from: NodeId(1), message });
    assert!(step(&mut state, request(NodeId(1), 3)).is_empty(), "nobody answers any more");
}
