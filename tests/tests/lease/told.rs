//! A run as the tests of the lease family look at it: who led, who held a lease, who died, and what was sent.

use interregnum_algorithms::{ALGORITHMS, Entry, Registered, Visitor, build};
use interregnum_kernel::{
    GlobalTime, Interest, Leadership, NodeId, Observation, Observer, Office, Parameters, Span, What,
};
use interregnum_sim::Simulator;
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, MAX_KINDS, Selector, Setting, Unsynced,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// One way between any two nodes, where nothing else is said.
pub(crate) const WAY: Span = Span::millis(1);
/// How long a write takes, where nothing else is said.
pub(crate) const FSYNC: Span = Span::millis(1);

/// One run.
pub(crate) struct Told {
    /// Elections and depositions, leases and their ends, deaths and starts.
    seen: Vec<Observation>,
    /// How many messages of each kind were sent.
    pub(crate) sent: BTreeMap<&'static str, u64>,
}

impl Told {
    /// The elections to the contested leadership.
    pub(crate) fn reigns(&self) -> impl Iterator<Item = (GlobalTime, NodeId, Leadership)> {
        self.seen.iter().filter_map(|seen| match seen.what {
            What::Elected(leadership) if leadership.office == Office::CONTESTED => {
                Some((seen.at, seen.node, leadership))
            }
            _ => None,
        })
    }

    /// Those after a time.
    pub(crate) fn reigns_after(&self, after: Span) -> impl Iterator<Item = (GlobalTime, NodeId, Leadership)> {
        self.reigns().filter(move |(at, ..)| *at > GlobalTime::ZERO + after)
    }

    /// Every beginning and end of a contested leadership, with whether it is a beginning.
    pub(crate) fn turns(&self) -> impl Iterator<Item = (GlobalTime, NodeId, bool)> {
        self.seen.iter().filter_map(|seen| match seen.what {
            What::Elected(leadership) if leadership.office == Office::CONTESTED => {
                Some((seen.at, seen.node, true))
            }
            What::Deposed(leadership) if leadership.office == Office::CONTESTED => {
                Some((seen.at, seen.node, false))
            }
            _ => None,
        })
    }

    /// Who leads at a time.
    pub(crate) fn leaders_at(&self, at: Span) -> BTreeSet<NodeId> {
        let mut leaders = BTreeSet::new();
        for (_, node, begins) in self.turns().take_while(|(when, ..)| *when <= GlobalTime::ZERO + at) {
            if begins {
                leaders.insert(node);
            } else {
                leaders.remove(&node);
            }
        }
        leaders
    }

    /// Who leads the service at a time.
    pub(crate) fn service_leader_at(&self, at: Span) -> Option<NodeId> {
        let leads = |seen: &&Observation| {
            let elected =
                matches!(seen.what, What::Elected(leadership) if leadership.office == Office::SERVICE);
            elected && seen.at <= GlobalTime::ZERO + at
        };
        self.seen.iter().rfind(leads).map(|seen| seen.node)
    }

    /// When a node first died after a time.
    pub(crate) fn crash_after(&self, after: Span) -> (GlobalTime, NodeId) {
        let late = |seen: &&Observation| seen.what == What::Crashed && seen.at >= GlobalTime::ZERO + after;
        let crash = self.seen.iter().find(late).expect("somebody crashes");
        (crash.at, crash.node)
    }

    /// Whether two held a lease at one instant.
    pub(crate) fn leases_overlap(&self) -> bool {
        let mut holders = BTreeSet::new();
        self.seen.iter().any(|seen| {
            match seen.what {
                What::LeaseHeld(office) if office == Office::CONTESTED => {
                    holders.insert(seen.node);
                }
                What::LeaseLost(office) if office == Office::CONTESTED => {
                    holders.remove(&seen.node);
                }
                _ => {}
            }
            holders.len() > 1
        })
    }
}

/// Hears who is elected, who holds a lease, and who dies.
#[derive(Default)]
struct Ear(Vec<Observation>);

impl Observer for Ear {
    fn interest(&self) -> Interest {
        Interest::LEADERSHIP.and(Interest::LEASES).and(Interest::LIFE)
    }
    fn observe(&mut self, seen: &Observation) {
        self.0.push(*seen);
    }
}

/// The only visitor of this binary: every further one would be a simulator of every algorithm to compile.
struct Watch {
    setting: Arc<Setting>,
    seeds: Range<u64>,
}

impl Visitor for Watch {
    type Output = Vec<Told>;
    fn visit<P: Registered>(self, protocol: P) -> Vec<Told> {
        let mut simulator = Simulator::new(protocol, self.setting, Ear::default());
        let watch = |seed| {
            let sent = simulator.run(seed).counters.sent;
            let sent = P::KINDS.iter().copied().zip::<[u64; MAX_KINDS]>(sent).collect();
            Told { seen: std::mem::take(&mut simulator.observer_mut().0), sent }
        };
        self.seeds.map(watch).collect()
    }
}

/// Runs one recipe with these seeds.
///
/// # Panics
/// If it refuses its parameters.
pub(crate) fn watch(
    algorithm: &str,
    parameters: &Parameters,
    setting: Arc<Setting>,
    seeds: Range<u64>,
) -> Vec<Told> {
    build(algorithm, parameters, Watch { setting, seeds })
        .unwrap_or_else(|error| panic!("{algorithm}: {error}"))
}

/// All recipes.
pub(crate) fn family() -> impl Iterator<Item = &'static Entry> {
    ALGORITHMS.iter().filter(|entry| entry.service)
}

/// Contenders and a service on a network and disks that take the same time always.
pub(crate) fn even(parameters: &Parameters, horizon: Span) -> Setting {
    let link = LinkSetting::with_latency(Latency::Constant(WAY));
    let mut setting = Setting::quiet(parameters.nodes, link, Latency::Constant(FSYNC), horizon);
    setting.service = parameters.service;
    setting
}

/// A loss of power, of which nobody hears.
pub(crate) fn crash(target: Selector) -> Lever {
    Lever::Crash {
        target: vec![target],
        unsynced: Unsynced::Lost,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    }
}
