//! The lighthouse: a protocol that elects nobody and yet uses every part of the world.

use interregnum_kernel::{
    Deadline, Effects, Epoch, Fact, FencingToken, Input, Jitter, Kind, Leadership, LocalTime, NodeId,
    NodeSet, Now, Office, Order, Phase, Process, Protocol, Role, Span, TimerName,
};

/// Its keepers lead from boot, in the epoch 1 + (boots that their disk knows of) + 10 * (their place). A leader sends a
/// beacon to all every 10 ms and notes it on its disk. Who hears one answers twice, at once and when it is durable.
/// Told to hand over, a leader hands the next epoch on, and steps down only when it hears a beacon of it.
#[derive(Clone, Debug)]
pub(crate) struct Lighthouse {
    pub(crate) nodes: u8,
    pub(crate) keepers: NodeSet,
    /// Keepers of the other office.
    pub(crate) service: NodeSet,
    /// The nodes of a coordination service: they keep to themselves, hold the other office, and make the quorums of all.
    pub(crate) crew: NodeSet,
    /// How long after a beacon comes the next.
    pub(crate) every: Jitter,
    /// How long a node goes without a beacon before it stands as a candidate.
    pub(crate) patience: Jitter,
    /// For how long a leader holds a lease from each beacon on, by its monotonic clock.
    pub(crate) lease: Option<Span>,
}

impl Lighthouse {
    pub(crate) fn new(nodes: u8) -> Lighthouse {
        Lighthouse {
            nodes,
            keepers: NodeSet::only(NodeId(0)),
            service: NodeSet::EMPTY,
            crew: NodeSet::EMPTY,
            every: Jitter::exactly(Span::millis(10)),
            patience: Jitter::exactly(Span::secs(3600)),
            lease: None,
        }
    }

    fn everyone(&self) -> NodeSet {
        NodeSet::first(usize::from(self.nodes))
    }

    fn others(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        self.everyone().minus(NodeSet::only(node)).iter()
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// Said to all by a node that starts.
    Hello,
    Beacon {
        epoch: u64,
        number: u64,
    },
    /// The answer at once.
    Seen(u64),
    /// The answer once it is durable.
    Stored(u64),
    /// Take over in this epoch.
    Handover(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// The next beacon is due.
    Beacon,
    /// No beacon came for too long.
    Watch,
}

impl TimerName for Timer {
    const COUNT: usize = 2;
    fn index(self) -> usize {
        self as usize
    }
    fn from_index(index: usize) -> Timer {
        [Timer::Beacon, Timer::Watch][index]
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Line {
    Boot,
    /// A beacon was sent or heard.
    Beacon(u64),
}

/// A lighthouse's log book, which survives a crash as far as it is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    pub(crate) boots: u64,
    pub(crate) beacons: Vec<u64>,
}

#[derive(Debug)]
pub(crate) struct State {
    me: NodeId,
    epoch: u64,
    leads: bool,
    office: Office,
    dark: bool,
    lit: u64,
    /// When the last beacon was sent.
    lit_at: LocalTime,
}

impl State {
    fn hear(&mut self, rules: &Lighthouse, from: NodeId, message: Message, out: &mut Effects<Lighthouse>) {
        if rules.crew.contains(from) != rules.crew.contains(self.me) {
            return;
        }
        match message {
            Message::Beacon { epoch, number } if epoch > self.epoch || epoch == self.epoch && !self.leads => {
                if self.leads {
                    self.leads = false;
                    out.cancel_timer(Timer::Beacon);
                }
                self.epoch = epoch;
                self.dark = false;
                out.set_timer(Timer::Watch, rules.patience);
                out.persist(Line::Beacon(number));
                out.reach(Phase(0));
                out.send(from, Message::Seen(number));
                out.send_once_durable(from, Message::Stored(number));
                let fact = Fact::EpochStored { office: self.office, epoch: Epoch(number) };
                out.note_when(interregnum_kernel::Release::OnceDurable, fact);
            }
            Message::Handover(epoch) if epoch > self.epoch => {
                self.epoch = epoch;
                self.leads = true;
                out.cancel_timer(Timer::Watch);
                out.set_timer(Timer::Beacon, rules.every);
            }
            _ => {}
        }
    }

    fn shine(&mut self, rules: &Lighthouse, now: Now, out: &mut Effects<Lighthouse>) {
        self.lit += 1;
        self.lit_at = now.mono;
        for other in rules.others(self.me) {
            out.send(other, Message::Beacon { epoch: self.epoch, number: self.lit });
        }
        out.persist(Line::Beacon(self.lit));
        out.set_timer(Timer::Beacon, rules.every);
    }
}

impl Protocol for Lighthouse {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = Line;
    type Disk = Book;

    const KINDS: &'static [&'static str] = &["Hello", "Beacon", "Seen", "Stored", "Handover"];
    /// A beacon was heard, and is not durable yet.
    const PHASES: &'static [&'static str] = &["beacon-queued"];

    fn kind(message: &Message) -> Kind {
        Kind(match message {
            Message::Hello => 0,
            Message::Beacon { .. } => 1,
            Message::Seen(_) => 2,
            Message::Stored(_) => 3,
            Message::Handover(_) => 4,
        })
    }

    fn label(message: &Message) -> u64 {
        let detail = match message {
            Message::Hello => 0,
            Message::Beacon { epoch, number } => epoch << 32 | number,
            Message::Seen(number) | Message::Stored(number) | Message::Handover(number) => *number,
        };
        detail << 3 | u64::from(Lighthouse::kind(message).0)
    }

    fn apply(book: &mut Book, line: &Line) {
        match line {
            Line::Boot => book.boots += 1,
            Line::Beacon(number) => book.beacons.push(*number),
        }
    }

    fn timed(&self) -> bool {
        self.lease.is_some()
    }

    fn boot(&self, Process { node, .. }: Process, book: &Book, now: Now, out: &mut Effects<Self>) -> State {
        let leads = self.keepers.union(self.service).contains(node);
        let epoch = if leads { 1 + book.boots + 10 * u64::from(node.0) } else { 0 };
        let office =
            if self.service.union(self.crew).contains(node) { Office::SERVICE } else { Office::CONTESTED };
        out.persist(Line::Boot);
        self.others(node).for_each(|other| out.send(other, Message::Hello));
        if leads {
            out.set_timer(Timer::Beacon, self.every);
        } else {
            out.set_timer(Timer::Watch, self.patience);
        }
        State { me: node, epoch, leads, office, dark: false, lit: 0, lit_at: now.mono }
    }

    fn step(&self, state: &mut State, now: Now, input: Input<Self>, out: &mut Effects<Self>) {
        match input {
            Input::Received { from, message } => state.hear(self, from, message, out),
            Input::Fired(Timer::Beacon) => state.shine(self, now, out),
            Input::Fired(Timer::Watch) => state.dark = true,
            Input::Administer(Order::TransferLeadership(heir)) => {
                out.send(heir, Message::Handover(state.epoch + 1));
            }
            Input::Administer(_) | Input::Persisted(_) | Input::Propose(_) | Input::Disconnected(_) => {}
        }
    }

    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        let (office, epoch, token) = (state.office, Epoch(state.epoch), Some(FencingToken(state.epoch)));
        state.leads.then_some(Leadership { office, epoch, token })
    }

    fn lease(&self, state: &State, _: Now) -> Option<Deadline> {
        let lease = self.lease.filter(|_| state.leads)?;
        Some(Deadline::Mono(state.lit_at + lease))
    }

    fn role(&self, state: &State) -> Role {
        match state {
            State { leads: true, .. } => Role::Leader,
            State { dark: true, .. } => Role::Candidate,
            _ => Role::Follower,
        }
    }

    fn epoch(&self, state: &State) -> Epoch {
        Epoch(state.epoch)
    }

    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(if self.crew.is_empty() { self.everyone() } else { self.crew })
    }
}
