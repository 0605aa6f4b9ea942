//! Hand-made histories, so that a test reads like a story. Nodes are counted from 1, as in reports; a story begins at
//! time zero in a setting of five nodes.

use crate::{Monitor, Setting, Suite, Verdict};
use interregnum_kernel::{
    Command, Connected, Covered, Epoch, Fact, FencingToken, GlobalTime, Incarnation, Leadership, LogChain,
    LogEntry, LogIndex, LossCause, NodeId, NodeSet, Observation, Observer, Office, Span, What, Write,
};

/// The node that reports call by this number.
pub(crate) fn n(number: u8) -> NodeId {
    NodeId(number - 1)
}

/// The beginning of a story.
pub(crate) fn history() -> History {
    History {
        setting: Setting { nodes: 5, ..Setting::default() },
        service: NodeSet::EMPTY,
        now: GlobalTime::ZERO,
        latest: n(1),
        incarnations: [Incarnation::ZERO; 8],
        reigns: [None; 8],
        told: Vec::new(),
    }
}

#[derive(Clone)]
pub(crate) struct History {
    setting: Setting,
    /// The nodes of the coordination service.
    service: NodeSet,
    now: GlobalTime,
    /// The node that was elected last, whose log is told.
    latest: NodeId,
    incarnations: [Incarnation; 8],
    reigns: [Option<Leadership>; 8],
    told: Vec<Observation>,
}

/// What a monitor made of a story.
pub(crate) struct Judged<M> {
    pub(crate) monitor: M,
}

impl<M: Monitor> Judged<M> {
    pub(crate) fn verdict(&self) -> Verdict {
        self.monitor.report().verdict()
    }
    pub(crate) fn exercised(&self) -> u64 {
        self.monitor.report().exercised()
    }
    pub(crate) fn words(&self) -> String {
        self.monitor.report().violation().map(|violation| violation.to_string()).unwrap_or_default()
    }
}

/// The reign of an epoch, whose token is its number.
fn reign(office: Office, epoch: u64) -> Leadership {
    Leadership { office, epoch: Epoch(epoch), token: Some(FencingToken(epoch)) }
}

/// The entry that stands at this position where a leader of this epoch wrote it.
fn entry(index: u64, epoch: u64) -> LogEntry {
    LogEntry { epoch: Epoch(epoch), command: Some(Command(index)) }
}

/// What a snapshot covers that stands for entries with these epochs.
fn covered(epochs: &[u64]) -> Covered {
    let entries = (1..).zip(epochs).map(|(index, epoch)| entry(index, *epoch));
    Covered { last: LogIndex(epochs.len() as u64), chain: entries.fold(LogChain::EMPTY, LogChain::then) }
}

impl History {
    /// What is heard of the story: all of it.
    pub(crate) fn observations(&self) -> &[Observation] {
        &self.told
    }
    /// Lets a monitor of its own hear what the suite would give it.
    pub(crate) fn judged_by<M: Monitor>(&self) -> Judged<M> {
        let mut monitor = M::new(&self.setting);
        for observation in &self.told {
            if M::INTEREST.meets(observation.what.interest()) {
                monitor.observe(observation);
            }
        }
        Judged { monitor }
    }
    /// Lets a suite hear the story.
    pub(crate) fn told_to(&self, suite: &mut Suite) {
        for observation in &self.told {
            suite.observe(observation);
        }
    }
    pub(crate) fn setting(&self) -> Setting {
        self.setting
    }
    pub(crate) fn in_setting(mut self, setting: Setting) -> History {
        self.setting = setting;
        self
    }
    /// These nodes are a coordination service's: what they say of themselves is about its own leadership.
    pub(crate) fn served_by(mut self, service: &[NodeId]) -> History {
        self.service = service.iter().copied().collect();
        self
    }
    /// Time goes on to this many milliseconds.
    pub(crate) fn at(mut self, millis: u64) -> History {
        self.now = GlobalTime::ZERO + Span::millis(millis);
        self
    }

    fn tell(mut self, node: NodeId, what: What) -> History {
        let incarnation = self.incarnations[node.index()];
        let office = if self.service.contains(node) { Office::SERVICE } else { Office::CONTESTED };
        self.told.push(Observation { at: self.now, node, incarnation, office, what });
        self
    }

    pub(crate) fn elected(self, node: NodeId, epoch: u64) -> History {
        self.elected_to(Office::CONTESTED, node, epoch)
    }
    pub(crate) fn elected_to(mut self, office: Office, node: NodeId, epoch: u64) -> History {
        self.latest = node;
        self.reigns[node.index()] = Some(reign(office, epoch));
        self.tell(node, What::Elected(reign(office, epoch)))
    }
    pub(crate) fn deposed(mut self, node: NodeId) -> History {
        let reign = self.reigns[node.index()].take().expect("a node that does not lead cannot be deposed");
        self.tell(node, What::Deposed(reign))
    }
    /// The log of the node elected last: the epochs of its entries from the first position on.
    pub(crate) fn with_log(self, epochs: &[u64]) -> History {
        let told = (1..).zip(epochs).fold(self, |story, (index, epoch)| story.log_entry(index, *epoch));
        told.log_ends(epochs.len() as u64)
    }
    /// A snapshot of the node elected last, of entries with these epochs from the first position on.
    pub(crate) fn with_snapshot(self, epochs: &[u64]) -> History {
        let leader = self.latest;
        self.tell(leader, What::LeaderSnapshot(covered(epochs)))
    }
    pub(crate) fn restored(self, node: NodeId, epochs: &[u64]) -> History {
        self.tell(node, What::Fact(Fact::Restored(covered(epochs))))
    }
    pub(crate) fn log_entry(self, index: u64, epoch: u64) -> History {
        let leader = self.latest;
        self.tell(leader, What::LeaderLog { index: LogIndex(index), entry: entry(index, epoch) })
    }
    pub(crate) fn log_ends(self, last: u64) -> History {
        let leader = self.latest;
        self.tell(leader, What::LeaderLogEnd { last: LogIndex(last) })
    }
    pub(crate) fn committed(self, node: NodeId, index: u64, epoch: u64) -> History {
        self.tell(node, What::Committed { index: LogIndex(index), entry: entry(index, epoch) })
    }
    pub(crate) fn voted(self, node: NodeId, epoch: u64, candidate: NodeId) -> History {
        let office = Office::CONTESTED;
        self.tell(node, What::Fact(Fact::Voted { office, epoch: Epoch(epoch), candidate }))
    }
    pub(crate) fn stored(self, node: NodeId, epoch: u64) -> History {
        self.stored_for(Office::CONTESTED, node, epoch)
    }
    pub(crate) fn stored_for(self, office: Office, node: NodeId, epoch: u64) -> History {
        self.tell(node, What::Fact(Fact::EpochStored { office, epoch: Epoch(epoch) }))
    }
    pub(crate) fn granted(self, node: NodeId, number: u64, holder: NodeId) -> History {
        self.granted_in(u64::from(holder.0), node, number, holder)
    }
    pub(crate) fn granted_in(self, session: u64, node: NodeId, number: u64, holder: NodeId) -> History {
        self.tell(node, What::Fact(Fact::Granted { epoch: Epoch(number), holder, session }))
    }
    pub(crate) fn renewed(self, node: NodeId, session: u64, millis: u64) -> History {
        self.tell(node, What::Fact(Fact::Renewed { session, length: Span::millis(millis) }))
    }
    pub(crate) fn expired(self, node: NodeId, session: u64) -> History {
        self.tell(node, What::Fact(Fact::Expired { session }))
    }
    pub(crate) fn entered(self, node: NodeId, epoch: u64) -> History {
        self.tell(node, What::EpochEntered(Epoch(epoch)))
    }
    pub(crate) fn booted(self, node: NodeId) -> History {
        self.tell(node, What::Booted(Epoch::ZERO))
    }
    /// A crash, as a host tells it: a reign ends first, and what follows is the next incarnation's.
    pub(crate) fn crashed(mut self, node: NodeId) -> History {
        if let Some(reign) = self.reigns[node.index()].take() {
            self = self.tell(node, What::Deposed(reign));
        }
        let mut story = self.tell(node, What::Crashed);
        story.incarnations[node.index()] = story.incarnations[node.index()].next();
        story
    }
    pub(crate) fn restarted(self, node: NodeId, epoch: u64) -> History {
        self.tell(node, What::Restarted(Epoch(epoch)))
    }
    pub(crate) fn stopped(self, node: NodeId) -> History {
        self.tell(node, What::Stopped)
    }
    pub(crate) fn resumed(self, node: NodeId) -> History {
        self.tell(node, What::Resumed)
    }
    pub(crate) fn links_changed(self, connected: Connected) -> History {
        self.tell(n(1), What::LinksChanged(connected))
    }
    pub(crate) fn lease_held(self, node: NodeId) -> History {
        self.tell(node, What::LeaseHeld(Office::CONTESTED))
    }
    pub(crate) fn lease_lost(self, node: NodeId) -> History {
        self.tell(node, What::LeaseLost(Office::CONTESTED))
    }
    pub(crate) fn gained_quorum(self, node: NodeId, epoch: u64) -> History {
        self.gained_quorum_in(Office::CONTESTED, node, epoch)
    }
    pub(crate) fn gained_quorum_in(self, office: Office, node: NodeId, epoch: u64) -> History {
        self.tell(node, What::GainedQuorum(reign(office, epoch)))
    }
    pub(crate) fn lost_quorum(self, node: NodeId, epoch: u64) -> History {
        self.tell(node, What::LostQuorum(reign(Office::CONTESTED, epoch), LossCause::Fault))
    }
    pub(crate) fn accepted(self, node: NodeId, epoch: u64) -> History {
        let write = self.write(node, reign(Office::CONTESTED, epoch));
        self.tell(node, What::WriteAccepted(write))
    }
    pub(crate) fn accepted_unfenced(self, node: NodeId, epoch: u64) -> History {
        let write = self.write(node, Leadership { token: None, ..reign(Office::CONTESTED, epoch) });
        self.tell(node, What::WriteAccepted(write))
    }
    pub(crate) fn rejected(self, node: NodeId, epoch: u64) -> History {
        let write = self.write(node, reign(Office::CONTESTED, epoch));
        self.tell(node, What::WriteRejected(write))
    }
    pub(crate) fn healed(self) -> History {
        self.tell(n(1), What::Healed)
    }
    pub(crate) fn ended(self) -> History {
        self.tell(n(1), What::Ended)
    }

    fn write(&self, writer: NodeId, leadership: Leadership) -> Write {
        let (incarnation, number) = (self.incarnations[writer.index()], self.told.len() as u64);
        Write { writer, incarnation, leadership, number }
    }
}
