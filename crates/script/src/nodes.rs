//! The commands that happen to nodes: life, timers, disks, clients, operators, clocks.

use crate::arguments::Arguments;
use crate::cluster::Cluster;
use crate::runner::Outcome;
use crate::show::listed;
use crate::{trace, values};
use interregnum_kernel::{Command, Incarnation, NodeId, Order, Process, Protocol, Standing, WallTime};

impl<P: Protocol> Cluster<P> {
    fn require_up(&self, node: NodeId) -> Outcome {
        if self.node(node).host.is_up() { Ok(()) } else { Err(format!("{node} is not up")) }
    }

    pub(crate) fn on_boot(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let mut nodes = arguments.rest_nodes()?;
        arguments.end()?;
        if nodes.is_empty() {
            nodes = self.everyone();
            nodes.retain(|node| self.is_new(*node));
            if nodes.is_empty() {
                return Err("every node has booted before".to_owned());
            }
        }
        for node in nodes {
            if !self.is_new(node) {
                return Err(format!("{node} has booted before; `restart {node}` after a crash"));
            }
            self.trace.input(|| format!("{node} boots"));
            self.boot(node);
        }
        Ok(())
    }

    pub(crate) fn on_restart(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        for node in arguments.some_nodes()? {
            if self.is_new(node) || self.node(node).host.is_up() {
                return Err(format!("{node} has not crashed"));
            }
            self.trace.input(|| format!("{node} restarts"));
            self.boot(node);
        }
        arguments.end()
    }

    pub(crate) fn on_fire(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let mut words = arguments.rest();
        let usage = "which timer of whom? `fire n1 Election`";
        let name = words.pop().ok_or(usage)?;
        let nodes = words.into_iter().map(|word| arguments.named(word)).collect::<Outcome<Vec<_>>>()?;
        arguments.end()?;
        if nodes.is_empty() {
            return Err(usage.to_owned());
        }
        let timer = Cluster::<P>::timer(name).ok_or_else(|| format!("there is no timer `{name}`"))?;
        for node in nodes {
            self.require_up(node)?;
            if !self.node(node).host.armed().contains(timer) {
                return Err(format!("{name} is not armed at {node}; armed: {}", listed(self.armed(node))));
            }
            self.fire(node, timer);
        }
        Ok(())
    }

    pub(crate) fn on_fsync(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let Some(word) = arguments.next() else {
            let mut nodes = self.everyone();
            nodes.retain(|node| self.node(*node).desk.fsync > 0);
            if nodes.is_empty() {
                return Err("no node has anything to write".to_owned());
            }
            for node in nodes {
                self.fsync(node, self.node(node).desk.fsync);
            }
            return arguments.end();
        };
        let node = arguments.named(word)?;
        let writes = match arguments.next() {
            None => self.node(node).desk.fsync,
            Some(word) => {
                let writes = values::number(word, "how many writes")?;
                u32::try_from(writes).map_err(|_| format!("{writes} are too many writes"))?
            }
        };
        arguments.end()?;
        self.require_up(node)?;
        let pending = self.node(node).host.pending_writes();
        if writes == 0 || writes > pending {
            return Err(format!("pending writes of {node}: {pending}"));
        }
        self.fsync(node, writes);
        Ok(())
    }

    pub(crate) fn on_crash(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let keep = match arguments.key("keep") {
            None => 0,
            Some("all") => u64::from(u32::MAX),
            Some(word) => values::number(word, "keep")?,
        };
        let nodes = arguments.some_nodes()?;
        arguments.end()?;
        for node in nodes {
            self.require_up(node)?;
            let pending = self.node(node).host.pending_writes();
            let kept = u32::try_from(keep).unwrap_or(u32::MAX).min(pending);
            let lost = match pending {
                0 => String::new(),
                _ => format!(" and loses {} of {pending} pending writes", pending - kept),
            };
            self.trace.input(|| format!("{node} crashes{lost}"));
            self.crash(node, kept);
        }
        Ok(())
    }

    pub(crate) fn on_disconnect(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        if !P::CONNECTIONS {
            return Err("the algorithm knows no connections: nobody hears of a crash".to_owned());
        }
        let nodes = arguments.some_nodes()?;
        arguments.end()?;
        let (Some((peer, hearers)), true) = (nodes.split_last(), nodes.len() > 1) else {
            return Err("who hears of whose crash? `disconnect n1 n2`".to_owned());
        };
        let peer = *peer;
        let lives = self.node(peer).host.incarnation().0;
        let Some(last) = lives.checked_sub(1) else { return Err(format!("{peer} has not crashed")) };
        let peer = Process { node: peer, incarnation: Incarnation(last) };
        for node in hearers.iter().copied() {
            self.require_up(node)?;
            self.trace.input(|| format!("{node} hears of the crash of {}", trace::process(peer)));
            self.step(node, |host, protocol, now, effects, port| {
                host.disconnected(protocol, now, peer, effects, port);
            });
        }
        Ok(())
    }

    pub(crate) fn on_propose(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let node = arguments.one_node("who is asked for which command? `propose n1 7`")?;
        let number = arguments.next().ok_or("which command? `propose n1 7`")?;
        let command = Command(values::number(number.strip_prefix('c').unwrap_or(number), "a command")?);
        arguments.end()?;
        self.require_up(node)?;
        self.trace.input(|| format!("{node} is asked for {command}"));
        self.step(node, |host, protocol, now, effects, port| {
            host.propose(protocol, now, command, effects, port);
        });
        Ok(())
    }

    pub(crate) fn on_order(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let usage = "who is told to do what? `order n1 transfer n2`, or resign, add, remove, promote";
        let node = arguments.one_node(usage)?;
        let order = match arguments.next().ok_or(usage)? {
            "transfer" => Order::TransferLeadership(arguments.one_node("to whom? `order n1 transfer n2`")?),
            "resign" => Order::Resign,
            "add" => {
                let word = arguments.key("standing").unwrap_or(Standing::Voter.word());
                let all = [Standing::Voter, Standing::Learner, Standing::Witness];
                let standing = all.into_iter().find(|standing| standing.word() == word);
                let standing = standing
                    .ok_or_else(|| format!("a standing is voter, learner or witness, not `{word}`"))?;
                Order::AddNodes { nodes: arguments.some_nodes()?.into_iter().collect(), standing }
            }
            "remove" => Order::RemoveNodes(arguments.some_nodes()?.into_iter().collect()),
            "promote" => Order::PromoteNodes(arguments.some_nodes()?.into_iter().collect()),
            unknown => return Err(format!("there is no order `{unknown}`; {usage}")),
        };
        arguments.end()?;
        self.require_up(node)?;
        self.trace.input(|| format!("{node} is told to {}", trace::order(&order)));
        self.step(node, |host, protocol, now, effects, port| {
            host.administer(protocol, now, order, effects, port);
        });
        Ok(())
    }

    pub(crate) fn on_advance(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let word = arguments.next().ok_or("by how much? `advance 150ms`")?;
        let (back, word) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
        let span = values::span(word)?;
        let clocks = arguments.key("clock").unwrap_or("both");
        let (mono, wall) = match clocks {
            "both" => (true, true),
            "wall" => (false, true),
            "mono" => (true, false),
            other => return Err(format!("a clock is mono, wall or both, not `{other}`")),
        };
        if back && mono {
            return Err("a monotonic clock never goes back; say clock=wall".to_owned());
        }
        let mut nodes = arguments.rest_nodes()?;
        arguments.end()?;
        let whose =
            if nodes.is_empty() { "all".to_owned() } else { listed(nodes.iter().map(NodeId::to_string)) };
        let which = if clocks == "both" { String::new() } else { format!("{clocks} ") };
        self.trace
            .input(|| format!("{which}clocks of {whose} move {}by {span}", if back { "back " } else { "" }));
        if nodes.is_empty() {
            nodes = self.everyone();
        }
        for node in nodes {
            let now = &mut self.nodes[node.index()].now;
            if mono {
                now.mono = now.mono + span;
            }
            if wall {
                let nanos = i64::try_from(span.0).map_err(|_| format!("`{word}` is too long"))?;
                now.wall = WallTime(now.wall.0.saturating_add(if back { -nanos } else { nanos }));
            }
            self.ask(node);
        }
        Ok(())
    }
}
