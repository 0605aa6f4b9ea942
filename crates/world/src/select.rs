//! Resolving "the leader", "two at random", "the rest" to endpoints, at the instant a lever is pulled.

use crate::event::Agenda;
use crate::plan::Selector;
use crate::record::Recorder;
use crate::setting::Endpoint;
use crate::world::World;
use interregnum_kernel::{NodeId, NodeSet, Observer, Office, Protocol, Role};

/// Some endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) nodes: NodeSet,
    pub(crate) resource: bool,
}

impl Group {
    pub(crate) fn endpoints(self, nodes: u8) -> impl Iterator<Item = Endpoint> {
        let resource = self.resource.then_some(Endpoint::resource(nodes));
        self.nodes.iter().map(Endpoint::from).chain(resource)
    }
}

/// Remembers what earlier groups of the same lever took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Picker {
    taken: Group,
    overlap: bool,
}

impl Picker {
    /// For groups that may share endpoints, such as a cut's senders and receivers: what is named is meant, taken or
    /// not, and only `random` and `rest` keep to what is left.
    pub(crate) fn of_overlapping_groups() -> Picker {
        Picker { overlap: true, ..Picker::default() }
    }

    /// For levers that cannot mean this node.
    pub(crate) fn without(node: NodeId) -> Picker {
        let taken = Group { nodes: NodeSet::only(node), resource: false };
        Picker { taken, overlap: false }
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Resolves one lever's only group.
    pub(crate) fn pick_once(&mut self, selectors: &[Selector]) -> Group {
        self.pick(&mut Picker::default(), selectors)
    }

    /// Resolves one group. What an earlier group took stays there, unless groups may overlap.
    pub(crate) fn pick(&mut self, picker: &mut Picker, selectors: &[Selector]) -> Group {
        let mut group = Group::default();
        for selector in selectors {
            let free = self.setting.everyone().minus(picker.taken.nodes);
            let nodes = match selector {
                Selector::Random(count) => self.draw(free.minus(self.setting.service), usize::from(*count)),
                Selector::RandomService(count) => {
                    self.draw(free.intersection(self.setting.service), usize::from(*count))
                }
                Selector::Candidate => {
                    let candidates = self.resolve(&Selector::Candidates);
                    self.draw(if picker.overlap { candidates } else { candidates.intersection(free) }, 1)
                }
                // Its leader is named, and only the others are drawn.
                Selector::MinorityWithLeader if picker.overlap => {
                    let leader = self.resolve(&Selector::Leader);
                    self.draw_minority(free.union(leader))
                }
                Selector::MinorityWithLeader => self.draw_minority(free),
                Selector::MajorityWithoutLeader => self.draw_majority(free),
                Selector::Resource => {
                    group.resource |= picker.overlap || !picker.taken.resource;
                    picker.taken.resource = true;
                    NodeSet::EMPTY
                }
                Selector::Rest => free,
                named if picker.overlap => self.resolve(named).intersection(self.setting.everyone()),
                named => self.resolve(named).intersection(free),
            };
            group.nodes = group.nodes.union(nodes);
            picker.taken.nodes = picker.taken.nodes.union(nodes);
        }
        group
    }

    /// Whether a node is among those meant; every node is where none is named.
    pub(crate) fn is_meant(&self, selectors: &[Selector], node: NodeId) -> bool {
        selectors.is_empty() || selectors.iter().any(|selector| self.resolve(selector).contains(node))
    }

    fn resolve(&self, selector: &Selector) -> NodeSet {
        let one = |node: Option<NodeId>| node.map(NodeSet::only).unwrap_or_default();
        match selector {
            Selector::Node(node) => one(Some(*node)),
            Selector::Zone(zone) => {
                self.setting.zones.get(usize::from(*zone)).map(|zone| zone.nodes).unwrap_or_default()
            }
            Selector::Leader => one(self.acting_leader()),
            Selector::OldLeader => one(self.core.elected[1]),
            Selector::Candidates => {
                let stands = |role| matches!(role, Role::Candidate | Role::PreCandidate);
                self.with_role(stands).minus(self.setting.service)
            }
            Selector::Followers => self.following().minus(self.setting.service),
            Selector::Contenders => self.setting.contenders(),
            Selector::Service => self.setting.service,
            Selector::ServiceNode(place) => one(self.setting.service.iter().nth(usize::from(*place))),
            Selector::ServiceLeader => one(self.leader_of(Office::SERVICE)),
            Selector::ServiceFollowers => self.following().intersection(self.setting.service),
            Selector::Subject => one(self.faults.subject),
            Selector::All | Selector::Rest => self.setting.everyone(),
            // Drawn, or no nodes.
            Selector::Random(_)
            | Selector::RandomService(_)
            | Selector::Candidate
            | Selector::MinorityWithLeader
            | Selector::MajorityWithoutLeader
            | Selector::Resource => NodeSet::EMPTY,
        }
    }

    fn with_role(&self, wanted: impl Fn(Role) -> bool) -> NodeSet {
        let hosts = self.hosts.iter().filter(|host| host.role().is_some_and(&wanted));
        hosts.map(|host| host.node()).collect()
    }

    /// The nodes that are up and do not lead.
    fn following(&self) -> NodeSet {
        let up = self.hosts.iter().filter(|host| host.is_up() && host.leadership().is_none());
        up.map(|host| host.node()).collect()
    }

    /// The acting leader of the highest epoch in the contested office.
    pub(crate) fn acting_leader(&self) -> Option<NodeId> {
        self.leader_of(Office::CONTESTED)
    }

    fn leader_of(&self, office: Office) -> Option<NodeId> {
        let leading = self.hosts.iter().filter_map(|host| Some((host.leadership()?, host.node())));
        let of_office = leading.filter(|(leadership, _)| leadership.office == office);
        of_office.max_by_key(|(leadership, node)| (leadership.epoch, *node)).map(|(_, node)| node)
    }

    /// Whether a side of a cluster has a majority of its contenders. Where there is a coordination service, its nodes alone
    /// are a quorum, and which side the contenders are on has to be said besides.
    fn holds_contenders(&self, side: NodeSet) -> bool {
        side.is_majority_of(self.setting.contenders())
    }

    /// The leader, and others until one more would make a quorum.
    fn draw_minority(&mut self, free: NodeSet) -> NodeSet {
        let Some(leader) = self.acting_leader().filter(|leader| free.contains(*leader)) else {
            return NodeSet::EMPTY;
        };
        let mut side = NodeSet::only(leader);
        for other in self.shuffled(free.minus(side)) {
            let more = side.union(NodeSet::only(other));
            let contends = !self.setting.service.is_empty() && !self.setting.service.contains(other);
            let too_many = contends && self.holds_contenders(more);
            if !too_many && !self.hosts[leader.index()].is_quorum(&self.protocol, more) {
                side = more;
            }
        }
        side
    }

    /// Others than the leader, none of them needless to their quorum; nobody if all of them are none.
    fn draw_majority(&mut self, free: NodeSet) -> NodeSet {
        let Some(leader) = self.acting_leader() else { return NodeSet::EMPTY };
        let is_quorum = |world: &Self, side| {
            world.hosts[leader.index()].is_quorum(&world.protocol, side)
                && (world.setting.service.is_empty() || world.holds_contenders(side))
        };
        let order = self.shuffled(free.minus(NodeSet::only(leader)));
        let mut side: NodeSet = order.iter().copied().collect();
        if !is_quorum(self, side) {
            return NodeSet::EMPTY;
        }
        for other in order {
            let fewer = side.minus(NodeSet::only(other));
            if is_quorum(self, fewer) {
                side = fewer;
            }
        }
        side
    }

    /// These nodes in an order that is drawn.
    pub(crate) fn shuffled(&mut self, nodes: NodeSet) -> Vec<NodeId> {
        let mut order: Vec<NodeId> = nodes.iter().collect();
        for place in (1..order.len()).rev() {
            order.swap(place, self.faults.stream.below(place as u64 + 1) as usize);
        }
        order
    }

    /// Draws distinct nodes, as many as there are up to `count`.
    fn draw(&mut self, mut from: NodeSet, count: usize) -> NodeSet {
        let mut drawn = NodeSet::EMPTY;
        while drawn.len() < count && !from.is_empty() {
            let place = self.faults.stream.below(from.len() as u64) as usize;
            if let Some(node) = from.iter().nth(place) {
                drawn.insert(node);
                from.remove(node);
            }
        }
        drawn
    }
}
