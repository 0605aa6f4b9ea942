//! The clients: writes to the fenced resource under whoever believes that it leads, and proposals to them. A leader that
//! they have yet to [find](crate::discovery) they ask for neither.

use crate::event::{Agenda, Event};
use crate::mailbox::Held;
use crate::network::{Fate, Kinds};
use crate::record::{InputRecord, Recorder};
use crate::setting::{Endpoint, Setting};
use crate::world::{World, tag};
use interregnum_kernel::{
    Command, GlobalTime, NodeId, NodeSet, Observer, Office, Protocol, Span, What, Write,
};

/// The clients' memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workload {
    writes: Vec<Write>,
    commands: u64,
}

impl Workload {
    pub(crate) fn reset(&mut self) {
        self.writes.clear();
        self.commands = 0;
    }
}

/// Commands of clients start here and stay below 2^63, where a protocol puts the commands of its initial logs.
const FIRST_COMMAND: u64 = 1 << 32;

impl<P: Protocol, A: Agenda<P>, O: Observer, R: Recorder> World<P, A, O, R> {
    /// The clients' phases are drawn, so that no fault always falls on the same point of their rhythm.
    pub(crate) fn schedule_clients(&mut self, setting: &Setting) {
        let workload = &setting.workload;
        for (every, event) in
            [(workload.writes_every, Event::WriteTick), (workload.proposals_every, Event::ProposalTick)]
        {
            if let Some(every) = every.filter(|every| *every > Span::ZERO) {
                let phase = self.sites[0].workload.below(every.0);
                self.core.push(GlobalTime(phase), event);
            }
        }
    }

    /// Every node that believes it leads, and is known to, decides to write. Its process takes a while from asking to acting, and does
    /// not ask again: what happens in between makes a zombie's write.
    pub(crate) fn write_tick(&mut self, sequence: u64) {
        self.core.account(tag::TICK, 0);
        self.record_world(sequence, None, || InputRecord::World { what: "clients' writes are due".into() });
        let (least, most) = self.setting.workload.check_to_act;
        for writer in self.leaders().iter() {
            let index = writer.index();
            // A stopped process asks nothing.
            if self.mailboxes[index].is_stopped() {
                continue;
            }
            let Some(leadership) = self.hosts[index].leadership() else { continue };
            if leadership.office != Office::CONTESTED {
                continue;
            }
            let number = self.workload.writes.len() as u32;
            let incarnation = self.hosts[index].incarnation();
            self.workload.writes.push(Write { writer, incarnation, leadership, number: u64::from(number) });
            let wait = self.sites[index].workload.span(least, most);
            self.core.push(self.core.now + wait, Event::Act { write: number });
        }
        if let Some(every) = self.setting.workload.writes_every {
            self.core.push(self.core.now + every, Event::WriteTick);
        }
    }

    /// The write leaves its writer, unless the process died meanwhile.
    pub(crate) fn act(&mut self, sequence: u64, number: u32) {
        let write = self.workload.writes[number as usize];
        let host = &self.hosts[write.writer.index()];
        if !host.is_up() || host.incarnation() != write.incarnation {
            return;
        }
        if self.core.apart.contains(write.writer) {
            return self.hold(sequence, write.writer, Held::Act(number));
        }
        self.act_now(sequence, number);
    }

    /// The write leaves. What held it up, if anything did, is over.
    pub(crate) fn act_now(&mut self, sequence: u64, number: u32) {
        let write = self.workload.writes[number as usize];
        self.core.account(tag::ACT, u64::from(number));
        self.core.observe(write.writer, What::WriteSent(write));
        let way = [Endpoint::from(write.writer), Endpoint::resource(self.setting.nodes)];
        let site = &mut self.sites[write.writer.index()];
        let fate = self.core.network.carry(way, self.core.now, Kinds::WITHOUT, site);
        match fate {
            Fate::Arrives(at) => self.core.push(at, Event::Reach { write: number }),
            Fate::Twice(at, copy) => {
                self.core.push(at, Event::Reach { write: number });
                self.core.push(copy, Event::Reach { write: number });
            }
            Fate::Lost | Fate::Cut => {}
        }
        self.record_world(sequence, Some(write.writer), || InputRecord::World {
            what: format!("write {number} leaves under {}: {fate:?}", write.leadership.epoch),
        });
    }

    /// The write arrives at the resource, which judges it.
    pub(crate) fn reach(&mut self, sequence: u64, number: u32) {
        let write = self.workload.writes[number as usize];
        let resource = Endpoint::resource(self.setting.nodes);
        if self.core.network.dropped(Endpoint::from(write.writer), resource, sequence) {
            return;
        }
        self.offer(sequence, write);
    }

    /// The resource judges a write.
    fn offer(&mut self, sequence: u64, write: Write) -> bool {
        let taken = self.resource.offer(&write);
        self.core.account(tag::REACH, write.number << 1 | u64::from(taken));
        let what = if taken { What::WriteAccepted(write) } else { What::WriteRejected(write) };
        self.core.observe(write.writer, what);
        self.record_world(sequence, None, || InputRecord::World {
            what: format!(
                "write {} of {} is {}",
                write.number,
                write.writer,
                if taken { "accepted" } else { "rejected" }
            ),
        });
        taken
    }

    /// A write has reached the resource by a way of its own, and is judged: for engines whose processes send their writes
    /// themselves. Whether it was taken.
    pub fn offer_write(&mut self, now: GlobalTime, write: Write) -> bool {
        self.core.now = now;
        let sequence = self.core.next_sequence();
        let taken = self.offer(sequence, write);
        self.settle();
        taken
    }

    /// Everyone who believes that it leads and whom clients have found. Found without a branch for each node: who it is cannot be guessed.
    fn leaders(&self) -> NodeSet {
        let leads = self.hosts.iter().map(|host| u64::from(host.leadership().is_some()) << host.node().0);
        NodeSet(leads.fold(0, |all, one| all | one)).minus(self.core.discovery.unknown())
    }

    /// Clients hand one new command to every node that believes it leads, and that they know of.
    pub(crate) fn proposal_tick(&mut self, sequence: u64) {
        self.core.account(tag::TICK, 1);
        for node in self.leaders().iter() {
            self.workload.commands += 1;
            let command = Command(FIRST_COMMAND + self.workload.commands);
            if self.core.apart.contains(node) {
                self.hold(sequence, node, Held::Command(command));
            } else {
                self.give_command(sequence, node, command);
            }
        }
        if let Some(every) = self.setting.workload.proposals_every {
            self.core.push(self.core.now + every, Event::ProposalTick);
        }
    }

    /// A node is handed a command.
    pub(crate) fn give_command(&mut self, sequence: u64, node: NodeId, command: Command) {
        self.core.account(tag::PROPOSE, (command.0 - FIRST_COMMAND) << 8 | u64::from(node.0));
        let describe = R::ON.then_some(InputRecord::Propose { command: command.0 });
        self.with_node(sequence, node, describe, |host, protocol, now, effects, port| {
            host.propose(protocol, now, command, effects, port);
        });
    }
}
