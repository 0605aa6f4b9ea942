//! What every recipe bears, in a small world of its own: one contender and one service node, a message takes a millisecond and
//! so does an fsync, and the operator orders the contender to resign twice. The first operations of each kind that the
//! contender asks for are done to it once more, or their answers lost; and it leads as often as it does undisturbed.

use super::message::{Answer, Ask, Message, Reply, Request};
use super::service::Operation;
use super::{By, Lease, Recipe, Timer};
use crate::Algorithm;
use interregnum_kernel::{
    Deadline, Effects, Host, Interest, Jitter, LocalTime, NodeId, Now, Office, Order, Parameters, Port, Span,
    TimerName, WallTime, What,
};
use std::collections::BTreeMap;
use std::mem::discriminant;

const MILLI: u64 = 1_000_000;
const END: u64 = 14_000 * MILLI;
const ORDERS: [u64; 2] = [4_000 * MILLI, 8_000 * MILLI];
const CONTENDER: NodeId = NodeId(0);
const SERVICE: NodeId = NodeId(1);

/// What is due at a time.
#[derive(Debug)]
enum Due {
    Arrival { to: NodeId, from: NodeId, message: Message },
    Timeout(NodeId, Timer),
    Written(NodeId, u32),
    Question(NodeId),
    Resignation,
}

/// What is done to an operation: the so-manieth that the contender asks for.
#[derive(Clone, Copy, Debug)]
enum Harm {
    None,
    /// The service's first answer to it is lost.
    Unanswered(usize),
    /// It arrives once more, so much later.
    Again(usize, u64),
}

/// What surrounds the two.
struct Air {
    now: u64,
    node: NodeId,
    count: u64,
    agenda: BTreeMap<(u64, u64), Due>,
    armed: BTreeMap<(NodeId, usize), (u64, u64)>,
    harm: Harm,
    /// What the contender has asked for, each operation once.
    asked: Vec<(u32, Operation)>,
    /// How often it came to lead.
    reigns: u32,
}

impl Air {
    fn plan(&mut self, at: u64, due: Due) -> (u64, u64) {
        self.count += 1;
        self.agenda.insert((at, self.count), due);
        (at, self.count)
    }

    fn number_of(&self, place: usize) -> Option<u32> {
        self.asked.get(place).map(|(number, _)| *number)
    }

    /// Whether this answer is the one to be lost.
    fn loses(&mut self, message: &Message) -> bool {
        let Harm::Unanswered(place) = self.harm else { return false };
        let Message::Reply(Reply { number, answer: Answer::Outcome(..), .. }) = *message else {
            return false;
        };
        let lost = self.number_of(place) == Some(number);
        if lost {
            self.harm = Harm::None;
        }
        lost
    }

    /// An operation that the contender asks for the first time.
    fn note(&mut self, to: NodeId, message: &Message) {
        let Message::Request(Request { number, ask: Ask::Do(operation), .. }) = *message else { return };
        if self.asked.iter().any(|(known, _)| *known == number) {
            return;
        }
        self.asked.push((number, operation));
        if let Harm::Again(place, later) = self.harm
            && place + 1 == self.asked.len()
        {
            let arrival = Due::Arrival { to, from: self.node, message: message.clone() };
            self.plan(self.now + later, arrival);
        }
    }
}

impl Port<Lease> for Air {
    fn transmit(&mut self, to: NodeId, message: Message) {
        self.note(to, &message);
        if !self.loses(&message) {
            self.plan(self.now + MILLI, Due::Arrival { to, from: self.node, message });
        }
    }
    fn arm(&mut self, timer: Timer, after: Jitter) {
        self.disarm(timer);
        let due = self.plan(self.now + after.min.0, Due::Timeout(self.node, timer));
        self.armed.insert((self.node, timer.index()), due);
    }
    fn disarm(&mut self, timer: Timer) {
        if let Some(due) = self.armed.remove(&(self.node, timer.index())) {
            self.agenda.remove(&due);
        }
    }
    fn start_write(&mut self, writes: u32) {
        self.plan(self.now + MILLI, Due::Written(self.node, writes));
    }
    fn ask_again_at(&mut self, deadline: Deadline) {
        let at = match deadline {
            Deadline::Mono(at) => at.since(LocalTime::ZERO).0,
            Deadline::Wall(at) => at.0.max(0) as u64,
        };
        self.plan(at.max(self.now), Due::Question(self.node));
    }
    fn interest(&self) -> Interest {
        Interest::LEADERSHIP
    }
    fn observe(&mut self, what: What) {
        if let What::Elected(reign) = what {
            self.reigns += u32::from(reign.office == Office::CONTESTED);
        }
    }
}

/// How a run went.
struct Course {
    asked: Vec<Operation>,
    reigns: u32,
    /// Whether the contender leads at the end, and the service says the same.
    leads: bool,
}

fn run(protocol: &Lease, harm: Harm) -> Course {
    let mut hosts = [CONTENDER, SERVICE].map(|node| Host::new(protocol, node));
    let mut effects = Effects::default();
    let mut air = Air {
        now: 0,
        node: SERVICE,
        count: 0,
        agenda: BTreeMap::new(),
        armed: BTreeMap::new(),
        harm,
        asked: Vec::new(),
        reigns: 0,
    };
    for at in ORDERS {
        air.plan(at, Due::Resignation);
    }
    let at = |nanos: u64| Now { mono: LocalTime::ZERO + Span(nanos), wall: WallTime(nanos as i64) };
    for host in &mut hosts {
        air.node = host.node();
        host.boot(protocol, at(0), &mut effects, &mut air);
    }
    while let Some(((time, _), due)) = air.agenda.pop_first().filter(|((time, _), _)| *time < END) {
        air.now = time;
        let (now, effects) = (at(time), &mut effects);
        air.node = match due {
            Due::Arrival { to, .. } => to,
            Due::Timeout(node, _) | Due::Written(node, _) | Due::Question(node) => node,
            Due::Resignation => CONTENDER,
        };
        let host = &mut hosts[air.node.index()];
        match due {
            Due::Arrival { from, message, .. } => {
                host.receive(protocol, now, from, message, effects, &mut air);
            }
            Due::Timeout(node, timer) => {
                air.armed.remove(&(node, timer.index()));
                host.fire(protocol, now, timer, effects, &mut air);
            }
            Due::Written(_, writes) => host.persisted(protocol, now, writes, effects, &mut air),
            Due::Question(_) => host.ask(protocol, now, &mut air),
            Due::Resignation => host.administer(protocol, now, Order::Resign, effects, &mut air),
        }
    }
    let [contender, service] = &hosts;
    let believed = contender.leadership().map(|reign| reign.epoch.0);
    let true_one = match service.state() {
        Some(super::State::Service(server)) => server.store().leader().map(|(number, _)| number),
        _ => None,
    };
    let asked = air.asked.iter().map(|(_, operation)| *operation).collect();
    Course { asked, reigns: air.reigns, leads: believed.is_some() && believed == true_one }
}

/// The first two operations of each kind among these, by their places.
fn first_of_each_kind(asked: &[Operation]) -> Vec<usize> {
    let kind = |place: usize| discriminant(&asked[place]);
    let earlier = |place: usize| (0..place).filter(|before| kind(*before) == kind(place)).count();
    (0..asked.len()).filter(|place| earlier(*place) < 2).collect()
}

/// Harms every operation in turn.
fn bears<R: Recipe>(harms: impl Fn(usize) -> Vec<Harm>)
where
    By<R>: Algorithm<Rules = Lease>,
{
    let name = <By<R> as Algorithm>::ENTRY.name;
    let protocol = By::<R>::from_parameters(&Parameters::of(1).with_service(1)).expect("the defaults fit");
    let undisturbed = run(&protocol, Harm::None);
    assert!(undisturbed.leads, "{name} leads undisturbed, and after {:?}", undisturbed.asked);
    assert_eq!(undisturbed.reigns, 3, "{name}: {:?}", undisturbed.asked);
    for place in first_of_each_kind(&undisturbed.asked) {
        let operation = undisturbed.asked[place];
        for harm in harms(place) {
            let course = run(&protocol, harm);
            assert!(course.leads, "{name} leads in the end, after {operation:?} and {harm:?}");
            assert_eq!(course.reigns, undisturbed.reigns, "{name} after {operation:?} and {harm:?}");
        }
    }
}

fn unanswered(place: usize) -> Vec<Harm> {
    vec![Harm::Unanswered(place)]
}

/// At once, soon, and at any time later, so that every later state of the contender is met.
fn again(place: usize) -> Vec<Harm> {
    let soon = [0, 1, 2, 3, 5, 8, 20, 60, 150];
    let later = (1..60).map(|count| 211 * count);
    soon.into_iter().chain(later).map(|millis| Harm::Again(place, millis * MILLI)).collect()
}

macro_rules! recipes {
    ($($module:ident: $recipe:ident),+ $(,)?) => {
        $(
            mod $module {
                use super::{again, bears, unanswered};

                #[test]
                fn no_lost_answer_keeps_a_contender_out() {
                    bears::<crate::lease::$module::$recipe>(unanswered);
                }

                #[test]
                fn no_operation_that_arrives_again_ends_a_reign() {
                    bears::<crate::lease::$module::$recipe>(again);
                }
            }
        )+
    };
}

recipes! {
    etcd: Etcd,
    kubernetes: Kubernetes,
    consul: Consul,
    zookeeper: ZooKeeper,
    chubby: Chubby,
    kafka: Kafka,
}
