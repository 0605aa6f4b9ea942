//! Consul's session lock. T: TTL, L: lock-delay, R: the sleep of a contender that was refused, h: the service's heartbeat
//! interval, w: an entry's way through the service. Contenders talk to any service node, each to another one; to and from
//! the leader a request takes one way or two.
//!
//! - The session ends 2T after its last renewal arrived. At best the holder dies just before it would have sent the next,
//!   T/2 after the answer; at worst just after it sent the last.
//! - The lock-delay begins when the session's end is applied. A waiter at the leader hears of that at once, one at a
//!   follower with the next heartbeat. It asks for the lock and is refused; each further attempt costs it the refusal's
//!   way back, a look at the key, the sleep, another look, and the attempt's way: R and six ways at the leader, R and eight
//!   at a follower.
//! - The attempt that comes after the lock-delay is the third: 3R is not less than L, 2R and all ways are.
//!
//! The least: a waiter is at the leader, in two thirds of the trials, so the holder is not: 3T/2 less the two ways of the
//! answer, w, one way of the news and one to ask, three times R and six ways, w, one way of the answer. Only the crash has to be right.
//!
//! The most: no waiter is at the leader, in a third of the trials, so the holder is: 2T + 1 way + w + h + 2 ways of the news + 2
//! to ask, three times R and eight ways, w, two ways of the answer. Sessions begin with contenders, at any phase to the
//! heartbeats.

use super::{Bound, Failovers, HEARTBEAT, Window, agreement, ways};
use interregnum_kernel::{Parameters, Span};

const TTL: Span = Span::millis(300);
const SLEEP: Span = Span::millis(100);
/// The attempts that are refused; the next comes after the lock-delay, which is as long as the TTL.
const REFUSED: u64 = 3;

#[test]
fn failovers_lie_between_the_bounds_and_some_come_close_to_both() {
    // Half a TTL, and there and back, directly or by way of a follower.
    let at_the_leader = TTL.scaled(1, 2) + ways(2);
    let renewal = TTL.scaled(1, 2) + ways(4);
    let failovers = Failovers {
        algorithm: "lease-consul",
        parameters: Parameters::of(3).with_service(3),
        root_seed: 0x0c05_0150_2014_1207,
        starts: Window { from: Span::millis(600), over: TTL },
        dies: Window { from: Span::millis(1_400), over: renewal },
        rest: Span::millis(1_200),
    };
    let least = TTL.scaled(3, 2).saturating_sub(ways(2))
        + agreement()
        + ways(2)
        + (SLEEP + ways(6)).scaled(REFUSED, 1)
        + agreement()
        + ways(1);
    let most = TTL.scaled(2, 1)
        + ways(1)
        + agreement()
        + HEARTBEAT
        + ways(4)
        + (SLEEP + ways(8)).scaled(REFUSED, 1)
        + agreement()
        + ways(2);
    failovers.lie_between(
        &Bound { at: least, renewal, phases: vec![], one_in: 2 },
        &Bound { at: most, renewal: at_the_leader, phases: vec![HEARTBEAT], one_in: 3 },
    );
}
