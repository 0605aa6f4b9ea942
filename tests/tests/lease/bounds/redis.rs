//! The Redis lock. d: a way, T: the ttl, E: the interval of extensions, R: the longest retry delay. Clocks are perfect, and
//! there is one other contender: three or more can share the masters between them, and try again.
//!
//! An extension leaves 2d + E after the last one, and arrives d after it left; T later, and at the end of the millisecond, the
//! keys are gone. The requests of the contender arrive every 2d + R at the latest, and it leads d after the first that finds the
//! keys gone.
//!
//! - The least: the holder dies just before the next extension leaves, T - E. The crash, the end of the millisecond and the
//!   contender's attempt have to be right.
//! - The most: it dies just after one has left: T + R + 4d + 1 ms. The retry delay has to be nearly the longest besides.
//!
//! All masters are asked at the same time and are equally far, so one, three and five of them are alike.

use super::{Bound, Crash, Failovers, Window, ways};
use interregnum_kernel::{Jitter, Parameters, Span, Value};

/// Fixed before any result was seen.
const ROOT_SEED: u64 = 0x5265_646c_6f63_6b21;

const TTL: Span = Span::millis(300);
const EXTEND_EVERY: Span = Span::millis(50);
const RETRY: Jitter = Jitter { min: Span::millis(100), max: Span::millis(300) };
/// Redis reads nothing finer of a clock.
const TICK: Span = Span::millis(1);

fn failovers(parameters: Parameters) -> Failovers {
    let extension = EXTEND_EVERY + ways(2);
    Failovers {
        algorithm: "lease-redis",
        parameters,
        root_seed: ROOT_SEED,
        starts: Window { from: Span::millis(100), over: extension },
        dies: Window { from: Span::millis(2_000), over: extension },
        rest: Span::secs(1),
    }
}

fn bounds() -> (Bound, Bound) {
    let extension = EXTEND_EVERY + ways(2);
    let delay = (RETRY.min + RETRY.max).scaled(1, 2) + ways(2);
    let spread = RETRY.max.saturating_sub(RETRY.min);
    let least = TTL.saturating_sub(EXTEND_EVERY);
    let most = TTL + RETRY.max + ways(4) + TICK;
    (
        Bound { at: least, renewal: extension, phases: vec![TICK, delay], one_in: 1 },
        Bound { at: most, renewal: extension, phases: vec![TICK, delay, spread], one_in: 1 },
    )
}

#[test]
fn failovers_lie_between_the_bounds_and_some_come_close_to_both() {
    for masters in [1, 3, 5] {
        let (least, most) = bounds();
        failovers(Parameters::of(2).with_service(masters)).lie_between(&least, &most);
    }
}

#[test]
fn more_contenders_take_over_no_later() {
    let (least, most) = bounds();
    for (took, trial) in failovers(Parameters::of(5).with_service(5)).all(Crash::AtAnyTime) {
        assert!(took >= least.at, "trial {trial}: {took} is under {}", least.at);
        assert!(took <= most.at, "trial {trial}: {took} is over {}", most.at);
    }
}

#[test]
fn a_ttl_that_is_a_tenth_longer_is_noticed() {
    let parameters = Parameters::of(2).with_service(5).with("ttl", Value::Span(TTL.scaled(11, 10)));
    let (_, most) = bounds();
    let beyond =
        failovers(parameters).all(Crash::AtAnyTime).into_iter().filter(|(took, _)| *took > most.at).count();
    assert!(beyond > 0, "the tests of bounds have no teeth");
}
