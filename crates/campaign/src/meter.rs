//! What a run cost its users: failovers and their parts, time without a usable leader, leader changes.

use interregnum_kernel::{
    Epoch, GlobalTime, Incarnation, Interest, Leadership, LossCause, NodeId, Observation, Observer, Office,
    Role, Span, What,
};
use interregnum_world::Plan;
use serde::Serialize;

/// One failover: from the first fault instant after which the acting leader can no longer commit, to the first write
/// accepted or entry committed under a later leader. Without an end it was needed and not seen by the end of the run.
///
/// It has four parts, which follow each other without a gap: detection, election, discovery, and what is left until the
/// [first write](Failover::first_write). Each has a value if its end was reached.
///
/// The successor is the leader under whom the failover ended, or the last that was elected where it never did.
/// Where finding a leader takes clients a time of its own, a failover ends for them: with a write, or with the commitment
/// of an entry that a client proposed, since the no-op of a new leader is nobody's write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Failover {
    /// When the leader was lost.
    pub since: GlobalTime,
    /// How long it took; `None` if it never came.
    pub took: Option<Span>,
    /// Until the first node left its follower state.
    pub detection: Option<Span>,
    /// From there until the successor was established.
    pub election: Option<Span>,
    /// From there until clients knew the successor; no time at all where they know every leader at once.
    pub discovery: Option<Span>,
}

impl Failover {
    /// From the successor's discovery to the end: the clients' own rhythm, the way to the resource or to a quorum.
    /// `None` if the failover never ended.
    pub fn first_write(&self) -> Option<Span> {
        let known = self.detection? + self.election? + self.discovery?;
        Some(self.took?.saturating_sub(known))
    }
}

/// Time without a usable leader after the first was elected; the whole run, leaderless, where none ever was. The three
/// kinds never overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unavailable {
    /// Nobody acted as leader. A leader that is stopped does not act.
    pub leaderless: Span,
    /// One node acted as leader, and no quorum could obey it.
    pub zombie_led: Span,
    /// Two or more acted as leader at once.
    pub contested: Span,
}

/// What was measured of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measurement {
    /// The failovers, in the order in which they began.
    pub failovers: Vec<Failover>,
    /// Time without a usable leader.
    pub unavailable: Unavailable,
    /// How often a node was elected.
    pub elections: u64,
    /// Leaders elected after the first.
    pub leader_changes: u64,
    /// Leader changes that no fault and no order called for.
    pub spurious_failovers: u64,
    /// Epochs in which two or more nodes stood for election and nobody won.
    pub split_votes: u64,
    /// Epochs in which two or more nodes stood for election, whoever won.
    pub rivalries: u64,
    /// How often a leader that a fault had taken from its quorum had it back before another was elected.
    pub leader_returns: u64,
    /// Crashes of nodes that led.
    pub leader_crashes: u64,
    /// Stops of nodes that led.
    pub leader_stops: u64,
    /// How often a stopped leader went on while another acted.
    pub zombie_resumes: u64,
    /// When the first leader was elected, and in which epoch.
    pub first_leader: Option<(GlobalTime, Epoch)>,
}

/// The state of leadership between two observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// Before the first leader.
    Starting,
    Leaderless,
    ZombieLed,
    Contested,
    Served,
}

/// An epoch in which nodes stand for election.
#[derive(Clone, Copy, Debug)]
struct Contest {
    epoch: Epoch,
    candidates: u8,
    won: bool,
}

/// A failover that has not ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    since: GlobalTime,
    lost: (NodeId, Incarnation, Leadership),
    /// Whether the lost leader can be obeyed again. Others may be standing already, so this alone does not end it.
    regained: bool,
    detected: Option<GlobalTime>,
}

/// A leader elected while a failover was open.
#[derive(Clone, Copy, Debug)]
struct Successor {
    node: NodeId,
    leadership: Leadership,
    elected: GlobalTime,
    /// When clients knew it.
    discovered: Option<GlobalTime>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    leads: bool,
    stopped: bool,
    obeyed: bool,
    stands: bool,
    /// When it last ceased to lead: a crash tells that first.
    deposed: Option<GlobalTime>,
}

impl Node {
    /// It believes that it leads, and does something about it.
    fn acts(&self) -> bool {
        self.leads && !self.stopped
    }
}

/// Measures runs, one after the other.
#[derive(Clone, Debug)]
pub struct Meter {
    nodes: Vec<Node>,
    /// Per planned fault: whether it orders a leader change.
    orders: Vec<bool>,
    ordered: bool,
    condition: Condition,
    since: GlobalTime,
    highest: Epoch,
    open: Option<Open>,
    /// Those who may end the open failover, in the order of their elections.
    successors: Vec<Successor>,
    /// Whether clients have to find a leader before they ask it.
    discovering: bool,
    contests: Vec<Contest>,
    measured: Measurement,
}

impl Meter {
    /// A meter for runs of so many nodes under this plan.
    pub fn new(nodes: u8, plan: &Plan) -> Meter {
        Meter {
            nodes: vec![Node::default(); usize::from(nodes)],
            orders: plan.faults.iter().map(|fault| fault.lever.orders_leader_change()).collect(),
            ordered: false,
            condition: Condition::Starting,
            since: GlobalTime::ZERO,
            highest: Epoch::ZERO,
            open: None,
            successors: Vec::new(),
            discovering: false,
            contests: Vec::new(),
            measured: Measurement::default(),
        }
    }

    /// The same, for runs in which clients have to find every leader, or need not.
    #[must_use]
    pub fn discovering(self, discovering: bool) -> Meter {
        Meter { discovering, ..self }
    }

    /// Forgets the last run.
    pub fn reset(&mut self) {
        self.nodes.fill(Node::default());
        self.ordered = false;
        self.condition = Condition::Starting;
        self.since = GlobalTime::ZERO;
        self.highest = Epoch::ZERO;
        self.open = None;
        self.successors.clear();
        self.contests.clear();
        let failovers = std::mem::take(&mut self.measured.failovers);
        self.measured = Measurement { failovers, ..Measurement::default() };
        self.measured.failovers.clear();
    }

    /// What was measured, once the run has ended.
    pub fn measurement(&self) -> &Measurement {
        &self.measured
    }

    fn turn(&mut self, at: GlobalTime) {
        let spent = at.since(self.since);
        let unavailable = &mut self.measured.unavailable;
        match self.condition {
            Condition::Starting | Condition::Served => {}
            Condition::Leaderless => unavailable.leaderless = unavailable.leaderless + spent,
            Condition::ZombieLed => unavailable.zombie_led = unavailable.zombie_led + spent,
            Condition::Contested => unavailable.contested = unavailable.contested + spent,
        }
        self.since = at;
        let acting = self.nodes.iter().filter(|node| node.acts()).count();
        let obeyed = self.nodes.iter().any(|node| node.acts() && node.obeyed);
        self.condition = match (self.measured.elections, acting, obeyed) {
            (0, ..) => Condition::Starting,
            (_, 0, _) => Condition::Leaderless,
            (_, 1, true) => Condition::Served,
            (_, 1, false) => Condition::ZombieLed,
            _ => Condition::Contested,
        };
    }

    fn elected(&mut self, at: GlobalTime, node: NodeId, leadership: Leadership) {
        let first = self.measured.elections == 0;
        self.measured.elections += 1;
        if first {
            self.measured.first_leader = Some((at, leadership.epoch));
        } else {
            self.measured.leader_changes += 1;
            if self.open.is_none() && !self.ordered {
                self.measured.spurious_failovers += 1;
            }
        }
        self.ordered = false;
        self.highest = self.highest.max(leadership.epoch);
        if let Some(contest) = self.contests.iter_mut().find(|contest| contest.epoch == leadership.epoch) {
            contest.won = true;
        }
        if let Some(open) = &mut self.open
            && leadership.epoch > open.lost.2.epoch
        {
            open.regained = false;
            let discovered = (!self.discovering).then_some(at);
            self.successors.push(Successor { node, leadership, elected: at, discovered });
        }
    }

    /// Clients know a leader from now on.
    fn discovered(&mut self, observation: &Observation, leadership: Leadership) {
        let found = (observation.node, leadership);
        // The same node may be elected to the same leadership twice; it is the last of these elections that was found.
        if let Some(one) = self.successors.iter_mut().rev().find(|one| (one.node, one.leadership) == found) {
            one.discovered = one.discovered.or(Some(observation.at));
        }
    }

    fn stood(&mut self, epoch: Epoch) {
        match self.contests.iter_mut().find(|contest| contest.epoch == epoch) {
            Some(contest) => contest.candidates += 1,
            None => self.contests.push(Contest { epoch, candidates: 1, won: false }),
        }
    }

    fn lost(&mut self, observation: &Observation, leadership: Leadership, cause: LossCause) {
        let leads_highest = leadership.epoch == self.highest;
        if cause == LossCause::Fault && leads_highest && self.open.is_none() {
            let lost = (observation.node, observation.incarnation, leadership);
            let since = observation.at;
            self.open = Some(Open { since, lost, regained: false, detected: None });
            self.successors.clear();
        } else if let Some(open) = &mut self.open {
            open.regained &= open.lost.2 != leadership;
        }
    }

    /// The leader that was lost can be obeyed again.
    fn regained(&mut self, observation: &Observation, leadership: Leadership) {
        let same = (observation.node, observation.incarnation, leadership);
        if let Some(open) = self.open.as_mut().filter(|open| open.lost == same) {
            open.regained = self.successors.is_empty();
            self.measured.leader_returns += u64::from(open.regained);
        }
    }

    fn stopped(&mut self, at: GlobalTime, index: usize) {
        self.nodes[index].stopped = true;
        if self.nodes[index].leads {
            self.measured.leader_stops += 1;
            self.turn(at);
        }
    }

    fn resumed(&mut self, at: GlobalTime, index: usize) {
        let others_act = self.nodes.iter().any(Node::acts);
        self.nodes[index].stopped = false;
        if self.nodes[index].leads {
            self.measured.zombie_resumes += u64::from(others_act);
            self.turn(at);
        }
    }

    fn crashed(&mut self, at: GlobalTime, index: usize) {
        let node = &mut self.nodes[index];
        self.measured.leader_crashes += u64::from(node.deposed == Some(at));
        // A stop dies with the process.
        *node = Node { obeyed: node.obeyed, ..Node::default() };
    }

    /// Something was done under a leader of this epoch: a later leader ends the failover, and the lost one, once it can be
    /// obeyed again, shows that none was needed.
    fn progressed(&mut self, at: GlobalTime, epoch: Epoch) {
        let Some(open) = self.open else { return };
        if epoch > open.lost.2.epoch {
            let under = |one: &&Successor| one.leadership.epoch == epoch && one.discovered.is_some();
            let successor = self.successors.iter().rev().find(under);
            if successor.is_none() && self.discovering {
                return;
            }
            self.open = None;
            self.measured.failovers.push(open.ended(Some(at), successor.or(self.successors.last())));
        } else if open.regained && epoch == open.lost.2.epoch {
            self.open = None;
        }
    }

    fn ended(&mut self, at: GlobalTime) {
        if let Some(open) = self.open.take().filter(|open| !open.regained) {
            self.measured.failovers.push(open.ended(None, self.successors.last()));
        }
        if self.measured.elections == 0 {
            // There never was a leader to wait for: the whole run went by without one.
            self.measured.unavailable.leaderless = at.since(GlobalTime::ZERO);
        }
        for contest in self.contests.iter().filter(|contest| contest.candidates >= 2) {
            self.measured.rivalries += 1;
            self.measured.split_votes += u64::from(!contest.won);
        }
    }
}

impl Open {
    fn ended(self, at: Option<GlobalTime>, successor: Option<&Successor>) -> Failover {
        let elected = successor.map(|one| one.elected);
        // A successor may have been on its way before the fault: then nothing had to be detected.
        let detected = self.detected.into_iter().chain(elected).min();
        let known = successor.and_then(|one| one.discovered);
        Failover {
            since: self.since,
            took: at.map(|at| at.since(self.since)),
            detection: detected.map(|detected| detected.since(self.since)),
            election: elected.zip(detected).map(|(elected, detected)| elected.since(detected)),
            discovery: known.zip(elected).map(|(known, elected)| known.since(elected)),
        }
    }
}

impl Observer for Meter {
    fn interest(&self) -> Interest {
        Interest::LEADERSHIP
            .and(Interest::ROLES)
            .and(Interest::EPOCHS)
            .and(Interest::COMMITS)
            .and(Interest::LIFE)
            .and(Interest::QUORUM)
            .and(Interest::WRITES)
            .and(Interest::FAULTS)
            .and(Interest::DISCOVERY)
            .and(Interest::END)
    }

    fn observe(&mut self, observation: &Observation) {
        // Who leads inside a coordination service, and what its nodes agree on, is the service's own business.
        if observation.office != Office::CONTESTED {
            return;
        }
        let (at, index) = (observation.at, observation.node.index());
        match observation.what {
            What::Elected(leadership) if leadership.office == Office::CONTESTED => {
                self.nodes[index].leads = true;
                self.elected(at, observation.node, leadership);
                self.turn(at);
            }
            What::Deposed(leadership) if leadership.office == Office::CONTESTED => {
                self.nodes[index].leads = false;
                self.nodes[index].deposed = Some(at);
                self.turn(at);
            }
            What::GainedQuorum(leadership) if leadership.office == Office::CONTESTED => {
                self.nodes[index].obeyed = true;
                self.regained(observation, leadership);
                self.turn(at);
            }
            What::Discovered(leadership) if leadership.office == Office::CONTESTED => {
                self.discovered(observation, leadership);
            }
            What::LostQuorum(leadership, cause) if leadership.office == Office::CONTESTED => {
                self.nodes[index].obeyed = false;
                self.lost(observation, leadership, cause);
                self.turn(at);
            }
            What::RoleChanged(role) => {
                self.nodes[index].stands = role == Role::Candidate;
                let left = matches!(role, Role::PreCandidate | Role::Candidate);
                if let Some(open) = self.open.as_mut().filter(|_| left) {
                    open.detected = open.detected.or(Some(at));
                }
            }
            // A candidate that starts another round enters a new epoch without a change of role.
            What::EpochEntered(epoch) if self.nodes[index].stands => self.stood(epoch),
            What::Stopped => self.stopped(at, index),
            What::Resumed => self.resumed(at, index),
            What::Crashed => self.crashed(at, index),
            What::Committed { entry, .. } if entry.command.is_some() || !self.discovering => {
                self.progressed(at, entry.epoch);
            }
            What::WriteAccepted(write) => self.progressed(at, write.leadership.epoch),
            What::FaultInjected(fault) => {
                // Any other fault is a better reason for what follows than an order before it.
                self.ordered = self.orders.get(fault as usize).copied().unwrap_or(false);
            }
            What::Ended => {
                self.turn(at);
                self.ended(at);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
