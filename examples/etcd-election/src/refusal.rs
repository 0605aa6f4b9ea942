//! What a scenario may want and a run of the application does not have: it is refused, by name.

use interregnum_kernel::NodeSet;
use interregnum_madsim_engine::Surroundings;
use interregnum_world::{
    ClockSetting, Cue, DiskAfter, Endpoint, Happening, Lever, Plan, Selector, Setting, Trigger, When,
};
use std::fmt;

/// Why a scenario is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// madsim, its network or its etcd does not have something.
    Lacks(String),
    /// The lease is shorter than the simulated server can keep.
    ShortLease,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Lacks(what) => write!(f, "an application on madsim does not have {what}"),
            Refused::ShortLease => f.write_str(
                "the simulated etcd counts a lease down once a second and ends it at zero: one of less than 2 s does not outlive \
                 the next count, however often it is kept alive",
            ),
        }
    }
}

impl std::error::Error for Refused {}

/// The scenario's world as it is here: with one server of etcd's, whatever the size of the scenario's service.
///
/// # Errors
/// What of it there is not.
pub(crate) fn world(served: &Setting) -> Result<(Setting, Surroundings), Refused> {
    let surroundings = Surroundings::of(served).map_err(Refused::Lacks)?;
    lacking(served).map_or(Ok(()), |what| Err(Refused::Lacks(what.to_owned())))?;
    let contenders = served.contenders();
    let nodes = contenders.len() as u8 + 1;
    let link = served.links[Setting::link_index(served.nodes, Endpoint(0), Endpoint(1))].clone();
    let setting = Setting {
        nodes,
        service: NodeSet::first(usize::from(nodes)).minus(contenders),
        zones: Vec::new(),
        down: served.down.intersection(contenders),
        links: vec![link; (usize::from(nodes) + 1) * (usize::from(nodes) + 1)],
        // The application writes by itself. Proposals nobody takes who elects by lease: there is no log to put them into.
        workload: interregnum_world::WorkloadSetting::default(),
        ..served.clone()
    };
    Ok((setting, surroundings))
}

fn lacking(setting: &Setting) -> Option<&'static str> {
    let resource = Endpoint::resource(setting.nodes);
    let usual = &setting.links[Setting::link_index(setting.nodes, Endpoint(0), Endpoint(1))];
    let to_resource =
        |node| &setting.links[Setting::link_index(setting.nodes, Endpoint::from(node), resource)];
    if setting.everyone().iter().any(|node| to_resource(node) != usual) {
        return Some("links of different kinds (those to the resource)");
    }
    if setting.clocks != ClockSetting::default() {
        return Some("clocks that differ from node to node: madsim has one for all");
    }
    if setting.workload.discovery.is_some() {
        return Some("clients that have to find a leader (`discovery`)");
    }
    if !setting.zones.is_empty() {
        return Some("zones");
    }
    of_plan(&setting.plan, setting.service.len())
}

fn of_plan(plan: &Plan, servers: usize) -> Option<&'static str> {
    plan.faults.iter().find_map(|fault| {
        let by_trigger = match &fault.when {
            When::At(_) => None,
            When::Upon(trigger) => of_trigger(trigger, servers),
        };
        by_trigger.or_else(|| of_lever(&fault.lever, servers))
    })
}

fn of_trigger(trigger: &Trigger, servers: usize) -> Option<&'static str> {
    match &trigger.cue {
        Cue::Phase(_) => Some("moments that an algorithm names (`phase`)"),
        Cue::Event(Happening::Stood | Happening::Voted | Happening::Committed | Happening::WriteSent) => {
            Some(
                "triggers by what the application's log does not tell (candidacies, votes, commits, writes sent)",
            )
        }
        _ => of_selectors(&trigger.at, servers),
    }
}

fn of_lever(lever: &Lever, servers: usize) -> Option<&'static str> {
    match lever {
        Lever::Cut { from, to, .. } => of_selectors(from, servers).or_else(|| of_selectors(to, servers)),
        Lever::Partition { groups, .. } => groups.iter().find_map(|group| of_selectors(group, servers)),
        Lever::Ring { .. } => Some("rings of nodes (`ring`): the contenders do not talk to each other"),
        Lever::Crash { target, disk: DiskAfter::Kept, .. } => {
            let of_server = |selector: &Selector| selector.is_of_service() || is_everyone(selector);
            let whole = "a crash of the service: the simulated etcd keeps nothing on a disk";
            if target.iter().any(of_server) { Some(whole) } else { of_selectors(target, servers) }
        }
        Lever::Crash { .. } => {
            Some("disks that are set back or replaced (`rollback`, `replace`): nothing is on a disk")
        }
        Lever::Restart { target } | Lever::Pause { target, .. } => of_selectors(target, servers),
        Lever::Freeze { .. } => {
            Some("machines whose clocks stand still (`freeze`): madsim has one clock for all")
        }
        Lever::SlowNode { .. } => Some("nodes that take their time for every input (`slow-node`)"),
        Lever::ClockStep { .. } => Some("clocks that are set (`clock-step`): madsim has one for all"),
        Lever::ClockDrift { .. } => {
            Some("clocks that run fast or slow (`clock-drift`): madsim has one for all")
        }
        Lever::ClockStrobe { .. } => Some("clocks that swing (`clock-strobe`): madsim has one for all"),
        Lever::DiskStall { .. } => Some("disks that stand (`disk-stall`): nothing is on a disk"),
        Lever::DiskSlow { .. } => Some("disks that are slow (`disk-slow`): nothing is on a disk"),
        Lever::DiskLie { .. } => Some("disks that lie (`disk-lie`): nothing is on a disk"),
        Lever::Transfer { .. } => Some("the order `transfer`"),
        Lever::Resign { .. } => Some("the order `resign`"),
        Lever::AddNode { .. } => Some("the order `add-node`"),
        Lever::RemoveNode { .. } => Some("the order `remove-node`"),
        Lever::Promote { .. } => Some("the order `promote`"),
        Lever::Degrade { .. } => Some("links that are made worse for a while (`degrade`)"),
    }
}

fn is_everyone(selector: &Selector) -> bool {
    matches!(selector, Selector::All | Selector::Rest)
}

/// The one server stands for the whole service, and not for one node of it.
fn of_selectors(selectors: &[Selector], servers: usize) -> Option<&'static str> {
    let of_one = |selector: &Selector| selector.is_of_service() && *selector != Selector::Service;
    let several = servers > 1 && selectors.iter().any(of_one);
    several.then_some(
        "a service of several nodes, of which one could be meant: the simulated etcd is one server",
    )
}
