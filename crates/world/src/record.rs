//! Recording a run event by event, for replay files, viewers and people. Costs nothing when it is off: the engine is
//! compiled without it.
//!
//! Fields number nodes and faults from zero, as the engine does; texts (`what`, `message`, `order`) count nodes and
//! faults from one, as scenario files do. Messages are shown in the algorithm's own notation, which may change with it;
//! everything else is part of the record's versioned form.

use interregnum_kernel::{Epoch, GlobalTime, Leadership, NodeId, Now, Observation, Process, Role};
use serde::Serialize;

/// Listens to the engine itself. Everything an implementation is given it may keep.
pub trait Recorder {
    /// Whether anything is recorded. Where it is false, no entry is even built.
    const ON: bool;
    /// Takes in one handled event.
    fn entry(&mut self, entry: Entry);
}

/// Records nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRecorder;

impl Recorder for NoRecorder {
    const ON: bool = false;
    fn entry(&mut self, _: Entry) {}
}

/// Keeps all entries.
impl Recorder for Vec<Entry> {
    const ON: bool = true;
    fn entry(&mut self, entry: Entry) {
        self.push(entry);
    }
}

/// One event, whole: what came in, what the node did, and what the world did to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When, in global nanoseconds.
    pub at_ns: GlobalTime,
    /// The event's number in the queue's order. A delivery's number is that of the `send` it came from, or that of the
    /// `wait` is, where the message had to wait.
    pub sequence: u64,
    /// The node it happened at; `None` for what happens to the world.
    pub node: Option<NodeId>,
    /// The node's clocks at that instant.
    pub clocks: Option<Now>,
    /// What happened.
    pub input: InputRecord,
    /// The node before it.
    pub before: Option<NodeRecord>,
    /// The node after it.
    pub after: Option<NodeRecord>,
    /// What the node asked for, and what became of it, in order.
    pub effects: Vec<EffectRecord>,
    /// What was observed meanwhile, in order, whether or not anyone listened.
    pub observed: Vec<Observation>,
}

/// What a node is, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NodeRecord {
    /// Its role; `None` while it is down.
    pub role: Option<Role>,
    /// Its epoch.
    pub epoch: Option<Epoch>,
    /// What it leads.
    pub leads: Option<Leadership>,
    /// Writes that are not durable yet.
    pub pending_writes: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum InputRecord {
    /// The process started.
    Boot,
    /// A message arrived.
    Deliver {
        /// The sender.
        from: NodeId,
        /// Its kind.
        kind: &'static str,
        /// The message in full.
        message: String,
    },
    /// A message reached a node that was down or for which too much waited, or had been dropped on its way.
    Vanish {
        /// The sender.
        from: NodeId,
        /// Its kind.
        kind: &'static str,
    },
    /// Something came up for a process that cannot take it in yet. A later event, with a number of its own, gives it to the
    /// process, unless that dies first, or has set the timer that ran out again.
    Wait {
        /// What.
        what: String,
        /// Whether the process is stopped; otherwise it is busy.
        stopped: bool,
    },
    /// A timer ran out.
    Fire {
        /// Which.
        timer: String,
    },
    /// The lease was due to end, or a clock of the node was changed: it was asked again who leads and holds a lease.
    Ask,
    /// Writes became durable.
    Persisted {
        /// How many.
        writes: u32,
    },
    /// A client proposed a command.
    Propose {
        /// The command.
        command: u64,
    },
    /// The process died.
    Crash {
        /// How many of its pending writes turned out to be durable.
        kept: u32,
    },
    /// The node heard that another process died.
    Disconnect {
        /// Which.
        peer: Process,
    },
    /// The operator gave an order.
    Administer {
        /// The order.
        order: String,
    },
    /// Something happened to the world: a fault, a client's turn, a write.
    World {
        /// What.
        what: String,
    },
}

/// What a node asked for and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum EffectRecord {
    /// It sent a message.
    Send {
        /// The receiver.
        to: NodeId,
        /// Its kind.
        kind: &'static str,
        /// The message in full.
        message: String,
        /// `arrives`, `twice`, `lost` or `cut`; `carried` where the engine's own network has it.
        fate: &'static str,
        /// The sequence numbers and times (global nanoseconds) of its arrivals.
        arrivals: Vec<(u64, GlobalTime)>,
    },
    /// It set a timer.
    SetTimer {
        /// Which.
        timer: String,
        /// When it will run out, in global nanoseconds.
        due_ns: GlobalTime,
    },
    /// It unset a timer.
    CancelTimer {
        /// Which.
        timer: String,
    },
    /// An fsync started.
    StartFsync {
        /// How many writes it covers.
        writes: u32,
    },
}

/// Collects the parts of the entry under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) effects: Vec<EffectRecord>,
    pub(crate) observed: Vec<Observation>,
    /// The last entry, kept back until its event is over: who is obeyed by a quorum is judged at its end.
    pub(crate) entry: Option<Entry>,
}
