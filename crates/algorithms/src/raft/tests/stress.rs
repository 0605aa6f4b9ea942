//! Random schedules: any message, timer, fsync or crash may come next, in any order. The quickest way to find a mistake
//! in the rules; the invariants proper live in their own crate.

use super::*;
use interregnum_kernel::{Incarnation, LogChain, LogEntry, NodeSet, Standing};
use std::collections::BTreeMap;

/// A small generator of our own, so that a failing seed fails for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound.max(1) as u64) as usize
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What must never be seen twice in different ways.
#[derive(Default)]
struct Ledger {
    leaders: BTreeMap<u64, (NodeId, Incarnation)>,
    votes: BTreeMap<(NodeId, u64), NodeId>,
    /// The entries agreed on, and the term in which the first node, a leader, said so.
    committed: BTreeMap<u64, (LogEntry, u64)>,
    stored: BTreeMap<NodeId, u64>,
    elections: usize,
    snapshots: usize,
}

impl Ledger {
    fn record(&mut self, cluster: &mut Cluster) -> Result<(), String> {
        for (node, what) in std::mem::take(&mut cluster.world.seen) {
            match what {
                What::Elected(leadership) => {
                    self.elections += 1;
                    let term = leadership.epoch.0;
                    let host = &cluster.hosts[node.index()];
                    let winner = (node, host.incarnation());
                    let first = *self.leaders.entry(term).or_insert(winner);
                    if first != winner {
                        return Err(format!("term {term} was won by {first:?} and {winner:?}"));
                    }
                    // A leader elected late, of a term before the commit's, owes nothing.
                    let start = host.state().map(|state| state.log.start().index).unwrap_or_default();
                    for (index, (entry, since)) in self.committed.range(start.0 + 1..) {
                        if *since < term && host.log_entry(&cluster.raft, LogIndex(*index)) != Some(*entry) {
                            return Err(format!("{node} leads term {term} without entry {index}"));
                        }
                    }
                }
                What::Fact(Fact::Voted { epoch, candidate, .. }) => {
                    let first = *self.votes.entry((node, epoch.0)).or_insert(candidate);
                    if first != candidate {
                        return Err(format!("{node} voted for {first} and {candidate} in {epoch}"));
                    }
                }
                What::Fact(Fact::EpochStored { epoch, .. }) => {
                    let last = self.stored.insert(node, epoch.0);
                    if last > Some(epoch.0) {
                        return Err(format!("{node} stored {epoch} after {last:?}"));
                    }
                }
                What::LeaderSnapshot(covered) | What::Fact(Fact::Restored(covered)) => {
                    let agreed = self.committed.range(..=covered.last.0).map(|(_, (entry, _))| *entry);
                    let chain = agreed.fold(LogChain::EMPTY, LogChain::then);
                    if chain != covered.chain {
                        return Err(format!("{node} has a snapshot of something else: {covered:?}"));
                    }
                    self.snapshots += 1;
                }
                What::Committed { index, entry } => {
                    let term = cluster.hosts[node.index()].epoch().unwrap_or_default().0;
                    let (first, _) = *self.committed.entry(index.0).or_insert((entry, term));
                    if first != entry {
                        return Err(format!("{node} committed {entry:?} at {index}, before: {first:?}"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// One random run; what it exercised, or the first thing that was wrong.
fn run(parameters: &Parameters, seed: u64, steps: usize) -> Result<Ledger, String> {
    let mut cluster = Cluster::of(parameters);
    let mut random = Random(seed);
    let mut ledger = Ledger::default();
    // Some runs are calm enough to commit, some are wild.
    let wildness = random.below(4);
    for step in 0..steps {
        let node = NodeId::from_index(random.below(cluster.hosts.len()));
        match random.below(100) {
            0..=54 if !cluster.world.in_flight.is_empty() => {
                let in_order = wildness == 0 || random.chance(50);
                let place = if in_order { 0 } else { random.below(cluster.world.in_flight.len()) };
                let envelope = cluster.world.in_flight[place].clone();
                if !random.chance(5 * wildness) {
                    cluster.world.in_flight.remove(place);
                }
                if !random.chance(5 * wildness) {
                    cluster.hand_over(envelope);
                }
            }
            55..=79 if cluster.world.fsyncs[node.index()].is_some() => cluster.sync(node),
            80..=89 => {
                let armed: Vec<Timer> = cluster.hosts[node.index()].armed().iter().collect();
                let election_is_due = random.chance(10 + 10 * wildness);
                let fit = |timer: &&Timer| **timer != Timer::Election || election_is_due;
                let due: Vec<&Timer> = armed.iter().filter(fit).collect();
                if !due.is_empty() {
                    cluster.fire(node, *due[random.below(due.len())]);
                }
            }
            90..=94 => cluster.propose(node, 1000 + step as u64),
            95 if wildness > 0 => {
                if cluster.hosts[node.index()].is_up() {
                    let pending = cluster.hosts[node.index()].pending_writes() as usize;
                    let kept = random.below(pending + 1) as u32;
                    cluster.crash(node, kept);
                }
            }
            97..=98 if parameters.members.len() < usize::from(parameters.nodes) => {
                let order = random_order(&mut random, parameters.nodes);
                cluster.order(node, order);
            }
            96 => {
                let target = NodeId::from_index(random.below(cluster.hosts.len()));
                cluster.order_transfer(node, target);
            }
            _ => {
                if !cluster.hosts[node.index()].is_up() {
                    cluster.restart(node);
                }
            }
        }
        cluster.world.sent.clear();
        ledger.record(&mut cluster).map_err(|problem| format!("seed {seed}, step {step}: {problem}"))?;
        // The network is bounded, as real ones are.
        if cluster.world.in_flight.len() > 60 {
            let lost = random.below(cluster.world.in_flight.len());
            cluster.world.in_flight.remove(lost);
        }
    }
    Ok(ledger)
}

/// An order to change the cluster, sensible or not.
fn random_order(random: &mut Random, count: u8) -> Order {
    let node = NodeSet::only(NodeId::from_index(random.below(usize::from(count))));
    let nodes = if random.chance(30) { node.union(NodeSet::only(NodeId(0))) } else { node };
    match random.below(6) {
        5 => Order::Resign,
        4 => Order::AddNodes { nodes, standing: Standing::Witness },
        0 => Order::AddNodes { nodes, standing: Standing::Voter },
        1 => Order::AddNodes { nodes, standing: Standing::Learner },
        2 => Order::PromoteNodes(nodes),
        _ => Order::RemoveNodes(nodes),
    }
}

/// Clusters that change: the orders come for those that have spares.
fn changing() -> Vec<Parameters> {
    let spares = Parameters { members: NodeSet::first(3), ..bare(5) };
    vec![
        spares.clone(),
        spares.clone().with("snapshot_after", Value::Count(1)),
        spares.clone().with("single_server_changes", Value::Flag(true)),
        Parameters { members: NodeSet::first(4), ..bare(5) }.with("single_server_changes", Value::Flag(true)),
        spares.clone().with("witnesses", Value::Nodes([N3, N5].into_iter().collect())),
        Parameters { members: NodeSet::first(2), ..Parameters::of(4) }.with("lease", Value::Flag(true)),
    ]
}

#[test]
fn no_random_schedule_breaks_safety_while_the_cluster_changes() {
    let (mut elections, mut commits, mut changes) = (0, 0, 0);
    for parameters in changing() {
        for seed in 0..300 {
            let ledger =
                run(&parameters, seed, 2500).unwrap_or_else(|problem| panic!("{parameters:?}: {problem}"));
            elections += ledger.elections;
            commits += ledger.committed.len();
            let change = |(entry, _): &&(LogEntry, u64)| entry.command.is_some_and(|c| c.0 >= 3 << 62);
            changes += ledger.committed.values().filter(change).count();
        }
    }
    assert!(elections > 5000, "only {elections} elections were put to the test");
    assert!(commits > 5000, "only {commits} commits were put to the test");
    assert!(changes > 2000, "only {changes} changes were committed");
}

#[test]
fn random_schedules_find_the_bug_planted_in_joining() {
    let found = changing().into_iter().find_map(|parameters| {
        let parameters = parameters.with_bug("raft-joint-needs-one-majority");
        (0..3000).find_map(|seed| run(&parameters, seed, 2500).err())
    });
    assert!(found.is_some(), "it was not found");
}

fn configurations() -> Vec<Parameters> {
    let figure_8 = logs(&[&[1, 2], &[1, 2], &[1], &[1], &[1, 3]]);
    vec![
        Parameters::of(3),
        plain(3),
        bare(3),
        Parameters::of(5),
        bare(5).with("initial_logs", figure_8).with("append_limit", Value::Count(1)),
        bare(4),
        Parameters::of(3).with("lease", Value::Flag(true)),
        bare(3).with("snapshot_after", Value::Count(1)),
        bare(5).with("snapshot_after", Value::Count(3)),
        bare(3).with("witnesses", Value::Nodes(NodeSet::only(N3))),
        bare(5).with("witnesses", Value::Nodes([N2, N5].into_iter().collect())),
        Parameters::of(3).with("priority", Value::Counts(vec![1, 2, 2])).with("backoff", Value::Flag(true)),
    ]
}

#[test]
fn no_random_schedule_breaks_safety() {
    let (mut elections, mut commits, mut snapshots) = (0, 0, 0);
    for parameters in configurations() {
        for seed in 0..300 {
            let ledger =
                run(&parameters, seed, 1500).unwrap_or_else(|problem| panic!("{parameters:?}: {problem}"));
            elections += ledger.elections;
            commits += ledger.committed.len();
            snapshots += ledger.snapshots;
        }
    }
    assert!(elections > 5000, "only {elections} elections were put to the test");
    assert!(commits > 5000, "only {commits} commits were put to the test");
    assert!(snapshots > 1000, "only {snapshots} snapshots were put to the test");
}

#[test]
fn random_schedules_find_the_planted_safety_bugs() {
    for bug in [
        "raft-vote-before-fsync",
        "raft-forget-vote-on-step-down",
        "raft-count-duplicate-votes",
        "raft-count-old-term-votes",
        "raft-prevote-counted-as-vote",
        "raft-ask-before-own-vote",
        "raft-lead-before-own-vote",
        "raft-restart-forgets-term",
        "raft-vote-ignores-log",
        "raft-append-skips-consistency-check",
        "raft-snapshot-of-uncommitted",
    ] {
        let found = configurations().into_iter().find_map(|parameters| {
            (0..300).find_map(|seed| run(&parameters.clone().with_bug(bug), seed, 1500).err())
        });
        assert!(found.is_some(), "{bug} was not found");
    }
}

#[test]
fn after_any_random_schedule_a_calm_cluster_finds_one_leader() {
    for seed in 0..200 {
        let parameters = Parameters::of(3);
        let mut cluster = Cluster::of(&parameters);
        let mut random = Random(seed);
        for _ in 0..400 {
            let node = NodeId::from_index(random.below(3));
            match random.below(8) {
                0 => cluster.time_out(node),
                1 => cluster.fire(node, Timer::Guard),
                2 if cluster.hosts[node.index()].is_up() => cluster.crash(node, 0),
                3 => cluster.restart(node),
                4 if cluster.world.fsyncs[node.index()].is_some() => cluster.sync(node),
                _ if !cluster.world.in_flight.is_empty() => {
                    let place = random.below(cluster.world.in_flight.len());
                    let envelope = cluster.world.in_flight.remove(place);
                    cluster.hand_over(envelope);
                }
                _ => {}
            }
        }
        for i in 0..3 {
            cluster.restart(NodeId(i));
        }
        // Calm: leaders are heard; a node whose patience ends while nobody leads stands.
        cluster.settle();
        for round in 0..12 {
            for i in 0..3 {
                cluster.beat(NodeId(i));
            }
            for i in 0..3 {
                cluster.fire(NodeId(i), Timer::CheckQuorum);
            }
            if !(0..3).any(|i| cluster.leads(NodeId(i))) {
                for i in 0..3 {
                    cluster.fire(NodeId(i), Timer::Guard);
                }
                cluster.time_out(NodeId(round % 3));
                cluster.settle();
            }
        }
        cluster.propose_everywhere(7);
        cluster.settle();
        let leaders: Vec<NodeId> = (0..3).map(NodeId).filter(|n| cluster.leads(*n)).collect();
        assert_eq!(leaders.len(), 1, "seed {seed}: {leaders:?}");
        cluster.beat(leaders[0]);
        let log = cluster.epochs(leaders[0]);
        for i in 0..3 {
            assert_eq!(cluster.epochs(NodeId(i)), log, "seed {seed}: n{} has the leader's log", i + 1);
            assert_eq!(
                cluster.commit(NodeId(i)) as usize,
                log.len(),
                "seed {seed}: n{} has committed it",
                i + 1
            );
        }
    }
}

impl Cluster {
    /// A client that does not know who leads.
    fn propose_everywhere(&mut self, command: u64) {
        for i in 0..self.hosts.len() {
            self.propose(NodeId::from_index(i), command);
        }
    }
}
