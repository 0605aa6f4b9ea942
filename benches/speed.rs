//! Speed, as ratios taken in one run.
use interregnum_benches::{exchange, floor};
use interregnum_kernel::Span;
use std::time::Instant;

fn main() {
    if let Ok(which) = std::env::var("ONLY") {
        let horizon = Span::secs(std::env::var("SECS").unwrap().parse().unwrap());
        if which == "floor" {
            println!("{:?}", floor::run(1, horizon));
        } else {
            println!("{}", exchange::simulator(horizon).run(1).counters.events);
        }
        return;
    }
    let horizon = Span::secs(1_000);
    let mut sim = exchange::simulator(horizon);
    let (mut bf, mut bo) = (0f64, 0f64);
    for round in 0..60 {
        let t = Instant::now();
        let (events, _) = floor::run(round, horizon);
        let floor = events as f64 / t.elapsed().as_secs_f64();
        let t = Instant::now();
        let out = sim.run(round);
        let ours = out.counters.events as f64 / t.elapsed().as_secs_f64();
        bf = bf.max(floor);
        bo = bo.max(ours);
    }
    println!("floor {:.1} M/s ours {:.1} M/s ratio {:.3}", bf / 1e6, bo / 1e6, bo / bf);
}
