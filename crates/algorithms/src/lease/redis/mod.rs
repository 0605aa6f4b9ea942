//! The Redis lock: a key that is set if nobody has set it, and expires. One master makes the single-instance lock, three
//! or more independent masters make Redlock. It is the negative control of the leases: no fencing token, and expiry by
//! wall clocks.
//!
//! **Sources.** Redis documentation, "Distributed Locks with Redis" ("documentation" below; it was antirez's proposal of
//! 2014); its first implementation, antirez/redlock-rb, lib/redlock.rb; redsync (Go), mutex.go and redsync.go; node-redlock,
//! src/index.ts; redlock-py, redlock/__init__.py; redis/src/db.c. Kleppmann, "How to do distributed locking", 2016, for
//! where it breaks.
//!
//! **How.** A contender sends `SET lock value NX PX ttl` to all masters. A quorum of n/2+1 makes it the holder for a
//! validity of ttl less 1 % less 2 ms, counted from when it asked. Without a quorum it releases everywhere and tries again
//! after a random delay: this is also how it learns that the lock is free. The holder extends in time, and stops when the
//! validity is over or when so many masters refuse the extension that no quorum can have it.
//!
//! **Guarantees.** At most one contender's validity is unexpired at one instant, as long as the assumptions hold: of any two
//! quorums one master is in both, and it keeps the key for a ttl by its clock, while the holder counts less by its own, and
//! from earlier. Late, lost and repeated messages do not matter, since every attempt has a value of its own and every
//! answer says what it answers; a pause of the holder does not, since its clock runs on. Some contender gets the lock once
//! a quorum of masters can be reached.
//!
//! **Assumptions** (documentation, "Safety arguments", "Performance, crash recovery and fsync", and the disclaimer).
//! - Clocks run at nearly the same rate, and nobody sets a master's wall clock: Redis measures expiries by no other. A
//!   clock that is set ahead at a quorum frees a lock that is held; one that is set back keeps a lock that nobody holds.
//! - A holder's machine does not stand still: its clock would, too.
//! - A master does not forget a lock that is valid. With `fsync = "everysec"`, as Redis is shipped, a crash loses what is
//!   younger than a second, and a lock is mostly younger than that; `always` keeps it, and so does a `restart_delay` above
//!   the ttl.
//!
//! **No token.** Nothing that Redis returns rises from holder to holder, so that a resource cannot tell a late write of a
//! former holder from one of the present: `fenced-writes` is not promised under anything. The numbers in the messages are a
//! measuring device only: masters count their grants, contenders pass on what they have heard, and the holder's reign has
//! the highest number of its grants. They make reigns comparable for tables; nobody is refused by them. A master writes the
//! number of a grant to its disk at once, whatever `fsync` says of its data: an fsync per grant is the device's, not Redis's.
//!
//! **No grant of the seat.** A master knows of its own key and of no quorum, so it never states that somebody was granted
//! the leadership. It states of every key that it was set or extended, and when it finds it expired.
//!
//! **Roles.** A contender is a candidate until it has heard that the lock is taken, and again where the masters do not
//! answer; else a follower, which polls. One that finds the lock free leads at once. Masters are followers of epoch zero.
//!
//! **Failover.** Let d be the one-way latency, T the ttl, E the interval of extensions, R the retry delay; clocks are perfect.
//! The holder dies 0 to 2d+E after it sent its last requests, which arrive. The keys expire at T after their arrival, and
//! the rest of a millisecond. A contender's requests arrive every 2d+R, and it leads d after the first that finds the keys
//! gone. So from crash to successor it takes more than T-E and less than T+Rmax+4d+1ms, if no two contenders share the
//! masters between them. Matched, with d of 1 ms: 250 to 605 ms.
//!
//! **Deviations.**
//! - The libraries keep one value through the retries of a call; here every attempt has its own.
//! - The libraries give up after some tries (3, 10, 32); contenders never do.
//! - Who extends by itself is node-redlock's `using` and Redisson's watchdog; redlock-rb and redlock-py leave it to the user.
//! - Expired keys are deleted when they are next asked for. The active cycle of Redis, which may be earlier by a
//!   millisecond, is left out, and so are answers to releases.
//! - A resigned holder leaves the lock to the others for one ttl.
//! - Connections are not modelled: a dead master is one that does not answer.
//!
//! ```text
//! mod.rs         the algorithm's entry, the way of an input to its rule
//! parameters.rs  what can be set, and the validity
//! contending.rs  attempts at the lock
//! holding.rs     extensions, and the end of the validity
//! master.rs      a Redis master with its one key
//! claims.rs      how much it is said to bear
//! ```

mod bugs;
mod claims;
mod contending;
mod holding;
mod master;
mod message;
mod parameters;
mod phases;
mod state;
#[cfg(test)]
mod tests;

pub use bugs::Plant;
pub use message::{Message, Value};
pub use state::{Contender, Disk, Key, Master, State, Status, Timer, Write};

use self::parameters::Settings;
use self::phases::Moment;
use crate::{Algorithm, Claim, Entry, Promise};
use interregnum_kernel::{
    Deadline, DisksNeeded, Effects, Epoch, FaultClass, FaultClasses, Input, Kind, Leadership, NodeId,
    NodeSet, Now, Office, Order, ParameterError, Parameters, Process, Protocol, Role,
};

/// The rules, with their configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Redis {
    set: Settings,
    bug: Option<Plant>,
}

impl Algorithm for Redis {
    type Rules = Redis;

    const PHASES: &'static [&'static str] = Moment::NAMES;
    const ENTRY: Entry = Entry {
        name: "lease-redis",
        title: "Redis lock",
        summary: "whoever sets an expiring key at a majority of independent Redis masters leads, without a fencing token",
        source: "Redis documentation, Distributed Locks with Redis; antirez/redlock-rb; Kleppmann, How to do distributed \
                 locking, 2016",
        bugs: bugs::BUGS,
        service: true,
        parameters: &[
            parameters::TTL,
            parameters::EXTEND_EVERY,
            parameters::RETRY_DELAY,
            parameters::REQUEST_TIMEOUT,
            parameters::FSYNC,
            parameters::RESTART_DELAY,
            parameters::CLIENT_CLOCK,
        ],
        orders: &["resign"],
        // Those who wait try to set the lock all the time, and give back what they have got of it.
        election_kinds: &[],
        promises: &[
            // What the documentation claims, with what it assumes. With the default `fsync` a crash of a master is enough to break it; a
            // crash of a contender is of the same class.
            Promise::except(
                "lease-exclusion",
                FaultClasses::FORGETFUL_DISKS
                    .and(FaultClasses::CLOCKS)
                    .and(FaultClasses::of(&[FaultClass::Freeze, FaultClass::Crash])),
            ),
            // A lock that its holder does not release ends by a wall clock: one that was set back may take for ever. Where a master loses
            // the number of a grant with its other data, a later reign may have a lower one, and is not counted as a leader's.
            Promise::except(
                "leader-within",
                FaultClasses::FORGETFUL_DISKS
                    .and(FaultClasses::of(&[FaultClass::WallClock, FaultClass::Crash])),
            ),
        ],
    };

    fn from_parameters(parameters: &Parameters) -> Result<Redis, ParameterError> {
        let bug = parameters.bug.as_deref().and_then(Plant::from_id);
        Ok(Redis { set: Settings::read(parameters)?, bug })
    }

    fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
        parameters::warnings(parameters)
    }

    fn claims(rules: &Self) -> Vec<Claim> {
        claims::of(&rules.set)
    }
}

/// Where a step puts its effects.
type Out = Effects<Redis>;

impl Protocol for Redis {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Write = Write;
    type Disk = Disk;

    /// A master answers from memory unless it runs with `fsync = "always"`.
    const DISKS_NEEDED: DisksNeeded = DisksNeeded::None;
    const KINDS: &'static [&'static str] = Message::KINDS;
    const PHASES: &'static [&'static str] = super::phases::Moment::NAMES;

    #[inline]
    fn kind(message: &Message) -> Kind {
        message.kind()
    }

    #[inline]
    fn label(message: &Message) -> u64 {
        message.label()
    }

    fn apply(disk: &mut Disk, write: &Write) {
        match *write {
            Write::Data(data) => *disk = data,
            Write::Number(number) => disk.number = number,
        }
    }

    fn timed(&self) -> bool {
        true
    }

    fn boot(&self, process: Process, disk: &Disk, now: Now, out: &mut Out) -> State {
        if self.set.masters.contains(process.node) {
            return State::Master(self.boot_master(process, disk, out));
        }
        if !self.set.contenders.contains(process.node) {
            return State::Spare;
        }
        let mut contender = Contender::new(process, now);
        self.attempt(&mut contender, now, out);
        State::Contender(contender)
    }

    #[inline]
    fn step(&self, state: &mut State, now: Now, input: Input<Redis>, out: &mut Out) {
        match (state, input) {
            (State::Contender(contender), Input::Received { from, message }) => {
                self.on_answer(contender, now, from, message, out);
            }
            (State::Contender(contender), Input::Fired(timer)) => {
                self.on_contender_timer(contender, now, timer, out);
            }
            (State::Contender(contender), Input::Administer(Order::Resign)) => self.on_resign(contender, out),
            (State::Master(master), Input::Received { from, message }) => {
                self.on_command(master, now, from, message, out);
            }
            (State::Master(master), Input::Fired(Timer::Flush)) => self.on_flush(master, out),
            (State::Master(master), Input::Fired(Timer::Serve)) => master.serves = true,
            _ => {}
        }
    }

    /// What the client library tells its application: that it has the lock, until it finds that it has not.
    #[inline]
    fn leadership(&self, state: &State, _: Now) -> Option<Leadership> {
        let epoch = holder(state)?.reign;
        Some(Leadership { office: Office::CONTESTED, epoch, token: None })
    }

    #[inline]
    fn lease(&self, state: &State, _: Now) -> Option<Deadline> {
        Some(holder(state)?.until)
    }

    #[inline]
    fn role(&self, state: &State) -> Role {
        match state {
            State::Contender(Contender { status: Status::Holding, .. }) => Role::Leader,
            State::Contender(Contender { taken: false, .. }) => Role::Candidate,
            State::Contender(_) | State::Master(_) => Role::Follower,
            State::Spare => Role::Learner,
        }
    }

    /// The highest number heard, which measures and means nothing. A master belongs to another office, and has none.
    #[inline]
    fn epoch(&self, state: &State) -> Epoch {
        match state {
            State::Contender(contender) => contender.heard,
            State::Master(_) | State::Spare => Epoch::ZERO,
        }
    }

    fn is_quorum(&self, _: &State, nodes: NodeSet) -> bool {
        nodes.is_majority_of(self.set.masters)
    }
}

/// The contender, if it has the lock.
#[inline]
fn holder(state: &State) -> Option<&Contender> {
    match state {
        State::Contender(contender) if contender.status == Status::Holding => Some(contender),
        _ => None,
    }
}

/// The way of an input to its rule.
impl Redis {
    #[inline]
    fn on_answer(&self, contender: &mut Contender, now: Now, from: NodeId, message: Message, out: &mut Out) {
        match message {
            Message::Granted { value, number } => self.on_granted(contender, now, from, value, number, out),
            Message::Taken { value, number } => self.on_taken(contender, from, value, number, out),
            Message::Extended { value, round } => self.on_extended(contender, now, from, value, round, out),
            Message::Refused { value, round } => self.on_refused(contender, now, from, value, round, out),
            Message::Set { .. } | Message::Extend { .. } | Message::Release { .. } => {}
        }
    }

    fn on_contender_timer(&self, contender: &mut Contender, now: Now, timer: Timer, out: &mut Out) {
        match timer {
            Timer::Retry => self.attempt(contender, now, out),
            Timer::Request => self.on_request_ends(contender, now, out),
            Timer::Extend => self.on_extend_due(contender, now, out),
            Timer::Validity => self.on_validity_ends(contender, now, out),
            Timer::Flush | Timer::Serve => {}
        }
    }
}
