//! The same exchange written by hand: no host, no protocol, no digest, no faults; the calendar queue and one ChaCha8
//! stream. What the contract costs is measured against it.

use crate::exchange::{INTERVAL, LATENCY, NODES};
use interregnum_kernel::{GlobalTime, Span};
use interregnum_sim::Calendar;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

#[derive(Debug)]
enum Event {
    Beat { node: u8 },
    Heartbeat { to: u8, from: u8, round: u64 },
    Acknowledge { to: u8, round: u64 },
}

struct Loop {
    queue: Calendar<Event>,
    rng: ChaCha8Rng,
    sequence: u64,
    rounds: [u64; NODES as usize],
    acknowledged: [u64; NODES as usize],
}

impl Loop {
    #[inline]
    fn push(&mut self, at: GlobalTime, event: Event) {
        self.queue.insert(at, self.sequence, event);
        self.sequence += 1;
    }

    #[inline]
    fn latency(&mut self) -> Span {
        let width = LATENCY.1.0 - LATENCY.0.0 + 1;
        Span(LATENCY.0.0 + ((u128::from(self.rng.next_u64()) * u128::from(width)) >> 64) as u64)
    }

    #[inline]
    fn handle(&mut self, now: GlobalTime, event: Event) {
        match event {
            Event::Beat { node } => {
                self.rounds[usize::from(node)] += 1;
                let round = self.rounds[usize::from(node)];
                for to in (0..NODES).filter(|to| *to != node) {
                    let at = now + self.latency();
                    self.push(at, Event::Heartbeat { to, from: node, round });
                }
                self.push(now + INTERVAL, Event::Beat { node });
            }
            Event::Heartbeat { to, from, round } => {
                debug_assert_ne!(to, from);
                let at = now + self.latency();
                self.push(at, Event::Acknowledge { to: from, round });
            }
            Event::Acknowledge { to, round } => {
                debug_assert!(round > 0);
                self.acknowledged[usize::from(to)] += 1;
            }
        }
    }
}

/// Runs the exchange for so much simulated time. The events handled, and the acknowledgements that came back.
pub fn run(seed: u64, horizon: Span) -> (u64, u64) {
    let mut exchange = Loop {
        queue: Calendar::default(),
        rng: ChaCha8Rng::seed_from_u64(seed),
        sequence: 0,
        rounds: [0; NODES as usize],
        acknowledged: [0; NODES as usize],
    };
    for node in 0..NODES {
        exchange.push(GlobalTime::ZERO + INTERVAL, Event::Beat { node });
    }
    let mut events = 0;
    while let Some((now, _, event)) = exchange.queue.take_first(GlobalTime::ZERO + horizon) {
        events += 1;
        exchange.handle(now, event);
    }
    (events, exchange.acknowledged.iter().sum())
}
