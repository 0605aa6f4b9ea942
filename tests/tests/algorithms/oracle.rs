//! The exact oracle for split votes: Ongaro's closed form against the real Raft in the real engine.
//!
//! Thesis, section 9 and appendix: n servers of which s are up, timeouts uniform over one to two widths, one-way
//! latency l widths, all timers started together, equal logs. The first round is split exactly if c - 1 or more of
//! the others time out within l of the first, where c = s - floor(n/2) + 1 nodes standing leave no majority.

use interregnum_algorithms::{Registered, Visitor, build};
use interregnum_campaign::Meter;
use interregnum_kernel::{Epoch, Jitter, NodeId, NodeSet, Parameters, Span, Value};
use interregnum_sim::Simulator;
use interregnum_tests::statistics::{binomial_p_value, binomial_tail, holm};
use interregnum_world::{Latency, LinkSetting, Plan, Setting};
use rayon::prelude::*;
use std::sync::Arc;

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x0520_1309_2014_0619;
const TRIALS: u64 = 20_000;
const WIDTH: Span = Span::millis(100);
/// The least probability at which one true family of cells would be rejected.
const FAMILY_WISE_ERROR: f64 = 0.01;

/// (n, s) and the published split rates for l = .01, .05, .1, .2, to the digits they were printed with.
const PUBLISHED: [(u64, u64, [f64; 4]); 8] = [
    (3, 2, [0.0199, 0.0975, 0.190, 0.360]),
    (5, 4, [0.0006, 0.0140, 0.0523, 0.1808]),
    (5, 3, [0.0297, 0.1426, 0.271, 0.488]),
    (7, 6, [0.0000, 0.0022, 0.0159, 0.0989]),
    (7, 4, [0.0394, 0.1855, 0.344, 0.590]),
    (9, 8, [0.0000, 0.0004, 0.0050, 0.0563]),
    (9, 6, [0.0015, 0.0328, 0.114, 0.345]),
    (9, 5, [0.0490, 0.2262, 0.410, 0.672]),
];
const LATENCIES: [f64; 4] = [0.01, 0.05, 0.1, 0.2];

#[derive(Clone, Copy, Debug)]
struct Cell {
    nodes: u64,
    up: u64,
    latency: f64,
    published: f64,
}

impl Cell {
    fn expected(self) -> f64 {
        let candidates = self.up - self.nodes / 2 + 1;
        binomial_tail(self.up, self.latency, candidates - 1)
    }
}

fn cells() -> Vec<Cell> {
    let of_row = |(nodes, up, rates): (u64, u64, [f64; 4])| {
        LATENCIES.into_iter().zip(rates).map(move |(latency, published)| Cell {
            nodes,
            up,
            latency,
            published,
        })
    };
    PUBLISHED.into_iter().flat_map(of_row).collect()
}

/// Counts the trials whose first leader does not lead in epoch 1.
struct SplitVotes {
    setting: Arc<Setting>,
    first_seed: u64,
}

impl Visitor for SplitVotes {
    type Output = u64;
    fn visit<P: Registered>(self, protocol: P) -> u64 {
        let meter = Meter::new(self.setting.nodes, &Plan::default());
        let mut simulator = Simulator::new(protocol, self.setting, meter);
        let mut split = 0;
        for trial in 0..TRIALS {
            simulator.observer_mut().reset();
            simulator.run(self.first_seed.wrapping_add(trial));
            let first = simulator.observer().measurement().first_leader;
            split += u64::from(first.map(|(_, epoch)| epoch) != Some(Epoch(1)));
        }
        split
    }
}

/// Splits among the trials of one cell, with a latency that is `planted` times what the cell says.
fn splits(index: usize, cell: Cell, planted: f64) -> u64 {
    let latency = Span((WIDTH.nanos() as f64 * cell.latency * planted).round() as u64);
    let link = LinkSetting::with_latency(Latency::Constant(latency));
    let horizon = WIDTH.scaled(26, 10);
    let mut setting = Setting::quiet(cell.nodes as u8, link, Latency::Constant(Span::ZERO), horizon);
    setting.down = (cell.up..cell.nodes).map(|node| NodeId(node as u8)).collect::<NodeSet>();
    let timeout = Jitter::between(WIDTH, WIDTH + WIDTH);
    let parameters = Parameters::of(cell.nodes as u8)
        .with("pre_vote", Value::Flag(false))
        .with("check_quorum", Value::Flag(false))
        .with("election_timeout", Value::Jitter(timeout));
    let first_seed = ROOT_SEED.wrapping_add(index as u64 * TRIALS);
    build("raft", &parameters, SplitVotes { setting: Arc::new(setting), first_seed }).expect("raft is built")
}

fn p_values(planted: f64) -> Vec<f64> {
    let cells = cells();
    let values = cells.par_iter().enumerate().map(|(index, cell)| {
        let split = splits(index, *cell, planted);
        let p_value = binomial_p_value(TRIALS, split, cell.expected());
        println!("{cell:?}: {split} of {TRIALS} split, expected {:.4}, p = {p_value:.4}", cell.expected());
        p_value
    });
    values.collect()
}

#[test]
fn the_closed_form_gives_the_published_table() {
    for cell in cells() {
        let digits = if cell.published < 0.1 || cell.latency < 0.1 { 0.00006 } else { 0.0006 };
        let found = cell.expected();
        assert!((found - cell.published).abs() <= digits, "{cell:?}: the closed form gives {found:.5}");
    }
}

#[test]
fn raft_splits_its_votes_as_often_as_the_closed_form_says() {
    let p_values = p_values(1.0);
    let rejected: Vec<_> = cells()
        .into_iter()
        .zip(holm(&p_values, FAMILY_WISE_ERROR))
        .filter(|(_, rejected)| *rejected)
        .collect();
    assert!(rejected.is_empty(), "these cells deviate from the closed form: {rejected:?}");
}

#[test]
fn a_latency_that_is_five_percent_off_is_noticed() {
    let rejected = holm(&p_values(1.05), FAMILY_WISE_ERROR).into_iter().filter(|rejected| *rejected).count();
    assert!(rejected > 0, "the test above has no teeth: it accepts a network that is 5 % slower");
}
