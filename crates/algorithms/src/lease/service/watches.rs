//! Who is told of what: each contender watches one thing at most, at the service node that it talks to.
//!
//! News travel by datagrams here, so a service node repeats what a watcher has not confirmed. A watch dies with the node
//! that keeps it: its owner has to notice, as it has to in ZooKeeper, where watches are set anew on reconnection.

use super::operation::SessionId;
use super::store::{Changes, Store};
use crate::lease::message::{Answer, Reply, View};
use interregnum_kernel::{LogIndex, NodeId};

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Watch {
    /// The lock: every change of it is told.
    Lock,
    /// The key that was created last before this session's own: told when that is gone.
    Ahead(SessionId),
}

impl Watch {
    /// As one number, for labels.
    pub fn packed(self) -> u64 {
        match self {
            Watch::Lock => 0,
            Watch::Ahead(session) => session.packed() + 1,
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
}

/// The watches at one service node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Watches {
    /// One slot for each contender.
    slots: Vec<Option<Watching>>,
}

impl Watches {
    /// None, with room for so many contenders.
    pub(super) fn new(contenders: usize) -> Watches {
        Watches { slots: vec![None; contenders] }
    }

    /// A contender watches this from now on. What it is told at once, where that can be said yet.
    pub(super) fn set(
        &mut self,
        client: NodeId,
        (number, watch, floor): (u32, Watch, LogIndex),
        store: &Store,
    ) -> Option<Reply> {
        let slot = self.slots.get_mut(client.index())?;
        // Requests may overtake each other; the latest counts.
        if slot.is_some_and(|old| old.number > number) {
            return None;
        }
        let watching = Watching { number, watch, floor, ahead: None, told: LogIndex::ZERO, confirmed: true };
        tell(slot.insert(watching), store)
    }

    /// A contender has heard the news of a revision.
    ///
    /// False if it has no such watch here: the node that it set it at was restarted since, or has hung up.
    pub(super) fn confirm(&mut self, client: NodeId, number: u32, revision: LogIndex) -> bool {
        let slot = self.slots.get_mut(client.index()).and_then(Option::as_mut);
        let Some(watching) = slot.filter(|slot| slot.number == number) else { return false };
        watching.confirmed |= watching.told == revision;
        true
    }

    /// Forgets the watch of a contender whose process died: its connection was reset.
    pub(super) fn drop(&mut self, client: NodeId) {
        if let Some(slot) = self.slots.get_mut(client.index()) {
            *slot = None;
        }
    }

    /// Forgets all watches, and tells their owners.
    pub(super) fn hang_up(&mut self, mut send: impl FnMut(NodeId, Reply)) {
        for (client, slot) in self.slots.iter_mut().enumerate() {
            if let Some(watching) = slot.take() {
                let reply = Reply { number: watching.number, answer: Answer::NotReady };
                send(NodeId::from_index(client), reply);
            }
        }
    }

    /// The data has changed: who is to be told what.
    pub(super) fn notify(&mut self, store: &Store, changes: &Changes, mut send: impl FnMut(NodeId, Reply)) {
        for (client, slot) in self.slots.iter_mut().enumerate() {
            let Some(watching) = slot else { continue };
            let waits = watching.told == LogIndex::ZERO;
            let concerned = match watching.watch {
                Watch::Lock => changes.lock,
                Watch::Ahead(_) => changes.left.is_some() && changes.left == watching.ahead,
            };
            if (waits || concerned)
                && let Some(reply) = tell(watching, store)
            {
                send(NodeId::from_index(client), reply);
            }
        }
    }

    /// Repeats what has not been confirmed, as it stands now.
    pub(super) fn repeat(&mut self, store: &Store, mut send: impl FnMut(NodeId, Reply)) {
        for (client, slot) in self.slots.iter_mut().enumerate() {
            if let Some(watching) = slot.as_mut().filter(|slot| !slot.confirmed)
                && let Some(reply) = tell(watching, store)
            {
                send(NodeId::from_index(client), reply);
            }
        }
    }

    /// Whether something is to be repeated.
    pub(super) fn is_waiting(&self) -> bool {
        self.slots.iter().flatten().any(|watching| !watching.confirmed)
    }
}

/// What a watcher is told; nothing while the node lags behind what the watcher knows.
fn tell(watching: &mut Watching, store: &Store) -> Option<Reply> {
    if store.revision() < watching.floor {
        return None;
    }
    watching.ahead = match watching.watch {
        Watch::Lock => None,
        Watch::Ahead(session) => store.ahead_of(session),
    };
    watching.told = store.revision().max(LogIndex(1));
    watching.confirmed = false;
    let view = View { ahead: watching.ahead, ..view(store) };
    let view = View { revision: watching.told, ..view };
    Some(Reply { number: watching.number, answer: Answer::View(view) })
}

/// How things stand.
pub(super) fn view(store: &Store) -> View {
    View { revision: store.revision(), lock: store.lock(), leader: store.leader(), ahead: None }
}
