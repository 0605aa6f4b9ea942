//! The world that a run takes place in: fixed before it starts, and shared by all seeds of a scenario.

use crate::latency::Latency;
use crate::nemesis::Nemesis;
use crate::plan::{Plan, Selector};
use interregnum_kernel::{FaultClass, FaultClasses, NodeId, NodeSet, Office, Span, TOLERABLE_DRIFT_PPM};
use serde::{Deserialize, Serialize};

/// A probability, as a threshold for 32 random bits: integers only, so that every platform draws alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Probability(u64);

impl Probability {
    /// Never.
    pub const NEVER: Probability = Probability(0);
    /// Always.
    pub const ALWAYS: Probability = Probability(1 << 32);

    /// The nearest representable probability; values outside 0 to 1 are clamped, and not-a-number is never.
    pub fn new(p: f64) -> Probability {
        // One multiplication by a power of two and one rounding: exact, and the same everywhere.
        Probability((p.clamp(0.0, 1.0) * 4_294_967_296.0).round() as u64)
    }
    /// Whether 32 random bits fall below it.
    #[inline]
    pub const fn covers(self, bits: u32) -> bool {
        (bits as u64) < self.0
    }
    /// Whether it can never happen.
    #[inline]
    pub const fn is_never(self) -> bool {
        self.0 == 0
    }
    /// As a fraction, for people.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 4_294_967_296.0
    }
}

/// One direction of one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkSetting {
    /// How long a message travels.
    pub latency: Latency,
    /// How likely a message is lost.
    pub loss: Probability,
    /// How likely a message is delivered twice, the copy with a delay of its own.
    pub duplicate: Probability,
    /// How likely a message is held back by [`LinkSetting::reorder_delay`] besides, and so overtaken.
    pub reorder: Probability,
    /// By how much a held-back message is held back.
    pub reorder_delay: Latency,
}

impl LinkSetting {
    /// A link that only delays.
    pub fn with_latency(latency: Latency) -> LinkSetting {
        LinkSetting {
            latency,
            loss: Probability::NEVER,
            duplicate: Probability::NEVER,
            reorder: Probability::NEVER,
            reorder_delay: Latency::Constant(Span::ZERO),
        }
    }
}

/// A named group of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Its nodes.
    pub nodes: NodeSet,
}

/// How clocks go wrong by themselves; each node draws its own values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockSetting {
    /// Range of the wall clock's offset, in nanoseconds.
    pub offset: (i64, i64),
    /// Range of the drift of both clocks, in parts per million.
    pub drift_ppm: (i32, i32),
}

/// What clients do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkloadSetting {
    /// How often whoever believes that it leads writes to the fenced resource; `None` for never.
    pub writes_every: Option<Span>,
    /// Time of the writer's own process between asking whether it leads and sending: the shortest and the longest.
    pub check_to_act: (Span, Span),
    /// How often a client hands a command to whoever believes that it leads; `None` for never.
    pub proposals_every: Option<Span>,
    /// Time from a node's election until clients find it and ask it for anything: the shortest and the longest, drawn
    /// for every election. `None` if they know every leader at once.
    pub discovery: Option<(Span, Span)>,
}

/// Everything that is fixed about a run but its seed and its algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// How many nodes there are, the coordination service's included.
    pub nodes: u8,
    /// The nodes of the coordination service, which follow all others. The others contend for leadership through it.
    pub service: NodeSet,
    /// The zones, in the order of their names.
    pub zones: Vec<Zone>,
    /// Nodes that do not boot at the start.
    pub down: NodeSet,
    /// The links, one per ordered pair of endpoints: row = sender, column = receiver, `nodes + 1` each way; the last
    /// endpoint is the resource.
    pub links: Vec<LinkSetting>,
    /// How long an fsync takes.
    pub fsync: Latency,
    /// The clocks.
    pub clocks: ClockSetting,
    /// The clients.
    pub workload: WorkloadSetting,
    /// Whether the resource compares fencing tokens. Without it, a stale leader's writes are taken.
    pub fencing: bool,
    /// The faults.
    pub plan: Plan,
    /// Faults that every seed draws for itself, besides the plan.
    pub nemesis: Option<Nemesis>,
    /// When everything is healed; `None` for never.
    pub heal: Option<Span>,
    /// Which nodes are healed then; all where it is empty. A coordination service of which no node is named is healed too.
    pub core: Vec<Selector>,
    /// When the run ends.
    pub horizon: Span,
}

impl Setting {
    /// A quiet cluster: the same link everywhere, an fsync of the given length, perfect clocks, no clients, no faults.
    pub fn quiet(nodes: u8, link: LinkSetting, fsync: Latency, horizon: Span) -> Setting {
        let endpoints = usize::from(nodes) + 1;
        Setting {
            nodes,
            service: NodeSet::EMPTY,
            zones: Vec::new(),
            down: NodeSet::EMPTY,
            links: vec![link; endpoints * endpoints],
            fsync,
            clocks: ClockSetting::default(),
            workload: WorkloadSetting::default(),
            fencing: true,
            plan: Plan::default(),
            nemesis: None,
            heal: None,
            core: Vec::new(),
            horizon,
        }
    }

    /// What goes wrong in it, by itself, by its plan and by what its nemesis may draw.
    pub fn classes(&self) -> FaultClasses {
        let any = |is_so: &dyn Fn(&LinkSetting) -> bool| self.links.iter().any(is_so);
        let itself = [
            (any(&|link| !link.loss.is_never()), FaultClass::Loss),
            (any(&|link| !link.duplicate.is_never()), FaultClass::Duplication),
            (any(&|link| !link.reorder.is_never()), FaultClass::Delay),
            (self.clocks.offset != (0, 0), FaultClass::WallClock),
            (is_intolerable(self.clocks.drift_ppm), FaultClass::ClockRate),
        ];
        let itself: FaultClasses =
            itself.into_iter().filter(|(is_so, _)| *is_so).map(|(_, class)| class).collect();
        let drawn = self.nemesis.as_ref().map(Nemesis::classes).unwrap_or_default();
        itself.and(self.plan.classes()).and(drawn)
    }

    /// Where the link from one endpoint to another stands in [`Setting::links`].
    #[inline]
    pub fn link_index(nodes: u8, from: Endpoint, to: Endpoint) -> usize {
        from.0 as usize * (nodes as usize + 1) + to.0 as usize
    }

    /// All nodes.
    pub fn everyone(&self) -> NodeSet {
        NodeSet::first(usize::from(self.nodes))
    }

    /// All nodes but those of the coordination service.
    pub fn contenders(&self) -> NodeSet {
        self.everyone().minus(self.service)
    }

    /// The leadership that a node's role, epoch and log are about.
    #[inline]
    pub fn office_of(&self, node: NodeId) -> Office {
        if self.service.contains(node) { Office::SERVICE } else { Office::CONTESTED }
    }

    /// The selector that means this node in every run, as a scenario writes it.
    pub fn selector_of(&self, node: NodeId) -> Selector {
        if self.service.contains(node) {
            let before = self.service.intersection(NodeSet::first(node.index()));
            Selector::ServiceNode(before.len() as u8)
        } else {
            Selector::Node(node)
        }
    }

    /// The same world without the coordination service, as algorithms see it that need none: its nodes are gone, with
    /// all of their links, and what is left is as if they had never been.
    #[must_use]
    pub fn without_service(&self) -> Setting {
        let contenders = self.contenders();
        let resource = Endpoint::resource(self.nodes);
        let kept: Vec<Endpoint> = contenders.iter().map(Endpoint::from).chain([resource]).collect();
        let index = |from, to| Setting::link_index(self.nodes, from, to);
        let row =
            |from: &Endpoint| kept.iter().map(|to| self.links[index(*from, *to)].clone()).collect::<Vec<_>>();
        let zone = |zone: &Zone| Zone { name: zone.name.clone(), nodes: zone.nodes.intersection(contenders) };
        Setting {
            nodes: contenders.len() as u8,
            service: NodeSet::EMPTY,
            links: kept.iter().flat_map(row).collect(),
            zones: self.zones.iter().map(zone).collect(),
            down: self.down.intersection(contenders),
            ..self.clone()
        }
    }
}

/// Whether some clock may be further from true than clocks are.
fn is_intolerable((least, most): (i32, i32)) -> bool {
    least.unsigned_abs().max(most.unsigned_abs()) > TOLERABLE_DRIFT_PPM
}

/// A node or the resource: something with links. The resource has the number that follows the last node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint(pub u8);

impl Endpoint {
    /// The resource of a cluster of so many nodes.
    pub const fn resource(nodes: u8) -> Endpoint {
        Endpoint(nodes)
    }
}

impl From<NodeId> for Endpoint {
    fn from(node: NodeId) -> Endpoint {
        Endpoint(node.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Links that can be told apart by their latencies.
    fn told_apart(nodes: u8) -> Setting {
        let link = LinkSetting::with_latency(Latency::Constant(Span::ZERO));
        let mut setting = Setting::quiet(nodes, link, Latency::Constant(Span::ZERO), Span::secs(1));
        for from in 0..=nodes {
            for to in 0..=nodes {
                let latency = Latency::Constant(Span::millis(u64::from(from) * 100 + u64::from(to)));
                let index = Setting::link_index(nodes, Endpoint(from), Endpoint(to));
                setting.links[index] = LinkSetting::with_latency(latency);
            }
        }
        setting
    }

    #[test]
    fn without_its_service_a_setting_is_as_if_there_had_never_been_one() {
        let mut served = told_apart(5);
        served.service = NodeSet::first(5).minus(NodeSet::first(3));
        served.zones = vec![Zone { name: "a".into(), nodes: NodeSet(0b01001) }];
        let plain = served.without_service();
        assert_eq!((plain.nodes, plain.service), (3, NodeSet::EMPTY), "its nodes are gone");
        assert_eq!(plain.zones[0].nodes, NodeSet(0b001), "from the zones as well");
        assert_eq!(plain.links.len(), 16, "three nodes and the resource");
        for (from, old_from) in [0, 1, 2, 5].into_iter().enumerate() {
            for (to, old_to) in [0, 1, 2, 5].into_iter().enumerate() {
                let old = &served.links[Setting::link_index(5, Endpoint(old_from), Endpoint(old_to))];
                let new = &plain.links[Setting::link_index(3, Endpoint(from as u8), Endpoint(to as u8))];
                assert_eq!(old, new, "the link from {old_from} to {old_to}");
            }
        }
        assert_eq!(told_apart(4).without_service(), told_apart(4), "where there is none nothing changes");
    }

    #[test]
    fn nodes_are_selected_by_their_places_among_contenders_or_in_the_service() {
        let mut served = told_apart(5);
        served.service = NodeSet::first(5).minus(NodeSet::first(3));
        assert_eq!(served.selector_of(NodeId(2)).to_string(), "node 3");
        assert_eq!(served.selector_of(NodeId(3)).to_string(), "service 1");
        assert_eq!(served.office_of(NodeId(3)), Office::SERVICE);
    }

    #[test]
    fn clocks_that_drift_as_real_ones_do_are_no_fault() {
        let link = LinkSetting::with_latency(Latency::Constant(Span::millis(1)));
        let mut setting = Setting::quiet(3, link, Latency::Constant(Span::ZERO), Span::secs(1));
        setting.clocks.drift_ppm = (-500, 500);
        assert_eq!(setting.classes(), FaultClasses::NONE, "within the bound");
        setting.clocks.drift_ppm = (-501, 0);
        assert_eq!(setting.classes(), FaultClass::ClockRate.into(), "beyond it");
    }
}
