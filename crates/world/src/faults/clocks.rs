//! Clocks that are set, that run fast or slow, and that stand.
//!
//! A clock belongs to the machine and not to the process on it: it can be changed while the node is down.

use crate::event::{Agenda, Event};
use crate::plan::{ClockChoice, Lever};
use crate::record::{InputRecord, Recorder};
use crate::timers::Parked;
use crate::world::{World, tag};
use interregnum_kernel::{
    Clock, Deadline, GlobalTime, LossCause, NodeId, NodeSet, Observer, Protocol, Span, TimerName,
};

/// A strobe turns no more often than this, or a run would never get past it.
pub const SHORTEST_TURN: Span = Span::micros(1);

/// How a strobe moves a clock.
#[derive(Clone, Copy)]
struct Swing {
    by: i64,
    every: Span,
    clock: ClockChoice,
}

impl Swing {
    fn of(lever: &Lever) -> Option<Swing> {
        match *lever {
            Lever::ClockStrobe { by, every, clock, .. } => {
                Some(Swing { by, every: every.max(SHORTEST_TURN), clock })
            }
            _ => None,
        }
    }

    /// The drift that makes a clock gain the swing within one turn. A clock that cannot run so fast, or so slowly when
    /// it comes back, gains what it can.
    fn drift(self) -> i32 {
        let most = i128::from(Clock::MAX_DRIFT_PPM);
        let ppm = i128::from(self.by) * 1_000_000 / i128::from(self.every.0);
        ppm.clamp(-most, most) as i32
    }
}

/// Which way the clocks of each strobe of the run went last: whether ahead, by the fault's place in the plan.
pub(crate) type Strobes = Vec<(u32, bool)>;

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// Stops both clocks of a node, and with them its timers.
    pub(crate) fn freeze_clock(&mut self, node: NodeId) {
        self.change_clock(node, Clock::freeze);
    }

    /// Lets them go on.
    pub(crate) fn thaw_clock(&mut self, node: NodeId) {
        self.change_clock(node, Clock::thaw);
    }

    /// Sets a clock. The monotonic one only goes forward, and stays as it is otherwise.
    pub(crate) fn step_clock(&mut self, node: NodeId, by: i64, clock: ClockChoice) {
        self.change_clock(node, |clocks, now| {
            if clock != ClockChoice::Mono {
                clocks.step_wall(now, by);
            }
            if clock != ClockChoice::Wall {
                clocks.step_mono(now, Span(by.max(0) as u64));
            }
        });
    }

    /// Makes a clock run faster by so much, or slower. Drifts add up, and the opposite one takes a drift back.
    pub(crate) fn drift_clock(&mut self, node: NodeId, ppm: i32, clock: ClockChoice) {
        let ppm = i64::from(ppm);
        let mono = if clock == ClockChoice::Wall { 0 } else { ppm };
        let wall = if clock == ClockChoice::Mono { 0 } else { ppm };
        self.change_clock(node, |clocks, now| clocks.add_drift(now, mono, wall));
    }

    /// Changes a node's clocks. Its timers come when the changed clock shows what they were set for, and who leads and
    /// who holds a lease is asked again, since the node's time may have jumped past a deadline, or back.
    fn change_clock(&mut self, node: NodeId, change: impl FnOnce(&mut Clock, GlobalTime)) {
        let clock = &mut self.sites[node.index()].clock;
        self.core.timers.park(node, clock);
        change(clock, self.core.now);
        if clock.is_frozen() {
            return;
        }
        let clock = *clock;
        for parked in self.core.timers.unpark(node) {
            let Some(due) = self.due_by(&clock, node, parked) else { continue };
            if self.core.timers.set(node, parked.slot, due, parked.sequence) {
                self.core.push_timer(node, parked.slot, due, parked.sequence);
            }
        }
        self.ask_again(node);
    }

    /// When a timer runs out by this clock. A lease's end is what the holder says, which may be by the wall clock.
    fn due_by(&self, clock: &Clock, node: NodeId, parked: Parked) -> Option<GlobalTime> {
        if parked.slot < P::Timer::COUNT {
            return Some(clock.when_mono_shows(parked.due));
        }
        Some(match self.hosts[node.index()].lease()? {
            Deadline::Mono(at) => clock.when_mono_shows(at),
            Deadline::Wall(at) => clock.when_wall_shows(at),
        })
    }

    fn ask_again(&mut self, node: NodeId) {
        if !self.hosts[node.index()].is_up() {
            return;
        }
        let sequence = self.core.next_sequence();
        let describe = R::ON.then_some(InputRecord::Ask);
        self.with_node(sequence, node, describe, |host, protocol, now, _, port| {
            host.ask(protocol, now, port);
        });
        if self.hosts[node.index()].lease().is_none() {
            self.core.timers.unset(node, P::Timer::COUNT);
        }
    }

    /// Begins a strobe: the clocks go ahead, or come back.
    pub(crate) fn strobe(&mut self, index: u32, nodes: NodeSet, lever: &Lever, ahead: bool) {
        let Some(swing) = Swing::of(lever) else { return };
        self.strobes.push((index, ahead));
        for node in nodes.iter() {
            self.swing(node, swing, ahead, 1);
        }
    }

    /// Ends a strobe: a clock that was set ahead is set back, and one that runs fast or slow runs as before. What the
    /// latter has gained by then it keeps.
    pub(crate) fn end_strobe(&mut self, index: u32, nodes: NodeSet, lever: &Lever) {
        let ahead = self.strobes.iter().find(|(fault, _)| *fault == index).map(|(_, ahead)| *ahead);
        let (Some(swing), Some(ahead)) = (Swing::of(lever), ahead) else { return };
        for node in nodes.iter() {
            if ahead || swing.clock != ClockChoice::Wall {
                self.swing(node, swing, !ahead, 1);
            }
        }
    }

    /// It is time for a strobe to turn.
    pub(crate) fn strobe_turns(&mut self, sequence: u64, index: u32, was_ahead: bool) {
        self.core.account(tag::STROBE, u64::from(index));
        let done = &self.faults.in_force[index as usize];
        let swing = Swing::of(&self.faults.plan[index as usize].lever).filter(|_| done.active);
        let nodes = done.nodes;
        let Some(swing) = swing else { return };
        let ahead = !was_ahead;
        for (_, last) in self.strobes.iter_mut().filter(|(fault, _)| *fault == index) {
            *last = ahead;
        }
        self.record_world(sequence, None, || InputRecord::World {
            what: format!("fault {}: clocks {}", index + 1, if ahead { "go ahead" } else { "come back" }),
        });
        for node in nodes.iter() {
            // What ran fast until now has to run slow: that is two changes.
            self.swing(node, swing, ahead, 2);
        }
        self.core.push(self.core.now + swing.every, Event::Strobe { fault: index, ahead });
        self.judge(LossCause::Fault);
    }

    /// Moves a clock one way: the wall clock by a step, the monotonic one by a drift, of which a turn needs two.
    fn swing(&mut self, node: NodeId, swing: Swing, ahead: bool, drifts: i32) {
        let sign = if ahead { 1 } else { -1 };
        match swing.clock {
            ClockChoice::Wall => self.step_clock(node, i64::from(sign) * swing.by, ClockChoice::Wall),
            clock => self.drift_clock(node, sign * drifts * swing.drift(), clock),
        }
    }
}
