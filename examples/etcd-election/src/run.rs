//! One run: instances of the application, etcd and the store as nodes of madsim's, and the world that disturbs and judges them.

use crate::app::{self, Options};
use crate::log::Reader;
use crate::mirror::{Mirror, Said};
use crate::store;
use etcd_client::SimServer;
use interregnum_kernel::{
    Epoch, FencingToken, GlobalTime, Incarnation, Leadership, NodeId, Observer, Office, TraceDigest, Write,
};
use interregnum_madsim_engine::{Links, sleep_until};
use interregnum_world::{Agenda, Endpoint, Event, NoRecorder, Setting, World};
use madsim::rand::{Rng as _, thread_rng};
use madsim::runtime::{Handle, Runtime};
use madsim::task;
use madsim::time::{Duration, Instant, TimeHandle, sleep};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The port of etcd, and of the store.
const PORT: u16 = 2379;

/// A run is told what it is of.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) setting: Arc<Setting>,
    pub(crate) config: madsim::Config,
    pub(crate) application: Options,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) digest: TraceDigest,
    pub(crate) missed_faults: u32,
}

/// Something of the world's that is due at a time.
struct Arrival {
    due: GlobalTime,
    sequence: u64,
    event: Event<Mirror>,
}

/// The world's agenda: the surroundings wait for everything on it.
struct Carrier(UnboundedSender<Arrival>);

impl Agenda<Mirror> for Carrier {
    /// The instances' messages travel by madsim's network.
    fn carries_messages(&self) -> bool {
        true
    }
    fn push(&mut self, due: GlobalTime, sequence: u64, event: Event<Mirror>) {
        // Nobody listens any more once the run is over.
        let _ = self.0.send(Arrival { due, sequence, event });
    }
}

/// What madsim has last been told of a node's process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Life {
    runs: bool,
    incarnation: Incarnation,
    stopped: bool,
}

struct State<O> {
    world: World<Mirror, Carrier, O, NoRecorder>,
    lives: Vec<Life>,
    links: Links,
    /// The last reign that each instance has told of, and every reign by its token.
    last_reign: BTreeMap<NodeId, u64>,
    reigns: BTreeMap<(NodeId, u64), Incarnation>,
    writes: u64,
}

/// What all tasks of a run share. One of them runs at a time.
pub(crate) struct Shared<O> {
    state: Mutex<Option<State<O>>>,
    machines: Mutex<Vec<task::NodeId>>,
    epoch: Mutex<Option<Instant>>,
    nodes: u8,
}

/// Runs a seed on a thread of its own, and gives back who has listened; or what it panicked with.
pub(crate) fn run<O>(plan: &Plan, listeners: O, seed: u64) -> Result<(Outcome, O), String>
where
    O: Observer + Send + 'static,
{
    let plan = plan.clone();
    let whole_run = move || {
        let nodes = plan.setting.nodes;
        let shared = Arc::new(Shared {
            state: Mutex::new(None),
            machines: Mutex::new(Vec::new()),
            epoch: Mutex::new(None),
            nodes,
        });
        let told = Arc::clone(&shared);
        let reader = Reader::new(move |name, said| told.hear(name, said));
        let runtime = Runtime::with_seed_and_config(seed, plan.config.clone());
        tracing::subscriber::with_default(reader, || runtime.block_on(shared.run(plan, listeners, seed)))
    };
    std::thread::spawn(whole_run).join().map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("a panic without words").to_owned()
    })
}

/// Where a node of the world is.
fn address(endpoint: Endpoint) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(10, 0, 0, endpoint.0 + 1), PORT))
}

/// Builds a machine, and starts its process.
fn build<F>(endpoint: Endpoint, name: &str, process: impl Fn() -> F + Send + Sync + 'static) -> task::NodeId
where
    F: Future<Output = ()> + 'static,
{
    let handle = Handle::current();
    handle.create_node().name(name).ip(address(endpoint).ip()).init(process).build().id()
}

impl<O: Observer + Send + 'static> Shared<O> {
    async fn run(self: Arc<Self>, plan: Plan, listeners: O, seed: u64) -> (Outcome, O) {
        let (carrier, carried) = unbounded_channel();
        let setting = Arc::clone(&plan.setting);
        let server = NodeId(self.nodes - 1);
        let etcd = build(server.into(), "etcd", move || async move {
            let _ = SimServer::builder().serve(address(server.into())).await;
        });
        // etcd has run for a while: how far it is in counting seconds has nothing to do with the run's beginning.
        sleep(Duration::from_nanos(thread_rng().gen_range(2_000_000..1_002_000_000))).await;
        *locked(&self.epoch) = Some(TimeHandle::current().now_instant());
        let mut world =
            World::new(Mirror::new(server), Arc::clone(&setting), Carrier(carrier), listeners, NoRecorder);
        world.start(seed);
        let lives = world.hosts().iter().map(|host| Life { runs: host.is_up(), ..Life::default() }).collect();
        *locked(&self.state) = Some(State {
            world,
            lives,
            links: Links::open(self.nodes + 1),
            last_reign: BTreeMap::new(),
            reigns: BTreeMap::new(),
            writes: 0,
        });
        self.build_others(&plan.application, etcd);
        let surroundings = Handle::current().create_node().name("surroundings").build();
        surroundings.spawn(Arc::clone(&self).carry(carried));
        let horizon = GlobalTime::ZERO + setting.horizon;
        sleep_until(self.instant(horizon)).await;
        self.finish(surroundings.id(), horizon).await
    }

    /// Builds the machines of the instances, and of the store.
    fn build_others(self: &Arc<Self>, application: &Options, etcd: task::NodeId) {
        let [server, store] = [Endpoint(self.nodes - 1), Endpoint::resource(self.nodes)];
        let shared = Arc::clone(self);
        let keeps = build(store, "store", move || store::serve(address(store), Arc::clone(&shared)));
        for node in (0..self.nodes - 1).map(NodeId) {
            let shared = Arc::clone(self);
            let options = Options {
                name: node.to_string(),
                etcd: address(server).to_string(),
                store: address(store).to_string(),
                ..application.clone()
            };
            let instance = build(node.into(), &node.to_string(), move || {
                let (runs, options) = (shared.runs(node), options.clone());
                async move {
                    if runs {
                        app::contender(options).await;
                    }
                }
            });
            locked(&self.machines).push(instance);
        }
        locked(&self.machines).extend([etcd, keeps]);
    }

    /// The surroundings: a task for everything that will happen.
    async fn carry(self: Arc<Self>, mut carried: UnboundedReceiver<Arrival>) {
        while let Some(Arrival { due, sequence, event }) = carried.recv().await {
            let shared = Arc::clone(&self);
            task::spawn(async move {
                sleep_until(shared.instant(due)).await;
                shared.handle(due, sequence, event);
            });
        }
    }

    /// Hands an event to the world, and does to madsim's nodes and links what the world has done to its own.
    fn handle(&self, due: GlobalTime, sequence: u64, event: Event<Mirror>) {
        let mut locked_state = locked(&self.state);
        let Some(state) = locked_state.as_mut() else { return };
        state.world.handle_late(self.now(), due, sequence, event);
        let links = state.links.changes(&state.world);
        let mut changes = Vec::new();
        for (host, last) in state.world.hosts().iter().zip(&mut state.lives) {
            let (runs, incarnation) = (host.is_up(), host.incarnation());
            let is = Life { runs, incarnation, stopped: state.world.is_stopped(host.node()) };
            let was = std::mem::replace(last, is);
            if was != is {
                changes.push((host.node(), was, is));
            }
        }
        drop(locked_state);
        for (node, was, is) in changes {
            change(self.machine(node.into()), was, is);
        }
        for link in links {
            link.carry_out(self.machine(link.from), self.machine(link.to));
        }
    }

    /// An instance has written a line to its log.
    fn hear(&self, name: &str, said: Said) {
        let Some(node) = self.instance(name) else { return };
        let now = self.now();
        let mut locked = locked(&self.state);
        let Some(state) = locked.as_mut() else { return };
        if let Said::Leads(token) = said {
            state.last_reign.insert(node, token);
            let incarnation = state.world.hosts()[node.index()].incarnation();
            state.reigns.insert((node, token), incarnation);
        }
        state.world.handle_late(now, now, 0, Event::Deliver { to: node, from: node, message: said });
    }

    async fn finish(&self, surroundings: task::NodeId, horizon: GlobalTime) -> (Outcome, O) {
        let handle = Handle::current();
        let state = locked(&self.state).take();
        // A task that lives when its runtime is dropped is never freed.
        locked(&self.machines).iter().chain([&surroundings]).for_each(|machine| handle.kill(*machine));
        sleep(Duration::from_millis(1)).await;
        let Some(State { mut world, .. }) = state else { unreachable!("a run is finished once") };
        world.finish(horizon);
        let outcome = Outcome { digest: world.digest(), missed_faults: world.missed_faults() };
        (outcome, world.into_listeners().0)
    }

    fn runs(&self, node: NodeId) -> bool {
        locked(&self.state).as_ref().is_some_and(|state| state.world.hosts()[node.index()].is_up())
    }

    fn machine(&self, endpoint: Endpoint) -> task::NodeId {
        locked(&self.machines)[usize::from(endpoint.0)]
    }

    fn instance(&self, name: &str) -> Option<NodeId> {
        (0..self.nodes - 1).map(NodeId).find(|node| node.to_string() == name)
    }

    fn instant(&self, at: GlobalTime) -> Instant {
        self.began() + Duration::from_nanos(at.0)
    }

    fn now(&self) -> GlobalTime {
        GlobalTime(TimeHandle::current().now_instant().duration_since(self.began()).as_nanos() as u64)
    }

    fn began(&self) -> Instant {
        let epoch = *locked(&self.epoch);
        epoch.unwrap_or_else(|| TimeHandle::current().now_instant())
    }
}

impl<O: Observer + Send + 'static> store::Judge for Shared<O> {
    fn offer(&self, name: &str, token: Option<u64>) -> bool {
        let Some(writer) = self.instance(name) else { return false };
        let now = self.now();
        let mut locked = locked(&self.state);
        let Some(state) = locked.as_mut() else { return false };
        // A write without a token is one of the writer's last reign.
        let Some(reign) = token.or_else(|| state.last_reign.get(&writer).copied()) else { return false };
        let Some(incarnation) = state.reigns.get(&(writer, reign)).copied() else { return false };
        let token = token.map(FencingToken);
        let leadership = Leadership { office: Office::CONTESTED, epoch: Epoch(reign), token };
        let write = Write { writer, incarnation, leadership, number: state.writes };
        state.writes += 1;
        state.world.offer_write(now, write)
    }
}

/// Does to a machine what the world has done to its node.
fn change(machine: task::NodeId, was: Life, is: Life) {
    let handle = Handle::current();
    match (was.runs, is.runs) {
        (true, false) => return handle.kill(machine),
        (false, true) => handle.restart(machine),
        _ => {}
    }
    match (was.stopped && was.runs, is.stopped) {
        (false, true) => handle.pause(machine),
        (true, false) => handle.resume(machine),
        _ => {}
    }
}

/// A panic in a run is that run's end: whoever comes after it sees what it left.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
