//! The commands that happen between nodes: messages and links.

use crate::arguments::Arguments;
use crate::cluster::Cluster;
use crate::runner::Outcome;
use crate::values;
use interregnum_kernel::{NodeSet, Protocol};

/// How much may happen in one `stabilize`.
const MOST_EVENTS: usize = 10_000;

impl<P: Protocol> Cluster<P> {
    fn choose(&self, arguments: &mut Arguments<'_>) -> Outcome<Vec<usize>> {
        let from = arguments.node_key("from")?;
        let to = arguments.node_key("to")?;
        let kind = arguments.key("kind");
        if let Some(unknown) = kind.filter(|kind| !P::KINDS.contains(kind)) {
            return Err(format!(
                "there is no kind of message `{unknown}`; there are {}",
                P::KINDS.join(", ")
            ));
        }
        let skip = arguments.key("skip").map_or(Ok(0), |word| values::number(word, "skip"))?;
        let count = match arguments.next() {
            None => 1,
            Some("all") => u64::MAX,
            Some(word) => values::number(word, "how many messages")?,
        };
        arguments.end()?;
        let matching = self.network.in_flight.iter().enumerate().filter(|(_, envelope)| {
            from.is_none_or(|node| node == envelope.from)
                && to.is_none_or(|node| node == envelope.to)
                && kind
                    .is_none_or(|kind| P::KINDS.get(usize::from(P::kind(&envelope.message).0)) == Some(&kind))
        });
        let places: Vec<usize> = matching.map(|(place, _)| place).collect();
        let found = places.len();
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let chosen: Vec<usize> = places.into_iter().skip(skip).take(wanted).collect();
        if chosen.is_empty() || count != u64::MAX && chosen.len() < wanted {
            return Err(format!("messages in flight that match: {found}; `network` shows all"));
        }
        Ok(chosen)
    }

    pub(crate) fn on_deliver(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let chosen = self.choose(arguments)?;
        // What is sent meanwhile stands behind, so that taking one away moves the places of the next by one.
        for (taken, place) in chosen.into_iter().enumerate() {
            let envelope = self.network.in_flight.remove(place - taken);
            self.hand_over(envelope);
        }
        Ok(())
    }

    pub(crate) fn on_drop(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let chosen = self.choose(arguments)?;
        for (taken, place) in chosen.into_iter().enumerate() {
            let envelope = self.network.in_flight.remove(place - taken);
            self.trace.input(|| format!("lost: {}", envelope.shown()));
        }
        Ok(())
    }

    pub(crate) fn on_duplicate(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        for place in self.choose(arguments)? {
            let copy = self.network.in_flight[place].clone();
            self.trace.input(|| format!("twice: {}", copy.shown()));
            self.network.in_flight.push(copy);
        }
        Ok(())
    }

    pub(crate) fn on_cut(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let everyone = arguments.everyone();
        if let (Some(from), to) = (arguments.node_key("from")?, arguments.node_key("to")?) {
            arguments.end()?;
            let to = to.ok_or("a cut in one direction has two ends: `cut from=n1 to=n2`")?;
            self.network.cut.insert((from, to));
            return Ok(());
        }
        let group: NodeSet = arguments.some_nodes()?.into_iter().collect();
        arguments.end()?;
        for inside in group.iter() {
            for outside in everyone.minus(group).iter() {
                self.network.cut.extend([(inside, outside), (outside, inside)]);
            }
        }
        Ok(())
    }

    pub(crate) fn on_heal(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        arguments.end()?;
        self.network.cut.clear();
        Ok(())
    }

    pub(crate) fn on_stabilize(&mut self, arguments: &mut Arguments<'_>) -> Outcome {
        let nodes: NodeSet = arguments.rest_nodes()?.into_iter().collect();
        arguments.end()?;
        let within = if nodes.is_empty() { arguments.everyone() } else { nodes };
        for _ in 0..MOST_EVENTS {
            let oldest = self
                .network
                .in_flight
                .iter()
                .position(|envelope| within.contains(envelope.from) && within.contains(envelope.to));
            if let Some(place) = oldest {
                let envelope = self.network.in_flight.remove(place);
                self.hand_over(envelope);
                continue;
            }
            let Some(node) = within.iter().find(|node| self.node(*node).desk.fsync > 0) else {
                return Ok(());
            };
            self.fsync(node, self.node(node).desk.fsync);
        }
        Err(format!("not quiet after {MOST_EVENTS} events: messages beget messages"))
    }
}
