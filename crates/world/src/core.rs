//! The world without the nodes: what a node's port reaches.

use crate::discovery::Discovery;
use crate::event::{Agenda, Event};
use crate::network::{Fate, Kinds, Network};
use crate::record::{Draft, EffectRecord, Recorder};
use crate::rng::{Purpose, Stream};
use crate::setting::{Endpoint, Setting};
use crate::timers::Timers;
use interregnum_kernel::{
    Clock, Deadline, Digest, Epoch, GlobalTime, Incarnation, Interest, Jitter, Leadership, NodeId, NodeSet,
    Observation, Observer, Office, Port, Protocol, Span, TimerName, What,
};

/// How many kinds of message are counted apart.
pub const MAX_KINDS: usize = 32;

/// What `attend_at` says when it must be judged anew who is obeyed by a quorum.
pub(crate) const JUDGE: u64 = 0;
/// What it says when nothing but triggers have heard something. No event ends before the first is counted.
pub(crate) const SERVE: u64 = 1;

/// What a run counts, whatever is observed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events handled: deliveries, timers that ran out, fsyncs, clients' turns, faults.
    pub events: u64,
    /// Messages that nodes sent to each other, by kind.
    pub sent: [u64; MAX_KINDS],
    /// Messages lost by chance, by a cut, or because the receiver was down.
    pub lost: u64,
    /// Messages that the network sent on their way twice.
    pub duplicated: u64,
    /// Completed fsyncs.
    pub fsyncs: u64,
    /// Writes that were not durable, acknowledged by a lying disk or not at all, and went with a crash.
    pub lost_writes: u64,
}

impl Counters {
    /// All messages that nodes sent to each other.
    pub fn messages(&self) -> u64 {
        self.sent.iter().sum()
    }
}

/// What every turn of a node needs of its surroundings, found once per turn: its clock and its random streams.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) clock: Clock,
    pub(crate) network: Stream,
    pub(crate) disk: Stream,
    pub(crate) timers: Stream,
    pub(crate) workload: Stream,
    /// What faults draw for this node while they last: how much later a message or an fsync is, how long an input takes.
    pub(crate) harm: Stream,
}

impl Site {
    /// Draws how long a timer runs. Most run for an exact time: only that case is kept in line.
    #[inline(always)]
    fn delay(&mut self, after: Jitter) -> Span {
        if after.min == after.max { after.min } else { self.draw_delay(after) }
    }

    #[inline(never)]
    fn draw_delay(&mut self, after: Jitter) -> Span {
        self.timers.span(after.min, after.max)
    }
}

/// One node's disk, as far as time is concerned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// Writes that the fsync under way covers; zero when none is.
    pub(crate) covers: u32,
    /// The number of that fsync. One called off by a crash or a stall never matches again.
    pub(crate) operation: u32,
    /// How many faults stall it.
    pub(crate) stalls: u16,
    /// The faults that slow it down, and by how much each makes an fsync longer.
    pub(crate) slow: Vec<(u32, Jitter)>,
}

/// Everything around the nodes.
#[derive(Debug)]
pub(crate) struct Core<P: Protocol, A, O, R> {
    pub(crate) now: GlobalTime,
    pub(crate) sequence: u64,
    pub(crate) agenda: A,
    pub(crate) observer: O,
    pub(crate) interest: Interest,
    pub(crate) recorder: R,
    pub(crate) draft: Draft,
    pub(crate) digest: Digest,
    pub(crate) counters: Counters,
    pub(crate) network: Network,
    pub(crate) timers: Timers,
    pub(crate) disks: Vec<Disk>,
    pub(crate) incarnations: Vec<Incarnation>,
    pub(crate) fsync: crate::latency::Latency,
    /// A run is stopped after so many events.
    pub(crate) event_limit: u64,
    /// The count of events from which on the end of an event needs a closer look: the limit, or [`JUDGE`] or [`SERVE`].
    /// One test after every event serves all three.
    pub(crate) attend_at: u64,
    /// The nodes whose inputs go by their [mailboxes](crate::mailbox): stopped, slow, or not yet done with what waited.
    pub(crate) apart: NodeSet,
    /// What triggers listen to, and what they have heard in the event that is handled.
    pub(crate) watched: Interest,
    pub(crate) cues: Vec<(NodeId, What)>,
    /// The nodes of the coordination service: what they say of themselves is about another office.
    service: NodeSet,
    /// The last two different nodes that were elected to the contested office, the latest first.
    pub(crate) elected: [Option<NodeId>; 2],
    pub(crate) discovery: Discovery,
    pub(crate) protocol: std::marker::PhantomData<P>,
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> Core<P, A, O, R> {
    pub(crate) fn new(setting: &Setting, agenda: A, observer: O, recorder: R) -> Self {
        assert!(P::KINDS.len() <= MAX_KINDS, "a protocol has at most {MAX_KINDS} kinds of message");
        Core {
            now: GlobalTime::ZERO,
            sequence: 0,
            agenda,
            interest: observer.interest(),
            observer,
            recorder,
            draft: Draft::default(),
            digest: Digest::default(),
            counters: Counters::default(),
            network: Network::new(setting),
            timers: Timers::default(),
            disks: Vec::new(),
            incarnations: Vec::new(),
            fsync: setting.fsync.clone(),
            event_limit: u64::MAX,
            attend_at: 0,
            apart: NodeSet::EMPTY,
            watched: Interest::NONE,
            cues: Vec::new(),
            service: setting.service,
            elected: [None; 2],
            discovery: Discovery::default(),
            protocol: std::marker::PhantomData,
        }
    }

    /// Begins a run: everything as at its start, and for every node a site of its own.
    pub(crate) fn reset(&mut self, setting: &Setting, seed: u64, sites: &mut Vec<Site>) {
        let nodes = usize::from(setting.nodes);
        self.now = GlobalTime::ZERO;
        self.sequence = 0;
        self.interest = self.observer.interest();
        self.draft = Draft::default();
        self.digest = Digest::default();
        self.counters = Counters::default();
        self.network.reset();
        self.timers.reset(nodes, P::Timer::COUNT + 1);
        self.disks.clear();
        self.disks.resize(nodes, Disk::default());
        self.incarnations.clear();
        self.incarnations.resize(nodes, Incarnation::ZERO);
        sites.clear();
        for node in (0..nodes).map(NodeId::from_index) {
            let stream = |purpose| Stream::new(seed, purpose, node);
            sites.push(Site {
                network: stream(Purpose::Network),
                disk: stream(Purpose::Disk),
                timers: stream(Purpose::Timers),
                workload: stream(Purpose::Workload),
                harm: stream(Purpose::Harm),
                clock: draw_clock(setting, stream(Purpose::Clocks)),
            });
        }
        self.attend_at = self.event_limit;
        self.apart = NodeSet::EMPTY;
        self.watched = Interest::NONE;
        self.cues.clear();
        self.elected = [None; 2];
        self.discovery.reset(setting, seed);
    }

    #[inline]
    pub(crate) fn next_sequence(&mut self) -> u64 {
        let sequence = self.sequence;
        self.sequence += 1;
        sequence
    }

    #[inline]
    pub(crate) fn push(&mut self, at: GlobalTime, event: Event<P>) {
        let sequence = self.next_sequence();
        self.agenda.push(at, sequence, event);
    }

    /// Puts one handled event into the digest and the count.
    #[inline]
    pub(crate) fn account(&mut self, tag: u64, detail: u64) {
        self.counters.events += 1;
        self.digest.absorb_pair(self.now.0, detail ^ (tag << 56));
    }

    /// Hears an observation. About half of them nobody listens to: those end in line, where their kind is known.
    #[inline(always)]
    pub(crate) fn observe(&mut self, node: NodeId, what: What) {
        match what {
            What::Elected(leadership) => self.note_elected(node, leadership),
            What::Deposed(_) | What::EpochEntered(_) => self.attend_at = JUDGE,
            _ => {}
        }
        if self.watched.meets(what.interest()) {
            self.note_cue(node, what);
        }
        if R::ON || self.interest.meets(what.interest()) {
            self.tell(node, what);
        }
    }

    #[cold]
    fn note_cue(&mut self, node: NodeId, what: What) {
        self.attend_at = self.attend_at.min(SERVE);
        self.cues.push((node, what));
    }

    #[cold]
    fn note_elected(&mut self, node: NodeId, leadership: Leadership) {
        self.attend_at = JUDGE;
        if leadership.office != Office::CONTESTED {
            return;
        }
        if self.elected[0] != Some(node) {
            self.elected = [Some(node), self.elected[0]];
        }
        if let Some((at, election)) = self.discovery.elected(self.now, node, leadership) {
            self.push(at, Event::Discover { node, election });
        }
    }

    #[inline(never)]
    fn tell(&mut self, node: NodeId, what: What) {
        let incarnation = self.incarnations[node.index()];
        let office = if self.service.contains(node) { Office::SERVICE } else { Office::CONTESTED };
        let observation = Observation { at: self.now, node, incarnation, office, what };
        if R::ON {
            self.draft.observed.push(observation);
            if !self.interest.meets(what.interest()) {
                return;
            }
        }
        self.observer.observe(&observation);
    }

    /// Starts an fsync, or leaves it waiting where the disk is stalled.
    pub(crate) fn start_fsync(&mut self, site: &mut Site, node: NodeId, writes: u32) {
        let disk = &mut self.disks[node.index()];
        disk.covers = writes;
        disk.operation += 1;
        if disk.stalls > 0 {
            return;
        }
        let operation = disk.operation;
        // What it takes by itself comes from a stream of its own, so that it is the same with and without faults.
        let took = self.fsync.sample(&mut site.disk);
        let harm = &mut site.harm;
        let took = disk.slow.iter().fold(took, |sum, (_, by)| sum + harm.span(by.min, by.max));
        self.push(self.now + took, Event::Fsync { node, operation });
    }

    /// Sends a message; the queue's events carry it.
    #[inline(always)]
    fn transmit(&mut self, site: &mut Site, from: NodeId, to: NodeId, message: P::Message) {
        self.counters.sent[usize::from(P::kind(&message).0) & (MAX_KINDS - 1)] += 1;
        if self.agenda.carries_messages() {
            if R::ON {
                self.note_send(to, &message, "carried", vec![]);
            }
            return self.push(self.now, Event::Deliver { to, from, message });
        }
        if !R::ON {
            let stream = &mut site.network;
            let plainly =
                self.network.send_plainly(Endpoint::from(from), Endpoint::from(to), self.now, stream);
            if let Some(at) = plainly {
                return self.push(at, Event::Deliver { to, from, message });
            }
        }
        self.transmit_by_fate(site, from, to, message);
    }

    /// The whole story, out of line: on most links a message is delayed and nothing else.
    #[inline(never)]
    fn transmit_by_fate(&mut self, site: &mut Site, from: NodeId, to: NodeId, message: P::Message) {
        let way = [Endpoint::from(from), Endpoint::from(to)];
        let fate = self.network.carry(way, self.now, Kinds::only(P::kind(&message)), site);
        if R::ON {
            let (word, arrivals) = self.told(fate);
            self.note_send(to, &message, word, arrivals);
        }
        match fate {
            Fate::Arrives(at) => self.push(at, Event::Deliver { to, from, message }),
            Fate::Twice(at, copy) => {
                self.counters.duplicated += 1;
                self.push(at, Event::Deliver { to, from, message: message.clone() });
                self.push(copy, Event::Deliver { to, from, message });
            }
            Fate::Lost | Fate::Cut => self.counters.lost += 1,
        }
    }

    /// A fate in a word, and the numbers and times of its arrivals.
    fn told(&self, fate: Fate) -> (&'static str, Vec<(u64, GlobalTime)>) {
        match fate {
            Fate::Arrives(at) => ("arrives", vec![(self.sequence, at)]),
            Fate::Twice(at, copy) => ("twice", vec![(self.sequence, at), (self.sequence + 1, copy)]),
            Fate::Lost => ("lost", vec![]),
            Fate::Cut => ("cut", vec![]),
        }
    }

    #[cold]
    fn note_send(
        &mut self,
        to: NodeId,
        message: &P::Message,
        fate: &'static str,
        arrivals: Vec<(u64, GlobalTime)>,
    ) {
        let kind = P::KINDS[usize::from(P::kind(message).0)];
        let message = format!("{message:?}");
        self.draft.effects.push(EffectRecord::Send { to, kind, message, fate, arrivals });
    }

    /// Sets a timer by its number; the last number is the lease's. Most are put off before they run out: only that case
    /// is kept in line.
    #[inline(always)]
    pub(crate) fn set_timer(&mut self, node: NodeId, slot: usize, due: GlobalTime) {
        let sequence = self.next_sequence();
        if self.timers.set(node, slot, due, sequence) {
            self.push_timer(node, slot, due, sequence);
        }
    }

    /// Puts a timer's entry on the agenda, under the number that the timer was set with.
    #[inline(never)]
    pub(crate) fn push_timer(&mut self, node: NodeId, slot: usize, due: GlobalTime, sequence: u64) {
        self.agenda.push(due, sequence, Event::Timer { node, slot: slot as u8 });
    }
}

fn draw_clock(setting: &Setting, mut stream: Stream) -> Clock {
    let clocks = &setting.clocks;
    let drift = stream.between(i64::from(clocks.drift_ppm.0), i64::from(clocks.drift_ppm.1));
    let offset = stream.between(clocks.offset.0, clocks.offset.1);
    // The range is made of 32-bit numbers, so the draw is one too.
    Clock::new(drift as i32, offset)
}

/// One node's way to the world.
pub(crate) struct NodePort<'a, P: Protocol, A, O, R> {
    pub(crate) core: &'a mut Core<P, A, O, R>,
    pub(crate) site: &'a mut Site,
    pub(crate) node: NodeId,
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> Port<P> for NodePort<'_, P, A, O, R> {
    #[inline(always)]
    fn transmit(&mut self, to: NodeId, message: P::Message) {
        self.core.transmit(self.site, self.node, to, message);
    }

    #[inline(always)]
    fn arm(&mut self, timer: P::Timer, after: Jitter) {
        let core = &mut *self.core;
        let delay = self.site.delay(after);
        let due = self.site.clock.when_mono_has_gained(delay, core.now);
        core.set_timer(self.node, timer.index(), due);
        if R::ON {
            core.draft.effects.push(EffectRecord::SetTimer { timer: format!("{timer:?}"), due_ns: due });
        }
    }

    #[inline]
    fn disarm(&mut self, timer: P::Timer) {
        self.core.timers.unset(self.node, timer.index());
        if R::ON {
            self.core.draft.effects.push(EffectRecord::CancelTimer { timer: format!("{timer:?}") });
        }
    }

    fn start_write(&mut self, writes: u32) {
        self.core.start_fsync(self.site, self.node, writes);
        if R::ON {
            self.core.draft.effects.push(EffectRecord::StartFsync { writes });
        }
    }

    fn ask_again_at(&mut self, deadline: Deadline) {
        let clock = &self.site.clock;
        let due = match deadline {
            Deadline::Mono(at) => clock.when_mono_shows(at),
            Deadline::Wall(at) => clock.when_wall_shows(at),
        };
        let due = due.max(self.core.now);
        self.core.set_timer(self.node, P::Timer::COUNT, due);
    }

    fn interest(&self) -> Interest {
        if R::ON { Interest::ALL } else { self.core.interest }
    }

    #[inline(always)]
    fn observe(&mut self, what: What) {
        self.core.observe(self.node, what);
    }
}

/// The epoch below which a node obeys a leader: a node in a higher epoch refuses it.
pub(crate) fn obeys(node_epoch: Option<Epoch>, leader_epoch: Epoch) -> bool {
    node_epoch.is_some_and(|epoch| epoch <= leader_epoch)
}
