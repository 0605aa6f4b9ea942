//! What madsim's own network has of what a setting wants, whoever sends by it.

use interregnum_kernel::{NodeId, Span};
use interregnum_world::{InFlight, Latency, Lever, LinkSetting, Probability, Setting};

/// The links of a setting as far as madsim's network has them: all are alike, and all that goes wrong is that messages are late or
/// lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// How long a message travels: the shortest and the longest, evenly spread.
    pub latency: (Span, Span),
    /// How likely a message is lost.
    pub loss: Probability,
}

impl Surroundings {
    /// Those of a setting.
    ///
    /// # Errors
    /// What that network does not have, in words that follow "does not have".
    pub fn of(setting: &Setting) -> Result<Surroundings, String> {
        let nodes = || setting.everyone().iter();
        let link = |from: NodeId, to: NodeId| -> &LinkSetting {
            &setting.links[Setting::link_index(setting.nodes, from.into(), to.into())]
        };
        let mut links =
            nodes().flat_map(|from| nodes().filter(move |to| *to != from).map(move |to| link(from, to)));
        // A node by itself sends nothing.
        let alone =
            LinkSetting::with_latency(Latency::Uniform { min: Span::millis(2), max: Span::millis(3) });
        let first = links.next().unwrap_or(&alone);
        if links.any(|link| link != first) {
            return Err("links of different kinds".to_owned());
        }
        if first.duplicate != Probability::NEVER || first.reorder != Probability::NEVER {
            return Err("messages that are duplicated or held back".to_owned());
        }
        let Latency::Uniform { min, max } = first.latency else {
            return Err("latencies other than evenly spread ones".to_owned());
        };
        if min == max {
            return Err("latencies that are all alike".to_owned());
        }
        if setting.nemesis.is_some() {
            return Err("a nemesis, which may draw any fault".to_owned());
        }
        for fault in &setting.plan.faults {
            refuse(&fault.lever)?;
        }
        Ok(Surroundings { latency: (min, max), loss: first.loss })
    }
}

/// A clog does not stop what is on its way, and all links are set alike.
fn refuse(lever: &Lever) -> Result<(), String> {
    match lever {
        Lever::Degrade { .. } => Err("links that are made worse for a while (`degrade`)".to_owned()),
        Lever::Cut { in_flight: InFlight::Drop, .. }
        | Lever::Partition { in_flight: InFlight::Drop, .. }
        | Lever::Ring { in_flight: InFlight::Drop, .. } => {
            Err("cuts that take along what is on its way (`in_flight = \"drop\"`, the default)".to_owned())
        }
        _ => Ok(()),
    }
}
