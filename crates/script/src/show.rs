//! The answers to a script's questions: `status`, `network`, `state`, `disk`.

use crate::arguments::Arguments;
use crate::cluster::{Cluster, Envelope};
use crate::runner::Outcome;
use crate::trace;
use interregnum_kernel::{LogIndex, NodeId, Protocol, Queued, TimerName};
use std::fmt::Debug;

impl<P: Protocol> Cluster<P> {
    /// One node in a line.
    pub(crate) fn status(&self, node: NodeId) -> String {
        let at = self.node(node);
        let (Some(role), Some(epoch)) = (at.host.role(), at.host.epoch()) else {
            return format!("{node}: {}", if self.is_new(node) { "not booted" } else { "down" });
        };
        let mut parts = vec![format!("{role}, {epoch}")];
        if let Some(leadership) = at.host.leadership() {
            parts.push(format!("leads {}", trace::reign(&leadership)));
        }
        if let Some(deadline) = at.host.lease() {
            parts.push(format!("lease until {}", trace::deadline(deadline)));
        }
        parts.push(format!("timers: {}", listed(self.armed(node))));
        match at.host.pending_writes() {
            0 => {}
            writes => parts.push(format!("pending writes: {writes} ({} in the fsync)", at.desk.fsync)),
        }
        parts.extend(self.log(node));
        if at.desk.committed > LogIndex::ZERO {
            parts.push(format!("committed {}", at.desk.committed));
        }
        format!("{node}: {}", parts.join("; "))
    }

    /// The armed timers with their ranges.
    pub(crate) fn armed(&self, node: NodeId) -> Vec<String> {
        let at = self.node(node);
        let armed = at.host.armed().iter::<P::Timer>();
        armed
            .map(|timer| match at.desk.timers.get(timer.index()).copied().flatten() {
                Some(after) => trace::timer(timer, after),
                None => format!("{timer:?}"),
            })
            .collect()
    }

    /// The log: what a snapshot stands for, and the entries behind it. None for an algorithm without a log.
    fn log(&self, node: NodeId) -> Option<String> {
        let host = &self.node(node).host;
        let state = host.state()?;
        let last = self.protocol.last_index(state);
        let covered = self.protocol.snapshot(state).unwrap_or_default().last;
        let entry = |index| host.log_entry(&self.protocol, LogIndex(index)).map(|entry| trace::entry(&entry));
        let entries: Vec<String> = (covered.next().0..=last.0).filter_map(entry).collect();
        let snapshot = (covered > LogIndex::ZERO).then(|| format!("snapshot of {} entries", covered.0));
        let parts: Vec<String> = snapshot.into_iter().chain(entries).collect();
        (!parts.is_empty()).then(|| format!("log: {}", parts.join(", ")))
    }

    /// What is in flight, oldest first, and what is cut.
    pub(crate) fn on_the_way(&self) -> Vec<String> {
        let in_flight = self.network.in_flight.iter();
        let mut lines: Vec<String> = in_flight.map(|envelope| envelope.shown()).collect();
        if lines.is_empty() {
            lines.push("nothing is in flight".to_owned());
        }
        lines.extend(self.network.cut.iter().map(|(from, to)| format!("cut: {from} -> {to}")));
        lines
    }

    /// A node's memory, or why it has none.
    pub(crate) fn memory(&self, node: NodeId) -> Result<String, String> {
        let state = self.node(node).host.state().ok_or_else(|| format!("{node} is not up"))?;
        Ok(format!("{state:#?}"))
    }

    /// What is durable at a node, and what is not yet.
    pub(crate) fn disk(&self, node: NodeId) -> Vec<String> {
        let host = &self.node(node).host;
        let mut lines = vec![format!("{node} has {}", trace::plain(host.disk()))];
        lines.extend(host.queue().map(|queued| match queued {
            Queued::Write(write) => format!("  to write {}", trace::plain(write)),
            Queued::Send { to, message } => format!("  then -> {to} {}", trace::plain(message)),
            Queued::Note(fact) => format!("  then {}", trace::fact(fact)),
        }));
        lines
    }
}

impl<M: Debug> Envelope<M> {
    /// From whom to whom, and what.
    pub(crate) fn shown(&self) -> String {
        format!("{} -> {} {}", self.from, self.to, trace::plain(&self.message))
    }
}

/// The questions themselves.
impl<P: Protocol> Cluster<P> {
    pub(crate) fn on_status(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let mut nodes = arguments.rest_nodes()?;
        arguments.end()?;
        if nodes.is_empty() {
            nodes = self.everyone();
        }
        nodes.into_iter().for_each(|node| self.trace.say(&self.status(node)));
        Ok(())
    }

    pub(crate) fn on_network(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        arguments.end()?;
        self.on_the_way().iter().for_each(|line| self.trace.say(line));
        Ok(())
    }

    pub(crate) fn on_state(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let node = arguments.one_node("whose? `state n1`")?;
        arguments.end()?;
        self.trace.say(&self.memory(node)?);
        Ok(())
    }

    pub(crate) fn on_disk(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let node = arguments.one_node("whose? `disk n1`")?;
        arguments.end()?;
        self.disk(node).iter().for_each(|line| self.trace.say(line));
        Ok(())
    }
}

/// Words with commas between them, or "none".
pub(crate) fn listed<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
