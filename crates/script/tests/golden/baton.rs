//! The baton: a protocol small enough to be seen through, that uses every part of a host.

use interregnum_kernel::{
    Command, Deadline, Effects, Epoch, Fact, FencingToken, Input, Jitter, Kind, Leadership, LocalTime,
    LogEntry, LogIndex, NodeId, NodeSet, Now, Office, Order, ParameterError, ParameterKind, ParameterSpec,
    Parameters, Process, Protocol, Release, Role, Span, TimerName, Value,
};

const PATIENCE: ParameterSpec = ParameterSpec {
    name: "patience",
    kind: ParameterKind::Jitter,
    doc: "how long a runner waits before it wants the baton",
    default: |_| Value::Jitter(Jitter::between(Span::millis(100), Span::millis(200))),
};

const LEASE: ParameterSpec = ParameterSpec {
    name: "lease",
    kind: ParameterKind::Span,
    doc: "how long the baton may be held",
    default: |_| Value::Span(Span::secs(1)),
};

pub(crate) const SPECS: &[ParameterSpec] = &[PATIENCE, LEASE];

/// Whoever is granted the baton by a majority holds it.
#[derive(Clone, Debug)]
pub(crate) struct Baton {
    members: NodeSet,
    patience: Jitter,
    lease: Span,
}

impl Baton {
    pub(crate) fn make(parameters: &Parameters) -> Result<Baton, ParameterError> {
        Ok(Baton {
            members: parameters.cluster()?,
            patience: parameters.jitter(&PATIENCE)?,
            lease: parameters.span(&LEASE)?,
        })
    }

    fn tell(&self, state: &State, message: &Message, release: Release, out: &mut Effects<Baton>) {
        for other in self.members.minus(NodeSet::only(state.me)).iter() {
            out.send_when(release, other, message.clone());
        }
    }

    fn hear(&self, state: &mut State, now: Now, from: NodeId, message: Message, out: &mut Effects<Baton>) {
        match message {
            Message::Claim { epoch } if epoch > state.epoch => {
                state.epoch = epoch;
                state.role = Role::Follower;
                out.persist(Seen(epoch));
                out.send_once_durable(from, Message::Grant { epoch });
                let fact = Fact::Voted { office: Office::CONTESTED, epoch, candidate: from };
                out.note_when(Release::OnceDurable, fact);
            }
            Message::Grant { epoch } if epoch == state.epoch && state.role == Role::Candidate => {
                state.granted.insert(from);
                if state.granted.is_majority_of(self.members) {
                    state.role = Role::Leader;
                    state.until = now.mono + self.lease;
                    out.cancel_timer(Timer::Patience);
                }
            }
            Message::Copy { entries } => state.log = entries,
            _ => {}
        }
    }

    fn claim(&self, state: &mut State, out: &mut Effects<Baton>) {
        state.epoch = state.epoch.next();
        state.role = Role::Candidate;
        state.granted = NodeSet::only(state.me);
        out.persist(Seen(state.epoch));
        self.tell(state, &Message::Claim { epoch: state.epoch }, Release::OnceDurable, out);
        out.set_timer(Timer::Patience, self.patience);
    }

    fn lay_down(&self, state: &mut State, out: &mut Effects<Baton>) {
        state.role = Role::Follower;
        out.set_timer(Timer::Patience, self.patience);
    }

    fn append(&self, state: &mut State, command: Command, out: &mut Effects<Baton>) {
        let entry = LogEntry { epoch: state.epoch, command: Some(command) };
        state.log.push(entry);
        self.tell(state, &Message::Copy { entries: state.log.clone() }, Release::AtOnce, out);
        out.commit(LogIndex(state.log.len() as u64), entry);
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Message {
    Claim { epoch: Epoch },
    Grant { epoch: Epoch },
    Copy { entries: Vec<LogEntry> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    Patience,
    Rest,
}

impl TimerName for Timer {
    const COUNT: usize = 2;
    fn index(self) -> usize {
        self as usize
    }
    fn from_index(index: usize) -> Timer {
        [Timer::Patience, Timer::Rest][index]
    }
}

/// The highest epoch seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen(Epoch);

#[derive(Debug)]
pub(crate) struct State {
    me: NodeId,
    epoch: Epoch,
    role: Role,
    granted: NodeSet,
    until: LocalTime,
    log: Vec<LogEntry>,
}

impl Protocol for Baton {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = Seen;
    type Disk = Epoch;

    const CONNECTIONS: bool = true;
    const KINDS: &'static [&'static str] = &["Claim", "Grant", "Copy"];

    fn kind(message: &Message) -> Kind {
        Kind(match message {
            Message::Claim { .. } => 0,
            Message::Grant { .. } => 1,
            Message::Copy { .. } => 2,
        })
    }
    fn label(message: &Message) -> u64 {
        u64::from(Baton::kind(message).0)
    }
    fn apply(disk: &mut Epoch, write: &Seen) {
        *disk = write.0;
    }
    fn timed(&self) -> bool {
        true
    }
    fn boot(&self, process: Process, disk: &Epoch, _: Now, out: &mut Effects<Self>) -> State {
        if self.members.contains(process.node) {
            out.set_timer(Timer::Patience, self.patience);
        }
        State {
            me: process.node,
            epoch: *disk,
            role: Role::Follower,
            granted: NodeSet::EMPTY,
            until: LocalTime::ZERO,
            log: Vec::new(),
        }
    }
    fn step(&self, state: &mut State, now: Now, input: Input<Self>, out: &mut Effects<Self>) {
        let leads = state.role == Role::Leader;
        match input {
            Input::Received { from, message } => self.hear(state, now, from, message, out),
            Input::Fired(Timer::Patience) => self.claim(state, out),
            Input::Propose(command) if leads => self.append(state, command, out),
            Input::Administer(Order::Resign) if leads => self.lay_down(state, out),
            Input::Disconnected(_) => self.lay_down(state, out),
            Input::Fired(Timer::Rest) | Input::Persisted(_) | Input::Propose(_) | Input::Administer(_) => {}
        }
    }
    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        (state.role == Role::Leader).then_some(Leadership {
            office: Office::CONTESTED,
            epoch: state.epoch,
            token: Some(FencingToken(state.epoch.0)),
        })
    }
    fn lease(&self, state: &State, _: Now) -> Option<Deadline> {
        (state.role == Role::Leader).then_some(Deadline::Mono(state.until))
    }
    fn role(&self, state: &State) -> Role {
        state.role
    }
    fn epoch(&self, state: &State) -> Epoch {
        state.epoch
    }
    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.members)
    }
    fn last_index(&self, state: &State) -> LogIndex {
        LogIndex(state.log.len() as u64)
    }
    fn log_entry(&self, state: &State, index: LogIndex) -> Option<LogEntry> {
        state.log.get(usize::try_from(index.0.checked_sub(1)?).ok()?).copied()
    }
}
