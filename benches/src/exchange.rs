//! The plain heartbeat exchange as a [`Protocol`]: every node sends to every other each 50 ms, and acknowledges what it
//! hears.

use interregnum_kernel::{
    Effects, Epoch, Input, Jitter, Kind, Leadership, NodeId, NodeSet, Now, Process, Protocol, Role, Span,
    TimerName,
};
use interregnum_sim::Simulator;
use interregnum_world::{Latency, LinkSetting, Setting};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

/// Nodes in the exchange.
pub const NODES: u8 = 5;
/// How often each node sends.
pub const INTERVAL: Span = Span::millis(50);
/// The shortest and the longest one-way latency.
pub const LATENCY: (Span, Span) = (Span::millis(1), Span::millis(10));

/// The exchange's rules, for messages of one type.
#[derive(Clone, Debug)]
pub struct Exchange<M>(PhantomData<M>);

/// A type of message that the exchange can be held in.
pub trait Content: Clone + Debug + 'static {
    /// I am here, for the so-manieth time.
    fn heartbeat(round: u64) -> Self;
    /// I heard that.
    fn acknowledge(round: u64) -> Self;
    /// The round, and whether it is an acknowledgement.
    fn read(&self) -> (u64, bool);
}

/// The smallest messages: what the loop written by hand sends too.
#[derive(Clone, Debug)]
pub enum Light {
    /// I am here, for the so-manieth time.
    Heartbeat(u64),
    /// I heard that.
    Acknowledge(u64),
}

impl Content for Light {
    fn heartbeat(round: u64) -> Light {
        Light::Heartbeat(round)
    }
    fn acknowledge(round: u64) -> Light {
        Light::Acknowledge(round)
    }
    fn read(&self) -> (u64, bool) {
        match self {
            Light::Heartbeat(round) => (*round, false),
            Light::Acknowledge(round) => (*round, true),
        }
    }
}

/// Messages as a log's replication has them: 32 bytes, and one kind in sixteen shares a list.
#[derive(Clone, Debug)]
pub enum Heavy {
    /// I am here, for the so-manieth time.
    Heartbeat {
        /// Which time.
        round: u64,
        /// Something besides.
        rest: [u64; 2],
    },
    /// The same with a list.
    Entries {
        /// Which time.
        round: u64,
        /// The list.
        entries: Arc<[u64]>,
    },
    /// I heard that.
    Acknowledge {
        /// Which time.
        round: u64,
        /// Something besides.
        rest: [u64; 2],
    },
}

impl Content for Heavy {
    fn heartbeat(round: u64) -> Heavy {
        if round.is_multiple_of(16) {
            return Heavy::Entries { round, entries: Arc::new([round, round]) };
        }
        Heavy::Heartbeat { round, rest: [round; 2] }
    }
    fn acknowledge(round: u64) -> Heavy {
        Heavy::Acknowledge { round, rest: [round; 2] }
    }
    fn read(&self) -> (u64, bool) {
        match self {
            Heavy::Heartbeat { round, .. } | Heavy::Entries { round, .. } => (*round, false),
            Heavy::Acknowledge { round, .. } => (*round, true),
        }
    }
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

impl<M: Content> Protocol for Exchange<M> {
    type State = Memory;
    type Message = M;
    type Timer = Beat;
    type Write = ();
    type Disk = ();
    const KINDS: &'static [&'static str] = &["Heartbeat", "Acknowledge"];

    fn kind(message: &M) -> Kind {
        Kind(u8::from(message.read().1))
    }
    fn label(message: &M) -> u64 {
        let (round, acknowledges) = message.read();
        if acknowledges { !round } else { round }
    }
    fn apply((): &mut (), (): &()) {}
    fn timed(&self) -> bool {
        false
    }
    fn boot(&self, Process { node, .. }: Process, (): &(), _: Now, out: &mut Effects<Self>) -> Memory {
        out.set_timer(Beat, Jitter::exactly(INTERVAL));
        Memory { node, round: 0, acknowledged: 0 }
    }
    #[inline(always)]
    fn step(&self, state: &mut Memory, _: Now, input: Input<Self>, out: &mut Effects<Self>) {
        match input {
            Input::Received { from, message } => match message.read() {
                (round, false) => out.send(from, M::acknowledge(round)),
                (_, true) => state.acknowledged += 1,
            },
            Input::Fired(Beat) => {
                state.round += 1;
                for peer in NodeSet::first(usize::from(NODES)).iter() {
                    if peer != state.node {
                        out.send(peer, M::heartbeat(state.round));
                    }
                }
                out.set_timer(Beat, Jitter::exactly(INTERVAL));
            }
            Input::Persisted(()) | Input::Propose(_) | Input::Administer(_) | Input::Disconnected(_) => {}
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
pub fn simulator<M: Content>(horizon: Span) -> Simulator<Exchange<M>> {
    Simulator::new(protocol(), Arc::new(setting(LATENCY, horizon)), ())
}

/// The exchange's rules.
pub fn protocol<M: Content>() -> Exchange<M> {
    Exchange(PhantomData)
}

/// The exchange's world, with these one-way latencies.
pub fn setting((min, max): (Span, Span), horizon: Span) -> Setting {
    let link = LinkSetting::with_latency(Latency::Uniform { min, max });
    Setting::quiet(NODES, link, Latency::Constant(Span::ZERO), horizon)
}
