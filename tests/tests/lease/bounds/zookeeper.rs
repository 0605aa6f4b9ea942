//! ZooKeeper's queue. T: session timeout, p: the interval of pings, a third of T; k: the service's tick; h: its heartbeat
//! interval; w: an entry's way through it. Contenders talk to any service node, each to another one; to and from the leader a
//! request takes one way or two.
//!
//! - The service decides that the session is over at the first tick T after the last ping arrived. At best the holder dies
//!   just before it would have sent the next, at worst just after it sent the last.
//! - That is agreed on. A node that follows the service's leader hears of it with the next heartbeat at the latest, and its
//!   watcher hears from it. The next in the queue looks once more at the node that it talks to, and leads.
//!
//! The least: T - p, two ways of the holder's ping, w, one way of the news, two of the look; where the holder is at the leader
//! and the next is not, the ping is a way shorter and the news is a way longer. In two thirds of the trials one of them is at
//! the leader; where that is the next, no heartbeat matters, and that third is counted on. The crash and the tick have to be
//! right.
//!
//! The most: both at followers, T + 2 ways + k + w + h + 2 ways + 2 ways. A heartbeat has to be right besides.

use super::{Bound, Failovers, HEARTBEAT, HEARTBEAT_FROM_START, Window, agreement, ways};
use interregnum_kernel::{Parameters, Span};

pub(super) const TIMEOUT: Span = Span::millis(300);
pub(super) const PING: Span = Span::millis(100);
pub(super) const TICK: Span = Span::millis(50);

/// Contenders that keep a session with ZooKeeper.
pub(super) fn failovers(algorithm: &'static str, root_seed: u64) -> Failovers {
    Failovers {
        algorithm,
        parameters: Parameters::of(3).with_service(3),
        root_seed,
        starts: Window { from: Span::millis(600), over: PING.scaled(3, 1) },
        dies: Window { from: Span::millis(1_200), over: PING },
        rest: Span::secs(1),
    }
}

#[test]
fn the_next_in_the_queue_leads_between_the_bounds_and_some_come_close_to_both() {
    let least = TIMEOUT.saturating_sub(PING) + ways(2) + agreement() + ways(1) + ways(2);
    let most = TIMEOUT + ways(2) + TICK + agreement() + HEARTBEAT + ways(2) + ways(2);
    failovers("lease-zookeeper", 0x7a6f_6f6b_6565_7065).lie_between(
        &Bound { at: least, renewal: PING, phases: vec![TICK], one_in: 3 },
        &Bound { at: most, renewal: PING, phases: vec![TICK, HEARTBEAT_FROM_START], one_in: 3 },
    );
}
