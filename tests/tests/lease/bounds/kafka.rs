//! Kafka's controller. Its session is ZooKeeper's ([`super::zookeeper`]), with the same times; but all brokers hear of its end,
//! and try: the look is followed by a transaction at the leader of the service, and the first of them wins.
//!
//! The least: the winner is at the leader, which is so in two thirds of the trials: T - p, two ways of the holder's ping, w, one
//! way of the news, two of the look, one to ask for the transaction, w, one to hear of it.
//!
//! The most: as long as a broker at the leader is alive, it is the first. So the holder is at the leader, in a third of the
//! trials: T + 1 way + k + w + h + 2 ways of the news + 2 of the look, 2 to ask for the transaction, w, and 2 to hear of it.

use super::zookeeper::{PING, TICK, TIMEOUT, failovers};
use super::{Bound, HEARTBEAT, HEARTBEAT_FROM_START, agreement, ways};

#[test]
fn the_next_controller_is_elected_between_the_bounds_and_some_come_close_to_both() {
    let transaction = |way: u64| ways(way) + agreement() + ways(way);
    let least = TIMEOUT.saturating_sub(PING) + ways(2) + agreement() + ways(1) + ways(2) + transaction(1);
    let most = TIMEOUT + ways(1) + TICK + agreement() + HEARTBEAT + ways(2) + ways(2) + transaction(2);
    failovers("lease-kafka", 0x6b61_666b_6130_3131).lie_between(
        &Bound { at: least, renewal: PING, phases: vec![TICK], one_in: 2 },
        &Bound { at: most, renewal: PING, phases: vec![TICK, HEARTBEAT_FROM_START], one_in: 3 },
    );
}
