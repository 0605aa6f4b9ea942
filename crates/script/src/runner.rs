//! The commands of a script.

use crate::arguments::Arguments;
use crate::cluster::Cluster;
use crate::show::listed;
use crate::trace::{Level, Trace};
use crate::values;
use goldenscript::Context;
use interregnum_kernel::{NodeId, ParameterSpec, Parameters, Profile, Protocol};
use std::error::Error;
use std::fmt::Display;

/// What a command comes to.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// A command that needs a cluster.
type Action<P> = fn(&mut Cluster<P>, &mut Arguments<'_>) -> Outcome;

/// Builds the rules for parameters.
type Make<'a, P> = Box<dyn Fn(&Parameters) -> Outcome<P> + 'a>;

/// Runs the commands of one script; see the [crate's page](crate). Built anew for each script.
pub struct Runner<'a, P: Protocol> {
    specs: &'a [ParameterSpec],
    make: Make<'a, P>,
    cluster: Option<Cluster<P>>,
    level: Level,
}

impl<P: Protocol> goldenscript::Runner for Runner<'_, P> {
    type Command = goldenscript::Command;

    fn run(&mut self, command: &goldenscript::Command, context: &Context) -> Result<String, Box<dyn Error>> {
        match command.name.as_str() {
            "cluster" => self.on_cluster(command)?,
            "set" => self.on_set(command)?,
            name => return Ok(self.on_action(name, command, context)?),
        }
        Ok(String::new())
    }
}

impl<'a, P: Protocol> Runner<'a, P> {
    /// The commands that need a cluster.
    const ACTIONS: &'static [(&'static str, Action<P>)] = &[
        ("boot", Cluster::on_boot),
        ("fire", Cluster::on_fire),
        ("deliver", Cluster::on_deliver),
        ("drop", Cluster::on_drop),
        ("duplicate", Cluster::on_duplicate),
        ("fsync", Cluster::on_fsync),
        ("crash", Cluster::on_crash),
        ("restart", Cluster::on_restart),
        ("disconnect", Cluster::on_disconnect),
        ("cut", Cluster::on_cut),
        ("heal", Cluster::on_heal),
        ("propose", Cluster::on_propose),
        ("order", Cluster::on_order),
        ("advance", Cluster::on_advance),
        ("stabilize", Cluster::on_stabilize),
        ("status", Cluster::on_status),
        ("network", Cluster::on_network),
        ("state", Cluster::on_state),
        ("disk", Cluster::on_disk),
    ];

    /// A runner for the algorithm that `make` builds, whose parameters are `specs`.
    pub fn new<E: Display>(
        specs: &'a [ParameterSpec],
        make: impl Fn(&Parameters) -> Result<P, E> + 'a,
    ) -> Runner<'a, P> {
        let make =
            Box::new(move |parameters: &Parameters| make(parameters).map_err(|error| error.to_string()));
        Runner { specs, make, cluster: None, level: Level::default() }
    }

    fn on_action(
        &mut self,
        name: &str,
        command: &goldenscript::Command,
        context: &Context,
    ) -> Outcome<String> {
        let Some((_, action)) = Self::ACTIONS.iter().find(|(known, _)| *known == name) else {
            let known = ["cluster", "set"].into_iter().chain(Self::ACTIONS.iter().map(|(name, _)| *name));
            return Err(format!("there is no command `{name}`; there are {}", listed(known)));
        };
        let Some(cluster) = &mut self.cluster else {
            return Err("there is no cluster yet; begin with `cluster nodes=3`".to_owned());
        };
        cluster.trace = Trace::of(self.level);
        if let Some(tag) = context.tags.first() {
            cluster.trace = Trace::of(level(tag)?);
        }
        action(cluster, &mut Arguments::of(command, cluster.nodes.len()))?;
        Ok(cluster.trace.take())
    }

    fn on_set(&mut self, command: &goldenscript::Command) -> Outcome {
        let mut arguments = Arguments::of(command, 0);
        let word = arguments.key("trace").ok_or("say what to set: trace=off, facts, messages or all")?;
        arguments.end()?;
        self.level = level(word)?;
        Ok(())
    }

    fn on_cluster(&mut self, command: &goldenscript::Command) -> Outcome {
        let mut arguments = Arguments::of(command, 0);
        let size = arguments.key("nodes").ok_or("how many nodes? `cluster nodes=3`")?;
        let size: u8 = size
            .parse()
            .ok()
            .filter(|size| (1..=NodeId::MAX).contains(&usize::from(*size)))
            .ok_or_else(|| format!("a cluster has 1 to {} nodes, not `{size}`", NodeId::MAX))?;
        let mut parameters = Parameters::of(size);
        if let Some(word) = arguments.key("service") {
            let room = NodeId::MAX - usize::from(size);
            let service = word.parse().ok().filter(|service| (1..=room).contains(&usize::from(*service)));
            let refusal = || format!("a service of a cluster of {size} has 1 to {room} nodes, not `{word}`");
            parameters = parameters.with_service(service.ok_or_else(refusal)?);
        }
        let nodes = usize::from(parameters.nodes);
        if let Some(members) = arguments.key("members") {
            parameters.members = values::nodes(members, nodes)?;
        }
        if let Some(profile) = arguments.key("profile") {
            parameters.profile = match profile {
                "matched" => Profile::Matched,
                "production" => Profile::Production,
                other => return Err(format!("a profile is matched or production, not `{other}`")),
            };
        }
        parameters.bug = arguments.key("bug").map(str::to_owned);
        while let Some((name, word)) = arguments.any_key() {
            let Some(spec) = self.specs.iter().find(|spec| spec.name == name) else {
                let known = listed(self.specs.iter().map(|spec| spec.name));
                return Err(format!("there is no parameter `{name}`; there are {known}"));
            };
            parameters = parameters.with(name, values::parameter(spec, word, nodes)?);
        }
        arguments.end()?;
        let protocol = (self.make)(&parameters)?;
        self.cluster = Some(Cluster::new(protocol, parameters.nodes));
        Ok(())
    }
}

fn level(word: &str) -> Outcome<Level> {
    Level::named(word).ok_or_else(|| {
        let known = listed(Level::WORDS.iter().map(|(name, _)| *name));
        format!("a trace is one of {known}, not `{word}`")
    })
}
