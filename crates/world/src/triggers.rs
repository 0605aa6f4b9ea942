//! Faults that wait for something to happen.

use crate::event::{Agenda, Event};
use crate::plan::{Cue, PlannedFault, Trigger, When};
use crate::record::Recorder;
use crate::world::World;
use interregnum_kernel::{Fact, Interest, NodeId, NodeSet, Observer, Office, Phase, Protocol, What};

/// The faults that still wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Triggers {
    waiting: Vec<Waiting>,
    /// The heal has come: what a trigger has put on the agenda by then comes to nothing.
    over: bool,
}

/// One fault that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    fault: u32,
    /// The phase that it waits for, by its number.
    phase: Option<Phase>,
    /// How often what it waits for has happened.
    seen: u32,
    /// The nodes that have entered the epoch it waits for, or a later one: each does so once.
    entered: NodeSet,
}

impl Triggers {
    /// Begins a run: all faults of the plan that have triggers wait. What they listen to.
    pub(crate) fn reset(&mut self, plan: &[PlannedFault], phases: &[&str]) -> Interest {
        self.waiting.clear();
        self.over = false;
        let mut interest = Interest::NONE;
        for (fault, planned) in (0..).zip(plan) {
            let When::Upon(trigger) = &planned.when else { continue };
            let mut phase = None;
            interest = interest.and(match &trigger.cue {
                Cue::Epoch(_) => Interest::EPOCHS,
                Cue::Event(event) => event.interest(),
                Cue::Phase(name) => {
                    let place = phases.iter().position(|phase| phase == name);
                    phase = place.and_then(|place| u8::try_from(place).ok()).map(Phase);
                    Interest::PHASES
                }
            });
            self.waiting.push(Waiting { fault, phase, seen: 0, entered: NodeSet::EMPTY });
        }
        interest
    }

    /// Nothing more is waited for, and what has come is called off. How many faults have waited in vain.
    pub(crate) fn stop(&mut self, watched: &mut Interest) -> u32 {
        let in_vain = self.waiting.len() as u32;
        self.waiting.clear();
        self.over = true;
        *watched = Interest::NONE;
        in_vain
    }

    /// Whether a fault may come: one with a trigger comes before the heal or not at all.
    pub(crate) fn allow(&self, fault: &PlannedFault) -> bool {
        !(self.over && matches!(fault.when, When::Upon(_)))
    }
}

impl Waiting {
    /// Whether an observation of a node is what it waits for.
    fn is_met(&mut self, trigger: &Trigger, node: NodeId, office: Office, what: &What) -> bool {
        // Where no node is named, the contested leadership is meant, and nothing of the coordination service's own.
        let meant = if trigger.at.is_empty() { Office::CONTESTED } else { office };
        match (&trigger.cue, what) {
            (Cue::Epoch(epoch), What::EpochEntered(entered)) if meant == office => {
                let is_first = entered.0 >= *epoch && !self.entered.contains(node);
                if is_first {
                    self.entered.insert(node);
                }
                is_first
            }
            (Cue::Phase(_), What::Fact(Fact::Reached(phase))) => self.phase == Some(*phase),
            (Cue::Event(event), what) => event.is(what, meant, office),
            _ => false,
        }
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Puts the faults on the agenda whose triggers came in the event that ends. Roles are those at its end.
    #[cold]
    pub(crate) fn serve_cues(&mut self) {
        let mut cues = std::mem::take(&mut self.core.cues);
        let mut waiting = std::mem::take(&mut self.triggers.waiting);
        for (node, what) in cues.drain(..) {
            waiting.retain_mut(|fault| !self.comes(fault, node, &what));
        }
        if waiting.is_empty() {
            self.core.watched = Interest::NONE;
        }
        self.triggers.waiting = waiting;
        self.core.cues = cues;
    }

    /// Whether a fault has waited for this, and long enough. If so it is on the agenda.
    fn comes(&mut self, waiting: &mut Waiting, node: NodeId, what: &What) -> bool {
        let fault = waiting.fault;
        let When::Upon(trigger) = &self.faults.plan[fault as usize].when else { return true };
        let office = self.setting.office_of(node);
        if !waiting.is_met(trigger, node, office, what) || !self.is_meant(&trigger.at, node) {
            return false;
        }
        waiting.seen += 1;
        if waiting.seen < trigger.count {
            return false;
        }
        let at = self.core.now + trigger.after;
        let sequence = self.faults.come(fault, node);
        self.core.agenda.push(at, sequence, Event::Inject { fault });
        true
    }
}
