//! Election by lease, as it runs in production: contenders on application nodes, and a coordination service that is itself
//! replicated and can fail.
//!
//! [`Lease`] is the whole cluster's protocol. Service nodes run this project's Raft and, on top of what it agrees on, a small
//! coordination service ([`service`]): sessions, keys with revisions, watches, compare-and-swap. Contenders run a
//! [`Recipe`]: how the clients of one real system make one of them leader out of what its service offers.
//!
//! ```text
//! mod.rs         the cluster's protocol: who runs what
//! recipe.rs      what a recipe is
//! client.rs      a contender's line to the service
//! message.rs     what they say
//! parameters.rs  what can be set of every recipe
//! phases.rs      the moments by which faults can be timed
//! service/       the service
//! etcd/ ...      the recipes
//! ```
//!
//! **What all services share here, though the real ones differ.** One Raft replicates them, with pre-vote and check-quorum;
//! ZooKeeper runs ZAB and Chubby Paxos, and how those elect is compared elsewhere in this project. A contender talks to one
//! service node, which passes on to the service's leader what it cannot answer itself. Requests may be repeated and bear
//! it. Clients hear of a crashed service node at once only where its machine is there to reset the connection (a crash with
//! `connections = "reset"`), of a silent one never, and of one that was restarted in silence when they send it something.
//! In the production profile all services have etcd's election timeout of a second and its heartbeats of 100 ms. Consul's servers
//! wait for 5 s unless they are told otherwise (`raft_multiplier` 5), ZooKeeper's and Kafka's by ticks of 2 s: where the service itself
//! fails over, those take longer than they do here.

mod any;
pub mod client;
pub mod message;
pub(crate) mod parameters;
pub(crate) mod phases;
pub mod recipe;
pub mod service;
// etcd.
pub mod etcd;
// Kubernetes.
pub mod kubernetes;
// Consul.
pub mod consul;
// ZooKeeper.
pub mod zookeeper;
// Chubby.
pub mod chubby;
// Kafka.
pub mod kafka;
// Redis.
pub mod redis;
#[cfg(test)]
mod tests;

pub use any::{AnyContender, AnyRecipe};
pub use recipe::{Event, Recipe};

use self::client::Client;
use self::message::Message;
use self::recipe::Out;
use self::service::Server;
use crate::raft::{self, Raft};
use crate::{Algorithm, Claim, Entry};
use interregnum_kernel::{
    Covered, Deadline, DisksNeeded, Embeds, Epoch, Input, Kind, Leadership, LogEntry, LogIndex, NodeId,
    NodeSet, Now, Office, Order, ParameterError, Parameters, Process, Protocol, Role, TimerName,
};
use std::marker::PhantomData;

/// The rules of a cluster of contenders and service nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    raft: Raft,
    service: NodeSet,
    /// The contenders that take part; other nodes run and do nothing.
    contenders: NodeSet,
    recipe: AnyRecipe,
}

/// The timers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A service node's Raft.
    Service(raft::Timer),
    /// At the service's leader: a session's time runs out, or a renewal is to be answered.
    Expiry,
    /// A service node repeats news that were not confirmed.
    Resend,
    /// A contender's call was not answered.
    Call,
    /// A contender's renewal was not answered.
    Renewal,
    /// A contender's watch was not answered.
    Watching,
    /// A contender's next renewal is due.
    Renew,
    /// A contender's lease is over by its own clock.
    Lapse,
    /// A contender's next attempt is due.
    Retry,
    /// A contender's patience beyond the lease is over.
    Grace,
}

impl TimerName for Timer {
    const COUNT: usize = raft::Timer::COUNT + 9;

    #[inline]
    fn index(self) -> usize {
        let own = match self {
            Timer::Service(timer) => return timer.index(),
            Timer::Expiry => 0,
            Timer::Resend => 1,
            Timer::Call => 2,
            Timer::Renewal => 3,
            Timer::Watching => 4,
            Timer::Renew => 5,
            Timer::Lapse => 6,
            Timer::Retry => 7,
            Timer::Grace => 8,
        };
        raft::Timer::COUNT + own
    }

    #[inline]
    fn from_index(index: usize) -> Timer {
        use Timer::{Call, Expiry, Grace, Lapse, Renew, Renewal, Resend, Retry, Watching};
        match index.checked_sub(raft::Timer::COUNT) {
            None => Timer::Service(raft::Timer::from_index(index)),
            Some(own) => [Expiry, Resend, Call, Renewal, Watching, Renew, Lapse, Retry, Grace][own],
        }
    }
}

/// One node's memory.
#[expect(
    clippy::large_enum_variant,
    reason = "a contender's memory is looked at in every step, and there are few nodes"
)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A service node's.
    Service(Box<Server>),
    /// A contender's.
    Contender(AnyContender),
    /// None: the node does not take part.
    Spare,
}

impl Lease {
    /// The rules for a recipe. A recipe's own constructor has read its parameters; these are the service's.
    fn of(recipe: AnyRecipe, parameters: &Parameters) -> Result<Lease, ParameterError> {
        Ok(Lease {
            raft: parameters::service_raft(parameters, recipe.master_lease())?,
            service: parameters.service,
            contenders: parameters.cluster()?.minus(parameters.service),
            recipe,
        })
    }

    fn step_contender(&self, contender: &mut AnyContender, now: Now, input: Input<Lease>, out: &mut Out) {
        let event = match input {
            Input::Received { from, message: Message::Reply(reply) }
                if contender.client().on_connection(from, reply.on, now, out) =>
            {
                Some(Event::Disconnected)
            }
            Input::Received { from, message: Message::Reply(reply) } => {
                contender.client().receive(from, reply, out).map(Event::Heard)
            }
            Input::Fired(timer @ (Timer::Call | Timer::Renewal | Timer::Watching)) => {
                contender.client().on_timeout(timer, now, out);
                None
            }
            Input::Fired(Timer::Renew) => Some(Event::RenewDue),
            Input::Fired(Timer::Lapse) => Some(Event::Lapsed),
            Input::Fired(Timer::Retry) => Some(Event::RetryDue),
            Input::Fired(Timer::Grace) => Some(Event::GraceOver),
            Input::Disconnected(process) => {
                contender.client().on_disconnected(process, now, out).then_some(Event::Disconnected)
            }
            Input::Administer(Order::Resign) => Some(Event::Resign),
            // Clients' commands go to the service's leader, and the rest is not said to contenders.
            Input::Received { .. }
            | Input::Fired(_)
            | Input::Persisted(_)
            | Input::Propose(_)
            | Input::Administer(_) => None,
        };
        if let Some(event) = event {
            self.recipe.on(contender, now, event, out);
        }
    }
}

/// A recipe as the registry knows it: the algorithm that it is, with the rules that all recipes share.
#[derive(Clone, Copy, Debug)]
pub struct By<R>(PhantomData<R>);

impl<R: Recipe> Algorithm for By<R>
where
    AnyRecipe: From<R>,
{
    type Rules = Lease;

    const ENTRY: Entry = R::ENTRY;
    const PHASES: &'static [&'static str] = R::PHASES;

    fn from_parameters(parameters: &Parameters) -> Result<Lease, ParameterError> {
        Lease::of(R::from_parameters(parameters)?.into(), parameters)
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        R::warnings(parameters)
    }

    fn withdrawn(parameters: &Parameters) -> &'static [&'static str] {
        R::withdrawn(parameters)
    }

    fn claims(rules: &Lease) -> Vec<Claim> {
        rules.recipe.claims()
    }
}

impl Embeds<Raft> for Lease {
    const INNER_OFFICE: Office = Office::SERVICE;

    #[inline]
    fn message(inner: raft::Message) -> Message {
        Message::Service(inner)
    }
    #[inline]
    fn timer(inner: raft::Timer) -> Timer {
        Timer::Service(inner)
    }
    #[inline]
    fn write(inner: raft::Write) -> raft::Write {
        inner
    }
}

impl Protocol for Lease {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = raft::Write;
    type Disk = raft::Disk;

    const CONNECTIONS: bool = true;
    /// The service's, a quorum of them. Contenders keep nothing.
    const DISKS_NEEDED: DisksNeeded = DisksNeeded::Quorum;
    const KINDS: &'static [&'static str] = Message::KINDS;
    const PHASES: &'static [&'static str] = phases::Moment::NAMES;

    #[inline]
    fn kind(message: &Message) -> Kind {
        message.kind()
    }

    #[inline]
    fn label(message: &Message) -> u64 {
        message.label()
    }

    fn apply(disk: &mut raft::Disk, write: &raft::Write) {
        Raft::apply(disk, write);
    }

    fn timed(&self) -> bool {
        true
    }

    fn install(&self, node: NodeId) -> raft::Disk {
        if self.service.contains(node) { self.raft.install(node) } else { raft::Disk::default() }
    }

    fn boot(&self, process: Process, disk: &raft::Disk, now: Now, out: &mut Out) -> Self::State {
        if self.service.contains(process.node) {
            State::Service(Box::new(self.boot_server(process, disk, now, out)))
        } else if self.contenders.contains(process.node) {
            let client = Client::new(process, self.service, self.recipe.patience());
            State::Contender(self.recipe.begin(client, now, out))
        } else {
            State::Spare
        }
    }

    #[inline]
    fn step(&self, state: &mut Self::State, now: Now, input: Input<Lease>, out: &mut Out) {
        match state {
            State::Service(server) => self.step_server(server, now, input, out),
            State::Contender(contender) => self.step_contender(contender, now, input, out),
            State::Spare => {}
        }
    }

    #[inline]
    fn leadership(&self, state: &Self::State, now: Now) -> Option<Leadership> {
        match state {
            State::Service(server) => {
                let inner = self.raft.leadership(&server.raft, now)?;
                Some(Leadership { office: Office::SERVICE, ..inner })
            }
            State::Contender(contender) => {
                let number = self.recipe.leads(contender, now)?;
                let token = self.recipe.token(number);
                Some(Leadership { office: Office::CONTESTED, epoch: Epoch(number), token })
            }
            State::Spare => None,
        }
    }

    #[inline]
    fn lease(&self, state: &Self::State, now: Now) -> Option<Deadline> {
        match state {
            State::Contender(contender) => {
                self.recipe.leads(contender, now)?;
                self.recipe.until(contender, now)
            }
            State::Service(_) | State::Spare => None,
        }
    }

    #[inline]
    fn role(&self, state: &Self::State) -> Role {
        match state {
            State::Service(server) => self.raft.role(&server.raft),
            State::Contender(contender) => self.recipe.role(contender),
            State::Spare => Role::Learner,
        }
    }

    #[inline]
    fn epoch(&self, state: &Self::State) -> Epoch {
        match state {
            State::Service(server) => self.raft.epoch(&server.raft),
            State::Contender(contender) => Epoch(self.recipe.highest(contender)),
            State::Spare => Epoch::ZERO,
        }
    }

    /// A leader works on for as long as the service can keep its lease.
    fn is_quorum(&self, _: &Self::State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.service)
    }

    fn last_index(&self, state: &Self::State) -> LogIndex {
        match state {
            State::Service(server) => self.raft.last_index(&server.raft),
            _ => LogIndex::ZERO,
        }
    }

    fn snapshot(&self, state: &Self::State) -> Option<Covered> {
        match state {
            State::Service(server) => self.raft.snapshot(&server.raft),
            _ => None,
        }
    }

    fn log_entry(&self, state: &Self::State, index: LogIndex) -> Option<LogEntry> {
        match state {
            State::Service(server) => self.raft.log_entry(&server.raft, index),
            _ => None,
        }
    }
}
