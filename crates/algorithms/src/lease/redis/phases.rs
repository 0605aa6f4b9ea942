//! The moments of the Redis lock by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A contender has asked the masters for the lock: whether it is free, only they know.",
    Elected = "elected": "A quorum of masters has set the lock, and some of it is valid yet.",
    FirstHeartbeat = "first-heartbeat": "The first extension of a reign has been sent.",
}
