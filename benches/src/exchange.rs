//! The plain heartbeat exchange as a [`Protocol`]: every node sends to every other each 50 ms, and acknowledges.

use interregnum_kernel::{
    Effects, Epoch, Input, Jitter, Kind, Leadership, NodeId, NodeSet, Now, Protocol, Role, Span, TimerName,
};
use interregnum_sim::Simulator;
use interregnum_world::{Latency, LinkSetting, Setting};
use std::sync::Arc;

/// Nodes in the exchange.
pub const NODES: u8 = 5;
/// How often each node sends.
pub const INTERVAL: Span = Span::millis(50);
/// The shortest and the longest one-way latency.
pub const LATENCY: (Span, Span) = (Span::millis(1), Span::millis(10));

/// The exchange's rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exchange;

/// What nodes say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// I am here, for the so-manieth time.
    Heartbeat(u64),
    /// I heard that.
    Acknowledge(u64),
}

/// The only timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Beat;

impl TimerName for Beat {
    const COUNT: usize = 1;
    fn index(self) -> usize {
        0
    }
    fn from_index(_: usize) -> Self {
        Beat
    }
}

/// One node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Memory {
    node: NodeId,
    round: u64,
    /// How many acknowledgements have come back.
    pub acknowledged: u64,
}

impl Protocol for Exchange {
    type State = Memory;
    type Message = Message;
    type Timer = Beat;
    type Write = ();
    type Disk = ();
    const KINDS: &'static [&'static str] = &["Heartbeat", "Acknowledge"];

    fn kind(message: &Message) -> Kind {
        match message {
            Message::Heartbeat(_) => Kind(0),
            Message::Acknowledge(_) => Kind(1),
        }
    }
    fn label(message: &Message) -> u64 {
        match message {
            Message::Heartbeat(round) => *round,
            Message::Acknowledge(round) => !*round,
        }
    }
    fn apply((): &mut (), (): &()) {}
    fn timed(&self) -> bool {
        false
    }
    fn boot(&self, node: NodeId, (): &(), _: Now, out: &mut Effects<Self>) -> Memory {
        out.set_timer(Beat, Jitter::exactly(INTERVAL));
        Memory { node, round: 0, acknowledged: 0 }
    }
    fn step(&self, state: &mut Memory, _: Now, input: Input<Self>, out: &mut Effects<Self>) {
        match input {
            Input::Received { from, message: Message::Heartbeat(round) } => {
                out.send(from, Message::Acknowledge(round));
            }
            Input::Received { message: Message::Acknowledge(_), .. } => state.acknowledged += 1,
            Input::Fired(Beat) => {
                state.round += 1;
                for peer in NodeSet::first(usize::from(NODES)).iter() {
                    if peer != state.node {
                        out.send(peer, Message::Heartbeat(state.round));
                    }
                }
                out.set_timer(Beat, Jitter::exactly(INTERVAL));
            }
            Input::Persisted(()) | Input::Propose(_) | Input::Administer(_) => {}
        }
    }
    fn leadership(&self, _: &Memory, _: Now) -> Option<Leadership> {
        None
    }
    fn role(&self, _: &Memory) -> Role {
        Role::Follower
    }
    fn epoch(&self, _: &Memory) -> Epoch {
        Epoch::ZERO
    }
    fn is_quorum(&self, _: &Memory, nodes: NodeSet) -> bool {
        nodes.is_majority_of(NodeSet::first(usize::from(NODES)))
    }
}

/// A simulator of the exchange over so much simulated time.
pub fn simulator(horizon: Span) -> Simulator<Exchange> {
    let link = LinkSetting::with_latency(Latency::Uniform { min: LATENCY.0, max: LATENCY.1 });
    let setting = Setting::quiet(NODES, link, Latency::Constant(Span::ZERO), horizon);
    Simulator::new(Exchange, Arc::new(setting), ())
}
