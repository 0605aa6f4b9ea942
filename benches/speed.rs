//! Speed, as ratios taken in one run.
use interregnum_benches::{exchange, floor};
use interregnum_kernel::Span;
use std::time::Instant;

fn main() {
    let horizon = Span::secs(20_000);
    let mut sim = exchange::simulator(horizon);
    for round in 0..6 {
        let t = Instant::now();
        let (events, acks) = floor::run(round, horizon);
        let floor = events as f64 / t.elapsed().as_secs_f64();
        let t = Instant::now();
        let out = sim.run(round);
        let ours = out.counters.events as f64 / t.elapsed().as_secs_f64();
        println!(
            "floor {:.1} M/s (acks {acks}) ours {:.1} M/s ratio {:.3} {}",
            floor / 1e6,
            ours / 1e6,
            ours / floor,
            out.counters.events
        );
    }
}
