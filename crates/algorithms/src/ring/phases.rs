//! The moments of the classic rings by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A node stands: its candidacy, or its token, is under way.",
    Elected = "elected": "The node leads.",
    Announced = "announced": "The outcome is on its way round the ring.",
    FirstHeartbeat = "first-heartbeat": "The first heartbeats of a reign have been sent.",
}
