//! The world's events as tasks of madsim's, and its nodes as nodes of madsim's.

use crate::engine::sleep_until;
use crate::links::Links;
use crate::{Net, Portable, post};
use interregnum_kernel::{GlobalTime, Incarnation, NodeId, Observer, Protocol};
use interregnum_sim::{Outcome, Stop};
use interregnum_world::{Agenda, Event, Recorder, Setting, World};
use madsim::net::Endpoint;
use madsim::runtime::{Handle, NodeHandle};
use madsim::task;
use madsim::time::{Duration, Instant, TimeHandle};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How many tasks a runtime remembers at most, beside those that it has: some 150 bytes for each.
const TASKS_REMEMBERED: u64 = 1 << 16;

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

/// What has arrived for a node's process and was not heard.
struct Inbox<P: Protocol> {
    sender: UnboundedSender<Arrival<P>>,
    /// The other end, for the task of its next life until that has begun.
    receiver: Option<UnboundedReceiver<Arrival<P>>>,
    /// Where its messages leave from, if they travel by madsim's network.
    endpoint: Option<Endpoint>,
}

impl<P: Protocol> Inbox<P> {
    fn open() -> Self {
        let (sender, receiver) = unbounded_channel();
        Inbox { sender, receiver: Some(receiver), endpoint: None }
    }
    /// That of a process that has not been started.
    fn closed() -> Self {
        Inbox { receiver: None, ..Inbox::open() }
    }
}

/// What all tasks of a run share. One of them runs at a time.
struct State<P: Protocol, O, R> {
    world: World<P, Carrier<P>, O, R>,
    inboxes: Vec<Inbox<P>>,
    lives: Vec<Life>,
    links: Links,
    /// Faults that are to come or to end, by when and under which number. Those of one instant come in their order: it is the
    /// plan's, and not for an executor to choose.
    plan: BTreeMap<(GlobalTime, u64), Event<P>>,
    /// Nothing is handled any more.
    over: bool,
}

impl<P: Protocol, O: Observer, R: Recorder> State<P, O, R> {
    /// Whether the node is down, and is to be started as this incarnation.
    fn awaits(&self, node: NodeId, incarnation: Incarnation) -> bool {
        let host = &self.world.hosts()[node.index()];
        !host.is_up() && host.incarnation() == incarnation
    }

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
    /// When it ends.
    horizon: GlobalTime,
    stop: UnboundedSender<Stop>,
    net: Net,
    nodes: Mutex<Vec<task::NodeId>>,
}

/// A run on madsim.
pub(crate) struct Lane<P: Protocol, O, R> {
    shared: Arc<Shared<P, O, R>>,
    stopped: UnboundedReceiver<Stop>,
    surroundings: NodeHandle,
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
        let (nodes, horizon) = (setting.nodes, GlobalTime::ZERO + setting.horizon);
        let mut world =
            World::new(protocol, setting, Carrier { surroundings: carrier, net }, observer, recorder);
        world.set_event_limit(event_limit);
        world.start(seed);
        let state = State {
            world,
            inboxes: (0..nodes).map(|_| Inbox::closed()).collect(),
            lives: vec![Life::default(); usize::from(nodes)],
            links: Links::open(nodes),
            plan: BTreeMap::new(),
            over: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(Some(state)),
            epoch: TimeHandle::current().now_instant(),
            horizon,
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
        Lane { shared, stopped, surroundings }
    }

    /// Lets the run go on to its horizon or its last event.
    pub(crate) async fn until_end(&mut self) -> Stop {
        let shared = Arc::clone(&self.shared);
        self.surroundings.spawn(async move {
            sleep_until(shared.instant(shared.horizon)).await;
            let _ = shared.stop.send(Stop::Horizon);
        });
        self.stopped.recv().await.unwrap_or(Stop::Horizon)
    }

    /// Ends the run, and gives back what has listened. A task that lives when its runtime is dropped is never freed.
    pub(crate) async fn finish(self, stop: Stop) -> (Outcome, (O, R)) {
        let (handle, horizon) = (Handle::current(), self.shared.horizon);
        let surroundings = self.surroundings.id();
        locked(&self.shared.nodes).iter().chain([&surroundings]).for_each(|node| handle.kill(*node));
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
        let mut count: u64 = 0;
        while let Some(arrival) = carried.recv().await {
            count += 1;
            if count.is_multiple_of(TASKS_REMEMBERED) {
                // Whoever counts the tasks of a runtime has it forget those that are over, and nothing else does.
                let _ = Handle::current().metrics().num_tasks();
            }
            let shared = Arc::clone(&self);
            match arrival {
                Arrival { event: Event::Deliver { from, .. }, .. } if self.net == Net::Madsim => {
                    self.post(from, arrival);
                }
                Arrival {
                    due,
                    sequence,
                    event: event @ (Event::Inject { .. } | Event::Lift { .. } | Event::Heal),
                } => {
                    locked(&self.state).as_mut().and_then(|state| state.plan.insert((due, sequence), event));
                    task::spawn(async move {
                        sleep_until(shared.instant(due)).await;
                        shared.next_of_plan();
                    });
                }
                arrival => {
                    task::spawn(async move {
                        sleep_until(shared.instant(arrival.due)).await;
                        shared.come(arrival);
                    });
                }
            }
        }
    }

    /// The time of one of the faults has come: of the first that has not, then.
    fn next_of_plan(&self) {
        let next = locked(&self.state).as_mut().and_then(|state| state.plan.pop_first());
        let Some(((due, sequence), event)) = next else { return };
        self.handle(Arrival { due, sequence, event });
    }

    /// An event's time has come. What a process is to hear its own task takes, unless the process is down, or what comes for
    /// it has to wait; then it is the world's business.
    fn come(&self, arrival: Arrival<P>) {
        let mut locked = locked(&self.state);
        let Some(state) = locked.as_mut().filter(|state| !state.over) else { return };
        match (arrival.event.process(), &arrival.event) {
            // Two faults that end at one instant may both have had it started, and a third may have hit it since.
            (Some(node), Event::Boot { incarnation, .. }) if !state.awaits(node, *incarnation) => {}
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
        let receiver =
            locked(&self.state).as_mut().and_then(|state| state.inboxes[node.index()].receiver.take());
        let Some(mut receiver) = receiver else { return };
        if self.net == Net::Madsim {
            let endpoint = post::open(&self, node).await;
            locked(&self.state).iter_mut().for_each(|state| {
                state.inboxes[node.index()].endpoint = Some(endpoint.clone());
            });
        }
        while let Some(arrival) = receiver.recv().await {
            self.handle(arrival);
        }
    }

    /// Hands an event to the world, and tells madsim what has become of the processes.
    fn handle(&self, arrival: Arrival<P>) {
        let (Arrival { due, sequence, event }, now) = (arrival, self.now());
        let mut locked = locked(&self.state);
        // Of what is due at the horizon some may have its turn only then.
        let Some(state) = locked.as_mut().filter(|state| !state.over && now <= self.horizon) else { return };
        if !state.world.handle_late(now, due, sequence, event) {
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
        let process_of = |endpoint: interregnum_world::Endpoint| self.process_of(NodeId(endpoint.0));
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

    /// Sends a message from its sender's endpoint. It is on its way then, whatever becomes of the sender.
    fn post(&self, from: NodeId, arrival: Arrival<P>) {
        let endpoint =
            locked(&self.state).as_ref().and_then(|state| state.inboxes[from.index()].endpoint.clone());
        if let Some(endpoint) = endpoint {
            task::spawn(post::send(endpoint, arrival));
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
