//! Telling a run: a cluster, what befalls it, and what was seen of it.

use crate::protocol::{Book, Lighthouse};
use interregnum_kernel::{GlobalTime, Jitter, NodeId, NodeSet, Observation, Span, What};
use interregnum_sim::{Outcome, Simulator};
use interregnum_world::record::{EffectRecord, Entry, InputRecord};
use interregnum_world::{
    Connections, DiskAfter, Endpoint, InFlight, Latency, Lever, LinkSetting, PlannedFault, Selector, Setting,
    Trigger, Unsynced, Wake, When,
};
use std::sync::Arc;

/// A node by the number that people use.
pub(crate) fn n(number: u8) -> NodeId {
    NodeId(number - 1)
}

pub(crate) fn nodes(numbers: &[u8]) -> NodeSet {
    numbers.iter().map(|number| n(*number)).collect()
}

pub(crate) fn node(number: u8) -> Selector {
    Selector::Node(n(number))
}

/// An instant, from milliseconds.
pub(crate) fn ms(millis: u64) -> GlobalTime {
    GlobalTime::ZERO + Span::millis(millis)
}

/// Several instants.
pub(crate) fn all_ms(millis: &[u64]) -> Vec<GlobalTime> {
    millis.iter().copied().map(ms).collect()
}

pub(crate) fn cut(from: &[Selector], to: &[Selector]) -> Lever {
    Lever::Cut { from: from.to_vec(), to: to.to_vec(), in_flight: InFlight::Drop }
}

/// A cut that lets what is on its way arrive.
pub(crate) fn soft_cut(from: &[Selector], to: &[Selector]) -> Lever {
    Lever::Cut { from: from.to_vec(), to: to.to_vec(), in_flight: InFlight::Deliver }
}

pub(crate) fn partition(groups: &[&[Selector]]) -> Lever {
    let groups = groups.iter().map(|group| group.to_vec()).collect();
    Lever::Partition { groups, in_flight: InFlight::Drop }
}

pub(crate) fn crash(target: &[Selector]) -> Lever {
    crash_with(Unsynced::Lost, target)
}

pub(crate) fn crash_with(unsynced: Unsynced, target: &[Selector]) -> Lever {
    Lever::Crash {
        target: target.to_vec(),
        unsynced,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    }
}

pub(crate) fn restart(target: &[Selector]) -> Lever {
    Lever::Restart { target: target.to_vec() }
}

pub(crate) fn stall(target: &[Selector]) -> Lever {
    Lever::DiskStall { target: target.to_vec() }
}

/// A pause after which what the node's own clock brought about comes before what others sent it.
pub(crate) fn pause(target: &[Selector]) -> Lever {
    pause_with(Wake::TimersFirst, target)
}

pub(crate) fn pause_with(wake: Wake, target: &[Selector]) -> Lever {
    Lever::Pause { target: target.to_vec(), wake }
}

/// Each input takes so many milliseconds.
pub(crate) fn slow(millis: u64, target: &[Selector]) -> Lever {
    Lever::SlowNode { target: target.to_vec(), each: Jitter::exactly(Span::millis(millis)) }
}

pub(crate) fn transfer(to: &[Selector]) -> Lever {
    Lever::Transfer { to: to.to_vec() }
}

/// A run before it is run.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) protocol: Lighthouse,
    pub(crate) setting: Setting,
}

/// So many lighthouses of which the first is kept, for 100 ms. Messages take 1 ms and an fsync 2 ms, exactly: beacons
/// leave at 10, 20, 30 ms and are heard a millisecond later.
pub(crate) fn cluster(count: u8) -> Story {
    let link = LinkSetting::with_latency(Latency::Constant(Span::millis(1)));
    let fsync = Latency::Constant(Span::millis(2));
    Story { protocol: Lighthouse::new(count), setting: Setting::quiet(count, link, fsync, Span::millis(100)) }
}

impl Story {
    pub(crate) fn kept_by(mut self, keepers: &[u8]) -> Story {
        self.protocol.keepers = nodes(keepers);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Setting)) -> Story {
        change(&mut self.setting);
        self
    }

    pub(crate) fn with_every_link(self, change: impl Fn(&mut LinkSetting)) -> Story {
        self.with(|setting| setting.links.iter_mut().for_each(change))
    }

    pub(crate) fn with_fsync(self, fsync: Span) -> Story {
        self.with(|setting| setting.fsync = Latency::Constant(fsync))
    }

    pub(crate) fn until(self, horizon: Span) -> Story {
        self.with(|setting| setting.horizon = horizon)
    }

    pub(crate) fn healed_at(self, millis: u64) -> Story {
        self.with(|setting| setting.heal = Some(Span::millis(millis)))
    }

    /// A fault that lasts.
    pub(crate) fn at(self, millis: u64, lever: Lever) -> Story {
        let at = Span::millis(millis);
        self.with(|setting| setting.plan.faults.push(PlannedFault::at(at, lever)))
    }

    /// A fault that ends by itself: from, to (both in milliseconds).
    pub(crate) fn during(self, from: u64, to: u64, lever: Lever) -> Story {
        let (at, lasts) = (Span::millis(from), Some(Span::millis(to - from)));
        self.with(|setting| setting.plan.faults.push(PlannedFault { when: When::At(at), lever, lasts }))
    }

    /// A fault that comes with its trigger, and lasts.
    pub(crate) fn upon(self, trigger: Trigger, lever: Lever) -> Story {
        let fault = PlannedFault { when: When::Upon(trigger), lever, lasts: None };
        self.with(|setting| setting.plan.faults.push(fault))
    }

    /// Drops a fault from the plan, by its place.
    pub(crate) fn without_fault(self, place: usize) -> Story {
        self.with(|setting| drop(setting.plan.faults.remove(place)))
    }

    pub(crate) fn told(&self) -> Told {
        self.told_with(1)
    }

    pub(crate) fn told_with(&self, seed: u64) -> Told {
        let setting = Arc::new(self.setting.clone());
        let mut simulator: Recording =
            Simulator::with_parts(self.protocol.clone(), setting, Vec::new(), Vec::new());
        let outcome = simulator.run(seed);
        let endpoints = 0..=self.setting.nodes;
        let world = simulator.world();
        let open = |from, to| from != to && world.is_open(Endpoint(from), Endpoint(to));
        let links = endpoints.clone().flat_map(|from| endpoints.clone().map(move |to| (from, to)));
        Told {
            open: links.filter(|(from, to)| open(*from, *to)).map(|(from, to)| (from + 1, to + 1)).collect(),
            books: world.hosts().iter().map(|host| host.disk().clone()).collect(),
            up: world.hosts().iter().filter(|host| host.is_up()).map(|host| host.node()).collect(),
            heard: std::mem::take(simulator.observer_mut()),
            entries: std::mem::take(simulator.recorder_mut()),
            outcome,
        }
    }
}

/// A simulator that keeps all there is to keep.
pub(crate) type Recording = Simulator<Lighthouse, Vec<Observation>, Vec<Entry>>;

/// A run after it was run.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) outcome: Outcome,
    pub(crate) entries: Vec<Entry>,
    pub(crate) heard: Vec<Observation>,
    /// Which links are open at the end, by the endpoints' numbers; the resource's is the one after the last node's.
    pub(crate) open: Vec<(u8, u8)>,
    /// What the disks hold at the end.
    pub(crate) books: Vec<Book>,
    /// Who is up at the end.
    pub(crate) up: NodeSet,
}

/// One sending: when, its fate, and its arrivals by number and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) at: GlobalTime,
    pub(crate) fate: &'static str,
    pub(crate) arrivals: Vec<(u64, GlobalTime)>,
}

impl Told {
    /// What one node sent another, of one kind.
    pub(crate) fn sent(&self, from: u8, to: u8, kind: &str) -> Vec<Sent> {
        let mut found = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.node == Some(n(from))) {
            for effect in &entry.effects {
                match effect {
                    EffectRecord::Send { to: receiver, kind: this, fate, arrivals, .. }
                        if (*receiver, *this) == (n(to), kind) =>
                    {
                        found.push(Sent { at: entry.at_ns, fate, arrivals: arrivals.clone() });
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// When something was sent.
    pub(crate) fn leaving(&self, from: u8, to: u8, kind: &str) -> Vec<GlobalTime> {
        self.sent(from, to, kind).iter().map(|sent| sent.at).collect()
    }

    /// When something was sent that a cut stopped at once.
    pub(crate) fn cut_off(&self, from: u8, to: u8, kind: &str) -> Vec<GlobalTime> {
        self.sent(from, to, kind).iter().filter(|sent| sent.fate == "cut").map(|sent| sent.at).collect()
    }

    /// When messages of one kind arrived.
    pub(crate) fn arriving(&self, from: u8, to: u8, kind: &str) -> Vec<GlobalTime> {
        self.times_of(to, |input| {
            matches!(input, InputRecord::Deliver { from: sender, kind: this, .. } if (*sender, *this) == (n(from), kind))
        })
    }

    /// When messages of one kind came to nothing at the end of their way.
    pub(crate) fn vanishing(&self, from: u8, to: u8, kind: &str) -> Vec<GlobalTime> {
        self.times_of(to, |input| {
            matches!(input, InputRecord::Vanish { from: sender, kind: this } if (*sender, *this) == (n(from), kind))
        })
    }

    /// When something came up for a node that had to wait, and what.
    pub(crate) fn waiting(&self, node: u8) -> Vec<(GlobalTime, &str)> {
        let of = |entry: &'_ Entry| entry.node == Some(n(node));
        let waits = self.entries.iter().filter(|entry| of(entry)).filter_map(|entry| match &entry.input {
            InputRecord::Wait { what, .. } => Some((entry.at_ns, what.as_str())),
            _ => None,
        });
        waits.collect()
    }

    /// When one of a node's timers ran out.
    pub(crate) fn firing(&self, node: u8, name: &str) -> Vec<GlobalTime> {
        self.times_of(node, |input| matches!(input, InputRecord::Fire { timer } if timer == name))
    }

    /// When a node's fsyncs ended, and how many writes each covered.
    pub(crate) fn fsyncs(&self, node: u8) -> Vec<(GlobalTime, u32)> {
        let of = |entry: &Entry| match entry.input {
            InputRecord::Persisted { writes } if entry.node == Some(n(node)) => Some((entry.at_ns, writes)),
            _ => None,
        };
        self.entries.iter().filter_map(of).collect()
    }

    fn times_of(&self, node: u8, wanted: impl Fn(&InputRecord) -> bool) -> Vec<GlobalTime> {
        let at_node = self.entries.iter().filter(|entry| entry.node == Some(n(node)));
        at_node.filter(|entry| wanted(&entry.input)).map(|entry| entry.at_ns).collect()
    }

    /// When something was observed, and where.
    pub(crate) fn observed(&self, wanted: impl Fn(&What) -> bool) -> Vec<(GlobalTime, NodeId)> {
        self.heard.iter().filter(|seen| wanted(&seen.what)).map(|seen| (seen.at, seen.node)).collect()
    }

    /// All that was observed at one node at one instant.
    pub(crate) fn observed_at(&self, at: GlobalTime, node: u8) -> Vec<What> {
        let here = |seen: &&Observation| seen.at == at && seen.node == n(node);
        self.heard.iter().filter(here).map(|seen| seen.what).collect()
    }

    /// Which nodes have crashed.
    pub(crate) fn crashed(&self) -> NodeSet {
        self.observed(|what| *what == What::Crashed).into_iter().map(|(_, node)| node).collect()
    }

    /// When a node started, the first time included.
    pub(crate) fn starts(&self, node: u8) -> Vec<GlobalTime> {
        self.times_of(node, |input| *input == InputRecord::Boot)
    }

    /// Whether a link is open at the end.
    pub(crate) fn is_open(&self, from: u8, to: u8) -> bool {
        self.open.contains(&(from, to))
    }
}
