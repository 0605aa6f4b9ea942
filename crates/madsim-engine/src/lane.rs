//! The world's events as tasks of madsim's, and its nodes as nodes of madsim's.

use crate::engine::sleep_until;
use crate::links::Links;
use crate::{Net, Portable, post};
use interregnum_kernel::{GlobalTime, NodeId, Observer, Protocol};
use interregnum_sim::{Outcome, Stop};
use interregnum_world::{Agenda, Endpoint, Event, Recorder, Setting, World};
use madsim::runtime::Handle;
use madsim::task;
use madsim::time::{Duration, Instant, TimeHandle};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// An event, and when and under which number it is due.
pub(crate) struct Arrival<P: Protocol> {
    pub(crate) due: GlobalTime,
    pub(crate) sequence: u64,
    pub(crate) event: Event<P>,
}

/// The world's agenda: hands every event to the surroundings, which wait for its time. Messages
/// it may have travel by madsim's network, and not by the world's.
pub(crate) struct Carrier<P: Protocol> {
    surroundings: UnboundedSender<Arrival<P>>,
    net: Net,
}

impl<P: Protocol> Agenda<P> for Carrier<P> {
    const STARTS_PROCESSES: bool = true;

    fn carries_messages(&self) -> bool {
        self.net == Net::Madsim
    }

    fn push(&mut self, due: GlobalTime, sequence: u64, event: Event<P>) {
        // Nobody listens any more once the run is over.
        let _ = self.surroundings.send(Arrival { due, sequence, event });
    }
}

/// What madsim has last been told of a node's process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Life {
    runs: bool,
    stopped: bool,
}

/// What has arrived for a node's process and was not heard, and what it has sent and madsim's network does not have yet.
struct Inbox<P: Protocol> {
    sender: UnboundedSender<Arrival<P>>,
    post: UnboundedSender<Arrival<P>>,
    /// The other ends, for the tasks of its next life until that has begun.
    receivers: Option<[UnboundedReceiver<Arrival<P>>; 2]>,
}

impl<P: Protocol> Inbox<P> {
    fn open() -> Self {
        let (sender, receiver) = unbounded_channel();
        let (post, posted) = unbounded_channel();
        Inbox { sender, post, receivers: Some([receiver, posted]) }
    }
    /// That of a process that has not been started.
    fn closed() -> Self {
        Inbox { receivers: None, ..Inbox::open() }
    }
}

/// What all tasks of a run share. One of them runs at a time.
struct State<P: Protocol, O, R> {
    world: World<P, Carrier<P>, O, R>,
    inboxes: Vec<Inbox<P>>,
    lives: Vec<Life>,
    links: Links,
    /// Nothing is handled any more.
    over: bool,
}

impl<P: Protocol, O: Observer, R: Recorder> State<P, O, R> {
    /// Whether the node's process takes an event now: it runs, and what comes for it does not have to wait. A turn is what
    /// has waited.
    fn takes(&self, node: NodeId, event: &Event<P>) -> bool {
        let waits = match event {
            Event::Turn { .. } => self.world.is_stopped(node),
            _ => self.world.is_apart(node),
        };
        self.world.hosts()[node.index()].is_up() && !waits
    }
}

pub(crate) struct Shared<P: Protocol, O, R> {
    state: Mutex<Option<State<P, O, R>>>,
    /// When the run began.
    epoch: Instant,
    stop: UnboundedSender<Stop>,
    net: Net,
    nodes: Mutex<Vec<task::NodeId>>,
}

/// A run on madsim.
pub(crate) struct Lane<P: Protocol, O, R> {
    shared: Arc<Shared<P, O, R>>,
    stopped: UnboundedReceiver<Stop>,
    surroundings: task::NodeId,
}

impl<P, O, R> Lane<P, O, R>
where
    P: Portable,
    O: Observer + Send + 'static,
    R: Recorder + Send + 'static,
{
    /// Begins the run of a seed, in a runtime whose clock shows `epoch`.
    pub(crate) fn start(
        protocol: P,
        setting: Arc<Setting>,
        (observer, recorder): (O, R),
        (event_limit, net): (u64, Net),
        seed: u64,
    ) -> Self {
        let (carrier, carried) = unbounded_channel();
        let (stop, stopped) = unbounded_channel();
        let nodes = setting.nodes;
        let mut world =
            World::new(protocol, setting, Carrier { surroundings: carrier, net }, observer, recorder);
        world.set_event_limit(event_limit);
        world.start(seed);
        let state = State {
            world,
            inboxes: (0..nodes).map(|_| Inbox::closed()).collect(),
            lives: vec![Life::default(); usize::from(nodes)],
            links: Links::open(nodes),
            over: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(Some(state)),
            epoch: TimeHandle::current().now_instant(),
            stop,
            net,
            nodes: Mutex::new(Vec::new()),
        });
        let handle = Handle::current();
        for node in (0..usize::from(nodes)).map(NodeId::from_index) {
            let of_node = Arc::clone(&shared);
            let builder = handle.create_node().name(node.to_string()).ip(post::address(node).ip());
            let process = builder.init(move || Arc::clone(&of_node).process(node)).build();
            locked(&shared.nodes).push(process.id());
        }
        let surroundings = handle.create_node().name("surroundings").build();
        surroundings.spawn(Arc::clone(&shared).carry(carried));
        Lane { shared, stopped, surroundings: surroundings.id() }
    }

    /// Lets the run go on to its horizon or its last event.
    pub(crate) async fn until(&mut self, horizon: GlobalTime) -> Stop {
        let shared = Arc::clone(&self.shared);
        task::spawn(async move {
            sleep_until(shared.instant(horizon)).await;
            let _ = shared.stop.send(Stop::Horizon);
        });
        self.stopped.recv().await.unwrap_or(Stop::Horizon)
    }

    /// Ends the run, and gives back what has listened. A task that lives when its runtime is dropped is never freed.
    pub(crate) async fn finish(self, stop: Stop, horizon: GlobalTime) -> (Outcome, (O, R)) {
        let handle = Handle::current();
        locked(&self.shared.nodes).iter().chain([&self.surroundings]).for_each(|node| handle.kill(*node));
        let state = locked(&self.shared.state).take();
        madsim::time::sleep(Duration::from_millis(1)).await;
        let Some(State { mut world, .. }) = state else { unreachable!("a run is finished once") };
        let ended = if stop == Stop::Horizon { horizon } else { world.now() };
        world.finish(ended);
        let outcome = Outcome {
            digest: world.digest(),
            counters: world.counters().clone(),
            ended,
            stop,
            missed_faults: world.missed_faults(),
        };
        (outcome, world.into_listeners())
    }
}

impl<P, O, R> Shared<P, O, R>
where
    P: Portable,
    O: Observer + Send + 'static,
    R: Recorder + Send + 'static,
{
    fn instant(&self, at: GlobalTime) -> Instant {
        self.epoch + Duration::from_nanos(at.0)
    }

    fn now(&self) -> GlobalTime {
        GlobalTime(TimeHandle::current().now_instant().duration_since(self.epoch).as_nanos() as u64)
    }

    /// The surroundings: a task for everything that will happen.
    async fn carry(self: Arc<Self>, mut carried: UnboundedReceiver<Arrival<P>>) {
        while let Some(arrival) = carried.recv().await {
            let arrival = match arrival.event {
                Event::Deliver { from, .. } if self.net == Net::Madsim => {
                    self.post(from, arrival);
                    continue;
                }
                _ => arrival,
            };
            let shared = Arc::clone(&self);
            task::spawn(async move {
                sleep_until(shared.instant(arrival.due)).await;
                shared.come(arrival);
            });
        }
    }

    /// An event's time has come. What a process is to hear its own task takes, unless the process is down, or what comes for
    /// it has to wait; then it is the world's business.
    fn come(&self, arrival: Arrival<P>) {
        let mut locked = locked(&self.state);
        let Some(state) = locked.as_mut().filter(|state| !state.over) else { return };
        match (arrival.event.process(), &arrival.event) {
            // Two faults that end at one instant may both have had it started.
            (Some(node), Event::Boot { .. }) if state.world.hosts()[node.index()].is_up() => {}
            (Some(node), Event::Boot { .. }) => {
                let inbox = &mut state.inboxes[node.index()];
                *inbox = Inbox::open();
                let _ = inbox.sender.send(arrival);
                drop(locked);
                Handle::current().restart(self.process_of(node));
            }
            (Some(node), event) if state.takes(node, event) => {
                let _ = state.inboxes[node.index()].sender.send(arrival);
            }
            _ => {
                drop(locked);
                self.handle(arrival);
            }
        }
    }

    /// A process: works off what it hears, one thing after the other, until it is killed.
    async fn process(self: Arc<Self>, node: NodeId) {
        let receivers =
            locked(&self.state).as_mut().and_then(|state| state.inboxes[node.index()].receivers.take());
        let Some([mut receiver, posted]) = receivers else { return };
        if self.net == Net::Madsim && post::open(&self, node, posted).await.is_err() {
            return;
        }
        while let Some(arrival) = receiver.recv().await {
            self.handle(arrival);
        }
    }

    /// Hands an event to the world, and tells madsim what has become of the processes.
    fn handle(&self, arrival: Arrival<P>) {
        let Arrival { due, sequence, event } = arrival;
        let mut locked = locked(&self.state);
        let Some(state) = locked.as_mut().filter(|state| !state.over) else { return };
        if !state.world.handle_late(self.now(), due, sequence, event) {
            state.over = true;
            let _ = self.stop.send(Stop::EventLimit);
        }
        let links = if self.net == Net::Madsim { state.links.changes(&state.world) } else { Vec::new() };
        let mut changes = Vec::new();
        for index in 0..state.lives.len() {
            let node = NodeId::from_index(index);
            let is = Life { runs: state.world.hosts()[index].is_up(), stopped: state.world.is_stopped(node) };
            let was = std::mem::replace(&mut state.lives[index], is);
            if was != is {
                changes.push((node, was, is));
            }
        }
        drop(locked);
        changes.into_iter().for_each(|(node, was, is)| self.tell(node, was, is));
        let process_of = |endpoint: Endpoint| self.process_of(NodeId(endpoint.0));
        links.into_iter().for_each(|link| link.carry_out(process_of(link.from), process_of(link.to)));
    }

    fn tell(&self, node: NodeId, was: Life, is: Life) {
        let (handle, process) = (Handle::current(), self.process_of(node));
        if was.runs && !is.runs {
            return handle.kill(process);
        }
        match (was.stopped, is.stopped) {
            (false, true) => handle.pause(process),
            (true, false) => handle.resume(process),
            _ => {}
        }
    }

    /// Gives a message to its sender's process to send, or forgets it with that.
    fn post(&self, from: NodeId, arrival: Arrival<P>) {
        if let Some(state) = locked(&self.state).as_mut() {
            let _ = state.inboxes[from.index()].post.send(arrival);
        }
    }

    /// A message has come by madsim's network.
    pub(crate) fn receive(&self, to: NodeId, from: NodeId, sequence: u64, message: P::Message) {
        self.handle(Arrival { due: self.now(), sequence, event: Event::Deliver { to, from, message } });
    }

    fn process_of(&self, node: NodeId) -> task::NodeId {
        locked(&self.nodes)[node.index()]
    }
}

/// A panic in a run is that run's end: whoever comes after it sees what it left.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
