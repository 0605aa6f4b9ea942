//! One service node: Raft inside it, the data that Raft replicates, and the way of a request.
//!
//! A contender talks to one service node. That node answers watches from its own data, and hands everything else to the
//! service's leader, whose answers it passes back. The leader has taken over once an entry of its own term is agreed on:
//! only then it knows every session that there is.
//!
//! **Deviations.** Unless the recipe has its leader hold Raft's lease, reads are answered from the leader's data without
//! asking a quorum whether it still leads. What they say may be old, and whoever acts on it is held up by the condition of
//! the write that follows.

use super::leases::{Due, Held, Leases};
use super::operation::{Ending, Operation, SessionId};
use super::rules::Flaw;
use super::store::{Changes, Outcome, Store};
use super::watches::{Watches, view};
use crate::lease::message::{Answer, Ask, Connection, Message, Reply, Request};
use crate::lease::recipe::Out;
use crate::lease::{Lease, Timer};
use crate::raft::{self, Raft};
use interregnum_kernel::{
    Effect, Effects, Epoch, Fact, Input, Jitter, LocalTime, LogEntry, LogIndex, NodeId, Now, Process,
    Protocol, Release, Scratch, Span,
};
use std::collections::VecDeque;

/// A service node's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    node: NodeId,
    pub(crate) raft: raft::State,
    scratch: Scratch<Raft>,
    store: Store,
    watches: Watches,
    leases: Leases,
    /// The term in which it has taken over as leader.
    reign: Option<Epoch>,
    /// Requests whose entries are not agreed on yet, in the order of their entries.
    waiting: VecDeque<Waiting>,
    /// When the lock was last let go by the end of a session.
    bereft_at: Option<Now>,
    /// Whether the timer for what watchers have not confirmed runs.
    resends: bool,
    /// Whether it knew a leader of the service when it looked last.
    is_led: bool,
}

/// A request on its way through the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Waiting {
    index: LogIndex,
    from: Origin,
}

/// Who asked, and how the answer gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Origin {
    client: NodeId,
    via: Option<NodeId>,
    number: u32,
}

impl Server {
    /// The data, as this node knows it.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

impl Lease {
    pub(in crate::lease) fn boot_server(
        &self,
        process: Process,
        disk: &raft::Disk,
        now: Now,
        out: &mut Out,
    ) -> Server {
        let rules = self.recipe.rules();
        let mut inner = Effects::default();
        let mut server = Server {
            node: process.node,
            raft: self.raft.boot(process, disk, now, &mut inner),
            scratch: Scratch::default(),
            store: Store::new(rules.seat, rules.at_close).with(rules.sessions.flaw),
            watches: Watches::new(
                process.incarnation,
                self.contenders.iter().last().map_or(0, |last| last.index() + 1),
            ),
            leases: Leases::new(now.mono),
            reign: None,
            waiting: VecDeque::new(),
            bereft_at: None,
            resends: false,
            is_led: false,
        };
        self.absorb(&mut server, now, &mut inner, out);
        server.scratch.put_back(inner);
        server
    }

    #[inline]
    pub(in crate::lease) fn step_server(
        &self,
        server: &mut Server,
        now: Now,
        input: Input<Lease>,
        out: &mut Out,
    ) {
        match input {
            Input::Received { from, message: Message::Service(message) } => {
                self.drive(server, now, Input::Received { from, message }, out);
            }
            Input::Received { from, message: Message::Request(request) } => {
                let origin = Origin { client: from, via: None, number: request.number };
                if [Connection::NEW, server.watches.connection(from)].contains(&request.on) {
                    self.on_request(server, now, origin, request, out);
                } else {
                    self.answer(&server.watches, origin, Answer::Reset, out);
                }
            }
            Input::Received { from, message: Message::Forwarded(client, request) } => {
                let origin = Origin { client, via: Some(from), number: request.number };
                self.on_request(server, now, origin, request, out);
            }
            Input::Received { message: Message::Relayed(client, reply), .. } => {
                let on = server.watches.connection(client);
                out.send(client, Message::Reply(Reply { on, ..reply }));
            }
            Input::Received { message: Message::Reply(_), .. } | Input::Administer(_) => {}
            Input::Fired(Timer::Service(timer)) => self.drive(server, now, Input::Fired(timer), out),
            Input::Fired(Timer::Expiry) => self.on_expiry(server, now, out),
            Input::Fired(Timer::Resend) => self.on_resend(server, out),
            Input::Fired(_) => {}
            Input::Persisted(write) => self.drive(server, now, Input::Persisted(write), out),
            Input::Propose(command) => self.drive(server, now, Input::Propose(command), out),
            Input::Disconnected(process) => server.watches.on_disconnected(process),
        }
    }

    /// Lets Raft take a step.
    #[inline]
    fn drive(&self, server: &mut Server, now: Now, input: Input<Raft>, out: &mut Out) {
        let mut inner = server.scratch.take();
        self.raft.step(&mut server.raft, now, input, &mut inner);
        self.absorb(server, now, &mut inner, out);
        server.scratch.put_back(inner);
    }

    /// Passes on what Raft asks for, and applies what is agreed on.
    #[inline]
    fn absorb(&self, server: &mut Server, now: Now, inner: &mut Effects<Raft>, out: &mut Out) {
        for effect in inner.drain() {
            match effect {
                Effect::Commit { index, entry } => {
                    out.commit(index, entry);
                    self.on_agreed(server, now, (index, entry), out);
                }
                effect => out.lift(effect),
            }
        }
        if server.reign.is_some() && self.term_led(server, now) != server.reign {
            self.on_deposed(server, now, out);
        }
        if self.recipe.hangs_up() {
            let was_led = std::mem::replace(&mut server.is_led, server.raft.leader().is_some());
            if was_led && !server.is_led {
                server.watches.hang_up(|to, reply| out.send(to, Message::Reply(reply)));
            }
        }
    }

    fn term_led(&self, server: &Server, now: Now) -> Option<Epoch> {
        self.raft.leadership(&server.raft, now).map(|leadership| leadership.epoch)
    }

    fn on_deposed(&self, server: &mut Server, now: Now, out: &mut Out) {
        server.reign = None;
        server.waiting.clear();
        for held in server.leases.take_held() {
            let from = Origin { client: held.client, via: held.via, number: held.number };
            self.answer(&server.watches, from, Answer::NotReady, out);
        }
        let rules = self.recipe.rules();
        server.leases.clear(&rules.sessions);
        out.cancel_timer(Timer::Expiry);
        if rules.sessions.flaw == Some(Flaw::DeposedLeaderEnds) {
            self.wake_soon(server, now, out);
        }
    }

    fn on_request(&self, server: &mut Server, now: Now, from: Origin, request: Request, out: &mut Out) {
        match (request.ask, server.raft.leader()) {
            (Ask::Watch(watch, floor), _) => {
                let reply = server.watches.set(from.client, (from.number, watch, floor), &server.store);
                if let Some(reply) = reply {
                    out.send(from.client, Message::Reply(reply));
                    self.resend_later(server, out);
                }
            }
            (Ask::Connect(_), _) => self.answer(&server.watches, from, Answer::Connected, out),
            (Ask::Seen(revision), _) => server.watches.confirm(from.client, from.number, revision),
            (Ask::Unwatch, _) => server.watches.end(from.client, from.number),
            (ask, _) if server.reign.is_some() => self.on_leaders_request(server, now, from, ask, out),
            (_, Some(leader)) if leader != server.node && from.via.is_none() => {
                out.send(leader, Message::Forwarded(from.client, request));
            }
            _ => self.answer(&server.watches, from, Answer::NotReady, out),
        }
    }

    fn answer(&self, watches: &Watches, from: Origin, answer: Answer, out: &mut Out) {
        let reply = Reply { number: from.number, on: Connection::NEW, answer };
        match from.via {
            Some(via) => out.send(via, Message::Relayed(from.client, reply)),
            None => {
                let on = watches.connection(from.client);
                out.send(from.client, Message::Reply(Reply { on, ..reply }));
            }
        }
    }

    /// A request to the leader.
    fn on_leaders_request(&self, server: &mut Server, now: Now, from: Origin, ask: Ask, out: &mut Out) {
        match ask {
            // Others might still go by what they heard from the leader before.
            Ask::Do(_) if !server.leases.are_acknowledged() => {
                self.answer(&server.watches, from, Answer::NotReady, out)
            }
            Ask::Do(Operation::Acquire(_) | Operation::Elect(..)) if self.is_barred(server, now) => {
                self.answer(&server.watches, from, Answer::LockDelay, out);
            }
            Ask::Do(operation) => self.propose(server, now, Some(from), operation, out),
            Ask::Renew(session, known) => self.on_renew(server, now, (session, known), from, out),
            Ask::Read if !self.is_master(server, now) => {
                self.answer(&server.watches, from, Answer::NotReady, out)
            }
            Ask::Read => self.answer(&server.watches, from, Answer::View(view(&server.store)), out),
            Ask::Connect(_) | Ask::Watch(..) | Ask::Seen(_) | Ask::Unwatch => {}
        }
    }

    /// Puts an operation into the log. Raft may decline; then whoever waits asks again.
    fn propose(
        &self,
        server: &mut Server,
        now: Now,
        from: Option<Origin>,
        operation: Operation,
        out: &mut Out,
    ) {
        let index = self.raft.last_index(&server.raft).next();
        // Remembered first: a service of one node may agree with itself at once.
        server.waiting.extend(from.map(|from| Waiting { index, from }));
        self.drive(server, now, Input::Propose(operation.command()), out);
        if self.raft.last_index(&server.raft) < index {
            server.waiting.retain(|waiting| waiting.index != index);
            if let Some(from) = from {
                self.answer(&server.watches, from, Answer::NotReady, out);
            }
        }
    }

    /// A request to renew a session, from a client that names the leader it takes this one for.
    fn on_renew(
        &self,
        server: &mut Server,
        now: Now,
        (session, known): (SessionId, Epoch),
        from: Origin,
        out: &mut Out,
    ) {
        let rules = &self.recipe.rules().sessions;
        if !self.is_master(server, now) {
            return self.answer(&server.watches, from, Answer::NotReady, out);
        }
        if !server.store.has(session) {
            return self.answer(&server.watches, from, Answer::NoSession, out);
        }
        if rules.answer_before.is_none() || server.reign != Some(known) {
            return self.renew(server, now.mono, session, from, Span::ZERO, out);
        }
        let held = Held { client: from.client, via: from.via, number: from.number, since: now.mono };
        match server.leases.hold(session, held) {
            true => self.on_expiry(server, now, out),
            false => self.answer(&server.watches, from, Answer::NotReady, out),
        }
    }

    /// Whether sessions and reads are in this leader's care, and not perhaps in a successor's that it has not heard of.
    fn is_master(&self, server: &Server, now: Now) -> bool {
        self.recipe.master_lease().is_none()
            || self.raft.lease(&server.raft, now).is_some_and(|lease| !lease.has_come(now))
    }

    fn renew(
        &self,
        server: &mut Server,
        now: LocalTime,
        session: SessionId,
        from: Origin,
        waited: Span,
        out: &mut Out,
    ) {
        let rules = &self.recipe.rules().sessions;
        let late = server.leases.is_over(now, session) && !self.recipe.renews_late();
        if late || !server.leases.renew(rules, now, session) {
            return self.answer(&server.watches, from, Answer::NotReady, out);
        }
        let (length, master) = (rules.ttl, server.reign.unwrap_or_default());
        out.note_when(Release::AtOnce, Fact::Renewed { session: session.packed(), length });
        self.answer(&server.watches, from, Answer::Renewed { length, waited, master }, out);
    }

    /// Sessions whose time has run out are ended, and renewals answered that were held back.
    fn on_expiry(&self, server: &mut Server, now: Now, out: &mut Out) {
        let rules = self.recipe.rules();
        server.leases.fired();
        if server.reign.is_none() {
            return self.end_by_successor(server, now, out);
        }
        if !self.is_master(server, now) {
            // Answered heartbeats bring the lease back, if anything does.
            return self.wake_soon(server, now, out);
        }
        let rules = &rules.sessions;
        while let Some(due) = server.leases.take_due(rules, now.mono) {
            match due {
                Due::End(session) => {
                    self.propose(server, now, None, Operation::Close(session, Ending::Expired), out);
                }
                Due::Answer(session, held) => {
                    let from = Origin { client: held.client, via: held.via, number: held.number };
                    self.renew(server, now.mono, session, from, now.mono.since(held.since), out);
                }
            }
        }
        self.arm_expiry(server, now, out);
    }

    /// The bug of a leader that was deposed: what runs out by its own clock is ended all the same, through its successor.
    fn end_by_successor(&self, server: &mut Server, now: Now, out: &mut Out) {
        let Some(leader) = server.raft.leader().filter(|leader| *leader != server.node) else {
            return self.wake_soon(server, now, out);
        };
        while let Some(Due::End(session)) = server.leases.take_due(&self.recipe.rules().sessions, now.mono) {
            let ask = Ask::Do(Operation::Close(session, Ending::Expired));
            out.send(
                leader,
                Message::Forwarded(session.owner(), Request { number: 0, on: Connection::NEW, ask }),
            );
        }
        self.arm_expiry(server, now, out);
    }

    /// Deadlines are looked at again before long, whatever is due.
    fn wake_soon(&self, server: &mut Server, now: Now, out: &mut Out) {
        let soon = self.recipe.rules().resend_after;
        server.leases.arm_for(now.mono, soon);
        out.set_timer(Timer::Expiry, Jitter::exactly(soon));
    }

    fn arm_expiry(&self, server: &mut Server, now: Now, out: &mut Out) {
        if let Some(after) = server.leases.arm(&self.recipe.rules().sessions, now.mono) {
            out.set_timer(Timer::Expiry, Jitter::exactly(after));
        }
    }

    /// An entry is agreed on, and applied.
    fn on_agreed(&self, server: &mut Server, now: Now, (index, entry): (LogIndex, LogEntry), out: &mut Out) {
        let operation = entry.command.and_then(Operation::of);
        let (outcome, changes) = match operation {
            Some(operation) => server.store.apply(index, operation),
            None => {
                server.store.skip(index);
                (Outcome::Done(0), Changes::default())
            }
        };
        if let Some((number, session)) = changes.granted {
            let (epoch, holder) = (Epoch(number), session.owner());
            let fact = Fact::Granted { epoch, holder, session: session.packed() };
            out.note_when(Release::AtOnce, fact);
        }
        if let Some((session, Ending::Expired)) = changes.closed {
            out.note_when(Release::AtOnce, Fact::Expired { session: session.packed() });
        }
        self.keep_time(server, now, entry, &changes, out);
        while let Some(waiting) = server.waiting.front().copied().filter(|waiting| waiting.index <= index) {
            server.waiting.pop_front();
            if waiting.index == index {
                self.answer(&server.watches, waiting.from, Answer::Outcome(outcome, index), out);
            }
        }
        server.watches.notify(&server.store, &changes, |to, reply| out.send(to, Message::Reply(reply)));
        self.resend_later(server, out);
    }

    /// What an entry means to deadlines.
    fn keep_time(&self, server: &mut Server, now: Now, entry: LogEntry, changes: &Changes, out: &mut Out) {
        let rules = self.recipe.rules();
        if changes.bereft {
            server.bereft_at = Some(now);
        }
        if let Some((session, _)) = changes.closed {
            server.leases.end(session);
        }
        if server.reign.is_none() && self.term_led(server, now) == Some(entry.epoch) {
            server.reign = Some(entry.epoch);
            server.leases.take_over(&rules.sessions, now.mono, server.store.sessions());
            self.arm_expiry(server, now, out);
        } else if let Some(session) = changes.opened
            && (server.reign.is_some() || rules.sessions.flaw == Some(Flaw::TakeoverForgetsRenewals))
        {
            server.leases.begin(&rules.sessions, now.mono, session);
            if server.reign.is_some() {
                // Whoever is not sure to lead still promises nothing.
                if self.is_master(server, now) {
                    let (session, length) = (session.packed(), rules.sessions.ttl);
                    out.note_when(Release::AtOnce, Fact::Renewed { session, length });
                }
                self.arm_expiry(server, now, out);
            }
        }
    }

    fn resend_later(&self, server: &mut Server, out: &mut Out) {
        if !server.resends && server.watches.is_waiting() {
            server.resends = true;
            out.set_timer(Timer::Resend, Jitter::exactly(self.recipe.rules().resend_after));
        }
    }

    fn on_resend(&self, server: &mut Server, out: &mut Out) {
        server.resends = false;
        server.watches.repeat(&server.store, |to, reply| out.send(to, Message::Reply(reply)));
        self.resend_later(server, out);
    }

    /// Whether the lock is kept back. Every node measures from when it applied the session's end, and the leader's opinion
    /// counts.
    fn is_barred(&self, server: &Server, now: Now) -> bool {
        let rules = self.recipe.rules();
        let Some(since) = server.bereft_at else { return false };
        let waited = match rules.sessions.flaw {
            Some(Flaw::LockDelayByWallClock) => Span(now.wall.0.saturating_sub(since.wall.0).max(0) as u64),
            _ => now.mono.since(since.mono),
        };
        waited < rules.lock_delay
    }
}
