//! What a host promises to protocols and engines, shown with a protocol that does what its messages tell it to.

use interregnum_kernel::{
    Command, Deadline, Effects, Epoch, Fact, FencingToken, Host, Incarnation, Input, Interest, Jitter, Kind,
    Leadership, LocalTime, LogEntry, LogIndex, NodeId, NodeSet, Now, Office, Order, Port, Process, Protocol,
    Role, Span, TimerName, WallTime, What,
};

/// What the puppet is told to do, one message at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Tell {
    Write(u32),
    WriteThenSay(u32),
    SayWhileWriting(u32),
    NoteAfterWriting(u32),
    Arm,
    Disarm,
    Lead(u64, u64),
    LeadService(u64, u64),
    StepDown,
    Hello,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Alarm;

impl TimerName for Alarm {
    const COUNT: usize = 1;
    fn index(self) -> usize {
        0
    }
    fn from_index(_: usize) -> Self {
        Alarm
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Puppet;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Memory {
    leads: Option<(Leadership, LocalTime)>,
    fired: u32,
    persisted: Vec<u32>,
}

const PEER: NodeId = NodeId(1);

impl Protocol for Puppet {
    type State = Memory;
    type Message = Tell;
    type Timer = Alarm;
    type Write = u32;
    type Disk = Vec<u32>;
    const KINDS: &'static [&'static str] = &["Tell"];

    fn kind(_: &Tell) -> Kind {
        Kind(0)
    }
    fn label(_: &Tell) -> u64 {
        0
    }
    fn apply(disk: &mut Vec<u32>, write: &u32) {
        disk.push(*write);
    }
    fn timed(&self) -> bool {
        true
    }
    fn boot(&self, _: Process, disk: &Vec<u32>, _: Now, _: &mut Effects<Self>) -> Memory {
        Memory { persisted: disk.clone(), ..Memory::default() }
    }
    fn step(&self, state: &mut Memory, _: Now, input: Input<Self>, out: &mut Effects<Self>) {
        let message = match input {
            Input::Received { message, .. } => message,
            Input::Fired(Alarm) => {
                state.fired += 1;
                return;
            }
            Input::Persisted(write) => {
                state.persisted.push(write);
                return;
            }
            Input::Propose(command) => {
                let entry = LogEntry { epoch: Epoch(1), command: Some(command) };
                return out.commit(LogIndex(1), entry);
            }
            Input::Administer(Order::TransferLeadership(to)) => return out.send(to, Tell::Hello),
            Input::Administer(_) => return,
            Input::Disconnected(peer) => return out.send(peer.node, Tell::Hello),
        };
        match message {
            Tell::Write(n) => out.persist(n),
            Tell::WriteThenSay(n) => {
                out.persist(n);
                out.send_once_durable(PEER, Tell::Hello);
            }
            Tell::SayWhileWriting(n) => {
                out.persist(n);
                out.send(PEER, Tell::Hello);
            }
            Tell::NoteAfterWriting(n) => {
                out.persist(n);
                let fact = Fact::EpochStored { office: Office::CONTESTED, epoch: Epoch(u64::from(n)) };
                out.note_when(interregnum_kernel::Release::OnceDurable, fact);
            }
            Tell::Arm => out.set_timer(Alarm, Jitter::exactly(Span::millis(5))),
            Tell::Disarm => out.cancel_timer(Alarm),
            Tell::Lead(epoch, until) => state.leads = Some((leadership(epoch), LocalTime(until))),
            Tell::LeadService(epoch, until) => {
                let service = Leadership { office: Office::SERVICE, ..leadership(epoch) };
                state.leads = Some((service, LocalTime(until)));
            }
            Tell::StepDown => state.leads = None,
            Tell::Hello => {}
        }
    }
    fn leadership(&self, state: &Memory, _: Now) -> Option<Leadership> {
        state.leads.map(|(leadership, _)| leadership)
    }
    fn lease(&self, state: &Memory, _: Now) -> Option<Deadline> {
        state.leads.map(|(_, until)| Deadline::Mono(until))
    }
    fn role(&self, state: &Memory) -> Role {
        if state.leads.is_some() { Role::Leader } else { Role::Follower }
    }
    fn epoch(&self, state: &Memory) -> Epoch {
        state.leads.map(|(leadership, _)| leadership.epoch).unwrap_or_default()
    }
    fn is_quorum(&self, _: &Memory, nodes: NodeSet) -> bool {
        nodes.is_majority_of(NodeSet::first(3))
    }
}

fn leadership(epoch: u64) -> Leadership {
    Leadership { office: Office::CONTESTED, epoch: Epoch(epoch), token: Some(FencingToken(epoch)) }
}

/// Writes down what the host asks of it.
#[derive(Debug, Default)]
struct Notebook {
    sent: Vec<(NodeId, Tell)>,
    armed: Vec<Jitter>,
    disarmed: u32,
    fsyncs: Vec<u32>,
    asked_for: Vec<Deadline>,
    seen: Vec<What>,
}

impl Port<Puppet> for Notebook {
    fn transmit(&mut self, to: NodeId, message: Tell) {
        self.sent.push((to, message));
    }
    fn arm(&mut self, _: Alarm, after: Jitter) {
        self.armed.push(after);
    }
    fn disarm(&mut self, _: Alarm) {
        self.disarmed += 1;
    }
    fn start_write(&mut self, writes: u32) {
        self.fsyncs.push(writes);
    }
    fn ask_again_at(&mut self, deadline: Deadline) {
        self.asked_for.push(deadline);
    }
    fn interest(&self) -> Interest {
        Interest::ALL
    }
    fn observe(&mut self, what: What) {
        self.seen.push(what);
    }
}

/// A host with everything that drives it.
struct Stage {
    host: Host<Puppet>,
    effects: Effects<Puppet>,
    notes: Notebook,
    now: Now,
}

impl Stage {
    fn booted() -> Stage {
        let mut stage = Stage {
            host: Host::new(&Puppet, NodeId(0)),
            effects: Effects::default(),
            notes: Notebook::default(),
            now: Now::default(),
        };
        stage.boot();
        stage
    }
    fn boot(&mut self) {
        self.host.boot(&Puppet, self.now, &mut self.effects, &mut self.notes);
    }
    fn tell(&mut self, message: Tell) {
        self.host.receive(&Puppet, self.now, PEER, message, &mut self.effects, &mut self.notes);
    }
    fn persisted(&mut self, writes: u32) {
        self.host.persisted(&Puppet, self.now, writes, &mut self.effects, &mut self.notes);
    }
    fn fire(&mut self) {
        self.host.fire(&Puppet, self.now, Alarm, &mut self.effects, &mut self.notes);
    }
    fn memory(&self) -> &Memory {
        self.host.state().expect("the process runs")
    }
}

#[test]
fn what_waits_for_a_write_leaves_when_it_is_durable_and_the_rest_at_once() {
    let mut stage = Stage::booted();
    stage.tell(Tell::WriteThenSay(1));
    assert!(stage.notes.sent.is_empty(), "the answer waits");
    stage.tell(Tell::SayWhileWriting(2));
    assert_eq!(stage.notes.sent.len(), 1, "what need not wait has left");
    stage.persisted(1);
    assert_eq!(stage.notes.sent.len(), 2, "now the answer has left too");
    assert_eq!(stage.host.disk(), &[1], "with the write that it waited for");
}

#[test]
fn a_fact_is_observed_when_it_is_durable() {
    let mut stage = Stage::booted();
    stage.tell(Tell::NoteAfterWriting(7));
    let stored = What::Fact(Fact::EpochStored { office: Office::CONTESTED, epoch: Epoch(7) });
    assert!(!stage.notes.seen.contains(&stored), "it is not true yet");
    stage.persisted(1);
    assert!(stage.notes.seen.contains(&stored));
}

#[test]
fn an_fsync_covers_what_was_queued_when_it_began() {
    let mut stage = Stage::booted();
    stage.tell(Tell::Write(1));
    stage.tell(Tell::Write(2));
    stage.tell(Tell::Write(3));
    assert_eq!(stage.notes.fsyncs, [1], "the first began alone");
    stage.persisted(1);
    assert_eq!(stage.notes.fsyncs, [1, 2], "the other two share the next");
    stage.persisted(2);
    assert_eq!(stage.memory().persisted, [1, 2, 3], "each is told, in order");
    assert_eq!(stage.host.pending_writes(), 0);
    stage.tell(Tell::Write(4));
    assert_eq!(stage.notes.fsyncs, [1, 2, 1], "an idle disk begins at once");
}

#[test]
fn a_crash_with_k_pending_writes_keeps_a_prefix_one_of_k_plus_one() {
    for kept in 0..=3u32 {
        let mut stage = Stage::booted();
        for write in 1..=3 {
            stage.tell(Tell::WriteThenSay(write));
        }
        stage.host.crash(kept, &mut stage.notes);
        let expected: Vec<u32> = (1..=kept).collect();
        assert_eq!(stage.host.disk(), &expected, "of three pending writes {kept} were kept");
        assert!(stage.notes.sent.is_empty(), "what waited for them was never sent");
        stage.boot();
        assert_eq!(stage.memory().persisted, expected, "the next incarnation finds them");
        assert_eq!(stage.host.incarnation(), Incarnation(1));
    }
}

#[test]
fn a_crash_ends_lease_and_reign_before_it_is_seen_itself() {
    let mut stage = Stage::booted();
    stage.tell(Tell::Lead(3, 1_000));
    stage.notes.seen.clear();
    stage.host.crash(0, &mut stage.notes);
    let expected = [What::LeaseLost(Office::CONTESTED), What::Deposed(leadership(3)), What::Crashed];
    assert_eq!(stage.notes.seen, expected);
}

#[test]
fn a_node_that_is_down_hears_nothing() {
    let mut stage = Stage::booted();
    stage.host.crash(0, &mut stage.notes);
    stage.notes = Notebook::default();
    stage.tell(Tell::SayWhileWriting(1));
    stage.fire();
    stage.host.propose(&Puppet, stage.now, Command(1), &mut stage.effects, &mut stage.notes);
    assert!(stage.notes.sent.is_empty() && stage.notes.seen.is_empty(), "{:?}", stage.notes);
    assert!(!stage.host.is_up() && !stage.host.is_quorum(&Puppet, NodeSet::first(3)));
}

#[test]
fn a_timer_fires_once_and_only_while_it_is_armed() {
    let mut stage = Stage::booted();
    stage.fire();
    assert_eq!(stage.memory().fired, 0, "it was never armed");
    stage.tell(Tell::Arm);
    stage.fire();
    stage.fire();
    assert_eq!(stage.memory().fired, 1, "it fires once");
    stage.tell(Tell::Arm);
    stage.tell(Tell::Disarm);
    stage.fire();
    assert_eq!(stage.memory().fired, 1, "it was disarmed");
    stage.tell(Tell::Disarm);
    assert_eq!(stage.notes.disarmed, 1, "disarming an idle timer bothers nobody");
}

#[test]
fn a_lease_lapses_at_its_deadline_without_any_event() {
    let mut stage = Stage::booted();
    stage.tell(Tell::Lead(2, 500));
    assert_eq!(stage.notes.asked_for, [Deadline::Mono(LocalTime(500))], "the host wants to be asked then");
    assert!(stage.notes.seen.contains(&What::LeaseHeld(Office::CONTESTED)));
    stage.now = Now { mono: LocalTime(499), wall: WallTime(0) };
    stage.host.ask(&Puppet, stage.now, &mut stage.notes);
    assert!(
        !stage.notes.seen.contains(&What::LeaseLost(Office::CONTESTED)),
        "a moment before it still holds"
    );
    stage.now = Now { mono: LocalTime(500), wall: WallTime(0) };
    stage.host.ask(&Puppet, stage.now, &mut stage.notes);
    assert!(stage.notes.seen.contains(&What::LeaseLost(Office::CONTESTED)), "at the deadline it is over");
    assert_eq!(stage.host.leadership(), Some(leadership(2)), "leadership is another question");
}

#[test]
fn a_lease_and_a_reign_that_end_together_are_of_the_same_office() {
    let mut stage = Stage::booted();
    stage.tell(Tell::LeadService(4, 500));
    stage.notes.seen.clear();
    stage.tell(Tell::StepDown);
    assert!(stage.notes.seen.contains(&What::LeaseLost(Office::SERVICE)), "{:?}", stage.notes.seen);
}

#[test]
fn a_lease_that_is_renewed_is_held_without_a_gap() {
    let mut stage = Stage::booted();
    stage.tell(Tell::Lead(2, 500));
    stage.tell(Tell::Lead(2, 900));
    let held = stage.notes.seen.iter().filter(|what| matches!(what, What::LeaseHeld(_))).count();
    assert_eq!(held, 1, "renewing is no new lease");
    assert_eq!(stage.notes.asked_for.last(), Some(&Deadline::Mono(LocalTime(900))));
}

#[test]
fn a_change_of_reign_is_seen_as_an_end_and_a_beginning() {
    let mut stage = Stage::booted();
    stage.tell(Tell::Lead(2, 500));
    stage.notes.seen.clear();
    stage.tell(Tell::Lead(5, 500));
    let reigns: Vec<What> =
        stage.notes.seen.iter().copied().filter(|what| what.interest().meets(Interest::LEADERSHIP)).collect();
    assert_eq!(reigns, [What::Deposed(leadership(2)), What::Elected(leadership(5))]);
    stage.tell(Tell::StepDown);
    assert_eq!(stage.host.leadership(), None);
}

#[test]
fn equal_hosts_are_equal_and_a_pending_write_makes_a_difference() {
    let (mut one, mut other) = (Stage::booted(), Stage::booted());
    one.tell(Tell::Arm);
    other.tell(Tell::Arm);
    assert_eq!(one.host, other.host);
    assert_eq!(one.host, one.host.clone());
    one.tell(Tell::Write(1));
    assert_ne!(one.host, other.host, "a queue with a write is another state");
    other.tell(Tell::Write(1));
    other.persisted(1);
    assert_ne!(one.host, other.host, "and so is a disk with it");
}
