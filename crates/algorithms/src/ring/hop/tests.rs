//! Who is tried, for how long, and when it is gone back to. Every test begins on a ring of five, at n5, whose successor is
//! n1.

use super::{Hop, Link};
use crate::ring::Ring;
use crate::ring::chang_roberts::{ChangRoberts, Lap, Message, News, Timer};
use crate::ring::story::{N1, N2, N3, N4, N5};
use interregnum_kernel::{Effect, Effects, Epoch, Jitter, NodeId, NodeSet, Span};

const LINK: Link = Link { ring: Ring::of(NodeSet::first(5)), patience: Span::millis(160) };

/// The messages are told apart by their numbers.
fn lap(number: u8) -> Lap {
    Lap { news: News::Election, round: Epoch(1), node: N4, hops: number }
}

/// n5, and what it asks of the world.
struct Bench {
    hop: Hop<Lap>,
    out: Effects<ChangRoberts>,
}

impl Bench {
    fn new() -> Bench {
        Bench { hop: Hop::idle(N5), out: Effects::default() }
    }

    /// To whom the messages of a step went, by number; and the tick that it set.
    fn told(&mut self) -> (Vec<(u8, NodeId)>, Option<Jitter>) {
        let (mut sent, mut tick) = (Vec::new(), None);
        for effect in self.out.iter() {
            match effect {
                Effect::Send { to, message: Message::Lap(lap), .. } => sent.push((lap.hops, *to)),
                Effect::SetTimer { timer: Timer::Ack, after } => tick = Some(*after),
                Effect::CancelTimer(Timer::Ack) => tick = None,
                other => panic!("{other:?} is not of a hop"),
            }
        }
        self.out.clear();
        (sent, tick)
    }

    fn pass(&mut self, number: u8) -> Vec<(u8, NodeId)> {
        let home = self.hop.pass(LINK, lap(number), Timer::Ack, &mut self.out);
        assert_eq!(home, None, "there are others on the ring");
        self.told().0
    }

    fn acknowledge(&mut self, from: NodeId, number: u8) {
        self.hop.acknowledged(LINK, from, |one| *one == lap(number), Timer::Ack, &mut self.out);
        assert_eq!(self.told(), (vec![], None), "no acknowledgement sends anything, or puts the tick off");
    }

    fn tick(&mut self) -> Vec<(u8, NodeId)> {
        let home = self.hop.bypass(LINK, Timer::Ack, &mut self.out);
        assert_eq!(home, [], "somebody has still to be tried");
        self.told().0
    }

    fn is_idle(&self) -> bool {
        self.hop == Hop::idle(N5)
    }
}

#[test]
fn a_silent_successor_is_bypassed_with_all_that_it_was_sent() {
    let mut n5 = Bench::new();
    assert_eq!(n5.pass(1), [(1, N1)]);
    assert_eq!(n5.pass(2), [(2, N1)]);
    assert_eq!(n5.tick(), [(1, N2), (2, N2)], "whoever does not take one is taken for dead for all");
    assert_eq!(n5.tick(), [(1, N3), (2, N3)]);
    n5.acknowledge(N3, 1);
    n5.acknowledge(N3, 2);
    assert!(n5.is_idle(), "and nobody is remembered as dead");
}

#[test]
fn the_successor_is_tried_first_though_a_bypass_is_under_way() {
    let mut n5 = Bench::new();
    n5.pass(1);
    assert_eq!(n5.tick(), [(1, N2)]);
    assert_eq!(n5.pass(2), [(2, N1)], "n1 may be back");
    assert_eq!(
        n5.tick(),
        [(1, N3), (2, N2)],
        "it is silent still, and 2 does not wait longer than for one tick"
    );
}

#[test]
fn a_lost_message_bypasses_a_live_successor_with_that_message_alone() {
    let mut n5 = Bench::new();
    n5.pass(1);
    n5.pass(2);
    n5.acknowledge(N1, 1);
    assert_eq!(n5.tick(), [], "2 was passed on since, and n1 has acknowledged something");
    n5.pass(3);
    n5.acknowledge(N1, 3);
    assert_eq!(n5.tick(), [(2, N2)], "2 has been with n1 for a whole patience");
    assert_eq!(n5.pass(4), [(4, N1)]);
}

#[test]
fn no_acknowledgement_puts_off_the_bypass_of_what_was_lost() {
    let mut n5 = Bench::new();
    n5.pass(0);
    for number in 1..=20 {
        n5.pass(number);
        n5.acknowledge(N1, number);
    }
    assert_eq!(n5.tick(), [(0, N2)]);
}

#[test]
fn a_late_acknowledgement_keeps_what_was_passed_on_since_the_tick() {
    let mut n5 = Bench::new();
    n5.pass(1);
    n5.tick();
    n5.pass(2);
    n5.acknowledge(N1, 1);
    assert_eq!(n5.tick(), [(1, N3)], "2 is with n1, which lives, and 1 waits for n2 all the same");
    n5.acknowledge(N1, 2);
    n5.acknowledge(N3, 1);
    assert!(n5.is_idle());
}

#[test]
fn what_was_just_passed_on_stays_while_nothing_is_known_of_the_successor() {
    let mut n5 = Bench::new();
    n5.pass(1);
    n5.pass(2);
    n5.acknowledge(N1, 1);
    n5.tick();
    n5.pass(3);
    n5.acknowledge(N1, 3);
    assert_eq!(n5.tick(), [(2, N2)]);
    n5.pass(4);
    assert_eq!(n5.tick(), [(2, N3)], "n1 has not had a whole patience for 4, and was not silent before");
    assert_eq!(n5.tick(), [(2, N4), (4, N2)]);
}

#[test]
fn what_nobody_takes_comes_home_at_the_last_tick() {
    let mut n5 = Bench::new();
    n5.pass(1);
    for node in [N2, N3, N4] {
        assert_eq!(n5.tick(), [(1, node)]);
    }
    n5.pass(2);
    let home = n5.hop.bypass(LINK, Timer::Ack, &mut n5.out);
    assert_eq!(home, [lap(1)], "n5 is behind n4");
    assert_eq!(n5.told(), (vec![(2, N2)], Some(Jitter::exactly(LINK.patience))), "2 has not been round");
}

#[test]
fn a_tick_follows_while_anything_is_under_way_and_none_behind_the_last() {
    let mut n5 = Bench::new();
    n5.hop.pass(LINK, lap(1), Timer::Ack, &mut n5.out);
    assert_eq!(n5.told(), (vec![(1, N1)], Some(Jitter::exactly(LINK.patience))));
    n5.hop.pass(LINK, lap(2), Timer::Ack, &mut n5.out);
    assert_eq!(n5.told(), (vec![(2, N1)], None), "the tick is set already");
    n5.acknowledge(N1, 2);
    n5.hop.bypass(LINK, Timer::Ack, &mut n5.out);
    assert_eq!(n5.told(), (vec![(1, N2)], Some(Jitter::exactly(LINK.patience))));
    n5.hop.acknowledged(LINK, N2, |one| *one == lap(1), Timer::Ack, &mut n5.out);
    assert_eq!(n5.out.iter().count(), 1, "the tick is cancelled");
}
