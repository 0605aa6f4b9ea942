//! Two or three processes, and a network that the tests play themselves.

mod traffic;

use super::{Arrival, Content, Life, Segment, Sessions, WINDOW};
use crate::ids::{Incarnation, NodeId, Process};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

type Wire = Vec<(NodeId, Segment<u32>)>;

fn process(node: NodeId, incarnation: u32) -> Process {
    Process { node, incarnation: Incarnation(incarnation) }
}

fn sessions(node: NodeId, incarnation: u32) -> Sessions<u32> {
    Sessions::new(process(node, incarnation), 2)
}

/// Delivers to a process everything that waits for it, accepts what asks, and gives back what became of it.
fn deliver(
    at: NodeId,
    sessions: &mut Sessions<u32>,
    arriving: &mut Wire,
    leaving: &mut Wire,
) -> Vec<Arrival<u32>> {
    let from = if at == A { B } else { A };
    let mut arrivals = Vec::new();
    for (_, segment) in std::mem::take(arriving) {
        let mut sink = |to, segment| leaving.push((to, segment));
        match sessions.receive(from, segment, &mut sink) {
            Arrival::Nothing => {}
            Arrival::Asked(name) => {
                sessions.accept(from, name, &mut sink);
                arrivals.push(Arrival::Asked(name));
            }
            arrival => arrivals.push(arrival),
        }
        while let Some(message) = sessions.take_ready(from) {
            arrivals.push(Arrival::Message(message));
        }
    }
    arrivals
}

/// Two connected processes, and the wires into each.
struct Pair {
    a: Sessions<u32>,
    b: Sessions<u32>,
    to_a: Wire,
    to_b: Wire,
}

impl Pair {
    /// A has opened a connection to B.
    fn connected() -> Pair {
        let mut pair = Pair { a: sessions(A, 0), b: sessions(B, 0), to_a: Wire::new(), to_b: Wire::new() };
        pair.a.open(B, &mut |to, segment| pair.to_b.push((to, segment)));
        assert!(matches!(pair.at_b()[..], [Arrival::Asked(_)]), "B is asked");
        assert_eq!(pair.at_a(), [Arrival::Opened], "A learns that B has accepted");
        pair
    }
    fn at_a(&mut self) -> Vec<Arrival<u32>> {
        deliver(A, &mut self.a, &mut self.to_a, &mut self.to_b)
    }
    fn at_b(&mut self) -> Vec<Arrival<u32>> {
        deliver(B, &mut self.b, &mut self.to_b, &mut self.to_a)
    }
    fn send(&mut self, message: u32) {
        assert!(self.a.send(B, message, &mut |to, segment| self.to_b.push((to, segment))), "A is connected");
    }
    fn pass(&mut self, message: u32) {
        self.a.pass(B, message, &mut |to, segment| self.to_b.push((to, segment)));
    }
    fn timer_of_a(&mut self) {
        self.a.on_timer(&mut |to, segment| self.to_b.push((to, segment)));
    }
    fn timer_of_b(&mut self) {
        self.b.on_timer(&mut |to, segment| self.to_a.push((to, segment)));
    }
}

#[test]
fn messages_arrive_in_order_and_a_later_message_acknowledges_them() {
    let mut pair = Pair::connected();
    pair.send(1);
    pair.send(2);
    pair.to_b.reverse();
    assert_eq!(
        pair.at_b(),
        [Arrival::Message(1), Arrival::Message(2)],
        "the network reorders, the session does not"
    );
    assert!(pair.b.send(A, 3, &mut |to, segment| pair.to_a.push((to, segment))), "B is connected");
    assert_eq!(pair.at_a(), [Arrival::Message(3)], "the connection goes both ways");
    pair.timer_of_a();
    pair.timer_of_a();
    let alone: Vec<_> = pair.to_b.iter().map(|(_, segment)| segment.content).collect();
    assert_eq!(alone, [Content::Acknowledgement], "A repeats nothing, and acknowledges what it got");
}

#[test]
fn an_unanswered_message_is_repeated_after_one_to_two_periods() {
    let mut pair = Pair::connected();
    pair.send(1);
    pair.to_b.clear();
    pair.timer_of_a();
    assert!(pair.to_b.is_empty(), "a message that was sent during the period gets a whole one");
    pair.timer_of_a();
    assert_eq!(pair.at_b(), [Arrival::Message(1)], "it is sent again");
    assert!(pair.b.is_waiting(), "an acknowledgement waits for something to ride on");
    pair.timer_of_b();
    pair.timer_of_b();
    assert!(!pair.b.is_waiting(), "it went alone");
    assert!(pair.at_a().is_empty(), "and is no message");
    pair.timer_of_a();
    assert!(!pair.a.is_waiting(), "nothing is left to do: {:?}", pair.a);
}

#[test]
fn a_message_that_is_delivered_again_is_acknowledged_and_not_delivered() {
    let mut pair = Pair::connected();
    pair.send(1);
    pair.to_b.push(pair.to_b[0]);
    assert_eq!(pair.at_b(), [Arrival::Message(1)], "exactly once");
    assert!(pair.to_a.is_empty(), "copies come in bursts: their acknowledgement waits for the timer");
    pair.timer_of_b();
    pair.timer_of_b();
    assert!(matches!(
        pair.to_a[..],
        [(_, Segment { content: Content::Acknowledgement, acknowledged: 1, .. })]
    ));
    assert!(!pair.b.is_waiting(), "one acknowledgement serves both");
}

#[test]
fn a_passing_message_costs_nothing_more_and_shows_what_is_missing() {
    let mut pair = Pair::connected();
    pair.pass(7);
    assert_eq!(pair.at_b(), [Arrival::Message(7)]);
    assert!(!pair.a.is_waiting() && !pair.b.is_waiting(), "nobody waits for anything");
    pair.send(1);
    pair.to_b.clear();
    pair.pass(8);
    assert!(pair.at_b().is_empty(), "it overtakes nothing");
    assert!(pair.to_a.is_empty(), "once may be a reordering");
    pair.pass(9);
    assert!(pair.at_b().is_empty(), "it overtakes nothing");
    assert!(pair.at_a().is_empty(), "A is asked for what is missing");
    assert_eq!(pair.at_b(), [Arrival::Message(1)], "and sends it at once");
}

#[test]
fn what_is_sent_before_the_consent_waits_for_it() {
    let mut a = sessions(A, 0);
    let mut b = sessions(B, 0);
    let (mut to_a, mut to_b) = (Wire::new(), Wire::new());
    a.open(B, &mut |to, segment| to_b.push((to, segment)));
    assert!(a.send(B, 5, &mut |to, segment| to_b.push((to, segment))), "it is kept");
    assert_eq!(to_b.len(), 1, "only the wish has left");
    deliver(B, &mut b, &mut to_b, &mut to_a);
    assert_eq!(deliver(A, &mut a, &mut to_a, &mut to_b), [Arrival::Opened]);
    assert_eq!(deliver(B, &mut b, &mut to_b, &mut to_a), [Arrival::Message(5)]);
}

#[test]
fn a_refused_wish_is_broken_and_the_next_one_is_heard() {
    let mut a = sessions(A, 0);
    let mut b = sessions(B, 0);
    let (mut to_a, mut to_b) = (Wire::new(), Wire::new());
    a.open(B, &mut |to, segment| to_b.push((to, segment)));
    let (_, wish) = to_b.pop().unwrap();
    let Arrival::Asked(name) = b.receive(A, wish, &mut |_, _| {}) else { panic!("B is asked") };
    b.refuse(A, name, &mut |to, segment| to_a.push((to, segment)));
    assert_eq!(deliver(A, &mut a, &mut to_a, &mut to_b), [Arrival::Broken]);
    a.open(B, &mut |to, segment| to_b.push((to, segment)));
    assert!(matches!(deliver(B, &mut b, &mut to_b, &mut to_a)[..], [Arrival::Asked(_)]));
}

#[test]
fn a_peer_that_has_started_again_does_not_know_the_connection() {
    let mut pair = Pair::connected();
    pair.b = sessions(B, 1);
    pair.pass(1);
    assert!(pair.at_b().is_empty(), "nothing of an earlier life's connection is delivered");
    assert_eq!(pair.at_a(), [Arrival::Broken], "A learns it by the answer");
    assert!(!pair.a.is_known(B) && !pair.a.is_waiting());
}

#[test]
fn a_late_copy_of_a_wish_does_not_replace_the_connection_that_followed_it() {
    let mut pair = Pair::connected();
    let mut first = Wire::new();
    pair.a.open(B, &mut |to, segment| first.push((to, segment)));
    let copy = first.clone();
    pair.to_b = first;
    pair.at_b();
    pair.at_a();
    pair.a.open(B, &mut |to, segment| pair.to_b.push((to, segment)));
    pair.at_b();
    assert_eq!(pair.at_a(), [Arrival::Opened]);
    pair.to_b = copy;
    assert!(pair.at_b().is_empty(), "B has accepted a later one");
    assert!(pair.at_a().is_empty(), "and what it answers concerns nobody");
    pair.send(4);
    assert_eq!(pair.at_b(), [Arrival::Message(4)]);
}

#[test]
fn a_late_copy_of_a_wish_taken_up_by_a_new_life_of_the_peer_ends_the_connection() {
    let mut a = sessions(A, 0);
    let mut b = sessions(B, 0);
    let (mut to_a, mut to_b) = (Wire::new(), Wire::new());
    a.open(B, &mut |to, segment| to_b.push((to, segment)));
    let mut copy = to_b.clone();
    deliver(B, &mut b, &mut to_b, &mut to_a);
    deliver(A, &mut a, &mut to_a, &mut to_b);
    let mut b = sessions(B, 1);
    assert!(matches!(deliver(B, &mut b, &mut copy, &mut to_a)[..], [Arrival::Asked(_)]));
    assert_eq!(deliver(A, &mut a, &mut to_a, &mut to_b), [Arrival::Broken], "the old B is no more");
    assert_eq!(deliver(B, &mut b, &mut to_b, &mut to_a), [Arrival::Broken], "and the new one is told");
}

#[test]
fn closing_is_heard_by_the_other_side() {
    let mut pair = Pair::connected();
    pair.b.close(A, &mut |to, segment| pair.to_a.push((to, segment)));
    assert_eq!(pair.at_a(), [Arrival::Broken]);
    assert!(!pair.a.send(B, 1, &mut |_, _| {}), "there is no connection to send on");
}

#[test]
fn the_death_of_a_process_ends_its_connections_and_no_later_ones() {
    let mut pair = Pair::connected();
    assert!(!pair.a.on_disconnected(process(B, 1)), "another life of B is not at the other end");
    assert!(pair.a.on_disconnected(process(B, 0)), "this one is");
    assert!(!pair.a.is_known(B));
    assert!(pair.b.on_disconnected(process(A, 0)), "the acceptor knows the opener's life as well");
}

#[test]
fn a_closed_connection_leaves_no_trace_but_the_count_of_connections() {
    let mut pair = Pair::connected();
    pair.send(1);
    pair.at_b();
    pair.a.close(B, &mut |_, _| {});
    let mut fresh = sessions(A, 0);
    fresh.open(B, &mut |_, _| {});
    fresh.close(B, &mut |_, _| {});
    assert_eq!(pair.a, fresh, "equal memories are equal states");
}

#[test]
fn a_peer_that_stops_reading_loses_its_connection() {
    let mut pair = Pair::connected();
    for message in 0..WINDOW as u32 {
        pair.send(message);
    }
    pair.to_b.clear();
    assert!(!pair.a.send(B, 0, &mut |to, segment| pair.to_b.push((to, segment))), "the buffer is bounded");
    assert_eq!(pair.at_b(), [Arrival::Broken], "and B is told");
}

/// Numbers without pattern, the same in every run (Knuth's constants).
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Both sides talk over a network that loses a fifth, repeats a fifth and delivers in any order; sides close and start
/// again. Within each connection everything that is delivered is a gapless beginning of what was sent on it; in the end,
/// on a network that only reorders, all of it is delivered.
#[test]
fn a_connection_delivers_a_gapless_beginning_of_what_was_sent_whatever_the_network_does() {
    let mut delivered_in_all = 0;
    for seed in 0..400 {
        delivered_in_all += Storm::new(seed).run();
    }
    assert!(delivered_in_all > 20_000, "the storms let hardly anything through: {delivered_in_all}");
}

struct Storm {
    lcg: Lcg,
    sides: [Sessions<u32>; 2],
    lives: [u32; 2],
    wires: [Wire; 2],
    /// What each side has sent on its present connection.
    sent: [Vec<u32>; 2],
    /// What each side has been given on its present connection.
    given: [Vec<u32>; 2],
    /// The connections that were ever opened, as A calls them.
    opened: Vec<(Life, u32)>,
    /// Which of them is the latest that each side took part in, counted from one.
    connection: [u32; 2],
    delivered: usize,
}

impl Storm {
    fn new(seed: u64) -> Storm {
        Storm {
            lcg: Lcg(seed),
            sides: [sessions(A, 0), sessions(B, 0)],
            lives: [0; 2],
            wires: Default::default(),
            sent: Default::default(),
            given: Default::default(),
            opened: Vec::new(),
            connection: [0; 2],
            delivered: 0,
        }
    }

    fn run(mut self) -> usize {
        for _ in 0..600 {
            self.act();
            self.deliver_one(true);
        }
        // Calm: a last connection on which everything must get through.
        self.open();
        let last = self.opened.len();
        for _ in 0..200 {
            self.say(0);
            self.say(1);
            for side in [0, 1] {
                self.tick(side);
            }
            while self.deliver_one(false) {}
        }
        // The last acknowledgement takes two firings, and copies that arrive meanwhile owe another.
        for _ in 0..6 {
            for side in [0, 1] {
                self.tick(side);
            }
            while self.deliver_one(false) {}
        }
        assert_eq!(self.opened.len(), last, "nothing is opened in the calm");
        assert!(!self.sent[0].is_empty() && !self.sent[1].is_empty(), "both sides are connected in the end");
        assert_eq!(self.given[1], self.sent[0], "B has all that A sent");
        assert_eq!(self.given[0], self.sent[1], "A has all that B sent");
        assert!(self.sides.iter().all(|side| !side.is_waiting()), "nothing is left to do");
        self.delivered
    }

    fn act(&mut self) {
        match self.lcg.below(60) {
            0 => self.open(),
            1 => {
                let side = self.lcg.below(2) as usize;
                let wires = &mut self.wires;
                self.sides[side].close(NodeId(1 - side as u8), &mut |to, segment| {
                    wires[to.index()].push((to, segment));
                });
            }
            2 => {
                // A process dies and starts again; what it has sent is still on its way.
                let side = self.lcg.below(2) as usize;
                self.lives[side] += 1;
                self.sides[side] = sessions(NodeId(side as u8), self.lives[side]);
                self.sent[side].clear();
                self.given[side].clear();
            }
            3..=14 => {
                let side = self.lcg.below(2) as usize;
                self.tick(side);
            }
            15..=20 => {
                let side = self.lcg.below(2) as usize;
                let wires = &mut self.wires;
                self.sides[side].pass(NodeId(1 - side as u8), u32::MAX, &mut |to, segment| {
                    wires[to.index()].push((to, segment));
                });
            }
            choice => self.say((choice % 2) as usize),
        }
    }

    fn open(&mut self) {
        self.sent[0].clear();
        self.given[0].clear();
        let wires = &mut self.wires;
        let opened = &mut self.opened;
        self.sides[0].open(B, &mut |to, segment| {
            opened.push(segment.name.opening());
            wires[to.index()].push((to, segment));
        });
        self.connection[0] = opened.len() as u32;
    }

    fn say(&mut self, side: usize) {
        let message = self.connection[side] << 16 | self.sent[side].len() as u32;
        let wires = &mut self.wires;
        let sink = &mut |to: NodeId, segment| wires[to.index()].push((to, segment));
        if self.sides[side].send(NodeId(1 - side as u8), message, sink) {
            self.sent[side].push(message);
        }
    }

    fn tick(&mut self, side: usize) {
        let wires = &mut self.wires;
        self.sides[side].on_timer(&mut |to, segment| wires[to.index()].push((to, segment)));
    }

    /// Delivers a segment drawn from those under way. False if there is none.
    fn deliver_one(&mut self, stormy: bool) -> bool {
        let side = if self.wires[0].is_empty() { 1 } else { self.lcg.below(2) as usize };
        let side = if self.wires[side].is_empty() { 1 - side } else { side };
        if self.wires[side].is_empty() {
            return false;
        }
        let place = self.lcg.below(self.wires[side].len() as u64) as usize;
        let fate = if stormy { self.lcg.below(10) } else { 9 };
        let (_, segment) =
            if fate < 2 { self.wires[side][place] } else { self.wires[side].swap_remove(place) };
        if !(2..4).contains(&fate) {
            self.arrive(side, segment);
        }
        true
    }

    fn arrive(&mut self, side: usize, segment: Segment<u32>) {
        let from = NodeId(1 - side as u8);
        let wires = &mut self.wires;
        let sink = &mut |to: NodeId, segment| wires[to.index()].push((to, segment));
        match self.sides[side].receive(from, segment, sink) {
            Arrival::Asked(name) => {
                self.sides[side].accept(from, name, sink);
                let place = self.opened.iter().position(|opening| *opening == name.opening());
                self.connection[side] = place.expect("only A opens connections") as u32 + 1;
                self.sent[side].clear();
                self.given[side].clear();
            }
            Arrival::Broken => {
                self.sent[side].clear();
                self.given[side].clear();
            }
            Arrival::Message(message) => self.give(side, message),
            Arrival::Nothing | Arrival::Opened => {}
        }
        while let Some(message) = self.sides[side].take_ready(from) {
            self.give(side, message);
        }
    }

    /// What is delivered on a connection was said on this connection, and is numbered from zero without a gap.
    fn give(&mut self, side: usize, message: u32) {
        if message == u32::MAX {
            return;
        }
        let given = &mut self.given[side];
        assert_eq!(
            message,
            self.connection[side] << 16 | given.len() as u32,
            "side {side} is given a gapless beginning: {given:?}"
        );
        given.push(message);
        self.delivered += 1;
    }
}
