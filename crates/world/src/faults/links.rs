//! Links that are cut, and links that are made worse.

use crate::event::Agenda;
use crate::faults::InForce;
use crate::network::Kinds;
use crate::plan::{Damage, InFlight, Reach, Selector};
use crate::record::Recorder;
use crate::select::{Group, Picker};
use crate::world::World;
use interregnum_kernel::{NodeSet, Observer, Protocol};

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Cuts all links from the one group to the other.
    pub(crate) fn cut(
        &mut self,
        from: &[Selector],
        to: &[Selector],
        in_flight: InFlight,
        done: &mut InForce,
    ) {
        let mut picker = Picker::of_overlapping_groups();
        let from = self.pick(&mut picker, from);
        let to = self.pick(&mut picker, to);
        self.cut_all(&from, &to, in_flight, done);
    }

    /// Cuts all links between different groups.
    pub(crate) fn part(&mut self, groups: &[Vec<Selector>], in_flight: InFlight, done: &mut InForce) {
        let mut picker = Picker::default();
        let groups: Vec<Group> = groups.iter().map(|group| self.pick(&mut picker, group)).collect();
        for (i, from) in groups.iter().enumerate() {
            for to in groups.iter().take(i).chain(&groups[i + 1..]) {
                self.cut_all(from, to, in_flight, done);
            }
        }
    }

    /// Puts nodes into a ring and cuts what is out of reach.
    pub(crate) fn encircle(
        &mut self,
        target: &[Selector],
        reach: Reach,
        in_flight: InFlight,
        done: &mut InForce,
    ) {
        let members = self.pick_once(target).nodes;
        let ring = self.shuffled(members);
        let reach = reach.on_either_side(ring.len());
        for (from, sender) in ring.iter().enumerate() {
            let is_beyond = |to: usize| {
                let way = from.abs_diff(to);
                way.min(ring.len() - way) > reach
            };
            let beyond = ring.iter().enumerate().filter(|(to, _)| is_beyond(*to)).map(|(_, node)| *node);
            let beyond = Group { nodes: beyond.collect(), resource: false };
            self.cut_all(&Group { nodes: NodeSet::only(*sender), resource: false }, &beyond, in_flight, done);
        }
    }

    /// Makes links worse.
    pub(crate) fn degrade(
        &mut self,
        index: u32,
        [from, to]: [&Vec<Selector>; 2],
        symmetric: bool,
        (damage, only): (&Damage, &[String]),
        done: &mut InForce,
    ) {
        let mut picker = Picker::of_overlapping_groups();
        let from = self.pick(&mut picker, from);
        let to = self.pick(&mut picker, to);
        self.note_links(from, to, done);
        if symmetric {
            self.note_links(to, from, done);
            // Where the groups overlap, both directions were met twice.
            done.links.sort_unstable();
            done.links.dedup();
        }
        let kinds = Kinds::named(only, P::KINDS);
        for link in &done.links {
            self.core.network.degrade(usize::from(*link), index, *damage, kinds);
        }
    }

    /// Takes a fault's damage from these links.
    pub(crate) fn mend(&mut self, index: u32, links: &[u16]) {
        links.iter().for_each(|link| self.core.network.mend(usize::from(*link), index));
    }

    /// Notes all links from the one group to the other.
    fn note_links(&self, from: Group, to: Group, done: &mut InForce) {
        for sender in from.endpoints(self.setting.nodes) {
            for receiver in to.endpoints(self.setting.nodes).filter(|receiver| *receiver != sender) {
                // At most 65 endpoints, so at most 4,225 links.
                done.links.push(self.core.network.link(sender, receiver) as u16);
            }
        }
    }

    fn cut_all(&mut self, from: &Group, to: &Group, in_flight: InFlight, done: &mut InForce) {
        let first = done.links.len();
        self.note_links(*from, *to, done);
        let drop_below = (in_flight == InFlight::Drop).then_some(self.core.sequence);
        for link in &done.links[first..] {
            self.core.network.cut(usize::from(*link), drop_below);
        }
    }
}

impl Reach {
    /// How many nodes each sees on either side, in a ring of so many.
    fn on_either_side(self, nodes: usize) -> usize {
        match self {
            Reach::Neighbours => 1,
            // A majority is so many others and the node itself.
            Reach::Majority => (nodes / 2).div_ceil(2),
        }
    }
}
