//! Faults that wait for something to happen.

use crate::event::{Agenda, Event};
use crate::plan::{Cue, PlannedFault, Trigger, When};
use crate::record::Recorder;
use crate::world::World;
use interregnum_kernel::{Fact, Interest, NodeId, Observer, Phase, Protocol, What};

/// The faults that still wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Triggers {
    waiting: Vec<Waiting>,
}

/// One fault that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    fault: u32,
    /// The phase that it waits for, by its number.
    phase: Option<Phase>,
    /// How often what it waits for has happened.
    seen: u32,
}

impl Triggers {
    /// Begins a run: all faults of the plan that have triggers wait. What they listen to.
    pub(crate) fn reset(&mut self, plan: &[PlannedFault], phases: &[&str]) -> Interest {
        self.waiting.clear();
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
            self.waiting.push(Waiting { fault, phase, seen: 0 });
        }
        interest
    }

    /// Nothing more is waited for.
    pub(crate) fn stop(&mut self, watched: &mut Interest) {
        self.waiting.clear();
        *watched = Interest::NONE;
    }
}

impl Waiting {
    /// Whether an observation is what it waits for.
    fn is_met(&self, trigger: &Trigger, what: &What) -> bool {
        match (&trigger.cue, what) {
            (Cue::Epoch(epoch), What::EpochEntered(entered)) => entered.0 >= *epoch,
            (Cue::Phase(_), What::Fact(Fact::Reached(phase))) => self.phase == Some(*phase),
            (Cue::Event(event), what) => event.is(what),
            _ => false,
        }
    }
}

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Puts the faults on the agenda whose triggers came in the event that ends.
    #[cold]
    pub(crate) fn serve_cues(&mut self) {
        let cues = std::mem::take(&mut self.core.cues);
        for (node, what) in &cues {
            self.serve_cue(*node, what);
        }
        let mut cues = cues;
        cues.clear();
        self.core.cues = cues;
    }

    fn serve_cue(&mut self, node: NodeId, what: &What) {
        let mut place = 0;
        while place < self.triggers.waiting.len() {
            let waiting = self.triggers.waiting[place];
            place += 1;
            let When::Upon(trigger) = &self.faults.plan[waiting.fault as usize].when else { continue };
            if !waiting.is_met(trigger, what) || !self.is_meant(&trigger.at, node) {
                continue;
            }
            if waiting.seen + 1 < trigger.count {
                self.triggers.waiting[place - 1].seen += 1;
                continue;
            }
            let at = self.core.now + trigger.after;
            self.faults.note_subject(waiting.fault, node);
            self.core.push(at, Event::Inject { fault: waiting.fault });
            place -= 1;
            self.triggers.waiting.remove(place);
        }
    }
}
