//! Who is told of what: each contender watches one thing at most, at the service node that it talks to, on the connection that
//! there is between them.
//!
//! News travel by datagrams here, so a service node repeats what a watcher has not confirmed, as its TCP would; and as that, it
//! gives the connection up after a while. A watch dies with its connection. Its owner notices when it sends something: the
//! connection that this is sent on has another name than the one that there is now, and the answer is a reset.

use super::operation::SessionId;
use super::store::{Changes, Store};
use crate::lease::client::is_of_life;
use crate::lease::message::{Answer, Connection, Reply, View};
use interregnum_kernel::{Incarnation, LogIndex, NodeId, Process};

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watch {
    /// The lock: every change of it is told.
    Lock,
    /// The key that was created last before this revision, at which the watcher's own was created: told when that is gone. The
    /// own key may be gone as well.
    Ahead(LogIndex),
    /// The same, and besides the key that was created first: told also when that is another one, or has another value.
    AheadAndFirst(LogIndex),
}

impl Watch {
    /// As one number, for labels.
    pub fn packed(self) -> u64 {
        match self {
            Watch::Lock => 0,
            Watch::Ahead(created) => created.0 << 1,
            Watch::AheadAndFirst(created) => created.0 << 1 | 1,
        }
    }
}

/// One contender's watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Watching {
    number: u32,
    watch: Watch,
    /// The node has to know at least as much as this before it says anything.
    floor: LogIndex,
    /// Who was ahead when the watcher was told last.
    ahead: Option<SessionId>,
    /// The revision that it was told of last; zero before the first time.
    told: LogIndex,
    /// Whether it has confirmed that.
    confirmed: bool,
    /// How often it was repeated since it has confirmed anything.
    repeated: u8,
}

/// How often news is repeated before the connection is given up (Linux: `tcp_retries2`, though it waits longer each time).
const REPETITIONS: u8 = 15;

/// One contender's place at a service node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Slot {
    /// How many connections with it this node has closed.
    closed: u16,
    watching: Option<Watching>,
}

impl Slot {
    fn close(&mut self) -> Option<Watching> {
        self.closed = self.closed.wrapping_add(1);
        self.watching.take()
    }
}

/// The connections with one service node, and the watches there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Watches {
    life: Incarnation,
    /// One slot for each contender.
    slots: Vec<Slot>,
}

impl Watches {
    /// None, at a node in this life, with room for so many contenders.
    pub(super) fn new(life: Incarnation, contenders: usize) -> Watches {
        Watches { life, slots: vec![Slot::default(); contenders] }
    }

    /// The connection that there is with a contender, or would be.
    pub(super) fn connection(&self, client: NodeId) -> Connection {
        let closed = self.slots.get(client.index()).map_or(0, |slot| slot.closed);
        Connection::of(self.life, closed)
    }

    /// A contender watches this from now on. What it is told at once, where that can be said yet.
    pub(super) fn set(
        &mut self,
        client: NodeId,
        (number, watch, floor): (u32, Watch, LogIndex),
        store: &Store,
    ) -> Option<Reply> {
        let on = self.connection(client);
        let slot = self.slots.get_mut(client.index())?;
        // Requests may overtake each other; the latest counts.
        if slot.watching.is_some_and(|old| old.number > number) {
            return None;
        }
        let watching = slot.watching.insert(Watching {
            number,
            watch,
            floor,
            ahead: None,
            told: LogIndex::ZERO,
            confirmed: true,
            repeated: 0,
        });
        tell(watching, on, store)
    }

    fn of(&mut self, client: NodeId, number: u32) -> Option<&mut Watching> {
        let watching = self.slots.get_mut(client.index())?.watching.as_mut();
        watching.filter(|watching| watching.number == number)
    }

    /// A contender has heard the news of a revision.
    pub(super) fn confirm(&mut self, client: NodeId, number: u32, revision: LogIndex) {
        if let Some(watching) = self.of(client, number) {
            watching.confirmed |= watching.told == revision;
            watching.repeated = 0;
        }
    }

    /// Forgets a contender's watch, which does not want to hear of it any more.
    pub(super) fn end(&mut self, client: NodeId, number: u32) {
        if self.of(client, number).is_some() {
            self.drop(client);
        }
    }

    /// A process of a contender's died, and its connection was reset: what that process has watched, it watches no more. The news
    /// may come when its successor watches something already.
    pub(super) fn on_disconnected(&mut self, process: Process) {
        if let Some(slot) = self.slots.get_mut(process.node.index()) {
            slot.watching.take_if(|watching| is_of_life(watching.number, process.incarnation));
        }
    }

    fn drop(&mut self, client: NodeId) {
        if let Some(slot) = self.slots.get_mut(client.index()) {
            slot.watching = None;
        }
    }

    /// Closes all connections, and tells those who watch something.
    pub(super) fn hang_up(&mut self, mut send: impl FnMut(NodeId, Reply)) {
        for (client, slot) in self.slots.iter_mut().enumerate() {
            if let Some(Watching { number, .. }) = slot.close() {
                let on = Connection::of(self.life, slot.closed);
                send(NodeId::from_index(client), Reply { number, on, answer: Answer::Reset });
            }
        }
    }

    /// The data has changed: who is to be told what.
    pub(super) fn notify(&mut self, store: &Store, changes: &Changes, mut send: impl FnMut(NodeId, Reply)) {
        let first = store.leader().map(|(_, session)| session);
        let is_proclaimed = changes.proclaimed.is_some() && changes.proclaimed == first;
        for (client, slot) in self.slots.iter_mut().enumerate() {
            let Slot { closed, watching: Some(watching) } = slot else { continue };
            let waits = watching.told == LogIndex::ZERO;
            let is_left = changes.left.is_some() && changes.left == watching.ahead;
            let concerned = match watching.watch {
                Watch::Lock => changes.lock,
                Watch::Ahead(_) => is_left,
                Watch::AheadAndFirst(_) => is_left || changes.granted.is_some() || is_proclaimed,
            };
            let on = Connection::of(self.life, *closed);
            if (waits || concerned)
                && let Some(reply) = tell(watching, on, store)
            {
                send(NodeId::from_index(client), reply);
            }
        }
    }

    /// Repeats what has not been confirmed, as it stands now; and gives the connection up where that was done often enough.
    pub(super) fn repeat(&mut self, store: &Store, mut send: impl FnMut(NodeId, Reply)) {
        for (client, slot) in self.slots.iter_mut().enumerate() {
            let Slot { closed, watching: Some(watching) } = slot else { continue };
            if watching.confirmed {
                continue;
            }
            if watching.repeated == REPETITIONS {
                slot.close();
                continue;
            }
            watching.repeated += 1;
            let on = Connection::of(self.life, *closed);
            if let Some(reply) = tell(watching, on, store) {
                send(NodeId::from_index(client), reply);
            }
        }
    }

    /// Whether something is to be repeated.
    pub(super) fn is_waiting(&self) -> bool {
        self.slots.iter().filter_map(|slot| slot.watching).any(|watching| !watching.confirmed)
    }
}

/// What a watcher is told; nothing while the node lags behind what the watcher knows.
fn tell(watching: &mut Watching, on: Connection, store: &Store) -> Option<Reply> {
    if store.revision() < watching.floor {
        return None;
    }
    watching.ahead = match watching.watch {
        Watch::Lock => None,
        Watch::Ahead(created) | Watch::AheadAndFirst(created) => store.ahead_of(created),
    };
    watching.told = store.revision().max(LogIndex(1));
    watching.confirmed = false;
    let view = View { ahead: watching.ahead, ..view(store) };
    let view = View { revision: watching.told, ..view };
    Some(Reply { number: watching.number, on, answer: Answer::News(view) })
}

/// How things stand.
pub(super) fn view(store: &Store) -> View {
    View { revision: store.revision(), lock: store.lock(), leader: store.leader(), ahead: None }
}
