//! Latencies: the same tables everywhere. Golden values were computed once; a platform on which a table or a draw comes
//! out differently would give other runs, and shows here.

use interregnum_kernel::{NodeId, Span};
use interregnum_world::{Latency, Purpose, Stream};

fn lognormal() -> Latency {
    Latency::lognormal(Span::millis(3), Span::millis(20)).expect("a median below its 99th percentile")
}

fn draws(latency: &Latency, count: usize) -> Vec<u64> {
    let mut stream = Stream::new(2026, Purpose::Network, NodeId(3));
    (0..count).map(|_| latency.sample(&mut stream).nanos()).collect()
}

#[test]
fn the_streams_are_what_they_always_were() {
    let mut stream = Stream::new(2026, Purpose::Network, NodeId(3));
    let bits: Vec<u64> = (0..3).map(|_| stream.bits()).collect();
    assert_eq!(
        bits,
        [16_891_268_241_818_746_366, 11_922_515_378_786_359_174, 8_402_251_910_343_922_457],
        "ChaCha8 with our key and our stream number"
    );
}

#[test]
fn draws_of_every_kind_are_what_they_always_were() {
    let uniform = Latency::Uniform { min: Span::millis(1), max: Span::millis(9) };
    assert_eq!(draws(&uniform, 3), [8_325_420, 6_170_567, 4_643_896], "uniform");
    assert_eq!(
        draws(&lognormal(), 6),
        [9_218_421, 4_074_524, 2_738_560, 2_967_741, 11_822_522, 5_891_296],
        "lognormal"
    );
    let exponential = Latency::exponential(Span::millis(1), Span::millis(5));
    assert_eq!(
        draws(&exponential, 6),
        [10_892_486, 5_157_462, 3_431_455, 3_730_501, 13_289_037, 7_359_290],
        "exponential"
    );
    let empirical = Latency::empirical(vec![Span::millis(4), Span::millis(1), Span::millis(2)]);
    assert_eq!(
        draws(&empirical, 12),
        [4, 2, 2, 2, 4, 4, 2, 4, 1, 1, 2, 1].map(|millis| millis * 1_000_000),
        "empirical"
    );
}

#[test]
fn the_longest_delays_are_what_they_always_were() {
    assert_eq!(lognormal().longest().nanos(), 163_255_001, "lognormal");
    let exponential = Latency::exponential(Span::millis(1), Span::millis(5));
    assert_eq!(exponential.longest().nanos(), 59_224_363, "exponential");
}

#[test]
fn a_table_is_the_same_when_built_twice() {
    assert_eq!(lognormal(), lognormal(), "lognormal");
    let exponential = || Latency::exponential(Span::millis(1), Span::millis(5));
    assert_eq!(exponential(), exponential(), "exponential");
    let (mixed, sorted) = ([Span(3), Span(1), Span(2)], [Span(1), Span(2), Span(3)]);
    assert_eq!(
        Latency::empirical(mixed.to_vec()),
        Latency::empirical(sorted.to_vec()),
        "an empirical one whatever the order of its list"
    );
}

#[test]
fn tables_differ_where_their_parameters_do() {
    assert_ne!(lognormal(), Latency::lognormal(Span::millis(3), Span::millis(21)).unwrap(), "in the tail");
    assert_ne!(lognormal(), Latency::lognormal(Span(3_000_001), Span::millis(20)).unwrap(), "in the median");
}

#[test]
fn no_parameter_makes_a_table_that_cannot_be_drawn_from() {
    // A table that fell anywhere would make an interpolation overflow, which a test build refuses.
    for median in [1, 7, 1_000, 3_000_000, 10_000_000_000] {
        for factor in [1, 2, 10, 1_000, 1_000_000] {
            let latency = Latency::lognormal(Span(median), Span(median * factor)).unwrap();
            let longest = latency.longest().nanos();
            let most = draws(&latency, 5_000).into_iter().max();
            assert!(most <= Some(longest), "median {median}, p99 {factor} times that");
        }
    }
}

#[test]
fn a_lognormal_without_spread_is_its_median() {
    let flat = Latency::lognormal(Span::millis(3), Span::millis(3)).unwrap();
    assert!(draws(&flat, 1_000).iter().all(|nanos| *nanos == 3_000_000), "every draw is 3 ms");
}

#[test]
fn a_constant_takes_nothing_from_the_stream() {
    let mut stream = Stream::new(1, Purpose::Disk, NodeId(0));
    Latency::Constant(Span::millis(1)).sample(&mut stream);
    let untouched = Stream::new(1, Purpose::Disk, NodeId(0)).bits();
    assert_eq!(stream.bits(), untouched, "the next draw is the first");
}

#[test]
fn small_lists_are_what_they_say() {
    assert_eq!(Latency::empirical(vec![]), Latency::Constant(Span::ZERO), "no list is no delay");
    assert_eq!(Latency::empirical(vec![Span(9)]), Latency::Constant(Span(9)), "one delay is constant");
}
