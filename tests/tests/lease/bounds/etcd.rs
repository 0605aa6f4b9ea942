//! etcd's election. T: TTL, K: the time between two keep-alives, E: that between two looks for leases that are over, h: the
//! service's heartbeat interval, w: an entry's way through the service. Contenders talk to any service node, each to another
//! one; to and from the leader a request takes one way or two.
//!
//! - A keep-alive is due T/3 after the last answer and sent when the client looks the next time: every 500 ms here.
//! - The lease is over T after its last keep-alive arrived, and found to be at the server's next look, 0 to E later. At best
//!   the holder dies just before it would have sent the next; at worst just after it sent the last.
//! - A waiter at the leader hears of the key's deletion when it is agreed on, one at a follower with the next heartbeat. It
//!   asks the leader whether another key is ahead, and leads.
//!
//! The least: the waiter is at the leader, so the holder is two ways off. T - K + 2 ways + w + 1 way + 2 ways. (A holder at the
//! leader saves one way, and its waiter at a follower needs three more.) The crash and the server's look have to be right.
//!
//! The most: holder and waiter at followers, T + 2 ways + E + w + h + 2 ways + 4 ways. A heartbeat has to be right besides.
//!
//! In a third of the trials the leader is the waiter's node, in a third that of the one who neither leads nor follows.

use super::{Bound, Failovers, HEARTBEAT, HEARTBEAT_FROM_START, Window, agreement, ways};
use interregnum_kernel::{Parameters, Span};

const TTL: Span = Span::secs(1);
const LOOK: Span = Span::millis(500);
const KEEP_ALIVE: Span = Span::millis(500);

#[test]
fn failovers_lie_between_the_bounds_and_some_come_close_to_both() {
    let failovers = Failovers {
        algorithm: "lease-etcd",
        parameters: Parameters::of(3).with_service(3),
        root_seed: 0x0e7c_d000_2016_0630,
        starts: Window { from: Span::millis(600), over: LOOK },
        dies: Window { from: Span::millis(2_200), over: KEEP_ALIVE },
        rest: Span::secs(2),
    };
    let least = TTL.saturating_sub(KEEP_ALIVE) + ways(2) + agreement() + ways(1) + ways(2);
    let most = TTL + ways(2) + LOOK + agreement() + HEARTBEAT + ways(2) + ways(4);
    failovers.lie_between(
        &Bound { at: least, renewal: KEEP_ALIVE, phases: vec![LOOK], one_in: 3 },
        &Bound { at: most, renewal: KEEP_ALIVE, phases: vec![LOOK, HEARTBEAT_FROM_START], one_in: 3 },
    );
}
