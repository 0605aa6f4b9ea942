//! What a fault does: the primitives of the engines.

use crate::plan::options::{ClockChoice, Connections, Damage, DiskAfter, InFlight, Reach, Unsynced, Wake};
use crate::plan::selector::{Quoted, Selector};
use interregnum_kernel::{FaultClass, FaultClasses, Jitter, Span, Standing, TOLERABLE_DRIFT_PPM};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A primitive fault, or an order. Where it names several endpoints they are resolved at the instant it is injected.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lever {
    /// Cuts every link from an endpoint of the first group to one of the second: one direction only.
    Cut {
        /// The senders.
        from: Vec<Selector>,
        /// The receivers.
        to: Vec<Selector>,
        /// What happens to messages on their way.
        in_flight: InFlight,
    },
    /// Cuts the links between different groups, both ways. Endpoints in no group keep all their links.
    Partition {
        /// The groups, resolved in order; an endpoint belongs to the first group that claims it.
        groups: Vec<Vec<Selector>>,
        /// What happens to messages on their way.
        in_flight: InFlight,
    },
    /// Puts nodes into a ring, in an order that is drawn, and cuts the links to all but those within reach.
    Ring {
        /// The nodes of the ring.
        target: Vec<Selector>,
        /// How far each of them sees.
        reach: Reach,
        /// What happens to messages on their way.
        in_flight: InFlight,
    },
    /// Makes the links from one group to another worse than they are.
    Degrade {
        /// The senders.
        from: Vec<Selector>,
        /// The receivers.
        to: Vec<Selector>,
        /// Whether the other direction suffers as well.
        symmetric: bool,
        /// What it does.
        damage: Damage,
        /// To which kinds of message; to all, and to writes to the resource, where it is empty.
        only: Vec<String>,
    },
    /// Kills processes. Undone by starting them again; those that another crash holds down as well, when both have ended.
    Crash {
        /// Which nodes.
        target: Vec<Selector>,
        /// What becomes of writes that are not durable yet.
        unsynced: Unsynced,
        /// What the others hear of it.
        connections: Connections,
        /// What the disk holds afterwards.
        disk: DiskAfter,
    },
    /// Starts processes that are down. Cannot be undone.
    Restart {
        /// Which nodes.
        target: Vec<Selector>,
    },
    /// Stops processes. Their clocks run on, timers run out and messages queue up; all of it meets them when they go on.
    Pause {
        /// Which nodes.
        target: Vec<Selector>,
        /// In which order it meets them.
        wake: Wake,
    },
    /// Stops whole machines: their clocks stand still as well, and are behind by that much afterwards.
    Freeze {
        /// Which nodes.
        target: Vec<Selector>,
        /// In which order what came up meanwhile meets them.
        wake: Wake,
    },
    /// Every input takes a node some time, and inputs that come meanwhile wait.
    SlowNode {
        /// Which nodes.
        target: Vec<Selector>,
        /// How long each input takes.
        each: Jitter,
    },
    /// Sets a clock. Cannot be undone.
    ClockStep {
        /// Which nodes.
        target: Vec<Selector>,
        /// By how much, in nanoseconds; a monotonic clock only goes forward.
        by: i64,
        /// Which clock.
        clock: ClockChoice,
    },
    /// Makes a clock run faster, or slower, than it does.
    ClockDrift {
        /// Which nodes.
        target: Vec<Selector>,
        /// By so many parts per million of real time.
        ppm: i32,
        /// Which clock.
        clock: ClockChoice,
    },
    /// Moves a clock back and forth: the wall clock in steps; the monotonic one, which cannot go back, by running fast
    /// until it is ahead and slow until it is right again.
    ClockStrobe {
        /// Which nodes.
        target: Vec<Selector>,
        /// By how much, in nanoseconds.
        by: i64,
        /// How long it takes until it turns.
        every: Span,
        /// Which clock.
        clock: ClockChoice,
    },
    /// No fsync completes; undone, the one under way completes after a fresh delay.
    DiskStall {
        /// Which nodes.
        target: Vec<Selector>,
    },
    /// Every fsync that begins takes longer.
    DiskSlow {
        /// Which nodes.
        target: Vec<Selector>,
        /// By this.
        by: Jitter,
    },
    /// Disks acknowledge writes that are not durable. A crash loses them; when the fault ends, what is left becomes
    /// durable.
    DiskLie {
        /// Which nodes.
        target: Vec<Selector>,
    },
    /// Orders the leader to hand over. Cannot be undone.
    Transfer {
        /// The intended successor; where it names several nodes, the first that does not lead.
        to: Vec<Selector>,
    },
    /// Orders nodes to give up leadership. Cannot be undone.
    Resign {
        /// Which nodes; those that do not lead ignore it.
        target: Vec<Selector>,
    },
    /// Orders the leader to take nodes into the cluster. Cannot be undone.
    AddNode {
        /// Which nodes.
        target: Vec<Selector>,
        /// As what.
        standing: Standing,
    },
    /// Orders the leader to put nodes out of the cluster. Cannot be undone.
    RemoveNode {
        /// Which nodes.
        target: Vec<Selector>,
    },
    /// Orders the leader to give learners a vote. Cannot be undone.
    Promote {
        /// Which nodes.
        target: Vec<Selector>,
    },
}

impl Lever {
    /// Whether it orders a change of leaders, which is then no failover.
    pub const fn orders_leader_change(&self) -> bool {
        matches!(self, Lever::Transfer { .. } | Lever::Resign { .. } | Lever::RemoveNode { .. })
    }

    /// Whether it is an order, which only algorithms that know it can follow.
    pub const fn is_order(&self) -> bool {
        matches!(
            self,
            Lever::Transfer { .. }
                | Lever::Resign { .. }
                | Lever::AddNode { .. }
                | Lever::RemoveNode { .. }
                | Lever::Promote { .. }
        )
    }

    /// Whether it can be undone, so that it lasts for some time.
    pub const fn lasts(&self) -> bool {
        !self.is_order() && !matches!(self, Lever::Restart { .. } | Lever::ClockStep { .. })
    }

    /// What goes wrong by it; nothing for an order.
    pub fn classes(&self) -> FaultClasses {
        match self {
            Lever::Cut { .. } | Lever::Partition { .. } | Lever::Ring { .. } => FaultClass::Cut.into(),
            Lever::Degrade { damage, .. } => damage.classes(),
            Lever::Crash { disk, .. } => FaultClasses::from(FaultClass::Crash).and(disk.classes()),
            Lever::Pause { .. } => FaultClass::Pause.into(),
            Lever::Freeze { .. } => FaultClass::Freeze.into(),
            Lever::SlowNode { .. } => FaultClass::SlowNode.into(),
            Lever::ClockStep { clock: ClockChoice::Wall, .. }
            | Lever::ClockStrobe { clock: ClockChoice::Wall, .. }
            | Lever::ClockDrift { clock: ClockChoice::Wall, .. } => FaultClass::WallClock.into(),
            Lever::ClockDrift { ppm, .. } if ppm.unsigned_abs() <= TOLERABLE_DRIFT_PPM => FaultClasses::NONE,
            Lever::ClockStep { .. } => FaultClass::ClockJump.into(),
            Lever::ClockStrobe { .. } | Lever::ClockDrift { .. } => FaultClass::ClockRate.into(),
            Lever::DiskStall { .. } | Lever::DiskSlow { .. } => FaultClass::SlowDisk.into(),
            Lever::DiskLie { .. } => FaultClass::LyingDisk.into(),
            Lever::Restart { .. }
            | Lever::Transfer { .. }
            | Lever::Resign { .. }
            | Lever::AddNode { .. }
            | Lever::RemoveNode { .. }
            | Lever::Promote { .. } => FaultClasses::NONE,
        }
    }

    /// The lever's name, as in scenario files and `list faults`.
    pub const fn name(&self) -> &'static str {
        match self {
            Lever::Cut { .. } => "cut",
            Lever::Partition { .. } => "partition",
            Lever::Ring { reach: Reach::Neighbours, .. } => "ring",
            Lever::Ring { reach: Reach::Majority, .. } => "majorities-ring",
            Lever::Degrade { .. } => "degrade",
            Lever::Crash { disk: DiskAfter::Kept, .. } => "crash",
            Lever::Crash { disk: DiskAfter::Emptied, .. } => "replace",
            Lever::Crash { disk: DiskAfter::RolledBack(_), .. } => "rollback",
            Lever::Restart { .. } => "restart",
            Lever::Pause { .. } => "pause",
            Lever::Freeze { .. } => "freeze",
            Lever::SlowNode { .. } => "slow-node",
            Lever::ClockStep { .. } => "clock-step",
            Lever::ClockDrift { .. } => "clock-drift",
            Lever::ClockStrobe { .. } => "clock-strobe",
            Lever::DiskStall { .. } => "disk-stall",
            Lever::DiskSlow { .. } => "disk-slow",
            Lever::DiskLie { .. } => "disk-lie",
            Lever::Transfer { .. } => "transfer",
            Lever::Resign { .. } => "resign",
            Lever::AddNode { .. } => "add-node",
            Lever::RemoveNode { .. } => "remove-node",
            Lever::Promote { .. } => "promote",
        }
    }
}

impl Damage {
    /// What goes wrong by it.
    pub fn classes(&self) -> FaultClasses {
        let late = self.delay.max > Span::ZERO || !self.reorder.is_never();
        let classes = [
            (late, FaultClass::Delay),
            (!self.loss.is_never(), FaultClass::Loss),
            (!self.duplicate.is_never(), FaultClass::Duplication),
        ];
        classes.into_iter().filter(|(is_so, _)| *is_so).map(|(_, class)| class).collect()
    }
}

impl DiskAfter {
    /// What goes wrong by it, besides the crash.
    pub fn classes(self) -> FaultClasses {
        match self {
            DiskAfter::Kept => FaultClasses::NONE,
            DiskAfter::Emptied => FaultClass::EmptiedDisk.into(),
            DiskAfter::RolledBack(_) => FaultClass::RolledBackDisk.into(),
        }
    }
}

impl fmt::Display for Lever {
    /// The lines of a scenario file that pull this lever.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Lever::Cut { from, to, in_flight } => {
                write!(f, "cut = {{ from = {}, to = {} }}", Quoted(from), Quoted(to))?;
                write_in_flight(f, *in_flight)
            }
            Lever::Partition { groups, in_flight } => {
                f.write_str("partition = [")?;
                for (i, group) in groups.iter().enumerate() {
                    write!(f, "{}{}", if i > 0 { ", " } else { "" }, Quoted(group))?;
                }
                f.write_str("]")?;
                write_in_flight(f, *in_flight)
            }
            Lever::Ring { target, in_flight, .. } => {
                write!(f, "{name} = {}", Quoted(target))?;
                write_in_flight(f, *in_flight)
            }
            Lever::Degrade { from, to, symmetric, damage, only } => {
                write!(f, "degrade = {{ from = {}, to = {}", Quoted(from), Quoted(to))?;
                if *symmetric {
                    f.write_str(", symmetric = true")?;
                }
                write!(f, "{damage}")?;
                if !only.is_empty() {
                    write!(f, ", only = {only:?}")?;
                }
                f.write_str(" }")
            }
            Lever::Crash { target, unsynced, connections, disk } => {
                write!(f, "{name} = {}", Quoted(target))?;
                if let DiskAfter::RolledBack(by) = disk {
                    write!(f, "\nby = \"{by}\"")?;
                }
                if *unsynced != Unsynced::default() {
                    write!(f, "\nunsynced = \"{}\"", unsynced.word())?;
                }
                if *connections != Connections::default() {
                    write!(f, "\nconnections = \"{}\"", connections.word())?;
                }
                Ok(())
            }
            Lever::Pause { target, wake } | Lever::Freeze { target, wake } => {
                write!(f, "{name} = {}", Quoted(target))?;
                if *wake != Wake::default() {
                    write!(f, "\nwake = \"{}\"", wake.word())?;
                }
                Ok(())
            }
            Lever::SlowNode { target, each } => write!(f, "{name} = {}\neach = \"{each}\"", Quoted(target)),
            Lever::ClockStep { target, by, clock } => {
                write!(
                    f,
                    "{name} = {}\nby = \"{}\"\nclock = \"{}\"",
                    Quoted(target),
                    Signed(*by),
                    clock.word()
                )
            }
            Lever::ClockDrift { target, ppm, clock } => {
                write!(f, "{name} = {}\nppm = {ppm}\nclock = \"{}\"", Quoted(target), clock.word())
            }
            Lever::ClockStrobe { target, by, every, clock } => {
                let (by, clock) = (Signed(*by), clock.word());
                write!(
                    f,
                    "{name} = {}\nby = \"{by}\"\nperiod = \"{every}\"\nclock = \"{clock}\"",
                    Quoted(target)
                )
            }
            Lever::DiskSlow { target, by } => write!(f, "{name} = {}\nby = \"{by}\"", Quoted(target)),
            Lever::AddNode { target, standing } => {
                write!(f, "add-node = {}", Quoted(target))?;
                if *standing != Standing::default() {
                    write!(f, "\nstanding = \"{}\"", standing.word())?;
                }
                Ok(())
            }
            Lever::Transfer { to: target }
            | Lever::Restart { target }
            | Lever::DiskStall { target }
            | Lever::DiskLie { target }
            | Lever::Resign { target }
            | Lever::RemoveNode { target }
            | Lever::Promote { target } => write!(f, "{name} = {}", Quoted(target)),
        }
    }
}

impl fmt::Display for Damage {
    /// Its part of a `degrade` table, each key after a comma.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.delay.max > Span::ZERO {
            write!(f, ", delay = \"{}\"", self.delay)?;
        }
        for (key, probability) in [("loss", self.loss), ("duplicate", self.duplicate)] {
            if !probability.is_never() {
                write!(f, ", {key} = {:?}", probability.as_f64())?;
            }
        }
        if !self.reorder.is_never() {
            let (probability, delay) = (self.reorder.as_f64(), self.reorder_delay);
            write!(f, ", reorder = {{ probability = {probability:?}, delay = \"{delay}\" }}")?;
        }
        Ok(())
    }
}

fn write_in_flight(f: &mut fmt::Formatter<'_>, in_flight: InFlight) -> fmt::Result {
    if in_flight == InFlight::default() {
        return Ok(());
    }
    write!(f, "\nin_flight = \"{}\"", in_flight.word())
}

/// A number of nanoseconds with a sign, as a scenario file writes it.
struct Signed(i64);

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.0 < 0 { "-" } else { "" }, Span(self.0.unsigned_abs()))
    }
}
