//! A plan of faults, as data: a flat list of (time, lever, duration). It can be generated, printed, saved, shrunk by
//! dropping entries, and replayed.

use interregnum_kernel::{NodeId, Span, Standing};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A list of faults, in the order in which a scenario names them. Entries are independent: dropping one leaves the
/// others' meaning unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The faults.
    pub faults: Vec<PlannedFault>,
}

/// One fault of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFault {
    /// When it is injected, in global time from the run's start.
    pub at: Span,
    /// What is done.
    pub lever: Lever,
    /// When it is undone again; `None` leaves it until the run's heal, or for ever.
    pub lasts: Option<Span>,
}

/// What happens to messages that are already on their way when a link is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InFlight {
    /// They are lost, as when a route is withdrawn.
    #[default]
    Drop,
    /// They still arrive, as when a firewall rule stops only what comes later.
    Deliver,
}

/// What becomes of the writes that a crashing node's disk has not confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unsynced {
    /// With k writes pending one of the k+1 outcomes is drawn.
    #[default]
    Random,
    /// All are lost.
    Lost,
    /// All turn out to be durable.
    Kept,
}

/// What the peers of a process that dies hear of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Connections {
    /// Nothing, as when the power fails.
    #[default]
    Silent,
    /// The machine lives on and resets the process's connections. Only protocols that assume connections hear of it.
    Reset,
}

/// A primitive fault, or an order. Where it names several endpoints they are resolved at the instant it is injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Kills processes. Undone by starting them again.
    Crash {
        /// Which nodes.
        target: Vec<Selector>,
        /// What becomes of writes that are not durable yet.
        unsynced: Unsynced,
        /// What the others hear of it.
        connections: Connections,
    },
    /// Starts processes that are down. Cannot be undone.
    Restart {
        /// Which nodes.
        target: Vec<Selector>,
    },
    /// No fsync completes; undone, the one under way completes after a fresh delay.
    DiskStall {
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

/// Which endpoints are meant. Roles are resolved at the instant a lever is pulled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Selector {
    /// One node.
    Node(NodeId),
    /// The nodes of a zone, by its place in the setting's list.
    Zone(u8),
    /// The acting leader of the highest epoch.
    Leader,
    /// The leader before the last one elected.
    OldLeader,
    /// Nodes that stand for election.
    Candidates,
    /// The nodes that are up and do not lead.
    Followers,
    /// So many nodes, drawn from those that no earlier selector of the same lever took.
    Random(u8),
    /// All nodes that no earlier selector of the same lever took.
    Rest,
    /// All nodes.
    All,
    /// The fenced resource.
    Resource,
}

impl fmt::Display for Selector {
    /// As a scenario file writes it; a zone is written by number, since its name is not known here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Node(node) => write!(f, "node {}", node.0 + 1),
            Selector::Zone(zone) => write!(f, "zone #{}", zone + 1),
            Selector::Leader => f.write_str("leader"),
            Selector::OldLeader => f.write_str("old-leader"),
            Selector::Candidates => f.write_str("candidates"),
            Selector::Followers => f.write_str("followers"),
            Selector::Random(count) => write!(f, "random({count})"),
            Selector::Rest => f.write_str("rest"),
            Selector::All => f.write_str("all"),
            Selector::Resource => f.write_str("resource"),
        }
    }
}

struct Quoted<'a>(&'a [Selector]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, selector) in self.0.iter().enumerate() {
            write!(f, "{}\"{selector}\"", if i > 0 { ", " } else { "" })?;
        }
        f.write_str("]")
    }
}

impl InFlight {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            InFlight::Drop => "drop",
            InFlight::Deliver => "deliver",
        }
    }
}

impl Unsynced {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            Unsynced::Random => "random",
            Unsynced::Lost => "lost",
            Unsynced::Kept => "kept",
        }
    }
}

impl Connections {
    /// The word in a scenario file.
    pub const fn word(self) -> &'static str {
        match self {
            Connections::Silent => "silent",
            Connections::Reset => "reset",
        }
    }
}

impl Lever {
    /// Whether it orders a change of leaders, which is then no failover.
    pub const fn orders_leader_change(&self) -> bool {
        matches!(self, Lever::Transfer { .. } | Lever::Resign { .. } | Lever::RemoveNode { .. })
    }

    /// Whether it is an order, which only algorithms that know it can follow.
    pub const fn is_order(&self) -> bool {
        match self {
            Lever::Transfer { .. }
            | Lever::Resign { .. }
            | Lever::AddNode { .. }
            | Lever::RemoveNode { .. }
            | Lever::Promote { .. } => true,
            Lever::Cut { .. }
            | Lever::Partition { .. }
            | Lever::Crash { .. }
            | Lever::Restart { .. }
            | Lever::DiskStall { .. } => false,
        }
    }

    /// The lever's name, as in scenario files and `list faults`.
    pub const fn name(&self) -> &'static str {
        match self {
            Lever::Cut { .. } => "cut",
            Lever::Partition { .. } => "partition",
            Lever::Crash { .. } => "crash",
            Lever::Restart { .. } => "restart",
            Lever::DiskStall { .. } => "disk-stall",
            Lever::Transfer { .. } => "transfer",
            Lever::Resign { .. } => "resign",
            Lever::AddNode { .. } => "add-node",
            Lever::RemoveNode { .. } => "remove-node",
            Lever::Promote { .. } => "promote",
        }
    }
}

impl fmt::Display for Lever {
    /// The line of a scenario file that pulls this lever.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            Lever::Crash { target, unsynced, connections } => {
                write!(f, "crash = {}", Quoted(target))?;
                if *unsynced != Unsynced::default() {
                    write!(f, "\nunsynced = \"{}\"", unsynced.word())?;
                }
                if *connections != Connections::default() {
                    write!(f, "\nconnections = \"{}\"", connections.word())?;
                }
                Ok(())
            }
            Lever::Restart { target } => write!(f, "restart = {}", Quoted(target)),
            Lever::DiskStall { target } => write!(f, "disk-stall = {}", Quoted(target)),
            Lever::Transfer { to } => write!(f, "transfer = {}", Quoted(to)),
            Lever::Resign { target } => write!(f, "resign = {}", Quoted(target)),
            Lever::AddNode { target, standing } => {
                write!(f, "add-node = {}", Quoted(target))?;
                if *standing != Standing::default() {
                    write!(f, "\nstanding = \"{}\"", standing.word())?;
                }
                Ok(())
            }
            Lever::RemoveNode { target } => write!(f, "remove-node = {}", Quoted(target)),
            Lever::Promote { target } => write!(f, "promote = {}", Quoted(target)),
        }
    }
}

fn write_in_flight(f: &mut fmt::Formatter<'_>, in_flight: InFlight) -> fmt::Result {
    if in_flight == InFlight::default() {
        return Ok(());
    }
    write!(f, "\nin_flight = \"{}\"", in_flight.word())
}

impl fmt::Display for PlannedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[[fault]]\nat = \"{}\"\n{}", self.at, self.lever)?;
        match self.lasts {
            Some(lasts) => write!(f, "\nfor = \"{lasts}\""),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Plan {
    /// The plan as the `[[fault]]` tables of a scenario file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            writeln!(f, "{}{fault}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_prints_as_the_tables_of_a_scenario() {
        let plan = Plan {
            faults: vec![
                PlannedFault {
                    at: Span::secs(2),
                    lever: Lever::Partition {
                        groups: vec![vec![Selector::Leader, Selector::Random(1)], vec![Selector::Rest]],
                        in_flight: InFlight::Deliver,
                    },
                    lasts: Some(Span::millis(1500)),
                },
                PlannedFault {
                    at: Span::secs(3),
                    lever: Lever::Crash {
                        target: vec![Selector::Node(NodeId(2))],
                        unsynced: Unsynced::Random,
                        connections: Connections::Silent,
                    },
                    lasts: None,
                },
            ],
        };
        let expected = "[[fault]]\nat = \"2s\"\npartition = [[\"leader\", \"random(1)\"], [\"rest\"]]\n\
            in_flight = \"deliver\"\nfor = \"1500ms\"\n\n[[fault]]\nat = \"3s\"\ncrash = [\"node 3\"]\n";
        assert_eq!(plan.to_string(), expected);
    }
}
